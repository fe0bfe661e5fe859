/* headrace list: executions, workflows, versions. */

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"

static const char usage[] =
    "usage: headrace list [executions] [--template WORKFLOW] [--status STATUS] [--limit N] "
    "[--json]\n"
    "       headrace list templates [--status STATUS] [--limit N] [--json]\n"
    "       headrace list versions WORKFLOW [--limit N] [--json]\n"
    "\n"
    "Newest first.\n"
    "\n"
    "  --template WORKFLOW  only executions of it: its key or id\n"
    "  --status STATUS      like RUNNING or FAILED; of workflows like PUBLISHED\n"
    "  --limit N            1 to 200, 20 without it\n"
    "  --json               the page as the API answers it\n"
    "\n"
    "exit codes: 0 done, 1 refused, 64 wrong usage, 69 the API cannot be reached\n";

typedef struct List {
    Client *client;
    const char *words[2];
    const char *template_key;
    const char *status;
    const char *limit;
    bool is_json;
} List;

static const TableColumn execution_columns[] = {
    {"EXECUTION", "id"             },
    {"WORKFLOW",  "templateKey"    },
    {"V",         "versionNumber"  },
    {"TRIGGER",   "triggerId"      },
    {"STATUS",    "status"         },
    {"STARTED",   "startedAt"      },
    {"MS",        "executionTimeMs"},
};

static const TableColumn template_columns[] = {
    {"WORKFLOW", "templateId"         },
    {"NAME",     "name"               },
    {"STATUS",   "status"             },
    {"ACTIVE",   "isActive"           },
    {"V",        "activeVersionNumber"},
    {"CHANGED",  "updatedAt"          },
};

static const TableColumn version_columns[] = {
    {"V",        "versionNumber"    },
    {"ACTIVE",   "isActive"         },
    {"ROLLBACK", "isRollbackVersion"},
    {"MADE",     "createdAt"        },
    {"BY",       "createdBy"        },
    {"CHANGE",   "changeDescription"},
};

static const struct {
    const char *name;
    const TableColumn *columns;
    size_t count;
    bool has_word; /* a workflow stands behind it */
} kinds[] = {
    {"executions", execution_columns, ARRAY_SIZE(execution_columns), false},
    {"templates",  template_columns,  ARRAY_SIZE(template_columns),  false},
    {"versions",   version_columns,   ARRAY_SIZE(version_columns),   true },
};

static void add_param(const List *list, Buf *path, const char *name, const char *value) {
    if (value != NULL)
        buf_printf(path, "&%s=%.*s", name, STR_ARGS(client_escape(list->client, value)));
}

static int list_kind(const List *list, size_t kind) {
    Arena *arena = client_arena(list->client);
    _cleanup_(buf_done) Buf path = {0};
    ClientAnswer answer;
    const Json *items;
    int code;

    if (kinds[kind].has_word)
        buf_printf(&path, "/v1/templates/%.*s/versions",
                   STR_ARGS(client_escape(list->client, list->words[1])));
    else
        buf_printf(&path, "/v1/%s", kinds[kind].name);
    buf_printf(&path, "?limit=%.*s",
               STR_ARGS(client_escape(list->client, list->limit ? list->limit : "20")));
    add_param(list, &path, "status", list->status);
    add_param(list, &path, "templateId", list->template_key);
    code =
        client_call(list->client, &(ClientCall){.method = "GET", .path = buf_str(&path)}, &answer);
    if (code != EXIT_DONE)
        return code;
    items = json_member(&answer.json, STR("items"));
    if (list->is_json)
        client_print(&answer);
    else if (items != NULL)
        table_print(arena, kinds[kind].columns, kinds[kind].count, items);
    return EXIT_DONE;
}

static int list_words(const List *list) {
    const char *wanted = list->words[0] ? list->words[0] : "executions";

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(wanted, kinds[i].name) != 0)
            continue;
        if (kinds[i].has_word == (list->words[1] != NULL))
            return list_kind(list, i);
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}

int cmd_list(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    List list = {0};
    const Option options[] = {
        {"--template", &list.template_key, NULL         },
        {"--status",   &list.status,       NULL         },
        {"--limit",    &list.limit,        NULL         },
        {"--json",     NULL,               &list.is_json},
    };
    OptionsResult result = options_read(
        &(Options){"list", usage, options, ARRAY_SIZE(options), 0, 2}, argc, argv, list.words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("list", &client);
    list.client = client;
    return code == EXIT_DONE ? list_words(&list) : code;
}
