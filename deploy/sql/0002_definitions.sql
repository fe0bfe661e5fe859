-- What people design: integrations, workflows and their versions, triggers, variables,
-- connections, the library.
--
-- Writers: the API (headrace_api) writes every table of this file, except
--   user_integration    token columns also by the worker, through worker_token_save()
--   schedule            claim columns (next_fire_at, claimed_*, last_fired_at) by the gateway
--   poll_state          the gateway
-- System-wide rows (tenant_id null) are written by migrations only.

SET LOCAL ROLE headrace_migrate;
SET LOCAL search_path = headrace;
SET LOCAL lock_timeout = '2s';

-- ── integrations ────────────────────────────────────────────────────────────────────────────

CREATE TABLE integration_definition (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenant (id),
    revision int NOT NULL DEFAULT 1 CHECK (revision > 0),
    name text NOT NULL CHECK (name <> ''),
    display_name text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    logo_url text,
    auth_type text NOT NULL DEFAULT 'NONE' CHECK (auth_type IN (
        'NONE', 'API_KEY', 'BASIC', 'BEARER', 'OAUTH2', 'OAUTH2_CLIENT_CREDENTIALS', 'CUSTOM')),
    auth_config json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX integration_name ON integration_definition
    (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), name);
COMMENT ON TABLE integration_definition IS
    'A service that steps can call. tenant_id null: system-wide; a tenant''s own name goes first.';
COMMENT ON COLUMN integration_definition.revision IS
    'Raised by integration_publish() with every edit; versions pin a revision.';
COMMENT ON COLUMN integration_definition.auth_config IS
    'Where credentials go and how tokens are fetched; holds no secret.';

