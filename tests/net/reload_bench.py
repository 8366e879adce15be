# SPDX-License-Identifier: MIT
"""Two directors for one question: is a reload to a configuration the same as a start with it?

The one that is watched goes from configuration to configuration by reloads; the other is started anew with each. They
have the same interfaces and addresses, each in a network of its own, and every interface is a cable whose far end
captures what comes out of it. What the kernel holds is compared as a whole; what happened on the way is read from the
captures, from ip(8)'s monitor, and from the netlink messages to IPVS.
"""

import json
import re
import signal
import socket
import struct
import time

import pcap
from lab import build_dir, wait_until
from reload_model import GOOD_PORT, INTERFACES

ROOM = 30  # seconds a slow machine may add
SETUP = """link add {interface} address 02:00:00:00:00:0{number} type veth peer name far{number}
link set {interface} addrgenmode none
link set far{number} addrgenmode none
link set {interface} up
link set far{number} up
address add 192.0.{number}.1/24 dev {interface}
address add fe80::{number}:1/64 dev {interface} nodad"""
SHOW = """ip -j address; ip -j -4 route show table all; ip -j -6 route show table all; ip -j -4 rule; ip -j -6 rule
{ ipvsadm -Sn; echo thresholds; ipvsadm -Ln --thresholds | sed 's/^.*->/->/'; } 2>/dev/null"""
SHOW_LINKS = "cd /proc/sys/net/ipv4/conf && cat eth*/arp_ignore eth*/arp_announce; nft list ruleset 2>/dev/null || true"
COMMANDS = {1: "NEW_SERVICE", 2: "SET_SERVICE", 3: "DEL_SERVICE", 5: "NEW_DEST", 6: "SET_DEST", 7: "DEL_DEST",
            16: "ZERO", 17: "FLUSH"}
REQUEST, GENERIC, GENL_CONTROL = 1, 16, 16  # NETLINK_GENERIC, and its controller
CMD_SERVICE, CMD_DEST = 1, 2
SERVICE_FAMILY, SERVICE_PROTOCOL, SERVICE_ADDRESS, SERVICE_PORT, SERVICE_MARK = 1, 2, 3, 4, 5
DEST_ADDRESS, DEST_PORT, DEST_FAMILY = 1, 2, 11


# ---- what the kernel holds ----

class Kernel:
    """addresses: {(interface, address/prefix): details}, services: {service: (details, {server: details})}, and others:
    routes, rules, macvlans, the packet filter. Order means nothing in any of them: it is the order in which things came."""

    def __init__(self, text, links):
        lines = text.splitlines()
        self.addresses, self.links = {}, [links]
        for link in json.loads(lines[0]):
            if link["ifname"].startswith("vrrp"):
                self.links.append(f"{link['ifname']} {link['address']} {link['link']} {link['flags']}")
            for found in link.get("addr_info", []):
                # Only which of several addresses of one network came first decides this.
                found.pop("secondary", None)
                self.addresses[link["ifname"], f"{found['local']}/{found['prefixlen']}"] = found
        self.others = sorted(json.dumps(entry, sort_keys=True) for line in lines[1:5] if line for entry in json.loads(line))
        self.services = {}
        self.thresholds = {}
        self.read_services(lines[5:])
        self.links.sort()

    def read_services(self, lines):
        limits = {}
        for line in lines[lines.index("thresholds") + 1:] if "thresholds" in lines else []:
            words = line.split()
            if words and words[0] == "->" and words[1][0] in "[0123456789":
                limits[words[1]] = words[2:4]  # a server has the same ones everywhere
        for line in lines:
            found = re.match(r"-([Aa]) (-[tu] \S+|-f \d+(?: -6)?)(?: -r (\S+))? ?(.*)", line)
            if found and found[1] == "A":
                self.services[found[2]] = (found[4], {})
            elif found:
                self.services[found[2]][1][found[3]] = f"{found[4]} limits {limits.get(found[3])}"

    def __eq__(self, other):
        return vars(self) == vars(other)

    def difference(self, other):
        """Lines of what is here and not in other."""
        return ([f"address {key} {value}" for key, value in self.addresses.items() if other.addresses.get(key) != value] +
                [f"service {key} {value}" for key, value in self.services.items() if other.services.get(key) != value] +
                [entry for entry in self.others if entry not in other.others] +
                [f"link {entry}" for entry in self.links if entry not in other.links])


def attributes(data):
    """{type: value} of netlink attributes, as many as are whole."""
    found, at = {}, 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            break
        found[kind & 0x3FFF] = data[at + 4:at + size]
        at += (size + 3) & ~3
    return found


def endpoint(family, address, port):
    text = socket.inet_ntop(family, address[:4 if family == socket.AF_INET else 16])
    number = struct.unpack(">H", port)[0]
    return f"[{text}]:{number}" if family == socket.AF_INET6 else f"{text}:{number}"


