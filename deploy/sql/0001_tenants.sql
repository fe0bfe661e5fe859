-- Tenants, their keys and the trail of who changed what.
--
-- Applied, like every file here, in one transaction by `headrace migrate up`, which then records
-- it in schema_migration. roles.sql must have been run. A connection of headrace_migrate or of a
-- superuser will do: ownership is headrace_migrate's either way.
--
-- Writers: schema_migration headrace migrate; tenant, tenant_key, api_key the API (api_key
-- .last_used_at: api_key_find); audit_log every daemon, each on a chain of its own.

CREATE SCHEMA IF NOT EXISTS headrace;
ALTER SCHEMA headrace OWNER TO headrace_migrate;

CREATE TABLE IF NOT EXISTS headrace.schema_migration (
    version int PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE headrace.schema_migration OWNER TO headrace_migrate;

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
-- A migration that cannot have its lock soon gives up instead of queueing everybody behind it.
SET LOCAL lock_timeout = '2s';

COMMENT ON SCHEMA headrace IS 'Tables of Headrace. Private: dashboards read headrace_v1.';
COMMENT ON TABLE schema_migration IS
    'One row per applied file of deploy/sql; sha256 is the file''s, in hexadecimal.';

-- ── tenant ──────────────────────────────────────────────────────────────────────────────────

CREATE TABLE tenant (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    display_name text NOT NULL DEFAULT '',
    is_active boolean NOT NULL DEFAULT true,
    retention_days int NOT NULL DEFAULT 90 CHECK (retention_days BETWEEN 1 AND 3650),
    vars_rev bigint NOT NULL DEFAULT 0,
    settings json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT ''
);
COMMENT ON TABLE tenant IS 'A customer. Everything else belongs to one, or to none (system-wide).';
COMMENT ON COLUMN tenant.name IS 'URL-safe name, unique in the cluster.';
COMMENT ON COLUMN tenant.is_active IS 'false: no trigger of this tenant starts anything.';
COMMENT ON COLUMN tenant.retention_days IS
    'Days for which ended executions are kept; retention_apply() deletes what is older.';
COMMENT ON COLUMN tenant.vars_rev IS
    'Newest variable_revision.rev of this tenant; raised by a trigger there. An execution pins it.';
COMMENT ON COLUMN tenant.settings IS 'Limits and switches of this tenant, by name.';

CREATE TABLE tenant_key (
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    dek_id uuid NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (tenant_id, dek_id)
);
COMMENT ON TABLE tenant_key IS
    'Data keys, each wrapped by a key-encryption key that never enters the database.';
COMMENT ON COLUMN tenant_key.dek_id IS 'Named by every sealed value that this key seals.';
COMMENT ON COLUMN tenant_key.kek_id IS 'Which key-encryption key opens "wrapped".';
COMMENT ON COLUMN tenant_key.wrapped IS 'SEALED. The data key, as the seal room writes it.';
COMMENT ON COLUMN tenant_key.retired_at IS 'Set: opens old values, seals no new ones.';

CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    name text NOT NULL CHECK (name <> ''),
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    user_id text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT 'editor',
    scopes text[] NOT NULL DEFAULT '{}',
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id)
);
CREATE INDEX ON api_key (tenant_id, name);
COMMENT ON TABLE api_key IS
    'Keys of the API, hr_<id>_<secret>; only a digest of the secret is kept.';
COMMENT ON COLUMN api_key.secret_sha256 IS
    'SHA-256 of the secret part; 32 random bytes need no slow hash. Read through api_key_find().';
COMMENT ON COLUMN api_key.user_id IS 'Whom requests with this key act for; permissions name it.';
COMMENT ON COLUMN api_key.role IS
    'viewer, operator, editor or admin: the API''s route table decides.';
COMMENT ON COLUMN api_key.scopes IS 'Verbs this key is limited to; empty: all of its role.';

