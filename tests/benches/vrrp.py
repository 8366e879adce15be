# SPDX-License-Identifier: MIT
"""500 virtual routers at 1 s and 100 at 10 ms, all masters: how exactly adverts leave, and what they cost.

One program after the other on the same interfaces, again and again. Adverts are stamped by the kernel of the machine
that receives them. Jitter is by how much the time between two adverts of one router differs from its interval; cost is
the time that all threads and processes were on a processor. Where the machine itself woke a thread late that only
sleeps, at a higher priority than both programs, intervals that end then are reported, but not compared. Processors are
kept from halting, because a virtual one that halts may be long in coming back, the longer the less it has to do.
"""

import bisect
import sys
import time

import beside
import pcap
from lab import Lab, build_dir
from scale import PER_LINK, RealTimePulse, cable, frame, router

SLOW, FAST = (500, 1), (100, 0.01)  # routers, seconds
LINKS = 3  # the last one for the fast ones
BEAT = 0.00025, 0.0001  # seconds: how often the machine is asked, what counts as late
WARM_UP, WINDOW, RUNS = 9, 10, 3  # seconds, seconds, of each program: gratuitous ARP is over after 5 s


def config():
    """Priorities differ, so that routers become master one after the other: adverts in step with each other would cost
    less than they do in a real network."""
    def some(letter, count, interval, link):
        return "".join(router(f"{letter}{i}", i % PER_LINK + 1, interface=f"eth{link + i // PER_LINK}", interval=interval,
                              address=f"10.{6 + link}.{i // PER_LINK}.{i % PER_LINK + 1}", state="BACKUP",
                              priority=1 + (i * 7) % 254) for i in range(count))

    # Without more time than it grants itself keepalived is killed by the kernel when all become master.
    return frame("bench", "\tvrrp_rlimit_rttime 10000000\n") + some("S", *SLOW, 0) + some("F", *FAST, LINKS - 1)


def on_processor(pid):
    """Seconds, of all threads of all its processes."""
    return beside.cpu_us(beside.family(pid)) / 1e6


def record(sink, name):
    """A tcpdump for each link, which writes when it has enough."""
    found = []
    for link in range(LINKS):
        path = sink.dir / f"{name}-{link}.pcap"
        process = sink.popen("tcpdump", "-i", f"eth{link}", "-n", "-s", "64", "-B", "16384", "-Z", "root", "-w", path,
                             "ip", "proto", "112", log=f"{name}-{link}.log")
        found.append(pcap.Capture(path, process))
    return found


def covered(stalls):
    """Those times and as long again after each, in which what has waited is worked off; apart from each other."""
    found = []
    for since, until in stalls:
        end = until + (until - since)
        if found and since <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((since, end))
    return found


def jitter(capture, interval, since, until, stalls):
    """(all of them in milliseconds, those without a stall at either end, how many adverts, how many routers)"""
    def stalled(when):
        at = bisect.bisect_right(stalls, (when, float("inf"))) - 1
        return at >= 0 and when <= stalls[at][1]

    times = {}
    for when, packet in capture.frames():
        if since <= when <= until:
            times.setdefault(packet[14 + 21], []).append(when)  # the VRID of an IP header without options
    pairs = [pair for each in times.values() for pair in zip(each, each[1:])]
    gaps, own = ([abs(later - earlier - interval) * 1000 for earlier, later in chosen]
                 for chosen in (pairs, [pair for pair in pairs if not any(map(stalled, pair))]))
    return gaps, own, sum(map(len, times.values())), len(times)


def measure(pulse, director, sink, start, name):
    """One life of one program: {figure: value}"""
    process = start()
    time.sleep(WARM_UP)
    captures = record(sink, name)
    time.sleep(1)
    since, before = time.time(), on_processor(process.pid)
    time.sleep(WINDOW)
    until, after = time.time(), on_processor(process.pid)
    time.sleep(1)
    for capture in captures:
        capture.stop()
    process.stop()
    result, adverts, stalls = {}, 0, covered(pulse.stalls())
    for what, (routers, interval), chosen in (("1 s", SLOW, captures[:-1]), ("10 ms", FAST, captures[-1:])):
        parts = [jitter(capture, interval, since, until, stalls) for capture in chosen]
        gaps, own = (sorted(gap for part in parts for gap in part[kind]) for kind in range(2))
        if sum(part[3] for part in parts) != routers:
            raise SystemExit(f"{name}: {sum(part[3] for part in parts)} of {routers} routers at {what} were heard")
        if len(own) < 0.5 * len(gaps):
            raise SystemExit(f"{name}: {len(own)} of {len(gaps)} intervals without a stall: too busy a machine to measure on")
        adverts += sum(part[2] for part in parts)
        for kind, values in (("jitter", own), ("with the machine's", gaps)):
            result[f"{what}: {kind} p99.9"], result[f"{what}: {kind} max"] = values[int(len(values) * 0.999)], values[-1]
    result["time per 1,000 adverts"] = (after - before) * 1e6 / adverts
    stalled = sum(end - begin for begin, end in stalls if since < begin < until)
    print(f"  {name}: {adverts} adverts, {', '.join(f'{what} {value:.3f}' for what, value in result.items())} ms, "
          f"machine stalled for {stalled:.3f} s of {WINDOW}", flush=True)
    return result


def main():
    with Lab() as lab:
        director, sink = lab.node("director"), lab.node("sink")
        for link in range(LINKS):
            cable(director, sink, f"eth{link}", [f"10.5.{link}.{i + 1}/24" for i in range(2)])
        path, pulse = director.write("bench.conf", config()), RealTimePulse(sink, *BEAT)
        vipd = lambda: director.popen(build_dir() / "vipd", "-n", "-l", "-P", "-f", path, log="vipd.log")  # noqa: E731
        with beside.awake(sink):
            ours, theirs = beside.alternate(
                RUNS, lambda: measure(pulse, director, sink, vipd, "vipd"),
                lambda: measure(pulse, director, sink, lambda: director.keepalived(path, "-P"), "keepalived"))
    good = [beside.report(what, [run[what] for run in ours], [run[what] for run in theirs], unit="ms",
                          limit=None if "machine" in what else 1) for what in ours[0]]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
