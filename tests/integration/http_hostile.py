"""A server that does to its clients what servers do to clients, and worse."""

import gzip
import socket
import struct
import threading
import time
import zlib

RESET = struct.pack("ii", 1, 0)


def answer(body=b"", status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def bomb():
    """A gigabyte of zeros in a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1024))
    return packed + packer.flush()


class Hostile:
    """Each path is a way to behave; what was asked is kept, in its order."""

    def __init__(self, tls=None):
        self.tls = tls

    def __enter__(self):
        self.seen = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        self.bomb = None
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(client, self.connections),
                             daemon=True).start()

    def serve(self, client, number):
        with client:
            try:
                if self.tls:
                    client = self.tls.wrap_socket(client, server_side=True)
                while self.one(client, number):
                    pass
            except OSError:
                pass

    def one(self, client, number):
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = client.recv(65536)
            if not piece:
                return False
            raw += piece
        head, body = raw.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        while len(body) < int(headers.get("content-length", 0)):
            body += client.recv(65536)
        method, target, _ = lines[0].split(" ")
        path = target.split("?")[0]
        self.seen.append({"connection": number, "method": method, "target": target,
                          "lines": lines[1:], "headers": headers, "body": body})
        behave = getattr(self, "on_" + path.strip("/").split("/")[0].replace("-", "_"), self.on_ok)
        return behave(client, target) is not False

    def times(self, path):
        return sum(seen["target"].split("?")[0] == path for seen in self.seen)

    def on_ok(self, client, target):
        client.sendall(answer(b"ok " + target.encode()))

    def on_hang(self, client, target):
        time.sleep(30)
        return False

    def on_reset(self, client, target):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return False

    def on_close(self, client, target):
        """It did the work, and then it goes without a word."""
        return False

    def on_half(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False

    def on_half_chunk(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
        return False

    def on_bad_chunk(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")
        return False

    def on_huge(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
        for _ in range(1600):
            client.sendall(b"h" * 65536)
        return False

    def on_endless(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            client.sendall(b"10000\r\n" + b"e" * 65536 + b"\r\n")

    def on_bomb(self, client, target):
        self.bomb = self.bomb or bomb()
        client.sendall(answer(self.bomb, "200 OK", "Content-Encoding: gzip"))

    def on_zipped(self, client, target):
        client.sendall(answer(gzip.compress(b"zipped" * 1000), "200 OK", "Content-Encoding: gzip"))

    def on_not_zipped(self, client, target):
        client.sendall(answer(b"this is no gzip", "200 OK", "Content-Encoding: gzip"))

    def on_headers(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            client.sendall(b"X-H: v\r\n" * 100)

    def on_long_header(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nX-Long: " + b"l" * 200000 + b"\r\n\r\n")

    def on_continue(self, client, target):
        while True:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    def on_dribble(self, client, target):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(200):
            client.sendall(b"d")
            time.sleep(0.1)
        return False

    def on_noise(self, client, target):
        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        return False

    def on_status(self, client, target):
        client.sendall(answer(b"body", target.split("/")[2] + " Reason"))

    def on_loop(self, client, target):
        client.sendall(answer(b"", "302 Found", "Location: /loop"))

    def on_hops(self, client, target):
        left = int(target.split("/")[2])
        where = f"/hops/{left - 1}" if left > 1 else "/ok"
        client.sendall(answer(b"", "302 Found", "Location: " + where))

    def on_to(self, client, target):
        """/to?STATUS&LOCATION"""
        status, where = target.split("?", 1)[1].split("&", 1)
        client.sendall(answer(b"moved", status + " Moved", "Location: " + where))
