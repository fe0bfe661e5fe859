-- What runs: executions, their history, what is open, and the partitions that own them.
--
-- Writers: the coordinator (headrace_engine) writes every table of this file inside its fenced
-- batch, except
--   start_once       the worker, through start_once_claim(); the coordinator to revoke
--   execution_key    the gateway when it accepts; the coordinator adds what the gateway could not
--   api_answer       the API
--   event_spool      the gateway
-- Rows leave only through retention_apply().
--
-- The tables of the hot path carry no foreign keys: a check per row would cost more than the row
-- and lock the template's row from every lane. The coordinator takes tenant, template and version
-- from the version it loaded, never from a message, and `headrace verify` compares them.
--
-- Statuses and reasons are numbers here and words in the views; the tables *_code are the list.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

-- ── the words ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE execution_status_code (
    code smallint PRIMARY KEY, word text NOT NULL UNIQUE, is_terminal boolean NOT NULL
);
INSERT INTO execution_status_code VALUES
    (0, 'PENDING', false), (1, 'RUNNING', false), (2, 'PAUSED', false), (3, 'CANCELLING', false),
    (4, 'COMPLETED', true), (5, 'FAILED', true), (6, 'CANCELLED', true), (7, 'TIMED_OUT', true),
    (8, 'INCIDENT', false);

CREATE TABLE step_status_code (
    code smallint PRIMARY KEY, word text NOT NULL UNIQUE, is_terminal boolean NOT NULL
);
INSERT INTO step_status_code VALUES
    (0, 'PENDING', false), (1, 'RUNNING', false), (2, 'WAITING', false), (3, 'COMPLETED', true),
    (4, 'FAILED', true), (5, 'FAILED_HANDLED', true), (6, 'SKIPPED', true),
    (7, 'CANCELLED', true), (8, 'TIMED_OUT', true), (9, 'INDETERMINATE', true);

CREATE TABLE reason_code (
    code smallint PRIMARY KEY, word text NOT NULL UNIQUE, open_status smallint
        REFERENCES step_status_code (code), meaning text NOT NULL
);
INSERT INTO reason_code VALUES
    (0, 'NONE', 1, 'Nothing to add.'),
    (1, 'TIMER', 2, 'A DELAY is not over yet.'),
    (2, 'EVENT', 2, 'A correlated event or signal has not come yet.'),
    (3, 'CALLBACK', 2, 'The callback URL has not been called yet.'),
    (4, 'APPROVAL', 2, 'Nobody has decided yet.'),
    (5, 'RETRY', 2, 'An attempt failed; the next one starts at due_at.'),
    (6, 'CHILD', 2, 'The sub-workflow has not ended yet.'),
    (7, 'CONCURRENCY', 2, 'All slots of the concurrency key are taken.'),
    (8, 'INCIDENT', 2, 'A person has to decide: retry, skip or fail.'),
    (9, 'DEAD_PATH', NULL, 'No edge that leads here was taken.'),
    (10, 'GUARD', NULL, 'Its own condition was false.'),
    (11, 'JOIN_UNSATISFIED', NULL, 'Its join can never be satisfied.'),
    (12, 'RETRIED', NULL, 'This attempt ended and another one follows.'),
    (13, 'READY', 0, 'It could run; the credit window is full.'),
    (14, 'QUEUED', 1, 'Sent to a task topic, not taken by a worker yet.'),
    (15, 'JOIN', 0, 'Some of its incoming edges are not decided yet.'),
    (16, 'DEADLINE', NULL, 'Not a step: the execution''s own deadline.'),
    (17, 'FRAME', 1, 'A loop, scope or sub-process whose body runs.'),
    (18, 'LATE', NULL, 'Came after the end; changed nothing.'),
    (19, 'LOST', NULL, 'The worker fell silent in this attempt; another one follows, uncharged.'),
    (20, 'RUNNING', 1, 'A worker holds the attempt.');
COMMENT ON TABLE reason_code IS
    'Why a step is as it is. open_status: the status of an open step with this reason.';

