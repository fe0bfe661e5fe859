"""The target of the calls: journals each of them before it answers, and misbehaves on purpose.

A call's key and how often it came decide how it is answered, by the seed: most calls are answered
200; of the others some are answered 503, some hang longer than an attempt may take, and some are
done, and then the connection is closed without an answer. No key is treated badly more than twice,
so that a step that is retried ends well.
"""

import collections
import hashlib
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BAD_MAX = 2  # per key
HANG_SECONDS = 4.0  # longer than the attempts of load.py may take
SLOW_SECONDS = 0.3

Call = collections.namedtuple("Call", "path key at body answer")


class JournalingSink:
    def __init__(self, seed, journal, bad_percent=0):
        self.seed, self.bad_percent = seed, bad_percent
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.lock = threading.Lock()
        self.calls = []
        self.serial = 0
        self.count_of = collections.Counter()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer, serial = sink.note(self.path, self.headers.get("Idempotency-Key"), body)
                sink.behave(self, answer, serial)

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

    def note(self, path, key, body):
        with self.lock:
            self.count_of[key] += 1
            answer = self.draw(key, self.count_of[key])
            call = Call(path, key, time.time(), body, answer)
            self.calls.append(call)
            self.serial += 1
            serial = self.serial
        digest = hashlib.sha256(body).hexdigest()[:16]
        line = json.dumps([round(call.at, 3), path, key, self.count_of[key], digest, answer])
        os.write(self.journal, line.encode() + b"\n")
        return answer, serial

    def draw(self, key, number):
        if number > BAD_MAX or not self.bad_percent:
            return "ok"
        dice = int.from_bytes(hashlib.sha256(f"{self.seed} {key} {number}".encode()).digest()[:4],
                              "big") % 1000
        if dice >= self.bad_percent * 10:
            return "ok"
        return ("503", "503", "close", "close", "hang")[dice % 5]

    def behave(self, request, answer, serial):
        if answer == "hang":
            time.sleep(HANG_SECONDS)
        if answer in ("hang", "close"):
            request.close_connection = True
            return
        if request.path.startswith("/slow"):
            time.sleep(SLOW_SECONDS)
        body = b'{"ok":%s,"serial":%d}' % (
            b"true" if answer == "ok" else b"false", serial)
        request.send_response(200 if answer == "ok" else 503)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def taken(self):
        with self.lock:
            return list(self.calls)

    def forget(self):
        """The calls so far are another run's; the file keeps them."""
        with self.lock:
            self.calls = []
            self.count_of.clear()
