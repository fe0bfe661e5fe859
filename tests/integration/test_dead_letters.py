#!/usr/bin/env python3
"""headrace dead-letters on real Kafka; the coordinator writes the letters that it writes."""

import json
import os
import subprocess
import sys
import tempfile

from test_coordinator import EVENTS, Coordinator, accepted, home, query
from worker_world import (BUILD, LETTERS, STACK, Sender, World, execution_id, run, services_up,
                          sql, until)

CLI = os.path.join(BUILD, "cli", "headrace")
INBOX = "shop.orders"  # a topic of an operator's, with tenants' events


def headrace(*words, code=0):
    """What it prints; fails when the exit code is another one."""
    done = subprocess.run([CLI, "dead-letters", *words], capture_output=True, check=False,
                          timeout=60)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return (done.stdout if code == 0 else done.stderr).decode(errors="replace")


def listed(*words):
    return json.loads(headrace("list", "--json", *words))


def letters(reason, *words):
    return listed("--reason", reason, *words)


def letter(reason):
    return until(f"a letter {reason}", 20, lambda: letters(reason))[0]


def shown(place):
    return json.loads(headrace("show", place, "--json"))


def produce(topic, value, headers, key=None, partition=0):
    with tempfile.NamedTemporaryFile() as file:
        file.write(value)
        file.flush()
        run("kcat", "-P", "-b", os.environ["HEADRACE_KAFKA"], "-t", topic, "-p", str(partition),
            *(["-k", key] if key else []),
            *[word for name, text in headers for word in ("-H", f"{name}={text}")], file.name)


def topic_up(topic):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(f"topics:\n  - {{name: {topic}, partitions: 1, replicationFactor: 1}}\n")
        file.flush()
        run(os.path.join(BUILD, "deploy", "topics", "headrace-topics"), "--brokers",
            os.environ["HEADRACE_KAFKA"], "--file", file.name)


def records(topic):
    """[{key, headers, value}] of all partitions."""
    shown_text = run("kcat", "-C", "-J", "-b", os.environ["HEADRACE_KAFKA"], "-t", topic, "-e",
                     "-q")
    return [json.loads(line) for line in shown_text.splitlines()]


