# SPDX-License-Identifier: MIT
"""A laboratory network on one machine, for tests and the demonstration.

A Lab is a switch and some Nodes on it. A Node is a process of its own network, mount and host name
namespaces: its own interfaces, its own /run and /var/lib, its own name. Namespaces belong to processes
started here and end with them; nothing is named, so nothing can collide or be left behind. Commands
run in a Node see the host's files, so give them absolute paths.

Needs root; no package beyond the standard library. Works the same inside tests/vm/vm.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pcap
import snmp

ROOT = pathlib.Path(__file__).resolve().parents[2]
_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def build_dir():
    """Where vipd and vipctl are: $VIPD_BUILD, or the build tests/run and quickstart make."""
    if "VIPD_BUILD" in os.environ:
        return pathlib.Path(os.environ["VIPD_BUILD"]).resolve()
    for name in ("build/fast", "build", "."):
        if (ROOT / name / "vipd").exists():
            return ROOT / name
    raise FileNotFoundError("no built vipd; set VIPD_BUILD")


def wait_until(condition, timeout=10.0, what="condition", interval=0.05):
    """Polls until condition() is true and returns its value; an AssertionError names what never came."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout:g} s (last: {value!r})")
        time.sleep(interval)


def holds(condition, seconds, what="condition", interval=0.1):
    """Asserts that condition() stays true for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"{what}: did not hold for {seconds:g} s"
        time.sleep(interval)


class Pulse(threading.Thread):
    """How late this machine lets a thread run that does nothing but sleep: what it does to us, it does to a daemon.

    A delay shorter than `every` may fall between two beats; a longer one is seen, less that much of it. See Lab.pulse.
    """

    def __init__(self, every=0.05):
        super().__init__(daemon=True)
        self.every, self.late, self.ending = every, [], threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            due = time.time() + self.every
            self.ending.wait(self.every)
            self.late.append((due, time.time() - due))

    def worst(self, since, until=float("inf")):
        """Of the beats that were waited for in that time; waits for the last of them itself."""
        wait_until(lambda: self.late and self.late[-1][0] > min(until, time.time() - 2 * self.every), what="a beat")
        return max(late for due, late in [*self.late, (since, 0.0)] if due <= until and due + late >= since)

    def allowance(self, since, until=float("inf")):
        """How late something may have been done, and have been seen to be done, for no fault of its own."""
        return self.every + 2 * self.worst(since, until)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A child in its own session; stop() and kill() reach what it forked too."""

    def __init__(self, argv, log=None, stdin=subprocess.DEVNULL, stdout=None, stderr=None, env=None):
        self.argv, self.log = [str(word) for word in argv], log
        output = open(log, "ab") if log else None
        # The kernel ties "parent" to the thread that forked, so only the main thread may ask for it.
        main = threading.current_thread() is threading.main_thread()
        self.popen = subprocess.Popen(
            self.argv, stdin=stdin, stdout=stdout or output, stderr=stderr or output, start_new_session=True,
            env={**os.environ, **(env or {})}, preexec_fn=_die_with_parent if main else None)
        if output:
            output.close()

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def send(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def pause(self):
        self.send(signal.SIGSTOP)

    def resume(self):
        self.send(signal.SIGCONT)

    def kill(self):
        """SIGKILL to all of its session's first process group; returns its status."""
        return self.stop(signal.SIGKILL)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Ends it with a signal; a process that does not obey is killed. Returns its status."""
        if self.popen.poll() is None:
            try:
                if number == signal.SIGKILL:
                    os.killpg(self.pid, number)
                else:
                    self.popen.send_signal(number)
                    self.popen.send_signal(signal.SIGCONT)
                return self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.popen.wait()

    def text(self):
        """Its log so far."""
        return pathlib.Path(self.log).read_text(errors="replace")


def _address(interface, address):
    """Words for ip(8); no waiting for duplicates, which would take a second."""
    return f"address add {address} dev {interface}" + (" nodad" if ":" in address else "")


class Monitor:
    """`ip monitor` on a node. What the kernel told before a question is in the answer to it: both ask for a mark, an
    address of ours that comes and goes on lo, and wait for that to be told."""

    def __init__(self, node, *objects, name="monitor"):
        self.node, self.number = node, 0
        self.process = node.popen("ip", "-o", "monitor", *objects, log=f"{name}.log")
        wait_until(self._is_heard, what="ip monitor")

    def _is_heard(self):
        self.number += 1
        mark = f"127.77.{self.number // 250}.{self.number % 250 + 1}"
        self.node.ip(f"address add {mark}/32 dev lo", f"address del {mark}/32 dev lo")
        try:
            return wait_until(lambda: f"{mark}/" in self.process.text(), 2)
        except AssertionError:  # it did not listen yet
            return False

    def lines(self):
        """What it has been told since it began to listen, one line for each, blanks squeezed."""
        wait_until(self._is_heard, what="ip monitor")
        told = (" ".join(line.split()) for line in self.process.text().splitlines())
        return [line for line in told if " 127.77." not in line]


class Node:
    """One machine of the laboratory. Not made directly: see Lab.node()."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.dir = lab.dir / name
        self.processes = []
        for folder in ("run", "lib"):
            (self.dir / folder).mkdir(parents=True)
        # mount --make-rprivate is unshare's default; binds go before the holder becomes sleep.
        script = ('hostname "$1" && mount --bind "$2/run" /run && mount --bind "$2/lib" /var/lib && '
                  'mkdir -p /run/lock && { mount -t sysfs sysfs /sys 2>/dev/null; ip link set lo up; } && '
                  'touch "$2/ready" && exec sleep infinity')
        self.holder = Process(["unshare", "--net", "--mount", "--uts", "sh", "-c", script, "sh", name, self.dir],
                              log=self.dir / "node.log")
        wait_until(lambda: (self.dir / "ready").exists() or not self.holder.alive(), what=f"node {name}")
        assert self.holder.alive(), self.holder.text()

    def command(self, *argv):
        """The words that run argv here, for printing or for a process outside this library."""
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "-u", "--", *[str(word) for word in argv]]

    def run(self, *argv, check=True, timeout=60, **options):
        """Runs to the end; returns subprocess.CompletedProcess with text output."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        result = subprocess.run(self.command(*argv), text=True, capture_output=True, timeout=timeout, **options)
        if check and result.returncode:
            raise AssertionError(f"{self.name}: {' '.join(map(str, argv))}: status {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def output(self, *argv, **options):
        return self.run(*argv, **options).stdout

    def popen(self, *argv, log=None, **options):
        """Starts a process that the laboratory ends at the latest when it closes."""
        process = Process(self.command(*argv), log=log and self.dir / log, **options)
        self.processes.append(process)
        return process

    # ---- network ----

    def link(self, interface, *addresses):
        """A cable to the switch: interface appears here with addresses such as 192.0.2.1/24."""
        port = f"p{self.lab.next_number()}"
        self.lab.switch.ip(f"link add {port} type veth peer name {interface} netns {self.holder.pid}",
                           f"link set {port} master br0 up")
        self.ip(f"link set {interface} up", *[_address(interface, address) for address in addresses])
        return port

    def ip(self, *commands):
        """Several commands of ip(8) by one process, which is what takes the time."""
        self.run("ip", "-batch", "-", input="\n".join(commands) + "\n")

    def add_address(self, interface, address):
        self.ip(_address(interface, address))

    def has_address(self, address):
        """True when the address is set here; without a prefix, with any."""
        words = self.output("ip", "-o", "address", "show").split()
        return any(word == address or word.split("/")[0] == address for word in words if word[0].isalnum())

    def count_address(self, address):
        return sum(word.split("/")[0] == address for word in self.output("ip", "-o", "address", "show").split())

    def sysctl(self, name, value):
        self.run("sh", "-c", 'echo "$2" >"/proc/sys/$1"', "sh", name.replace(".", "/"), str(value))

    def real_server(self, *vips):
        """What a direct-routing real server needs: the address on lo, and silence about it."""
        self.ip(*[_address("lo", f"{vip}/{128 if ':' in vip else 32}") for vip in vips])
        self.run("sh", "-c", "cd /proc/sys/net/ipv4/conf && for link in lo all; do "
                             "echo 1 >$link/arp_ignore && echo 2 >$link/arp_announce || exit; done")

    def curl(self, url, *options, timeout=5):
        """The body, or None when there was no good answer."""
        result = self.run("curl", "-sS", "-f", "-m", timeout, *options, url, check=False, timeout=timeout + 30)
        return result.stdout if result.returncode == 0 else None

    def capture(self, interface, expression="", name="capture"):
        """Starts tcpdump on an interface; see pcap.Capture for what can be asked of it."""
        path = self.dir / f"{name}.pcap"
        process = self.popen("tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-s", "256", "-Z", "root",
                             "-w", path, *expression.split(), log=f"{name}.log")
        wait_until(lambda: "listening on" in process.text() or not process.alive(), what="tcpdump")
        assert process.alive(), process.text()
        return pcap.Capture(path, process)

    def monitor(self, *objects, **options):
        """Starts ip(8)'s monitor of addresses, routes and so on; it listens when this returns. See Monitor."""
        return Monitor(self, *objects, **options)

    # ---- daemons ----

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def vipd(self, config, *options, build=None, log="vipd.log"):
        """Starts vipd in the foreground on a config file; add "-x", "-A", node.agentx for SNMP."""
        return self.popen((build or build_dir()) / "vipd", "-n", "-l", "-D", "-f", config, *options, log=log)

    def vipctl(self, *words, check=True, build=None):
        return self.run((build or build_dir()) / "vipctl", *words, check=check)

    def keepalived(self, config, *options, log="keepalived.log"):
        """Debian's keepalived, the peer to agree with."""
        pids = [f"--{kind}={self.dir}/run/{kind}" for kind in ("pid", "vrrp_pid", "checkers_pid", "bfd_pid")]
        return self.popen("keepalived", "-n", "-l", "-D", "-G", "-f", config, *pids, *options, log=log,
                          env={"TMPDIR": str(self.dir)})

    agentx = "unix:/run/agentx.sock"  # of each node's own /run

    def snmpd(self, traps_to=None, extra="", port=161, log="snmpd.log"):
        """Debian's snmpd as AgentX master: community "public" reads, "private" writes what users would allow."""
        config = self.write("snmpd.conf", snmp.snmpd_config(self.agentx, port, traps_to, extra))
        persistent = self.dir / "snmp"
        persistent.mkdir(exist_ok=True)
        process = self.popen("snmpd", "-f", "-Lf", self.dir / "snmpd.messages", "-C", "-c", config, "-r", "-p",
                             "/run/snmpd.pid", log=log,
                             env={"SNMP_PERSISTENT_DIR": str(persistent), "MIBS": ""})
        wait_until(lambda: (self.dir / "run/agentx.sock").exists(), what=f"snmpd on {self.name}", timeout=30)
        return process

    def snmptrapd(self, port=162):
        """A trap receiver; see snmp.TrapLog."""
        config = self.write("snmptrapd.conf", "disableAuthorization yes\n")
        path = self.dir / "traps.log"
        path.touch()
        process = self.popen("snmptrapd", "-f", "-C", "-c", config, "-n", "-m", "", "-OnetU", "-Lf", path, "-F",
                             snmp.TRAP_FORMAT, "-p", "/run/snmptrapd.pid", f"udp:{port}", f"tcp:{port}", log="snmptrapd.log",
                             env={"SNMP_PERSISTENT_DIR": str(self.dir), "MIBS": ""})
        wait_until(lambda: f":{port} " in self.output("ss", "-Hlnu") or not process.alive(), what="snmptrapd", timeout=30)
        return snmp.TrapLog(path, process)

    def snmp(self, address, community="public", port=161):
        """A manager on this node that asks the agent at address."""
        return snmp.Manager(self, address, community, port)

    def nginx(self, body, port=80, size=0, rate="100k", more=""):
        """A web server that answers body at /, and at /big a file of so many bytes at a limited rate; more: of its
        configuration's http block."""
        folder = self.dir / f"nginx-{port}"
        (folder / "html").mkdir(parents=True, exist_ok=True)
        (folder / "html/index.html").write_text(body)
        with open(folder / "html/big", "wb") as big:
            big.truncate(size)
        temporary = "".join(f"{kind}_temp_path {folder}/temporary;\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; user root; worker_processes 1; pid {folder}/pid; events {{ }}\n"
            f"http {{ access_log {folder}/access.log; {temporary} keepalive_timeout 0; server {{ listen {port};\n"
            f"listen [::]:{port}; root {folder}/html; location = /big {{ limit_rate {rate}; }} }}\n{more}}}\n")
        process = self.popen("nginx", "-p", folder, "-c", config, "-e", folder / "error.log", log=f"nginx-{port}.log")
        wait_until(lambda: f":{port} " in self.output("ss", "-Hlnt") or not process.alive(), what="nginx", timeout=30)
        assert process.alive(), (folder / "error.log").read_text() + process.text()
        return process


