#!/usr/bin/env python3
"""What `meson install` puts on a machine works from there, and the units and the image fit it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build"))
PROGRAMS = ("headrace", "headrace-gateway", "headrace-coordinator", "headrace-worker",
            "headrace-topics")
SETTINGS = {
    "headrace-gateway": {"HEADRACE_KAFKA": "k:1", "HEADRACE_PG_DSN": "host=p",
                         "HEADRACE_API_PG_DSN": "host=p", "HEADRACE_SEAL_KEY": "k1:" + "0" * 64},
    "headrace-coordinator": {"HEADRACE_KAFKA": "k:1", "HEADRACE_PG_DSN": "host=p"},
    "headrace-worker": {"HEADRACE_KAFKA": "k:1", "HEADRACE_REDIS": "r:1",
                        "HEADRACE_PG_DSN": "host=p"},
}
image, prefix = None, None


def setUpModule():
    global image, prefix
    image = tempfile.mkdtemp(prefix="headrace-install.")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", image],
                   check=True, capture_output=True, timeout=120)
    prefix = os.path.join(image, "usr", "local")


def tearDownModule():
    shutil.rmtree(image, ignore_errors=True)


def installed(*path):
    return os.path.join(prefix, *path)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def run(name, *words, env=None, code=0):
    done = subprocess.run([installed("bin", name), *words], capture_output=True, text=True,
                          check=False, timeout=60, cwd="/",
                          env={"PATH": os.environ["PATH"], **(env or {})})
    if done.returncode != code:
        raise AssertionError(f"{name} {words}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Programs(unittest.TestCase):
    def test_nothing_but_the_product_is_installed(self):
        self.assertEqual(sorted(os.listdir(installed("bin"))), sorted(PROGRAMS))

    def test_all_say_their_version(self):
        version = re.search(r"version: '([^']+)'", read(ROOT, "meson.build")).group(1)
        for name in ("headrace", *SETTINGS):
            self.assertIn(version, run(name, "--version"))

    def test_a_definition_is_checked(self):
        definition = os.path.join(ROOT, "examples", "order-intake.json")
        self.assertEqual(run("headrace", "check", definition), "[]\n")

    def test_daemons_print_their_configuration(self):
        for name, settings in SETTINGS.items():
            self.assertIn("kafka = k:1", run(name, "--print-config", env=settings), name)

    def test_migrations_are_found(self):
        sql = installed("share", "headrace", "sql")
        self.assertEqual(sorted(os.listdir(sql)),
                         sorted(os.listdir(os.path.join(ROOT, "deploy", "sql"))))
        # The database is out of reach; a missing folder would be 66, and said first.
        said = run("headrace", "migrate", "status", "--dsn", "host=127.0.0.1 port=1", code=69)
        self.assertNotIn("no migrations", said)

    def test_topics_are_those_of_the_tree(self):
        self.assertEqual(read(installed("share", "headrace", "topics.yaml")),
                         read(ROOT, "deploy", "topics.yaml"))
        self.assertTrue(os.path.isfile(installed("share", "doc", "headrace", "operations.md")))


class Completion(unittest.TestCase):
    def complete(self, *words):
        script = installed("share", "bash-completion", "completions", "headrace.bash")
        line = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _headrace; '
                'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", line, script, *words], check=True, text=True,
                              capture_output=True, timeout=30)
        return done.stdout.split()

    def test_it_is_what_the_program_prints(self):
        self.assertEqual(read(installed("share", "bash-completion", "completions",
                                        "headrace.bash")),
                         run("headrace", "completion", "bash"))

    def test_commands_are_completed(self):
        program = installed("bin", "headrace")
        self.assertEqual(self.complete(program, "dead"), ["dead-letters"])
        known = set(re.findall(r"^  ([a-z-]+) ", run("headrace", "--help"), re.M))
        self.assertEqual(set(self.complete(program, "")) - {"--help", "--version"}, known)

    def test_options_are_completed(self):
        program = installed("bin", "headrace")
        self.assertEqual(self.complete(program, "dead-letters", "--re"), ["--reason"])
        self.assertEqual(self.complete(program, "dead-letters", "0/1"), [])


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = installed("lib", "systemd", "system")

    def test_every_unit_starts_a_program_that_is_there(self):
        for name in os.listdir(self.folder):
            program = re.search(r"^ExecStart=(\S+)", read(self.folder, name), re.M).group(1)
            self.assertTrue(os.access(image + program, os.X_OK), f"{name}: {program}")

    def test_systemd_finds_no_mistake(self):
        if not shutil.which("systemd-analyze"):
            # The house's own reading, which knows fewer mistakes.
            subprocess.run([os.path.join(ROOT, "tests", "lint", "manifests.py")], check=True)
            return
        folder = tempfile.mkdtemp(prefix="headrace-units.")
        self.addCleanup(shutil.rmtree, folder)
        names = []
        for name in os.listdir(self.folder):
            text = read(self.folder, name).replace("ExecStart=/", f"ExecStart={image}/")
            names.append(os.path.join(folder, name.replace("@.", "@1.")))
            with open(names[-1], "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               *names], capture_output=True, text=True, check=False, timeout=60)
        said = [line for line in done.stderr.splitlines() if "headrace" in line]
        self.assertEqual((done.returncode, said), (0, []), done.stderr)


class Image(unittest.TestCase):
    def test_it_holds_every_library_that_the_programs_are_linked_with(self):
        """By Debian's own knowledge of which package a library belongs to."""
        last = read(ROOT, "deploy", "Dockerfile").rsplit("FROM ", 1)[1]
        there = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", last)) | {"libc6", "libgcc-s1"}
        needed = set()
        for name in PROGRAMS:
            said = subprocess.run(["objdump", "-p", installed("bin", name)], check=True, text=True,
                                  capture_output=True).stdout
            needed |= set(re.findall(r"NEEDED +(\S+)", said))
        for library in sorted(needed):
            found = subprocess.run(["dpkg", "-S", f"*/{library}"], text=True, check=False,
                                   capture_output=True).stdout
            packages = set(re.findall(r"^([a-z0-9.+-]+)(?::\w+)?: ", found, re.M))
            self.assertTrue(packages & there, f"{library}: none of {packages} is in the image")


if __name__ == "__main__":
    unittest.main()
