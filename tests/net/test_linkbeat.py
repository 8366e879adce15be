# SPDX-License-Identifier: MIT
"""Links that are asked whether they are up, with a driver that tells netlink nothing of a lost carrier: a library between
the daemon and ioctl(2) plays it. vipd and Debian's keepalived."""

import subprocess

import pytest

from lab import build_dir, holds, wait_until

pytestmark = pytest.mark.skipif(b"__asan_init" in (build_dir() / "vipd").read_bytes(),
                                reason="AddressSanitizer wants no library before its own")

# While /run/mii or /run/ethtool is there, that way of asking says "no carrier"; there is a transceiver with /run/phy.
DRIVER = """
#include <dlfcn.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
int ioctl(int fd, unsigned long what, ...)
{
	int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	va_list list;
	va_start(list, what);
	void *argument = va_arg(list, void *);
	va_end(list);
	if (what == SIOCGMIIPHY || what == SIOCGMIIREG) {
		struct mii_ioctl_data *mii = (void *)&((struct ifreq *)argument)->ifr_data;
		if (access("/run/phy", F_OK) != 0)
			return errno = EOPNOTSUPP, -1;
		mii->val_out = BMSR_ANEGCAPABLE | (access("/run/mii", F_OK) ? BMSR_LSTATUS : 0);
		return 0;
	}
	int result = next(fd, what, argument);
	if (what == SIOCETHTOOL && !result && !access("/run/ethtool", F_OK)) {
		struct ethtool_value *value = (void *)((struct ifreq *)argument)->ifr_data;
		if (value->cmd == ETHTOOL_GLINK)
			value->data = 0;
	}
	return result;
}
"""
CONFIG = """
{top}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 61
    version 3
    advert_int 0.1
    {extra}
    virtual_ipaddress {{
        192.0.2.100/24
    }}
}}
"""
LISTED = "linkbeat_interfaces {\n    eth0 ETHTOOL\n}"


def start(lab, monkeypatch, kind, **words):
    """(a node, its daemon, what writes another configuration)"""
    node = lab.node(kind, "192.0.2.1/24")
    library = node.dir / "driver.so"
    source = node.write("driver.c", DRIVER)
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, source, "-ldl"], check=True)

    def write(top="", extra=""):
        return node.write("director.conf", CONFIG.format(top=top, extra=extra))
    config = write(**words)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    daemon = getattr(node, kind)(config)
    monkeypatch.delenv("LD_PRELOAD")
    return node, daemon, write


def expect(node, master, what):
    wait_until(lambda: node.has_address("192.0.2.100") == master, what=what)


@pytest.mark.parametrize("kind", ["vipd", "keepalived"])
def test_a_loss_that_netlink_does_not_tell_of(lab, monkeypatch, kind):
    node, _, _ = start(lab, monkeypatch, kind, top=LISTED)
    expect(node, True, "master")
    (node.dir / "run/ethtool").touch()
    expect(node, False, "no carrier")
    (node.dir / "run/ethtool").unlink()
    expect(node, True, "carrier")


def test_ways_to_ask_for_it_and_to_take_it_back(lab, monkeypatch):
    node, daemon, write = start(lab, monkeypatch, "vipd")
    (node.dir / "run/ethtool").touch()
    expect(node, True, "netlink knows nothing of it")
    for words in ({"top": LISTED}, {"top": "linkbeat_use_polling"}, {"extra": "linkbeat_use_polling"}):
        write(**words)
        node.vipctl("reload")
        expect(node, False, f"FAULT with {words}")
        write()
        node.vipctl("reload")
        expect(node, True, "master again without")
    assert "the state of eth0 is polled by ethtool" in daemon.text()

    write(top="linkbeat_interfaces {\n    eth0 IOCTL\n}")
    node.vipctl("reload")
    wait_until(lambda: "polled by its flags" in daemon.text(), what="the way that is preferred")
    holds(lambda: node.has_address("192.0.2.100"), 1.2, "the flags know no better than netlink")
    (node.dir / "run/phy").touch()
    write(top="linkbeat_interfaces {\n    eth0\n}")
    node.vipctl("reload")
    wait_until(lambda: "polled by MII" in daemon.text(), what="the way that comes first")
    expect(node, True, "its transceiver sees a carrier")
    (node.dir / "run/mii").touch()
    expect(node, False, "and now none")
    (node.dir / "run/phy").unlink()
    holds(lambda: not node.has_address("192.0.2.100"), 1.5, "ethtool says the same")
    (node.dir / "run/ethtool").unlink()
    expect(node, True, "another way in the place of one that the link has no more")
    assert daemon.stop() == 0
