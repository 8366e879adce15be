# SPDX-License-Identifier: MIT
"""Keywords whose effect is on the daemon and what it runs: scheduling, up and down scripts, the log of failures."""

import os

from lab import wait_until

SERVER = """
global_defs {{
    script_user root
    {defs}
}}
virtual_server 198.51.100.1 80 {{
    protocol TCP
    delay_loop 1
    {service}
    real_server 192.0.2.20 80 {{
        weight 10
        {server}
    }}
}}
"""


def start(lab, defs="", service="", server=""):
    node = lab.node("director", "192.0.2.1/24")
    file = node.write("vipd.conf", SERVER.format(defs=defs, service=service, server=server))
    process = node.vipd(file)
    wait_until(lambda: "is ready" in process.text(), what="vipd")
    return node, file, process


def writes(node, name):
    """A program that leaves a file behind."""
    node.write(name, f"#!/bin/sh\n: >{node.dir}/{name}.ran\n").chmod(0o755)
    return node.dir / name, node.dir / f"{name}.ran"


def test_notify_up_runs_for_a_server_that_comes_up_with_a_lower_weight(lab):
    node = lab.node("director", "192.0.2.1/24")
    program, ran = writes(node, "up")
    misc = node.write("misc", "#!/bin/sh\nexit 7\n")
    misc.chmod(0o755)
    node.vipd(node.write("vipd.conf", SERVER.format(
        defs="", service="alpha",
        server=f"notify_up {program}\n MISC_CHECK {{\n misc_path {misc}\n misc_dynamic\n warmup 0\n }}")))
    wait_until(ran.exists, what="notify_up")


def test_rs_init_notifies_a_server_without_checks(lab):
    node = lab.node("director", "192.0.2.1/24")
    program, ran = writes(node, "up")
    node.vipd(node.write("vipd.conf", SERVER.format(defs="rs_init_notifies", service="",
                                                    server=f"notify_up {program}")))
    wait_until(ran.exists, what="notify_up")


def test_log_all_failures_of_a_checker_overrides_the_global_one(lab):
    checks = ("TCP_CHECK {\n connect_ip 127.0.0.1\n connect_port 9\n warmup 0\n }\n"
              "HTTP_GET {\n url {\n }\n connect_ip 127.0.0.1\n connect_port 9\n warmup 0\n log_all_failures off\n"
              "delay_before_retry 0\n }")
    process = start(lab, defs="checker_log_all_failures on", server=checks)[2]
    wait_until(lambda: process.text().count("TCP_CHECK of 192.0.2.20:80") >= 4, timeout=20, what="failures in the log")
    assert process.text().count("HTTP_GET of 192.0.2.20:80") == 1


def thread(process, name):
    for task in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{task}/comm", encoding="ascii") as comm:
            if comm.read().strip().endswith(name):
                return int(task)
    raise AssertionError(f"no thread {name}")


def test_priorities_of_the_threads_follow_the_configuration(lab):
    node, file, process = start(lab, defs="vrrp_rt_priority 20\n checker_priority -5")
    vrrp, check = thread(process, "vrrp"), thread(process, "check")
    wait_until(lambda: os.sched_getscheduler(vrrp) & 0xff == os.SCHED_RR, what="SCHED_RR")
    assert os.sched_getparam(vrrp).sched_priority == 20
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, check) == -5, what="nice -5")
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 0
    file.write_text(SERVER.format(defs="vrrp_priority -3", service="", server=""))
    node.vipctl("reload")
    wait_until(lambda: os.sched_getscheduler(vrrp) == os.SCHED_OTHER, what="the usual scheduler")
    assert os.getpriority(os.PRIO_PROCESS, vrrp) == -3
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, check) == 0, what="nice 0 again")
