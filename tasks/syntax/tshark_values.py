"""The values of tshark's -e, -o and -d."""

from __future__ import annotations

import re

from tasks.syntax.tshark_names import field_type, preferences, protocols

_OF_SSL = ("ssl.", "tls.")
_FREE_PREFERENCES = ("uat:", "console.log.level:", "gui.column.format:", "gui.column.hidden:")
_LAYER = re.compile(r"([\w.-]+)(==?|,|$)(.*)")
_SELECTOR = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)(?:[-:](?:0[xX][0-9a-fA-F]+|\d+))?")
_NUMBERED = re.compile(r".*\.(?:port|type|proto)|ethertype|.*\.ppi|.*payload_type")


def field_name(text: str) -> str:
    """A field or protocol, or a column such as _ws.col.Info."""
    if field_type(text) is None and not text.startswith("_ws.col."):
        raise ValueError(f"{text!r} is no field")
    return text


def preference(text: str) -> str:
    """`name:value` of a preference that there is."""
    name, colon, value = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} is not of the form name:value")
    if text.startswith(_FREE_PREFERENCES):
        return text
    if name.startswith(_OF_SSL[0]):
        name = _OF_SSL[1] + name.removeprefix(_OF_SSL[0])
    if name not in preferences():
        raise ValueError(f"{name!r} is no preference")
    return f"{name}:{value.strip()}"


def decode_as(text: str) -> str:
    """`tcp.port==8888,http`: which protocol is spoken where."""
    found = _LAYER.fullmatch(text)
    if not found or found[2] not in ("=", "=="):
        raise ValueError(f"{text!r} is not of the form layer==selector,protocol")
    layer, _, rest = found.groups()
    selector, comma, protocol = rest.partition(",")
    if field_type(layer) is None:
        raise ValueError(f"there is no layer {layer}")
    if _NUMBERED.fullmatch(layer) and not _SELECTOR.fullmatch(selector):
        raise ValueError(f"{selector!r} is not a number or a range")
    if not comma or protocol not in protocols():
        raise ValueError(f"{protocol!r} is no protocol")
    return f"{layer}=={selector},{protocol}"
