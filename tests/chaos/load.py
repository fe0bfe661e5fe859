"""Executions of several shapes, started as fast as they end, and what must be true of them after.

Every call tells the sink its execution and step, and the calls behind the first one also the serial
number that the sink answered before: a step that is repeated with another input shows as two bodies
under one key.
"""

import collections
import json
import os
import random
import subprocess
import threading
import time
import uuid

import stack

SECRET = "chaos-secret"
FLIGHT_MAX = 150
STARTERS = 6


def call(sink, step, after=None, **more):
    body = {"execution": "${ .execution.id }", "step": step, "n": "${ .input.n }"}
    if after:
        body["serial"] = f"${{ .steps.{after}.output.body.serial }}"
    path = "slow" if step == "slow" else step
    return {"id": step, **stack.action(f"{sink.url}/{path}", mappings={"body": body}, **more)}


def chain(sink):
    return [call(sink, "one", nextSteps=["think"]),
            {"id": "think", "type": "TRANSFORM", "nextSteps": ["two"],
             "inputMappings": {"serial": "${ .steps.one.output.body.serial }"}},
            call(sink, "two", after="one", nextSteps=["odd"]),
            {"id": "odd", "type": "CONDITION", "condition": ".input.n % 2 == 1",
             "nextSteps": ["three"], "elseSteps": ["four"]},
            call(sink, "three", after="two"), call(sink, "four", after="two")]


def fork(sink):
    return [call(sink, "one", nextSteps=["left", "right"]),
            call(sink, "left", after="one", nextSteps=["last"]),
            call(sink, "right", after="one", nextSteps=["last"]),
            call(sink, "last", after="left")]


def delay(sink):
    return [call(sink, "one", nextSteps=["rest"]),
            {"id": "rest", "type": "DELAY", "config": {"forMs": 1500}, "nextSteps": ["slow"]},
            call(sink, "slow", after="one", nextSteps=["last"]),
            call(sink, "last", after="slow")]


SHAPES = {"chaos-chain": chain, "chaos-fork": fork, "chaos-delay": delay, "chaos-hook": chain}
CALLS = {"chaos-chain": 3, "chaos-hook": 3, "chaos-fork": 4, "chaos-delay": 3}  # steps that call


def publish(sink):
    retry = {"maxAttempts": 6, "initialMs": 100, "factor": 2, "maxMs": 1000}
    stack.cli("variable", "set", "CHAOS_SECRET", "--type", "SECRET", "--value", SECRET)
    for key, make in SHAPES.items():
        trigger = {"id": "hand", "type": "MANUAL"}
        if key == "chaos-hook":
            trigger = {"id": "in", "type": "WEBHOOK", "config": {
                "path": "in", "signature": {"scheme": "github", "secretVariable": "CHAOS_SECRET"}}}
        steps = make(sink)
        text = json.dumps(steps)
        if key == "chaos-hook":
            text = text.replace(".input.n", ".trigger.body.n")
        steps = json.loads(text)
        for step in steps:
            if step["type"] == "ACTION":
                step["retry"] = retry
        n = "${ .trigger.body.n }" if key == "chaos-hook" else "${ .input.n }"
        stack.publish(key, {"name": key, "triggers": [trigger], "steps": steps,
                            "output": {"n": n}})


def copied(rows):
    return [line.split("|", 2) for line in rows.splitlines()]


