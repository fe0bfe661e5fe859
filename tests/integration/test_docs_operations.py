#!/usr/bin/env python3
"""The SQL of docs/operations.md runs, and every command there knows the options it is given."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from private_postgres import ROOT, SQL, PrivatePostgres  # noqa: E402

CLI = os.path.join(os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build")), "cli", "headrace")
postgres = PrivatePostgres()
with open(os.path.join(ROOT, "docs", "operations.md"), encoding="utf-8") as page:
    PAGE = page.read()


def setUpModule():
    postgres.start()
    postgres.psql("-c", "CREATE DATABASE headrace", database="postgres")
    postgres.psql("-f", os.path.join(SQL, "roles.sql"), database="headrace")
    subprocess.run([CLI, "migrate", "up", "--dsn",
                    f"host={postgres.folder} user=headrace_migrate dbname=headrace"],
                   check=True, capture_output=True, timeout=120)


def tearDownModule():
    postgres.stop()


class Page(unittest.TestCase):
    def test_every_statement_runs(self):
        blocks = re.findall(r"^ *```sql\n(.*?)^ *```", PAGE, re.M | re.S)
        self.assertGreaterEqual(len(blocks), 5)
        for block in blocks:
            with self.subTest(block):
                postgres.psql("-v", "ON_ERROR_STOP=1", "-c", block, database="headrace")

    def test_every_option_is_one_of_its_command(self):
        spans = re.findall(r"`(headrace [a-z-]+[^`]*--[^`]*)`", PAGE)
        spans += re.findall(r"^(headrace [a-z-]+.*)$", PAGE, re.M)
        self.assertGreaterEqual(len(spans), 6)
        for span in spans:
            words = span.split("#")[0].split()
            usage = subprocess.run([CLI, words[1], "--help"], check=True, capture_output=True,
                                   text=True, timeout=30).stdout
            for word in words[2:]:
                if word.startswith("--"):
                    self.assertIn(word, usage, span)


if __name__ == "__main__":
    unittest.main()
