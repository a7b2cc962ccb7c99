"""Write what people read beside the result it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports import figure, markdown

REPORT, FIGURE = "report.md", "figure.png"


def save(result: Mapping[str, Any], folder: Path) -> Path:
    """Write figure.png and report.md, which shows it, into `folder`; the path of the report."""
    figure.draw(result, folder / FIGURE)
    report = folder / REPORT
    report.write_text(markdown.report(result, FIGURE), encoding="utf-8")
    return report
