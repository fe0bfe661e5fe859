#pragma once

/*
 * Due: the rows of headrace.schedule that a gateway holds for a round.
 *
 * Runs on: lane.
 */

#include "common/base/arena.h"
#include "common/base/id.h"
#include "common/io/pg.h"
#include "trigger-gateway/fire/firings.h"

typedef struct DueRow {
    TenantId tenant;
    TemplateId template_id;
    Str trigger;
    Str cron;
    Str timezone;
    int64_t rev;
    Str claimed_at; /* next_fire_at as it was, in PostgreSQL's words */
    Firings firings;
    uint32_t pending; /* events sent and not acknowledged */
    bool has_failed;  /* an event was not acknowledged: the row stays where it is */
    bool is_broken;   /* its expression or time zone means nothing here */
} DueRow;

typedef struct DueClaim {
    const char *claimer;
    int64_t claim_ms;
    uint32_t row_max;
    uint32_t missed_max;
} DueClaim;

/* 0, or a refusal of pg.h. Rows live in the arena. */
int due_claim(Pg *pg, const DueClaim *claim, Arena *arena, DueRow **ret_rows, uint32_t *ret_count);

/* Moves on what did not fail, lets go of all but the broken. */
int due_advance(Pg *pg, const char *claimer, const DueRow *rows, uint32_t count);
