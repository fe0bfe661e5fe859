#!/usr/bin/env python3
"""The gateway on real services: webhooks, schedules, topics of events, and outages."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import gateway_world as world
from gateway_world import Design, Gateway, ask, letters, sql, start_of, starts, until

JSON_TYPE = {"Content-Type": "application/json"}
world_key = None
gateway = None
design = None


def setUpModule():
    global world_key, gateway, design
    world.services_up()
    world_key = world.make_tenant()
    for topic in ("shop", "gated", "durable"):
        world.make_topic(topic)
    gateway = Gateway("gateway-main",
                      HEADRACE_EVENTS_TOPICS="shop=acme, gated=nobody").start()
    design = Design(gateway, world_key)


def tearDownModule():
    if gateway is not None:
        code = gateway.stop()
        assert code == 0, f"the gateway ended with {code}: {gateway.log()[-2000:]}"


def webhook(name, **config):
    _, shown = design.publish(name, [{"id": "hook", "type": "WEBHOOK", "config": config}])
    return shown["hook"]["webhookUrl"]


def post_json(url, value, **headers):
    return ask(url, json.dumps(value).encode(),
               {**JSON_TYPE, **{name.replace("_", "-"): text for name, text in headers.items()}})


def raw(text):
    """What comes back until the connection is closed."""
    host, port = gateway.hooks[len("http://"):].split(":")
    reply = b""
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.settimeout(10)
        connection.sendall(text.encode())
        while chunk := connection.recv(65536):
            reply += chunk
    return reply


def accepted(test, answer):
    test.assertEqual(answer.status, 202, answer.body)
    test.assertEqual(answer.headers["Headrace-Execution-Id"], answer.json["executionId"])
    return answer.json["executionId"]


def refused(test, answer, status, code):
    test.assertEqual(answer.status, status, answer.body)
    test.assertEqual(answer.headers["Content-Type"], "application/problem+json")
    test.assertEqual(answer.json["code"], code)
    test.assertEqual(answer.json["status"], status)


class Webhooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = webhook("Orders", path="orders")

    def test_an_accepted_request_is_in_kafka_and_shows_what_came(self):
        answer = ask(f"{self.url}/7?a=1&b=x%20y&a=2", b'{"total": 1.50}',
                     {**JSON_TYPE, "Authorization": "Bearer t", "X-Own": "1",
                      "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
        start = start_of(accepted(self, answer))
        self.assertEqual(start["type"], "WEBHOOK")
        self.assertEqual(start["trigger"], "hook")
        self.assertEqual(start["traceparent"][3:35], "0af7651916cd43dd8448eb211c80319c")
        self.assertEqual(start["scope"]["body"], {"total": 1.50})
        self.assertEqual(start["scope"]["query"], {"a": ["1", "2"], "b": "x y"})
        self.assertEqual(start["scope"]["method"], "POST")
        self.assertEqual(start["scope"]["path"], "orders/7")
        self.assertEqual(start["scope"]["headers"]["x-own"], "1")
        self.assertNotIn("authorization", start["scope"]["headers"])
        self.assertLess(abs(start["accepted_ms"] - time.time() * 1000), 60000)
        # The hash part of the id decides where its home is.
        number = int(start["execution"].replace("-", "")[16:], 16) & 0x3FFFFFFFFFFFFFFF
        self.assertEqual(start["partition"], number % 32)

    def test_each_request_without_an_id_is_an_event(self):
        ids = {accepted(self, post_json(self.url, {"n": 1})) for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_the_same_delivery_has_the_same_execution_also_without_redis(self):
        first = accepted(self, post_json(self.url, {}, Idempotency_Key="same"))
        self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="same")), first)
        world.redis("FLUSHALL")
        time.sleep(0.01)
        self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="same")), first)
        world.redis("CLIENT", "PAUSE", "1500", "ALL")
        self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="same")), first)
        self.assertNotEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="other")), first)
        until("Redis is back", 10, lambda: gateway.metric("redis_up") == 1)
        self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="same")), first)

    def test_deliveries_at_the_same_moment_have_one_execution(self):
        ids = []
        threads = [threading.Thread(target=lambda: ids.append(
            post_json(self.url, {}, Idempotency_Key="race").json["executionId"]))
            for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(ids), 8)
        self.assertEqual(len(set(ids)), 1)

    def test_what_is_unknown_is_answered_alike(self):
        template, shown = design.publish("Switched", [
            {"id": "hook", "type": "WEBHOOK", "config": {"path": "x"}}])
        off = shown["hook"]["webhookUrl"]
        design.call("POST", f"/v1/templates/{template}/triggers/hook/disable")
        until("it is off", 10, lambda: ask(off).status == 404)
        answers = [ask(off), ask(f"{gateway.hooks}/h/{'0' * 32}/x"), ask(f"{gateway.hooks}/h/"),
                   ask(f"{gateway.hooks}/elsewhere"), ask(self.url.replace("/orders", "/other"))]
        for answer in answers:
            refused(self, answer, 404, "NOT_FOUND")
        self.assertEqual(len({answer.body for answer in answers}), 1)
        design.call("POST", f"/v1/templates/{template}/triggers/hook/enable")
        until("it is on", 10, lambda: ask(off).status == 202)

    def test_only_some_methods_are_taken(self):
        answer = ask(self.url, None, method="GET")
        refused(self, answer, 405, "METHOD_NOT_ALLOWED")
        self.assertEqual(answer.headers["Allow"], "POST, PUT")
        self.assertEqual(ask(self.url, b"", method="DELETE").status, 405)

    def test_a_body_that_is_no_json_is_refused_with_its_place(self):
        answer = ask(self.url, b'{"a": 1,\n "b": }', JSON_TYPE)
        refused(self, answer, 400, "INVALID_JSON")
        self.assertIn("line 2 column 7", answer.json["detail"])

    def test_what_cannot_be_stored_is_refused(self):
        refused(self, ask(self.url, b'["\\u0000"]', JSON_TYPE), 400, "NOT_STORABLE")
        refused(self, ask(self.url, b"[1e999]", JSON_TYPE), 400, "NOT_STORABLE")
        refused(self, ask(self.url, b"\xff\xfe", {"Content-Type": "text/plain"}), 400, "NOT_TEXT")
        deep = b"[" * 100 + b"]" * 100
        refused(self, ask(self.url, deep, JSON_TYPE), 400, "INVALID_JSON")

    def test_too_much_is_refused(self):
        reply = raw(f"POST {self.url[len(gateway.hooks):]} HTTP/1.1\r\nHost: x\r\n"
                    f"Content-Length: {(1 << 20) + 1}\r\n\r\n")
        self.assertTrue(reply.startswith(b"HTTP/1.1 413"), reply)
        refused(self, ask(self.url, b"x" * 1000000), 413, "TOO_LARGE")
        accepted(self, ask(self.url, b"x" * 900000))

    def test_a_text_is_a_text(self):
        start = start_of(accepted(self, ask(self.url, "grüße".encode(),
                                            {"Content-Type": "text/plain"})))
        self.assertEqual(start["scope"]["body"], "grüße")

    def test_a_trigger_says_its_own_answer(self):
        url = webhook("Answers", path="own", response={"status": 201, "body": {"ok": True}})
        answer = post_json(url, {})
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.json, {"ok": True})
        start_of(answer.headers["Headrace-Execution-Id"])

    def test_smuggled_requests_are_refused(self):
        path = self.url[len(gateway.hooks):]
        heads = [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 6",
            "Transfer-Encoding: xchunked",
        ]
        before = len(starts("hook"))
        for head in heads:
            reply = raw(f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n0\r\n\r\n"
                        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            self.assertTrue(reply.startswith(b"HTTP/1.1 400"), (head, reply[:100]))
            self.assertEqual(reply.count(b"HTTP/1.1 "), 1, head)
        self.assertEqual(len(starts("hook")), before)


def hex_mac(secret, text, algorithm=hashlib.sha256):
    return hmac.new(secret.encode(), text, algorithm).hexdigest()


class Signatures(unittest.TestCase):
    SECRET = "It's a secret"
    STANDARD = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()

    @classmethod
    def setUpClass(cls):
        design.secret("SIGN", cls.SECRET)
        design.secret("STANDARD", cls.STANDARD)
        design.secret("ROTATED", f"{cls.SECRET} new\n{cls.SECRET}")

    def signed(self, scheme, variable="SIGN", **more):
        return webhook(f"Signed {self.id().rsplit('.', 1)[1]}", path="s",
                       signature={"scheme": scheme, "secretVariable": variable, **more})

    def unsigned(self, answer):
        refused(self, answer, 401, "SIGNATURE_INVALID")

    def test_github(self):
        url, body = self.signed("github"), b'{"zen": "ok"}'
        good = {"X-Hub-Signature-256": f"sha256={hex_mac(self.SECRET, body)}", **JSON_TYPE,
                "X-GitHub-Delivery": "d-1"}
        execution = accepted(self, ask(url, body, good))
        self.assertNotIn("x-hub-signature-256", start_of(execution)["scope"]["headers"])
        self.assertEqual(accepted(self, ask(url, body, good)), execution)
        self.unsigned(ask(url, body + b" ", good))
        self.unsigned(ask(url, body, JSON_TYPE))
        self.unsigned(ask(url, body, {"X-Hub-Signature-256": "sha256=" + "0" * 64}))
        self.unsigned(ask(url, body, {"X-Hub-Signature":
                                      f"sha1={hex_mac(self.SECRET, body, hashlib.sha1)}"}))

    def stripe(self, body, age, secret=None):
        at = int(time.time()) - age
        mac = hex_mac(secret or self.SECRET, f"{at}.".encode() + body)
        return {"Stripe-Signature": f"t={at},v0=ff,v1={'0' * 64},v1={mac}", **JSON_TYPE}

    def test_stripe(self):
        url, body = self.signed("stripe"), b'{"id": "evt_1", "type": "charge"}'
        execution = accepted(self, ask(url, body, self.stripe(body, 0)))
        self.assertEqual(accepted(self, ask(url, body, self.stripe(body, 100))), execution)
        self.unsigned(ask(url, body, self.stripe(body, 400)))
        self.unsigned(ask(url, body, self.stripe(body, -400)))
        self.unsigned(ask(url, body, self.stripe(body, 0, "another")))

    def slack(self, body, age=0):
        at = int(time.time()) - age
        return {"X-Slack-Request-Timestamp": str(at), **JSON_TYPE,
                "X-Slack-Signature": f"v0={hex_mac(self.SECRET, f'v0:{at}:'.encode() + body)}"}

    def test_slack_and_its_challenge(self):
        url = self.signed("slack")
        body = b'{"event_id": "Ev1", "type": "event_callback"}'
        execution = accepted(self, ask(url, body, self.slack(body)))
        self.assertEqual(accepted(self, ask(url, body, self.slack(body, 50))), execution)
        self.unsigned(ask(url, body, self.slack(body, 400)))
        challenge = b'{"type": "url_verification", "challenge": "3eZbrw1aB"}'
        answer = ask(url, challenge, self.slack(challenge))
        self.assertEqual((answer.status, answer.body), (200, b"3eZbrw1aB"))
        self.unsigned(ask(url, challenge, JSON_TYPE))

    def test_a_repeated_request_is_no_new_event_whatever_is_added(self):
        url, body = self.signed("slack"), b'{"command": "/go"}'
        headers = self.slack(body)
        execution = accepted(self, ask(url, body, headers))
        for number in range(3):
            again = ask(url, body, {**headers, "Idempotency-Key": str(number)})
            self.assertEqual(accepted(self, again), execution)

    def test_standard_webhooks(self):
        url, body = self.signed("standard", "STANDARD"), b'{"a": 1}'

        def headers(name, age=0, key=b"0123456789abcdef0123456789abcdef"):
            at = int(time.time()) - age
            mac = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
            return {"webhook-id": name, "webhook-timestamp": str(at), **JSON_TYPE,
                    "webhook-signature": f"v1a,AAAA v1,{base64.b64encode(mac).decode()}"}

        execution = accepted(self, ask(url, body, headers("msg_1")))
        self.assertEqual(accepted(self, ask(url, body, headers("msg_1", 10))), execution)
        self.assertNotEqual(accepted(self, ask(url, body, headers("msg_2"))), execution)
        self.unsigned(ask(url, body, headers("msg_1", 400)))
        self.unsigned(ask(url, body, headers("msg_1", key=b"another")))
        self.unsigned(ask(url, body, {**headers("msg_1"), "webhook-id": "msg_3"}))

    def test_a_template_of_ones_own(self):
        url = self.signed("hmac", header="X-Sign", prefix="v9=", template="{id}|{timestamp}|{body}",
                          timestampHeader="X-Time", idHeader="X-Id", encoding="base64",
                          algorithm="sha512")
        body, at = b"text", str(int(time.time()))
        mac = hmac.new(self.SECRET.encode(), f"7|{at}|".encode() + body, hashlib.sha512).digest()
        headers = {"X-Sign": "v9=" + base64.b64encode(mac).decode(), "X-Time": at, "X-Id": "7",
                   "Content-Type": "text/plain"}
        execution = accepted(self, ask(url, body, headers))
        self.assertEqual(accepted(self, ask(url, body, headers)), execution)
        self.unsigned(ask(url, body, {**headers, "X-Id": "8"}))
        self.unsigned(ask(url, body, {**headers, "X-Time": str(int(at) - 400)}))

    def test_old_and_new_secret_while_it_is_changed(self):
        url, body = self.signed("github", "ROTATED"), b"x"
        for secret in (f"{self.SECRET} new", self.SECRET):
            accepted(self, ask(url, body, {"X-Hub-Signature-256":
                                           f"sha256={hex_mac(secret, body)}"}))
        self.unsigned(ask(url, body, {"X-Hub-Signature-256":
                                      f"sha256={hex_mac('older', body)}"}))

    def test_without_its_secret_nothing_gets_in(self):
        url = self.signed("github", "MISSING")
        self.unsigned(ask(url, b"x", {"X-Hub-Signature-256": f"sha256={hex_mac('', b'x')}"}))

    def test_secrets_are_not_in_the_log(self):
        self.assertNotIn(self.SECRET, gateway.log())


class Limits(unittest.TestCase):
    def test_one_webhook_takes_so_many_requests(self):
        url = webhook("Busy", path="busy").rsplit("/h/", 1)[1]
        other = webhook("Quiet", path="quiet").rsplit("/h/", 1)[1]
        slow = Gateway("gateway-slow", HEADRACE_HOOKS_RATE="1", HEADRACE_HOOKS_BURST="3").start()
        try:
            answers = [ask(f"{slow.hooks}/h/{url}") for _ in range(5)]
            self.assertEqual([answer.status for answer in answers], [202, 202, 202, 429, 429])
            refused(self, answers[4], 429, "RATE_LIMITED")
            self.assertGreaterEqual(int(answers[4].headers["Retry-After"]), 1)
            accepted(self, ask(f"{slow.hooks}/h/{other}"))
            time.sleep(1.1)
            accepted(self, ask(f"{slow.hooks}/h/{url}"))
        finally:
            self.assertEqual(slow.stop(), 0)


def instants(trigger):
    """{instant in ms: ids of the executions it started}"""
    found = {}
    for start in starts(trigger):
        found.setdefault(start["accepted_ms"], set()).add(start["execution"])
    return found


class Schedules(unittest.TestCase):
    def tearDown(self):
        sql("UPDATE headrace.schedule SET enabled = false, rev = rev + 1")

    def schedule(self, name, cron, **config):
        return design.publish(name, [{"id": name, "type": "SCHEDULED", "cronExpression": cron,
                                      "config": config}])

    def test_a_tick_tells_when_it_was_due(self):
        self.schedule("soon", "* * * * * *", timezone="Asia/Kathmandu")
        until("it ticks", 10, lambda: starts("soon"))
        start = starts("soon")[0]
        seconds = start["accepted_ms"] / 1000
        instant = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        text = instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.assertEqual(start["type"], "SCHEDULED")
        self.assertEqual(start["event"], f"soon:{text}")
        self.assertEqual(json.loads(start["input"]), {"scheduledAt": text})
        self.assertEqual(start["scope"]["scheduledAt"], text)
        self.assertEqual(start["scope"]["timezone"], "Asia/Kathmandu")

    def test_two_gateways_one_of_which_is_killed_neither_lose_nor_double_a_tick(self):
        other = Gateway("gateway-other", HEADRACE_SCHEDULES_CLAIM="2s",
                        HEADRACE_SCHEDULES_EVERY="20ms").start()
        self.schedule("twice", "* * * * * *")
        time.sleep(3)
        for _ in range(3):
            self.assertEqual(other.stop(signal.SIGKILL), -signal.SIGKILL)
            time.sleep(1)
            other.start()
            time.sleep(1.3)
        self.assertEqual(other.stop(), 0)
        time.sleep(31 if self.is_stuck() else 1)
        found = instants("twice")
        first, last = min(found), max(found)
        self.assertGreater(last - first, 6000)
        self.assertEqual(sorted(found), list(range(first, last + 1000, 1000)))
        self.assertTrue(all(len(executions) == 1 for executions in found.values()), found)

    def is_stuck(self):
        """A claim of the gateway that was killed is still there."""
        time.sleep(3)
        return sql("SELECT count(*) FROM headrace.schedule WHERE claimed_until > now()"
                   " AND enabled AND claimed_by LIKE 'gateway-other%'") != "0"

    def missed(self, name, **config):
        self.schedule(name, "0 * * * * *", **config)
        sql(f"UPDATE headrace.schedule SET next_fire_at = date_trunc('minute', now())"
            f" - interval '10 minutes' WHERE trigger_id = '{name}'")
        until(f"{name} has caught up", 15, lambda: sql(
            f"SELECT next_fire_at > now() FROM headrace.schedule WHERE trigger_id = '{name}'")
            == "t")
        return len(instants(name))

    def test_what_was_missed_is_made_up_for_as_the_schedule_says(self):
        # Of 11 instants the last one or two are not missed, but late.
        self.assertIn(self.missed("skips", catchUp="skip"), (1, 2))
        self.assertIn(self.missed("makesone"), (2, 3))
        self.assertIn(self.missed("makesall", catchUp="all"), (11, 12))

    def test_an_edit_meanwhile_wins(self):
        self.schedule("edited", "0 0 1 1 *")
        sql("UPDATE headrace.schedule SET next_fire_at = now(), rev = rev + 1"
            " WHERE trigger_id = 'edited'")
        until("it fired", 10, lambda: starts("edited"))
        until("it moved on", 10, lambda: sql("SELECT next_fire_at > now() FROM headrace.schedule"
                                             " WHERE trigger_id = 'edited'") == "t")

    def test_an_archived_workflow_does_not_tick(self):
        template, _ = self.schedule("resting", "* * * * * *")
        until("it ticks", 10, lambda: starts("resting"))
        design.call("PATCH", f"/v1/templates/{template}", {"isActive": False})
        time.sleep(1.5)
        before = len(instants("resting"))
        time.sleep(2.5)
        self.assertEqual(len(instants("resting")), before)


def produce(topic, value, *headers, key=None):
    command = ["kcat", "-P", "-b", os.environ["HEADRACE_KAFKA"], "-t", topic]
    for header in headers:
        command += ["-H", header]
    if key:
        command += ["-k", key]
    subprocess.run(command, input=value, check=True, timeout=60)


BINARY = ("ce_specversion=1.0", "ce_source=/shop", "content-type=application/json")


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        design.publish("Listens", [
            {"id": "created", "type": "EVENT", "config": {"eventType": "order.created"}},
            {"id": "large", "type": "EVENT",
             "config": {"eventType": "order.*", "filter": ".data.total > 100"}},
            {"id": "plain", "type": "EVENT", "config": {"eventType": "shop", "topic": "shop"}},
        ])
        until("the triggers are known", 10,
              lambda: gateway.metric('triggers_count{type="EVENT"}') >= 3)

    def came(self, trigger, event):
        return [start for start in starts(trigger) if start["event"] == event]

    def wait(self, trigger, event):
        return until(f"{trigger}: {event}", 20, lambda: self.came(trigger, event))[0]

    def test_binary_structured_and_plain(self):
        produce("shop", b'{"total": 5}', *BINARY, "ce_id=b1", "ce_type=order.created",
                "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        start = self.wait("created", "5:/shop b1")
        self.assertEqual(start["type"], "EVENT")
        self.assertEqual(start["scope"]["data"], {"total": 5})
        self.assertEqual(start["scope"]["type"], "order.created")
        self.assertTrue(start["traceparent"].startswith("00-0af7"))
        self.assertLess(abs(start["accepted_ms"] - time.time() * 1000), 60000)
        produce("shop", json.dumps({"specversion": "1.0", "id": "s1", "source": "/shop",
                                      "type": "order.created", "data": [1]}).encode(),
                "content-type=application/cloudevents+json")
        self.assertEqual(self.wait("created", "5:/shop s1")["scope"]["data"], [1])
        produce("shop", b'{"n": 1}', key="k")
        start = until("plain", 20, lambda: starts("plain"))[0]
        self.assertTrue(start["event"].startswith("11:/kafka/shop shop-0-"), start["event"])
        self.assertEqual(start["scope"]["subject"], "k")

    def test_a_filter_decides(self):
        produce("shop", b'{"total": 5}', *BINARY, "ce_id=f1", "ce_type=order.paid")
        produce("shop", b'{"total": 500}', *BINARY, "ce_id=f2", "ce_type=order.paid")
        produce("shop", b'{"total": "much"}', *BINARY, "ce_id=f3", "ce_type=order.other")
        self.wait("large", "5:/shop f2")
        self.assertEqual(self.came("large", "5:/shop f1"), [])

    def test_the_same_event_again_has_the_same_execution_key(self):
        for _ in range(2):
            produce("shop", b"{}", *BINARY, "ce_id=again", "ce_type=order.created")
        found = until("both", 20, lambda: len(self.came("created", "5:/shop again")) == 2
                      and self.came("created", "5:/shop again"))
        # Equal but for the time of the record.
        self.assertEqual(len({start["execution"][13:] for start in found}), 1)

    def test_what_nobody_can_use_becomes_a_dead_letter(self):
        produce("shop", b"gar\xffbage", "own=1")
        produce("shop", b'{"a": "\\u0000"}')
        produce("shop", b"{}", "ce_specversion=1.0", "ce_id=1")
        produce("gated", b"{}")
        wanted = {"UNREADABLE", "NOT_STORABLE", "INVALID_EVENT", "NO_TENANT"}
        found = until("all four", 20, lambda: wanted <= {
            headers["headrace-reason"] for headers, _ in letters()} and letters())
        headers, value = next(letter for letter in found if letter[1] == b"gar\xffbage")
        self.assertEqual(headers["headrace-reason"], "UNREADABLE")
        self.assertEqual(headers["headrace-topic"], "shop")
        self.assertEqual(headers["own"], "1")
        self.assertTrue(headers["headrace-offset"].isdigit())

    def test_a_killed_gateway_loses_no_record(self):
        design.publish("Durable", [
            {"id": "durable", "type": "EVENT", "config": {"eventType": "durable"}}])
        settings = {"HEADRACE_EVENTS_TOPICS": "durable=acme",
                    "HEADRACE_EVENTS_GROUP": "headrace.gateway.durable"}
        reader = Gateway("gateway-reader", **settings).start()
        try:
            produce("durable", b"0")
            until("the first", 30, lambda: starts("durable"))
            for number in range(1, 60):
                produce("durable", str(number).encode())
                if number in (20, 40):
                    self.assertEqual(reader.stop(signal.SIGKILL), -signal.SIGKILL)
                    reader.start()
            until("all of them", 60, lambda: {
                start["scope"]["data"] for start in starts("durable")} == set(range(60)))
            by_event = {}
            for start in starts("durable"):
                by_event.setdefault(start["event"], set()).add(start["execution"])
            self.assertEqual(len(by_event), 60)
            self.assertTrue(all(len(ids) == 1 for ids in by_event.values()), by_event)
        finally:
            self.assertEqual(reader.stop(), 0)


class Outages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = webhook("Outage", path="outage")
        design.publish("Reads", [
            {"id": "created", "type": "EVENT", "config": {"eventType": "order.created"}}])

    def test_while_kafka_is_away_callers_are_told_to_come_again(self):
        pid = world.service_pid("kafka")
        os.kill(pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            answer = post_json(self.url, {}, Idempotency_Key="outage")
            refused(self, answer, 503, "UNAVAILABLE")
            self.assertLess(time.monotonic() - begun, 12)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            until("readiness says so", 15, lambda: not gateway.is_ready())
            begun = time.monotonic()
            refused(self, post_json(self.url, {}), 503, "UNAVAILABLE")
            self.assertLess(time.monotonic() - begun, 1, "nobody waits once it is known")
        finally:
            os.kill(pid, signal.SIGCONT)
        until("Kafka is back", 60, lambda: post_json(self.url, {}).status == 202)
        accepted(self, post_json(self.url, {}, Idempotency_Key="outage"))
        self.assertLessEqual(len({start["execution"] for start in starts("hook")
                                  if start["event"] == "outage"}), 1)

    def test_a_broker_that_dies_loses_nothing_that_was_accepted(self):
        kept = [accepted(self, post_json(self.url, {})) for _ in range(20)]
        os.kill(world.service_pid("kafka"), signal.SIGKILL)
        answer = post_json(self.url, {})
        refused(self, answer, 503, "UNAVAILABLE")
        time.sleep(1)
        world.services_up()
        until("webhooks are taken again", 60, lambda: post_json(self.url, {}).status == 202)
        self.assertLessEqual(set(kept), {start["execution"] for start in starts("hook")})
        produce("shop", b"{}", *BINARY, "ce_id=after", "ce_type=order.created")
        until("topics are read again", 60, lambda: [start for start in starts("created")
                                                    if start["event"] == "5:/shop after"])
        before = gateway.metric('ticks_total{fate="fired"}')
        design.publish("Ticks on", [{"id": "afterwards", "type": "SCHEDULED",
                                       "cronExpression": "* * * * * *", "config": {}}])
        until("ticks go on", 30, lambda: gateway.metric('ticks_total{fate="fired"}') > before)
        sql("UPDATE headrace.schedule SET enabled = false, rev = rev + 1")

    def test_without_postgresql_known_webhooks_go_on(self):
        first = accepted(self, post_json(self.url, {}, Idempotency_Key="pg"))
        os.kill(world.service_pid("postgres"), signal.SIGQUIT)
        try:
            time.sleep(1)
            self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="pg")), first)
            accepted(self, post_json(self.url, {}, Idempotency_Key="new while it is away"))
            accepted(self, post_json(self.url, {}))
            refused(self, ask(f"{gateway.hooks}/h/{'1' * 32}/x"), 404, "NOT_FOUND")
        finally:
            until("it is gone", 20, lambda: not os.path.exists(
                f"/proc/{world.service_pid('postgres')}") or True)
            world.services_up()
        self.assertEqual(accepted(self, post_json(self.url, {}, Idempotency_Key="pg")), first)
        url = webhook("Afterwards", path="after")
        accepted(self, post_json(url, {}))

    def test_a_gateway_gives_notice_before_it_ends(self):
        path = self.url[len(gateway.hooks):]
        leaving = Gateway("gateway-leaving", HEADRACE_DRAIN_NOTICE="2s").start()
        Design.known(f"{leaving.hooks}{path}")
        leaving.process.terminate()
        until("it says so", 2, lambda: not leaving.is_ready())
        accepted(self, ask(f"{leaving.hooks}{path}"))
        self.assertEqual(leaving.process.wait(20), 0)

    def test_a_gateway_that_is_told_to_end_finishes_what_it_has(self):
        path = self.url[len(gateway.hooks):]
        ending = Gateway("gateway-ending").start()
        Design.known(f"{ending.hooks}{path}")
        answers = []
        stopping = threading.Event()

        def knock():
            while not stopping.is_set():
                try:
                    answers.append(ask(f"{ending.hooks}{path}"))
                except OSError:
                    return

        threads = [threading.Thread(target=knock) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        code = ending.stop()
        stopping.set()
        for thread in threads:
            thread.join(10)
        self.assertEqual(code, 0)
        self.assertGreater(len(answers), 10)
        self.assertTrue({answer.status for answer in answers} <= {202, 503})
        stored = {start["execution"] for start in starts("hook")}
        for answer in answers:
            if answer.status == 202:
                self.assertIn(answer.json["executionId"], stored)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
