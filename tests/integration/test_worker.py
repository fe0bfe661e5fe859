#!/usr/bin/env python3
"""headrace-worker against real Kafka, Redis and PostgreSQL: tasks in, calls out, results back."""

import json
import os
import signal
import subprocess
import time
import unittest

import worker_world as w

world = None
worker = None


def setUpModule():
    global world, worker
    w.services_up()
    world = w.World()
    unittest.addModuleCleanup(world.close)
    worker = w.Worker("worker-a", world.key_file)
    unittest.addModuleCleanup(worker.kill)
    w.until("it reads every partition", 40, lambda: worker.ready().assigned() == 16)


class Calls(unittest.TestCase):
    def test_a_call_is_made_once_and_its_answer_is_the_output(self):
        ended = world.ended(world.call("/echo-1", traceparent="00-a-b-01"))
        self.assertEqual(ended["status"], "COMPLETED")
        self.assertEqual(ended["output"]["status"], 200)
        self.assertEqual(ended["output"]["body"]["echo"], "")
        self.assertEqual(ended["effect"], "ANSWERED")
        self.assertIsNone(ended["input"], "the coordinator knows it")
        calls = world.sink.calls("/echo-1")
        self.assertEqual(len(calls), 1)
        self.assertEqual(calls[0]["headers"]["traceparent"], "00-a-b-01")
        self.assertEqual(calls[0]["headers"]["x-workflow-attempt"], "0")

    def test_attempts_share_their_key_and_step_instances_do_not(self):
        first = world.call("/echo-key")
        world.ended(first)
        world.ended(world.call("/echo-key", execution=first, attempt=1), count=2)
        world.ended(world.call("/echo-key"))
        keys = [call["headers"]["idempotency-key"] for call in world.sink.calls("/echo-key")]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[0], keys[2])

    def test_a_result_lies_in_the_home_partition(self):
        execution = world.call("/echo-home", home_partition=17)
        world.ended(execution)
        places = {result["partition"] for result in world.results.all
                  if result["execution"] == execution}
        self.assertEqual(places, {17})

    def test_a_step_without_a_call(self):
        ended = world.ended(world.send(w.NOOP, {"a": 1.5}))
        self.assertEqual((ended["status"], ended["output"]), ("COMPLETED", {"a": 1.5}))

    def test_output_mappings(self):
        ended = world.ended(world.send(w.MAPPED, {"url": world.sink.url + "/status-201"}))
        self.assertEqual(ended["output"], {"code": 201, "said": "no"})

    def test_a_failing_target_is_worth_another_try(self):
        ended = world.ended(world.call("/status-503"))
        self.assertEqual(ended["status"], "FAILED")
        self.assertTrue(ended["retryable"])
        self.assertEqual(ended["retry_after_ms"], 7000)
        self.assertEqual((ended["error"]["type"], ended["error"]["status"]), ("HTTP_5XX", 503))

    def test_a_refusing_target_is_not(self):
        ended = world.ended(world.call("/status-404"))
        self.assertFalse(ended["retryable"])
        self.assertEqual(ended["error"]["type"], "HTTP_4XX")
        self.assertEqual(ended["error"]["cause"]["body"], {"said": "no"})

    def test_a_target_that_hangs(self):
        ended = world.ended(world.call("/slow-9000", attempt_timeout_ms=600))
        self.assertEqual(ended["status"], "TIMED_OUT")
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("TIMEOUT", "UNKNOWN"))
        self.assertTrue(ended["retryable"])
        self.assertLess(ended["ended_ms"] - ended["started_ms"], 3000)

    def test_the_end_of_the_execution_is_the_end_of_the_call(self):
        execution = world.call("/slow-9001", execution_deadline_ms=int(time.time() * 1000) + 700)
        self.assertEqual(world.ended(execution)["status"], "TIMED_OUT")
        late = world.call("/echo-late", execution_deadline_ms=int(time.time() * 1000) - 1)
        ended = world.ended(late)
        self.assertEqual((ended["status"], ended["effect"]), ("TIMED_OUT", "NOT_SENT"))
        self.assertEqual(world.sink.calls("/echo-late"), [])

    def test_a_connection_that_breaks(self):
        ended = world.ended(world.call("/reset"))
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("NETWORK", "UNKNOWN"))
        self.assertTrue(ended["retryable"])

    def test_nobody_listens(self):
        ended = world.ended(world.send(w.CALL, {"url": "http://127.0.0.1:1/"}))
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("NETWORK", "NOT_SENT"))

    def test_a_flood(self):
        ended = world.ended(world.call("/flood"), 60)
        self.assertEqual(ended["error"]["type"], "PAYLOAD_TOO_LARGE")
        self.assertFalse(ended["retryable"])

    def test_an_output_that_is_too_large_to_keep(self):
        ended = world.ended(world.call("/large"))
        self.assertEqual(ended["error"]["type"], "PAYLOAD_TOO_LARGE")

    def test_a_body_that_is_no_text(self):
        self.assertEqual(world.ended(world.call("/bytes"))["error"]["type"], "VALIDATION")

    def test_a_denied_address(self):
        for host in ("127.0.0.2", "169.254.169.254", "10.0.0.1", "[::1]"):
            ended = world.ended(world.send(w.CALL, {"url": f"http://{host}:{9}/"}))
            self.assertEqual((ended["error"]["type"], ended["effect"]),
                             ("EGRESS_DENIED", "NOT_SENT"), host)
            self.assertFalse(ended["retryable"])

    def test_an_input_that_cannot_be_sent(self):
        ended = world.ended(world.send(w.CALL, {"url": world.sink.url, "headers": {"a": "b\r\nc"}}))
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("VALIDATION", "NOT_SENT"))

    def test_a_long_step_says_that_it_has_started_and_lives(self):
        execution = world.call("/slow-7000-words")
        world.ended(execution)
        kinds = [outcome["kind"] for outcome in world.outcomes(execution)]
        self.assertEqual(kinds, ["STARTED", "PROGRESS", "ENDED"])

    def test_a_short_one_says_it_once(self):
        execution = world.call("/echo-short")
        world.ended(execution)
        self.assertEqual(len(world.outcomes(execution)), 1)


