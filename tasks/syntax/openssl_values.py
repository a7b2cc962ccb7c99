"""Values as openssl takes them: numbers, subjects, ciphers, host and port.

Each function gives the canonical text or raises ValueError with the reason.
Source: OpenSSL 3.0 apps/lib/opt.c (opt_int, opt_intmax), apps/lib/apps.c (parse_name),
crypto/bio/bio_addr.c (BIO_parse_hostserv), ssl/ssl_ciph.c; names by asking the binary.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_NUMBER = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_SERIAL = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_VALUE = re.compile(r"(?:\\.|[^\\/+])*", re.DOTALL)
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>[^:]*))?")
# The least and most characters of the values of the common types of a subject.
_LENGTHS = {
    "C": (2, 2),
    "ST": (1, 128),
    "L": (1, 128),
    "O": (1, 64),
    "OU": (1, 64),
    "CN": (1, 64),
    "emailAddress": (1, 128),
    "serialNumber": (1, 64),
}
_IA5 = frozenset({"emailAddress", "DC"})
_SIGN = "!-+"
_SAME_DIGEST = {
    "rmd160": "ripemd160",
    "ripemd": "ripemd160",
    "ssl3-md5": "md5",
    "ssl3-sha1": "sha1",
    "sha-1": "sha1",
    **{f"{sha}{size}": f"sha{size}" for sha in ("sha-", "sha2-") for size in (224, 256, 384, 512)},
}
_NAME_OPTIONS = """
esc_2253 esc_2254 esc_ctrl esc_msb use_quote utf8 ignore_type show_type dump_all dump_nostr
dump_der compat sep_comma_plus sep_comma_plus_space sep_semi_plus_space sep_multiline dn_rev
nofname sname lname align oid space_eq dump_unknown rfc2253 oneline multiline
ca_default
"""
_CERT_OPTIONS = """
compatible ca_default no_header no_version no_serial no_signame no_validity no_subject
no_issuer no_pubkey no_extensions no_sigdump no_aux no_attributes ext_default ext_error
ext_parse ext_dump
"""


def _between(text: str, least: int, most: int) -> str:
    match = _NUMBER.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a number")
    digits = match[2]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits.startswith("0") else 10
    number = int(f"{match[1]}{digits}", base)
    if not least <= number <= most:
        raise ValueError(f"{text} is not a number from {least} to {most}")
    return str(number)


def whole(text: str) -> str:
    """An int, in decimal, octal (010) or hexadecimal (0x10) digits."""
    return _between(text, -(1 << 31), (1 << 31) - 1)


def count(text: str) -> str:
    """An int of 1 or more."""
    return _between(text, 1, (1 << 31) - 1)


def natural(text: str) -> str:
    """An int of 0 or more."""
    return _between(text, 0, (1 << 31) - 1)


def wide(text: str) -> str:
    """A number of 64 bits."""
    return _between(text, -(1 << 63), (1 << 63) - 1)


def buffer_size(text: str) -> str:
    """Bytes, or kilobytes with a k."""
    if len(text) > 1 and text.endswith("k"):
        return str(1024 * int(_between(text[:-1], 0, (1 << 53) - 1)))
    return _between(text, 0, (1 << 63) - 1)


def serial(text: str) -> str:
    """A serial number of a certificate, of any length."""
    if not _SERIAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a serial number")
    return str(int(text, 16 if "x" in text.lower() else 10))


def subject(text: str) -> str:
    """A distinguished name: /C=DE/O=Org/CN=name, with backslashes before what is no separator."""
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not of the form /type=value/type=value")
    position = 1
    while position < len(text):
        name, equals, rest = text[position:].partition("=")
        if not equals:
            raise ValueError(f"{name!r} in {text!r} has no '='")
        match = _VALUE.match(rest)
        value = match[0] if match else ""
        if rest[len(value) :].startswith("\\"):
            raise ValueError(f"{text!r} ends in a backslash")
        _check_part(name, _ESCAPED.sub(r"\1", value))
        position += len(name) + 1 + len(value) + 1
    return text


def _check_part(name: str, value: str) -> None:
    least, most = _LENGTHS.get(name, (0, 1 << 20))
    if value and not least <= len(value) <= most:  # one without a value is left out
        raise ValueError(f"{name}={value} has not {least} to {most} characters")
    if name in _IA5 and not value.isascii():
        raise ValueError(f"{name}={value} has characters that are not ASCII")


def host_port(text: str) -> str:
    """HOST:PORT, HOST or :PORT; an IPv6 address needs brackets."""
    match = _HOST_PORT.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not HOST:PORT")
    host = (match["host"] or "").lower() if match["v6"] is None else f"[{match['v6'].lower()}]"
    return host if match["port"] is None else f"{host}:{match['port']}"


@cache
def _names(kind: str) -> frozenset[str]:
    """The names of one kind in the table of what the pinned binary takes."""
    lines = Path(__file__).with_name("openssl_names.txt").read_text(encoding="ascii").splitlines()
    return frozenset(name for line in lines if line.startswith(f"{kind}:") for name in line.split())


def ciphers(text: str) -> str:
    """A cipher list: unknown names do not matter as long as one is known."""
    names = _names("ciphers")
    chosen = False
    for word in re.split(r"[:, ;]", text):
        name, at, command = word.partition("@")
        if at and command != "STRENGTH" and not re.fullmatch(r"SECLEVEL=[0-5]", command):
            raise ValueError(f"@{command} is not @STRENGTH or @SECLEVEL=0 to 5")
        parts = name.split("+")
        chosen |= bool(name) and name[0] not in _SIGN and all(part in names for part in parts)
    if not chosen:
        raise ValueError(f"{text!r} holds no cipher that is known")
    return text


def suites(text: str) -> str:
    """A list of TLS 1.3 suites: one at least is known, or it is empty."""
    if text and not any(name in _names("suites") for name in text.split(":")):
        raise ValueError(f"{text!r} holds no TLS 1.3 suite that is known")
    return text


def groups(text: str) -> str:
    """A list of key exchange groups, each known."""
    return _all_known("groups", text)


def signatures(text: str) -> str:
    """A list of signature algorithms, each known."""
    return _all_known("signatures", text)


def _all_known(kind: str, text: str) -> str:
    for name in text.split(":"):
        if name not in _names(kind):
            raise ValueError(f"{name!r} is not one of the {kind} that are known")
    return text


def protocols(text: str) -> str:
    """Names of application protocols with commas between, as for ALPN."""
    if not text or any(not 0 < len(name.encode()) < 256 for name in text.split(",")):
        raise ValueError(f"{text!r} is not a list of names")
    return text


def name_options(text: str) -> str:
    """How names are printed: -nameopt."""
    return _switches(_NAME_OPTIONS, text)


def cert_options(text: str) -> str:
    """What of a certificate or request is printed: -certopt and -reqopt."""
    return _switches(_CERT_OPTIONS, text)


def _switches(names: str, text: str) -> str:
    known = frozenset(names.split())
    for word in re.split(r"[ ,]+", text.lower()):
        if word and word.removeprefix("-").removeprefix("+") not in known:
            raise ValueError(f"{word!r} is not one of {', '.join(sorted(known))}")
    return text


def address(text: str) -> str:
    """An IPv4 or IPv6 address."""
    return str(ipaddress.ip_address(text))


def digest(text: str) -> str:
    """The name of a digest; which names there are is for the spec to say."""
    name = text.lower()
    return _SAME_DIGEST.get(name, name)


# The value types of the specs, as "openssl_NAME".
TYPES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "int": whole,
        "count": count,
        "natural": natural,
        "long": wide,
        "size": buffer_size,
        "serial": serial,
        "subject": subject,
        "host": host_port,
        "ciphers": ciphers,
        "suites": suites,
        "groups": groups,
        "signatures": signatures,
        "protocols": protocols,
        "name_options": name_options,
        "cert_options": cert_options,
        "digest": digest,
        "ip": address,
    }
)
