# SPDX-License-Identifier: MIT
"""Random configurations (and, by reload_changes.py, random changes of them): what a reload may be asked for.

A configuration here is plain objects, written out in a random order. What the daemon must make of one is known here
only as far as a test needs it to wait: who becomes master, which server answers its checks.
"""

import copy
import re
from dataclasses import dataclass, field

INTERFACES = ("eth0", "eth1")
GOOD_PORT, BAD_PORT = 8081, 8082  # on loopback: somebody listens, nobody does
ADVERT_INT = {2: ["1", "1", "1", "2"], 3: ["1", "1", "0.5", "0.3"]}
SPOKEN = {2, 3}  # versions of VRRP; an instance of another is in FAULT
FLAG = [None, None, ""]

# What may stand in each block: keyword to values, of which None leaves it out.
INSTANCE = {
    "priority": ["255", "255", "200", "150"],
    "state": [None, "MASTER", "BACKUP"],
    "preempt_delay": [None, None, "3"],
    "nopreempt": FLAG,
    "lower_prio_no_advert": FLAG,
    "higher_prio_send_advert": FLAG,
    "garp_master_delay": [None, "1"],
    "garp_master_repeat": [None, "1", "3"],
    "garp_master_refresh": [None, "2"],
    "down_timer_adverts": [None, "3", "5"],
    "notify": [None, "/bin/true"],
    "dont_track_primary": FLAG,
}
LINKS = {  # where macvlans and nftables are looked at
    "use_vmac": [None, None, ""],
    "use_vmac_addr": [None, None, None, ""],
    "vmac_xmit_base": [None, None, None, ""],
    "no_accept": FLAG,
}
AUTHENTICATION = [None, "{\nauth_type PASS\nauth_pass one\n}", "{\nauth_type PASS\nauth_pass two\n}"]
SCRIPT = {"interval": ["2"], "timeout": [None, "10"], "rise": [None, "1", "2"], "fall": [None, "1", "2"]}
GROUP = {"notify": [None, "/bin/true"], "smtp_alert": [None, "no"]}
SERVICE = {
    "lvs_sched": ["rr", "wrr", "lc", "wlc", "sh", "sed", "nq", "dh"],
    "lvs_method": ["NAT", "DR", "TUN"],
    "delay_loop": ["2"],
    "persistence_timeout": [None, None, "50", "300"],
    "weight": [None, "3"],
    "quorum": [None, None, "2"],
    "hysteresis": [None, "1"],
    "inhibit_on_failure": FLAG,
    "alpha": FLAG,
    "hashed": FLAG,
    "sorry_server_inhibit": FLAG,
    "snmp_name": [None, "one", "two"],
    "quorum_up": [None, "/bin/true"],
}
SERVER = {
    "weight": [None, "0", "1", "2", "7", "300"],
    "uthreshold": [None, None, "100", "200\nlthreshold 20"],
    "lvs_method": [None, None, "NAT", "DR", "TUN"],
    "inhibit_on_failure": FLAG,
    "notify_up": [None, "/bin/true"],
    "snmp_name": [None, "red", "blue"],
}
PADDING = "# so that to read it takes longer than to ask for the next one\n" * 60000
CHECKERS = ("TCP_CHECK", "HTTP_GET", "MISC_CHECK")


@dataclass
class Script:
    name: str
    good: bool
    weight: int
    settings: dict


@dataclass
class Instance:
    name: str
    interface: str
    vrid: int
    version: int
    settings: dict
    v6: bool = False
    addresses: list = field(default_factory=list)  # lines of the block
    excluded: list = field(default_factory=list)
    scripts: list = field(default_factory=list)  # names
    routes: list = field(default_factory=list)  # lines again
    rules: list = field(default_factory=list)

    def identity(self):
        return (self.name, self.interface, self.vrid, self.version, self.v6,
                *[keyword in self.settings for keyword in ("use_vmac", "use_vmac_addr", "vmac_xmit_base")])

    def advert_s(self):
        return float(self.settings["advert_int"])

    def held(self):
        """(interface, address/prefix) of what it sets as a master, but for what gets a macvlan of its own: the names of those
        follow from the others."""
        found = set()
        for line in self.addresses + self.excluded:
            device = (re.search(r" dev (\S+)", line) or [None, self.interface])[1]
            if device == self.interface and (":" in line.split()[0]) == self.v6:
                found.add((f"vrrp.{self.vrid}" if "use_vmac" in self.settings else device, line.split()[0]))
            elif "use_vmac_addr" not in self.settings and device != self.interface:
                found.add((device, line.split()[0]))
        return found


