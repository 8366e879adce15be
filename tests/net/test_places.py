# SPDX-License-Identifier: MIT
"""Several vipd on one machine from one file: namespaces, instances, and whose files are where."""

import signal

import pytest

from lab import build_dir, wait_until

CONF = """
@one net_namespace red
@one instance one
@two instance two
@plain use_pid_dir
global_defs {
    data_use_instance
}
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    @one priority 111
    @^one priority 122
    version 3
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.100/32
    }
}
virtual_server 192.0.2.100 80 {
    protocol TCP
    real_server 192.0.2.20 80 {
        weight 1
    }
}
"""
FILES = {"one": "red/vipd_one.pid red/control_one.sock", "two": "vipd_two.pid control_two.sock",
         "plain": "vipd.pid control.sock"}
STATE = {"one": "red/instance/one", "two": "instance/two", "plain": "."}
DUMP = {"one": "keepalived.red_one.data", "two": "keepalived.two.data", "plain": "keepalived.data"}


class Place:
    def __init__(self, node, name):
        self.node, self.name = node, name
        self.pid_file, self.socket = (node.dir / "run/vipd" / path for path in FILES[name].split())
        self.daemon = node.popen("env", f"TMPDIR={node.dir}", *command(node, name), log=f"{name}-{len(node.processes)}.log")
        self.ready()

    def ready(self):
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), what=f"vipd {self.name}")
        assert self.daemon.alive(), self.daemon.text()

    def ctl(self, *words, check=True):
        return self.node.vipctl("-s", f"/run/vipd/{self.socket.relative_to(self.node.dir / 'run/vipd')}", *words, check=check)

    def is_master(self):
        return has_vip(self.node, "red" if self.name == "one" else None)


def command(node, name):
    return [build_dir() / "vipd", "-n", "-l", "-f", node.dir / "director.conf", "-i", name]


@pytest.fixture
def node(lab):
    node = lab.node("director", "192.0.2.1/24")
    node.run("ip", "netns", "add", "red")
    node.ip("link add r0 up type veth peer name eth0 netns red")
    node.run("ip", "-n", "red", "link", "set", "eth0", "up")
    node.run("ip", "-n", "red", "link", "set", "lo", "up")
    node.run("ip", "-n", "red", "address", "add", "192.0.2.1/24", "dev", "eth0")
    node.write("director.conf", CONF)
    return node


def has_vip(node, netns):
    return "192.0.2.100/32" in node.output("ip", *(("-n", netns) if netns else ()), "-o", "address", "show")


def test_side_by_side(node):
    places = [Place(node, name) for name in FILES if name != "plain"]
    one, two = places
    for place in places:
        wait_until(place.is_master, what=f"master {place.name}")
        assert int(place.pid_file.read_text()) == place.daemon.pid
        place.ctl("drain", "192.0.2.20:80")
        assert (node.dir / "lib/vipd" / STATE[place.name] / "state.json").exists()
        place.daemon.send(signal.SIGUSR1)
        wait_until((node.dir / DUMP[place.name]).exists, what=DUMP[place.name])
        assert f"priority {122 if place is two else 111}\n" in (node.dir / DUMP[place.name]).read_text()
    assert not (node.dir / "lib/vipd/state.json").exists()
    # Neither heard the other: one address, one number, two networks.
    assert one.is_master() and two.is_master()
    again = node.run(*command(node, "two"), check=False)
    assert again.returncode == 1
    assert f"/run/vipd/vipd_two.pid: vipd is already running as process {two.daemon.pid}" in again.stderr
    # What cannot change stays, in the files as in the configuration.
    node.write("director.conf", CONF.replace("instance two", "instance three").replace("net_namespace red", ""))
    for place in places:
        place.ctl("reload")
        assert place.pid_file.exists()
    said = "'{}' cannot {} while vipd runs; its old value stays until a restart"
    wait_until(lambda: said.format("instance", "change") in two.daemon.text(), what="the note about the instance")
    wait_until(lambda: said.format("net_namespace", "be left out") in one.daemon.text(), what="the one about the namespace")
    assert one.is_master()
    assert one.daemon.stop() == 0 and two.daemon.stop() == 0
    assert not list((node.dir / "run/vipd").iterdir())
    assert not one.is_master() and not two.is_master()


def test_left_by_a_crash(node):
    for name in ("one", "plain"):
        place = Place(node, name)
        wait_until(place.is_master, what="a master")
        place.daemon.kill()
        assert place.pid_file.exists()
        place = Place(node, name)
        assert int(place.pid_file.read_text()) == place.daemon.pid
        assert place.daemon.stop() == 0
        assert not place.pid_file.exists() and not place.is_master()


def test_command_line_wins(node):
    node.write("director.conf", CONF.replace("net_namespace red", "net_namespace nowhere"))
    refused = node.run(*command(node, "one"), check=False)
    assert refused.returncode == 1
    assert "cannot enter network namespace nowhere: No such file or directory" in refused.stderr
    daemon = node.popen(*command(node, "one"), "-s", "red", "-p", "/run/own.pid", "--control-socket", "/run/own.sock")
    wait_until(lambda: has_vip(node, "red"), what="a master")
    assert int((node.dir / "run/own.pid").read_text()) == daemon.pid
    assert "V" in node.vipctl("-s", "/run/own.sock", "status").stdout
    assert daemon.stop() == 0
    node.write("director.conf", CONF.replace("@one instance", "net_namespace_ipvs nowhere\n@one instance"))
    refused = node.run(*command(node, "two"), check=False)
    assert refused.returncode == 1 and "cannot open network namespace nowhere for IPVS: No such file" in refused.stderr


def test_names_of_keepalived(node):
    daemon = node.keepalived(node.dir / "director.conf", "-i", "one", "-P")
    wait_until(lambda: has_vip(node, "red"), what="a master")
    daemon.send(signal.SIGUSR1)
    wait_until((node.dir / DUMP["one"]).exists, what="the name that vipd uses too")
    assert "Changing syslog ident to Keepalived_red_one" in daemon.text()
