# SPDX-License-Identifier: MIT
"""The whole setup of tests/fixtures/seeds/003-master.conf: two directors, two web servers, a client.

              172.17.13.120            172.17.13.123
                   ds1  ----- VIP .252 -----  ds2         each: vipd, snmpd
                    |                          |
    --------------------------------------------------------- one switch
         |                    |                      |
   rs1 .142 nginx       rs2 .173 nginx         client .50 - .58, snmptrapd

Shared by the test of the story (test_seed_pair.py) and the demonstration (demo.py). The config file is
used as it stands: the interface has its name in the directors. The backup's file differs as the
document's own comments ask: "state BACKUP" and a smaller priority.
"""

import re
import time

import snmp
from lab import ROOT, wait_until

VIP = "172.17.13.252"
DIRECTORS = {"ds1": "172.17.13.120", "ds2": "172.17.13.123"}
WEB = {"rs1": "172.17.13.142", "rs2": "172.17.13.173"}
CLIENTS = [f"172.17.13.{host}" for host in range(50, 59)]
INTERFACE = "enp1s0"
VRID = 62
CONFIG = ROOT / "tests/fixtures/seeds/003-master.conf"
BIG_BYTES = 1_200_000
BIG_RATE = "100k"  # so the download lasts 12 s

INSTANCE_STATE = snmp.KEEPALIVED_MIB + ".2.3.1.4.1"
REAL_SERVER_TRAP = snmp.KEEPALIVED_MIB + ".3.5.0.1"
INSTANCE_TRAP = snmp.KEEPALIVED_MIB + ".2.10.0.2"
NEW_MASTER_TRAP = snmp.VRRP_MIB + ".0.1"
MASTER_ADDRESS = snmp.VRRP_MIB + ".1.3.1.7"  # then the interface's index and the VRID
REAL_SERVER_ROW = {"rs1": "1.2", "rs2": "1.1"}  # in the order of the configuration
MASTER, BACKUP = 2, 1
DEST_ENTRY = snmp.DIRECTOR_MIB + ".1.3.1.1"
ADMIN_STATE, OPER_STATE, KERNEL_WEIGHT, ACTIVE_CONNS, DRAIN_STATE = 5, 10, 20, 21, 26
LOCKED, SHUTTING_DOWN, UNLOCKED = 2, 3, 4
DRAINING, DRAINED = 2, 3
NOTIFICATION = {name: f"{snmp.DIRECTOR_MIB}.0.{number}" for name, number in
                (("DestDown", 1), ("DestUp", 2), ("DrainStarted", 5), ("DrainCompleted", 6), ("DrainCancelled", 8))}


def dest_oid(column, server):
    """The object of one web server behind the VIP: service (no mark, address, tcp, port), then server."""
    return f"{DEST_ENTRY}.{column}.0.1.4.{VIP}.6.80.1.4.{WEB[server]}.80"


