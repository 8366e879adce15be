# SPDX-License-Identifier: MIT
"""Keywords whose effect is on the daemon and what it runs: scheduling, up and down scripts, the log of failures."""

import os
import re

from lab import holds, wait_until

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
    """Its number, once there is one: a thread gives itself its name."""
    def found():
        for task in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{task}/comm", encoding="ascii") as comm:
                if comm.read().strip().endswith(name):
                    return int(task)
        return None
    return wait_until(found, what=f"thread {name}")


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


def test_flags_and_lifetimes_of_an_address_follow_a_reload(lab):
    text = ("vrrp_instance v {{\n interface eth0\n virtual_router_id 9\n priority 255\n virtual_ipaddress {{\n"
            "203.0.113.100/24 {}\n}}\n virtual_ipaddress_excluded {{\n2001:db8::1/64 {}\n2001:db8::2 {}\n"
            "203.0.113.101 no_track\n}}\n}}\n")
    node = lab.node("director", "192.0.2.1/24")
    file = node.write("vipd.conf", text.format("noprefixroute", "home mngtmpaddr", "preferred_lft forever"))
    node.vipd(file)

    def shown(address):
        return " ".join(node.output("ip", "-d", "address", "show", "to", address).split())
    wait_until(lambda: shown("203.0.113.101"), what="the addresses")
    assert " noprefixroute " in shown("203.0.113.100")
    assert all(f" {word} " in shown("2001:db8::1") for word in ("home", "mngtmpaddr", "nodad"))
    assert "valid_lft forever preferred_lft forever" in shown("2001:db8::2")
    file.write_text(text.format("preferred_lft 0", "-nodad noprefixroute preferred_lft 2000", ""))
    node.vipctl("reload")
    wait_until(lambda: "valid_lft forever preferred_lft 0sec" in shown("2001:db8::2"), what="the default lifetime")
    assert " deprecated " in shown("203.0.113.100")
    assert " noprefixroute " not in shown("203.0.113.100")
    assert re.search("valid_lft forever preferred_lft (2000|199.)sec", shown("2001:db8::1"))
    assert " noprefixroute " in shown("2001:db8::1") and " nodad " not in shown("2001:db8::1")
    # Whoever takes away an address with no_track keeps it away; the others come back.
    node.run("ip", "address", "delete", "203.0.113.101/32", "dev", "eth0")
    node.run("ip", "address", "delete", "203.0.113.100/24", "dev", "eth0")
    wait_until(lambda: shown("203.0.113.100"), what="the tracked address")
    assert " deprecated " in shown("203.0.113.100") and not shown("203.0.113.101")


def test_details_of_an_address_are_set_and_follow_a_reload(lab):
    text = ("vrrp_instance v {{\n interface eth0\n virtual_router_id 9\n priority 255\n virtual_ipaddress {{\n"
            "203.0.113.100/24 {}\n192.0.2.101/32 dev eth1\n}}\n"
            "virtual_ipaddress_excluded {{\n192.0.2.102/32 peer 198.51.100.9\n}}\n}}\n")
    node = lab.node("director", "192.0.2.1/24")
    node.link("eth1")
    file = node.write("vipd.conf", text.format("brd + scope link label eth0:one"))
    process = node.vipd(file)

    def shown(address):
        return next((line for line in node.output("ip", "-o", "-4", "address", "show").splitlines()
                     if f" {address}" in line), "")
    wait_until(lambda: shown("192.0.2.102"), what="the addresses")
    assert "brd 203.0.113.255 scope link" in shown("203.0.113.100") and "eth0:one" in shown("203.0.113.100")
    assert ": eth1 " in shown("192.0.2.101")
    assert "peer 198.51.100.9/32" in shown("192.0.2.102")
    file.write_text(text.format("brd 203.0.113.250 label eth0:two"))
    node.vipctl("reload")
    wait_until(lambda: "eth0:two" in shown("203.0.113.100"), what="the new label")
    assert "brd 203.0.113.250 scope global" in shown("203.0.113.100")
    wait_until(lambda: "setting anew" in process.text(), what="word of it")
    assert process.text().count("setting anew") == 1
    assert shown("192.0.2.101") and shown("192.0.2.102")


ROUTER = """
global_defs {{
    script_user root
    vrrp_mcast_group4 224.0.0.81
}}
vrrp_instance v {{
    interface eth0
    virtual_router_id 9
    priority {}
    virtual_ipaddress {{
        192.0.2.100
    }}
    {}
}}
"""


HMAC = "auth_hmac {\n key 1 " + 32 * "x" + "\n }"


def test_an_instance_that_is_not_supported_sends_nothing(lab):
    node = lab.node("director", "192.0.2.1/24")
    capture = node.capture("eth0", "ip proto 112 or arp")
    process = node.vipd(node.write("vipd.conf", ROUTER.format(255, HMAC)))
    wait_until(lambda: "auth_hmac is not supported yet" in process.text(), what="the reason")
    wait_until(lambda: "is ready" in process.text(), what="vipd")
    holds(lambda: not node.has_address("192.0.2.100"), 2, "no address")
    assert '"FAULT"' in node.vipctl("-j", "status").stdout
    assert not capture.frames()


# An advert of VRID 9 with priority 50 and one address to the group that is argument 1, twice a second.
SPEAKER = """
import socket, struct, sys, time
words = [0x2109, 50 << 8 | 1, 1, 0, 192 << 8, 2 << 8 | 100, 0, 0, 0, 0]
total = sum(words)
words[3] = ~((total & 0xffff) + (total >> 16)) & 0xffff
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.1"))
while True:
    sender.sendto(struct.pack(">10H", *words), (sys.argv[1], 0))
    time.sleep(0.5)
"""


def test_adverts_go_to_the_group_configured_and_a_lower_one_runs_the_script(lab):
    high, low = lab.node("high", "192.0.2.2/24"), lab.node("low", "192.0.2.1/24")
    program, ran = writes(high, "lower")
    capture = high.capture("eth0", "ip proto 112 and src host 192.0.2.2 and dst host 224.0.0.81")
    high.vipd(high.write("vipd.conf", ROUTER.format(255, f"notify_master_rx_lower_pri {program}")))
    wait_until(lambda: capture.adverts(vrid=9), what="adverts to the group")
    low.popen("/usr/bin/python3", "-c", SPEAKER, "224.0.0.18", log="speaker.log")
    holds(lambda: not ran.exists(), 2, "deaf to the usual group")
    low.popen("/usr/bin/python3", "-c", SPEAKER, "224.0.0.81", log="speaker.log")
    wait_until(ran.exists, what="notify_master_rx_lower_pri")
