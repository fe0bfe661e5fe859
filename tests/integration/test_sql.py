#!/usr/bin/env python3
"""The database as deploy/sql makes it: what it holds, keeps apart, refuses and tells.

Runs against a private PostgreSQL (private_postgres.py). Sessions have an odd time zone on purpose.
"""

import json
import os
import re
import sys
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from private_postgres import ROOT, SQL, SqlError, migrations  # noqa: E402
from sql_world import Database, World, postgres, start  # noqa: E402


def setUpModule():
    start()


def tearDownModule():
    postgres.stop()


# What the data model names, entity by entity. triggers, steps, actions and stepExecutions are
# tables or views of their own; the rest are columns.
ENTITIES = {
    "headrace.workflow_template": """id template_id tenant_id owner_id name description status
        is_active is_public metadata permission_user_ids permission_role_ids draft draft_rev
        active_version_id canary_version_id canary_percent""",
    "headrace_v1.workflow_templates": "triggers steps",
    "headrace.workflow_version": """id template_id version_number workflow_data is_active
        change_description is_rollback_version""",
    "headrace.execution": """id tenant_id template_id version_id status input output started_at
        completed_at trigger_id error retry_of parent_execution_id part vars_rev engine_rev
        checkpoint checkpoint_ord trigger""",
    "headrace_v1.executions": """id template_id version_id status input output started_at
        completed_at execution_time_ms tenant_id trigger_id error retry_of parent_execution_id""",
    "headrace_v1.step_executions": """execution_id step_id step_name step_type step_status input
        output started_at completed_at retry_count retry_attempt scope_path error reused_from""",
    "headrace.step_execution": """execution_id ord node scope visit attempt status reason outcome
        chain run cont epoch txn opened_at started_at completed_at input output error""",
    "headrace.workflow_step": """id name type integration_id integration_action_id next_steps
        on_error_steps condition input_mappings output_mappings connection_id config retry
        timeout_ms join position""",
    "headrace.workflow_trigger": """id name type integration_id integration_event_id config
        cron_expression""",
    "headrace.workflow_variable": """id tenant_id key value type is_encrypted is_system
        template_id""",
    "headrace.integration_definition": """id name display_name description logo_url auth_type
        auth_config revision""",
    "headrace.integration_action": """id name display_name endpoint method input_schema
        output_schema default_config""",
    "headrace.integration_trigger": """id name display_name type input_schema webhook_url
        config""",
    "headrace.user_integration": """id user_id tenant_id integration_id credentials
        token_expires_at refresh_token is_active name status refresh_epoch""",
    "headrace.workflow_template_library": """id name description category template_data
        is_published is_featured is_premium required_integrations""",
    "headrace.open_step": """part execution_id node scope visit attempt reason due_at chain run
        worker opened_at state""",
    "headrace.turn_log": "part txn chunk turn_at opened",
    "headrace.journal": """part txn seq kind execution_id node visit attempt status reason number
        due_at at""",
    "headrace.start_once": "step_instance attempt run at",
    "headrace.engine_partition": """part epoch owner_nonce lease_until txn next_event next_result
        acked_txn last_fired kafka_cluster_id""",
    "headrace.schema_migration": "version name sha256 applied_at",
}
DATED = """workflow_template workflow_version execution workflow_step workflow_trigger
    workflow_variable integration_definition integration_action integration_trigger
    user_integration workflow_template_library tenant api_key""".split()


