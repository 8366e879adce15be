# SPDX-License-Identifier: MIT
"""SSL_GET and certificates: the one it shows to servers that demand one (SSL block), and those it is shown."""

import json
import sys
import time

import pytest

from checkprobe import checkprobe
from lab import wait_until

CONFIG = """
{block}
virtual_server 203.0.113.1 443 {{
    delay_loop 1
    warmup 0
    protocol TCP
    real_server 127.0.0.1 {port} {{
        SSL_GET {{
            url {{
                path /
            }}
            connect_timeout {timeout}
            retry 0
            delay_before_retry 1
        }}
    }}
}}
"""


class Server:
    """openssl s_server on a node, and the certificates around it."""

    def __init__(self, lab):
        self.node = lab.node("tls")
        self.folder = self.node.dir
        for name in ("ours", "strange"):
            self.make(name)
        for name, options in (("server", ()), ("client", ())):
            self.sign(name, "ours", *options)
        self.sign("foreign", "strange")

    def openssl(self, *words):
        return self.node.run("openssl", *words)

    def make(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.folder / f"{name}.key",
                     "-out", self.folder / f"{name}.pem", "-subj", f"/CN={name}", "-days", "2")

    def sign(self, name, authority, *options):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.folder / f"{name}.key", "-out",
                     self.folder / f"{name}.csr", "-subj", f"/CN={name}.example")
        self.openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / f"{authority}.pem",
                     "-CAkey", self.folder / f"{authority}.key", "-CAcreateserial", "-out", self.folder / f"{name}.pem",
                     *(options or ("-days", "2")))

    def start(self, port, *options, certificate="server"):
        self.node.popen("openssl", "s_server", "-accept", port, "-cert", self.folder / f"{certificate}.pem", "-key",
                        self.folder / f"{certificate}.key", "-www", *options, log=f"s_server-{port}.log")
        wait_until(lambda: f":{port} " in self.node.output("ss", "-Hlnt"), what="s_server")

    def demand(self, port, *options):
        self.start(port, "-CAfile", self.folder / "ours.pem", "-Verify", 3, "-verify_return_error", *options)

    def block(self, certificate="client", key=None, **others):
        files = {"certificate": f"{certificate}.pem", "key": f"{key or certificate}.key"}
        lines = [f"{keyword} {self.folder / file}" for keyword, file in files.items()]
        lines += [f"ca {self.folder / value}" if keyword == "ca" else f"{keyword} {value}"
                  for keyword, value in others.items()]
        return "SSL {\n" + "\n".join(lines) + "\n}\n"

    def config(self, port, block="", timeout=5):
        return CONFIG.format(port=port, block=block, timeout=timeout)

    def probe(self, port, block="", timeout=5):
        file = self.node.write("probe.conf", self.config(port, block, timeout))
        result = self.node.run(checkprobe(), file, 1)
        assert "up=" in result.stdout, result.stderr
        return result.stdout.split("result=")[1].split(" weight=")[0], result.stdout.split("detail=")[1].strip()


@pytest.fixture
def server(lab):
    return Server(lab)


def test_client_certificate(server):
    server.demand(4433)
    assert server.probe(4433, server.block())[0] == "ok"
    result, detail = server.probe(4433)
    assert result == "TLS error" and "certificate" in detail, detail
    assert server.probe(4433, server.block("foreign"))[0] == "TLS error"
    # In TLS 1.2 the server says so within the handshake.
    server.demand(4434, "-tls1_2")
    assert server.probe(4434, server.block())[0] == "ok"
    result, detail = server.probe(4434)
    assert result == "TLS error" and detail.startswith("TLS handshake: ")

    # A key with a password, the right one and others.
    server.openssl("pkey", "-aes128", "-passout", "pass:geheim", "-in", server.folder / "client.key", "-out",
                   server.folder / "locked.key")
    assert server.probe(4433, server.block(key="locked", password="geheim"))[0] == "ok"
    for block in (server.block(key="locked"), server.block(key="locked", password="wrong")):
        result, detail = server.probe(4433, block)
        assert result == "local error" and f"key {server.folder}/locked.key: " in detail, detail

    # What is wrong with the files is no verdict about the server, and is told with the file.
    for block, part in ((server.block(key="foreign"), "foreign.key: key values mismatch"),
                        (server.block("nowhere"), "nowhere.pem: No such file or directory"),
                        (server.block(ca="server.csr"), "server.csr: ")):
        result, detail = server.probe(4433, block)
        assert result == "local error" and detail.startswith("cannot set up TLS: ") and part in detail, detail


def test_chain_is_completed_from_ca(server):
    """A certificate whose authority the server knows only by the one above it."""
    (server.folder / "extensions").write_text("basicConstraints=CA:TRUE\n")
    server.sign("middle", "ours", "-extfile", server.folder / "extensions", "-days", "2")
    server.sign("leaf", "middle")
    server.demand(4433)
    assert server.probe(4433, server.block("leaf"))[0] == "TLS error"
    assert server.probe(4433, server.block("leaf", ca="middle.pem"))[0] == "ok"


