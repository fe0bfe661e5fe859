#!/usr/bin/env python3
"""Executions in the database: the fence, what workers get, partitions, retention, the views.

Runs against a private PostgreSQL (private_postgres.py). Sessions have an odd time zone on purpose.
"""

import json
import os
import re
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from private_postgres import SqlError  # noqa: E402
from sql_world import DAY_MS, NOW_MS, Database, World, at, postgres, start, uuid_at  # noqa: E402


def setUpModule():
    start()


def tearDownModule():
    postgres.stop()


class Worker(Database):
    def test_a_plan_is_given_for_its_hash_alone(self):
        world = World()
        rows = postgres.rows(f"SELECT tenant_id, template_id, version_number, "
                             f"workflow_data->'steps'->0->>'id', integrations->0->>'reference', "
                             f"integrations->0->'definition'->>'name' FROM "
                             f"headrace.worker_plan('{world.version}', {world.hash})",
                             "headrace_worker")
        self.assertEqual(rows, [[world.tenant, world.template, "1", "call", "http", "http"]])
        self.assertEqual(postgres.rows(f"SELECT * FROM headrace.worker_plan('{world.version}', 1)",
                                       "headrace_worker"), [])

    def test_variables_are_those_of_the_pinned_revision(self):
        world = World()
        world.variable("a", "old")
        world.variable("b", "tenant")
        world.variable("b", "template", template=world.template)
        world.variable("c", None, "STRING", sealed="sealed c")
        world.variable("d", "gone")
        world.variable("a", "new")
        world.variable("d", None, deleted=True)

        def seen(rev):
            return postgres.rows(f"SELECT key, value FROM headrace.worker_vars('{world.version}', "
                                 f"{world.hash}, {rev}) ORDER BY 1", "headrace_worker")

        self.assertEqual(seen(5), [["a", '"old"'], ["b", '"template"'], ["d", '"gone"']])
        self.assertEqual(seen(7), [["a", '"new"'], ["b", '"template"']])
        self.assertEqual(seen(1), [["a", '"old"']])

    def test_secrets_go_to_executions_that_run_and_name_them(self):
        world, other = World(), World()
        world.variable("TOKEN", None, "SECRET", sealed="first")
        world.variable("UNNAMED", None, "SECRET", sealed="never")
        world.variable("C", None, "STRING", sealed="pinned")
        other.variable("TOKEN", None, "SECRET", sealed="theirs")
        execution = world.execution()
        world.variable("TOKEN", None, "SECRET", sealed="rotated")
        world.variable("C", None, "STRING", sealed="later")
        query = (f"SELECT key, convert_from(sealed, 'UTF8') FROM "
                 f"headrace.worker_secrets('{execution}') ORDER BY 1")
        self.assertEqual(postgres.rows(query, "headrace_worker"),
                         [["C", "pinned"], ["TOKEN", "rotated"]])
        postgres.rows(f"UPDATE headrace.execution SET status = 4 WHERE id = '{execution}'",
                      "headrace_engine")
        self.assertEqual(postgres.rows(query, "headrace_worker"), [])

    def test_credentials_go_to_executions_whose_version_names_the_connection(self):
        world, other = World(), World()
        named, unnamed = world.connection("crm", "ours"), world.connection("bank")
        other.connection("crm", "theirs")
        execution = world.execution()
        postgres.rows(f"INSERT INTO headrace.tenant_key (tenant_id, dek_id, kek_id, wrapped) "
                      f"VALUES ('{world.tenant}', '{uuid.uuid4()}', 'k1', 'wrapped')",
                      "headrace_api", world.tenant)

        def given(connection, execution=execution):
            return postgres.rows(f"SELECT id, auth_type, convert_from(credentials, 'UTF8') FROM "
                                 f"headrace.worker_credential('{execution}', '{connection}')",
                                 "headrace_worker")

        self.assertEqual(given("crm"), [[named, "NONE", "ours"]])
        self.assertEqual(given(named), [[named, "NONE", "ours"]])
        self.assertEqual(given("bank") + given(unnamed) + given("crm", uuid_at(NOW_MS)), [])
        keys = f"SELECT kek_id FROM headrace.worker_keys('{execution}')"
        self.assertEqual(postgres.rows(keys, "headrace_worker"), [["k1"]])
        world.api(f"UPDATE headrace.user_integration SET is_active = false WHERE id = '{named}'")
        self.assertEqual(given("crm"), [])
        postgres.rows(f"UPDATE headrace.execution SET status = 6 WHERE id = '{execution}'",
                      "headrace_engine")
        self.assertEqual(postgres.rows(keys, "headrace_worker"), [])

    def test_one_refresh_at_a_time_and_the_newer_token_stays(self):
        world = World()
        connection = world.connection("crm")
        execution = world.execution()
        one, two = uuid.uuid4(), uuid.uuid4()

        def call(function, nonce, epoch, more=""):
            return postgres.value(f"SELECT headrace.worker_token_{function}('{execution}', "
                                  f"'{connection}', {epoch}, '{nonce}'{more})", "headrace_worker")

        save = ", 'new', NULL, now() + interval '1 hour'"
        self.assertEqual(call("claim", one, 0, ", 5000"), "t")
        self.assertEqual(call("claim", two, 0, ", 5000"), "f")
        self.assertEqual(call("save", two, 0, save), "f")
        self.assertEqual(call("save", one, 0, save), "t")
        self.assertEqual(call("save", one, 0, save), "f")
        self.assertEqual(call("claim", two, 0, ", 5000"), "f")
        self.assertEqual(call("claim", two, 1, ", 5000"), "t")
        self.assertIn(call("refused", one, 1), ("", None))
        self.assertEqual(call("refused", two, 1), "CONNECTED")
        call("claim", two, 1, ", 5000")
        self.assertEqual(call("refused", two, 1), "CONNECTED", "a second refusal within a minute")
        postgres.rows(f"UPDATE headrace.user_integration SET reauth_failed_at = now() - "
                      f"interval '2 min' WHERE id = '{connection}'")
        call("claim", two, 1, ", 5000")
        self.assertEqual(call("refused", two, 1), "NEEDS_REAUTH")

    def test_what_must_not_be_done_twice_has_one_claimant(self):
        instance = uuid.uuid4()
        claim = f"SELECT headrace.start_once_claim('{instance}', 0::smallint, %d)"
        claims = [postgres.value(claim % run, "headrace_worker") for run in (7, 8, 7)]
        self.assertEqual(claims, ["t", "f", "t"])
        revoked = uuid.uuid4()
        postgres.rows(f"INSERT INTO headrace.start_once VALUES ('{revoked}', 0, 0)",
                      "headrace_engine")
        self.assertEqual(postgres.value(f"SELECT headrace.start_once_claim('{revoked}', "
                                        f"0::smallint, 9)", "headrace_worker"), "f")
        self.refused("22023", claim % 0, "headrace_worker")


