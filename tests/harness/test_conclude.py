"""What the report is told of a run's tasks."""

from __future__ import annotations

from collections import Counter

from harness.conclude import evaluated
from harness.plan import Request, make_manifest
from harness.profile import load_profile
from harness.registry import open_suite


def splits(profile: str) -> Counter[str]:
    """How many tasks of each split a run of that profile evaluates."""
    suite = open_suite("recon")
    manifest = make_manifest(Request(profile, load_profile(profile), "", "", ()), suite)
    return Counter(task.split for task in evaluated(manifest, suite))


def test_tasks_that_a_profile_leaves_out_were_not_evaluated() -> None:
    assert splits("quick") == {"heldout": 282, "calibration": 282}
    assert splits("full") == {"heldout": 705, "calibration": 282}


def test_what_trains_nothing_needs_no_calibration() -> None:
    assert splits("evaluate") == {"heldout": 705}
