"""The recipe of the image and how it is built; nothing here builds one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from sandbox import build
from sandbox.types import SandboxError

POOLS = Path(__file__).parents[2] / "tasks" / "families" / "pools.yaml"


def test_own_package_source_is_used_where_it_has_the_suite(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old.test/debian bookworm main\n"
        "deb [arch=amd64] http://one.test/debian bookworm main\n"
        "deb http://other.test/ubuntu noble main\n"
    )
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://two.test/security\n"
        "Suites: bookworm-security\nComponents: main\n\n"
        "Types: deb-src\nURIs: http://src.test/debian\nSuites: bookworm\n"
    )
    assert build.package_sources(tmp_path) == {
        "bookworm": "http://one.test/debian",
        "bookworm-security": "http://two.test/security",
    }


def test_standard_mirror_where_it_has_not(tmp_path: Path) -> None:
    assert build.package_sources(tmp_path) == build.MIRRORS


def test_every_wordlist_of_the_suites_is_in_the_image() -> None:
    words = yaml.safe_load(POOLS.read_text())["words"]
    for kind, pool in {
        "paths": "wordlist",
        "hosts": "sublist",
        "users": "userlist",
        "passwords": "passlist",
    }.items():
        names = (build.RECIPE / "wordlists" / f"{kind}.names").read_text().split()
        assert set(words[pool]) <= set(names)


def test_digest_covers_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "RECIPE", tmp_path)
    seen = {build.recipe_digest()}
    (tmp_path / "a").write_text("x")
    seen.add(build.recipe_digest())
    (tmp_path / "a").rename(tmp_path / "b")
    seen.add(build.recipe_digest())
    (tmp_path / "b").write_text("y")
    seen.add(build.recipe_digest())
    assert len(seen) == 4


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.engine.answers", lambda: False)


@pytest.mark.usefixtures("no_docker")
def test_built_image_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODHART_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    folder = tmp_path / f"image-{build.recipe_digest()}"
    folder.mkdir()
    manifest = {"digest": "sha256:0", "recipe": build.recipe_digest()}
    (folder / "image.json").write_text(json.dumps(manifest))
    said: list[str] = []
    assert build.build_image(said.append).rootfs == str(folder / "rootfs")
    assert not said


@pytest.mark.usefixtures("no_docker")
def test_without_any_way_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODHART_BENCH_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SandboxError, match="install mmdebstrap and bubblewrap"):
        build.build_image(lambda _: None)
    assert not list(tmp_path.glob("building-*"))


def test_a_home_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GOODHART_BENCH_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SandboxError, match=r"cannot be written to .*GOODHART_BENCH_HOME"):
        build.build_image(lambda _: None)
