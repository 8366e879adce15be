# SPDX-License-Identifier: MIT
"""What the generated cases of test_conf_judge.py cannot take from the option tables: a good place for a keyword of each
block, and words for keywords with a syntax of their own."""

ADDRESS = "virtual_ipaddress {\n192.0.2.1/24\n}"
INSTANCE = f"vrrp_instance v {{\ninterface eth0\nvirtual_router_id 7\n{ADDRESS}"
SERVICE = "virtual_server 192.0.2.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP"
SERVED = "lvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 192.0.2.2 80 {\n}"
SERVER = f"{SERVICE}\nreal_server 192.0.2.2 80 {{"

# block: (what stands before the line, what after it)
CONTEXTS = {
    "": ("", f"{INSTANCE}\n}}"),
    "global_defs": ("global_defs {", f"}}\n{INSTANCE}\n}}"),
    "vrrp_script": ("vrrp_script s {\nscript /bin/true", f"}}\n{INSTANCE}\ntrack_script {{\ns\n}}\n}}"),
    "vrrp_instance": (INSTANCE, "}"),
    "authentication": (f"{INSTANCE}\nauthentication {{\nauth_type PASS\nauth_pass x", "}\n}"),
    "vrrp_sync_group": (f"{INSTANCE}\n}}\n{INSTANCE.replace(' v ', ' w ').replace('7', '8').replace('.1/', '.2/')}\n}}\n"
                        "vrrp_sync_group g {\ngroup {\nv\nw\n}", "}"),
    "virtual_server": (SERVICE, "real_server 192.0.2.2 80 {\nweight 1\n}\n}"),
    "real_server": (SERVER, "}\n}"),
    "TCP_CHECK": (f"{SERVER}\nTCP_CHECK {{", "}\n}\n}"),
    "HTTP_GET": (f"{SERVER}\nHTTP_GET {{\nurl {{\npath /\n}}", "}\n}\n}"),
    "SSL_GET": (f"{SERVER}\nSSL_GET {{\nurl {{\npath /\n}}", "}\n}\n}"),
    "url": (f"{SERVER}\nHTTP_GET {{\nurl {{\npath /\nstatus_code 200", "}\n}\n}\n}"),
    "MISC_CHECK": (f"{SERVER}\nMISC_CHECK {{\nmisc_path /bin/true", "}\n}\n}"),
}

WEIGHTS = ["5", "-5", "0", "253", "254", "255", "-253", "-254", "-255", "5 reverse", "5 x", "x"]
USERS = ["root", "root root", "no_such_user", ""]
# keyword, or (block, keyword): words to try behind it; the first ones are good
METHODS = ["NAT", "DR", "TUN", "nat", "TUN type ipip", "TUN type gue port 5555", "TUN type gre csum", "TUN type gue",
           "NAT type ipip", "TUN type x", ""]