CREATE TABLE integration_action (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenant (id),
    integration_id uuid NOT NULL REFERENCES integration_definition (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    display_name text NOT NULL DEFAULT '',
    endpoint text NOT NULL DEFAULT '',
    method text NOT NULL DEFAULT '',
    input_schema json,
    output_schema json,
    default_config json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (integration_id, name),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES integration_definition (tenant_id, id)
);
COMMENT ON TABLE integration_action IS
    'One call of an integration. tenant_id as its definition''s.';
COMMENT ON COLUMN integration_action.endpoint IS
    'URL with ${ … } over the step''s input; empty: the action is built in.';
COMMENT ON COLUMN integration_action.default_config IS
    'headers, query, body, timeoutMs, retry, idempotency (KEY, NATURAL or NONE, or an object from '
    'method to one of them with "default"), success, pagination, rateLimit.';

CREATE TABLE integration_trigger (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenant (id),
    integration_id uuid NOT NULL REFERENCES integration_definition (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    display_name text NOT NULL DEFAULT '',
    type text NOT NULL CHECK (type IN ('WEBHOOK', 'POLLING', 'EVENT')),
    input_schema json,
    webhook_url text,
    config json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (integration_id, name),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES integration_definition (tenant_id, id)
);
COMMENT ON TABLE integration_trigger IS 'A kind of event an integration sends or can be asked for.';
COMMENT ON COLUMN integration_trigger.config IS 'Signature scheme, poll request, cursor.';

CREATE TABLE integration_revision (
    integration_id uuid NOT NULL REFERENCES integration_definition (id) ON DELETE CASCADE,
    revision int NOT NULL,
    tenant_id uuid REFERENCES tenant (id),
    definition json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (integration_id, revision)
);
COMMENT ON TABLE integration_revision IS
    'Each revision whole and unchangeable, as integration_publish() found it.';
COMMENT ON COLUMN integration_revision.definition IS
    '{id, name, displayName, authType, authConfig, revision, actions: [{id, name, endpoint, '
    'method, '
    'inputSchema, outputSchema, defaultConfig}], triggers: [{id, name, type, inputSchema, '
    'config}]}.';
CREATE TRIGGER integration_revision_final BEFORE UPDATE ON integration_revision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ── workflows ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE workflow_template (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    template_id text NOT NULL CHECK (template_id ~ '^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$'),
    owner_id text NOT NULL DEFAULT '',
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'DRAFT'
        CHECK (status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED', 'DEPRECATED')),
    is_active boolean NOT NULL DEFAULT true,
    is_public boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    permission_user_ids text[] NOT NULL DEFAULT '{}',
    permission_role_ids text[] NOT NULL DEFAULT '{}',
    draft json NOT NULL DEFAULT '{"triggers": [], "steps": []}',
    draft_rev bigint NOT NULL DEFAULT 1,
    active_version_id uuid,
    canary_version_id uuid,
    canary_percent int NOT NULL DEFAULT 0 CHECK (canary_percent BETWEEN 0 AND 100),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, template_id),
    CHECK (canary_percent = 0 OR canary_version_id IS NOT NULL)
);
COMMENT ON TABLE workflow_template IS 'A workflow as its authors see it: a draft and its versions.';
COMMENT ON COLUMN workflow_template.template_id IS
    'Reference key, URL-safe, unique in the tenant. On versions and executions the column of this '
    'name holds the template''s id.';
COMMENT ON COLUMN workflow_template.status IS
    'DEPRECATED still starts but cannot be newly referenced; ARCHIVED starts nothing.';
COMMENT ON COLUMN workflow_template.is_active IS 'false: starts nothing; what runs, goes on.';
COMMENT ON COLUMN workflow_template.is_public IS
    'Every member of the same tenant may read and execute it.';
COMMENT ON COLUMN workflow_template.draft IS
    'workflowData being edited, with its "triggers" and "steps"; publishing copies it.';
COMMENT ON COLUMN workflow_template.draft_rev IS 'Raised with every edit of the draft; the ETag.';
COMMENT ON COLUMN workflow_template.active_version_id IS
    'What a start uses. Always the version whose is_active is true.';
COMMENT ON COLUMN workflow_template.canary_version_id IS
    'Used by canary_percent of the starts instead; not active.';

CREATE TABLE workflow_version (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version_number int NOT NULL CHECK (version_number > 0),
    plan_hash bigint NOT NULL,
    workflow_data json NOT NULL,
    integrations json NOT NULL DEFAULT '[]' CHECK (json_typeof(integrations) = 'array'),
    secret_keys text[] NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    change_description text NOT NULL DEFAULT '',
    is_rollback_version boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, template_id, id),
    UNIQUE (tenant_id, template_id, version_number),
    FOREIGN KEY (tenant_id, template_id) REFERENCES workflow_template (tenant_id, id)
);
CREATE UNIQUE INDEX workflow_version_active ON workflow_version (tenant_id, template_id)
    WHERE is_active;
COMMENT ON TABLE workflow_version IS
    'A published definition. Only is_active, updated_at and change_description can change.';
COMMENT ON COLUMN workflow_version.version_number IS '1, 2, 3, … within the template.';
COMMENT ON COLUMN workflow_version.plan_hash IS
    'Hash of workflow_data and the pinned integrations, 64 bits in a signed column. Tasks carry '
    'it: '
    'who cannot name it, gets no plan.';
COMMENT ON COLUMN workflow_version.workflow_data IS 'The complete definition, byte for byte.';
COMMENT ON COLUMN workflow_version.integrations IS
    'Pinned definitions: [{"reference": as steps write it, "id": uuid, "revision": n}].';
COMMENT ON COLUMN workflow_version.secret_keys IS
    'Keys that `.secrets` of this version can reach; worker_secrets() gives out no other. Read '
    'from workflow_data when an insert leaves it out.';
COMMENT ON COLUMN workflow_version.is_active IS 'True for one version of each published template.';
COMMENT ON COLUMN workflow_version.is_rollback_version IS
    'A new version that repeats an older one''s workflow_data.';

ALTER TABLE workflow_template
    ADD FOREIGN KEY (tenant_id, id, active_version_id)
        REFERENCES workflow_version (tenant_id, template_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    ADD FOREIGN KEY (tenant_id, id, canary_version_id)
        REFERENCES workflow_version (tenant_id, template_id, id) DEFERRABLE INITIALLY IMMEDIATE;

CREATE FUNCTION version_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- Both spellings a definition can use: .secrets.KEY and .secrets["KEY"], the quotes of
        -- the second escaped once because the expression is a JSON string.
        NEW.secret_keys := coalesce(NEW.secret_keys, ARRAY(
            SELECT DISTINCT coalesce(m[1], m[2])
              FROM regexp_matches(NEW.workflow_data::text,
                   '\.secrets(?:\.?\[?\\"([A-Za-z0-9_.-]+)\\"|\.([A-Za-z_][A-Za-z0-9_]*))', 'g') m
             ORDER BY 1));
        IF EXISTS (SELECT 1 FROM json_array_elements(NEW.integrations) pin
                    WHERE NOT EXISTS (SELECT 1 FROM headrace.integration_revision r
                                       WHERE r.integration_id = (pin ->> 'id')::uuid
                                         AND r.revision = (pin ->> 'revision')::int)) THEN
            RAISE EXCEPTION 'a pinned integration revision does not exist: %', NEW.integrations
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    ELSIF (NEW.id, NEW.tenant_id, NEW.template_id, NEW.version_number, NEW.plan_hash,
           NEW.workflow_data::text, NEW.integrations::text, NEW.secret_keys,
           NEW.is_rollback_version)
       IS DISTINCT FROM
          (OLD.id, OLD.tenant_id, OLD.template_id, OLD.version_number, OLD.plan_hash,
           OLD.workflow_data::text, OLD.integrations::text, OLD.secret_keys,
           OLD.is_rollback_version) THEN
        RAISE EXCEPTION 'version % is immutable', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER version_guard BEFORE INSERT OR UPDATE ON workflow_version
    FOR EACH ROW EXECUTE FUNCTION version_guard();

CREATE TABLE workflow_step (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version_id uuid NOT NULL,
    id text NOT NULL,
    node smallint NOT NULL CHECK (node >= 0),
    parent_id text,
    name text NOT NULL,
    type text NOT NULL,
    integration_id text,
    integration_action_id text,
    next_steps text[] NOT NULL DEFAULT '{}',
    on_error_steps json NOT NULL DEFAULT '[]',
    condition text,
    input_mappings json,
    output_mappings json,
    connection_id text,
    config json NOT NULL DEFAULT '{}',
    retry json,
    timeout_ms bigint,
    "join" json,
    "position" json,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, template_id, version_id, id),
    UNIQUE (version_id, node),
    FOREIGN KEY (tenant_id, template_id, version_id)
        REFERENCES workflow_version (tenant_id, template_id, id)
);
COMMENT ON TABLE workflow_step IS
    'Projection of a version''s steps, nested ones too, written when it is published. '
    'workflow_data '
    'is the truth; the views and worker_credential() read this.';
COMMENT ON COLUMN workflow_step.node IS
    'Index in the compiled plan; what execution rows call the step.';
COMMENT ON COLUMN workflow_step.parent_id IS 'The LOOP, WHILE or SCOPE whose body it is in.';
COMMENT ON COLUMN workflow_step.name IS 'The id where the author gave no name.';
COMMENT ON COLUMN workflow_step.connection_id IS
    'A user_integration of the tenant, by id or name, as the author wrote it.';

CREATE TABLE workflow_trigger (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('WEBHOOK', 'SCHEDULED', 'EVENT', 'POLLING', 'MANUAL')),
    integration_id text,
    integration_event_id text,
    config json NOT NULL DEFAULT '{}',
    cron_expression text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, template_id, version_id, id),
    FOREIGN KEY (tenant_id, template_id, version_id)
        REFERENCES workflow_version (tenant_id, template_id, id)
);
COMMENT ON TABLE workflow_trigger IS
    'Projection of a version''s triggers, written when it is published.';
