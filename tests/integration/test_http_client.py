#!/usr/bin/env python3
"""The HTTP client against a server that means it badly, and URLs that mean to get inside."""

import json
import os
import ssl
import subprocess
import tempfile
import time
import unittest

from http_hostile import Hostile
from http_world import Server, program

LOCAL = "allow=127.0.0.0/8"


def calls(asked, *arguments, timeout=60, env=None):
    """The answers in the order of the questions."""
    lines = [json.dumps({"id": i, **call}) for i, call in enumerate(asked)]
    done = subprocess.run([program("http_client_probe"), *arguments], input="\n".join(lines),
                          capture_output=True, encoding="utf-8", timeout=timeout,
                          env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError(f"the probe ended with {done.returncode}: {done.stderr[-3000:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if sorted(answer["id"] for answer in answers) != list(range(len(asked))):
        raise AssertionError("not exactly one answer each")
    return sorted(answers, key=lambda answer: answer["id"])


def call(url, *arguments, env=None, **more):
    return calls([{"url": url, **more}], *(arguments or (LOCAL,)), env=env)[0]


class WithServer(unittest.TestCase):
    def setUp(self):
        self.server = Hostile().__enter__()
        self.addCleanup(self.server.__exit__)
        self.url = self.server.url

    def expect(self, path, r, effect, **more):
        got = call(self.url + path, **more)
        self.assertEqual((got["r"], got["effect"]), (r, effect), got)
        return got


class Answers(WithServer):
    def test_method_headers_and_body_arrive(self):
        got = call(self.url + "/ok?a=b", method="PATCH", body="hello",
                   headers=[["X-One", "1"], ["X-Two", "zwei"], ["X-Empty", ""]])
        self.assertEqual((got["r"], got["status"], got["body"]), ("OK", 200, "ok /ok?a=b"))
        seen = self.server.seen[0]
        self.assertEqual((seen["method"], seen["target"], seen["body"]),
                         ("PATCH", "/ok?a=b", b"hello"))
        for line in ("X-One: 1", "X-Two: zwei", "X-Empty: "):
            self.assertTrue(any(line.strip() == other.strip() for other in seen["lines"]), line)
        self.assertNotIn("expect", seen["headers"])
        self.assertNotIn("content-type", seen["headers"])

    def test_every_method_is_sent_as_it_is(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"):
            call(self.url + "/ok", method=method)
            self.assertEqual(self.server.seen[-1]["method"], method)
        self.assertEqual(self.server.seen[1]["headers"]["content-length"], "0")

    def test_a_status_is_an_answer_whatever_it_is(self):
        for status in (200, 204, 400, 404, 429, 500, 503, 599):
            got = self.expect(f"/status/{status}", "OK", "ANSWERED")
            self.assertEqual(got["status"], status)

    def test_an_encoded_body_is_decoded(self):
        self.assertEqual(self.expect("/zipped", "OK", "ANSWERED")["bytes"], 6000)

    def test_names_of_headers_are_lower_case(self):
        self.assertIn(["content-length", "6"], self.expect("/ok", "OK", "ANSWERED")["headers"])

    def test_the_environment_sets_no_proxy(self):
        got = call(self.url + "/ok", env={"http_proxy": "http://127.0.0.1:1",
                                          "ALL_PROXY": "http://127.0.0.1:1"})
        self.assertEqual(got["r"], "OK")


class Failures(WithServer):
    def test_each_failure_has_its_name(self):
        for path, r, effect in (
                ("/reset", "RESET", "UNKNOWN"), ("/close", "RESET", "UNKNOWN"),
                ("/half", "RESET", "ANSWERED"), ("/half-chunk", "RESET", "ANSWERED"),
                ("/noise", "PROTOCOL", "UNKNOWN"), ("/not-zipped", "PROTOCOL", "ANSWERED"),
                ("/huge", "TOO_LARGE", "ANSWERED"), ("/endless", "TOO_LARGE", "ANSWERED"),
                ("/headers", "TOO_LARGE", "ANSWERED"), ("/long-header", "TOO_LARGE", "ANSWERED"),
                ("/continue", "TOO_LARGE", "UNKNOWN")):
            with self.subTest(path):
                self.expect(path, r, effect, method="POST", body="x")
                self.assertEqual(self.server.times(path), 1)

    def test_a_chunk_without_a_length_is_no_answer(self):
        got = call(self.url + "/bad-chunk")
        self.assertIn(got["r"], ("PROTOCOL", "RESET"))

    def test_a_bomb_ends_at_the_cap(self):
        started = time.monotonic()
        got = self.expect("/bomb", "TOO_LARGE", "ANSWERED", timeoutMs=60000)
        self.assertLessEqual(got["bytes"], 10 << 20)
        self.assertLess(time.monotonic() - started, 30)

    def test_the_cap_is_the_callers(self):
        self.expect("/zipped", "TOO_LARGE", "ANSWERED", bytesMax=5999)
        self.expect("/zipped", "OK", "ANSWERED", bytesMax=6000)

    def test_the_deadline_is_absolute(self):
        for path, effect in (("/hang", "UNKNOWN"), ("/dribble", "ANSWERED")):
            got = self.expect(path, "TIMEOUT", effect, timeoutMs=700)
            self.assertTrue(600 <= got["ms"] <= 1500, got["ms"])

    def test_nobody_listens(self):
        got = call("http://127.0.0.1:1/")
        self.assertEqual((got["r"], got["effect"]), ("CONNECT", "NOT_SENT"))

    def test_nobody_has_that_name(self):
        got = call("http://nosuch.invalid/", timeoutMs=20000)
        self.assertIn((got["r"], got["effect"]),
                      (("RESOLVE", "NOT_SENT"), ("TIMEOUT", "NOT_SENT")))

    def test_no_tls_there(self):
        got = call(self.url.replace("http:", "https:") + "/ok", timeoutMs=3000)
        self.assertIn(got["r"], ("TLS", "TIMEOUT"))
        self.assertEqual(got["effect"], "NOT_SENT")

    def test_an_aborted_call_is_answered_once(self):
        got = self.expect("/hang", "ABORTED", "UNKNOWN", abortMs=200)
        self.assertLess(got["ms"], 1000)

    def test_what_cannot_be_sent_is_refused(self):
        for more in ({"method": "GE T"}, {"method": ""}, {"method": "CONNECT"},
                     {"method": "GET\r\nX: y"}, {"headers": [["X-A", "b\r\nX-Evil: 1"]]},
                     {"headers": [["X-A\r\nX-Evil", "b"]]}, {"headers": [["", "b"]]},
                     {"headers": [["X A", "b"]]}, {"headers": [["Content-Length", "5"]]},
                     {"headers": [["Transfer-Encoding", "chunked"]]},
                     {"headers": [["connection", "close"]]}, {"headers": [["X-A", "b\u0000"]]}):
            with self.subTest(str(more)):
                self.expect("/ok", "BAD_REQUEST", "NOT_SENT", **more)
        self.assertEqual(self.server.seen, [])


class Repeats(WithServer):
    def test_connections_are_used_again(self):
        calls([{"url": self.url + "/ok"}] * 5, LOCAL, "serial")
        self.assertEqual(self.server.connections, 1)

    def test_a_kept_connection_that_dies_is_no_reason_to_send_twice(self):
        got = calls([{"url": self.url + "/ok", "method": "POST", "body": "1"},
                     {"url": self.url + "/close", "method": "POST", "body": "2"}],
                    LOCAL, "serial")
        self.assertEqual((got[1]["r"], got[1]["effect"]), ("RESET", "UNKNOWN"))
        self.assertEqual(self.server.times("/close"), 1)
        self.assertEqual(self.server.seen[0]["connection"], self.server.seen[1]["connection"])

    def test_a_reset_on_a_kept_connection_is_none_either(self):
        for method in ("POST", "PUT", "DELETE"):
            with self.subTest(method):
                before = self.server.times("/reset")
                got = calls([{"url": self.url + "/ok"},
                             {"url": self.url + "/reset", "method": method, "body": "2"}],
                            LOCAL, "serial")
                self.assertEqual((got[1]["r"], got[1]["effect"]), ("RESET", "UNKNOWN"))
                self.assertEqual(self.server.times("/reset"), before + 1)

    def test_a_call_that_must_not_repeat_has_a_connection_of_its_own(self):
        calls([{"url": self.url + "/ok"},
               {"url": self.url + "/ok", "method": "POST", "repeatForbidden": True},
               {"url": self.url + "/ok"}], LOCAL, "serial")
        used = [seen["connection"] for seen in self.server.seen]
        self.assertEqual(len(used), 3)
        self.assertNotEqual(used[1], used[0])
        self.assertNotEqual(used[1], used[2])

    def test_pools_share_no_connection(self):
        calls([{"url": self.url + "/ok", "pool": pool} for pool in ("a", "b", "a", "b", "c")],
              LOCAL, "serial")
        used = [seen["connection"] for seen in self.server.seen]
        self.assertEqual(used[0], used[2])
        self.assertEqual(used[1], used[3])
        self.assertEqual(len(set(used)), 3)

    def test_the_longest_unused_pool_makes_room(self):
        calls([{"url": self.url + "/ok", "pool": pool} for pool in ("a", "b", "c", "a")],
              LOCAL, "serial", "pools=2")
        self.assertEqual(self.server.connections, 4)


class Redirects(WithServer):
    def test_a_few_are_followed(self):
        got = self.expect("/hops/5", "OK", "ANSWERED")
        self.assertEqual((got["redirects"], got["url"]), (5, self.url + "/ok"))

    def test_more_are_refused(self):
        self.expect("/hops/6", "REDIRECTS", "UNKNOWN")
        self.expect("/loop", "REDIRECTS", "UNKNOWN")

    def test_only_where_nothing_was_sent(self):
        for method in ("POST", "PUT", "DELETE"):
            got = self.expect("/hops/1", "OK", "ANSWERED", method=method)
            self.assertEqual(got["status"], 302)

    def test_the_caller_may_want_the_redirect_itself(self):
        got = self.expect("/hops/1", "OK", "ANSWERED", redirectFinal=True)
        self.assertEqual((got["status"], got["redirects"]), (302, 0))

    def test_each_hop_is_judged_anew(self):
        for where, r in (("http://10.0.0.1/", "DENIED"), ("http://169.254.169.254/", "DENIED"),
                         ("http://[::1]/", "DENIED"), ("file:///etc/passwd", "REDIRECTS"),
                         ("gopher://127.0.0.1/", "REDIRECTS"), ("http://u@127.0.0.1/",
                                                                "REDIRECTS")):
            with self.subTest(where):
                self.assertEqual(call(f"{self.url}/to?302&{where}")["r"], r)

    def test_each_hop_is_judged_by_its_port(self):
        with Hostile() as other:
            got = call(f"{self.url}/to?302&{other.url}/ok", LOCAL, f"ports={self.server.port}")
            self.assertEqual((got["r"], other.seen), ("DENIED", []))

    def test_credentials_stay_at_their_origin(self):
        secrets = [["Authorization", "Bearer s"], ["Cookie", "c=s"], ["X-Api-Key", "s"]]
        with Hostile() as other:
            got = call(f"{self.url}/to?307&{other.url}/ok",
                       headers=secrets + [["Accept", "text/x"]])
            self.assertEqual(got["r"], "OK")
            self.assertEqual(other.seen[0]["headers"]["accept"], "text/x")
            for name, _ in secrets:
                self.assertIn(name.lower(), self.server.seen[0]["headers"])
                self.assertNotIn(name.lower(), other.seen[0]["headers"])
            back = call(f"{self.url}/to?307&{other.url}/to?307&{self.url}/ok", headers=secrets)
            self.assertEqual(back["r"], "OK")
            self.assertNotIn("authorization", self.server.seen[-1]["headers"])
        call(f"{self.url}/to?307&/ok", headers=secrets)
        self.assertIn("authorization", self.server.seen[-1]["headers"])


class Crowds(WithServer):
    def test_everything_else_goes_on(self):
        bad = ["/hang", "/dribble", "/headers", "/huge", "/bomb", "/reset", "/close", "/loop"]
        asked = [{"url": self.url + bad[i % len(bad)], "timeoutMs": 4000, "pool": str(i % 5)}
                 for i in range(24)]
        asked += [{"url": self.url + f"/ok/{i}", "pool": str(i % 5), "timeoutMs": 4000}
                  for i in range(26)]
        got = calls(asked, LOCAL)
        self.assertEqual({answer["r"] for answer in got[24:]}, {"OK"})
        self.assertNotIn("OK", {answer["r"] for answer in got[:24]})

    def test_a_thousand_calls_are_answered(self):
        with Server(connections_max=2000) as server:
            url = f"http://{server.address}"
            got = calls([{"url": url + "/later?ms=50", "pool": str(i % 7)} for i in range(1000)],
                        LOCAL)
            self.assertEqual({answer["r"] for answer in got}, {"OK"})

    def test_more_calls_than_allowed_are_told_at_once(self):
        got = calls([{"url": self.url + "/ok"}] * 10, LOCAL, "calls=4")
        self.assertEqual([answer["r"] for answer in got].count("BUSY"), 6)
        self.assertEqual({answer["effect"] for answer in got if answer["r"] == "BUSY"},
                         {"NOT_SENT"})

    def test_calls_wait_in_line_for_a_lookup(self):
        got = calls([{"url": self.url.replace("127.0.0.1", "localhost") + "/ok"}] * 40,
                    LOCAL, "allow=127.0.0.0/8,::1", "lookups=2")
        self.assertEqual({answer["r"] for answer in got}, {"OK"})


class Secure(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cert = os.path.join(folder.name, "cert.pem")
        self.key = os.path.join(folder.name, "key.pem")

    def serve(self, name):
        """A server whose certificate is for that name, signed by itself."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=test", "-addext", f"subjectAltName={name}",
                        "-keyout", self.key, "-out", self.cert], check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.cert, self.key)
        return Hostile(tls)

    def test_who_is_trusted_is_called(self):
        with self.serve("IP:127.0.0.1") as server:
            got = calls([{"url": server.url + "/ok", "method": "POST", "body": "a"}] * 3,
                        LOCAL, "serial", "ca=" + self.cert)
            self.assertEqual({answer["r"] for answer in got}, {"OK"})
            self.assertEqual(server.connections, 1)

    def test_who_is_not_trusted_gets_nothing(self):
        with self.serve("IP:127.0.0.1") as server:
            got = call(server.url + "/ok", LOCAL, method="POST", body="secret")
            self.assertEqual((got["r"], got["effect"], server.seen), ("TLS", "NOT_SENT", []))

    def test_another_name_is_not_trusted(self):
        with self.serve("DNS:other.example") as server:
            got = call(server.url + "/ok", LOCAL, "ca=" + self.cert, method="POST", body="secret")
            self.assertEqual((got["r"], got["effect"], server.seen), ("TLS", "NOT_SENT", []))

    def test_nothing_is_sent_twice_there_either(self):
        with self.serve("IP:127.0.0.1") as server:
            got = calls([{"url": server.url + "/ok", "method": "POST", "body": "1"},
                         {"url": server.url + "/close", "method": "POST", "body": "2"}],
                        LOCAL, "serial", "ca=" + self.cert)
            self.assertEqual((got[1]["r"], got[1]["effect"]), ("RESET", "UNKNOWN"))
            self.assertEqual(server.times("/close"), 1)


class Lookups(WithServer):
    FAKE = {"LD_PRELOAD": program("lookup_fake.so"), "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def ask(self, hosts, *arguments, **more):
        asked = [{"url": f"http://{host}:{self.server.port}/ok", **more} for host in hosts]
        started = time.monotonic()
        got = calls(asked, LOCAL, *arguments, env=self.FAKE)
        return got, time.monotonic() - started

    def test_a_name_is_looked_up_and_its_address_judged(self):
        got, _ = self.ask(["inner.fake"])
        self.assertEqual(got[0]["r"], "OK")
        got = calls([{"url": f"http://inner.fake:{self.server.port}/ok"}], "deny=", env=self.FAKE)
        self.assertEqual((got[0]["r"], got[0]["effect"]), ("DENIED", "NOT_SENT"))

    def test_a_lookup_that_hangs_ends_at_the_deadline_and_holds_up_nobody(self):
        got, took = self.ask(["hang.fake"] * 8 + ["inner.fake"] * 8, timeoutMs=1000)
        self.assertEqual([answer["r"] for answer in got], ["TIMEOUT"] * 8 + ["OK"] * 8)
        self.assertEqual({answer["effect"] for answer in got[:8]}, {"NOT_SENT"})
        self.assertLess(max(answer["ms"] for answer in got[8:]), 700)
        self.assertLess(took, 10)

    def test_lookups_that_hang_take_no_more_than_their_places(self):
        asked = [{"url": "http://hang.fake/", "timeoutMs": 1500, "pool": "bad"}] * 40
        asked += [{"url": f"http://inner.fake:{self.server.port}/ok", "timeoutMs": 1500,
                   "pool": str(i)} for i in range(40)]
        got = calls(asked, LOCAL, "lookups=16", env=self.FAKE)
        self.assertEqual({answer["r"] for answer in got[:40]}, {"TIMEOUT"})
        self.assertEqual({answer["r"] for answer in got[40:]}, {"OK"})

    def test_a_slow_name_is_still_a_name(self):
        got, took = self.ask(["slow.fake"], timeoutMs=8000)
        self.assertEqual(got[0]["r"], "OK")
        self.assertGreater(took, 2.9)


# Hosts that are inside, in every spelling we know of.
LOOPBACK = """
127.0.0.1 127.1 127.0.1 127.127.127.127 127.255.255.254 2130706433 0x7f000001 0x7f.1 0x7F.0.0.1
0x7f.0x0.0x0.0x1 017700000001 0177.0.0.1 0177.1 00177.0000.0000.0001 127.0.0.0x1 127.000.000.001
127.0.0.1. 0 0.0.0.0 0x0 00 0.0 0.0.0 localhost LOCALHOST LocalHost localhost. [::1] [::]
[0:0:0:0:0:0:0:1]
[0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:127.0.0.1]
[::127.0.0.1] [::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1]
[2002:7f00:1::] [2002:7f00:0001::1] [2001:0:7f00:1::] [0:0:0:0:0:ffff:127.0.0.1] %31%32%37.0.0.1
127%2e0%2e0%2e1 127.0.0.1%00.example.com
""".split()
PRIVATE = """
10.0.0.1 10.255.255.255 10.1 0xa.1 0xa000001 167772161 012.0.0.1 172.16.0.1 172.31.255.254
0xac.0x10.0.1 2886729729 192.168.0.1 192.168.1 0xc0a80001 3232235521 0300.0250.0.1 100.64.0.1
100.127.255.254 192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 4294967295 0xffffffff 0.1.2.3 192.88.99.1 [fc00::1] [fd00::1]
[fd12:3456:789a::1] [fe80::1] [febf::1] [fec0::1] [ff02::1] [ff05::2] [2001:db8::1] [100::1]
[::ffff:10.0.0.1] [::ffff:192.168.0.1] [::ffff:a00:1] [64:ff9b::10.0.0.1] [64:ff9b::c0a8:1]
[2002:a00:1::] [2002:c0a8:1::1] [3fff::1] [5f00::1] [4000::1]
""".split()
METADATA = """
169.254.169.254 169.254.169.254. 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376
025177524776 169.254.43518 169.16689662 0xa9.254.169.254 [::ffff:169.254.169.254]
[::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe] [::169.254.169.254] [2002:a9fe:a9fe::] [fd00:ec2::254]
[fe80::a9fe:a9fe] 169.254.170.2 192.0.0.192 100.100.100.200
""".split()
# Whole URLs that are no calls at all.
NO_CALLS = [
    "", "http", "http:", "http://", "//127.0.0.1/", "127.0.0.1", "localhost:80", "/etc/passwd",
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "FILE:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stats", "ftp://127.0.0.1/",
    "ftps://127.0.0.1/", "sftp://127.0.0.1/", "scp://127.0.0.1/a", "tftp://127.0.0.1/a",
    "ldap://127.0.0.1/", "ldaps://127.0.0.1/", "smb://127.0.0.1/a", "imap://127.0.0.1/",
    "pop3://127.0.0.1/", "smtp://127.0.0.1/", "telnet://127.0.0.1/", "rtsp://127.0.0.1/",
    "mqtt://127.0.0.1/", "ws://127.0.0.1/", "wss://127.0.0.1/", "jar:http://127.0.0.1!/",
    "data:text/plain,x", "javascript:alert(1)", "netdoc:///etc/passwd", "php://filter/x",
    "http://user@127.0.0.1/", "http://user:pass@127.0.0.1/", "http://example.com@127.0.0.1/",
    "http://127.0.0.1@example.com/", "http://a:b@c:d@127.0.0.1/", "http://@127.0.0.1/",
    "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:-1/",
    "http://127.0.0.1:port/", "http://127.0.0.1:80:80/", "http://127.0.0.1 /",
    "http://127.0.0.1\t/", "http://127.0.0.1\r\n/", "http://127.0.0.1/\r\nX: y",
    "http://127.0.0.1\u0000.example.com/", "http:// 127.0.0.1/", " http://127.0.0.1/",
    "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020\u30020\u30021/",
    "http://\u2460\u2461\u2466.0.0.1/", "http://loc\u0430lhost/", "http://b\u00fccher.example/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/", "http://[::1%25lo]/",
    "http://[fe80::1%25eth0]/", "http://[::1/", "http://::1/", "http://[127.0.0.1]/",
    "http://[::ffff:127.0.0.1%25lo]/", "http://127.0.0.1\\@example.com/",
    "http://example.com\\@127.0.0.1/", "http://127.0.0.1#@example.com:bad/\n",
]


class Inside(unittest.TestCase):
    def test_no_spelling_of_an_inner_address_gets_there(self):
        hosts = LOOPBACK + PRIVATE + METADATA
        with Hostile() as server:
            asked = [{"url": f"http://{host}:{server.port}/ok", "timeoutMs": 8000}
                     for host in hosts]
            got = calls(asked, "deny=")
            for host, answer in zip(hosts, got):
                with self.subTest(host):
                    self.assertIn(answer["r"], ("DENIED", "BAD_URL", "RESOLVE"), answer)
                    self.assertEqual(answer["effect"], "NOT_SENT")
            self.assertEqual(server.seen, [])
            self.assertEqual(server.connections, 0)
            denied = [answer["r"] for answer in got].count("DENIED")
            self.assertGreater(denied, 80, "most of them are addresses, and denied as such")

    def test_what_is_no_call_is_no_call(self):
        got = calls([{"url": url, "timeoutMs": 5000} for url in NO_CALLS], LOCAL)
        for url, answer in zip(NO_CALLS, got):
            with self.subTest(url):
                self.assertEqual((answer["r"], answer["effect"]), ("BAD_URL", "NOT_SENT"))

    def test_there_are_enough_of_them(self):
        self.assertGreaterEqual(len(LOOPBACK + PRIVATE + METADATA + NO_CALLS), 150)

    def test_a_port_outside_the_policy_is_denied(self):
        with Hostile() as server:
            got = call(server.url + "/ok", LOCAL, "ports=1-79,443")
            self.assertEqual((got["r"], got["effect"], server.connections),
                             ("DENIED", "NOT_SENT", 0))

    def test_a_denied_address_looks_the_same_whether_somebody_listens_or_not(self):
        with Hostile() as server:
            got = calls([{"url": server.url + "/ok"}, {"url": "http://127.0.0.1:1/"}], "deny=")
            for answer in got:
                del answer["id"], answer["url"], answer["ms"]
            self.assertEqual(got[0], got[1])

    def test_the_operators_deny_goes_before_the_allow(self):
        with Hostile() as server:
            got = call(server.url + "/ok", LOCAL, "deny=127.0.0.1")
            self.assertEqual((got["r"], server.connections), ("DENIED", 0))


if __name__ == "__main__":
    unittest.main()
