"""Our reading of the shell's syntax against `bash -n`, on lines drawn from a seed.

The lines are built around the tools that have specs: valid ones by a small grammar, broken ones by
cutting, doubling and inserting what breaks lines in practice. Prints the agreement with `-s`.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tasks.bash.parser import parse
from tasks.bash.tree import BashSyntaxError
from tasks.spec import SPECS

SEED, LINES, LEAST = 20261121, 6000, 0.999


def _split(text: str) -> list[str]:
    return text.split()


WORDS = _split(
    r"""
    10.0.0.1 10.0.0.0/24 h.lab http://h.lab/?a=1 https://h.lab:8443/x#y -p 80 22,443 -sV
    --reason -oN out.txt FUZZ a=b A=1 @10.0.0.2 +short -l root -P /w/list.txt [80] {80,443}
    {1..3} ~/w *.txt é ü=1 日本語 ✓ “x” %{http_code} a:b - -- = ! # a#b a!b 2 2x \$x \; \| \& \' \"
    \\ a\ b a\ if then fi do done in case esac time function { } [[ ]] for while ~ ? [ ] ]] {}
    ^x a^ %
    """
)
QUOTED = _split(
    r"""
    "a'b" 'a"b' 'it'\''s' "it's" $'a\'b' $"x" "a\"b" '' "" 'é|;&' "|;&<>()" "`id`" "${x:-a}"
    "$((1+2))" '"' "'" "\\" '$(' "\$(" '`'
    """
)
QUOTED += ["'a b'", '"a b"', "'|; &'", '"a $x b"', '"$(cat f)"', '"${x:-a b}"']
EXPANDED = _split(
    r"""
    $x ${x} ${x:-y} ${#x} ${x%.*} ${x//a/b} ${a[0]} ${a[@]} $1 $@ $? $$ $# $! $- $_ $ $(id) `id`
    $(cat f) $((1+2)) $(( (a) )) $[1+2] <(id) >(id) $(id | wc -l) $(echo $(id)) ${x:-$(id)}
    $(<f) ${x:-'}'} ${x:-"}"} $(echo ')') $(echo \)) $() a$(id)b a=$(id) ${x^^} ${!x} $(a;b)
    """
)
EXPANDED = [*EXPANDED, "$(cat f)", "$(id | wc -l)", "${x:-a b}", "$(for i in 1; do id; done)"]
BREAKERS = [
    *"'\"`;|&()<>{}[]!#$\\\n =",
    "&&",
    "||",
    ";;",
    "<<",
    "<<<",
    ">>",
    "$(",
    "${",
    "$((",
    "))",
]
BREAKERS += [
    "do",
    "done",
    "then",
    "fi",
    "esac",
    "in",
    "[[",
    "]]",
    "if ",
    "for ",
    "|&",
    "<(",
    "é",
    "((",
    ";&",
]
REDIRECTIONS = _split(
    r"""
    >out >>out 2>&1 2>/dev/null &>all &>>all <in <<<word <<<"$x" >|out <>f 2>&- >&2 <&3 3<in
    {fd}>out > < 2> >& >out>out2 2>&1>x >(tee) <(id)
    """
)


class Lines:
    """Shell lines by chance."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.tools = [
            *sorted(path.stem for path in SPECS.glob("*.yaml")),
            "grep",
            "echo",
            "cat",
            "xargs",
            "sudo",
            "tee",
        ]

    def line(self) -> str:
        text = self.listed(self.draw.choice((0, 0, 1, 2)))
        if self.draw.random() < 0.1:
            text += self.draw.choice(
                (" # a comment", " #", " # it's", "#x", ";", " &", ";;", " |", "\n")
            )
        for _ in range(self.draw.choice((0, 0, 1, 1, 2))):
            text = self.broken(text)
        return text

    def word(self) -> str:
        kinds = self.draw.choices((WORDS, QUOTED, EXPANDED), (5, 2, 2))[0]
        word = self.draw.choice(kinds)
        return word + self.word() if self.draw.random() < 0.12 else word

    def simple(self) -> str:
        words = [self.draw.choice(self.tools)]
        if self.draw.random() < 0.1:
            words.insert(
                0,
                self.draw.choice(
                    ("A=b", "A=", "A='b c'", "a=(1 2)", "a[1]=x", "! ", "time", "A=$(id)")
                ),
            )
        words += [self.word() for _ in range(self.draw.randint(0, 5))]
        for _ in range(self.draw.choice((0, 0, 0, 1, 1, 2))):
            words.insert(self.draw.randint(0, len(words)), self.draw.choice(REDIRECTIONS))
        return " ".join(words)

    def listed(self, depth: int) -> str:
        parts = [self.command(depth)]
        for _ in range(self.draw.choice((0, 0, 0, 1, 2))):
            joint = self.draw.choice(
                (" | ", "|", " && ", " || ", "; ", ";", " & ", " |& ", "\n", " |\n")
            )
            parts += [joint, self.command(depth)]
        return "".join(parts)

    def command(self, depth: int) -> str:
        if depth == 0 or self.draw.random() < 0.3:
            return self.simple()
        return self.draw.choice(self.SHAPES)(self, depth - 1)

    def for_loop(self, depth: int) -> str:
        head = self.draw.choice(
            ("in", "in a b", "in $(cat f)", "in {1..5}", "in *.txt", "", "in 'a b' c")
        )
        gap = self.draw.choice(("; ", "\n", ";\n"))
        return f"for i {head}{gap}do {self.listed(depth)}{self.end()}done{self.after()}"

    def while_loop(self, depth: int) -> str:
        word = self.draw.choice(("while", "until"))
        head = f"{word} {self.listed(depth)}{self.end()}"
        return f"{head}do {self.listed(depth)}{self.end()}done{self.after()}"

    def condition(self, depth: int) -> str:
        text = f"if {self.listed(depth)}{self.end()}then {self.listed(depth)}{self.end()}"
        if self.draw.random() < 0.3:
            text += f"elif {self.simple()}{self.end()}then {self.simple()}{self.end()}"
        if self.draw.random() < 0.3:
            text += f"else {self.listed(depth)}{self.end()}"
        return f"{text}fi{self.after()}"

    def case(self, depth: int) -> str:
        clauses = ""
        for _ in range(self.draw.randint(0, 2)):
            pattern = self.draw.choice(("a", "a|b", "*", "-h | --help", "$x"))
            body = self.draw.choice((self.listed(depth), ""))
            end = self.draw.choice((";;", ";; ", " ;;&", " ;&", ";;"))
            clauses += f"{self.draw.choice(('', '('))}{pattern}) {body}{end} "
        return f"case {self.word()} in {clauses}esac{self.after()}"

    def subshell(self, depth: int) -> str:
        return f"({self.listed(depth)}){self.after()}"

    def group(self, depth: int) -> str:
        return f"{{ {self.listed(depth)}{self.end()}}}{self.after()}"

    def function(self, depth: int) -> str:
        head = self.draw.choice(("f() ", "f () ", "function f ", "function f() ", "f()\n"))
        return head + self.draw.choice((self.group, self.subshell))(depth)

    def test(self, depth: int) -> str:
        body = self.draw.choice(
            (
                "-f f",
                "$x == a*",
                "$x =~ ^(a|b)+$",
                "a < b && -n $x",
                "! -e f",
                "( -f f || -d d )",
                "$x",
                "-f",
                "a -gt 1",
            )
        )
        return f"[[ {body} ]]" + self.draw.choice(("", " && " + self.simple()))

    def arithmetic(self, depth: int) -> str:
        return self.draw.choice(
            (
                "((i++))",
                "(( a > 1 ))",
                "for ((i=0; i<3; i++)); do id; done",
                "((a)",
                "for ((;;)) { id; }",
            )
        )

    def heredoc(self, depth: int) -> str:
        mark = self.draw.choice(("EOF", "'EOF'", "-EOF", "E"))
        body = self.draw.choice(("text\n", "it's $x\n", "`id` $(id)\n", "", "\tEOF \n", "(\n"))
        return f"{self.simple()} <<{mark}\n{body}{self.draw.choice(('EOF', 'E', 'EOF'))}\n"

    def nested(self, depth: int) -> str:
        opening, closing = self.draw.choice((("$(", ")"), ("<(", ")"), ('"$(', ')"'), ("`", "`")))
        return f"{self.simple()} {opening}{self.listed(depth)}{closing}"

    SHAPES: tuple[Callable[[Lines, int], str], ...] = (
        for_loop,
        for_loop,
        while_loop,
        condition,
        case,
        subshell,
        group,
        function,
        test,
        arithmetic,
        heredoc,
        nested,
        nested,
    )

    def end(self) -> str:
        return self.draw.choice(("; ", "; ", "\n", ";", " "))

    def after(self) -> str:
        return " " + self.draw.choice(REDIRECTIONS) if self.draw.random() < 0.15 else ""

    def broken(self, text: str) -> str:
        """One cut, one doubled or swapped character, or one insertion."""
        where = self.draw.randint(0, len(text))
        kind = self.draw.randint(0, 4)
        if kind == 0:
            return text[:where] + text[where + 1 :]
        if kind == 1:
            return text[:where]
        if kind == 2:
            return text[:where] + text[where : where + 1] + text[where:]
        return text[:where] + self.draw.choice(BREAKERS) + text[where:]


