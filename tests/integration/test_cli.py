#!/usr/bin/env python3
"""The commands that use the API, against a real gateway."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import api_world as world  # noqa: E402

SIMPLE = {"name": "Simple", "triggers": [{"id": "in", "type": "WEBHOOK", "config": {"path": "p"}}],
          "steps": [{"id": "only", "type": "TRANSFORM", "inputMappings": {"n": "${ .input }"}}]}
BROKEN = {"steps": [{"id": "a", "type": "TRANSFORM", "nextSteps": ["nowhere"]}]}
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def setUpModule():
    global gateway, tenant
    world.services_up()
    gateway = world.Gateway().start()
    tenant = world.Tenant(gateway, "cli")
    wait_for_kafka()


def wait_for_kafka():
    """A broker that was made a moment ago may need a while until it takes its first event."""
    path = os.path.join(world.STACK, "first.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(SIMPLE, file)
    world.headrace("apply", "-f", path, "--id", "first", "--publish", env=environment())
    end = time.monotonic() + 60
    while world.headrace("run", "first", check=False, env=environment()).returncode != 0:
        assert time.monotonic() < end, "Kafka takes no event"
        time.sleep(0.5)


def tearDownModule():
    try:
        gateway.stop()
    finally:
        world.services_down()


def environment(role="EDITOR"):
    return {"HEADRACE_API_URL": f"http://127.0.0.1:{gateway.port}",
            "HEADRACE_API_KEY": tenant.keys[role]}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=world.STACK)
        self.key = "c-" + uuid.uuid4().hex[:10]

    def run_(self, *words, code=0, role="EDITOR", text=None, env=None):
        done = world.headrace(*words, check=False, text=text, env=env or environment(role))
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done

    def out(self, *words, **more):
        return self.run_(*words, **more).stdout

    def file(self, value, name="x.json"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(value if isinstance(value, str) else json.dumps(value))
        return path

    def published(self):
        self.run_("apply", "-f", self.file(SIMPLE), "--id", self.key, "--publish")
        return tenant.editor.get(f"/v1/templates/{self.key}/versions/1").json

    def execution(self, status=1, **more):
        return world.execution(tenant, self.published(), status, **more)


class Calls(Case):
    def test_without_address_or_key_the_command_says_what_is_missing(self):
        for missing in ("HEADRACE_API_URL", "HEADRACE_API_KEY"):
            done = self.run_("list", code=64, env={**environment(), missing: ""})
            self.assertIn(missing, done.stderr)

    def test_an_api_that_is_not_there_is_told(self):
        env = {**environment(), "HEADRACE_API_URL": f"http://127.0.0.1:{world.free_port()}"}
        self.assertIn("connect", self.run_("list", code=69, env=env).stderr.lower())

    def test_a_refusal_is_told_with_its_code(self):
        done = self.run_("list", code=1, env={**environment(), "HEADRACE_API_KEY": "none"})
        self.assertIn("UNAUTHENTICATED", done.stderr)
        self.assertIn("FORBIDDEN", self.run_("variable", "set", "A", "--value", "1", code=1,
                                             role="OPERATOR").stderr)

    def test_every_command_explains_itself_and_refuses_what_it_does_not_know(self):
        for command in ("apply", "cancel", "list", "publish", "rollback", "run", "show",
                        "triggers", "variable", "watch", "why"):
            text = self.out(command, "--help")
            self.assertIn(f"usage: headrace {command}", text)
            self.assertIn("exit codes:", text)
            self.assertIn("--nope", self.run_(command, "--nope", code=64).stderr)


class Definitions(Case):
    def test_apply_makes_changes_and_publishes(self):
        path = self.file(SIMPLE, f"{self.key}.json")
        self.assertEqual(self.out("apply", "-f", path), f"{self.key}: created\n")
        self.assertEqual(self.out("apply", "-f", path, "--publish"),
                         f"{self.key}: updated\n{self.key}: published as version 1\n")
        self.assertEqual(self.out("apply", "-f", "-", "--id", self.key, text=json.dumps(SIMPLE)),
                         f"{self.key}: updated\n")

    def test_apply_takes_a_folder_in_the_order_of_names(self):
        for name in ("b", "a"):
            self.file(SIMPLE, f"{self.key}{name}.json")
        self.file("no definition", "readme.txt")
        self.assertEqual(self.out("apply", "-f", self.folder),
                         f"{self.key}a: created\n{self.key}b: created\n")
        self.run_("apply", "-f", self.folder, "--id", "x", code=64)
        self.run_("apply", "-f", tempfile.mkdtemp(dir=self.folder), code=66)

    def test_apply_tells_what_is_wrong_and_where(self):
        done = self.run_("apply", "-f", self.file('{"steps":\n nope}'), code=2)
        self.assertRegex(done.stderr, r"x\.json:2:2: JSON_SYNTAX")
        done = self.run_("apply", "-f", self.file(BROKEN), "--id", self.key, "--publish", code=2)
        self.assertIn("DANGLING_REFERENCE at /steps/0/nextSteps/0", done.stderr)
        self.assertEqual(done.stdout, f"{self.key}: created\n")
        self.run_("apply", "-f", os.path.join(self.folder, "none.json"), code=66)
        self.run_("apply", code=64)

    def test_versions_are_published_listed_and_rolled_back(self):
        self.published()
        self.assertEqual(self.out("publish", self.key, "--description", "again"),
                         f"{self.key}: published as version 2\n")
        self.assertEqual(json.loads(self.out("publish", self.key, "--json"))["versionNumber"], 3)
        self.assertIn("version 4 repeats version 1", self.out("rollback", self.key, "1"))
        listed = self.out("list", "versions", self.key).splitlines()
        self.assertEqual([line.split()[0] for line in listed], ["V", "4", "3", "2", "1"])
        self.assertIn("again", listed[3])
        self.run_("rollback", self.key, "9", code=1)
        self.run_("rollback", self.key, "x", code=64)
        self.assertIn(self.key, self.out("list", "templates", "--limit", "200"))
        self.run_("publish", "nope", code=1)

    def test_triggers_are_listed_and_switched(self):
        self.published()
        self.assertIn("https://hooks.example/h/", self.out("triggers", self.key))
        trigger, = json.loads(self.out("triggers", self.key, "--json"))["items"]
        self.assertTrue(trigger["enabled"])
        off = json.loads(self.out("triggers", self.key, "disable", "in", "--json"))
        self.assertFalse(off["enabled"])
        self.assertIn("true", self.out("triggers", self.key, "enable", "in"))
        self.run_("triggers", self.key, "toggle", "in", code=64)
        self.run_("triggers", self.key, "enable", "none", code=1)


class Runs(Case):
    def test_run_starts_once_for_each_key(self):
        self.published()
        first = self.out("run", self.key, "--input", self.file({"a": 1}),
                         "--idempotency-key", self.key, role="ADMIN")
        again = self.out("run", self.key, "--input", self.file({"a": 1}),
                         "--idempotency-key", self.key, role="ADMIN")
        self.assertRegex(first, f"^{UUID}\n$")
        self.assertEqual(first, again)
        done = self.run_("run", self.key, "--input", self.file({"a": 2}), "--idempotency-key",
                         self.key, role="ADMIN", code=1)
        self.assertIn("IDEMPOTENCY_KEY_REUSED", done.stderr)
        self.assertNotEqual(self.out("run", self.key), self.out("run", self.key))
        self.run_("run", self.key, "--input", self.file("{"), code=2)
        self.run_("run", self.key, "--trigger", "in", code=2)

    def test_run_waits_and_says_how_it_ended(self):
        version = self.published()
        for status, code, word in ((4, 0, "COMPLETED"), (5, 1, "FAILED")):
            for json_option in ((), ("--json",)):
                def end(status=status):
                    # What a coordinator would do with the newest start.
                    time.sleep(0.5)
                    id_ = world.sql(f"SELECT execution_id FROM headrace.execution_key WHERE "
                                    f"tenant_id = '{tenant.id}' ORDER BY accepted_at DESC LIMIT 1")
                    world.execution(tenant, version, status, id_=id_)
                other = threading.Thread(target=end)
                other.start()
                text = self.out("run", self.key, "--wait", *json_option, code=code)
                other.join()
                if json_option:
                    self.assertEqual(json.loads(text)["status"], word)
                else:
                    self.assertRegex(text, f"PENDING\n(.*\n)*{UUID}  {self.key} version 1  {word}")

    def test_executions_are_listed_shown_and_explained(self):
        failed = self.execution(5, age_ms=1000)
        world.sql(f"""INSERT INTO headrace.step_execution (execution_id, ord, node, status, epoch,
            txn, opened_at, started_at, completed_at, attempt, reason, error) VALUES
            ('{failed}', 1, 0, 4, 1, 1, now(), now(), now() + interval '90 ms', 0, 0,
             '{{"type": "TIMEOUT", "message": "too \\u001b[31m slow"}}')""")
        listed = self.out("list", "--template", self.key)
        self.assertIn("FAILED", listed)
        self.assertEqual(json.loads(self.out("list", "--template", self.key, "--json"))
                         ["items"][0]["id"], failed)
        self.assertEqual(self.out("list", "--template", self.key, "--status", "RUNNING")
                         .count("\n"), 1)
        shown = self.out("show", failed)
        self.assertRegex(shown, r"only +FAILED +\|.*█.*\| +90 ms +too \?\[31m slow")
        self.assertEqual(json.loads(self.out("show", failed, "--json"))["status"], "FAILED")
        self.assertIn("FAILED", self.out("watch", failed, code=1))
        self.assertIn("nothing is awaited", self.out("why", failed))
        self.run_("show", str(uuid.uuid4()), code=1)
        self.run_("list", "--status", "DONE", code=1)

    def test_why_shows_what_is_waited_for(self):
        running = self.execution(1)
        world.sql(f"INSERT INTO headrace.open_step (part, execution_id, node, reason, due_at) "
                  f"VALUES (3, '{running}', 0, 5, now() + interval '1 h')")
        told = self.out("why", running)
        self.assertIn("RETRY", told)
        self.assertIn("only", told)
        self.assertEqual(len(json.loads(self.out("why", running, "--json"))["waits"]), 1)
        self.assertEqual(self.out("cancel", running, "--reason", "enough"), "CANCELLING\n")

    def test_watch_says_each_change_once_where_there_is_no_terminal(self):
        running = self.execution(1)
        with subprocess.Popen([world.HEADRACE, "watch", running], stdout=subprocess.PIPE,
                              text=True, env={**os.environ, **environment()}) as process:
            time.sleep(1)
            world.sql(f"UPDATE headrace.execution SET status = 4, completed_at = now(), output = "
                      f"'7' WHERE id = '{running}'")
            text, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(text.splitlines()[0], "RUNNING")
        self.assertEqual(len(re.findall("^RUNNING", text, re.M)), 1)
        self.assertIn("COMPLETED", text)
        self.assertIn("output: 7", text)


class Variables(Case):
    def test_variables_are_set_listed_and_deleted(self):
        name = "V" + uuid.uuid4().hex
        self.assertEqual(self.out("variable", "set", name, "--value", "a b"), f"{name}: created\n")
        again = self.out("variable", "set", name, "--type", "JSON", "--value", '{"a":[1]}')
        self.assertEqual(again, f"{name}: updated\n")
        self.assertRegex(self.out("variable", "list"), name + r' +JSON +\{"a":\[1\]\}')
        self.out("variable", "set", name, "--type", "SECRET", "--value-file",
                 self.file("s3cret-value\n"))
        self.assertNotIn("s3cret-value", self.out("variable", "list", "--json"))
        self.published()
        self.out("variable", "set", name, "--template", self.key, "--type", "NUMBER", "--value",
                 "5")
        items = json.loads(self.out("variable", "list", "--template", self.key, "--json"))["items"]
        self.assertEqual([item["value"] for item in items], [5])
        self.out("variable", "delete", name)
        self.run_("variable", "delete", name, code=1)

    def test_values_that_do_not_fit_are_refused(self):
        self.run_("variable", "set", "X", "--type", "NUMBER", "--value", "five", code=2)
        self.run_("variable", "set", "X", "--type", "NUMBER", "--value", '"5"', code=2)
        self.run_("variable", "set", "X", code=64)
        self.run_("variable", "set", code=64)
        self.run_("variable", "frob", "X", code=64)


if __name__ == "__main__":
    unittest.main()
