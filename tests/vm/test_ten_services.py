# SPDX-License-Identifier: MIT
"""Ten services in a real kernel: what a reload, a crash and a stop do to them, and what they leave alone.

One laboratory for all steps, in order. Commands to the kernel are counted by strace, which shows each generic
netlink message vipd sends; addresses are watched by `ip monitor`, adverts by a capture.
"""

import json
import re
import signal
import time

import pytest

from lab import build_dir, wait_until

ROOM = 30  # seconds a slow machine may add
VIPS = [f"192.0.2.{host}" for host in range(101, 111)]
SERVERS = ["192.0.2.21", "192.0.2.22"]
VRID = 7
BIG_BYTES, BIG_RATE = 1_500_000, 50_000
INSTANCE = """
global_defs {{
    router_id ten
}}
vrrp_instance VI_1 {{
    interface eth0
    state MASTER
    virtual_router_id {vrid}
    priority 150
    advert_int 1
    virtual_ipaddress {{
        {vips}
    }}
}}
"""
COMMANDS = {1: "NEW_SERVICE", 2: "SET_SERVICE", 3: "DEL_SERVICE", 5: "NEW_DEST", 6: "SET_DEST", 7: "DEL_DEST", 12: "SET_CONFIG",
            16: "ZERO", 17: "FLUSH"}


def config(weights=None):
    """Ten services of two servers; weights: {index of service: weight of its first server}."""
    text = INSTANCE.format(vrid=VRID, vips="\n        ".join(VIPS))
    for number, vip in enumerate(VIPS):
        text += f"virtual_server {vip} 80 {{\n    delay_loop 5\n    lb_algo rr\n    lb_kind DR\n    protocol TCP\n"
        for server in SERVERS:
            weight = (weights or {}).get(number, 1) if server == SERVERS[0] else 1
            text += f"    real_server {server} 80 {{\n        weight {weight}\n        TCP_CHECK {{\n"
            text += "            connect_timeout 5\n        }\n    }\n"
        text += "}\n"
    return text


class Bench:
    def __init__(self, lab):
        self.director = lab.node("director", "192.0.2.1/24")
        self.web = lab.node("web", *[f"{server}/24" for server in SERVERS])
        self.web.real_server(*VIPS)
        self.web.nginx("web\n", size=BIG_BYTES, rate=BIG_RATE)
        self.client = lab.node("client", "192.0.2.50/24")
        self.capture = self.client.capture("eth0", "vrrp or arp")
        self.file = self.director.write("vipd.conf", config())
        self.daemon = self.download = None
        self.traces = 0

    def start(self, traced=False):
        words = [build_dir() / "vipd", "-n", "-l", "-D", "-f", self.file]
        if traced:
            self.traces += 1
            self.trace = self.director.dir / f"trace-{self.traces}"
            # -D: strace is the child, so that signals reach vipd.
            words = ["strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=sendmsg", "-x", "-s", "64", "-o", self.trace, *words]
        self.daemon = self.director.popen(*words, log=f"vipd-{time.monotonic_ns()}.log")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), 20 + ROOM, "vipd")
        wait_until(lambda: all(self.director.has_address(vip) for vip in VIPS), 10 + ROOM, "the addresses")
        wait_until(self.complete, 10 + ROOM, "the table")

    def saved(self):
        return self.director.output("ipvsadm", "-Sn").splitlines()

    def complete(self):
        return sum(line.startswith("-A") for line in self.saved()) == 10 and sum("-a" in line for line in self.saved()) == 20

    def commands(self):
        """Names of the commands that changed the kernel's table, as vipd sent them."""
        return [COMMANDS[number] for number in ipvs_commands(self.trace.read_text()) if number in COMMANDS]

    def connections(self):
        """{VIP: connections ever scheduled}"""
        text = self.director.output("ipvsadm", "-Ln", "--stats", "--exact")
        return {vip: int(count) for vip, count in re.findall(r"TCP +([\d.]+):80 +(\d+)", text)}

    def busy_server(self, vip):
        """The server with an established connection of a service."""
        found = re.search(rf"ESTABLISHED +\S+ +{vip}:80 +([\d.]+):80", self.director.output("ipvsadm", "-Lnc"))
        return found and found[1]

    def admin(self, vip, server):
        """(administrative state, drain state) as vipctl tells."""
        services = json.loads(self.director.vipctl("-j", "status").stdout)["services"]
        return next((found["admin"], found["drain"]["state"]) for service in services if service["service"].startswith(f"{vip}:")
                    for found in service["servers"] if found["server"] == f"{server}:80")

    def curl_all(self):
        text = self.client.output("curl", "-sS", "-m", "3", *[f"http://{vip}/" for vip in VIPS], check=False)
        assert text.split() == ["web"] * len(VIPS)

    def held(self):
        """A download through the last service that spans what follows."""
        if not (self.download and self.download.alive()):
            self.download = self.client.popen("curl", "-sS", "-f", "-m", "200", "-o", "/dev/null", "-w",
                                              "%{http_code} %{size_download}", f"http://{VIPS[9]}/big", log=f"download-{time.monotonic_ns()}.log")
            wait_until(lambda: self.connections()[VIPS[9]] > 0, 10 + ROOM, "the download")
        return self.download


def ipvs_commands(trace):
    """The command numbers of the messages to the IPVS family: its type is what the first GET_INFO-like ones share."""
    found = re.findall(r"nlmsg_type=(\w+)[^}]*\}, \"\\x([0-9a-f]{2})\\x01\\x00\\x00", trace)
    return [int(command, 16) for kind, command in found if kind not in ("nlctrl", "GENL_ID_CTRL")]


