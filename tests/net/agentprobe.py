# SPDX-License-Identifier: MIT
"""tests/tools/agentprobe on a node: the agent thread alone with private tables, asked by lines."""

import subprocess
import time

from lab import build_dir

ARC = ".1.3.6.1.4.1.8072.9999.9999.1000"
SCALARS, TABLE = ARC + ".1", ARC + ".2.1"
COUNT, TRAPS_SWITCH = SCALARS + ".1.0", SCALARS + ".2.0"
TRAP = ARC + ".0.1"
TRAP_NUMBER = ARC + ".1.3.0"
ADMIN, WEIGHT, CONNS, COMMENT, SPARSE, CHANGED, NEVER = (f"{TABLE}.{n}" for n in (2, 3, 4, 5, 7, 8, 9))
ROW = "1.4.10.0.0.1.81"  # of destination 1: an odd port, weight 1
BACK_WITHIN_S = 5.0
VIEWS = f"view vipd_read included {ARC}\nview vipd_write included {ARC}\n"


class Probe:
    """agentprobe on a node, asked by lines."""

    def __init__(self, node, conf=""):
        self.node, self.pulse = node, node.lab.pulse
        self.process = node.popen(build_dir() / "tests/tools/agentprobe", stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, log="probe.log")
        self.ask(f"conf {node.agentx} {conf}".strip())

    def ask(self, line):
        popen = self.process.popen
        popen.stdin.write(line.encode() + b"\n")
        popen.stdin.flush()
        answer = popen.stdout.readline().decode().strip()
        assert answer, f"agentprobe died: {self.process.text()}"
        return answer

    def status(self):
        words, error = self.ask("status").split(" error=")
        return {**{key: int(value) for key, value in (word.split("=") for word in words.split())}, "error": error}

    def is_connected(self):
        return self.status()["connected"] == 1

    def beat_ms(self):
        return int(self.ask("beat"))

    def stop(self):
        """Milliseconds it took, without what this machine took; the process must end well (a sanitizer's finding is an
        error)."""
        began = time.time()
        took = int(self.ask("stop").split()[1]) - 1000 * 2 * self.pulse.worst(began)
        assert self.process.popen.wait(10) == 0, self.process.text()
        return took
