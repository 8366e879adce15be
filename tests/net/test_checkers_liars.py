# SPDX-License-Identifier: MIT
"""Each checker in the daemon against a real server of its kind and against each lie: verdict, time to it, error text.

One vipd, one real server for each case, all asked at once; ipvsdChkTable says what it found, and how long it took by
its own clock. That is compared with ours. A thread that does nothing but sleep says how late the machine is.
"""

import os
import sys
import time

import snmp
from lab import ROOT, wait_until

TABLE = snmp.DIRECTOR_MIB + ".1.5.1.1"
STATE, RESULT, CODE, ERROR, LATENCY, RUNS = 6, 7, 8, 9, 11, 19
RESULTS = ("none", "ok", "timeout", "refused", "unreachable", "protocol error", "bad content", "TLS error",
           "script error", "local error")
# Rows are published once the thread has nothing better to do, and the floods give it something for their time.
SHOWN_WITHIN = 1
FARM, MUTE, ADMIN_PROHIBITED = "192.0.2.1", "192.0.2.100", 200
PAGE = "it works\n"

HEAD = """
global_defs {{
    script_user root
    enable_script_security
    enable_snmp_checker
}}
{files}
virtual_server 198.51.100.1 80 {{
    delay_loop 60
    warmup 0
    lb_algo rr
    lb_kind NAT
    protocol TCP
    {servers}
}}
"""


def tcp(port):
    return f"TCP_CHECK {{\n connect_port {port}\n connect_timeout 2\n}}"


def http(port, timeout=2, path="/", kind="HTTP_GET", extra=""):
    return f"{kind} {{\n url {{\n path {path}\n }}\n connect_port {port}\n connect_timeout {timeout}\n {extra}\n}}"


def ssl(port, extra=""):
    return http(port, kind="SSL_GET", extra=extra)


def smtp(port):
    return f"SMTP_CHECK {{\n connect_port {port}\n connect_timeout 2\n}}"


def dns(port, name="www.example"):
    return f"DNS_CHECK {{\n type A\n name {name}\n connect_port {port}\n connect_timeout 2\n}}"


def udp(port):
    return f"UDP_CHECK {{\n payload 01 02 03\n require_reply 01 02 03\n connect_port {port}\n connect_timeout 2\n}}"


def ping(address):
    return f"PING_CHECK {{\n connect_ip {address}\n connect_timeout 2\n}}"


OK = ("ok", "")
# What a liar is, and what is said of it: result, part of the text, seconds it takes at least. Down unless it is ok.
STREAM = {4001: "close", 4002: "reset", 4003: "trickle", 4004: "drip", 4005: "hang", 4006: "garbage", 4007: "half"}
FLOODS = {4011: "gigabyte", 4012: "page"}
GREETED = {4021: "close", 4022: "reset", 4023: "trickle", 4025: "hang", 4026: "garbage"}
DATAGRAMS = {5003: "trickle", 5005: "hang", 5006: "garbage", 5007: "half", 5008: "question"}
PINGS = {103: "trickle", 105: "hang", 106: "garbage", 107: "half", 111: "gigabyte"}
CLOSED, REJECTED, DATAGRAM_FLOOD = 4999, 5002, 5011

