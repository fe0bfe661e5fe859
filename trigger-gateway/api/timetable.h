#pragma once

/*
 * Timetable: the SCHEDULED triggers of a version: whether their expressions and time zones mean
 * something, and when each fires next.
 */

#include "trigger-gateway/api/projection.h"

/* Complains into the call (INVALID_CRON, INVALID_TIMEZONE). */
void timetable_check(ApiCall *call, const Plan *plan);

/*
 * One row of headrace.schedule for each. A schedule that did not change keeps its next firing; one
 * whose trigger is not in this version any more is gone.
 */
int timetable_store(ApiCall *call, const Projection *projection);

/* A trigger that has no schedule is fine. Switched on, it fires next after now: nothing is made up
   for. */
int timetable_switch(ApiCall *call, const TemplateRow *row, Str trigger, bool is_enabled);
