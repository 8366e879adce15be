# SPDX-License-Identifier: MIT
"""Keywords about the process as a whole: threads, memory, file mask, scripts around its life, files around a reload."""

import ctypes
import json
import os
import re
import resource
import signal
import socket
import stat
import time

import pytest

from lab import build_dir, wait_until
from test_keywords import SERVER, start, thread, writes


def status(process, field, task=None):
    path = f"/proc/{process.pid}/task/{task or process.pid}/status"
    with open(path, encoding="ascii") as lines:
        return re.search(rf"^{field}:\s*(.*)$", lines.read(), re.M)[1]


BFD = """
bfd_instance b {
    neighbor_ip 192.0.2.77
}
"""


def reload_with(node, file, defs):
    file.write_text(SERVER.format(defs=defs, service="", server=""))
    node.vipctl("reload")


def test_threads_are_bound_to_processors_and_let_go(lab):
    node, file, process = start(lab, defs="vrrp_cpu_affinity 0\n checker_cpu_affinity 0\n checker_rt_priority 3")
    vrrp, check = thread(process, "vrrp"), thread(process, "check")
    everywhere = os.sched_getaffinity(process.pid)
    wait_until(lambda: os.sched_getaffinity(vrrp) == os.sched_getaffinity(check) == {0}, what="processor 0")
    wait_until(lambda: os.sched_getscheduler(check) & 0xff == os.SCHED_RR, what="SCHED_RR")
    assert os.sched_getparam(check).sched_priority == 3
    reload_with(node, file, "")
    wait_until(lambda: os.sched_getaffinity(vrrp) == os.sched_getaffinity(check) == everywhere, what="all of them")


def scheduling(task):
    """Its real-time priority, 0 for none."""
    return os.sched_getparam(task).sched_priority if os.sched_getscheduler(task) & 0xff == os.SCHED_RR else 0


def stall(process, task, is_over):
    """Holds a daemon up until timers of one of its threads are late; one stall may not be seen to be long enough."""
    for _ in range(5):
        process.pause()
        time.sleep(0.9)
        process.resume()
        try:
            return wait_until(lambda: is_over(scheduling(task)), 1, "a higher priority")
        except AssertionError:
            continue
    raise AssertionError(f"{process.argv[0]}: no higher priority, but {scheduling(task)}")


RISES = "min_auto_priority_delay 200000\n    max_auto_priority"


def test_threads_that_run_late_rise_as_far_as_they_may(lab):
    node, file, process = start(lab, defs=f"{RISES} 2")
    vrrp, check = thread(process, "vrrp"), thread(process, "check")
    stall(process, vrrp, lambda now: now >= 1)
    stall(process, vrrp, lambda now: now == 2)
    wait_until(lambda: "a timer came" in process.text(), what="a warning")
    stall(process, check, lambda now: now == 2)
    process.pause()
    time.sleep(0.9)
    process.resume()
    reload_with(node, file, f"{RISES} 3")
    assert scheduling(vrrp) in (2, 3), "a reload takes nothing back"
    reload_with(node, file, f"{RISES} 0")
    wait_until(lambda: scheduling(vrrp) == scheduling(check) == 0, what="the usual scheduling")