CASES = [
    # What a TCP_CHECK asks is whether somebody takes the connection; whatever comes then, it has gone by then.
    *(("TCP_CHECK", tcp(port), *OK, 0) for port in (80, *STREAM, *FLOODS)),
    ("TCP_CHECK", tcp(CLOSED), "refused", "cannot connect: Connection refused", 0),

    ("HTTP_GET", http(80), *OK, 0),
    ("HTTP_GET", http(80, path="/nowhere"), "bad content", "status 404, wanted 200-299", 0),
    ("HTTP_GET", http(80, 10, "/big"), "protocol error", "body larger than 64 MiB", None),
    ("HTTP_GET", http(4001), "protocol error", "closed without a reply", 0),
    ("HTTP_GET", http(4002), "protocol error", "while receiving: Connection reset by peer", 0),
    ("HTTP_GET", http(4003), "timeout", "reply not finished in time", 6),
    ("HTTP_GET", http(4005), "timeout", "no reply in time", 2),
    ("HTTP_GET", http(4006), "protocol error", "no HTTP status line", 0),
    ("HTTP_GET", http(4007), "timeout", "reply not finished in time", 2),
    ("HTTP_GET", http(4011), "protocol error", "headers larger than 16 KiB", 0),
    ("HTTP_GET", http(4012, 10), "protocol error", "body larger than 64 MiB", None),
    ("HTTP_GET", http(CLOSED), "refused", "cannot connect: Connection refused", 0),

    ("SSL_GET", ssl(443), *OK, 0),
    ("SSL_GET", ssl(4433), *OK, 0),
    # As by keepalived, whose checks ask whether the server answers: certificates are not judged.
    ("SSL_GET", ssl(4434), *OK, 0),
    ("SSL_GET", ssl(4435, "enable_sni\n virtualhost www.example"), *OK, 0),
    ("SSL_GET", ssl(80), "TLS error", "TLS handshake: wrong version number", 0),
    ("SSL_GET", ssl(4001), "TLS error", "TLS handshake: connection closed", 0),
    ("SSL_GET", ssl(4002), "TLS error", "TLS handshake: Connection reset by peer", 0),
    ("SSL_GET", ssl(4004), "timeout", "TLS handshake not finished in time", 6),
    ("SSL_GET", ssl(4005), "timeout", "TLS handshake not finished in time", 2),
    ("SSL_GET", ssl(4006), "TLS error", "TLS handshake: wrong version number", 0),
    ("SSL_GET", ssl(4007), "timeout", "TLS handshake not finished in time", 2),
    ("SSL_GET", ssl(4011), "TLS error", "TLS handshake: wrong version number", 0),

    ("SMTP_CHECK", smtp(25), *OK, 0),
    ("SMTP_CHECK", smtp(4001), "protocol error", "closed before the end of the greeting", 0),
    ("SMTP_CHECK", smtp(4003), "timeout", "the greeting has not come in time", 2),
    ("SMTP_CHECK", smtp(4005), "timeout", "the greeting has not come in time", 2),
    ("SMTP_CHECK", smtp(4006), "protocol error", "the greeting is no SMTP reply", 0),
    ("SMTP_CHECK", smtp(4007), "timeout", "the greeting has not come in time", 2),
    ("SMTP_CHECK", smtp(4011), "protocol error", "the greeting is a reply larger than 16 KiB", 0),
    ("SMTP_CHECK", smtp(4021), "protocol error", "closed before the end of the answer to HELO", 0),
    ("SMTP_CHECK", smtp(4022), "protocol error", "while waiting for the answer to HELO: Connection reset by peer", 0),
    ("SMTP_CHECK", smtp(4023), "timeout", "the answer to HELO has not come in time", 2),
    ("SMTP_CHECK", smtp(4025), "timeout", "the answer to HELO has not come in time", 2),
    ("SMTP_CHECK", smtp(4026), "protocol error", "the answer to HELO is no SMTP reply", 0),

    ("DNS_CHECK", dns(53), *OK, 0),
    ("DNS_CHECK", dns(53, "nobody.example"), "bad content", "answered NXDOMAIN", 0),
    ("DNS_CHECK", dns(CLOSED), "refused", "while waiting for an answer: Connection refused", 0),
    ("DNS_CHECK", dns(REJECTED), "unreachable", "while waiting for an answer: No route to host", 0),
    ("DNS_CHECK", dns(5003), "timeout", "no answer in time, but ", 2),
    ("DNS_CHECK", dns(5005), "timeout", "no answer in time", 2),
    ("DNS_CHECK", dns(5006), "timeout", "no answer in time, but 1 datagrams that are none to the query", 2),
    ("DNS_CHECK", dns(5007), "timeout", "no answer in time, but 1 datagrams that are none to the query", 2),
    ("DNS_CHECK", dns(5008), "timeout", "no answer in time, but 1 datagrams that are none to the query", 2),
    ("DNS_CHECK", dns(DATAGRAM_FLOOD), "timeout", "no answer in time, but ", 2),

    ("UDP_CHECK", udp(7), *OK, 0),
    ("UDP_CHECK", udp(5008), *OK, 0),
    ("UDP_CHECK", udp(CLOSED), "refused", "while waiting for an answer: Connection refused", 0),
    ("UDP_CHECK", udp(REJECTED), "unreachable", "while waiting for an answer: No route to host", 0),
    ("UDP_CHECK", udp(5003), "bad content", "reply differs at octet 0: 00, wanted 01", 0),
    ("UDP_CHECK", udp(5005), "timeout", "no reply in time", 2),
    ("UDP_CHECK", udp(5006), "bad content", "reply differs at octet 0: 5b, wanted 01", 0),
    ("UDP_CHECK", udp(5007), "bad content", "reply differs at octet 2: 81, wanted 03", 0),
    ("UDP_CHECK", udp(DATAGRAM_FLOOD), "bad content", "reply of 1000 octets, wanted 0 to 255", 0),

    ("PING_CHECK", ping(FARM), *OK, 0),
    *(("PING_CHECK", ping(f"192.0.2.{number}"), "timeout", "no echo reply in time", 2) for number in PINGS),
    ("PING_CHECK", ping(f"192.0.2.{ADMIN_PROHIBITED}"), "unreachable", "while waiting for an answer: No route to host", 0),
]

