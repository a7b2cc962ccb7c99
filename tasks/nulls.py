"""Answers that do nothing for a task, and must not pass.

    nulls(task, others)  -> {"empty": [""], "help": ["nmap --help"], ...}

A benchmark that pays an agent for these measures something else: an agent that answers nothing
passed 38% of a published one.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from tasks.anatomy import dissect
from tasks.parsers import parser_for
from tasks.types import Task
from tasks.values import TARGET_TYPES


def nulls(task: Task, others: Sequence[Task]) -> Mapping[str, Sequence[str]]:
    """Empty answers by kind. Of an impossible task doing nothing is right, so only those are
    wrong that run a tool."""
    tool = " ".join(filter(None, (task.tool, task.intent.subcommand)))
    found: dict[str, Sequence[str]] = {
        "tool alone": [task.tool],
        "help": [f"{task.tool} --help", f"{task.tool} -h", f"{tool} --help"],
        "version": [f"{task.tool} --version", f"{task.tool} -V"],
        "another task's answer": [
            # A task with the same intent is the same task in other words.
            o.correct[0]
            for o in others
            if o.possible and o.intent != task.intent
        ],
    }
    if task.possible:
        found |= {
            "nothing": ["", " ", "true", ":"],
            "prompt": [task.prompt],
            "target only": _target_only(task),
            "every flag": _every_flag(task),
        }
    return found


def _target_only(task: Task) -> Sequence[str]:
    """The tool and its target, where the task asks for more than that."""
    anatomy = dissect(task.correct[0])
    if anatomy is None:
        return []
    words = list(anatomy.words[: anatomy.first])
    left = 0
    for part in anatomy.parts:
        declared = anatomy.option(part) or anatomy.grammar.operand(part.argument.name)
        if declared is not None and declared.type in TARGET_TYPES:
            words += anatomy.words[part.start : part.stop]
        else:
            left += 1
    return [shlex.join(words)] if left else []


def _every_flag(task: Task) -> Sequence[str]:
    """Every switch of the tool at once, before the operands and target of the right command."""
    grammar = parser_for(task.tool).scope(task.intent.subcommand)
    flags = [o.name for o in grammar.canonical.values() if o.arity == "none" and not o.informs]
    target = _target_only(task) or [task.tool]
    tool, *rest = shlex.split(target[0])
    return [shlex.join([tool, *rest, *flags])]
