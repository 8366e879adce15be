# SPDX-License-Identifier: MIT
"""BFD sessions of vipd with FRR's bfdd and with keepalived, judged by captures; what follows from them for virtual
routers, beside keepalived, and for real servers.
"""

import json
import signal

import pytest

from lab import holds, wait_until
from snmp import KEEPALIVED_MIB
from test_track_objects import SILENT, Watched, capture_on, config, track

INTERVAL, MULTIPLIER = 0.2, 4
DETECTION = INTERVAL * MULTIPLIER


def instance(name, neighbor, more="", interval=INTERVAL):
    return (f"bfd_instance {name} {{\n\tneighbor_ip {neighbor}\n\tmin_rx {interval * 1000:.0f}\n"
            f"\tmin_tx {interval * 1000:.0f}\n\tmultiplier {MULTIPLIER}\n\t{more}\n}}\n")


def sessions(node):
    """What vipd says of its sessions, by name."""
    return {row["name"]: row for row in json.loads(node.vipctl("-j", "status").stdout)["bfd_sessions"]}


def states(node):
    return {name: row["state"] for name, row in sessions(node).items()}


def results(node):
    """The same from KEEPALIVED-MIB: vrrpBfdResult by vrrpBfdName."""
    manager = node.snmp("127.0.0.1")
    names, found = (manager.column(f"{KEEPALIVED_MIB}.2.18.1.{column}") for column in (2, 3))
    return {name: found.get(row) for row, name in names.items()}


def start(node, file, *options):
    daemon = node.vipd(file, *options)
    wait_until(lambda: "is ready" in daemon.text() or not daemon.alive(), what="vipd")
    assert daemon.alive(), daemon.text()
    return daemon


def reload(node, file, text):
    file.write_text(text)
    node.vipctl("reload")


def assert_detected(capture, neighbor, ours, since, lab):
    """We said that it is down when it had been silent for the detection time, and not before."""
    last = [packet for packet in capture.bfd(neighbor) if packet.state == "Up"][-1]
    first = next(packet for packet in capture.bfd(ours, since) if packet.state == "Down" and packet.diag == 1)
    took = first.time - last.time
    assert DETECTION - 0.005 < took < DETECTION + lab.pulse.allowance(last.time, first.time), (neighbor, took)


# ---- FRR ----

# Ours and its, and what both say of themselves. FRR's multihop session is behind a router.
ROUTED = {"ipv4": ("203.0.113.1", "198.51.100.2"), "ipv6": ("2001:db8:1::1", "2001:db8:2::2")}
DIRECT = {"ipv4": ("192.0.2.1", "192.0.2.2"), "ipv6": ("2001:db8::1", "2001:db8::2")}


class Frr:
    def __init__(self, lab):
        self.node = lab.node("frr", f"{DIRECT['ipv4'][1]}/24", f"{DIRECT['ipv6'][1]}/64")
        self.node.run("install", "-d", "-o", "frr", "-g", "frr", "/run/frr")
        text = "bfd\n"
        for ours, its in DIRECT.values():
            text += f" peer {ours} local-address {its} interface eth0\n" + self.intervals()
        for ours, its in ROUTED.values():
            text += f" peer {ours} multihop local-address {its}\n  minimum-ttl 254\n" + self.intervals()
        self.node.write("run/frr/bfdd.conf", text)
        common = ("-z", "/run/frr/zserv", "-A", "127.0.0.1", "-P", "0", "--vty_socket", "/run/frr", "--log", "stdout")
        self.node.popen("/usr/lib/frr/zebra", "-f", "/dev/null", "-i", "/run/frr/zebra.pid", *common, log="zebra.log")
        wait_until(lambda: self.node.run("test", "-S", "/run/frr/zserv", check=False).returncode == 0, 10, "zebra")
        self.daemon = self.node.popen("/usr/lib/frr/bfdd", "-f", "/run/frr/bfdd.conf", "-i", "/run/frr/bfdd.pid",
                                      "--bfdctl", "/run/frr/bfdd.sock", *common, log="bfdd.log")

    @staticmethod
    def intervals():
        return (f"  detect-multiplier {MULTIPLIER}\n  receive-interval {INTERVAL * 1000:.0f}\n"
                f"  transmit-interval {INTERVAL * 1000:.0f}\n  no shutdown\n")

    def peers(self):
        shown = self.node.run("vtysh", "--vty_socket", "/run/frr", "-c", "show bfd peers json", check=False).stdout
        try:
            return {peer["peer"]: peer for peer in json.loads(shown)}
        except json.JSONDecodeError:
            return {}


