/*
 * Joins: when a step with several incoming edges is decided, and how.
 *
 * Both questions only ever look at counts, and once decided the answer does not change, whatever
 * arrives later: so the order in which edges are decided does not matter, and in an acyclic scope
 * every join is decided at last.
 */

#include "coordinator/engine/exec_private.h"

/* How many edges must be taken before it is worth to run. */
static uint32_t taken_min(const PlanNode *node) {
    switch (node->join) {
    case JOIN_ALL_DECIDED:
    case JOIN_ANY:
        return MIN(1u, node->in_count);
    case JOIN_ALL_TAKEN:
        return node->in_count;
    case JOIN_N_OF_M:
        return node->join_n;
    case JOIN_EACH: /* the plan's compiler refuses it */
    case _JOIN_POLICY_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

bool exec_join_is_satisfied(const PlanNode *node, const ExecStep *step) {
    return step->taken_count >= taken_min(node);
}

bool exec_join_is_decided(const PlanNode *node, const ExecStep *step) {
    if (step->taken_count + step->dead_count == node->in_count)
        return true;
    if (node->join == JOIN_ALL_DECIDED)
        return false;
    return exec_join_is_satisfied(node, step) ||
           node->in_count - step->dead_count < taken_min(node); /* out of reach */
}
