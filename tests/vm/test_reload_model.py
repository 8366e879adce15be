# SPDX-License-Identifier: MIT
"""Any configuration to any other by a reload, with IPVS in a real kernel: as a start with it, and nothing torn down.

Random configurations and random changes of them (reload_model.py), as net/test_reload_routers.py does without IPVS. An
operator's lock, drain or weight that was set before a reload is still there after it, where the server is.
VIPD_RELOAD_SEED repeats a run, VIPD_RELOAD_SECONDS sets its length.
"""

import json
import os
import random
import re
import time

import reload_changes
import reload_model
import snmp
from reload_bench import Bench, ipvs_commands

SEED = int(os.environ.get("VIPD_RELOAD_SEED", "20261121"))
SECONDS = float(os.environ.get("VIPD_RELOAD_SECONDS", "100"))
OVERRIDE = snmp.DIRECTOR_MIB + ".1.3.1.1.18"
WEIGHT = 77


class Operator:
    """Does something to a server before a reload, looks for it afterwards, and takes it back."""

    def __init__(self, bench, rng):
        self.bench, self.node, self.rng = bench, bench.watched.node, rng
        self.manager = self.node.snmp("127.0.0.1").as_writer()
        self.done = None

    def rows(self):
        """{(virtual server, server): rows of status}, one for each kernel service"""
        found = {}
        for service in json.loads(self.node.vipctl("-j", "status").stdout)["services"]:
            for row in service["servers"]:
                if not row["sorry"]:
                    found.setdefault((service["virtual_server"], row["server"]), []).append({**row, "service": service["service"]})
        return found

    def override(self, row, value):
        service, server = (re.fullmatch(r"([\d.]+):(\d+)(?:/(tcp|udp))?", text) for text in (row["service"], row["server"]))
        index = f"0.1.4.{service[1]}.{dict(tcp=6, udp=17)[service[3]]}.{service[2]}.1.4.{server[1]}.{server[2]}"
        for attempt in range(5):
            try:
                return self.manager.set(f"{OVERRIDE}.{index}", "i", value, timeout=10)
            except snmp.SnmpError:  # no answer in time, on a slow machine
                if attempt == 4:
                    raise
        return None

    def act(self):
        rows = {name: found for name, found in self.rows().items() if found[0]["oper"] != "down" and found[0]["weight"] > 0}
        self.done = None
        if not rows:
            return "nothing"
        name = self.rng.choice(sorted(rows))
        row, services = rows[name][0], {row["service"] for row in rows[name]}
        words = ["lock", "drain"]
        if re.match(r"[\d.]+:\d+/(tcp|udp)$", row["service"]):
            words.append("weight")
        word = self.rng.choice(words)
        if word == "weight":
            self.override(row, WEIGHT)
        else:
            self.node.vipctl(word, *name)
        self.done = word, name[1], services, row
        return f"{word} {name}"

    def look(self):
        """What became of it; it is taken back, so that a start can be compared."""
        if not self.done:
            return []
        word, server, services, before = self.done
        # By the kernel's service: its virtual server may have another name now.
        name, rows = next(((name, rows) for name, rows in self.rows().items()
                           if name[1] == server and services.intersection(row["service"] for row in rows)), (None, None))
        if not rows:
            return []  # the server went with the reload
        if word == "weight":
            wrong = [f"{word} {name}: {row['weight']}" for row in rows if row["weight"] != WEIGHT and row["oper"] != "down"]
            if any(row["service"] == before["service"] for row in rows):
                self.override(before, -1)
            return wrong
        wrong = [f"{word} {name}: {row['admin']}, weight {row['kernel_weight']}" for row in rows
                 if row["admin"] not in ("locked", "shuttingDown") or row["kernel_weight"] > 0]
        self.node.vipctl("undrain", *name)
        return wrong


def begin(lab, seed):
    rng = random.Random(seed)
    # Programs take seconds to start here; scripts have their turn in net/.
    maker, bench = reload_model.Maker(rng, programs=False), Bench(lab, ipvs=True)
    config = reload_model.random_config(maker, n_services=rng.randint(3, 6))
    bench.start(reload_model.text(rng, config), config)
    return rng, maker, bench


def test_a_reload_is_a_start_that_tears_nothing_down(lab, record_property):
    rng, maker, bench = begin(lab, SEED)
    operator, began, pairs = Operator(bench, rng), time.monotonic(), 0
    while time.monotonic() < began + SECONDS:
        pairs += 1
        config, done = reload_changes.mutate(maker, with_services=True)
        done.insert(0, f"operator: {operator.act()}")
        print(f"{time.monotonic() - began:6.1f} {pairs}: {done}")
        wrong = bench.reload([reload_model.text(rng, config)], config, operator.look)
        assert not wrong, f"seed {SEED}, pair {pairs}: {done}"
    record_property("pairs", str(pairs))
    said = len(ipvs_commands(bench.netlink.path, 0))
    print(f"{pairs} reloads, {said} commands to the kernel")
    assert said > pairs, "it was looked at"


def test_of_many_reloads_at_once_the_last_wins(lab):
    rng, maker, bench = begin(lab, SEED + 1)
    texts = []
    for _ in range(8):
        config, _ = reload_changes.mutate(maker, with_services=True)
        texts.append(reload_model.text(rng, config) + reload_model.PADDING)
    wrong = bench.reload(texts, config)
    assert not wrong, f"seed {SEED + 1}"
