"""The observed verdict from what the lab recorded."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.observe import observed
from tasks.types import Fault, Level, Status, Task


def connection(address: str, port: int, protocol: str = "tcp", name: str = "") -> dict[str, Any]:
    return {"protocol": protocol, "address": address, "port": port, "name": name}


OBSERVATION: dict[str, Any] = {
    "connections": [
        connection("10.0.0.1", 22),
        connection("10.0.0.1", 443),
        connection("10.0.0.2", 22),
        connection("10.0.0.2", 443),
        connection("10.9.9.9", 80, name="shop.example"),
        connection("10.0.0.5", 53, "udp"),
    ],
    "http": [
        {
            "address": "10.9.9.9",
            "port": 80,
            "host": "shop.example",
            "method": "POST",
            "path": "/admin",
            "query": "a=1&b=2",
            "headers": {"user-agent": "x/1", "cookie": "k=v"},
            "body": "user=a&pass=b",
            "tls": False,
        }
    ],
    "dns": [
        {"name": "shop.example", "type": "MX", "transport": "udp", "server": "10.0.0.5",
         "port": 53},
        {"name": "4.3.2.10.in-addr.arpa", "type": "PTR", "transport": "udp", "server": "10.0.0.5",
         "port": 53},
    ],
    "logins": [
        {"service": "ftp", "address": "10.9.9.9", "port": 21, "user": "root", "password": "",
         "success": False}
    ],
    "truncated": False,
}  # fmt: skip


def task_that_expects(expectations: list[dict[str, Any]]) -> Task:
    return Task.model_validate(
        {
            "id": "t",
            "family": "nmap.t",
            "tool": "nmap",
            "split": "heldout",
            "prompt": "do it",
            "params": {},
            "intent": {"tool": "nmap"},
            "observe": expectations,
            "correct": ["true", "true"],
            "wrong": [{"command": "true", "fault": "wrong tool"}] * 3,
        }
    )


def verdict(expectations: list[dict[str, Any]], stderr: str = "", **changed: Any) -> Any:
    return observed(task_that_expects(expectations), OBSERVATION | changed, 0, "", stderr)


@pytest.mark.parametrize(
    "expectation",
    [
        {"connection": {"host": "10.0.0.1", "port": "22,443", "protocol": "tcp"}},
        {"connection": {"host": "10.0.0.1-2", "port": "22"}},
        {"connection": {"host": "10.0.0.1 10.0.0.2", "port": 443}},
        {"connection": {"host": "10.0.0.1"}},
        {"connection": {"host": "Shop.Example", "port": 80, "protocol": "tcp"}},
        {"connection": {"host": "10.0.0.5", "port": 53, "protocol": "udp"}},
        {"http": {"path": "/admin"}},
        {"http": {"host": "shop.example", "port": "80", "method": "post"}},
        {"http": {"host": "10.9.9.9", "query": "b=2&a=1", "tls": "false"}},
        {"http": {"header:User-Agent": "x/1", "header:cookie": "k=v"}},
        {"http": {"body": "user=a&pass=b"}},
        {"http": {"address": "10.9.9.9"}},
        {"dns": {"name": "SHOP.example.", "type": "mx", "server": "10.0.0.5"}},
        {"dns": {"name": "10.2.3.4", "type": "PTR"}},
        {"login": {"service": "ftp", "user": "root", "password": ""}},
        {"login": {"host": "shop.example", "success": "false"}},
    ],
)
def test_what_was_seen(expectation):
    result = verdict([expectation])
    assert (result.level, result.status) == (Level.OBSERVE, Status.PASS), result


@pytest.mark.parametrize(
    ("expectation", "named"),
    [
        ({"connection": {"host": "10.0.0.1", "port": "22,80"}}, "10.0.0.1 port 80"),
        ({"connection": {"host": "10.0.0.1-3", "port": 22}}, "10.0.0.3 port 22"),
        ({"connection": {"host": "10.0.0.5", "port": 53, "protocol": "tcp"}}, "10.0.0.5"),
        ({"connection": {"host": "web.example", "port": 80}}, "web.example"),
        ({"connection": {"host": "10.0.0.7"}}, "10.0.0.7"),
        ({"http": {"path": "/admin", "method": "GET"}}, "method=GET"),
        ({"http": {"header:accept": "x"}}, "header:accept=x"),
        ({"http": {"query": "a=1"}}, "query=a=1"),
        ({"http": {"tls": "true"}}, "tls=true"),
        ({"dns": {"name": "shop.example", "type": "A"}}, "type=A"),
        ({"login": {"user": "root", "password": "toor"}}, "password=toor"),
    ],
)
def test_what_was_not_seen_is_named(expectation, named):
    result = verdict([{"http": {"path": "/admin"}}, expectation])
    assert (result.status, result.fault) == (Status.FAIL, Fault.NO_EFFECT)
    assert named in result.reason


QUIET: dict[str, Any] = {"connections": [], "http": [], "dns": [], "logins": []}


def test_nothing_is_met_where_nothing_reached_the_lab():
    assert verdict([{"nothing": True}], **QUIET).status is Status.PASS
    result = verdict([{"nothing": True}])
    assert (result.status, result.fault) == (Status.FAIL, Fault.NOT_POSSIBLE)
    assert "tcp to 10.0.0.1 port 22" in result.reason


@pytest.mark.parametrize(
    ("exit_code", "expected"),
    [
        (0, Status.PASS),
        (1, Status.FAIL),
        (127, Status.FAIL),
        (137, Status.UNDECIDABLE),  # killed: a limit, or itself
        (None, Status.UNDECIDABLE),
    ],
)
def test_exit_is_the_exit_status(exit_code, expected):
    task = task_that_expects([{"exit": 0}])
    assert observed(task, QUIET, exit_code, "", "").status is expected


@pytest.mark.parametrize(
    "expectation", [{}, {"exit": 0, "nothing": True}, {"nothing": False}, {"files": "x"}]
)
def test_an_expectation_has_one_known_key(expectation):
    with pytest.raises(ValidationError):
        task_that_expects([expectation])


def test_a_task_without_expectations_is_undecidable():
    assert verdict([]).status is Status.UNDECIDABLE


@pytest.mark.parametrize(
    "stderr",
    [
        "You requested a scan type which requires root privileges.\nQUITTING!",
        "TCP/IP fingerprinting (for OS scan) requires root privileges.",
        "setup_target: Operation not permitted",
    ],
)
def test_a_missing_privilege_is_no_wrong_answer(stderr):
    result = verdict([{"connection": {"host": "10.0.0.7"}}], stderr)
    assert result.status is Status.UNDECIDABLE
    assert "privilege" in result.reason


def test_a_privilege_message_changes_nothing_when_all_was_seen():
    assert verdict([{"connection": {"host": "10.0.0.1"}}], "requires root").status is Status.PASS


def test_an_observation_that_was_cut_is_undecidable_only_for_what_is_missing():
    missing = [{"connection": {"host": "10.0.0.7"}}]
    assert verdict(missing, truncated=True).status is Status.UNDECIDABLE
    assert verdict([{"http": {"path": "/admin"}}], truncated=True).status is Status.PASS
