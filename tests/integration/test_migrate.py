#!/usr/bin/env python3
"""headrace migrate, tenant and key against a private PostgreSQL."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from private_postgres import ROOT, SQL, PrivatePostgres, migrations  # noqa: E402

CLI = os.path.join(os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build")), "cli", "headrace")
postgres = PrivatePostgres()
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def setUpModule():
    postgres.start()
    postgres.psql("-f", os.path.join(SQL, "roles.sql"), database="postgres")


def tearDownModule():
    postgres.stop()


def dsn(database, role="headrace_migrate"):
    return f"host={postgres.folder} user={role} dbname={database}"


def start(database, *words, role="headrace_migrate", **options):
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("HEADRACE_")}
    environment["HEADRACE_PG_DSN"] = dsn(database, role)
    environment.update(options.pop("env", {}))
    return subprocess.Popen([CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=environment, **options)


def run(database, *words, **options):
    """(exit code, standard output, standard error)"""
    with start(database, *words, **options) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


class WithDatabase(unittest.TestCase):
    def setUp(self):
        self.database = "d" + os.urandom(6).hex()
        postgres.psql("-c", f"CREATE DATABASE {self.database}", database="postgres")
        postgres.psql("-f", os.path.join(SQL, "roles.sql"), database=self.database)
        self.folder = tempfile.mkdtemp(prefix="headrace-migrate.")
        self.addCleanup(shutil.rmtree, self.folder)

    def value(self, text):
        return postgres.psql("-c", text, database=self.database).strip()

    def copy(self):
        """The real migrations in a folder of ours."""
        for _, _, path in migrations():
            shutil.copy(path, self.folder)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def up(self, **options):
        return run(self.database, "migrate", "up", "--dir", self.folder, **options)


class Migrate(WithDatabase):
    def test_up_applies_everything_once_and_status_says_so(self):
        code, out, _ = run(self.database, "migrate", "status")
        self.assertEqual(code, 1)
        self.assertEqual(out.count("missing"), len(migrations()))
        code, out, err = run(self.database, "migrate", "up")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.count("applied 0"), len(migrations()))
        code, out, _ = run(self.database, "migrate", "status")
        self.assertEqual(code, 0)
        self.assertEqual(len(re.findall(r"^\d{4} \w+ +applied +\d{4}-", out, re.M)),
                         len(migrations()))
        code, out, _ = run(self.database, "migrate", "up")
        self.assertEqual(code, 0)
        self.assertIn("0 applied now", out)
        for version, name, path in migrations():
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            self.assertEqual(self.value(f"SELECT name || sha256 FROM headrace.schema_migration "
                                        f"WHERE version = {version}"), name + digest)

    def test_a_superuser_may_do_it_too(self):
        self.assertEqual(run(self.database, "migrate", "up", role="postgres")[0], 0)

    def test_two_runs_at_once_are_harmless(self):
        runs = [start(self.database, "migrate", "up") for _ in range(4)]
        said = [process.communicate(timeout=120) for process in runs]
        self.assertEqual([process.returncode for process in runs], [0] * 4, said)
        self.assertEqual(sum(out.count("applied 0") for out, _ in said), len(migrations()))

    def test_a_file_that_was_changed_after_it_was_applied_stops_everything(self):
        self.copy()
        self.assertEqual(self.up()[0], 0)
        first = migrations()[0]
        with open(os.path.join(self.folder, os.path.basename(first[2])), "a",
                  encoding="utf-8") as file:
            file.write("-- one more line\n")
        self.write(f"{len(migrations()) + 1:04}_more.sql", "CREATE TABLE headrace.more (id int);")
        code, out, err = self.up()
        self.assertEqual(code, 1)
        self.assertIn("was applied at", err)
        self.assertIn(os.path.basename(first[2]), err)
        self.assertNotIn("applied 0", out)
        self.assertEqual(self.value("SELECT to_regclass('headrace.more') IS NULL"), "t")
        code, out, _ = run(self.database, "migrate", "status", "--dir", self.folder)
        self.assertEqual(code, 1)
        self.assertIn("changed since", out)

    def test_a_file_that_fails_is_told_with_its_line_and_leaves_nothing(self):
        self.copy()
        self.assertEqual(self.up()[0], 0)
        name = f"{len(migrations()) + 1:04}_bad.sql"
        self.write(name, "-- äöü\nCREATE TABLE headrace.half (id int);\n\nSELECT nothing_there;\n")
        code, _, err = self.up()
        self.assertEqual(code, 1)
        self.assertRegex(err, rf"{name}:4: .*nothing_there.* \(42703\)")
        self.assertEqual(self.value("SELECT to_regclass('headrace.half') IS NULL"), "t")
        self.write(name, "CREATE TABLE headrace.half (id int);\n")
        self.assertEqual(self.up()[0], 0)
        self.assertEqual(self.value("SELECT to_regclass('headrace.half') IS NULL"), "f")

    def test_a_run_that_is_killed_is_simply_run_again(self):
        self.copy()
        self.assertEqual(self.up()[0], 0)
        self.write(f"{len(migrations()) + 1:04}_slow.sql",
                   "CREATE TABLE headrace.slow (id int);\nSELECT pg_sleep(1.5);\n")
        process = start(self.database, "migrate", "up", "--dir", self.folder)
        time.sleep(0.7)
        process.kill()
        process.communicate()
        code, out, _ = self.up()
        self.assertEqual(code, 0)
        self.assertIn("1 applied now", out)

    def test_folders_that_are_not_in_order_are_refused(self):
        self.write("0001_a.sql", "SELECT 1;")
        self.write("0003_c.sql", "SELECT 1;")
        code, _, err = self.up()
        self.assertEqual(code, 66)
        self.assertIn("0002 is missing", err)
        self.write("0002_b.sql", "SELECT 1;")
        self.write("0002_c.sql", "SELECT 1;")
        self.assertEqual(self.up()[0], 66)
        self.assertEqual(run(self.database, "migrate", "up", "--dir", "/nowhere")[0], 66)

    def test_a_database_newer_than_the_program_is_left_alone(self):
        self.assertEqual(run(self.database, "migrate", "up")[0], 0)
        postgres.psql("-c", "INSERT INTO headrace.schema_migration VALUES (900, 'later', 'x')",
                      database=self.database)
        self.assertEqual(run(self.database, "migrate", "up")[0], 0)
        self.assertIn("0900_later is applied, and newer",
                      run(self.database, "migrate", "status")[1])

    def test_nobody_at_the_other_end_is_told(self):
        code, _, err = run(self.database, "migrate", "up", "--dsn", "host=127.0.0.1 port=1")
        self.assertEqual(code, 69)
        self.assertIn("Connection refused", err)

    def test_it_does_not_guess_what_is_meant(self):
        for words in ((), ("sideways",), ("up", "down"), ("up", "--what")):
            self.assertEqual(run(self.database, "migrate", *words)[0], 64)
        self.assertEqual(run(self.database, "migrate", "--help")[0], 0)


class TenantAndKey(WithDatabase):
    def setUp(self):
        super().setUp()
        self.assertEqual(run(self.database, "migrate", "up")[0], 0)

    def test_a_tenant_is_made_once(self):
        code, out, _ = run(self.database, "tenant", "create", "shop-1", "--display-name", "A Shop")
        self.assertEqual(code, 0)
        self.assertRegex(out, rf"^{UUID}\n$")
        self.assertEqual(self.value("SELECT id || name || display_name FROM headrace.tenant"),
                         out.strip() + "shop-1A Shop")
        code, _, err = run(self.database, "tenant", "create", "shop-1")
        self.assertEqual(code, 1)
        self.assertIn("exists already", err)
        self.assertIn("shop-1", run(self.database, "tenant", "list")[1])
        for name in ("", "Shop", "a b", "-a", "ä", "x" * 64):
            self.assertEqual(run(self.database, "tenant", "create", name)[0], 64, name)
        self.assertEqual(self.value("SELECT count(*) FROM headrace.tenant"), "1")

    def test_a_key_is_shown_once_and_only_its_digest_is_kept(self):
        tenant = run(self.database, "tenant", "create", "shop")[1].strip()
        code, out, err = run(self.database, "key", "create", "--tenant", "shop", "--role", "ADMIN",
                             "--name", "first")
        self.assertEqual((code, err), (0, ""))
        match = re.fullmatch(rf"hr_({UUID})_([0-9a-f]{{64}})\n", out)
        self.assertTrue(match, out)
        row = self.value(f"SELECT tenant_id, name, role, encode(secret_sha256, 'hex'), revoked_at "
                         f"IS NULL FROM headrace.api_key WHERE id = '{match.group(1)}'")
        self.assertEqual(row.split("\x1f"), [tenant, "first", "admin",
                                             hashlib.sha256(match.group(2).encode()).hexdigest(),
                                             "t"])
        self.assertEqual(self.value(f"SELECT role FROM headrace.api_key_find('{match.group(1)}')"),
                         "admin")
        by_id = run(self.database, "key", "create", "--tenant", tenant, "--role", "viewer")
        self.assertEqual(by_id[0], 0)
        self.assertNotEqual(by_id[1], out)

        self.assertEqual(run(self.database, "key", "revoke", out.strip())[0], 0)
        self.assertEqual(self.value(f"SELECT count(*) FROM headrace.api_key_find("
                                    f"'{match.group(1)}')"), "0")
        self.assertEqual(run(self.database, "key", "revoke", match.group(1))[0], 0)
        self.assertEqual(self.value(
            f"SELECT count(*) FROM headrace.audit_verify('{tenant}')"), "0")
        self.assertEqual(self.value("SELECT string_agg(verb, ' ' ORDER BY seq) "
                                    "FROM headrace.audit_log"),
                         "create create create revoke revoke")

    def test_what_is_not_there_is_told(self):
        code, _, err = run(self.database, "key", "create", "--tenant", "none", "--role", "ADMIN")
        self.assertEqual(code, 1)
        self.assertIn('no tenant "none"', err)
        unknown = "01234567-0123-7123-8123-0123456789ab"
        self.assertEqual(run(self.database, "key", "revoke", unknown)[0], 1)
        for words in (("create", "--tenant", "x"), ("create", "--tenant", "x", "--role", "KING"),
                      ("revoke",), ("revoke", "me"), ("create",), ()):
            self.assertEqual(run(self.database, "key", *words)[0], 64, words)

    def test_the_connection_may_lie_in_a_file(self):
        path = os.path.join(self.folder, "dsn")
        with open(path, "w", encoding="utf-8") as file:
            file.write(dsn(self.database) + "\n")
        environment = {**os.environ, "HEADRACE_PG_DSN_FILE": path}
        environment.pop("HEADRACE_PG_DSN", None)
        done = subprocess.run([CLI, "tenant", "list"], env=environment, check=False,
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        environment["HEADRACE_PG_DSN_FILE"] = os.path.join(self.folder, "none")
        done = subprocess.run([CLI, "tenant", "list"], env=environment, check=False,
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 69)


if __name__ == "__main__":
    unittest.main()