COMMENT ON COLUMN workflow_trigger.integration_event_id IS 'An integration_trigger, by id or name.';

CREATE TABLE trigger_state (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    trigger_id text NOT NULL,
    token text NOT NULL CHECK (token <> ''),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    enabled boolean NOT NULL DEFAULT true,
    path text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, template_id, trigger_id),
    FOREIGN KEY (tenant_id, template_id) REFERENCES workflow_template (tenant_id, id)
);
COMMENT ON TABLE trigger_state IS
    'What belongs to a trigger whichever version is active: its address and its switch.';
COMMENT ON COLUMN trigger_state.token IS
    '128 random bits as text; webhookUrl is {hooks}/h/{token}/{path}. Shown to authors only.';
COMMENT ON COLUMN trigger_state.token_hash IS 'SHA-256 of token; by which the gateway finds it.';
COMMENT ON COLUMN trigger_state.enabled IS
    'The author''s switch: false answers 404 and starts nothing.';

CREATE TABLE schedule (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    trigger_id text NOT NULL,
    version_id uuid NOT NULL,
    cron text NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    enabled boolean NOT NULL DEFAULT true,
    rev bigint NOT NULL DEFAULT 1,
    next_fire_at timestamptz,
    last_fired_at timestamptz,
    claimed_by text,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, template_id, trigger_id),
    FOREIGN KEY (tenant_id, template_id, version_id)
        REFERENCES workflow_version (tenant_id, template_id, id)
);
CREATE INDEX schedule_due ON schedule (next_fire_at) WHERE enabled;
COMMENT ON TABLE schedule IS
    'One row per SCHEDULED trigger of an active version; claimed row by row, there is no leader.';
