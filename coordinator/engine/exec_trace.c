/*
 * Effects as text: what stories expect and logs show.
 *
 *   row a#0 FAILED RETRIED error NETWORK     task a#1 again 2 input {"x":1}
 *   wait a#1 RETRY until 1100                wake a#1
 *   timer a#1 at 1100                        revoke a#1
 *   late a#0 ATTEMPT COMPLETED               status CANCELLING error CANCELLED
 *   finish COMPLETED output {"x":1}
 *
 * Times are milliseconds since the execution's start.
 */

#include "coordinator/engine/exec_private.h"

static void add_step(Buf *buf, const Exec *exec, const ExecEffect *effect) {
    buf_add_char(buf, ' ');
    buf_add_str(buf, exec->plan->nodes[effect->node].id);
    buf_printf(buf, "#%u", effect->attempt);
}

static void add_moment(Buf *buf, const Exec *exec, const char *word, int64_t at_ms) {
    buf_printf(buf, " %s %lld", word, (long long)(at_ms - exec->facts.started_ms));
}

static void add_text(Buf *buf, const char *word, Str text) {
    if (text.data == NULL)
        return;
    buf_printf(buf, " %s ", word);
    buf_add_str(buf, text);
}

/* Of an error object only the type: the sentences around it are for people. */
static void add_error(Buf *buf, Str error) {
    Arena arena;
    Json value;

    if (error.data == NULL)
        return;
    arena_init(&arena, 0);
    buf_add_text(buf, " error ");
    if (json_parse(&arena, error, JSON_LIMITS_DEFAULT, &value, NULL) == 0)
        buf_add_str(buf, json_str(json_member(&value, STR("type"))));
    arena_done(&arena);
}

static void add_row(Buf *buf, const ExecRow *row) {
    buf_printf(buf, " %s", step_status_word(row->status));
    if (row->reason != REASON_NONE && row->reason != REASON_LATE)
        buf_printf(buf, " %s", step_reason_word(row->reason));
    if (row->outcome.length > 0) {
        buf_add_text(buf, " -> ");
        buf_add_str(buf, row->outcome);
    }
    add_error(buf, row->error);
    add_text(buf, "output", row->output);
}

static void add_end(Buf *buf, const ExecEffect *effect) {
    buf_printf(buf, " %s", execution_status_word(effect->status));
    add_error(buf, effect->error);
    add_text(buf, "output", effect->output);
}

static void add_task(Buf *buf, const ExecEffect *effect) {
    if (effect->dispatch_no > 1)
        buf_printf(buf, " again %u", effect->dispatch_no);
    add_text(buf, "input", effect->input);
}

void exec_trace_effect(const Exec *exec, const ExecEffect *effect, Buf *buf) {
    static const char *const words[] = {
        [EXEC_EFFECT_RECORD] = "row",    [EXEC_EFFECT_DISPATCH] = "task",
        [EXEC_EFFECT_WAIT] = "wait",     [EXEC_EFFECT_WAKE] = "wake",
        [EXEC_EFFECT_TIMER] = "timer",   [EXEC_EFFECT_REVOKE] = "revoke",
        [EXEC_EFFECT_LATE] = "late",     [EXEC_EFFECT_STATUS] = "status",
        [EXEC_EFFECT_FINISH] = "finish",
    };

    buf_add_text(buf, words[effect->type]);
    if (effect->node != PLAN_NONE)
        add_step(buf, exec, effect);
    switch (effect->type) {
    case EXEC_EFFECT_LATE:
        buf_printf(buf, " %s", effect->why);
        add_row(buf, &effect->row);
        break;
    case EXEC_EFFECT_RECORD:
        add_row(buf, &effect->row);
        break;
    case EXEC_EFFECT_DISPATCH:
        add_task(buf, effect);
        break;
    case EXEC_EFFECT_WAIT:
        buf_printf(buf, " %s", step_reason_word(effect->reason));
        add_moment(buf, exec, "until", effect->due_ms);
        break;
    case EXEC_EFFECT_TIMER:
        add_moment(buf, exec, "at", effect->due_ms);
        break;
    case EXEC_EFFECT_STATUS:
    case EXEC_EFFECT_FINISH:
        add_end(buf, effect);
        break;
    case EXEC_EFFECT_WAKE:
    case EXEC_EFFECT_REVOKE:
        break;
    }
}
