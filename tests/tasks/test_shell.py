"""One program call out of a command line."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.bash.expand import Scope, expand
from tasks.bash.parser import Parser
from tasks.shell import BashSyntaxError, UndecidedError, read
from tasks.unknown import Unknowns, is_unknown


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
    assert [list(call.argv) for call in read(line).calls] == [argv]


@pytest.mark.parametrize("text", ["\U0010d69a", "x{\U0010d69a", "é=1", "ß\u4e00", "\ud800"])
def test_characters_outside_ascii_are_ordinary(text):
    assert read(f"nmap {text}").calls[0].argv == ("nmap", text)
    assert read(f"'{text}' -x").calls[0].argv == (text, "-x")


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
        "sudo -nu root nmap h",
        "doas -u root nmap h",
        "ionice -c3 nmap h",
        "setsid -w nmap h",
        "unbuffer nmap h",
        "strace -f -o log nmap h",
        "taskset -c 0 nmap h",
        "eval nmap h",
        "exec nmap h",
        "command nmap h",
        "bash -x -o pipefail -c 'nmap h'",
        "sh -lc 'nmap h'",
        "watch nmap h",
        "su -c 'nmap h' root",
        "/usr/bin/timeout 5 nmap h",
    ],
)
def test_wrappers_are_taken_off(line):
    assert [list(call.argv) for call in read(line).calls] == [["nmap", "h"]]
    assert read(line).calls[0].wrappers or line.startswith("time")


@pytest.mark.parametrize(
    ("line", "calls", "joints"),
    [
        ("nmap h | grep open", ["nmap h", "grep open"], ["|"]),
        ("nmap h && nmap i || true", ["nmap h", "nmap i", "true"], ["&&", "||"]),
        ("nmap h; nmap i", ["nmap h", "nmap i"], [";"]),
        ("nmap h\nnmap i &", ["nmap h", "nmap i"], [";"]),
        ("curl http://h/?a=1&b=2", ["curl 'http://h/?a=1'"], []),
        ("for h in a b; do nmap $h; done", ["nmap a", "nmap b"], None),
        ("for h in a{1..2}; do nmap $h; done", ["nmap a1", "nmap a2"], None),
        ("for h in $(cat f); do nmap $h; done", ["cat f", "nmap $h"], None),
        ("while read -r h; do nmap $h; done < f", ["read -r h", "nmap $h"], None),
        ("nmap $(cat hosts)", ["cat hosts", "nmap $(cat hosts)"], None),
        ("nmap `cat hosts`", ["cat hosts", "nmap `cat hosts`"], None),
        ("nmap $HOST", ["nmap $HOST"], []),
        ('nmap "a${HOST}b"', ["nmap a${HOST}b"], []),
        ("HOST=h; nmap $HOST", ["nmap h"], []),
        ("export HOST='a b'; nmap $HOST", ["export 'HOST=a b'", "nmap a b"], [";"]),
        ("HOST='a b'; nmap \"$HOST\"", ["nmap 'a b'"], []),
        ("HOST=h nmap $HOST", ["nmap $HOST"], []),
        ("true && HOST=h; nmap $HOST", ["true", "nmap $HOST"], [";"]),
        ("(HOST=h); nmap $HOST", ["nmap $HOST"], None),
        ("http_proxy=p curl h", ["curl h"], []),
        ("nmap -p{80,443} h", ["nmap -p80 -p443 h"], []),
        ("nmap {} h{,", ["nmap '{}' 'h{,'"], []),
        ("ffuf -w /usr/share/*", ["ffuf -w /usr/share/*"], []),
        ("ffuf -w ~/words", ["ffuf -w ~/words"], []),
        ("(nmap h; nmap i)", ["nmap h", "nmap i"], None),
        ("! nmap h", ["nmap h"], None),
        ("cat <(nmap h)", ["nmap h", "cat <(nmap h)"], None),
        ("find . -exec nmap {} \\;", ["find . -exec nmap '{}' ';'", "nmap what find finds"], None),
        ("cat f | xargs nmap -p 80", ["cat f", "nmap -p 80 what xargs reads"], ["|"]),
        ("xargs -I{} nmap -p {} h < f", ["nmap -p what xargs reads h"], []),
        ("f() { nmap $1; }; f h", ["nmap $1"], None),
        ("nmap() { echo; }; nmap --zzq", ["echo"], None),
        ("if true; then nmap h; fi", ["true", "nmap h"], None),
        ("case $x in a) nmap h;; *) curl h;; esac", ["nmap h", "curl h"], None),
        ("sudo -l", ["sudo -l"], []),
        ("command -v nmap", ["command -v nmap"], []),
        ("bash script.sh", ["bash script.sh"], []),
        ("bash -c 'nmap h; nmap i'", ["nmap h", "nmap i"], [";"]),
        ("nmap g | bash -c 'nmap h; nmap i'", ["nmap g", "nmap h", "nmap i"], None),
        ("watch -n 5 'nmap h | grep o'", ["nmap h", "grep o"], ["|"]),
        ("su root -c 'nmap h'", ["nmap h"], []),
        ("nmap <host> -p [80]", ["nmap '[80]'"], []),
        ("nmap -iL - <<EOF\n10.0.0.1\nEOF", ["nmap -iL -"], []),
        ("[[ -f f && $x =~ ^(a|b)$ ]] && nmap h", ["nmap h"], None),
    ],
)
def test_the_calls_of_a_line(line, calls, joints):
    found = read(line)
    show = found.unknowns.show
    assert [show(" ".join(_quote(word) for word in call.argv)) for call in found.calls] == calls
    assert found.joints == joints


def _quote(word: str) -> str:
    return word if is_unknown(word) else shlex.quote(word)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("$tool -p 80 h", "$tool"),
        ("env -S 'nmap h'", "env -S"),
        ("sudo --zzq nmap h", "--zzq"),
        ('bash -c "$script"', "$script"),
        ("xargs -I{} nmap {}", "words that it reads"),
    ],
)
def test_what_runs_may_be_undecided(line, reason):
    found = read(line)
    assert reason in found.unknowns.show(found.calls[0].undecided or "")


def test_a_mistake_in_a_command_string_is_one_in_the_line():
    with pytest.raises(BashSyntaxError):
        read("bash -c 'nmap \"'")


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("nmap h &", "background"),
        ("http_proxy=p curl h", "http_proxy"),
        ("env http_proxy=p curl h", "http_proxy"),
        ("! nmap h", "negated"),
        ("cat f | xargs nmap", "xargs"),
        ("for i in 1; do nmap h; done", "loop"),
    ],
)
def test_what_makes_an_effect_uncertain(line, doubt):
    assert any(doubt in reason for reason in read(line).calls[-1].doubts)


def test_braces_without_end_are_undecided():
    with pytest.raises(UndecidedError):
        read("nmap {1..99}{1..99}{1..99}")
    with pytest.raises(UndecidedError):
        read("{ " * 5000 + "nmap h;" + " }" * 5000)


@pytest.mark.parametrize(
    "line",
    [
        "nmap 'h",
        'nmap "h',
        "nmap h |",
        "nmap (h",
        "| nmap",
        "",
        "# nmap h",
        "nmap h &&",
        "nmap \0",
        "curl -A a\0b http://h/",
    ],
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
        ("nmap h > $out", [(">", "\U000f8000")]),
        ("nmap h <<< '10.0.0.1'", [("<<", "10.0.0.1\n")]),
        ("nmap h <<'EOF'\n$x\nEOF\n", [("<<", "$x\n")]),
        ("sudo bash -c 'nmap h' > out", [(">", "out")]),
    ],
)
def test_redirections_are_effects(line, effects):
    found = read(line)
    assert found.calls[0].argv[0] == "nmap"
    assert [(r.name, r.value) for r in found.calls[0].redirections] == effects


PIECE = st.one_of(
    st.text(st.sampled_from("abc -=/.:,%@+_#"), max_size=4).map(lambda t: f"'{t}'"),
    st.text(st.sampled_from("abc -=/.'"), max_size=4).map(lambda t: f'"{t}"'),
    st.text(st.sampled_from("abc-=/.:,%@+_"), min_size=1, max_size=4),
    st.sampled_from(['\\"', "\\$", "\\\\", "\\ ", '"\\$x"', '"\\a"', "$'\\n'", "$'\\x41\\'\\101'"]),
)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@given(st.lists(st.lists(PIECE, min_size=1, max_size=4).map("".join), min_size=1, max_size=6))
@settings(max_examples=60)
def test_quoting_is_resolved_as_bash_does(words):
    script = "set -f; printf '%s\\0' -- " + " ".join(words)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    scope = Scope(Unknowns())
    ours = [text for word in words for text in expand(Parser(word).word(assigns=False), scope)]
    assert ours == done.stdout.split("\0")[1:-1]