@pytest.fixture(scope="module")
def bench(story_lab):
    made = Bench(story_lab)
    made.start(traced=True)
    made.director.run("ipvsadm", "--set", "0", "2", "0")  # ended connections are forgotten sooner, those of any test
    return made


def unharmed(download):
    """It goes on, or has come to its end in the meantime."""
    return download.alive() or download.text() == f"200 {BIG_BYTES}"


def test_a_start_says_each_thing_once(bench):
    assert sorted(bench.commands()) == ["NEW_DEST"] * 20 + ["NEW_SERVICE"] * 10
    bench.curl_all()


def test_a_reload_touches_what_changed(bench):
    download = bench.held()
    wait_until(lambda: min(bench.connections().values()) > 0, 5 + ROOM, "every service counted")
    before, said, began = bench.connections(), len(bench.commands()), time.time()
    monitor = bench.director.monitor("address")
    bench.file.write_text(config({3: 5}))
    bench.director.vipctl("reload")
    assert f"-a -t {VIPS[3]}:80 -r {SERVERS[0]}:80 -g -w 5" in bench.saved()
    assert bench.commands()[said:] == ["SET_DEST"]
    bench.director.vipctl("reload")
    time.sleep(2.5)
    assert bench.commands()[said:] == ["SET_DEST"], "a reload without a change says nothing"
    assert not [line for line in monitor.lines() if "192.0.2.1" in line], "no address came or went"
    monitor.process.stop()
    after = bench.connections()
    assert all(after[vip] >= before[vip] for vip in VIPS), "counters go on"
    wait_until(lambda: len(bench.capture.adverts(vrid=VRID, since=began)) >= 3, 5, "adverts")
    # An advert that is left out makes a gap of 2 s.
    assert bench.capture.largest_gap(vrid=VRID, since=began)[0] < 1.6
    assert unharmed(download)


def test_a_crash_and_a_restart_touch_nothing(bench):
    download, before, saved = bench.held(), bench.connections(), bench.saved()
    bench.daemon.kill()
    assert bench.director.count_address(VIPS[0]) == 1, "left behind, as the test wants it"
    monitor = bench.director.monitor("address", name="crash-monitor")
    bench.start(traced=True)
    wait_until(lambda: bench.capture.adverts(vrid=VRID, since=time.time() - 1), 10 + ROOM, "adverts again")
    assert bench.commands() == [], "the table that was left is adopted as it is"
    assert bench.saved() == saved
    assert [bench.director.count_address(vip) for vip in VIPS] == [1] * 10
    # Each stays or is taken away and set again, but is never there twice.
    assert not [line for line in monitor.lines() if "secondary" in line]
    monitor.process.stop()
    assert all(bench.connections()[vip] >= before[vip] for vip in VIPS), "counters go on"
    assert unharmed(download), "a connection through IPVS does not notice"
    bench.curl_all()


def test_vipctl_drains_to_the_end(bench):
    """Without persistence: a drain is over when the connections are."""
    download, vip = bench.held(), VIPS[9]
    server = wait_until(lambda: bench.busy_server(vip), 5 + ROOM, "the server of the download")
    bench.director.vipctl("drain", f"{vip}:80", f"{server}:80", "--comment", "new kernel")
    assert f"-a -t {vip}:80 -r {server}:80 -g -w 0" in bench.saved()
    assert bench.admin(vip, server) == ("shuttingDown", "draining")
    assert download.alive()
    wait_until(lambda: not download.alive(), BIG_BYTES / BIG_RATE + ROOM, "the download's end")
    assert download.text() == f"200 {BIG_BYTES}"
    wait_until(lambda: bench.admin(vip, server) == ("locked", "drained"), 10 + ROOM, "drained")
    assert not any(f"-t {vip}:80 -r {server}:80" in line for line in bench.saved())
    bench.director.vipctl("undrain", f"{vip}:80", f"{server}:80")
    assert f"-a -t {vip}:80 -r {server}:80 -g -w 1" in bench.saved()


def timed_stop(daemon):
    began = time.monotonic()
    assert daemon.stop(signal.SIGTERM, timeout=30) == 0
    return time.monotonic() - began


def test_a_stop_leaves_nothing_and_is_faster_than_keepalived(bench, record_property):
    bench.daemon.kill()  # the traced one, which strace slows
    bench.start()
    wait_until(lambda: bench.capture.adverts(vrid=VRID, since=time.time() - 1), 10 + ROOM, "master")
    vipd = timed_stop(bench.daemon)
    assert bench.saved() == []
    assert not any(bench.director.has_address(vip) for vip in VIPS)
    assert bench.director.has_address("192.0.2.1/24")
    wait_until(lambda: bench.capture.adverts(vrid=VRID)[-1].priority == 0, 5, "the advert that says so")

    peer = bench.director.keepalived(bench.file)
    wait_until(bench.complete, 20 + ROOM, "keepalived's table")
    wait_until(lambda: all(bench.director.has_address(vip) for vip in VIPS), 20 + ROOM, "keepalived's addresses")
    keepalived = timed_stop(peer)
    record_property("stop_s", f"{vipd:.2f}")
    print(f"stop with 10 services: vipd {vipd:.2f} s, keepalived {keepalived:.2f} s")
    assert vipd < keepalived
