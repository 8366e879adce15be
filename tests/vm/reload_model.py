# SPDX-License-Identifier: MIT
"""Random configurations, and random changes of them: what a reload may be asked for.

A configuration here is plain objects, written out in a random order; a change adds, removes or alters an object, alters
what an object is known by, or moves something from one object to another. What the daemon must make of one is known
here only as far as a test needs it to wait: who becomes master, which server answers its checks.
"""

import copy
import re
from dataclasses import dataclass, field

INTERFACES = ("eth0", "eth1")
GOOD_PORT, BAD_PORT = 8081, 8082  # on loopback: somebody listens, nobody does
ADVERT_INT = {2: ["1", "1", "1", "2"], 3: ["1", "1", "0.5", "0.3"]}
SPOKEN = {2}  # versions of VRRP; an instance of another is in FAULT
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
    addresses: list = field(default_factory=list)  # lines of the block
    excluded: list = field(default_factory=list)
    scripts: list = field(default_factory=list)  # names

    def identity(self):
        return self.name, self.interface, self.vrid, self.version

    def advert_s(self):
        return float(self.settings["advert_int"])

    def held(self):
        """(interface, address/prefix) of what it sets as a master."""
        return {((re.search(r" dev (\S+)", line) or [None, self.interface])[1], line.split()[0])
                for line in self.addresses + self.excluded}


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

    def __init__(self, rng, programs=True):
        self.rng, self.number, self.programs = rng, 0, programs  # programs: whether scripts may be run
        self.config = Config()

    def next(self):
        self.number += 1
        return self.number

    def settings(self, table):
        chosen = {keyword: self.rng.choice(values) for keyword, values in table.items()}
        return {keyword: value for keyword, value in chosen.items() if value is not None}

    def some(self, items, most):
        return self.rng.sample(items, min(len(items), self.rng.randint(0, most)))

    def address(self, excluded=False):
        """A line of virtual_ipaddress; each in a network of its own, so that none is another's secondary address."""
        number, rng = self.next(), self.rng
        if excluded and rng.random() < 0.4:
            return f"2001:db8:1:{number:x}::1/{rng.choice([64, 128])}"
        prefix = rng.choice([32, 32, 24])
        scope = rng.choice(["", "", " scope link", " scope site"])
        where = rng.choice([None, None, *INTERFACES])
        device = f" dev {where}" if where else ""
        label = f" label {where}:{number}" if where and rng.random() < 0.5 else ""
        return f"10.{100 + number // 250}.{number % 250}.1/{prefix}{device}{scope}{label}"

    def instance(self):
        rng = self.rng
        version = rng.choice([2, 2, 2, 2, 2, 3])
        made = Instance(f"VI_{self.next()}", rng.choice(INTERFACES), self.free_vrid(), version, self.settings(INSTANCE))
        self.fit_version(made)
        made.addresses = [self.address() for _ in range(rng.randint(1, 4))]
        made.excluded = [self.address(excluded=True) for _ in range(rng.choice([0, 0, 1, 3]))]
        made.scripts = self.some([script.name for script in self.config.scripts], 2)
        return made

    def free_vrid(self):
        return self.rng.choice(sorted(set(range(1, 256)) - {instance.vrid for instance in self.config.instances}))

    def fit_version(self, instance):
        instance.settings["advert_int"] = self.rng.choice(ADVERT_INT[instance.version])
        instance.settings.pop("authentication", None)
        chosen = self.rng.choice(AUTHENTICATION)
        if instance.version == 2 and chosen:
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
    if rng.random() < 0.5:
        add_group(maker)
    config.services = [maker.service() for _ in range(n_services)]
    return copy.deepcopy(config)


# ---- changes: each takes a Maker and returns what it did, or None when there was nothing to do it to ----

def pick(maker, objects, least=1):
    return maker.rng.choice(objects) if len(objects) >= least else None


def change_setting(maker, settings, table):
    keyword = maker.rng.choice([word for word, values in table.items() if len(set(values)) > 1])
    value = maker.rng.choice([value for value in dict.fromkeys(table[keyword]) if value != settings.get(keyword)] or [None])
    settings.pop(keyword, None)
    if value is not None:
        settings[keyword] = value
    return f"{keyword} {value}"


