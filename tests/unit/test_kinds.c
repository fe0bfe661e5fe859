#include <criterion/criterion.h>
#include <signal.h>

#include "common/model/kinds.h"

/* One test for each vocabulary: every word is its own, and reads back as the value it came from. */
#define WORDS_TEST(name, Type, LIST)                                                               \
    Test(kinds, each_word_of_##name##_reads_back) {                                                \
        static const Type values[] = {LIST(KIND_ITEM)};                                            \
                                                                                                   \
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {                            \
            Type back = values[(i + 1) % (sizeof values / sizeof values[0])];                      \
                                                                                                   \
            cr_assert(name##_from_word(str_of(name##_word(values[i])), &back));                    \
            cr_expect_eq(back, values[i], "%s is the word of two values", name##_word(values[i])); \
        }                                                                                          \
    }
#define KIND_ITEM(name, word) name,

KINDS(WORDS_TEST)

Test(kinds, a_word_that_does_not_exist_is_refused_and_changes_nothing) {
    StepType type = STEP_DELAY;

    cr_expect_not(step_type_from_word(STR("NOPE"), &type));
    cr_expect_not(step_type_from_word(STR("action"), &type));
    cr_expect_not(step_type_from_word(STR("ACTION "), &type));
    cr_expect_not(step_type_from_word(STR(""), &type));
    cr_expect_not(step_type_from_word(STR_NONE, &type));
    cr_expect_eq(type, STEP_DELAY);
}

/* The numbers are in tables and messages: they may not move. */
Test(kinds, stored_numbers_stay_what_they_are) {
    cr_expect_eq(STEP_ACTION, 0);
    cr_expect_eq(STEP_TERMINATE, 14);
    cr_expect_eq(EXECUTION_PENDING, 0);
    cr_expect_eq(EXECUTION_INCIDENT, 8);
    cr_expect_eq(STEP_COMPLETED, 3);
    cr_expect_eq(STEP_INDETERMINATE, 9);
    cr_expect_eq(REASON_RETRY, 5);
    cr_expect_eq(REASON_LOST, 19);
    cr_expect_eq(TRIGGER_MANUAL, 4);
    cr_expect_eq(ERROR_INTERNAL, 0);
    cr_expect_eq(ERROR_USER, 18);
    cr_expect_eq(EFFECT_UNKNOWN, 2);
    cr_expect_eq(RELEASED_LEASE, 7);
}

Test(kinds, an_execution_is_over_in_four_statuses) {
    cr_expect(execution_status_is_terminal(EXECUTION_COMPLETED));
    cr_expect(execution_status_is_terminal(EXECUTION_FAILED));
    cr_expect(execution_status_is_terminal(EXECUTION_CANCELLED));
    cr_expect(execution_status_is_terminal(EXECUTION_TIMED_OUT));
    cr_expect_not(execution_status_is_terminal(EXECUTION_PENDING));
    cr_expect_not(execution_status_is_terminal(EXECUTION_RUNNING));
    cr_expect_not(execution_status_is_terminal(EXECUTION_PAUSED));
    cr_expect_not(execution_status_is_terminal(EXECUTION_CANCELLING));
    cr_expect_not(execution_status_is_terminal(EXECUTION_INCIDENT));
}

Test(kinds, a_step_is_over_unless_it_is_pending_running_or_waiting) {
    for (int status = 0; status < _STEP_STATUS_COUNT; status++) {
        bool is_open = status == STEP_PENDING || status == STEP_RUNNING || status == STEP_WAITING;

        cr_expect_eq(step_status_is_terminal((StepStatus)status), !is_open, "%s",
                     step_status_word((StepStatus)status));
    }
}

Test(kinds, a_number_that_is_no_value_ends_the_process, .signal = SIGABRT) {
    step_type_word(_STEP_TYPE_COUNT);
}
