# SPDX-License-Identifier: MIT
"""Mail about events: the same as keepalived's, through a real SMTP server, and past servers that lie, hang or are down."""

import collections
import email
import email.policy
import email.utils
import json
import os
import pathlib
import signal
import time

import pytest

from lab import Lab, wait_until

SERVER = pathlib.Path(__file__).with_name("smtp_server.py")
MAILBOX = """
    notification_email {
        first@example.org
        second@example.net
    }
    notification_email_from node@example.com
    smtp_server 192.0.2.9 2525
"""


def defs(*lines, mailbox=MAILBOX):
    return ("global_defs {\n router_id NODE\n script_user root\n enable_script_security\n" + mailbox +
            "\n".join(lines) + "\n}\n")


def instance(name, vrid, more=""):
    return f"""
vrrp_instance {name} {{
    state BACKUP
    interface eth0
    virtual_router_id {vrid}
    priority 100
    version 3
    advert_int 0.1
    {more}
    virtual_ipaddress {{
        192.0.2.{vrid + 100}/32
    }}
}}
"""


def sends_mail(name, vrid, more=""):
    return instance(name, vrid, "smtp_alert\n" + more)


class Sink:
    """smtp_server.py on a node, and what it has heard."""

    def __init__(self, node, port=2525):
        self.node, self.port = node, port
        self.log = node.dir / f"sink-{port}"
        self.process = None

    def start(self, *told):
        lines = self.log.read_text().count('"listen"') if self.log.exists() else 0
        self.process = self.node.popen("/usr/bin/python3", SERVER, "192.0.2.9", self.port, self.log, *told,
                                       log=f"sink-{self.port}.log")
        wait_until(lambda: self.log.exists() and self.log.read_text().count('"listen"') > lines, what="the sink")
        return self

    def stop(self):
        self.process.kill()

    def heard(self):
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def messages(self):
        return [email.message_from_string(each["text"], policy=email.policy.default) for each in self.heard()
                if each["event"] == "message"]

    def subjects(self):
        return [message["Subject"] for message in self.messages()]

    def waits(self, subject, count=1, timeout=20):
        wait_until(lambda: self.subjects().count(subject) >= count, timeout, subject)


def director(lab, text, kind="vipd"):
    node = lab.node("director", "192.0.2.1/24")
    node.good = node.dir / "run/good"
    node.good.touch()
    node.file = node.write("director.conf", text)
    node.daemon = node.keepalived(node.file) if kind == "keepalived" else node.vipd(node.file)
    return node


def reload(node, text):
    node.file.write_text(text)
    node.vipctl("reload")


def logged(node, text, count=1):
    wait_until(lambda: node.daemon.text().count(text) >= count, what=text)


# ---- beside keepalived ----

LIFE = (defs("smtp_alert", "no_email_faults") + """
vrrp_script good {
    script "/usr/bin/test -e /run/good"
    interval 1
    rise 1
    fall 1
}
vrrp_sync_group G {
    group {
        V_1
    }
}
""" + instance("V_1", 1, "track_script {\n good\n}") + instance("V_2", 2, "smtp_alert off") +
        instance("V_3", 3, "notify_deleted"))


def live(kind, lab):
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start()
    node = director(lab, LIFE, kind)
    return node, sink


def by_subject(sink):
    """{who: what was told of it, in order}, of headers what is keepalived's."""
    told = collections.defaultdict(list)
    for message in sink.messages():
        who, _, what = message["Subject"].rpartition(" - ")
        told[who].append((what, message["From"], message["To"], message.get_content()))
    return told