def add_instance(maker):
    if len(maker.config.instances) >= 4:
        return None
    maker.config.instances.append(maker.instance())
    return maker.config.instances[-1].name


def remove_instance(maker):
    gone = pick(maker, maker.config.instances, 2)
    if not gone:
        return None
    maker.config.instances.remove(gone)
    for group in maker.config.groups:
        if gone.name in group.members:
            group.members.remove(gone.name)
    return gone.name


def change_instance(maker):
    instance = pick(maker, maker.config.instances)
    table = {**INSTANCE, "advert_int": ADVERT_INT[instance.version]}
    if instance.version == 2:
        table["authentication"] = AUTHENTICATION
    return f"{instance.name} {change_setting(maker, instance.settings, table)}"


def change_identity(maker):
    instance = pick(maker, maker.config.instances)
    what = maker.rng.choice(["name", "interface", "vrid", "version"])
    before = instance.name
    if what == "name":
        instance.name = f"VI_{maker.next()}"
        for group in maker.config.groups:
            group.members = [instance.name if name == before else name for name in group.members]
    elif what == "interface":
        instance.interface = next(name for name in INTERFACES if name != instance.interface)
    elif what == "vrid":
        instance.vrid = maker.free_vrid()
    else:
        instance.version = 5 - instance.version
        maker.fit_version(instance)
    return f"{before} {what} {getattr(instance, what)}"


def change_addresses(maker):
    instance = pick(maker, maker.config.instances)
    where = maker.rng.choice([instance.addresses, instance.excluded])
    if len(where) > (where is instance.addresses) and maker.rng.random() < 0.5:
        gone = where.pop(maker.rng.randrange(len(where)))
        return f"{instance.name} without {gone}"
    where.append(maker.address(excluded=where is instance.excluded))
    return f"{instance.name} with {where[-1]}"


def change_address(maker):
    """The same address, set in another way."""
    instance = pick(maker, maker.config.instances)
    at = maker.rng.randrange(len(instance.addresses))
    before = instance.addresses[at]
    device = next((f" dev {name}" for name in INTERFACES if f" dev {name}" in before), "")
    instance.addresses[at] = before.split()[0] + device + maker.rng.choice(["", " scope link", " scope site"])
    return f"{instance.name}: {before} as {instance.addresses[at]}"


def move_address(maker):
    """From one instance to another, or between the lists of one."""
    giver, taker = pick(maker, maker.config.instances), pick(maker, maker.config.instances)
    if len(giver.addresses) < 2:
        return None
    line = giver.addresses.pop()
    (taker.excluded if taker is giver else taker.addresses).append(line)
    return f"{line} from {giver.name} to {taker.name}"


def change_tracks(maker):
    instance = pick(maker, maker.config.instances)
    if instance.scripts and maker.rng.random() < 0.5:
        return f"{instance.name} does not track {instance.scripts.pop()}"
    free = [script.name for script in maker.config.scripts if script.name not in instance.scripts]
    if not maker.programs:
        return None
    if not free:
        maker.config.scripts.append(maker.script())
        free = [maker.config.scripts[-1].name]
    instance.scripts.append(maker.rng.choice(free))
    return f"{instance.name} tracks {instance.scripts[-1]}"


def change_script(maker):
    script = pick(maker, maker.config.scripts)
    if not script:
        return None
    if maker.rng.random() < 0.4:
        script.good = not script.good
        return f"{script.name} {script.good}"
    return f"{script.name} {change_setting(maker, script.settings, SCRIPT)}"


def add_group(maker):
    made = maker.group()
    if made:
        maker.config.groups.append(made)
    return made and f"{made.name} of {made.members}"


def remove_group(maker):
    gone = pick(maker, maker.config.groups)
    if gone:
        maker.config.groups.remove(gone)
    return gone and gone.name


def change_group(maker):
    group = pick(maker, maker.config.groups)
    if not group:
        return None
    if len(group.members) > 2 and maker.rng.random() < 0.5:
        return f"{group.name} without {group.members.pop()}"
    return f"{group.name} {change_setting(maker, group.settings, GROUP)}"


def add_service(maker):
    maker.config.services.append(maker.service())
    return str(maker.config.services[-1].identity())


