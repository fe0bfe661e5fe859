#pragma once

/*
 * Job: one task in a worker's hands, from taken to reported.
 *
 *   TAKEN ─► CLAIMING ─► PLANNING ─► OPENING ─► PERMITTING ─► CALLING ─► REPORTING ─► CLOSING
 *                                      ▲                      │ ▲ │
 *                                      │              LOGGING ◄─┘ │
 *                                      └── the chain goes on ─────┘
 *
 *   CLAIMING    its lease is asked for (one script for all that were read together)
 *   PLANNING    its version is on its way; skipped when it is here
 *   OPENING     its secrets are; skipped when it has none
 *   PERMITTING  the one start of a call that must not be made twice is; skipped for all others
 *   CALLING     the request may have left
 *   LOGGING     what the visit has done is on its way to Kafka; it must arrive before a call that
 *               carries a key, or a repeat of the chain could make that call with another body
 *   REPORTING   its last word is on its way to Kafka
 *
 * From every state before CALLING it may be given back (RELEASED, which is a last word too), or let
 * go without a word because somebody else holds the task.
 *
 * A visit runs the step of its task and, as far as the task allows, the chain behind it
 * (job_chain.c). Outcomes are numbered from 0; `continues` says that the visit goes on with the
 * next step, which is then a promise: it ends, or it is given back.
 *
 * Runs on: loop.
 */

#include "common/catalog/plans.h"
#include "common/io/bus.h"
#include "common/plan/scope.h"
#include "worker/lease.h"
#include "worker/step/scrub.h"
#include "worker/step/step.h"
#include "worker/worker.h"

/*
 * Steps that need no call follow each other on the stack; twice as many as a coordinator permits. A
 * task that permits more is taken to permit this.
 */
#define JOB_CHAIN_MAX 64

typedef enum JobState {
    JOB_TAKEN,
    JOB_CLAIMING,
    JOB_PLANNING,
    JOB_OPENING,
    JOB_PERMITTING,
    JOB_CALLING,
    JOB_LOGGING,
    JOB_REPORTING,
    JOB_CLOSING,
    _JOB_STATE_COUNT,
} JobState;

typedef struct Job {
    Worker *worker;
    ListNode node;
    uint64_t number;
    JobState state;
    Arena arena; /* of the visit */
    StepTask task;
    size_t bytes; /* of the message */

    Lease lease;
    bool is_leased; /* ours, as Redis said */
    bool is_lost;   /* somebody else took the task over */
    uint64_t run;
    int64_t taken_us; /* monotonic */
    int64_t said_us;  /* its last word */

    const PlanVersion *version; /* taken */
    Json input;                 /* as it is sent */
    Str redacted;               /* as it is stored; none: as the coordinator knows it */
    const Scrub *scrub;         /* NULL: no secrets */
    StepOrder order;
    StepRequest request;
    bool is_single;   /* the call must not be made twice */
    bool is_answered; /* of what a lane was asked: there was an answer */
    bool is_allowed;
    Str mistake; /* of opening the secrets */
    ErrorType mistake_type;

    int64_t started_ms; /* wall clock; 0: not started */
    bool is_told;       /* that it has started */
    LoopTimer beat;
    Str last_word; /* the message on its way, as it may be kept */
    const char *fate;
    bool has_ended;

    /* The chain: what was said of its steps, and what later ones read. */
    uint32_t index;    /* of the next ENDED or RELEASED */
    StepOutcome *said; /* not sent yet, in the arena */
    uint32_t said_count;
    size_t said_bytes;
    bool is_split;    /* some of it has been sent before the last word */
    ScopeStep *known; /* by node; NULL until the chain goes on */
} Job;

/* Reads the task; a refusal of wire.h when it is none. */
int job_new(Worker *worker, const BusMessage *message, Job **ret_job);

/* Sends it on its way: what Redis said about its lease. */
void job_claimed(Job *job, const LeaseGrant *grant);

/* Somebody else holds the lease now. */
void job_lose(Job *job);

/* The process ends. */
void job_abandon(Job *job);

void job_move(Job *job, JobState to);
