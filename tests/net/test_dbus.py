# SPDX-License-Identifier: MIT
"""The D-Bus service on a private bus: beside keepalived's, by busctl; and buses that are absent, hang or restart."""

import collections
import json
import time

from lab import ROOT, Lab, build_dir, holds, wait_until

NAME = "org.keepalived.Vrrp1"
BUS = "unix:path=/run/bus"
VRRP = ("/org/keepalived/Vrrp1/Vrrp", NAME + ".Vrrp")
# As a system bus is: method calls and names are denied unless a policy allows them.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>{policy}</include>
</busconfig>
"""


def instance(name, vrid, interface="eth0", more=""):
    return f"""
vrrp_instance {name} {{
    interface {interface}
    virtual_router_id {vrid}
    priority 100
    version 3
    advert_int 0.2
    {more}
    virtual_ipaddress {{
        192.0.2.{vrid + 100}/32
    }}
}}
"""


def defs(*lines):
    return "global_defs {\n enable_dbus\n " + "\n ".join(lines) + "\n}\n"


def at(interface, vrid, family="IPv4"):
    return (f"/org/keepalived/Vrrp1/Instance/{interface}/{vrid}/{family}", NAME + ".Instance")


class Director:
    """A node with a bus of its own under /run, and a daemon on it."""

    def __init__(self, lab, policy=ROOT / "core/run/vipd-dbus.conf"):
        self.node = lab.node("director", "192.0.2.1/24")
        # Everybody may use the bus of the node, wherever it is.
        for folder in (lab.dir, self.node.dir, self.node.dir / "run"):
            folder.chmod(0o755)
        self.config = self.node.write("bus.conf", BUS_CONFIG.format(policy=policy))
        self.bus = self.monitor = self.daemon = self.file = None

    def start_bus(self):
        (self.node.dir / "run/bus").unlink(missing_ok=True)
        self.bus = self.node.popen("dbus-daemon", "--nofork", "--nopidfile", f"--config-file={self.config}", log="bus.log")
        wait_until(lambda: (self.node.dir / "run/bus").exists(), what="the bus")
        log = f"monitor-{time.monotonic_ns()}.log"
        self.monitor = self.node.popen("busctl", f"--address={BUS}", "monitor", "--json=short", log=log)
        wait_until(lambda: '"NameAcquired"' in self.monitor.text() or "onitoring" in self.monitor.text(), what="the monitor")
        return self

    def start(self, text, kind="vipd"):
        self.file = self.node.write("director.conf", text)
        env = {"DBUS_SYSTEM_BUS_ADDRESS": BUS, "TMPDIR": str(self.node.dir)}
        pids = [f"--{each}={self.node.dir}/run/{each}" for each in ("pid", "vrrp_pid", "checkers_pid", "bfd_pid")]
        command = [build_dir() / "vipd", "-n", "-l", "-D"] if kind == "vipd" else ["keepalived", "-n", "-l", "-D", "-G", *pids]
        self.daemon = self.node.popen(*command, "-f", self.file, log=f"{kind}.log", env=env)
        return self

    def busctl(self, *words, user=None, check=True):
        prefix = ["setpriv", f"--reuid={user}", "--clear-groups"] if user else []
        return self.node.run(*prefix, "busctl", f"--address={BUS}", "--timeout=5", *words, check=check)

    def call(self, where, method, **options):
        return self.busctl("call", NAME, *where, method, **options)

    def get(self, where, what):
        return self.busctl("get-property", NAME, *where, what).stdout.strip()

    def is_there(self, name=NAME):
        return name in self.busctl("list", "--acquired").stdout

    def signals(self):
        """[(path, member, arguments)] of the service, in order."""
        found = []
        for line in self.monitor.text().rpartition("\n")[0].splitlines():
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if message["type"] == "signal" and message.get("interface", "").startswith(NAME):
                found.append((message["path"], message["member"], *message["payload"]["data"]))
        return found

    def waits(self, *signal, count=1):
        wait_until(lambda: self.signals().count(signal) >= count, 15, str(signal))

    def interface(self, where):
        """What introspection says of it: {name: (kind, signature)}."""
        rows = [line.split() for line in self.busctl("introspect", NAME, *where).stdout.splitlines()[1:]]
        return {row[0]: (row[1], row[2]) for row in rows}


LIFE = (defs() + instance("V_1", 1) + instance("V_2", 2, "eth0.5") +
        instance("V_3", 3, more="unicast_src_ip 192.0.2.1\nunicast_peer {\n 192.0.2.77\n}"))


def live(d, kind):
    """Start, a lost link, reloads, a stop. Returns the interfaces and every signal by its path."""
    d.start(LIFE, kind)
    for path in (at("eth0", 1)[0], at("eth0_5", 2)[0], at("eth0", 3)[0]):
        d.waits(path, "VrrpStatusChange", 2)
    interfaces = [d.interface(where) for where in (VRRP, at("eth0", 1))]
    assert d.get(at("eth0", 1), "State") == '(us) 2 "Master"'
    tree = [line for line in d.busctl("tree", "--list", NAME).stdout.splitlines() if line.endswith("IPv4")]
    for method in ("PrintData", "PrintStats"):
        d.call(VRRP, method)
    wait_until((d.node.dir / "keepalived.stats").exists, what="the statistics")
    wait_until((d.node.dir / "keepalived.data").exists, what="the data")
    d.node.ip("link set eth0 down")
    d.waits(at("eth0", 1)[0], "VrrpStatusChange", 3)
    assert d.get(at("eth0", 1), "State") == '(us) 3 "Fault"'
    d.node.ip("link set eth0 up")
    for path in (at("eth0", 1)[0], at("eth0_5", 2)[0], at("eth0", 3)[0]):
        d.waits(path, "VrrpStatusChange", 2, count=2)
    d.file.write_text(LIFE[:LIFE.index("vrrp_instance V_3")])
    d.call(VRRP, "ReloadConfig")
    d.waits(VRRP[0], "VrrpReloaded")
    assert "no" in d.call(at("eth0", 3), "SendGarp", check=False).stderr.lower()
    assert d.daemon.stop() == 0
    d.waits(VRRP[0], "VrrpStopped")
    told = collections.defaultdict(list)
    for path, *what in d.signals():
        told[path].append(what)
    return interfaces, sorted(tree), told


def test_it_is_that_of_keepalived(lab):
    with Lab() as other:
        found = []
        for each, kind in ((other, "keepalived"), (lab, "vipd")):
            d = Director(each).start_bus()
            d.node.ip("link add link eth0 name eth0.5 type macvlan", "link set eth0.5 up",
                      "address add 192.0.2.11/24 dev eth0.5")
            found.append(live(d, kind))
        assert found[0] == found[1]
        assert found[1][2][VRRP[0]] == [["VrrpStarted"], ["VrrpReloaded"], ["VrrpStopped"]]


def test_several_on_one_machine(lab):
    """Objects stand below the name of the instance."""
    with Lab() as other:
        trees = []
        for each, kind in ((other, "keepalived"), (lab, "vipd")):
            d = Director(each).start_bus().start("instance a_b\n" + defs() + instance("V_1", 1), kind)
            d.waits("/org/keepalived/Vrrp1/a_b/Instance/eth0/1/IPv4", "VrrpStatusChange", 2)
            trees.append({line for line in d.busctl("tree", "--list", NAME).stdout.splitlines()
                          if line.endswith(("IPv4", "Vrrp"))})
        assert trees[0] == trees[1]


def test_a_master_announces_its_addresses_when_asked(lab):
    d = Director(lab).start_bus()
    peer = lab.node("peer", "192.0.2.2/24")
    capture = peer.capture("eth0", "arp")
    d.start(defs("vrrp_garp_master_delay 0", "vrrp_garp_master_repeat 2") + instance("V_1", 1))
    d.waits(at("eth0", 1)[0], "VrrpStatusChange", 2)
    # Two at once, two when the address is set.
    wait_until(lambda: len(capture.gratuitous("192.0.2.101")) == 4, what="those of a new master")
    d.call(at("eth0", 1), "SendGarp")
    wait_until(lambda: len(capture.gratuitous("192.0.2.101")) == 5, what="one more")
    # Who may not, may look.
    denied = d.call(at("eth0", 1), "SendGarp", user=65534, check=False)
    assert denied.returncode and "denied" in denied.stderr.lower()
    assert d.busctl("get-property", NAME, *at("eth0", 1), "Name", user=65534).stdout.strip() == 's "V_1"'
    d.file.write_text(defs() + instance("V_1", 1, more="notify_deleted") + instance("V_2", 2))
    d.call(VRRP, "ReloadConfig")
    d.waits(at("eth0", 2)[0], "VrrpStatusChange", 2)
    peer.vipd(peer.write("peer.conf", instance("P", 2).replace("100", "200", 1)))
    d.waits(at("eth0", 2)[0], "VrrpStatusChange", 1, count=2)
    assert "the instance is not master" in d.call(at("eth0", 2), "SendGarp", check=False).stderr
    d.file.write_text(defs() + instance("V_2", 2))
    d.call(VRRP, "ReloadConfig")
    d.waits(at("eth0", 1)[0], "VrrpStatusChange", 97)


def test_a_bus_that_is_absent_hangs_or_restarts_costs_nothing(lab):
    d = Director(lab)
    watcher = lab.node("watcher", "192.0.2.9/24")
    capture = watcher.capture("eth0", "ip proto 112")
    d.start(defs() + instance("V_1", 1))
    wait_until(lambda: d.node.has_address("192.0.2.101"), what="a master")
    since = time.time()
    wait_until(lambda: "no system bus: No such file or directory" in d.daemon.text(), what="the log")
    d.start_bus()
    d.waits(VRRP[0], "VrrpStarted")
    d.waits(at("eth0", 1)[0], "VrrpStatusChange", 2)
    # It hangs: everything else goes on, also a stop of what it shows.
    d.bus.pause()
    for _ in range(3):
        d.node.vipctl("reload")
    d.node.vipctl("status")
    d.bus.resume()
    d.waits(VRRP[0], "VrrpReloaded", count=3)
    d.bus.kill()
    wait_until(lambda: "the bus is gone" in d.daemon.text(), what="the log")
    d.start_bus()
    wait_until(d.is_there, what="the service on the new bus")
    d.waits(at("eth0", 1)[0], "VrrpStatusChange", 2)
    assert "VrrpStarted" not in [member for _, member, *_ in d.signals()]
    gaps = capture.gaps(vrid=1, since=since)
    assert len(gaps) > 20 and max(gaps) < 0.6, max(gaps)
    d.bus.pause()
    began = time.monotonic()
    assert d.daemon.stop() == 0
    assert time.monotonic() - began < 3
    d.bus.resume()


def test_names_follow_a_reload(lab):
    d = Director(lab).start_bus()
    text = defs("dbus_no_interface_name without") + instance("V_1", 1)
    d.start(text.replace("enable_dbus", "") + instance("V_2", 2).replace("interface eth0", "unicast_src_ip 192.0.2.1\n"
                                                                        "unicast_peer {\n 192.0.2.77\n}"))
    wait_until(lambda: d.node.has_address("192.0.2.101"), what="a master")
    assert not d.is_there()
    d.file.write_text(d.file.read_text().replace("global_defs {", "global_defs {\nenable_dbus"))
    d.node.vipctl("reload")
    wait_until(d.is_there, what="the service")
    assert d.get(at("without", 2), "Name") == 's "V_2"'
    # Of another name: the policy does not know it, and says so; then one that somebody else has.
    d.file.write_text(defs("dbus_service_name org.example.Other") + instance("V_1", 1))
    d.node.vipctl("reload")
    wait_until(lambda: "org.example.Other: " in d.daemon.text(), what="the refusal")
    holds(lambda: not d.is_there(), 0.3)
    other = d.node.popen(build_dir() / "vipd", "-n", "-l", "-D", "-p", "/run/other.pid", "-f",
                         d.node.write("other.conf", defs() + instance("V_9", 9)), log="other.log",
                         env={"DBUS_SYSTEM_BUS_ADDRESS": BUS})
    wait_until(d.is_there, what="the other one")
    d.file.write_text(text)
    d.node.vipctl("reload")
    wait_until(lambda: f"{NAME}: File exists" in d.daemon.text(), what="the name is taken")
    assert other.stop() == 0
    wait_until(d.is_there, what="the service again")
    assert d.get(at("eth0", 1), "Name") == 's "V_1"'
    d.file.write_text(text.replace("enable_dbus", ""))
    d.node.vipctl("reload")
    wait_until(lambda: not d.is_there(), what="the end of the service")
