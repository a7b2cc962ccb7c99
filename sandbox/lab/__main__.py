"""Starts the lab: `python3 -m lab`, in a network namespace of its own, ready in a second."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import tempfile
from pathlib import Path

from . import dns, logins
from .control import control
from .network import add_lab_network, allow_many_sockets, drop_privileges
from .record import Record
from .serve import Listener
from .sniff import Sniffer
from .web import Site

HTTP_PORTS = (80, 81, 88, 591, 2082, 3000, 5000, 5601, 7001, *range(8000, 9000), 9000, 9090, 9200)
HTTPS_PORTS = (443, 8443, 4443, 9443)
LOGINS = {
    21: logins.ftp,
    22: logins.ssh,
    23: logins.telnet,
    25: logins.smtp,
    110: logins.pop3,
    143: logins.imap,
    2121: logins.ftp,
    2222: logins.ssh,
    6379: logins.redis,
}


async def main() -> None:
    add_lab_network()
    allow_many_sockets()
    record = Record()
    record.begin()
    listener, site = Listener(record), Site()
    await listener.listen(site.serve, HTTPS_PORTS, tls=certificate())
    await listener.listen(site.serve, (port for port in HTTP_PORTS if port not in HTTPS_PORTS))
    for port, service in LOGINS.items():
        await listener.listen(service, [port])
    await listener.listen(dns.serve_tcp, [53])
    dns.serve_udp(record)
    sniffer = Sniffer(record)
    drop_privileges()
    await control(record, listener, sniffer)


def certificate() -> ssl.SSLContext:
    """A self-signed certificate, made anew each time: no key is kept anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        key, crt = Path(folder, "key.pem"), Path(folder, "crt.pem")
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
        subject = ["-subj", "/CN=www.lab.test", "-keyout", str(key), "-out", str(crt)]
        subprocess.run([*command.split(), *subject], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
    return context


asyncio.run(main())
