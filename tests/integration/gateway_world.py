"""What the tests of the gateway share: services, a tenant, gateways, and what they sent."""

import json
import os
import re
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build"))
GATEWAY = os.path.join(BUILD, "trigger-gateway", "headrace-gateway")
HEADRACE = os.path.join(BUILD, "cli", "headrace")
TOPICS = os.path.join(BUILD, "deploy", "topics", "headrace-topics")
DEV = os.path.join(ROOT, "dev")
STACK = os.environ["HEADRACE_DEV_DIR"]
EVENTS, LETTERS = "headrace.events.v1", "headrace.dead-letters.v1"
TENANT = "acme"
# Fields of TriggerEvent in proto/headrace/v1/event.proto.
FIELDS = {1: "tenant", 2: "template", 3: "trigger", 4: "type", 5: "event", 6: "execution",
          7: "accepted_ms", 8: "scope", 9: "input", 10: "traceparent"}
TYPES = ("WEBHOOK", "SCHEDULED", "EVENT", "POLLING", "MANUAL")


def run(*command, env=None, text=None, seconds=300):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          timeout=seconds, env=env)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def read(*path):
    with open(os.path.join(STACK, *path), encoding="utf-8") as file:
        return file.read().strip()


def dsn(role):
    return read("dsn", role)


def migrator():
    return {**os.environ, "HEADRACE_PG_DSN": dsn("headrace_migrate")}


def services_up():
    run(DEV, "services", "up")
    os.environ.update(re.findall(r"^export (\w+)='(.*)'$", read("env"), re.M))


def service_pid(name):
    return int(read("run", name).split()[0])


def sql(text, role="headrace_migrate"):
    return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", dsn(role), "-c", text).strip()


def redis(*words):
    return run("redis-cli", "-p", os.environ["HEADRACE_REDIS"].rsplit(":", 1)[1], *words).strip()


def until(what, seconds, test):
    deadline = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def make_topic(name, partitions=1):
    path = os.path.join(STACK, f"topic-{name}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"topics:\n  - name: {name}\n    partitions: {partitions}\n"
                   "    replicationFactor: 1\n    config:\n      min.insync.replicas: 1\n")
    run(TOPICS, "--brokers", os.environ["HEADRACE_KAFKA"], "--file", path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def ask(url, body=b"", headers=None, method="POST", seconds=20):
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, refusal.read())


class Gateway:
    """One process of its own, on free ports."""

    def __init__(self, name="gateway", **settings):
        self.name = name
        hooks, api, admin = (f"127.0.0.1:{free_port()}" for _ in range(3))
        self.hooks, self.api, self.admin = (f"http://{at}" for at in (hooks, api, admin))
        self.log_path = os.path.join(STACK, "log", f"{name}.log")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HEADRACE_INSTANCE": name,
            "HEADRACE_KAFKA": os.environ["HEADRACE_KAFKA"],
            "HEADRACE_REDIS": os.environ["HEADRACE_REDIS"],
            "HEADRACE_PG_DSN": dsn("headrace_gateway"),
            "HEADRACE_API_PG_DSN": dsn("headrace_api"),
            "HEADRACE_SEAL_KEY_FILE": os.path.join(STACK, "seal.key"),
            "HEADRACE_HOOKS_LISTEN": hooks,
            "HEADRACE_API_LISTEN": api,
            "HEADRACE_ADMIN_LISTEN": admin,
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")
               if name in os.environ},
            **settings,
        }
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([GATEWAY], env=self.environment, stderr=log)
        until(f"{self.name} is ready", 20, self.is_ready)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended: {self.log()[-2000:]}")
        try:
            return ask(f"{self.admin}/readyz", None, method="GET").status == 200
        except OSError:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def metric(self, name):
        text = ask(f"{self.admin}/metrics", None, method="GET").body.decode()
        found = re.findall(rf"^headrace_gateway_{re.escape(name)} (\S+)$", text, re.M)
        return float(found[0]) if found else 0.0

    def stop(self, number=15, seconds=40):
        """The exit code; of a signal that kills, minus its number."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        self.process = None
        return code


class Design:
    """The API as an author uses it."""

    def __init__(self, gateway, key):
        self.gateway, self.key = gateway, key

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        answer = ask(f"{self.gateway.api}{path}", data, headers, method)
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.json if answer.body else None

    def secret(self, key, value):
        return self.call("POST", "/v1/variables", {"key": key, "type": "SECRET", "value": value})

    def publish(self, name, triggers):
        """The triggers as the API shows them, by id; webhooks are known to the gateway then."""
        steps = [{"id": "only", "type": "TRANSFORM"}]
        template = self.call("POST", "/v1/templates",
                             {"name": name, "triggers": triggers, "steps": steps})["templateId"]
        self.call("POST", f"/v1/templates/{template}/publish", {})
        shown = {trigger["id"]: trigger for trigger in
                 self.call("GET", f"/v1/templates/{template}/triggers")["items"]}
        for trigger in shown.values():
            if trigger["webhookUrl"]:
                self.known(trigger["webhookUrl"])
        return template, shown

    @staticmethod
    def known(url):
        until("the webhook is known", 10, lambda: ask(url, None, method="GET").status == 405)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """{number: value} of a protobuf message."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 2:
            length, at = varint(data, at)
            found[tag >> 3] = data[at:at + length]
            at += length
        else:
            found[tag >> 3], at = varint(data, at)
    return found


