# SPDX-License-Identifier: MIT
"""A farm of real servers, and its configuration. No server is twice in it."""


def farm(servers, services):
    """(address of a service, [addresses of its servers]) for each; sizes as equal as they can be."""
    for i in range(services):
        mine = range(servers * i // services, servers * (i + 1) // services)
        yield (f"10.16.{i // 250}.{i % 250 + 1}",
               [f"10.{128 + host // 62500}.{host // 250 % 250}.{host % 250 + 1}" for host in mine])


def real_server(address, port, weight, checker):
    return f"    real_server {address} {port} {{\n        weight {weight}\n        {checker}\n    }}\n"


def config(services, *, interval=3600, port=80, checker="", last_weight=1):
    """Of what farm() gave; every server listens at that port. The last server of all may have another weight."""
    text = ["global_defs {\n    router_id farm\n}\n"]
    for vip, servers in services:
        text.append(f"virtual_server {vip} 80 {{\n    delay_loop {interval}\n    lvs_sched wlc\n    lvs_method DR\n"
                    "    protocol TCP\n")
        text += [real_server(server, port, 1, checker) for server in servers]
        text.append("}\n")
    text[-2] = text[-2].replace("weight 1", f"weight {last_weight}")
    return "".join(text)
