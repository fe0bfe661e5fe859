/*
 * Reads stories aloud to the engine: run_story FILE…
 *
 *   The first lines say what the story tells.
 *
 *   plan   a -> b                     see story_plan.h
 *
 *   > start {"x":1}          @0       told to the engine; @ is the time in ms since the start
 *   < task a#0                        its answers, in order; a line may stop early between words
 *   > failed a#0 NETWORK retryable
 *   ! late                            a refusal
 *   = a WAITING RETRY                 how a step stands now, and why
 *
 * Events: start [by TRIGGER] [INPUT], started S, progress S, ok S [OUTPUT], failed S TYPE,
 * timed-out S, indeterminate S, cancelled S, released S WHY, lost S, timer [S], cancel [REASON],
 * takeover, resend S, where S is a step and its attempt (a#0). Words behind them: retryable,
 * not-sent, unknown, after MS, status N, run N, index N, ports P, continues, unstarted, ended MS.
 * Timers are only compared where a turn's answers name one. After each turn the fold must be what
 * memory is.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/plan/scope.h"
#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"
#include "tests/story/story_plan.h"

#define STORY_BEGIN_MS 1700000000000
#define ANSWERS_MAX 200

typedef struct Story {
    const char *path;
    Str text;
    unsigned line_number;
    Arena arena;
    Plan *plan;
    ExecTwin twin;
    bool has_begun;
    int64_t at_ms;
    unsigned turn_line;
    bool has_turn;
    Str expected[ANSWERS_MAX];
    unsigned expected_lines[ANSWERS_MAX];
    size_t expected_count;
    Str actual[ANSWERS_MAX];
    size_t actual_count;
    unsigned turn_count;
    bool is_wrong;
} Story;

static void wrong(Story *story, unsigned line, const char *what, Str detail) {
    fprintf(stderr, "%s:%u: %s: %.*s\n", story->path, line, what, STR_ARGS(detail));
    story->is_wrong = true;
}

/* Plan ---------------------------------------------------------------------------------------- */

static void compile(Story *story, unsigned line, Str text) {
    _cleanup_(buf_done) Buf definition = {0};
    PlanProblems problems = {0};
    Str odd;

    if (!story_plan(text, &definition, &odd)) {
        wrong(story, line, "not understood", odd);
        return;
    }
    if (plan_compile(buf_str(&definition), exec_graph_catalog(), &story->arena, &problems,
                     &story->plan) == 0)
        return;
    for (uint32_t i = 0; i < problems.count; i++) {
        wrong(story, line, plan_problem_word(problems.items[i].code), problems.items[i].message);
        wrong(story, line, "at", problems.items[i].pointer);
    }
    fprintf(stderr, "%.*s\n", STR_ARGS(buf_str(&definition)));
}

/* Answers ------------------------------------------------------------------------------------- */

static void hear(Story *story, Str line) {
    if (story->actual_count < ANSWERS_MAX)
        story->actual[story->actual_count++] = line;
}

static void hear_effects(Story *story) {
    for (uint32_t i = 0; i < story->twin.effects.count; i++) {
        Buf line = {0};

        exec_trace_effect(story->twin.exec, &story->twin.effects.items[i], &line);
        hear(story, str_copy(&story->arena, buf_str(&line)));
        buf_done(&line);
    }
}

static bool tells(Str expected, Str actual) {
    return str_starts(actual, expected) &&
           (actual.length == expected.length || actual.data[expected.length] == ' ');
}

static void leave_out_timers(Story *story) {
    size_t kept = 0;

    for (size_t i = 0; i < story->expected_count; i++) {
        if (str_starts(story->expected[i], STR("timer")))
            return;
    }
    for (size_t i = 0; i < story->actual_count; i++) {
        if (!str_starts(story->actual[i], STR("timer")))
            story->actual[kept++] = story->actual[i];
    }
    story->actual_count = kept;
}