@dataclass
class Group:
    name: str
    members: list
    settings: dict


@dataclass
class Checker:
    kind: str
    good: bool
    timeout: int


@dataclass
class Server:
    address: str
    port: int
    settings: dict
    checkers: list

    def is_up(self):
        return all(checker.good for checker in self.checkers)


@dataclass
class Service:
    """members: lines of a virtual_server_group; a service by itself has one."""
    members: list
    group: str | None
    protocol: str
    settings: dict
    servers: list
    sorry: str | None = None

    def is_v6(self):
        return self.servers[0].address.count(":") > 0

    def identity(self):
        return self.group or self.members[0], self.protocol


@dataclass
class Config:
    static_routes: list = field(default_factory=list)
    static_rules: list = field(default_factory=list)
    scripts: list = field(default_factory=list)
    instances: list = field(default_factory=list)
    groups: list = field(default_factory=list)
    services: list = field(default_factory=list)

    def masters(self):
        """The instances that have nothing against being master."""
        bad = {script.name for script in self.scripts if not script.good}
        well = {instance.name for instance in self.instances
                if instance.version in SPOKEN and not bad.intersection(instance.scripts)}
        for group in self.groups:
            if not well.issuperset(group.members):
                well.difference_update(group.members)
        return [instance for instance in self.instances if instance.name in well]

    def masters_since(self, before):
        """Of those, the ones that were masters before and are still known as the same, with what they were."""
        were = {instance.identity(): instance for instance in before.masters()}
        return [(were[instance.identity()], instance) for instance in self.masters() if instance.identity() in were]


# ---- random objects ----

