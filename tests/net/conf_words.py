# SPDX-License-Identifier: MIT
"""What the generated cases of test_conf_judge.py cannot take from the option tables: a good place for a keyword of each
block, and words for keywords with a syntax of their own."""

ADDRESS = "virtual_ipaddress {\n192.0.2.1/24\n}"
INSTANCE = f"vrrp_instance v {{\ninterface eth0\nvirtual_router_id 7\n{ADDRESS}"
SECOND = INSTANCE.replace(" v ", " w ").replace("7", "8").replace(".1/", ".2/")
SERVICE = "virtual_server 192.0.2.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP"
SERVED = "lvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 192.0.2.2 80 {\n}"
SERVER = f"{SERVICE}\nreal_server 192.0.2.2 80 {{"
GROUP = f"{INSTANCE}\n}}\n{SECOND}\n}}\nvrrp_sync_group g {{\ngroup {{\nv\nw\n}}"
SCRIPT = "vrrp_script s {\nscript /bin/true\n}\n"
FILE = "track_file f {\nfile /tmp/vipd-judge\n}\n"
PROCESS = "vrrp_track_process p {\nprocess init\n}\n"
BFD = "bfd_instance b {\nneighbor_ip 192.0.2.3\n}\n"


def tracked(block, name):
    """What stands behind the definition of something that can be tracked."""
    return f"}}\n{INSTANCE}\n{block} {{\n{name}\n}}\n}}"


def checker(block, content=""):
    """(before, after) a line of a checker."""
    return f"{SERVER}\n{block} {{{content}", "}\n}\n}"


# block: (what stands before the line, what after it)
CONTEXTS = {
    "": ("", f"{INSTANCE}\n}}"),
    "global_defs": ("global_defs {", f"}}\n{INSTANCE}\n}}"),
    "vrrp_script": (SCRIPT[:-3], tracked("track_script", "s")),
    "vrrp_instance": (INSTANCE, "}"),
    "authentication": (f"{INSTANCE}\nauthentication {{\nauth_type PASS\nauth_pass x", "}\n}"),
    "auth_hmac": (f"{INSTANCE}\nversion 3\nauth_hmac {{\nkey 1 {'k' * 32}", "}\n}"),
    "vrrp_sync_group": (GROUP, "}"),
    "track_group": (f"{INSTANCE}\n}}\ntrack_group g {{\ngroup {{\nv\n}}", "}"),
    "track_file": (FILE[:-3], tracked("track_file", "f")),
    "vrrp_track_process": (PROCESS[:-3], tracked("track_process", "p")),
    "bfd_instance": (BFD[:-3], tracked("track_bfd", "b")),
    "garp_group": (f"{INSTANCE}\n}}\ngarp_group {{\ngarp_interval 1\ninterface eth0", "}"),
    "SSL": ("SSL {", f"}}\n{SERVER}\nSSL_GET {{\nurl {{\npath /\n}}\n}}\n}}\n}}"),
    "virtual_server": (SERVICE, "real_server 192.0.2.2 80 {\nweight 1\n}\n}"),
    "real_server": (SERVER, "}\n}"),
    "TCP_CHECK": checker("TCP_CHECK"),
    "HTTP_GET": checker("HTTP_GET", "\nurl {\npath /\n}"),
    "SSL_GET": checker("SSL_GET", "\nurl {\npath /\n}"),
    "url": (f"{SERVER}\nHTTP_GET {{\nurl {{\npath /\nstatus_code 200", "}\n}\n}\n}"),
    "MISC_CHECK": checker("MISC_CHECK", "\nmisc_path /bin/true"),
    "SMTP_CHECK": checker("SMTP_CHECK"),
    "host": checker("SMTP_CHECK {\nhost")[:1] + ("}\n}\n}\n}",),
    "DNS_CHECK": checker("DNS_CHECK"),
    "BFD_CHECK": (BFD + checker("BFD_CHECK", "\nname b")[0], "}\n}\n}"),
    "UDP_CHECK": checker("UDP_CHECK"),
    "PING_CHECK": checker("PING_CHECK"),
    "FILE_CHECK": (FILE + checker("FILE_CHECK", "\ntrack_file f")[0], "}\n}\n}"),
}

WEIGHTS = ["5", "-5", "0", "253", "254", "255", "-253", "-254", "-255", "5 reverse", "5 noreverse", "5 x", "x", ""]
USERS = ["root", "root root", "no_such_user", "root no_such_group", ""]
METHODS = ["NAT", "DR", "TUN", "nat", "TUN type ipip", "TUN type gue port 5555", "TUN type gre csum", "TUN type gue",
           "TUN type ipip csum", "TUN type gre remcsum", "TUN type gue port 0", "NAT type ipip", "TUN type x", ""]
