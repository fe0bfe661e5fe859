-- Who may do what. roles.sql says what each role is for.
--
-- Two rules. A sealed column is readable by nobody: those who need one ask a function or a view
-- made for it. And row-level security is forced on every table that belongs to tenants: the API
-- sees the tenant named by `SET LOCAL app.tenant`, and without one every statement fails. The
-- cross-tenant roles see all rows of the few tables they are granted.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA headrace, headrace_v1 FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT USAGE ON SCHEMA headrace
    TO headrace_engine, headrace_gateway, headrace_api, headrace_worker, headrace_check_ro;
GRANT USAGE ON SCHEMA headrace_tenant TO headrace_api;
GRANT USAGE ON SCHEMA headrace_v1 TO headrace_dash_ro, headrace_check_ro;

-- ── row-level security ──────────────────────────────────────────────────────────────────────

DO $$
DECLARE
    of_table text;
    own text := '(tenant_id = (SELECT current_setting(''app.tenant''))::uuid)';
BEGIN
    FOREACH of_table IN ARRAY ARRAY[
        'tenant', 'tenant_key', 'api_key', 'audit_log', 'integration_definition',
        'integration_action', 'integration_trigger', 'integration_revision', 'workflow_template',
        'workflow_version', 'workflow_step', 'workflow_trigger', 'trigger_state', 'schedule',
        'poll_state', 'variable_revision', 'user_integration', 'workflow_template_library',
        'execution', 'step_execution', 'open_step', 'late_result', 'execution_key', 'api_answer',
        'event_spool'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       of_table);
        EXECUTE format('CREATE POLICY all_rows ON %I TO headrace_migrate, headrace_engine, '
                       'headrace_gateway, headrace_check_ro USING (true) WITH CHECK (true)',
                       of_table);
        IF of_table = 'tenant' THEN
            EXECUTE format('CREATE POLICY own_rows ON %I TO headrace_api USING %s',
                           of_table, replace(own, 'tenant_id', 'id'));
        ELSIF of_table IN ('step_execution', 'open_step', 'late_result') THEN
            -- They carry no tenant: whose they are is said by their execution, under its policy.
            EXECUTE format('CREATE POLICY own_rows ON %I TO headrace_api USING (EXISTS '
                           '(SELECT 1 FROM headrace.execution e WHERE e.id = execution_id))',
                           of_table);
        ELSE
            EXECUTE format('CREATE POLICY own_rows ON %I TO headrace_api USING %s', of_table, own);
        END IF;
    END LOOP;
    -- What is system-wide may be seen by every tenant and written by none.
    FOREACH of_table IN ARRAY ARRAY[
        'integration_definition', 'integration_action', 'integration_trigger',
        'integration_revision', 'workflow_template_library'
    ] LOOP
        EXECUTE format('CREATE POLICY system_rows ON %I FOR SELECT TO headrace_api '
                       'USING (tenant_id IS NULL)', of_table);
    END LOOP;
END
$$;

-- ── columns nobody may read ─────────────────────────────────────────────────────────────────

CREATE FUNCTION grant_select_except(of_table text, hidden text[], to_roles text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT (%s) ON headrace.%I TO %s',
        (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
           FROM pg_attribute a
          WHERE a.attrelid = format('headrace.%I', of_table)::regclass AND a.attnum > 0
            AND NOT a.attisdropped AND a.attname <> ALL (hidden)),
        of_table, to_roles);
END
$$;
REVOKE EXECUTE ON FUNCTION grant_select_except FROM PUBLIC;
COMMENT ON FUNCTION grant_select_except IS
    'For migrations: SELECT on every column but the hidden ones. A column added later needs a '
    'grant of its own.';

DO $$
BEGIN
    PERFORM headrace.grant_select_except('variable_revision', '{sealed}',
        'headrace_engine, headrace_api, headrace_check_ro');
    PERFORM headrace.grant_select_except('user_integration', '{credentials, refresh_token}',
        'headrace_engine, headrace_api, headrace_check_ro');
    PERFORM headrace.grant_select_except('api_key', '{secret_sha256}',
        'headrace_api, headrace_check_ro');
    PERFORM headrace.grant_select_except('trigger_state', '{token}',
        'headrace_engine, headrace_gateway, headrace_check_ro');
    PERFORM headrace.grant_select_except('tenant_key', '{wrapped}', 'headrace_check_ro');
END
$$;

-- ── the coordinator ─────────────────────────────────────────────────────────────────────────

GRANT SELECT ON tenant, workflow_template, workflow_version, workflow_step, workflow_trigger,
    integration_definition, integration_action, integration_trigger, integration_revision,
    execution_status_code, step_status_code, reason_code, execution_partition, schema_migration
    TO headrace_engine;
GRANT SELECT, INSERT ON execution, step_execution, start_once, late_result, execution_key
    TO headrace_engine;
-- Whose run it is, and of what, is decided once.
GRANT UPDATE (status, phase, priority, vars_rev, engine_rev, started_at, completed_at, updated_at,
              checkpoint, checkpoint_ord, concurrency_key, business_keys, input, output, error)
    ON execution TO headrace_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON open_step, coordinator_member, orphan_result
    TO headrace_engine;
