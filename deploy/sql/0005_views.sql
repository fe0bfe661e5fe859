-- The public views, and the same views for the API.
--
-- headrace_v1       for dashboards: all tenants, read with the owner's rights
-- headrace_tenant   for the API: the same views read with the caller's rights, so that row-level
--                   security shows one tenant only
--
-- Each view is written once, in headrace_tenant, and repeated at the end of this file. A view that
-- merely selected from it would not do: a caller's-rights view keeps to the caller's rights
-- wherever it is used. A migration that changes one of them calls public_view() again.
-- A step that ends within its first second never appears as open; one that lasts longer appears
-- with up to a second's delay (open_step).

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

CREATE SCHEMA headrace_tenant;
CREATE SCHEMA headrace_v1;
COMMENT ON SCHEMA headrace_v1 IS 'The public views: stable names and columns, for dashboards.';
COMMENT ON SCHEMA headrace_tenant IS 'The views of headrace_v1 under row-level security.';

-- ── definitions ─────────────────────────────────────────────────────────────────────────────

CREATE VIEW headrace_tenant.workflow_templates WITH (security_invoker = true) AS
SELECT t.id, t.template_id, t.tenant_id, t.owner_id, t.name, t.description,
       (coalesce(v.workflow_data, t.draft) -> 'triggers')::jsonb AS triggers,
       (coalesce(v.workflow_data, t.draft) -> 'steps')::jsonb AS steps,
       t.status, t.is_active, t.is_public, t.metadata, t.permission_user_ids,
       t.permission_role_ids, t.draft_rev, t.active_version_id,
       v.version_number AS active_version_number, t.canary_version_id, t.canary_percent,
       t.created_at, t.updated_at, t.created_by
  FROM workflow_template t
  LEFT JOIN workflow_version v ON v.id = t.active_version_id;
COMMENT ON VIEW headrace_tenant.workflow_templates IS
    'Workflows. triggers and steps are those of the active version, or of the draft before the '
    'first publication.';

CREATE VIEW headrace_tenant.workflow_versions WITH (security_invoker = true) AS
SELECT v.id, v.tenant_id, v.template_id, t.template_id AS template_key, t.name AS template_name,
       v.version_number, v.workflow_data::jsonb AS workflow_data, v.is_active,
       v.change_description, v.is_rollback_version, v.integrations::jsonb AS integrations,
       v.created_at, v.updated_at, v.created_by
  FROM workflow_version v
  JOIN workflow_template t ON t.id = v.template_id;
COMMENT ON VIEW headrace_tenant.workflow_versions IS 'Published definitions, immutable.';

-- ── executions ──────────────────────────────────────────────────────────────────────────────

CREATE VIEW headrace_tenant.executions WITH (security_invoker = true) AS
SELECT e.id, e.tenant_id, e.template_id, t.template_id AS template_key, t.name AS template_name,
       e.version_id, v.version_number, e.trigger_id, c.word AS status, c.is_terminal,
       CASE e.phase WHEN 1 THEN 'COMPENSATING' END AS phase,
       coalesce(e.input, e.trigger -> 'body', e.trigger -> 'data')::jsonb AS input,
       e.output::jsonb AS output, e.error::jsonb AS error, e.error ->> 'type' AS error_type,
       e.trigger::jsonb AS trigger, e.started_at, e.completed_at,
       (extract(epoch FROM e.completed_at - e.started_at) * 1000)::bigint AS execution_time_ms,
       e.retry_of, e.parent_execution_id, e.priority, e.concurrency_key,
       e.business_keys::jsonb AS business_keys, e.part AS partition, id_time(e.id) AS accepted_at,
       e.created_at, e.updated_at, e.created_by
  FROM execution e
  JOIN execution_status_code c ON c.code = e.status
  LEFT JOIN workflow_template t ON t.id = e.template_id
  LEFT JOIN workflow_version v ON v.id = e.version_id;
COMMENT ON VIEW headrace_tenant.executions IS
    'Runs. Filter by time with id >= headrace_v1.id_at(…): it reads only the partitions needed.';

