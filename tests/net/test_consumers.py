# SPDX-License-Identifier: MIT
"""Managers that were not written for us, unmodified: prometheus-snmp-exporter with the module published for keepalived,
nagios' check_snmp, pysnmp, and net-snmp for node, through Debian's snmpd, by v2c and by v3 with authentication and privacy.

test_packs.py asks for what other packs read; here the programs themselves ask.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import snmp
from lab import ROOT, wait_until

HERE = pathlib.Path(__file__).resolve().parent
K, V, V3, D = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.VRRPV3_MIB, snmp.DIRECTOR_MIB
AUTH, PRIV = "a pass phrase", "another one of it"
USER = f"v3:operator:{AUTH}:{PRIV}"
ENGINE = "80001f8804" + b"director".hex()
TRAP_PORTS = {"pysnmp": 1162, "node": 1163}
STATE, WEIGHT, BASE_PRIORITY = K + ".2.3.1.4", K + ".3.4.1.7", K + ".2.3.1.7"
DEST = "0.1.4.10.9.0.100.6.80.1.4.10.9.0."  # 10.9.0.100:80/tcp, and the last number of its server
ADMIN, COMMENT = D + ".1.3.1.1.5.", D + ".1.3.1.1.8."

CONFIG = """
global_defs {
    router_id LVS_DEVEL
    enable_traps
}
vrrp_sync_group VG_1 { group {
    VI_1
} }
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        10.9.0.100
    }
}
vrrp_instance VI_3 {
    version 3
    state MASTER
    interface eth0
    virtual_router_id 53
    priority 150
    virtual_ipaddress {
        10.9.0.102
    }
}
virtual_server_group web {
    10.9.0.101 80
    fwmark 7
}
virtual_server 10.9.0.100 80 {
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 10.9.0.41 80 {
        weight 3
    }
    real_server 10.9.0.42 80 {
        weight 2
    }
}
virtual_server group web {
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    sorry_server 10.9.0.50 80
    real_server 10.9.0.43 80 {
        weight 1
    }
}
"""

SNMPD = f"""
engineID director
createUser operator SHA "{AUTH}" AES "{PRIV}"
access operators "" usm priv exact vipd_read vipd_write none
group operators usm operator
"""
SINKS = """
trap2sink 10.9.0.2:{port} public
informsink 10.9.0.2:{port} public
trapsess -v3 -u operator -l authPriv -a SHA -A "{auth}" -x AES -X "{priv}" 10.9.0.2:{port}
trapsess -Ci -v3 -u operator -l authPriv -a SHA -A "{auth}" -x AES -X "{priv}" 10.9.0.2:{port}
"""


def consumers_dir():
    """Where `tests/deps consumers` puts what is not installed."""
    return pathlib.Path(subprocess.run([ROOT / "tests/deps", "consumers-dir"], text=True, capture_output=True,
                                       check=True).stdout.strip())


def library(name):
    """What runs the manager; a test without it is skipped, and says so."""
    if name == "pysnmp":
        return ["/usr/bin/python3", HERE / "consumer_pysnmp.py"]
    modules = consumers_dir() / "node_modules"
    if not shutil.which("node") or not (modules / "net-snmp").exists():
        pytest.skip("no net-snmp for node: run tests/deps consumers")
    return ["env", f"NODE_PATH={modules}", "node", HERE / "consumer_node.js"]


class Consumer:
    """One library, and the notifications it has received since the laboratory began."""

    def __init__(self, site, name):
        self.site, self.program = site, library(name)
        self.process = site.manager.popen(*self.program, USER, ENGINE, "receive", TRAP_PORTS[name], log=f"receiver-{name}.log")
        wait_until(lambda: "ready" in self.process.text(), 20, f"the receiver of {name}")

    def ask(self, *words, security="v2:public"):
        """What it says of the director."""
        return json.loads(self.site.manager.output(*self.program, security, "10.9.0.1", *words))

    def received(self, trap, about=""):
        """{(version, inform)} of the notifications of one snmpTrapOID, with a varbind whose OID ends so."""
        lines = [json.loads(line) for line in self.process.text().splitlines() if line.startswith("{") and line.endswith("}")]
        return {(line["version"], line["inform"]) for line in lines[1:]
                if line["varbinds"][1][2] == trap.lstrip(".") and any(oid.endswith(about) for oid, _, _ in line["varbinds"])}


class Site:
    """A director with Debian's snmpd, and another machine with the managers."""

    def __init__(self, lab):
        self.manager = lab.node("manager", "10.9.0.2/24")
        self.consumers = {}
        for name in TRAP_PORTS:
            try:
                self.consumers[name] = Consumer(self, name)
            except pytest.skip.Exception as why:
                self.consumers[name] = str(why)
        # The receivers come first: snmpd asks for the engine of those of informs when it starts.
        self.node = lab.node("director", "10.9.0.1/24")
        self.node.snmpd(extra=SNMPD + "".join(SINKS.format(port=port, auth=AUTH, priv=PRIV) for port in TRAP_PORTS.values()))
        self.node.vipd(self.node.write("vipd.conf", CONFIG), "-x", "-A", self.node.agentx)
        self.reader = self.node.snmp("127.0.0.1")
        wait_until(lambda: self.reader.answers(WEIGHT + ".1.1"), 15, "the agent")
        for number in (1, 2):
            wait_until(lambda: self.reader.number(f"{STATE}.{number}") == 2, 15, "master")

    def consumer(self, name):
        found = self.consumers[name]
        return found if isinstance(found, Consumer) else pytest.skip(found)