static void compare(Story *story) {
    size_t count;

    if (!story->has_turn)
        return;
    leave_out_timers(story);
    count =
        story->expected_count > story->actual_count ? story->expected_count : story->actual_count;
    for (size_t i = 0; i < count; i++) {
        if (i >= story->expected_count)
            wrong(story, story->turn_line, "unexpected", story->actual[i]);
        else if (i >= story->actual_count)
            wrong(story, story->expected_lines[i], "missing", story->expected[i]);
        else if (!tells(story->expected[i], story->actual[i]))
            wrong(story, story->expected_lines[i], "instead", story->actual[i]);
    }
    if (story->twin.complaint[0])
        wrong(story, story->turn_line, "law broken", str_of(story->twin.complaint));
    story->expected_count = 0;
    story->actual_count = 0;
    story->has_turn = false;
}

static void expect(Story *story, Str line) {
    story->expected_lines[story->expected_count] = story->line_number;
    story->expected[story->expected_count++] = line;
}

/* Events -------------------------------------------------------------------------------------- */

static Str next_word(Str *rest) {
    *rest = str_trim(*rest);
    return str_trim(str_split(rest, ' '));
}

static int64_t next_number(Story *story, Str *rest) {
    Str word = next_word(rest);
    int64_t number = 0;

    if (!str_to_int64(word, 0, INT64_MAX, &number))
        wrong(story, story->line_number, "no number", word);
    return number;
}

static bool read_step(Story *story, Str *rest, ExecEvent *event) {
    Str attempt = next_word(rest);
    Str id = str_split(&attempt, '#');
    int64_t number = 0;

    event->node = plan_find_node(story->plan, id);
    if (event->node == PLAN_NONE) {
        wrong(story, story->line_number, "no such step", id);
        return false;
    }
    if (attempt.data && !str_to_int64(attempt, 0, UINT32_MAX, &number))
        wrong(story, story->line_number, "no attempt", attempt);
    event->attempt = (uint32_t)number;
    return true;
}

/* Each attempt has a run of its own unless the story says which. */
static uint64_t run_of(const ExecEvent *event) {
    return 1000 + event->node * 100 + event->attempt;
}

static bool read_option(Story *story, Str word, Str *rest, ExecEvent *event) {
    ExecOutcome *outcome = &event->outcome;

    if (str_is(word, "retryable"))
        outcome->retryable = true;
    else if (str_is(word, "not-sent"))
        outcome->effect = EFFECT_NOT_SENT;
    else if (str_is(word, "unknown"))
        outcome->effect = EFFECT_UNKNOWN;
    else if (str_is(word, "continues"))
        outcome->continues = true;
    else if (str_is(word, "unstarted"))
        event->lost_unstarted = true;
    else if (str_is(word, "ports"))
        outcome->outcome = next_word(rest);
    else if (str_is(word, "after"))
        outcome->retry_after_ms = next_number(story, rest);
    else if (str_is(word, "run"))
        outcome->run = (uint64_t)next_number(story, rest);
    else if (str_is(word, "index"))
        outcome->index = (uint32_t)next_number(story, rest);
    else if (str_is(word, "ended"))
        outcome->ended_ms = STORY_BEGIN_MS + next_number(story, rest);
    else
        return false;
    return true;
}

static void read_options(Story *story, Str rest, ExecEvent *event) {
    while (rest.data && str_trim(rest).length > 0) {
        Str word = next_word(&rest);

        if (!read_option(story, word, &rest, event))
            wrong(story, story->line_number, "not understood", word);
    }
}

/* `failed a#0 HTTP_5XX status 503 retryable` */
static void read_failure(Story *story, Str rest, ExecEvent *event) {
    Str type = next_word(&rest);
    Str look = rest;
    ScopeFailure words = {.message = STR("as the story goes"), .attempt = event->attempt};
    Str first = next_word(&look);

    words.step = story->plan->nodes[event->node].id;
    if (!error_type_from_word(type, &words.type)) {
        words.type = ERROR_USER;
        words.user_type = type;
    }
    if (str_is(first, "status")) {
        words.status = (uint32_t)next_number(story, &look);
        rest = look;
    }
    event->outcome.status = STEP_FAILED;
    event->outcome.error = scope_error_object(&story->arena, &words);
    read_options(story, rest, event);
}

