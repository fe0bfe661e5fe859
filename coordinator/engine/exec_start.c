/* The execution begins. What it opens was decided when it was born. */

#include "coordinator/engine/exec_private.h"

int exec_on_start(ExecTurn *turn) {
    if (turn->exec->status != EXECUTION_PENDING)
        return EXEC_E_LATE;
    if (turn->exec->bytes > EXECUTION_STATE_BYTES_MAX)
        return EXEC_E_LIMIT;

    turn->exec->status = EXECUTION_RUNNING;
    exec_arm_execution(turn);
    return 0;
}
