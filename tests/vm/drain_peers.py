# SPDX-License-Identifier: MIT
"""Small programs started inside a node: the two ends of a held connection, and an eye on the kernel.

server NAME HEALTH: says NAME to whoever connects to port 80 and then holds on; port 8080 listens, for the checker, while
the file HEALTH exists, so that health and connections can be told apart.
client VIP: reads commands. "open": connects to port 80 and prints who answered; "close NAME": ends the connections to it.
watch: reads the kernel's table a hundred times a second and prints it on every change, and at once for each line it is
given: seen|asked COUNT ADDRESS=WEIGHT ..., COUNT being the readings so far.
"""

import os
import select
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


def read_kernel():
    """{address: weight} of every destination in /proc/net/ip_vs."""
    weights = {}
    with open("/proc/net/ip_vs", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[0] == "->" and words[1] != "RemoteAddress:Port":
                weights[socket.inet_ntoa(bytes.fromhex(words[1].split(":")[0]))] = int(words[3])
    return weights


def watch():
    count, last = 0, None
    while True:
        asked = select.select([sys.stdin], [], [], 0.01)[0]
        if asked and not sys.stdin.readline():
            return
        now, count = read_kernel(), count + 1
        if asked or now != last:
            print("asked" if asked else "seen", count, *(f"{address}={weight}" for address, weight in now.items()),
                  flush=True)
        last = now


if __name__ == "__main__":
    {"server": serve, "client": be_client, "watch": watch}[sys.argv[1]](*sys.argv[2:])
