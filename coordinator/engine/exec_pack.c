/*
 * The durable part of the state as bytes: what a fold brings back, in an order that never changes.
 *
 * Left out is what belongs to the visit in hand: whether a worker has said that it began, its run,
 * how often the task was sent. Losing it costs a repeated message, never a wrong state.
 */

#include "coordinator/engine/exec_private.h"

#define EXEC_PACK_REV 1

static void put_number(Buf *buf, uint64_t number) {
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    buf_add(buf, bytes, sizeof bytes);
}

static void put_text(Buf *buf, const ExecText *text) {
    put_number(buf, text->data ? text->length + 1 : 0);
    if (text->data)
        buf_add(buf, text->data, text->length);
}

static void put_step(Buf *buf, const ExecStep *step) {
    ExecPhase phase = step->phase == PHASE_RUNNING ? PHASE_QUEUED : step->phase;

    put_number(buf, phase);
    if (phase == PHASE_UNREACHED)
        return;
    put_number(buf, step->attempt);
    put_number(buf, step->lost_count);
    put_number(buf, step->chain);
    put_number(buf, step->opened_ord);
    put_number(buf, (uint64_t)step->opened_ms);
    if (phase == PHASE_WAITING) {
        put_number(buf, step->reason);
        put_number(buf, (uint64_t)step->wait_ms);
    }
    if (phase == PHASE_ENDED) {
        put_number(buf, step->status);
        put_number(buf, step->reason);
        put_number(buf, step->ended_ord);
        put_text(buf, &step->output);
        put_text(buf, &step->error);
    }
}

/* What has ended is not ending any more: its own row says how it ended. */
static void put_ending(Buf *buf, const Exec *exec) {
    if (execution_status_is_terminal(exec->status))
        return;
    put_number(buf, exec->ending);
    put_text(buf, &exec->ending_error);
    put_number(buf, exec->ending_node);
}

void exec_pack(const Exec *exec, Buf *buf) {
    put_number(buf, EXEC_PACK_REV);
    put_number(buf, exec->status);
    put_ending(buf, exec);
    put_number(buf, exec->failed_node);
    put_number(buf, exec->ord);
    put_number(buf, exec->opening_count);
    put_number(buf, exec->open_count);
    buf_add(buf, exec->root.edges, exec->plan->edge_count);
    for (uint32_t edge = 0; edge < exec->plan->edge_count; edge++)
        put_number(buf, exec->root.edge_ords[edge]);
    for (uint32_t node = 0; node < exec->plan->node_count; node++)
        put_step(buf, exec_at(exec, node));
}
