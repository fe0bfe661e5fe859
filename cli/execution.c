/* One execution as commands show it. */

#include "cli/execution.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/table.h"
#include "common/base/alloc.h"
#include "common/io/clock.h"
#include "common/model/kinds.h"
#include "common/plan/instant.h"

#define BAR_WIDTH 32
#define NAME_WIDTH_MAX 32
#define POLL_MS 200
#define OUTPUT_BYTES_MAX 2000

int execution_get(Client *client, Str id, ClientAnswer *ret_answer) {
    Arena *arena = client_arena(client);
    Str escaped = client_escape(client, str_c(arena, id));

    return client_call(client,
                       &(ClientCall){
                           .method = "GET",
                           .path = str_printf(arena, "/v1/executions/%.*s", STR_ARGS(escaped)),
                       },
                       ret_answer);
}

static Str member(const Json *object, const char *name) {
    return json_str(json_member(object, str_of(name)));
}

bool execution_has_ended(const Json *execution) {
    ExecutionStatus status;

    return execution_status_from_word(member(execution, "status"), &status) &&
           (execution_status_is_terminal(status) || status == EXECUTION_INCIDENT);
}

int execution_code(const Json *execution) {
    return str_is(member(execution, "status"), "COMPLETED") ? EXIT_DONE : EXIT_NOT_DONE;
}

/* The timeline ------------------------------------------------------------------------------ */

typedef struct Timeline {
    int64_t first_ms, last_ms; /* the left and the right edge */
    int name_width;
} Timeline;

static bool moment(const Json *object, const char *name, int64_t *ret_ms) {
    Str text = member(object, name);

    return text.length > 0 && instant_from_text(text, ret_ms);
}

static Str step_name(Arena *arena, const Json *step) {
    Str id = table_cell(arena, json_member(step, STR("stepId")));
    Str scope = member(step, "scopePath");

    return scope.length == 0 ? id : str_printf(arena, "%.*s/%.*s", STR_ARGS(scope), STR_ARGS(id));
}

static Timeline timeline_of(Arena *arena, const Json *execution, const Json *steps) {
    Timeline line = {.name_width = 4};
    int64_t ms;

    if (!moment(execution, "startedAt", &line.first_ms))
        line.first_ms = clock_now_ms();
    if (!moment(execution, "completedAt", &line.last_ms))
        line.last_ms = clock_now_ms();
    for (uint32_t i = 0; steps != NULL && i < steps->count; i++) {
        const Json *step = json_at(steps, i);

        if (moment(step, "openedAt", &ms))
            line.first_ms = MIN(line.first_ms, ms);
        if (moment(step, "completedAt", &ms))
            line.last_ms = MAX(line.last_ms, ms);
        line.name_width = MAX(line.name_width, table_width(step_name(arena, step)));
    }
    line.name_width = MIN(line.name_width, NAME_WIDTH_MAX);
    line.last_ms = MAX(line.last_ms, line.first_ms + 1);
    return line;
}

static int column_of(const Timeline *line, int64_t ms) {
    int64_t width = line->last_ms - line->first_ms;
    int64_t column = (ms - line->first_ms) * BAR_WIDTH / width;

    return (int)MAX(0, MIN(column, BAR_WIDTH - 1));
}

/* Open and queued is light, running is solid. */
static void print_bar(const Timeline *line, const Json *step) {
    int64_t opened, started, ended;
    bool has_opened = moment(step, "openedAt", &opened);
    bool has_started = moment(step, "startedAt", &started);
    int first, solid, last;

    if (!moment(step, "completedAt", &ended))
        ended = line->last_ms;
    if (!has_opened)
        opened = has_started ? started : ended;
    first = column_of(line, opened);
    solid = has_started ? column_of(line, started) : BAR_WIDTH;
    last = column_of(line, ended);
    putchar('|');
    for (int i = 0; i < BAR_WIDTH; i++)
        fputs(i < first || i > last ? " " : i < solid ? "░" : "█", stdout);
    putchar('|');
}

static void print_duration(const Json *step) {
    int64_t from, to;

    if ((moment(step, "startedAt", &from) || moment(step, "openedAt", &from)) &&
        moment(step, "completedAt", &to))
        printf(" %6lld ms", (long long)(to - from));
    else
        printf(" %9s", "");
}

static void print_step(Arena *arena, const Timeline *line, const Json *step) {
    Str name = step_name(arena, step), status = member(step, "stepStatus");
    Str reason = member(step, "reason");
    Str error = member(json_member(step, STR("error")), "message");
    int64_t retries = 0;

    printf("  %.*s%*s  %-15.*s", STR_ARGS(name), MAX(0, line->name_width - table_width(name)), "",
           STR_ARGS(status));
    print_bar(line, step);
    print_duration(step);
    json_to_int64(json_member(step, STR("retryCount")), &retries);
    if (retries > 0)
        printf("  %lld retr%s", (long long)retries, retries == 1 ? "y" : "ies");
    if (reason.length > 0)
        printf("  %.*s", STR_ARGS(reason));
    if (error.length > 0) {
        Json shown = json_string(str_slice(error, 0, 100));

        printf("  %.*s", STR_ARGS(table_cell(arena, &shown)));
    }
    putchar('\n');
}

