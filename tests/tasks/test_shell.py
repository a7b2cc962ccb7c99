"""One program call out of a command line."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.quoting import UndecidedError, resolve
from tasks.shell import BashSyntaxError, read


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("nmap -p 80 h", ["nmap", "-p", "80", "h"]),
        ("curl 'a b' \"c d\" e\\ f", ["curl", "a b", "c d", "e f"]),
        ("curl a'b'\"c\"d", ["curl", "abcd"]),
        (r"curl $'a\tb\x41\'c'", ["curl", "a\tbA'c"]),
        ('curl "a\\"b\\$c\\d"', ["curl", 'a"b$c\\d']),
        ("curl -w %{http_code} http://h/?a=1", ["curl", "-w", "%{http_code}", "http://h/?a=1"]),
        ("curl ''", ["curl", ""]),
        ("nmap h;", ["nmap", "h"]),
        ("nmap h # all of it", ["nmap", "h"]),
        ('"nmap" h', ["nmap", "h"]),
        ("ffuf -mr 'x|y' -w a:B", ["ffuf", "-mr", "x|y", "-w", "a:B"]),
        ("sqlmap -u 'http://h/?a=1&b=2'", ["sqlmap", "-u", "http://h/?a=1&b=2"]),
        ("LANG=C nmap h", ["nmap", "h"]),
    ],
)
def test_words(line, argv):
    assert list(read(line).argv) == argv


@pytest.mark.parametrize("text", ["\U0010d69a", "x{\U0010d69a", "é=1", "ß\u4e00", "\ud800"])
def test_characters_outside_ascii_are_ordinary(text):
    """The parser would crash the process on some of them."""
    assert read(f"nmap {text}").argv == ("nmap", text)
    assert read(f"{text} -x").argv == (text, "-x")


@pytest.mark.parametrize(
    "line",
    [
        "sudo nmap h",
        "sudo -u root -E nmap h",
        "sudo -n -- nmap h",
        "timeout 10 nmap h",
        "timeout -k 5 --signal=KILL 10s nmap h",
        "env LANG=C nmap h",
        "nice -n 10 nmap h",
        "nice -10 nmap h",
        "nohup nmap h",
        "stdbuf -oL nmap h",
        "xargs nmap h",
        "proxychains4 -q nmap h",
        "bash -c 'nmap h'",
        "sudo bash -c 'timeout 5 nmap h'",
        "time nmap h",
        "sudo timeout 5 nice nmap h",
    ],
)
def test_wrappers_are_taken_off(line):
    assert list(read(line).argv) == ["nmap", "h"]
    assert read(line).wrappers


@pytest.mark.parametrize(
    "line",
    [
        "nmap h | grep open",
        "nmap h && nmap i",
        "nmap h || true",
        "nmap h; nmap i",
        "nmap h &",
        "curl http://h/?a=1&b=2",
        "for h in a b; do nmap $h; done",
        "nmap $(cat hosts)",
        "nmap `cat hosts`",
        "nmap $HOST",
        'nmap "${HOST}"',
        "HOST=h",
        "http_proxy=p curl h",
        "env http_proxy=p curl h",
        "nmap -p{80,443} h",
        "ffuf -w /usr/share/*",
        "ffuf -w ~/words",
        "(nmap h)",
        "! nmap h",
        "cat <(nmap h)",
        "xargs -I{} nmap {}",
        "sudo -l",
        "bash script.sh",
        "if true; then nmap h; fi",
        "cat <<< x",
    ],
)
def test_what_needs_a_running_shell_is_undecidable(line):
    with pytest.raises(UndecidedError):
        read(line)


@pytest.mark.parametrize(
    "line",
    ["nmap 'h", 'nmap "h', "nmap h |", "nmap (h", "| nmap", "", "# nmap h", "nmap h &&", "nmap \0"],
)
def test_what_the_shell_refuses(line):
    with pytest.raises(BashSyntaxError):
        read(line)


@pytest.mark.parametrize(
    ("line", "effects"),
    [
        ("nmap h > out.txt", [(">", "out.txt")]),
        ("nmap h >>'out 2'", [(">>", "out 2")]),
        ("nmap h &> out", [(">", "out")]),
        ("nmap h 2>/dev/null", []),
        ("nmap h >/dev/null 2>&1", []),
        ("nmap -iL - < hosts", [("<", "hosts")]),
        ("nmap h 2> err", [(">", "err")]),
        ("> out nmap h", [(">", "out")]),
    ],
)
def test_redirections_are_effects(line, effects):
    found = read(line)
    assert found.argv[0] == "nmap"
    assert [(r.name, r.value) for r in found.redirections] == effects


PIECE = st.one_of(
    st.text(st.sampled_from("abc -=/.:,%@+_#"), max_size=4).map(lambda t: f"'{t}'"),
    st.text(st.sampled_from("abc -=/.'"), max_size=4).map(lambda t: f'"{t}"'),
    st.text(st.sampled_from("abc-=/.:,%@+_"), min_size=1, max_size=4),
    st.sampled_from(['\\"', "\\$", "\\\\", "\\ ", '"\\$x"', '"\\a"', "$'\\n'", "$'\\x41\\'\\101'"]),
)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@given(st.lists(st.lists(PIECE, min_size=1, max_size=4).map("".join), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_quoting_is_resolved_as_bash_does(words):
    script = "printf '%s\\0' -- " + " ".join(words)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert [resolve(word) for word in words] == done.stdout.split("\0")[1:-1]