FENCE = """
WITH f AS (UPDATE headrace.engine_partition p
      SET txn = p.txn + 1, next_event = u.e1, next_result = u.r1, acked_txn = u.ack,
          lease_until = now() + interval '10 s'
     FROM unnest('{{{part}}}'::int[], '{{{epoch}}}'::int[], '{{{nonce}}}'::uuid[],
                 '{{{txn}}}'::bigint[], '{{{e0}}}'::bigint[], '{{0}}'::bigint[],
                 '{{9}}'::bigint[], '{{0}}'::bigint[], '{{0}}'::bigint[])
          u (part, epoch, nonce, txn, e0, r0, e1, r1, ack)
    WHERE (p.part, p.epoch, p.owner_nonce, p.txn, p.next_event, p.next_result)
        = (u.part, u.epoch, u.nonce, u.txn, u.e0, u.r0) RETURNING 1)
SELECT CASE WHEN count(*) = 1 THEN 1 ELSE headrace.raise_fenced() END FROM f;"""


class Fence(Database):
    def pipeline(self, execution, world, **stale):
        """One batch in libpq's pipeline mode, COMMIT sent before any answer is read."""
        fence = FENCE.format(**{**self.owned, **stale})
        script = os.path.join(postgres.folder, "batch.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"""\\startpipeline
BEGIN;{fence}
INSERT INTO headrace.execution (id, tenant_id, template_id, version_id, part, status)
VALUES ('{execution}', '{world.tenant}', '{world.template}', '{world.version}', 3, 1);
INSERT INTO headrace.turn_log VALUES (3, {self.owned['txn']} + 1, 0, now(),
    uuid_send('{execution}'::uuid));
COMMIT;
\\endpipeline
""")
        run = subprocess.run([os.path.join(postgres.bin, "pgbench"), "-n", "-t", "1", "-M",
                              "extended", "-f", script, "-h", postgres.folder,
                              "-U", "headrace_engine", "headrace"],
                             capture_output=True, text=True)
        return run.stdout + run.stderr

    def stored(self, execution):
        return postgres.rows(f"SELECT count(*) FROM headrace.execution WHERE id = '{execution}' "
                             f"UNION ALL SELECT count(*) FROM headrace.turn_log WHERE part = 3 "
                             f"AND opened = uuid_send('{execution}'::uuid)")

    def test_a_stale_batch_stores_nothing_and_a_current_one_everything(self):
        world = World()
        self.owned = {"part": 3, "epoch": 4, "nonce": uuid.uuid4(), "txn": 10, "e0": 100}
        postgres.rows(f"UPDATE headrace.engine_partition SET epoch = 4, txn = 10, next_event = 100,"
                      f" owner_nonce = '{self.owned['nonce']}' WHERE part = 3", "headrace_engine")
        before = postgres.rows("SELECT * FROM headrace.engine_partition WHERE part = 3")
        for stale in ({"epoch": 3}, {"nonce": uuid.uuid4()}, {"txn": 9}, {"e0": 99}):
            execution = uuid_at(NOW_MS)
            said = self.pipeline(execution, world, **stale)
            self.assertIn("this partition has moved on", said)
            self.assertEqual(self.stored(execution), [["0"], ["0"]], stale)
        self.assertEqual(postgres.rows("SELECT * FROM headrace.engine_partition WHERE part = 3"),
                         before)
        execution = uuid_at(NOW_MS)
        self.pipeline(execution, world)
        self.assertEqual(self.stored(execution), [["1"], ["1"]])
        self.assertEqual(postgres.rows("SELECT txn, next_event, lease_until > now() FROM "
                                       "headrace.engine_partition WHERE part = 3"),
                         [["11", "9", "t"]])
        self.refused("HR001", "SELECT headrace.raise_fenced()", "headrace_engine")

    def test_there_are_thirty_two_partitions_and_more_can_be_added(self):
        count = "SELECT count(*), max(part) FROM headrace.engine_partition"
        self.assertEqual(postgres.rows(count), [["32", "31"]])
        grow = ("BEGIN; DO $$ BEGIN PERFORM headrace.engine_partitions_init({}); END $$; {}; "
                "ROLLBACK")
        self.assertEqual(postgres.rows(grow.format(40, count), "headrace_engine")[-1], ["40", "39"])
        self.assertEqual(postgres.rows(grow.format(8, count), "headrace_engine")[-1], ["32", "31"])
        self.refused("22023", "SELECT headrace.engine_partitions_init(0)", "headrace_engine")


class Partitions(Database):
    def ensure(self, ms, ahead="14 days", width="7 days"):
        return postgres.rows(f"SELECT * FROM headrace.partitions_ensure({at(ms)}, '{ahead}', "
                             f"'{width}')", "headrace_engine")

    def of(self, execution, table="execution", column="id"):
        return postgres.value(f"SELECT tableoid::regclass FROM headrace.{table} "
                              f"WHERE {column} = '{execution}'")

    def test_partitions_follow_the_clock_and_take_in_what_waited_outside(self):
        world = World()
        later = NOW_MS + 400 * DAY_MS
        execution = world.execution(later)
        world.step(execution, 1)
        self.assertEqual(self.of(execution), "headrace.execution_default")
        made = self.ensure(later)
        self.assertGreaterEqual(len(made), 3)
        self.assertEqual(self.ensure(later), [], "nothing is missing any more")
        self.assertNotIn("default", self.of(execution))
        self.assertEqual(postgres.rows(f"SELECT DISTINCT attcompression FROM pg_attribute WHERE "
                                       f"attrelid = '{self.of(execution)}'::regclass AND attname "
                                       f"IN ('trigger', 'input', 'output')"), [["l"]])
        self.assertEqual(self.of(execution, "step_execution", "execution_id"),
                         self.of(execution).replace("execution_", "step_execution_"))
        self.assertIn("fillfactor=90", postgres.value(
            f"SELECT reloptions FROM pg_class WHERE oid = '{self.of(execution)}'::regclass"))
        edge = postgres.rows(f"SELECT extract(epoch FROM max(upper_at))::bigint "
                             f"FROM headrace.execution_partition")[0][0]
        self.assertEqual(len(self.ensure(int(edge) * 1000 - 14 * DAY_MS + 1)), 1)
        daily = self.ensure(later + 60 * DAY_MS, "2 days", "1 day")
        self.assertTrue({"1 day", "8 days"} >= {str(width) for row in postgres.rows(
            "SELECT (upper_at - lower_at) FROM headrace.execution_partition "
            "ORDER BY upper_at DESC LIMIT 3") for width in row}, daily)

    def test_bounds_join_without_gap_or_overlap_where_the_clock_did_not_jump(self):
        self.assertEqual(postgres.rows("""
            SELECT suffix FROM (SELECT suffix, lower_at, lag(upper_at) OVER (ORDER BY lower_at) AS
                before FROM headrace.execution_partition) p WHERE lower_at < before"""), [])

    def test_a_width_or_reach_out_of_the_ordinary_is_refused(self):
        for ahead, width in (("14 days", "0"), ("14 days", "1 minute"), ("2 years", "7 days"),
                             ("14 days", "90 days")):
            with self.assertRaises(SqlError) as caught:
                self.ensure(NOW_MS, ahead, width)
            self.assertEqual(caught.exception.state, "22023")

    def plan(self, query, before=""):
        out = postgres.psql("-c", f"{before} EXPLAIN (COSTS OFF) {query}", role="headrace_engine")
        return re.findall(r" on ((?:step_)?execution_\w+)", out)

    def test_looking_for_an_execution_reads_one_partition(self):
        self.ensure(NOW_MS)
        execution = uuid_at(NOW_MS)
        for table, column in (("execution", "id"), ("step_execution", "execution_id")):
            plan = self.plan(f"SELECT * FROM headrace.{table} WHERE {column} = '{execution}'")
            self.assertEqual(len(set(plan)), 1, plan)
            plan = self.plan(f"SELECT * FROM headrace.{table} WHERE {column} = "
                             f"ANY ('{{{execution}}}')")
            self.assertEqual(len(set(plan)), 1, plan)

    def test_a_prepared_lookup_of_many_reads_only_their_partitions(self):
        world = World()
        self.ensure(NOW_MS)
        execution = world.execution()
        out = postgres.psql("-c", f"""
            SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
            SET plan_cache_mode = force_generic_plan;
            PREPARE look (uuid[]) AS SELECT e.id FROM unnest($1) u (id)
                JOIN headrace.execution e ON e.id = u.id;
            EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE look ('{{{execution}}}')""",
            role="headrace_engine")
        scans = [line for line in out.splitlines() if " on execution_" in line]
        self.assertEqual([line for line in scans if "never executed" not in line],
                         [line for line in scans if self.of(execution)[9:] in line], out)
        self.assertGreater(len(scans), 1)


class Retention(Database):
    def apply(self, ms, limit=5000):
        return postgres.rows(f"SELECT * FROM headrace.retention_apply({at(ms)}, {limit})",
                             "headrace_engine")

    def exists(self, *executions):
        ids = ", ".join(f"'{execution}'" for execution in executions)
        rows = dict(postgres.rows(f"SELECT id, 1 FROM headrace.execution WHERE id IN ({ids})"))
        steps = dict(postgres.rows(f"SELECT execution_id, 1 FROM headrace.step_execution "
                                   f"WHERE execution_id IN ({ids})"))
        return [(execution in rows, execution in steps) for execution in executions]

    def test_what_ended_long_ago_goes_and_what_runs_stays(self):
        # Years after every other test's clock, so that its partitions are its own.
        old = NOW_MS - NOW_MS % DAY_MS + 5000 * DAY_MS
        short, long_ = World(retention_days=10), World(retention_days=60)
        longest = int(postgres.value("SELECT max(retention_days) FROM headrace.tenant"))
        postgres.rows(f"SELECT headrace.partitions_ensure({at(old)}, '1 day', '1 day')",
                      "headrace_engine")
        ended = {world: world.execution(old, 4, old + 1000) for world in (short, long_)}
        lasted = short.execution(old, 5, old + 8 * DAY_MS)
        running = short.execution(old, 8)
        everything = (ended[short], ended[long_], lasted, running)
        for execution in everything:
            short.step(execution, 1)
        suffix = postgres.value(f"SELECT suffix FROM headrace.execution_partition "
                                f"WHERE lower_at = {at(old)}")
        self.apply(old + 9 * DAY_MS)
        self.assertEqual(self.exists(*everything), [(True, True)] * 4)
        said = self.apply(old + 11 * DAY_MS)
        self.assertIn(["executions deleted", short.name, "1"], said)
        self.assertEqual(self.exists(*everything),
                         [(False, False), (True, True), (True, True), (True, True)])
        self.apply(old + 19 * DAY_MS)
        self.assertEqual(self.exists(lasted, running), [(False, False), (True, True)])
        self.apply(old + 61 * DAY_MS)
        self.assertEqual(self.exists(ended[long_], running), [(False, False), (True, True)])
        said = self.apply(old + (longest + 5) * DAY_MS)
        self.assertIn(["partition kept", suffix, "1"], said)
        self.assertEqual(self.exists(running), [(True, True)])
        postgres.rows(f"UPDATE headrace.execution SET status = 4, completed_at = "
                      f"{at(old + 6 * DAY_MS)} WHERE id = '{running}'", "headrace_engine")
        said = self.apply(old + (longest + 5) * DAY_MS)
        self.assertIn(["partition kept", suffix, "1"], said, "it ended too late for that")
        said = self.apply(old + (longest + 8) * DAY_MS)
        self.assertIn(["partition dropped", suffix, "1"], said)
        self.assertEqual(self.exists(running), [(False, False)])
        self.assertEqual(postgres.rows(f"SELECT to_regclass('headrace.execution_{suffix}'), "
                                       f"to_regclass('headrace.step_execution_{suffix}')"),
                         [["", ""]])

    def test_a_busy_partition_is_left_for_the_next_time(self):
        old = NOW_MS - 3000 * DAY_MS
        postgres.rows(f"INSERT INTO headrace.execution_partition VALUES ('test', {at(old)}, "
                      f"{at(old + DAY_MS)}); CREATE TABLE headrace.execution_test (LIKE "
                      f"headrace.execution); CREATE TABLE headrace.step_execution_test (LIKE "
                      f"headrace.step_execution); ALTER TABLE headrace.execution_test OWNER TO "
                      f"headrace_migrate; ALTER TABLE headrace.step_execution_test OWNER TO "
                      f"headrace_migrate")
        reader = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-h", postgres.folder, "-U",
                                   "postgres", "-d", "headrace"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            reader.stdin.write("BEGIN; SELECT count(*) FROM headrace.execution_test;\n")
            reader.stdin.flush()
            self.assertEqual(reader.stdout.readline(), "0\n")
            said = self.apply(NOW_MS - 2500 * DAY_MS)
            self.assertIn(["partition busy", "test", "1"], said)
        finally:
            reader.communicate("ROLLBACK;\n")
        self.assertIn(["partition dropped", "test", "1"], self.apply(NOW_MS - 2500 * DAY_MS))

    def test_expired_rows_go_in_portions(self):
        world = World()
        postgres.rows(f"INSERT INTO headrace.execution_key SELECT "
                      f"headrace.id_key(gen_random_uuid()), '{world.tenant}', gen_random_uuid(), "
                      f"{at(NOW_MS)}, {at(NOW_MS)} "
                      f"FROM generate_series(1, 5)", "headrace_gateway")
        when = NOW_MS - 5 * DAY_MS
        self.assertEqual([row for row in self.apply(when) if row[1] == "execution_key"], [])
        when = NOW_MS + 1000
        amounts = [row[2] for _ in range(3) for row in self.apply(when, 2)
                   if row[1] == "execution_key"]
        self.assertEqual(amounts, ["2", "2", "1"])
        self.refused("22023", "SELECT headrace.retention_apply(now(), 0)", "headrace_engine")


class Views(Database):
    def test_an_execution_shows_with_words_names_and_figures(self):
        world = World()
        now = int(float(postgres.value("SELECT extract(epoch FROM now()) * 1000")))
        execution = world.execution(now - 2500, 5, now)
        postgres.rows(f"UPDATE headrace.execution SET error = '{{\"type\": \"HTTP_5XX\", "
                      f"\"message\": \"no\"}}' WHERE id = '{execution}'", "headrace_engine")
        error = "'{\"type\": \"HTTP_5XX\", \"message\": \"no\"}'"
        scope = "decode('000100000003', 'hex')"
        world.step(execution, 1, 0, 4, 12, error=error)
        world.step(execution, 2, 0, 4, 19, attempt=1, error=error)
        world.step(execution, 3, 0, 3, 0, attempt=2, output="'{\"ok\": true}'")
        world.step(execution, 4, 2, 4, 0, scope=scope, error=error)
        world.step(execution, 5, 1, 6, 9)
        dash = "headrace_dash_ro"
        self.assertEqual(postgres.rows(f"""
            SELECT status, is_terminal, template_key, version_number, input->>'total',
                   execution_time_ms, error_type, partition
              FROM headrace_v1.executions WHERE id = '{execution}'""", dash),
            [["FAILED", "t", "orders", "1", "5", "2500", "HTTP_5XX", "0"]])
        self.assertEqual(postgres.rows(f"""
            SELECT step_id, step_name, step_type, scope_path, step_status, reason, retry_count,
                   retry_attempt, output->>'ok'
              FROM headrace_v1.step_executions WHERE execution_id = '{execution}' ORDER BY ord""",
            dash), [["call", "Call the CRM", "ACTION", "", "COMPLETED", "", "1", "1", "true"],
                    ["one", "One", "ACTION", "/each#3", "FAILED", "", "0", "0", ""],
                    ["each", "Each", "LOOP", "", "SKIPPED", "DEAD_PATH", "0", "0", ""]])
        self.assertEqual(postgres.rows(f"""
            SELECT ord, attempt, retry_attempt, step_status, reason FROM headrace_v1.step_attempts
             WHERE execution_id = '{execution}' AND step_id = 'call' ORDER BY ord""", dash),
            [["1", "0", "0", "FAILED", "RETRIED"], ["2", "1", "1", "FAILED", "LOST"],
             ["3", "2", "1", "COMPLETED", ""]])
        mine = f"WHERE template_id = '{world.template}'"
        self.assertEqual(postgres.rows(f"SELECT step_id, error_type, attempts, retried, "
                                       f"last_message FROM headrace_v1.failures {mine} ORDER BY 1",
                                       dash),
                         [["call", "HTTP_5XX", "2", "2", "no"],
                          ["one", "HTTP_5XX", "1", "0", "no"]])
        self.assertEqual(postgres.rows(f"SELECT step_id, attempts, p50_ms, p99_ms, queue_avg_ms "
                                       f"FROM headrace_v1.step_latency {mine} ORDER BY 1", dash),
                         [["call", "3", "2000.000", "2000.000", "1000.000"],
                          ["one", "1", "2000.000", "2000.000", "1000.000"]])
        self.assertEqual(postgres.rows(f"SELECT status, executions FROM "
                                       f"headrace_v1.execution_rates {mine}", dash),
                         [["FAILED", "1"]])
        self.assertEqual(postgres.rows(f"SELECT trigger_id, trigger_type, is_enabled, "
                                       f"executions_last_day, failed_last_day, last_execution_id "
                                       f"FROM headrace_v1.trigger_activity {mine}", dash),
                         [["hook", "WEBHOOK", "t", "1", "1", execution]])

    def test_open_steps_show_what_they_wait_for(self):
        world = World()
        execution = world.execution()
        world.step(execution, 1, 0, 4, 12)
        scope = "decode('000100000002', 'hex')"
        postgres.rows(f"""
            INSERT INTO headrace.open_step (part, execution_id, node, scope, attempt, reason,
                due_at, worker)
            VALUES (0, '{execution}', 0, '', 1, 5, 'tomorrow', NULL),
                   (0, '{execution}', 1, '', 0, 17, NULL, NULL),
                   (0, '{execution}', 2, {scope}, 0, 20, 'infinity', 'w1'),
                   (0, '{execution}', 2, '/each#4', 0, 13, '-infinity', NULL),
                   (0, '{execution}', -1, '', 0, 16, 'tomorrow', NULL)""", "headrace_engine")
        waits = [["/each#2", "RUNNING", "RUNNING", "w1", "f", "0"],
                 ["/each#4", "PENDING", "READY", "", "f", "0"],
                 ["", "RUNNING", "FRAME", "", "f", "0"], ["", "WAITING", "RETRY", "", "t", "1"]]
        self.assertEqual(sorted(postgres.rows(
            f"SELECT scope_path, step_status, reason, worker, due_at IS NOT NULL, retry_attempt "
            f"FROM headrace_v1.step_waits WHERE execution_id = '{execution}'",
            "headrace_dash_ro")), sorted(waits))
        self.assertEqual(sorted(postgres.rows(
            f"SELECT scope_path, step_status, reason, worker, due_at IS NOT NULL, retry_count FROM "
            f"headrace_v1.step_executions WHERE execution_id = '{execution}'",
            "headrace_dash_ro")), sorted(waits), "the failed attempt is not shown beside its wait")
        postgres.rows("DELETE FROM headrace.open_step", "headrace_engine")
        world.step(execution, 2, 2, 4, 19)
        self.assertEqual(postgres.rows(
            f"SELECT step_id, step_status, reason, completed_at IS NULL, retry_count FROM "
            f"headrace_v1.step_executions WHERE execution_id = '{execution}' ORDER BY ord",
            "headrace_dash_ro"), [["call", "WAITING", "RETRY", "t", "0"],
                                  ["one", "WAITING", "RETRY", "t", "0"]])

    def test_no_stored_payload_can_break_a_view(self):
        world = World()
        for payload in ("null", "0", '"text"', "[]", "true", "1e307", "-0.0", '{"a": {"a": 1}}',
                        '{"a": 1, "a": 2}', '"\\ud83d\\ude00"', "[" * 64 + "]" * 64,
                        '{"type": 5, "message": {}}', json.dumps("x" * 20000)):
            execution = world.execution()
            sql = f"$json${payload}$json$"
            postgres.rows(f"UPDATE headrace.execution SET output = {sql}, error = {sql} "
                          f"WHERE id = '{execution}'", "headrace_engine")
            world.step(execution, 1, 0, 4, input=sql, output=sql, error=sql)
        for view in ("executions", "step_executions", "step_attempts", "failures", "step_latency"):
            postgres.rows(f"SELECT * FROM headrace_v1.{view}", "headrace_dash_ro")

    def test_the_steps_of_one_execution_are_found_in_one_partition(self):
        world = World()
        postgres.rows(f"SELECT headrace.partitions_ensure({at(NOW_MS)})")
        execution = world.execution()
        world.step(execution, 1)
        for role, schema, tenant in (("headrace_dash_ro", "headrace_v1", None),
                                     ("headrace_api", "headrace_tenant", world.tenant)):
            for view in ("step_executions", "step_attempts"):
                out = "\n".join(row[0] for row in postgres.rows(
                    f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM {schema}.{view} "
                    f"WHERE execution_id = '{execution}'", role, tenant))
                read = {line.split(" on ")[1].split()[0] for line in out.splitlines()
                        if " on step_execution_" in line and "never executed" not in line}
                self.assertEqual(len(read), 1, out)

    def test_every_id_ever_answered_resolves(self):
        world = World()
        first = uuid_at(NOW_MS, "delivery 1")
        second = uuid_at(NOW_MS + 5000, "delivery 1")
        postgres.rows(f"INSERT INTO headrace.execution_key (key, tenant_id, execution_id) VALUES "
                      f"(headrace.id_key('{first}'), '{world.tenant}', '{first}')",
                      "headrace_engine")
        for id_ in (first, second):
            self.assertEqual(world.api(f"SELECT headrace.execution_resolve('{id_}')"), [[first]])
        self.refused("23505", f"INSERT INTO headrace.execution_key (key, tenant_id, execution_id) "
                     f"VALUES (headrace.id_key('{second}'), '{world.tenant}', '{second}')",
                     "headrace_gateway")
        other = World()
        self.assertEqual(other.api(f"SELECT coalesce(headrace.execution_resolve('{first}')::text, "
                                   f"'none')"), [["none"]])

    def test_ids_and_times_turn_into_each_other(self):
        for ms in (0, 1, NOW_MS, NOW_MS + 999, 2**47):
            id_ = uuid_at(ms)
            self.assertEqual(postgres.value(f"SELECT extract(epoch FROM headrace.id_time('{id_}'))"
                                            f" * 1000 = {ms}"), "t", ms)
            self.assertEqual(postgres.rows(
                f"SELECT headrace.id_at({at(ms)}) <= '{id_}', '{id_}' < headrace.id_at("
                f"{at(ms + 1)}), headrace.id_at({at(ms)}) = headrace_v1.id_at({at(ms)})"),
                [["t", "t", "t"]], ms)


if __name__ == "__main__":
    unittest.main()
