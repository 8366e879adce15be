# SPDX-License-Identifier: MIT
"""core/net/ipvs.c against a real kernel, through tests/tools/ipvsprobe, judged by ipvsadm."""

import json
import re
import subprocess
import time

import pytest

from lab import Lab, build_dir, wait_until

SCHEDULERS = "rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq twos".split()
SERVICE = "service tcp 192.0.2.1 80 "


class Director:
    """A node with IPVS, driven by the probe and seen by ipvsadm."""

    def __init__(self, node):
        self.node = node

    def probe(self, *commands, wrapper=()):
        script = self.node.write("script", "\n".join(commands) + "\n")
        words = [*wrapper, build_dir() / "tests/tools/ipvsprobe"]
        result = self.node.run("sh", "-c", 'exec "$@" <"$0"', script, *words, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.splitlines()

    def apply(self, *commands):
        answers = self.probe(*commands, "apply")
        assert set(answers) == {"0"}, (commands, answers)

    def dump(self):
        return json.loads(self.probe("dump")[0])

    def dests(self):
        return {dest["dest"]: dest for service in self.dump()["services"] for dest in service["dests"]}

    def saved(self):
        """ipvsadm's own account, one entry a line."""
        return [line.strip() for line in self.node.output("ipvsadm", "-Sn").splitlines()]


@pytest.fixture(scope="module")
def shared_lab():
    with Lab() as made:
        yield made, Director(made.node("director", "10.0.0.254/24"))


@pytest.fixture
def director(shared_lab):
    """One node for all tests, its table empty at the start of each."""
    shared_lab[1].node.run("ipvsadm", "-C")
    return shared_lab[1]


def test_loads_the_module_by_itself(director):
    loaded = [line.split()[0] for line in open("/proc/modules", encoding="ascii") if line.startswith("ip_vs")]
    if "ip_vs" in loaded:
        modules = sorted(loaded, reverse=True)
        if subprocess.run(["modprobe", "-r", *modules], check=False, capture_output=True).returncode:
            pytest.skip("ip_vs is built in or in use")
    assert not any(line.startswith("ip_vs ") for line in open("/proc/modules", encoding="ascii"))
    assert director.dump()["services"] == []
    assert any(line.startswith("ip_vs ") for line in open("/proc/modules", encoding="ascii"))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler(director, scheduler):
    known = subprocess.run(["modinfo", f"ip_vs_{scheduler}"], check=False, capture_output=True).returncode == 0
    if not known:
        # Debian's kernels leave twos out: it must be told, not half done.
        assert director.probe(SERVICE + scheduler, "apply") == ["0", "ENOENT"] and director.saved() == []
        pytest.skip(f"this kernel is built without ip_vs_{scheduler}")
    director.apply(SERVICE + scheduler, "dest 10.0.0.1 80 nat weight=3")
    assert director.saved() == [f"-A -t 192.0.2.1:80 -s {scheduler}",
                                "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 3"]


def test_missing_scheduler_is_told(director):
    assert director.probe(SERVICE + "nosuch", "apply") == ["0", "ENOENT"]
    assert director.saved() == []
    # An edit that fails leaves the service, and what can be done is done.
    director.apply(SERVICE + "rr", "dest 10.0.0.1 80 nat")
    assert director.probe(SERVICE + "nosuch", "dest 10.0.0.1 80 nat weight=5", "apply")[-1] == "ENOENT"
    assert director.saved() == ["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 5"]


def test_methods_limits_and_weights(director):
    director.apply(SERVICE + "wlc", "dest 10.0.0.1 80 nat weight=0", "dest 10.0.0.2 80 dr weight=300",
                   "dest 10.0.0.3 80 tun weight=65535", "dest 10.0.0.4 80 gue:6080 weight=1 csum=1",
                   "dest 10.0.0.5 80 gre csum=0", "dest 10.0.0.6 80 gue:6081 csum=2",
                   "dest 10.0.0.7 8080 nat upper=10 lower=5")
    prefix = "-a -t 192.0.2.1:80 -r 10.0.0."
    assert sorted(director.saved()[1:]) == [
        prefix + "1:80 -m -w 0",
        prefix + "2:80 -g -w 300",
        prefix + "3:80 -i -w 65535 --tun-type ipip",
        prefix + "4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
        prefix + "5:80 -i -w 1 --tun-type gre --tun-nocsum",
        prefix + "6:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-remcsum",
        prefix + "7:8080 -m -w 1",
    ]
    thresholds = director.node.output("ipvsadm", "-Ln", "--thresholds")
    assert re.search(r"10\.0\.0\.7:8080 +10 +5 ", thresholds), thresholds
    found = director.dests()
    assert found["10.0.0.4:80"]["tunnel"] == [1, 6080, 1] and found["10.0.0.5:80"]["tunnel"][0] == 2
    assert [found[f"10.0.0.{i}:80"]["forward"] for i in (1, 2, 3)] == [1, 2, 3]
    assert (found["10.0.0.7:8080"]["upper"], found["10.0.0.7:8080"]["lower"]) == (10, 5)
    assert found["10.0.0.3:80"]["weight"] == 65535


def test_flags_are_edited_in_place(director):
    director.apply(SERVICE + "sh flags=0x18", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s sh -b sh-fallback,sh-port"
    director.apply(SERVICE + "sh flags=0x10", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s sh -b sh-port"
    director.apply(SERVICE + "mh flags=0x18", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s mh -b mh-fallback,mh-port"
    director.apply(SERVICE + "wlc flags=0", "dest 10.0.0.1 80 dr")
    assert director.saved() == ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"]


def test_persistence(director):
    director.apply(SERVICE + "wlc flags=1 persist=300/24", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s wlc -p 300 -M 255.255.255.0"
    director.apply(SERVICE + "wlc flags=1 persist=360/32", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s wlc -p 360"
    director.apply(SERVICE + "wlc", "dest 10.0.0.1 80 dr")
    assert director.saved()[0] == "-A -t 192.0.2.1:80 -s wlc"
    director.apply("service udp 192.0.2.1 5060 rr flags=1 persist=60/32 pe=sip", "dest 10.0.0.1 5060 nat")
    assert "-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip" in director.saved()
    assert [s["engine"] for s in director.dump()["services"] if "5060" in s["service"]] == ["sip"]


def test_marks_and_families_are_kept_apart(director):
    director.apply("service mark 5 inet rr", "dest 10.0.0.1 0 dr weight=1")
    director.apply("service mark 5 inet6 wrr", "dest 2001:db8::2 0 dr weight=2")
    director.apply("service udp 192.0.2.1 53 rr flags=4", "dest 10.0.0.1 53 nat")
    saved = director.saved()
    assert "-A -f 5 -s rr" in saved and "-A -f 5 -6 -s wrr" in saved
    assert "-A -u 192.0.2.1:53 -s rr -o" in saved
    assert [service["service"] for service in director.dump()["services"]] == [
        "192.0.2.1:53/udp", "fwmark:5/inet", "fwmark:5/inet6"]
    assert director.probe("service mark 5 inet rr", "remove") == ["0", "0"]
    assert [line for line in director.saved() if line.startswith("-A -f")] == ["-A -f 5 -6 -s wrr"]
    assert director.probe("service mark 5 inet rr", "remove") == ["0", "0"]  # absent is success


def test_ipv6(director):
    # Without persistence too the kernel demands a valid prefix.
    director.apply("service tcp 2001:db8::1 80 wlc", "dest 2001:db8::2 80 dr", "dest 2001:db8::3 80 nat weight=9")
    assert director.saved() == ["-A -t [2001:db8::1]:80 -s wlc",
                                "-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -g -w 1",
                                "-a -t [2001:db8::1]:80 -r [2001:db8::3]:80 -m -w 9"]
    director.apply("service tcp 2001:db8::1 80 wlc flags=1 persist=50/64", "dest 2001:db8::2 80 dr")
    assert director.saved()[0] == "-A -t [2001:db8::1]:80 -s wlc -p 50 -M 64"
    # A tunnel may lead to another family.
    director.apply("service tcp 2001:db8::9 80 rr", "dest 10.0.0.1 80 tun")
    assert "-a -t [2001:db8::9]:80 -r 10.0.0.1:80 -i -w 1 --tun-type ipip" in director.saved()


def requests(director, *commands):
    """How many netlink messages a probe sends."""
    # The leak check of a sanitized build does not work under strace.
    director.probe(*commands, wrapper=("env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-qq", "-e", "trace=sendmsg,sendto", "-o", "/run/trace"))
    return director.node.output("cat", "/run/trace").count("AF_NETLINK")


def test_only_differences_are_sent(director):
    dests = [f"dest 10.0.0.{i} 80 dr weight={i}" for i in range(1, 9)]
    director.apply(SERVICE + "wlc flags=1 persist=300/32", *dests)
    same = requests(director, SERVICE + "wlc flags=1 persist=300/32", *dests, "apply")
    assert same > 0
    edited = [*dests[:3], "dest 10.0.0.4 80 dr weight=77", *dests[4:]]
    assert requests(director, SERVICE + "wlc flags=1 persist=300/32", *edited, "apply") == same + 1
    assert requests(director, SERVICE + "wlc flags=1 persist=300/32", *edited[1:], "apply") == same + 1
    assert requests(director, SERVICE + "wrr flags=1 persist=300/32", *edited[1:], "apply") == same + 1
    assert len(director.saved()) == 8


def test_wrong_knowledge_is_put_right(director):
    # "There is nothing" while it is: EEXIST becomes an edit.
    director.apply(SERVICE + "wlc", "dest 10.0.0.1 80 dr weight=1")
    assert director.probe(SERVICE + "rr", "dest 10.0.0.1 80 dr weight=7", "blind")[-1] == "0"
    assert director.saved() == ["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 7"]
    # "It is there" while a destination, then all of it, is gone: an edit becomes an addition.
    director.node.run("ipvsadm", "-d", "-t", "192.0.2.1:80", "-r", "10.0.0.1:80")
    assert director.probe(SERVICE + "rr", "dest 10.0.0.1 80 dr weight=8", "stale")[-1] == "0"
    assert director.saved()[1].endswith("-w 8")
    director.node.run("ipvsadm", "-C")
    assert director.probe(SERVICE + "rr", "dest 10.0.0.1 80 dr weight=9", "stale")[-1] == "0"
    assert director.saved() == ["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 9"]


def test_large_tables_are_read_whole(director):
    services = 40
    script = []
    for i in range(services):
        script += [f"service tcp 192.0.2.{i + 1} 80 rr", *[f"dest 10.0.{i}.{k + 1} 80 nat" for k in range(60)], "apply"]
    assert set(director.probe(*script)) == {"0"}
    found = director.dump()
    assert len(found["services"]) == services
    assert all(len(service["dests"]) == 60 for service in found["services"])
    assert len({dest["dest"] for service in found["services"] for dest in service["dests"]}) == services * 60
    assert director.probe("flush") == ["0"] and director.saved() == []


def test_timeouts(director):
    before = director.dump()["timeouts"]
    assert director.probe("timeouts 777 0 33") == ["0"]
    assert director.dump()["timeouts"] == [777, before[1], 33]
    assert re.search(r"777 \d+ 33", director.node.output("ipvsadm", "-L", "--timeout"))


def test_edits_keep_connections_and_counters(shared_lab, director):
    lab, _ = shared_lab
    server = lab.node("server", "10.0.0.1/24")
    client = lab.node("client", "10.0.0.9/24")
    server.run("ip", "route", "replace", "default", "via", "10.0.0.254")
    server.run("ip", "route", "add", "10.0.0.9/32", "via", "10.0.0.254")
    server.sysctl("net.ipv4.conf.all.accept_redirects", 0)
    server.sysctl("net.ipv4.conf.eth0.accept_redirects", 0)
    director.node.sysctl("net.ipv4.ip_forward", 1)
    director.node.sysctl("net.ipv4.conf.all.send_redirects", 0)
    director.node.sysctl("net.ipv4.conf.eth0.send_redirects", 0)
    director.node.add_address("eth0", "10.0.0.100/24")
    server.nginx("here\n", size=400_000, rate="20k")
    service = "service tcp 10.0.0.100 80 "
    director.apply(service + "wlc", "dest 10.0.0.1 80 nat weight=1")
    download = client.popen("curl", "-sS", "-o", "/dev/null", "http://10.0.0.100/big", log="download.log")
    wait_until(lambda: director.dests()["10.0.0.1:80"]["active"] == 1, what="the connection", timeout=30)
    for scheduler, weight in (("rr", 5), ("wrr", 0), ("sh", 0), ("wlc", 7), ("wlc", 0)):
        director.apply(service + scheduler, f"dest 10.0.0.1 80 nat weight={weight}")
        assert director.dests()["10.0.0.1:80"]["active"] == 1
    time.sleep(2.5)  # counters are summed every 2 s
    found = director.dests()["10.0.0.1:80"]
    assert found["conns"] == 1 and found["in_packets"] > 0 and found["in_octets"] > found["in_packets"] * 40 - 1
    assert client.curl("http://10.0.0.100/") is None  # weight 0 takes nothing new
    wait_until(lambda: not download.alive(), what="the download", timeout=120)
    assert download.popen.returncode == 0
    wait_until(lambda: director.dests()["10.0.0.1:80"]["active"] == 0, what="its end", timeout=30)


def test_without_privilege_it_says_so(director):
    result = director.node.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "sh", "-c",
                               'echo dump | "$0"', build_dir() / "tests/tools/ipvsprobe", check=False)
    assert "EPERM" in result.stdout, result.stdout + result.stderr
