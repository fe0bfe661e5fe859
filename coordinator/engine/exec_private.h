#pragma once

/*
 * What the files of this room do for each other within one turn.
 *
 * exec_apply() is the one place where a row changes the state. The live turn decides what the row
 * says and then applies it; the fold applies it. Everything else that a turn changes is either told
 * as a WAIT, or belongs to the visit in hand and may be forgotten.
 */

#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/model/limits.h"
#include "coordinator/engine/exec_state_private.h"

typedef struct ExecTurn {
    Exec *exec;
    const Plan *plan;
    const ExecEvent *event; /* NULL in exec_resend() */
    ExecEffects *effects;
    Arena *arena;      /* what leaves the turn */
    Arena scratch;     /* what one step's programs need; given back after each step */
    size_t seen_bytes; /* that programs of this turn have looked at */
    int64_t now_ms;
} ExecTurn;

/* exec.c */
ExecStep *exec_at(const Exec *exec, uint32_t node);
bool exec_keep(Exec *exec, ExecText *text, Str bytes); /* replaces; true when there are bytes */
void exec_drop(Exec *exec, ExecText *text);
Str exec_str(const ExecText *text);
bool exec_has_room(const Exec *exec, size_t bytes);

int exec_settle(ExecTurn *turn);

/* exec_moves.c */
void exec_move(Exec *exec, uint32_t node, ExecPhase to);
bool exec_is_open(const ExecStep *step);
bool exec_is_in_hand(const ExecStep *step);

/* exec_flow.c: what a row does to the state */
void exec_born(Exec *exec);
bool exec_starts_entries(const Exec *exec);
void exec_apply(Exec *exec, const ExecRow *row);

/* exec_join.c */
bool exec_join_is_decided(const PlanNode *node, const ExecStep *step);
bool exec_join_is_satisfied(const PlanNode *node, const ExecStep *step);

/* exec_scope.c: what a step sees */
void exec_see(ExecTurn *turn, uint32_t node, Scope *ret_scope);
void exec_see_all(ExecTurn *turn, Scope *ret_scope);

/* exec_effects.c: the way out */
ExecEffect *exec_effect(ExecTurn *turn, ExecEffectType type, uint32_t node);
void exec_record(ExecTurn *turn, ExecRow row);
ExecRow exec_row(const ExecTurn *turn, uint32_t node, StepStatus status);
void exec_tell_late(ExecTurn *turn, const char *why);
void exec_wait(ExecTurn *turn, uint32_t node, StepReason reason, int64_t due_ms);
void exec_arm(ExecTurn *turn, uint32_t node);
void exec_arm_execution(ExecTurn *turn);

/* exec_accept.c: whose word counts; refusals */
int exec_accept(ExecTurn *turn);
int exec_accept_word(const ExecTurn *turn);

/* exec_open.c: working off what was opened */
int exec_work_off(ExecTurn *turn);
int exec_begin(ExecTurn *turn, uint32_t node);
int exec_begin_again(ExecTurn *turn, uint32_t node);

/* exec_dispatch.c: sending work out */
int exec_dispatch(ExecTurn *turn, uint32_t node, bool is_resend);
int exec_input(ExecTurn *turn, uint32_t node, Str *ret_input, ScopeError *ret_error);
int exec_is_repeatable(ExecTurn *turn, uint32_t node, bool *ret_answer);

/* exec_failure.c: what becomes of an attempt that failed */
typedef struct ExecFailure {
    ExecRow row; /* of the attempt; status is what it ends as when nobody handles it */
    Str error;   /* the error object; none: made from type and message */
    ErrorType type;
    Str message;
    bool retryable;
    Effect effect;
    int64_t retry_after_ms;
} ExecFailure;

int exec_fail(ExecTurn *turn, ExecFailure *failure);
int exec_fail_here(ExecTurn *turn, uint32_t node, ErrorType type, Str message);
ExecFailure exec_failure(const ExecTurn *turn, uint32_t node, StepStatus status, ErrorType type);
Str exec_error(const ExecTurn *turn, const ExecFailure *failure);

/* exec_deadline.c: the next moment that matters */
typedef enum ExecDue {
    DUE_NOTHING,
    DUE_WAIT,
    DUE_COUNT, /* nobody knows since when it is in hand: count from now */
    DUE_STEP_TIMEOUT,
    DUE_QUEUE_TIMEOUT,
    DUE_ATTEMPT_TIMEOUT,
    DUE_HEARTBEAT_TIMEOUT,
} ExecDue;

typedef struct ExecDeadline {
    ExecDue due;
    int64_t at_ms;
} ExecDeadline;

ExecDeadline exec_deadline(const Exec *exec, uint32_t node);

/* exec_end.c: how executions end */
void exec_end(ExecTurn *turn, ExecEnding ending, Str error);
void exec_record_closed(ExecTurn *turn, uint32_t node);
void exec_close(ExecTurn *turn);
void exec_force(ExecTurn *turn);
int exec_finish(ExecTurn *turn);

/* One file per event. */
int exec_on_start(ExecTurn *turn);
int exec_on_started(ExecTurn *turn);
int exec_on_ended(ExecTurn *turn);
int exec_on_released(ExecTurn *turn);
int exec_on_lost(ExecTurn *turn);
int exec_on_timer(ExecTurn *turn);
int exec_on_cancel(ExecTurn *turn);
int exec_lose(ExecTurn *turn, uint32_t node);
