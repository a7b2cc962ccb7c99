from harness.evaluate import even_subset
from tasks.types import Intent, Task, WrongCommand


def task(family: str, number: int) -> Task:
    return Task(
        id=f"{family}-{number}",
        family=family,
        tool="dig",
        split="heldout",
        prompt="p",
        params={},
        intent=Intent(tool="dig"),
        correct=("dig a", "dig  a"),
        wrong=(WrongCommand(command="dig", fault="missing operand"),) * 3,
    )


TASKS = [task(family, number) for family in "abc" for number in range(5)]


def test_the_even_subset_is_spread_over_families_and_fixed() -> None:
    light = even_subset(TASKS, 6)
    assert sorted(id[0] for id in light) == ["a", "a", "b", "b", "c", "c"]
    assert light == even_subset(list(reversed(TASKS)), 6)


def test_a_smaller_subset_is_part_of_a_larger_one() -> None:
    assert set(even_subset(TASKS, 4)) < set(even_subset(TASKS, 7))


def test_a_small_split_is_taken_whole() -> None:
    assert set(even_subset(TASKS, 99)) == {task.id for task in TASKS}
