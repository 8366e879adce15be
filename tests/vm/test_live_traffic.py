# SPDX-License-Identifier: MIT
"""Live traffic through every way of forwarding, in both families, while vipd is reloaded, restarted, replaced and killed.

      client .2                          web1 .21   web2 .22   (DR, TUN, firewall mark)
          |                                 |          |
    ------+------------------+--------------+----------+---   10.8.0.0/24, fd08::/64; VIPs .100 - .103
                             | .1
                          director
                             | .1
    -------------------------+----------+------------------   10.9.0.0/24, fd09::/64
                                        |
                                inside .11 .12  (NAT), gateway: the director

wrk asks all eight services all the time, mostly by new connections, at a low rate; a slow download through each of them
goes on through all the events. Nothing of either may fail. The same is done to keepalived, with the same file and
the same options, and written beside it: its figures are no condition. The director owns its addresses (priority 255):
any other virtual router begins as a backup, and takes left-over addresses away until it is master.
"""

import pathlib
import re
import shutil
import signal
import subprocess
import sys

import pytest

from lab import build_dir, wait_until

ROOM = 40  # seconds a slow machine may add
PORT = 8080
WAYS = {"NAT": 100, "DR": 101, "TUN": 102, "FWMARK": 103}
VIPS = [f"{net}{way}" for net in ("10.8.0.", "fd08::") for way in WAYS.values()]
URLS = [f"http://[{vip}]:{PORT}/" if ":" in vip else f"http://{vip}:{PORT}/" for vip in VIPS]
MARKS = {"ip": 3, "ip6": 4}
SLOW_READER = __file__.replace("test_live_traffic", "slow_reader")
BIG_BYTES = 3_000_000
PAGES = """
server {{ listen {port}; listen [::]:{port}; root {root}; keepalive_timeout 75; keepalive_requests 100000; }}
"""
# A thread with one connection for each service, 4 requests a second; two of three requests end their connection.
LUA = """
local vips, number, count, keep, close = {%s}, 0, 0
function setup(thread)
    number = number + 1
    thread.addr = wrk.lookup(vips[number], "%d")[1]
end
function init(args)
    keep = wrk.format("GET", "/")
    close = wrk.format("GET", "/", {["Host"] = wrk.headers["Host"], ["Connection"] = "close"})
end
function request()
    count = count + 1
    return count %% 3 == 0 and keep or close
end
function delay() return 250 end
function done(summary, latency)
    local e = summary.errors
    io.write(string.format("requests %%d failed %%d worst_ms %%d\\n", summary.requests,
                           e.connect + e.read + e.write + e.status + e.timeout, latency.max / 1000))
end
""" % (", ".join(f'"{vip}"' for vip in VIPS), PORT)
HEAD = """
vrrp_instance VI_1 {{
    interface eth0
    state MASTER
    virtual_router_id 9
    priority {priority}
    virtual_ipaddress {{
        {four}
    }}
    virtual_ipaddress_excluded {{
        {six}
    }}
}}
"""
MARKING = f"""
table inet marks {{
    chain incoming {{
        type filter hook prerouting priority mangle
        ip daddr 10.8.0.103 tcp dport {PORT} meta mark set {MARKS["ip"]}
        ip6 daddr fd08::103 tcp dport {PORT} meta mark set {MARKS["ip6"]}
    }}
}}
"""
UNRELATED = "virtual_server 10.8.0.109 80 {\n    lb_algo rr\n    lb_kind DR\n    protocol TCP\n    real_server 10.8.0.21 80 {\n    }\n}\n"
TIMES = "ipvsadm", "--set", "900", "2", "10"


def service(name, kind, servers, settings=""):
    text = f"virtual_server {name} {{\n    delay_loop 2\n    lb_algo rr\n    lb_kind {kind}\n    protocol TCP\n    {settings}\n"
    for server in servers:
        text += f"    real_server {server} {PORT} {{\n        TCP_CHECK {{\n            connect_timeout 5\n        }}\n    }}\n"
    return text + "}\n"