GRANT SELECT, INSERT, DELETE ON turn_log TO headrace_engine;
GRANT SELECT, UPDATE ON engine_partition TO headrace_engine;
GRANT INSERT, SELECT ON audit_log TO headrace_engine;
GRANT EXECUTE ON FUNCTION raise_fenced(), partitions_ensure(timestamptz, interval, interval),
    retention_apply(timestamptz, int), engine_partitions_init(int), execution_resolve(uuid)
    TO headrace_engine;

-- ── the gateway's hooks, schedules and spool ────────────────────────────────────────────────

GRANT SELECT ON tenant, tenant_key, workflow_template, workflow_version, workflow_trigger,
    integration_definition, integration_action, integration_trigger, integration_revision,
    trigger_secret, schedule, execution_status_code, schema_migration TO headrace_gateway;
GRANT UPDATE (next_fire_at, last_fired_at, claimed_by, claimed_until) ON schedule
    TO headrace_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON poll_state, event_spool TO headrace_gateway;
GRANT SELECT, INSERT ON execution_key TO headrace_gateway;
-- Enough to answer for an id and to see whether an earlier run of a schedule still goes on.
GRANT SELECT (id, tenant_id, template_id, trigger_id, part, status) ON execution
    TO headrace_gateway;
GRANT SELECT (part) ON engine_partition TO headrace_gateway;
GRANT INSERT ON audit_log TO headrace_gateway;
GRANT EXECUTE ON FUNCTION execution_resolve(uuid) TO headrace_gateway;

-- ── the API, one tenant at a time ───────────────────────────────────────────────────────────

GRANT SELECT, INSERT ON tenant, tenant_key, audit_log, workflow_version, workflow_step,
    workflow_trigger, integration_revision, execution_key TO headrace_api;
GRANT UPDATE (display_name, is_active, retention_days, settings) ON tenant TO headrace_api;
GRANT UPDATE (retired_at) ON tenant_key TO headrace_api;
GRANT UPDATE (is_active, change_description) ON workflow_version TO headrace_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON workflow_template, trigger_state, schedule,
    integration_definition, integration_action, integration_trigger, workflow_template_library,
    api_answer TO headrace_api;
GRANT INSERT, DELETE ON api_key, user_integration TO headrace_api;
GRANT UPDATE (name, user_id, role, scopes, expires_at, revoked_at) ON api_key TO headrace_api;
GRANT UPDATE (user_id, name, credentials, refresh_token, token_expires_at, refresh_epoch,
              refreshing_until, refreshing_nonce, reauth_failures, reauth_failed_at, is_active,
              status, metadata) ON user_integration TO headrace_api;
GRANT INSERT ON variable_revision TO headrace_api;
GRANT SELECT, DELETE ON poll_state TO headrace_api;
GRANT SELECT ON execution, step_execution, open_step, late_result, workflow_variable,
    execution_status_code, step_status_code, reason_code, schema_migration TO headrace_api;
GRANT SELECT ON ALL TABLES IN SCHEMA headrace_tenant TO headrace_api;
GRANT EXECUTE ON FUNCTION api_key_find(uuid), api_key_used(uuid), api_tenant_find(text),
    api_encrypted_value(uuid), integration_publish(uuid), execution_resolve(uuid), audit_verify(uuid), audit_hash(audit_log)
    TO headrace_api;

-- ── the worker: functions only ──────────────────────────────────────────────────────────────

GRANT EXECUTE ON FUNCTION worker_plan(uuid, bigint), worker_vars(uuid, bigint, bigint),
    worker_secrets(uuid), worker_keys(uuid), worker_credential(uuid, text),
    worker_token_claim(uuid, uuid, bigint, uuid, int),
    worker_token_save(uuid, uuid, bigint, uuid, bytea, bytea, timestamptz),
    worker_token_refused(uuid, uuid, bigint, uuid), start_once_claim(uuid, smallint, bigint)
    TO headrace_worker;

-- ── those who only look ─────────────────────────────────────────────────────────────────────

GRANT SELECT ON ALL TABLES IN SCHEMA headrace_v1 TO headrace_dash_ro, headrace_check_ro;
GRANT EXECUTE ON FUNCTION headrace_v1.id_at(timestamptz) TO headrace_dash_ro, headrace_check_ro;
GRANT SELECT ON tenant, audit_log, integration_definition, integration_action,
    integration_trigger, integration_revision, workflow_template, workflow_version, workflow_step,
    workflow_trigger, schedule, poll_state, workflow_variable, workflow_template_library,
    execution, step_execution, open_step, turn_log, start_once, late_result, orphan_result,
    engine_partition, coordinator_member, execution_partition, execution_key, api_answer,
    event_spool, execution_status_code, step_status_code, reason_code, schema_migration, step_row,
    open_row TO headrace_check_ro;
GRANT EXECUTE ON FUNCTION execution_resolve(uuid), audit_verify(uuid), audit_hash(audit_log)
    TO headrace_check_ro;

-- The ids' arithmetic is used inside the views, which run functions as whoever asks.
GRANT EXECUTE ON FUNCTION id_at(timestamptz), id_time(uuid), id_key(uuid)
    TO headrace_engine, headrace_gateway, headrace_api, headrace_dash_ro, headrace_check_ro;
