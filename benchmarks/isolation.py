"""What a command costs in each usable sandbox, one at a time and with all workers busy."""

from functools import partial

from benchmarks.measure import Figure, medians
from sandbox import open_sandbox, providers

COMMANDS = {
    "true": "true",
    "scan of one port": "nmap -sT -Pn -n -p 80 10.1.2.3",
    "one web request": "curl -s http://10.1.2.3/admin",
}
MANY = 24


def measure() -> list[Figure]:
    return [f for provider in providers() if provider.usable for f in measure_one(provider.name)]


def measure_one(provider: str) -> list[Figure]:
    """The figures of one provider, whose labs are up before anything is timed."""
    with open_sandbox(provider, workers=4) as box:
        one = medians([partial(box.run, command) for command in COMMANDS.values()])
        scans = [COMMANDS["scan of one port"]] * MANY
        (many,) = medians([lambda: list(box.run_many(scans))], runs=3)
    figures = [
        Figure(f"{provider}: {name}", seconds * 1000, "ms", "true", seconds / one[0])
        for name, seconds in zip(COMMANDS, one, strict=True)
    ]
    rate = MANY / many
    scan = Figure(f"{provider}: scans, 4 workers", rate, "/s", "one worker", rate * one[1])
    return [*figures, scan]
