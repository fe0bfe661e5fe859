"""Programs built on our HTTP rooms, and raw sockets to talk to them."""

import os
import resource
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("HEADRACE_BUILD_DIR", os.path.join(ROOT, "build"))


def program(name):
    return os.path.join(BUILD, "tests", "integration", name)


class Server:
    """http_probe with some limits; stopped at the end of the block, and it must end cleanly."""

    def __init__(self, files_max=None, **limits):
        self.files_max = files_max
        self.limits = [f"{name}={value}" for name, value in limits.items()]

    def limit_files(self):
        if self.files_max:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files_max, self.files_max))

    def __enter__(self):
        self.process = subprocess.Popen([program("http_probe"), *self.limits],
                                        stdout=subprocess.PIPE, encoding="utf-8",
                                        preexec_fn=self.limit_files)
        self.address = self.process.stdout.readline().split()[-1]
        host, port = self.address.rsplit(":", 1)
        self.where = (host, int(port))
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.process.stdout.close()
        if kind is None and code != 0:
            raise AssertionError(f"the server ended with {code}")

    def connect(self, timeout=10):
        client = socket.create_connection(self.where, timeout)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def ask(self, raw):
        """Everything that comes back until the server closes."""
        with self.connect() as client:
            client.sendall(raw)
            return read_all(client)

    def counts(self):
        text = self.ask(request("/counts", "Connection: close"))
        return dict((name, int(value)) for name, value in
                    (pair.split("=") for pair in body_of(text).decode().split()))


def request(path, *headers, method="GET", body=b"", version="HTTP/1.1"):
    lines = [f"{method} {path} {version}", "Host: probe", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_all(client):
    got = b""
    while True:
        try:
            piece = client.recv(65536)
        except ConnectionResetError:
            return got
        if not piece:
            return got
        got += piece


def read_answer(client):
    """One answer with a Content-Length."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = client.recv(65536)
        if not piece:
            return got
        got += piece
    head, body = got.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def statuses_of(answers):
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def body_of(answer):
    return answer.split(b"\r\n\r\n", 1)[1]


def until(condition, seconds=10):
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True
