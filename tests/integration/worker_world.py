"""What the tests of the worker share: services, a tenant with a workflow, tasks in, results out."""

import http.server
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build"))
DEV = os.path.join(ROOT, "dev")
STACK = os.environ["HEADRACE_DEV_DIR"]
PROGRAMS = os.path.join(BUILD, "tests", "integration")
WORKER = os.environ.get("HEADRACE_WORKER", os.path.join(BUILD, "worker", "headrace-worker"))
TASKS, RESULTS, LETTERS = ("headrace.tasks.http.v1", "headrace.results.v1",
                           "headrace.dead-letters.v1")
SECRET = "s3cr3t/token+1"
# The nodes of the definition, by the ids of their steps.
NODES = 5
CALL, NOOP, SIGNED, MAPPED, UNSIGNED = range(NODES)


def execution_id():
    """Version 8: the time, and chance."""
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def program(name):
    return os.path.join(PROGRAMS, name)


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def read(*path):
    with open(os.path.join(STACK, *path), encoding="utf-8") as file:
        return file.read()


def dsn(role):
    return read("dsn", role).strip()


def services_up():
    run(DEV, "services", "up")
    os.environ.update(re.findall(r"^export (\w+)='(.*)'$", read("env"), re.M))
    environment = {**os.environ, "HEADRACE_PG_DSN": dsn("headrace_migrate")}
    subprocess.run([os.path.join(BUILD, "cli", "headrace"), "migrate", "up"], check=True,
                   env=environment, stdout=subprocess.DEVNULL, timeout=120)


def sql(text, role="headrace_api", tenant=""):
    setting = f"SET app.tenant = '{tenant}'; " if tenant else ""
    return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", dsn(role), "-c", setting + text).strip()


def redis(*words):
    port = os.environ["HEADRACE_REDIS"].rsplit(":", 1)[1]
    done = subprocess.run(["redis-cli", "-p", port, *words], check=True, timeout=30,
                          stdout=subprocess.PIPE)
    return done.stdout.decode(errors="replace").strip()


