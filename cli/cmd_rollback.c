/* headrace rollback: an earlier version is published once more. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace rollback WORKFLOW VERSION [--description TEXT] [--json]\n"
    "\n"
    "Makes a new version that repeats an earlier one's definition, and activates it.\n"
    "\n"
    "  WORKFLOW            its key or id\n"
    "  VERSION             the number of the version to repeat\n"
    "  --description TEXT  why\n"
    "  --json              the new version as the API answers it\n"
    "\n"
    "exit codes: 0 done, 1 refused, 2 the definition has problems today, 64 wrong usage,\n"
    "69 the API cannot be reached\n";

static int rollback(Client *client, const char *const *words, const char *description,
                    bool is_json) {
    Arena *arena = client_arena(client);
    JsonObject body = {.arena = arena};
    int64_t number, made = 0;
    ClientAnswer answer;
    Json value;
    int code;

    if (!str_to_int64(str_of(words[1]), 1, INT32_MAX, &number)) {
        fprintf(stderr, "headrace rollback: '%s' is no number of a version\n", words[1]);
        return EXIT_USAGE;
    }
    json_add(&body, STR("versionNumber"), json_integer(arena, number));
    if (description != NULL)
        json_add(&body, STR("changeDescription"), json_string(str_of(description)));
    value = json_object_done(&body);
    code = client_call(client,
                       &(ClientCall){
                           .method = "POST",
                           .path = str_printf(arena, "/v1/templates/%.*s/rollback",
                                              STR_ARGS(client_escape(client, words[0]))),
                           .body = json_text(arena, &value),
                       },
                       &answer);
    if (code != EXIT_DONE)
        return code;
    json_to_int64(json_member(&answer.json, STR("versionNumber")), &made);
    if (is_json)
        client_print(&answer);
    else
        printf("%s: version %lld repeats version %lld and is active\n", words[0], (long long)made,
               (long long)number);
    return EXIT_DONE;
}

int cmd_rollback(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[2], *description = NULL;
    bool is_json = false;
    const Option options[] = {
        {"--description", &description, NULL    },
        {"--json",        NULL,         &is_json},
    };
    OptionsResult result = options_read(
        &(Options){"rollback", usage, options, ARRAY_SIZE(options), 2, 2}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("rollback", &client);
    return code == EXIT_DONE ? rollback(client, words, description, is_json) : code;
}