def test_certificates_of_servers_are_not_judged(server):
    """As by keepalived: it asks whether the server answers; an expired certificate must not take a farm down."""
    server.sign("expired", "strange", "-days", "0")
    server.start(4433, certificate="expired")
    server.start(4434, certificate="foreign")
    wait_until(lambda: server.node.run("openssl", "x509", "-checkend", 0, "-noout", "-in", server.folder / "expired.pem",
                                       check=False).returncode, what="a certificate to expire")
    for port in (4433, 4434):
        assert server.probe(port)[0] == "ok"
        assert server.probe(port, server.block(ca="ours.pem"))[0] == "ok"


def test_block_in_the_daemon(server):
    """It comes, is renewed and goes with reloads."""
    server.demand(4433)
    file = server.node.write("vipd.conf", server.config(4433))
    process = server.node.vipd(file)
    wait_until(lambda: "is ready" in process.text() or not process.alive(), what="vipd")

    def row():
        return json.loads(server.node.vipctl("-j", "status").stdout)["services"][0]["servers"][0]

    def reload(block):
        file.write_text(server.config(4433, block))
        server.node.vipctl("reload")

    wait_until(lambda: row()["oper"] == "down", 10, what="a server that wants a certificate")
    reload(server.block())
    wait_until(lambda: row()["oper"] == "up", 10, what="the server, shown one")
    # Other files under the same names.
    for end in ("pem", "key"):
        (server.folder / f"client.{end}").write_bytes((server.folder / f"foreign.{end}").read_bytes())
    reload(server.block())
    wait_until(lambda: row()["oper"] == "down", 10, what="the server, shown one of somebody else")
    for end in ("pem", "key"):
        (server.folder / f"client.{end}").write_bytes((server.folder / f"server.{end}").read_bytes())
    reload(server.block())
    wait_until(lambda: row()["oper"] == "up", 10, what="the server, shown one of ours")
    reload("")
    wait_until(lambda: row()["oper"] == "down", 10, what="the server without one again")
    assert process.stop() in (0, None)


# Speaks TLS well until the request is there, and then lies in the way the argument says.
LIAR = """
import socket, ssl, struct, sys, time
mode, folder, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
listener = socket.create_server(("", port))
while True:
    peer, _ = listener.accept()
    peer.settimeout(20)
    try:
        if mode == "handshake-reset":
            peer.recv(100)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            continue
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                peer.sendall(outgoing.read())
                request = tls.read(4096)
                break
            except ssl.SSLWantReadError:
                peer.sendall(outgoing.read())
                incoming.write(peer.recv(4096))
        tls.write(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
        reply = outgoing.read()
        if mode == "close":
            pass
        elif mode == "half":
            peer.sendall(reply[:len(reply) // 2])
            peer.recv(100)
        elif mode == "garbage":
            peer.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\nin clear")
            peer.recv(100)
        elif mode == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode == "trickle":
            for octet in reply * 100:
                peer.sendall(bytes([octet]))
                time.sleep(0.5)
        elif mode == "gigabyte":
            peer.sendall(reply)
            for _ in range(65536):
                tls.write(bytes(16384))
                peer.sendall(outgoing.read())
        peer.close()
    except OSError:
        pass
"""

# What is said of each, and whether it takes the time that it may.
LIES = {
    "handshake-reset": ("TLS error", "TLS handshake: Connection reset by peer", False),
    "close": ("protocol error", "closed without a reply", False),
    "half": ("timeout", "no reply in time", True),
    "garbage": ("TLS error", "TLS: ", False),
    "reset": ("TLS error", "TLS: Connection reset by peer", False),
    "trickle": ("timeout", "no reply in time", True),
    "gigabyte": ("protocol error", "body larger than 64 MiB", None),
}


def test_liars_over_tls(server):
    """Verdict, text and time: a server that sends too slowly, or too much, costs no more than three timeouts."""
    for port, mode in enumerate(LIES, 4500):
        server.node.popen(sys.executable, "-c", LIAR, mode, server.folder, port, log=f"{mode}.log")
    for port, (mode, (result, detail, waits)) in enumerate(LIES.items(), 4500):
        wait_until(lambda p=port: f":{p} " in server.node.output("ss", "-Hlnt"), what=mode)
        timeout = 10 if mode == "gigabyte" else 2
        began = time.monotonic()
        said = server.probe(port, timeout=timeout)
        took = time.monotonic() - began
        assert said[0] == result and detail in said[1], (mode, said)
        assert waits is None or (took >= timeout) == waits, (mode, took)
        assert took < 3 * timeout + 8, (mode, took)
