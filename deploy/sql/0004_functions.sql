-- Functions: ids and time, the fence, what a worker may ask for, partitions, retention, news.
--
-- Writer: partitions_ensure() and retention_apply() write execution_partition.
--
-- Where a role lacks the right to the table itself, the function is SECURITY DEFINER: it runs as
-- headrace_migrate, with a search_path that nobody else can put an object into. Who may execute
-- which function is in 0006_grants.sql.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

-- ── ids and time ────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION id_at(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION id_at IS
    'Smallest id of that millisecond. `id >= id_at(now() - interval ''1 day'')` reads one day''s '
    'partitions.';

CREATE FUNCTION id_time(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0)
$$;
COMMENT ON FUNCTION id_time IS 'The time an id of version 7 or 8 begins with.';

CREATE FUNCTION id_key(id uuid) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('00000000-0000' || substr(id::text, 14))::uuid
$$;
COMMENT ON FUNCTION id_key IS 'The id without its time: execution_key.key.';

CREATE FUNCTION execution_resolve(for_id uuid) RETURNS uuid
LANGUAGE sql STABLE STRICT AS $$
    SELECT coalesce(
        (SELECT e.id FROM headrace.execution e WHERE e.id = for_id),
        (SELECT k.execution_id FROM headrace.execution_key k
          WHERE k.key = headrace.id_key(for_id)))
$$;
COMMENT ON FUNCTION execution_resolve IS
    'The execution that an id once answered stands for; null: never accepted, or retention has '
    'taken it. An id that comes back without an execution row is accepted but not started yet.';

-- ── the fence ───────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION raise_fenced() RETURNS int
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'this partition has moved on: another owner, or an outcome unknown to us'
        USING ERRCODE = 'HR001';
END
$$;
COMMENT ON FUNCTION raise_fenced IS
    'Ends a stale batch with SQLSTATE HR001. It must happen in SQL: a client that sends BEGIN … '
    'COMMIT as one pipeline would check too late. Never classed as bad data.';

-- ── what a worker may ask for ───────────────────────────────────────────────────────────────

CREATE FUNCTION worker_plan(for_version uuid, for_hash bigint)
RETURNS TABLE (workflow_data json, tenant_id uuid, template_id uuid, version_number int,
               integrations json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT v.workflow_data, v.tenant_id, v.template_id, v.version_number,
           (SELECT coalesce(json_agg(json_build_object(
                       'reference', pin ->> 'reference', 'id', r.integration_id,
                       'revision', r.revision, 'definition', r.definition)), '[]')
              FROM json_array_elements(v.integrations) pin
              JOIN integration_revision r
                ON r.integration_id = (pin ->> 'id')::uuid
               AND r.revision = (pin ->> 'revision')::int
               AND (r.tenant_id IS NULL OR r.tenant_id = v.tenant_id))
      FROM workflow_version v
     WHERE v.id = for_version AND v.plan_hash = for_hash
$$;
COMMENT ON FUNCTION worker_plan IS
    'A version by id and hash; no row unless both fit. integrations: the pinned definitions whole, '
    '[{reference, id, revision, definition}]. Immutable: keep it.';

CREATE FUNCTION worker_vars(for_version uuid, for_hash bigint, for_rev bigint)
RETURNS TABLE (key text, type text, value json, rev bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT n.key, n.type, n.value, n.rev
      FROM (SELECT DISTINCT ON (s.key) s.*
              FROM (SELECT DISTINCT ON (r.key, r.template_id) r.*
                      FROM variable_revision r
                      JOIN workflow_version v ON v.tenant_id = r.tenant_id
                     WHERE v.id = for_version AND v.plan_hash = for_hash AND r.rev <= for_rev
                       AND (r.template_id IS NULL OR r.template_id = v.template_id)
                     ORDER BY r.key, r.template_id, r.rev DESC) s
             WHERE NOT s.deleted
             ORDER BY s.key, s.template_id NULLS LAST) n
     WHERE NOT n.is_encrypted
$$;
COMMENT ON FUNCTION worker_vars IS
    'What .vars shows an execution that pinned this revision; the template''s own variables go '
    'first. Encrypted ones come from worker_secrets(). Immutable for equal arguments: keep it.';

CREATE FUNCTION worker_secrets(for_execution uuid)
RETURNS TABLE (key text, type text, sealed bytea, variable_id uuid, rev bigint, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT n.key, n.type, n.sealed, n.id, n.rev, n.tenant_id
      FROM (SELECT DISTINCT ON (s.key) s.*
              FROM (SELECT DISTINCT ON (r.key, r.template_id) r.*, v.secret_keys
                      FROM execution e
                      JOIN execution_status_code c ON c.code = e.status AND NOT c.is_terminal
                      JOIN workflow_version v ON v.id = e.version_id AND v.tenant_id = e.tenant_id
                      JOIN variable_revision r ON r.tenant_id = e.tenant_id
                     WHERE e.id = for_execution
                       AND (r.template_id IS NULL OR r.template_id = e.template_id)
                       -- Secrets are bound late, in their newest revision; whatever else is
                       -- encrypted belongs to .vars and stays as it was at the start.
                       AND (r.type = 'SECRET' OR r.rev <= e.vars_rev)
                     ORDER BY r.key, r.template_id, r.rev DESC) s
             WHERE NOT s.deleted
             ORDER BY s.key, s.template_id NULLS LAST) n
     WHERE n.is_encrypted AND (n.type <> 'SECRET' OR n.key = ANY (n.secret_keys))
$$;
COMMENT ON FUNCTION worker_secrets IS
    'Sealed values for an execution that has not ended: the secrets its version names, newest '
    'revision, and the encrypted variables of its pinned revision.';

CREATE FUNCTION worker_keys(for_execution uuid)
RETURNS TABLE (tenant_id uuid, dek_id uuid, kek_id text, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT k.tenant_id, k.dek_id, k.kek_id, k.wrapped
      FROM execution e
      JOIN execution_status_code c ON c.code = e.status AND NOT c.is_terminal
      JOIN tenant_key k ON k.tenant_id = e.tenant_id
     WHERE e.id = for_execution
$$;
COMMENT ON FUNCTION worker_keys IS
    'The wrapped data keys of the tenant whose execution this is, while it has not ended.';

CREATE FUNCTION worker_connection(for_execution uuid, for_connection text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT u.id
      FROM execution e
      JOIN execution_status_code c ON c.code = e.status AND NOT c.is_terminal
      JOIN user_integration u ON u.tenant_id = e.tenant_id AND u.is_active
     WHERE e.id = for_execution
       AND (u.id::text = lower(for_connection) OR u.name = for_connection)
       AND EXISTS (SELECT 1 FROM workflow_step s
                    WHERE s.tenant_id = e.tenant_id AND s.template_id = e.template_id
                      AND s.version_id = e.version_id
                      AND (lower(s.connection_id) = u.id::text OR s.connection_id = u.name))
     -- An id goes before a name that looks like one.
     ORDER BY u.id::text = lower(for_connection) DESC
     LIMIT 1
$$;
COMMENT ON FUNCTION worker_connection IS
    'The connection, by id or name, if the execution has not ended, has the same tenant, and a '
    'step of its version names it; else null.';

CREATE FUNCTION worker_credential(execution_id uuid, connection_id text)
RETURNS TABLE (id uuid, tenant_id uuid, integration_id uuid, auth_type text, auth_config json,
               credentials bytea, refresh_token bytea, token_expires_at timestamptz,
               refresh_epoch bigint, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT u.id, u.tenant_id, u.integration_id, d.auth_type, d.auth_config, u.credentials,
           u.refresh_token, u.token_expires_at, u.refresh_epoch, u.status
      FROM user_integration u
      JOIN integration_definition d ON d.id = u.integration_id
     WHERE u.id = worker_connection($1, $2) AND u.status <> 'DISABLED'
$$;
COMMENT ON FUNCTION worker_credential IS
    'A sealed credential for an execution that may use it: see worker_connection().';

CREATE FUNCTION worker_token_claim(for_execution uuid, for_connection uuid, for_epoch bigint,
                                   nonce uuid, lease_ms int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
BEGIN
    UPDATE user_integration u
       SET refreshing_until = now() + least(greatest(lease_ms, 1000), 120000) * interval '1 ms',
           refreshing_nonce = nonce
     WHERE u.id = worker_connection(for_execution, for_connection::text)
       AND u.refresh_epoch = for_epoch
       AND (u.refreshing_until IS NULL OR u.refreshing_until < now() OR u.refreshing_nonce = nonce);
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION worker_token_claim IS
    'True: the caller alone may refresh until its lease ends. False: somebody else does or did; '
    'read the credential again.';

CREATE FUNCTION worker_token_save(for_execution uuid, for_connection uuid, for_epoch bigint,
                                  nonce uuid, new_credentials bytea, new_refresh_token bytea,
                                  expires_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
BEGIN
    UPDATE user_integration u
       SET credentials = new_credentials,
           refresh_token = coalesce(new_refresh_token, u.refresh_token),
           token_expires_at = expires_at,
           refresh_epoch = u.refresh_epoch + 1,
           refreshing_until = NULL, refreshing_nonce = NULL,
           reauth_failures = 0, reauth_failed_at = NULL, status = 'CONNECTED'
     WHERE u.id = worker_connection(for_execution, for_connection::text)
       AND u.refresh_epoch = for_epoch AND u.refreshing_nonce = nonce
       AND new_credentials IS NOT NULL AND u.status <> 'DISABLED';
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION worker_token_save IS
    'Stores a refreshed token under the claim it was fetched with. False: too late, use the newer '
    'one. A null refresh token keeps the old one.';

CREATE FUNCTION worker_token_refused(for_execution uuid, for_connection uuid, for_epoch bigint,
                                     nonce uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    new_status text;
BEGIN
    UPDATE user_integration u
       SET refreshing_until = NULL, refreshing_nonce = NULL,
           reauth_failures = u.reauth_failures + counted.one,
           reauth_failed_at = CASE counted.one WHEN 1 THEN now() ELSE u.reauth_failed_at END,
           status = CASE WHEN u.reauth_failures + counted.one >= 2 THEN 'NEEDS_REAUTH'
                         ELSE u.status END
      FROM (SELECT i.id,
                   CASE WHEN i.reauth_failed_at > now() - interval '60 s' THEN 0 ELSE 1 END AS one
              FROM user_integration i
             WHERE i.id = worker_connection(for_execution, for_connection::text)
               FOR UPDATE) counted
     WHERE u.id = counted.id AND u.refresh_epoch = for_epoch AND u.refreshing_nonce = nonce
    RETURNING u.status INTO new_status;
    RETURN new_status;
END
$$;
COMMENT ON FUNCTION worker_token_refused IS
    'The provider refused the refresh token. Two refusals a minute apart make the connection '
    'NEEDS_REAUTH. Null: the claim was lost, the answer counts for nothing.';

CREATE FUNCTION start_once_claim(step_instance uuid, attempt smallint, run bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
BEGIN
    IF run = 0 THEN
        RAISE EXCEPTION 'run 0 is the coordinator''s' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO start_once VALUES (step_instance, attempt, run) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN true;
    END IF;
    -- The answer to an equal claim may have been lost on the way.
    RETURN EXISTS (SELECT 1 FROM start_once o
                    WHERE o.step_instance = start_once_claim.step_instance
                      AND o.attempt = start_once_claim.attempt AND o.run = start_once_claim.run);
END
$$;
COMMENT ON FUNCTION start_once_claim IS
    'True: this visit alone may do it. False: another one may have, or the coordinator revoked it.';

-- ── API keys, integrations ──────────────────────────────────────────────────────────────────

CREATE FUNCTION api_key_find(for_id uuid)
RETURNS TABLE (tenant_id uuid, name text, secret_sha256 bytea, user_id text, role text,
               scopes text[], expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT k.tenant_id, k.name, k.secret_sha256, k.user_id, k.role, k.scopes, k.expires_at
      FROM api_key k
      JOIN tenant t ON t.id = k.tenant_id AND t.is_active
     WHERE k.id = for_id AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > now())
$$;
COMMENT ON FUNCTION api_key_find IS
    'A key that is neither revoked nor expired. Before a request is authenticated no tenant is '
    'set, so row-level security cannot answer this.';

CREATE FUNCTION api_tenant_find(for_name text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT t.id FROM tenant t WHERE t.name = for_name AND t.is_active
$$;
COMMENT ON FUNCTION api_tenant_find IS
    'The id of an active tenant by its name, for tokens that name it so.';

CREATE FUNCTION api_key_used(for_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    UPDATE api_key k SET last_used_at = now()
     WHERE k.id = for_id
       AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
$$;
COMMENT ON FUNCTION api_key_used IS 'Notes the use of a key, at most once a minute.';

CREATE FUNCTION api_encrypted_value(for_variable uuid)
RETURNS TABLE (sealed bytea, rev bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
    SELECT n.sealed, n.rev
      FROM (SELECT r.* FROM variable_revision r
             WHERE r.tenant_id = current_setting('app.tenant')::uuid AND r.id = for_variable
             ORDER BY r.rev DESC LIMIT 1) n
     WHERE n.type <> 'SECRET' AND n.is_encrypted AND NOT n.deleted
$$;
COMMENT ON FUNCTION api_encrypted_value IS
    'The sealed value of an encrypted variable of the session''s tenant; never one of a SECRET.';

CREATE FUNCTION integration_publish(for_integration uuid) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    current_revision int;
    content jsonb;
    newest record;
BEGIN
    SELECT d.revision INTO current_revision FROM headrace.integration_definition d
     WHERE d.id = for_integration FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no integration % to publish', for_integration
            USING ERRCODE = 'no_data_found';
    END IF;
    SELECT jsonb_build_object(
        'id', d.id, 'name', d.name, 'displayName', d.display_name, 'authType', d.auth_type,
        'authConfig', d.auth_config,
        'actions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', a.id, 'name', a.name, 'displayName', a.display_name,
                'endpoint', a.endpoint, 'method', a.method, 'inputSchema', a.input_schema,
                'outputSchema', a.output_schema, 'defaultConfig', a.default_config)
                ORDER BY a.name), '[]')
              FROM headrace.integration_action a WHERE a.integration_id = d.id),
        'triggers', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', t.id, 'name', t.name, 'displayName', t.display_name, 'type', t.type,
                'inputSchema', t.input_schema, 'config', t.config) ORDER BY t.name), '[]')
              FROM headrace.integration_trigger t WHERE t.integration_id = d.id))
      INTO content
      FROM headrace.integration_definition d WHERE d.id = for_integration;
    SELECT r.revision, r.definition::jsonb - 'revision' AS content INTO newest
      FROM headrace.integration_revision r WHERE r.integration_id = for_integration
     ORDER BY r.revision DESC LIMIT 1;
    IF newest.content = content THEN
        RETURN newest.revision;
    END IF;
    current_revision := coalesce(newest.revision + 1, current_revision);
    UPDATE headrace.integration_definition d SET revision = current_revision
     WHERE d.id = for_integration;
    INSERT INTO headrace.integration_revision (integration_id, revision, tenant_id, definition,
                                               created_by)
    SELECT d.id, current_revision, d.tenant_id,
           content || jsonb_build_object('revision', current_revision), d.created_by
      FROM headrace.integration_definition d WHERE d.id = for_integration;
    RETURN current_revision;
END
$$;
COMMENT ON FUNCTION integration_publish IS
    'Call after editing a definition, its actions or triggers: keeps it as a new revision, which '
    'it answers. Without a difference to the newest revision nothing happens.';

-- ── partitions ──────────────────────────────────────────────────────────────────────────────

CREATE TABLE execution_partition (
    suffix text PRIMARY KEY,
    lower_at timestamptz NOT NULL,
    upper_at timestamptz NOT NULL UNIQUE CHECK (upper_at > lower_at),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE execution_partition IS
    'The partitions execution_<suffix> and step_execution_<suffix>: ids whose time lies from '
    'lower_at up to, not including, upper_at. Everything else lies in the default partitions.';

CREATE FUNCTION partition_add(parent text, key_column text, suffix text, lower_id uuid,
                              upper_id uuid, options text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    child text := parent || '_' || suffix;
BEGIN
    -- Made beside the parent and attached, because that lets everybody go on reading and writing.
    EXECUTE format('CREATE TABLE headrace.%I (LIKE headrace.%I INCLUDING DEFAULTS INCLUDING '
                   'CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION) %s', child, parent, options);
    EXECUTE format('WITH moved AS (DELETE FROM headrace.%I WHERE %I >= %L AND %I < %L RETURNING *) '
                   'INSERT INTO headrace.%I SELECT * FROM moved',
                   parent || '_default', key_column, lower_id, key_column, upper_id, child);
    EXECUTE format('ALTER TABLE headrace.%I ATTACH PARTITION headrace.%I '
                   'FOR VALUES FROM (%L) TO (%L)', parent, child, lower_id, upper_id);
END
$$;

CREATE FUNCTION partitions_ensure(at timestamptz DEFAULT now(),
                                  ahead interval DEFAULT interval '14 days',
                                  width interval DEFAULT interval '7 days')
RETURNS TABLE (suffix text, lower_at timestamptz, upper_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, headrace, pg_temp
SET lock_timeout = '2s' AS $$
DECLARE
    -- The coordinator gives no id a time more than 8 days back.
    earliest timestamptz := at - interval '8 days';
    seconds bigint := extract(epoch FROM width);
    edge timestamptz;
BEGIN
    IF seconds NOT BETWEEN 3600 AND 31 * 86400 OR ahead > interval '1 year' THEN
        RAISE EXCEPTION 'partitions of % for % ahead: width is within 1 hour and 31 days, ahead '
            'at most a year', width, ahead USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('headrace.partitions', 7));
    SELECT max(p.upper_at) INTO edge FROM execution_partition p;
    -- Bounds lie on multiples of the width since 1970, so that every server finds the same ones.
    earliest := to_timestamp(floor(extract(epoch FROM earliest) / seconds) * seconds);
    edge := greatest(edge, earliest);
    WHILE edge < at + ahead LOOP
        lower_at := edge;
        upper_at := to_timestamp((floor(extract(epoch FROM edge) / seconds) + 1) * seconds);
        suffix := to_char(edge AT TIME ZONE 'UTC',
                          CASE WHEN extract(epoch FROM edge)::bigint % 86400 = 0
                               THEN 'YYYYMMDD' ELSE 'YYYYMMDD"t"HH24MI' END);
        PERFORM partition_add('execution', 'id', suffix, id_at(lower_at), id_at(upper_at),
                              'WITH (fillfactor = 90)');
        PERFORM partition_add('step_execution', 'execution_id', suffix, id_at(lower_at),
                              id_at(upper_at), '');
        INSERT INTO execution_partition VALUES (suffix, lower_at, upper_at);
        RETURN NEXT;
        edge := upper_at;
    END LOOP;
END
$$;
COMMENT ON FUNCTION partitions_ensure IS
    'Makes the partitions of execution and step_execution that are missing up to `at + ahead` and '
    'answers them; rows waiting in the default partitions move along. Repeating it is harmless. '
    'Fails with lock_not_available instead of holding others up: call it again later.';

-- ── retention ───────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION partition_drop(of_suffix text, keep_after timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    kept boolean;
BEGIN
    EXECUTE format('LOCK TABLE headrace.%I, headrace.%I IN ACCESS EXCLUSIVE MODE',
                   'execution_' || of_suffix, 'step_execution_' || of_suffix);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM headrace.%I e '
                   'JOIN headrace.execution_status_code c ON c.code = e.status '
                   'WHERE NOT c.is_terminal OR e.completed_at IS NULL OR e.completed_at >= %L)',
                   'execution_' || of_suffix, keep_after) INTO kept;
    IF kept THEN
        RETURN 'partition kept';
    END IF;
    EXECUTE format('DROP TABLE headrace.%I, headrace.%I',
                   'execution_' || of_suffix, 'step_execution_' || of_suffix);
    DELETE FROM execution_partition p WHERE p.suffix = of_suffix;
    RETURN 'partition dropped';
EXCEPTION
    WHEN lock_not_available THEN
        RETURN 'partition busy';
END
$$;

CREATE FUNCTION retention_delete(for_tenant uuid, keep_after timestamptz, row_limit int)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    ended uuid[];
BEGIN
    SELECT array_agg(x.id) INTO ended
      FROM (SELECT e.id FROM execution e
              JOIN execution_status_code c ON c.code = e.status AND c.is_terminal
             WHERE e.tenant_id = for_tenant AND e.id < id_at(keep_after)
               AND e.completed_at < keep_after
             ORDER BY e.id LIMIT row_limit) x;
    IF ended IS NULL THEN
        RETURN 0;
    END IF;
    -- Dynamic, so that it is planned with the ids in sight and touches only their partitions.
    EXECUTE 'DELETE FROM headrace.step_execution WHERE execution_id = ANY ($1)' USING ended;
    EXECUTE 'DELETE FROM headrace.late_result WHERE execution_id = ANY ($1)' USING ended;
    EXECUTE 'DELETE FROM headrace.execution WHERE id = ANY ($1)' USING ended;
    RETURN cardinality(ended);
END
$$;

CREATE FUNCTION retention_sweep(of_table text, time_column text, before timestamptz,
                                row_limit int) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    EXECUTE format('DELETE FROM headrace.%I WHERE ctid = ANY (ARRAY('
                   'SELECT ctid FROM headrace.%I WHERE %I < %L LIMIT %s))',
                   of_table, of_table, time_column, before, row_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

CREATE FUNCTION retention_apply(at timestamptz DEFAULT now(), row_limit int DEFAULT 5000)
RETURNS TABLE (what text, name text, amount bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, headrace, pg_temp
SET lock_timeout = '2s' AS $$
DECLARE
    days_max int;
    part record;
    owner record;
BEGIN
    IF row_limit NOT BETWEEN 1 AND 1000000 THEN
        RAISE EXCEPTION 'row limit % is not within 1 and 1000000', row_limit
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('headrace.partitions', 7));
    SELECT coalesce(max(t.retention_days), 90) INTO days_max FROM tenant t;
    FOR part IN SELECT p.suffix FROM execution_partition p
                 WHERE p.upper_at <= at - make_interval(days => days_max)
                 ORDER BY p.upper_at LOOP
        what := partition_drop(part.suffix, at - make_interval(days => days_max));
        name := part.suffix;
        amount := 1;
        RETURN NEXT;
    END LOOP;
    what := 'executions deleted';
    FOR owner IN SELECT t.id, t.name, t.retention_days FROM tenant t ORDER BY t.name LOOP
        name := owner.name;
        amount := retention_delete(owner.id, at - make_interval(days => owner.retention_days),
                                   row_limit);
        IF amount > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
    what := 'rows deleted';
    FOR part IN SELECT * FROM (VALUES
            ('execution_key', 'expires_at', at),
            ('api_answer', 'expires_at', at),
            ('start_once', 'at', at - make_interval(days => days_max)),
            ('late_result', 'at', at - make_interval(days => days_max)),
            ('orphan_result', 'at', at - make_interval(days => days_max))
        ) sweep (of_table, time_column, before) LOOP
        name := part.of_table;
        amount := retention_sweep(part.of_table, part.time_column, part.before, row_limit);
        IF amount > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION retention_apply IS
    'Drops whole partitions past the longest retention of any tenant once everything in them has '
    'ended long enough ago, deletes ended executions of tenants with a shorter one, at most '
    'row_limit each, and rows that have expired. Answers what it did; call it again while an '
    'amount equals row_limit. What has not ended is never touched.';

-- ── news ────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION touch_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE FUNCTION catalog_notify() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    subject text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT ($1).%I::text', TG_ARGV[1]) INTO subject USING OLD;
    ELSE
        EXECUTE format('SELECT ($1).%I::text', TG_ARGV[1]) INTO subject USING NEW;
    END IF;
    PERFORM pg_notify('headrace_catalog', TG_ARGV[0] || ':' || subject);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION catalog_notify IS
    'Tells listeners of headrace_catalog what changed, as <kind>:<id>; equal ones of a transaction '
    'arrive once. A listener that was away reads everything again.';

DO $$
DECLARE
    of_table text;
    news text[];
BEGIN
    FOREACH of_table IN ARRAY ARRAY[
        'tenant', 'api_key', 'integration_definition', 'integration_action', 'integration_trigger',
        'workflow_template', 'workflow_version', 'trigger_state', 'schedule', 'poll_state',
        'user_integration', 'workflow_template_library'
    ] LOOP
        EXECUTE format('CREATE TRIGGER touch_updated_at BEFORE UPDATE ON headrace.%I '
                       'FOR EACH ROW EXECUTE FUNCTION headrace.touch_updated_at()', of_table);
    END LOOP;
    -- table, kind, column with the id, columns whose change is news (empty: every update)
    FOREACH news SLICE 1 IN ARRAY ARRAY[
        ['tenant', 'tenant', 'id', 'is_active, settings, retention_days'],
        ['workflow_template', 'template', 'id',
         'status, is_active, active_version_id, canary_version_id, canary_percent, template_id'],
        ['workflow_version', 'version', 'id', 'is_active'],
        ['trigger_state', 'trigger', 'template_id', 'token_hash, enabled, path'],
        ['variable_revision', 'variable', 'tenant_id', 'rev'],
        ['integration_revision', 'integration', 'integration_id', 'revision'],
        ['user_integration', 'connection', 'id', 'is_active, status, name, refresh_epoch'],
        ['schedule', 'schedule', 'template_id', 'rev, cron, timezone, enabled, version_id']
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER catalog_news AFTER INSERT OR DELETE OR UPDATE OF %s ON headrace.%I '
            'FOR EACH ROW EXECUTE FUNCTION headrace.catalog_notify(%L, %L)',
            news[4], news[1], news[2], news[3]);
    END LOOP;
END
$$;

-- Partitions for the coming two weeks, so that nothing has to wait for the first coordinator.
DO $$ BEGIN PERFORM headrace.partitions_ensure(); END $$;
