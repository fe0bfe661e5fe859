#pragma once

/*
 * Access: who may do what. Each route names a verb; a key's role must reach the verb, its scopes
 * must name it (none: all of its role), and the workflow must let the user in.
 *
 * A workflow lets in its owner, the users and roles it names, and admins; everybody else of its
 * tenant only if it is public, and then only to read and to execute. Nobody else of the tenant
 * learns that it exists. The rule is one SQL expression, so that lists and single look-ups cannot
 * differ; it reads the settings that every transaction of the API begins with.
 */

#include <stdbool.h>

#include "common/base/str.h"

/* Each role may do all that the roles before it may. */
#define ROLES(X)                                                                                   \
    X(ROLE_VIEWER, "viewer")                                                                       \
    X(ROLE_OPERATOR, "operator")                                                                   \
    X(ROLE_EDITOR, "editor")                                                                       \
    X(ROLE_ADMIN, "admin")

/* verb, its word in scopes, the lowest role, whether a public workflow lets every member do it */
#define VERBS(X)                                                                                   \
    X(VERB_READ, "read", ROLE_VIEWER, true)                                                        \
    X(VERB_VIEW_DATA, "view-data", ROLE_VIEWER, true)                                              \
    X(VERB_EXECUTE, "execute", ROLE_OPERATOR, true)                                                \
    X(VERB_OPERATE, "operate", ROLE_OPERATOR, false)                                               \
    X(VERB_EDIT, "edit", ROLE_EDITOR, false)                                                       \
    X(VERB_PUBLISH, "publish", ROLE_EDITOR, false)                                                 \
    X(VERB_READ_VARIABLES, "read-variables", ROLE_OPERATOR, false)                                 \
    X(VERB_MANAGE_VARIABLES, "manage-variables", ROLE_EDITOR, false)

#define ROLE_VALUE(name, word) name,
typedef enum Role { ROLES(ROLE_VALUE) _ROLE_COUNT } Role;
#define VERB_VALUE(name, word, role, is_open) name,
typedef enum Verb { VERBS(VERB_VALUE) _VERB_COUNT } Verb;

const char *role_word(Role role);
bool role_from_word(Str word, Role *ret_role);
const char *verb_word(Verb verb);
Role verb_role(Verb verb);

/* Whether a public workflow lets every member of its tenant do it. */
bool verb_is_open(Verb verb);

/* scopes: verbs separated by spaces; empty: all of the role. */
bool access_allows(Role role, Str scopes, Verb verb);

/* SQL, for a row t of headrace.workflow_template. */
#define SQL_ADMITS(t, is_open)                                                                     \
    "(current_setting('app.role') = 'admin' OR " t                                                 \
    ".owner_id = current_setting('app.user') OR (" t ".is_public AND " is_open                     \
    ") OR current_setting('app.user') = ANY (" t                                                   \
    ".permission_user_ids) OR current_setting('app.role') = ANY (" t ".permission_role_ids))"

/* May it be seen; may the verb of the route be done. */
#define SQL_SEES(t) SQL_ADMITS(t, "true")
#define SQL_ALLOWS(t) SQL_ADMITS(t, "current_setting('app.open') = 'on'")
