#!/usr/bin/env python3
"""The coordinator on real Kafka and PostgreSQL; the test is its gateway and its worker."""

import os
import signal
import subprocess
import sys
import time
import uuid

from worker_world import (BUILD, LETTERS, NODES, NOOP, RESULTS, STACK, TASKS, Lines, Sender, World,
                          dsn, execution_id, run, services_up, sql, until)

COORDINATOR = os.path.join(BUILD, "coordinator", "headrace-coordinator")
EVENTS = "headrace.events.v1"
PARTITIONS = 32


def home(execution):
    return (int.from_bytes(uuid.UUID(execution).bytes[8:], "big") & (1 << 62) - 1) % PARTITIONS


def accepted(execution):
    return int.from_bytes(uuid.UUID(execution).bytes[:6], "big")


def query(text):
    return sql(text, "headrace_migrate")


class Coordinator:
    """One process; killed, stopped and continued by the tests."""

    def __init__(self, name):
        self.log = open(os.path.join(STACK, f"{name}.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen([COORDINATOR], stderr=self.log, stdout=subprocess.DEVNULL,
                                        env={
            "HEADRACE_INSTANCE": name, "HEADRACE_KAFKA": os.environ["HEADRACE_KAFKA"],
            "HEADRACE_PG_DSN": dsn("headrace_engine"), "HEADRACE_ADMIN_LISTEN": "127.0.0.1:0",
            "HEADRACE_LEASE": "4s", "HEADRACE_SILENCE_MAX": "2s", "PATH": os.environ["PATH"]})

    def tell(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        self.process.wait(40)
        self.log.close()


def owned_by(name):
    return int(query("SELECT count(*) FROM headrace.engine_partition WHERE lease_until > now()"
                     f" AND owner LIKE '{name}/%'"))


class Test:
    def __init__(self):
        services_up()
        self.world = World()
        sql(f"UPDATE headrace.workflow_template SET active_version_id = '{self.world.version}'"
            f" WHERE id = '{self.world.template}'", tenant=self.world.tenant)
        self.sender = Sender()
        self.tasks = Lines(TASKS, "task")
        self.letters = Lines(LETTERS, "raw")
        self.one = Coordinator("one")
        until("it owns all partitions", 30, lambda: owned_by("one") == PARTITIONS)

    def event(self, execution, **more):
        return {"topic": EVENTS, "partition": home(execution), "kind": "trigger",
                "execution": execution, "accepted_ms": accepted(execution),
                "tenant": self.world.tenant, "template_id": self.world.template,
                "type": "MANUAL", "trigger": "", "event": execution,
                "scope": '{"body":{"url":"http://127.0.0.1:1/"}}',
                **more}

    def start(self, **more):
        execution = execution_id()
        self.sender.send(self.event(execution, **more))
        return execution

    def tasks_of(self, execution, node=None):
        return [task for task in self.tasks.all if task["execution"] == execution
                and node in (None, task["node"])]

    def task_of(self, execution, node, count=1):
        return until(f"task {count} of node {node}", 20,
                     lambda: self.tasks_of(execution, node)[count - 1:])[0]

    def answer(self, task, run_id=1, **outcome):
        self.sender.send({"topic": RESULTS, "partition": task["home_partition"], "kind": "result",
                          "execution": task["execution"], "chain": task["chain"], "run": run_id,
                          "worker": "test", "epoch": task["epoch"],
                          "dispatch_no": task["dispatch_no"], "outcomes": [{
                              "kind": "ENDED", "node": task["node"], "attempt": task["attempt"],
                              "status": "COMPLETED", "effect": "ANSWERED", "output": '{"ok":true}',
                              **outcome}]})

    def answer_all(self, execution):
        for node in range(NODES):
            self.answer(self.task_of(execution, node))

    @staticmethod
    def status(execution):
        return query("SELECT c.word FROM headrace.execution e JOIN headrace.execution_status_code c"
                     f" ON c.code = e.status WHERE e.id = '{execution}'")

    def completed(self, execution, seconds=20):
        until(f"{execution} completes", seconds, lambda: self.status(execution) == "COMPLETED")

    def letter(self, reason, count=1):
        """Reasons travel as headers, which kcat shows."""
        def found():
            shown = run("kcat", "-C", "-b", os.environ["HEADRACE_KAFKA"], "-t", LETTERS, "-e", "-q",
                        "-f", "%h\n")
            return shown.count(f"headrace-reason={reason},") >= count
        until(f"a dead letter {reason}", 20, found)

    # ── the tests, in their order ──

    def a_run_goes_from_its_event_to_its_end(self):
        execution = self.start()
        task = self.task_of(execution, NOOP)
        assert task["input"] == '{"a":1}' and task["attempt"] == 0 and task["chain_max"] == 1, task
        self.answer_all(execution)
        self.completed(execution)
        assert query(f"SELECT count(*) FROM headrace.open_step WHERE execution_id = '{execution}'"
                     ) == "0"

    def a_second_delivery_starts_nothing(self):
        execution = self.start()
        self.task_of(execution, NOOP)
        self.sender.send(self.event(execution))
        later = uuid.UUID(execution).bytes
        later = str(uuid.UUID(bytes=(accepted(execution) + 5).to_bytes(6, "big") + later[6:]))
        self.sender.send(self.event(later, event=execution))
        self.answer_all(execution)
        self.completed(execution)
        assert self.status(later) == "", "an alias became an execution of its own"
        assert len(self.tasks_of(execution, NOOP)) == 1

    def one_poisoned_event_stops_nobody(self):
        ids = [execution_id() for _ in range(40)]
        for number, execution in enumerate(ids):
            more = {"scope": "this is no JSON"} if number == 20 else {}
            self.sender.send(self.event(execution, **more))
        self.letter("POISON")
        for number, execution in enumerate(ids):
            if number != 20:
                self.task_of(execution, NOOP)
        assert self.status(ids[20]) == ""

    def what_no_view_could_show_starts_nothing(self):
        execution = self.start(scope='{"body":"\\u0000"}')
        self.letter("NOT_STORABLE")
        assert self.status(execution) == ""

    def events_nobody_knows_are_dead_letters(self):
        self.start(template_id=str(uuid.uuid4()))
        self.letter("NO_TEMPLATE")
        self.start(trigger="nothing")
        self.letter("NO_TRIGGER")
        stranger = execution_id()
        self.answer({"execution": stranger, "home_partition": home(stranger), "chain": 1,
                     "epoch": 1, "dispatch_no": 0, "node": 0, "attempt": 0})
        self.letter("NO_EXECUTION")

    def late_outcomes_that_come_together_are_late(self):
        """Each names an execution that is not in memory: it is read once for all of them."""
        execution = self.start()
        self.answer_all(execution)
        self.completed(execution)
        for run_id in range(2, 12):
            self.answer(self.task_of(execution, NOOP), run_id)
        until("ten outcomes are late", 20, lambda: query(
            "SELECT count(*) FROM headrace.late_result"
            f" WHERE execution_id = '{execution}'") == "10")

    def an_outcome_that_cannot_be_stored_fails_its_step(self):
        execution = self.start()
        self.answer(self.task_of(execution, NOOP), output='"\\u0000"')
        until("the step fails", 20, lambda: "VALIDATION" in query(
            f"SELECT error FROM headrace.step_execution WHERE execution_id = '{execution}'"
            f" AND node = {NOOP}"))

    def an_outcome_that_is_no_json_fails_its_step(self):
        execution = self.start()
        self.answer(self.task_of(execution, NOOP), output="this is no JSON")
        until("the step fails", 20, lambda: "VALIDATION" in query(
            f"SELECT error FROM headrace.step_execution WHERE execution_id = '{execution}'"
            f" AND node = {NOOP}"))

    def a_failure_that_passes_is_tried_again(self):
        execution = self.start()
        self.answer(self.task_of(execution, NOOP), status="FAILED", retryable=True, output="",
                    error='{"type":"NETWORK","message":"gone"}')
        again = until("attempt 1", 20, lambda: [
            task for task in self.tasks_of(execution, NOOP) if task["attempt"] == 1])[0]
        self.answer(again)
        for node in set(range(NODES)) - {NOOP}:
            self.answer(self.task_of(execution, node))
        self.completed(execution)

    def a_taken_task_without_a_word_is_sent_again_uncharged(self):
        execution = self.start()
        self.task_of(execution, NOOP)
        taker = subprocess.Popen(["kcat", "-q", "-b", os.environ["HEADRACE_KAFKA"], "-X",
                                  "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=200",
                                  "-G", "headrace.workers.http", TASKS],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            again = until("it is sent again", 20, lambda: [
                task for task in self.tasks_of(execution, NOOP) if task["dispatch_no"] == 1])[0]
            assert again["attempt"] == 0, again
        finally:
            taker.terminate()
            taker.wait(20)
        self.answer_all(execution)
        self.completed(execution)

    def a_run_goes_on_with_the_next_owner(self):
        ids = [self.start() for _ in range(30)]
        for execution in ids:
            self.task_of(execution, NOOP)
        self.one.end(signal.SIGKILL)
        began = time.monotonic()
        two = Coordinator("two")
        until("the next owner has all", 20, lambda: owned_by("two") == PARTITIONS)
        print(f"taken over after {time.monotonic() - began:.1f} s (lease 4 s)")
        for execution in ids:
            self.answer_all(execution)
        for execution in ids:
            self.completed(execution)
        self.one, self.two = two, None

    def a_zombie_stores_nothing(self):
        before = owned_by("two")
        three = Coordinator("three")
        until("they share", 20, lambda: owned_by("three") == before // 2)
        three.tell(signal.SIGSTOP)
        ids = [self.start() for _ in range(30)]
        until("two has all", 20, lambda: owned_by("two") == PARTITIONS)
        three.tell(signal.SIGCONT)
        for execution in ids:
            self.answer_all(execution)
        for execution in ids:
            self.completed(execution, 30)
        three.end()

    def a_broken_connection_loses_and_doubles_nothing(self):
        ids = []
        for _ in range(20):
            ids += [self.start() for _ in range(5)]
            run("psql", "-XAtq", self.superuser(), "-c",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'headrace_engine'")
        for execution in ids:
            self.answer_all(execution)
        for execution in ids:
            self.completed(execution, 60)

    @staticmethod
    def superuser():
        with open(os.path.join(STACK, "secrets", "postgres"), encoding="utf-8") as file:
            secret = file.read().strip()
        place = dsn("headrace_migrate").rsplit("@", 1)[1].split("/")[0]
        return f"postgresql://postgres:{secret}@{place}/postgres"

    def the_laws_hold(self):
        run(os.path.join(BUILD, "cli", "headrace"), "verify", "--dsn", dsn("headrace_check_ro"))

    def it_gives_its_partitions_back_when_asked_to_end(self):
        self.one.end()
        assert owned_by("two") == 0
        assert self.one.process.returncode == 0, self.one.process.returncode

    def close(self):
        self.one.end(signal.SIGKILL)
        self.sender.stop()
        self.tasks.stop()
        self.letters.stop()


TESTS = [name for name in vars(Test) if not name.startswith("_") and "_" in name
         and name not in ("tasks_of", "task_of", "answer_all")]


def main():
    test, failed = Test(), 0
    for name in TESTS:
        try:
            getattr(test, name)()
            print(f"ok {name}", flush=True)
        except Exception as mistake:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {name}: {mistake}", flush=True)
    test.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
