"""Faults, done to a stack of ./dev: each is a function that hurts, waits, and leaves all running.

The coordinators go through the proxy to PostgreSQL and keep the journal; there are two of them, so
that partitions change hands. All processes stay on the stack's records, and ./dev down ends them.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import stack  # noqa: E402
from proxy import Proxy  # noqa: E402

SECOND = "coordinator-b"
OWN = ("gateway", "coordinator", SECOND, "worker-1", "worker-2")
LEASE_SECONDS = 10
HEARTBEAT_SECONDS = 15


def environment_of(pid):
    with open(f"/proc/{pid}/environ", encoding="utf-8") as file:
        return dict(entry.split("=", 1) for entry in file.read().split("\0") if "=" in entry)


class Daemon:
    """One of our processes, started again with the environment that ./dev gave it."""

    def __init__(self, name, environment, program):
        self.name, self.environment, self.program = name, environment, program
        self.process = None

    def start(self):
        with open(os.path.join(stack.STACK, "log", f"{self.name}.log"), "ab") as log:
            self.process = subprocess.Popen([self.program], env=self.environment, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            began = file.read().rpartition(")")[2].split()[19]
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            boot = file.read().strip()
        path = os.path.join(stack.STACK, "run", self.name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(f"{self.process.pid} {began} {boot}\n")
        os.rename(path + ".new", path)

    def tell(self, number):
        if self.process is not None:
            self.process.send_signal(number)
        else:
            stack.kill(self.name, number)

    def kill(self, number=signal.SIGKILL):
        self.tell(number)
        if self.process is not None:
            self.process.wait(60)
        else:
            pid = stack.pid_of(self.name)
            stack.until(f"{self.name} is gone", 60, lambda: not os.path.exists(f"/proc/{pid}"))

    def is_alive(self):
        return self.process is None or self.process.poll() is None

    def is_ready(self):
        url = f"http://{self.environment['HEADRACE_ADMIN_LISTEN']}/readyz"
        try:
            return stack.http("GET", url, timeout=2).status == 200
        except OSError:
            return False


class Nemesis:
    def __init__(self):
        os.environ["HEADRACE_ENGINE_JOURNAL"] = "on"
        stack.up()
        dsn = urllib.parse.urlsplit(os.environ["HEADRACE_PG_DSN"])
        self.proxy = Proxy(dsn.hostname, dsn.port)
        self.daemons = {}
        for name in stack.DAEMONS:
            pid = stack.pid_of(name)
            self.daemons[name] = Daemon(name, environment_of(pid), os.readlink(f"/proc/{pid}/exe"))
        first = self.daemons["coordinator"]
        first.kill(signal.SIGTERM)
        through = urllib.parse.urlsplit(first.environment["HEADRACE_PG_DSN"])
        first.environment.update(
            HEADRACE_PG_DSN=through._replace(netloc=through.netloc.rpartition(":")[0]
                                             + f":{self.proxy.port}").geturl(),
            HEADRACE_ENGINE_JOURNAL="on")
        # What an older coordinator did is not in the journal, and the journal has no gaps.
        stack.psql("TRUNCATE headrace.journal")
        second = Daemon(SECOND, dict(first.environment), first.program)
        second.environment.update(HEADRACE_INSTANCE=SECOND,
                                  HEADRACE_ADMIN_LISTEN=f"127.0.0.1:{free_port()}")
        self.daemons[SECOND] = second
        first.start()
        second.start()
        self.wait_ready()

    def wait_ready(self, seconds=90):
        for daemon in self.daemons.values():
            stack.until(f"{daemon.name} is ready", seconds, daemon.is_ready, every=0.2)

    def revive(self):
        """Whoever ended on its own account is started again, and told of."""
        ended = [daemon for daemon in self.daemons.values() if not daemon.is_alive()]
        for daemon in ended:
            daemon.start()
        return [daemon.name for daemon in ended]

    def owns_all(self):
        """How many partitions have an owner whose lease holds."""
        return int(stack.psql("SELECT count(*) FROM headrace.engine_partition"
                              " WHERE lease_until > now()")) == 32

    # Each fault below gives back what is worth a line in the report.

    def kill(self, name, seconds_dead):
        daemon = self.daemons[name]
        daemon.kill()
        time.sleep(seconds_dead)
        daemon.start()
        stack.until(f"{name} is ready", 60, daemon.is_ready)

    def take_over(self):
        """The partitions of a killed coordinator are owned by the other before it comes back."""
        victim, heir = self.daemons["coordinator"], self.daemons[SECOND]
        orphans = ("SELECT count(*) FROM headrace.engine_partition WHERE owner NOT LIKE"
                   f" '{SECOND}/%' OR owner IS NULL OR lease_until <= now()")
        victim.kill()
        began = time.monotonic()
        stack.until("the second owns all", 60, lambda: stack.psql(orphans) == "0", every=0.1)
        took = time.monotonic() - began
        assert heir.is_alive()
        victim.start()
        stack.until("it is back", 60, victim.is_ready)
        return took

    def freeze(self, name, seconds):
        """A zombie: it stops past its leases, and then goes on as if nothing had been."""
        self.daemons[name].tell(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.daemons[name].tell(signal.SIGCONT)
        stack.until(f"{name} is ready", 60, self.daemons[name].is_ready)

    def kill_redis(self, seconds_dead):
        self.kill_service("redis", seconds_dead)

    def flush_redis(self):
        host, port = os.environ["HEADRACE_REDIS"].split(":")
        stack.run("redis-cli", "-h", host, "-p", port, "FLUSHALL")

    def kill_kafka(self, seconds_dead):
        self.kill_service("kafka", seconds_dead)

    def kill_service(self, name, seconds_dead, number=signal.SIGKILL):
        pid = stack.pid_of(name)
        os.kill(pid, number)
        stack.until(f"{name} is gone", 60, lambda: is_gone(pid))
        time.sleep(seconds_dead)
        stack.services("up")

    def restart_postgres(self):
        self.kill_service("postgres", 0.5, signal.SIGINT)

    def kill_postgres(self):
        self.kill_service("postgres", 0.5)

    def terminate_backends(self, some="true"):
        """Ends sessions of the daemons; what they were in the middle of is undone."""
        admin = urllib.parse.urlsplit(os.environ["HEADRACE_PG_DSN"])
        netloc = f"postgres:{stack.read('secrets', 'postgres')}@{admin.hostname}:{admin.port}"
        done = stack.run("psql", "-XAtq", admin._replace(netloc=netloc).geturl(), "-c",
                         "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
                         " usename IN ('headrace_engine', 'headrace_worker', 'headrace_gateway',"
                         f" 'headrace_api') AND {some}")
        return int(done.stdout)

    def cut_commits(self, count, seconds):
        before = self.proxy.cut_count
        self.proxy.cut(count)
        deadline = time.monotonic() + seconds
        while self.proxy.to_cut and time.monotonic() < deadline:
            time.sleep(0.1)
        self.proxy.pass_on()
        return self.proxy.cut_count - before

    def down(self):
        """What was started here ends here; ./dev up would start it anew, without the proxy."""
        for daemon in self.daemons.values():
            if daemon.process is not None and daemon.is_alive():
                daemon.process.terminate()
        for daemon in self.daemons.values():
            if daemon.process is not None:
                daemon.process.wait(60)


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
