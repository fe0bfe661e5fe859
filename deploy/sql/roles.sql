-- The cluster's roles. Run by a superuser, once per cluster and database, before the migrations;
-- running it again changes nothing.
--
-- Every role may log in but has no password here: set one with ALTER ROLE, or let pg_hba.conf
-- decide (certificates, peer, SCRAM). None may bypass row-level security, create roles or own
-- anything but headrace_migrate, which owns the tables and is used for nothing but migrations.
--
--   headrace_migrate   owns schemas and tables; DDL
--   headrace_engine    the coordinator: writes executions, reads definitions, opens no secret
--   headrace_gateway   hooks, schedules, spool: reads trigger configuration and webhook secrets
--   headrace_api       the designer API: every statement under row-level security of one tenant
--   headrace_worker    may only execute the worker_* functions and start_once_claim
--   headrace_dash_ro   dashboards: the views of headrace_v1 and nothing else
--   headrace_check_ro  `headrace verify`: reads all tables except sealed columns

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'headrace_migrate', 'headrace_engine', 'headrace_gateway', 'headrace_api',
        'headrace_worker', 'headrace_dash_ro', 'headrace_check_ro'
    ] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
            role_name
        );
    END LOOP;
    -- The owner makes the schemas; nobody else makes anything in this database.
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO headrace_migrate', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO headrace_engine, headrace_gateway, headrace_api, '
        'headrace_worker, headrace_dash_ro, headrace_check_ro', current_database()
    );
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- A dashboard must not be able to hold back vacuum or occupy the machine.
ALTER ROLE headrace_dash_ro SET statement_timeout = '30s';
ALTER ROLE headrace_dash_ro SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE headrace_dash_ro SET default_transaction_read_only = on;
ALTER ROLE headrace_check_ro SET default_transaction_read_only = on;
