#!/usr/bin/env python3
"""./dev services: private services that survive being killed, and never kill anybody else."""

import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEV = os.path.join(ROOT, "dev")
STACK = os.environ["HEADRACE_DEV_DIR"]
SERVICES = ("postgres", "redis", "kafka")
ROLES = ("migrate", "engine", "gateway", "api", "worker", "dash_ro", "check_ro")
TOPICS = {"headrace.events.v1": 32, "headrace.results.v1": 32, "headrace.tasks.http.v1": 16,
          "headrace.dead-letters.v1": 3}


def run(*command, env=None, text=None):
    """What the command prints; fails when it fails."""
    done = subprocess.run(command, env=env, input=text, capture_output=True, text=True, check=False,
                          timeout=180)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


def services(verb, folder=STACK):
    return run(DEV, "services", verb, env={**os.environ, "HEADRACE_DEV_DIR": folder})


def read(*path):
    with open(os.path.join(STACK, *path), encoding="utf-8") as file:
        return file.read()


def address(name):
    prefix = f"export {name}='"
    return next(line for line in read("env").splitlines() if line.startswith(prefix))[
        len(prefix):-1]


def pid_of(service):
    return int(read("run", service).split()[0])


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(") ", 1)[1][0] not in "ZX"
    except FileNotFoundError:
        return False


def kill_all():
    for service in SERVICES:
        os.kill(pid_of(service), signal.SIGKILL)


def psql(role, statement):
    return run("psql", "-XAtq", read("dsn", f"headrace_{role}").strip(), "-c", statement).strip()


def redis(*words):
    host, port = address("HEADRACE_REDIS").split(":")
    return run("redis-cli", "-h", host, "-p", port, *words).strip()


def kcat(*options, text=None):
    return run("kcat", "-b", address("HEADRACE_KAFKA"), *options, text=text)


# --- the tests, in this order ---------------------------------------------------------------------

def up_makes_every_role_and_topic():
    services("up")
    for role in ROLES:
        assert psql(role, "select current_user") == f"headrace_{role}"
    listing = kcat("-L")
    for topic, partitions in TOPICS.items():
        assert f'topic "{topic}" with {partitions} partitions' in listing, listing


def passwords_are_for_the_owner_only():
    for name in ("env", "dsn/headrace_engine", "secrets/postgres"):
        mode = os.stat(os.path.join(STACK, name)).st_mode & 0o777
        assert mode == 0o600, f"{name}: {mode:o}"


def up_again_changes_nothing():
    before = [pid_of(service) for service in SERVICES], read("env")
    services("up")
    assert before == ([pid_of(service) for service in SERVICES], read("env"))


def a_second_member_shares_a_consumer_group():
    group = ["-G", "two", "-X", "auto.offset.reset=earliest", "-q", "-u", "headrace.tasks.http.v1"]
    members = [subprocess.Popen(["kcat", "-b", address("HEADRACE_KAFKA"), *group],
                                stdout=subprocess.PIPE, text=True) for _ in range(2)]
    time.sleep(3)
    wanted = [f"message-{i}" for i in range(400)]
    # Keys spread the messages over the partitions; without them a burst goes to one.
    kcat("-P", "-t", "headrace.tasks.http.v1", "-K", ":",
         text="".join(f"{message}:{message}\n" for message in wanted))
    time.sleep(3)
    for member in members:
        member.terminate()
    taken = [member.communicate(timeout=30)[0].split() for member in members]
    assert sorted(taken[0] + taken[1]) == sorted(wanted), [len(part) for part in taken]
    assert taken[0] and taken[1], [len(part) for part in taken]


def what_was_written_survives_a_kill_of_everything():
    psql("migrate", "create schema kept; create table kept.word as select 'kept' as word")
    redis("set", "word", "kept")
    time.sleep(1.5)  # Redis writes to disk once a second
    kcat("-P", "-t", "headrace.events.v1", "-X", "acks=all", text="kept\n")
    kill_all()
    services("up")
    assert psql("migrate", "select word from kept.word") == "kept"
    assert redis("get", "word") == "kept"
    assert kcat("-C", "-t", "headrace.events.v1", "-e", "-q", "-o", "beginning").split() == ["kept"]
    psql("migrate", "drop schema kept cascade")