class Secrets(unittest.TestCase):
    def task(self, path, places, **more):
        value = {"url": world.sink.url + path, "method": "POST", "body": {"key": None},
                 "headers": {"Authorization": None}}
        late = {"$late": {"value": value, "places": [
            {"pointer": pointer, "source": source, "values": {}} for pointer, source in places]}}
        return world.task(more.pop("node", w.SIGNED), late,
                          execution=world.execution(is_stored=True), **more)

    def send(self, path, places, **more):
        task = self.task(path, places, **more)
        world.sender.send(task)
        return task["execution"]

    def test_a_secret_reaches_the_target_and_nobody_else(self):
        execution = self.send("/echo-secret", [
            ("/body/key", "${ .secrets.TOKEN }"),
            ("/headers/Authorization", "Bearer ${ .secrets.TOKEN }")])
        ended = world.ended(execution)
        call = world.sink.calls("/echo-secret")[0]
        self.assertEqual(call["headers"]["authorization"], "Bearer " + w.SECRET)
        self.assertEqual(json.loads(call["body"]), {"key": w.SECRET})
        self.assertEqual(ended["input"]["headers"]["Authorization"], "Bearer [secret TOKEN]")
        self.assertEqual(ended["input"]["body"], {"key": "[secret TOKEN]"})
        self.assertEqual(ended["output"]["body"]["auth"], "Bearer [secret TOKEN]")
        self.assertEqual(ended["output"]["body"]["echo"], '{"key":"[secret TOKEN]"}')
        self.assertNotIn(w.SECRET, json.dumps(world.results.all))
        with open(worker.log, encoding="utf-8") as file:
            self.assertNotIn(w.SECRET, file.read())
        found = w.redis("EVAL", "local found = 0 for _, key in ipairs(redis.call('KEYS', '*')) do "
                        "if redis.call('TYPE', key).ok == 'string' and "
                        "string.find(redis.call('GET', key), ARGV[1], 1, true) then "
                        "found = found + 1 end end return found", "0", w.SECRET)
        self.assertEqual(found, "0")


    def test_a_secret_that_is_not_there_is_named(self):
        execution = self.send("/echo-none", [("/url", "${ .secrets.NOBODYS }")], node=w.UNSIGNED)
        ended = world.ended(execution)
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("VALIDATION", "NOT_SENT"))
        self.assertIn("`NOBODYS`", ended["error"]["message"])

    def test_a_program_that_fails_over_a_secret_tells_nothing_of_it(self):
        execution = self.send("/echo-fails", [("/body/key", "${ .secrets.TOKEN | error }")])
        ended = world.ended(execution)
        self.assertEqual((ended["error"]["type"], ended["effect"]), ("EXPRESSION", "NOT_SENT"))
        self.assertNotIn(w.SECRET, json.dumps(ended))

    def test_without_postgresql_secrets_wait_and_known_plans_go_on(self):
        places = [("/body/key", "${ .secrets.TOKEN }")]
        task = self.task("/echo-held", places)
        world.ended(world.call("/echo-known-plan"))
        os.kill(int(w.read("run", "postgres").split()[0]), signal.SIGKILL)
        try:
            self.assertEqual(world.ended(world.call("/echo-no-pg"))["status"], "COMPLETED")
            world.sender.send(task)
            self.assertEqual(world.released(task["execution"]), "HOLD")
        finally:
            w.services_up()
        w.until("PostgreSQL is back", 40, lambda: worker.metric("pg_up_count") == 1)
        world.sender.send({**task, "dispatch_no": 2})
        self.assertEqual(world.ended(task["execution"])["status"], "COMPLETED")