@pytest.fixture(scope="module")
def site(story_lab):
    return Site(story_lab)


# ---- libraries ----

@pytest.mark.parametrize("name", TRAP_PORTS)
def test_library_walks(site, name):
    """Every subtree, half of them by v2c and half by v3: each object once, in order, as net-snmp's own programs have it."""
    consumer = site.consumer(name)
    for root, security in ((K, "v2:public"), (V, USER), (V3, "v2:public"), (D, USER)):
        ours = site.reader.walk(root)
        assert len(ours) > 20, root
        found = consumer.ask("walk", root, security=security)
        assert [row[0] for row in found] == list(ours)
        assert [(oid, text) for oid, kind, text in found if kind == "INTEGER"] == [
            (oid, value.text) for oid, value in ours.items() if value.type == "INTEGER"]
    assert consumer.ask("get", f"{STATE}.1", f"{K}.2.3.1.2.1", security=USER) == [
        [f"{STATE}.1", "INTEGER", "2"], [f"{K}.2.3.1.2.1", "OCTETS", b"VI_1".hex()]]
    assert consumer.ask("get", f"{STATE}.9")[0][1] == "NoSuchInstance"


@pytest.mark.parametrize("name, security", [(name, security) for name in TRAP_PORTS for security in ("v2:private", USER)])
def test_library_sets(site, name, security):
    """Two varbinds at once; a refusal by its name and place, with nothing done; no write without the right."""
    consumer = site.consumer(name)
    first, second, comment = f"{WEIGHT}.1.1", f"{WEIGHT}.1.2", f"{COMMENT}{DEST}42.80"
    words = f"set by {name}"
    assert consumer.ask("set", first, "i", "7", comment, "s", words, security=security) == [
        [first, "INTEGER", "7"], [comment, "OCTETS", words.encode().hex()]]
    assert [value.text for value in site.reader.get(first, comment)] == ["7", words]
    assert consumer.ask("set", first, "i", "9", second, "i", "70000", security=security) == {
        "error": "wrongValue", "at": second}
    assert consumer.ask("set", first, "s", "nine", security=security) == {"error": "wrongType", "at": first}
    assert consumer.ask("set", f"{STATE}.1", "i", "1", security=security) == {"error": "notWritable", "at": f"{STATE}.1"}
    if security != USER:
        assert consumer.ask("set", first, "i", "9") == {"error": "noAccess", "at": first}
    assert site.reader.get(first).text == "7"
    site.reader.as_writer().set(first, "i", 3)


