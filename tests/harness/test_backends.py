"""Models behind lm-eval: every answer arrives once, whatever the server does."""

from __future__ import annotations

import errno
import os
import resource
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from harness import backends
from harness.backends import Answers, BackendPolicy, check_backend, parse_args
from harness.benchmark import cores, default_workers
from harness.commands.evaluate import chosen_model
from harness.model import EMBEDDED, Model, of_backend
from harness.policy import CausalPolicy
from harness.profile import Profile
from harness.prompts import Prompts
from harness.record import Row, append_rows, read_rows
from harness.seeds import derive
from harness.types import Sampling
from tasks.errors import UserError
from tasks.suite import load_suite

from .openai_server import ModelServer

PROMPTS = Prompts.load(EMBEDDED / "prompts.yaml")
TASKS = [task.prompt for task in load_suite("recon").split("heldout")[:160:20]]
GREEDY = Sampling(temperature=0, max_new_tokens=32)
WARM = Sampling(temperature=0.7, max_new_tokens=32, seed=3)


@pytest.fixture(scope="module")
def expected() -> list[list[str]]:
    policy = CausalPolicy.load("embedded", lora=False)
    return [[g.text for g in row] for row in policy.generate(TASKS, 1, GREEDY)]


@pytest.fixture(scope="module")
def served() -> ModelServer:
    pytest.importorskip("tenacity", reason="lm-eval's servers need the extra `api`")
    return ModelServer(EMBEDDED)