def ipvs_command(message):
    """(command, service, server or None), named as ipvsadm does; None for what changes no entry."""
    nests = attributes(message[4:])
    if message[0] not in COMMANDS or CMD_SERVICE not in nests:
        return None
    service = attributes(nests[CMD_SERVICE])
    family = struct.unpack("=H", service[SERVICE_FAMILY])[0]
    if SERVICE_MARK in service:
        name = f"-f {struct.unpack('=I', service[SERVICE_MARK])[0]}" + (" -6" if family == socket.AF_INET6 else "")
    else:
        letter = {6: "t", 17: "u"}[struct.unpack("=H", service[SERVICE_PROTOCOL])[0]]
        name = f"-{letter} {endpoint(family, service[SERVICE_ADDRESS], service[SERVICE_PORT])}"
    if CMD_DEST not in nests:
        return COMMANDS[message[0]], name, None
    dest = attributes(nests[CMD_DEST])
    family = struct.unpack("=H", dest[DEST_FAMILY])[0] if DEST_FAMILY in dest else family
    return COMMANDS[message[0]], name, endpoint(family, dest[DEST_ADDRESS], dest[DEST_PORT])


def ipvs_commands(path, since):
    """Each command since then that changes an entry, from a capture of all netlink messages of a namespace: whoever
    sent it, and in the words the kernel was told."""
    found = []
    for when, frame in pcap.read_frames(path, pcap.NETLINK):
        family = struct.unpack_from(">H", frame, 14)[0]
        kind, flags = struct.unpack_from("=HH", frame, 20) if len(frame) > 36 else (0, 0)
        if when >= since and flags & REQUEST and family == GENERIC and kind > GENL_CONTROL:
            found.append(ipvs_command(frame[32:]))
    return [command for command in found if command]


# ---- one director ----

class Director:
    def __init__(self, lab, name, operated=False):
        self.node, self.operated, self.daemon, self.starts = lab.node(name), operated, None, 0
        self.empty = None  # the kernel before the first start
        self.node.ip(*[line for number, interface in enumerate(INTERFACES)
                       for line in SETUP.format(interface=interface, number=number).splitlines()])
        self.node.nginx("here\n", port=GOOD_PORT)
        self.file = self.node.dir / "vipd.conf"
        if operated:
            self.node.snmpd()

    def start(self, text):
        self.starts += 1
        self.file.write_text(text)
        words = [build_dir() / "vipd", "-n", "-l", "-D", "-f", self.file]
        if self.operated:
            words += ["-x", "-A", self.node.agentx]
        self.daemon = self.node.popen(*words, log=f"vipd-{self.starts}.log")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), 20 + ROOM, "vipd")
        assert self.daemon.alive(), self.daemon.text()

    def restart(self, text):
        """A start in a kernel that knows nothing of what ran before: a stop leaves nothing behind."""
        if self.daemon:
            assert self.daemon.stop(signal.SIGTERM, timeout=30) == 0, "it stops by itself"
        found = self.kernel()
        self.empty = self.empty or found
        assert found == self.empty, f"left behind by a stop: {found.difference(self.empty)}"
        self.start(text)

    def kernel(self):
        return Kernel(self.node.output("sh", "-c", SHOW), self.node.output("sh", "-c", SHOW_LINKS))

    def unsettled(self, config):
        """What is not yet as the configuration lets expect, going by what the daemon itself says."""
        status = json.loads(self.node.vipctl("-j", "status").stdout)
        masters = {instance.name for instance in config.masters()}
        wrong = [f"{row['name']} {row['state']}" for row in status["instances"]
                 if (row["state"] == "MASTER") != (row["name"] in masters) or row["addresses_set"] != (row["name"] in masters)]
        if len(status["instances"]) != len(config.instances):
            wrong.append(f"{len(status['instances'])} instances")
        up = {server.address: server.is_up() for service in config.services for server in service.servers}
        for service in status["services"]:
            for row in service["servers"]:
                address = row["server"].rpartition(":")[0].strip("[]")
                if not row["sorry"] and up.get(address) == (row["oper"] == "down"):
                    wrong.append(f"{service['service']} {row['server']} {row['oper']}")
        return wrong

    def settle(self, config):
        deadline = time.monotonic() + 15 + ROOM
        while wrong := self.unsettled(config):
            assert time.monotonic() < deadline, f"{self.node.name} does not come to be as configured: {wrong}"
            time.sleep(0.1)


# ---- both, and what is asked of them ----