COMMENT ON COLUMN schedule.version_id IS 'The active version whose trigger this is.';
COMMENT ON COLUMN schedule.rev IS
    'Raised by every edit of cron, timezone or enabled; the gateway advances only the rev it '
    'claimed.';
COMMENT ON COLUMN schedule.next_fire_at IS
    'Null: never again. The scheduled instant, not a due-by.';
COMMENT ON COLUMN schedule.claimed_until IS
    'A lease: no transaction is held open over the send to Kafka. Past: anybody may claim.';

CREATE TABLE poll_state (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL,
    trigger_id text NOT NULL,
    cursor json,
    seen json NOT NULL DEFAULT '[]',
    primed boolean NOT NULL DEFAULT false,
    failures int NOT NULL DEFAULT 0,
    next_poll_at timestamptz NOT NULL DEFAULT now(),
    claimed_by text,
    claimed_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, template_id, trigger_id),
    FOREIGN KEY (tenant_id, template_id) REFERENCES workflow_template (tenant_id, id)
);
CREATE INDEX poll_state_due ON poll_state (next_poll_at);
COMMENT ON TABLE poll_state IS 'How far a POLLING trigger has read.';
COMMENT ON COLUMN poll_state.seen IS
    'Keys of the newest items, so that an equal cursor starts nothing twice.';
COMMENT ON COLUMN poll_state.primed IS 'false: the next poll only remembers what is there already.';

-- ── variables ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE variable_revision (
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    rev bigint NOT NULL,
    id uuid NOT NULL,
    template_id uuid,
    key text NOT NULL CHECK (key ~ '^[A-Za-z_][A-Za-z0-9_.-]{0,127}$'),
    type text NOT NULL CHECK (type IN ('STRING', 'NUMBER', 'BOOLEAN', 'JSON', 'SECRET')),
    value json,
    sealed bytea,
    is_encrypted boolean NOT NULL DEFAULT false,
    is_system boolean NOT NULL DEFAULT false,
    deleted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, rev),
    FOREIGN KEY (tenant_id, template_id) REFERENCES workflow_template (tenant_id, id),
    CHECK (type <> 'SECRET' OR is_encrypted),
    CHECK (deleted OR (CASE WHEN is_encrypted THEN sealed IS NOT NULL AND value IS NULL
                            ELSE value IS NOT NULL AND sealed IS NULL END))
);
CREATE INDEX ON variable_revision (tenant_id, key, rev DESC);
COMMENT ON TABLE variable_revision IS
    'Variables, append only: an execution pins tenant.vars_rev and keeps seeing what it started '
    'with. Only secrets are looked up in their newest revision. Today''s values: '
    'workflow_variable.';
COMMENT ON COLUMN variable_revision.rev IS
    'Given by the trigger: 1, 2, 3, … within the tenant, and tenant.vars_rev with it.';
COMMENT ON COLUMN variable_revision.id IS 'The variable''s id, the same in all its revisions.';
COMMENT ON COLUMN variable_revision.template_id IS
    'Null: seen by all of the tenant. Set: by this template only, and there it goes first.';
COMMENT ON COLUMN variable_revision.value IS 'JSON of its type; null when sealed or deleted.';
COMMENT ON COLUMN variable_revision.sealed IS
    'SEALED. The value when is_encrypted. Nobody may read this column; the worker and the gateway '
    'get what they need from worker_secrets() and trigger_secret.';
COMMENT ON COLUMN variable_revision.deleted IS 'From this revision on there is no such variable.';

CREATE FUNCTION variable_number() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
BEGIN
    -- The tenant's row is locked until commit: revisions become visible in their order, so
    -- whoever reads vars_rev can read every revision up to it.
    UPDATE tenant SET vars_rev = vars_rev + 1 WHERE id = NEW.tenant_id
    RETURNING vars_rev INTO NEW.rev;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no tenant %', NEW.tenant_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER variable_number BEFORE INSERT ON variable_revision
    FOR EACH ROW EXECUTE FUNCTION variable_number();
