# SPDX-License-Identifier: MIT
"""Many virtual routers at once: their configuration, a pair that runs them, and how late this machine is at a
priority that vipd's own thread has."""

import json
import os
import pathlib

from lab import build_dir

PER_LINK = 250  # virtual routers of one interface, so that VRIDs suffice; 251 and more are the test's own
RT_PRIORITY = 40

class RealTimePulse:
    """When a thread of a priority above that of vipd's that does nothing but sleep was woken late: one for each
    processor, which may be held up while the others are not."""

    def __init__(self, node, every=0.005, least=0.005):
        argv = (build_dir() / "tests/tools/beats", int(every * 1e6), int(least * 1e6))
        if node.run("chrt", "-r", RT_PRIORITY + 1, "true", check=False).returncode == 0:
            argv = ("chrt", "-r", RT_PRIORITY + 1, *argv)
        self.logs = [node.popen("taskset", "-c", cpu, *argv, log=f"beats-{cpu}").log for cpu in os.sched_getaffinity(0)]

    def stalls(self):
        """[(from, to)], seconds of the wall clock, of all processors, from the earliest on."""
        beats = [tuple(map(float, line.split())) for log in self.logs
                 for line in pathlib.Path(log).read_text().splitlines(keepends=True) if line.endswith("\n")]
        return sorted((due, due + late) for due, late in beats)

    def worst(self, since, until):
        """Seconds; of what was due in that time, or late into it."""
        return max((end - due for due, end in self.stalls() if due <= until and end >= since), default=0.0)


def router(name, vrid, *, interface="eth0", address, state, priority, interval, more=""):
    return (f"vrrp_instance {name} {{\n\tstate {state}\n\tinterface {interface}\n\tvirtual_router_id {vrid}\n"
            f"\tpriority {priority}\n\tadvert_int {interval}\n\tvirtual_ipaddress {{\n\t\t{address}/32\n\t}}\n{more}}}\n")


def routers(count, **options):
    """R0, R1, ... over interfaces eth0, eth1, ..."""
    return "".join(router(f"R{i}", i % PER_LINK + 1, interface=f"eth{i // PER_LINK}",
                          address=f"10.6.{i // PER_LINK}.{i % PER_LINK + 1}", **options) for i in range(count))


def frame(name, more=""):
    """What stands before them."""
    return (f"global_defs {{\n\trouter_id {name}\n\tvrrp_version 3\n\tvrrp_rt_priority {RT_PRIORITY}\n"
            f"{more}}}\n")


def cable(one, other, interface, addresses):
    """A wire of their own."""
    one.ip(f"link add {interface} type veth peer name {interface} netns {other.holder.pid}")
    for node, address in zip((one, other), addresses):
        node.ip(f"link set {interface} up", f"address add {address} dev {interface}")


def states(node, prefix="R"):
    """{state: how many} of the routers with such names; empty when vipd does not answer."""
    answer = node.vipctl("-j", "status", check=False)
    found = {}
    for row in json.loads(answer.stdout)["instances"] if answer.returncode == 0 else ():
        if row["name"].startswith(prefix):
            found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def are_all(node, state, count, prefix="R"):
    return states(node, prefix) == {state: count}
