"""One extraction rule for all who read an answer."""

import pytest

from harness.answers import command_of
from harness.proxies import Draws
from harness.types import Generation, Sampling
from tasks.checker import check

SCAN = "nmap -p 80 10.0.0.7"
ANSWERS = {
    SCAN: SCAN,
    "Sure! Here it is:\n```bash\nnmap -p 80 10.0.0.7\n```\nIt scans port 80.": SCAN,
    "```\n$ nmap -p 80 10.0.0.7\nnmap -p 443 10.0.0.7\n```": SCAN,
    "You can use `dig MX lab.example` for it.": "dig MX lab.example",
    "1. dig MX lab.example\n2. dig NS lab.example": "dig MX lab.example",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_command_is_what_the_checker_judges(answer: str) -> None:
    assert command_of(answer) == ANSWERS[answer] == check(answer).text


def test_an_answer_without_a_command_is_itself() -> None:
    assert command_of("I cannot help with that.") == "I cannot help with that."


def test_proxies_and_trainers_are_handed_commands() -> None:
    rows = [[Generation(answer, 1) for answer in ANSWERS]]
    draws = Draws(None, None, Sampling(), ["?"], rows)  # type: ignore[arg-type]
    assert draws.commands == [list(ANSWERS.values())]
