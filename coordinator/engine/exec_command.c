/* Somebody wants the execution to end. Whoever comes second finds it ending already. */

#include "coordinator/engine/exec_private.h"

int exec_on_cancel(ExecTurn *turn) {
    Str reason = turn->event->reason;

    if (turn->exec->ending != ENDING_NONE)
        return EXEC_E_LATE;
    exec_end(turn, ENDING_CANCELLED, reason.length ? reason : STR("cancelled"));
    return 0;
}
