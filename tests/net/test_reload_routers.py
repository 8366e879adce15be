# SPDX-License-Identifier: MIT
"""Any configuration to any other by a reload, virtual routers alone: as a start with it, and no advert missed.

Random configurations and random changes of them (reload_model.py, reload_changes.py); the same with IPVS is
vm/test_reload_model.py.
VIPD_RELOAD_SEED repeats a run, VIPD_RELOAD_PAIRS sets its length.
"""

import os
import random
import time

import reload_changes
import reload_model
from lab import wait_until
from reload_bench import Bench

SEED = int(os.environ.get("VIPD_RELOAD_SEED", "20261121"))
PAIRS = int(os.environ.get("VIPD_RELOAD_PAIRS", "20"))


def begin(lab, seed):
    rng = random.Random(seed)
    maker, bench = reload_model.Maker(rng, links=True), Bench(lab)
    config = reload_model.random_config(maker)
    bench.start(reload_model.text(rng, config), config)
    return rng, maker, bench


def test_a_reload_is_a_start_without_the_interruption(lab):
    rng, maker, bench = begin(lab, SEED)
    began = time.monotonic()
    for pair in range(PAIRS):
        config, done = reload_changes.mutate(maker)
        print(f"{time.monotonic() - began:6.1f} {pair}: {done}")
        wrong = bench.reload([reload_model.text(rng, config)], config)
        assert not wrong, f"seed {SEED}, pair {pair}: {done}"


def test_of_many_reloads_at_once_the_last_wins(lab):
    rng, maker, bench = begin(lab, SEED + 1)
    for storm in range(3):
        texts = []
        for _ in range(rng.randint(5, 15)):
            config, done = reload_changes.mutate(maker)
            texts.append(reload_model.text(rng, config) + reload_model.PADDING)
        wrong = bench.reload(texts, config)
        assert not wrong, f"seed {SEED + 1}, storm {storm} of {len(texts)}"


def test_an_address_goes_from_one_master_to_another(lab):
    """In either order of the file, and when the first is removed, it stays where it is; what nobody has any more is
    gone."""
    instance = ("vrrp_instance {0} {{\n interface eth0\n virtual_router_id {1}\n down_timer_adverts 1\n"
                " virtual_ipaddress {{\n {2}\n }}\n}}\n")
    first, shared, second, gone = (f"192.0.2.{host}/24" for host in (101, 102, 103, 104))

    def text(of_a, of_b):
        return instance.format("A", 1, "\n ".join(of_a)) + instance.format("B", 2, "\n ".join(of_b))

    node = lab.node("director", "192.0.2.1/24")
    path = node.write("vipd.conf", text([first, shared, gone], [second]))
    node.vipd(path)
    wait_until(lambda: all(node.has_address(address) for address in (first, shared, second, gone)), 20, "two masters")
    monitor = node.monitor("address")
    for lists in (([first], [second, shared]), ([first, shared], [second])):
        path.write_text(text(*lists))
        node.vipctl("reload")
    path.write_text(instance.format("B", 2, f"{second}\n {shared}"))
    node.vipctl("reload")
    told = [line for line in monitor.lines() if f" {shared} " in line]
    assert told == [] and node.has_address(shared)
    assert not node.has_address(gone) and not node.has_address(first)