WORDS = {
    "net_namespace": ["red", ""], "net_namespace_ipvs": ["red"],
    "smtp_server": ["192.0.2.7", "192.0.2.7 26", "192.0.2.7 0", "192.0.2.7 65536", "mail.example.org", ""],
    "script_user": USERS, "user": USERS,
    "vrrp_mcast_group4": ["224.0.0.19", "10.0.0.1", "ff02::1", "x", ""],
    "dynamic_interfaces": ["", "allow_if_changes", "x"],
    "lvs_flush_on_stop": ["", "VS", "x"],
    "lvs_timeouts": ["tcp 5", "tcp 5 tcpfin 6 udp 7", "udp 2678400", "udp 2678401", "tcp x", "x 5", "tcp", ""],
    "weight": [*WEIGHTS, ""],
    "lvs_sched": ["rr", "wlc", "mh", "nonsense", ""],
    "lvs_method": METHODS, "sorry_server_lvs_method": METHODS,
    "persistence_timeout": ["", "1", "2678400", "2678401", "0", "10s", "x"],
    "persistence_granularity": ["255.255.255.0", "32", "0", "33", "255.0.255.0", "x", ""],
    "sorry_server": ["192.0.2.8 80", "192.0.2.8", "192.0.2.8 0", "192.0.2.8 65536", "2001:db8::8 80", "host 80", ""],
    "http_protocol": ["1.0", "1.0C", "1.1", "2", ""],
    "path": ["/", "/a/b?c=d", '"/a b"', "relative", ""],
    "digest": ["0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "0123", "x" * 32, ""],
    "status_code": ["200", "200-299", "200 301-302 404", "100", "599", "99", "600", "300-200", "x", ""],
    ("vrrp_instance", "virtual_ipaddress"): ["{\n192.0.2.9/24\n}", "{\n}"],
}
# block keyword: what may stand behind it
BLOCKS = {
    "global_defs": ["{\n}"],
    "vrrp_script": ["t {\nscript /bin/true\n}", "t {\n}", "{\nscript /bin/true\n}"],
    "vrrp_instance": ["w {\ninterface eth0\nvirtual_router_id 9\n}", "w {\n}", "{\ninterface eth0\nvirtual_router_id 9\n}"],
    "vrrp_sync_group": ["g {\ngroup {\nv\n}\n}", "g {\n}", "{\ngroup {\nv\n}\n}"],
    "virtual_server_group": ["g {\n192.0.2.7 80\n}", "g {\n}", "{\n192.0.2.7 80\n}"],
    "virtual_server": [f"192.0.2.7 80 {{\n{SERVED}\n}}", f"192.0.2.7 {{\n{SERVED}\n}}", f"fwmark 5 {{\n{SERVED}\n}}",
                       f"group g {{\n{SERVED}\n}}", f"192.0.2.7 65536 {{\n{SERVED}\n}}", f"x 80 {{\n{SERVED}\n}}",
                       f"fwmark x {{\n{SERVED}\n}}", "192.0.2.7 80 {\n}", f"{{\n{SERVED}\n}}"],
    "real_server": ["192.0.2.7 80 {\n}", "192.0.2.7 {\n}", "2001:db8::7 80 {\n}", "x 80 {\n}", "192.0.2.7 65536 {\n}", "{\n}"],
    "notification_email": ["{\nroot@example.org\n}", "{\n}"],
    "unicast_peer": ["{\n192.0.2.7\n}", "{\n}"],
    "authentication": ["{\nauth_type PASS\nauth_pass x\n}", "{\nauth_type PASS\n}", "{\nauth_pass x\n}", "{\n}"],
    "virtual_ipaddress": ["{\n192.0.2.9/24\n}", "{\n}"],
    "virtual_ipaddress_excluded": ["{\n192.0.2.9/24\n}", "{\n2001:db8::9\n}", "{\n}"],
    "track_script": ["{\n}"],
    "track_interface": ["{\neth1\n}", "{\n}"],
    "group": ["{\nv\nw\n}", "{\nv\n}", "{\n}"],
    "TCP_CHECK": ["{\n}"],
    "HTTP_GET": ["{\nurl {\npath /\n}\n}", "{\n}"],
    "SSL_GET": ["{\nurl {\npath /\n}\n}", "{\n}"],
    "MISC_CHECK": ["{\nmisc_path /bin/true\n}", "{\n}"],
    "url": ["{\npath /x\n}", "{\n}"],
}
# a checker's keyword given to the server itself
MISPLACED = {"connect_ip": "192.0.2.3", "connect_port": "81", "bindto": "192.0.2.4", "bind_port": "82", "bind_if": "eth0",
             "fwmark": "5", "log_all_failures": ""}
# list block: lines of it
LINES = {
    "notification_email": ["root@example.org", "root"],
    "virtual_ipaddress": ["192.0.2.9/24", "192.0.2.9/33", "junk"],
    "virtual_ipaddress_excluded": ["192.0.2.9/24", "junk"],
    "unicast_peer": ["192.0.2.7", "junk"],
    "track_script": ["s", "s weight 5", "no_such"],
    "track_interface": ["eth1", "eth1 weight 5", "eth1 weight 300"],
    "group": ["v", "no_such"],
    "virtual_server_group": ["192.0.2.5 80", "junk"],
}


SECURITY = "enable_script_security\nscript_user root"


def secured(before, scope, keyword):
    """Without protected scripts the verdict of keepalived -t is about that alone (6), whatever else is wrong."""
    if scope != "global_defs":
        return f"global_defs {{\n{SECURITY}\n}}\n{before}"
    return before if keyword in ("enable_script_security", "script_user") else f"{before}\n{SECURITY}"


def in_list(scope, line):
    """A good configuration but for the line in its list block."""
    if scope == "notification_email":
        return f"global_defs {{\n{scope} {{\n{line}\n}}\n}}\n{INSTANCE}\n}}\n"
    if scope == "group":
        before, after = CONTEXTS["vrrp_sync_group"]
        return f"{before.replace('group {', 'group {' + chr(10) + line)}\n{after}\n"
    if scope == "virtual_server_group":
        return (f"{scope} g {{\n{line}\n}}\nvirtual_server group g {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n"
                "real_server 192.0.2.2 80 {\n}\n}\n")
    script = f"global_defs {{\n{SECURITY}\n}}\nvrrp_script s {{\nscript /bin/true\n}}\n"
    return f"{script}{INSTANCE}\n{scope} {{\n{line}\n}}\n}}\n"
