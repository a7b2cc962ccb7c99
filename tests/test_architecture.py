"""The arrows between the packages point down only, and light imports stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("harness", "tasks", "sandbox", "trainers", "reports")
ALLOWED = {
    "tasks": {"tasks"},
    "sandbox": {"sandbox"},
    "harness": {"harness", "tasks", "sandbox", "reports"},
    "trainers": {"trainers", "harness.types", "harness.proxies", "tasks.types", "tasks.checker"},
    "reports": {"reports"},
}


def imports(path: Path) -> set[str]:
    """Dotted names of everything a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def is_within(name: str, allowed: set[str]) -> bool:
    return any(name == a or name.startswith(f"{a}.") for a in allowed)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_down(package: str) -> None:
    offending = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in PACKAGES and not is_within(name, ALLOWED[package])
    }
    assert not offending


def test_the_referee_names_no_trainer_class() -> None:
    for path in (ROOT / "harness").rglob("*.py"):
        assert not any(name.split(".")[0] == "trainers" for name in imports(path)), path


@pytest.mark.parametrize(
    "module", ["harness", "harness.cli", "tasks.checker", "sandbox", "reports"]
)
def test_light_imports(module: str) -> None:
    """The heavy libraries are imported where they are used, not where a command line starts."""
    script = (
        f"import sys, {module}\n"
        "print(*sorted({'torch', 'transformers', 'docker', 'scipy', 'sklearn', 'matplotlib',"
        " 'datasets'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.split() == []
