"""A whole Headrace for end-to-end tests: services, daemons, an API client, a sink.

The folder is HEADRACE_DEV_DIR; whoever runs the test cleans it up. Daemons are started by ./dev up
and killed by their recorded pids.
"""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEV = os.path.join(ROOT, "dev")
HEADRACE = os.path.join(ROOT, "build", "cli", "headrace")
STACK = os.environ["HEADRACE_DEV_DIR"]
DAEMONS = ("gateway", "coordinator", "worker-1", "worker-2")
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


def read(*path):
    with open(os.path.join(STACK, *path), encoding="utf-8") as file:
        return file.read()


def run(*command, text=None, check=True, env=None, timeout=300):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          errors="replace", timeout=timeout, env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done


def up():
    """Starts what does not run; harmless when all runs."""
    run(DEV, "up")
    for line in read("env").splitlines():
        if line.startswith("export "):
            name, value = line[len("export "):].split("=", 1)
            os.environ[name] = value.strip("'\"")


def services(verb):
    run(DEV, "services", verb)


def pid_of(name):
    return int(read("run", name).split()[0])


def kill(name, number=signal.SIGKILL):
    os.kill(pid_of(name), number)


def psql(statement):
    return run("psql", "-XAtq", os.environ["HEADRACE_PG_DSN"], "-c", statement).stdout.strip()


def kafka():
    return os.environ["HEADRACE_KAFKA"]


def verify():
    done = run(HEADRACE, "verify", check=False)
    assert done.returncode == 0, f"headrace verify: {done.stdout}{done.stderr}"


def cli(*arguments, check=True, text=None):
    return run(HEADRACE, *arguments, check=check, text=text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)


def http(method, url, body=None, headers=None, timeout=30):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    if data is not None and not request.has_header("Content-type"):
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, refusal.read())


def api(method, path, body=None, headers=None):
    return http(method, os.environ["HEADRACE_API_URL"] + path, body,
                {"Authorization": "Bearer " + os.environ["HEADRACE_API_KEY"], **(headers or {})})


def until(what, seconds, test, every=0.1):
    """Waits until test() is true and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def execution(execution_id):
    answer = api("GET", f"/v1/executions/{execution_id}")
    assert answer.status == 200, answer.text
    return answer.json


def ended(execution_id, seconds=60):
    return until(f"{execution_id} ends", seconds,
                 lambda: (lambda e: e if e["status"] in ENDED else None)(execution(execution_id)))


def publish(key, definition):
    """Creates or updates the template and publishes it."""
    path = os.path.join(STACK, f"{key}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(definition, file)
    cli("apply", "-f", path, "--id", key, "--publish")


def start(key, value=None):
    answer = api("POST", f"/v1/templates/{key}/executions", {"input": value},
                 {"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status in (200, 201, 202), answer.text
    return answer.json["executionId"]


def webhook_url(key, trigger):
    triggers = api("GET", f"/v1/templates/{key}/triggers").json
    items = triggers["items"] if isinstance(triggers, dict) else triggers
    return next(item["webhookUrl"] for item in items if item["id"] == trigger)


def signed(secret, body, delivery=None):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json",
            "X-GitHub-Delivery": delivery or str(uuid.uuid4())}


def action(url, method="POST", **more):
    """An ACTION step's mapping part for http.request."""
    return {"type": "ACTION", "integrationId": "http", "integrationActionId": "request",
            "inputMappings": {"method": method, "url": url, **more.pop("mappings", {})}, **more}


class Sink:
    """An HTTP service that remembers every call, by its Idempotency-Key."""

    def __init__(self):
        self.calls = []
        self.lock = threading.Lock()
        self.routes = {}
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with sink.lock:
                    sink.calls.append((self.path, self.headers.get("Idempotency-Key"), body))
                route = sink.routes.get(self.path.split("?")[0])
                if route is not None:
                    route(self)
                    return
                self.answer(200, b'{"ok":true}')

            do_GET = do_POST

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_):
                pass  # callers that are killed leave broken connections behind

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self, path):
        with self.lock:
            return [key for called, key, _ in self.calls if called.split("?")[0] == path]


def main(tests):
    """Runs the tests in their order; prints ok or FAIL for each."""
    failed = 0
    for test in tests:
        began = time.monotonic()
        try:
            test()
            print(f"ok {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as mistake:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {test.__name__}: {mistake}", flush=True)
    if failed:
        for name in DAEMONS:
            path = os.path.join(STACK, "log", f"{name}.log")
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    tail = [line for line in file if '"level":"info"' not in line][-15:]
                print(f"--- {name}\n" + "".join(tail), flush=True)
    sys.exit(1 if failed else 0)
