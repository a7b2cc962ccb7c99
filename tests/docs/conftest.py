"""A virtual environment for tutorials, in which packages are installed without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell(tmp_path: Path) -> Mapping[str, str]:
    """The variables of a shell with `goodhart-bench`, `pip` and `python` in an environment of its
    own. It sees this working tree and the packages of the one that runs the tests, but what is
    installed in it ends with the test."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    own = subprocess.run(
        [home / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(own) / "outer.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    for command, module in (("goodhart-bench", "harness.cli"), ("pip", "pip._internal.cli.main")):
        script = home / "bin" / command
        script.write_text(
            f"#!{home}/bin/python\nimport sys\nfrom {module} import main\n"
            'if __name__ == "__main__":\n    sys.exit(main())\n'
        )
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(home),
        # The build back end is the one that is there; no index is asked.
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "200",
    }
