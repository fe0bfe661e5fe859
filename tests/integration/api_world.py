"""What the tests of the API share: private services, a gateway, tenants with keys, and a client
that compares every answer with docs/openapi.yaml."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import uuid

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD_DIR", os.path.join(ROOT, "build"))
HEADRACE = os.path.join(BUILD, "cli", "headrace")
GATEWAY = os.environ.get("HEADRACE_GATEWAY",
                         os.path.join(BUILD, "trigger-gateway", "headrace-gateway"))
STACK = os.environ.get("HEADRACE_DEV_DIR") or tempfile.mkdtemp(prefix="headrace-api-")
ROLES = ("VIEWER", "OPERATOR", "EDITOR", "ADMIN")

with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as opened:
    OPENAPI = yaml.safe_load(opened)


class Route:
    """One line of the route table."""

    def __init__(self, line):
        self.method, self.pattern, self.verb, self.role = line.split()

    @property
    def params(self):
        return re.findall(r"{(\w+)}", self.pattern)

    @property
    def name(self):
        return f"{self.method} {self.pattern}"

    def path(self, **ids):
        return re.sub(r"{(\w+)}", lambda found: ids.get(found.group(1), "none"), self.pattern)

    def matches(self, method, path):
        wanted = re.sub(r"{\w+}", "[^/]+", self.pattern)
        return method == self.method and re.fullmatch(wanted, path) is not None


def routes():
    out = subprocess.run([GATEWAY, "--print-routes"], check=True, capture_output=True,
                         text=True).stdout
    return [Route(line) for line in out.splitlines()]


ROUTES = routes()


# Services ----------------------------------------------------------------------------------------

def dev(*words):
    subprocess.run([os.path.join(ROOT, "dev"), *words], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "HEADRACE_DEV_DIR": STACK})


def services_up():
    dev("services", "up")
    with open(os.path.join(STACK, "env"), encoding="utf-8") as file:
        for line in file:
            name, value = line.removeprefix("export ").strip().split("=", 1)
            os.environ[name] = value.strip("'")
    headrace("migrate", "up")


def services_down():
    dev("services", "clean")


def dsn(role):
    with open(os.path.join(STACK, "dsn", role), encoding="utf-8") as file:
        return file.read().strip()


def superuser_dsn():
    """Of the one who sees every row."""
    with open(os.path.join(STACK, "secrets", "postgres"), encoding="utf-8") as file:
        where = dsn("headrace_api").split("@")[1]
        return f"postgresql://postgres:{file.read().strip()}@{where}"


def sql_as_superuser(statement):
    subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", superuser_dsn(), "-c", statement],
                   check=True, stdout=subprocess.DEVNULL)


def pid(service):
    """Of a service of the stack, as ./dev recorded it."""
    with open(os.path.join(STACK, "run", service), encoding="utf-8") as file:
        return int(file.read().split()[0])


def headrace(*words, check=True, env=None, text=None):
    done = subprocess.run([HEADRACE, *words], capture_output=True, text=True, input=text,
                          env={**os.environ, **(env or {})}, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"headrace {' '.join(words)}: {done.stdout}{done.stderr}")
    return done


def sql(statement, role="headrace_engine"):
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", dsn(role), "-c", statement],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{statement}: {done.stderr}")
    return done.stdout.strip()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Gateway:
    """A gateway of our own; settings as its configuration names them: api_rate=5."""

    def __init__(self, **settings):
        self.port = free_port()
        self.log = os.path.join(STACK, "log", f"gateway-{self.port}.log")
        self.env = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
            "HEADRACE_INSTANCE": "gateway-test",
            "HEADRACE_KAFKA": os.environ["HEADRACE_KAFKA"],
            "HEADRACE_REDIS": os.environ["HEADRACE_REDIS"],
            "HEADRACE_PG_DSN": dsn("headrace_gateway"),
            "HEADRACE_API_PG_DSN": dsn("headrace_api"),
            "HEADRACE_SEAL_KEY": "test:" + "5e" * 32,
            "HEADRACE_API_LISTEN": f"127.0.0.1:{self.port}",
            "HEADRACE_HOOKS_LISTEN": f"127.0.0.1:{free_port()}",
            "HEADRACE_HOOKS_URL": "https://hooks.example",
            "HEADRACE_ADMIN_LISTEN": f"127.0.0.1:{free_port()}",
            "HEADRACE_API_RATE": "10000", "HEADRACE_API_BURST": "20000",
            **{f"HEADRACE_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([GATEWAY], env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            try:
                if Client(self, "none").get("/v1/templates").status == 401:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise AssertionError("no gateway: " + log.read()[-2000:])
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


# The client --------------------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.json.get("code") if self.status >= 400 else None


SEEN = []          # everything that was ever answered, for canaries
SUCCEEDED = set()  # routes that were answered 2xx


def operation_of(method, path):
    for route in ROUTES:
        if route.matches(method, path):
            return route, OPENAPI["paths"][route.pattern][method.lower()]
    return None, None


def resolve(node):
    while "$ref" in node:
        found = OPENAPI
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def compare(method, path, answer):
    """Whether docs/openapi.yaml describes the answer."""
    route, operation = operation_of(method, path)
    if operation is None:
        return
    statuses = operation["responses"]
    described = statuses.get(str(answer.status)) or statuses.get(f"{answer.status // 100}XX")
    assert described, f"{method} {path}: {answer.status} is not in openapi.yaml: {answer.text}"
    content = resolve(described).get("content")
    if answer.status < 300:
        SUCCEEDED.add(route.name)
    if not content:
        assert answer.text == "", f"{method} {path}: {answer.text}"
        return
    (kind, media), = content.items()
    assert answer.headers["Content-Type"] == kind, f"{method} {path}: {answer.headers}"
    schema = {**media["schema"], "components": OPENAPI["components"]}
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(answer.json))
    assert not errors, f"{method} {path}: {errors[0].json_path}: {errors[0].message}"


class Client:
    """Requests with one key."""

    def __init__(self, gateway, key):
        self.gateway, self.key = gateway, key

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
        reply = connection.getresponse()
        answer = Answer(reply.status, reply.headers, reply.read())
        connection.close()
        SEEN.append(answer.text + str(reply.headers))
        compare(method, urllib.parse.urlsplit(path).path, answer)
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def put(self, path, body=None, **headers):
        return self.ask("PUT", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def patch(self, path, body=None, **headers):
        return self.ask("PATCH", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def delete(self, path, **headers):
        return self.ask("DELETE", path, headers=headers)


class Tenant:
    """A tenant with a client for each role."""

    def __init__(self, gateway, name):
        self.name = name
        self.id = headrace("tenant", "create", name).stdout.strip()
        self.keys = {role: headrace("key", "create", "--tenant", name, "--role", role,
                                    "--user", role.lower()).stdout.strip() for role in ROLES}
        self.viewer, self.operator, self.editor, self.admin = (
            Client(gateway, self.keys[role]) for role in ROLES)

    def client(self, role):
        return getattr(self, role.lower())


def execution_id(age_ms):
    raw = bytearray((int(time.time() * 1000) - age_ms).to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def execution(tenant, version, status=1, trigger="go", age_ms=0, id_=None):
    """A row as a coordinator would write it; the execution's id."""
    id_ = id_ or execution_id(age_ms)
    template = version["templateId"]
    ended = "now()" if 4 <= status <= 7 else "NULL"
    sql(f"""INSERT INTO headrace.execution (id, tenant_id, template_id, version_id, part, status,
            started_at, completed_at, trigger_id, trigger)
            VALUES ('{id_}', '{tenant.id}', '{template}', '{version["id"]}', 3, {status}, now(),
            {ended}, '{trigger}', '{{"body": {{"total": 5}}}}')""")
    return id_
