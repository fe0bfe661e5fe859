/* A worker gave the task back: nothing was called and nothing is charged. It goes out again. */

#include "coordinator/engine/exec_private.h"

/* Whether asking again at once would only get the same answer. */
static bool wants_pause(Released why) {
    switch (why) {
    case RELEASED_HOLD:
    case RELEASED_PLAN:
    case RELEASED_REV:
    case RELEASED_CANCEL:
        return true;
    case RELEASED_DRAIN:
    case RELEASED_EXPIRED:
    case RELEASED_BUDGET:
    case RELEASED_LEASE:
    case _RELEASED_COUNT:
        return false;
    }
    return true; /* a newer worker has a reason that we do not know */
}

int exec_on_released(ExecTurn *turn) {
    uint32_t node = turn->event->node;
    ExecStep *step;
    int r = exec_accept(turn);

    if (r)
        return r;
    step = exec_at(turn->exec, node);
    if (turn->exec->ending != ENDING_NONE) {
        exec_record_closed(turn, node);
        return 0;
    }
    step->released_run = turn->event->outcome.run;
    step->silence_count = 0;
    if (!exec_is_in_hand(step)) /* a second copy was given back as well, the wait goes on */
        return 0;
    if (!wants_pause(turn->event->outcome.released))
        return exec_dispatch(turn, node, true);
    step->run = 0;
    step->index = 0;
    exec_wait(turn, node, REASON_RETRY, turn->now_ms + RELEASED_PAUSE_MS);
    return 0;
}