class Refusals(unittest.TestCase):
    def test_a_plan_that_nobody_knows(self):
        execution = world.call("/echo-plan", plan_hash="1")
        self.assertEqual(world.released(execution), "PLAN")
        self.assertEqual(world.released(world.call("/echo-plan", version=world.tenant)), "PLAN")
        self.assertEqual(world.sink.calls("/echo-plan"), [])

    def test_another_revision_of_expressions(self):
        self.assertEqual(world.released(world.call("/echo-rev", expr_rev=99)), "REV")

    def test_an_old_task(self):
        old = int(time.time() * 1000) - 40000
        self.assertEqual(world.released(world.call("/echo-old", start_by_ms=old)), "EXPIRED")
        self.assertEqual(world.sink.calls("/echo-old"), [])

    def test_a_home_that_does_not_exist_holds_up_nobody(self):
        lost = world.call("/echo-homeless", home_partition=4000)
        w.until("it was called", 20, lambda: world.sink.calls("/echo-homeless"))
        begin = time.monotonic()
        for i in range(5):
            world.ended(world.call(f"/echo-neighbour-{i}"))
        self.assertLess(time.monotonic() - begin, 4.5)
        w.until("it is given up", 20, lambda: [
            event for event in worker.events("outcome.lost") if event["execution"] == lost])

    def test_a_permission_without_bounds_is_no_danger(self):
        ended = world.ended(world.send(w.NOOP, {"a": 1}, chain_max=(1 << 32) - 1))
        self.assertEqual((ended["status"], ended["continues"]), ("COMPLETED", False))

    def test_garbage_becomes_a_dead_letter(self):
        place = world.sender.send({"topic": w.TASKS, "kind": "raw", "text": "gar\x01bage"})
        letter = w.until("the letter", 30, lambda: [
            letter for letter in world.letters.all
            if letter["headers"]["headrace-offset"] == str(place["offset"]) and
            letter["headers"]["headrace-partition"] == str(place["partition"])])[0]
        self.assertEqual(letter["text"], "gar\x01bage")
        self.assertEqual(letter["headers"]["headrace-reason"], "BROKEN")
        self.assertEqual(letter["headers"]["headrace-topic"], w.TASKS)
        world.ended(world.call("/echo-after"))


