"""Run every benchmark, or those that are named: `python -m benchmarks [checker isolation ...]`."""

import importlib
import sys

from sandbox.figure import table

NAMES = (
    "startup",
    "checker",
    "analysis",
    "export",
    "isolation",
    "pool",
    "cache",
    "trainers",
    "linear",
    "evaluation",
    "training",
    "phases",
    "judging",
    "processes",
    "scale",
)


def main() -> None:
    unknown = set(sys.argv[1:]) - set(NAMES)
    if unknown:
        sys.exit(f"There is no benchmark {sorted(unknown)[0]!r}; known: {', '.join(NAMES)}.")
    for name in sys.argv[1:] or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n{(module.__doc__ or name).strip()}\n")
        print(table(module.measure()))


if __name__ == "__main__":
    main()
