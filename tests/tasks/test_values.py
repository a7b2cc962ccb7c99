"""Value types, port and host sets, and URL equality."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.addresses import host_set, host_text, port_set, port_text
from tasks.urls import url_text
from tasks.values import VALUE_TYPES, normalise, validate


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("443,80", "80,443"),
        ("20-22", "20,21,22"),
        ("20-21,22", "20-22"),
        ("-", "1-65535"),
        ("*", "0-65535"),
        ("80,80", "80"),
        ("080", "80"),
        ("1000-", "1000-65535"),
        ("U:53,161", "U:161,53"),
        ("[1-10]", "1-10"),
    ],
)
def test_port_lists_are_sets(first, second):
    assert port_set(first) == port_set(second)
    assert port_text(first) == port_text(second)


@pytest.mark.parametrize("text", ["", "80,", "65536", "9-5", "http80", "80 443", "80;443", "Q:1"])
def test_what_is_no_port_list(text):
    assert validate("ports", text)


def test_different_ports_differ():
    assert port_set("80") != port_set("81")
    assert port_set("U:53") != port_set("53")
    assert port_set("http") != port_set("https")


@given(st.lists(st.integers(1, 65535), min_size=1, max_size=20))
def test_a_port_list_is_its_canonical_text(ports):
    text = port_text(",".join(map(str, ports)))
    assert port_text(text) == text
    spans = (range(low, high + 1) for _, low, high in port_set(text))
    assert sorted(n for span in spans for n in span) == sorted(set(ports))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("10.0.0.0/30", "10.0.0.0-3"),
        ("10.0.0.0/30", "10.0.0.3 10.0.0.1,2 10.0.0.0"),
        ("10.0.0.1/30", "10.0.0.0/30"),
        ("10.0-1.0.1", "10.0.0.1 10.1.0.1"),
        ("10.*.*.*", "10.0.0.0/8"),
        ("10.0.0.-", "10.0.0.0/24"),
        ("Shop.Example", "shop.example."),
        ("::0001", "[::1]"),
    ],
)
def test_hosts_are_sets(first, second):
    assert host_set(first) == host_set(second)
    assert host_text(first) == host_text(second)


@pytest.mark.parametrize(
    "text", ["", " ", "10.0.0.256", "10.0.0.0/33", "http://h", "a/b", "h:80", "-h", "a b$"]
)
def test_what_is_no_host(text):
    assert validate("hosts", text)


@given(st.ip_addresses(v=4), st.integers(24, 32))
def test_a_block_holds_its_addresses(address, bits):
    network = ipaddress.ip_network((address, bits), strict=False)
    ranges, names = host_set(f"{address}/{bits}")
    assert ranges == ((int(network[0]), int(network[-1])),)
    assert not names


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://h", "http://h/"),
        ("h", "http://h/"),
        ("HTTP://H:80/", "http://h/"),
        ("https://h:443/a", "https://h/a"),
        ("http://h/a/../b", "http://h/b"),
        ("http://h/%7euser", "http://h/~user"),
        ("http://h/%2f", "http://h/%2F"),
        ("http://h/a#part", "http://h/a"),
    ],
)
def test_urls_that_are_the_same(first, second):
    assert url_text(first) == url_text(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://h/a", "http://h/a/"),
        ("http://h/a", "http://h/A"),
        ("http://h/", "https://h/"),
        ("http://h/", "http://h:8080/"),
        ("http://h/?a=1", "http://h/?a=2"),
        ("http://FUZZ.h/", "http://fuzz.h/"),
        ("http://h/a%2Fb", "http://h/a/b"),
    ],
)
def test_urls_that_differ(first, second):
    assert url_text(first) != url_text(second)


@pytest.mark.parametrize("text", ["", "http://", "http:///x", "http://h:99999/", "http://h:x-y/"])
def test_what_is_no_url(text):
    assert validate("url", text)


@pytest.mark.parametrize(
    ("kind", "text", "canonical"),
    [
        ("duration", "1500ms", "1.5s"),
        ("duration", "90", "90s"),
        ("duration", "2m", "120s"),
        ("go_duration", "1m30s", "90s"),
        ("header", "X-A:  b", "x-a: b"),
        ("items", "b,a, a", "a,b"),
        ("path", "./a//b", "a/b"),
        ("int", "+07", "7"),
        ("float", "1.50", "1.5"),
        ("float", "10", "10"),
        ("size", "2k", "2048"),
        ("dns_type", "mx", "MX"),
        ("level", "vv", "3"),
        ("domain", "A.Example.", "a.example"),
        ("host_or_url", "http://H:80", "http://h/"),
        ("bool", "T", "true"),
    ],
)
def test_canonical_values(kind, text, canonical):
    assert normalise(kind, text) == canonical


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "x"),
        ("uint", "-1"),
        ("float", "nan"),
        ("port", "0"),
        ("port", "abc"),
        ("go_duration", "10"),
        ("duration", "10 s"),
        ("absolute_url", "h/x"),
        ("header", "no colon"),
        ("regex", "("),
        ("numbers", "200,x"),
        ("path", ""),
    ],
)
def test_refused_values(kind, text):
    assert validate(kind, text)


@given(st.sampled_from(sorted(VALUE_TYPES)), st.text(max_size=20))
def test_any_text_is_accepted_or_refused_with_a_reason(kind, text):
    reason = validate(kind, text)
    assert reason is None or reason