# Programs: what they do, and what is said. None: octets that are no program; they are given to the shell.
HUNG = "timeout", "not finished within misc_timeout"
SCRIPTS = [
    ("exit 0", *OK, 0),
    ("exit 1", "script error", "exit status 1", 0),
    ("kill -9 $$", "script error", "killed by signal 9", 0),
    ("while echo -n x; do sleep 1; done", *HUNG, 4),
    ("head -c 1073741824 /dev/zero", *OK, None),
    ("exec sleep 60", *HUNG, 4),
    ("trap '' TERM; while :; do sleep 60; done", *HUNG, 6),  # it is killed two seconds later
    (None, "script error", "exit status 127", 0),
]


def make_large(path):
    path.write_text("0 ")
    os.truncate(path, 2**30)


# Files: how they are made, and what is said. What holds no number counts as 0, as with keepalived; the log says why.
FILES = [
    (lambda path: path.write_text("0\n"), *OK, 0),
    (lambda path: path.write_text("7\n"), "bad content", "file1 says 7", 0),
    (lambda path: path.write_text("no number\n"), *OK, 0),
    (make_large, *OK, 0),
    (os.mkfifo, *OK, 0),
    (os.mkdir, *OK, 0),
    (lambda path: None, *OK, 0),
]
FILES_TOLD = ["holds no number; it counts as 0", "holds more than a number; it counts as 0",
              "it is not a regular file; it counts as 0"]


class Servers:
    """What is real and what lies, each on a port of its own."""

    def __init__(self, lab):
        self.node = lab.node("farm", FARM + "/24")
        self.mute = lab.node("mute", f"{MUTE}/24", *(f"192.0.2.{number}/24" for number in (*PINGS, ADMIN_PROHIBITED)))
        self.folder = self.node.dir
        self.certificates()
        tls = (f"server {{ listen 443 ssl; ssl_certificate {self.folder}/good.pem; ssl_certificate_key "
               f"{self.folder}/key.pem; return 200 works; }}\n")
        self.node.nginx(PAGE, size=2**30, rate="0", more=tls)
        self.node.run("mkdir", "-p", "/var/lib/opensmtpd/empty")  # the node has a /var/lib of its own
        self.start("smtpd", 25, "smtpd", "-d", "-f", self.write("smtpd.conf", f"listen on {FARM}\naction none maildir\n"
                                                               "match from any for domain nowhere.example action none\n"))
        self.start("unbound", 53, "unbound", "-d", "-p", "-c", self.write("unbound.conf", UNBOUND.format(folder=self.folder)))
        self.start("inetd", 7, "inetd", "-i", self.write("inetd.conf", f"{FARM}:echo dgram udp wait root internal\n"))
        for port, name in ((4433, "good"), (4434, "expired"), (4435, "other")):
            self.start(name, port, "openssl", "s_server", "-accept", port, "-www", "-cert", self.folder / f"{name}.pem",
                       "-key", self.folder / "key.pem")
        self.lie("slow", self.node, FARM, {"tcp": STREAM, "udp": DATAGRAMS},
                 *(f"tcp:{port}:{lie}:220 sink" for port, lie in GREETED.items()))
        self.lie("fast", self.node, FARM, {"tcp": FLOODS, "udp": {DATAGRAM_FLOOD: "gigabyte"}})
        self.mute.sysctl("net.ipv4.icmp_echo_ignore_all", 1)
        for node in (self.node, self.mute):
            node.sysctl("net.ipv4.icmp_ratemask", 0)  # the limit is one for the whole machine, whoever uses it up
        self.lie("ping", self.mute, MUTE, {"ping": PINGS})
        for node, what in ((self.node, f"udp dport {REJECTED}"), (self.mute, f"ip daddr 192.0.2.{ADMIN_PROHIBITED}")):
            node.run("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; };"
                     f"add rule inet t in {what} reject with icmp admin-prohibited")

    def write(self, name, text):
        return self.node.write(name, text)

    def certificates(self):
        key = self.folder / "key.pem"
        self.node.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", key)
        for name, days, subject in (("expired", 0, "www"), ("good", 2, "www"), ("other", 2, "other")):
            request = self.folder / f"{name}.csr"
            self.node.run("openssl", "req", "-new", "-key", key, "-out", request, "-subj", f"/CN={subject}.example")
            self.node.run("openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", days, "-out",
                          self.folder / f"{name}.pem")

    def has_expired(self):
        return self.node.run("openssl", "x509", "-checkend", 0, "-noout", "-in", self.folder / "expired.pem",
                             check=False).returncode != 0

    def start(self, name, port, *words):
        process = self.node.popen(*words, log=f"{name}.log")
        wait_until(lambda: f":{port} " in self.node.output("ss", "-Hlntu") or not process.alive(), 30, name)
        assert process.alive(), process.text()

    def lie(self, name, node, address, kinds, *more):
        words = [f"{kind}:{number}:{lie}" for kind, lies in kinds.items() for number, lie in lies.items()]
        process = node.popen(sys.executable, ROOT / "tests/net/liars.py", address, *words, *more, log=f"{name}.log")
        wait_until(lambda: "ready" in process.text() or not process.alive(), what=f"the {name} liars")
        assert process.alive(), process.text()


