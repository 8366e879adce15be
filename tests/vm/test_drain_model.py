# SPDX-License-Identifier: MIT
"""A drain stays a drain: random histories against a reference model, the kernel watched all the time.

What happens: snmpset of admin state and weight, reload, weight edits, reordering, checker flaps, script weights,
clients that come and go, kill -9, restart. After each step the kernel must come to show what the model says; at no
moment may a server that is not unlocked have a weight above 0.
"""

import os
import queue
import random
import subprocess
import sys
import threading
import time

import pytest

import drain_model
import snmp
from drain_model import ADMIN_NAMES, LOCKED, SHUTTING_DOWN, UNLOCKED, Model, Server
from lab import wait_until

STEPS = int(os.environ.get("VIPD_DRAIN_STEPS", "300"))
SEED = int(os.environ.get("VIPD_DRAIN_SEED", "20261121"))
VIP = "10.6.0.100"
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drain_peers.py")
DEST = snmp.DIRECTOR_MIB + ".1.3.1.1"
ADMIN_STATE, OVERRIDE, DRAIN_STATE = f"{DEST}.5", f"{DEST}.18", f"{DEST}.26"
REAL_SERVER_WEIGHT = snmp.KEEPALIVED_MIB + ".3.4.1.7"

HEADER = """
global_defs {{
	router_id drain
	{extra}
	script_user root
	lvs_timeouts tcp 900 tcpfin 1 udp 1
}}
virtual_server {vip} 80 {{
	delay_loop 1
	lb_algo {scheduler}
	lb_kind DR
	protocol TCP
"""
REAL_SERVER = """	real_server {address} 80 {{
		weight {weight}
		TCP_CHECK {{
			connect_timeout 2
			retry 0
			delay_before_retry 1
			connect_port 8080
		}}
{script}	}}
"""
SCRIPT = """		MISC_CHECK {{
			misc_path "{path}"
			misc_timeout 5
			misc_dynamic
		}}
"""


def index_of(address):
    return f"0.1.4.{VIP}.6.80.1.4.{address}.80"


class Bench:
    """One director, three real servers, one client, all behind one address."""

    def __init__(self, lab, names=("a", "b", "c")):
        self.lab = lab
        self.director = lab.node("director", "10.6.0.1/24", f"{VIP}/32")
        self.client_node = lab.node("client", "10.6.0.2/24")
        self.model = Model([Server(name) for name in names])
        self.nodes, self.address = {}, {}
        for number, server in enumerate(self.model.servers):
            address = f"10.6.0.{11 + number}"
            node = lab.node(server.name, f"{address}/24")
            node.real_server(VIP)
            self.nodes[server.name], self.address[server.name] = node, address
            self.health_file(server).touch()
            node.popen(sys.executable, PEERS, "server", server.name, self.health_file(server), log="server.log")
            wait_until(lambda node=node: ":8080 " in node.output("ss", "-Hlnt"), timeout=60, what="real server")
        self.client = self.client_node.popen(sys.executable, PEERS, "client", VIP, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, log="client.log")
        self.write_scripts()
        self.daemon = None
        self.watcher = Watcher(self)

    def health_file(self, server):
        return self.lab.dir / f"health-{server.name}"

    def write_scripts(self):
        """The last server has a script that may set its weight: exit status 2 + weight."""
        server = self.model.servers[-1]
        self.scripted = server.name
        self.set_script(server, None)
        path = self.lab.dir / "weight.sh"
        path.write_text(f"#!/bin/sh\nexit $(cat {self.lab.dir}/weight)\n")
        path.chmod(0o755)

    def set_script(self, server, weight):
        new = self.lab.dir / "weight.new"
        new.write_text(f"{0 if weight is None else weight + 2}\n")
        new.rename(self.lab.dir / "weight")

    def write_config(self, scheduler="wrr", extra=""):
        text = HEADER.format(vip=VIP, scheduler=scheduler, extra=extra)
        for server in self.model.servers:
            script = SCRIPT.format(path=self.lab.dir / "weight.sh") if server.name == self.scripted else ""
            text += REAL_SERVER.format(address=self.address[server.name], weight=server.configured, script=script)
        return self.director.write("director.conf", text + "}\n")

    def kernel(self):
        """{name: weight or None} as the kernel has it now."""
        return self.watcher.ask()

    def ask_client(self, words):
        self.client.popen.stdin.write(words.encode() + b"\n")
        self.client.popen.stdin.flush()
        return self.client.popen.stdout.readline().decode().strip()