@pytest.fixture
def server(served: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(backends, "LONGEST_PAUSE", 0.5)
    served.requests, served.fault = 0, lambda number: None
    served.answered.clear()
    served.start()
    yield served
    served.stop()


def at(server: ModelServer, **more: object) -> Model:
    args = {"model": "embedded", "base_url": server.url(), "tokenizer_backend": "None"}
    return of_backend("local-completions", args | more)


def texts(policy: BackendPolicy, sampling: Sampling, n: int = 1) -> list[list[str]]:
    return [[g.text for g in row] for row in policy.generate(TASKS, n, sampling)]


def test_a_server_answers_as_the_model_itself(
    server: ModelServer, expected: list[list[str]], tmp_path: Path
) -> None:
    policy = BackendPolicy.load(at(server, num_concurrent=4), PROMPTS, tmp_path / "answers.jsonl")
    assert texts(policy, GREEDY) == expected
    [rebuilt] = policy.invert([expected[0][0]], GREEDY)
    assert rebuilt.text


def test_samples_of_a_task_are_draws_of_their_own(server: ModelServer, tmp_path: Path) -> None:
    policy = BackendPolicy.load(at(server), PROMPTS, tmp_path / "answers.jsonl")
    rows = texts(policy, WARM, 3)
    assert any(len(set(row)) > 1 for row in rows)
    seeds = Counter(body["seed"] for body in server.answered)
    assert set(seeds) == {derive(WARM.seed, k) % 2**31 for k in range(3)}
    assert set(seeds.values()) == {len(TASKS)}


@pytest.mark.parametrize("concurrent", [1, 4])
def test_with_faults_no_answer_is_lost_or_counted_twice(
    server: ModelServer, expected: list[list[str]], tmp_path: Path, concurrent: int
) -> None:
    """500, 429 and timeouts, and the server goes away for a while in the middle."""

    def fault(number: int) -> str | None:
        return {2: "500", 5: "429", 6: "restart", 9: "timeout", 11: "500"}.get(number)

    server.fault = fault
    model = at(server, num_concurrent=concurrent, max_retries=2, timeout=4)
    policy = BackendPolicy.load(model, PROMPTS, tmp_path / "answers.jsonl")
    assert texts(policy, GREEDY) == expected
    kept = Counter(row["prompt"] for row in read_rows(tmp_path / "answers.jsonl"))
    assert kept == Counter(TASKS)
    assert server.requests >= len(TASKS) + 5


def test_whoever_comes_back_asks_for_the_rest_only(
    server: ModelServer, expected: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answers.jsonl"
    server.fault = lambda number: "400" if number > 6 else None
    with pytest.raises(UserError, match="local-completions embedded failed"):
        texts(BackendPolicy.load(at(server, max_retries=1), PROMPTS, path), GREEDY)
    assert len(list(read_rows(path))) == 6
    with path.open("a") as file:
        file.write('{"seed": 1, "sam')  # a writer that was killed
    server.fault = lambda number: None
    server.answered.clear()
    assert texts(BackendPolicy.load(at(server), PROMPTS, path), GREEDY) == expected
    assert len(server.answered) == len(TASKS) - 6
    assert Counter(row["prompt"] for row in read_rows(path)) == Counter(TASKS)


def test_a_full_disk_is_told_at_once(
    server: ModelServer, expected: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answers.jsonl"

    def append(path: Path, rows: Iterable[Row]) -> int:
        if len(list(read_rows(path))) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return append_rows(path, rows)

    with monkeypatch.context() as patch:
        patch.setattr(backends, "append_rows", append)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            texts(BackendPolicy.load(at(server), PROMPTS, path), GREEDY)
    assert server.requests == 4
    assert texts(BackendPolicy.load(at(server), PROMPTS, path), GREEDY) == expected
    assert Counter(row["prompt"] for row in read_rows(path)) == Counter(TASKS)


def test_an_answer_that_the_disk_took_half_of_leaves_no_half_line(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the kernel writes up to it, then refuses.
    It is high above what else this process writes meanwhile."""
    answers = Answers(tmp_path / "answers.jsonl")
    answers.keep(0, 0, "first", "x" * (8 << 20))
    limit, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (answers.path.stat().st_size + 20, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            answers.keep(0, 1, "second", "lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    answers.keep(0, 2, "third", "kept")
    assert [row["prompt"] for row in read_rows(answers.path)] == ["first", "third"]


def test_a_server_that_is_not_there_is_given_up_in_one_sentence(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "TRIES", 2)
    monkeypatch.setattr(backends, "LONGEST_PAUSE", 0.01)
    model = at(server, max_retries=1)
    server.stop()
    policy = BackendPolicy.load(model, PROMPTS, tmp_path / "answers.jsonl")
    with pytest.raises(UserError, match="has not answered 2 times in a row") as caught:
        texts(policy, GREEDY)
    assert "\n" not in str(caught.value)


def test_chat_is_asked_in_turns(server: ModelServer, tmp_path: Path) -> None:
    args = {"model": "embedded", "base_url": server.url(chat=True)}
    model = of_backend("local-chat-completions", args)
    policy = BackendPolicy.load(model, PROMPTS, tmp_path / "answers.jsonl")
    policy.generate(TASKS[:1], 1, GREEDY)
    assert server.answered[0]["messages"] == [
        {"role": "user", "content": PROMPTS.question(TASKS[0])}
    ]


def test_lm_evals_own_transformers_backend_answers_the_same(
    expected: list[list[str]], tmp_path: Path
) -> None:
    args = {"pretrained": str(EMBEDDED), "dtype": "float32", "batch_size": 4}
    policy = BackendPolicy.load(of_backend("hf", args), PROMPTS, tmp_path / "answers.jsonl")
    assert texts(policy, GREEDY) == expected


def test_arguments_are_read_as_lm_eval_reads_them() -> None:
    assert parse_args(["pretrained=a/b,dtype=float32", "batch_size=8"]) == {
        "pretrained": "a/b",
        "dtype": "float32",
        "batch_size": 8,
    }
    assert parse_args(['{"pretrained": "a/b", "trust_remote_code": false}']) == {
        "pretrained": "a/b",
        "trust_remote_code": False,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [("pretrained", "expected `key=value`"), ("auth_token=x", "set it in the environment")],
)
def test_bad_arguments_are_one_clear_sentence(given: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        parse_args([given])
    assert "\n" not in str(caught.value)


def test_an_unknown_backend_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'local-completions'"):
        check_backend("local-completion")


def test_a_backend_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    model = of_backend("hf", {"pretrained": "/no/such/folder"})
    with pytest.raises(UserError, match="lm-eval cannot make hf") as caught:
        BackendPolicy.load(model, PROMPTS, tmp_path / "answers.jsonl")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "args", "chosen"),
    [
        (None, [], ("embedded", None)),
        ("owner/name", [], ("owner/name", None)),
        ("embedded", [], ("embedded", None)),
        ("hf", ["pretrained=a/b"], ("hf a/b", "hf")),
        ("dummy", [], ("dummy", "dummy")),
    ],
)
def test_a_name_is_ours_or_lm_evals(
    name: str | None, args: list[str], chosen: tuple[str, str | None]
) -> None:
    found = chosen_model(Profile(description=""), name, args)
    assert (found["name"], found["backend"]) == chosen


@pytest.mark.parametrize(
    ("backend", "args", "is_served"),
    [
        ("hf", ["pretrained=a/b"], False),
        ("vllm", ["pretrained=a/b", "tensor_parallel_size=2"], False),
        ("local-completions", ["model=m", "base_url=http://h/v1"], True),
        ("local-completions", ["pretrained=m", "base_url=http://h/v1"], True),
        ("anthropic-chat", ["model=m"], True),
    ],
)
def test_weights_are_loaded_by_each_cell_and_a_server_is_asked(
    backend: str, args: list[str], is_served: bool
) -> None:
    """Of a cluster, the first takes as many nodes and GPUs as the profile says, the second none."""
    profile = Profile(description="", model=Model(gpus=2))
    model = Model.model_validate(chosen_model(profile, backend, args))
    assert model.is_served == is_served
    assert model.gpus == 2


def test_a_server_is_not_asked_by_several_processes_at_once() -> None:
    assert default_workers(of_backend("local-completions", {"model": "m"})) == 1
    assert default_workers(Model()) == cores()
