"""The attacks that every provider must contain, and the check that it does.

    with sandbox.open_sandbox("docker", workers=1) as box, Host() as host:
        for result in check(box, host):
            result.attack.name, result.faults     # no faults: contained

Run by `goodhart-bench sandbox check`, and by the tests over every provider.
"""

from sandbox.conformance.attacks import ATTACKS, Attack
from sandbox.conformance.check import Result, check
from sandbox.conformance.host import Host

__all__ = ["ATTACKS", "Attack", "Host", "Result", "check"]
