/* headrace run: starts a workflow by hand. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/input.h"
#include "cli/options.h"
#include "common/base/alloc.h"
#include "common/io/clock.h"

static const char usage[] =
    "usage: headrace run WORKFLOW [--input FILE] [--trigger ID] [--wait] [--idempotency-key KEY]\n"
    "                [--json]\n"
    "\n"
    "  WORKFLOW               its key or id\n"
    "  --input FILE           JSON that .input shows; - is standard input; null without it\n"
    "  --trigger ID           a MANUAL trigger of the active version\n"
    "  --wait                 until it has ended, with its steps live\n"
    "  --idempotency-key KEY  the same key and input start the same execution, however often\n"
    "  --json                 the answer, or with --wait the ended execution, as the API gives it\n"
    "\n"
    "exit codes: 0 started, or with --wait completed; 1 refused, or not completed; 2 the input "
    "has\n"
    "problems, 64 wrong usage, 66 a file cannot be read, 69 the API cannot be reached\n";

typedef struct Run {
    Client *client;
    const char *key;
    const char *input_path;
    const char *trigger;
    const char *idempotency_key;
    bool has_to_wait;
    bool is_json;
} Run;

static int make_body(const Run *run, Buf *body) {
    _cleanup_(buf_done) Buf input = {0};

    buf_add_char(body, '{');
    if (run->input_path != NULL) {
        _cleanup_(arena_done) Arena arena = {0};
        JsonMistake mistake;
        Json value;

        if (!input_read(run->input_path, &input))
            return EXIT_NO_INPUT;
        if (json_parse(&arena, buf_str(&input), JSON_LIMITS_DEFAULT, &value, &mistake)) {
            fprintf(stderr, "headrace run: %s:%u:%u: %s\n", run->input_path, mistake.line,
                    mistake.column, mistake.message);
            return EXIT_INVALID;
        }
        buf_add_text(body, "\"input\":");
        buf_add_str(body, buf_str(&input));
    }
    if (run->trigger != NULL) {
        buf_add_text(body, run->input_path ? ",\"triggerId\":" : "\"triggerId\":");
        json_write_string(body, str_of(run->trigger));
    }
    buf_add_char(body, '}');
    return EXIT_DONE;
}

/* Ended or not: what a program reads comes once, at the end. */
static int wait_in_silence(const Run *run, Str id_text) {
    _cleanup_(alloc_free_p) char *id = str_dup(id_text);

    for (;; client_forget(run->client)) {
        ClientAnswer answer;
        int code = execution_get(run->client, str_of(id), &answer);

        if (code != EXIT_DONE)
            return code;
        if (execution_has_ended(&answer.json)) {
            client_print(&answer);
            return execution_code(&answer.json);
        }
        execution_pause();
    }
}

static int start(const Run *run) {
    Arena *arena = client_arena(run->client);
    _cleanup_(buf_done) Buf body = {0};
    UuidText fresh = uuid_text(clock_uuid_v7());
    ClientAnswer answer;
    int code = make_body(run, &body);
    Str id;

    if (code != EXIT_DONE)
        return code;
    code =
        client_call(run->client,
                    &(ClientCall){
                        .method = "POST",
                        .path = str_printf(arena, "/v1/templates/%.*s/executions",
                                           STR_ARGS(client_escape(run->client, run->key))),
                        .body = buf_str(&body),
                        .idempotency_key = run->idempotency_key ? run->idempotency_key : fresh.text,
                    },
                    &answer);
    if (code != EXIT_DONE)
        return code;
    id = json_str(json_member(&answer.json, STR("executionId")));
    if (run->has_to_wait)
        return run->is_json ? wait_in_silence(run, id) : execution_watch(run->client, id);
    if (run->is_json)
        client_print(&answer);
    else
        printf("%.*s\n", STR_ARGS(id));
    return EXIT_DONE;
}

int cmd_run(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    Run run = {0};
    const Option options[] = {
        {"--input",           &run.input_path,      NULL            },
        {"--trigger",         &run.trigger,         NULL            },
        {"--idempotency-key", &run.idempotency_key, NULL            },
        {"--wait",            NULL,                 &run.has_to_wait},
        {"--json",            NULL,                 &run.is_json    },
    };
    OptionsResult result = options_read(
        &(Options){"run", usage, options, ARRAY_SIZE(options), 1, 1}, argc, argv, &run.key);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("run", &client);
    run.client = client;
    return code == EXIT_DONE ? start(&run) : code;
}
