#!/usr/bin/env python3
"""The shop that the order-intake example talks to: customers, reservations, charges and mails.

Its card terminal answers 503 twice for every order before it works, so that one can see a step
being tried again. A repeated call with the same Idempotency-Key gets the answer of the first one.

    examples/shop.py [--port PORT] [--port-file FILE]
"""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUSTOMERS = {
    "c-7": {"name": "Ada Millstone", "email": "ada@example.com", "vip": True},
    "c-8": {"name": "Ben Weir", "email": "ben@example.com", "vip": False},
}
FAILURES_BEFORE_SUCCESS = 2


class Shop:
    """What the shop remembers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers = {}
        self.refusals = {}
        self.count = 0

    def answer(self, path, key, body):
        with self.lock:
            if key in self.answers:
                return self.answers[key]
            if path == "/charges" and self.refuses(key):
                return 503, {"error": "the card terminal is busy"}
            self.count += 1
            reply = {"id": f"{path.strip('/')}-{self.count}"}
            if path == "/reservations":
                reply["pieces"] = sum(item["quantity"] for item in body["items"])
            self.answers[key] = (201, reply)
            return self.answers[key]

    def refuses(self, key):
        self.refusals[key] = self.refusals.get(key, 0) + 1
        return self.refusals[key] <= FAILURES_BEFORE_SUCCESS


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        customer = CUSTOMERS.get(self.path.removeprefix("/customers/"))
        if customer is None:
            self.reply(404, {"error": "no such customer"})
        else:
            self.reply(200, customer)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key", "")
        try:
            status, value = self.server.shop.answer(self.path, key, json.loads(body))
        except (ValueError, KeyError, TypeError) as mistake:
            status, value = 400, {"error": f"not what this shop expects: {mistake}"}
        self.reply(status, value)

    def log_message(self, *_):
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments.add_argument("--port-file", help="where to write the port")
    options = arguments.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.shop = Shop()
    if options.port_file:
        with open(options.port_file, "w", encoding="utf-8") as file:
            file.write(str(server.server_port))
    print(f"shop at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
