# SPDX-License-Identifier: MIT
"""Two programs measured in turns, and their figures as lines of a table."""

import contextlib
import os
import pathlib
import re
import signal
import statistics

PATIENCE = 300  # seconds for one step; a time of that length only says that it took longer
BEGIN = signal.SIGUSR1  # tests/benches/servers: begin anew


def cpu_us(pids):
    """Microseconds of processor time of all threads of some processes."""
    return sum(int((task / "schedstat").read_text("ascii").split()[0])
               for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1000


def pss_mb(pids):
    """Megabytes of some processes; what several share counts in parts (PSS)."""
    rollups = [pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text("ascii") for pid in pids]
    return sum(int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1]) for text in rollups) / 1024


def family(pid):
    """That process and those it has started; such as end meanwhile may be missing."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        children = []
    return [pid, *(each for child in children for each in family(int(child)))]


def alternate(runs, *measures):
    """Calls each function in turn, runs times; a list of results for each."""
    results = [[] for _ in measures]
    for _ in range(runs):
        for measure, result in zip(measures, results):
            result.append(measure())
    return results


@contextlib.contextmanager
def awake(node):
    """Keeps every processor from halting: a virtual one is long in coming back, the longer the less it has to do."""
    spinners = [node.popen("chrt", "-i", 0, "taskset", "-c", cpu, "sh", "-c", "while :; do :; done", log=f"idle{cpu}.log")
                for cpu in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.stop()


def spread(values, unit):
    more = ">" if unit == "s" and max(values) >= PATIENCE else ""
    return f"{more}{statistics.median(values):.3f} {unit} ({min(values):.3f}-{max(values):.3f}, n={len(values)})"


def report(what, ours, theirs, *, unit="s", limit=None):
    """Prints both and the ratio of the medians; false when it is above the limit (None: for information)."""
    ratio = statistics.median(ours) / statistics.median(theirs)
    good = limit is None or ratio <= limit
    print(f"  {what:25} vipd {spread(ours, unit):36} keepalived {spread(theirs, unit):36} ratio {ratio:.3f}"
          f"{'' if limit is None else f', at most {limit:g}'}{'' if good else ': BEHIND'}", flush=True)
    return good