class Watcher(threading.Thread):
    """Hears of every change in the kernel; a weight a drain forbids is a violation, whenever it is seen."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self.bench, self.samples, self.violations, self.answers = bench, 0, [], queue.Queue()
        self.program = bench.director.popen(sys.executable, PEERS, "watch", stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, log="watch.log")
        self.start()

    def run(self):
        for line in self.program.popen.stdout:
            kind, count, *pairs = line.decode().split()
            found = dict(pair.split("=") for pair in pairs)
            weights = {name: int(found[address]) if address in found else None
                       for name, address in self.bench.address.items()}
            self.samples = int(count)
            for server in list(self.bench.model.servers):
                if server.forbids(weights[server.name]):
                    self.violations.append(f"{server} has kernel weight {weights[server.name]}")
            if kind == "asked":
                self.answers.put(weights)

    def ask(self):
        self.program.popen.stdin.write(b"\n")
        self.program.popen.stdin.flush()
        return self.answers.get(timeout=60)


class Story:
    """Carries out steps on a bench that runs vipd, and tells the model."""

    def __init__(self, bench):
        self.bench, self.model, self.director = bench, bench.model, bench.director
        self.agent = bench.director.snmp("127.0.0.1")
        self.writer = self.agent.as_writer()

    def start(self):
        self.bench.daemon = self.director.vipd(self.director.dir / "director.conf", "-x", "-A", self.director.agentx)
        wait_until(lambda: self.agent.answers(snmp.KEEPALIVED_MIB + ".1.1.0"), timeout=60, what="the agent")

    def tell(self, oid, kind, value):
        """snmpset that is repeated only when nobody answered."""
        for _ in range(5):
            try:
                return self.writer.set(oid, kind, value, timeout=5)
            except snmp.SnmpError as error:
                if error.reason != "timeout":
                    raise
        raise AssertionError(f"no answer to a SET of {oid}")

    def admin(self, server, value):
        oid = f"{ADMIN_STATE}.{index_of(self.bench.address[server.name])}"
        self.refresh()
        if server.admin == LOCKED and value == SHUTTING_DOWN:
            with pytest.raises(snmp.SnmpError) as refused:
                self.tell(oid, "i", value)
            assert refused.value.reason == "inconsistentValue"
            return
        previous = server.admin
        if value == UNLOCKED:
            server.admin = value  # the watcher must not complain between the SET and our note of it
        try:
            self.tell(oid, "i", value)
        except snmp.SnmpError:
            server.admin = previous
            raise
        server.admin = value
        self.bench.kernel()  # the answer means that it is done: the watcher judges from here on

    def weight(self, server, value):
        if value < 0:
            self.tell(f"{OVERRIDE}.{index_of(self.bench.address[server.name])}", "i", value)
        else:
            self.tell(f"{REAL_SERVER_WEIGHT}.1.{self.model.servers.index(server) + 1}", "i", value)
        server.override = value

    def configure(self, server, value):
        server.configured = value
        self.reload()

    def reload(self, *_):
        self.bench.write_config()
        before = self.generation()
        self.bench.daemon.send(1)
        wait_until(lambda: self.generation() != before, timeout=60, what="reload")

    def generation(self):
        try:
            return self.agent.get(f"{snmp.DIRECTOR_MIB}.1.1.4.0").text
        except snmp.SnmpError:
            return None

    def reorder(self, *_):
        self.model.servers.append(self.model.servers.pop(0))
        self.reload()

    def flap(self, server, _):
        server.up = not server.up
        path = self.bench.health_file(server)
        path.touch() if server.up else path.unlink()
        oid = f"{DEST}.10.{index_of(self.bench.address[server.name])}"
        wanted = "2" if server.up else "4"
        wait_until(lambda: self.agent.get(oid).text == wanted, timeout=60, what=f"{server.name} up={server.up}")

    def script(self, _, value):
        server = next(s for s in self.model.servers if s.name == self.bench.scripted)
        server.dynamic = value
        self.bench.set_script(server, value)

    def connect(self, server, _):
        """Holds a connection to whichever server the scheduler takes, or ends what is held to this one."""
        if server.busy:
            self.bench.ask_client(f"close {server.name}")
            server.busy = False
        elif any(weight for weight in self.bench.kernel().values()):
            name = self.bench.ask_client("open")
            next(s for s in self.model.servers if s.name == name).busy = True

    def kill(self, *_):
        self.bench.daemon.kill()
        self.start()

    def restart(self, *_):
        assert self.bench.daemon.stop() == 0
        self.start()

    def refresh(self):
        """Drains with nothing left to wait for end by themselves; wait for that where the model says so."""
        for server in self.model.servers:
            self.model.settle(server)

    def settled(self):
        self.refresh()
        states = self.agent.get(*[f"{ADMIN_STATE}.{index_of(self.bench.address[s.name])}" for s in self.model.servers])
        kernel = self.bench.kernel()
        wrong = [f"{server.name}: kernel {kernel[server.name]}, wanted {server.expected()}; admin {state.text}, wanted "
                 f"{ADMIN_NAMES[server.admin]}" for server, state in zip(self.model.servers, states)
                 if kernel[server.name] not in server.expected() or state.text != str(server.admin)]
        self.wrong = wrong
        return not wrong


def test_no_history_undoes_a_drain(lab, record_property):
    bench = Bench(lab)
    bench.director.snmpd()
    bench.write_config()
    story = Story(bench)
    story.start()
    wait_until(story.settled, timeout=60, what="a first agreement")
    watcher = bench.watcher
    rng = random.Random(SEED)
    history, failures, began = [], [], time.monotonic()
    for number in range(STEPS):
        action, server, value = drain_model.random_step(rng, bench.model)
        history.append(f"{number}: {action} {server.name} {value}")
        print(f"{time.monotonic() - began:7.1f} {history[-1]}")
        getattr(story, action)(server, value)
        try:
            wait_until(story.settled, timeout=60, what="agreement", interval=0.2)
        except AssertionError:
            failures.append(f"{history[-5:]}: {story.wrong}")
            break
    record_property("samples", str(watcher.samples))
    print(f"{len(history)} steps in {time.monotonic() - began:.0f} s, seed {SEED}, {watcher.samples} kernel samples, "
          f"{len(watcher.violations)} violations")
    assert not failures
    assert not watcher.violations
    assert watcher.samples > 10 * STEPS


def test_keepalived_undoes_drains(lab):
    """The contrast: what the same operator loses with keepalived, on three of those histories."""
    bench = Bench(lab, names=("a", "c"))
    bench.director.snmpd()
    config = bench.write_config(extra="enable_snmp_checker")
    daemon = bench.director.keepalived(config, "-x", "-A", bench.director.agentx)
    agent = bench.director.snmp("127.0.0.1")
    wait_until(lambda: agent.answers(f"{REAL_SERVER_WEIGHT}.1.1"), timeout=60, what="keepalived's agent")
    writer = agent.as_writer()

    def weight_is(name, weight):
        try:
            wait_until(lambda: bench.kernel()[name] == weight, timeout=30, what=f"{name} at weight {weight}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the kernel has {bench.kernel()}\n{daemon.text()[-2000:]}") from None

    weight_is("a", 1)
    writer.set(f"{REAL_SERVER_WEIGHT}.1.1", "i", 0)
    weight_is("a", 0)
    daemon.send(1)
    weight_is("a", 1)  # a reload ends the drain

    writer.set(f"{REAL_SERVER_WEIGHT}.1.1", "i", 1000)
    weight_is("a", 232)  # a weight is cut to eight bits, and answered as success

    writer.set(f"{REAL_SERVER_WEIGHT}.1.2", "i", 0)
    weight_is("c", 0)
    bench.set_script(bench.model.servers[1], 50)
    weight_is("c", 50)  # a script weight ends it too
