# SPDX-License-Identifier: MIT
"""Load for a drain, and the eye on it: small programs started inside a node. Moments are those of the system's clock.

serve NAME PORT ADDRESS ...: says NAME to whoever connects, and then sends back what comes; to datagrams to ADDRESS too.
load FILE SOURCE,... SERVICE ...: new connections to each service (tcp|udp ADDRESS PORT HERTZ HELD, joined by commas), from
one source after the other; the first HELD to each server are held, which means a word and its echo twice a second. FILE
gets a line of JSON for each connection that was made or refused, and for what becomes of held ones. Reads
commands: "hold" (from now on), "close SERVER" (those held to it, the orderly way); each is answered with a line.
watch: a line whenever the connections of a server change: TIME SERVICE SERVER WEIGHT ACTIVE INACTIVE, -1 when it has gone.
"""

import asyncio
import json
import socket
import sys
import time

PATIENCE = 5


# ---- a server ----

async def serve(name, port, addresses):
    name = name.encode()

    async def one(reader, writer):
        try:
            writer.write(name + b"\n")
            while words := await reader.read(100):
                writer.write(words)
        except OSError:
            pass
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            self.transport.sendto(name, address)

    # A socket for each address, so that the answer comes from the one that was asked.
    for address in addresses:
        await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=(address, port))
    server = await asyncio.start_server(one, "0.0.0.0", port)
    await server.serve_forever()


# ---- a client ----

class Tcp:
    async def open(self, service, source):
        self.reader, self.writer = await asyncio.open_connection(*service.address, local_addr=(source, 0))
        return (await self.reader.readuntil(b"\n")).decode().strip()

    async def speak(self):
        self.writer.write(b"x")
        if await self.reader.read(100) != b"x":
            raise OSError("ended by the server")

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


class Udp:
    async def open(self, service, source):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((source, 0))
        self.socket.connect(service.address)
        self.name = await self.ask()
        return self.name

    async def ask(self):
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.socket, b"x")
        return (await loop.sock_recv(self.socket, 100)).decode()

    async def speak(self):
        name = await self.ask()
        if name != self.name:
            raise OSError(f"moved to {name}")

    async def close(self):
        self.socket.close()


class Service:
    def __init__(self, load, words):
        kind, address, port, hertz, held = words.split(",")
        self.load, self.kind, self.name = load, {"tcp": Tcp, "udp": Udp}[kind], address
        self.address, self.every, self.most = (address, int(port)), 1 / float(hertz), int(held)
        self.held = []  # (server, task)

    async def run(self):
        while True:
            task = asyncio.create_task(self.one(self.load.next_source()))
            self.load.tasks.add(task)
            task.add_done_callback(self.load.tasks.discard)
            await asyncio.sleep(self.every)

    async def one(self, source):
        connection, began, server, error = self.kind(), time.time(), None, None
        try:
            server = await asyncio.wait_for(connection.open(self, source), PATIENCE)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as problem:
            error = repr(problem)
        self.load.note(what="new", service=self.name, began=began, server=server, error=error)
        if server and self.load.holding and sum(name == server for name, _ in self.held) < self.most:
            self.load.note(what="held", service=self.name, began=began, server=server)
            ending = asyncio.Event()
            self.held.append((server, ending))
            await self.hold(connection, server, began, ending)
        elif server:
            await connection.close()

    async def pause(self, ending):
        try:
            await asyncio.wait_for(ending.wait(), 0.5)
        except asyncio.TimeoutError:
            pass

    async def hold(self, connection, server, began, ending):
        error = None
        try:
            while not ending.is_set():
                await asyncio.wait_for(connection.speak(), PATIENCE)
                await self.pause(ending)
        except (OSError, asyncio.TimeoutError) as problem:
            error = repr(problem)
        at = time.time()
        self.held = [(name, event) for name, event in self.held if event is not ending]
        try:
            await connection.close()
        except OSError:
            pass
        self.load.note(what="broken" if error else "closed", service=self.name, began=began, server=server, error=error, at=at)


class Load:
    def __init__(self, path, sources, services):
        self.file, self.sources, self.turn = open(path, "w", encoding="ascii", buffering=1), sources.split(","), 0
        self.services, self.holding, self.tasks = [Service(self, words) for words in services], False, set()

    def note(self, **what):
        self.file.write(json.dumps(what) + "\n")

    def next_source(self):
        self.turn += 1
        return self.sources[self.turn % len(self.sources)]

    def start(self, service):
        self.tasks.add(asyncio.create_task(service.run()))

    async def run(self):
        for number, service in enumerate(self.services):
            asyncio.get_running_loop().call_later(number / 20, self.start, service)
        while line := await asyncio.to_thread(sys.stdin.readline):
            command, *words = line.split()
            self.holding = self.holding or command == "hold"
            for service in self.services:
                for server, ending in service.held:
                    if command == "close" and server in words:
                        ending.set()
            print("done", flush=True)


# ---- the kernel ----

def dotted(text):
    return socket.inet_ntoa(bytes.fromhex(text.split(":")[0]))


def read_kernel():
    """{(service, server): (weight, active, inactive)} of /proc/net/ip_vs."""
    found, service = {}, None
    with open("/proc/net/ip_vs", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[0] in ("TCP", "UDP"):
                service = dotted(words[1])
            elif words[0] == "->" and service:
                found[service, dotted(words[1])] = tuple(map(int, words[3:6]))
    return found


def watch():
    last = {}
    while True:
        now = read_kernel()
        at = time.time()
        for row in {*now, *last}:
            if now.get(row) != last.get(row):
                print(f"{at:.3f}", *row, *now.get(row, (-1, -1, -1)), flush=True)
        last = now
        time.sleep(0.1)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "watch":
        watch()
    elif command == "serve":
        asyncio.run(serve(rest[0], int(rest[1]), rest[2:]))
    else:
        asyncio.run(Load(rest[0], rest[1], rest[2:]).run())
