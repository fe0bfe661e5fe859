/*
 * Whose word counts.
 *
 * An outcome counts when its step is in hand, the attempt is the current one, the run is the one
 * that holds it, and nothing that the run said before is missing; whichever copy of the task it
 * came from. Everything else is late: kept for whoever asks, and without effect.
 */

#include "coordinator/engine/exec_private.h"

static bool is_reached(const ExecTurn *turn) {
    const ExecEvent *event = turn->event;

    return event->node < turn->plan->node_count &&
           exec_at(turn->exec, event->node)->phase != PHASE_UNREACHED;
}

/* A run that gave the task back, or one that is not the holder. */
static bool is_other_run(const ExecStep *step, uint64_t run) {
    if (step->released_run && step->released_run == run)
        return true;
    return step->run && step->run != run;
}

/*
 * A task that was given back may have a copy in other hands: what comes of it counts too, while the
 * step waits to be sent again.
 */
static bool is_awaited(const ExecStep *step) {
    return exec_is_in_hand(step) || (step->phase == PHASE_WAITING && step->reason == REASON_RETRY);
}

static const char *objection(const ExecTurn *turn) {
    const ExecEvent *event = turn->event;
    const ExecStep *step = exec_at(turn->exec, event->node);

    if (event->visit != 0 || event->attempt != step->attempt)
        return "ATTEMPT";
    if (!is_awaited(step))
        return "ENDED";
    if (is_other_run(step, event->outcome.run))
        return "RUN";
    return event->outcome.index == step->index ? NULL : "INDEX";
}

int exec_accept(ExecTurn *turn) {
    const char *why;

    if (!is_reached(turn)) {
        exec_tell_late(turn, "UNKNOWN_STEP");
        return EXEC_E_UNKNOWN_STEP;
    }
    why = objection(turn);
    if (why == NULL)
        return 0;
    exec_tell_late(turn, why);
    return EXEC_E_LATE;
}

/* A word on the way has no index, and is nothing that anybody asks for later. */
int exec_accept_word(const ExecTurn *turn) {
    const ExecEvent *event = turn->event;
    const ExecStep *step;

    if (!is_reached(turn))
        return EXEC_E_UNKNOWN_STEP;
    step = exec_at(turn->exec, event->node);
    if (event->visit != 0 || event->attempt != step->attempt || !exec_is_in_hand(step))
        return EXEC_E_LATE;
    return is_other_run(step, event->outcome.run) ? EXEC_E_LATE : 0;
}
