#!/usr/bin/env python3
"""tests/run and tally.py themselves: what they count, name, and leave behind.

A small tree with a copy of tests/run, a build of nothing and test programs of a few lines stands in
for this one.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_lints import Spoken  # noqa: E402

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DEV = """#!/usr/bin/env bash
echo "$HEADRACE_DEV_DIR $*" >>downs
"""


class Run(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="headrace-run-")
        self.addCleanup(shutil.rmtree, self.root)
        os.makedirs(os.path.join(self.root, "tests/e2e"))
        for name in ("run", "tally.py"):
            shutil.copy(os.path.join(TESTS, name), os.path.join(self.root, "tests", name))
        self.write("dev", DEV)
        self.write("meson.build", "project('nothing')\n")
        self.environment = dict(os.environ, HEADRACE_KAFKA="nowhere:1")

    def write(self, path, text):
        path = os.path.join(self.root, path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def program(self, name, text):
        self.write(f"tests/e2e/test_{name}.py", f"#!/usr/bin/env bash\n{text}\n")

    def run_suite(self, *suites):
        run = subprocess.run(["tests/run", *suites], cwd=self.root, env=self.environment,
                             capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    def ends_with(self, line, code, *named):
        really, said = self.run_suite("e2e")
        self.assertEqual(said.splitlines()[-1], line, said)
        self.assertEqual(really, code, said)
        for text in named:
            self.assertIn(text, said)

    def test_what_passes_is_counted(self):
        self.program("a", "echo ok one; echo 'ok   two'")
        self.program("b", "echo ok three")
        self.ends_with("tests: 3 passed, 0 failed", 0)

    def test_a_named_failure_is_counted_once(self):
        self.program("a", "echo ok one; echo 'FAIL two: too late'; exit 1")
        self.ends_with("tests: 1 passed, 1 failed", 1, "e2e: two: too late")

    def test_a_failure_without_a_name_is_counted(self):
        self.program("a", "echo ok one; exit 3")
        self.ends_with("tests: 1 passed, 1 failed", 1, "e2e: test_a: exit 3")

    def test_a_program_that_tests_nothing_fails(self):
        self.program("a", "true")
        self.ends_with("tests: 0 passed, 1 failed", 1, "e2e: test_a: tested nothing")

    def test_a_program_that_cannot_run_is_named_and_fails(self):
        self.program("a", "echo ok one")
        self.program("b", "echo no moon tonight; exit 77")
        self.ends_with("tests: 1 passed, 1 failed", 1, "test_b: did not run: no moon tonight")

    def test_without_kafka_every_program_is_named_and_fails(self):
        del self.environment["HEADRACE_KAFKA"]
        self.program("a", "echo ok one")
        self.program("b", "echo ok two")
        self.ends_with("tests: 0 passed, 2 failed", 1, "test_a: did not run: no real Kafka",
                       "test_b: did not run: no real Kafka")

    def test_a_program_that_hangs_is_ended(self):
        self.environment["HEADRACE_PROGRAM_SECONDS"] = "1"
        self.program("a", "echo ok one; sleep 60")
        self.ends_with("tests: 1 passed, 1 failed", 1, "test_a: not done after 1 s")

    def test_a_tree_that_does_not_build_fails(self):
        self.write("meson.build", "project('nothing', 'no such language')\n")
        self.program("a", "echo ok one")
        self.ends_with("tests: 0 passed, 2 failed", 1, "build: does not build",
                       "test_a: did not run: build/ does not build")

    def test_nothing_at_all_is_no_success(self):
        self.ends_with("tests: 0 passed, 0 failed", 1)

    def test_an_unknown_suite_is_refused(self):
        code, said = self.run_suite("e2f")
        self.assertEqual(code, 2)
        self.assertIn('no suite "e2f"', said)

    def alive(self):
        with open(os.path.join(self.root, "left"), encoding="utf-8") as file:
            return os.path.exists(f"/proc/{file.read().strip()}/cwd")

    def test_what_a_program_leaves_running_is_ended(self):
        self.program("a", "setsid sleep 60 & echo $! >left; touch $HEADRACE_DEV_DIR/.headrace-dev\n"
                          "echo ok one")
        self.ends_with("tests: 1 passed, 0 failed", 0, "ending what was left running")
        self.assertFalse(self.alive())
        with open(os.path.join(self.root, "downs"), encoding="utf-8") as file:
            downs = file.read().split()
        self.assertEqual(downs[1::2][0], "down")
        self.assertFalse(os.path.exists(downs[0]))

    def test_a_signal_ends_everything(self):
        self.program("a", "setsid sleep 60 & echo $! >left.new; mv left.new left; sleep 60")
        run = subprocess.Popen(["tests/run", "e2e"], cwd=self.root, env=self.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not os.path.exists(os.path.join(self.root, "left")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(timeout=30), 130)
        self.assertFalse(self.alive())


class Tally(unittest.TestCase):
    def tally(self, **test):
        test = {"name": "t", "result": "OK", "returncode": 0, "stdout": "", "stderr": "", **test}
        return self.tally_of(".json", json.dumps(test) + "\n")

    def tally_of(self, ending, text):
        with tempfile.NamedTemporaryFile("w", suffix=ending) as file:
            file.write(text)
            file.flush()
            return subprocess.run([sys.executable, os.path.join(TESTS, "tally.py"), file.name],
                                  capture_output=True, text=True, check=True).stdout

    SYNTHESIS = "[====] Synthesis: Tested: 3 | Passing: %d | Failing: %d | Crashing: %d \n"

    def test_criterion_tests_are_counted_one_by_one(self):
        self.assertEqual(self.tally(stderr=self.SYNTHESIS % (3, 0, 0)), "passed 3\n")

    def test_failed_criterion_tests_are_named(self):
        said = self.tally(result="FAIL", returncode=1,
                          stderr="[FAIL] a::b: (0.00s)\n" + self.SYNTHESIS % (2, 1, 0))
        self.assertEqual(said, "passed 2\nfailed t: a::b\n")

    def test_a_crash_before_the_end_is_a_failure(self):
        said = self.tally(result="FAIL", returncode=-11)
        self.assertEqual(said, "passed 0\nfailed t: fail, exit -11\n")

    def test_undefined_behaviour_is_a_failure(self):
        said = self.tally(stderr="x.c:1:1: runtime error: shift\n" + self.SYNTHESIS % (3, 0, 0))
        self.assertIn("failed t: undefined behaviour", said)

    def test_a_program_that_tests_nothing_is_a_failure(self):
        self.assertEqual(self.tally(), "passed 0\nfailed t: tested nothing\n")

    def test_lines_of_a_program_are_counted(self):
        said = self.tally_of(".log", "ok   a\nok b\nokay\nFAIL c: why\n")
        self.assertEqual(said, "passed 2\nfailed c: why\n")

    def test_unittest_is_counted_and_a_skipped_test_did_not_run(self):
        said = self.tally_of(".log", "...\nRan 5 tests in 1s\n\nOK\n")
        self.assertEqual(said, "passed 5\n")
        said = self.tally_of(".log", "FAIL: test_a (x.Y)\nRan 5 tests in 1s\n\n"
                                     "FAILED (failures=1, skipped=1)\n")
        self.assertEqual(said, "passed 3\nfailed test_a\nfailed a skipped test\n")


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(sys.stderr, resultclass=Spoken, verbosity=0))
