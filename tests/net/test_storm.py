# SPDX-License-Identifier: MIT
"""Ten thousand changes of state in a second while snmpd is stopped, and while there is none: adverts and checks stay on
time, and every change is announced afterwards, the final state of each object last."""

import json
import time

from lab import wait_until
from scale import RealTimePulse, cable, frame, router, routers, states
from test_scale import STEADY, STEADY_INTERVAL, TRAPS, are_all_sent, notifications, snmpd_of, told

MANY, FLIPS = 1000, 10
LATE = 0.25
FAULT, BACKUP = "3", "1"
SERVICE = """
virtual_server 10.9.0.100 80 {
	lvs_method DR
	delay_loop 1
	real_server 10.5.0.2 80 {
		TCP_CHECK {
			connect_timeout 1
		}
	}
}
"""


TRACK = """
track_file {name} {{
	file {path}
}}
"""
TRACKED = "\ttrack_file {\n\t\tNAME weight 0\n\t}\n"


def start_thousand(lab):
    """Backups that are not masters for the next minutes, which follow a file of two; and one that sends adverts."""
    director, other = [lab.node(f"storm{i}", f"10.5.0.{i + 1}/24") for i in range(2)]
    for link in range(1, MANY // 250):
        cable(director, other, f"eth{link}", [f"10.5.{link}.{i + 1}/24" for i in range(2)])
    director.files = {name: director.write(name, "0\n") for name in ("even", "odd")}
    agent, traps = snmpd_of(lab, director)
    options = {"state": "BACKUP", "priority": 100}
    steady = router("steady", STEADY, address="10.7.0.1", state="MASTER", priority=200, interval=STEADY_INTERVAL)
    first, *rest = routers(MANY, interval=40, more=TRACKED, **options).split("NAME")
    many = first + "".join(("even", "odd")[i % 2] + text for i, text in enumerate(rest))
    files = "".join(TRACK.format(name=name, path=path) for name, path in director.files.items())
    config = director.write("director.conf", frame("storm", TRAPS) + files + steady + many + SERVICE)
    director.daemon = director.vipd(config, "-x", "-A", director.agentx)
    wait_until(lambda: states(director) == {"BACKUP": MANY}, 30, what="backups")
    wait_until(lambda: are_all_sent(director), 60, what="the first notifications")
    return director, other, agent, traps


def write(director, value, *names):
    """Waits until each is seen: two changes of a file at once may be one to its reader."""
    def count():
        return director.daemon.text().count(" track: file ")
    before = count()
    for name in names:
        director.files[name].write_text(f"{value}\n")
    wait_until(lambda: count() == before + len(names), what="the change of a file", interval=0.005)


def storm(director):
    """Both files change that often within a second, then one once more; returns how long it took until all have followed."""
    began = time.monotonic()
    for at in range(FLIPS):
        write(director, (at + 1) % 2, "even", "odd")
        time.sleep(max(0, began + (at + 1) / FLIPS - time.monotonic()))
    write(director, 1, "odd")
    wait_until(lambda: states(director) == {"BACKUP": MANY // 2, "FAULT": MANY // 2}, 10, what="the last change")
    return time.monotonic() - began


def lateness(director):
    threads = json.loads(director.vipctl("-j", "status").stdout)["daemon"]["threads"]
    return {name: threads[name]["worst_late_us"] / 1e6 for name in ("vrrp", "check")}


def test_ten_thousand_changes_without_snmpd(lab, record_property):
    director, other, agent, traps = start_thousand(lab)
    capture, pulse = other.capture("eth0", f"ip proto 112 and ip[21] = {STEADY}"), RealTimePulse(director)
    before, late, began = len(traps.all()), lateness(director), time.time()
    lab.pulse.worst(began)  # it beats from here on
    queued = notifications(director)["notifications_queued"]

    agent.pause()
    took = [storm(director)]
    wait_until(lambda: notifications(director)["notifications_queued"] - queued >= FLIPS * MANY, what="its notifications")
    agent.resume()
    wait_until(lambda: are_all_sent(director), 90, what="every notification")
    # The receiver reads two connections in no order: it shall have all of this one first.
    wait_until(lambda: sum(map(len, told(traps, before).values())) == FLIPS * MANY + MANY // 2, 30, what="the first traps received")
    agent.stop()
    write(director, 0, "odd")
    wait_until(lambda: states(director) == {"BACKUP": MANY}, what="backups")
    took.append(storm(director))
    (lab.nodes[-1].dir / "run/agentx.sock").unlink(missing_ok=True)
    lab.nodes[-1].snmpd(traps_to="tcp:127.0.0.1:162")
    wait_until(lambda: are_all_sent(director), 90, what="every notification")
    ended = time.time()

    gap, at = capture.largest_gap(vrid=STEADY, since=began)
    figures = {"took_s": " ".join(f"{seconds:.2f}" for seconds in took), "largest_gap_s": f"{gap:.3f}",
               "machine_late_s": f"{pulse.worst(at, at + gap):.3f}", "worst_thread_late_s": f"{late} {lateness(director)}"}
    print(figures)
    for name, value in figures.items():
        record_property(name, value)
    assert capture.masters(vrid=STEADY, since=began) == ["10.5.0.1"]
    assert gap < 1.5 * STEADY_INTERVAL + 2 * pulse.worst(at, at + gap)
    assert max(lateness(director).values()) <= max(LATE, *late.values()) + 2 * lab.pulse.worst(began, ended)
    assert notifications(director)["notifications_dropped"] == 0
    # All of each one's, in order, the last being what it is.
    turns = [FAULT, BACKUP] * (FLIPS // 2)
    wanted = {f"R{i}": (2 * [BACKUP, *turns, FAULT])[1:] if i % 2 else 2 * turns for i in range(MANY)}
    wait_until(lambda: sum(map(len, told(traps, before).values())) >= sum(map(len, wanted.values())), 20, what="every trap received")
    assert told(traps, before) == wanted