/* `ok a#0 run 7 {"x":1}`: the output is whatever begins like a value. */
static void read_success(Story *story, Str rest, ExecEvent *event) {
    event->outcome.status = STEP_COMPLETED;
    rest = str_trim(rest);
    while (rest.length > 0 && rest.data[0] >= 'a' && rest.data[0] <= 'z') {
        Str look = rest;
        Str word = next_word(&look);

        if (!read_option(story, word, &look, event))
            break;
        rest = str_trim(look);
    }
    if (rest.length > 0)
        event->outcome.output = rest;
}

static bool read_ended(Story *story, Str verb, Str rest, ExecEvent *event) {
    static const struct {
        const char *verb;
        StepStatus status;
    } plain[] = {
        {"timed-out",     STEP_TIMED_OUT    },
        {"indeterminate", STEP_INDETERMINATE},
        {"cancelled",     STEP_CANCELLED    },
    };

    event->type = EXEC_EVENT_ENDED;
    event->outcome.effect = EFFECT_ANSWERED;
    if (str_is(verb, "ok")) {
        read_success(story, rest, event);
        return true;
    }
    if (str_is(verb, "failed")) {
        read_failure(story, rest, event);
        return true;
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (!str_is(verb, plain[i].verb))
            continue;
        event->outcome.status = plain[i].status;
        read_options(story, rest, event);
        return true;
    }
    return false;
}

static bool read_step_event(Story *story, Str verb, Str rest, ExecEvent *event) {
    static const struct {
        const char *verb;
        ExecEventType type;
    } plain[] = {
        {"started",  EXEC_EVENT_STARTED },
        {"progress", EXEC_EVENT_PROGRESS},
        {"released", EXEC_EVENT_RELEASED},
        {"timer",    EXEC_EVENT_TIMER   },
        {"lost",     EXEC_EVENT_LOST    },
    };

    if (!read_step(story, &rest, event))
        return true;
    event->outcome.run = run_of(event);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (!str_is(verb, plain[i].verb))
            continue;
        event->type = plain[i].type;
        if (event->type == EXEC_EVENT_RELEASED &&
            !released_from_word(next_word(&rest), &event->outcome.released))
            wrong(story, story->line_number, "no such release", rest);
        read_options(story, rest, event);
        return true;
    }
    return read_ended(story, verb, rest, event);
}

static void begin(Story *story, Str rest) {
    ExecFacts facts = {
        .template_id = STR("00000000-0000-0000-0000-00000000002a"),
        .version_number = 1,
        .started_ms = STORY_BEGIN_MS + story->at_ms,
        .trigger = PLAN_NONE,
        .trigger_text = STR("{}"),
        .input = STR("{}"),
        .vars = STR("{}"),
        .seed = 1,
    };
    Str look = rest;

    if (str_is(next_word(&look), "by")) {
        facts.trigger = plan_find_trigger(story->plan, next_word(&look));
        rest = look;
    }
    if (str_trim(rest).length > 0)
        facts.input = str_trim(rest);
    exec_twin_init(&story->twin, story->plan, &facts);
    story->has_begun = true;
}

static bool read_event(Story *story, Str verb, Str rest, ExecEvent *event) {
    if (str_is(verb, "start")) {
        event->type = EXEC_EVENT_START;
        if (!story->has_begun)
            begin(story, rest);
        return true;
    }
    if (str_is(verb, "cancel")) {
        event->type = EXEC_EVENT_CANCEL;
        event->reason = str_trim(rest);
        return true;
    }
    if (str_is(verb, "timer") && str_trim(rest).length == 0) {
        event->type = EXEC_EVENT_TIMER;
        return true;
    }
    return read_step_event(story, verb, rest, event);
}

static const char *refusal_word(int r) {
    switch (r) {
    case EXEC_E_FINISHED:
        return "finished";
    case EXEC_E_LATE:
        return "late";
    case EXEC_E_UNKNOWN_STEP:
        return "unknown";
    case EXEC_E_LIMIT:
        return "limit";
    default:
        return "fault";
    }
}

/* `… @1000` at the end of the line. */
static Str take_time(Story *story, Str line) {
    size_t at = line.length;

    while (at > 0 && line.data[at - 1] >= '0' && line.data[at - 1] <= '9')
        at--;
    if (at < 2 || at == line.length || line.data[at - 1] != '@' || line.data[at - 2] != ' ')
        return line;
    str_to_int64(str_slice(line, at, line.length), 0, INT64_MAX, &story->at_ms);
    return str_trim(str_slice(line, 0, at - 1));
}

