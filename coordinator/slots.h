#pragma once

/*
 * Slots: executions in a lane's memory, bounded in bytes. The truth is PostgreSQL: a slot can be
 * dropped at any time and is read again when something happens to its execution. Slots with work in
 * flight stay, because they remember where the work is.
 *
 * Words
 *   flight   a task that was sent and has not ended
 *   parked   has a row in open_step
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/base/list.h"
#include "common/base/map.h"
#include "common/catalog/plans.h"
#include "coordinator/engine/exec.h"

typedef struct Flight {
    ListNode of_slot;
    ListNode of_lane;
    ExecutionId execution;
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    uint32_t dispatch_no;
    int64_t txn;   /* of the batch that sent it */
    int32_t topic; /* number of the worker class; -1: unknown, from before a takeover */
    int32_t task_partition;
    int64_t offset;     /* -1: not acknowledged yet, or unknown */
    int64_t sent_ms;    /* monotonic */
    int64_t taken_ms;   /* monotonic; 0: still queued as far as we know */
    int64_t word_ms;    /* monotonic: newest STARTED or PROGRESS; 0: none */
    int64_t silent_ms;  /* monotonic: of a flight of unknown place, when it counts as silent */
    int64_t opened_ms;  /* wall: of the attempt's authorisation */
    int64_t started_ms; /* wall; 0: not that we know */
    uint64_t run;
    uint32_t chain;
} Flight;

typedef struct Slot {
    ListNode rest; /* in the order of last use */
    ExecutionId id;
    TenantId tenant;
    int32_t part;
    int64_t vars_rev;
    const PlanVersion *version; /* taken */
    Exec *exec;
    ListNode flights;
    uint8_t *parked; /* bit per node */
    bool has_deadline_row;
    bool is_new;    /* its row is written by the batch under way */
    uint64_t batch; /* number of the batch that touched it last */
    size_t bytes;   /* as counted */
    char *traceparent;
} Slot;

typedef struct Slots {
    Map slots;
    ListNode rest;    /* longest unused first */
    ListNode flights; /* of all slots, oldest first */
    uint32_t flight_count;
    size_t bytes;
    size_t bytes_max;
    Plans *plans;
} Slots;

void slots_init(Slots *slots, size_t bytes_max, Plans *plans);
void slots_done(Slots *slots);

Slot *slots_find(const Slots *slots, ExecutionId id);

typedef struct SlotOrigin {
    ExecutionId id;
    TenantId tenant;
    int32_t part;
    int64_t vars_rev;
    const PlanVersion *version; /* given to the slot */
    Exec *exec;                 /* given to the slot */
    Str traceparent;
} SlotOrigin;

Slot *slots_add(Slots *slots, const SlotOrigin *origin);
void slots_drop(Slots *slots, Slot *slot);

/* Counts its memory again and moves it behind all others. */
void slots_touch(Slots *slots, Slot *slot);

/* Drops slots at rest until the bound is kept; never those of the batch under way. */
void slots_trim(Slots *slots, uint64_t batch);

/* Everything of one partition, or of all (part -1). */
void slots_drop_part(Slots *slots, int32_t part);

bool slot_is_parked(const Slot *slot, uint32_t node);
void slot_set_parked(Slot *slot, uint32_t node, bool is_parked);

Flight *slot_find_flight(Slot *slot, uint32_t node);
Flight *slots_add_flight(Slots *slots, Slot *slot, uint32_t node);
void slots_drop_flight(Slots *slots, Flight *flight);
