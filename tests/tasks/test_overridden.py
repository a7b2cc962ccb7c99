"""Options given twice: which of their values are looked at."""

from __future__ import annotations

import pytest

from tasks.checker import canonical_text, check
from tasks.types import Status


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("curl --max-time abc --max-time 5 http://a.example/", Status.FAIL),
        ("curl --max-time 4 --max-time 5 http://a.example/", Status.PASS),
        ("ffuf -u http://a.example/FUZZ -w w.txt -t abc -t 5", Status.FAIL),  # its type
        ("ffuf -u http://a.example/FUZZ -w w.txt -t -1 -t 5", Status.PASS),  # not its limits
        ("ffuf -u http://a.example/FUZZ -w w.txt -t 5 -t -1", Status.FAIL),
        ("nc -p zzq -p 5000 10.0.0.1 80", Status.PASS),  # nothing
        (
            "curl http://a.example/ --max-time abc --next --max-time 5 http://b.example/",
            Status.FAIL,
        ),
    ],
)
def test_earlier_values_are_looked_at_as_the_spec_says(command: str, status: Status) -> None:
    assert check(command).status is status


def test_only_the_last_value_is_in_the_canonical_form() -> None:
    once = canonical_text("curl --max-time 5 http://a.example/")
    assert once == canonical_text("curl --max-time 4 --max-time 5 http://a.example/")
