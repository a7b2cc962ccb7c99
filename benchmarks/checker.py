"""How fast one core judges: every known right and wrong command of recon's held-out tasks."""

from benchmarks.measure import Figure, medians
from tasks.checker import check, judge
from tasks.suite import load_suite


def measure() -> list[Figure]:
    pairs = [
        (command, task)
        for task in load_suite("recon").split("heldout")
        for command in (*task.correct, *(wrong.command for wrong in task.wrong))
    ]
    syntax, whole = medians(
        [
            lambda: [check(command) for command, _ in pairs],
            lambda: [judge(command, task) for command, task in pairs],
        ],
        runs=3,
    )
    n = len(pairs)
    return [
        Figure("check, without a task", n / syntax, "commands/s"),
        Figure("judge, with the task's intent", n / whole, "commands/s", "check", syntax / whole),
    ]
