# SPDX-License-Identifier: MIT
"""One checker of a configuration, run by itself on a node by tests/tools/checkprobe, and what it reports."""

import os
import pathlib
import re

from lab import ROOT

CONFIG = """
virtual_server {service} 80 {{
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP

    real_server {address} {port} {{
        weight 1
{checker}
    }}
}}
"""


def checkprobe():
    folders = [pathlib.Path(os.environ["VIPD_BUILD"])] if "VIPD_BUILD" in os.environ else []
    for folder in folders + [ROOT / "build/fast", ROOT / "build", ROOT]:
        if (folder / "tests/tools/checkprobe").exists():
            return (folder / "tests/tools/checkprobe").resolve()
    raise FileNotFoundError("no built tests/tools/checkprobe; set VIPD_BUILD")


def probe(node, checker, port=80, address="127.0.0.1", count=1):
    """Runs a checker count times; one dictionary per attempt."""
    config = node.dir / "probe.conf"
    service = "2001:db8:ffff::1" if ":" in address else "203.0.113.1"
    config.write_text(CONFIG.format(service=service, address=address, port=port, checker=checker))
    result = node.run(checkprobe(), config, count, check=False)
    assert result.returncode == 0, result.stderr
    pattern = re.compile(r"up=(?P<up>\d) changed=(?P<changed>\d) result=(?P<result>.*) weight=(?P<weight>\S+) "
                         r"latency_us=(?P<latency>\d+) detail=(?P<detail>.*)")
    reports = [pattern.fullmatch(line).groupdict() for line in result.stdout.splitlines()]
    assert len(reports) == count, result.stdout + result.stderr
    return reports


def probe_one(node, checker, **options):
    report = probe(node, checker, **options)[0]
    return report["up"] == "1", report["result"], report["detail"]
