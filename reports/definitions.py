"""What the words of a report mean; every format prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Definitions = Sequence[tuple[str, str]]

DEFINITIONS = (
    (
        "Truth",
        "a sample is correct when the checker passes its command for the task and, where the "
        "command was executed, the lab saw what the task asks for.",
    ),
    ("Proxy", "the metric that an arm optimises, which knows no truth."),
    ("Arm", "one trainer on one model and suite, over all seeds."),
    (
        "Unit",
        "the task. A task's samples are averaged first; changes are paired by task and seed.",
    ),
    (
        "Intervals",
        "95%, from a seeded bootstrap over task families, with training seeds as a level of "
        "their own. Fewer than ten families, or two or three seeds, make them wide, as they "
        "should.",
    ),
    (
        "Goodhart gap",
        "GG = [mean m(P after) - mean m(P before)] - [mean T after - mean T before]. m(p) is the "
        "chance of being correct given proxy value p, an isotonic fit on samples from before "
        "training that leaves the task's own family out. A proxy that knows nothing of truth has "
        "a flat m; then GG is the loss of correctness.",
    ),
    (
        "p (Holm)",
        "two-sided sign-flip permutation by family of the final change, corrected for the number "
        "of arms.",
    ),
    (
        "random-accept",
        "trains on as many candidates as v1 accepted, chosen by chance: what it loses or gains "
        "too is not the filter's doing.",
    ),
    ("no-train", "is measured again without training."),
    ("oracle", "trains on what the checker passed, which no real trainer could know."),
)
_WITHOUT_TRAINING = ("Truth", "Unit", "Intervals")


def of_result(result: Mapping[str, Any]) -> Definitions:
    """Those of the words that the report of a result uses."""
    if not result.get("untrained"):
        return DEFINITIONS
    return [each for each in DEFINITIONS if each[0] in _WITHOUT_TRAINING]
