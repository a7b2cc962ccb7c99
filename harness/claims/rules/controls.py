"""Does a statement about causes come with the controls that could have told otherwise?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.claims.claim import Claim
from harness.claims.finding import Finding, Severity

NEEDED = {
    "selection": {
        "random-accept": "training on as many candidates chosen by lot would tell the "
        "selection's effect from that of training on one's own outputs",
        "no-train": "evaluating twice without training would tell it from noise",
    },
    "training": {
        "no-train": "evaluating twice without training would tell it from noise",
    },
}


def control_not_run(claim: Claim) -> Iterator[Finding]:
    """A cause without the arm that differs in nothing but that cause."""
    for i, cause in enumerate(claim.causes):
        for control, why in NEEDED[cause.by].items():
            if control not in cause.controls:
                yield Finding(
                    Severity.DOUBT,
                    f'No {control} control for "{cause.text}": {why}.',
                    ("causes", i, "controls"),
                )
