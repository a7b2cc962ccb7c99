from harness.seeds import derive


def test_seeds_are_fixed_for_ever() -> None:
    """Runs of other days and machines must be able to go on with the same numbers."""
    assert derive(0, "v1", 1, "generate") == 8566730865585647518


def test_every_part_matters() -> None:
    seeds = {derive(0, "v1", 1), derive(0, "v1", 2), derive(0, "v11"), derive("0", "v1", 1)}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)
