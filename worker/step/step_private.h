#pragma once

/* What the files of a step share. */

#include "worker/step/step.h"

/* Actions: what each wants, and what an answer means. */
void step_action_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask);
void step_action_resume(const StepOrder *order, const StepAnswer *answer, Arena *arena,
                        StepEnd *ret_end);