def route_between(lab, director, frr):
    """Each end has an address of its own that only the router knows the way to."""
    router = lab.node("router", "192.0.2.254/24", "2001:db8::fe/64")
    for name in ("net.ipv4.conf.all.send_redirects", "net.ipv4.conf.eth0.send_redirects"):
        router.sysctl(name, 0)
    router.sysctl("net.ipv4.ip_forward", 1)
    router.sysctl("net.ipv6.conf.all.forwarding", 1)
    for node, end in ((director, 0), (frr, 1)):
        node.sysctl("net.ipv6.conf.eth0.accept_redirects", 0)
        for family, gateway in (("ipv4", "192.0.2.254"), ("ipv6", "2001:db8::fe")):
            bits = 32 if family == "ipv4" else 128
            ours, theirs = ROUTED[family][end], ROUTED[family][not end]
            node.ip(f"address add {ours}/{bits} dev lo" + " nodad" * (family == "ipv6"),
                    f"route add {theirs}/{bits} via {gateway} src {ours}")
            router.ip(f"route add {ours}/{bits} via {DIRECT[family][end]}")


def four_sessions(interval=INTERVAL, multihop=True):
    text = "".join(instance(f"near_{family}", its, "hoplimit 255" * (family == "ipv6"), interval)
                   for family, (_, its) in DIRECT.items())
    if multihop:
        text += "".join(instance(f"far_{family}", its, f"source_ip {ours}\n\tmultihop\n\tttl 255\n\tmax_hops 1", interval)
                        for family, (ours, its) in ROUTED.items())
    return text


def test_frr(lab):
    """Single hop and multihop over both families: up, new intervals by a poll, a session removed, silence noticed."""
    assert lab.pulse, "beats from now on"
    director = lab.node("director", f"{DIRECT['ipv4'][0]}/24", f"{DIRECT['ipv6'][0]}/64")
    frr = Frr(lab)
    route_between(lab, director, frr.node)
    capture = director.capture("eth0", "udp")
    file = director.write("vipd.conf", four_sessions())
    director.snmpd()
    daemon = start(director, file, "-x", "-A", director.agentx)
    wait_until(lambda: list(states(director).values()) == ["Up"] * 4, 20, "up")
    peers = wait_until(lambda: len([peer for peer in frr.peers().values() if peer["status"] == "up"]) == 4 and frr.peers(),
                       10, "up at FRR")
    assert {peer["remote-receive-interval"] for peer in peers.values()} == {200}
    wait_until(lambda: results(director) == dict.fromkeys(states(director), "1"), 10, "vrrpBfdTable")
    assert {(packet.dport, packet.ttl) for packet in capture.bfd(DIRECT["ipv4"][0])} == {(3784, 255)}
    assert {(packet.dport, packet.ttl) for packet in capture.bfd(ROUTED["ipv6"][1])} == {(4784, 254)}
    assert all(packet.sport >= 49152 for packet in capture.bfd(DIRECT["ipv6"][0]))
    # A reload that changes intervals: a poll, and nobody goes down.
    reload(director, file, four_sessions(2 * INTERVAL))
    wait_until(lambda: {(peer["status"], peer["remote-receive-interval"], peer["remote-transmit-interval"])
                        for peer in frr.peers().values()} == {("up", 400, 400)}, 10, "new intervals at FRR")
    wait_until(lambda: {row["interval_us"] for row in sessions(director).values()} == {400000}, 10, "the poll is over")
    assert [row["became_down"] for row in sessions(director).values()] == [0] * 4
    reload(director, file, four_sessions())
    wait_until(lambda: {row["interval_us"] for row in sessions(director).values()} == {200000}, 10, "the poll is over")
    # Two sessions removed: their neighbors are told why.
    reload(director, file, four_sessions(multihop=False))
    wait_until(lambda: all(frr.peers()[ours]["status"] == "down" and
                           "administratively" in frr.peers()[ours]["remote-diagnostic"].lower()
                           for ours, _ in ROUTED.values()), 10, "removed")
    assert states(director) == {"near_ipv4": "Up", "near_ipv6": "Up"}
    # Silence.
    killed = frr.daemon
    wait_until(lambda: all(row["detection_us"] == round(DETECTION * 1e6) for row in sessions(director).values()), 10, "settled")
    before = capture.bfd()[-1].time
    killed.kill()
    wait_until(lambda: set(states(director).values()) == {"Down"}, 10, "down")
    wait_until(lambda: results(director) == {"near_ipv4": "0", "near_ipv6": "0"}, 10, "vrrpBfdTable")
    assert {row["diagnostic"] for row in sessions(director).values()} == {"Control Detection Time Expired"}
    for ours, its in DIRECT.values():
        wait_until(lambda: [packet for packet in capture.bfd(ours, before) if packet.state == "Down"], 10, "the capture")
        assert_detected(capture, its, ours, before, lab)
    daemon.stop(signal.SIGTERM)
    assert daemon.text().count("Up -> Down") == 2


# ---- virtual routers ----

LINES = [track(line, "bfd") for line in ("b", "b weight 10", "b weight -10", "b weight 10 reverse", "b weight 0 reverse",
                                         "b weight -10 reverse")]
UP, DOWN = [100, 110, 100, 90, SILENT, 100], [SILENT, 100, 90, 100, 100, 110]
ADDRESSES = {"vipd": "192.0.2.1", "keepalived": "192.0.2.2"}
TARGET, TARGET6 = "192.0.2.3", "2001:db8::3"


