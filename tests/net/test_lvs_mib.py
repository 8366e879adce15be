# SPDX-License-Identifier: MIT
"""LVS-MIB, the alias: every object against the figures of IPVS-DIRECTOR-MIB, through a real snmpd; none without the switch.

That the switch follows a reload, under snmpd and without it, is in test_snmp_listen.py; types and access of its objects are
judged with those of the other modules.
"""

import ipaddress

import snmp
import test_mib_judge as judge
from lab import wait_until
from test_mib_live import CONFIG, director  # pylint: disable=unused-import

D, L = snmp.DIRECTOR_MIB, snmp.LVS_MIB
MODULES = ".1.3.6.1.4.1.8072.1.2"  # what is registered with snmpd, where, by whom
NOT_V4 = "0.0.0.0"
# LVS-MIB's figures of traffic and the last word of ours, for services and servers alike.
COUNTERS = {"StatsConns": "Conns", "StatsInPkts": "InPkts", "StatsOutPkts": "OutPkts", "StatsInBytes": "InOctets",
            "StatsOutBytes": "OutOctets"}
RATES = {"RateCps": "ConnRate", "RateInPPS": "InPktRate", "RateOutPPS": "OutPktRate", "RateInBPS": "InOctetRate",
         "RateOutBPS": "OutOctetRate"}


def decoded(manager, module):
    """A walk as {name of the object: {index: text}}."""
    names = {oid: item.name for oid, item in judge.parse_module(module).items()}
    found = {}
    for oid, value in manager.walk(L if module == "LVS-MIB" else D).items():
        place = oid
        while place not in names:
            place = place.rpartition(".")[0]
        found.setdefault(names[place], {})[oid[len(place) + 1:]] = value.text
    return found


def take_address(numbers):
    """The InetAddress at the front of an index, which loses it; as an IpAddress can say it."""
    octets = [numbers.pop(0) for _ in range((numbers.pop(0), numbers.pop(0))[1])]
    return ".".join(map(str, octets)) if len(octets) == 4 else NOT_V4


def keys(index):
    """What LVS-MIB says of the key of a service: mark, protocol, address, port; and of a server: address, port."""
    numbers = [int(part) for part in index.split(".")]
    mark, address = numbers.pop(0), take_address(numbers)
    protocol, port = numbers.pop(0), numbers.pop(0)
    service = (mark, -1, NOT_V4, -1) if mark else (0, protocol, address, port)
    return service, (take_address(numbers), numbers.pop(0)) if numbers else None


def wanted_traffic(ours, prefix, index):
    """name: figure, of a row of the statistics table that begins with prefix"""
    numbers = {word: int(ours[prefix + word][index]) for word in (*COUNTERS.values(), *RATES.values())}
    wanted = {name: numbers[word] % (2**64 if "Octets" in word else 2**32) for name, word in COUNTERS.items()}
    return wanted | {name: min(numbers[word], 2**32 - 1) for name, word in RATES.items()}


def wanted_service(ours, index):
    mark, protocol, address, port = keys(index)[0]
    own = {name: ours["ipvsdSvc" + name][index] for name in ("Scheduler", "PersistTimeout", "PersistPrefix", "Dests")}
    family = index.split(".")[1]
    netmask = str(ipaddress.ip_network(f"0.0.0.0/{own['PersistPrefix']}").netmask) if family == "1" else NOT_V4
    return {"SchedType": own["Scheduler"], "Proto": protocol, "Addr": address, "Port": port, "FWMark": mark,
            "PersistTimeout": 100 * int(own["PersistTimeout"]), "PersistNetmask": netmask, "NumDests": int(own["Dests"]),
            **wanted_traffic(ours, "ipvsdSvcStats", index)}


def wanted_server(ours, index):
    address, port = keys(index)[1]
    return {"ServerAddr": address, "ServerPort": port, "ServerFlags": int(ours["ipvsdDestForwarding"][index]) - 1,
            "ServerWeight": max(0, int(ours["ipvsdDestKernelWeight"][index])),
            **wanted_traffic(ours, "ipvsdDestStats", index)}


