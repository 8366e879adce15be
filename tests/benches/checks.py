# SPDX-License-Identifier: MIT
"""10,000 TCP_CHECKs and 1,000 SSL_GETs: processor time of a check, how late checks are, memory.

Every real server is this machine, by an address of its own. How many checks there were the kernel says (connections
accepted), when each came, the server. Processor time is that of all threads and processes of a daemon, counted once every
server has been checked, over whole rounds. The floor is a bare loop of the same system calls, or of OpenSSL.
Arguments: the kinds to measure, both by default.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import beside
import farm
from lab import Process, build_dir, wait_until

ROUNDS = 2  # that are measured
SERVERS_OF_A_SERVICE = 100
GOAL = 0.7
MEMORY_GOAL = 1.2


class Kind:
    """One sort of check, as many of them as the virtual machine carries."""

    def __init__(self, name, servers, interval, port, checker, floor_runs):
        self.name, self.servers, self.interval, self.port = name, servers, interval, port
        self.checker, self.floor_runs = checker, floor_runs

    def config(self):
        return farm.config(farm.farm(self.servers, self.servers // SERVERS_OF_A_SERVICE), interval=self.interval,
                           port=self.port, checker=self.checker)

    def entries(self):
        return self.servers + self.servers // SERVERS_OF_A_SERVICE


KINDS = (
    Kind("TCP_CHECK", 10000, 10, 80, "TCP_CHECK {\n            connect_timeout 3\n        }", 10000),
    Kind("SSL_GET", 1000, 10, 443, "SSL_GET {\n            url {\n                path /\n                status_code 200\n"
         "            }\n            connect_timeout 3\n        }", 500),
)


def run(*words):
    subprocess.run(list(map(str, words)), check=True)


def tls_server(folder):
    """nginx with a certificate of its own."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "2", "-subj", "/CN=farm", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                   stderr=subprocess.DEVNULL, check=True)
    (folder / "nginx.conf").write_text(f"""daemon off; error_log {folder}/nginx.log; pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server {{
        listen 443 ssl backlog=4096;
        ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
        location / {{ return 200 "ok"; }}
    }}
}}
""")
    return Process(["nginx", "-c", folder / "nginx.conf"], log=folder / "nginx.out")


def accepted():
    """Connections that this kernel has accepted, ever."""
    names, values = [line.split() for line in pathlib.Path("/proc/net/snmp").read_text("ascii").splitlines()
                     if line.startswith("Tcp:")]
    return int(values[names.index("PassiveOpens")])


def entries():
    return subprocess.run(["ipvsadm", "-Sn"], capture_output=True, text=True, check=False).stdout.count("\n")


def measure(folder, kind, name, program):
    """{what: figure} of one daemon."""
    path, servers = folder / f"{name}.conf", None
    path.write_text(kind.config())
    if kind.port == 80:
        servers = Process([build_dir() / "tests/benches/servers", kind.port, kind.interval * 1000], log=folder / "servers.log",
                          stdout=subprocess.PIPE)
    before = accepted()
    daemon = Process([program, "-l", "-n", "-C", "-f", path], log=folder / f"{name}.log")
    wait_until(lambda: entries() == kind.entries(), beside.PATIENCE, f"{name}: the kernel's table", interval=0.5)
    wait_until(lambda: accepted() - before >= kind.servers, beside.PATIENCE, f"{name}: a first round", interval=0.5)
    time.sleep(kind.interval)
    family = beside.family(daemon.pid)
    if servers:
        servers.send(beside.BEGIN)
    checks, cpu, began = accepted(), beside.cpu_us(family), time.monotonic()
    time.sleep(ROUNDS * kind.interval)
    seconds = time.monotonic() - began
    checks, cpu = accepted() - checks, beside.cpu_us(family) - cpu
    found = {"cpu": cpu / checks, "rate": checks / seconds, "memory": beside.pss_mb(family)}
    if servers:
        servers.popen.terminate()
        found["late"] = [float(word) for word in servers.popen.communicate()[0].split()[1:]]
    began = time.monotonic()
    daemon.stop(timeout=beside.PATIENCE)
    found["stop"] = time.monotonic() - began
    run("ipvsadm", "-C")
    print(f"  {kind.name}, {name}: {found['cpu']:.1f} us a check, {found['rate']:.0f} a second, {found['memory']:.1f} MB",
          flush=True)
    return found


def floor(folder, kind):
    """Microseconds of a check by the bare loop."""
    server = None
    if kind.port == 80:
        server = Process([build_dir() / "tests/benches/servers", 80, 1000], log=folder / "servers.log")
    program = [build_dir() / "tests/benches/probes", "tcp" if kind.port == 80 else "tls", "10.128.0.1", kind.port]
    wait_until(lambda: subprocess.run([*map(str, program), "1"], capture_output=True, check=False).returncode == 0, 60,
               "a server")
    out = subprocess.run([*map(str, program), str(kind.floor_runs)], capture_output=True, text=True, check=True).stdout
    if server:
        server.stop()
    return float(out)


def report(kind, ours, theirs, least):
    """Prints the figures of a kind; false when a goal is missed."""
    print(f"  {kind.name}: {kind.servers} real servers every {kind.interval} s", flush=True)
    good = beside.report("processor time of a check", [ours["cpu"]], [theirs["cpu"]], unit="us", limit=GOAL)
    print(f"  {'times the floor':25} vipd {ours['cpu'] / least:.2f}  keepalived {theirs['cpu'] / least:.2f}", flush=True)
    good = beside.report("memory (PSS)", [ours["memory"]], [theirs["memory"]], unit="MB", limit=MEMORY_GOAL) and good
    beside.report("stop", [ours["stop"]], [theirs["stop"]])
    for at, what in enumerate(("median", "p99", "max") if "late" in ours else ()):
        print(f"  {'lateness, ' + what:25} vipd {ours['late'][at]:.3f} ms  keepalived {theirs['late'][at]:.3f} ms", flush=True)
    return good


def main():
    run("modprobe", "-a", "ip_vs", "ip_vs_wlc")
    run("ip", "route", "add", "local", "10.128.0.0/9", "dev", "lo")
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tls = tls_server(folder)
        for kind in KINDS:
            if sys.argv[1:] and kind.name not in sys.argv[1:]:
                continue
            least = floor(folder, kind)
            print(f"  {kind.name}, the floor: {least:.1f} us a check", flush=True)
            ours = measure(folder, kind, "vipd", build_dir() / "vipd")
            theirs = measure(folder, kind, "keepalived", "keepalived")
            good = report(kind, ours, theirs, least) and good
        tls.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
