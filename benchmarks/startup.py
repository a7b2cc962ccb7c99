"""How long the command line takes to start, against an interpreter that does nothing."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Figure, medians


def measure() -> list[Figure]:
    tool = str(Path(sys.executable).with_name("goodhart-bench"))

    def run(*argv: str) -> None:
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)

    bare, help_, suites = medians(
        [
            lambda: run(sys.executable, "-c", "pass"),
            lambda: run(tool, "--help"),
            lambda: run(tool, "suite", "list"),
        ]
    )
    return [
        Figure("goodhart-bench --help", help_, "s", "python -c pass", help_ / bare),
        Figure("goodhart-bench suite list", suites, "s", "python -c pass", suites / bare),
    ]