class Copies(unittest.TestCase):
    def test_an_equal_copy_is_dropped_while_the_first_is_alive(self):
        task = world.task(w.CALL, {"url": world.sink.url + "/slow-1500-copy"})
        for _ in range(3):
            world.sender.send(task)
        world.ended(task["execution"])
        time.sleep(1)
        self.assertEqual(len(world.sink.calls("/slow-1500-copy")), 1)
        self.assertEqual(len(world.outcomes(task["execution"], "ENDED")), 1)

    def test_a_task_that_has_ended_is_answered_without_a_second_call(self):
        task = world.task(w.CALL, {"url": world.sink.url + "/status-409"})
        world.sender.send(task)
        first = world.ended(task["execution"])
        world.sender.send({**task, "dispatch_no": 2})
        again = world.ended(task["execution"], count=2)
        self.assertEqual(again, first)
        self.assertEqual(len(world.sink.calls("/status-409")), 1)

    def test_a_new_attempt_runs_beside_an_old_one_that_hangs(self):
        task = world.task(w.CALL, {"url": world.sink.url + "/slow-4000-old"})
        world.sender.send(task)
        w.until("the first runs", 20, lambda: world.sink.calls("/slow-4000-old"))
        world.sender.send({**task, "attempt": 1,
                           "input": json.dumps({"url": world.sink.url + "/echo-new"})})
        ended = world.ended(task["execution"])
        self.assertEqual((ended["status"], ended["attempt"]), ("COMPLETED", 1))
        self.assertEqual(world.ended(task["execution"], count=2)["attempt"], 0)

    def test_after_a_flush_a_task_may_run_again_and_nothing_breaks(self):
        task = world.task(w.CALL, {"url": world.sink.url + "/slow-2500-flush"})
        world.sender.send(task)
        w.until("it runs", 20, lambda: world.sink.calls("/slow-2500-flush"))
        w.redis("FLUSHALL")
        self.assertEqual(world.ended(task["execution"])["status"], "COMPLETED")
        world.sender.send({**task, "dispatch_no": 2})
        self.assertEqual(world.ended(task["execution"], count=2)["status"], "COMPLETED")