static void tell(Story *story, Str line) {
    ExecEvent event = {.node = PLAN_NONE};
    Str rest = take_time(story, line);
    Str verb = next_word(&rest);
    int r;

    compare(story);
    story->has_turn = true;
    story->turn_line = story->line_number;
    story->turn_count++;
    if (str_is(verb, "takeover")) {
        exec_twin_evict(&story->twin);
        r = 0;
        story->twin.effects.count = 0;
    } else if (str_is(verb, "resend") && read_step(story, &rest, &event)) {
        r = exec_twin_resend(&story->twin, event.node);
    } else if (read_event(story, verb, rest, &event) && story->has_begun) {
        event.now_ms = STORY_BEGIN_MS + story->at_ms;
        r = exec_twin_step(&story->twin, &event);
    } else {
        wrong(story, story->line_number, "not understood", line);
        return;
    }
    if (r)
        hear(story, str_printf(&story->arena, "! %s", refusal_word(r)));
    hear_effects(story);
}

static void look(Story *story, Str line) {
    Str rest = line;
    ExecEvent event = {0};
    ExecStepView view;
    Str is_now;

    if (!read_step(story, &rest, &event))
        return;
    view = exec_view(story->twin.exec, event.node);
    is_now = str_printf(&story->arena, "%s %s", step_status_word(view.status),
                        step_reason_word(view.reason));
    if (!tells(str_trim(rest), is_now))
        wrong(story, story->line_number, "instead", is_now);
}

/* Lines --------------------------------------------------------------------------------------- */

static Str next_line(Story *story) {
    story->line_number++;
    return str_split(&story->text, '\n');
}

/* From the word `plan` to the next empty line. */
static void read_plan(Story *story, Str line) {
    unsigned line_number = story->line_number;
    _cleanup_(buf_done) Buf text = {0};

    buf_add_str(&text, str_slice(line, strlen("plan"), line.length));
    while (story->text.data) {
        line = next_line(story);
        if (str_trim(line).length == 0)
            break;
        buf_add_char(&text, '\n');
        buf_add_str(&text, line);
    }
    compile(story, line_number, str_copy(&story->arena, buf_str(&text)));
}

static void read_line(Story *story, Str line) {
    Str rest = str_trim(str_slice(line, 1, line.length));

    if (story->plan == NULL && str_starts(line, STR("plan ")))
        read_plan(story, line);
    else if (str_starts(line, STR(">")))
        tell(story, rest);
    else if (str_starts(line, STR("<")))
        expect(story, rest);
    else if (str_starts(line, STR("!")))
        expect(story, line);
    else if (str_starts(line, STR("=")))
        look(story, rest);
    else if (story->plan && str_trim(line).length > 0)
        wrong(story, story->line_number, "not understood", line);
}

static bool read_file(const char *path, Buf *text) {
    FILE *file = fopen(path, "r");
    size_t length;

    if (file == NULL)
        return false;
    do {
        length = fread(buf_reserve(text, 4096), 1, 4096, file);
        text->length += length;
    } while (length > 0);
    fclose(file);
    return true;
}

static bool run(const char *path) {
    _cleanup_(buf_done) Buf text = {0};
    Story story = {.path = path};

    if (!read_file(path, &text)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    arena_init(&story.arena, 0);
    story.text = buf_str(&text);
    while (story.text.data && !story.is_wrong)
        read_line(&story, next_line(&story));
    if (!story.is_wrong)
        compare(&story);
    if (story.turn_count == 0)
        wrong(&story, 1, "tells nothing", str_of(path));
    if (story.has_begun)
        exec_twin_done(&story.twin);
    plan_free(story.plan);
    arena_done(&story.arena);
    return !story.is_wrong;
}

int main(int argc, char **argv) {
    int wrong_count = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: run_story FILE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        wrong_count += !run(argv[i]);
    if (wrong_count == 0)
        printf("%d stories hold\n", argc - 1);
    return wrong_count ? 1 : 0;
}
