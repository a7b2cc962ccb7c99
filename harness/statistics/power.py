"""What a design can find: the smallest detectable change, and the chance to find a given one."""

from __future__ import annotations

CONFIDENCE = 0.95
POWER = 0.80


def detectable_change(
    se: float, df: float, alpha: float = 1 - CONFIDENCE, power: float = POWER
) -> float:
    """The true change that a two-sided test at `alpha` finds with `power`, in the units of `se`:
    (t_(1 - alpha/2) + t_power) se."""
    from scipy.stats import t

    return float(t.ppf(1 - alpha / 2, df) + t.ppf(power, df)) * se


def power_to_find(effect: float, se: float, df: float, alpha: float = 1 - CONFIDENCE) -> float:
    """The chance that a two-sided t test at `alpha` finds a true change of `effect`, in its
    direction: the noncentral t beyond the critical value."""
    from scipy.stats import nct, t

    if not se:
        return float(effect != 0)
    return float(nct.sf(t.ppf(1 - alpha / 2, df), df, abs(effect) / se))
