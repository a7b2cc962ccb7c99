"""Read a manual page (roff with the man, mdoc or DocBook macros) as paragraphs of plain text.

Only what an option's description needs is understood: where paragraphs and their tags begin, and
which characters are escaped.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

_ESCAPES = (
    (r"\\f(?:\[\w*\]|\(..|.)", ""),
    (r"\\s[-+]?\d", ""),
    (r"\\m\[\w*\]", ""),
    (r"\\\*?\((?:dq|lq|rq|L\"|R\")", '"'),
    (r"\\\*?\((?:aq|Aq|oq|cq)", "'"),
    (r"\\\((?:hy|mi|en|em)", "-"),
    (r"\\\(bu", ""),
    (r"\\\*?(?:\(..|\[[^\]]*\])", ""),
    (r"\\[&|^/,:%]", ""),
    (r"\\[ ~0]", " "),
    (r'\\".*', ""),
    (r"\\(.)", r"\1"),
)
_NEW = re.compile(r"[.'](?:SH|SS|PP|LP|P|IP|TP|TQ|HP|RS|RE|br|sp|ti|nf|fi|Sh|Ss|Pp|It|Bl|El)\b")
_FONT = re.compile(r"[.'](?:B|I|R|SM|SB|BI|BR|IB|IR|RB|RI)\b\s*")
_MDOC = re.compile(r"[.'](Fl|Ar|Op|Oo|Cm|Ic|Nm|Xr|Li|Pa)\b\s*")


def man_pages(root: Path, name: str) -> list[Path]:
    """The pages of that name below an image's root; links are followed inside it."""
    folder = root / "usr/share/man"
    found = sorted(folder.glob(f"man*/{name}.[0-9]*"))
    return [path for page in found if (path := inside(root, page)).is_file()]


def inside(root: Path, path: Path) -> Path:
    """A path below `root` with its links followed as they would be with `root` as /."""
    for _ in range(8):
        if not path.is_symlink():
            return path
        target = path.readlink()
        path = root / target.relative_to("/") if target.is_absolute() else path.parent / target
    return path


def read_page(path: Path) -> str:
    """The roff source of a page, packed or not."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")


def paragraphs(roff: str) -> Iterator[str]:
    """The page's text; a tag ("-p <ports>") is a paragraph of its own."""
    gathered: list[str] = []
    tag_next = False
    for line in roff.splitlines():
        if line.startswith(('.\\"', "'\\\"")):
            continue
        if _NEW.match(line):
            if gathered:
                yield " ".join(gathered)
            gathered = []
            macro, _, rest = line[1:].partition(" ")
            tag_next = macro in ("TP", "TQ")
            if macro == "IP" and (tag := _text(_first(rest)).strip()):
                yield tag
            if macro == "It":
                yield _mdoc(rest)
            continue
        text = _text(_mdoc_line(line))
        if text.strip():
            gathered.append(text)
        if tag_next and text.strip():
            yield " ".join(gathered)
            gathered, tag_next = [], False
    if gathered:
        yield " ".join(gathered)


def _first(words: str) -> str:
    """The first argument of a macro, quoted or not."""
    match = re.match(r'\s*"((?:[^"]|"")*)"|\s*(\S*)', words)
    return (match[1] or match[2] or "") if match else ""


def _text(line: str) -> str:
    """A line without macros and escapes."""
    match = _FONT.match(line)
    if match:
        rest = line[match.end() :]
        alternating = len(match[0].strip()) == 3
        words = re.findall(r'"((?:[^"]|"")*)"|(\S+)', rest)
        line = ("" if alternating else " ").join(quoted or bare for quoted, bare in words)
    elif re.match(r"[.'][A-Za-z]", line):
        return ""
    for pattern, plain in _ESCAPES:
        line = re.sub(pattern, plain, line)
    return line


def _mdoc_line(line: str) -> str:
    match = _MDOC.match(line)
    return _mdoc(line[1:]) if match else line


def _mdoc(words: str) -> str:
    """ "Op Fl I Ar length" as "[-I <length>]"."""
    text, kind = "", ""
    for word in words.split():
        if word in ("Fl", "Ar", "Cm", "Ic", "Op", "Oo", "Oc", "Ns", "Nm", "Xr", "Li", "Pa"):
            kind = word
            if word == "Ns":
                text = text.rstrip()
        else:
            text += {"Fl": "-"}.get(kind, "") + (f"<{word}> " if kind == "Ar" else f"{word} ")
    return f"[{text.strip()}]" if words.startswith("Op") else text.strip()
