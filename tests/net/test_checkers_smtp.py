# SPDX-License-Identifier: MIT
"""SMTP_CHECK against opensmtpd, and with several hosts."""

import pytest

from checkprobe import probe, probe_one
from lab import wait_until

GOOD = (True, "ok", "greeted and answered HELO")


@pytest.fixture
def mail(lab):
    """opensmtpd on two ports of this node; what it is told is in node.process.text()."""
    node = lab.node("mail", "192.0.2.1/24", "2001:db8::1/64")
    config = node.dir / "smtpd.conf"
    config.write_text("listen on 192.0.2.1 hostname mx.example\nlisten on 192.0.2.1 port 587 hostname mx.example\n"
                      "listen on 2001:db8::1 hostname mx.example\naction none maildir\n"
                      "match from any for domain nowhere.example action none\n")
    node.run("mkdir", "-p", "/var/lib/opensmtpd/empty")  # the node has a /var/lib of its own
    node.process = node.popen("smtpd", "-d", "-T", "smtp", "-f", config, log="smtpd.log")
    wait_until(lambda: ":587 " in node.output("ss", "-Hlnt") or not node.process.alive(), what="smtpd", timeout=30)
    assert node.process.alive(), node.process.text()
    return node


def smtp(options="", name="SMTP_CHECK"):
    return f"{name} {{\n connect_timeout 2\n {options}\n}}\n"


def test_smtp(lab, mail):
    client = lab.node("client", "192.0.2.8/24", "192.0.2.9/24", "2001:db8::8/64")
    assert probe_one(client, smtp(), port=25, address="192.0.2.1") == GOOD
    assert probe_one(client, smtp("helo_name lb.example"), port=25, address="2001:db8::1") == GOOD
    assert probe_one(client, smtp("connect_port 587\n bindto 192.0.2.9"), port=25, address="192.0.2.1") == GOOD
    wait_until(lambda: "HELO lb.example" in mail.process.text() and "address=192.0.2.9" in mail.process.text(),
               what="the name and the source in the server's log")
    assert "HELO smtpchecker.keepalived.org" in mail.process.text()
    assert probe_one(client, smtp(), port=26, address="192.0.2.1")[:2] == (False, "refused")
    # A name that no mail server takes.
    up, result, detail = probe_one(client, smtp('helo_name "a b"'), port=25, address="192.0.2.1")
    assert (up, result) == (False, "bad content") and "wanted 250" in detail
    mail.nginx("web\n")
    report = probe(client, smtp(), port=80, address="192.0.2.1")[0]
    assert (report["up"], report["result"], report["detail"]) == ("0", "timeout", "the greeting has not come in time")
    assert 2_000_000 <= int(report["latency"]) < 3_000_000
    # The first of two hosts; the second makes a check of its own.
    assert probe_one(client, smtp("host {\n connect_port 587\n}\n host {\n connect_port 26\n}\n"),
                     port=25, address="192.0.2.1") == GOOD
    assert probe_one(client, smtp("host {\n connect_port 26\n}\n host {\n connect_port 587\n}\n"),
                     port=25, address="192.0.2.1")[1] == "refused"
    mail.process.stop()
