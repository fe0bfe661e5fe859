/* headrace variable: what `.vars` and `.secrets` show. */

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/table.h"

static const char usage[] =
    "usage: headrace variable set KEY [--type TYPE] (--value VALUE | --value-file FILE)\n"
    "                [--template WORKFLOW]\n"
    "       headrace variable list [--template WORKFLOW] [--json]\n"
    "       headrace variable delete KEY [--template WORKFLOW]\n"
    "\n"
    "  --type TYPE          STRING (what it is without), NUMBER, BOOLEAN, JSON or SECRET\n"
    "  --value VALUE        a STRING or SECRET as it is, another type as JSON\n"
    "  --value-file FILE    the same from a file; - is standard input. One newline at its end is\n"
    "                       left out. Better for secrets: no other user can see it\n"
    "  --template WORKFLOW  a variable of this workflow only\n"
    "\n"
    "exit codes: 0 done, 1 refused, 2 the value does not fit the type, 64 wrong usage,\n"
    "66 a file cannot be read, 69 the API cannot be reached\n";

typedef struct Variable {
    Client *client;
    const char *words[2];
    const char *type;
    const char *value;
    const char *value_path;
    const char *template_key;
    bool is_json;
} Variable;

static const TableColumn columns[] = {
    {"KEY",      "key"       },
    {"TYPE",     "type"      },
    {"VALUE",    "value"     },
    {"WORKFLOW", "templateId"},
    {"CHANGED",  "updatedAt" },
};

static Str path_of(const Variable *variable, const char *key) {
    Arena *arena = client_arena(variable->client);
    Str path = STR("/v1/variables");

    if (key != NULL)
        path =
            str_printf(arena, "/v1/variables/%.*s", STR_ARGS(client_escape(variable->client, key)));
    if (variable->template_key != NULL)
        path = str_printf(arena, "%.*s?templateId=%.*s", STR_ARGS(path),
                          STR_ARGS(client_escape(variable->client, variable->template_key)));
    return path;
}

static int list(const Variable *variable) {
    ClientAnswer answer;
    const Json *items;
    int code = client_call(
        variable->client, &(ClientCall){.method = "GET", .path = path_of(variable, NULL)}, &answer);

    if (code != EXIT_DONE)
        return code;
    items = json_member(&answer.json, STR("items"));
    if (variable->is_json)
        client_print(&answer);
    else if (items != NULL)
        table_print(client_arena(variable->client), columns, ARRAY_SIZE(columns), items);
    return EXIT_DONE;
}

static int delete (const Variable *variable) {
    ClientAnswer answer;

    return client_call(
        variable->client,
        &(ClientCall){.method = "DELETE", .path = path_of(variable, variable->words[1])}, &answer);
}

/* Setting ----------------------------------------------------------------------------------- */

static int read_value(const Variable *variable, Buf *value) {
    if ((variable->value == NULL) == (variable->value_path == NULL)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (variable->value != NULL) {
        buf_add_text(value, variable->value);
        return EXIT_DONE;
    }
    if (!input_read(variable->value_path, value))
        return EXIT_NO_INPUT;
    if (value->length > 0 && value->data[value->length - 1] == '\n')
        value->length--;
    return EXIT_DONE;
}

static bool is_text(const char *type) {
    return strcmp(type, "STRING") == 0 || strcmp(type, "SECRET") == 0;
}

static int add_value(const Variable *variable, const char *type, Buf *body) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf value = {0};
    JsonMistake mistake;
    Json parsed;
    int code = read_value(variable, &value);

    if (code != EXIT_DONE)
        return code;
    if (is_text(type)) {
        json_write_string(body, buf_str(&value));
        return EXIT_DONE;
    }
    if (json_parse(&arena, buf_str(&value), JSON_LIMITS_DEFAULT, &parsed, &mistake)) {
        fprintf(stderr, "headrace variable: the value of a %s is JSON: column %u: %s\n", type,
                mistake.column, mistake.message);
        return EXIT_INVALID;
    }
    json_write(body, &parsed);
    return EXIT_DONE;
}

static int set(const Variable *variable) {
    const char *type = variable->type ? variable->type : "STRING";
    _cleanup_(buf_done) Buf body = {0};
    ClientAnswer answer;
    int code;

    buf_add_text(&body, "{\"type\":");
    json_write_string(&body, str_of(type));
    buf_add_text(&body, ",\"value\":");
    code = add_value(variable, type, &body);
    buf_add_char(&body, '}');
    if (code == EXIT_DONE)
        code = client_call(variable->client,
                           &(ClientCall){
                               .method = "PUT",
                               .path = path_of(variable, variable->words[1]),
                               .body = buf_str(&body),
                           },
                           &answer);
    if (code == EXIT_DONE)
        printf("%s: %s\n", variable->words[1], answer.status == 201 ? "created" : "updated");
    return code;
}

static const struct {
    const char *name;
    int (*run)(const Variable *variable);
    bool has_key;
} verbs[] = {
    {"delete", delete, true },
    {"list",   list,   false},
    {"set",    set,    true },
};

static int run(const Variable *variable) {
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(variable->words[0], verbs[i].name) == 0 &&
            verbs[i].has_key == (variable->words[1] != NULL))
            return verbs[i].run(variable);
    fputs(usage, stderr);
    return EXIT_USAGE;
}

int cmd_variable(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    Variable variable = {0};
    const Option options[] = {
        {"--type",       &variable.type,         NULL             },
        {"--value",      &variable.value,        NULL             },
        {"--value-file", &variable.value_path,   NULL             },
        {"--template",   &variable.template_key, NULL             },
        {"--json",       NULL,                   &variable.is_json},
    };
    OptionsResult result =
        options_read(&(Options){"variable", usage, options, ARRAY_SIZE(options), 1, 2}, argc, argv,
                     variable.words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("variable", &client);
    variable.client = client;
    return code == EXIT_DONE ? run(&variable) : code;
}