UNBOUND = """
server:
    directory: {folder}
    chroot: ""
    username: ""
    pidfile: {folder}/unbound.pid
    use-syslog: no
    logfile: ""
    interface: 192.0.2.1
    access-control: 192.0.2.0/24 allow
    module-config: iterator
    local-zone: "example." static
    local-data: "www.example. A 192.0.2.7"
"""


class Director:
    """vipd as its own SNMP agent, with a real server for each case."""

    def __init__(self, lab, cases):
        self.node = lab.node("director", "192.0.2.8/24")
        self.reader = self.node.snmp("127.0.0.1", port=1161)
        self.node.write("snmpd.conf", "rocommunity public\n")
        self.cases = cases + [self.script(*case) for case in enumerate(SCRIPTS)]
        self.files = ""
        self.cases += [self.file(*case) for case in enumerate(FILES)]
        servers = "".join(f"real_server {FARM} {port} {{\n weight 1\n {case[1]}\n}}\n"
                          for port, case in enumerate(self.cases, 10000))
        self.config = self.node.write("vipd.conf", HEAD.format(files=self.files, servers=servers))

    def script(self, number, case):
        path = self.node.dir / f"script{number}"
        path.write_bytes(b"\x7fELF and no more" if case[0] is None else f"#!/bin/sh\n{case[0]}\n".encode())
        path.chmod(0o755)
        return ("MISC_CHECK", f"MISC_CHECK {{\n misc_path {path}\n misc_timeout {30 if case[3] is None else 4}\n}}",
                *case[1:])

    def file(self, number, case):
        path = self.node.dir / f"file{number}"
        case[0](path)
        self.files += f"track_file file{number} {{\n file {path}\n weight 1\n}}\n"
        return ("FILE_CHECK", f"FILE_CHECK {{\n track_file file{number}\n weight 0\n}}", *case[1:])

    def knows(self, *addresses):
        """The first packet to a link that is new waits a second for its station; this is not what is measured."""
        for address in addresses:
            wait_until(lambda ip=address: self.node.run("ping", "-c", 1, "-W", "0.2", ip, check=False) and "lladdr" in
                       self.node.output("ip", "neighbour", "show", ip), what=address)

    def start(self):
        self.launched = time.time()
        self.process = self.node.vipd(self.config, "--snmp-listen", "udp:127.0.0.1:1161", "--snmp-conf", self.node.dir)
        wait_until(lambda: self.reader.answers(f"{snmp.DIRECTOR_MIB}.1.1.4.0") or not self.process.alive(), 20, "the agent")
        assert self.process.alive(), self.process.text()

    def column(self, column):
        """The values of all cases, in their order."""
        found = {int(index.split(".")[-2]): text for index, text in self.reader.column(f"{TABLE}.{column}").items()}
        return [found.get(port, "0") for port in range(10000, 10000 + len(self.cases))]

    def watch(self):
        """Until each case has been tried; for each the last moment at which it was not, and the first at which it was."""
        seen, before = {}, self.launched
        while len(seen) < len(self.cases):
            asked, runs = time.time(), self.column(RUNS)
            seen.update({at: (before, time.time()) for at, text in enumerate(runs) if int(text) and at not in seen})
            missing = [self.cases[at] for at in range(len(self.cases)) if at not in seen]
            assert asked < self.launched + 60, f"no verdict on {missing}"
            before = asked
            time.sleep(0.2)
        return [seen[at] for at in range(len(self.cases))]