-- ── execution ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE execution (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version_id uuid NOT NULL,
    vars_rev bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
    engine_rev int NOT NULL DEFAULT 1,
    checkpoint_ord int NOT NULL DEFAULT 0,
    part smallint NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 8),
    priority smallint NOT NULL DEFAULT 3,
    phase smallint NOT NULL DEFAULT 0,
    parent_node smallint,
    parent_visit smallint,
    parent_execution_id uuid,
    parent_scope bytea,
    retry_of uuid,
    trigger_id text NOT NULL DEFAULT '',
    created_by text NOT NULL DEFAULT '',
    concurrency_key text,
    traceparent text,
    business_keys json,
    trigger json,
    input json,
    output json,
    error json,
    checkpoint bytea,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX ON execution (tenant_id, id);
CREATE INDEX ON execution (parent_execution_id) WHERE parent_execution_id IS NOT NULL;
CREATE INDEX ON execution (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX ON execution (template_id, concurrency_key)
    WHERE concurrency_key IS NOT NULL AND completed_at IS NULL;
-- Two writes in its life: the second should find room in the same page.
CREATE TABLE execution_default PARTITION OF execution DEFAULT WITH (fillfactor = 90);

COMMENT ON TABLE execution IS
    'One row per run, partitioned by the 48 time bits its id begins with: id_at() makes bounds.';
COMMENT ON COLUMN execution.id IS
    'UUIDv8: the event''s acceptance time in milliseconds (48 bits), then a hash of tenant, '
    'template, trigger and event id.';
COMMENT ON COLUMN execution.tenant_id IS 'The one place that says whose run it is.';
COMMENT ON COLUMN execution.version_id IS 'The version that runs, from beginning to end.';
COMMENT ON COLUMN execution.vars_rev IS 'tenant.vars_rev when it started: what .vars shows.';
COMMENT ON COLUMN execution.started_at IS 'Admission; null while PENDING.';
COMMENT ON COLUMN execution.completed_at IS 'Set exactly when status is terminal.';
COMMENT ON COLUMN execution.engine_rev IS 'Rules of the engine it runs by.';
COMMENT ON COLUMN execution.checkpoint_ord IS
    'step_execution rows up to this ord are contained in checkpoint; 0: none.';
COMMENT ON COLUMN execution.part IS
    'Home partition, for life: its lane alone writes this execution. Children have their '
    'parent''s.';
COMMENT ON COLUMN execution.status IS 'execution_status_code: 0 PENDING … 8 INCIDENT.';
COMMENT ON COLUMN execution.priority IS '1 goes first, 5 last.';
COMMENT ON COLUMN execution.phase IS '0 forward, 1 compensating.';
COMMENT ON COLUMN execution.parent_execution_id IS
    'The run whose SUB_WORKFLOW step started this one.';
COMMENT ON COLUMN execution.parent_node IS 'With parent_scope and parent_visit: that step.';
COMMENT ON COLUMN execution.retry_of IS 'The ended run that this one repeats.';
COMMENT ON COLUMN execution.trigger_id IS
    'The author''s id of the trigger; empty for manual starts.';
COMMENT ON COLUMN execution.concurrency_key IS 'settings.concurrencyKey, evaluated at the start.';
COMMENT ON COLUMN execution.business_keys IS 'settings.businessKeys, evaluated at the start.';
COMMENT ON COLUMN execution.trigger IS
    'What .trigger shows; guarded at entry: always castable to jsonb.';
COMMENT ON COLUMN execution.input IS
    'What .input shows where it is not a part of trigger; null: read it there.';
COMMENT ON COLUMN execution.error IS '{type, status, title, detail, message, stepId, …}.';
COMMENT ON COLUMN execution.checkpoint IS 'Packed state; written at most every 64 rows of history.';

-- ── step_execution ──────────────────────────────────────────────────────────────────────────

CREATE TABLE step_execution (
    execution_id uuid NOT NULL,
    run bigint,
    txn bigint NOT NULL,
    opened_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    ord int NOT NULL,
    chain int,
    epoch int NOT NULL,
    node smallint NOT NULL,
    visit smallint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL DEFAULT 0,
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 9),
    reason smallint NOT NULL DEFAULT 0,
    cont boolean NOT NULL DEFAULT false,
    scope bytea NOT NULL DEFAULT '\x',
    outcome text,
    connection_id uuid,
    reused_from uuid,
    input json,
    output json,
    error json,
    PRIMARY KEY (execution_id, ord)
) PARTITION BY RANGE (execution_id);
CREATE TABLE step_execution_default PARTITION OF step_execution DEFAULT;