def until(what, seconds, test):
    deadline = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Lines(threading.Thread):
    """The messages of a topic, as they come."""

    def __init__(self, topic, kind):
        super().__init__(daemon=True)
        self.process = subprocess.Popen(
            [program("wire_probe"), "read", os.environ["HEADRACE_KAFKA"], topic, kind],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.all = []
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.all.append(json.loads(line))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.join(10)
        self.process.stdout.close()


class Sender:
    """Puts messages into topics."""

    def __init__(self):
        self.process = subprocess.Popen(
            [program("wire_probe"), "send", os.environ["HEADRACE_KAFKA"]], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        place = json.loads(self.process.stdout.readline())
        assert "offset" in place, place
        return place

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class Sink(http.server.ThreadingHTTPServer):
    """The target of all calls; what it does is said by the path, what it saw is kept."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), SinkRequest)
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """The other side may hang up; that is part of the tests."""

    def calls(self, path):
        return [call for call in self.seen if call["path"] == path]


class SinkRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def flood(self, count):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(count))
        self.end_headers()
        for _ in range(count >> 16):
            self.wfile.write(b"x" * (1 << 16))

    def respond(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.seen.append({"path": self.path, "method": self.command, "body": body,
                                 "headers": {k.lower(): v for k, v in self.headers.items()}})
        what, _, number = self.path.strip("/").split("?")[0].partition("-")
        if what == "status":
            self.answer(int(number), {"said": "no"}, [("Retry-After", "7")])
        elif what == "slow":
            time.sleep(int(number.split("-")[0]) / 1000)
            self.answer(200, {"slow": number})
        elif what == "reset":
            self.reset()
        elif what == "flood":
            self.flood(100 << 20)
        elif what == "bytes":
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"\xff\xfe")
        elif what == "large":
            self.answer(200, {"large": "x" * 600000})
        else:
            self.answer(200, {"echo": body, "auth": self.headers.get("Authorization")})

    do_GET = do_POST = do_PUT = do_DELETE = respond


class Worker:
    """A worker of our own."""

    def __init__(self, name, seal_key=None, **settings):
        self.log = os.path.join(STACK, f"{name}.log")
        self.file = open(self.log, "a", encoding="utf-8")
        base = {"HEADRACE_INSTANCE": name, "HEADRACE_KAFKA": os.environ["HEADRACE_KAFKA"],
                "HEADRACE_REDIS": os.environ["HEADRACE_REDIS"],
                "HEADRACE_PG_DSN": dsn("headrace_worker"),
                "HEADRACE_EGRESS_ALLOW": "127.0.0.1/32", "PATH": os.environ["PATH"]}
        if seal_key:
            base["HEADRACE_SEAL_KEY_FILE"] = seal_key
        base.update({"HEADRACE_" + key.upper(): value for key, value in settings.items()})
        self.process = subprocess.Popen([WORKER], env=base, stderr=self.file,
                                        stdout=subprocess.DEVNULL)

    def events(self, name):
        with open(self.log, encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line.get("event") == name]

    def ready(self):
        """Its partitions are assigned and its probe says so."""
        until("the worker is ready", 30, lambda: self.probe()[0] == 200)
        return self

    def assigned(self):
        return self.metric("partitions_assigned_count")

    def probe(self, path="/readyz"):
        port = self.events("admin.listening")
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended: {self.process.returncode}, see {self.log}")
        if not port:
            return 0, ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port[-1]['port']}{path}",
                                        timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name):
        found = re.findall(rf"^headrace_worker_{name}(?:{{.*}})? (\S+)$", self.probe("/metrics")[1],
                           re.M)
        return sum(map(float, found))

    def terminate(self):
        self.process.terminate()

    def wait(self, seconds=40):
        code = self.process.wait(seconds)
        self.file.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


def definition():
    def step(name, action=("http", "request"), **more):
        return {"id": name, "type": "ACTION", "integrationId": action[0],
                "integrationActionId": action[1], **more}
    return {"name": "Worker", "steps": [
        step("call", inputMappings={"url": "${ .input.url }"}),
        step("noop", ("core", "noop"), inputMappings={"a": 1}),
        step("signed", inputMappings={
            "url": "${ .input.url }", "method": "POST", "body": {"key": "${ .secrets.TOKEN }"},
            "headers": {"Authorization": "Bearer ${ .secrets.TOKEN }"}}),
        step("mapped", outputMappings={"code": "${ .status }", "said": "${ .body.said }"}),
        step("unsigned", inputMappings={"url": "${ .secrets.NOBODYS }"}),
    ]}


class World:
    """A tenant, a published version and a secret; tasks are made for fresh executions of it."""

    def __init__(self):
        self.tenant, self.template, self.version = (str(uuid.uuid4()) for _ in range(3))
        text = json.dumps(definition())
        self.hash = int(run(program("wire_probe"), "hash", text=text))
        signed = self.hash - (1 << 64) if self.hash >> 63 else self.hash
        sql(f"INSERT INTO headrace.tenant (id, name) VALUES ('{self.tenant}', "
            f"'w{self.tenant[:8]}')", tenant=self.tenant)
        sql(f"""
            INSERT INTO headrace.workflow_template (id, tenant_id, template_id, name, status)
            VALUES ('{self.template}', '{self.tenant}', 'work', 'Work', 'PUBLISHED');
            INSERT INTO headrace.workflow_version (id, tenant_id, template_id, version_number,
                plan_hash, workflow_data, is_active, integrations)
            VALUES ('{self.version}', '{self.tenant}', '{self.template}', 1, {signed},
                    $json${text}$json$, true, '[]')""", tenant=self.tenant)
        self.key_file = os.path.join(STACK, "worker-test.key")
        with open(self.key_file, "w", encoding="utf-8") as file:
            file.write("k1:" + os.urandom(32).hex() + "\n")
        self.secret("TOKEN", SECRET)
        self.sender = Sender()
        self.results = Lines(RESULTS, "result")
        self.letters = Lines(LETTERS, "raw")
        self.sink = Sink()

    def secret(self, key, value):
        row = str(uuid.uuid4())
        dek, wrapped, sealed = run(program("seal_probe"), self.key_file, self.tenant, row,
                                   text=json.dumps(value)).split()
        sql(f"""
            INSERT INTO headrace.tenant_key (tenant_id, dek_id, kek_id, wrapped)
            VALUES ('{self.tenant}', '{dek}', 'k1', '\\x{wrapped}');
            INSERT INTO headrace.variable_revision (tenant_id, rev, id, key, type, sealed,
                is_encrypted)
            VALUES ('{self.tenant}', 0, '{row}', '{key}', 'SECRET', '\\x{sealed}', true)""",
            tenant=self.tenant)

    def close(self):
        self.sender.stop()
        self.results.stop()
        self.letters.stop()
        self.sink.shutdown()
        self.sink.server_close()

    def execution(self, is_stored=False):
        id_ = execution_id()
        if is_stored:
            sql(f"""INSERT INTO headrace.execution (id, tenant_id, template_id, version_id, part,
                        status, started_at, trigger, vars_rev)
                    SELECT '{id_}', id, '{self.template}', '{self.version}', 0, 1, now(), '{{}}',
                           vars_rev
                      FROM headrace.tenant WHERE id = '{self.tenant}'""", "headrace_engine")
        return id_

    def task(self, node, input_, **more):
        now = int(time.time() * 1000)
        return {"topic": TASKS, "kind": "task", "execution": self.execution(),
                "tenant": self.tenant, "template_id": self.template, "home_partition": 3,
                "version": self.version, "version_number": 1, "plan_hash": str(self.hash),
                "expr_rev": 1, "node": node, "chain_max": 1, "epoch": 1, "dispatch_no": 1,
                "opened_ms": now, "start_by_ms": now + 600000, "attempt_timeout_ms": 30000,
                "execution_started_ms": now, "input": json.dumps(input_), **more}

    def send(self, node, input_, **more):
        task = self.task(node, input_, **more)
        self.sender.send(task)
        return task["execution"]

    def outcomes(self, execution, kind=None):
        return [outcome for result in self.results.all if result.get("execution") == execution
                for outcome in result["outcomes"] if kind in (None, outcome["kind"])]

    def ended(self, execution, seconds=30, count=1):
        """The outcome that ended it; its output and error as values."""
        outcome = until(f"{execution} ends", seconds,
                        lambda: self.outcomes(execution, "ENDED")[count - 1:])[0]
        return {**outcome, **{key: json.loads(outcome[key]) if outcome[key] else None
                              for key in ("input", "output", "error")}}

    def released(self, execution, seconds=30):
        return until(f"{execution} is given back", seconds,
                     lambda: self.outcomes(execution, "RELEASED"))[0]["released"]

    def call(self, path, **more):
        """Runs a GET of the sink; the execution's id."""
        return self.send(CALL, {"url": self.sink.url + path}, **more)
