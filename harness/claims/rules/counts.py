"""Do the printed counts multiply, add up and contain each other?"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from harness.claims.claim import Claim
from harness.claims.finding import Finding, Severity
from harness.claims.numbers import Printed, Span, short


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _product(claim: Claim, names: tuple[str, ...]) -> float:
    return prod(claim.counts[name].value.value for name in names)


def _spelled(claim: Claim, names: tuple[str, ...], sign: str) -> str:
    """ "10 cycles x 50 tasks a cycle"."""
    return f" {sign} ".join(f"{_number(claim.counts[name].value.value)} {name}" for name in names)


def product_differs(claim: Claim) -> Iterator[Finding]:
    """A count that is said to be a product of others and is not."""
    for name, count in claim.counts.items():
        if not count.product_of:
            continue
        product = _product(claim, count.product_of)
        if product != count.value.value:
            yield Finding(
                Severity.CONTRADICTION,
                f"{_spelled(claim, count.product_of, 'x')} is {_number(product)}, not "
                f"{_number(count.value.value)} {name}.",
                ("counts", name, "value"),
            )


def sum_differs(claim: Claim) -> Iterator[Finding]:
    """A count that is said to be a sum of others and is not."""
    for name, count in claim.counts.items():
        if not count.sum_of:
            continue
        total = sum(claim.counts[part].value.value for part in count.sum_of)
        if total != count.value.value:
            yield Finding(
                Severity.CONTRADICTION,
                f"{_spelled(claim, count.sum_of, '+')} is {_number(total)}, not "
                f"{_number(count.value.value)} {name}.",
                ("counts", name, "value"),
            )


def part_larger_than_whole(claim: Claim) -> Iterator[Finding]:
    """More of a part than there is of the whole, as printed or as its factors give it."""
    for name, count in claim.counts.items():
        if count.part_of is None:
            continue
        whole = claim.counts[count.part_of]
        sizes = {"printed": whole.value.value}
        if whole.product_of:
            sizes[_spelled(claim, whole.product_of, "x")] = _product(claim, whole.product_of)
        how, size = min(sizes.items(), key=lambda item: item[1])
        if count.value.value > size:
            by = f"by {how}" if how != "printed" else "as printed"
            yield Finding(
                Severity.CONTRADICTION,
                f"{_number(count.value.value)} {name} is more than there are {count.part_of} "
                f"{by}: {_number(size)}.",
                ("counts", name, "value"),
                (("counts", count.part_of),),
            )


def share(number: Printed) -> Span:
    """A printed rate as a share; one above 1 without a sign is taken for percent."""
    is_percent = number.unit == "%" or number.value > 1
    return number.span.times(0.01 if is_percent else 1.0)


def rate_differs(claim: Claim) -> Iterator[Finding]:
    """A printed rate that is not part over whole."""
    for name, count in claim.counts.items():
        if count.part_of is None or count.rate is None:
            continue
        whole = claim.counts[count.part_of].value.value
        ratio = count.value.value / whole if whole else float("inf")
        if not share(count.rate).meets(Span(ratio, ratio)):
            yield Finding(
                Severity.CONTRADICTION,
                f"{_number(count.value.value)} of {_number(whole)} is {short(ratio * 100)}%, not "
                f"{count.rate}.",
                ("counts", name, "rate"),
            )


def rates_differ_from_count(claim: Claim) -> Iterator[Finding]:
    """A table of rates that does not add up to the count that it is the table of."""
    for name, count in claim.counts.items():
        if count.rates is None:
            continue
        whole = _product(claim, count.rates.of)
        rates = [share(r) for r in claim.table(count.rates.series).columns[count.rates.column]]
        total = Span(sum(r.low for r in rates) * whole, sum(r.high for r in rates) * whole)
        if not total.meets(count.value.span):
            yield Finding(
                Severity.CONTRADICTION,
                f"The {len(rates)} rates in {count.rates.column} of {_number(whole)} "
                f"({_spelled(claim, count.rates.of, 'x')}) add up to "
                f"{_number(round(total.middle))}, not {_number(count.value.value)} {name}.",
                ("counts", name, "rates"),
            )
