#pragma once

/*
 * Limits: every limit of the product, each with the sentence that justifies the number. A thing
 * without a limit has one anyway; here we know it.
 */

/* Definitions ------------------------------------------------------------------------------- */

/* A plan, its state and one turn's effects fit an arena and a transaction. */
#define STEPS_MAX 2000
#define EDGES_MAX 6000

/* A body in a body in a body in a body: deeper ones nobody can read. */
#define NESTING_MAX 4

/* A definition travels in one request and one row. */
#define DEFINITION_BYTES_MAX (1u << 20)

/* Longer step and trigger ids do not fit a log line or a diagram. */
#define STEP_ID_BYTES_MAX 128

#define TRIGGERS_MAX 100

/* More branches belong into a table that a mapping looks things up in. */
#define SWITCH_CASES_MAX 100

/* A webhook's path is written into other people's settings. */
#define WEBHOOK_PATH_BYTES_MAX 128

/* A mistake in a template repeats; past these nobody reads on. */
#define PROBLEMS_MAX 200

/* Expressions ------------------------------------------------------------------------------- */

#define EXPRESSION_BYTES_MAX 8192   /* two screens of jq */
#define EXPRESSION_STEPS_MAX 100000 /* about 10 ms of one core */
#define EXPRESSION_BYTES_OUT_MAX (1u << 20)

/* A compiled program takes some 4 KiB: a plan stays below 50 MiB, whatever its text. */
#define PROGRAMS_MAX 10000

/* Executions -------------------------------------------------------------------------------- */

/* Any message under 1 MiB: the broker's default; two payloads of half of it do not fit, one does.
 */
#define PAYLOAD_BYTES_MAX (512u << 10)
#define MESSAGE_BYTES_MAX (1000000u)

/* What one execution may keep in a coordinator's memory. */
#define EXECUTION_STATE_BYTES_MAX (25u << 20)
#define ACTIVATIONS_MAX 100000

/* A step that is handed out this often without ever being recorded kills its workers. */
#define DISPATCHES_MAX 10

/* A worker that dies holding a step five times in a row is killed by the step. */
#define LEASES_LOST_MAX 5

/* What the programs of one turn may look at before the rest gets turns of its own: about 0.2 s. */
#define TURN_SEEN_BYTES_MAX (32u << 20)

/* Work in hand has this long to come in once its execution is ending; then it is given up. */
#define ENDING_GRACE_MS 10000

/* A worker's own clock ends an attempt first; the coordinator only when it did not. */
#define ATTEMPT_GRACE_MS 10000

/* A worker that cannot run a task now (no lock, no plan yet) is asked again after this. */
#define RELEASED_PAUSE_MS 1000

/* A simulation and its report: steps of a hundred attempts with half a MiB each do not fit. */
#define SIMULATION_BYTES_MAX (128u << 20)

/* Retries ----------------------------------------------------------------------------------- */

#define ATTEMPTS_MAX 100              /* with a cap of 60 s: more than an hour */
#define BACKOFF_MS_MAX 86400000       /* one day; providers forget idempotency keys after it */
#define DURATION_MS_MAX 31536000000LL /* one year: a delay or timeout beyond is a mistake */

#define RETRY_ATTEMPTS_DEFAULT 4
#define RETRY_INITIAL_MS_DEFAULT 1000
#define RETRY_FACTOR_DEFAULT 2
#define RETRY_CAP_MS_DEFAULT 60000
#define ATTEMPT_TIMEOUT_MS_DEFAULT 30000

/* Doors ------------------------------------------------------------------------------------- */

#define WEBHOOK_BODY_BYTES_MAX (1u << 20)
#define HTTP_RESPONSE_BYTES_MAX (10u << 20)
#define JSON_DEPTH_MAX 64 /* jsonb and every client can follow that */
#define JSON_NODES_MAX 1000000

/* Batches ----------------------------------------------------------------------------------- */

#define BATCH_MESSAGES_MAX 500
#define BATCH_OUTCOMES_MAX 2000
#define BATCH_BYTES_MAX (1u << 20)
