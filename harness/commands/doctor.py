"""`goodhart-bench doctor`: what works on this machine, and what to install for the rest."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Look for everything the benchmark needs; exits with 1 if it cannot run at all."""
    import sandbox
    from harness.ingredients import machine, package_versions
    from harness.policy import EMBEDDED

    print(machine())
    packages = package_versions()
    print(", ".join(f"{name} {version}" for name, version in packages.items()))
    for provider in sandbox.providers():
        state = "usable" if provider.usable else f"not usable: {provider.reason} {provider.remedy}"
        print(f"sandbox {provider.name}: {state}")
    has_model = (EMBEDDED / "model.safetensors").exists()
    print(f"embedded model: {'there' if has_model else 'missing; make it: make embedded-model'}")
    missing = [name for name, version in packages.items() if version == "not installed"]
    if missing:
        print(f"missing packages: {', '.join(missing)}; install them: pip install -e .")
    raise typer.Exit(1 if missing or not has_model else 0)
