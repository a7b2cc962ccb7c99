"""wfuzz's filter expressions: `c=200 and (l>97 or not FUZZ~'a')`.

Only the form is looked at, not whether an answer has such a field. Parentheses do not nest.
Source: wfuzz 3.1.0 filters/ppfilter.py, FuzzResFilter.
"""

from __future__ import annotations

import re

_FIELD = r"(?:\[[\w.-]+\])?"
_SYMBOL = (
    r"(?:description|nres|code|chars|lines|words|md5|content|timer|url|l|w|c"
    r"|(?:r|history|plugins)[\w.-]*|h)"
)
_VALUE = rf"(?:FUZ\d*Z{_FIELD}|{_SYMBOL}|BBB{_FIELD}|\d+|'(?:\\.|[^'\\\n])*')"
_PARAMETER = r"(?:'.*?'|\d+)"
_CALL = (
    rf"(?:\|\s*diff\s*\(\s*{_VALUE}\s*\)"
    r"|\|(?:m|d|e|un|u|r|l|sw|gre|gregex|unique|startswith|decode|encode|unquote|replace|lower"
    rf"|upper)\((?:{_PARAMETER}(?:,{_PARAMETER})?)?\))"
)
_TERM = rf"{_VALUE}(?:\s*{_CALL})?"
_COMPARED = rf"{_TERM}(?:\s*(?:==|!=|>=|<=|=~|!~|:=|=\+|=-|=|<|>|~)\s*(?:XXX|{_TERM}))?"
_NOT = r"(?:not\s*)?"
_AND = r"\s*(?:and|or)\s*"
_ALL = rf"{_NOT}{_COMPARED}(?:{_AND}{_NOT}{_COMPARED})*"
_PART = rf"(?:{_NOT}\(\s*{_ALL}\s*\)|{_ALL})"
_FILTER = re.compile(rf"\s*{_PART}(?:{_AND}{_PART})*\s*")


def filter_expression(text: str) -> str:
    """The expression as it is. Raises ValueError if wfuzz cannot read it."""
    if text and not _FILTER.fullmatch(text):
        raise ValueError(f'{text!r} is no filter such as "c=200 and l>97"')
    return text