class Pair:
    """Builds the setup in a laboratory; nothing runs on the directors before start_director()."""

    def __init__(self, lab, daemon="vipd"):
        self.lab, self.daemon = lab, daemon
        self.directors = {name: lab.node(name) for name in DIRECTORS}
        self.ports = {name: node.link(INTERFACE, f"{DIRECTORS[name]}/24") for name, node in self.directors.items()}
        self.web = {name: lab.node(name, f"{address}/24") for name, address in WEB.items()}
        self.client = lab.node("client", *[f"{address}/24" for address in CLIENTS])
        self.servers, self.running, self.snmpd = {}, {}, {}
        self.traps = None
        self.managers = {name: self.client.snmp(address) for name, address in DIRECTORS.items()}

    # ---- parts ----

    def start_web(self, name):
        node = self.web[name]
        if not node.has_address(VIP):
            node.real_server(VIP)
        self.servers[name] = node.nginx(f"{name}\n", size=BIG_BYTES, rate=BIG_RATE)

    def stop_web(self, name):
        self.servers[name].kill()

    def start_receiver(self):
        self.traps = self.client.snmptrapd()

    def start_snmpd(self, name):
        self.snmpd[name] = self.directors[name].snmpd(traps_to=CLIENTS[0])

    def config(self, name):
        text = CONFIG.read_text()
        if name == "ds2":
            text = re.sub(r"(?m)^(\s*state\s+)MASTER", r"\1BACKUP", text)
            text = re.sub(r"(?m)^(\s*priority\s+)200", r"\g<1>100", text)
            assert "MASTER" in CONFIG.read_text() and re.search(r"(?m)^\s*priority\s+100\b", text)
        node = self.directors[name]
        path = node.write("keepalived.conf", text)
        # The document asks for no traps; -x gives SNMP, traps stay a matter of the configuration.
        return node.write("director.conf", f"global_defs {{\n    enable_traps\n}}\ninclude {path}\n")

    def start_director(self, name):
        node = self.directors[name]
        start = getattr(node, self.daemon)
        self.running[name] = start(self.config(name), "-x", "-A", node.agentx)
        return self.running[name]

    def start_all(self):
        for name in self.web:
            self.start_web(name)
        self.start_receiver()
        for name in self.directors:
            self.start_snmpd(name)
        for name in self.directors:
            self.start_director(name)

    # ---- what is seen ----

    def answer(self, client=CLIENTS[0], path="/", timeout=2):
        """Who served this client through the VIP; None when nobody did."""
        text = self.client.curl(f"http://{VIP}{path}", "--interface", client, timeout=timeout)
        return text.strip() if text else None

    def answers(self, clients=CLIENTS):
        """answer() of each, by one process: starting curl is most of the time a request takes."""
        words = []
        for client in clients:
            words += ["--next", "-s", "-f", "-m", 2, "-w", "%{http_code}\n", "--interface", client, f"http://{VIP}/"]
        text = self.client.output("curl", *words[1:], check=False)
        found = re.findall(r"(?:(\w+)\n)?(\d{3})\n", text)
        assert len(found) == len(clients), text
        return [name if code == "200" else None for name, code in found]

    def arp_owner(self):
        """The director whose MAC the client has for the VIP, by the switch's view of the macs; None when unknown."""
        found = re.search(rf"^{VIP} .*lladdr ([0-9a-f:]+)", self.client.output("ip", "neigh", "show"), re.M)
        for name, node in self.directors.items():
            if found and found[1] in node.output("ip", "-o", "link", "show", INTERFACE):
                return name
        return None

    def ipvs(self, director):
        """{server: weight} the director's kernel has for the VIP."""
        text = self.directors[director].output("ipvsadm", "-Sn")
        found = re.findall(rf"^-a -t {VIP}:80 -r ([\d.]+):80 -g -w (\d+)", text, re.M)
        names = {address: name for name, address in WEB.items()}
        return {names[address]: int(weight) for address, weight in found}

    def ipvs_conns(self, director):
        """Connections the director's kernel ever scheduled to the VIP."""
        text = self.directors[director].output("ipvsadm", "-Ln", "--stats", "--exact")
        found = re.search(rf"TCP\s+{VIP}:80\s+(\d+)", text)
        return int(found[1]) if found else 0

    def state(self, director):
        """KEEPALIVED-MIB's number; None while the director is not there to tell."""
        value = self.managers[director].get(INSTANCE_STATE)
        return int(value.text) if value.type == "INTEGER" else None

    def is_master(self, director):
        return self.directors[director].has_address(VIP)

    # ---- steps ----

    def wait_ready(self, timeout=90):
        """Both directors decided, both web servers in both kernels, SNMP up. Seconds it took."""
        began = time.monotonic()
        wait_until(lambda: self.is_master("ds1"), timeout, "ds1 takes the VIP")
        for name in self.directors:
            wait_until(lambda name=name: self.ipvs(name) == {"rs1": 1, "rs2": 1}, timeout, f"servers in {name}")
            wait_until(lambda name=name: self.managers[name].answers(INSTANCE_STATE), timeout, f"SNMP of {name}")
        wait_until(lambda: self.answer(), timeout, "the VIP answers")
        return time.monotonic() - began

    def start_download(self, client):
        """A slow download through the VIP; returns the process and the server it is on."""
        server = self.answer(client)
        process = self.client.popen("curl", "-sS", "-f", "-o", "/dev/null", "--interface", client, "-w",
                                    "%{http_code} %{size_download}", f"http://{VIP}/big", log=f"download-{client}.log")
        return process, server

    def admin(self, server, state, director="ds1"):
        """snmpset of the administrative state; returns the words an operator would type."""
        oid = dest_oid(ADMIN_STATE, server)
        self.managers[director].as_writer().set(oid, "i", state)
        return f"snmpset -v2c -c private {DIRECTORS[director]} {oid} i {state}"

    def dest(self, column, server, director="ds1"):
        return self.managers[director].number(dest_oid(column, server))