# The number in the answer: of those that are fine, and by what is said of the others; else there is none.
CODES = {"HTTP_GET": 200, "SSL_GET": 200, "SMTP_CHECK": 250}
CODES_TOLD = {"status 404": 404, "body larger": 200, "answer to HELO": 220, "NXDOMAIN": 3, "exit status 1": 1,
              "exit status 127": 127, "killed by signal 9": -9}


def wanted_code(case):
    name, _, wanted, text, _ = case
    if wanted == "ok":
        return CODES.get(name, 0)
    return next((code for told, code in reversed(CODES_TOLD.items()) if told in text), 0)


def judge(case, state, result, code, error):
    """What is wrong with it, but for the time."""
    name, _, wanted, text, _ = case
    if RESULTS[int(result) - 1] != wanted or (int(state) == 2) != (wanted == "ok"):
        return f"is {RESULTS[int(result) - 1]!r}, state {state}, wanted {wanted!r}"
    if (text not in error) if text else (wanted == "ok" and error):
        return f"says {error!r}, wanted {text!r}"
    if int(code) != wanted_code(case):
        return f"has the code {code}, wanted {wanted_code(case)}"
    return None


def judge_time(case, seconds, spare):
    """The same for the time. None: it depends on how fast a gigabyte is."""
    least = case[4]
    if least is not None and not least <= seconds + 0.001 <= least + 1 + spare:
        return f"takes {seconds:.3f} s, wanted {least} s, to spare {1 + spare:.3f} s"
    return None


def test_truth_and_lies(lab):
    servers, director, pulse = Servers(lab), Director(lab, CASES), lab.pulse
    wait_until(servers.has_expired, what="a certificate to expire")
    director.knows(FARM, MUTE, *(f"192.0.2.{number}" for number in (*PINGS, ADMIN_PROHIBITED)))
    director.start()
    answered = time.time()
    seen = director.watch()
    rows = list(zip(director.cases, *(director.column(column) for column in (STATE, RESULT, CODE, ERROR, LATENCY))))
    late = pulse.allowance(director.launched)
    # How long the program that does nothing takes, here and now, is the measure of the others.
    program = next(int(latency) / 1e6 for case, *_, latency in rows if case[0] == "MISC_CHECK")
    wrong = []
    for (case, *found, latency), (before, after) in zip(rows, seen):
        seconds = int(latency) / 1e6
        why = judge(case, *found) or judge_time(case, seconds, late + (program if case[0] == "MISC_CHECK" else 0))
        # By our own clock: attempts begin after the launch, and by the time that the agent answers.
        if not why and not before - answered - late - SHOWN_WITHIN <= seconds <= after - director.launched:
            why = f"takes {seconds:.3f} s, seen {before - answered:.3f} to {after - director.launched:.3f} s after its begin"
        print(f"{case[0]:10} {RESULTS[int(found[1]) - 1]:14} {seconds:7.3f} s  {found[2]:>4}  {found[3]}{'  WRONG: ' + why if why else ''}")
        wrong += [(case, why)] if why else []
    print(f"{len(rows)} cases, the agent answers after {answered - director.launched:.1f} s, machine late by {late:.3f} s")
    assert not wrong
    for told in FILES_TOLD:
        wait_until(lambda text=told: text in director.process.text(), what=told)
    director.process.stop()