class Maker:
    """Makes objects that do not stand in each other's way: every name, address and mark is given out once."""

    def __init__(self, rng, programs=True, links=False):
        self.rng, self.number, self.programs = rng, 0, programs  # programs: whether scripts may be run
        self.table = {**INSTANCE, **(LINKS if links else {})}
        self.config = Config()

    def next(self):
        self.number += 1
        return self.number

    def settings(self, table):
        chosen = {keyword: self.rng.choice(values) for keyword, values in table.items()}
        return {keyword: value for keyword, value in chosen.items() if value is not None}

    def some(self, items, most):
        return self.rng.sample(items, min(len(items), self.rng.randint(0, most)))

    def address(self, v6):
        """A line of virtual_ipaddress; each in a network of its own, so that none is another's secondary address."""
        number, rng = self.next(), self.rng
        if v6:
            device = rng.choice(["", "", *[f" dev {name}" for name in INTERFACES]])
            local = f"fe80::1:{number:x}/64" if rng.random() < 0.3 else None
            return (local or f"2001:db8:1:{number:x}::1/{rng.choice([64, 128])}") + device
        prefix = rng.choice([32, 32, 24])
        scope = rng.choice(["", "", " scope link", " scope site"])
        where = rng.choice([None, None, *INTERFACES])
        device = f" dev {where}" if where else ""
        label = f" label {where}:{number}" if where and rng.random() < 0.5 else ""
        return f"10.{100 + number // 250}.{number % 250}.1/{prefix}{device}{scope}{label}"

    def route(self):
        number, rng = self.next(), self.rng
        table = rng.choice(["", "", " table 100", " table 200"])
        if rng.random() < 0.2:
            return f"blackhole 10.{200 + number // 250}.{number % 250}.0/24{table} no_track"
        if rng.random() < 0.3:
            return f"2001:db8:9:{number:x}::/64 dev {rng.choice(INTERFACES)}{table} metric {rng.choice([5, 1024])}"
        metric = rng.choice(["", f" metric {rng.choice([5, 50])}", " scope link", " mtu 1400"])
        return f"10.{200 + number // 250}.{number % 250}.0/24 dev {rng.choice(INTERFACES)}{table}{metric}"

    def rule(self):
        number, rng = self.next(), self.rng
        what = rng.choice([f"from 10.{220 + number // 250}.{number % 250}.0/24", f"fwmark {number}", "iif eth1"])
        return f"{what} table {rng.choice([100, 200])} preference {1000 + number}"

    def instance(self):
        rng = self.rng
        v6 = rng.random() < 0.35
        version = rng.choice([3, 3, 3, 2] if v6 else [2, 2, 2, 2, 2, 3])
        made = Instance(f"VI_{self.next()}", rng.choice(INTERFACES), self.free_vrid(), version, self.settings(self.table), v6)
        self.fit_version(made)
        made.addresses = [self.address(v6) for _ in range(rng.randint(1, 4))]
        made.excluded = [self.address(rng.random() < 0.4) for _ in range(rng.choice([0, 0, 1, 3]))]
        made.routes = [self.route() for _ in range(rng.choice([0, 0, 1, 3]))]
        made.rules = [self.rule() for _ in range(rng.choice([0, 0, 1, 2]))]
        made.scripts = self.some([script.name for script in self.config.scripts], 2)
        return made

    def free_vrid(self):
        return self.rng.choice(sorted(set(range(1, 256)) - {instance.vrid for instance in self.config.instances}))

    def fit_version(self, instance):
        instance.settings["advert_int"] = self.rng.choice(ADVERT_INT[instance.version])
        instance.settings.pop("authentication", None)
        chosen = self.rng.choice(AUTHENTICATION)
        if instance.version == 2 and not instance.v6 and chosen:
            instance.settings["authentication"] = chosen

    def script(self):
        return Script(f"script_{self.next()}", self.rng.random() < 0.85, 0, self.settings(SCRIPT))

    def group(self):
        taken = {name for group in self.config.groups for name in group.members}
        free = [instance.name for instance in self.config.instances if instance.name not in taken]
        if len(free) < 2:
            return None
        members = self.rng.sample(free, self.rng.randint(2, len(free)))
        return Group(f"group_{self.next()}", members, self.settings(GROUP))

    def checker(self):
        kinds = CHECKERS if self.programs else [kind for kind in CHECKERS if kind != "MISC_CHECK"]
        return Checker(self.rng.choice(kinds), self.rng.random() < 0.75, self.rng.choice([8, 9]))

    def server(self, v6, port):
        number = self.next()
        address = f"2001:db8:5::{number:x}" if v6 else f"198.18.{number // 250}.{number % 250 + 1}"
        return Server(address, port, self.settings(SERVER), [self.checker() for _ in range(self.rng.choice([0, 1, 1, 2]))])

    def member(self, v6, grouped):
        rng, number = self.rng, self.next()
        if rng.random() < 0.25:
            return f"fwmark {number}"
        if v6:
            return f"2001:db8:7:{number:x}::1 {rng.choice([80, 443])}"
        last = f"-{rng.randint(2, 4)}" if grouped and rng.random() < 0.3 else ""
        return f"172.{16 + number // 250}.{number % 250}.1{last} {rng.choice([80, 443])}"

    def service(self):
        rng = self.rng
        v6, group = rng.random() < 0.25, f"several_{self.next()}" if rng.random() < 0.4 else None
        members = [self.member(v6, group) for _ in range(rng.randint(1, 4) if group else 1)]
        made = Service(members, group, rng.choice(["TCP", "TCP", "UDP"]), self.settings(SERVICE),
                       [self.server(v6, rng.choice([80, 443])) for _ in range(rng.randint(1, 5))])
        if rng.random() < 0.4:
            made.sorry = self.sorry(made)
        return made

    def sorry(self, service):
        return f"{self.server(service.is_v6(), 80).address} 80"


