/* The short notation of plans, turned into definitions. */

#include "tests/story/story_plan.h"

#include <string.h>

#define STEPS_IN_STORY_MAX 64

typedef struct StoryStep {
    Str id;
    const char *type;
    const char *action;
    Buf next, on_true, on_false, errors; /* lists of edges, ready to stand between brackets */
    Buf retry, config, members;
} StoryStep;

typedef struct StoryPlan {
    StoryStep steps[STEPS_IN_STORY_MAX];
    size_t step_count;
    Buf members;
} StoryPlan;

static StoryStep *step_of(StoryPlan *plan, Str id) {
    StoryStep *step;

    for (size_t i = 0; i < plan->step_count; i++) {
        if (str_equal(plan->steps[i].id, id))
            return &plan->steps[i];
    }
    if (plan->step_count == STEPS_IN_STORY_MAX)
        return NULL;
    step = &plan->steps[plan->step_count++];
    *step = (StoryStep){.id = id, .type = "ACTION", .action = "call"};
    return step;
}

static void add_comma(Buf *list) {
    if (list->length > 0)
        buf_add_char(list, ',');
}

static void add_member(Buf *list, const char *key, Str value) {
    add_comma(list);
    buf_printf(list, "\"%s\":%.*s", key, STR_ARGS(value));
}

static void add_string(Buf *list, const char *key, Str value) {
    add_comma(list);
    buf_printf(list, "\"%s\":\"", key);
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            buf_add_char(list, '\\');
        buf_add_char(list, value.data[i]);
    }
    buf_add_char(list, '"');
}

/* `a !NETWORK> b`: the word between is "!NETWORK". */
static bool add_error_edge(StoryStep *from, Str match, Str to) {
    add_comma(&from->errors);
    if (match.length == 0) {
        buf_printf(&from->errors, "\"%.*s\"", STR_ARGS(to));
        return true;
    }
    buf_printf(&from->errors, "{\"stepId\":\"%.*s\",\"match\":{\"types\":[", STR_ARGS(to));
    for (const char *comma = ""; match.data; comma = ",") {
        Str type = str_split(&match, ',');

        buf_printf(&from->errors, "%s\"%.*s\"", comma, STR_ARGS(type));
    }
    buf_add_text(&from->errors, "]}}");
    return true;
}

static bool add_edge(StoryPlan *plan, Str source, Str arrow, Str to) {
    StoryStep *from = step_of(plan, source);
    Buf *list = NULL;

    if (from == NULL || step_of(plan, to) == NULL)
        return false;
    if (str_starts(arrow, STR("!")))
        return add_error_edge(from, str_slice(arrow, 1, arrow.length - 2), to);
    if (str_is(arrow, "->"))
        list = &from->next;
    else if (str_is(arrow, "true>"))
        list = &from->on_true;
    else if (str_is(arrow, "false>"))
        list = &from->on_false;
    if (list == NULL)
        return false;
    add_comma(list);
    buf_printf(list, "\"%.*s\"", STR_ARGS(to));
    return true;
}

static Str next_word(Str *rest) {
    *rest = str_trim(*rest);
    return str_trim(str_split(rest, ' '));
}

/* `a -> b, c -> d`: targets end at the next arrow; several may stand between two arrows. */
static bool read_edges(StoryPlan *plan, Str line) {
    Str from = next_word(&line);

    if (step_of(plan, from) == NULL)
        return false;
    while (line.data && str_trim(line).length > 0) {
        Str arrow = next_word(&line);
        Str to;

        do {
            bool is_listed;

            to = next_word(&line);
            is_listed = str_ends(to, STR(","));
            to = str_slice(to, 0, to.length - is_listed);
            if (to.length == 0 || !add_edge(plan, from, arrow, to))
                return false;
            if (!is_listed)
                break;
        } while (true);
        from = to;
    }
    return true;
}

static const struct {
    const char *word;
    const char *key;
    bool is_retry;
} numbers[] = {
    {"attempts",         "maxAttempts",        true },
    {"backoff",          "initialMs",          true },
    {"factor",           "factor",             true },
    {"cap",              "maxMs",              true },
    {"elapsed",          "maxElapsedMs",       true },
    {"timeout",          "timeoutMs",          false},
    {"attemptTimeout",   "attemptTimeoutMs",   false},
    {"queueTimeout",     "queueTimeoutMs",     false},
    {"heartbeatTimeout", "heartbeatTimeoutMs", false},
};

static bool read_number(StoryStep *step, Str word, Str value) {
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!str_is(word, numbers[i].word))
            continue;
        add_member(numbers[i].is_retry ? &step->retry : &step->members, numbers[i].key, value);
        if (str_is(word, "backoff"))
            add_member(&step->retry, "jitter", STR("\"NONE\""));
        return true;
    }
    return false;
}

static bool read_flag(StoryStep *step, Str word) {
    if (str_is(word, "once"))
        step->action = "once";
    else if (str_is(word, "disabled"))
        add_member(&step->members, "disabled", STR("true"));
    else if (str_is(word, "continueOnError"))
        add_member(&step->members, "continueOnError", STR("true"));
    else
        return false;
    return true;
}