/* What went wrong before it went well. */
static int print_attempts(Arena *arena, const Json *attempts) {
    for (uint32_t i = 0; attempts != NULL && i < attempts->count; i++) {
        const Json *attempt = json_at(attempts, i), *error = json_member(attempt, STR("error"));
        Str step = step_name(arena, attempt);
        Str number = table_cell(arena, json_member(attempt, STR("attempt")));
        Str message = table_cell(arena, json_member(error, STR("message")));

        printf("  %.*s attempt %.*s: %.*s %.*s: %.*s\n", STR_ARGS(step), STR_ARGS(number),
               STR_ARGS(member(attempt, "reason")), STR_ARGS(member(error, "type")),
               STR_ARGS(str_slice(message, 0, 120)));
    }
    return attempts != NULL ? (int)attempts->count : 0;
}

/* Everything -------------------------------------------------------------------------------- */

static int print_value(Arena *arena, const char *title, const Json *value) {
    Str text;

    if (value == NULL || json_is(value, JSON_NULL))
        return 0;
    text = json_text(arena, value);
    printf("%s: %.*s%s\n", title, (int)MIN(text.length, (size_t)OUTPUT_BYTES_MAX), text.data,
           text.length > OUTPUT_BYTES_MAX ? "… (--json shows all)" : "");
    return 1;
}

int execution_print(Arena *arena, const Json *execution) {
    const Json *steps = json_member(execution, STR("stepExecutions"));
    Timeline line = timeline_of(arena, execution, steps);
    Str key = table_cell(arena, json_member(execution, STR("templateKey")));
    Str version = table_cell(arena, json_member(execution, STR("versionNumber")));
    int lines = 1;

    printf("%.*s  %.*s version %.*s  %.*s  %lld ms\n", STR_ARGS(member(execution, "id")),
           STR_ARGS(key), STR_ARGS(version), STR_ARGS(member(execution, "status")),
           (long long)(line.last_ms - line.first_ms));
    for (uint32_t i = 0; steps != NULL && i < steps->count; i++, lines++)
        print_step(arena, &line, json_at(steps, i));
    lines += print_attempts(arena, json_member(execution, STR("failedAttempts")));
    lines += print_value(arena, "error", json_member(execution, STR("error")));
    lines += print_value(arena, "output", json_member(execution, STR("output")));
    return lines;
}

/* Watching ---------------------------------------------------------------------------------- */

/* Steps and statuses in one number: when it changes, something has happened. */
static uint64_t state_of(const Json *execution) {
    const Json *steps = json_member(execution, STR("stepExecutions"));
    uint64_t state = str_hash(member(execution, "status"), 1);

    for (uint32_t i = 0; steps != NULL && i < steps->count; i++) {
        const Json *step = json_at(steps, i);

        state = str_hash(member(step, "stepId"), state);
        state = str_hash(member(step, "stepStatus"), state);
        state = str_hash(member(step, "reason"), state);
    }
    return state;
}

static void say_change(Arena *arena, const Json *execution) {
    const Json *steps = json_member(execution, STR("stepExecutions"));

    printf("%.*s", STR_ARGS(member(execution, "status")));
    for (uint32_t i = 0; steps != NULL && i < steps->count; i++) {
        const Json *step = json_at(steps, i);

        printf("  %.*s=%.*s", STR_ARGS(step_name(arena, step)),
               STR_ARGS(member(step, "stepStatus")));
    }
    putchar('\n');
}

void execution_pause(void) {
    poll(NULL, 0, POLL_MS);
}

/* One picture over the one before. Lines that are too long are cut, or they could not be counted.
 */
static int redraw(Arena *arena, const Json *execution, int lines) {
    if (lines > 0)
        printf("\033[%dA\033[J", lines);
    fputs("\033[?7l", stdout);
    lines = execution_print(arena, execution);
    fputs("\033[?7h", stdout);
    return lines;
}

int execution_watch(Client *client, Str id_text) {
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    _cleanup_(alloc_free_p) char *id = str_dup(id_text);
    uint64_t state = 0;
    int lines = 0;

    for (;; client_forget(client)) {
        ClientAnswer answer;
        int code = execution_get(client, str_of(id), &answer);

        if (code != EXIT_DONE)
            return code;
        if (is_terminal)
            lines = redraw(client_arena(client), &answer.json, lines);
        else if (execution_has_ended(&answer.json))
            execution_print(client_arena(client), &answer.json);
        else if (state_of(&answer.json) != state)
            say_change(client_arena(client), &answer.json);
        state = state_of(&answer.json);
        fflush(stdout);
        if (execution_has_ended(&answer.json))
            return execution_code(&answer.json);
        execution_pause();
    }
}
