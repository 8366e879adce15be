# SPDX-License-Identifier: MIT
"""Random changes of a random configuration (reload_model.py).

One adds, removes or alters an object, alters what an object is known by, or moves something from one object to another.
Each takes a Maker and returns what it did, or None when there was nothing to do it to.
"""

import copy

from reload_model import ADVERT_INT, AUTHENTICATION, GROUP, INTERFACES, SCRIPT, SERVER, SERVICE


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
    table = {**maker.table, "advert_int": ADVERT_INT[instance.version]}
    if instance.version == 2 and not instance.v6:
        table["authentication"] = AUTHENTICATION
    return f"{instance.name} {change_setting(maker, instance.settings, table)}"


def change_identity(maker):
    instance = pick(maker, maker.config.instances)
    what = maker.rng.choice(["name", "interface", "vrid", "version", "v6"])
    before = instance.name
    if what == "name":
        instance.name = f"VI_{maker.next()}"
        for group in maker.config.groups:
            group.members = [instance.name if name == before else name for name in group.members]
    elif what == "interface":
        instance.interface = next(name for name in INTERFACES if name != instance.interface)
    elif what == "vrid":
        instance.vrid = maker.free_vrid()
    elif what == "version":
        instance.version = 5 - instance.version
        maker.fit_version(instance)
    else:
        instance.v6 = not instance.v6
        instance.addresses = [maker.address(instance.v6) for _ in instance.addresses]
        maker.fit_version(instance)
    return f"{before} {what} {getattr(instance, what)}"


def change_addresses(maker):
    instance = pick(maker, maker.config.instances)
    where = maker.rng.choice([instance.addresses, instance.excluded])
    if len(where) > (where is instance.addresses) and maker.rng.random() < 0.5:
        gone = where.pop(maker.rng.randrange(len(where)))
        return f"{instance.name} without {gone}"
    where.append(maker.address(instance.v6 if where is instance.addresses else maker.rng.random() < 0.4))
    return f"{instance.name} with {where[-1]}"


def change_address(maker):
    """The same address, set in another way."""
    instance = pick(maker, maker.config.instances)
    at = maker.rng.randrange(len(instance.addresses))
    before = instance.addresses[at]
    device = next((f" dev {name}" for name in INTERFACES if f" dev {name}" in before), "")
    ways = ["", " home"] if instance.v6 else ["", " scope link", " scope site"]
    instance.addresses[at] = before.split()[0] + device + maker.rng.choice(ways)
    return f"{instance.name}: {before} as {instance.addresses[at]}"


def move_address(maker):
    """From one instance to another, or between the lists of one."""
    giver, taker = pick(maker, maker.config.instances), pick(maker, maker.config.instances)
    if len(giver.addresses) < 2:
        return None
    line = giver.addresses.pop()
    (taker.excluded if taker is giver or taker.v6 != giver.v6 else taker.addresses).append(line)
    return f"{line} from {giver.name} to {taker.name}"


def change_routing(maker):
    """A route or rule comes or goes, of an instance or of the daemon."""
    instance = pick(maker, maker.config.instances)
    where, make = maker.rng.choice([(instance.routes, maker.route), (instance.rules, maker.rule),
                                    (maker.config.static_routes, maker.route), (maker.config.static_rules, maker.rule)])
    if where and maker.rng.random() < 0.5:
        return f"without {where.pop(maker.rng.randrange(len(where)))}"
    where.append(make())
    return f"with {where[-1]}"


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
                  change_addresses, change_address, move_address, change_routing, change_routing, change_tracks, change_script, add_group, remove_group,
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
