# SPDX-License-Identifier: MIT
"""The two ends of a held connection, each a small program started inside a node.

server NAME HEALTH: says NAME to whoever connects to port 80 and then holds on; port 8080 listens, for the checker, while
the file HEALTH exists, so that health and connections can be told apart.
client VIP: reads commands. "open": connects to port 80 and prints who answered; "close NAME": ends the connections to it.
"""

import os
import socket
import sys
import threading
import time


def serve(name, health):
    service = socket.create_server(("0.0.0.0", 80))
    threading.Thread(target=keep_health_port, args=(health,), daemon=True).start()
    held = []
    while True:
        connection, _ = service.accept()
        connection.sendall(name.encode() + b"\n")
        held.append(connection)
        threading.Thread(target=hold, args=(connection,), daemon=True).start()


def hold(connection):
    try:
        while connection.recv(100):
            pass
    except OSError:
        pass
    connection.close()


def keep_health_port(path):
    listener = None
    while True:
        wanted = os.path.exists(path)
        if wanted and not listener:
            listener = socket.create_server(("0.0.0.0", 8080))
            threading.Thread(target=accept_all, args=(listener,), daemon=True).start()
        elif listener and not wanted:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            listener = None
        time.sleep(0.05)


def accept_all(listener):
    try:
        while True:
            listener.accept()[0].close()
    except OSError:
        pass


def be_client(vip):
    held = {}
    for line in sys.stdin:
        command, *words = line.split()
        if command == "open":
            connection = socket.create_connection((vip, 80), timeout=5)
            name = connection.recv(100).decode().strip()
            held.setdefault(name, []).append(connection)
            print(name, flush=True)
        else:
            for connection in held.pop(words[0], []):
                connection.close()
            print("closed", flush=True)


if __name__ == "__main__":
    serve(*sys.argv[2:]) if sys.argv[1] == "server" else be_client(sys.argv[2])