-- ── audit_log ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE audit_log (
    tenant_id uuid NOT NULL,
    writer text NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    verb text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    before_sha256 bytea,
    after_sha256 bytea,
    detail json,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, writer, seq)
);
CREATE INDEX ON audit_log (tenant_id, at);
COMMENT ON TABLE audit_log IS
    'Append only. One hash chain per (tenant, writer), so that writers do not wait for each other.';
COMMENT ON COLUMN audit_log.tenant_id IS
    'No foreign key: the trail of a tenant outlives the tenant.';
COMMENT ON COLUMN audit_log.writer IS 'The process that wrote the row: api, engine, gateway, ….';
COMMENT ON COLUMN audit_log.seq IS '1, 2, 3, … in the chain; given by the trigger.';
COMMENT ON COLUMN audit_log.actor IS 'The user or key on whose behalf it happened.';
COMMENT ON COLUMN audit_log.verb IS 'What was done: create, update, publish, cancel, approve, ….';
COMMENT ON COLUMN audit_log.before_sha256 IS 'Digest of the object before; null when it was made.';
COMMENT ON COLUMN audit_log.after_sha256 IS 'Digest of the object after; null when it was removed.';
COMMENT ON COLUMN audit_log.detail IS 'What a reader needs beside it; never a secret.';
COMMENT ON COLUMN audit_log.hash IS
    'SHA-256 over prev_hash and every other column; given by the trigger.';

CREATE FUNCTION audit_hash(r audit_log) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    -- jsonb_build_array quotes every part, so no two rows can run together into one text;
    -- the time goes in as microseconds, because its text depends on the session's time zone.
    SELECT sha256(r.prev_hash || convert_to(jsonb_build_array(
        r.tenant_id, r.writer, r.seq, (extract(epoch FROM r.at) * 1000000)::bigint, r.actor,
        r.verb, r.object_kind, r.object_id, encode(r.before_sha256, 'hex'),
        encode(r.after_sha256, 'hex'), r.detail::text)::text, 'UTF8'))
$$;

CREATE FUNCTION audit_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
DECLARE
    last_row record;
BEGIN
    -- One chain grows by one row at a time, also while another transaction is still open.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.tenant_id::text || '/' || NEW.writer, 7));
    SELECT a.seq, a.hash INTO last_row FROM audit_log a
     WHERE a.tenant_id = NEW.tenant_id AND a.writer = NEW.writer
     ORDER BY a.seq DESC LIMIT 1;
    NEW.seq := coalesce(last_row.seq, 0) + 1;
    NEW.prev_hash := coalesce(last_row.hash, '\x'::bytea);
    NEW.hash := audit_hash(NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION audit_verify(for_tenant uuid)
RETURNS TABLE (writer text, seq bigint, problem text)
LANGUAGE sql STABLE AS $$
    SELECT a.writer, a.seq,
           CASE WHEN a.seq IS DISTINCT FROM a.expected_seq THEN 'gap in the chain'
                WHEN a.prev_hash IS DISTINCT FROM a.expected_prev
                    THEN 'does not follow its predecessor'
                ELSE 'row was changed' END
      FROM (SELECT l.writer, l.seq, l.prev_hash, l.hash, headrace.audit_hash(l) AS expected_hash,
                   row_number() OVER chain AS expected_seq,
                   coalesce(lag(l.hash) OVER chain, '\x'::bytea) AS expected_prev
              FROM headrace.audit_log l
             WHERE l.tenant_id = for_tenant
            WINDOW chain AS (PARTITION BY l.writer ORDER BY l.seq)) a
     WHERE a.seq IS DISTINCT FROM a.expected_seq
        OR a.prev_hash IS DISTINCT FROM a.expected_prev
        OR a.hash IS DISTINCT FROM a.expected_hash
     ORDER BY 1, 2
$$;
COMMENT ON FUNCTION audit_verify IS
    'Rows of a tenant''s trail that were changed, removed or slipped in; none: the trail is whole.';
