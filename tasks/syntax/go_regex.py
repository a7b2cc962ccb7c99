"""Regular expressions as Go takes them (RE2): no looking around and no references back.

    problem("(?=a)") -> "Go has no (?="

What both languages have is left to Python's compiler.
Source: go 1.19 src/regexp/syntax/parse.go.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(
    r"\\(?:Q.*?(?:\\E|$)|[pP](?:\{\^?\w+\}|\w)|x(?:\{[0-9A-Fa-f]{1,6}\}|[0-9A-Fa-f]{2})|[0-7]{2,3}|.|$)",
    re.DOTALL,
)
_ABSENT = re.compile(r"\(\?(?:[=!>#(]|<|P[=>])|[*+?}]\+")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?[:)]")
_CLASS = re.compile(r"\[\[:\^?\w+:\]|(?<=\[)\[:\^?\w+:\]")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def problem(text: str) -> str | None:
    """Why regexp.Compile returns an error; None if it does not."""
    for match in _ESCAPED.finditer(text):
        if len(match[0]) < 3 and not _is_escape(match[0]):
            return f"Go has no {match[0]}"
    plain = _ESCAPED.sub("x", text)
    absent = _ABSENT.search(plain)
    if absent:
        return f"Go has no {absent[0]}"
    for match in _FLAGS.finditer(plain):
        if set((match[1] or "") + (match[2] or "")) - set("imsU"):
            return f"Go has no {match[0]}"
    if any(int(n) > 1000 for m in _COUNT.finditer(plain) for n in m.groups() if n):
        return "a count is above 1000"
    plain = _FLAGS.sub(lambda m: "(?:" if m[0].endswith(":") else "", plain)
    try:
        re.compile(_CLASS.sub("[x", plain))
    except re.error as error:
        return str(error)
    return None


def _is_escape(text: str) -> bool:
    letter = text[1:]
    return bool(letter) and (letter in "aftnrvdDsSwWbBAzC0" or not letter.isalnum())