def uuid_text(raw):
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def read_topic(topic):
    """[(partition, headers, value)] of all that is there now."""
    out = subprocess.run(["kcat", "-C", "-b", os.environ["HEADRACE_KAFKA"], "-t", topic, "-o",
                          "beginning", "-e", "-q", "-D", "", "-f", "%p %R%S %h\n%s"],
                         capture_output=True, check=True, timeout=60).stdout
    found, at = [], 0
    while at < len(out):
        space = out.index(b" ", at)
        partition = int(out[at:space])
        # %R is the length of the value in 4 bytes, big-endian: the value may hold anything.
        length = struct.unpack(">i", out[space + 1:space + 5])[0]
        end = out.index(b"\n", space + 5)
        headers = out[space + 5:end].split(b" ", 1)[1].decode()
        found.append((partition, headers, out[end + 1:end + 1 + max(length, 0)]))
        at = end + 1 + max(length, 0)
    return found


def starts(trigger=None):
    """The starts that are in Kafka, as dictionaries."""
    found = []
    for partition, _, value in read_topic(EVENTS):
        message = fields(value)
        if 3 not in message:
            continue
        raw = fields(message[3])
        start = {name: raw.get(number, b"") for number, name in FIELDS.items()}
        start["partition"] = partition
        for name in ("tenant", "template", "execution"):
            start[name] = uuid_text(start[name])
        for name in ("trigger", "event", "scope", "input", "traceparent"):
            start[name] = start[name].decode()
        start["type"] = TYPES[start["type"] or 0]
        start["scope"] = json.loads(start["scope"])
        if trigger is None or start["trigger"] == trigger:
            found.append(start)
    return found


def start_of(execution):
    found = [start for start in starts() if start["execution"] == execution]
    assert found, f"{execution} is not in Kafka"
    return found[0]


def letters():
    """Dead letters: [(headers, value)]."""
    return [(dict(re.findall(r"(?:^|,)([\w-]+)=(.*?)(?=,[\w-]+=|$)", headers)), value)
            for _, headers, value in read_topic(LETTERS)]


def make_tenant():
    """An API key of the tenant, who is made unless she is there."""
    key_file = os.path.join(STACK, "seal.key")
    if not os.path.exists(key_file):
        with open(key_file, "w", encoding="utf-8") as file:
            file.write(f"k1:{os.urandom(32).hex()}\n")
    run(HEADRACE, "migrate", "up", env=migrator())
    run(HEADRACE, "tenant", "create", TENANT, env=migrator())
    return run(HEADRACE, "key", "create", "--tenant", TENANT, "--role", "ADMIN",
               env=migrator()).split()[-1]
