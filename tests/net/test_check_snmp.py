# SPDX-License-Identifier: MIT
"""vipd --check-snmp in each situation that keeps SNMP from working, with a real snmpd wherever the fault can be had so."""

import signal

import pytest

import fake_master as fm
import snmp
from lab import build_dir, wait_until

CONFIG = """
global_defs {
    enable_snmp_vrrp
    enable_snmp_checker
    enable_snmp_rfc
    enable_snmp_lvs
}
vrrp_instance VI_1 {
    state BACKUP
    interface lo
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        10.9.0.100
    }
}
"""
SNMPD = "/run/etc/snmpd.conf"


@pytest.fixture
def node(lab):
    made = lab.node("director")
    made.conf = made.write("vipd.conf", CONFIG)
    made.run("mkdir", "-p", "/run/etc")
    return made


def check(node, *options, socket=None, powers=True):
    """(exit status, [lines])."""
    words = [build_dir() / "vipd", "--check-snmp", "-f", node.conf, "-A", socket or node.agentx, *options]
    if not powers:
        words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
    result = node.run("env", "SNMPCONFPATH=/run/etc", *words, check=False)
    assert result.stderr == ""
    return result.returncode, result.stdout.splitlines()


def says(node, *words, **options):
    """That one finding and no other is told, and that its line has the words."""
    status, lines = check(node, *options.pop("options", ()), **options)
    assert status == 1 and len(lines) == 1, lines
    for word in words:
        assert word in lines[0], (word, lines)


def write_snmpd(node, text):
    node.run("sh", "-c", f"cat >{SNMPD}", input=text)


def test_no_master(node):
    """From nothing at all to a peer that speaks something else."""
    says(node, "no socket: ", node.agentx, "snmpd.conf found has no \"master agentx\"")
    write_snmpd(node, "master agentx\nagentXSocket unix:/run/other.sock\n")
    says(node, "no socket: ", "agentXSocket /run/other.sock: set snmp_socket or -A")
    write_snmpd(node, f"master agentx\nagentXSocket {node.agentx}\n")
    says(node, "address: udp:127.0.0.1:705", "does not run over UDP", socket="udp:127.0.0.1:705")
    says(node, "address: tcp:master.example:705", "numeric", socket="tcp:master.example:705")
    says(node, "nobody listens at tcp:127.0.0.1:705", socket="tcp:127.0.0.1:705")
    node.nginx("hello", port=8080)
    says(node, "not AgentX: ", "tcp:127.0.0.1:8080", socket="tcp:127.0.0.1:8080")
    with fm.FakeMaster(node.dir / "run/agentx.sock") as master:
        master.rules[fm.OPEN] = lambda *_: fm.OPEN_FAILED
        says(node, "refused: ", "error 256")
    says(node, "nobody listens at ", node.agentx)
    node.write("vipd.conf", CONFIG.replace("interface lo", "interface"))
    says(node, "configuration: ", "vipd.conf:")


def test_snmpd(node):
    """A snmpd stopped, shut off, hiding, taken; and one where all is well."""
    process = node.snmpd(extra="rocommunity narrow default .1.3.6.1.2.1.1\nagentXPerms 0600 0755 nobody nogroup")
    assert check(node, "--check-snmp=public") == (0, [
        f"SNMP works: the master agent at {node.agentx} takes the tables, and managers see them"])
    status, lines = check(node)
    assert status == 0 and lines[0].startswith("not tried: ") and lines[1].startswith("SNMP works: "), lines
    write_snmpd(node, "master agentx\nagentaddress 127.0.0.2:1161,udp:161\ncom2sec far 192.0.2.0/24 secret\n"
                      "rocommunity narrow default .1.3.6.1.2.1.1\nrocommunity public\n")
    assert check(node) == (0, [f"SNMP works: the master agent at {node.agentx} takes the tables, and managers see them"])
    # hidden, as by the view of Debian's snmpd.conf: of each module, and what helps
    status, lines = check(node, "--check-snmp=narrow@127.0.0.1")
    assert status == 1 and [line.split(" to ")[0].split()[-1] for line in lines] == [
        "VRRP-MIB", "VRRPV3-MIB", "KEEPALIVED-MIB", "IPVS-DIRECTOR-MIB", "LVS-MIB"], lines
    assert all(line.startswith("hidden: ") and "rocommunity COMMUNITY SOURCE .1.3.6.1." in line for line in lines)
    says(node, "no answer over SNMP: ", "'nobody'", options=("--check-snmp=nobody",))
    says(node, "permission: user 0 may not connect", "agentXPerms", powers=False)
    node.write("vipd.conf", CONFIG.replace("enable_snmp", "# enable_snmp"))
    says(node, "not enabled: ", "enable_snmp_vrrp", "-x")
    assert check(node, "-x")[0] == 0
    node.write("vipd.conf", CONFIG)
    process.pause()
    says(node, "no answer: ", "snmpd hangs, or is stopped")
    process.resume()
    process.stop(signal.SIGKILL)
    says(node, "nobody listens at ")


def test_beside_other_subagents(node):
    """A second vipd has the tables; the first is asked what it knows of that."""
    node.snmpd()
    first = node.vipd(node.conf, "-A", node.agentx, "-p", "/run/first.pid", "--control-socket", "/run/first.sock",
                      "--state-dir", "/run/first")
    wait_until(lambda: node.snmp("127.0.0.1").answers(snmp.KEEPALIVED_MIB + ".1.1.0"), what="the first vipd")
    assert check(node, "--control-socket", "/run/first.sock", "--check-snmp=public")[0] == 0
    status, lines = check(node, "--check-snmp=public")
    assert status == 1 and [line.split(" of ")[-1].split(";")[0] for line in lines] == [
        "VRRP-MIB", "VRRPV3-MIB", "KEEPALIVED-MIB", "IPVS-DIRECTOR-MIB", "LVS-MIB"], lines
    assert all("another subagent of snmpd has" in line for line in lines)
    second = node.vipd(node.conf, "-A", node.agentx, log="second.log")
    wait_until(lambda: "another subagent" in second.text(), what="the refusal")
    says(node, f"vipd (process {second.pid}) says: the master agent refuses", options=("--check-snmp=public",))
    # what the file says now, and what runs
    node.write("vipd.conf", CONFIG.replace("enable_snmp", "# enable_snmp"))
    says(node, "not enabled: ", f"vipd (process {second.pid}) will switch it off")
    second.send(signal.SIGHUP)
    wait_until(lambda: '"enabled": false' in node.vipctl("--json", "status").stdout, what="the reload")
    node.write("vipd.conf", CONFIG)
    first.stop()
    says(node, "not enabled: ", f"process {second.pid}) has SNMP off", "reload it", options=("--check-snmp=public",))
