"""Runs in which nothing changed, or everything as promised: how often is a gap claimed?

48 families of 4 tasks, 3 samples, 3 seeds, 3 cycles; the trainings do not differ, or by 3 points.
200 runs at 5% have a standard error of 1.5 points.
"""

from __future__ import annotations

import numpy as np
import pytest

from harness.columns import CALIBRATION, HELDOUT, Columns
from harness.gap import Gap, Movement, fit_calibration, gap_of, movement
from harness.onset import onset
from harness.statistics import Estimate, Floats, estimate, sup_t
from harness.study import BASE

from .made_columns import Made, made_columns

FAMILIES = np.arange(48).repeat(4)
SEEDS, SAMPLES, CYCLES, RUNS = 3, 3, 3, 200
BARE = Estimate(0.0, None, None, None, 1, 1, 1)


def evaluation(
    rng: np.random.Generator, level: Floats, *, seed_sd: float = 0.0, lost: float = 0.0
) -> Made:
    """Right with the chance of each task's level, less what is lost; a proxy that knows half."""
    shape = (SEEDS, len(FAMILIES), SAMPLES)
    off = rng.normal(0, seed_sd, (SEEDS, 1, 1)) if seed_sd else 0.0
    right = rng.random(shape) < np.clip(level[None, :, None] - lost + off, 0, 1)
    proxy = 0.5 + 0.1 * right + rng.normal(0, 0.12, shape)
    return Made(right, {"p": proxy})


def run(rng: np.random.Generator, lost: tuple[float, ...], seed_sd: float = 0.0) -> Columns:
    """A run whose arm lost so much after each cycle."""
    level = rng.beta(2, 1, len(FAMILIES))
    made = {
        (CALIBRATION, BASE, 0): evaluation(rng, rng.beta(2, 1, len(FAMILIES))),
        (HELDOUT, BASE, 0): evaluation(rng, level),
    }
    for cycle, each in enumerate(lost, 1):
        made[HELDOUT, "arm", cycle] = evaluation(rng, level, seed_sd=seed_sd, lost=each)
    return made_columns(FAMILIES, made)


def risen(
    rng: np.random.Generator, design: tuple[int, int], knows: float = 0.0, rise: float = 1.3
) -> Columns:
    """A run of so many families and seeds in which truth stayed and the proxy rose, in its standard
    deviations. Before, one of these was worth `knows` in the chance of being right."""
    families = np.arange(design[0]).repeat(4)
    shape = (design[1], len(families), SAMPLES)
    level, other = (0.3 + 0.4 * rng.random(len(families)) for _ in range(2))

    def made(level: Floats, mean: float) -> Made:
        proxy = rng.normal(0.0, 1.0, shape)
        right = rng.random(shape) < level[:, None] + knows * proxy
        return Made(right, {"p": proxy + mean})

    return made_columns(
        families,
        {
            (CALIBRATION, BASE, 0): made(other, 0.0),
            (HELDOUT, BASE, 0): made(level, 0.0),
            (HELDOUT, "arm", 1): made(level, rise),
        },
    )


def movements(data: Columns) -> dict[int, Movement]:
    fit = fit_calibration(data, "p")
    before = data.before("arm")
    return {t: movement(data, "p", fit, before, data.after("arm", t)) for t in data.cycles("arm")}


def of_last_cycle(data: Columns) -> Gap:
    moved = movements(data)
    return gap_of(data, moved[max(moved)])


@pytest.mark.parametrize("seed_sd", [0.0, 0.03])
def test_runs_in_which_nothing_changed_show_no_gap(seed_sd: float) -> None:
    """The verdict of one cycle, weak or strong, and the onset over all of them."""
    rng = np.random.default_rng(11)
    verdicts, onsets = [], []
    for _ in range(RUNS):
        data = run(rng, (0.0,) * CYCLES, seed_sd)
        moved = movements(data)
        verdicts.append(gap_of(data, moved[CYCLES]).verdict)
        onsets.append(onset(data, moved)["onset"])
    assert np.mean([verdict != "none" for verdict in verdicts]) <= 0.05
    assert np.mean([cycle is not None for cycle in onsets]) <= 0.05
    assert verdicts.count("strong") <= 2


