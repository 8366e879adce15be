# SPDX-License-Identifier: MIT
"""Reference model of a destination: what the kernel may show, given everything that happened to it.

Written from the drain table of the documentation, not from the daemon: admin state, override, configured and
dynamic weight and health are independent, and one function says which kernel weight they mean.
"""
import random
from dataclasses import dataclass, field

LOCKED, SHUTTING_DOWN, UNLOCKED = 2, 3, 4
ADMIN_NAMES = {LOCKED: "locked", SHUTTING_DOWN: "shuttingDown", UNLOCKED: "unlocked"}
ABSENT = None


@dataclass
class Server:
    """One real server as the operator, the file, the checker and the clients left it."""

    name: str
    admin: int = UNLOCKED
    override: int = -1
    configured: int = 1
    dynamic: int | None = None  # effective weight a misc_dynamic script asks for
    up: bool = True
    busy: bool = False  # a client holds a connection, so a drain cannot complete

    def expected(self):
        """The set of kernel weights that are right now."""
        if self.admin == LOCKED:
            return {ABSENT}
        if self.admin == SHUTTING_DOWN:
            return {0} if self.up else {0, ABSENT}
        if not self.up:
            return {ABSENT}
        if self.override >= 0:
            return {self.override}
        return {self.configured if self.dynamic is None else self.dynamic}

    def forbids(self, weight):
        """True when a kernel weight seen at any moment proves that a drain was undone."""
        return self.admin != UNLOCKED and weight not in (ABSENT, 0)


@dataclass
class Model:
    servers: list[Server]
    steps: list[str] = field(default_factory=list)

    def set_admin(self, server, admin):
        """Applies an snmpset of the admin state; returns False when the agent must refuse it."""
        if server.admin == LOCKED and admin == SHUTTING_DOWN:
            return False
        server.admin = admin
        self.settle(server)
        return True

    def settle(self, server):
        """A drain with nothing left to wait for ends in locked by itself."""
        if server.admin == SHUTTING_DOWN and not server.busy:
            server.admin = LOCKED


def random_step(rng: random.Random, model: Model):
    """Names one thing to do next: (action, server, value)."""
    server = rng.choice(model.servers)
    action = rng.choices(
        ["admin", "weight", "configure", "reload", "flap", "script", "connect", "kill", "restart", "reorder"],
        [26, 12, 10, 8, 14, 10, 8, 5, 4, 3],
    )[0]
    if action == "admin":
        return action, server, rng.choice([LOCKED, SHUTTING_DOWN, SHUTTING_DOWN, UNLOCKED, UNLOCKED])
    if action == "weight":
        return action, server, rng.choice([-1, 0, 1, 7, 255, 256, 300, 1000, 65535])
    if action == "configure":
        return action, server, rng.choice([1, 2, 5, 100, 300])
    if action == "script":
        return action, server, rng.choice([None, 0, 3, 50, 253])
    return action, server, None