class Test:
    def __init__(self):
        services_up()
        self.world = World()
        self.sender = Sender()
        self.coordinator = Coordinator("one")
        self.execution = None

    def place(self, reason):
        return letter(reason)["letter"]

    # ── the tests, in their order ──

    def nothing_is_listed_where_nothing_is(self):
        assert listed() == []
        assert headrace("list") == "no dead letters\n"

    def an_event_of_an_unpublished_workflow_is_shown_decoded(self):
        self.execution = execution_id()
        sent = self.sender.send({
            "topic": EVENTS, "partition": home(self.execution), "kind": "trigger",
            "execution": self.execution, "accepted_ms": accepted(self.execution),
            "tenant": self.world.tenant, "template_id": self.world.template, "type": "MANUAL",
            "trigger": "", "event": self.execution,
            "scope": '{"body":{"url":"http://127.0.0.1:1/"}}'})
        found = letter("NO_TEMPLATE")
        assert found["topic"] == EVENTS and found["partition"] == sent["partition"]
        assert found["offset"] == sent["offset"] and found["by"].startswith("one"), found
        whole = shown(found["letter"])
        assert whole["message"]["executionId"] == self.execution, whole
        assert whole["message"]["templateId"] == self.world.template, whole
        assert whole["message"]["scope"]["body"] == {"url": "http://127.0.0.1:1/"}, whole
        text = headrace("show", found["letter"])
        assert "NO_TEMPLATE" in text and f'"executionId": "{self.execution}"' in text, text

    def replay_asks_first(self):
        place = self.place("NO_TEMPLATE")
        assert "--yes" in headrace("replay", place, code=1)
        assert [one["letter"] for one in letters("NO_TEMPLATE")] == [place]

    def what_is_sent_again_starts_when_its_workflow_is_there(self):
        place = self.place("NO_TEMPLATE")
        sql(f"UPDATE headrace.workflow_template SET active_version_id = '{self.world.version}'"
            f" WHERE id = '{self.world.template}'", tenant=self.world.tenant)
        assert headrace("replay", place, "--yes") == f"{place}: REPLAYED\n"
        until("the execution", 20, lambda: query(
            f"SELECT count(*) FROM headrace.execution WHERE id = '{self.execution}'") == "1")
        assert letters("NO_TEMPLATE") == []

    def what_was_dealt_with_is_only_listed_with_all(self):
        found = letters("NO_TEMPLATE", "--all")
        assert len(found) == 1 and found[0]["handled"] == "REPLAYED", found
        assert found[0]["handledBy"].startswith("headrace/") and found[0]["handledAt"]
        assert "before" in headrace("replay", found[0]["letter"], "--yes", code=1)
        assert "before" in headrace("discard", found[0]["letter"], code=1)

    def bytes_that_are_no_message_are_shown_in_hexadecimal(self):
        produce(EVENTS, b"\xff\x00 not protobuf", [], partition=3)
        found = letter("BROKEN")
        whole = shown(found["letter"])
        assert whole["hex"] == b"\xff\x00 not protobuf".hex() and whole["message"] is None, whole
        text = headrace("show", found["letter"])
        assert "cannot be read (BROKEN)" in text and "000000  ff 00 20 6e" in text, text
        raw = subprocess.run([CLI, "dead-letters", "show", found["letter"], "--raw"], check=True,
                             capture_output=True, timeout=60).stdout
        assert raw == b"\xff\x00 not protobuf", raw

    def a_discarded_letter_is_gone_for_everybody(self):
        place = self.place("BROKEN")
        assert headrace("discard", place) == f"{place}: DISCARDED\n"
        assert letters("BROKEN") == []
        assert letters("BROKEN", "--all")[0]["handled"] == "DISCARDED"

    def what_is_broken_for_good_comes_back_as_a_new_letter(self):
        produce(EVENTS, b"again", [], partition=4)
        first = self.place("BROKEN")
        headrace("replay", first, "--yes")
        second = until("the new letter", 20, lambda: letters("BROKEN"))
        assert len(second) == 1 and second[0]["letter"] != first, second
        headrace("discard", second[0]["letter"])

    def a_record_goes_back_with_its_own_key_and_headers(self):
        topic_up(INBOX)
        own = [("headrace-reason", "NO_ID"), ("headrace-detail", "ce_id is missing"),
               ("headrace-topic", INBOX), ("headrace-partition", "0"), ("headrace-offset", "0"),
               ("headrace-at-ms", "1700000000000"), ("headrace-by", "gateway/test")]
        theirs = [("ce_type", "order.created"), ("headrace-reason", "of the sender")]
        produce(LETTERS, b'{"order":7}', own + theirs, key="order-7")
        found = letter("NO_ID")
        assert found["detail"] == "ce_id is missing" and found["key"] == "order-7", found
        assert found["at"].startswith("2023-11-14T22:13:20"), found
        whole = shown(found["letter"])
        assert whole["text"] == '{"order":7}', whole
        assert [one["name"] for one in whole["headers"]] == ["ce_type", "headrace-reason"], whole
        headrace("replay", found["letter"], "--yes")
        back = until("the record", 20, lambda: [
            one for one in records(INBOX) if one["payload"] == '{"order":7}'])
        assert len(back) == 1 and back[0]["key"] == "order-7", back
        assert back[0]["headers"] == [text for pair in theirs for text in pair], back

    def the_newest_is_first_and_limit_counts(self):
        for number in range(5):
            produce(LETTERS, b"x", [
                ("headrace-reason", "MANY"), ("headrace-topic", INBOX),
                ("headrace-at-ms", str(1700000000000 + number))], partition=number % 3)
        found = letters("MANY")
        assert [one["at"][-4:-1] for one in found] == ["004", "003", "002", "001", "000"], found
        assert [one["at"] for one in letters("MANY", "--limit", "2")] == [
            one["at"] for one in found[:2]]
        assert "3 more" in headrace("list", "--reason", "MANY", "--limit", "2")
        assert listed("--topic", INBOX) == found
        assert listed("--topic", "nothing") == []

    def foreign_headers_break_nothing(self):
        produce(LETTERS, b"\x1b[2J", [("headrace-reason", "ESC\x1b[31m\u20ac"),
                                      ("headrace-topic", "../x"), ("headrace-offset", "-9"),
                                      ("headrace-at-ms", "9" * 40)])
        found = [one for one in listed() if one["reason"].startswith("ESC")]
        assert found[0]["offset"] == -1 and found[0]["partition"] == -1, found
        assert "\x1b" not in headrace("list") + headrace("show", found[0]["letter"])
        assert "names no topic" in headrace("replay", found[0]["letter"], "--yes", code=1)
        produce(LETTERS, b"?", [])
        assert any(one["reason"] == "" and one["bytes"] == 1 for one in listed())

    def a_letter_never_goes_back_to_the_letters(self):
        produce(LETTERS, b"?", [("headrace-reason", "RING"), ("headrace-topic", LETTERS),
                               ("headrace-partition", "0")])
        place = self.place("RING")
        assert "names no topic" in headrace("replay", place, "--yes", code=1)

    def what_cannot_be_sent_stays(self):
        produce(LETTERS, b"?", [("headrace-reason", "NOWHERE"), ("headrace-topic", EVENTS),
                               ("headrace-partition", "4000")])
        place = self.place("NOWHERE")
        assert "was not sent again" in headrace("replay", place, "--yes", code=1)
        assert [one["letter"] for one in letters("NOWHERE")] == [place]

    def wrong_words_are_refused(self):
        for words in (("show",), ("list", "0/1"), ("burn", "0/1"), ("show", "12"),
                      ("show", "0/-1"), ("show", "x/1"), ("list", "--limit", "0")):
            headrace(*words, code=64)
        headrace("show", "0/999999", code=1)
        headrace("show", "77/0", code=1)
        assert "Kafka at 127.0.0.1:1" in headrace("list", "--kafka", "127.0.0.1:1", code=69)

    def the_laws_hold_with_marks_in_the_topic(self):
        run(CLI, "verify", "--dsn", open(os.path.join(STACK, "dsn", "headrace_check_ro"),
                                         encoding="utf-8").read().strip(),
            "--kafka", os.environ["HEADRACE_KAFKA"])

    def close(self):
        self.coordinator.end()
        self.sender.stop()


TESTS = [name for name in vars(Test) if "_" in name and not name.startswith("_")]


def main():
    test, failed = Test(), 0
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