def test_subjects_and_bodies_are_those_of_keepalived(lab):
    with Lab() as other:
        both = [live("keepalived", other), live("vipd", lab)]
        for _, sink in both:
            sink.waits("[NODE] VRRP Group G - Entering MASTER state")
            sink.waits("[NODE] VRRP Instance V_3 - Entering MASTER state")
        for node, _ in both:
            node.good.unlink()
        for node, _ in both:
            wait_until(lambda n=node: not n.has_address("192.0.2.101"), what="the fault")
            node.good.touch()
        for node, sink in both:
            sink.waits("[NODE] VRRP Instance V_1 - Entering MASTER state", 2)
            sink.waits("[NODE] VRRP Group G - Entering MASTER state", 2)
            node.file.write_text(LIFE[:LIFE.index("vrrp_instance V_3")])
        both[0][0].daemon.send(1)
        both[1][0].vipctl("reload")
        for _, sink in both:
            sink.waits("[NODE] VRRP Instance V_3 - Deleted")
        theirs, ours = (by_subject(sink) for _, sink in both)
        assert ours == theirs
        assert [what for what, *_ in ours["[NODE] VRRP Instance V_1"]] == [
            "Entering BACKUP state", "Entering MASTER state"] * 2
        assert len(ours) == 3
        # keepalived opens a connection for these and ends before it has used it.
        node, sink = both[1]
        assert node.daemon.stop() == 0
        assert sink.subjects()[-2:] == ["[NODE] VRRP Instance V_1 - Stopping", "[NODE] VRRP Group G - Stopping"]


SERVICE = """
virtual_server 198.51.100.1 80 {
    protocol TCP
    delay_loop 1
    omega
    quorum 2
    smtp_alert
    real_server 192.0.2.20 8080 {
        MISC_CHECK {
            misc_path "/usr/bin/test -e /run/good"
            warmup 0
        }
        MISC_CHECK {
            misc_path "/usr/bin/test -e /run/better"
            warmup 0
        }
    }
    real_server 192.0.2.21 8080 {
    }
    real_server 192.0.2.22 8080 {
        smtp_alert off
        MISC_CHECK {
            misc_path "/usr/bin/test -e /run/good"
            warmup 0
        }
    }
}
"""
REAL = "[NODE] Realserver [192.0.2.20]:tcp:8080 of virtual server [198.51.100.1]:tcp:80 - "
VIRTUAL = "[NODE] Virtualserver [198.51.100.1]:tcp:80 - "


def test_servers(lab):
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start()
    node = director(lab, defs() + SERVICE)

    def comes(*told):
        """Each with its body; nothing else."""
        wait_until(lambda: len(sink.messages()) >= seen + len(told), 20, str(told))
        more = [(message["Subject"], message.get_content().strip()) for message in sink.messages()[seen:]]
        assert sorted(more) == sorted(told)
        return seen + len(told)

    seen = 0
    # All are taken for up at first; then the second checker of the first server fails.
    seen = comes((VIRTUAL + "UP", "=> Gained quorum 2+0=2 <= 3 <="), (REAL + "DOWN", "=> MISC CHECK failed on service <="))
    node.good.unlink()
    seen = comes((REAL + "DOWN", "=> MISC CHECK failed on service <="), (VIRTUAL + "DOWN", "=> Lost quorum 2+0=2 <= 1 <="))
    node.good.touch()
    seen = comes((REAL + "DOWN", "=> MISC CHECK succeeded on service <="),
                 (VIRTUAL + "UP", "=> Gained quorum 2+0=2 <= 2 <="))
    reload(node, defs("no_checker_emails", "smtp_alert_checker off") + SERVICE.replace("8080 {", "8080 {\nsmtp_alert", 1))
    (node.dir / "run/better").touch()
    seen = comes((REAL + "UP", "=> MISC CHECK succeeded on service <="))
    node.good.unlink()
    seen = comes((REAL + "DOWN", "=> MISC CHECK failed on service <="), (VIRTUAL + "DOWN", "=> Lost quorum 2+0=2 <= 1 <="))
    (node.dir / "run/better").unlink()
    logged(node, "MISC_CHECK of 192.0.2.20:8080 in 198.51.100.1:80/tcp failed", 3)
    (node.dir / "run/better").touch()
    node.good.touch()
    seen = comes((REAL + "UP", "=> MISC CHECK succeeded on service <="), (VIRTUAL + "UP", "=> Gained quorum 2+0=2 <= 2 <="))
    node.daemon.stop()
    seen = comes((REAL + "DOWN", "=> Shutting down <="), (VIRTUAL + "DOWN", "=> Shutting down <="))