def config():
    text = HEAD.format(priority=255, four="\n        ".join(f"10.8.0.{way}" for way in WAYS.values()),
                       six="\n        ".join(f"fd08::{way}" for way in WAYS.values()))
    for family, vip, net, inside in (("ip", "10.8.0.", "10.8.0.", "10.9.0."), ("ip6", "fd08::", "fd08::", "fd09::")):
        near, far = [f"{inside}{host}" for host in (11, 12)], [f"{net}{host}" for host in (21, 22)]
        text += service(f"{vip}100 {PORT}", "NAT", near)
        text += service(f"{vip}101 {PORT}", "DR", far)
        text += service(f"{vip}102 {PORT}", "TUN", far)
        text += service(f"fwmark {MARKS[family]}", "DR", far, "" if family == "ip" else "ip_family inet6")
    return text


class Traffic:
    """What the client does; failures are counted from one look() to the next."""

    def __init__(self, bench, name):
        self.bench, self.name, self.number = bench, name, 0
        self.script = bench.client.write("wrk.lua", LUA)
        self.reader = bench.client.popen(sys.executable, SLOW_READER, *[f"{url}big" for url in URLS], log=f"reader-{name}.log",
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.wrk = None

    def start(self):
        before, self.number = self.bench.connections(), self.number + 1
        self.wrk = self.bench.client.popen("wrk", f"-t{len(URLS)}", f"-c{len(URLS)}", "-d600s", "--timeout", "8s", "-s", self.script,
                                           URLS[0], log=f"wrk-{self.name}-{self.number}.log")
        self.wait_for_more(before)

    def wait_for_more(self, before):
        """New connections through each service."""
        assert len(before) == len(URLS), before

        def more():
            now = self.bench.connections()
            return all(now.get(name, 0) >= count + 3 for name, count in before.items())

        wait_until(more, ROOM, "new connections through each service", interval=0.3)

    def stop(self):
        """(requests, failed, milliseconds of the slowest)"""
        self.wrk.send(signal.SIGINT)
        self.wrk.popen.wait(ROOM)
        found = re.search(r"requests (\d+) failed (\d+) worst_ms (\d+)", self.wrk.text())
        assert found, self.wrk.text()
        return tuple(map(int, found.groups()))

    def broken(self, command):
        """The reader's answer: downloads broken, and why."""
        self.reader.popen.stdin.write(f"{command}\n".encode())
        self.reader.popen.stdin.flush()
        words = self.reader.popen.stdout.readline().decode().split(None, 2)
        return int(words[1]), " ".join(words[2:])


class Bench:
    def __init__(self, lab):
        self.client = lab.node("client", "10.8.0.2/24", "fd08::2/64")
        self.director = lab.node("director", "10.8.0.1/24", "fd08::1/64")
        self.director.link("eth1", "10.9.0.1/24", "fd09::1/64")
        for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self.director.sysctl(name, 1)
        self.director.run("nft", "-f", "-", input=MARKING)
        inside = lab.node("inside", "10.9.0.11/24", "10.9.0.12/24", "fd09::11/64", "fd09::12/64")
        inside.ip("route add default via 10.9.0.1", "route add default via fd09::1")
        self.start_web(inside)
        for name, host in (("web1", 21), ("web2", 22)):
            node = lab.node(name, f"10.8.0.{host}/24", f"fd08::{host}/64")
            node.real_server(*[f"{net}{way}" for net in ("10.8.0.", "fd08::") for way in list(WAYS.values())[1:]])
            for module, device in (("ipip", "tunl0"), ("ip6_tunnel", "ip6tnl0")):
                node.run("modprobe", module, check=False)  # or built in
                node.ip(f"link set {device} up")
            for link in ("all", "tunl0"):
                node.sysctl(f"net.ipv4.conf.{link}.rp_filter", 0)
            self.start_web(node)
        self.file = self.director.write("director.conf", config())
        self.folder = self.director.dir / "installed"
        self.folder.mkdir()
        self.daemon, self.kind, self.runs = None, None, 0

    def start_web(self, node):
        node.nginx(f"{node.name}\n", size=BIG_BYTES, more=PAGES.format(port=PORT, root=node.dir / "nginx-80/html"))

    # ---- the director ----

    def install(self):
        """The programs of the present kind, as a package would put them: beside the old ones, then in their places."""
        names = ("vipd-exec", "vipd-mail", "vipd")
        programs = [build_dir() / name for name in names] if self.kind == "vipd" else [shutil.which("keepalived")]
        for program in programs:
            shutil.copy(program, self.folder / "new")
            (self.folder / "new").rename(self.folder / pathlib.Path(program).name)

    def start(self):
        self.runs += 1
        words = ["-f", self.file, "-I", "-V", "-n", "-l", "-D"]
        if self.kind == "keepalived":
            words += ["-G", *[f"--{kind}={self.director.dir}/run/{kind}" for kind in ("pid", "vrrp_pid", "checkers_pid", "bfd_pid")]]
        self.daemon = self.director.popen(self.folder / self.kind, *words, log=f"{self.kind}-{self.runs}.log",
                                          env={"TMPDIR": str(self.director.dir)})
        ready = "is ready" if self.kind == "vipd" else "Entering MASTER STATE"
        wait_until(lambda: ready in self.daemon.text() or not self.daemon.alive(), ROOM, self.kind, interval=0.2)
        assert self.daemon.alive(), self.daemon.text()
        wait_until(lambda: all(self.director.has_address(f"fd08::{way}") for way in WAYS.values()), ROOM, "the addresses", interval=0.2)
        wait_until(lambda: self.table().count("-a ") == 2 * len(URLS) + ("10.8.0.109" in self.file.read_text()),
                   ROOM, "the table", interval=0.2)

    def table(self):
        return self.director.output("ipvsadm", "-Sn")

    def connections(self):
        """{service: connections ever scheduled}"""
        text = self.director.output("ipvsadm", "-Ln", "--stats", "--exact")
        found = re.findall(rf"^(?:TCP +(\S+:{PORT})|FWM +(\d+)(?: IPv6)?) +(\d+) ", text, re.M)
        return {address or mark: int(count) for address, mark, count in found}

    # ---- what is done to it ----

    def reload(self):
        self.file.write_text(config() + UNRELATED)
        self.daemon.send(signal.SIGHUP)
        wait_until(lambda: "10.8.0.109:80" in self.table(), ROOM, "the reload")

    def restart(self):
        assert self.daemon.stop(timeout=ROOM) == 0
        self.start()

    def upgrade(self):
        self.install()
        self.restart()

    def kill(self):
        self.daemon.kill()
        self.start()

    def go_through(self, kind, events):
        """{event: (requests, failed, worst ms, broken downloads, why)}"""
        self.kind = kind
        self.file.write_text(config())
        self.install()
        self.start()
        traffic, results = Traffic(self, kind), {}
        for event in events:
            traffic.start()
            traffic.broken("look")
            getattr(self, event)()
            before = self.connections()
            if len(before) == len(URLS):
                traffic.wait_for_more(before)
            results[event] = traffic.stop() + traffic.broken("look")
        results["the end"] = (0, 0, 0) + traffic.broken("finish")
        self.daemon.kill()
        self.director.run("ipvsadm", "-C")
        return results


@pytest.fixture(scope="module")
def bench(story_lab):
    made = Bench(story_lab)
    made.director.run(*TIMES)
    return made


def show(kind, results):
    for event, (requests, failed, worst, broken, why) in results.items():
        print(f"{kind:10} {event:8} {requests:5} requests, {failed} failed, slowest {worst} ms, {broken} downloads broken {why}")


def test_nothing_of_vipd_fails_a_request(bench):
    results = bench.go_through("vipd", ("reload", "restart", "upgrade", "kill"))
    show("vipd", results)
    assert all(failed == 0 and broken == 0 for _, failed, _, broken, _ in results.values()), results
    assert all(requests >= 3 * len(URLS) for event, (requests, *_) in results.items() if event != "the end"), results


def test_keepalived_beside_it(bench):
    results = bench.go_through("keepalived", ("reload", "restart", "kill"))
    show("keepalived", results)