class Lab:
    """A switch with nodes; use as a context manager, or call close()."""

    def __init__(self):
        # A short path of our own: the ones pytest makes do not leave room for a socket's name.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="vipd-lab-", dir="/tmp"))
        self.nodes, self.number, self._pulse = [], 0, None
        self.switch = self.node("switch")
        self.switch.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.switch.run("ip", "link", "set", "br0", "up")

    def next_number(self):
        self.number += 1
        return self.number

    @property
    def pulse(self):
        """How late this machine is, from the first time that somebody asks."""
        self._pulse = self._pulse or Pulse()
        return self._pulse

    def node(self, name, *addresses, interface="eth0"):
        """A new node; with addresses it is linked to the switch by an interface that has them."""
        node = Node(self, name)
        self.nodes.append(node)
        if addresses:
            node.link(interface, *addresses)
        return node

    def keep(self, where):
        """Copies logs, configs and captures to a folder, for a look after a failure."""
        for path in self.dir.rglob("*"):
            if path.is_file() and path.stat().st_size < 10_000_000:
                target = pathlib.Path(where) / path.relative_to(self.dir)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)

    def close(self):
        """Ends every process and with them the namespaces; removes the files. What a process would do on its way out is
        for tests that ask for it: waiting for it here took a second of each laboratory with keepalived in it."""
        for node in reversed(self.nodes):
            for process in reversed(node.processes):
                if process.alive():
                    process.kill()
        for node in reversed(self.nodes):
            node.holder.kill()
        if self._pulse:
            self._pulse.ending.set()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
