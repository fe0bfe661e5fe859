/* Who may do what. */

#include "trigger-gateway/api/access.h"

#include "common/base/check.h"
#include "common/base/defs.h"

#define ROLE_WORD(name, word) [name] = word,
static const char *const role_words[] = {ROLES(ROLE_WORD)};

#define VERB_ROW(name, word_, role_, is_open_) [name] = {word_, role_, is_open_},
static const struct {
    const char *word;
    Role role;
    bool is_open;
} verbs[] = {VERBS(VERB_ROW)};

const char *role_word(Role role) {
    CHECK(role < _ROLE_COUNT);
    return role_words[role];
}

bool role_from_word(Str word, Role *ret_role) {
    for (size_t i = 0; i < ARRAY_SIZE(role_words); i++) {
        if (str_equal_nocase(word, str_of(role_words[i]))) {
            *ret_role = (Role)i;
            return true;
        }
    }
    return false;
}

const char *verb_word(Verb verb) {
    CHECK(verb < _VERB_COUNT);
    return verbs[verb].word;
}

Role verb_role(Verb verb) {
    CHECK(verb < _VERB_COUNT);
    return verbs[verb].role;
}

bool verb_is_open(Verb verb) {
    CHECK(verb < _VERB_COUNT);
    return verbs[verb].is_open;
}

bool access_allows(Role role, Str scopes, Verb verb) {
    bool is_limited = false;

    if (role < verb_role(verb))
        return false;
    while (scopes.data != NULL) {
        Str scope = str_split(&scopes, ' ');

        if (str_is(scope, verb_word(verb)))
            return true;
        is_limited = is_limited || scope.length > 0;
    }
    return !is_limited;
}