@pytest.mark.parametrize("name", TRAP_PORTS)
def test_library_receives(site, name):
    """What a SET by v3 sets off arrives four times: a trap and an inform, of v2c and of v3."""
    consumer, every = site.consumer(name), {(version, inform) for version in (2, 3) for inform in (False, True)}
    admin = f"{ADMIN}{DEST}{41 if name == 'node' else 42}.80"
    for trap in (f"{K}.2.10.0.2", V + ".0.1", V3 + ".0.1"):  # of the start
        wait_until(lambda: consumer.received(trap) == every, 20, f"all four of {trap}")
    for value, trap in ((3, 5), (4, 8)):  # a drain begins, and is cancelled
        consumer.ask("set", admin, "i", str(value), security=USER)
        wait_until(lambda: consumer.received(f"{D}.0.{trap}", admin[len(D):]) == every, 20, f"all four of {trap}")
    assert site.reader.get(admin).text == "4"


# ---- Nagios ----

def check_snmp(site, *words, v3=False):
    """Exit status and the line it prints: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    who = (["-P", "3", "-L", "authPriv", "-U", "operator", "-a", "SHA", "-A", AUTH, "-x", "AES", "-X", PRIV] if v3
           else ["-P", "2c", "-C", "public"])
    done = site.manager.run("/usr/lib/nagios/plugins/check_snmp", "-H", "10.9.0.1", "-m", "", *who, *words, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("v3", (False, True), ids=("v2c", "v3"))
def test_nagios(site, v3):
    state, weight = f"{STATE}.1", f"{WEIGHT}.1.2"
    writer = site.reader.as_writer()
    status, line = check_snmp(site, "-o", state, "-c", "2:2", "-l", "VI_1", v3=v3)
    assert status == 0 and line.startswith("SNMP OK - VI_1 2 "), line
    assert check_snmp(site, "-o", state, "-c", "1:1", v3=v3)[0] == 2
    assert check_snmp(site, "-o", f"{K}.2.3.1.2.1", "-r", "VI_1", v3=v3)[0] == 0
    assert check_snmp(site, "-o", f"{K}.2.3.1.2.1", "-r", "VI_[2-9]", v3=v3)[0] == 2
    assert check_snmp(site, "-o", f"{STATE}.9", "-c", "2:2", v3=v3)[0] == 3
    # Weights: one server out of rotation warns, and says which value.
    thresholds = ["-o", f"{WEIGHT}.1.1,{weight}", "-w", "1:,1:"]
    assert check_snmp(site, *thresholds, v3=v3)[0] == 0
    writer.set(weight, "i", 0)
    status, line = check_snmp(site, *thresholds, v3=v3)
    writer.set(weight, "i", 2)
    assert status == 1 and line.startswith("SNMP WARNING - 3 *0*"), line
    assert check_snmp(site, *thresholds, v3=v3)[0] == 0


# ---- Prometheus ----

IF_MIB = """IF-MIB DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, OBJECT-TYPE, Integer32, mib-2 FROM SNMPv2-SMI TEXTUAL-CONVENTION FROM SNMPv2-TC;
ifMIB MODULE-IDENTITY LAST-UPDATED "200006140000Z" ORGANIZATION "-" CONTACT-INFO "-" DESCRIPTION "-" ::= { mib-2 31 }
InterfaceIndex ::= TEXTUAL-CONVENTION DISPLAY-HINT "d" STATUS current DESCRIPTION "-" SYNTAX Integer32 (1..2147483647)
interfaces OBJECT IDENTIFIER ::= { mib-2 2 }
ifTable OBJECT-TYPE SYNTAX SEQUENCE OF IfEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "-"
    ::= { interfaces 2 }
ifEntry OBJECT-TYPE SYNTAX IfEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "-" INDEX { ifIndex }
    ::= { ifTable 1 }
IfEntry ::= SEQUENCE { ifIndex InterfaceIndex }
ifIndex OBJECT-TYPE SYNTAX InterfaceIndex MAX-ACCESS read-only STATUS current DESCRIPTION "-" ::= { ifEntry 1 }
END
"""


def published_module():
    """Debian's copy of what the exporter publishes for keepalived, word for word."""
    example = consumers_dir() / "generator.yml"
    if not example.exists() or not shutil.which("prometheus-snmp-exporter"):
        pytest.skip("no prometheus-snmp-exporter or no example of its generator: run tests/deps consumers")
    return re.search(r"^  keepalived:\n(?:    .*\n)+", example.read_text(), re.M)[0]


