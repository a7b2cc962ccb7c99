"""A record small enough to compute by hand, and records with holes in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis import analyse
from harness.study import BASE, Arm, CycleRow, FailedCell, Study
from harness.types import GradedSample, Outcome
from tasks.types import Intent, Task, WrongCommand

R, W, U = Outcome.CORRECT, Outcome.WRONG, Outcome.UNPARSEABLE
T, I = Outcome.TIMEOUT, Outcome.INFRASTRUCTURE  # noqa: E741
FAMILIES = {"a": ("nmap.scan", False), "b": ("nmap.scan", False), "c": ("curl.get", True)}
# Two samples of three tasks, one seed; task "c" is of a family that is not in train.
BEFORE = {"a": [R, R], "b": [R, W], "c": [W, U]}
AFTER = {"a": [R, W], "b": [W, W], "c": [R, I]}


def rows(
    arm: str, cycle: int, outcomes: dict[str, list[Outcome]], fidelity: float, seed: int = 0
) -> list[GradedSample]:
    return [
        GradedSample(
            arm=arm,
            seed=seed,
            cycle=cycle,
            split="heldout",
            task=task,
            family=FAMILIES[task][0],
            tool=FAMILIES[task][0].split(".")[0],
            unseen=FAMILIES[task][1],
            sample=k,
            text="x",
            proxies={"fidelity": fidelity},
            outcome=outcome,
            fault="unknown flag" if outcome is W else None,
            static="pass" if outcome is R else "fail",
            observed="pass",
        )
        for task, each in outcomes.items()
        for k, outcome in enumerate(each)
    ]


def task(id: str, prompt: str, host: str) -> Task:
    return Task(
        id=id,
        family="nmap.scan",
        tool="nmap",
        split="train",
        prompt=prompt,
        params={"host": host},
        intent=Intent(tool="nmap"),
        correct=("nmap a", "nmap  a"),
        wrong=(WrongCommand.model_validate({"command": "nmap", "fault": "wrong target"}),) * 3,
    )


def study(samples: Sequence[GradedSample], **fields: Any) -> Study:
    plain = Study(
        samples=samples,
        cycles=[
            CycleRow("v1", 0, 1, 30, 20, {"fidelity": 0.7}, 900, 2.0),
            CycleRow("v1", 1, 1, 30, 25, {"fidelity": 0.9}, 1100, 1.0),
            CycleRow("v2", 0, 1, 30, 10, {"fidelity": 0.7}, 1350, None),
            CycleRow("no-train", 0, 1, 0, 0, {}, 0, None),
        ],
        arms=[Arm("no-train", "fidelity"), Arm("v1", "fidelity"), Arm("v2", "fidelity")],
        trained=[task("t1", "Scan  it", "10.0.0.1"), task("t2", "look", "10.0.0.2")],
        evaluated=[task("e1", "scan it", "10.0.0.2")],
        sandbox="bubblewrap",
    )
    return replace(plain, **fields)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return analyse(study([*rows(BASE, 0, BEFORE, 0.5), *rows("v1", 1, AFTER, 0.6)]))


def of_arm(result: dict[str, Any], table: str, arm: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in result[table] if row["arm"] == arm)
    return found


def test_before_and_after_by_hand(result: dict[str, Any]) -> None:
    """Task means 1, .5, 0 become .5, 0, 1: the infrastructure error is nobody's wrong answer."""
    v1 = of_arm(result, "correctness", "v1")
    assert v1["cycle"] == 1
    assert v1["all"]["before"]["value"] == pytest.approx(0.5)
    assert v1["all"]["after"]["value"] == pytest.approx(0.5)
    assert v1["all"]["change"]["value"] == pytest.approx(0.0)
    assert v1["seen"]["change"]["value"] == pytest.approx(-0.5)
    assert v1["unseen"]["change"]["value"] == pytest.approx(1.0)
    assert (v1["all"]["change"]["tasks"], v1["all"]["change"]["families"]) == (3, 2)
    assert v1["all"]["change"]["samples_per_task"] == 2
    assert v1["p"] == 1.0


def test_the_raw_proxy_change_by_hand(result: dict[str, Any]) -> None:
    gap = of_arm(result, "gap", "v1")
    assert gap["dP"]["value"] == pytest.approx(0.1)
    assert gap["dT"]["value"] == pytest.approx(0.0)
    assert not gap["light"]


def test_both_denominators(result: dict[str, Any]) -> None:
    after = of_arm(result, "outcomes", "v1")
    assert after["counts"] == {
        "correct": 2,
        "wrong": 3,
        "unparseable": 0,
        "timeout": 0,
        "infrastructure error": 1,
    }
    assert (after["all"], after["judged"]) == (6, 5)
    assert after["correct_of_all"]["value"] == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert after["correct_of_judged"]["value"] == pytest.approx((0.5 + 0 + 1) / 3)


def test_faults_and_tools_by_hand(result: dict[str, Any]) -> None:
    (fault,) = [row for row in result["faults"] if row["arm"] == "v1"]
    assert fault["fault"] == "unknown flag"
    assert fault["before"]["value"] == pytest.approx((0 + 0.5 + 0.5) / 3)
    assert fault["after"]["value"] == pytest.approx((0.5 + 1 + 0) / 3)
    tools = {row["tool"]: row["change"]["value"] for row in result["tools"] if row["arm"] == "v1"}
    assert tools == pytest.approx({"curl": 1.0, "nmap": -0.5})


