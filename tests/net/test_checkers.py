# SPDX-License-Identifier: MIT
"""The checkers against real servers (nginx, openssl s_server, programs), run one by one by checkprobe."""

import hashlib

import pytest

from checkprobe import probe, probe_one
from lab import wait_until

PAGE = "it works\n"
DIGEST = hashlib.md5(PAGE.encode()).hexdigest()

def http(url, kind="HTTP_GET", extra=""):
    return f"{kind} {{\n url {{\n {url}\n }}\n connect_timeout 2\n {extra}\n}}\n"


@pytest.fixture
def web(lab):
    node = lab.node("web", "192.0.2.1/24", "2001:db8::1/64")
    node.process = node.nginx(PAGE)
    return node


def access_log(path, count):
    """The lines of nginx's access log once there are `count`: it writes a request down after having answered it."""
    wait_until(lambda: len(path.read_text().splitlines()) >= count, what=f"{count} lines in {path}")
    return path.read_text().splitlines()


def test_tcp(web):
    assert probe_one(web, "TCP_CHECK {\n connect_timeout 2\n}") == (True, "ok", "connected")
    assert probe_one(web, "TCP_CHECK {\n connect_timeout 2\n}", address="2001:db8::1")[0]
    assert probe_one(web, "TCP_CHECK {\n connect_port 80\n connect_ip 192.0.2.1\n}", port=81)[0]
    assert probe_one(web, "TCP_CHECK {\n}", port=81) == (False, "refused", "cannot connect: Connection refused")
    assert probe_one(web, "TCP_CHECK {\n}", address="198.51.100.1")[1] == "unreachable"


def test_tcp_silent_server(web):
    # Packets to a station that is not there vanish.
    web.run("ip", "neighbour", "add", "192.0.2.50", "lladdr", "02:00:00:00:00:50", "dev", "eth0")
    report = probe(web, "TCP_CHECK {\n connect_timeout 1\n}", address="192.0.2.50")[0]
    assert (report["up"], report["result"], report["detail"]) == ("0", "timeout", "no connection in time")
    assert 1_000_000 <= int(report["latency"]) < 2_000_000


def test_socket_options(lab, web):
    node = lab.node("client", "192.0.2.8/24", "192.0.2.9/24")
    # Only what carries the mark finds the way.
    node.run("ip", "rule", "add", "pref", 100, "fwmark", 7, "lookup", 100)
    node.run("ip", "route", "add", "192.0.2.1", "dev", "eth0", "table", 100)
    node.run("ip", "route", "add", "prohibit", "192.0.2.1")
    assert probe_one(node, "TCP_CHECK {\n}", address="192.0.2.1")[1] == "unreachable"
    # The same port at every attempt; without timestamps TIME_WAIT is not forgiven.
    node.sysctl("net.ipv4.tcp_timestamps", 0)
    capture = web.capture("eth0", "tcp dst port 80 and src host 192.0.2.9 and src port 4242")
    options = "fwmark 7\n bindto 192.0.2.9\n bind_port 4242\n bind_if eth0\n"
    reports = probe(node, f"TCP_CHECK {{\n connect_timeout 1\n {options} }}", address="192.0.2.1", count=3)
    assert [report["result"] for report in reports] == ["ok"] * 3
    wait_until(lambda: len(capture.frames()) >= 6, what="three connections in the capture")
    assert probe_one(node, "TCP_CHECK {\n bind_if nowhere0\n}", address="192.0.2.1")[:2] == (True, "local error")


def test_address_that_is_not_here_is_no_verdict(web):
    up, result, detail = probe_one(web, "TCP_CHECK {\n bindto 192.0.2.99\n}")
    assert (up, result) == (True, "local error")
    assert "Cannot assign requested address" in detail


def test_no_port_left_is_no_verdict(web):
    web.sysctl("net.ipv4.ip_local_port_range", "40000 40000")
    held = web.popen("python3", "-c", "import socket, time; held = socket.create_connection(('127.0.0.1', 80)); time.sleep(60)",
                     log="held.log")
    wait_until(lambda: "127.0.0.1:40000" in web.output("ss", "-Hnt"), what="the only port in use")
    assert probe_one(web, "TCP_CHECK {\n}") == (True, "local error", "cannot connect: Cannot assign requested address")
    held.stop()


