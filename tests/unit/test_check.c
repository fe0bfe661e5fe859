#include <criterion/criterion.h>
#include <signal.h>

#include "common/base/check.h"

Test(check, what_holds_goes_on) {
    int evaluated = 0;

    CHECK(++evaluated == 1);
    cr_assert_eq(evaluated, 1, "the condition is evaluated once");
}

Test(check, what_does_not_hold_ends_the_process, .signal = SIGABRT) {
    CHECK(1 + 1 == 3);
}

Test(check, the_unreachable_ends_the_process, .signal = SIGABRT) {
    CHECK_UNREACHABLE();
}
