#!/usr/bin/env python3
"""docs/definition.md says what is true: its examples, keys, limits and codes."""

import json
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADRACE = os.path.join(ROOT, "build", "cli", "headrace")
BLOCK = re.compile(r"^```json([^\n]*)\n(.*?)^```$", re.M | re.S)


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


PAGE = text_of("docs", "definition.md")


def check(text, *options):
    """(exit code, standard output, standard error) of `headrace check` on a text."""
    done = subprocess.run([HEADRACE, "check", *options, "-"], input=text, capture_output=True,
                          text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Page(unittest.TestCase):
    def test_every_example_has_exactly_the_problems_it_names(self):
        blocks = BLOCK.findall(PAGE)
        self.assertGreater(len(blocks), 5)
        for words, text in blocks:
            code, out, err = check(text)
            found = json.loads(out)
            self.assertEqual(sorted(problem["code"] for problem in found), sorted(words.split()),
                             f"{out}{err}\n{text}")
            self.assertEqual(code, 2 if found else 0)

    def test_every_code_is_explained_as_the_program_does(self):
        rows = re.findall(r'X\((\w+),\s*"([^"]*)"\)', text_of("common", "plan", "problem.h"))
        self.assertGreater(len(rows), 20)
        for code, meaning in rows:
            self.assertIn(f"| `{code}` | {meaning} |", PAGE)

    def test_every_key_that_is_read_is_on_the_page(self):
        folder = os.path.join(ROOT, "common", "plan")
        keys = set()
        for name in os.listdir(folder):
            if name.startswith("read_"):
                keys.update(re.findall(r'KEY_\w+\(\s*"(\w+)"', text_of("common", "plan", name)))
        self.assertGreater(len(keys), 60)
        for key in sorted(keys):
            self.assertRegex(PAGE, rf"\b{key}\b")

    def test_limits_are_those_of_the_program(self):
        limits = text_of("common", "model", "limits.h")

        def limit(name):
            value = re.search(rf"#define {name} (.*?)(?:/\*|$)", limits, re.M).group(1)
            return eval(re.sub(r"(\d)(?:u|LL)\b", r"\1", value))  # pylint: disable=eval-used

        for what, name in (("a definition", "DEFINITION_BYTES_MAX"), ("steps", "STEPS_MAX"),
                           ("edges", "EDGES_MAX"), ("triggers", "TRIGGERS_MAX"),
                           ("cases of a SWITCH", "SWITCH_CASES_MAX"),
                           ("an id", "STEP_ID_BYTES_MAX"),
                           ("expressions", "PROGRAMS_MAX"),
                           ("an expression", "EXPRESSION_BYTES_MAX"),
                           ("an expression", "EXPRESSION_STEPS_MAX"),
                           ("input and output of a step, output of an execution",
                            "PAYLOAD_BYTES_MAX"),
                           ("a delay, a timeout", "DURATION_MS_MAX"),
                           ("a wait between attempts", "BACKOFF_MS_MAX"),
                           ("problems told at once", "PROBLEMS_MAX")):
            self.assertRegex(PAGE, rf"\| {what} \|[^|]*\b{limit(name)}\b", name)


class Command(unittest.TestCase):
    GOOD = '{"steps": [{"id": "a", "type": "TRANSFORM"}]}'

    def test_a_good_definition_prints_an_empty_array(self):
        self.assertEqual(check(self.GOOD), (0, "[]\n", ""))
        self.assertEqual(check(self.GOOD, "--human"), (0, "no problems\n", ""))

    def test_a_bad_one_prints_all_problems(self):
        code, out, err = check('{"steps": [], "x": 1}')
        self.assertEqual((code, err), (2, ""))
        found = json.loads(out)
        self.assertEqual([(problem["code"], problem["pointer"]) for problem in found],
                         [("NO_STEPS", "/steps"), ("UNKNOWN_KEY", "/x")])
        self.assertTrue(all(set(problem) == {"code", "pointer", "message"} for problem in found))

    def test_schedules_are_read_to_the_end(self):
        trigger = '{"id": "%s", "type": "SCHEDULED", "cronExpression": "%s", "config": %s}'
        good = trigger % ("good", "*/5 8-18 * * MON-FRI", '{"timezone": "Europe/Berlin"}')
        bad = trigger % ("bad", "61 * * * *", '{"timezone": "Europe/Atlantis"}')
        code, out, _ = check('{"triggers": [%s, %s], %s' % (good, bad, self.GOOD[1:]))
        self.assertEqual(code, 2)
        self.assertEqual([(problem["code"], problem["pointer"]) for problem in json.loads(out)],
                         [("INVALID_CRON", "/triggers/1/cronExpression"),
                          ("INVALID_TIMEZONE", "/triggers/1/config/timezone")])

    def test_people_get_a_table_without_control_characters(self):
        code, out, _ = check('{"steps": [], "\\u001b[31m": 1}', "--human")
        self.assertEqual(code, 2)
        self.assertNotIn("\x1b", out)
        self.assertRegex(out, r"(?m)^NO_STEPS +/steps +a definition needs")
        self.assertTrue(out.endswith("2 problems\n"))

    def test_a_file_that_cannot_be_read_says_why(self):
        done = subprocess.run([HEADRACE, "check", os.path.join(ROOT, "no", "such.json")],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 66)
        self.assertEqual(done.stdout, "")
        self.assertIn("such.json: No such file or directory", done.stderr)

    def test_a_folder_is_no_file(self):
        done = subprocess.run([HEADRACE, "check", ROOT], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 66)
        self.assertIn("Is a directory", done.stderr)

    def test_wrong_usage_is_told_apart(self):
        for arguments in ([], ["a", "b"], ["--nope", "a"]):
            done = subprocess.run([HEADRACE, "check", *arguments], capture_output=True, text=True,
                                  check=False, timeout=60)
            self.assertEqual(done.returncode, 64, arguments)
            self.assertIn("usage: headrace check", done.stderr)

    def test_a_definition_beyond_the_limit_is_a_problem_not_an_accident(self):
        code, out, _ = check('{"metadata": "' + "x" * 1048576 + '"}')
        self.assertEqual(code, 2)
        self.assertEqual(json.loads(out)[0]["code"], "LIMIT_EXCEEDED")


if __name__ == "__main__":
    if not os.path.exists(HEADRACE):
        print(f"{HEADRACE} is not built")
        sys.exit(77)
    unittest.main()
