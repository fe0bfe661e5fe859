#!/usr/bin/env python3
"""The HTTP server on raw sockets: what it serves, what it refuses, and who cannot keep it busy."""

import random
import signal
import socket
import struct
import subprocess
import time
import unittest

from http_world import (Server, body_of, program, read_all, read_answer, request, status_of,
                        statuses_of, until)

CLOSE = "Connection: close"


class Serves(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_a_body_comes_as_it_was_sent(self):
        body = bytes(range(256)) * 100
        answer = self.server.ask(request("/x", CLOSE, method="POST", body=body))
        self.assertEqual(status_of(answer), 200)
        self.assertTrue(answer.endswith(b"\n25600:" + body))

    def test_path_and_parameters_are_decoded_once(self):
        answer = self.server.ask(request("/a%20b%252F?x=1+2&x=%41%2526&y&=z&&", CLOSE))
        self.assertIn(b"GET /a b%2F raw=/a%20b%252F query=x=1+2&x=%41%2526&y&=z&& peer=127.0.0.1\n"
                      b"?x=1 2\n?x=A%26\n?y=\n?=z\nHost", body_of(answer))

    def test_a_chunked_body_is_put_together(self):
        raw = request("/x", CLOSE, "Transfer-Encoding: chunked", method="POST")
        answer = self.server.ask(raw + b"3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n")
        self.assertTrue(answer.endswith(b"\n13:abc0123456789"))

    def test_kept_connections_serve_again(self):
        with self.server.connect() as client:
            for i in range(50):
                client.sendall(request("/x", method="POST", body=b"n%d" % i))
                self.assertTrue(read_answer(client).endswith(b":n%d" % i))

    def test_pipelined_requests_are_answered_in_order(self):
        raw = b"".join(request(f"/later?ms={30 - i}" if i % 3 == 0 else f"/p{i}")
                       for i in range(20))
        answers = self.server.ask(raw + request("/last", CLOSE))
        self.assertEqual(statuses_of(answers), [200] * 21)
        places = [answers.index(b"GET /p%d " % i) for i in range(20) if i % 3]
        self.assertEqual(places, sorted(places))

    def test_a_body_is_asked_for_before_it_is_sent(self):
        with self.server.connect() as client:
            client.sendall(request("/x", CLOSE, "Expect: 100-continue", "Content-Length: 3",
                                   method="POST"))
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 100 "))
            client.sendall(b"abc")
            self.assertTrue(read_all(client).endswith(b"\n3:abc"))

    def test_an_early_refusal_does_not_ask_for_the_body(self):
        answer = self.server.ask(request("/early", "Expect: 100-continue", "Content-Length: 3",
                                         method="POST"))
        self.assertEqual(statuses_of(answer), [401])

    def test_http_1_0_is_served_and_closed(self):
        answer = self.server.ask(b"GET /old HTTP/1.0\r\n\r\n")
        self.assertEqual(status_of(answer), 200)
        self.assertIn(b"GET /old ", answer)

    def test_an_answer_may_come_later(self):
        started = time.monotonic()
        answer = self.server.ask(request("/later?ms=300", CLOSE))
        self.assertEqual(body_of(answer), b"later")
        self.assertGreater(time.monotonic() - started, 0.25)

    def test_others_are_served_while_one_waits(self):
        with self.server.connect() as slow:
            slow.sendall(request("/later?ms=1000", CLOSE))
            started = time.monotonic()
            for _ in range(20):
                self.assertEqual(status_of(self.server.ask(request("/x", CLOSE))), 200)
            self.assertLess(time.monotonic() - started, 0.9)
            self.assertEqual(body_of(read_all(slow)), b"later")

    def test_a_client_that_goes_before_its_answer_harms_nobody(self):
        for lingering in (None, struct.pack("ii", 1, 0)):
            client = self.server.connect()
            client.sendall(request("/later?ms=200"))
            if lingering:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
            client.close()
        time.sleep(0.4)
        self.assertEqual(self.server.counts()["requests"], 1)

    def test_a_client_that_goes_in_the_middle_of_its_body_leaves_nothing(self):
        for cut in (10, 40, 60):
            with self.server.connect() as client:
                client.sendall(request("/x", method="POST", body=b"y" * 1000)[:cut])
        self.assertTrue(until(lambda: self.server.counts()["connections"] == 1))

    def test_a_head_request_gets_no_body(self):
        answer = self.server.ask(request("/wide?bytes=1000", CLOSE, method="HEAD"))
        self.assertIn(b"Content-Length: 1000", answer)
        self.assertEqual(body_of(answer), b"")

    def test_a_wide_answer_comes_whole(self):
        answer = self.server.ask(request("/wide?bytes=20000000", CLOSE))
        self.assertEqual(body_of(answer), b"y" * 20000000)

    def test_a_thousand_connections_are_served(self):
        clients = [self.server.connect() for _ in range(1000)]
        for client in clients:
            client.sendall(request("/x", CLOSE))
        for client in clients:
            self.assertEqual(status_of(read_all(client)), 200)
            client.close()

    def test_an_absolute_target_is_a_path(self):
        answer = self.server.ask(request("http://elsewhere/p?q=1", CLOSE))
        self.assertIn(b"GET /p raw=/p query=q=1 ", answer)


# What is refused: the bytes, and the statuses that may come for it. One answer, then the end.
REFUSED = {
    "both a length and chunks": (
        request("/x", "Transfer-Encoding: chunked", method="POST", body=b"0\r\n\r\nGET /s") +
        request("/smuggled"), {400}),
    "chunks and a length": (
        request("/x", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") +
        b"0\r\n\r\n" + request("/smuggled"), {400}),
    "two lengths": (
        request("/x", "Content-Length: 1", "Content-Length: 5", method="POST") + b"hello" +
        request("/smuggled"), {400}),
    "a list of lengths": (
        request("/x", "Content-Length: 5, 5", method="POST") + b"hello", {400}),
    "an unknown coding": (
        request("/x", "Transfer-Encoding: xchunked", method="POST") + request("/smuggled"),
        {400, 501}),
    "an unknown coding on a GET": (
        request("/x", "Transfer-Encoding: identity") + request("/smuggled"), {400, 501}),
    "a coding and chunked": (
        request("/x", "Transfer-Encoding: gzip, chunked", method="POST") + request("/smuggled"),
        {400, 501}),
    "chunked twice": (
        request("/x", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", method="POST") +
        b"0\r\n\r\n" + request("/smuggled"), {400}),
    "chunks in HTTP/1.0": (
        request("/x", "Transfer-Encoding: chunked", method="POST", version="HTTP/1.0") +
        b"0\r\n\r\n" + request("/smuggled"), {400}),
    "a coding with a tab": (
        request("/x", "Transfer-Encoding:\tchunked\x0b", method="POST") + b"0\r\n\r\n", {400}),
    "a space before the colon": (
        request("/x", "Content-Length : 5", method="POST") + b"hello", {400}),
    "a negative length": (request("/x", "Content-Length: -1", method="POST"), {400}),
    "a signed length": (request("/x", "Content-Length: +5", method="POST") + b"hello", {400}),
    "a length that is no number": (request("/x", "Content-Length: 5x", method="POST"), {400}),
    "an empty length": (request("/x", "Content-Length:", method="POST"), {400}),
    "an overflowing length": (
        request("/x", "Content-Length: 18446744073709551621", method="POST"), {400, 413}),
    "a length beyond the limit": (
        request("/x", "Content-Length: 1048577", method="POST"), {413}),
    "no host": (b"GET /x HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (request("/x", "Host: other"), {400}),
    "a header of 64 KiB": (request("/x", "X-Long: " + "a" * 65536), {431}),
    "ten thousand headers": (request("/x", *["X-H: v"] * 10000), {431}),
    "one header too many": (request("/x", *["X-H: v"] * 100), {431}),
    "a target of 64 KiB": (request("/" + "a" * 65536), {414}),
    "a NUL in the path": (request("/a%00b"), {400}),
    "a control character in the path": (request("/a%0db"), {400}),
    "half an escape": (request("/a%4"), {400}),
    "a target without a slash": (request("x"), {400}),
    "CONNECT": (request("evil:443", method="CONNECT"), {400, 501}),
    "an unknown version": (request("/x", version="HTTP/7.0"), {400, 505}),
    "no version": (b"GET /x\r\n\r\n", {400, 505}),
    "a chunk without a length": (
        request("/x", "Transfer-Encoding: chunked", method="POST") + b"zz\r\nabc\r\n0\r\n\r\n",
        {400, None}),
    "a control character in a header": (request("/x", "X-A: a\x01b"), {400}),
}


class Refuses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_each_case_gets_one_refusal_and_the_end(self):
        for name, (raw, wanted) in REFUSED.items():
            with self.subTest(name):
                answers = statuses_of(self.server.ask(raw)) or [None]
                # The library sends the head of its own refusals twice; the end is what matters.
                self.assertEqual(len(set(answers)), 1, answers)
                self.assertIn(answers[0], wanted)

    def test_a_refusal_says_what_it_is(self):
        answer = self.server.ask(request("/x", "Content-Length: 9999999", method="POST"))
        self.assertIn(b"Content-Type: application/problem+json", answer)
        self.assertIn(b"Connection: close", answer)
        self.assertIn(b'"status":413', body_of(answer))

    def test_a_body_at_the_limit_passes(self):
        answer = self.server.ask(request("/x", CLOSE, method="POST", body=b"z" * (1 << 20)))
        self.assertEqual(status_of(answer), 200)

    def test_a_route_may_take_less(self):
        for body, status in ((b"a" * 10, 200), (b"a" * 11, 413)):
            answer = self.server.ask(request("/small", CLOSE, method="POST", body=body))
            self.assertEqual(status_of(answer), status)

    def test_chunks_beyond_the_limit_are_refused(self):
        raw = request("/small", "Transfer-Encoding: chunked", method="POST")
        answer = self.server.ask(raw + b"5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n")
        self.assertEqual(statuses_of(answer), [413])

    def test_who_still_sends_can_read_the_refusal(self):
        for path in ("/early", "/x"):
            with self.server.connect() as client:
                client.sendall(request(path, "Content-Length: 3000000", method="POST"))
                try:
                    client.sendall(b"a" * 3000000)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertIn(status_of(read_all(client)), {401, 413})

    def test_the_body_of_an_early_refusal_is_no_request(self):
        for method in ("POST", "PUT", "PATCH", "DELETE", "GET"):
            raw = request("/early", method=method, body=request("/smuggled"))
            self.assertEqual(statuses_of(self.server.ask(raw)), [401])


class Noise(unittest.TestCase):
    PIECES = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"%", b"%00", b"?", b"&",
              b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1", b"Content-Length: 3\r\n", b"\xff",
              b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"HTTP/1.0", b"Host: b\r\n",
              b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"GET ", b"a" * 3000]

    def mutated(self, dice):
        raw = bytearray(dice.choice((
            request("/x?a=b", "X-A: b", method="POST", body=b"hello"),
            request("/x", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n",
            request("/early", method="PUT", body=b"hello") + request("/y"),
            request("/stream?ms=1&count=2") + request("/later?ms=5"))))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(raw))
            raw[at:at + dice.randrange(4)] = dice.choice(self.PIECES)
        return bytes(raw)

    def test_nothing_that_is_sent_breaks_it(self):
        dice = random.Random(7)
        with Server(head_ms=1000, body_ms=1000, idle_ms=1000) as server:
            for _ in range(40):
                clients = [server.connect() for _ in range(40)]
                for client in clients:
                    client.sendall(self.mutated(dice))
                    if dice.randrange(2):
                        client.shutdown(socket.SHUT_WR)
                for client in clients:
                    client.settimeout(0.02)
                    try:
                        read_all(client)
                    except socket.timeout:
                        pass
                    client.close()
            self.assertEqual(status_of(server.ask(request("/x", CLOSE))), 200)
            self.assertTrue(until(lambda: server.counts()["connections"] == 1))
            self.assertEqual(server.counts()["requests"], 1)


class Deadlines(unittest.TestCase):
    def assert_late(self, client, low, high, statuses=(408,)):
        started = time.monotonic()
        answer = read_all(client)
        took = time.monotonic() - started
        self.assertTrue(low <= took <= high, took)
        self.assertIn(status_of(answer), statuses)

    def trickle(self, client, raw, pause):
        """The seconds until the server had enough."""
        client.settimeout(pause)
        started = time.monotonic()
        for i in range(len(raw)):
            try:
                client.sendall(raw[i:i + 1])
                if not client.recv(100):
                    break
            except socket.timeout:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        return time.monotonic() - started

    def test_a_byte_now_and_then_keeps_no_head_alive(self):
        with Server(head_ms=1000, idle_ms=1000) as server, server.connect() as client:
            self.assertLess(self.trickle(client, request("/x" + "a" * 100), 0.1), 3)
        with Server(head_ms=1000) as server, server.connect() as client:
            client.sendall(b"GET /x HTTP/1.1\r\nHost: probe\r\n")
            self.assertLess(self.trickle(client, b"X-A: b\r\n" * 20, 0.1), 3)

    def test_a_byte_now_and_then_keeps_no_body_alive(self):
        with Server(body_ms=1000) as server, server.connect() as client:
            client.sendall(request("/x", "Content-Length: 100", method="POST"))
            self.assertLess(self.trickle(client, b"a" * 90, 0.1), 3)
            self.assertEqual(server.counts()["late"], 1)

    def test_an_endless_chunk_extension_ends_at_the_deadline(self):
        with Server(body_ms=1000) as server, server.connect() as client:
            client.sendall(request("/x", "Transfer-Encoding: chunked", method="POST") +
                           b"5;" + b"e" * 100000)
            self.assert_late(client, 0, 3, (408, 413, 400, None))

    def test_half_a_head_is_told_that_it_is_late(self):
        with Server(head_ms=500) as server, server.connect() as client:
            client.sendall(b"GET /x HTTP/1.1\r\nHost: probe\r\n")
            self.assert_late(client, 0.3, 2)

    def test_who_says_nothing_is_closed(self):
        with Server(head_ms=500) as server, server.connect() as client:
            self.assert_late(client, 0.3, 2, (None,))

    def test_a_kept_connection_is_closed_when_it_idles(self):
        with Server(idle_ms=500) as server, server.connect() as client:
            client.sendall(request("/x"))
            read_answer(client)
            self.assert_late(client, 0.3, 2, (None,))

    def test_who_does_not_take_its_answer_is_closed(self):
        with Server(reply_ms=1000) as server, server.connect() as client:
            client.sendall(request("/wide?bytes=50000000"))
            self.assertTrue(until(lambda: server.counts()["late"] == 1, 5))

    def test_an_answer_takes_its_time_without_a_deadline(self):
        with Server(head_ms=500, body_ms=500, reply_ms=500, idle_ms=500) as server:
            answer = server.ask(request("/later?ms=1500", CLOSE))
            self.assertEqual(body_of(answer), b"later")

    def test_many_half_open_connections_hold_up_nobody(self):
        with Server(head_ms=2000, connections_max=500) as server:
            stuck = [server.connect() for _ in range(490)]
            for client in stuck:
                client.sendall(b"POST /x HT")
            self.assertEqual(status_of(server.ask(request("/x", CLOSE))), 200)
            self.assertTrue(until(lambda: server.counts()["connections"] == 1))
            for client in stuck:
                client.close()

    def test_a_process_out_of_descriptors_serves_again_when_some_are_free(self):
        with Server(files_max=40, head_ms=1500) as server:
            clients = [server.connect() for _ in range(80)]
            time.sleep(2.5)
            for client in clients:
                client.close()
            self.assertTrue(until(lambda: status_of(server.ask(request("/x", CLOSE))) == 200))

    def test_one_address_takes_its_share_only(self):
        with Server(per_address_max=5, head_ms=1000) as server:
            clients = [server.connect() for _ in range(8)]
            time.sleep(0.3)
            closed = [client for client in clients[5:] if read_all(client) == b""]
            self.assertEqual(len(closed), 3)
            for client in clients:
                client.close()


class Streams(unittest.TestCase):
    def test_events_come_as_they_happen(self):
        with Server() as server, server.connect() as client:
            client.sendall(request("/stream?ms=200&count=3", CLOSE))
            times = []
            got = b""
            while got.count(b"data: tick") < 3:
                got += client.recv(1000)
                times.append(time.monotonic())
            self.assertGreater(times[-1] - times[0], 0.3)
            self.assertIn(b"Content-Type: text/event-stream", got)
            self.assertIn(b"Transfer-Encoding: chunked", got)
            self.assertTrue((got + read_all(client)).endswith(b"0\r\n\r\n"))

    def test_a_stream_outlives_every_deadline(self):
        with Server(head_ms=300, body_ms=300, reply_ms=300, idle_ms=300) as server:
            answer = server.ask(request("/stream?ms=300&count=5", CLOSE))
            self.assertEqual(answer.count(b"data: tick"), 5)

    def test_the_owner_learns_that_the_client_is_gone(self):
        with Server() as server:
            client = server.connect()
            client.sendall(request("/stream?ms=60000&count=9"))
            self.assertTrue(until(lambda: server.counts()["streams"] == 1))
            client.close()
            self.assertTrue(until(lambda: server.counts()["streams"] == 0))
            self.assertEqual(server.counts()["gone"], 1)

    def test_no_more_streams_than_allowed(self):
        with Server(streams_max=2) as server:
            clients = [server.connect() for _ in range(2)]
            for client in clients:
                client.sendall(request("/stream?ms=60000"))
            self.assertTrue(until(lambda: server.counts()["streams"] == 2))
            self.assertEqual(status_of(server.ask(request("/stream", CLOSE))), 503)
            for client in clients:
                client.close()

    def test_a_slow_reader_is_dropped_and_does_not_fill_memory(self):
        with Server(stream_bytes_max=200000) as server, server.connect() as client:
            client.sendall(request("/stream?ms=1&count=10000&wide=1", CLOSE))
            self.assertTrue(until(lambda: server.counts()["streams"] == 1))
            time.sleep(1)
            self.assertGreater(len(read_all(client)), 100000)

    def test_http_1_0_gets_a_stream_without_chunks(self):
        with Server() as server:
            answer = server.ask(b"GET /stream?ms=10 HTTP/1.0\r\n\r\n")
            self.assertEqual(body_of(answer), b"data: tick\n\n" * 3)


class Ends(unittest.TestCase):
    def test_what_is_in_hand_is_finished_and_nobody_new_is_taken(self):
        with Server() as server:
            busy, idle, fresh, stream = (server.connect() for _ in range(4))
            idle.sendall(request("/x"))
            read_answer(idle)
            busy.sendall(request("/later?ms=1000"))
            stream.sendall(request("/stream?ms=60000"))
            self.assertTrue(until(lambda: server.counts()["streams"] == 1))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(read_all(idle), b"")
            self.assertTrue(read_all(stream).endswith(b"0\r\n\r\n"))
            with self.assertRaises(ConnectionRefusedError):
                server.connect()
            answer = read_all(busy)
            self.assertEqual(body_of(answer), b"later")
            self.assertIn(b"Connection: close", answer)
            self.assertEqual(server.process.wait(5), 0)
            for client in (busy, idle, fresh, stream):
                client.close()

    def test_a_deadline_ends_the_rest(self):
        with Server() as server, server.connect() as client:
            client.sendall(request("/later?ms=4000"))
            time.sleep(0.2)
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(read_all(client), b"")
            self.assertLess(time.monotonic() - started, 2.6)
            self.assertEqual(server.process.wait(10), 0)

    def test_an_address_in_use_is_a_refusal(self):
        with Server() as server:
            done = subprocess.run([program("http_probe"), "address=" + server.address],
                                  capture_output=True, timeout=10)
            self.assertEqual((done.returncode, done.stdout), (1, b"refused 2\n"))

    def test_what_is_no_address_is_a_refusal(self):
        for address in ("", "x", "127.0.0.1", "localhost:80", "127.0.0.1:70000", "[::1", ":80"):
            done = subprocess.run([program("http_probe"), "address=" + address],
                                  capture_output=True, timeout=10)
            self.assertEqual((done.returncode, done.stdout), (1, b"refused 1\n"), address)


if __name__ == "__main__":
    unittest.main()