def a_stale_lock_of_postgres_is_seen_through():
    os.kill(pid_of("postgres"), signal.SIGKILL)
    home = os.path.join(STACK, "pg")
    if os.path.exists(os.path.join(STACK, "postgres_home")):
        home = read("postgres_home").strip()
    lock = os.path.join(home, "data", "postmaster.pid")
    with open(lock, encoding="utf-8") as file:
        lines = file.read().split("\n")
    # A process of the same user that is not a server of this data: PostgreSQL would believe it.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
    with subprocess.Popen((user if os.geteuid() == 0 else []) + ["sleep", "300"]) as stranger:
        lines[0] = str(stranger.pid)
        with open(lock, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        try:
            services("up")
            assert psql("engine", "select 1") == "1"
            assert is_alive(stranger.pid), "the stranger is dead"
        finally:
            stranger.kill()


def down_never_signals_a_pid_that_is_somebody_elses_now():
    with subprocess.Popen(["sleep", "300"]) as stranger:
        _, start, boot = read("run", "redis").split()
        with open(os.path.join(STACK, "run", "worker-1"), "w", encoding="utf-8") as record:
            record.write(f"{stranger.pid} {int(start) - 1} {boot}\n")
        run(DEV, "down")
        alive = is_alive(stranger.pid)
        stranger.kill()
    assert alive, "the stranger is dead"


def down_has_stopped_everything():
    assert not os.listdir(os.path.join(STACK, "run"))
    for folder in os.listdir("/proc"):
        if folder.isdigit() and is_alive(folder):
            with open(f"/proc/{folder}/cmdline", "rb") as file:
                assert STACK.encode() + b"/" not in file.read(), f"{folder} still runs"


def up_can_be_killed_at_any_moment():
    folder = os.path.join(STACK, "second")
    environment = {**os.environ, "HEADRACE_DEV_DIR": folder}
    for milliseconds in (150, 400, 800, 1200, 1600, 2200, 3000):
        with subprocess.Popen([DEV, "services", "up"], env=environment, start_new_session=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
            time.sleep(milliseconds / 1000)
            os.killpg(started.pid, signal.SIGKILL)
    services("up", folder)
    lines = services("status", folder).splitlines()
    for service in SERVICES:
        assert any(line.startswith(service) and " ready " in line for line in lines), lines
    services("clean", folder)
    assert not os.path.exists(folder)


def a_folder_of_somebody_else_is_refused():
    folder = os.path.join(STACK, "letters")
    os.mkdir(folder)
    with open(os.path.join(folder, "letter.txt"), "w", encoding="utf-8") as letter:
        letter.write("dear")
    done = subprocess.run([DEV, "services", "up"], env={**os.environ, "HEADRACE_DEV_DIR": folder},
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0 and "not made by ./dev" in done.stderr, done.stderr
    assert os.listdir(folder) == ["letter.txt"]


TESTS = (
    up_makes_every_role_and_topic,
    passwords_are_for_the_owner_only,
    up_again_changes_nothing,
    a_second_member_shares_a_consumer_group,
    what_was_written_survives_a_kill_of_everything,
    a_stale_lock_of_postgres_is_seen_through,
    down_never_signals_a_pid_that_is_somebody_elses_now,
    down_has_stopped_everything,
    up_can_be_killed_at_any_moment,
    a_folder_of_somebody_else_is_refused,
)


def main():
    failed = 0
    for test in TESTS:
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:  # a test that breaks has failed; the next one still runs
            failed += 1
            why = " ".join(str(problem).split()) or type(problem).__name__
            print(f"FAIL {test.__name__}: {why[:600]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
