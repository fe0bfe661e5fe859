"""A TCP proxy between a coordinator and PostgreSQL that can lose the answer to a COMMIT.

Everything is passed on as it comes. cut(n) makes the next n COMMITs end so: the server has done it
and says so, and the connection is gone before the client has heard it.
"""

import socket
import threading

COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"  # CommandComplete
CHUNK_BYTES = 1 << 16


class Proxy:
    def __init__(self, host, port):
        self.target = (host, port)
        self.lock = threading.Lock()
        self.to_cut = 0
        self.cut_count = 0
        self.links = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self, count):
        with self.lock:
            self.to_cut += count

    def pass_on(self):
        with self.lock:
            self.to_cut = 0

    def sever(self):
        """All connections are gone at once, in the middle of whatever they said."""
        with self.lock:
            links = list(self.links)
        for link in links:
            end(*link)

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.links.add((client, server))
            for source, sink, is_answer in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.carry, args=(source, sink, is_answer, client, server),
                                 daemon=True).start()

    def carry(self, source, sink, is_answer, client, server):
        tail = b""  # the words may come in two pieces
        try:
            while chunk := source.recv(CHUNK_BYTES):
                if is_answer and COMMITTED in tail + chunk and self.takes_one():
                    break
                tail = (tail + chunk)[-len(COMMITTED) + 1:]
                sink.sendall(chunk)
        except OSError:
            pass
        end(client, server)
        with self.lock:
            self.links.discard((client, server))

    def takes_one(self):
        with self.lock:
            if self.to_cut == 0:
                return False
            self.to_cut -= 1
            self.cut_count += 1
            return True


def end(*sides):
    for side in sides:
        try:
            side.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        side.close()