class Outages(unittest.TestCase):
    def test_without_redis_work_goes_on(self):
        pid = int(w.read("run", "redis").split()[0])
        os.kill(pid, signal.SIGKILL)
        try:
            executions = [world.call(f"/echo-unlocked-{i}") for i in range(5)]
            for execution in executions:
                self.assertEqual(world.ended(execution)["status"], "COMPLETED")
            self.assertEqual(worker.metric("redis_up_count"), 0)
            self.assertEqual(worker.probe()[0], 200)
        finally:
            w.run(w.DEV, "services", "up")
        w.until("redis is back", 20, lambda: worker.metric("redis_up_count") == 1)
        world.ended(world.call("/echo-locked-again"))

    def test_a_stopped_redis_costs_no_more_than_its_deadline(self):
        pid = int(w.read("run", "redis").split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(world.ended(world.call("/echo-frozen"), 10)["status"], "COMPLETED")
        finally:
            os.kill(pid, signal.SIGCONT)
        w.until("redis is back", 20, lambda: worker.metric("redis_up_count") == 1)


    def test_outcomes_wait_for_kafka(self):
        executions = [world.call(f"/slow-5000-kafka{i}") for i in range(10)]
        w.until("they run", 20, lambda: len([
            call for call in world.sink.seen if "-kafka" in call["path"]]) == 10)
        called = worker.metric("calls_total")
        pid = int(w.read("run", "kafka").split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            w.until("the worker notices", 30, lambda: worker.probe()[0] == 503)
            self.assertIn("kafka down", worker.probe()[1])
            w.until("they are over", 20, lambda: worker.metric("calls_total") > called)
            self.assertGreater(worker.metric("jobs_open_count"), 0, "they are kept")
        finally:
            os.kill(pid, signal.SIGCONT)
        for execution in executions:
            self.assertEqual(world.ended(execution, 60)["status"], "COMPLETED")
        w.until("ready again", 60, lambda: worker.probe()[0] == 200 and worker.assigned() == 16)


class Windows(unittest.TestCase):
    def test_full_hands_stop_reading_and_nothing_is_lost(self):
        few = w.Worker("worker-few", world.key_file, jobs_max="2").ready()
        w.until("it reads", 40, few.assigned)
        os.kill(worker.process.pid, signal.SIGSTOP)
        try:
            executions = [world.call(f"/slow-300-few{i}") for i in range(30)]
            w.until("a window is full", 60, lambda: few.metric("window_full_total"))
        finally:
            os.kill(worker.process.pid, signal.SIGCONT)
        for execution in executions:
            self.assertEqual(world.ended(execution, 60)["status"], "COMPLETED")
        few.terminate()
        self.assertEqual(few.wait(), 0)


    def test_hands_that_are_full_for_long_pause_and_go_on(self):
        one = w.Worker("worker-one", world.key_file, jobs_max="1").ready()
        self.addCleanup(one.kill)
        w.until("it reads", 40, one.assigned)
        executions = [world.call(f"/slow-2500-one{i}") for i in range(12)]
        for execution in executions:
            self.assertEqual(world.ended(execution, 60)["status"], "COMPLETED")
        mine = [execution for execution in executions for result in world.results.all
                if result["execution"] == execution and result["worker"] == "worker-one" and
                result["outcomes"][0]["kind"] == "ENDED"]
        self.assertGreater(len(mine), 1, "it went on after a pause")
        paths = [call["path"] for call in world.sink.seen if "-one" in call["path"]]
        self.assertEqual(len(paths), len(set(paths)), "each was called once")
        one.terminate()
        self.assertEqual(one.wait(), 0)


class Lives(unittest.TestCase):
    """How workers come and go, in one group."""

    def setUp(self):
        w.until("the first one reads all", 40, lambda: worker.assigned() == 16)

    def join(self, name):
        other = w.Worker(name, world.key_file).ready()
        self.addCleanup(other.kill)
        w.until("both have partitions", 40, lambda: other.assigned() and worker.assigned() < 16)
        return other

    def test_two_workers_share(self):
        other = self.join("worker-b")
        executions = [world.call(f"/slow-200-share{i}") for i in range(40)]
        for execution in executions:
            self.assertEqual(world.ended(execution, 40)["status"], "COMPLETED")
        names = {result["worker"] for result in world.results.all
                 if result["execution"] in executions}
        self.assertEqual(names, {"worker-a", "worker-b"})
        other.terminate()
        self.assertEqual(other.wait(), 0)

    def test_a_drain_finishes_what_was_sent(self):
        other = self.join("worker-c")
        tasks = [world.task(w.CALL, {"url": world.sink.url + f"/slow-3000-drain{i}"})
                 for i in range(12)]
        for task in tasks:
            world.sender.send(task)
        w.until("some run there", 20, lambda: other.metric("jobs_open_count"))
        other.terminate()
        w.until("it says that it drains", 5, lambda: other.probe()[0] == 503)
        self.assertEqual(other.wait(), 0)
        for task in tasks:
            word = w.until("a last word", 40, lambda task=task: [
                outcome for outcome in world.outcomes(task["execution"])
                if outcome["kind"] in ("ENDED", "RELEASED")])[0]
            if word["kind"] == "RELEASED":  # claimed, and not sent yet
                self.assertEqual((word["released"], word["effect"]), ("DRAIN", "NOT_SENT"))
                world.sender.send({**task, "dispatch_no": 2})
        for i, task in enumerate(tasks):
            self.assertEqual(world.ended(task["execution"], 40)["status"], "COMPLETED")
            self.assertEqual(len(world.outcomes(task["execution"], "ENDED")), 1)
            self.assertEqual(len(world.sink.calls(f"/slow-3000-drain{i}")), 1)

    def test_a_killed_worker_loses_nothing_that_is_sent_again(self):
        other = self.join("worker-d")
        tasks = [world.task(w.CALL, {"url": world.sink.url + f"/slow-2000-kill{i}"})
                 for i in range(12)]
        for task in tasks:
            world.sender.send(task)
        w.until("some run there", 20, lambda: other.metric("jobs_open_count"))
        other.kill()
        time.sleep(4)
        for task in tasks:  # as the coordinator does with those that fell silent
            if not world.outcomes(task["execution"], "ENDED"):
                world.sender.send({**task, "dispatch_no": 2})
        for task in tasks:
            self.assertEqual(world.ended(task["execution"], 60)["status"], "COMPLETED")


class Leases(unittest.TestCase):
    def test_leases(self):
        done = subprocess.run([w.program("worker_lease"), "-j1"], capture_output=True, text=True,
                              check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
