/* Who may do what. */

#include <criterion/criterion.h>

#include "trigger-gateway/api/access.h"

Test(access, each_role_may_do_what_the_roles_before_it_may) {
    for (int verb = 0; verb < _VERB_COUNT; verb++) {
        bool may = false;

        for (int role = 0; role < _ROLE_COUNT; role++) {
            bool now = access_allows((Role)role, STR(""), (Verb)verb);

            cr_expect(now || !may, "%s loses %s", role_word((Role)role), verb_word((Verb)verb));
            may = now;
        }
        cr_expect(may, "nobody may %s", verb_word((Verb)verb));
    }
}

Test(access, a_viewer_changes_and_starts_nothing) {
    cr_expect(access_allows(ROLE_VIEWER, STR(""), VERB_READ));
    cr_expect_not(access_allows(ROLE_VIEWER, STR(""), VERB_EXECUTE));
    cr_expect_not(access_allows(ROLE_VIEWER, STR(""), VERB_OPERATE));
    cr_expect_not(access_allows(ROLE_VIEWER, STR(""), VERB_EDIT));
    cr_expect_not(access_allows(ROLE_VIEWER, STR(""), VERB_PUBLISH));
    cr_expect_not(access_allows(ROLE_VIEWER, STR(""), VERB_MANAGE_VARIABLES));
}

Test(access, scopes_take_away_and_never_add) {
    cr_expect(access_allows(ROLE_EDITOR, STR("read publish"), VERB_PUBLISH));
    cr_expect_not(access_allows(ROLE_EDITOR, STR("read publish"), VERB_EDIT));
    cr_expect_not(access_allows(ROLE_VIEWER, STR("publish"), VERB_PUBLISH));
    cr_expect_not(access_allows(ROLE_ADMIN, STR("no-such-verb"), VERB_READ));
    cr_expect(access_allows(ROLE_EDITOR, STR_NONE, VERB_EDIT));
}

Test(access, a_public_workflow_is_open_for_reading_and_running_only) {
    cr_expect(verb_is_open(VERB_READ));
    cr_expect(verb_is_open(VERB_EXECUTE));
    cr_expect_not(verb_is_open(VERB_EDIT));
    cr_expect_not(verb_is_open(VERB_PUBLISH));
    cr_expect_not(verb_is_open(VERB_OPERATE));
}

Test(access, roles_are_read_in_any_case_and_others_refused) {
    Role role = ROLE_VIEWER;

    cr_expect(role_from_word(STR("Admin"), &role));
    cr_expect_eq(role, ROLE_ADMIN);
    cr_expect_not(role_from_word(STR("root"), &role));
    cr_expect_eq(role, ROLE_ADMIN);
}