-- The path of a scope, e.g. /reserve#3/inner#0, spelled with the version's step ids. A scope
-- stored as text begins with its slash, which no packed one does: its first byte is the high byte
-- of a node below 2,000.
CREATE VIEW headrace_tenant.step_row WITH (security_invoker = true) AS
SELECT h.execution_id, e.tenant_id, e.template_id, e.version_id, e.part, s.id AS step_id,
       s.name AS step_name, s.type AS step_type,
       CASE WHEN h.scope = '\x' THEN ''
            WHEN get_byte(h.scope, 0) = 47 THEN encode(h.scope, 'escape')
            ELSE (SELECT string_agg('/' || coalesce(o.id, level.node::text) || '#' || level.item, ''
                                    ORDER BY level.place)
                    FROM (SELECT i AS place,
                                 get_byte(h.scope, 6 * i) * 256 + get_byte(h.scope, 6 * i + 1)
                                     AS node,
                                 get_byte(h.scope, 6 * i + 2)::bigint * 16777216
                                     + get_byte(h.scope, 6 * i + 3) * 65536
                                     + get_byte(h.scope, 6 * i + 4) * 256
                                     + get_byte(h.scope, 6 * i + 5) AS item
                            FROM generate_series(0, octet_length(h.scope) / 6 - 1) i) level
                    LEFT JOIN workflow_step o
                      ON o.version_id = e.version_id AND o.node = level.node)
       END AS scope_path,
       h.ord, h.node, h.scope, h.visit, h.attempt, h.status, h.reason, h.is_last,
       h.reason IN (12, 19) AS is_repeated, h.charged, h.outcome, h.chain, h.run,
       h.opened_at, h.started_at, h.completed_at, h.connection_id, h.reused_from, h.input,
       h.output, h.error
  FROM (SELECT r.*,
               r.ord = max(r.ord) OVER (instance ROWS BETWEEN UNBOUNDED PRECEDING
                                                          AND UNBOUNDED FOLLOWING) AS is_last,
               count(*) FILTER (WHERE r.reason = 12) OVER (
                   instance ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW)::int AS charged
          FROM step_execution r
        WINDOW instance AS (PARTITION BY r.execution_id, r.node, r.scope, r.visit
                            ORDER BY r.ord)) h
  JOIN execution e ON e.id = h.execution_id
  LEFT JOIN workflow_step s ON s.version_id = e.version_id AND s.node = h.node;
COMMENT ON VIEW headrace_tenant.step_row IS
    'step_execution with the names of its steps. is_last: of its instance; is_repeated: another '
    'attempt followed; charged: retries used before it, lost attempts not counted.';

CREATE VIEW headrace_tenant.open_row WITH (security_invoker = true) AS
SELECT o.execution_id, e.tenant_id, e.template_id, e.version_id, e.status AS execution_status,
       s.id AS step_id, s.name AS step_name, s.type AS step_type,
       CASE WHEN o.scope = '\x' THEN ''
            WHEN get_byte(o.scope, 0) = 47 THEN encode(o.scope, 'escape')
            ELSE (SELECT string_agg('/' || coalesce(p.id, level.node::text) || '#' || level.item, ''
                                    ORDER BY level.place)
                    FROM (SELECT i AS place,
                                 get_byte(o.scope, 6 * i) * 256 + get_byte(o.scope, 6 * i + 1)
                                     AS node,
                                 get_byte(o.scope, 6 * i + 2)::bigint * 16777216
                                     + get_byte(o.scope, 6 * i + 3) * 65536
                                     + get_byte(o.scope, 6 * i + 4) * 256
                                     + get_byte(o.scope, 6 * i + 5) AS item
                            FROM generate_series(0, octet_length(o.scope) / 6 - 1) i) level
                    LEFT JOIN workflow_step p
                      ON p.version_id = e.version_id AND p.node = level.node)
       END AS scope_path,
       o.node, o.scope, o.visit, o.attempt, o.reason, o.due_at, o.opened_at, o.started_at,
       o.worker, o.chain, o.run, retried.charged
  FROM execution e
  JOIN open_step o ON o.part = e.part AND o.execution_id = e.id
  LEFT JOIN workflow_step s ON s.version_id = e.version_id AND s.node = o.node
 CROSS JOIN LATERAL (SELECT count(*)::int AS charged FROM step_execution h
                      WHERE h.execution_id = o.execution_id AND h.node = o.node
                        AND h.scope = o.scope AND h.visit = o.visit AND h.reason = 12) retried
 WHERE o.reason <> 16;
COMMENT ON VIEW headrace_tenant.open_row IS
    'open_step with the names of its steps, without the executions'' own deadlines.';