def remove_service(maker):
    gone = pick(maker, maker.config.services)
    if gone:
        maker.config.services.remove(gone)
    return gone and str(gone.identity())


def change_service(maker):
    service = pick(maker, maker.config.services)
    if not service:
        return None
    if maker.rng.random() < 0.2:
        service.sorry = None if service.sorry else maker.sorry(service)
        return f"{service.identity()} sorry server {service.sorry}"
    return f"{service.identity()} {change_setting(maker, service.settings, SERVICE)}"


def change_service_identity(maker):
    """Another name or protocol; or the same kernel entry becomes one of several, or stands by itself."""
    service = pick(maker, maker.config.services)
    if not service:
        return None
    before = service.identity()
    if maker.rng.random() < 0.3:
        service.protocol = "UDP" if service.protocol == "TCP" else "TCP"
    elif service.group and len(service.members) == 1 and "-" not in service.members[0]:
        service.group = None
    elif service.group:
        service.group = f"several_{maker.next()}"
    else:
        service.group = f"several_{maker.next()}"
        service.members.append(maker.member(service.is_v6(), grouped=True))
    return f"{before} is {service.identity()}"


def move_member(maker):
    """A kernel entry goes from one group to another."""
    groups = [service for service in maker.config.services if service.group]
    giver, taker = pick(maker, groups), pick(maker, groups)
    if not giver or giver is taker or len(giver.members) < 2 or giver.is_v6() != taker.is_v6():
        return None
    taker.members.append(giver.members.pop())
    return f"{taker.members[-1]} from {giver.identity()} to {taker.identity()}"


def change_members(maker):
    groups = [service for service in maker.config.services if service.group]
    service = pick(maker, groups)
    if not service:
        return None
    if len(service.members) > 1 and maker.rng.random() < 0.5:
        return f"{service.identity()} without {service.members.pop()}"
    service.members.append(maker.member(service.is_v6(), grouped=True))
    return f"{service.identity()} with {service.members[-1]}"


def change_servers(maker):
    service = pick(maker, maker.config.services)
    if not service:
        return None
    if len(service.servers) > 1 and maker.rng.random() < 0.5:
        gone = service.servers.pop(maker.rng.randrange(len(service.servers)))
        return f"{service.identity()} without {gone.address}"
    service.servers.append(maker.server(service.is_v6(), maker.rng.choice([80, 443])))
    return f"{service.identity()} with {service.servers[-1].address}"


def change_server(maker):
    service = pick(maker, maker.config.services)
    if not service:
        return None
    server = maker.rng.choice(service.servers)
    return f"{service.identity()} {server.address} {change_setting(maker, server.settings, SERVER)}"


def change_checkers(maker):
    service = pick(maker, maker.config.services)
    if not service:
        return None
    server = maker.rng.choice(service.servers)
    if server.checkers and maker.rng.random() < 0.5:
        server.checkers.pop()
    else:
        server.checkers.append(maker.checker())
    return f"{service.identity()} {server.address} checked by {server.checkers}"


ROUTER_CHANGES = (add_instance, remove_instance, change_instance, change_instance, change_identity, change_addresses,
                  change_addresses, change_address, move_address, change_tracks, change_script, add_group, remove_group,
                  change_group)
SERVICE_CHANGES = (add_service, remove_service, change_service, change_service, change_service_identity, move_member,
                   change_members, change_servers, change_servers, change_server, change_server, change_checkers)


def mutate(maker, with_services=False):
    """Changes the maker's configuration a little, or not at all; returns a copy of it and what was done."""
    changes = SERVICE_CHANGES * 2 + ROUTER_CHANGES if with_services else ROUTER_CHANGES
    done = []
    for _ in range(maker.rng.choice([0, 1, 4, 8, 12] if with_services else [0, 1, 1, 2, 3, 5, 8])):
        change = maker.rng.choice(changes)
        result = change(maker)
        if result:
            done.append(f"{change.__name__}: {result}")
    maker.config.groups = [group for group in maker.config.groups if len(group.members) > 1]
    return copy.deepcopy(maker.config), done


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
             [service_text(rng, service) for service in config.services])
    return block("global_defs", ["router_id reload", "script_user root", "enable_script_security"]) + "".join(
        shuffled(rng, parts))
