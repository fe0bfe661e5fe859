/* headrace publish: the draft of a workflow becomes its active version. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace publish WORKFLOW [--description TEXT] [--json]\n"
    "\n"
    "  WORKFLOW            its key or id\n"
    "  --description TEXT  what changed, for the list of versions\n"
    "  --json              the new version as the API answers it\n"
    "\n"
    "exit codes: 0 published, 1 refused, 2 the draft has problems, 64 wrong usage,\n"
    "69 the API cannot be reached\n";

static int publish(Client *client, const char *key, const char *description, bool is_json) {
    Arena *arena = client_arena(client);
    JsonObject body = {.arena = arena};
    ClientAnswer answer;
    int64_t number = 0;
    Json value;
    int code;

    if (description != NULL)
        json_add(&body, STR("changeDescription"), json_string(str_of(description)));
    value = json_object_done(&body);
    code = client_call(client,
                       &(ClientCall){
                           .method = "POST",
                           .path = str_printf(arena, "/v1/templates/%.*s/publish",
                                              STR_ARGS(client_escape(client, key))),
                           .body = json_text(arena, &value),
                       },
                       &answer);
    if (code != EXIT_DONE)
        return code;
    json_to_int64(json_member(&answer.json, STR("versionNumber")), &number);
    if (is_json)
        client_print(&answer);
    else
        printf("%s: published as version %lld\n", key, (long long)number);
    return EXIT_DONE;
}

int cmd_publish(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[1], *description = NULL;
    bool is_json = false;
    const Option options[] = {
        {"--description", &description, NULL    },
        {"--json",        NULL,         &is_json},
    };
    OptionsResult result = options_read(
        &(Options){"publish", usage, options, ARRAY_SIZE(options), 1, 1}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("publish", &client);
    return code == EXIT_DONE ? publish(client, words[0], description, is_json) : code;
}
