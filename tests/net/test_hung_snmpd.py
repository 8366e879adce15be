# SPDX-License-Identifier: MIT
"""SNMP can never cause a failover: snmpd of the master hangs, dies and hangs again while adverts are measured.

Two pairs share one network, so that both are measured in the same run: vipd, and keepalived for contrast (which
also shows that the measurement can fail). Gaps come from a capture, never from logs.
"""

import json
import os
import threading
import time

import snmp
from lab import wait_until

ADVERT_INT = 1.0  # the fastest VRRP version 2 knows
STOPPED_S = int(os.environ.get("VIPD_HUNG_SECONDS", "150"))
BACK_WITHIN_S = 5.0
ROOTS = (snmp.VRRP_MIB, snmp.KEEPALIVED_MIB, snmp.DIRECTOR_MIB)
MOVING = (snmp.DIRECTOR_MIB + ".1.6.5.", snmp.DIRECTOR_MIB + ".1.11.")  # events, alarms
REAL_SERVER_STATE = snmp.KEEPALIVED_MIB + ".3.5.0.1"
REAL_SERVER_STATUS = snmp.KEEPALIVED_MIB + ".3.4.1.6.1.1"
DEST_DOWN, DEST_UP = snmp.DIRECTOR_MIB + ".0.1", snmp.DIRECTOR_MIB + ".0.2"

VRRP = """
global_defs {{
	router_id {name}
	enable_traps
}}
vrrp_instance VI_1 {{
	state {state}
	interface eth0
	virtual_router_id {vrid}
	priority {priority}
	advert_int 1
	authentication {{
		auth_type PASS
		auth_pass 1111
	}}
	virtual_ipaddress {{
		{vip}
	}}
}}
"""
SERVICE = """
virtual_server {vip} 80 {{
	delay_loop 1
	lb_algo rr
	lb_kind DR
	protocol TCP
	real_server 10.5.0.40 80 {{
		weight 1
		TCP_CHECK {{
			connect_timeout 1
			retry 0
			delay_before_retry 1
			connect_port 8080
		}}
	}}
}}
"""


def start_pair(lab, manager, kind, vrid, first, service):
    """Two directors of one kind with an snmpd each; returns the nodes, the master first."""
    vip = f"10.5.0.{first + 9}"
    nodes = []
    for number, (state, priority) in enumerate((("MASTER", 200), ("BACKUP", 100))):
        name = f"{kind}{number}"
        node = lab.node(name, f"10.5.0.{first + number}/24")
        node.address = f"10.5.0.{first + number}"
        text = VRRP.format(name=name, state=state, vrid=vrid, priority=priority, vip=vip) + service.format(vip=vip)
        config = node.write("director.conf", text)
        node.snmpd_process = node.snmpd(traps_to=manager.address)
        start = node.vipd if kind == "vipd" else node.keepalived
        node.daemon = start(config, "-x", "-A", node.agentx)
        nodes.append(node)
    wait_until(lambda: nodes[0].has_address(vip), timeout=30, what=f"{kind} master")
    assert not nodes[1].has_address(vip)
    return nodes


class Walker(threading.Thread):
    """Walks everything again and again, as pollers do, whether or not there is an answer."""

    def __init__(self, agent):
        super().__init__(daemon=True)
        self.agent, self.ending, self.walks, self.failures = agent, threading.Event(), 0, 0

    def run(self):
        while not self.ending.wait(0.2):
            for root in ROOTS:
                try:
                    self.agent.walk(root, timeout=1)
                    self.walks += 1
                except snmp.SnmpError:
                    self.failures += 1


class Flapper(threading.Thread):
    """Takes the checked port away and gives it back; every change the director saw must be announced."""

    def __init__(self, server, director):
        super().__init__(daemon=True)
        self.server, self.director, self.ending, self.seen = server, director, threading.Event(), []

    def oper(self):
        status = json.loads(self.director.vipctl("status", "-j").stdout)
        return status["services"][0]["servers"][0]["oper"]

    def run(self):
        listener = self.server.nginx("ok", port=8080)
        wait_until(lambda: self.oper() == "up", timeout=20, what="server up")
        while not self.ending.wait(4):
            wanted = "down" if listener else "up"
            if listener:
                listener.kill()
                listener = None
            else:
                listener = self.server.nginx("ok", port=8080)
            wait_until(lambda: self.oper() == wanted, timeout=20, what=f"server {wanted}")
            self.seen.append(wanted)


def all_names(agent):
    """Every object the agent tells; values move, names must not, but for rows of what happens and what is wrong now."""
    return {root: [name for name in agent.walk(root, timeout=2) if not name.startswith(MOVING)] for root in ROOTS}


