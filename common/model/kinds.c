/* Words and numbers of the closed vocabularies, made from the lists in the header. */

#include "common/model/kinds.h"

#include "common/base/check.h"

#define KIND_WORD(name, word) [name] = word,
#define KIND_BODY(name, Type, LIST)                                                                \
    static const char *const name##_words[] = {LIST(KIND_WORD)};                                   \
                                                                                                   \
    const char *name##_word(Type value) {                                                          \
        CHECK((size_t)value < ARRAY_SIZE(name##_words));                                           \
        return name##_words[value];                                                                \
    }                                                                                              \
                                                                                                   \
    bool name##_from_word(Str word, Type *ret_value) {                                             \
        for (size_t i = 0; i < ARRAY_SIZE(name##_words); i++) {                                    \
            if (str_is(word, name##_words[i])) {                                                   \
                *ret_value = (Type)i;                                                              \
                return true;                                                                       \
            }                                                                                      \
        }                                                                                          \
        return false;                                                                              \
    }

KINDS(KIND_BODY)

bool execution_status_is_terminal(ExecutionStatus status) {
    static const bool terminal[_EXECUTION_STATUS_COUNT] = {
        [EXECUTION_COMPLETED] = true,
        [EXECUTION_FAILED] = true,
        [EXECUTION_CANCELLED] = true,
        [EXECUTION_TIMED_OUT] = true,
    };

    CHECK(status < _EXECUTION_STATUS_COUNT);
    return terminal[status];
}

bool step_status_is_terminal(StepStatus status) {
    CHECK(status < _STEP_STATUS_COUNT);
    return status >= STEP_COMPLETED;
}
