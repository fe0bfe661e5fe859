#pragma once

/* What cron_parse.c and cron.c share. */

#include "trigger-gateway/fire/cron.h"

/* Whether it fires on some day of the 400 years after which the calendar repeats. */
bool cron_has_day(const Cron *cron);
