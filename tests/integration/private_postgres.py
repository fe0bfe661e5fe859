"""A PostgreSQL of our own for one test run: a temporary folder, a Unix socket, no network."""

import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SQL = os.path.join(ROOT, "deploy", "sql")
FIELD = "\x1f"
ROW = "\x1e"


class SqlError(Exception):
    """What the server refused; `state` is the SQLSTATE."""

    def __init__(self, text):
        found = re.search(r"(?:ERROR|FATAL):  ([0-9A-Z]{5}): ", text)
        self.state = found.group(1) if found else ""
        super().__init__(text.strip())


def server_bin():
    root = "/usr/lib/postgresql"
    versions = sorted((name for name in os.listdir(root) if name.isdigit()), key=int)
    return os.path.join(root, versions[-1], "bin")


def migrations():
    """[(version, name, path)] of the numbered files, in order."""
    found = []
    for name in sorted(os.listdir(SQL)):
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", name)
        if match:
            found.append((int(match.group(1)), match.group(2), os.path.join(SQL, name)))
    return found


class PrivatePostgres:
    def __init__(self):
        self.bin = server_bin()
        # The server refuses to be root; then it is the user that Debian made for it.
        self.as_server = []
        if os.geteuid() == 0:
            self.as_server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.folder = tempfile.mkdtemp(prefix="headrace-sql-")
        if self.as_server:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = os.path.join(self.folder, "data")

    def server(self, program, *args):
        run = subprocess.run([*self.as_server, os.path.join(self.bin, program), "-D", self.data,
                              *args], cwd="/", stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode != 0:
            raise RuntimeError(f"{program}: {run.stdout}")

    def start(self):
        self.server("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                    "--no-sync")
        # Without a listener on the network any number of these run side by side.
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self.server("pg_ctl", "-w", "-l", os.path.join(self.folder, "log"), "-o", options, "start")

    def stop(self):
        try:
            self.server("pg_ctl", "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, *args, role="postgres", database="headrace", stdin=None):
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", FIELD, "-R", ROW,
                              "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose",
                              "-h", self.folder, "-U", role, "-d", database, *args],
                             input=stdin, capture_output=True, text=True,
                             env={**os.environ, "PGTZ": "Asia/Kathmandu",
                                  "PGOPTIONS": "-c client_min_messages=warning"})
        if run.returncode != 0:
            raise SqlError(run.stderr)
        return run.stdout

    def rows(self, text, role="postgres", tenant=None):
        """Rows of the last statement, as lists of text. With a tenant: in a transaction of it."""
        if tenant:
            text = f"BEGIN; SET LOCAL app.tenant = '{tenant}'; {text}; COMMIT"
        out = self.psql("-c", text, role=role)
        return [line.split(FIELD) for line in out.rstrip("\n").split(ROW) if line]

    def value(self, text, role="postgres", tenant=None):
        rows = self.rows(text, role, tenant)
        return rows[-1][0] if rows else None

    def create(self):
        """The database with roles and migrations, as `headrace migrate up` applies them."""
        self.psql("-c", "CREATE DATABASE headrace", database="postgres")
        self.psql("-f", os.path.join(SQL, "roles.sql"))
        for version, name, path in migrations():
            record = (f"INSERT INTO headrace.schema_migration (version, name, sha256) "
                      f"VALUES ({version}, '{name}', repeat('0', 64))")
            self.psql("-1", "-f", path, "-c", record, role="headrace_migrate")