CREATE VIEW headrace_tenant.step_attempts WITH (security_invoker = true) AS
SELECT h.execution_id, h.tenant_id, h.template_id, h.step_id, h.step_name, h.step_type,
       h.scope_path, h.visit::int AS visit, h.attempt::int AS attempt,
       h.charged AS retry_attempt, c.word AS step_status, nullif(r.word, 'NONE') AS reason,
       h.input::jsonb AS input, h.output::jsonb AS output,
       h.error::jsonb AS error, h.error ->> 'type' AS error_type, h.opened_at, h.started_at,
       h.completed_at,
       (extract(epoch FROM h.completed_at - h.started_at) * 1000)::bigint AS duration_ms,
       h.outcome, h.connection_id, h.reused_from, h.ord
  FROM headrace_tenant.step_row h
  JOIN step_status_code c ON c.code = h.status
  LEFT JOIN reason_code r ON r.code = h.reason;
COMMENT ON VIEW headrace_tenant.step_attempts IS
    'Every ended attempt of every step, in the order of recording (ord).';

CREATE VIEW headrace_tenant.step_executions WITH (security_invoker = true) AS
SELECT h.execution_id, h.tenant_id, h.template_id, h.step_id, h.step_name, h.step_type,
       h.scope_path, h.visit::int AS visit,
       -- Between a failed attempt and the next one there may be no row yet that says it waits.
       CASE WHEN h.is_repeated THEN 'WAITING' ELSE c.word END AS step_status,
       CASE WHEN h.is_repeated THEN 'RETRY' ELSE nullif(r.word, 'NONE') END AS reason,
       h.input::jsonb AS input, h.output::jsonb AS output, h.error::jsonb AS error,
       h.opened_at, h.started_at,
       CASE WHEN NOT h.is_repeated THEN h.completed_at END AS completed_at,
       h.charged AS retry_count, h.charged AS retry_attempt,
       h.connection_id, h.reused_from, h.ord, NULL::timestamptz AS due_at, NULL::text AS worker
  FROM headrace_tenant.step_row h
  JOIN step_status_code c ON c.code = h.status
  LEFT JOIN reason_code r ON r.code = h.reason
 WHERE h.is_last
   AND NOT EXISTS (SELECT 1 FROM open_step o
                    WHERE o.part = h.part AND o.execution_id = h.execution_id
                      AND o.node = h.node AND o.scope = h.scope AND o.visit = h.visit)
UNION ALL
SELECT o.execution_id, o.tenant_id, o.template_id, o.step_id, o.step_name, o.step_type,
       o.scope_path, o.visit::int, c.word, nullif(r.word, 'NONE'), NULL, NULL, NULL,
       o.opened_at, o.started_at, NULL, o.charged, o.charged, NULL, NULL, NULL,
       CASE WHEN isfinite(o.due_at) THEN o.due_at END, o.worker
  FROM headrace_tenant.open_row o
  LEFT JOIN reason_code r ON r.code = o.reason
  JOIN step_status_code c ON c.code = coalesce(r.open_status, 1);
COMMENT ON VIEW headrace_tenant.step_executions IS
    'One row per step instance (step, scope_path, visit) with its last attempt, ended or open.';

CREATE VIEW headrace_tenant.step_waits WITH (security_invoker = true) AS
SELECT o.execution_id, o.tenant_id, o.template_id, t.template_id AS template_key,
       e.word AS execution_status, o.step_id, o.step_name, o.step_type, o.scope_path,
       o.visit::int AS visit, o.charged AS retry_attempt, c.word AS step_status,
       coalesce(r.word, o.reason::text) AS reason, r.meaning, o.opened_at AS since,
       CASE WHEN isfinite(o.due_at) THEN o.due_at END AS due_at,
       (extract(epoch FROM now() - o.opened_at) * 1000)::bigint AS waiting_ms, o.worker
  FROM headrace_tenant.open_row o
  LEFT JOIN reason_code r ON r.code = o.reason
  JOIN step_status_code c ON c.code = coalesce(r.open_status, 1)
  JOIN execution_status_code e ON e.code = o.execution_status
  LEFT JOIN workflow_template t ON t.id = o.template_id;
COMMENT ON VIEW headrace_tenant.step_waits IS
    'Every step that has been open for a second or more, why, since when, and until when at most. '
    'A paused execution (execution_status) lets none of its steps go on.';

-- ── figures ─────────────────────────────────────────────────────────────────────────────────

