# SPDX-License-Identifier: MIT
"""The benchmarks of tests/bench: builds vipd, runs each where it belongs, sums up."""

import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import stages  # noqa: E402  (needs the path)

BENCHES = {
    "conf": "2,277 virtual servers with 37,205 real servers: -t, start, a reload that changes one weight, stop",
    "checks": "10,000 TCP_CHECKs and 1,000 SSL_GETs: processor time of a check, lateness, memory",
    "vrrp": "500 virtual routers at 1 s and 100 at 10 ms: jitter of their adverts, processor time",
    "scripts": "200 track scripts, each started once a second: processor time of a start",
    "snmp": "10,000 and 37,205 real servers walked: vipd by AgentX and by itself, a bare subagent of constants, keepalived",
}
NEED_IPVS = {"conf", "checks", "snmp"}
COUNT_INSTRUCTIONS = {"conf", "checks", "snmp"}  # in the virtual machine: work of one processor, whatever else this one does
SECONDS = 3600  # of one benchmark
PLACES = f"{ROOT / 'tests/net'}:{ROOT / 'tests/benches'}"  # tests/net has a module snmp, too: it goes first


def measure(name, build):
    """Runs tests/benches/NAME.py, in the virtual machine when it needs IPVS and this kernel has none; its status."""
    program = ["/usr/bin/python3", "-B", "-P", ROOT / f"tests/benches/{name}.py"]
    environment = {**os.environ, "VIPD_BUILD": str(build), "PYTHONPATH": PLACES}
    has_ipvs = subprocess.run([ROOT / "tests/vm/has_ipvs"], stdout=subprocess.DEVNULL, check=False).returncode == 0
    if has_ipvs or name not in NEED_IPVS:
        return subprocess.run(program, env=environment, check=False).returncode
    subprocess.run([ROOT / "tests/deps", "kernel"], check=True)
    script = stages.RESULTS / f"bench-{name}-script"
    script.write_text(f"export VIPD_BUILD='{build}' PYTHONPATH='{PLACES}'\n" + " ".join(map(str, program)) + "\n")
    options = ["-v"] if name in COUNT_INSTRUCTIONS else []
    return subprocess.run([ROOT / "tests/vm/vm", *options, "-m", "2048", "-t", str(SECONDS), script], check=False).returncode


def main():
    parser = argparse.ArgumentParser(prog="tests/bench", description="vipd beside keepalived; see the head of tests/bench.")
    parser.add_argument("--list", action="store_true", help="name the benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks; all by default")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:9} {what}" for name, what in BENCHES.items()))
        return 0
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    stages.RESULTS.mkdir(parents=True, exist_ok=True)
    run = stages.Run(argparse.Namespace(names=[], quick=False))
    build = run.build("fast")
    if not build:
        print(run.tally.failed[0][1])
        return 1
    bad = 0
    for name in options.names or BENCHES:
        print(f"{name}: {BENCHES[name]}", flush=True)
        bad += measure(name, build) != 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
