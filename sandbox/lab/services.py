"""Every service of the lab by name, and the ports at which all hosts outside the table have it."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import dns, ftp, logins, smb, snmp, sql_logins, ssh, udp
from .certificates import certificate
from .hosts import FILTERED, HOSTS
from .record import Record
from .serve import Listener, Service
from .web import Site

EVERYWHERE: Mapping[str, Iterable[int]] = {
    "https": (443, 4443, 8443, 9443),
    "http": (80, 81, 88, 591, 2082, 3000, 5000, 5601, 7001, *range(8000, 8443),
             *range(8444, 9000), 9000, 9090, 9200),
    "ftp": (21, 2121),
    "ssh": (22, 2222),
    "telnet": (23,),
    "smtp": (25,),
    "dns": (53,),
    "pop3": (110,),
    "imap": (143,),
    "redis": (6379,),
}  # fmt: skip
UDP: Mapping[int, udp.Answer] = {7: udp.echo, 53: dns.answer_udp, 161: snmp.answer}
SLOW_S = 2.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What listens at a TCP port."""

    serve: Service
    tls: ssl.SSLContext | None = None


def offers() -> dict[str, Offer]:
    """The TCP services by the names that `hosts.json` gives them."""
    site, members, valid = Site(), Site(private="/"), certificate()
    return {
        "dns": Offer(dns.serve_tcp),
        "ftp": Offer(ftp.ftp),
        "http": Offer(site.serve),
        "http-basic": Offer(members.serve),
        "http-slow": Offer(Site(delay_s=SLOW_S).serve),
        "https": Offer(site.serve, valid),
        "https-basic": Offer(members.serve, valid),
        "https-expired": Offer(site.serve, certificate(expired=True)),
        "imap": Offer(logins.imap),
        "mysql": Offer(sql_logins.mysql),
        "pop3": Offer(logins.pop3),
        "postgresql": Offer(sql_logins.postgresql),
        "redis": Offer(logins.redis),
        "smb": Offer(smb.smb),
        "smtp": Offer(logins.smtp),
        "ssh": Offer(ssh.ssh),
        "telnet": Offer(logins.telnet),
    }


def start_services(record: Record) -> Listener:
    """Listen on every address, and as the table says on those of its hosts."""
    listener, known = Listener(record), offers()
    for name, ports in EVERYWHERE.items():
        for port in ports:
            listener.listen(known[name].serve, port, tls=known[name].tls)
    for host in HOSTS:
        for port, name in host.ports("tcp").items():
            if name == FILTERED:
                listener.silence(host.address, port)
            else:
                listener.listen(known[name].serve, port, host.address, known[name].tls)
    for port, answer in UDP.items():
        udp.serve_udp(port, answer, record)
    return listener