COMMENT ON TABLE step_execution IS
    'History, append only: one row per ended attempt, written when it ends; skipped steps too. '
    'Partitioned like execution. The primary key is the only index, on purpose.';
COMMENT ON COLUMN step_execution.ord IS
    '1, 2, 3, … per execution without gaps: the order in which ends were recorded.';
COMMENT ON COLUMN step_execution.node IS 'workflow_step.node of the execution''s version.';
COMMENT ON COLUMN step_execution.scope IS
    'Loop iterations around the step, outermost first, 6 bytes each: the loop''s node (2 bytes) '
    'and the iteration (4 bytes), big-endian. Empty: top level. scope_path() prints it.';
COMMENT ON COLUMN step_execution.visit IS
    '0 first; higher when a back edge or a join EACH activated the step again.';
COMMENT ON COLUMN step_execution.attempt IS
    '0 first: how many attempts of this activation had ended before. retryAttempt.';
COMMENT ON COLUMN step_execution.status IS
    'step_status_code: 0 PENDING … 9 INDETERMINATE. FAILED with reason RETRIED or LOST: another '
    'follows.';
COMMENT ON COLUMN step_execution.reason IS 'reason_code; 0 where there is nothing to add.';
COMMENT ON COLUMN step_execution.outcome IS
    'What later decisions need without evaluating again: branch label, item count.';
COMMENT ON COLUMN step_execution.chain IS
    'Record number of the authorisation that the worker''s visit goes back to: its lock''s name, '
    'carried along when the work is sent again. Null: the coordinator did it itself.';
COMMENT ON COLUMN step_execution.run IS
    'Nonce of the worker''s visit. The first accepted outcome binds the chain to one run.';
COMMENT ON COLUMN step_execution.cont IS 'The worker said it goes on with the next step.';
COMMENT ON COLUMN step_execution.epoch IS 'engine_partition.epoch of the batch that wrote it.';
COMMENT ON COLUMN step_execution.txn IS 'engine_partition.txn of the batch that wrote it.';
COMMENT ON COLUMN step_execution.opened_at IS
    'When the step was reached; `now` of its mappings, so that repeating them is byte-equal.';
COMMENT ON COLUMN step_execution.connection_id IS 'The user_integration it used: who used what.';
COMMENT ON COLUMN step_execution.reused_from IS
    'A retry took this result from the execution named here.';
COMMENT ON COLUMN step_execution.input IS
    'Evaluated mappings, with [secret KEY] where a secret stood; null where it can be derived.';

-- Payloads of some kilobytes are compressed when they are stored, and pglz takes more than twice
-- the time of lz4 for it. A server built without lz4 keeps its default.
DO $$
DECLARE
    payload text[];