def random_config(maker, n_services=0):
    rng, config = maker.rng, maker.config
    config.scripts = [maker.script() for _ in range(rng.randint(0, 3) if maker.programs else 0)]
    for _ in range(rng.randint(1, 4)):
        config.instances.append(maker.instance())
    config.static_routes = [maker.route() for _ in range(rng.randint(0, 3))]
    config.static_rules = [maker.rule() for _ in range(rng.randint(0, 2))]
    group = maker.group()
    if group and rng.random() < 0.7:
        config.groups.append(group)
    config.services = [maker.service() for _ in range(n_services)]
    return copy.deepcopy(config)


# ---- text ----

def block(head, lines):
    return head + " {\n" + "\n".join(lines) + "\n}\n"


def shuffled(rng, items):
    items = list(items)
    rng.shuffle(items)
    return items


def lines_of(rng, settings):
    return shuffled(rng, [f"{keyword} {value}".strip() for keyword, value in settings.items()])


def instance_text(rng, instance):
    lines = [f"interface {instance.interface}", f"virtual_router_id {instance.vrid}", f"version {instance.version}",
             block("virtual_ipaddress", shuffled(rng, instance.addresses)), *lines_of(rng, instance.settings)]
    if instance.excluded:
        lines.append(block("virtual_ipaddress_excluded", shuffled(rng, instance.excluded)))
    if instance.scripts:
        lines.append(block("track_script", shuffled(rng, instance.scripts)))
    if instance.routes:
        lines.append(block("virtual_routes", shuffled(rng, instance.routes)))
    if instance.rules:
        lines.append(block("virtual_rules", shuffled(rng, instance.rules)))
    return block(f"vrrp_instance {instance.name}", shuffled(rng, lines))


def script_text(rng, script):
    program = "/bin/true" if script.good else "/bin/false"
    return block(f"vrrp_script {script.name}", shuffled(rng, [f'script "{program}"', *lines_of(rng, script.settings)]))


def group_text(rng, group):
    return block(f"vrrp_sync_group {group.name}",
                 shuffled(rng, [block("group", shuffled(rng, group.members)), *lines_of(rng, group.settings)]))


def checker_text(checker):
    port = GOOD_PORT if checker.good else BAD_PORT
    timing = ["retry 0", "delay_loop 2", "warmup 0"]
    if checker.kind == "MISC_CHECK":
        return block("MISC_CHECK", [f'misc_path "{"/bin/true" if checker.good else "/bin/false"}"',
                                    f"misc_timeout {checker.timeout}", *timing])
    reach = ["connect_ip 127.0.0.1", f"connect_port {port}", f"connect_timeout {checker.timeout}", *timing]
    if checker.kind == "HTTP_GET":
        reach.append(block("url", ["path /", "status_code 200"]))
    return block(checker.kind, reach)


def service_text(rng, service):
    settings = dict(service.settings)
    if service.protocol == "UDP" and "fwmark" not in service.members[0] and not service.group:
        settings["ops"] = ""
    if service.sorry:
        settings["sorry_server"] = service.sorry
    else:
        settings.pop("sorry_server_inhibit", None)
    lines = lines_of(rng, {**settings, "protocol": service.protocol})
    for server in shuffled(rng, service.servers):
        lines.append(block(f"real_server {server.address} {server.port}",
                           [*lines_of(rng, server.settings), *[checker_text(checker) for checker in server.checkers]]))
    if not service.group:
        return block(f"virtual_server {service.members[0]}", lines)
    return (block(f"virtual_server_group {service.group}", shuffled(rng, service.members)) +
            block(f"virtual_server group {service.group}", lines))


def text(rng, config):
    """The configuration as a file, its objects in a random order."""
    parts = ([script_text(rng, script) for script in config.scripts] +
             [instance_text(rng, instance) for instance in config.instances] +
             [group_text(rng, group) for group in config.groups] +
             [service_text(rng, service) for service in config.services] +
             [block("static_routes", shuffled(rng, config.static_routes)),
              block("static_rules", shuffled(rng, config.static_rules))])
    return block("global_defs", ["router_id reload", "script_user root", "enable_script_security"]) + "".join(
        shuffled(rng, parts))
