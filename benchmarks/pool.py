"""What the warm pool costs: one scan of one lab host, warm, bare, and by Docker's own client."""

from benchmarks.measure import Figure
from harness.benchmark import cores
from sandbox import providers
from sandbox.bench import bench


def measure() -> list[Figure]:
    """The figures of each usable provider, with two workers a core."""
    names = [provider.name for provider in providers() if provider.usable]
    return [each for name in names for each in bench(name, workers=2 * cores(), commands=100)]
