# SPDX-License-Identifier: MIT
"""Ten configurations under Debian's keepalived and under vipd: the walks of the three standard modules, line by line.

Two nodes that are alone on their wires, alike to the numbers and addresses of their interfaces, each with its own snmpd,
run one configuration after the other at the same time. See net/parity.py for the lists.
"""

import re

import pytest

import parity
import snmp
import test_mib_judge as judge
from lab import wait_until

ROOM = 90  # seconds a slow machine may take
CONFIGS = sorted(path.stem for path in parity.FIXTURES.glob("*.conf"))
ROUTER_STATE, QUORUM_STATUS = (snmp.KEEPALIVED_MIB + column for column in (".2.3.1.4", ".3.3.1.23"))
BACKUP = "1"
KINDS = ("keepalived", "vipd")
# Encapsulations whose modules Debian's cloud kernel has not; and a gateway behind 'or' is a next hop of both.
UNSEEN = {"vrrpRouteSecondaryGateway"} | {f"vrrpRoute{row}Encap{column}" for row in ("", "NextHop") for column in ("Flags", "IlaLocator", "MplsLabels")}
LINKS = {"eth0": "9", "eth1": "8", "void": "7"}  # and the part of their addresses that differs


class Twin:
    """A node for one of the two daemons."""

    def __init__(self, lab, kind):
        self.node, self.kind, self.process = lab.node(kind), kind, None
        self.node.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.node.ip(*[f"link add {name} address 02:00:00:00:00:0{net} type veth peer name far{net}" for name, net in LINKS.items()],
                     "link set void arp off", *[f"link set far{net} up" for net in LINKS.values()],
                     *[words for name, net in LINKS.items() for words in (
                         f"link set {name} up", f"address add 10.{net}.0.1/24 dev {name}",
                         f"address add 2001:db8:{net}::1/64 dev {name} nodad")])
        (self.node.dir / "run/load").write_text("-3\n")
        self.node.snmpd(extra="agentXTimeout 60")
        self.agent = self.node.snmp("127.0.0.1")

    def start(self, name):
        run = self.node.vipd if self.kind == "vipd" else self.node.keepalived
        self.process = run(parity.FIXTURES / f"{name}.conf", "-x", "-A", self.node.agentx, log=f"{name}.log")

    def walk(self):
        found = {}
        for root in parity.ROOTS:
            found.update(self.agent.walk(root, timeout=60))
        return found

    def rates(self, walked):
        """Of each rate that was walked its forms of 64 and 32 bits and its halves, asked for together: on a walk it may change
        between them."""
        oids = {name: oid for oid, name in parity.object_names().items()}
        wanted = [(name.removesuffix("64"), index) for name, index in map(parity.split_oid, walked) if re.search("Rate.*64$", name)]
        found = []
        for at in range(0, len(wanted), 10):
            asked = [f"{oids[name + form]}.{index}" for name, index in wanted[at:at + 10] for form in ("64", "", "Low", "High")]
            texts = [value.text for value in self.agent.get(*asked, timeout=60)]
            found += [texts[i:i + 4] for i in range(0, len(texts), 4)]
        return found

    def states(self):
        """Of routers and of quorums: less to ask for than a walk."""
        return [self.agent.column(column, timeout=60) for column in (ROUTER_STATE, QUORUM_STATUS)]

    def stop(self):
        return self.process.stop(timeout=60)


def feed(twins):
    """Three datagrams to each service of the last configuration, so that statistics have something to tell."""
    for twin in twins.values():
        wait_until(lambda twin=twin: twin.node.has_address("10.9.0.102/32"), ROOM, f"{twin.kind} is master")
        twin.node.run("bash", "-c", "for service in 101/5353 102/5354; do exec 3<>/dev/udp/10.9.0.$service && "
                                    "for _ in 1 2 3; do printf 'x%.0s' {1..100} >&3 || exit; done; done")