@pytest.mark.parametrize("design", [(48, 3), (139, 1)], ids=["48 families", "recon"])
def test_a_proxy_that_knows_nothing_and_rises_shows_no_gap(design: tuple[int, int]) -> None:
    """An isotonic fit rises by chance; as far as it was not confirmed it must not promise."""
    rng = np.random.default_rng(14)
    found = [of_last_cycle(risen(rng, design)) for _ in range(RUNS)]
    assert np.mean([each.verdict != "none" for each in found]) <= 0.05
    assert np.mean([(each.gap.low or 0) <= 0 <= (each.gap.high or 0) for each in found]) >= 0.93
    assert all(each.d_proxy.value == pytest.approx(1.3, abs=0.2) for each in found)


def test_what_a_proxy_that_knows_has_promised_is_hardly_understated() -> None:
    """Half a standard deviation that was worth 6 points and brought none."""
    rng = np.random.default_rng(15)
    found = [of_last_cycle(risen(rng, (48, 3), knows=0.12, rise=0.5)) for _ in range(60)]
    values = [each.gap.value or 0 for each in found]
    assert 0.052 <= np.mean(values) <= 0.063
    assert np.mean([(each.gap.low or 0) <= 0.06 <= (each.gap.high or 0) for each in found]) >= 0.93


def test_onset_is_the_first_of_two_cycles_in_a_row() -> None:
    """Truth falls at cycle 3 and stays there; the proxy, which follows what is right, promises some
    of that fall."""
    rng = np.random.default_rng(12)
    found = [
        onset(data, movements(data)) for data in (run(rng, (0, 0, 0.5, 0.5)) for _ in range(5))
    ]
    assert [each["onset"] for each in found] == [3] * 5
    assert all(each["last"] == 4 for each in found)
    once = run(rng, (0, 0.5, 0, 0))
    assert onset(once, movements(once))["onset"] is None
    late = run(rng, (0, 0, 0, 0.5))
    assert onset(late, movements(late))["onset"] is None


def test_no_onset_without_a_gap() -> None:
    assert onset(run(np.random.default_rng(0), ()), {}) == {
        "last": 0,
        "bound": 0.03,
        "onset": None,
        "band": [],
    }


@pytest.mark.parametrize("seed_sd", [0.0, 0.05])
def test_simultaneous_bounds_hold_together(seed_sd: float) -> None:
    """Eight estimates on the same families and seeds: each by itself holds its truth in 95% of
    cases, all of them in far fewer; the band holds all."""
    rng = np.random.default_rng(13)
    families = np.arange(30)
    alone, together = [], []
    for _ in range(400):
        shared = rng.normal(0, 0.05, 30)
        grids = [
            shared + rng.normal(0, 0.1, (5, 30)) + rng.normal(0, seed_sd, (5, 1)) for _ in range(8)
        ]
        found = [estimate(grid, families) for grid in grids]
        weights = rng.dirichlet(np.full(30, 28 / 30), size=1000)
        draws = np.stack([weights @ grid.mean(axis=0) for grid in grids], axis=1)
        by_seed = np.stack([grid.mean(axis=1) for grid in grids], axis=1)
        bounds = sup_t(found, draws, by_seed)
        alone.append(all(e.low <= 0 <= e.high for e in found if e.low and e.high))
        together.append(all(low <= 0 <= high for low, high in bounds))
    assert np.mean(alone) < 0.87
    assert np.mean(together) >= 0.915  # 95% nominal; 400 have a standard error of 1.1 points


def test_a_band_needs_intervals() -> None:
    with pytest.raises(ValueError, match="no simultaneous bounds"):
        sup_t([BARE], np.zeros((10, 1)), np.zeros((1, 1)))