class Shape(Database):
    def columns(self):
        found = {}
        for schema, table, column in postgres.rows(
                "SELECT table_schema, table_name, column_name FROM information_schema.columns "
                "WHERE table_schema IN ('headrace', 'headrace_v1')"):
            found.setdefault(f"{schema}.{table}", set()).add(column)
        return found

    def test_every_entity_and_field_of_the_data_model_exists(self):
        columns = self.columns()
        wanted = {entity: set(fields.split()) for entity, fields in ENTITIES.items()}
        for entity in DATED:
            wanted.setdefault(f"headrace.{entity}", set()).update(
                ("created_at", "updated_at", "created_by"))
        missing = {entity: sorted(fields - columns.get(entity, set()))
                   for entity, fields in wanted.items() if fields - columns.get(entity, set())}
        self.assertEqual(missing, {})

    def test_every_migration_is_recorded_once_and_in_order(self):
        rows = postgres.rows("SELECT version, name FROM headrace.schema_migration ORDER BY 1")
        self.assertEqual(rows, [[str(version), name] for version, name, _ in migrations()])
        self.assertEqual([version for version, _, _ in migrations()],
                         list(range(1, len(rows) + 1)))

    def test_everything_belongs_to_the_migrations_role(self):
        self.assertEqual(postgres.rows("""
            SELECT relname, pg_get_userbyid(relowner) FROM pg_class
             WHERE relnamespace::regnamespace::text LIKE 'headrace%'
               AND relowner <> 'headrace_migrate'::regrole
            UNION ALL SELECT proname, pg_get_userbyid(proowner) FROM pg_proc
             WHERE pronamespace::regnamespace::text LIKE 'headrace%'
               AND proowner <> 'headrace_migrate'::regrole"""), [])

    def test_the_roles_can_be_applied_again_and_a_superuser_may_migrate(self):
        dump = "SELECT rolname, rolsuper, rolbypassrls, rolconfig FROM pg_roles ORDER BY 1"
        before = postgres.rows(dump)
        postgres.psql("-f", os.path.join(SQL, "roles.sql"))
        self.assertEqual(postgres.rows(dump), before)
        postgres.psql("-c", "CREATE DATABASE second", database="postgres")
        postgres.psql("-f", os.path.join(SQL, "roles.sql"), database="second")
        for _, _, path in migrations():
            postgres.psql("-1", "-f", path, database="second")
        owners = postgres.psql("-c", "SELECT DISTINCT tableowner FROM pg_tables "
                               "WHERE schemaname LIKE 'headrace%'", database="second")
        self.assertEqual(owners.strip(), "headrace_migrate")
        postgres.psql("-c", "DROP DATABASE second", database="postgres")

    def test_tables_views_and_hot_columns_explain_themselves(self):
        self.assertEqual(postgres.rows("""
            SELECT oid::regclass FROM pg_class
             WHERE relnamespace::regnamespace::text LIKE 'headrace%' AND relkind IN ('r', 'p', 'v')
               AND NOT relispartition AND relname NOT LIKE '%status_code'
               AND obj_description(oid) IS NULL"""), [])

    def test_the_numbers_are_those_of_the_c_sources(self):
        with open(os.path.join(ROOT, "common", "model", "kinds.h"), encoding="utf-8") as file:
            source = file.read()
        for table, name in (("execution_status_code", "EXECUTION_STATUSES"),
                            ("step_status_code", "STEP_STATUSES"),
                            ("reason_code", "STEP_REASONS")):
            body = re.search(rf"#define {name}\(X\)((?:.*\\\n)*.*)\n", source).group(1)
            words = re.findall(r'X\(\w+, "(\w+)"\)', body)
            self.assertEqual(postgres.rows(f"SELECT code, word FROM headrace.{table} ORDER BY 1"),
                             [[str(code), word] for code, word in enumerate(words)], table)

    def test_the_page_about_it_lists_every_view_with_its_columns_and_every_table(self):
        with open(os.path.join(ROOT, "docs", "sql.md"), encoding="utf-8") as file:
            page = file.read()
        listed = {name: re.findall(r"`(\w+)`", columns) for name, columns in re.findall(
            r"^\| `headrace_v1\.(\w+)` \|.*\|([^|\n]*)\|$", page, re.M)}
        there = {}
        for view, column in postgres.rows(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema = 'headrace_v1' ORDER BY table_name, ordinal_position"):
            there.setdefault(view, []).append(column)
        self.assertEqual(listed, there)
        tables = [row[0] for row in postgres.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'headrace'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT relispartition")]
        self.assertEqual([table for table in tables if f"| `{table}` |" not in page], [])


class Definitions(Database):
    def test_a_published_version_cannot_be_changed(self):
        world = World()
        for column, value in (("workflow_data", "'{}'"), ("plan_hash", "1"),
                              ("version_number", "2"), ("integrations", "'[]'"),
                              ("secret_keys", "'{A}'"), ("is_rollback_version", "true")):
            self.refused("23001", f"UPDATE headrace.workflow_version SET {column} = {value} "
                         f"WHERE id = '{world.version}'")
        world.api("UPDATE headrace.workflow_version SET change_description = 'why'")

    def test_a_template_has_one_active_version_and_only_its_own(self):
        one, two = World(), World()
        insert = (f"INSERT INTO headrace.workflow_version (id, tenant_id, template_id, "
                  f"version_number, plan_hash, workflow_data, is_active) VALUES ('{uuid.uuid4()}', "
                  f"'{one.tenant}', '{one.template}', 2, 1, '{{}}', %s)")
        self.refused("23505", insert % "true", "headrace_api", one.tenant)
        one.api(insert % "false")
        self.refused("23503", f"UPDATE headrace.workflow_template SET active_version_id = "
                     f"'{two.version}' WHERE id = '{one.template}'", "headrace_api", one.tenant)

    def test_a_version_pins_only_revisions_that_exist(self):
        world, other = World(), World()
        private = uuid.uuid4()
        other.api(f"INSERT INTO headrace.integration_definition (id, tenant_id, name) VALUES "
                  f"('{private}', '{other.tenant}', 'x'); "
                  f"SELECT headrace.integration_publish('{private}')")
        http = postgres.value("SELECT id FROM headrace.integration_definition WHERE name = 'http'")
        for state, pins in (("23503", [{"id": http, "revision": 99}]),
                            ("23503", [{"id": str(private), "revision": 1}]),
                            ("22023", {"http": 1})):
            with self.subTest(pins=pins), self.assertRaises(SqlError) as caught:
                world.api(f"INSERT INTO headrace.workflow_version (id, tenant_id, template_id, "
                          f"version_number, plan_hash, workflow_data, integrations) VALUES "
                          f"('{uuid.uuid4()}', '{world.tenant}', '{world.template}', 2, 1, '{{}}', "
                          f"'{json.dumps(pins)}')")
            self.assertEqual(caught.exception.state, state)

    def test_new_credentials_outdate_a_refresh_that_is_under_way(self):
        world = World()
        id_ = world.connection("crm")
        world.api(f"UPDATE headrace.user_integration SET credentials = 'x' WHERE id = '{id_}'")
        world.api(f"UPDATE headrace.user_integration SET name = 'y' WHERE id = '{id_}'")
        self.assertEqual(world.api("SELECT refresh_epoch FROM headrace.user_integration"), [["1"]])

    def test_the_reference_key_is_unique_in_its_tenant_only(self):
        one, _ = World(), World()  # both have a template "orders"
        self.refused("23505", f"INSERT INTO headrace.workflow_template (id, tenant_id, template_id,"
                     f" name) VALUES ('{uuid.uuid4()}', '{one.tenant}', 'orders', 'x')",
                     "headrace_api", one.tenant)
        self.refused("23514", f"INSERT INTO headrace.workflow_template (id, tenant_id, template_id,"
                     f" name) VALUES ('{uuid.uuid4()}', '{one.tenant}', 'a/b', 'x')",
                     "headrace_api", one.tenant)

    def test_the_secrets_a_version_names_are_read_from_its_definition(self):
        world = World()
        self.assertEqual(world.api("SELECT secret_keys FROM headrace.workflow_version"),
                         [["{OTHER,TOKEN}"]])

    def test_variables_are_revisions_and_the_view_shows_the_newest(self):
        world = World()
        world.variable("a", "1")
        world.variable("a", "2")
        world.variable("a", "own", template=world.template)
        world.variable("b", "x")
        world.variable("b", None, deleted=True)
        self.assertEqual(world.api("SELECT rev, key, value FROM headrace.variable_revision "
                                   "ORDER BY 1")[-1], ["5", "b", ""])
        self.assertEqual(world.api("SELECT vars_rev FROM headrace.tenant"), [["5"]])
        self.assertEqual(world.api("SELECT key, value, template_id IS NULL, "
                                   "updated_at >= created_at FROM headrace.workflow_variable "
                                   "ORDER BY 3"),
                         [["a", '"own"', "f", "t"], ["a", '"2"', "t", "t"]])
        self.refused("23001", "UPDATE headrace.variable_revision SET value = '1'")
        self.refused("23514", f"INSERT INTO headrace.variable_revision (tenant_id, id, key, type, "
                     f"value) VALUES ('{world.tenant}', '{uuid.uuid4()}', 's', 'SECRET', '\"x\"')",
                     "headrace_api", world.tenant)

    def test_a_connection_cannot_use_another_tenants_integration(self):
        one, two = World(), World()
        id_ = uuid.uuid4()
        two.api(f"INSERT INTO headrace.integration_definition (id, tenant_id, name) "
                f"VALUES ('{id_}', '{two.tenant}', 'private')")
        self.refused("23503", f"INSERT INTO headrace.user_integration (id, tenant_id, user_id, "
                     f"integration_id, name) VALUES ('{uuid.uuid4()}', '{one.tenant}', 'u', "
                     f"'{id_}', 'x')", "headrace_api", one.tenant)
        self.refused("23503", f"INSERT INTO headrace.integration_action (id, tenant_id, "
                     f"integration_id, name) VALUES ('{uuid.uuid4()}', '{one.tenant}', '{id_}', "
                     f"'x')", "headrace_api", one.tenant)

    def test_the_system_integrations_are_there_and_published(self):
        rows = postgres.rows("""
            SELECT d.name, a->>'name', a->'defaultConfig'->'idempotency'
              FROM headrace.integration_definition d
              JOIN headrace.integration_revision r
                ON r.integration_id = d.id AND r.revision = d.revision,
                   json_array_elements(r.definition->'actions') a
             WHERE d.tenant_id IS NULL ORDER BY 1""")
        self.assertEqual([row[:2] for row in rows], [["core", "noop"], ["http", "request"]])
        methods = json.loads(rows[1][2])
        self.assertEqual({methods[name] for name in ("GET", "HEAD", "PUT", "DELETE")}, {"NATURAL"})
        self.assertEqual(methods["default"], "KEY")

    def test_publishing_an_integration_makes_a_revision_only_when_something_changed(self):
        world, id_ = World(), uuid.uuid4()
        world.api(f"INSERT INTO headrace.integration_definition (id, tenant_id, name) "
                  f"VALUES ('{id_}', '{world.tenant}', 'shop')")
        publish = f"SELECT headrace.integration_publish('{id_}')"
        self.assertEqual([world.api(publish), world.api(publish)], [[["1"]], [["1"]]])
        world.api(f"INSERT INTO headrace.integration_action (id, tenant_id, integration_id, name) "
                  f"VALUES ('{uuid.uuid4()}', '{world.tenant}', '{id_}', 'buy')")
        self.assertEqual(world.api(publish), [["2"]])
        self.refused("23001", "UPDATE headrace.integration_revision SET definition = '{}'")

    def test_whoever_listens_hears_what_changed_and_nothing_else(self):
        world = World()

        def heard(text):
            out = postgres.psql("-c", "LISTEN headrace_catalog", "-c", text, "-c", "SELECT 1")
            return re.findall(r'payload "(\w+:[0-9a-f-]+)"', out)

        self.assertEqual(heard(f"UPDATE headrace.workflow_template SET is_active = false "
                               f"WHERE id = '{world.template}'"), [f"template:{world.template}"])
        self.assertEqual(heard(f"UPDATE headrace.workflow_template SET draft = '{{}}' "
                               f"WHERE id = '{world.template}'"), [])
        self.assertEqual(heard(f"UPDATE headrace.trigger_state SET enabled = false "
                               f"WHERE template_id = '{world.template}'"),
                         [f"trigger:{world.template}"])
        self.assertEqual(heard(f"INSERT INTO headrace.variable_revision (tenant_id, id, key, type, "
                               f"value) VALUES ('{world.tenant}', '{uuid.uuid4()}', 'k', 'STRING', "
                               f"'\"v\"')"), [f"variable:{world.tenant}"])
        schedule = (f"headrace.schedule SET next_fire_at = now() WHERE template_id = "
                    f"'{world.template}'")
        self.assertEqual(heard(f"""INSERT INTO headrace.schedule (tenant_id, template_id,
            trigger_id, version_id, cron) VALUES ('{world.tenant}', '{world.template}', 'n',
            '{world.version}', '* * * * *')"""), [f"schedule:{world.template}"])
        self.assertEqual(heard(f"UPDATE {schedule}"), [])


class Audit(Database):
    def note(self, world, writer, verb):
        world.api(f"INSERT INTO headrace.audit_log (tenant_id, writer, actor, verb, object_kind, "
                  f"object_id, detail) VALUES ('{world.tenant}', '{writer}', 'ann', '{verb}', "
                  f"'template', 'x', '{{\"a\": 1}}')")

    def test_the_trail_shows_every_change_made_to_it(self):
        world = World()
        for verb in ("create", "update", "publish", "archive"):
            self.note(world, "api", verb)
        self.note(world, "engine", "cancel")
        verify = f"SELECT * FROM headrace.audit_verify('{world.tenant}')"
        self.assertEqual(postgres.rows(verify), [])
        self.refused("23001", "UPDATE headrace.audit_log SET actor = 'bob'")
        self.refused("23001", "DELETE FROM headrace.audit_log")
        self.refused("23001", "TRUNCATE headrace.audit_log")
        mine = f"WHERE tenant_id = '{world.tenant}' AND writer = 'api' AND seq ="

        def tampered(text):
            return postgres.rows(f"BEGIN; ALTER TABLE headrace.audit_log DISABLE TRIGGER USER; "
                                 f"{text}; {verify}; ROLLBACK")

        self.assertEqual(tampered(f"UPDATE headrace.audit_log SET actor = 'bob' {mine} 2"),
                         [["api", "2", "row was changed"]])
        self.assertEqual(tampered(f"DELETE FROM headrace.audit_log {mine} 2"),
                         [["api", "3", "gap in the chain"], ["api", "4", "gap in the chain"]])
        self.assertEqual(tampered(
            f"UPDATE headrace.audit_log a SET actor = 'bob', hash = headrace.audit_hash((SELECT b "
            f"FROM (SELECT tenant_id, writer, seq, at, 'bob', verb, object_kind, object_id, "
            f"before_sha256, after_sha256, detail, prev_hash, hash FROM headrace.audit_log {mine} 2"
            f") c, LATERAL (SELECT (c.*)::headrace.audit_log AS b) d)) {mine} 2"),
            [["api", "3", "does not follow its predecessor"]])


class Tenancy(Database):
    TENANT_TABLES = """tenant workflow_template workflow_version workflow_step workflow_trigger
        trigger_state variable_revision workflow_variable user_integration execution
        step_execution open_step""".split()

    def test_a_tenant_sees_and_changes_nothing_of_another(self):
        one, two = World(), World()
        for world in (one, two):
            world.variable("a", "1")
            world.connection("crm")
            execution = world.execution()
            world.step(execution, 1)
            postgres.rows(f"INSERT INTO headrace.open_step (part, execution_id, node, reason) "
                          f"VALUES (0, '{execution}', 1, 17)", "headrace_engine")
        for table in self.TENANT_TABLES:
            tenant = {"tenant": "id", "step_execution": "execution_id", "open_step": "execution_id"
                      }.get(table, "tenant_id")
            mine = postgres.rows(f"SELECT DISTINCT {tenant} FROM headrace.{table}", "headrace_api",
                                 one.tenant)
            if tenant == "execution_id":
                mine = postgres.rows(f"SELECT DISTINCT tenant_id FROM headrace.execution "
                                     f"WHERE id = '{mine[0][0]}'")
            self.assertEqual(mine, [[one.tenant]], table)
        for view in ("executions", "step_executions", "step_attempts", "step_waits",
                     "workflow_templates", "workflow_versions", "trigger_activity"):
            self.assertEqual(postgres.rows(f"SELECT DISTINCT tenant_id FROM headrace_tenant.{view}",
                                           "headrace_api", one.tenant), [[one.tenant]], view)
        self.assertEqual(one.api(f"WITH u AS (UPDATE headrace.workflow_template SET name = 'mine' "
                                 f"WHERE id = '{two.template}' RETURNING 1) "
                                 f"SELECT count(*) FROM u"), [["0"]])
        self.refused("42501", f"INSERT INTO headrace.workflow_template (id, tenant_id, template_id,"
                     f" name) VALUES ('{uuid.uuid4()}', '{two.tenant}', 'planted', 'x')",
                     "headrace_api", one.tenant)
        self.refused("42501", f"UPDATE headrace.workflow_template SET tenant_id = '{two.tenant}'",
                     "headrace_api", one.tenant)

    def test_without_a_tenant_nothing_can_be_read(self):
        World()
        for table in ("workflow_template", "execution", "api_answer", "user_integration"):
            column = "name" if table == "user_integration" else "count(*)"
            self.refused("42704", f"SELECT {column} FROM headrace.{table}", "headrace_api")

    def test_what_is_system_wide_is_seen_by_all_and_written_by_none(self):
        world = World()
        count = "SELECT count(*) FROM headrace.integration_definition WHERE tenant_id IS NULL"
        self.assertEqual(world.api(count), [["2"]])
        self.assertEqual(world.api("WITH u AS (UPDATE headrace.integration_definition SET "
                                   "description = 'x' WHERE tenant_id IS NULL RETURNING 1) "
                                   "SELECT count(*) FROM u"), [["0"]])
        self.refused("42501", f"INSERT INTO headrace.integration_definition (id, name) "
                     f"VALUES ('{uuid.uuid4()}', 'mine')", "headrace_api", world.tenant)

    def test_every_table_with_a_tenant_has_forced_row_level_security(self):
        self.assertEqual(postgres.rows("""
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = 'headrace'::regnamespace AND c.relkind IN ('r', 'p')
               AND NOT c.relispartition AND a.attname = 'tenant_id'
               AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"""), [])


SEALED = {("variable_revision", "sealed"), ("user_integration", "credentials"),
          ("user_integration", "refresh_token"), ("tenant_key", "wrapped"),
          ("api_key", "secret_sha256"), ("trigger_state", "token")}
MAY_READ = {("headrace_gateway", "tenant_key", "wrapped"),
            ("headrace_api", "tenant_key", "wrapped"), ("headrace_api", "trigger_state", "token")}
ROLES = """headrace_engine headrace_gateway headrace_api headrace_worker headrace_dash_ro
    headrace_check_ro""".split()


class Grants(Database):
    # role, what it must not do
    FORBIDDEN = (
        ("headrace_engine", "UPDATE headrace.execution SET tenant_id = gen_random_uuid()"),
        ("headrace_engine", "DELETE FROM headrace.execution"),
        ("headrace_engine", "UPDATE headrace.step_execution SET status = 3"),
        ("headrace_engine", "DELETE FROM headrace.step_execution"),
        ("headrace_engine", "UPDATE headrace.workflow_version SET is_active = true"),
        ("headrace_engine", "INSERT INTO headrace.variable_revision (key) VALUES ('a')"),
        ("headrace_engine", "SELECT * FROM headrace.tenant_key"),
        ("headrace_engine", "SELECT * FROM headrace.worker_secrets(gen_random_uuid())"),
        ("headrace_engine", "CREATE TABLE headrace.mine (a int)"),
        ("headrace_engine", "DROP TABLE headrace.execution_default"),
        ("headrace_gateway", "SELECT key FROM headrace.variable_revision"),
        ("headrace_gateway", "SELECT id FROM headrace.user_integration"),
        ("headrace_gateway", "SELECT input FROM headrace.execution"),
        ("headrace_gateway", "SELECT * FROM headrace.step_execution"),
        ("headrace_gateway", "UPDATE headrace.schedule SET cron = ''"),
        ("headrace_gateway", "INSERT INTO headrace.execution (id) VALUES (gen_random_uuid())"),
        ("headrace_gateway", "UPDATE headrace.engine_partition SET txn = 0"),
        ("headrace_worker", "SELECT * FROM headrace.execution"),
        ("headrace_worker", "SELECT * FROM headrace.workflow_version"),
        ("headrace_worker", "INSERT INTO headrace.start_once VALUES (gen_random_uuid(), 0, 1)"),
        ("headrace_worker", "SELECT headrace.raise_fenced()"),
        ("headrace_worker", "SELECT * FROM headrace.retention_apply()"),
        ("headrace_worker", "SELECT headrace.worker_connection(gen_random_uuid(), 'x')"),
        ("headrace_api", "INSERT INTO headrace.execution (id) VALUES (gen_random_uuid())"),
        ("headrace_api", "UPDATE headrace.audit_log SET actor = ''"),
        ("headrace_api", "UPDATE headrace.tenant SET vars_rev = 0"),
        ("headrace_api", "SELECT * FROM headrace.engine_partition"),
        ("headrace_api", "SELECT * FROM headrace_v1.executions"),
        ("headrace_api", "SELECT * FROM headrace.trigger_secret"),
        ("headrace_api", "SELECT * FROM headrace.worker_secrets(gen_random_uuid())"),
        ("headrace_api", "SELECT headrace.partitions_ensure()"),
        ("headrace_dash_ro", "SELECT * FROM headrace.execution"),
        ("headrace_dash_ro", "SELECT * FROM headrace_tenant.executions"),
        ("headrace_engine", "CREATE TEMPORARY TABLE mine (a int)"),
        ("headrace_check_ro", "SELECT * FROM headrace.user_integration"),
        ("headrace_check_ro", "SELECT headrace.partitions_ensure()"),
        ("headrace_gateway", "CREATE TABLE public.mine (a int)"),
    )

    def test_no_role_can_do_what_is_not_its_job(self):
        world = World()
        for role, text in self.FORBIDDEN:
            with self.subTest(role=role, text=text):
                self.refused("42501", text, role,
                             world.tenant if role == "headrace_api" else None)

    def test_a_looking_role_cannot_write_even_where_it_could(self):
        for role in ("headrace_dash_ro", "headrace_check_ro"):
            self.assertEqual(postgres.value("SHOW default_transaction_read_only", role), "on")

    def test_sealed_columns_are_read_by_nobody_but_whom_they_are_for(self):
        rows = postgres.rows(f"""
            SELECT r, t, c FROM unnest(ARRAY{ROLES}) r,
                (VALUES {', '.join(map(str, sorted(SEALED)))}) s (t, c)
             WHERE has_column_privilege(r, 'headrace.' || t, c, 'SELECT')""")
        self.assertEqual({tuple(row) for row in rows}, MAY_READ)

    def test_every_role_can_do_its_job(self):
        world = World()
        world.variable("HOOK", None, "SECRET", sealed="hook secret")
        execution = world.execution()
        engine = f"""
            UPDATE headrace.execution SET status = 4, output = '1', completed_at = now(),
                updated_at = now() WHERE id = '{execution}';
            DELETE FROM headrace.open_step USING unnest(ARRAY['{execution}'::uuid]) u (id)
             WHERE part = 0 AND execution_id = u.id;
            INSERT INTO headrace.turn_log VALUES (9, 1, 0, now(), '');
            DELETE FROM headrace.turn_log WHERE part = 9;
            INSERT INTO headrace.coordinator_member (id) VALUES ('c') ON CONFLICT (id)
                DO UPDATE SET beat_at = now();
            UPDATE headrace.engine_partition SET epoch = epoch + 1, owner_nonce = gen_random_uuid(),
                lease_until = now() + interval '10 s', owner = 'c' WHERE part = 9
                AND (lease_until < now() OR owner_nonce IS NULL);
            INSERT INTO headrace.late_result (execution_id, node, status, why)
                VALUES ('{execution}', 0, 3, 'TERMINAL');
            SELECT key, value FROM headrace.variable_revision"""
        postgres.rows(engine, "headrace_engine")
        self.assertEqual(postgres.rows(f"SELECT trigger_id, key, convert_from(sealed, 'UTF8') FROM "
                                       f"headrace.trigger_secret WHERE tenant_id = "
                                       f"'{world.tenant}'", "headrace_gateway"),
                         [["hook", "HOOK", "hook secret"]])
        postgres.rows(f"""
            SELECT trigger_id, enabled, path FROM headrace.trigger_state
             WHERE token_hash = sha256('x');
            UPDATE headrace.schedule SET claimed_by = 'g', claimed_until = now(),
                next_fire_at = now(), last_fired_at = now() WHERE rev = 1;
            INSERT INTO headrace.event_spool (id, tenant_id, event_key, event)
                VALUES (gen_random_uuid(), '{world.tenant}', '', '');
            DELETE FROM headrace.event_spool;
            SELECT status FROM headrace.execution WHERE id = '{execution}'""", "headrace_gateway")
        owner = postgres.rows("SELECT partition, owner, is_owned FROM headrace_v1.partition_owners "
                              "WHERE partition = 9", "headrace_dash_ro")
        self.assertEqual(owner, [["9", "c", "t"]])
        self.assertEqual(postgres.rows(f"SELECT e.id FROM headrace.execution e WHERE e.id = "
                                       f"'{execution}'", "headrace_check_ro"), [[execution]])

    def test_an_api_key_is_found_before_its_tenant_is_known(self):
        world, id_ = World(), uuid.uuid4()
        world.api(f"INSERT INTO headrace.api_key (id, tenant_id, name, secret_sha256) "
                  f"VALUES ('{id_}', '{world.tenant}', 'ci', sha256('secret'))")
        find = f"SELECT tenant_id FROM headrace.api_key_find('{id_}')"
        self.assertEqual(postgres.rows(find, "headrace_api"), [[world.tenant]])
        self.assertEqual(postgres.value(f"SELECT headrace.api_tenant_find('{world.name}')",
                                        "headrace_api"), world.tenant)
        postgres.rows(f"SELECT headrace.api_key_used('{id_}')", "headrace_api")
        self.assertEqual(world.api("SELECT last_used_at IS NOT NULL FROM headrace.api_key"),
                         [["t"]])
        for gone in ("expires_at = now() - interval '1 s'",
                     "revoked_at = now(), expires_at = NULL"):
            world.api(f"UPDATE headrace.api_key SET {gone}")
            self.assertEqual(postgres.rows(find, "headrace_api"), [])

    def test_an_encrypted_variable_can_be_read_again_and_a_secret_cannot(self):
        world, other = World(), World()
        world.variable("E", None, "STRING", sealed="e")
        world.variable("S", None, "SECRET", sealed="s")
        ids = dict(world.api("SELECT key, id FROM headrace.workflow_variable"))
        read = "SELECT convert_from(sealed, 'UTF8') FROM headrace.api_encrypted_value('%s')"
        self.assertEqual(world.api(read % ids["E"]), [["e"]])
        self.assertEqual(world.api(read % ids["S"]) + other.api(read % ids["E"]), [])

    def test_functions_are_closed_to_the_public_and_definers_pin_their_search_path(self):
        self.assertEqual(postgres.rows("""
            SELECT p.oid::regprocedure FROM pg_proc p
             WHERE p.pronamespace::regnamespace::text LIKE 'headrace%'
               AND (p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) a
                                                 WHERE a.grantee = 0)
                    OR p.prosecdef AND NOT coalesce(p.proconfig::text LIKE
                        '%search_path=pg_catalog, headrace, pg_temp%', false))"""), [])


if __name__ == "__main__":
    unittest.main()
