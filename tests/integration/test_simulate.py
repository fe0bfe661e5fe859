#!/usr/bin/env python3
"""headrace simulate: what it prints, how it ends, and what it refuses."""

import json
import os
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADRACE = os.path.join(ROOT, "build", "cli", "headrace")

CALL = {"type": "ACTION", "integrationId": "http", "integrationActionId": "request",
        "inputMappings": {"url": "http://shop/customers/${ .input.id }"}}
ORDER = {"name": "order", "steps": [
    dict(CALL, id="customer", outputMappings={"vip": "${ .body.vip }"},
         retry={"maxAttempts": 3, "initialMs": 1000, "jitter": "NONE"},
         nextSteps=["vip"], onErrorSteps=["sorry"]),
    {"id": "vip", "type": "CONDITION", "condition": ".steps.customer.output.vip",
     "nextSteps": ["wait"]},
    {"id": "wait", "type": "DELAY", "config": {"forMs": 60000}},
    {"id": "sorry", "type": "ACTION", "integrationId": "core", "integrationActionId": "noop",
     "inputMappings": {"why": "${ .error.type }", "shop": "${ .vars.shop }"}}]}


class Simulate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, value):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(value if isinstance(value, str) else json.dumps(value))
        return path

    def simulate(self, definition, *options):
        return subprocess.run([HEADRACE, "simulate", self.file("definition.json", definition),
                               *options], capture_output=True, text=True, check=False, timeout=60)

    def report(self, definition, mocks, *options):
        done = self.simulate(definition, "--mocks", self.file("mocks.json", mocks), "--input",
                             self.file("input.json", {"id": 7}), *options)
        return done.returncode, json.loads(done.stdout)

    def test_a_run_that_completes_exits_with_0(self):
        code, report = self.report(ORDER, {"customer": [
            {"response": {"status": 503}},
            {"response": {"status": 200, "headers": {}, "body": {"vip": True}}}]})
        self.assertEqual(code, 0)
        self.assertEqual(list(report), ["status", "output", "error", "virtualMs", "steps"])
        self.assertEqual(report["status"], "COMPLETED")
        self.assertEqual(report["virtualMs"], 61000)
        self.assertEqual(
            [(step["stepId"], step["attempt"], step["stepStatus"], step["reason"],
              step["startedAtMs"], step["completedAtMs"]) for step in report["steps"]],
            [("customer", 0, "FAILED", "RETRIED", 0, 0),
             ("customer", 1, "COMPLETED", None, 1000, 1000),
             ("vip", 0, "COMPLETED", None, 1000, 1000),
             ("sorry", 0, "SKIPPED", "DEAD_PATH", 1000, 1000),
             ("wait", 0, "COMPLETED", None, 1000, 61000)])
        self.assertEqual(report["steps"][0]["input"], {"url": "http://shop/customers/7"})
        self.assertEqual(report["steps"][1]["output"], {"vip": True})

    def test_a_failure_that_is_handled_completes(self):
        code, report = self.report(
            ORDER, {"customer": [{"error": {"type": "AUTH", "message": "no", "retryable": False}}]},
            "--vars", self.file("vars.json", {"shop": "here"}))
        self.assertEqual((code, report["status"]), (0, "COMPLETED"))
        self.assertEqual(report["output"], {"sorry": {"why": "AUTH", "shop": "here"}})

    def test_a_run_that_does_not_complete_exits_with_1(self):
        definition = {"name": "x", "steps": [dict(CALL, id="a")]}
        code, report = self.report(definition, {"a": [{"error": {"type": "VALIDATION",
                                                                 "message": "odd"}}]})
        self.assertEqual((code, report["status"]), (1, "FAILED"))
        self.assertEqual((report["error"]["type"], report["error"]["stepId"]), ("VALIDATION", "a"))

    def test_the_same_seed_prints_the_same_bytes(self):
        definition = {"name": "x", "steps": [dict(CALL, id="a")]}
        mocks = self.file("mocks.json", {"a": [{"error": {"type": "NETWORK", "message": "x"}},
                                               {"output": 1}]})
        runs = [self.simulate(definition, "--mocks", mocks, "--seed", seed).stdout
                for seed in ("7", "7", "8")]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_numbers_keep_their_text(self):
        definition = {"name": "x", "steps": [{"id": "t", "type": "TRANSFORM",
                                              "inputMappings": {"x": "${ .input.x }"}}]}
        done = self.simulate(definition, "--input",
                             self.file("input.json", '{"x": 100000000000000000000.10}'))
        self.assertIn("100000000000000000000.10", done.stdout)

    def test_the_example_runs_without_any_infrastructure(self):
        examples = os.path.join(ROOT, "examples")
        done = subprocess.run([HEADRACE, "simulate", "order-intake.json", "--input", "order.json",
                               "--mocks", "order-mocks.json"], cwd=examples, capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["output"]["charge"], "c-1")
        attempts = [step for step in report["steps"] if step["stepId"] == "charge"]
        self.assertEqual([step["stepStatus"] for step in attempts],
                         ["FAILED", "FAILED", "COMPLETED"])
        self.assertEqual(attempts[2]["startedAtMs"] - attempts[1]["startedAtMs"], 2000,
                         "as long as Retry-After asks")

    def refused(self, code, words, definition, *options):
        done = self.simulate(definition, *options)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)

    def test_what_is_invalid_exits_with_2_and_names_the_place(self):
        self.refused(2, "DANGLING_REFERENCE at /steps/0/nextSteps/0", {"name": "x", "steps": [
            {"id": "t", "type": "TRANSFORM", "nextSteps": ["nowhere"]}]})
        self.refused(2, "JSON_SYNTAX: line 1", "{")
        self.refused(2, "step `customer` would call GET http://shop/customers/null", ORDER)
        self.refused(2, "the mocks of step `x`", ORDER, "--mocks",
                     self.file("mocks.json", {"x": [{"output": 1}]}))
        self.refused(2, "input.json:1:", ORDER, "--input", self.file("input.json", "[1,"))
        self.refused(2, "no trigger `nightly`", ORDER, "--trigger", "nightly")

    def test_wrong_usage_exits_with_64_and_a_missing_file_with_66(self):
        self.refused(64, "usage:", ORDER, "--seed", "x")
        self.refused(64, "usage:", ORDER, "--nonsense")
        self.refused(66, "nowhere.json", ORDER, "--mocks", "nowhere.json")


if __name__ == "__main__":
    unittest.main()
