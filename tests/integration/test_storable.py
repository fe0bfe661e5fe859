#!/usr/bin/env python3
"""json_storable() beside a real PostgreSQL: whatever it accepts can be cast to jsonb."""

import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

import json_documents
from json_documents import answers, documents

NUL, SURROGATE, NUMBER, DEEP = 16, 17, 18, 19
COUNT = 20000


# --- a private PostgreSQL -------------------------------------------------------------------------

def as_postgres(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *command]
    return list(command)


class Database:
    def __init__(self):
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not folders:
            print("no PostgreSQL server is installed; run ./dev setup")
            sys.exit(77)
        self.bin = folders[-1]
        self.home = tempfile.mkdtemp(prefix="storable-", dir=os.environ.get("HEADRACE_DEV_DIR"))
        self.server = None
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres:postgres", self.home], check=True)

    def start(self):
        data = os.path.join(self.home, "data")
        subprocess.run(as_postgres(f"{self.bin}/initdb", "-D", data, "-U", "postgres",
                                   "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.server = subprocess.Popen(  # reached through a socket in its own folder only
            as_postgres(f"{self.bin}/postgres", "-D", data, "-k", self.home,
                        "-c", "listen_addresses=", "-c", "fsync=off"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        for _ in range(150):
            if self.sql("SELECT 1", check=False).returncode == 0:
                return
            time.sleep(0.2)
        raise TimeoutError("PostgreSQL did not start within 30 s")

    def sql(self, text, check=True):
        return subprocess.run(["psql", "-h", self.home, "-U", "postgres", "-d", "postgres", "-qAtX",
                               "-v", "ON_ERROR_STOP=1"], input=text, encoding="utf-8",
                              capture_output=True, check=check, timeout=120)

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)
        subprocess.run(["rm", "-rf", self.home], check=True)


CAST = """
CREATE TABLE documents (id int PRIMARY KEY, document text NOT NULL);
CREATE FUNCTION cast_of(document text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN length(document::jsonb::text) IS NOT NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
"""


def verdicts_of_postgres(lines):
    """For each line "true", or the SQLSTATE with which jsonb refused it."""
    def escaped(text):
        return text.replace("\\", "\\\\")
    rows = "".join(f"{i}\t{escaped(line)}\n" for i, line in enumerate(lines))
    said = database.sql("TRUNCATE documents;\nCOPY documents FROM STDIN;\n" + rows + "\\.\n"
                        "SELECT cast_of(document) FROM documents ORDER BY id;\n")
    verdicts = said.stdout.split("\n")[:-1]
    assert len(verdicts) == len(lines), said.stderr
    return verdicts


def judge(lines):
    """(line, our number, PostgreSQL's word) of each line."""
    ours = [int(number) for number in answers("storable", lines)]
    assert len(ours) == len(lines)
    return list(zip(lines, ours, verdicts_of_postgres(lines)))


# --- the tests ------------------------------------------------------------------------------------

def what_is_storable_can_be_cast_to_jsonb():
    judged = judge(documents(11, COUNT, hard=True))
    accepted = [row for row in judged if row[1] == 0]
    assert COUNT / 3 < len(accepted) < COUNT, len(accepted)
    for line, _, word in accepted:
        assert word == "true", f"{line[:300]!r} is accepted, but jsonb says {word}"


def every_refusal_occurs_and_jsonb_agrees_about_characters():
    judged = judge(documents(12, COUNT, hard=True))
    for refusal in (NUL, SURROGATE, NUMBER, DEEP):
        refused = [row for row in judged if row[1] == refusal]
        assert len(refused) > 20, (refusal, len(refused))
        if refusal in (NUL, SURROGATE):
            for line, _, word in refused:
                assert word != "true", f"{line[:300]!r} is refused, but jsonb takes it"


def single_values_at_the_limits_are_judged_safely():
    lines = list(json_documents.HARD_NUMBERS)
    lines += ["-" + line for line in lines if line[0] != "-"]
    lines += [f'"{text}"' for text in json_documents.HARD_STRINGS]
    lines += ["[" * depth + "]" * depth for depth in json_documents.HARD_DEPTHS]
    lines += ['{"a":' * depth + "1" + "}" * depth for depth in json_documents.HARD_DEPTHS]
    judged = judge(lines)
    for line, number, word in judged:
        assert number != 0 or word == "true", f"{line[:300]!r}: {number}, jsonb says {word}"
    assert {number for _, number, _ in judged} == {0, NUL, SURROGATE, NUMBER, DEEP}


TESTS = (
    what_is_storable_can_be_cast_to_jsonb,
    every_refusal_occurs_and_jsonb_agrees_about_characters,
    single_values_at_the_limits_are_judged_safely,
)

if __name__ == "__main__":
    database = Database()
    try:
        database.start()
        database.sql(CAST)
        code = json_documents.run(TESTS)
    finally:
        database.stop()
    sys.exit(code)
