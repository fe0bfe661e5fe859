#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fault.h"

static int read_disk(void) {
    return fault_raise(-EIO);
}

static int load(void) {
    return fault_pass(read_disk());
}

/* How many stops the trail names. */
static int stops(void) {
    int count = 0;

    for (const char *at = fault_trail(); (at = strstr(at, "test_fault.c:")); at++)
        count++;
    return count;
}

Test(fault, there_is_no_trail_before_the_first_fault) {
    cr_assert_str_eq(fault_trail(), "");
}

Test(fault, a_fault_goes_up_unchanged_and_leaves_its_trail) {
    cr_assert_eq(fault_pass(load()), -EIO);
    cr_assert_eq(stops(), 3);
}

Test(fault, a_new_fault_starts_a_new_trail) {
    load();
    read_disk();
    cr_assert_eq(stops(), 1);
}

Test(fault, success_passes_without_a_trail) {
    cr_assert_eq(fault_pass(0), 0);
    cr_assert_eq(fault_fold(0), 0);
    cr_assert_eq(stops(), 0);
}

Test(fault, a_refusal_without_an_answer_becomes_a_fault) {
    cr_assert_eq(fault_fold(3), -EPROTO);
    cr_assert_eq(stops(), 1);
}

Test(fault, folding_a_fault_passes_it) {
    cr_assert_eq(fault_fold(read_disk()), -EIO);
    cr_assert_eq(stops(), 2);
}

Test(fault, a_long_trail_keeps_its_birth) {
    char birth[100];
    int r = read_disk();

    snprintf(birth, sizeof birth, "%s ", fault_trail());
    for (int i = 0; i < 1000; i++)
        r = fault_pass(r);
    cr_assert_eq(r, -EIO);
    cr_assert_eq(strncmp(fault_trail(), birth, strlen(birth)), 0);
}

Test(fault, passing_a_refusal_is_a_bug, .signal = SIGABRT) {
    fault_pass(1);
}

Test(fault, raising_what_is_no_fault_is_a_bug, .signal = SIGABRT) {
    fault_raise(EIO);
}