def test_keepalived_does_the_same(lab):
    node = lab.node("keepalived", "192.0.2.1/24")
    process = node.keepalived(node.write("keepalived.conf", f"global_defs {{\n    {RISES} 1\n}}\n" """
        vrrp_instance VI_1 {
            interface eth0
            virtual_router_id 1
            virtual_ipaddress {
                192.0.2.100/24
            }
        }"""))
    wait_until(lambda: node.has_address("192.0.2.100"), what="master")
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children, encoding="ascii") as file:
        child = int(file.read().split()[0])
    for _ in range(5):
        os.kill(child, signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(child, signal.SIGCONT)
        time.sleep(0.5)
        if scheduling(child) == 1:
            return
    raise AssertionError(process.text())


def test_the_bfd_thread_comes_with_a_session_and_is_tuned(lab):
    defs = "bfd_cpu_affinity 0\n bfd_rt_priority 4\n bfd_process_name peering"
    node, file, process = start(lab, defs=defs)
    assert "bfd" not in json.loads(node.vipctl("-j", "status").stdout)["daemon"]["threads"]
    file.write_text(SERVER.format(defs=defs, service="", server="") + BFD)
    node.vipctl("reload")
    bfd = thread(process, "peering")
    assert os.sched_getaffinity(bfd) == {0} and os.sched_getparam(bfd).sched_priority == 4
    file.write_text(SERVER.format(defs="bfd_priority -3", service="", server="") + BFD)
    node.vipctl("reload")
    assert os.sched_getscheduler(bfd) & 0xff == os.SCHED_OTHER and os.getpriority(os.PRIO_PROCESS, bfd) == -3
    assert status(process, "Name", bfd) == "bfd"
    file.write_text(SERVER.format(defs=f"{RISES} 1", service="", server="") + BFD)
    node.vipctl("reload")
    stall(process, bfd, lambda now: now == 1)


def test_names_of_process_and_threads(lab):
    node, file, process = start(lab, defs="process_names\n process_name director\n checker_process_name guardian")
    wait_until(lambda: status(process, "Name") == "director", what="the process's name")
    assert thread(process, "vipd_vrrp") and thread(process, "guardian")
    reload_with(node, file, "")
    wait_until(lambda: status(process, "Name") == "vipd", what="the old name")
    assert status(process, "Name", thread(process, "check")) == "check", "the thread's old name"


@pytest.mark.skipif(b"__asan_init" in (build_dir() / "vipd").read_bytes(), reason="AddressSanitizer ignores mlockall()")
def test_memory_is_locked_and_unlocked(lab):
    node, file, process = start(lab, defs="bfd_no_swap")
    wait_until(lambda: status(process, "VmLck") != "0 kB", what="locked memory")
    reload_with(node, file, "")
    wait_until(lambda: status(process, "VmLck") == "0 kB", what="no locked memory")


def test_umask_is_set_and_put_back_and_the_command_line_wins(lab):
    before = os.umask(0o22)
    try:
        node, file, process = start(lab, defs="umask IRWXG|IRWXO")
        assert status(process, "Umask") == "0077"
        reload_with(node, file, "umask 0x1f")
        assert status(process, "Umask") == "0037"
        reload_with(node, file, "")
        assert status(process, "Umask") == "0022"
        process.stop()
        process = node.vipd(node.write("two.conf", SERVER.format(defs="umask 077", service="", server="")), "-u", "027")
        wait_until(lambda: "is ready" in process.text() and status(process, "Umask") == "0027", what="-u")
    finally:
        os.umask(before)


def test_as_many_files_may_be_open_as_checks_need(lab):
    def checks(count):
        return "\n".join(f"TCP_CHECK {{\n connect_port {port}\n warmup 60\n }}" for port in range(1, count + 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        node, file, process = start(lab, server=checks(300))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (256 + 2 * 300, hard)
    assert "may be open" not in process.text()
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (900, 1000))
    file.write_text(SERVER.format(defs="", service="", server=checks(400)))
    node.vipctl("reload")
    wait_until(lambda: "1056 files may be open at once, but the hard limit is 1000" in process.text(), what="warning")
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (1000, 1000)


def test_scripts_run_before_the_start_and_after_the_stop(lab):
    node = lab.node("director", "192.0.2.1/24")
    first, first_ran = writes(node, "first")
    last, last_ran = writes(node, "last")
    process = node.vipd(node.write("vipd.conf", SERVER.format(
        defs=f"startup_script {first}\n shutdown_script {last}", service="", server="")))
    wait_until(lambda: "is ready" in process.text(), what="vipd")
    assert first_ran.exists() and not last_ran.exists()
    assert process.stop() == 0
    assert last_ran.exists()


def test_a_startup_script_that_hangs_is_killed_and_vipd_starts(lab):
    node = lab.node("director", "192.0.2.1/24")
    hang = node.write("hang", "#!/bin/sh\nsleep 60\n")
    hang.chmod(0o755)
    process = node.vipd(node.write("vipd.conf", SERVER.format(
        defs=f"startup_script {hang}\n startup_script_timeout 1", service="", server="")))
    wait_until(lambda: "startup script took too long" in process.text(), timeout=15, what="its end")
    wait_until(lambda: "is ready" in process.text(), what="vipd")


def test_a_startup_script_ends_when_vipd_is_told_to_stop(lab):
    node = lab.node("director", "192.0.2.1/24")
    hang = node.write("hang", f"#!/bin/sh\necho $$ >{node.dir}/pid\nsleep 60\n")
    hang.chmod(0o755)
    last, last_ran = writes(node, "last")
    process = node.vipd(node.write("vipd.conf", SERVER.format(
        defs=f"startup_script {hang}\n startup_script_timeout 100\n shutdown_script {last}", service="", server="")))
    pid = node.dir / "pid"
    number = wait_until(lambda: pid.exists() and pid.read_text().strip(), what="the script")
    assert process.stop() == 0
    wait_until(lambda: not os.path.exists(f"/proc/{number}/exe"), what="the script's end")  # it was killed, not reaped
    assert not last_ran.exists()


def test_use_symlink_paths_runs_the_link(lab):
    node = lab.node("director", "192.0.2.1/24")
    real = node.write("real", f"#!/bin/sh\necho $0 >{node.dir}/ran\n")
    real.chmod(0o755)
    (node.dir / "link").symlink_to(real)
    for defs, name in (("", "real"), ("use_symlink_paths", "link")):
        process = node.vipd(node.write("vipd.conf", SERVER.format(
            defs=f"startup_script {node.dir}/link\n {defs}", service="", server="")), log=f"{name}.log")
        wait_until(lambda: "is ready" in process.text(), what="vipd, when the script has ended")
        assert (node.dir / "ran").read_text().strip() == str(node.dir / name)
        process.stop()
        (node.dir / "ran").unlink()


def test_scripts_get_the_other_groups_of_their_user_when_asked_for(lab):
    node = lab.node("director", "192.0.2.1/24")
    with open("/etc/group", encoding="utf-8") as host:
        groups = node.write("group", host.read() + "vipd_other:x:4242:daemon\n")
    node.run("mount", "--bind", groups, "/etc/group")
    node.run("install", "-d", "-m", "777", "/run/open")
    for defs, wanted in (("", {"1"}), ("set_supplementary_groups", {"1", "4242"})):
        process = node.vipd(node.write("vipd.conf", SERVER.format(
            defs=f"startup_script \"/bin/sh -c 'id -G >/run/open/groups'\" daemon\n {defs}", service="", server="")))
        said = wait_until(lambda: node.run("cat", "/run/open/groups", check=False).stdout, what="the script")
        assert set(said.split()) == wanted
        process.stop()
        node.run("rm", "/run/open/groups")


def test_reload_file_vanishes_when_the_text_has_been_read(lab):
    node = lab.node("director", "192.0.2.1/24")
    marks, log = node.dir / "marks", node.dir / "found"
    text = SERVER.format(defs=f"reload_file {marks}\n reload_check_config {log}", service="", server="")
    file = node.write("vipd.conf", text)
    process = node.vipd(file)
    wait_until(lambda: "is ready" in process.text(), what="vipd")
    marks.write_text("written by the updater")
    file.write_text(text + "nonsense\n")
    node.vipctl("reload", check=False)
    assert not marks.exists()
    assert "unknown keyword 'nonsense'" in log.read_text()
    file.write_text(text)
    node.vipctl("reload")
    assert "nonsense" not in log.read_text()


def test_unknown_virtual_routers_are_logged_when_asked_for(lab):
    other = lab.node("other", "192.0.2.2/24")
    lines = ("vrrp_instance v {{\n interface eth0\n virtual_router_id {}\n virtual_ipaddress {{\n192.0.2.{}\n}}\n}}\n")
    said = {}
    for defs in ("", "log_unknown_vrids"):
        node = lab.node(f"director{len(said)}", f"192.0.2.{10 + len(said)}/24")
        file = node.write("vipd.conf", f"global_defs {{\n{defs}\n}}\n" + lines.format(9, 99))
        said[defs] = node.popen(build_dir() / "vipd", "-n", "-l", "-f", file, log="vipd.log")  # no debugging lines
        wait_until(lambda: "is ready" in said[defs].text(), what="vipd")
    other.vipd(other.write("vipd.conf", lines.format(77, 98)))
    wait_until(lambda: "for VRID 77" in said["log_unknown_vrids"].text(), timeout=15, what="the line")
    assert "for VRID 77" not in said[""].text()


SYS_PIDFD_GETFD, NETLINK_ROUTE, CAP_SYS_RESOURCE = 438, 0, 24


def buffers(process):
    """Receive buffers of its sockets for links and addresses, as the kernel counts: twice what was asked for."""
    found, pidfd = [], os.pidfd_open(process.pid)
    for number in os.listdir(f"/proc/{process.pid}/fd"):
        fd = ctypes.CDLL(None).syscall(SYS_PIDFD_GETFD, pidfd, int(number), 0)
        if fd < 0 or not stat.S_ISSOCK(os.fstat(fd).st_mode):
            if fd >= 0:
                os.close(fd)
            continue
        with socket.socket(fileno=fd) as copy:
            if copy.family == socket.AF_NETLINK and copy.proto == NETLINK_ROUTE:
                found.append(copy.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
    os.close(pidfd)
    return sorted(found)


def test_netlink_has_the_buffers_it_is_given(lab):
    node, file, process = start(lab)
    usual = buffers(process)
    assert len(usual) == 2
    reload_with(node, file, "vrrp_netlink_cmd_rcv_bufs 100000\n lvs_netlink_cmd_rcv_bufs 90000\n"
                            " lvs_netlink_monitor_rcv_bufs 30000000\n lvs_netlink_monitor_rcv_bufs_force")
    assert buffers(process) == [200000, 60000000]
    reload_with(node, file, "vrrp_netlink_cmd_rcv_bufs 70000")
    assert buffers(process) == sorted([140000, max(usual)])
    reload_with(node, file, "")
    assert buffers(process) == usual


def test_configurations_are_saved(lab):
    node, file, process = start(lab)
    folder = node.dir / "saved"
    reload_with(node, file, f"config_save_dir {folder}")
    saved = folder / f"vipd.conf.{process.pid}"
    assert folder.stat().st_mode == 0o40700
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert list(files) == [saved.name + ".2"] and f"config_save_dir {folder}\n" in files[saved.name + ".2"]
    assert (folder / (saved.name + ".2")).stat().st_mode == 0o100600
    # One that is refused is none; a link is not followed.
    node.write("mine", "mine")
    (folder / (saved.name + ".3")).symlink_to(node.dir / "mine")
    file.write_text("nonsense\n")
    assert node.vipctl("reload", check=False).returncode == 1
    assert (node.dir / "mine").read_text() == "mine"
    reload_with(node, file, f"config_save_dir {folder}\n vrrp_priority 1")
    assert (node.dir / "mine").read_text() == "mine"
    wait_until(lambda: f"config_save_dir: cannot write {saved}.3: Too many levels" in process.text(), what="the error")
    reload_with(node, file, f"config_save_dir {folder}\n vrrp_priority 2")
    assert "vrrp_priority 2\n" in (folder / (saved.name + ".4")).read_text()
    reload_with(node, file, "")
    assert len(list(folder.iterdir())) == 3


def test_real_time_is_limited_where_asked_for(lab):
    def limit():
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as lines:
            return next(line.split()[3:5] for line in lines if line.startswith("Max realtime timeout"))
    node, file, process = start(lab, defs="vrrp_rt_priority 5")
    usual = limit()
    reload_with(node, file, "vrrp_rt_priority 5\n vrrp_rlimit_rttime 4000000\n checker_rlimit_rttime 900000")
    assert limit() == ["2000000", "4000000"], "checks have no real-time priority to limit"
    reload_with(node, file, "vrrp_rt_priority 5\n vrrp_rlimit_rttime 4000000\n checker_rt_priority 1\n"
                            " checker_rlimit_rttime 3000000")
    assert limit() == ["1500000", "3000000"]
    process.send(signal.SIGXCPU)
    wait_until(lambda: "computed for half of its limit" in process.text(), what="the warning")
    reload_with(node, file, "")
    if int(status(process, "CapEff"), 16) >> CAP_SYS_RESOURCE & 1:
        assert limit() == usual
    else:
        wait_until(lambda: "the limit of real-time computing stays" in process.text(), what="the reason")


def test_a_file_says_when_to_reload(lab):
    def write(text):
        (node.dir / "new").write_text(text)
        (node.dir / "new").rename(when)

    def in_seconds(number, form="%Y-%m-%d %H:%M:%SZ"):
        return time.strftime(form, time.gmtime(time.time() + number))

    def said(words, count=1):
        wait_until(lambda: process.text().count(words) >= count, 15, words)
    node, file, process = start(lab)
    when = node.dir / "when"
    reload_with(node, file, f"reload_time_file {when}")
    write("tomorrow\n")
    said("no moment such as")
    write(in_seconds(-5) + "\n")
    said("that is over")
    write(in_seconds(3600, "%H:%M:%SZ"))
    said("the next reload is at")
    when.unlink()
    said("is gone, and with it the reload")
    write(in_seconds(3))
    said("reload asked for by reload_time_file")
    said("configuration 3 of")
    wait_until(lambda: not when.exists(), what="the file to go")
    # Daily, and the file stays.
    reload_with(node, file, f"reload_time_file {when}\n reload_repeat")
    write(in_seconds(3, "%H:%M:%SZ"))
    said("configuration 5 of")
    assert when.exists()
    said("the next reload is at", 4)
    reload_with(node, file, f"reload_time_file {node.dir}/nowhere/when")
    said("cannot be watched until the next reload: No such file or directory")
    (node.dir / "nowhere").mkdir()
    reload_with(node, file, f"reload_time_file {node.dir}/nowhere/when\n vrrp_priority 1")
    (node.dir / "nowhere/when").write_text(in_seconds(3600))
    said("the next reload is at", 5)
    (node.dir / "nowhere/when").unlink()
    (node.dir / "nowhere").rmdir()
    said("its folder is gone")
    reload_with(node, file, "")
    assert process.stop() == 0
