#!/usr/bin/env python3
"""Backup and restore as docs/operations.md says: the database put back, and Kafka lost whole.

The test is gateway and worker, as in test_coordinator.py.
"""

import os
import re
import shutil
import sys

from test_coordinator import EVENTS, PARTITIONS, Coordinator, accepted, home, owned_by, query
from test_coordinator import Test as Coordinating
from worker_world import (BUILD, DEV, ROOT, STACK, TASKS, Lines, Sender, World, dsn, execution_id,
                          run, services_up, sql, until)


def operations_sql(wanted):
    """The statement of docs/operations.md that names it."""
    with open(os.path.join(ROOT, "docs", "operations.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^ *```sql\n(.*?)^ *```", file.read(), re.M | re.S)
    return next(block for block in blocks if wanted in block)


class Restore:
    def __init__(self):
        services_up()
        self.world = World()
        sql(f"UPDATE headrace.workflow_template SET active_version_id = '{self.world.version}'"
            f" WHERE id = '{self.world.template}'", tenant=self.world.tenant)
        self.superuser = Coordinating.superuser().rsplit("/", 1)[0]
        self.database = dsn("headrace_migrate").rsplit("/", 1)[1].split("?")[0]
        self.dump = os.path.join(STACK, "backup.dump")
        self.ids, self.answered = [], set()
        self.begin()
        self.coordinator = Coordinator("before")
        until("it owns all", 30, lambda: owned_by("before") == PARTITIONS)

    def begin(self):
        self.sender, self.tasks = Sender(), Lines(TASKS, "task")

    def end(self):
        self.sender.stop()
        self.tasks.stop()

    def start(self, count):
        """Ids of executions whose first task has gone out."""
        made = [execution_id() for _ in range(count)]
        for execution in made:
            self.sender.send({
                "topic": EVENTS, "partition": home(execution), "kind": "trigger",
                "execution": execution, "accepted_ms": accepted(execution),
                "tenant": self.world.tenant, "template_id": self.world.template,
                "type": "MANUAL", "trigger": "", "event": execution,
                "scope": '{"body":{"url":"http://127.0.0.1:1/"}}'})
        until("their tasks", 30, lambda: set(made) <= {
            task["execution"] for task in list(self.tasks.all)})
        self.ids += made
        return made

    def work(self, ids):
        """Answers each task of theirs, as a worker does: the same run for the same sending."""
        for task in list(self.tasks.all):
            place = (task["execution"], task["node"], task["attempt"], task["epoch"],
                     task["dispatch_no"])
            if task["execution"] in ids and place not in self.answered:
                self.answered.add(place)
                Coordinating.answer(self, task, run_id=len(self.answered))

    def complete(self, ids, seconds=60):
        def ended():
            self.work(set(ids))
            listed = ",".join(f"'{execution}'" for execution in ids)
            return query("SELECT count(*) FROM headrace_v1.executions WHERE status = 'COMPLETED'"
                         f" AND id IN ({listed})") == str(len(ids))
        until("all complete", seconds, ended)

    def put_back(self):
        run("pg_restore", "--create", "--clean", "--if-exists", "--exit-on-error", "-d",
            f"{self.superuser}/postgres", self.dump)

    @staticmethod
    def laws():
        run(os.path.join(BUILD, "cli", "headrace"), "verify", "--dsn", dsn("headrace_check_ro"),
            "--kafka", os.environ["HEADRACE_KAFKA"])

    # ── the tests, in their order ──

    def what_is_done_again_after_a_restore_ends_as_it_did(self):
        done, half = self.start(10), self.start(10)
        self.complete(done)
        run("pg_dump", "-Fc", "-f", self.dump, f"{self.superuser}/{self.database}")
        self.complete(half)
        after = self.start(10)
        self.complete(after)
        self.coordinator.end()
        self.put_back()
        assert query("SELECT count(*) FROM headrace.execution") == "20"
        self.coordinator = Coordinator("restored")
        self.complete(self.ids)
        self.laws()

    def a_lost_kafka_is_told_and_nothing_jumps(self):
        self.open = self.start(10)
        self.coordinator.end()
        self.end()
        before = query("SELECT part, next_event, next_result FROM headrace.engine_partition"
                       " ORDER BY part")
        run(DEV, "services", "down")
        shutil.rmtree(os.path.join(STACK, "kafka", "data"))
        os.unlink(os.path.join(STACK, "kafka", "formatted"))
        services_up()
        self.begin()
        self.coordinator = Coordinator("outside")

        def is_told():
            with open(os.path.join(STACK, "outside.log"), encoding="utf-8") as file:
                return "partition.offset_outside" in file.read()
        until("the log says so", 30, is_told)
        self.coordinator.end()
        assert query("SELECT part, next_event, next_result FROM headrace.engine_partition"
                     " ORDER BY part") == before

    def set_to_the_new_topics_everything_goes_on(self):
        query(operations_sql("next_event = 0"))
        self.coordinator = Coordinator("anew")
        self.complete(self.open)
        self.complete(self.start(5))
        self.laws()

    def close(self):
        self.coordinator.end()
        self.end()


TESTS = [name for name in vars(Restore) if name.count("_") > 2 and not name.startswith("_")]


def main():
    test, failed = Restore(), 0
    for name in TESTS:
        try:
            getattr(test, name)()
            print(f"ok {name}", flush=True)
        except Exception as mistake:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {name}: {type(mistake).__name__} {mistake}", flush=True)
    test.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
