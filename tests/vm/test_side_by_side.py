# SPDX-License-Identifier: MIT
"""vipd beside keepalived: the same configuration, the same events, the same table in the kernel.

      ours .1 (vipd)      theirs .2 (keepalived)
         |                     |
    -----+----------+----------+-----   10.0.0.0/16, fd00::/64
                    |
                 servers 10.0.1.N, fd00::1:N

Each director has a network namespace, and so an IPVS table, of its own; nothing else differs. An event names what the
table is to become: changed or as it was. Then both say the same in `ipvsadm -Ln`, `-Sn`, `--thresholds` and
`--timeout`, and go on saying it, but for DIFFERENCES.
"""

import pathlib
import re
import signal
import sys
import time
from dataclasses import dataclass

ROOM = 60  # seconds a slow machine may take for an event
ROUND = 1.1  # of checks, and a little more: what does not change for so long is steady
N_SERVERS = 30
SERVERS = [f"10.0.1.{n}" for n in range(1, N_SERVERS + 1)] + [f"fd00::1:{n}" for n in range(1, 7)]

HEAD = """global_defs {{
    router_id side
    script_user root
    enable_script_security
    lvs_timeouts tcp {tcp} tcpfin 30 udp 60
}}
track_file steering {{
    file "{folder}/steering"
    weight 1
    init_file 0
}}
virtual_server_group ranges {{
    192.0.2.30-32 80
    192.0.2.40 81
    fwmark 30
    {member}
}}
"""
TIMING = "delay_loop 1\n    retry 1\n    delay_before_retry 0.2\n    warmup 0\n    connect_timeout 3"
TCP = "TCP_CHECK {\n        }"
AT_80 = "TCP_CHECK {\n            connect_port 80\n        }"


class Config:
    """The text of the configuration, part by part: an event changes one and reloads."""

    def __init__(self, folder):
        self.folder, self.tcp, self.member = folder, 900, ""
        self.services = {
            "plain": ("192.0.2.1 80", ["lb_algo wrr", "protocol TCP"], self.servers(1, 3, "weight 3")),
            "quorum": ("192.0.2.2 80", ["lb_algo rr", "protocol TCP", "quorum 2", "hysteresis 1", "sorry_server 10.0.1.30 80"],
                       self.servers(4, 6)),
            "inhibit": ("192.0.2.3 80", ["lb_algo wlc", "protocol TCP", "inhibit_on_failure"], self.servers(7, 8, "weight 2")),
            "sorry": ("192.0.2.4 80", ["lb_algo rr", "protocol TCP", "sorry_server 10.0.1.30 80", "sorry_server_inhibit"],
                      self.servers(9, 10)),
            # With a port here they differ, as vipd says at load: keepalived 2.2.7 keeps it, 2.4 and vipd do not use it.
            "mark": ("fwmark 7", ["lb_algo lc"], [(f"10.0.1.{n}", ["weight 1"], AT_80) for n in (11, 12)]),
            "mark6": ("fwmark 8", ["lb_algo lc", "ip_family inet6"], [(f"fd00::1:{n}", ["weight 1"], AT_80) for n in (1, 2)]),
            "six": ("fd00:2::1 443", ["lb_algo sh", "protocol TCP", "persistence_timeout 120", "persistence_granularity 64"],
                    [(f"fd00::1:{n} 80", ["weight 2"], TCP) for n in (3, 4)]),
            "group": ("group ranges", ["lb_algo wrr", "protocol TCP"], self.servers(13, 14, "weight 5")),
            "udp": ("192.0.2.5 53", ["lb_algo rr", "protocol UDP", "ops"], [(f"10.0.1.{n} 53", ["weight 1"], "") for n in (15, 16)]),
            "sctp": ("192.0.2.5 54", ["lb_algo rr", "protocol SCTP"], [(f"10.0.1.{n} 54", ["weight 1"], "") for n in (15, 16)]),
            "flags": ("192.0.2.6 80", ["lb_algo mh", "mh-port", "mh-fallback", "protocol TCP", "persistence_timeout 60"],
                      self.servers(17, 18, "uthreshold 100", "lthreshold 50")),
            "tunnel": ("192.0.2.7 80", ["lb_algo rr", "lb_kind TUN", "protocol TCP"],
                       [("10.0.1.19 80", ["weight 1", "lvs_method TUN type gue port 6080"], TCP),
                        ("10.0.1.20 80", ["weight 1", "lvs_method DR"], TCP)]),
            "script": ("192.0.2.8 80", ["lb_algo wrr", "protocol TCP"],
                       [(f"10.0.1.{n} 80", ["weight 10"], f'MISC_CHECK {{\n misc_path "{folder}/weight {n}"\n misc_dynamic\n misc_timeout 10\n delay_loop 3\n }}')
                        for n in (21, 22)]),
            "alpha": ("192.0.2.9 80", ["lb_algo rr", "protocol TCP", "alpha", "omega"], self.servers(23, 24)),
            "http": ("192.0.2.10 80", ["lb_algo rr", "protocol TCP"],
                     [(f"10.0.1.{n} 80", ["weight 1"], "HTTP_GET {\n url {\n path /\n status_code 200\n }\n }") for n in (25, 26)]),
            "file": ("192.0.2.11 80", ["lb_algo wrr", "protocol TCP"],
                     [("10.0.1.27 80", ["weight 10"], "FILE_CHECK {\n track_file steering\n weight 1\n }"),
                      ("10.0.1.28 80", ["weight 10"], TCP)]),
        }

    @staticmethod
    def servers(first, last, *settings):
        return [(f"10.0.1.{n} 80", list(settings or ("weight 1",)), TCP) for n in range(first, last + 1)]

    def settings(self, name):
        return self.services[name][1]

    def reals(self, name):
        return self.services[name][2]

    def text(self):
        text = HEAD.format(folder=self.folder, tcp=self.tcp, member=self.member)
        for key, settings, servers in self.services.values():
            kind = "" if any("lb_kind" in word for word in settings) else "    lb_kind NAT\n"
            text += f"virtual_server {key} {{\n    {TIMING}\n{kind}    " + "\n    ".join(settings) + "\n"
            for address, own, checker in servers:
                text += f"    real_server {address} {{\n        " + "\n        ".join([*own, checker]) + "\n    }\n"
            text += "}\n"
        return text