# ---- a real server ----

def test_a_real_server_takes_it(lab):
    mail = lab.node("mail", "192.0.2.9/24")
    box = mail.dir / "box"
    mail.popen("/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l", "192.0.2.9:2525", "-c", "aiosmtpd.handlers.Mailbox", box,
               log="aiosmtpd.log")
    wait_until(lambda: ":2525" in mail.output("ss", "-Hlnt"), what="aiosmtpd")
    mailbox = MAILBOX.replace("second@example.net", '"Second One <second@example.net>"')
    director(lab, defs("smtp_helo_name node.example.com", mailbox=mailbox).replace("NODE", "N\u00f6de") +
             sends_mail("V_1", 1) + sends_mail("V_2", 2))

    def delivered():
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                for path in (box / "new").glob("*")]

    wait_until(lambda: len(delivered()) == 4, 20, "four letters")
    letters = delivered()
    assert {letter["Subject"] for letter in letters} == {
        f"[N\u00f6de] VRRP Instance {name} - Entering {state} state" for name in ("V_1", "V_2")
        for state in ("BACKUP", "MASTER")}
    for letter in letters:
        assert letter["To"] == "first@example.org, Second One <second@example.net>"
        assert letter["X-RcptTo"] == "first@example.org, second@example.net"
        assert letter["X-MailFrom"] == letter["From"] == "node@example.com"
        assert abs(time.time() - email.utils.parsedate_to_datetime(letter["Date"]).timestamp()) < 60
        assert not any(part.defects for part in letter.walk())
    assert len({letter["Message-ID"] for letter in letters}) == 4


# ---- servers in trouble ----

def test_mail_waits_for_a_server_that_is_down_and_keeps_its_order(lab):
    text = defs("smtp_connect_timeout 1") + "".join(sends_mail(f"V_{n}", n) for n in range(1, 5))
    sink = Sink(lab.node("mail", "192.0.2.9/24"))
    node = director(lab, text)
    logged(node, "mail waits")
    wait_until(lambda: node.has_address("192.0.2.104"), what="a master")

    def waiting():
        status = json.loads(node.vipctl("-j", "status").stdout)["daemon"]
        return status["mail_waiting"], status["mail_lost"]

    wait_until(lambda: waiting() == (8, 0), what="two letters of each")
    assert node.daemon.text().count("mail waits") == 1
    sink.start("refuse=second")
    node.vipctl("reload")
    wait_until(lambda: len(sink.subjects()) == 8, what="all letters")
    assert sink.subjects() == [f"[NODE] VRRP Instance V_{n} - Entering {state} state"
                               for state in ("BACKUP", "MASTER") for n in range(1, 5)]
    heard = sink.heard()
    assert sum(each["event"] == "connect" for each in heard) == 1
    assert [each["text"] for each in heard if each["event"] == "line"][:5] == [
        "EHLO director", "MAIL FROM:<node@example.com>", "RCPT TO:<first@example.org>", "RCPT TO:<second@example.net>",
        "DATA"]
    logged(node, "1 of 2 recipients were refused; <second@example.net>: 550 nobody here of that name", 8)


@pytest.mark.parametrize("told, why", [
    ("refuse=@", "550 nobody here of that name"),
    ("say=DATA:554 not today", "554 not today"),
    ("say=connect:554 go away", "554 go away"),
])
def test_what_a_server_refuses_is_lost_and_told(lab, told, why):
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start(told)
    node = director(lab, defs() + sends_mail("V_1", 1))
    logged(node, f"not sent: VRRP Instance V_1 - Entering BACKUP state: {why}")
    assert not sink.messages()
    assert json.loads(node.vipctl("-j", "status").stdout)["daemon"]["mail_lost"] >= 1