BEGIN
    IF EXISTS (SELECT 1 FROM pg_settings
                WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        FOREACH payload SLICE 1 IN ARRAY ARRAY[
            ['execution', 'trigger'], ['execution', 'input'], ['execution', 'output'],
            ['execution', 'checkpoint'], ['step_execution', 'input'], ['step_execution', 'output']
        ] LOOP
            EXECUTE format('ALTER TABLE headrace.%I ALTER %I SET COMPRESSION lz4',
                           payload[1], payload[2]);
            EXECUTE format('ALTER TABLE headrace.%I ALTER %I SET COMPRESSION lz4',
                           payload[1] || '_default', payload[2]);
        END LOOP;
    END IF;
END
$$;

-- ── what is open ────────────────────────────────────────────────────────────────────────────

CREATE TABLE open_step (
    part smallint NOT NULL,
    execution_id uuid NOT NULL,
    node smallint NOT NULL,
    scope bytea NOT NULL DEFAULT '\x',
    visit smallint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL DEFAULT 0,
    reason smallint NOT NULL,
    chain int,
    run bigint,
    due_at timestamptz,
    opened_at timestamptz DEFAULT now(),
    started_at timestamptz,
    worker text,
    state bytea,
    PRIMARY KEY (part, execution_id, node, scope, visit)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000);
CREATE INDEX open_step_due ON open_step (part, due_at);
CREATE INDEX open_step_execution ON open_step (execution_id);
COMMENT ON TABLE open_step IS
    'Every wait, and whatever has been open for a second: the timer table and what step_waits '
    'shows. A step that ends within its first second never has a row.';
COMMENT ON COLUMN open_step.node IS 'workflow_step.node; -1 for reason DEADLINE.';
COMMENT ON COLUMN open_step.scope IS 'As in step_execution.';
COMMENT ON COLUMN open_step.reason IS
    'reason_code: TIMER EVENT CALLBACK APPROVAL RETRY CHILD CONCURRENCY INCIDENT READY QUEUED JOIN '
    'DEADLINE FRAME RUNNING.';
COMMENT ON COLUMN open_step.due_at IS
    'When the lane must look at it; null or infinity: never by time; -infinity: as soon as there '
    'is credit.';
COMMENT ON COLUMN open_step.worker IS 'Who holds the attempt, as far as it said so.';
COMMENT ON COLUMN open_step.state IS 'What the engine needs to go on with this wait; small.';

CREATE TABLE turn_log (
    part smallint NOT NULL,
    txn bigint NOT NULL,
    chunk smallint NOT NULL,
    turn_at timestamptz NOT NULL,
    opened bytea NOT NULL CHECK (octet_length(opened) % 16 = 0 AND octet_length(opened) <= 7680),
    PRIMARY KEY (part, txn, chunk)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
-- Compressing or moving out 16-byte ids would cost more than it saves.
ALTER TABLE turn_log ALTER COLUMN opened SET STORAGE PLAIN;
COMMENT ON TABLE turn_log IS
    'Which executions each batch opened work for: what a new owner reads first, and all that is '
    'left of an outbox. Rows live for seconds.';
COMMENT ON COLUMN turn_log.txn IS 'engine_partition.txn after the batch.';
COMMENT ON COLUMN turn_log.opened IS 'Execution ids, 16 bytes each, at most 480 a row.';

CREATE TABLE start_once (
    step_instance uuid NOT NULL,
    attempt smallint NOT NULL,
    run bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (step_instance, attempt)
);
CREATE INDEX ON start_once USING brin (at);
COMMENT ON TABLE start_once IS
    'Who may do what must not be done twice: a worker inserts before its first byte, the '
    'coordinator before it sends the attempt again. The first insert wins.';
COMMENT ON COLUMN start_once.run IS 'The worker''s visit; 0: revoked by the coordinator.';

CREATE TABLE late_result (
    at timestamptz NOT NULL DEFAULT now(),
    execution_id uuid NOT NULL,
    run bigint,
    node smallint NOT NULL,
    visit smallint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL DEFAULT 0,
    status smallint NOT NULL,
    scope bytea NOT NULL DEFAULT '\x',
    why text NOT NULL,
    worker text
);
CREATE INDEX ON late_result (execution_id);
COMMENT ON TABLE late_result IS
    'Outcomes that changed nothing, kept for whoever asks whether the call was made after all.';
COMMENT ON COLUMN late_result.why IS 'TERMINAL, ATTEMPT, RUN, INDEX, UNKNOWN_STEP, ….';

CREATE TABLE orphan_result (
    execution_id uuid NOT NULL,
    node smallint NOT NULL,
    scope bytea NOT NULL DEFAULT '\x',
    visit smallint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now(),
    outcome bytea NOT NULL,
    PRIMARY KEY (execution_id, node, scope, visit, attempt)
);
COMMENT ON TABLE orphan_result IS
    'After a detected loss of transactions: outcomes of steps that are not open yet. Opening a '
    'step looks here first.';
COMMENT ON COLUMN orphan_result.outcome IS 'The StepOutcome as it came.';

-- ── ownership ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE engine_partition (
    part smallint PRIMARY KEY CHECK (part >= 0),
    epoch int NOT NULL DEFAULT 0,
    owner_nonce uuid,
    lease_until timestamptz,
    txn bigint NOT NULL DEFAULT 0,
    next_event bigint NOT NULL DEFAULT 0,
    next_result bigint NOT NULL DEFAULT 0,
    acked_txn bigint NOT NULL DEFAULT 0,
    last_fired timestamptz NOT NULL DEFAULT '-infinity',
    owner text,
    kafka_cluster_id text,
    events_topic_id text,
    results_topic_id text
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE engine_partition IS
    'One row per partition of the events and results topics. Every batch begins by moving its '
    'partitions'' rows on; a batch that finds them moved by another stores nothing.';
COMMENT ON COLUMN engine_partition.epoch IS 'Raised with every change of owner.';
COMMENT ON COLUMN engine_partition.owner_nonce IS
    'Drawn at every claim; two owners of one epoch, after a lossy failover, still differ. Null: '
    'free.';
COMMENT ON COLUMN engine_partition.lease_until IS
    'Past: anybody may claim. By the server''s clock.';
COMMENT ON COLUMN engine_partition.txn IS
    'Batches committed; tells what became of an unknown COMMIT.';
COMMENT ON COLUMN engine_partition.next_event IS 'Offset of the next record of the events topic.';
COMMENT ON COLUMN engine_partition.next_result IS 'Offset of the next record of the results topic.';
COMMENT ON COLUMN engine_partition.acked_txn IS
    'Everything that batches up to this one had to send has been acknowledged by Kafka.';
COMMENT ON COLUMN engine_partition.last_fired IS
    'Low-water cursor of due timers: a scan starts here, past the dead rows before it.';
COMMENT ON COLUMN engine_partition.owner IS 'coordinator_member.id, for people.';
COMMENT ON COLUMN engine_partition.kafka_cluster_id IS
    'Offsets mean nothing on another cluster or a recreated topic: the owner refuses to run.';

CREATE FUNCTION engine_partitions_init(partition_count int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    added int;
BEGIN
    IF partition_count NOT BETWEEN 1 AND 1024 THEN
        RAISE EXCEPTION 'partition count % is not within 1 and 1024', partition_count
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO engine_partition (part) SELECT generate_series(0, partition_count - 1)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;
COMMENT ON FUNCTION engine_partitions_init IS
    'Adds the rows that are missing for this many partitions; never removes one: executions keep '
    'their home partition for life.';
DO $$ BEGIN PERFORM headrace.engine_partitions_init(32); END $$;

CREATE TABLE coordinator_member (
    id text PRIMARY KEY,
    beat_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz NOT NULL DEFAULT now(),
    version text NOT NULL DEFAULT ''
) WITH (fillfactor = 20);
COMMENT ON TABLE coordinator_member IS
    'Coordinators that are alive; each claims its share of the partitions.';

-- ── from the outside in ─────────────────────────────────────────────────────────────────────

CREATE TABLE execution_key (
    key uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days'
);
CREATE INDEX ON execution_key (expires_at);
COMMENT ON TABLE execution_key IS
    'Which execution an event started. Only for events without a time of their own (webhook '
    'deliveries, API starts with an Idempotency-Key): elsewhere equal events have equal ids.';
COMMENT ON COLUMN execution_key.key IS
    'id_key(execution id): the id with its 48 time bits zeroed, that is its hash alone. So every '
    'id ever answered for the event, whatever its time, finds this row.';
COMMENT ON COLUMN execution_key.execution_id IS 'The id that counts: the first one stored.';
COMMENT ON COLUMN execution_key.accepted_at IS
    'The time in execution_id; a second delivery takes it instead of its own.';

CREATE TABLE api_answer (
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    route text NOT NULL,
    request_sha256 bytea NOT NULL,
    status int,
    body json,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '1 day',
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX ON api_answer (expires_at);
COMMENT ON TABLE api_answer IS
    'What a request with an Idempotency-Key was answered; the same request gets it again.';
COMMENT ON COLUMN api_answer.request_sha256 IS
    'Of method, path and body: the key with another request is refused.';
COMMENT ON COLUMN api_answer.status IS
    'HTTP status; null while the first request is still on its way.';

CREATE TABLE event_spool (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    part smallint,
    event_key bytea NOT NULL,
    event bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE event_spool IS
    'Accepted events that Kafka could not take yet, in the order of their ids (UUIDv7). The '
    'gateway sends them when it can and deletes them when they are acknowledged.';
COMMENT ON COLUMN event_spool.part IS 'Partition it must go to; null: by event_key.';
COMMENT ON COLUMN event_spool.event IS 'The TriggerEvent as it would have been sent.';
