# SPDX-License-Identifier: MIT
"""The demonstration behind ./quickstart: the pair of pair.py, each step shown with what came of it and how long it took.

    demo.py [--stay] [--daemon vipd|keepalived]

Every step is also an assertion: the demonstration fails when something does not happen. Runs where the kernel has
IPVS: natively, or inside tests/vm/vm.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time

import mibnames
import pair as story
from lab import ROOT, Lab, wait_until
from pair import (ACTIVE_CONNS, ADMIN_STATE, CLIENTS, DIRECTORS, DRAIN_STATE, KERNEL_WEIGHT, OPER_STATE, SHUTTING_DOWN, UNLOCKED,
                  VIP)

PATIENCE = 60


class Demo:
    def __init__(self, lab, daemon):
        self.began = time.monotonic()
        self.pair = story.Pair(lab, daemon)
        self.lab, self.names, self.steps, self.traps_shown = lab, mibnames.installed(), 0, 0

    # ---- printing ----

    def step(self, title):
        self.steps += 1
        print(f"\n=== {self.steps}. {title}  [{time.monotonic() - self.began:.0f} s]", flush=True)

    @staticmethod
    def say(text):
        print(f"    {text}", flush=True)

    def show(self, node, *argv, only=None):
        """Runs a command on a node before the reader's eyes."""
        print(f"    {node.name}# {shlex.join(map(str, argv))}")
        for line in node.output(*argv).splitlines():
            if only is None or only in line:
                print(f"      {line}")
        sys.stdout.flush()

    def waited(self, what, condition):
        began = time.monotonic()
        wait_until(condition, PATIENCE, what)
        self.say(f"{what}: {time.monotonic() - began:.1f} s")

    def answers(self):
        for client, server in zip(CLIENTS, self.pair.answers()):
            self.say(f"curl from {client}: {server or 'NO ANSWER'}")
            assert server, "the virtual address did not answer"

    def varbind(self, oid, value):
        """"name = value"; an address of four octets as people write it."""
        name, text = self.names.of(oid), self.names.value(oid, value.text)
        if value.type == "Hex-STRING" and "Address" in name and len(text.split()) == 4:
            text = ".".join(str(int(octet, 16)) for octet in text.split())
        return f"{name} = {text}"

    def new_traps(self, at_least=1):
        wait_until(lambda: self.pair.traps.count() >= self.traps_shown + at_least, PATIENCE, "traps")
        for trap in self.pair.traps.all()[self.traps_shown:]:
            # The index is the same for nearly all of them and long; names are enough to read.
            values = ", ".join(re.sub(r"^(\w+)\.[\d.]+ =", r"\1 =", self.varbind(oid, value))
                               for oid, value in list(trap.varbinds.items())[:6])
            sender = next((name for name, address in DIRECTORS.items() if address == trap.source), trap.source)
            self.say(f"trap from {sender}: {self.names.of(trap.oid)}: {values}")
            self.traps_shown += 1

    def walk(self, title, oid, most=60):
        self.say(f"snmpbulkwalk -v2c -c public {DIRECTORS['ds1']} {oid}   ({title})")
        found = self.pair.managers["ds1"].walk(oid)
        for name, value in list(found.items())[:most]:
            print(f"      {self.varbind(name, value)}")
        if len(found) > most:
            print(f"      ... {len(found) - most} more")
        assert found, f"nothing at {oid}"

    # ---- the story ----

    def build(self):
        self.step("Two directors, two web servers and a client, each in its own namespace on one switch")
        self.pair.start_all()
        self.say(f"directors {', '.join(DIRECTORS.values())}; web servers {', '.join(story.WEB.values())}; "
                 f"virtual address {VIP}")
        self.say(f"configuration: {story.CONFIG.relative_to(ROOT)}, as an operator wrote it")
        self.say(f"both directors ready: {self.pair.wait_ready():.1f} s")
        self.show(self.pair.directors["ds1"], "ip", "-br", "address", "show", story.INTERFACE)

    def round_robin(self):
        self.step("Round robin through the virtual address")
        self.say("persistence_timeout 50 in the configuration: one client stays with its server, the next gets the other")
        before = self.pair.ipvs_conns("ds1")
        self.answers()
        self.waited("counted by the kernel, which sums up every 2 s",
                    lambda: self.pair.ipvs_conns("ds1") >= before + len(CLIENTS))
        self.show(self.pair.directors["ds1"], "ipvsadm", "-Ln", "--stats")

    def tables(self):
        self.step("The same over SNMP")
        self.walk("instances", story.snmp.KEEPALIVED_MIB + ".2.3", 12)
        self.walk("real servers", story.snmp.KEEPALIVED_MIB + ".3.4", 14)
        for column, title in ((ADMIN_STATE, "our own table: what the operator wants"), (OPER_STATE, "what the checks say"),
                              (KERNEL_WEIGHT, "what the kernel has"), (ACTIVE_CONNS, "who is still there"),
                              (DRAIN_STATE, "how far a drain is")):
            self.walk(title, f"{story.DEST_ENTRY}.{column}")
        self.traps_shown = self.pair.traps.count()

    def dead_web_server(self):
        self.step("A web server dies and returns")
        self.pair.stop_web("rs1")
        self.waited("rs1 killed; out of both directors' tables", lambda: "rs1" not in {**self.pair.ipvs("ds1"), **self.pair.ipvs("ds2")})
        self.answers()
        self.new_traps()
        self.pair.start_web("rs1")
        self.waited("rs1 started; in both tables again", lambda: all("rs1" in self.pair.ipvs(name) for name in DIRECTORS))
        self.new_traps()

    def drain(self):
        self.step("A web server is drained while a long download runs on it")
        process, server = self.pair.start_download(CLIENTS[3])
        self.waited(f"download of {story.BIG_BYTES} bytes at {story.BIG_RATE}/s on {server}, seen in the table",
                    lambda: self.pair.dest(ACTIVE_CONNS, server) >= 1)
        self.say(self.pair.admin(server, SHUTTING_DOWN))
        self.show(self.pair.directors["ds1"], "ipvsadm", "-Ln", only="->")
        assert self.pair.ipvs("ds1")[server] == 0 and process.alive()
        fresh = [f"{VIP[:-3]}{host}" for host in range(70, 74)]
        self.pair.client.ip(*[f"address add {address}/24 dev eth0" for address in fresh])
        found = self.pair.answers(fresh)
        self.say(f"clients it has not seen before ({fresh[0]} ...): {' '.join(map(str, found))}")
        assert server not in found and None not in found
        self.new_traps()
        self.waited("the download runs to its end", lambda: not process.alive())
        assert process.text() == f"200 {story.BIG_BYTES}", process.text()
        self.say(f"curl says: status and bytes {process.text()}")
        self.say(self.pair.admin(server, UNLOCKED))
        assert self.pair.ipvs("ds1")[server] == 1
        self.new_traps()

    def dead_director(self):
        self.step("The master director is killed (SIGKILL)")
        self.pair.running["ds1"].kill()
        self.say("its adverts end; ds2 waits 3 x advert_int + (256 - priority 100) / 256 = 3.6 s, as RFC 3768 has it")
        self.waited("the virtual address is on ds2", lambda: self.pair.is_master("ds2"))
        self.waited("the client's traffic goes to ds2", lambda: self.pair.arp_owner() == "ds2")
        self.answers()
        self.show(self.pair.directors["ds2"], "ipvsadm", "-Ln", "--stats")
        self.new_traps()

    def director_back(self):
        self.step("The master comes back")
        self.pair.start_director("ds1")
        self.waited("ds1 is master again, with the address once",
                    lambda: not self.pair.is_master("ds2") and self.pair.directors["ds1"].count_address(VIP) == 1)
        self.waited("the client's traffic goes to ds1", lambda: self.pair.arp_owner() == "ds1")
        self.say("its kernel still has what each client had before (persistence_timeout 50)")
        self.answers()
        self.new_traps()

    def play(self, stay):
        for part in (self.build, self.round_robin, self.tables, self.dead_web_server, self.drain, self.dead_director, self.director_back):
            part()
        print(f"\nAll of it worked, in {time.monotonic() - self.began:.0f} s.", flush=True)
        if stay:
            self.stay()

    # ---- --stay ----

    def write_on(self):
        """A small program that runs a command on a node by its name."""
        lines = ["#!/bin/sh", "# on NODE COMMAND ...: runs a command on a machine of the demonstration", 'node=$1; shift',
                 'case $node in']
        lines += [f'{node.name}) exec {shlex.join(node.command())} "$@" ;;' for node in self.lab.nodes]
        lines += [f'*) echo "nodes: {" ".join(node.name for node in self.lab.nodes)}" >&2; exit 1 ;;', "esac"]
        path = self.lab.dir / "on"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o755)
        return path

    def stay(self):
        program, shell = self.write_on(), sys.stdin.isatty()
        run = program.name if shell else program
        ask = f"-v2c -c public {DIRECTORS['ds1']}"
        oid = story.dest_oid(ADMIN_STATE, "rs1")
        print(f"\nEverything stays up. To try by hand:\n"
              f"  {run} client curl --interface {CLIENTS[1]} http://{VIP}/\n"
              f"  {run} ds1 ipvsadm -Ln --stats\n"
              f"  {run} ds1 {os.environ.get('VIPD_BUILD', ROOT / 'build/fast')}/vipctl status\n"
              f"  {run} client snmpbulkwalk {ask} {story.snmp.KEEPALIVED_MIB}.3.4\n"
              f"  {run} client snmpset -v2c -c private {DIRECTORS['ds1']} {oid} i {SHUTTING_DOWN}    # drain rs1\n"
              f"  {run} client snmpset -v2c -c private {DIRECTORS['ds1']} {oid} i {UNLOCKED}    # and back\n"
              f"  tail -f {self.pair.traps.path}\n"
              f"  kill -9 {self.pair.running['ds1'].pid}    # the master's vipd\n", flush=True)
        if shell:
            print("This is a shell; leave it ('exit') to end the demonstration.", flush=True)
            subprocess.run([os.environ.get("SHELL") or "/bin/bash"], check=False,
                           env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"})
        else:
            print("Ends with Ctrl-C.", flush=True)
            try:
                time.sleep(1e6)
            except KeyboardInterrupt:
                pass


def main():
    parser = argparse.ArgumentParser(prog="quickstart")
    parser.add_argument("--stay", action="store_true", help="leave it running and print commands to try")
    parser.add_argument("--daemon", default="vipd", choices=("vipd", "keepalived"), help="for comparison")
    options = parser.parse_args()
    with Lab() as lab:
        demo = Demo(lab, options.daemon)
        try:
            demo.play(options.stay)
        except AssertionError as error:
            print(f"\nIt did not work: {error}", flush=True)
            for name, process in demo.pair.running.items():
                print(f"--- the last of {name}'s log:\n" + "\n".join(process.text().splitlines()[-15:]))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
