"""Write a result where people and programs find it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports import figure, markdown

RESULT, REPORT, FIGURE = "result.json", "report.md", "figure.png"


def save(result: Mapping[str, Any], folder: Path) -> Path:
    """Write result.json, figure.png and report.md into `folder`; the path of the report."""
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / RESULT).write_text(f"{text}\n", encoding="utf-8")
    figure.draw(result, folder / FIGURE)
    report = folder / REPORT
    report.write_text(markdown.report(result, FIGURE), encoding="utf-8")
    return report
