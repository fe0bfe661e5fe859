/* headrace triggers: the triggers of a workflow, their addresses and switches. */

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"

static const char usage[] =
    "usage: headrace triggers WORKFLOW [enable|disable TRIGGER] [--json]\n"
    "\n"
    "Lists the triggers of the active version, or switches one on or off. A schedule that is\n"
    "switched on fires next after now.\n"
    "\n"
    "exit codes: 0 done, 1 refused, 64 wrong usage, 69 the API cannot be reached\n";

static const TableColumn columns[] = {
    {"TRIGGER", "id"        },
    {"TYPE",    "type"      },
    {"ON",      "enabled"   },
    {"NEXT",    "nextFireAt"},
    {"URL",     "webhookUrl"},
};

static int show(Client *client, const ClientAnswer *answer, bool is_json) {
    const Json *items = json_member(&answer->json, STR("items"));
    Json one = json_array(&answer->json, 1);

    if (is_json)
        client_print(answer);
    else
        table_print(client_arena(client), columns, ARRAY_SIZE(columns), items ? items : &one);
    return EXIT_DONE;
}

static int triggers(Client *client, const char *const *words, bool is_json) {
    Arena *arena = client_arena(client);
    Str key = client_escape(client, words[0]);
    ClientCall call = {
        .method = "GET",
        .path = str_printf(arena, "/v1/templates/%.*s/triggers", STR_ARGS(key)),
    };
    ClientAnswer answer;
    int code;

    if (words[1] != NULL) {
        Str trigger = client_escape(client, words[2]);

        call.method = "POST";
        call.path = str_printf(arena, "/v1/templates/%.*s/triggers/%.*s/%s", STR_ARGS(key),
                               STR_ARGS(trigger), words[1]);
    }
    code = client_call(client, &call, &answer);
    return code == EXIT_DONE ? show(client, &answer, is_json) : code;
}

static bool are_words_right(const char *const *words) {
    if (words[1] == NULL)
        return true;
    return words[2] != NULL &&
           (strcmp(words[1], "enable") == 0 || strcmp(words[1], "disable") == 0);
}

int cmd_triggers(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[3];
    bool is_json = false;
    const Option options[] = {
        {"--json", NULL, &is_json},
    };
    OptionsResult result =
        options_read(&(Options){"triggers", usage, options, 1, 1, 3}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    if (!are_words_right(words)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    code = client_open("triggers", &client);
    return code == EXIT_DONE ? triggers(client, words, is_json) : code;
}