CREATE TRIGGER variable_append_only BEFORE UPDATE OR DELETE ON variable_revision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE VIEW workflow_variable WITH (security_invoker = true) AS
SELECT id, tenant_id, template_id, key, value, type, is_encrypted, is_system, rev,
       first_at AS created_at, created_at AS updated_at, first_by AS created_by
  FROM (SELECT v.id, v.tenant_id, v.template_id, v.key, v.value, v.type, v.is_encrypted,
               v.is_system, v.deleted, v.rev, v.created_at,
               first_value(v.created_at) OVER life AS first_at,
               first_value(v.created_by) OVER life AS first_by,
               row_number() OVER (PARTITION BY v.tenant_id, v.template_id, v.key
                                  ORDER BY v.rev DESC) AS age
          FROM variable_revision v
        WINDOW life AS (PARTITION BY v.tenant_id, v.id ORDER BY v.rev)) newest
 WHERE age = 1 AND NOT deleted;
COMMENT ON VIEW workflow_variable IS
    'WorkflowVariable as it is now; value is null where is_encrypted.';

-- ── connections and library ─────────────────────────────────────────────────────────────────

CREATE TABLE user_integration (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    user_id text NOT NULL,
    integration_id uuid NOT NULL REFERENCES integration_definition (id),
    name text NOT NULL CHECK (name <> ''),
    credentials bytea,
    refresh_token bytea,
    token_expires_at timestamptz,
    refresh_epoch bigint NOT NULL DEFAULT 0,
    refreshing_until timestamptz,
    refreshing_nonce uuid,
    reauth_failures int NOT NULL DEFAULT 0,
    reauth_failed_at timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    status text NOT NULL DEFAULT 'CONNECTED'
        CHECK (status IN ('CONNECTED', 'NEEDS_REAUTH', 'DISABLED')),
    metadata json NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE user_integration IS 'A connection: somebody''s credentials for an integration.';
COMMENT ON COLUMN user_integration.credentials IS
    'SEALED, write only. Opened in the worker, which gets it from worker_credential().';
COMMENT ON COLUMN user_integration.refresh_token IS 'SEALED, write only.';
COMMENT ON COLUMN user_integration.refresh_epoch IS
    'Raised by every write of the credentials: a refresh stores its token only if this still has '
    'the value it read.';
COMMENT ON COLUMN user_integration.refreshing_until IS
    'A short lease: one refresh at a time, or a rotating refresh token is lost.';
COMMENT ON COLUMN user_integration.reauth_failures IS
    'Refusals of the refresh token in a row, counted a minute apart; the second makes it '
    'NEEDS_REAUTH.';
COMMENT ON COLUMN user_integration.metadata IS 'Account names and the like; no secret.';

CREATE FUNCTION connection_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, headrace, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM integration_definition d
                    WHERE d.id = NEW.integration_id
                      AND (d.tenant_id IS NULL OR d.tenant_id = NEW.tenant_id)) THEN
        RAISE EXCEPTION 'integration % is not the tenant''s', NEW.integration_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER connection_guard BEFORE INSERT OR UPDATE OF integration_id, tenant_id
    ON user_integration FOR EACH ROW EXECUTE FUNCTION connection_guard();

CREATE FUNCTION connection_epoch() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever began a refresh with the credentials of before must not overwrite the new ones.
    IF NEW.refresh_epoch = OLD.refresh_epoch
       AND (NEW.credentials, NEW.refresh_token) IS DISTINCT FROM
           (OLD.credentials, OLD.refresh_token) THEN
        NEW.refresh_epoch := OLD.refresh_epoch + 1;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER connection_epoch BEFORE UPDATE ON user_integration
    FOR EACH ROW EXECUTE FUNCTION connection_epoch();

CREATE TABLE workflow_template_library (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenant (id),
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    template_data json NOT NULL,
    is_published boolean NOT NULL DEFAULT false,
    is_featured boolean NOT NULL DEFAULT false,
    is_premium boolean NOT NULL DEFAULT false,
    required_integrations text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT ''
);
CREATE INDEX ON workflow_template_library (tenant_id, category);
COMMENT ON TABLE workflow_template_library IS
    'Definitions to start from. tenant_id null: offered to every tenant.';
COMMENT ON COLUMN workflow_template_library.template_data IS
    'workflowData without connections, variables and pinned data.';
COMMENT ON COLUMN workflow_template_library.required_integrations IS 'Integration names.';