@dataclass(frozen=True)
class Difference:
    """Lines, as regular expressions, that one side alone has after an event."""

    event: str
    ours: str
    theirs: str
    reason: str


DIFFERENCES = [
    Difference("nothing but a reload", r"10\.0\.1\.21:80 .*(-w|Masq) 10\b", r"10\.0\.1\.21:80 .*(-w|Masq) 0\b",
               "A program of misc_dynamic that ends with 0 leaves the weight as configured, as keepalived.conf(5) says. After a "
               "reload keepalived 2.2.7 makes it 0, until the program ends with another number"),
    Difference("other thresholds", r"192\.0\.2\.6:80 .*10\.0\.1\.1[78]:80 200 20\b", r"192\.0\.2\.6:80 .*10\.0\.1\.1[78]:80 100 50\b",
               "keepalived 2.2.7 leaves the thresholds of a server that is in the kernel as they were, until it has been away"),
]


class Table:
    """What `ipvsadm` says on a node, by a shell that stays there: to enter the node for each question took most of the time."""

    def __init__(self, node):
        self.pipe = node.popen("sh", "-c", "while read -r _; do ipvsadm -Sn; ipvsadm -Ln; ipvsadm -Ln --thresholds; "
                               "ipvsadm -Ln --timeout; echo .; done",
                               stdin=-1, stdout=-1).popen

    def read(self):
        """The lines of all answers, not their order, which only tells when an entry was made; a server's with its service."""
        self.pipe.stdin.write(b"\n")
        self.pipe.stdin.flush()
        lines, service = set(), ""
        while (line := self.pipe.stdout.readline()) != b".\n":
            assert line, "the shell is gone"
            words = " ".join(line.decode().split())
            service = service if words.startswith("->") else words
            lines.add(f"{service} {words}" if words.startswith("->") else words)
        return lines


