# SPDX-License-Identifier: MIT
"""README.md and the manual pages do what they say: their commands are taken from the text and run as they stand."""

import re
import subprocess

import pytest

import snmp
from lab import ROOT, build_dir, wait_until

CONFIG = """
global_defs {
    router_id LVS_DEVEL
    enable_traps
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        192.0.2.10
    }
}
virtual_server 192.0.2.10 80 {
    delay_loop 6
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 10.0.0.11 80 {
        weight 3
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""


def blocks(name="README.md"):
    """The indented blocks of a text, without their indentation."""
    found = re.findall(r"(?:^|\n\n)((?:    .*\n|\n(?=    ))+)", (ROOT / name).read_text())
    return [re.sub(r"^    ", "", block, flags=re.M) for block in found]


def block_with(word):
    found = [block for block in blocks() if word in block]
    assert len(found) == 1, f"{len(found)} blocks of README.md have {word!r}"
    return found[0]


@pytest.fixture
def pair(lab):
    """A director with Debian's own snmpd.conf and what README.md says to add, and the manager it names."""
    director = lab.node("director", "192.0.2.1/24")
    manager = lab.node("manager", "192.0.2.9/24")
    folder = director.dir / "etc-snmp"
    (folder / "snmpd.conf.d").mkdir(parents=True)
    (folder / "snmpd.conf").write_text(
        "sysServices 72\nmaster agentx\nagentaddress 127.0.0.1,[::1]\n"
        "view systemonly included .1.3.6.1.2.1.1\nview systemonly included .1.3.6.1.2.1.25.1\n"
        "rocommunity public default -V systemonly\nrocommunity6 public default -V systemonly\n"
        "rouser authPrivUser authpriv -V systemonly\nincludeDir /etc/snmp/snmpd.conf.d\n")
    (folder / "snmpd.conf.d/vipd.conf").write_text(block_with("vipd_write"))
    (director.dir / "agentx").mkdir()
    director.run("mount", "--bind", folder, "/etc/snmp")
    director.run("sh", "-c", "mkdir -p /var/agentx && mount -t tmpfs tmpfs /var/agentx")
    director.traps = manager.snmptrapd()
    director.popen("snmpd", "-f", "-Lf", director.dir / "snmpd.messages", "-p", "/run/snmpd.pid", log="snmpd.log",
                   env={"SNMP_PERSISTENT_DIR": str(director.dir / "snmp"), "MIBS": ""})
    director.popen(build_dir() / "vipd", "-n", "-l", "-x", "-f", director.write("vipd.conf", CONFIG), log="vipd.log")
    wait_until(lambda: director.vipctl("status", check=False).returncode == 0, 10, "vipd")
    wait_until(lambda: director.has_address("192.0.2.10"), 15, "master")
    return director, manager


def run_lines(node, text, *before):
    """Every line of a block as one shell would run it, with what each printed."""
    script = "\n".join([*before, "export MIBS=", f"PATH={build_dir()}:$PATH", "set -eu", text])
    return node.output("sh", "-c", script)


def test_snmp_as_the_readme_sets_it_up(pair):
    director, manager = pair
    wait_until(lambda: '"connected": true' in director.vipctl("status", "-j").stdout, 15, "the master agent")
    walks = run_lines(manager, block_with("# VRRP instances"))
    for word in ('STRING: "VI_1"', "Hex-STRING: 0A 00 00 0B", '"192.0.2.10:80/tcp"'):
        assert word in walks, word
    assert manager.snmp("192.0.2.1").walk(snmp.DIRECTOR_MIB) == {}, "public is not shadowed: the README may use it"
    draining = run_lines(manager, block_with("ROW="))
    shown = [line.split(" = ")[1] for line in draining.splitlines()]
    assert shown[0] == "INTEGER: 3" and shown[1] in ("INTEGER: 2", "INTEGER: 3") and shown[2] == "Gauge32: 0"
    assert shown[3:] == ["INTEGER: 2", "INTEGER: 4"]
    # The writer's community reads the view it writes and no more; the reader's cannot write.
    row = block_with("ROW=").split("\n")[0]
    set_line = re.search(r"snmpset .* i 4", block_with("ROW="))[0].replace("changeme", "watch")
    assert manager.run("sh", "-c", f"DEST=.1.3.6.1.4.1.8072.9999.9999.47.1.3.1.1\n{row}\nMIBS= {set_line}",
                       check=False).returncode != 0
    wait_until(lambda: director.traps.count() >= 3, 10, "traps at the receiver the README names")


def test_vipctl_lines_of_the_readme(pair):
    director, _ = pair
    text = block_with("vipctl undrain").replace("FILE", str(director.dir / "vipd.conf"))
    said = run_lines(director, text)
    assert "VI_1" in said and "good, 0 errors" in said


def test_checking_a_configuration_as_the_readme_does(pair):
    director, _ = pair
    line = block_with("systemctl stop keepalived").split("\n")[0]
    run_lines(director, line.replace("/etc/keepalived/keepalived.conf", str(director.dir / "vipd.conf")))


def test_objects_of_the_operations_manual(pair):
    """Every object it names is there; notifications are not objects."""
    director, _ = pair
    text = (ROOT / "doc/operations.md").read_text()
    objects = set(re.findall(r"`([DK]\.[1-9][\d.]*\d)`", text))
    objects = {name for name in objects if not re.match(r"K\.(2\.10|3\.5)\.0\.", name)}
    assert len(objects) > 12
    agent = director.snmp("192.0.2.1", "watch")
    for name in objects:
        oid = name.replace("D", snmp.DIRECTOR_MIB, 1).replace("K", snmp.KEEPALIVED_MIB, 1)
        assert agent.walk(oid) or agent.get(oid).type not in snmp.MISSING.values(), name


def test_names_translate():
    """As doc/operations.md says, where tests/lint/mibs has fetched the modules ours imports from."""
    others = ROOT / "build/lint-mibs"
    if not (others / "INET-ADDRESS-MIB").exists():
        pytest.skip("no IETF modules: tests/lint/mibs fetches them")
    for line in re.findall(r"^    (snmptranslate .*)", (ROOT / "doc/operations.md").read_text(), re.M):
        words = line.replace("mibs:MIBS", f"{ROOT}/mibs:{others}").replace("'", "").split()
        said = subprocess.run(words, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin", "MIBS": ""})
        assert said.stdout.startswith(snmp.DIRECTOR_MIB + ".1.3."), line


def test_our_mib_can_be_read_by_net_snmp():
    """The file is where its path says and its names translate, given the modules it imports."""
    text = (ROOT / "mibs/IPVS-DIRECTOR-MIB.txt").read_text()
    imported = set(re.findall(r"FROM\s+([\w-]+)", text))
    assert imported <= {"SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF", "SNMP-FRAMEWORK-MIB", "INET-ADDRESS-MIB",
                        "NET-SNMP-MIB", "SNMPv2-MIB"}, imported
