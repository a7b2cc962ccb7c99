"""What `sandbox run` and `doctor` print; that they work is tested where a sandbox is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.commands.doctor import sandboxes
from harness.commands.sandbox import show
from sandbox.types import Connection, Ending, Execution, HttpRequest, Observation, Program

SEEN = Observation(
    connections=(Connection("tcp", "10.1.2.3", 80),),
    http=(HttpRequest("10.1.2.3", 80, "", "GET", "/admin", "", {}, ""),),
)


def test_an_execution_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    nmap = Program("/usr/bin/nmap", ("nmap", "-p", "80 81\n"), 0)
    slept = Program("/usr/bin/sleep", ("sleep", "9"), None)
    line = "nmap -p '80 81\n' 10.1.2.3; false && curl x; sleep 9"
    done = Execution(line, Ending.EXITED, 7, "out\n", "err\n", False, 0.25, SEEN)
    show(replace(done, programs=(nmap, slept)))
    assert capsys.readouterr().out.splitlines() == [
        "-- stdout",
        "out",
        "-- stderr",
        "err",
        "-- exited with 7 after 0.25 s",
        "-- limits hit: none",
        "-- it started:",
        "     0  /usr/bin/nmap -p '80 81\\n'",
        "signal  /usr/bin/sleep 9",
        "curl was never started",
        "-- the lab saw:",
        "connections: protocol=tcp, address=10.1.2.3, port=80",
        "http: address=10.1.2.3, port=80, method=GET, path=/admin, tls=False",
    ]


def test_limits_and_the_cache_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    show(Execution("x", Ending.TIMEOUT, None, "", "", True, 9.0, detail="too long", cached=True))
    assert capsys.readouterr().out.splitlines() == [
        "-- timeout after 9.00 s, cached: it was not run now",
        "-- limits hit: too long, more output than is kept",
        "-- what it started is not known",
        "-- the lab saw nothing",
    ]


def test_a_terminal_is_not_at_the_mercy_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    show(Execution("x", Ending.EXITED, 0, "a\x1b]0;title\x07\tb\u202ec", "", False, 0.0))
    assert "a\\x1b]0;title\\x07\tb\\u202ec" in capsys.readouterr().out


def test_without_an_image_the_doctor_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOODHART_BENCH_HOME", str(tmp_path))
    lines = list(sandboxes())
    assert lines[0] == "sandbox image: not built; build it: make sandbox-image"
    assert [line.split(":")[0] for line in lines[1:3]] == ["sandbox bubblewrap", "sandbox docker"]
    assert lines[-1].startswith("Without a sandbox")