class Bench:
    def __init__(self, lab):
        self.folder = lab.dir / "shared"
        self.folder.mkdir()
        (self.folder / "steering").write_text("0\n")
        script = self.folder / "weight"
        script.write_text(f'#!/bin/sh\nexit "$(cat "{self.folder}/exit-$1")"\n')
        script.chmod(0o755)
        for number in (21, 22):
            self.exits(number, 0)
        self.servers = lab.node("servers", *[f"{address}/{64 if ':' in address else 16}" for address in SERVERS])
        self.control = self.servers.popen(sys.executable, pathlib.Path(__file__).parent / "side_servers.py",
                                          stdin=-1, stdout=-1)
        for address in SERVERS:
            self.tell("open", address)
        self.config = Config(self.folder)
        self.path = self.folder / "director.conf"
        self.path.write_text(self.config.text())
        self.ours, self.theirs = lab.node("ours", "10.0.0.1/16", "fd00::a/64"), lab.node("theirs", "10.0.0.2/16", "fd00::b/64")
        self.daemons = []
        self.tables = [Table(self.ours), Table(self.theirs)]
        self.lines = self.read()

    def tell(self, command, address, port=80):
        stdin, stdout = self.control.popen.stdin, self.control.popen.stdout
        stdin.write(f"{command} {address} {port}\n".encode())
        stdin.flush()
        assert stdout.readline() == b"done\n"

    def down(self, *numbers):
        for number in numbers:
            self.tell("close", number if isinstance(number, str) else f"10.0.1.{number}")

    def up(self, *numbers):
        for number in numbers:
            self.tell("open", number if isinstance(number, str) else f"10.0.1.{number}")

    def exits(self, number, status):
        path = self.folder / f"exit-{number}.new"
        path.write_text(f"{status}\n")
        path.rename(self.folder / f"exit-{number}")

    def steer(self, value):
        (self.folder / "steering").write_text(f"{value}\n")

    def reload(self):
        self.path.write_text(self.config.text())
        for daemon in self.daemons:
            daemon.send(signal.SIGHUP)

    def start(self):
        self.daemons = [self.theirs.keepalived(self.path, "-C"), self.ours.vipd(self.path)]

    def read(self):
        return [table.read() for table in self.tables]

    def happen(self, event, changes, known):
        """Waits for both tables to be as they should after it, and steady; returns what they are besides."""
        before, deadline = self.lines[0], time.monotonic() + ROOM
        event(self)
        if not changes:
            time.sleep(2 * ROUND)
        while True:
            time.sleep(ROUND)
            last, self.lines = self.lines, self.read()
            faults = judge(*self.lines, known)
            if (self.lines[0] != before) != changes:
                faults.append(f"vipd's table should {'' if changes else 'not '}change: {sorted(self.lines[0] ^ before)}")
            if last != self.lines:
                faults.append("a table goes on changing")
            if not faults or time.monotonic() > deadline:
                return faults


def judge(ours, theirs, known):
    """What the list does not explain, and what of the list there is not."""
    found = [("ours", line) for line in sorted(ours - theirs)] + [("theirs", line) for line in sorted(theirs - ours)]
    listed = [(side, getattr(entry, side)) for entry in known for side in ("ours", "theirs")]

    def fits(rule, difference):
        return rule[0] == difference[0] and re.search(rule[1], difference[1])

    unlisted = [f"only {side}: {line}" for side, line in found if not any(fits(rule, (side, line)) for rule in listed)]
    stale = [f"listed, but not so: only {side}: {line}" for side, line in listed
             if not any(fits((side, line), difference) for difference in found)]
    return unlisted + stale


def edit(change):
    """An event that changes the configuration and reloads."""
    def run(bench):
        change(bench.config)
        bench.reload()
    return run


def replace(name, old, new):
    def change(config):
        settings = config.settings(name)
        settings[settings.index(old)] = new
    return edit(change)


def all_servers(name, *settings):
    def change(config):
        config.reals(name)[:] = [(address, list(settings), checker) for address, _, checker in config.reals(name)]
    return edit(change)


def remove_service(name):
    return edit(lambda config: config.services.pop(name))


