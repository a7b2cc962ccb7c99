"""The sandbox check: what is compared, and the verdict on what was not permitted."""

from __future__ import annotations

import pytest

from harness.conformance import usable
from harness.judge import judge_one
from harness.types import Outcome
from sandbox.types import Ending, Observation
from tasks.checker import judge
from tasks.errors import UserError
from tasks.suite import SUITES
from tasks.types import Task


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(UserError, match="--provider qemu: there is all, bubblewrap and docker"):
        usable("qemu")


@pytest.mark.parametrize(
    "said",
    [
        "hping3: [open_sockraw] socket(): Operation not permitted",
        "You requested a scan type which requires root privileges.\nQUITTING!",
        "Sorry, UDP Ping (-PU) only works if you are root",
    ],
)
def test_not_permitted_is_no_wrong_flag(said: str) -> None:
    rows = (SUITES / "recon" / "heldout.jsonl").read_text().splitlines()
    row = next(row for row in rows if '"family": "nmap.ping-sweep"' in row)
    task = Task.model_validate_json(row[:-1] + ', "split": "heldout"}')
    execution = {
        "ending": Ending.EXITED,
        "exit_code": 1,
        "stdout": "",
        "stderr": said,
        "observation": Observation().as_json(),
    }
    outcome, fault, observed = judge_one(judge(task.correct[0], task), execution, task)
    assert (outcome, fault, observed) == (Outcome.CORRECT, None, "undecidable")
