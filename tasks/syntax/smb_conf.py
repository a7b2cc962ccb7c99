"""Settings of smb.conf on the command line: "client min protocol = NT1".

Names are compared without blanks and case; "PART:NAME" is whatever a module makes of it. What the
values of `smb_conf.txt` (name and kind) may be was asked of smbclient 4.17; kind "any" is not
looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_KINDS = {
    "bool": re.compile(r"yes|no|true|false|on|off|1|0"),
    "size": re.compile(r"\d+[kmgtp]?"),
    "protocol": re.compile(
        r"default|core|coreplus|lanman[12]|nt1|smb2|smb3|smb2_02|smb2_10|smb3_00|smb3_02|smb3_11"
    ),
}


@cache
def _settings() -> Mapping[str, str]:
    lines = Path(__file__).with_name("smb_conf.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ") for line in lines)


def smb_option_text(text: str) -> str:
    """The setting as "name=value", the name without blanks. ValueError if Samba refuses it."""
    name, equals, value = text.partition("=")
    short = re.sub(r"\s", "", name).lower()
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    if ":" not in short:
        if short not in _settings():
            raise ValueError(f"{name.strip()!r} is no setting of smb.conf")
        form = _KINDS.get(_settings()[short])
        if form and not form.fullmatch(value.strip().lower()):
            raise ValueError(f"{value.strip()!r} is not what {name.strip()!r} can be")
    return f"{short}={value.strip()}"
