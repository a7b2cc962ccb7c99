"""The lab's certificates, made anew each time: no key is kept anywhere."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from pathlib import Path

REQUEST = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem"
SELF_SIGNED = f"{REQUEST} -x509 -days 3650 -out crt.pem -subj"
# The one command of openssl 3.0 that makes a certificate of the past is that of an authority.
SIGN = (
    "openssl ca -batch -notext -selfsign -config ca.cnf -keyfile key.pem -in csr.pem -out crt.pem "
    "-startdate 20200101000000Z -enddate 20210101000000Z"
)
AUTHORITY = """
[ca]
default_ca = lab
[lab]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def certificate(*, expired: bool = False) -> ssl.SSLContext:
    """A self-signed certificate as a server's context; an expired one ended with 2020."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def run(command: str, *words: str) -> None:
            arguments = [*command.split(), *words]
            subprocess.run(arguments, cwd=folder, check=True, capture_output=True)

        if expired:
            (folder / "ca.cnf").write_text(AUTHORITY)
            (folder / "index.txt").touch()
            run(f"{REQUEST} -out csr.pem -subj", "/CN=expired.corp.lab")
            run(SIGN)
        else:
            run(SELF_SIGNED, "/CN=www.lab.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "crt.pem", folder / "key.pem")
    return context