@pytest.fixture(scope="module")
def exporter(site, tmp_path_factory):
    """The exporter beside the manager, with the module as its own generator makes it of the MIB files."""
    folder = tmp_path_factory.mktemp("exporter")
    module = published_module()
    v3 = (f"    version: 3\n    auth:\n      username: operator\n      security_level: authPriv\n      password: {AUTH}\n"
          f"      auth_protocol: SHA\n      priv_protocol: AES\n      priv_password: {PRIV}\n")
    (folder / "generator.yml").write_text(
        "modules:\n" + module + module.replace("  keepalived:\n", "  keepalived_v3:\n" + v3))
    ietf = ROOT / "build/lint-mibs"
    if subprocess.run([ROOT / "tests/lint/mibs", ietf], check=False).returncode == 77:
        pytest.skip("no IETF MIB files for the exporter's generator")
    (folder / "IF-MIB").write_text(IF_MIB)
    generate = ["prometheus-snmp-generator", "generate", "-o", folder / "snmp.yml"]
    subprocess.run(generate, cwd=folder, check=True, capture_output=True,
                   env={**os.environ, "MIBDIRS": f"{folder}:{ietf}:/usr/share/snmp/mibs"})
    site.manager.popen("prometheus-snmp-exporter", f"--config.file={folder / 'snmp.yml'}",
                       "--web.listen-address=127.0.0.1:9116", log="exporter.log")
    wait_until(lambda: site.manager.curl("http://127.0.0.1:9116/") is not None, 20, "the exporter")
    return folder / "snmp.yml"


def metrics_of(text, module):
    """{name: (OID, type, labels of its index)} of a module of snmp.yml."""
    part = re.split(r"^(\w+):\n", text, flags=re.M)
    found = {}
    for metric in re.split(r"^  - name: ", part[part.index(module) + 1], flags=re.M)[1:]:
        name, oid, kind = re.match(r"(\w+)\n    oid: ([\d.]+)\n    type: (\w+)", metric).groups()
        found[name] = ("." + oid, kind, re.findall(r"    - labelname: (\w+)", metric))
    return found


def samples_of(page):
    """{name: [(labels, number)]} of what Prometheus reads."""
    found = {}
    for name, labels, value in re.findall(r"^(\w+)\{(.*)\} (\S+)$", page, re.M):
        found.setdefault(name, []).append((dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)))
    return found


@pytest.mark.parametrize("module", ("keepalived", "keepalived_v3"))
def test_prometheus(site, exporter, module):
    """A scrape has one sample for each cell that a walk has, under the right name and labels, with the right number."""
    metrics = metrics_of(exporter.read_text(), module)
    assert len(metrics) > 140
    page = site.manager.curl(f"http://127.0.0.1:9116/snmp?module={module}&target=10.9.0.1", timeout=20)
    assert page, (site.manager.dir / "exporter.log").read_text()
    samples = samples_of(page)
    assert ({"vrrpInstanceIndex": "1"}, 2) in samples["vrrpInstanceState"]
    assert ({"virtualServerIndex": "1", "realServerIndex": "2"}, 2) in samples["realServerWeight"]
    assert samples["virtualServerGroupName"] == [
        ({"virtualServerGroupIndex": "1", "virtualServerGroupName": "web"}, 1)]
    compared = 0
    for root in (K + ".2.1", K + ".2.3", K + ".3.1", K + ".3.3", K + ".3.4", V + ".2.4", V3 + ".1.2.5"):
        walked = site.reader.walk(root)
        assert walked, root
        for name, (oid, kind, labels) in metrics.items():
            cells = {cell[len(oid) + 1:]: value for cell, value in walked.items() if cell.startswith(oid + ".")}
            assert len(samples.get(name, [])) == len(cells) or not oid.startswith(root + "."), name
            if cells and kind == "gauge" and next(iter(cells.values())).type in ("INTEGER", "Gauge32"):
                assert {".".join(found[label] for label in labels): number for found, number in samples[name]} == {
                    index: int(value.text) for index, value in cells.items()}, name
                compared += 1
    assert compared > 60