class Load:
    def __init__(self, sink, seed, shapes=tuple(SHAPES), flight_max=FLIGHT_MAX):
        self.sink, self.seed, self.shapes = sink, seed, shapes
        self.flight_max = flight_max
        self.lock = threading.Condition()
        self.accepted = {}  # execution → (shape, n)
        self.open = set()
        self.refusals = collections.Counter()
        self.retry_after = 0  # answers 503 that said when to come again
        self.is_stopping = False
        self.left = None  # how many are still to be started; None: without end
        self.mistakes = []
        self.threads = []
        self.began = time.time()
        self.hook_url = stack.webhook_url("chaos-hook", "in")
        with open(os.path.join(stack.STACK, "chaos-run"), "w", encoding="utf-8") as file:
            file.write(f"{seed}\n")

    def start(self, count=None):
        self.left = count
        self.is_stopping = False
        self.threads = [threading.Thread(target=self.start_many, args=(number,), daemon=True)
                        for number in range(STARTERS)]
        self.threads.append(threading.Thread(target=self.watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def start_many(self, number):
        dice = random.Random(f"{self.seed} {number} {len(self.accepted)}")
        while True:
            with self.lock:
                while not self.is_stopping and len(self.open) >= self.flight_max:
                    self.lock.wait(1)
                if self.is_stopping or self.left == 0:
                    return
                if self.left is not None:
                    self.left -= 1
            shape, n = dice.choice(self.shapes), dice.randrange(1000)
            try:
                execution = self.start_one(shape, n)
            except Exception as mistake:  # pylint: disable=broad-except
                with self.lock:
                    self.mistakes.append(f"{shape}: {mistake}")
                return
            with self.lock:
                self.accepted[execution] = (shape, n)
                self.open.add(execution)

    def start_one(self, shape, n):
        """Asked again with the same key until it is taken: then there is one execution."""
        key = str(uuid.uuid4())
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                answer = self.ask(shape, n, key)
            except OSError as mistake:
                with self.lock:
                    self.refusals[type(mistake).__name__] += 1
                time.sleep(0.3)
                continue
            if answer.status in (200, 201, 202):
                return answer.json["executionId"]
            with self.lock:
                self.refusals[answer.status] += 1
                self.retry_after += answer.status == 503 and "Retry-After" in answer.headers
            assert answer.status in (404, 408, 429, 500, 502, 503, 504), answer.text
            time.sleep(0.3)
        raise AssertionError("not taken within four minutes")

    def ask(self, shape, n, key):
        if shape == "chaos-hook":
            body = json.dumps({"n": n}).encode()
            return stack.http("POST", self.hook_url, body, stack.signed(SECRET, body, key),
                              timeout=15)
        return stack.http("POST", os.environ["HEADRACE_API_URL"]
                          + f"/v1/templates/{shape}/executions", {"input": {"n": n}},
                          {"Authorization": "Bearer " + os.environ["HEADRACE_API_KEY"],
                           "Idempotency-Key": key}, timeout=15)

    def await_hook(self):
        """The gateways' snapshot follows the publication; what is tried is not of the load."""
        answer = stack.until("the gateway knows the hook", 15, lambda: (
            lambda one: one if one.status == 202 else None)(self.ask("chaos-hook", 1, None)))
        stack.ended(answer.json["executionId"])
        self.began = time.time()

    def watch(self):
        while not (self.is_stopping or (self.left == 0 and not self.open)):
            time.sleep(0.5)
            self.look()

    def look(self):
        """Forgets what has ended; while PostgreSQL is away nothing has."""
        with self.lock:
            ids = sorted(self.open)
        if not ids:
            return
        listed = ",".join(f"'{execution}'" for execution in ids)
        try:
            ended = stack.psql("SELECT id FROM headrace.execution WHERE status BETWEEN 4 AND 7"
                               f" AND id IN ({listed})").split()
        except (AssertionError, subprocess.TimeoutExpired):
            return
        with self.lock:
            self.open.difference_update(ended)
            self.lock.notify_all()

    def stop(self):
        """No new ones; those under way are not waited for."""
        with self.lock:
            self.is_stopping = True
            self.lock.notify_all()
        for thread in self.threads:
            thread.join(300)

    def join(self):
        """Waits until all that were to be started are taken."""
        for thread in self.threads[:STARTERS]:
            thread.join(300)

    def quiesce(self, seconds):
        """Waits until all have ended; gives back those that have not."""
        deadline = time.monotonic() + seconds
        while True:
            self.look()
            if not self.open or time.monotonic() > deadline:
                return sorted(self.open)
            time.sleep(0.3)


Findings = collections.namedtuple("Findings", "problems figures")


def executions_since(began):
    rows = stack.psql(
        "SELECT e.id, c.word, e.output FROM headrace.execution e"
        " JOIN headrace.execution_status_code c ON c.code = e.status"
        " JOIN headrace.workflow_template t ON t.id = e.template_id"
        f" WHERE t.template_id LIKE 'chaos-%' AND e.started_at >= to_timestamp({began})")
    return {row[0]: row[1:] for row in copied(rows)}


def attempts_since(began, reason):
    """Ended attempts that another followed, by execution and step."""
    rows = stack.psql(
        "SELECT s.execution_id, w.id, count(*) FROM headrace.step_execution s"
        " JOIN headrace.execution e ON e.id = s.execution_id"
        " JOIN headrace.workflow_step w ON w.version_id = e.version_id AND w.node = s.node"
        f" WHERE s.reason = {reason} AND e.started_at >= to_timestamp({began}) GROUP BY 1, 2")
    return {(execution, step): int(count) for execution, step, count in copied(rows)}


def check(load, without_locks=()):
    """What must be true once all has ended; the figures are for the report.

    without_locks: (from, until) in which Redis may have known nothing. A task that a dead worker
    left behind may then run once more although its visit had got further: with another body.
    """
    found = executions_since(load.began)
    lost = [f"{execution} of {shape} is not there" for execution, (shape, _) in
            load.accepted.items() if execution not in found]
    strange = [f"nobody started {execution}" for execution in found
               if execution not in load.accepted]
    wrong = []
    for execution, (shape, n) in load.accepted.items():
        status, output = found.get(execution, ("COMPLETED", f'{{"n": {n}}}'))
        if status != "COMPLETED" or json.loads(output or "null") != {"n": n}:
            wrong.append(f"{execution} of {shape} is {status} with {output}")
    calls = check_calls(load, without_locks)
    problems = lost + strange + wrong + calls.problems + load.mistakes
    return Findings(problems, {
        "accepted": len(load.accepted),
        "completed": sum(found.get(e, [""])[0] == "COMPLETED" for e in load.accepted),
        "lost": len(lost), "doubled": len(strange) + calls.figures.pop("doubled"),
        **calls.figures})


def is_within(times, calls):
    return any(began <= one.at <= until for began, until in times for one in calls)


def check_calls(load, without_locks):
    calls = load.sink.taken()
    by_key = collections.defaultdict(list)
    keys_of = collections.defaultdict(set)
    problems, excused = [], 0
    for one in calls:
        by_key[one.key].append(one)
    for key, same in by_key.items():
        told = json.loads(same[0].body)
        keys_of[told["execution"], told["step"]].add(key)
        others = [one for one in same if one.body != same[0].body]
        if others and is_within(without_locks, same):
            excused += 1
        elif others:
            problems.append(f"key {key} came with several bodies: {same[0].body}, then at"
                            f" {time.strftime('%H:%M:%S', time.gmtime(others[0].at))}"
                            f" {others[0].body}")
    doubled = [f"{place} was called under {len(keys)} keys" for place, keys in keys_of.items()
               if len(keys) > 1 or None in keys]
    called = collections.Counter(execution for execution, _ in keys_of)
    for execution, (shape, _) in load.accepted.items():
        if called[execution] != CALLS[shape]:
            problems.append(f"{execution} of {shape}: {called[execution]} steps called")
    bad = collections.Counter()
    for one in calls:
        told = json.loads(one.body)
        bad[told["execution"], told["step"]] += one.answer != "ok"
    retried = attempts_since(load.began, 12)
    charged = [f"{place}: {count} retries for {bad[place]} bad answers"
               for place, count in retried.items() if count > bad[place]]
    extra = len(calls) - sum(bad.values()) - len(by_key)
    return Findings(problems + doubled + charged, {
        "doubled": len(doubled), "calls": len(calls), "bad answers": sum(bad.values()),
        "retries charged": sum(retried.values()), "retries charged for an outage": len(charged),
        "attempts lost": sum(attempts_since(load.began, 19).values()),
        "duplicate calls": extra, "two bodies without Redis": excused,
        "duplicate calls %": round(100 * extra / max(1, len(by_key)), 2)})