def test_a_server_that_hangs_costs_nothing_else_and_a_reload_leads_past_it(lab):
    mail = lab.node("mail", "192.0.2.9/24")
    hung, other = Sink(mail).start("hang=RCPT"), Sink(mail, 2526).start("ehlo=no")
    text = defs("smtp_connect_timeout 60") + sends_mail("V_1", 1)
    node = director(lab, text)
    wait_until(lambda: any("RCPT" in each.get("text", "") for each in hung.heard()), what="the hung server")
    wait_until(lambda: node.has_address("192.0.2.101"), what="a master")
    began = time.monotonic()
    reload(node, text.replace("timeout 60", "timeout 1"))
    assert time.monotonic() - began < 5
    assert node.daemon.stop() == 0
    assert time.monotonic() - began < 8
    assert "the daemon ends before its mail is sent; 3 letters lost so far" in node.daemon.text()
    node.file.write_text(text.replace("timeout 60", "timeout 1"))
    node.daemon = node.vipd(node.file, log="second.log")
    logged(node, "mail waits")
    reload(node, text.replace("2525", "2526"))
    other.waits("[NODE] VRRP Instance V_1 - Entering MASTER state")
    assert [each["text"] for each in other.heard() if each["event"] == "line"][:2] == ["EHLO director", "HELO director"]
    reload(node, text.replace("2525", "2526").replace("smtp_alert", "smtp_alert off"))
    assert node.daemon.stop() == 0
    assert not any("Stopping" in subject for subject in other.subjects())
    assert not hung.messages()


def letter_carriers(node):
    """vipd-mail of that daemon: {pid: its /proc/PID/status as a dict}."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "status").read_text().splitlines()
        except OSError:
            continue
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if status["Name"] == "vipd-mail" and int(status["PPid"]) == node.daemon.pid:
            found[int(folder.name)] = status
    return found


def test_mail_is_sent_by_a_process_without_rights_which_may_die(lab):
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start("hang=RCPT")
    node = director(lab, defs() + sends_mail("V_1", 1))
    wait_until(lambda: any("RCPT" in each.get("text", "") for each in sink.heard()), what="the hung server")
    (pid, status), = letter_carriers(node).items()
    assert status["Uid"].split() == status["Gid"].split() == ["65534"] * 4
    assert not status["Groups"].strip()
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    os.kill(pid, signal.SIGKILL)
    logged(node, "vipd-mail was ended by signal 9; mail waits")
    assert not letter_carriers(node)
    sink.stop()
    sink.start()
    node.vipctl("reload")
    sink.waits("[NODE] VRRP Instance V_1 - Entering MASTER state")
    assert sink.subjects() == [f"[NODE] VRRP Instance V_1 - Entering {state} state" for state in ("BACKUP", "MASTER")]
    wait_until(lambda: not letter_carriers(node), what="its end, for nothing is left to be sent")
    assert node.has_address("192.0.2.101")


def test_more_recipients_than_can_be_handed_over_lose_that_letter_only(lab):
    many = "".join(f"        {i:064}@{'x' * 63}.{'y' * 63}.example.org\n" for i in range(30000))
    mailbox = MAILBOX.replace("        first@", many + "        first@")
    node = director(lab, defs(mailbox=mailbox) + sends_mail("VI_1", 51))
    logged(node, "not sent: VRRP Instance VI_1 - Entering MASTER state: Message too long")
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start()
    reload(node, defs() + sends_mail("VI_1", 51) + sends_mail("VI_2", 52))
    sink.waits("[NODE] VRRP Instance VI_2 - Entering MASTER state")


def test_without_recipients_nothing_is_sent(lab):
    sink = Sink(lab.node("mail", "192.0.2.9/24")).start()
    node = director(lab, defs("smtp_server 192.0.2.9 2525", "smtp_alert", mailbox="") + instance("V_1", 1))
    wait_until(lambda: node.has_address("192.0.2.101"), what="a master")
    assert json.loads(node.vipctl("-j", "status").stdout)["daemon"]["mail_waiting"] == 0
    assert node.daemon.stop() == 0
    assert [each["event"] for each in sink.heard()] == ["listen"]