def target_of(lab):
    """keepalived, with a session for each of the two daemons."""
    node = lab.node("target", f"{TARGET}/24", f"{TARGET6}/64")
    file = node.write("keepalived.conf", "global_defs {\n}\n" + "".join(
        instance(kind, address, f"source_ip {TARGET}") for kind, address in ADDRESSES.items()) +
                      instance("six", DIRECT["ipv6"][0], f"source_ip {TARGET6}"))
    return node, file


def test_priorities_follow_a_session(lab):
    """vipd and keepalived with sessions to a third keepalived: the same priorities before, while and after it is up."""
    assert lab.pulse, "beats from now on"
    target, file = target_of(lab)
    capture, both = capture_on(lab), []
    sync = track("b", "bfd")
    for kind, address in ADDRESSES.items():
        node = lab.node(kind, f"{address}/24")
        offset = {"vipd": 0, "keepalived": 100}[kind]
        text = (config(instance("b", TARGET, f"source_ip {address}"), [*LINES, ""], offset) +
                f"vrrp_sync_group G {{\n\tgroup {{\n\t\tV7\n\t}}\n\t{sync}\n}}\n")
        started = node.vipd if kind == "vipd" else node.keepalived
        both.append(Watched(kind, started(node.write("director.conf", text)), capture, len(LINES) + 1))
        both[-1].node = node
    ours = both[0].node
    heard = ours.capture("eth0", "udp port 3784", name="bfd")
    for watched in both:
        watched.settle(DOWN + [SILENT])
    keepalived = target.keepalived(file)
    for watched in both:
        watched.settle(UP + [100])
    wait_until(lambda: sessions(ours)["b"]["detection_us"] == round(DETECTION * 1e6), 10, "intervals")
    before = heard.bfd()[-1].time
    keepalived.kill()
    for watched in both:
        watched.settle(DOWN + [SILENT])
    assert_detected(heard, TARGET, ADDRESSES["vipd"], before, lab)


# ---- real servers ----

SERVICE = """
virtual_server 198.51.100.1 80 {{
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 192.0.2.3 80 {{
        weight 10
        BFD_CHECK {{
            name b
        }}
    }}
    real_server 192.0.2.4 80 {{
        weight 10
        {other}
    }}
}}
"""


def weights(node):
    services = json.loads(node.vipctl("-j", "status").stdout)["services"]
    return [server["weight"] for server in services[0]["servers"]]


@pytest.mark.parametrize("options", [[], ["-C"]], ids=["whole", "checks only"])
def test_servers_follow_a_session(lab, options):
    """A passive session with keepalived, another over IPv6; a reload adds them with their thread, and takes them away."""
    target, peer = target_of(lab)
    director = lab.node("director", f"{ADDRESSES['vipd']}/24", f"{DIRECT['ipv6'][0]}/64")
    file = director.write("vipd.conf", SERVICE.format(other="").replace("BFD_CHECK {\n            name b\n        }", ""))
    daemon = start(director, file, *options)
    assert weights(director) == [10, 10]
    assert not sessions(director)
    session = instance("b", TARGET, "passive\n\tchecker") + instance("six", TARGET6)
    reload(director, file, session + SERVICE.format(other="BFD_CHECK {\nname b\nalpha\n}"))
    wait_until(lambda: weights(director) == [0, 0], 10, "down")
    keepalived = target.keepalived(peer)
    wait_until(lambda: weights(director) == [10, 10] and states(director) == {"b": "Up", "six": "Up"}, 15, "up")
    # One that goes on is not disturbed by what comes and goes beside it.
    reload(director, file, session + SERVICE.format(other=""))
    assert weights(director) == [10, 10]
    reload(director, file, session + SERVICE.format(other="BFD_CHECK {\nname b\nalpha\n}"))
    wait_until(lambda: weights(director) == [10, 10], 10, "the new check has heard, too")
    assert sessions(director)["b"]["became_down"] == 0
    keepalived.stop(signal.SIGTERM)
    wait_until(lambda: weights(director) == [0, 0], 10, "down")
    wait_until(lambda: "session b is down" in daemon.text(), 10, "the log says why")
    # Without it both are as they were.
    reload(director, file, SERVICE.format(other="").replace("BFD_CHECK {\n            name b\n        }", ""))
    wait_until(lambda: weights(director) == [10, 10] and not sessions(director), 10, "without")
    daemon.stop(signal.SIGTERM)


def test_no_bfd(lab):
    """-B: no session runs, and what tracks one is in FAULT, as with keepalived."""
    node = lab.node("director", f"{ADDRESSES['vipd']}/24")
    file = node.write("vipd.conf", config(instance("b", TARGET), [track("b", "bfd"), track("b weight 5", "bfd")], 0))
    daemon = start(node, file, "-B")
    rows = lambda: [row["state"] for row in json.loads(node.vipctl("-j", "status").stdout)["instances"]]
    wait_until(lambda: rows() == ["FAULT", "MASTER"], 15, "states")
    assert "bfd" not in json.loads(node.vipctl("-j", "status").stdout)["daemon"]["threads"]
    holds(lambda: ":3784" not in node.output("ss", "-Hlnu"), 0.3, "no port")
    daemon.stop(signal.SIGTERM)
