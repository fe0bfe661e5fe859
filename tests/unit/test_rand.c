#include <criterion/criterion.h>
#include <signal.h>

#include "common/base/rand.h"

Test(rand, the_same_seed_gives_the_same_throws) {
    Rand one, two, three;

    rand_seed(&one, 42);
    rand_seed(&two, 42);
    rand_seed(&three, 43);
    for (int i = 0; i < 100; i++) {
        uint64_t thrown = rand_next(&one);

        cr_assert_eq(thrown, rand_next(&two));
        cr_assert_neq(thrown, rand_next(&three));
    }
}

Test(rand, the_throws_are_those_of_splitmix64) {
    Rand dice;

    rand_seed(&dice, 1234567);
    cr_expect_eq(rand_next(&dice), 6457827717110365317u);
    cr_expect_eq(rand_next(&dice), 3203168211198807973u);
    cr_expect_eq(rand_next(&dice), 9817491932198370423u);
}

Test(rand, numbers_stay_below_their_bound_and_reach_all_of_it) {
    int seen[6] = {0};
    Rand dice;

    rand_seed(&dice, 1);
    for (int i = 0; i < 6000; i++) {
        uint64_t thrown = rand_below(&dice, 6);

        cr_assert_lt(thrown, 6);
        seen[thrown]++;
    }
    for (int i = 0; i < 6; i++)
        cr_assert(seen[i] > 850 && seen[i] < 1150, "%d was thrown %d times", i, seen[i]);
}

Test(rand, a_bound_of_one_leaves_no_choice) {
    Rand dice;

    rand_seed(&dice, 1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(rand_below(&dice, 1), 0);
}

Test(rand, the_unit_is_half_open) {
    double sum = 0;
    Rand dice;

    rand_seed(&dice, 1);
    for (int i = 0; i < 10000; i++) {
        double thrown = rand_unit(&dice);

        cr_assert(thrown >= 0 && thrown < 1);
        sum += thrown;
    }
    cr_assert(sum > 4800 && sum < 5200);
}

Test(rand, no_choice_at_all_is_a_bug_of_the_caller, .signal = SIGABRT) {
    Rand dice;

    rand_seed(&dice, 1);
    rand_below(&dice, 0);
}