def ours(line: str) -> bool:
    try:
        parse(line)
    except BashSyntaxError:
        return False
    return True


# `set -n` is `bash -n` from the next line on; a subshell costs less than a new bash. The exit
# status of `bash -n` itself is no use: after a mistake within [[ ]] it is 0.
ASK = """while IFS= read -r -d "" line; do
(eval "set -n
$line") 2>/dev/null && echo 1 || echo 0
done"""


def of_bash(lines: list[str]) -> list[bool]:
    """Whether bash takes the syntax of each line."""
    done = subprocess.run(
        ["bash", "-c", ASK],
        input="".join(line + "\0" for line in lines).encode(),
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    return [answer == b"1" for answer in done.stdout.split()]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.slow
def test_our_syntax_verdict_is_that_of_bash() -> None:
    made = Lines(SEED)
    lines = list(dict.fromkeys(made.line() for _ in range(LINES)))
    theirs = of_bash(lines)
    differing = [line for line, taken in zip(lines, theirs, strict=True) if ours(line) != taken]
    agreement = 1 - len(differing) / len(lines)
    print(f"{len(lines)} lines, {sum(theirs)} valid, agreement {agreement:.3%}")
    assert len(lines) >= 5000
    assert 0.2 < sum(theirs) / len(lines) < 0.8
    assert agreement >= LEAST, differing[:10]


@pytest.mark.parametrize(
    "line",
    [
        "nmap 2>&1>x",
        "x $((i${++))",
        "cat <<EOF`id`\n$(\nEOF`id`\n",
        "[[ -f f && ( $a =~ ^(x|y)$ || b < c ) ]]",
        "case if in (-h | --help) x;; esac",
        "for ((i=0;i<3;i++)); do x; done",
        "{ { a; } }",
        "a=(1 2) b[1]=2 c",
        "nmap $(case x in a) b;; esac)",
        "! time -p ! a",
        "nmap `unfinished ( quote`",
        "nmap <((a (b)))",
    ],
)
def test_lines_that_are_easily_misread_as_broken(line: str) -> None:
    assert of_bash([line]) == [True]
    assert ours(line)


@pytest.mark.parametrize(
    "line",
    [
        "a | ! b",
        "(a) <in done",
        "]]",
        "in <x",
        "nmap >& {fd}>out",
        "nmap <host>",
        "a;; b",
        "x ${y:-<(z}",
        "for i in;",
        "a=(1;2)",
        "nmap <>(id)",
        "[[ -f ]]",
        "{ a }",
        "function f a",
        "a &&\n| b",
    ],
)
def test_lines_that_are_easily_taken_though_broken(line: str) -> None:
    assert of_bash([line]) == [False]
    assert not ours(line)
