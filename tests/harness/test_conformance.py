"""The sandbox check: what is compared, and the verdict on what was not permitted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.conformance import difference, usable
from harness.judge import judge_one
from harness.types import Outcome
from sandbox.types import Connection, Ending, Execution, Observation
from tasks.checker import judge
from tasks.errors import UserError
from tasks.suite import SUITES
from tasks.types import Task

SEEN = (Connection("tcp", "10.1.2.3", 80), Connection("tcp", "10.1.2.3", 22))
ONE = Execution("nmap", Ending.EXITED, 0, "a", "", False, 0.1, Observation(connections=SEEN))


def test_order_and_output_are_no_difference() -> None:
    other = replace(ONE, stdout="b", observation=Observation(connections=SEEN[::-1]))
    assert difference(ONE, other) == ""


def test_ending_exit_code_and_what_the_lab_saw_are() -> None:
    late = replace(ONE, ending=Ending.TIMEOUT, exit_code=None)
    assert difference(ONE, late) == "exited 0 here, timeout None there"
    assert difference(ONE, replace(ONE, exit_code=1)) == "exited 0 here, exited 1 there"
    less = replace(ONE, observation=Observation(connections=SEEN[:1]))
    assert difference(ONE, less) == "connections differ"


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
