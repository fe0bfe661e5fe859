/* headrace why: what an execution waits for. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"

static const char usage[] =
    "usage: headrace why EXECUTION [--json]\n"
    "\n"
    "Each open step, what it waits for, since when and until when.\n"
    "\n"
    "exit codes: 0 done, 1 refused, 64 wrong usage, 69 the API cannot be reached\n";

static const TableColumn columns[] = {
    {"STEP",   "stepId"    },
    {"STATUS", "stepStatus"},
    {"REASON", "reason"    },
    {"SINCE",  "since"     },
    {"UNTIL",  "dueAt"     },
    {"WORKER", "worker"    },
    {"MEANS",  "meaning"   },
};

static int why(Client *client, const char *id, bool is_json) {
    Arena *arena = client_arena(client);
    ClientAnswer answer;
    const Json *waits;
    int code = client_call(client,
                           &(ClientCall){
                               .method = "GET",
                               .path = str_printf(arena, "/v1/executions/%.*s/why",
                                                  STR_ARGS(client_escape(client, id))),
                           },
                           &answer);

    if (code != EXIT_DONE)
        return code;
    if (is_json) {
        client_print(&answer);
        return EXIT_DONE;
    }
    printf("%.*s: %.*s\n", STR_ARGS(json_str(json_member(&answer.json, STR("status")))),
           STR_ARGS(json_str(json_member(&answer.json, STR("explanation")))));
    waits = json_member(&answer.json, STR("waits"));
    if (waits != NULL && waits->count > 0)
        table_print(arena, columns, ARRAY_SIZE(columns), waits);
    return EXIT_DONE;
}

int cmd_why(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[1];
    bool is_json = false;
    const Option options[] = {
        {"--json", NULL, &is_json},
    };
    OptionsResult result =
        options_read(&(Options){"why", usage, options, 1, 1, 1}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("why", &client);
    return code == EXIT_DONE ? why(client, words[0], is_json) : code;
}
