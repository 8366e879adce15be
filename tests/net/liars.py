# SPDX-License-Identifier: MIT
"""Servers that lie, each on a port of its own and each in one way. Run as a program:

    liars.py ADDRESS KIND:NUMBER:LIE[:GREETING] ...

Says "ready" once all of them listen. KIND tcp: on port NUMBER, after GREETING and an answer to it, if there is one:
    close     ends the connection                       reset     the same by RST, once something was said
    hang      nothing                                   garbage   what is no reply of any protocol, and the end
    trickle   an octet a second of an HTTP reply        drip      the same of a TLS record
    half      half a TLS record                         gigabyte  2^30 octets
    page      2^30 octets in an HTTP reply
KIND udp: on port NUMBER, to each datagram:
    trickle   an octet a second                         garbage   the same octets, mangled
    hang      nothing                                   gigabyte  2^30 octets, until ICMP says that nobody listens
    question  what was asked                            half      the first eleven octets of a DNS answer
KIND ping: on the address of ADDRESS's network that ends in NUMBER, to each echo request: trickle, garbage, hang, half,
and gigabyte, for two seconds.
"""

import select
import socket
import struct
import sys
import threading
import time

RECORD = b"\x16\x03\x03\x40\x00\x02" + bytes(100)  # it says that 16384 octets follow
AT_ONCE = {"garbage": bytes(range(1, 9)) * 8 + b"\n", "half": RECORD, "page": b"HTTP/1.1 200 OK\r\n\r\n"}
SLOWLY = {"trickle": b"HTTP/1.1 200 OK\r\n" * 10, "drip": RECORD}
CHUNK = bytes(65536)
CHUNKS = 2**30 // len(CHUNK)
DATAGRAM = bytes(1000)


def await_end(peer):
    while peer.recv(65536):
        pass


def say_slowly(peer, octets):
    """Whatever the client does: it may well be waiting for the first of them."""
    for octet in octets:
        peer.sendall(bytes([octet]))
        time.sleep(1)


def treat_stream(peer, lie, greeting):
    if greeting:
        peer.sendall(greeting)
        peer.recv(4096)
    if lie == "reset":
        if not greeting:
            peer.recv(4096)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    peer.sendall(AT_ONCE.get(lie, b""))
    say_slowly(peer, SLOWLY.get(lie, b""))
    if lie in ("gigabyte", "page"):
        for _ in range(CHUNKS):
            peer.sendall(CHUNK)
    elif lie in ("close", "garbage"):
        peer.shutdown(socket.SHUT_WR)  # and the rest is read: what a client sent must not turn it into a reset
    await_end(peer)


def serve_stream(listener, lie, greeting):
    def treat(peer):
        with peer:
            try:
                treat_stream(peer, lie, greeting)
            except OSError:
                pass

    while True:
        peer, _ = listener.accept()
        threading.Thread(target=treat, args=(peer,), daemon=True).start()


def treat_datagram(address, peer, data, lie):
    """From the port that was asked, but a socket of its own: an ICMP message that says the client has gone ends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.connect(peer)
        try:
            if lie == "trickle":
                say_slowly(server, bytes(60))
            elif lie == "gigabyte":
                for _ in range(2**30 // len(DATAGRAM)):
                    server.send(DATAGRAM)
            elif lie != "hang":
                server.send({"garbage": bytes(byte ^ 0x5a for byte in data), "question": data,
                             "half": data[:2] + b"\x81\x80" + data[4:11]}[lie])
        except OSError:
            pass


def serve_datagrams(listener, lie):
    address = listener.getsockname()
    while True:
        data, peer = listener.recvfrom(65536)
        threading.Thread(target=treat_datagram, args=(address, peer, data, lie), daemon=True).start()


def echo_reply(data):
    """An ICMP message of type 0 with what follows the checksum."""
    data = bytes(4) + data + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return data[:2] + struct.pack("!H", total) + data[4:]


def treat_ping(raw, peer, data, lie):
    """data: of the request, from the identifier on."""
    until = time.monotonic() + 2
    if lie in ("half", "garbage"):
        raw.sendto(echo_reply(data[:10] if lie == "half" else bytes(byte ^ 0x5a for byte in data)), peer)
    while lie in ("gigabyte", "trickle") and time.monotonic() < until:
        raw.sendto(echo_reply(data[:4] + (DATAGRAM if lie == "gigabyte" else b"x")), peer)
        time.sleep(1 if lie == "trickle" else 0)


def serve_pings(raw, lie):
    while True:
        packet, peer = raw.recvfrom(65536)
        request = packet[(packet[0] & 15) * 4:]
        if request[0] == 8:
            threading.Thread(target=treat_ping, args=(raw, peer, request[4:], lie), daemon=True).start()


def listen(address, kind, number, lie, greeting=""):
    """The function that serves, and its arguments."""
    if kind == "ping":
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        raw.bind((f"{address.rpartition('.')[0]}.{number}", 0))
        return serve_pings, (raw, lie)
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(number)))
    if kind == "udp":
        return serve_datagrams, (listener, lie)
    listener.listen(64)
    return serve_stream, (listener, lie, f"{greeting}\r\n".encode() if greeting else b"")


def main():
    for word in sys.argv[2:]:
        function, arguments = listen(sys.argv[1], *word.split(":", 3))
        threading.Thread(target=function, args=arguments, daemon=True).start()
    print("ready", flush=True)
    select.select([], [], [])


if __name__ == "__main__":
    main()
