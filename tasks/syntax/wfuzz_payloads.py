"""wfuzz's payloads: `-z NAME,VALUE,ENCODERS`, where value and encoders may be options of their own.

    payload_text("file", "words.txt", "md5", None) -> "file,words.txt,md5"

Source: wfuzz 3.1.0 clparser.py, _parse_payload, and plugins/payloads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

# Parameters by payload; the first must be given, and is what stands after the comma.
PAYLOADS: Mapping[str, tuple[str, ...]] = {
    "autorize": ("fn", "attr"),
    "bing": ("dork", "offset", "limit"),
    "buffer_overflow": ("size",),
    "burpitem": ("fn", "attr"),
    "burplog": ("fn", "attr"),
    "burpstate": ("fn", "attr", "source", "checkversion"),
    "dirwalk": ("dir",),
    "file": ("fn", "count", "encoding"),
    "guitab": ("tab", "attr"),
    "hexrand": ("range",),
    "hexrange": ("range",),
    "ipnet": ("net",),
    "iprange": ("iprange",),
    "list": ("values",),
    "names": ("name",),
    "permutation": ("ch",),
    "range": ("range",),
    "shodanp": ("search", "page", "limit"),
    "stdin": (),
    "wfuzzp": ("fn", "attr"),
}
# Their names and their categories.
_ENCODERS = """
    base64 db default doble_nibble_hex double_urlencode first_nibble_hex hashes hexlify html
    html_decimal html_escape html_hexadecimal md5 mssql_char mysql_char none oracle_char
    random_upper second_nibble_hex sha1 sha256 sha512 uri_double_hex uri_hex uri_triple_hex
    uri_unicode url url_safe urlencode utf8 utf8_binary"""
ENCODERS = frozenset(_ENCODERS.split())
_FORMS: Mapping[str, re.Pattern[str]] = {
    "buffer_overflow": re.compile(r"\s*[+-]?\d+\s*"),
    "hexrand": re.compile(r"\s*(?:0x)?[\da-fA-F]+-(?:0x)?[\da-fA-F]+\s*(?:-.*)?"),
    "hexrange": re.compile(r"\s*(?:0x)?[\da-fA-F]+-(?:0x)?[\da-fA-F]+\s*(?:-.*)?"),
    "permutation": re.compile(r"[^-]*-\s*\+?\d+\s*(?:-.*)?"),
    "range": re.compile(r"\s*\+?\d+\s*-\s*\+?\d+\s*(?:-.*)?"),
}


def payload_text(text: str, default: str | None, encoders: str | None, params: str | None) -> str:
    """A payload with all that belongs to it as one text. Raises ValueError if wfuzz refuses it."""
    values = text.split(",")
    value = values[1] if len(values) > 1 else ""
    encoder = values[2] if len(values) == 3 else ""
    if value and default:
        raise ValueError(f"{text!r} has a value already, beside --zD")
    if encoder and encoders:
        raise ValueError(f"{text!r} has an encoder already, beside --zE")
    given = _parameters(params)
    name = _name(values[0])
    allowed = PAYLOADS[name]
    value = value or default or ""
    if value and not allowed:
        raise ValueError(f"{name} takes no value")
    if value:
        given[allowed[0]] = value
    encoder = encoder or encoders or given.pop("encoder", "")
    _check(name, given, encoder)
    main = given.pop(allowed[0], "") if allowed else ""
    rest = [f"{key}={given[key]}" for key in sorted(given)]
    return ",".join([name, main, encoder, *rest]).rstrip(",")


def _parameters(text: str | None) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")] if text else []
    for name, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{name!r} of --zP is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _name(text: str) -> str:
    """The payload of a name or of a part that only one name has."""
    if text in PAYLOADS:
        return text
    found = [name for name in PAYLOADS if text in f"{name}.py/{name}"]
    if len(found) != 1:
        raise ValueError(f"{text!r} is no payload; wfuzz -e payloads lists them")
    return found[0]


def _check(name: str, given: Mapping[str, str], encoder: str) -> None:
    allowed = PAYLOADS[name]
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise ValueError(f"{name} has no parameter {unknown[0]!r}")
    if allowed and allowed[0] not in given:
        raise ValueError(f"{name} needs a value, its {allowed[0]}")
    for part in (p.strip() for e in filter(None, encoder.split("-")) for p in e.split("@")):
        if part not in ENCODERS:
            raise ValueError(f"{part!r} is no encoder; wfuzz -e encoders lists them")
    value = given[allowed[0]] if allowed else ""
    form = _FORMS.get(name)
    if (form and not form.fullmatch(value)) or not _is_network(name, value):
        raise ValueError(f"{value!r} is not what {name} takes")


def _is_network(name: str, value: str) -> bool:
    try:
        if name == "ipnet":
            return ip_network(value, strict=False).num_addresses > 2
        if name == "iprange":
            first, last = (ip_address(part) for part in value.split("-")[:2])
            return first.version == last.version and int(first) <= int(last)
    except ValueError:
        return False
    return True
