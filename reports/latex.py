r"""`tables.tex`: every table for a paper, to be \input where booktabs and longtable are loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reports.table import Table

HEAD = r"""% Made by goodhart-bench. The document that \input's this file needs in its preamble:
%   \usepackage{booktabs,longtable}
"""
# What LaTeX reads as an order, and characters that are not in every font.
ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "–": "--",
        "[": "{[}",  # after a line end LaTeX would take it for an option
    }
)

MINUS = re.compile(r"(?<![\w.+-])-(?=\d)")  # before a number; a hyphen would be too short


def document(tables: Sequence[Table]) -> str:
    """The tables one after another; one without rows is left out."""
    return "\n".join([HEAD, *(draw(table) for table in tables if table.rows)])


def draw(table: Table) -> str:
    r"""One longtable: its title is the caption, its note stands below."""
    head = _row(table.header)
    body = "\n".join(_row(row) for row in table.rows)
    note = f"\n\\par\\footnotesize {escaped(table.note)}" if table.note else ""
    columns = "l" * len(table.header)
    return (
        f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{{columns}}}\n"
        f"\\caption{{{escaped(table.title)}}}\\\\\n\\toprule\n{head}\n\\midrule\n\\endhead\n"
        f"{body}\n\\bottomrule\n\\end{{longtable}}{note}\\par}}\n"
    )


def escaped(text: str) -> str:
    return MINUS.sub("$-$", " ".join(text.split()).translate(ESCAPES))


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escaped(cell) for cell in cells) + r" \\"