def test_http(web):
    assert probe_one(web, http("path /")) == (True, "ok", f"status 200, {len(PAGE)} octets")
    assert probe_one(web, http(f"path /\n digest {DIGEST}")) == (True, "ok", "status 200, digest matches")
    assert probe_one(web, http("path /", extra="http_protocol 1.1"), address="2001:db8::1")[0]
    assert probe_one(web, http("path /missing")) == (False, "bad content", "status 404, wanted 200-299")
    assert probe_one(web, http("path /missing\n status_code 404"))[0]
    wrong = "0" * 32
    assert probe_one(web, http(f"path /\n digest {wrong}")) == (
        False, "bad content", f"digest {DIGEST}, wanted {wrong}")
    lines = access_log(web.dir / "nginx-80/access.log", 6)
    assert len(lines) == 6 and all("KeepAliveClient" in line for line in lines)
    assert sum("HTTP/1.1" in line for line in lines) == 1


def test_http_regex(web):
    folder = web.dir / "nginx-80/html"
    (folder / "long").write_text("begin\n" + "x" * 200_000 + "\nversion 2.10\n" + "y" * 100_000)
    for search, up in (("regex works", True), ("regex WORKS", False), ("regex WORKS\n regex_options caseless", True),
                       ("regex ^it.works$\n regex_options multiline dotall", True), ("regex works\n regex_no_match", False),
                       ("regex works\n regex_min_offset 4", False), ("regex works\n regex_max_offset 4", True),
                       ("regex works\n regex_max_offset 3", False), (f"regex works\n digest {DIGEST}", True)):
        report = probe(web, http(f"path /\n {search}"))[0]
        assert (report["up"] == "1") == up, (search, report)
    version = "^version\\x20[0-9]+\\\\.[0-9]+$"
    for extra, up in (("", False), ("\n regex_options multiline", True), ("\n regex_options multiline firstline", False),
                      ("\n regex_options multiline\n regex_stack 32768 65536", True)):
        report = probe(web, http(f'path /long\n regex "{version}"{extra}', extra="http_protocol 1.1"))[0]
        assert (report["up"] == "1") == up, (extra, report)
    assert report["detail"] == "status 200, regex matches"


def test_http_server_dies_and_returns(web):
    assert probe(web, http("path /"), count=2)[1]["up"] == "1"
    web.process.stop()
    assert probe_one(web, http("path /"))[1] == "refused"
    web.nginx(PAGE)
    assert probe_one(web, http("path /"))[0]


def test_http_two_urls_take_turns(web):
    checker = "HTTP_GET {\n url {\n path /\n }\n url {\n path /missing\n }\n delay_before_retry 1\n}\n"
    reports = probe(web, checker, count=3)
    assert [report["up"] for report in reports] == ["1", "1", "0"]  # the second is retried once
    assert ["missing" in line for line in access_log(web.dir / "nginx-80/access.log", 3)] == [False, True, True]


@pytest.fixture
def tls(lab):
    """nginx with two names behind one address, each with its own page and a certificate of nobody we know."""
    node = lab.node("tls", "192.0.2.2/24")
    folder = node.dir / "tls"
    (folder / "html").mkdir(parents=True)
    node.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key", "-out",
             folder / "cert", "-subj", "/CN=other.example", "-days", "1")
    temporary = "".join(f"{kind}_temp_path {folder}/temporary;"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "".join(
        f"server {{ listen 443 ssl; server_name {name}; ssl_certificate {folder}/cert; "
        f"ssl_certificate_key {folder}/key; return 200 \"{page}\"; }}"
        for name, page in (("first.example", "first"), ("second.example", "second")))
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; worker_processes 1; pid {folder}/pid; events {{ }}\n"
        f"http {{ log_format names \"<$ssl_server_name> <$host>\"; access_log {folder}/access.log names; "
        f"{temporary} {servers} }}\n")
    process = node.popen("nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log",
                         log="nginx.log")
    wait_until(lambda: ":443 " in node.output("ss", "-Hlnt") or not process.alive(), what="nginx", timeout=30)
    assert process.alive(), (folder / "error.log").read_text() + process.text()
    return node


def test_ssl(tls):
    first, second = (hashlib.md5(page).hexdigest() for page in (b"first", b"second"))
    assert probe_one(tls, http(f"path /\n digest {first}", "SSL_GET"), port=443)[:2] == (True, "ok")
    # Without SNI nginx still goes by the Host header.
    assert probe_one(tls, http(f"path /\n digest {second}", "SSL_GET", "virtualhost second.example"), port=443)[0]
    assert probe_one(tls, http(f"path /\n digest {second}", "SSL_GET", "enable_sni\n virtualhost second.example"),
                     port=443)[0]
    assert probe_one(tls, http(f"path /\n digest {second}", "SSL_GET"), port=443)[1] == "bad content"


