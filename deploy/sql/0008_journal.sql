-- The journal: what each batch decided, in the order in which it was decided, for tests.
--
-- Written by the coordinator when engine.journal is on, in the batch's own transaction. Nothing
-- reads it but `headrace verify`, and nothing takes its rows away but a person.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

CREATE TABLE journal (
    part smallint NOT NULL,
    txn bigint NOT NULL,
    seq int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('BATCH', 'EXECUTION', 'STEP', 'FIRED', 'SENT')),
    execution_id uuid,
    node smallint,
    visit smallint,
    attempt smallint,
    status smallint,
    reason smallint,
    number bigint,
    due_at timestamptz,
    at timestamptz NOT NULL,
    PRIMARY KEY (part, txn, seq),
    CHECK ((kind = 'BATCH') = (execution_id IS NULL))
);
CREATE INDEX journal_execution ON journal (execution_id, kind);

COMMENT ON TABLE journal IS
    'With engine.journal only, which is for tests: what each batch decided. BATCH: the batch '
    'itself, EXECUTION: a status, STEP: an ended attempt, FIRED: a wait that its timer ended, '
    'SENT: a task.';
COMMENT ON COLUMN journal.txn IS 'engine_partition.txn after the batch: 1, 2, 3 … without gaps.';
COMMENT ON COLUMN journal.seq IS 'Order within one batch of one lane.';
COMMENT ON COLUMN journal.status IS 'execution_status_code or step_status_code, by kind.';
COMMENT ON COLUMN journal.reason IS 'reason_code: of the attempt''s end, or of the wait.';
COMMENT ON COLUMN journal.number IS
    'BATCH: engine_partition.acked_txn before it; STEP: step_execution.ord; SENT: the dispatch '
    'number.';
COMMENT ON COLUMN journal.due_at IS 'FIRED: when the wait was to end.';
COMMENT ON COLUMN journal.at IS 'The time by which the batch decided.';

GRANT SELECT, INSERT ON journal TO headrace_engine;
GRANT SELECT ON journal TO headrace_check_ro;
