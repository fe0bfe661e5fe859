/* A worker has begun, or is still at it. Its first word binds the attempt to its run. */

#include "coordinator/engine/exec_private.h"

int exec_on_started(ExecTurn *turn) {
    uint32_t node = turn->event->node;
    ExecStep *step;
    int r = exec_accept_word(turn);

    if (r)
        return r;
    step = exec_at(turn->exec, node);
    if (step->phase == PHASE_QUEUED) {
        exec_move(turn->exec, node, PHASE_RUNNING);
        step->since_ms = turn->now_ms;
    }
    step->run = turn->event->outcome.run;
    step->heard_ms = turn->now_ms;
    exec_arm(turn, node);
    return 0;
}
