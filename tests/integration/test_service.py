#!/usr/bin/env python3
"""The life of a daemon (service_probe): arguments, configuration, probes, drain and its end."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build"))
PROBE = os.path.join(BUILD, "tests", "integration", "service_probe")
HERE = tempfile.mkdtemp(prefix="headrace-service.")


def tearDownModule():
    shutil.rmtree(HERE)


def environment(**settings):
    """Nothing of Headrace but what the probe cannot do without."""
    base = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    base["HEADRACE_NAME"] = "testing"
    base.update({f"HEADRACE_{name.upper()}": value for name, value in settings.items()})
    return {name: value for name, value in base.items() if value is not None}


def run(*arguments, **settings):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([PROBE, *arguments], env=environment(**settings), capture_output=True,
                          text=True, check=False, timeout=30)
    return done.returncode, done.stdout, done.stderr


def file_of(text):
    handle, path = tempfile.mkstemp(dir=HERE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Daemon:
    """A probe that runs; its log lines as they come."""

    def __init__(self, *arguments, **settings):
        self.process = subprocess.Popen([PROBE, *arguments], env=environment(**settings),
                                        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        bufsize=0)
        self.lines = []
        self.port = None

    def __enter__(self):
        self.port = self.event("admin.listening")["port"]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.process.stderr.close()

    def event(self, name, seconds=10):
        """The next line with this event."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not select.select([self.process.stderr], [], [], 0.2)[0]:
                continue
            line = self.process.stderr.readline()
            if not line:
                break
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == name:
                return self.lines[-1]
        raise AssertionError(f"no {name}: {self.lines}")

    def ask(self, request):
        """Everything the listener answers until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            if request:
                connection.sendall(request)
            parts = []
            try:
                while part := connection.recv(65536):
                    parts.append(part)
            except ConnectionResetError:  # closed with bytes unread
                pass
            return b"".join(parts).decode()

    def get(self, path):
        """(status, body)"""
        head, body = self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).split("\r\n\r\n")
        return int(head.split()[1]), body

    def wait_ready(self):
        until = time.monotonic() + 10
        while self.get("/readyz")[0] != 200:
            assert time.monotonic() < until, "never ready"
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM, seconds=10):
        self.process.send_signal(number)
        return self.process.wait(seconds)


class Arguments(unittest.TestCase):
    def test_help_and_version_are_printed_without_a_configuration(self):
        code, out, _ = run("--help", name=None)
        self.assertEqual(code, 0)
        self.assertIn("a daemon that does nothing", out)
        self.assertIn("jobs.max", out)
        self.assertIn("admin.listen", out)
        code, out, _ = run("--version", name=None)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^headrace-probe \d+\.\d+\.\d+\n$")

    def test_what_it_does_not_know_is_refused(self):
        self.assertEqual(run("--nonsense")[0], 2)
        code, _, err = run("nonsense")
        self.assertEqual(code, 2)
        self.assertIn("nonsense", err)

    def test_a_good_configuration_is_called_good(self):
        self.assertEqual(run("--check-config")[:2], (0, "the configuration is good\n"))

    def test_every_mistake_is_told_at_once_with_key_and_variable(self):
        code, _, err = run("--check-config", name=None, jobs_max="0", lease="5parsecs",
                           cache="2GiB", fast="maybe", log_level="loud")
        self.assertEqual(code, 2)
        for words in ("name (HEADRACE_NAME) is required: What the probe is called.",
                      'jobs.max (HEADRACE_JOBS_MAX) "0" is not between 1 and 4096',
                      'lease (HEADRACE_LEASE) "5parsecs" is no time like 250ms, 5s, 2m, 1h or 3d',
                      'cache (HEADRACE_CACHE) "2GiB" is not between 0 and 1GiB',
                      'fast (HEADRACE_FAST) "maybe" is neither on nor off'):
            self.assertIn(words, err)
        self.assertIn("log.level", run("--check-config", log_level="loud")[2])

    def test_a_secret_is_never_printed(self):
        code, _, err = run("--check-config", password="hunter2")
        self.assertEqual(code, 2)
        self.assertIn("password (HEADRACE_PASSWORD) (not shown) has 7 bytes, not 8 to 100", err)
        self.assertNotIn("hunter2", err)
        code, out, _ = run("--print-config", password="hunter22")
        self.assertEqual(code, 0)
        self.assertIn("# password = (set, not shown)", out)
        self.assertNotIn("hunter", out)

    def test_what_is_printed_can_be_read_again_and_the_environment_wins(self):
        _, first, _ = run("--print-config", lease="90s", cache="64KiB", fast="on")
        for line in ("lease = 90s", "cache = 64KiB", "fast = on", "jobs.max = 64",
                     "name = testing"):
            self.assertIn(line + "\n", first)
        path = file_of(first)
        self.assertEqual(run("--print-config", "--config", path, name=None), (0, first, ""))
        second = run("--print-config", "--config", path, lease="2m")[1]
        self.assertEqual(second, first.replace("lease = 90s", "lease = 2m"))

    def test_a_mistake_in_the_file_is_told_with_its_line(self):
        path = file_of("# a comment\n\nname = one\nfoo = 1\nname = two\nwhat is this\n")
        code, _, err = run("--check-config", "--config", path)
        self.assertEqual(code, 2)
        self.assertIn(f'{path}:4: "foo" is no key that is known here', err)
        self.assertIn(f'{path}:5: "name" is set twice', err)
        self.assertIn(f"{path}:6: a line is: key = value", err)
        self.assertIn("No such file", run("--check-config", "--config", f"{HERE}/none")[2])

    def test_a_value_may_lie_in_a_file_of_its_own(self):
        path = file_of("from-a-file\n")
        self.assertIn("name = from-a-file\n", run("--print-config", name=None, name_file=path)[1])
        code, _, err = run("--check-config", name_file=path)
        self.assertEqual(code, 2)
        self.assertIn("HEADRACE_NAME_FILE too", err)
        self.assertEqual(run("--check-config", name=None, name_file=f"{HERE}/none")[0], 2)

    def test_the_tables_are_documented(self):
        out = run("--document-config", name=None)[1]
        self.assertIn("| `jobs.max` | `HEADRACE_JOBS_MAX` | 1 – 4096 | `64` |", out)
        self.assertIn("| `name` | `HEADRACE_NAME` | text | required |", out)
        out = run("--document-metrics", name=None)[1]
        self.assertIn("| `headrace_probe_open_count` | gauge |  | Things in hand. |", out)


class Life(unittest.TestCase):
    def test_values_arrive_converted(self):
        with Daemon(jobs_max="7", lease="2m", cache="3KiB", fast="on", password="12345678",
                    instance="probe-1") as daemon:
            started = daemon.event("probe.started")
            for name, value in {"jobs_max": 7, "lease_ms": 120000, "cache_bytes": 3072,
                                "is_fast": 1, "password_bytes": 8, "instance": "probe-1",
                                "daemon": "probe", "level": "info"}.items():
                self.assertEqual(started[name], value)
            daemon.wait_ready()  # before it is, a signal ends it at once
            self.assertEqual(daemon.end(), 0)

    def test_it_lives_then_is_ready_then_drains(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.get("/livez"), (200, "ok\n"))
            self.assertEqual(daemon.get("/readyz"), (503, "not warm yet\n"))
            daemon.wait_ready()
            self.assertEqual(daemon.end(), 0)
            events = [daemon.event(name)["event"] for name in
                      ("service.draining", "service.drained", "service.ended")]
            self.assertEqual(len(events), 3)

    def test_while_it_drains_it_is_alive_and_not_ready_and_the_watchdog_ends_it(self):
        with Daemon(ending="late", drain="1s") as daemon:
            daemon.wait_ready()
            begin = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            daemon.event("service.draining")
            self.assertEqual(daemon.get("/readyz"), (503, "draining\n"))
            self.assertEqual(daemon.get("/livez")[0], 200)
            self.assertEqual(daemon.process.wait(10), 0)
            self.assertTrue(0.8 < time.monotonic() - begin < 3)

    def test_a_loop_that_hangs_is_ended_too(self):
        with Daemon(ending="stuck", drain="1s") as daemon:
            daemon.event("service.started")
            self.assertEqual(daemon.end(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        with Daemon(ending="late", drain="60s") as daemon:
            daemon.event("service.started")
            daemon.process.send_signal(signal.SIGINT)
            daemon.event("service.draining")
            self.assertEqual(daemon.end(signal.SIGINT, 3), 0)

    def test_a_failure_drains_and_is_told_by_the_exit_code(self):
        with Daemon(ending="failed") as daemon:
            self.assertEqual(daemon.event("service.failed")["why"], "the probe was told to")
            self.assertEqual(daemon.process.wait(10), 1)

    def test_a_daemon_that_cannot_start_says_why(self):
        with Daemon(ending="unstarted") as daemon:
            line = daemon.event("service.cannot_start")
            self.assertEqual(line["fault"], "EHOSTDOWN")
            self.assertIn("service_probe.c:", line["trail"])
            self.assertEqual(daemon.process.wait(10), 1)

    def test_a_port_that_is_taken_is_told(self):
        with Daemon() as daemon:
            with subprocess.Popen([PROBE], stderr=subprocess.PIPE, text=True, env=environment(
                    admin_listen=f"127.0.0.1:{daemon.port}")) as second:
                said = second.communicate(timeout=10)[1]
            self.assertEqual(second.returncode, 1)
            self.assertIn('"fault":"EADDRINUSE"', said)


class Listener(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__)

    def test_metrics_are_prometheus_text(self):
        self.daemon.wait_ready()
        status, text = self.daemon.get("/metrics")
        self.assertEqual(status, 200)
        for line in ("# TYPE headrace_probe_turns_total counter",
                     r'headrace_probe_turns_total{how="the \"odd\"\nway"} 1',
                     "# TYPE headrace_probe_open_count gauge", "headrace_probe_open_count 2.5",
                     'headrace_probe_turn_seconds_bucket{le="0.01"} 0',
                     'headrace_probe_turn_seconds_bucket{le="0.025"} 1',
                     'headrace_probe_turn_seconds_bucket{le="+Inf"} 1',
                     "headrace_probe_turn_seconds_sum 0.02",
                     "headrace_probe_turn_seconds_count 1"):
            self.assertIn(line + "\n", text)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .+|\w+(\{[^}]*\})? [-+.\deE]+)$')

    def test_other_pages_and_methods_are_refused(self):
        self.assertEqual(self.daemon.get("/")[0], 404)
        self.assertEqual(self.daemon.get("/livez?x=1")[0], 200)
        self.assertTrue(self.daemon.ask(b"POST /livez HTTP/1.1\r\n\r\n").startswith("HTTP/1.0 405"))
        self.assertTrue(self.daemon.ask(b"GET\n\n").startswith("HTTP/1.0 404"))

    def test_a_request_without_end_is_closed_and_a_silent_visitor_too(self):
        self.assertEqual(self.daemon.ask(b"x" * 20000), "")
        begin = time.monotonic()
        self.assertEqual(self.daemon.ask(b"GET /livez"), "")
        self.assertTrue(4 < time.monotonic() - begin < 8)
        self.assertEqual(self.daemon.get("/livez")[0], 200)

    def test_too_many_visitors_do_not_keep_the_next_one_out_for_long(self):
        visitors = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(100)]
        until = time.monotonic() + 10
        status = 0
        while status != 200 and time.monotonic() < until:
            try:
                status = self.daemon.get("/livez")[0]
            except (OSError, ValueError):
                time.sleep(0.2)
        self.assertEqual(status, 200)
        for visitor in visitors:
            visitor.close()
        self.assertEqual(self.daemon.end(), 0)


if __name__ == "__main__":
    unittest.main()
