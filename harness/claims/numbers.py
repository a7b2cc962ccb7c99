"""Numbers as they were printed: a value, the room its rounding leaves, and its unit.

".53" is anything from .525 to .535, so two printed numbers contradict each other only where
their spans do not meet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

SLACK = 1e-9  # floating-point noise
_UNITS = {
    "": "",
    "%": "%",
    "percent": "%",
    "point": "points",
    "points": "points",
    "pp": "points",
    "pts": "points",
    "percentage points": "points",
    "x": "x",
}
_NUMBER = re.compile(
    r"\s*(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<decimals>\d+))?)(?P<e>[eE][+-]?\d+)?"
    r"(?P<more>\+?)\s*(?P<unit>[%a-zA-Z ]*?)\s*"
)


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, both within."""

    low: float
    high: float

    def meets(self, other: Span) -> bool:
        """Whether they share more than an end: .62 and .63 touch, and are not the same. A span
        without width, an exact number, is met at its ends too: 1 of 8 is 12% and 13%."""
        common = min(self.high, other.high) - max(self.low, other.low)
        has_width = min(self.high - self.low, other.high - other.low) > SLACK
        return common > SLACK if has_width else common >= -SLACK

    def minus(self, other: Span) -> Span:
        return Span(self.low - other.high, self.high - other.low)

    def times(self, factor: float) -> Span:
        """Scaled by a factor that is not negative."""
        return Span(self.low * factor, self.high * factor)

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def relative(before: Span, after: Span) -> Span | None:
    """(after - before) / before in percent; None where `before` may be 0 or less."""
    if before.low <= 0:
        return None
    ratios = [(a / b - 1) * 100 for a in (after.low, after.high) for b in (before.low, before.high)]
    return Span(min(ratios), max(ratios))


@dataclass(frozen=True, slots=True)
class Printed:
    """One number of the source. `text` is what stands there."""

    text: str
    value: float
    half: float  # half a unit of the last printed place
    unit: str  # "%", "points", "x" or "" where none was printed
    or_more: bool = False  # ".451+"

    @property
    def span(self) -> Span:
        return Span(self.value - self.half, self.value + self.half)

    def __str__(self) -> str:
        return self.text


def parse(given: object) -> Printed:
    """ "+18.1%", ".451+", "3,000", "10.8 points" or a bare number; ValueError for others."""
    if isinstance(given, Printed):
        return given
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError("not a number as printed, such as .531, +18.1% or 10.8 points")
    text = str(given).strip().replace("\N{MINUS SIGN}", "-")
    found = _NUMBER.fullmatch(text)
    unit = _UNITS.get(found["unit"].lower()) if found else None
    if found is None or unit is None or not re.search(r"\d", found["number"]):
        raise ValueError(f"{text!r} is no number as printed, such as .531, +18.1% or 10.8 points")
    exponent = found["e"] or ""
    places = len(found["decimals"] or "") - int(exponent[1:] or 0)
    value = float(found["number"].replace(",", "") + exponent)
    return Printed(text, value, 0.5 * 10.0**-places, unit, bool(found["more"]))


Number = Annotated[Printed, BeforeValidator(parse)]


def short(value: float) -> str:
    """One or two decimals: 11.0, 18.29."""
    text = f"{value + 0.0:.2f}"
    return text.removesuffix("0")


def signed(value: float) -> str:
    """The same with its sign."""
    return short(value) if value < 0 else f"+{short(value)}"
