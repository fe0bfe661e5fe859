#pragma once

/*
 * Timetable: the SCHEDULED triggers of a version: whether their expressions and time zones mean
 * something, and when each fires next.
 */

#include "trigger-gateway/api/projection.h"

/* For the catalog that a plan is compiled with: INVALID_CRON, INVALID_TIMEZONE. */
bool timetable_parses_cron(void *context, Str cron, char ret_message[PLAN_CRON_MESSAGE_BYTES]);
bool timetable_has_timezone(void *context, Str timezone);

/*
 * One row of headrace.schedule for each. A schedule that did not change keeps its next firing; one
 * whose trigger is not in this version any more is gone.
 */
int timetable_store(ApiCall *call, const Projection *projection);

/* A trigger that has no schedule is fine. Switched on, it fires next after now: nothing is made up
   for. */
int timetable_switch(ApiCall *call, const TemplateRow *row, Str trigger, bool is_enabled);
