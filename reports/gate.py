"""What the gate says: for the terminal, as Markdown, as JUnit XML and as a GitHub annotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from tabulate import tabulate

from reports.format import basis, p_value, percent, points

Result = Mapping[str, Any]
SUITE = "goodhart-bench gate"


def headline(result: Result) -> str:
    """The verdict and the change it rests on, in a sentence."""
    return (
        f"{result['verdict']}: correctness {percent(result['before'])} % -> "
        f"{percent(result['after'])} %, {points(result['change'])} points; {result['reason']}."
    )


def facts(result: Result) -> list[tuple[str, str]]:
    """What the verdict rests on, one fact a row."""
    rule = result["rule"]
    low, high = rule["drop"] * 100, rule["least"] * 100
    return [
        ("baseline", result["baseline"]),
        ("this run", result["policy"] + (", the same model" if result["same_model"] else "")),
        ("correct, %", f"{percent(result['before'])} -> {percent(result['after'])}"),
        ("change, points", points(result["change"])),
        ("p of no change", f"{p_value(result['p'])}, fails below {rule['alpha']:g}"),
        ("large enough to fail", f"{high:g} points"),
        ("power", f"{result['power']:.1%} against a true drop of {low:g} points"),
        ("smallest detectable", f"{result['detectable'] * 100:.1f} points, {_levels(rule)}"),
        ("p of 2 points or more", p_value(result["p_equivalent"])),
        ("tasks better, worse", f"{result['wins']}, {result['losses']}"),
        ("tasks x samples x seeds", basis(result["change"])),
        ("without a verdict", f"{result['no_verdict']:.1%} of samples"),
        ("baseline's tasks covered", f"{result['covered']:.1%}"),
        *((name.replace("_", " "), str(value)) for name, value in _conditions(result)),
    ]


def _levels(rule: Mapping[str, float]) -> str:
    return f"level {rule['alpha']:g} and power {rule['power']:.0%}"


def _conditions(result: Result) -> list[tuple[str, object]]:
    return [(key, value or "none, not executed") for key, value in result["conditions"].items()]


def terminal(result: Result) -> str:
    body = tabulate(facts(result), tablefmt="plain", disable_numparse=True)
    return "\n\n".join(
        [body, *([_moved(result, "simple")] if failed(result) else []), headline(result)]
    )


def failed(result: Result) -> bool:
    return bool(result["exit_code"])


def _moved(result: Result, layout: str) -> str:
    """The tasks that fell most."""
    rows = [(row["task"], f"{row['before']:.0%}", f"{row['after']:.0%}") for row in result["moved"]]
    header = ("task", "baseline", "this run")
    return tabulate(rows, headers=header, tablefmt=layout, disable_numparse=True)


def markdown(result: Result) -> str:
    """A comment for a pull request."""
    mark = "❌" if failed(result) else "✅"
    table = tabulate(facts(result), headers=("", ""), tablefmt="pipe", disable_numparse=True)
    parts = [f"### {mark} goodhart-bench gate: {result['verdict']}", f"{headline(result)}", table]
    if result["moved"]:
        moved = _moved(result, "pipe")
        parts.append(f"<details><summary>Tasks that fell most</summary>\n\n{moved}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def junit(result: Result) -> str:
    """One test suite of one case, which is a failure, or an error where evidence lacks."""
    kind = {0: "", 1: "failure"}.get(result["exit_code"], "error")
    suite = ElementTree.Element("testsuite", name=SUITE, tests="1")
    suite.set("failures", str(int(kind == "failure")))
    suite.set("errors", str(int(kind == "error")))
    case = ElementTree.SubElement(suite, "testcase", classname=SUITE, name=result["policy"])
    details = tabulate(facts(result), tablefmt="plain", disable_numparse=True)
    if kind:
        problem = ElementTree.SubElement(
            case, kind, type=result["verdict"], message=headline(result)
        )
        problem.text = details
    else:
        ElementTree.SubElement(case, "system-out").text = details
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suite, "unicode")}\n'


def annotation(result: Result, baseline: str) -> str:
    """A GitHub workflow command, shown at the baseline's file."""
    level = "error" if failed(result) else "notice"
    title = f"goodhart-bench gate%3A {result['verdict']}"
    return f"::{level} file={_escaped(baseline)},title={title}::{_data(headline(result))}"


def _data(text: str) -> str:
    """Escapes of a workflow command's message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    """Escapes of a workflow command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