CREATE VIEW headrace_tenant.execution_rates WITH (security_invoker = true) AS
SELECT date_trunc('minute', coalesce(e.completed_at, e.started_at, e.created_at)) AS minute,
       e.tenant_id, e.template_id, t.template_id AS template_key, c.word AS status,
       count(*) AS executions
  FROM execution e
  JOIN execution_status_code c ON c.code = e.status
  LEFT JOIN workflow_template t ON t.id = e.template_id
 WHERE e.id >= id_at(now() - interval '1 day')
 GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW headrace_tenant.execution_rates IS
    'Executions accepted in the last day, per minute in which they ended, or else started, and '
    'status.';

CREATE VIEW headrace_tenant.step_latency WITH (security_invoker = true) AS
SELECT h.tenant_id, h.template_id, t.template_id AS template_key, h.step_id, h.step_type,
       count(*) AS attempts,
       round(percentile_cont(0.50) WITHIN GROUP (ORDER BY h.ms)::numeric, 3) AS p50_ms,
       round(percentile_cont(0.95) WITHIN GROUP (ORDER BY h.ms)::numeric, 3) AS p95_ms,
       round(percentile_cont(0.99) WITHIN GROUP (ORDER BY h.ms)::numeric, 3) AS p99_ms,
       round(max(h.ms)::numeric, 3) AS max_ms,
       round(avg(h.queue_ms)::numeric, 3) AS queue_avg_ms
  FROM (SELECT e.tenant_id, e.template_id, s.id AS step_id, s.type AS step_type,
               extract(epoch FROM r.completed_at - r.started_at)::float8 * 1000 AS ms,
               extract(epoch FROM r.started_at - r.opened_at)::float8 * 1000 AS queue_ms
          FROM step_execution r
          JOIN execution e ON e.id = r.execution_id
          LEFT JOIN workflow_step s ON s.version_id = e.version_id AND s.node = r.node
         WHERE r.execution_id >= id_at(now() - interval '1 day')
           AND r.started_at IS NOT NULL AND r.completed_at IS NOT NULL
           AND r.status <> 6 AND r.reused_from IS NULL) h
  LEFT JOIN workflow_template t ON t.id = h.template_id
 GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW headrace_tenant.step_latency IS
    'How long attempts of the last day''s executions took, by workflow and step; queue_avg_ms: '
    'from reached to started.';

CREATE VIEW headrace_tenant.failures WITH (security_invoker = true) AS
SELECT e.tenant_id, e.template_id, t.template_id AS template_key, s.id AS step_id,
       s.type AS step_type, coalesce(r.error ->> 'type', c.word) AS error_type,
       count(*) AS attempts, count(*) FILTER (WHERE r.reason IN (12, 19)) AS retried,
       count(DISTINCT r.execution_id) AS executions, max(r.completed_at) AS last_at,
       (array_agg(r.execution_id ORDER BY r.completed_at DESC NULLS LAST))[1] AS last_execution_id,
       (array_agg(r.error ->> 'message' ORDER BY r.completed_at DESC NULLS LAST))[1]
           AS last_message
  FROM step_execution r
  JOIN step_status_code c ON c.code = r.status
  JOIN execution e ON e.id = r.execution_id
  LEFT JOIN workflow_step s ON s.version_id = e.version_id AND s.node = r.node
  LEFT JOIN workflow_template t ON t.id = e.template_id
 WHERE r.execution_id >= id_at(now() - interval '7 days')
   AND r.status IN (4, 5, 8, 9) AND r.reused_from IS NULL
 GROUP BY 1, 2, 3, 4, 5, 6;
COMMENT ON VIEW headrace_tenant.failures IS
    'Failed attempts of the last seven days'' executions, by workflow, step and error type.';