def test_cycles_and_tokens_by_hand(result: dict[str, Any]) -> None:
    v1 = of_arm(result, "cycles", "v1")
    assert v1["acceptance"]["value"] == pytest.approx(45 / 60)
    assert v1["acceptance"]["low"] < 0.75 < v1["acceptance"]["high"]
    assert v1["scores"]["fidelity"]["value"] == pytest.approx(0.8)
    assert v1["loss"]["value"] == pytest.approx(1.5)
    assert of_arm(result, "cycles", "no-train")["acceptance"]["value"] is None
    assert result["tokens"]["relative_to"] == "v1"
    assert result["tokens"]["arms"]["v1"]["per_cycle"]["value"] == 1000
    assert result["tokens"]["arms"]["v2"]["ratio"]["value"] == 1.5  # seed 0 alone has both
    assert result["tokens"]["arms"]["no-train"]["ratio"]["value"] == 0


def test_overlap_sees_through_case_and_spacing(result: dict[str, Any]) -> None:
    assert result["overlap"]["prompts"]["examples"] == ["scan it"]
    assert result["overlap"]["values"] == {
        "trained": 2,
        "evaluated": 1,
        "shared": 1,
        "examples": ["10.0.0.2"],
    }


def test_an_arm_without_samples_is_reported_as_such(result: dict[str, Any]) -> None:
    assert of_arm(result, "correctness", "v2")["all"]["change"]["value"] is None
    assert "v2: no samples after training." in result["notes"]


def test_a_light_evaluation_is_compared_on_its_own_tasks() -> None:
    light = {"a": AFTER["a"]}
    found = analyse(
        study(
            [
                *rows(BASE, 0, BEFORE, 0.5),
                *rows("v1", 1, light, 0.5),
                *rows("v1", 2, AFTER, 0.5),
            ]
        )
    )
    first, last = (row for row in found["gap"] if row["arm"] == "v1")
    assert (first["light"], first["dT"]["value"], first["dT"]["tasks"]) == (True, -0.5, 1)
    assert (last["light"], last["dT"]["tasks"]) == (False, 3)


def test_change_beyond_the_control() -> None:
    arms = [Arm("v1", "fidelity"), Arm("random-accept", "fidelity")]
    samples = [
        *rows(BASE, 0, BEFORE, 0.5),
        *rows("v1", 1, AFTER, 0.5),
        *rows("random-accept", 1, {"a": [R, R], "b": [R, R], "c": [R, R]}, 0.5),
    ]
    found = analyse(study(samples, arms=arms))
    assert of_arm(found, "correctness", "v1")["beyond_control"]["value"] == pytest.approx(-0.5)
    assert of_arm(found, "correctness", "random-accept")["beyond_control"] is None


@pytest.mark.parametrize(
    "samples",
    [
        [],
        rows("v1", 1, AFTER, 0.5),
        rows(BASE, 0, BEFORE, 0.5),
        [*rows(BASE, 0, BEFORE, 0.5), *rows("v1", 1, {key: [I, T] for key in "abc"}, 0.5)],
    ],
    ids=["nothing", "no base", "base only", "only infrastructure errors"],
)
def test_holes_are_said_and_do_not_crash(samples: list[GradedSample]) -> None:
    failed = [FailedCell("v1", 0, "out of memory")]
    found = analyse(study(samples, failures=failed, sandbox=None, remedy="install bubblewrap"))
    assert of_arm(found, "correctness", "v1")["all"]["change"]["value"] is None
    assert found["notes"]
    assert found["failures"] == [{"arm": "v1", "seed": 0, "reason": "out of memory"}]
    assert not found["executed"]
    json.dumps(found, allow_nan=False)


def test_a_seed_that_did_not_finish_is_named() -> None:
    samples = [
        *rows(BASE, 0, BEFORE, 0.5, seed=0),
        *rows(BASE, 0, BEFORE, 0.5, seed=1),
        *rows("v1", 1, AFTER, 0.5, seed=1),
    ]
    found = analyse(study(samples))
    assert "v1: seeds [0] did not reach the last cycle." in found["notes"]
    assert of_arm(found, "correctness", "v1")["all"]["change"]["seeds"] == 1


def test_the_order_of_samples_does_not_matter() -> None:
    samples = [
        *(s for seed in (0, 1) for s in rows(BASE, 0, BEFORE, 0.3, seed)),
        *(s for seed in (0, 1) for s in rows("v1", 1, AFTER, 0.7, seed)),
    ]
    assert analyse(study(samples)) == analyse(study(samples[::-1]))


def test_where_the_verdicts_disagree() -> None:
    """Of six samples: two right and seen, one right and not seen, one wrong and seen, one wrong and
    not run, one with an unknown flag."""
    told = [("pass", "intent", "pass"), ("pass", "intent", "pass"), ("pass", "intent", "fail"),
            ("fail", "intent", "pass"), ("fail", "intent", "not executed"),
            ("fail", "flags", "not executed")]  # fmt: skip
    samples = [
        replace(sample, static=static, level=level, observed=seen)
        for sample, (static, level, seen) in zip(rows(BASE, 0, BEFORE, 0.5), told, strict=True)
    ]
    (base, *_) = analyse(study(samples))["verdicts"]
    counts = {key: (row["hits"], row["samples"]) for key, row in base.items() if key != "arm"}
    assert counts == {
        "flag_valid": (5, 6),
        "intent_correct": (3, 6),
        "flag_valid_intent_wrong": (2, 6),
        "intent_correct_effect_missing": (1, 3),
        "intent_wrong_effect_seen": (1, 1),
    }
    # Task a: both right and seen. Task b: one right and unseen, so all of what it could show.
    assert base["intent_correct_effect_missing"]["share"]["value"] == pytest.approx(0.5)