def has_settled(twins):
    theirs, ours = (twin.states() for twin in twins.values())
    return theirs == ours and any(ours) and BACKUP not in ours[0].values()


class Findings:
    """What was walked and which lines of the list were needed, of every configuration so far."""

    def __init__(self):
        self.rules, self.entries = parity.read_rules(), parity.read_entries()
        self.walks, self.rates, self.used, self.faults = {}, [], [], []

    def compare(self, name, twins):
        """True when both sides are steady and every difference is on the list."""
        walks = {kind: twin.walk() for kind, twin in twins.items()}
        lines = parity.differences(name, walks["keepalived"], walks["vipd"], self.rules)
        self.faults, used = parity.judge_lines(lines, self.entries)
        if not self.faults:
            self.walks[name] = walks
            self.rates += twins["vipd"].rates(walks["vipd"])
            self.used += used
        return not self.faults


@pytest.fixture(scope="module")
def twins(story_lab):
    return {kind: Twin(story_lab, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def findings():
    return Findings()


@pytest.mark.parametrize("name", CONFIGS)
def test_walks(twins, findings, name):
    for twin in twins.values():
        twin.start(name)
    if name == CONFIGS[-1]:
        feed(twins)
    wait_until(lambda: has_settled(twins), ROOM, f"{name}: routers and quorums", interval=1)
    try:
        wait_until(lambda: findings.compare(name, twins), ROOM, interval=3)
    except AssertionError:
        pass  # the lines say more
    assert {twin.kind: twin.stop() for twin in twins.values()} == dict.fromkeys(KINDS, 0)
    assert not findings.faults, "\n" + "\n".join(findings.faults)


def all_of(findings, kind="vipd"):
    """[(configuration, name of the object, index, Value)] of every walk."""
    assert sorted(findings.walks) == CONFIGS, "the walks before this test"
    return [(name, *parity.split_oid(oid), value) for name, walks in findings.walks.items() for oid, value in walks[kind].items()]


def test_no_line_of_the_list_is_stale(findings):
    assert sorted(findings.walks) == CONFIGS, "the walks before this test"
    assert [" ".join(entry.objects) for entry in findings.entries if entry not in findings.used] == []


def test_walks_agree_with_the_modules(findings):
    """Syntax, range, enumeration and order of all that vipd told."""
    assert sorted(findings.walks) == CONFIGS, "the walks before this test"
    modules = judge.parse_modules()
    assert {name: found for name, walks in findings.walks.items()
            if (found := judge.judge_walk(walks["vipd"].items(), modules))} == {}


def test_every_object_was_compared(findings):
    """Each accessible object of the three modules has an instance somewhere."""
    seen = {name for _, name, _, _ in all_of(findings)}
    assert set(parity.object_names().values()) - seen == UNSEEN


def test_newer_objects(findings):
    """What 2.2.7 lacks, by the text of the module that has it."""
    found = {(name[:2], column, index): value for name, column, index, value in all_of(findings)}
    for _, (column, kind) in judge.NEWER.items():
        types = {value.type for (_, name, _), value in found.items() if name == column}
        assert {judge.WALK_TYPES[kind_of] for kind_of in types} == {kind}, column
    checksum = "vrrpInstanceV3ChecksumAsV2"
    assert {key[0::2] for key, value in found.items() if key[1] == checksum and value.text == "1"} == {("02", "1")}
    for (file, column, index), value in found.items():
        if column.endswith("Path") and "NotifyUp" in column or "Quorum" in column and column.endswith("Path"):
            assert found[file, column.removesuffix("Path"), index].text.startswith(value.text + " ")
    assert findings.rates
    for wide, narrow, low, high in findings.rates:
        assert wide == narrow == low and high == "0"
    waits = {index: value.text for (file, column, index), value in found.items()
             if (file, column) == ("08", "realServerNotRunCheckers")}
    assert waits["8.2"] == "1", "its check is suspended, for the address is not here"
    assert waits["1.4"] == waits["2.1"] == "0", "there is no check of it"