def member(text):
    return edit(lambda config: setattr(config, "member", text))


# What happens, and whether the table changes.
EVENTS = [
    ("the start", Bench.start, True),
    ("a server dies", lambda b: b.down(1), True),
    ("a second one dies", lambda b: b.down(2), True),
    ("the first returns", lambda b: b.up(1), True),
    ("a server dies in a service with quorum 2", lambda b: b.down(4), True),
    ("the quorum is lost", lambda b: b.down(5), True),
    ("one returns: with the hysteresis not enough", lambda b: b.up(5), True),
    ("all are back: the quorum is reached", lambda b: b.up(4), True),
    ("a server that is inhibited dies", lambda b: b.down(7), True),
    ("it returns", lambda b: b.up(7), True),
    ("both die: the sorry server inhibits", lambda b: b.down(9, 10), True),
    ("one returns: the sorry server goes", lambda b: b.up(9), True),
    ("a server by mark dies", lambda b: b.down(11), True),
    ("an IPv6 server by mark dies", lambda b: b.down("fd00::1:1"), True),
    ("both return", lambda b: (b.up(11), b.up("fd00::1:1")), True),
    ("the last IPv6 servers die", lambda b: (b.down("fd00::1:3"), b.down("fd00::1:4")), True),
    ("they return", lambda b: (b.up("fd00::1:3"), b.up("fd00::1:4")), True),
    ("a server of a group dies in all its members", lambda b: b.down(13), True),
    ("it returns", lambda b: b.up(13), True),
    ("a tunnel's end dies", lambda b: b.down(19), True),
    ("it returns", lambda b: b.up(19), True),
    ("a script names a weight", lambda b: b.exits(21, 52), True),
    ("a script fails", lambda b: b.exits(22, 1), True),
    ("it is well again, and the first names nothing", lambda b: (b.exits(21, 0), b.exits(22, 37)), True),
    ("a file raises a weight", lambda b: b.steer(5), True),
    ("a file lowers it", lambda b: b.steer(-3), True),
    ("a page that is missing", lambda b: b.down(25), True),
    ("nothing but a reload", lambda b: b.reload(), False),
    ("the script that named nothing names a weight", lambda b: b.exits(21, 14), True),
    ("another weight", all_servers("plain", "weight 9"), True),
    ("another scheduler", replace("inhibit", "lb_algo wlc", "lb_algo rr"), True),
    ("a server more", edit(lambda c: c.reals("plain").append(("10.0.1.29 80", ["weight 4"], TCP))), True),
    ("a server less", edit(lambda c: c.reals("plain").pop(0)), True),
    ("another persistence", replace("flags", "persistence_timeout 60", "persistence_timeout 360"), True),
    ("a smaller quorum", replace("quorum", "quorum 2", "quorum 1"), False),
    ("other timeouts", edit(lambda c: setattr(c, "tcp", 1200)), True),
    ("a group with a member more", member("192.0.2.50 80"), True),
    ("and with it gone", member(""), True),
    ("a service less", remove_service("sctp"), True),
    ("a service more", edit(lambda c: c.services.update(more=("192.0.2.12 80", ["lb_algo rr", "protocol TCP"],
                                                               c.servers(23, 24, "weight 2")))), True),
    ("the sorry server goes from the text", replace("quorum", "sorry_server 10.0.1.30 80", "alpha"), False),
    ("other thresholds", all_servers("flags", "uthreshold 200", "lthreshold 20"), True),
    ("everything dies", lambda b: b.down(*range(1, 30)), True),
    ("everything returns", lambda b: (b.up(*range(1, 30))), True),
]


def test_the_same_table_after_each_event(lab):
    assert {entry.event for entry in DIFFERENCES} <= {what for what, _, _ in EVENTS}
    bench, began = Bench(lab), time.monotonic()
    for what, event, changes in EVENTS:
        faults = bench.happen(event, changes, [entry for entry in DIFFERENCES if entry.event == what])
        print(f"{time.monotonic() - began:.0f} s: {what}", flush=True)
        assert not faults, "\n".join([what, *faults])
