#pragma once

/* What the files of a job share. */

#include "worker/job.h"

/* Whether the job may go on; if not, it has been given back or let go. */
bool job_goes_on(Job *job);

/* The next pause of its way: each ends in a call of job_go_on(), later. */
void job_go_on(Job *job);
void job_open(Job *job);   /* job_secrets.c */
void job_permit(Job *job); /* job_permit.c */
void job_call(Job *job);   /* job_call.c */

/* The chain: job_chain.c. The next step of the visit after this end, or PLAN_NONE. */
uint32_t job_chain_next(const Job *job, const StepEnd *end);

/*
 * Whether a further step of the visit may begin. A process that slept finds that it may not: by
 * then somebody else may do the chain again, and its calls could differ from ours.
 */
bool job_has_time(const Job *job);
void job_chain_go_on(Job *job, uint32_t next, const StepOutcome *outcome);

/* Sends what was said and not sent yet; done comes when a broker has it. */
void job_flush(Job *job, OutboxDoneFn done);

/* Last words: job_report.c. */
void job_end(Job *job, const StepEnd *end);
void job_fail(Job *job, const StepFailure *failure);
void job_release(Job *job, Released why);
void job_repeat(Job *job, Str outcome); /* of an attempt that has ended before */
void job_close(Job *job, const char *fate);

/* Words on the way. */
void job_tell_started(Job *job);
void job_beat(void *context);