def row_of(found, prefix, index):
    """name: value, of all columns of a row; numbers as such."""
    cells = {name[len(prefix):]: rows[index] for name, rows in found.items() if name.startswith(prefix)}
    return {name: int(text) if text.lstrip("-").isdigit() else text.strip('"') for name, text in cells.items()}


def test_every_object_is_the_directors(director):
    found, ours = decoded(director[1], "LVS-MIB"), decoded(director[1], "IPVS-DIRECTOR-MIB")
    assert {item.name for item in judge.parse_module("LVS-MIB").values()} == set(found)
    timeouts = {f"lvs{name}TimeOut": str(100 * int(ours[f"ipvsdSys{other}Timeout"]["0"]))
                for name, other in (("Tcp", "Tcp"), ("TcpFin", "TcpFin"), ("Udp", "Udp"))}
    scalars = {"lvsVersion": ours["ipvsdSysKernelVersion"]["0"], "lvsNumServices": ours["ipvsdSysServices"]["0"],
               "lvsHashTableSize": ours["ipvsdSysConnTableSize"]["0"], "lvsDaemonState": "0", "lvsMcastInt": "", **timeouts}
    assert {name: found[name]["0"] for name in scalars} == scalars
    assert (scalars["lvsNumServices"], scalars["lvsTcpTimeOut"]) == ("7", "90000")
    # Services: in configuration order from 1, and each of ours once.
    services = {keys(index)[0]: index for index in ours["ipvsdSvcName"]}
    numbers, places = list(found["lvsServiceNumber"]), []
    assert numbers == [str(number + 1) for number in range(len(services))]
    for number in numbers:
        row = row_of(found, "lvsService", number)
        index = services.pop((row["FWMark"], row["Proto"], row["Addr"], row["Port"]))
        assert row == {"Number": int(number), **wanted_service(ours, index)}
        places.append(int(ours["ipvsdSvcVirtualServerIndex"][index]))
        # Its servers, likewise.
        servers = {dest: int(ours["ipvsdDestRealServerIndex"][dest]) for dest in ours["ipvsdDestName"]
                   if dest.startswith(index + ".")}
        assert [place for place in found["lvsRealServerNumber"] if place.startswith(number + ".")] == [
            f"{number}.{place + 1}" for place in range(len(servers))]
        for place, dest in enumerate(sorted(servers, key=servers.get), 1):
            assert row_of(found, "lvsReal", f"{number}.{place}") == {
                "ServiceNumber": int(number), "ServerNumber": place, **wanted_server(ours, dest)}
    assert not services and places == sorted(places)


def registered(manager, root):
    """How many regions snmpd has been given there."""
    return sum(f"{root}." in oid for oid in manager.walk(f"{MODULES}.1.1.4"))


def test_nothing_without_the_switch(lab):
    """-x, every part of SNMP, is not this one."""
    node = lab.node("director", "172.17.13.120/24")
    node.snmpd(extra=f"view vipd_read included {MODULES}\n")
    off = CONFIG.replace("enable_snmp_lvs", "")
    process = node.vipd(node.write("vipd.conf", off), "-x", "-A", node.agentx)
    manager = node.snmp("127.0.0.1")
    wait_until(lambda: manager.answers(D + ".1.1.1.0") or not process.alive(), 15, "the agent")
    assert manager.get(L + ".2.0").type == "noSuchObject" and not manager.walk(L)
    assert not registered(manager, L) and registered(manager, D) > 5
    node.write("vipd.conf", CONFIG)
    node.vipctl("reload")
    wait_until(lambda: manager.answers(L + ".2.0"), 10, "the alias")
    wait_until(lambda: registered(manager, L) == 3, 10, "its scalars and two tables")
    assert manager.get(L + ".2.0").text == manager.get(D + ".1.1.11.0").text
    node.write("vipd.conf", off)
    node.vipctl("reload")
    wait_until(lambda: not registered(manager, L), 10, "its end")
    assert manager.get(L + ".2.0").type == "noSuchObject" and manager.answers(D + ".1.1.11.0")
