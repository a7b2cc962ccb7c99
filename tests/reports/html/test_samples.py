"""What the page carries of the samples, and how it tells what the lab saw."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

from reports.html.lab import MOST_EVENTS, MOST_OUTPUT, seen
from reports.html.samples import MOST, Record, compressed, is_drawn, pack


def execution(**changes: Any) -> dict[str, Any]:
    nothing = {"connections": [], "http": [], "dns": [], "logins": []}
    return {
        "command": "curl x",
        "ending": "exited",
        "exit_code": 0,
        "stdout": "",
        "stderr": "",
        "observation": nothing | changes.pop("observation", {}),
        "detail": "",
    } | changes


def test_what_is_packed_comes_out_again(record: Record) -> None:
    data = pack(record, 100)
    assert json.loads(gzip.decompress(base64.b64decode(compressed(data)))) == data
    assert compressed(data) == compressed(pack(record, 100))


def test_the_page_carries_the_heldout_samples_in_order(record: Record) -> None:
    data = pack(record, 100)
    own = [row for row in record.samples if row["split"] == "heldout"]
    answers, columns = data["answers"], data["columns"]
    assert [data["arms"][i] for i in columns["arm"]] == [row["arm"] for row in own]
    assert [answers["text"][i] for i in columns["answer"]] == [row["text"] for row in own]
    tasks = [data["tasks"][answers["task"][i]] for i in columns["answer"]]
    assert [task["id"] for task in tasks] == [row["task"] for row in own]
    scores = dict(zip(data["proxies"], data["scores"], strict=True))
    assert scores["fidelity"] == [round(row["proxies"]["fidelity"], 3) for row in own]


def test_a_score_that_a_sample_lacks_stays_empty(record: Record) -> None:
    first, second = list(record.samples)[:2]
    rows = [first | {"proxies": {}}, second | {"proxies": {"late": 0.12345}}]
    assert pack(Record(rows), 2)["scores"] == [[None, 0.123]]


def test_an_older_record_without_verdicts_is_still_shown(record: Record) -> None:
    data = pack(replace(record, verdicts=(), tasks=()), 100)
    assert set(data["answers"]["reason"]) == {None}
    assert {task["prompt"] for task in data["tasks"]} == {""}
    assert min(data["lab_of"]) >= 0  # the text itself was executed


def test_a_large_run_keeps_whole_tasks_always_the_same() -> None:
    names = [f"task-{i}" for i in range(2000)]
    drawn = {name for name in names if is_drawn(name, 0.25)}
    assert 400 < len(drawn) < 600
    assert drawn <= {name for name in names if is_drawn(name, 0.5)}
    assert all(is_drawn(name, min(1.0, MOST / 5)) for name in names)


def test_everything_that_reached_the_lab_is_told() -> None:
    request = {
        "address": "10.1.1.1", "port": 8443, "host": "", "method": "GET", "path": "/a",
        "query": "b=1", "headers": {}, "body": "", "tls": True,
    }  # fmt: skip
    login = {
        "service": "ftp", "address": "10.1.1.1", "port": 21, "user": "root", "password": "x",
        "success": False,
    }  # fmt: skip
    query = {"name": "web.lab", "type": "MX", "transport": "udp", "server": "10.0.0.53", "port": 53}
    observation = {"http": [request], "logins": [login], "dns": [query]}
    assert seen(execution(observation=observation, exit_code=7, stdout=" hi\n")) == [
        "exit status 7",
        "dns: MX web.lab, asked of 10.0.0.53",
        "https: GET 10.1.1.1:8443/a?b=1",
        "login: ftp root / x, refused",
        "stdout: hi",
    ]


def test_long_records_are_cut_and_say_so() -> None:
    connection = {"protocol": "tcp", "address": "10.1.1.1", "port": 80, "name": ""}
    many = execution(observation={"connections": [connection] * 40}, stderr="x" * 999)
    lines = seen(many)
    assert lines[1] == "tcp: 10.1.1.1:80"
    assert lines[MOST_EVENTS + 1] == f"and {40 - MOST_EVENTS} more"
    assert lines[-1] == f"stderr: {'x' * MOST_OUTPUT} …"


def test_what_did_not_end_says_how() -> None:
    late = execution(ending="timeout", exit_code=None, detail="30 s")
    assert seen(late) == ["timeout: 30 s", "nothing reached the lab"]


def test_that_nothing_was_started_is_said() -> None:
    said = ["exit status 1", "nothing reached the lab"]
    assert seen(execution(exit_code=1, programs=[])) == [*said, "no program was started"]
    assert seen(execution(exit_code=1, programs=None)) == said


def test_a_ping_has_no_port() -> None:
    ping = {"protocol": "icmp", "address": "10.1.1.1", "port": 0, "name": ""}
    assert seen(execution(observation={"connections": [ping]}))[1] == "icmp: 10.1.1.1"
