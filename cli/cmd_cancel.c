/* headrace cancel: ends an execution. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace cancel EXECUTION [--reason TEXT] [--json]\n"
    "\n"
    "exit codes: 0 it is being cancelled, or was; 1 refused, as it has ended otherwise; 64 wrong\n"
    "usage, 69 the API cannot be reached\n";

static int cancel(Client *client, const char *id, const char *reason, bool is_json) {
    Arena *arena = client_arena(client);
    JsonObject body = {.arena = arena};
    ClientAnswer answer;
    Json value;
    int code;

    if (reason != NULL)
        json_add(&body, STR("reason"), json_string(str_of(reason)));
    value = json_object_done(&body);
    code = client_call(client,
                       &(ClientCall){
                           .method = "POST",
                           .path = str_printf(arena, "/v1/executions/%.*s/cancel",
                                              STR_ARGS(client_escape(client, id))),
                           .body = json_text(arena, &value),
                       },
                       &answer);
    if (code != EXIT_DONE)
        return code;
    if (is_json)
        client_print(&answer);
    else
        printf("%.*s\n", STR_ARGS(json_str(json_member(&answer.json, STR("status")))));
    return EXIT_DONE;
}

int cmd_cancel(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[1], *reason = NULL;
    bool is_json = false;
    const Option options[] = {
        {"--reason", &reason, NULL    },
        {"--json",   NULL,    &is_json},
    };
    OptionsResult result = options_read(
        &(Options){"cancel", usage, options, ARRAY_SIZE(options), 1, 1}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("cancel", &client);
    return code == EXIT_DONE ? cancel(client, words[0], reason, is_json) : code;
}
