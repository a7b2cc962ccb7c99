"""Run every benchmark, or those that are named: `python -m benchmarks [checker isolation ...]`."""

import importlib
import sys

from tabulate import tabulate

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
        rows = [
            (
                f.what,
                f"{f.value:.3g}",
                f.unit,
                f.against,
                "" if f.ratio is None else f"{f.ratio:.2f}",
            )
            for f in module.measure()
        ]
        print(tabulate(rows, headers=["what", "value", "unit", "against", "ratio"]))


if __name__ == "__main__":
    main()