FIFO = ["/tmp/vipd-judge", "/tmp/vipd-judge root", "/tmp/vipd-judge root root", "/tmp/vipd-judge no_such_user", "x y z w",
        ""]
CPUS = ["0", "0 1", "0 0", "-1", "99999", "x", ""]
INTERVALS = ["10", "1", "0.5", "1000", "999", "0", "4294967", "4294968", "1.0005", "-1", "10ms", "x", ""]
EXTRA = ["5", "all 5", "1", "86400", "86401", "0", "all", "x", "some 5", ""]
TABLE = ["", "abc", "a" * 32, "a b"]
VMAC = ["", "vrrp.7", "vrrp.7 eth0", "eth1 eth0", "vrrp.7 eth0 eth1", "netlink_notify_msg", "02:00:00:00:00:01",
        "02:00:00:00:01", "02:00:00:00", "01:00:00:00:00:01", "group 5", "group x", "group", "a" * 16, "vrrp.7 no_such"]
NAMES = ["s", "s weight 5", "s weight 5 reverse", "s weight 5 noreverse", "s weight 253", "s weight 254", "s weight 255",
         "s weight -254", "s weight x", "s weight", "s 5", "s weight 5 x", "no_such"]
HEX = ["00ff", "00 ff", "0", "xy", "00FF", ""]
# keyword, or (block, keyword): words to try behind it; the first ones are good
WORDS = {
    "net_namespace": ["red", ""], "net_namespace_ipvs": ["red"], "instance": ["abc", "a/b", "a b", ""],
    "smtp_server": ["192.0.2.7", "192.0.2.7 26", "192.0.2.7 0", "192.0.2.7 65536", "mail.example.org", ""],
    "script_user": USERS, "user": USERS,
    "notify_fifo": FIFO, "vrrp_notify_fifo": FIFO, "lvs_notify_fifo": FIFO,
    "vrrp_mcast_group4": ["224.0.0.19", "10.0.0.1", "ff02::1", "x", ""],
    "vrrp_mcast_group6": ["ff02::13", "ff05::13", "fe80::1", "224.0.0.19", "x", ""],
    "mcast_dst_ip": ["224.0.0.19", "10.0.0.1", "ff02::13", "x", ""],
    "dynamic_interfaces": ["", "allow_if_changes", "x"],
    "vrrp_garp_extra_if": EXTRA, "garp_extra_if": EXTRA,
    "nftables": TABLE, "nftables_ipvs": TABLE,
    "vrrp_iptables": ["", "IN", "IN OUT", "a" * 29, "IN OUT x"],
    "vrrp_ipsets": ["", "a", "a b", "a b c", "a b c d e f", "a b c d e f g", "a" * 32],
    "lvs_flush_on_stop": ["", "VS", "x"],
    "lvs_timeouts": ["tcp 5", "tcp 5 tcpfin 6 udp 7", "udp 2678400", "udp 2678401", "tcp x", "x 5", "tcp", ""],
    "lvs_sync_daemon": ["eth0", "eth0 v", "eth0 inst v", "eth0 v 5", "eth0 v id 255", "eth0 id 256", "eth0 maxlen 65507",
                        "eth0 maxlen 65508", "eth0 port 65535", "eth0 port 0", "eth0 ttl 255", "eth0 ttl 256",
                        "eth0 group 224.0.0.81", "eth0 group 10.0.0.1", "eth0 inst no_such", "no_such", "eth0 id", ""],
    "vrrp_cpu_affinity": CPUS, "checker_cpu_affinity": CPUS, "bfd_cpu_affinity": CPUS,
    "umask": ["022", "0777", "01000", "18", "0x12", "IWGRP|IRWXO", "IWGRP | IRWXO", "IWGRP IRWXO", "x", ""],
    "max_auto_priority": ["", "0", "-1", "99", "100", "-2", "x"],
    "vrrp_rx_bufs_policy": ["MTU", "ADVERT", "5000", "mtu", "x", "-1", "MTU 5", ""],
    "include_check": ["", "read", "+match -read", "wildcard_match brace_match", "readable", "x"],
    "reload_check_config": ["", "/tmp/vipd-judge-log"], "reload_file": ["/tmp/vipd-judge", ""],
    "weight": WEIGHTS, ("FILE_CHECK", "weight"): [*WEIGHTS, "2147483647", "-2147483647", "2147483648"],
    ("virtual_server", "weight"): ["1", "2147483647", "0", "2147483648", "x", ""],
    ("real_server", "weight"): ["0", "2147483647", "-1", "2147483648", "x", ""],
    "init_file": ["", "5", "5 overwrite", "overwrite", "overwrite 5", "5 6", "x", "2147483648"],
    "process": ["init", "init a b", '"init a" b', ""], "param_match": ["", "initial", "partial", "x"],
    "delay": ["1", "0", "3600", "3600.1", "0.000001", "x", ""],
    "min_rx": INTERVALS, "min_tx": INTERVALS, "idle_tx": INTERVALS[3:] + INTERVALS[:3],
    "old_unicast_checksum": ["", "never", "x"],
    "use_vmac": VMAC, "use_ipvlan": ["", "ipvl.7", "ipvl.7 eth0", "bridge", "private", "vepa", "192.0.2.7", "192.0.2.7/24",
                                     "2001:db8::7", "group 5", "ipvl.7 eth0 eth1", "x bridge vepa"],
    "timer_expired_backup": ["", "1", "254", "255", "0", "x"],
    "key": [f"5 {'l' * 32}", f"256 {'l' * 32}", "5 short", f"5 hex:{'0f' * 32}", "5 file:/tmp/key", "5", ""],
    ("SSL", "key"): ["/tmp/vipd-judge", ""],
    ("garp_group", "interface"): ["eth1", "eth0", "no_such", "a" * 16, ""],
    "lvs_sched": ["rr", "wlc", "mh", "nonsense", ""],
    "lvs_method": METHODS, "sorry_server_lvs_method": METHODS,
    "persistence_timeout": ["", "1", "2678400", "2678401", "0", "10s", "x"],
    "persistence_granularity": ["255.255.255.0", "32", "0", "33", "255.0.255.0", "x", ""],
    "sorry_server": ["192.0.2.8 80", "192.0.2.8", "192.0.2.8 0", "192.0.2.8 65536", "2001:db8::8 80", "host 80", ""],
    "http_protocol": ["1.0", "1.0C", "1.1", "1.0c", "2", ""],
    "path": ["/", "/a/b?c=d", '"/a b"', "relative", ""],
    "digest": ["0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "0123", "x" * 32, ""],
    "status_code": ["200", "200-299", "200 301-302 404", "100", "599", "99", "600", "300-200", "x", ""],
    "regex": ["abc", '"a b"', "'a b'", "a\\.b", "(", ""],
    "regex_options": ["caseless\nregex x", "caseless utf\nregex x", "caseless", "x\nregex x", ""],
    "regex_no_match": ["\nregex x", ""],
    "regex_min_offset": ["5\nregex x", "0\nregex x", "5", "x\nregex x", ""],
    "regex_max_offset": ["5\nregex x", "0\nregex x", "5", "x\nregex x", ""],
    "regex_stack": ["1000 2000\nregex x", "2000 1000\nregex x", "0 1000\nregex x", "1000\nregex x", "1000 2000", ""],
    ("DNS_CHECK", "name"): ["example.org", ".", "example.org.", "a..b", "a" * 64, ""],
    ("BFD_CHECK", "name"): ["b", "no_such", ""], ("FILE_CHECK", "track_file"): ["f", "no_such", ""],
    "payload": HEX, "require_reply": ["", *HEX[:-1], "0X", "XX ff"],
}
# block keyword, or (block, keyword): what may stand behind it
TRACKS = ["{\n}"]
CHECK = ["{\n}"]
BLOCKS = {
    "global_defs": ["{\n}"],
    "vrrp_script": ["t {\nscript /bin/true\n}", "t {\n}", "{\nscript /bin/true\n}"],
    "vrrp_instance": ["w {\ninterface eth0\nvirtual_router_id 9\n}", "w {\n}", "{\ninterface eth0\nvirtual_router_id 9\n}",
                      "w {\ninterface eth0\n}", "w {\nvirtual_router_id 9\n}", "w {\ninterface eth0\nvirtual_router_id 7\n}",
                      "w {\ninterface no_such\nvirtual_router_id 9\n}"],
    "vrrp_sync_group": ["g {\ngroup {\nv\n}\n}", "g {\n}", "{\ngroup {\nv\n}\n}"],
    "track_file": ["g {\nfile /tmp/vipd-judge\n}", "g {\n}", "{\nfile /tmp/vipd-judge\n}"],
    "vrrp_track_process": ["q {\nprocess init\n}", "q {\n}", "{\nprocess init\n}"],
    "bfd_instance": ["c {\nneighbor_ip 192.0.2.4\n}", "c {\n}", "{\nneighbor_ip 192.0.2.4\n}",
                     f"{'c' * 32} {{\nneighbor_ip 192.0.2.4\n}}"],
    "garp_group": ["{\ngarp_interval 1\ninterface eth0\n}", "x {\ngna_interval 1\ninterfaces {\neth0\neth1\n}\n}", "{\n}",
                   "{\ngarp_interval 1\n}", "{\ninterface eth0\n}"],
    "SSL": ["{\n}", "{\npassword x\n}"],
    "linkbeat_interfaces": ["{\neth0\n}", "{\n}"], "interface_up_down_delays": ["{\neth0 1 2\n}", "{\n}"],
    "track_group": ["h {\ngroup {\nv\n}\n}", "h {\n}", "{\ngroup {\nv\n}\n}"],
    "static_ipaddress": ["{\n192.0.2.9/24 dev eth0\n}", "{\n}"],
    "static_routes": ["{\n192.0.3.0/24 dev eth0\n}", "{\n}"],
    "static_rules": ["{\nfrom 192.0.2.9 table 7 preference 5\n}", "{\n}"],
    "virtual_server_group": ["g {\n192.0.2.7 80\n}", "g {\n}", "{\n192.0.2.7 80\n}"],
    "virtual_server": [f"192.0.2.7 80 {{\n{SERVED}\n}}", f"192.0.2.7 {{\n{SERVED}\n}}", f"fwmark 5 {{\n{SERVED}\n}}",
                       f"group g {{\n{SERVED}\n}}", f"192.0.2.7 65536 {{\n{SERVED}\n}}", f"x 80 {{\n{SERVED}\n}}",
                       f"fwmark x {{\n{SERVED}\n}}", "192.0.2.7 80 {\n}", f"{{\n{SERVED}\n}}"],
    "real_server": ["192.0.2.7 80 {\n}", "192.0.2.7 {\n}", "2001:db8::7 80 {\n}", "x 80 {\n}", "192.0.2.7 65536 {\n}", "{\n}"],
    "notification_email": ["{\nroot@example.org\n}", "{\n}"],
    "unicast_peer": ["{\n192.0.2.7\n}", "{\n}"],
    "authentication": ["{\nauth_type PASS\nauth_pass x\n}", "{\nauth_type PASS\n}", "{\nauth_pass x\n}", "{\n}"],
    "auth_hmac": [f"{{\nkey 1 {'k' * 32}\n}}", "{\n}"],
    "virtual_ipaddress": ["{\n192.0.2.9/24\n}", "{\n}"],
    "virtual_ipaddress_excluded": ["{\n192.0.2.9/24\n}", "{\n2001:db8::9\n}", "{\n}"],
    "virtual_routes": ["{\n192.0.3.0/24 dev eth0\n}", "{\n}"],
    "virtual_rules": ["{\nfrom 192.0.2.9 table 7 preference 5\n}", "{\n}"],
    "track_script": ["{\n}"], "track_process": ["{\n}"], "track_bfd": ["{\n}"],
    ("vrrp_instance", "track_file"): ["{\n}"], ("vrrp_sync_group", "track_file"): ["{\n}"],
    "track_interface": ["{\neth1\n}", "{\n}"],
    "group": ["{\nv\nw\n}", "{\nv\n}", "{\n}"],
    "interfaces": ["{\neth1\n}", "{\n}"],
    "TCP_CHECK": ["{\n}"], "SMTP_CHECK": ["{\n}"], "DNS_CHECK": ["{\n}"], "UDP_CHECK": ["{\n}"], "PING_CHECK": ["{\n}"],
    "HTTP_GET": ["{\nurl {\npath /\n}\n}", "{\n}"],
    "SSL_GET": ["{\nurl {\npath /\n}\n}", "{\n}"],
    "MISC_CHECK": ["{\nmisc_path /bin/true\n}", "{\n}"],
    "BFD_CHECK": ["{\n}", "{\nname no_such\n}"], "FILE_CHECK": ["{\n}", "{\ntrack_file no_such\n}"],
    "url": ["{\npath /x\n}", "{\n}"], "host": ["{\nconnect_port 26\n}", "{\n}"],
}
# a checker's keyword given to the server itself
MISPLACED = {"connect_ip": "192.0.2.3", "connect_port": "81", "bindto": "192.0.2.4", "bind_port": "82", "bind_if": "eth0",
             "fwmark": "5", "log_all_failures": ""}


def tracks(name):
    """Lines of a list of tracked objects, one of which has that name."""
    return [name + line[1:] if line[0] == "s" else line for line in NAMES]


# list block: lines of it; more of addresses, routes and rules are in test_conf_lines.py
LINES = {
    "notification_email": ["root@example.org", "root"],
    "virtual_ipaddress": ["192.0.2.9/24", "192.0.2.9/33", "junk"],
    "virtual_ipaddress_excluded": ["192.0.2.9/24", "junk"],
    "static_ipaddress": ["192.0.2.9/24 dev eth0", "192.0.2.9/24", "junk"],
    "virtual_routes": ["192.0.3.0/24 dev eth0", "junk"], "static_routes": ["192.0.3.0/24 dev eth0", "junk"],
    "virtual_rules": ["from 192.0.2.9 table 7 preference 5", "junk"],
    "static_rules": ["from 192.0.2.9 table 7 preference 5", "junk"],
    "unicast_peer": ["192.0.2.7", "192.0.2.7 min_ttl 5 max_ttl 6", "192.0.2.7 min_ttl 256", "192.0.2.7 min_ttl 6 max_ttl 5",
                     "192.0.2.7 x", "192.0.2.7 192.0.2.8", "2001:db8::7", "junk"],
    "track_interface": tracks("eth1"), "track_script": tracks("s"), "track_file": tracks("f"),
    "track_process": tracks("p"), "track_bfd": tracks("b"),
    "group": ["v", "no_such"],
    "interfaces": ["eth1", "eth0 eth1", "no_such", "a" * 16],
    "linkbeat_interfaces": ["eth0", "eth0 MII", "eth0 ETHTOOL", "eth0 IOCTL", "eth0 x", "eth0 MII IOCTL", "no_such"],
    "interface_up_down_delays": ["eth0 1 2", "eth0 1", "eth0", "eth0 255 255", "eth0 256", "eth0 1 256", "eth0 0.5", "eth0 x",
                                 "eth0 1 2 3", "no_such 1 2"],
    "virtual_server_group": ["192.0.2.5 80", "192.0.2.5", "192.0.2.5 0", "192.0.2.5 65536", "192.0.2.5-9 80",
                             "192.0.2.9-5 80", "192.0.2.5-192.0.2.9 80", "192.0.2.8/30 80", "192.0.2.9/30 80", "192.0.2.8/0",
                             "2001:db8::5 80", "2001:db8::5-f 80", "fwmark 5", "fwmark 0", "fwmark 5 inet6", "fwmark 5 x",
                             "fwmark x", "fwmark", "192.0.2.5 80 81", "junk"],
}


SECURITY = "enable_script_security\nscript_user root"


def secured(before, scope, keyword):
    """Without protected scripts the verdict of keepalived -t is about that alone (6), whatever else is wrong."""
    if scope != "global_defs":
        return f"global_defs {{\n{SECURITY}\n}}\n{before}"
    return before if keyword in ("enable_script_security", "script_user") else f"{before}\n{SECURITY}"


def in_list(scope, line):
    """A good configuration but for the line in its list block; scope is OUTER.BLOCK where several have the keyword."""
    outer, _, block = scope.rpartition(".")
    content = f"{block} {{\n{line}\n}}"
    if block == "notification_email":
        return f"global_defs {{\n{content}\n}}\n{INSTANCE}\n}}\n"
    if outer == "track_group":
        return f"{INSTANCE}\n}}\ntrack_group g {{\n{content}\n}}\n"
    if block == "group":
        return f"{GROUP.replace('group {' + chr(10), 'group {' + chr(10) + line + chr(10))}\n}}\n"
    if block == "interfaces":
        return f"{INSTANCE}\n}}\ngarp_group {{\ngarp_interval 1\n{content}\n}}\n"
    if block in ("linkbeat_interfaces", "interface_up_down_delays") or block.startswith("static"):
        return f"{content}\n{INSTANCE}\n}}\n"
    if block == "virtual_server_group":
        return (f"{block} g {{\n{line}\n}}\nvirtual_server group g {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n"
                "real_server 192.0.2.2 80 {\n}\n}\n")
    before = f"global_defs {{\n{SECURITY}\n}}\n{SCRIPT}{FILE}{PROCESS}{BFD}"
    if outer == "vrrp_sync_group":
        return f"{before}{GROUP}\nsync_group_tracking_weight\n{content}\n}}\n"
    return f"{before}{INSTANCE}\n{content}\n}}\n"
