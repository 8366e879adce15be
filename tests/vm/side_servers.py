# SPDX-License-Identifier: MIT
"""Real servers by the dozen in one process of a node: "open ADDRESS PORT" and "close ADDRESS PORT" on standard input
each answer "done". Whoever sends an HTTP request is answered with the address; a port that is closed refuses."""

import selectors
import socket
import sys


class Servers:
    def __init__(self):
        self.selector, self.listeners = selectors.DefaultSelector(), {}

    def open(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family, backlog=64)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.listeners[address, port] = listener

    def close(self, address, port):
        listener = self.listeners.pop((address, port))
        self.selector.unregister(listener)
        listener.close()

    def accept(self, listener):
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the client went, or the listener, closed since the selector named both
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ, self.answer)

    def answer(self, connection):
        try:
            if connection.recv(4096):
                body = f"{connection.getsockname()[0]}\n"
                connection.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        except OSError:
            pass  # a client that went before its answer
        self.selector.unregister(connection)
        connection.close()

    def obey(self, stream):
        command, address, port = stream.readline().decode().split()
        known = (address, int(port)) in self.listeners
        if command == "open" and not known:
            self.open(address, int(port))
        elif command == "close" and known:
            self.close(address, int(port))
        print("done", flush=True)

    def run(self):
        self.selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, self.obey)
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)


if __name__ == "__main__":
    Servers().run()