static bool read_short(StoryStep *step, Str rest) {
    while (rest.data) {
        Str part = str_trim(str_split(&rest, ','));
        Str word = next_word(&part);

        if (part.data ? !read_number(step, word, str_trim(part)) : !read_flag(step, word))
            return false;
    }
    return true;
}

/* Words that take the rest of the line: the type they give the step, and the member they fill. */
static const struct {
    const char *word;
    const char *type; /* NULL: as it was */
    const char *key;
    char place; /* m: member, c: config, w: the whole config */
    bool is_text;
} longer[] = {
    {"guard",     NULL,        "condition",      'm', true },
    {"condition", "CONDITION", "condition",      'm', true },
    {"input",     NULL,        "inputMappings",  'm', false},
    {"output",    NULL,        "outputMappings", 'm', false},
    {"join",      NULL,        "join",           'm', false},
    {"retry",     NULL,        "retry",          'm', false},
    {"transform", "TRANSFORM", "inputMappings",  'm', false},
    {"delay",     "DELAY",     "forMs",          'c', false},
    {"until",     "DELAY",     "until",          'c', true },
    {"switch",    "SWITCH",    "",               'w', false},
    {"terminate", "TERMINATE", "",               'w', false},
};

static bool read_longer(StoryStep *step, Str word, Str rest) {
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        Buf *list = longer[i].place == 'm' ? &step->members : &step->config;

        if (!str_is(word, longer[i].word))
            continue;
        if (longer[i].type)
            step->type = longer[i].type;
        if (longer[i].place == 'w')
            buf_add_str(list, str_slice(rest, 1, rest.length - 2));
        else if (longer[i].is_text)
            add_string(list, longer[i].key, rest);
        else
            add_member(list, longer[i].key, rest);
        return true;
    }
    return false;
}

static bool read_facts(StoryPlan *plan, Str id, Str rest) {
    Str tail = rest;
    Str word = next_word(&tail);
    StoryStep *step;

    if (str_is(id, "output") || str_is(id, "settings") || str_is(id, "triggers")) {
        buf_printf(&plan->members, ",\"%.*s\":%.*s", STR_ARGS(id), STR_ARGS(rest));
        return true;
    }
    step = step_of(plan, id);
    return step && (read_longer(step, word, str_trim(tail)) || read_short(step, rest));
}

static bool read_line(StoryPlan *plan, Str line) {
    ptrdiff_t colon = str_find(line, STR(": "));
    Str id = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);

    if (colon > 0 && str_find_char(id, ' ') < 0)
        return read_facts(plan, id, str_trim(str_slice(line, id.length + 1, line.length)));
    return read_edges(plan, line);
}

static void add_list(Buf *out, const char *key, const Buf *list) {
    if (list->length > 0)
        buf_printf(out, ",\"%s\":[%.*s]", key, STR_ARGS(buf_str(list)));
}

static void add_object(Buf *out, const char *key, const Buf *members) {
    if (members->length > 0)
        buf_printf(out, ",\"%s\":{%.*s}", key, STR_ARGS(buf_str(members)));
}

static void write_step(Buf *out, const StoryStep *step) {
    buf_printf(out, "{\"id\":\"%.*s\",\"type\":\"%s\"", STR_ARGS(step->id), step->type);
    if (strcmp(step->type, "ACTION") == 0)
        buf_printf(out, ",\"integrationId\":\"test\",\"integrationActionId\":\"%s\"", step->action);
    add_list(out, "nextSteps", strcmp(step->type, "CONDITION") ? &step->next : &step->on_true);
    add_list(out, "elseSteps", &step->on_false);
    add_list(out, "onErrorSteps", &step->errors);
    add_object(out, "retry", &step->retry);
    add_object(out, "config", &step->config);
    if (step->members.length > 0)
        buf_printf(out, ",%.*s", STR_ARGS(buf_str(&step->members)));
    buf_add_char(out, '}');
}

static void plan_done(StoryPlan *plan) {
    for (size_t i = 0; i < plan->step_count; i++) {
        StoryStep *step = &plan->steps[i];
        Buf *const bufs[] = {&step->next,  &step->on_true, &step->on_false, &step->errors,
                             &step->retry, &step->config,  &step->members};

        for (size_t k = 0; k < sizeof bufs / sizeof bufs[0]; k++)
            buf_done(bufs[k]);
    }
    buf_done(&plan->members);
}

static void write_plan(Buf *out, const StoryPlan *plan) {
    buf_add_text(out, "{\"name\":\"story\",\"steps\":[");
    for (size_t i = 0; i < plan->step_count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        write_step(out, &plan->steps[i]);
    }
    buf_printf(out, "]%.*s}", STR_ARGS(buf_str(&plan->members)));
}

bool story_plan(Str text, Buf *definition, Str *ret_line) {
    _cleanup_(plan_done) StoryPlan plan = {0};

    if (str_starts(str_trim(text), STR("{"))) {
        buf_add_str(definition, str_trim(text));
        return true;
    }
    while (text.data) {
        Str line = str_trim(str_split(&text, '\n'));

        if (line.length > 0 && !read_line(&plan, line)) {
            *ret_line = line;
            return false;
        }
    }
    write_plan(definition, &plan);
    return true;
}
