"""Put pip into a virtual environment made with `--without-pip`.

Debian and Ubuntu keep `ensurepip` in the separate package python3-venv, so on a fresh machine
`python3 -m venv` may fail although Python is there. A pip wheel can run itself: fetch it from the
package index (PIP_INDEX_URL, else PyPI), check its sha256, and let it install itself.

Usage: python3 harness/get_pip.py VENV/bin/python   (standard library only)
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin
from urllib.request import urlopen

WHEEL = "pip-25.3-py3-none-any.whl"


class _Links(HTMLParser):
    """The href of every link whose text is WHEEL (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_data(self, data: str) -> None:
        if data.strip() == WHEEL:
            self.found.append(self._href)


def fetch_wheel(index: str) -> bytes:
    """The pip wheel from a PEP 503 index; its sha256 must be the one that the index states."""
    page = f"{index.rstrip('/')}/pip/"
    links = _Links()
    with urlopen(page, timeout=60) as answer:
        links.feed(answer.read().decode())
    if not links.found:
        raise SystemExit(f"{page} has no {WHEEL}: install python3-venv, then run make again")
    url, fragment = urldefrag(urljoin(page, links.found[0]))
    with urlopen(url, timeout=60) as answer:
        wheel: bytes = answer.read()
    if fragment != f"sha256={hashlib.sha256(wheel).hexdigest()}":
        raise SystemExit(f"{url} does not have the stated sha256: refusing to run it")
    return wheel


def main(python: str) -> None:
    wheel = fetch_wheel(os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WHEEL)
        path.write_bytes(wheel)
        subprocess.run([python, f"{path}/pip", "install", "--quiet", str(path)], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
