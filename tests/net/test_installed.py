# SPDX-License-Identifier: MIT
"""vipd, vipd-exec and vipd-mail in a folder of their own: an upgrade under the running daemon, half an installation."""

import json
import pathlib
import shutil

from lab import build_dir, wait_until

CONF = """
global_defs {{
    script_user root
    shutdown_script "/usr/bin/touch {folder}/done"
}}
vrrp_script chk {{
    script "/usr/bin/test ! -e {folder}/bad"
    interval 1
    rise 1
    fall 1
}}
vrrp_instance V {{
    interface eth0
    virtual_router_id 51
    priority 150
    down_timer_adverts 1
    virtual_ipaddress {{
        192.0.2.100
    }}
    track_script {{
        chk
    }}
}}
"""


MAIL = """
global_defs {
    notification_email {
        somebody@example.org
    }
    smtp_server 192.0.2.9 2525
    smtp_alert
}
"""


def installed(node, *names):
    """Those programs in a folder of their own."""
    folder = node.dir / "sbin"
    folder.mkdir()
    for name in names:
        shutil.copy(build_dir() / name, folder)
    return folder


def test_scripts_go_on_after_an_upgrade_in_place(lab):
    """What starts them is the old daemon's own until that ends."""
    node = lab.node("director", "192.0.2.1/24")
    folder, bad = installed(node, "vipd", "vipd-exec"), node.dir / "bad"
    vipd = node.popen(folder / "vipd", "-n", "-l", "-f", node.write("vipd.conf", CONF.format(folder=node.dir)), log="vipd.log")

    def state():
        return json.loads(node.vipctl("-j", "status").stdout)["instances"][0]["state"]

    wait_until(lambda: "is ready" in vipd.text() or not vipd.alive(), what="vipd")
    wait_until(lambda: state() == "MASTER", 15, "mastership")
    shutil.copy("/bin/false", folder / "new")
    (folder / "new").rename(folder / "vipd-exec")
    bad.touch()
    wait_until(lambda: state() == "FAULT", 10, "fault")
    bad.unlink()
    wait_until(lambda: state() == "MASTER", 15, "mastership again")
    assert vipd.stop() == 0
    assert (node.dir / "done").exists(), "the shutdown script did not run"


def test_half_an_installation_does_not_start(lab):
    node = lab.node("director", "192.0.2.1/24")
    folder, place = installed(node, "vipd"), pathlib.Path("/usr/local/libexec")
    if place.exists():  # one that is whole
        node.run("mount", "-t", "tmpfs", "none", place)
    result = node.run(folder / "vipd", "-n", "-l", "-f", node.write("vipd.conf", CONF.format(folder=node.dir)), check=False,
                      timeout=20)
    assert result.returncode == 1
    assert "/vipd-exec, which starts programs: No such file or directory" in result.stderr
    assert not node.has_address("192.0.2.100")
    assert not (node.dir / "done").exists()


def test_without_vipd_mail_there_is_no_mail_and_all_else_goes_on(lab):
    node = lab.node("director", "192.0.2.1/24")
    folder, place = installed(node, "vipd", "vipd-exec"), pathlib.Path("/usr/local/libexec")
    if place.exists():
        node.run("mount", "-t", "tmpfs", "none", place)
    text = CONF.format(folder=node.dir)
    file = node.write("vipd.conf", text)
    vipd = node.popen(folder / "vipd", "-n", "-l", "-f", file, log="vipd.log")
    wait_until(lambda: node.has_address("192.0.2.100"), 15, "mastership")
    assert "vipd-mail" not in vipd.text(), "nobody wants mail"
    file.write_text(text + MAIL)
    node.vipctl("reload")
    wait_until(lambda: "/vipd-mail: No such file or directory" in vipd.text(), 15, "the log")
    assert node.has_address("192.0.2.100")
    assert vipd.stop() == 0