def time_to_answer(agent, before):
    started = time.monotonic()

    def back():
        try:
            return all_names(agent) == before
        except snmp.SnmpError:
            return False
    wait_until(back, timeout=60, what="every object again")
    return time.monotonic() - started


def hang_kill_and_hang_again(pairs, vipd_agent, before):
    """What happens to both masters' snmpd; returns how long vipd's objects took to be back, each time."""
    masters = [pair[0] for pair in pairs]
    returns = []
    for node in masters:
        node.snmpd_process.pause()
    time.sleep(STOPPED_S)
    for node in masters:
        node.snmpd_process.resume()
    returns.append(time_to_answer(vipd_agent, before))

    for node in masters:
        node.snmpd_process.kill()
        (node.dir / "run/agentx.sock").unlink(missing_ok=True)
    time.sleep(5)
    for node in masters:
        node.snmpd_process = node.snmpd(traps_to=node.traps_to)
    returns.append(time_to_answer(vipd_agent, before))

    for node in masters:
        node.snmpd_process.kill()
        (node.dir / "run/agentx.sock").unlink(missing_ok=True)
        node.snmpd_process = node.snmpd(traps_to=node.traps_to)
        time.sleep(0.2)  # the subagent is reconnecting right now
        node.snmpd_process.pause()
    time.sleep(15)
    for node in masters:
        node.snmpd_process.resume()
    returns.append(time_to_answer(vipd_agent, before))
    return returns


def announced(traps, director):
    """up and down as the manager heard them from one director, repeats of one serial left out, in order."""
    heard, serials, count = [], set(), 0
    for trap in traps.all():
        if trap.oid in (DEST_DOWN, DEST_UP) and trap.source == director.address:
            count += 1
            serial = next(iter(trap.varbinds.values())).text
            if serial not in serials:
                serials.add(serial)
                heard.append((int(serial), "down" if trap.oid == DEST_DOWN else "up"))
    return [state for _, state in sorted(heard)], count - len(heard)


def test_a_hung_snmpd_never_moves_the_master(lab, record_property):
    """Shows VT-6."""
    manager = lab.node("manager", "10.5.0.30/24")
    manager.address = "10.5.0.30"
    traps = manager.snmptrapd()
    server = lab.node("rs", "10.5.0.40/24")
    vipd = start_pair(lab, manager, "vipd", 51, 10, SERVICE)
    keepalived = start_pair(lab, manager, "keepalived", 61, 60, "")
    for node in vipd + keepalived:
        node.traps_to = manager.address
    agent = manager.snmp(vipd[0].address)
    capture = manager.capture("eth0", "proto 112")
    flapper = Flapper(server, vipd[0])
    flapper.start()
    wait_until(lambda: len(flapper.seen) >= 2, timeout=60, what="the first flap")
    before = all_names(agent)
    assert all(before.values())
    walker = Walker(agent)
    walker.start()

    began, pulse = time.time(), lab.pulse
    returns = hang_kill_and_hang_again((vipd, keepalived), agent, before)
    walker.ending.set()
    flapper.ending.set()
    walker.join(30)
    flapper.join(60)
    assert not flapper.is_alive()

    gap, _ = capture.largest_gap(vrid=51, source=vipd[0].address, since=began)
    contrast, _ = capture.largest_gap(vrid=61, source=keepalived[0].address, since=began)
    record_property("largest_gap_s", f"{gap:.3f}")
    record_property("keepalived_largest_gap_s", f"{contrast:.3f}")
    record_property("back_after_s", " ".join(f"{seconds:.1f}" for seconds in returns))
    print(f"largest advert gap {gap:.3f} s; keepalived {contrast:.3f} s (ratio {gap / contrast:.3f}); "
          f"back after {returns}; {walker.walks} walks, {walker.failures} unanswered; {len(flapper.seen)} flaps")
    assert capture.masters(vrid=51, since=began) == [vipd[0].address]
    assert capture.late_gaps(ADVERT_INT, pulse, vrid=51, source=vipd[0].address, since=began) == []
    if STOPPED_S >= 150:
        assert contrast > 10 * ADVERT_INT, "the contrast is gone: does this test still measure anything?"
    assert max(returns) <= BACK_WITHIN_S

    # Each flap ever seen was announced, in order; repeats only where snmpd took a trap and died before saying so.
    wait_until(lambda: len(announced(traps, vipd[0])[0]) >= len(flapper.seen), timeout=20, what="every trap")
    heard, repeats = announced(traps, vipd[0])
    assert heard[-len(flapper.seen):] == flapper.seen
    assert repeats <= 64
    wait_until(lambda: traps.count(REAL_SERVER_STATE) >= len(flapper.seen), timeout=20, what="keepalived's, too")