def s_server(node, port, *options):
    folder = node.dir / "tls"
    process = node.popen("openssl", "s_server", "-accept", port, "-cert", folder / "cert", "-key", folder / "key",
                         "-quiet", *options, log=f"s_server-{port}.log")
    wait_until(lambda: f":{port} " in node.output("ss", "-Hlnt"), what="s_server")
    return process


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_ssl_versions(tls, version):
    s_server(tls, 4433, version, "-www")
    assert [report["result"] for report in probe(tls, http("path /", "SSL_GET"), port=4433, count=2)] == ["ok"] * 2


def test_sni_is_sent_as_asked(tls):
    log = tls.dir / "tls/access.log"

    def names(extra):
        before = len(log.read_text().splitlines())
        probe(tls, http("path /", "SSL_GET", extra), port=443)
        return access_log(log, before + 1)[-1]

    assert names("virtualhost vhost.example") == "<-> <vhost.example>"
    assert names("virtualhost vhost.example\n enable_sni") == "<vhost.example> <vhost.example>"
    assert names("virtualhost vhost.example\n enable_sni\n sni_name sni.example") == "<sni.example> <vhost.example>"
    assert names("virtualhost 192.0.2.7\n enable_sni") == "<-> <192.0.2.7>"
    assert names("enable_sni") == "<-> <127.0.0.1>"


# Answers over TLS; what the connection ends with, the argument says.
TLS_SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/cert", sys.argv[1] + "/key")
listener = socket.create_server(("", int(sys.argv[3])))
while True:
    peer, _ = listener.accept()
    peer.settimeout(5)
    try:
        tls = context.wrap_socket(peer, server_side=True)
        tls.recv(4096)
        length = b"Content-Length: 2\\r\\n" if sys.argv[2] in ("more", "stay") else b""
        tls.sendall(b"HTTP/1.1 200 OK\\r\\n" + length + b"\\r\\nok")
        while sys.argv[2] == "more":
            tls.sendall(bytes(16384))
        if sys.argv[2] == "stay":
            tls.recv(4096)
        if sys.argv[2] == "good":
            tls.unwrap()
        tls.close()
    except OSError:
        pass
"""


def test_tls_compliant(tls):
    for port, mode in ((5001, "good"), (5002, "bad"), (5003, "more"), (5004, "stay")):
        tls.popen("python3", "-c", TLS_SERVER, tls.dir / "tls", mode, port, log=f"{mode}.log")
        wait_until(lambda p=port: f":{p} " in tls.output("ss", "-Hlnt"), what=mode)
    good = (True, "ok", "status 200, 2 octets")

    def ask(port, extra="", url=""):
        return probe_one(tls, http(f"path /\n {url}", "SSL_GET", f"connect_timeout 1\n {extra}"), port=port)

    assert [ask(port) for port in (5001, 5002, 5003, 5004)] == [good] * 4
    assert ask(5001, "tls_compliant") == good
    assert ask(443, "tls_compliant")[:2] == (True, "ok")  # nginx does as it should
    assert ask(5002, "tls_compliant") == (False, "TLS error", "TLS: closed without close_notify")
    assert ask(5002, "tls_compliant", "tls_compliant off") == good
    assert ask(5002, url="tls_compliant on")[1] == "TLS error"
    assert ask(5003, "tls_compliant") == (False, "protocol error", "more and more after the reply")
    assert ask(5004, "tls_compliant") == (False, "timeout", "connection not ended in time")


def test_ssl_against_plain_and_stopped_servers(tls):
    tls.nginx(PAGE)
    up, result, detail = probe_one(tls, http("path /", "SSL_GET"))
    assert (up, result) == (False, "TLS error") and detail.startswith("TLS handshake: ")
    server = s_server(tls, 4433, "-www")
    server.pause()
    assert probe_one(tls, http("path /", "SSL_GET"), port=4433) == (
        False, "timeout", "TLS handshake not finished in time")
    server.resume()


def misc(node, script, extra=""):
    path = node.dir / "check.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"MISC_CHECK {{\n misc_path \"{path}\"\n {extra}\n}}\n"


def test_misc(lab):
    node = lab.node("misc")
    assert probe_one(node, misc(node, "exit 0"))[:2] == (True, "ok")
    assert probe_one(node, misc(node, "exit 1")) == (False, "script error", "exit status 1")
    assert probe_one(node, misc(node, "exit 12"))[0] is False
    report = probe(node, misc(node, "exit 12", "misc_dynamic"))[0]
    assert (report["up"], report["weight"]) == ("1", "10")
    assert probe_one(node, misc(node, "kill -9 $$")) == (False, "script error", "killed by signal 9")
    assert probe_one(node, misc(node, "exec sleep 9", "misc_timeout 1"))[:2] == (False, "timeout")