CREATE VIEW headrace_tenant.trigger_activity WITH (security_invoker = true) AS
SELECT g.tenant_id, g.template_id, t.template_id AS template_key, t.name AS template_name,
       g.id AS trigger_id, g.name AS trigger_name, g.type AS trigger_type,
       t.status = 'PUBLISHED' AND t.is_active AND coalesce(a.enabled, true) AS is_enabled,
       coalesce(x.executions, 0) AS executions_last_day, coalesce(x.failed, 0) AS failed_last_day,
       x.last_at AS last_accepted_at, x.last_id AS last_execution_id, c.next_fire_at,
       c.timezone
  FROM workflow_template t
  JOIN workflow_trigger g ON g.tenant_id = t.tenant_id AND g.template_id = t.id
                         AND g.version_id = t.active_version_id
  LEFT JOIN trigger_state a ON a.tenant_id = g.tenant_id AND a.template_id = g.template_id
                           AND a.trigger_id = g.id
  LEFT JOIN schedule c ON c.tenant_id = g.tenant_id AND c.template_id = g.template_id
                      AND c.trigger_id = g.id
  LEFT JOIN (SELECT e.template_id, e.trigger_id, count(*) AS executions,
                    count(*) FILTER (WHERE e.status IN (5, 7)) AS failed,
                    id_time((array_agg(e.id ORDER BY e.id DESC))[1]) AS last_at,
                    (array_agg(e.id ORDER BY e.id DESC))[1] AS last_id
               FROM execution e
              WHERE e.id >= id_at(now() - interval '1 day')
              GROUP BY 1, 2) x ON x.template_id = g.template_id AND x.trigger_id = g.id;
COMMENT ON VIEW headrace_tenant.trigger_activity IS
    'The triggers of active versions, whether they can fire, and what they did in the last day.';

-- ── for dashboards ──────────────────────────────────────────────────────────────────────────

CREATE FUNCTION public_view(name text, to_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source regclass := format('headrace_tenant.%I', name);
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I AS %s', to_schema, name,
                   replace(replace(pg_get_viewdef(source), 'headrace_tenant.step_row',
                                   'headrace.step_row'),
                           'headrace_tenant.open_row', 'headrace.open_row'));
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', to_schema, name, obj_description(source));
END
$$;
COMMENT ON FUNCTION public_view IS
    'Repeats a view of headrace_tenant with the owner''s rights. For migrations.';

DO $$
BEGIN
    PERFORM headrace.public_view(name, 'headrace') FROM unnest(ARRAY['step_row', 'open_row']) name;
    PERFORM headrace.public_view(name, 'headrace_v1') FROM unnest(ARRAY[
        'workflow_templates', 'workflow_versions', 'executions', 'step_executions',
        'step_attempts', 'step_waits', 'execution_rates', 'step_latency', 'failures',
        'trigger_activity']) name;
END
$$;

CREATE VIEW headrace_v1.partition_owners AS
SELECT p.part AS partition, p.owner, coalesce(p.lease_until > now(), false) AS is_owned,
       p.epoch, p.lease_until, p.txn, p.acked_txn, p.next_event, p.next_result, p.last_fired,
       m.beat_at AS owner_beat_at, m.started_at AS owner_started_at, m.version AS owner_version
  FROM engine_partition p
  LEFT JOIN coordinator_member m ON m.id = p.owner;
COMMENT ON VIEW headrace_v1.partition_owners IS
    'Which coordinator owns which partition, and how far it has read.';

CREATE FUNCTION headrace_v1.id_at(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION headrace_v1.id_at IS
    'Smallest id of that millisecond: WHERE id >= headrace_v1.id_at(now() - interval ''1 hour'').';

-- ── for the gateway ─────────────────────────────────────────────────────────────────────────

CREATE VIEW trigger_secret AS
SELECT DISTINCT ON (g.tenant_id, g.template_id, g.version_id, g.id, named.key)
       g.tenant_id, g.template_id, g.version_id, g.id AS trigger_id, named.key,
       newest.id AS variable_id, newest.rev, newest.sealed
  FROM workflow_template t
  JOIN workflow_trigger g ON g.tenant_id = t.tenant_id AND g.template_id = t.id
                         AND g.version_id IN (t.active_version_id, t.canary_version_id)
 CROSS JOIN LATERAL (SELECT DISTINCT key #>> '{}' AS key
                       FROM jsonb_path_query(g.config::jsonb, '$.**.secretVariable') key) named
 CROSS JOIN LATERAL (SELECT DISTINCT ON (r.template_id) r.*
                       FROM variable_revision r
                      WHERE r.tenant_id = g.tenant_id AND r.key = named.key
                        AND (r.template_id IS NULL OR r.template_id = g.template_id)
                      ORDER BY r.template_id, r.rev DESC) newest
 WHERE NOT newest.deleted AND newest.is_encrypted
 ORDER BY g.tenant_id, g.template_id, g.version_id, g.id, named.key, newest.template_id NULLS LAST;
COMMENT ON VIEW trigger_secret IS
    'Sealed values of the variables that triggers name as secretVariable, to check signatures: '
    'all that the gateway may see of a tenant''s secrets.';