class Bench:
    def __init__(self, lab, ipvs=False):
        self.watched, self.anew = Director(lab, "watched", operated=ipvs), Director(lab, "anew")
        node = self.watched.node
        self.netlink = None
        if ipvs:
            node.ip("link add nlmon0 type nlmon", "link set nlmon0 up")
            self.netlink = node.capture("nlmon0", name="netlink")
        self.captures = {interface: node.capture(f"far{number}", "vrrp or ip6 proto 112", name=interface)
                         for number, interface in enumerate(INTERFACES)}
        self.monitor = node.monitor("address")
        self.pulse, self.config = lab.pulse, None

    def start(self, text, config):
        self.watched.start(text)
        self.watched.settle(config)
        self.config = config

    def reload(self, texts, config, then=lambda: []):
        """From what runs to the last of these texts, which is config's; returns what was wrong with that. then() comes
        when all has settled, before the comparison with a start."""
        seen, before = len(self.monitor.lines()), self.watched.kernel()
        interval = max(instance.advert_s() for instance in self.config.instances + config.instances)
        began = time.time()
        files = [self.watched.node.write(f"next-{number}", text) for number, text in enumerate(texts)]
        for number, path in enumerate(files):
            path.rename(self.watched.file)
            self.watched.daemon.send(signal.SIGHUP)
            time.sleep(0.001 if number % 3 else 0.03)  # within a load, and after one
        if len(texts) == 1:
            self.watched.node.vipctl("reload")  # tells when it is over, and is itself a reload without a change
        self.anew.restart(texts[-1])
        self.watched.settle(config)
        self.anew.settle(config)
        time.sleep(max(0.0, began + 2.3 * interval - time.time()))
        ended, after = time.time(), self.watched.kernel()
        wrong = []
        if len(texts) == 1:  # else one in between may have called for anything
            wrong += self.lost_adverts(config, began, ended)
            wrong += flapped(self.monitor.lines()[seen:], before, after, kept_addresses(self.config, config))
        if self.netlink and len(texts) == 1:
            wrong += uncalled(ipvs_commands(self.netlink.path, began), before, after, unsure(self.config, config))
        wrong += then()
        wrong += self.differences()
        self.config = config
        return wrong

    def differences(self, patience=5 + ROOM):
        """Between a reload and a start; what passes by itself is none."""
        deadline = time.monotonic() + patience
        while True:
            watched, anew = self.watched.kernel(), self.anew.kernel()
            if watched == anew:
                return []
            if time.monotonic() > deadline:
                return [f"only after the reload: {line}" for line in watched.difference(anew)] + [
                    f"only after a start: {line}" for line in anew.difference(watched)]
            time.sleep(0.3)

    def lost_adverts(self, config, began, ended):
        """Of the instances that were masters, are to be, and are still known as the same."""
        wrong = []
        for before, instance in config.masters_since(self.config):
            adverts = self.captures[instance.interface].adverts(vrid=instance.vrid)
            last = max(advert.time for advert in adverts if advert.time < began)
            adverts = [advert for advert in adverts if advert.time >= last]
            times = [*[advert.time for advert in adverts], ended]
            # Room for a machine with other work: what it took from a thread of our own at that time, twice, for an
            # advert is late and then shown late, and a little for noise.
            limit = 1.1 * max(before.advert_s(), instance.advert_s()) + 0.1 + 2 * self.pulse.worst(last)
            gaps = [later - earlier for earlier, later in zip(times, times[1:])]
            if max(gaps) > limit:
                wrong.append(f"{instance.name}: no advert for {max(gaps):.2f} s, with {limit:.2f} s to be borne")
            if any(advert.priority == 0 for advert in adverts):
                wrong.append(f"{instance.name}: took its leave")
        return wrong


def kept_addresses(old, new):
    """What masters that go on have had and shall have; one may have it from another."""
    pairs = new.masters_since(old)
    return set().union(*[before.held() for before, _ in pairs]) & set().union(*[instance.held() for _, instance in pairs])


def flapped(monitor, before, after, kept):
    """Addresses that were there, are there in the same way, and had come or gone meanwhile."""
    wrong = []
    for line in monitor:
        found = re.search(r"\d+: (\S+) +inet6? (\S+)(?: peer (\S+))?", line)
        if not found:
            continue
        key = found[1], found[2] if "/" in found[2] else f"{found[2]}/{found[3].split('/')[1]}"
        if key in kept and key in before.addresses and before.addresses[key] == after.addresses.get(key):
            wrong.append(f"address of both configurations: {line}")
    return wrong


def unsure(old, new):
    """Servers whose checks were changed: they may go and come as the new checks find."""
    checked = {(service.identity(), server.address): server.checkers for service in old.services for server in service.servers}
    return {server.address for service in new.services for server in service.servers
            if checked.get((service.identity(), server.address), server.checkers) != server.checkers}


def uncalled(commands, before, after, unsure_servers):
    """Commands about entries that both have: none of those may go or come, and one that is the same is not spoken of."""
    wrong = []
    for command in commands:
        name, service, server = command
        old, new = before.services.get(service), after.services.get(service)
        if not old or not new or (server and server.rpartition(":")[0].strip("[]") in unsure_servers):
            continue
        if server:
            old, new = old[1].get(server), new[1].get(server)
        else:
            old, new = old[0], new[0]
        if old is not None and new is not None and (name[:3] in ("NEW", "DEL") or old == new):
            wrong.append(f"{' '.join(word for word in command if word)} of {old} -> {new}")
    return wrong
