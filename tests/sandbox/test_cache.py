"""What is remembered of an execution, what is not, and that the answer says so."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any, cast

import pytest

from sandbox.cache import Cache, CachedSandbox
from sandbox.pool import DEFAULT_LIMITS
from sandbox.types import (
    Connection,
    DnsQuery,
    Ending,
    Execution,
    HttpRequest,
    Limits,
    Login,
    Observation,
    Program,
    Sandbox,
    SandboxError,
)

SEEN = Observation(
    connections=(Connection("tcp", "10.0.0.1", 80, "web.lab"),),
    http=(HttpRequest("10.0.0.1", 80, "web.lab", "GET", "/", "", {"host": "web.lab"}, ""),),
    dns=(DnsQuery("web.lab", "A", "udp", "127.0.0.1"),),
    logins=(Login("ftp", "10.0.0.1", 21, "bob", "letmein", True),),
)


class Fake:
    """Remembers what it ran; the command is how it ends."""

    name, image, raw = "fake", "sha256:1", True

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, command: str, limits: Limits = DEFAULT_LIMITS) -> Execution:
        self.ran.append(command)
        done = Execution(command, Ending.EXITED, 3, "é\0\ufffd", "err", False, 0.5, SEEN)
        done = replace(done, programs=(Program("/bin/ls", ("ls", "é"), 3),))
        match command:
            case "timeout":
                return replace(done, ending=Ending.TIMEOUT, exit_code=None, detail="too long")
            case "broken":
                return replace(done, ending=Ending.INFRASTRUCTURE, exit_code=None, detail="gone")
            case "greedy":
                return replace(done, exit_code=137, detail="used more than 1 MiB of memory")
        return done

    def run_many(
        self, commands: Iterable[str], limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[Execution]:
        return (self.run(command, limits) for command in commands)

    def close(self) -> None: ...


def cached(inner: Fake, folder: Path, versions: str = "1") -> CachedSandbox:
    return CachedSandbox(cast(Sandbox, inner), versions, folder / "cache.sqlite")


def test_the_second_time_is_answered_from_the_cache_and_says_so(tmp_path: Path) -> None:
    inner = Fake()
    first = cached(inner, tmp_path).run("ls")
    second = cached(inner, tmp_path).run("ls")
    assert inner.ran == ["ls"]
    assert not first.cached
    assert second == replace(first, cached=True)


@pytest.mark.parametrize("command", ["timeout", "broken", "greedy"])
def test_what_another_time_may_end_otherwise_is_run_again(tmp_path: Path, command: str) -> None:
    inner = Fake()
    box = cached(inner, tmp_path)
    assert not box.run(command).cached
    assert not box.run(command).cached
    assert inner.ran == [command, command]


def test_whatever_an_execution_depends_on_is_in_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Fake()
    cached(inner, tmp_path).run("ls")
    other_image = Fake()
    other_image.image = "sha256:2"
    assert not cached(other_image, tmp_path).run("ls").cached
    not_raw = Fake()
    not_raw.raw = False
    assert not cached(not_raw, tmp_path).run("ls").cached
    assert not cached(inner, tmp_path, versions="2").run("ls").cached
    assert not cached(inner, tmp_path).run("ls", Limits(wall_s=1)).cached
    assert not cached(inner, tmp_path).run("ls ").cached
    assert cached(inner, tmp_path).run("ls").cached
    monkeypatch.setattr("sandbox.cache.code_version", lambda: "another lab")
    assert not cached(inner, tmp_path).run("ls").cached


def test_many_keep_their_order(tmp_path: Path) -> None:
    inner = Fake()
    box = cached(inner, tmp_path)
    list(box.run_many(["b", "d"]))
    done = list(box.run_many(["a", "b", "c", "d", "timeout"]))
    assert [(d.command, d.cached) for d in done] == [
        ("a", False), ("b", True), ("c", False), ("d", True), ("timeout", False),
    ]  # fmt: skip
    assert inner.ran == ["b", "d", "a", "c", "timeout"]


def fill(path: Path, first: int) -> None:
    table = Cache(path)
    for number in range(first, first + 200):
        table.put(number.to_bytes(4, "big"), {"number": number})
        assert table.get(number.to_bytes(4, "big")) == {"number": number}


def test_several_processes_may_write_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    spawn: Any = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=fill, args=(path, n * 100)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    table = Cache(path)
    assert [table.get(n.to_bytes(4, "big")) for n in range(400)] == [
        {"number": n} for n in range(400)
    ]


def test_a_new_cache_may_be_made_by_several_at_a_time(tmp_path: Path) -> None:
    openers = 6
    together = Barrier(openers)

    def open_one(path: Path) -> None:
        together.wait()
        Cache(path).close()

    with ThreadPoolExecutor(openers) as pool:
        for number in range(50):
            path = tmp_path / f"{number}.sqlite"
            list(pool.map(open_one, [path] * openers))


def test_old_rows_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.cache.MOST_ROWS", 2)
    path = tmp_path / "cache.sqlite"
    table = Cache(path)
    for name in (b"a", b"b", b"c"):
        table.put(name, {})
    table.close()
    assert [Cache(path).get(name) for name in (b"a", b"b", b"c")] == [None, {}, {}]


def test_a_file_that_is_no_cache_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_text("this is no database" * 100)
    with pytest.raises(SandboxError, match=r"cache\.sqlite cannot be used .*--no-cache"):
        Cache(path)
