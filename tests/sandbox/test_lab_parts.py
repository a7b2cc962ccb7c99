"""The lab's own parts, without a sandbox: names, DNS messages, the record, the database."""

from __future__ import annotations

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.capture import Capture
from sandbox.lab import dns, hidden, names, ntlm, smb, snmp, sql_logins
from sandbox.lab.database import Database
from sandbox.lab.record import MAX_ROWS, Record

LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


def question(name: str, type_: str) -> bytes:
    head = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
    return head + dns.packed_name(name) + struct.pack("!HH", dns.TYPES[type_], 1)


def reply(name: str, type_: str) -> tuple[int, int]:
    """(response code, number of answers)."""
    record = Record()
    record.begin()
    message = dns.answer(dns.parse(question(name, type_)), record)
    number, flags, _, answers = struct.unpack_from("!4H", message)
    assert number == 7
    return flags & 0xF, answers


@given(LABEL, LABEL, st.sampled_from(names.TOP))
def test_every_lab_name_has_one_address_in_the_lab(host: str, site: str, top: str) -> None:
    address = names.address_of(f"{host}.{site}.{top}")
    assert address == names.address_of(f"{host}.{site}.{top}")
    assert ipaddress.ip_address(str(address)) in ipaddress.ip_network("10.0.0.0/8")


@pytest.mark.parametrize("name", ["example", "debian.org", "a..test", "x" * 31 + ".test", ""])
def test_other_names_do_not_exist(name: str) -> None:
    assert names.address_of(name) is None


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        ("shop.example", "A", (0, 1)),
        ("shop.example", "NS", (0, 2)),
        ("shop.example", "MX", (0, 1)),
        ("shop.example", "CNAME", (0, 0)),
        ("www.shop.example", "MX", (0, 0)),
        ("shop.example", "AXFR", (0, 20)),
        ("debian.org", "A", (3, 0)),
        ("4.3.2.10.in-addr.arpa", "PTR", (3, 0)),
    ],
)
def test_dns_answers(name: str, type_: str, expected: tuple[int, int]) -> None:
    assert reply(name, type_) == expected


def test_an_address_has_the_name_that_was_asked_for() -> None:
    record = Record()
    record.begin()
    dns.answer(dns.parse(question("shop.example", "A")), record)
    reverse = ".".join(reversed(str(names.address_of("shop.example")).split(".")))
    message = dns.answer(dns.parse(question(f"{reverse}.in-addr.arpa", "PTR")), record)
    assert dns.packed_name("shop.example") in message


@given(st.binary(max_size=64))
def test_what_is_no_dns_query_is_refused_not_fatal(message: bytes) -> None:
    with contextlib.suppress(ValueError):
        dns.parse(message)


def test_record_says_when_it_keeps_no_more() -> None:
    record = Record()
    record.begin()
    for _ in range(MAX_ROWS):
        record.dns(name="a")
    assert not record.collect()["truncated"]
    record.dns(name="a")
    assert record.collect()["truncated"]
    record.begin()
    assert record.collect() == {
        "connections": [], "http": [], "dns": [], "logins": [], "truncated": False
    }  # fmt: skip


@pytest.mark.parametrize("value", ["1", "kettle", "acorn-22", "a b"])
def test_database_page_depends_on_injected_truth(value: str) -> None:
    database = Database()
    plain = database.page(value)
    assert plain == database.page(f"{value}' AND '1'='1")
    assert plain != database.page(f"{value}' AND '1'='2")
    assert database.page(f"{value}'")[0] == 500


def test_database_refuses_to_be_a_burden() -> None:
    database = Database()
    heavy = "1' AND 1=LIKE('A',UPPER(HEX(RANDOMBLOB(500000000))))--"
    loop = "1' UNION WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n) "
    loop += "SELECT max(i),1 FROM n--"
    assert database.page(heavy)[0] == 500
    assert database.page(loop)[0] == 500
    assert database.page("1'; DROP TABLE users--")[0] == 500
    assert "guest" in database.page("1' UNION SELECT login, password FROM users--")[1]


def test_capture_keeps_the_first_bytes() -> None:
    capture = Capture(4)
    capture.add(1, b"abc")
    assert not capture.truncated
    capture.add(1, b"def")
    capture.add(2, b"err")
    assert (capture.stdout, capture.stderr, capture.truncated) == ("abcd", "err", True)


def snmp_request(kind: int, oid: tuple[int, ...], community: bytes = b"public") -> bytes:
    binding = snmp._tlv(snmp.SEQUENCE, snmp._oid(oid) + snmp._tlv(snmp.NULL, b""))
    numbers = snmp._number(77) + snmp._number(0) + snmp._number(3)
    body = snmp._tlv(kind, numbers + snmp._tlv(snmp.SEQUENCE, binding))
    head = snmp._number(1) + snmp._tlv(snmp.OCTETS, community)
    return snmp._tlv(snmp.SEQUENCE, head + body)


@pytest.mark.parametrize(
    ("kind", "oid", "said"),
    [
        (snmp.GET, (*snmp.SYSTEM, 5, 0), b"router.corp.lab"),
        (snmp.GET_NEXT, (*snmp.SYSTEM, 4, 0), b"router.corp.lab"),
        (snmp.GET_BULK, snmp.SYSTEM, b"Debian"),
        (snmp.GET, (1, 3, 999), bytes([snmp.NO_SUCH_OBJECT, 0])),
        (snmp.GET_NEXT, (*snmp.SYSTEM, 9), bytes([snmp.END_OF_VIEW, 0])),
    ],
)
def test_snmp_answers(kind: int, oid: tuple[int, ...], said: bytes) -> None:
    record = Record()
    record.begin()
    reply = snmp.answer(snmp_request(kind, oid), "10.0.0.1", record)
    assert reply is not None
    assert said in reply

    assert snmp.answer(snmp_request(kind, oid, b"private"), "10.0.0.1", record) is None
    assert [row["password"] for row in record.collect()["logins"]] == ["public", "private"]


@given(st.binary(max_size=64))
def test_what_is_no_snmp_is_refused_not_fatal(message: bytes) -> None:
    record = Record()
    record.begin()
    with contextlib.suppress(ValueError):
        snmp.answer(message, "10.0.0.1", record)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"message digest", "d9130a8164549fe818874806e1c7014b"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_is_that_of_rfc_1320(text: bytes, digest: str) -> None:
    assert ntlm.md4(text).hex() == digest


class NoPeer:
    """What a session of SMB needs of a peer before a login."""


@given(st.binary(max_size=120), st.sampled_from(sorted(smb.HANDLERS)))
def test_what_is_no_smb_is_refused_not_fatal(rest: bytes, command: int) -> None:
    session = smb.Session(NoPeer())  # type: ignore[arg-type]
    head = b"\xfeSMB" + bytes(8) + command.to_bytes(2, "little") + bytes(50)
    with contextlib.suppress(ValueError, struct.error):
        session.reply(head + rest)
    session.inside = True
    with contextlib.suppress(ValueError, struct.error):
        session.reply(head + rest)


@pytest.mark.parametrize("password", ["", "letmein", "bob"])
def test_a_hashed_password_is_found_out_if_it_is_a_likely_one(password: str) -> None:
    hashed = sql_logins._mysql_response(password)
    assert hidden.revealed("bob", lambda w: sql_logins._mysql_response(w) == hashed) == password


def test_a_hashed_password_that_nobody_would_try_stays_hidden() -> None:
    assert hidden.revealed("bob", lambda word: word == "Tr0ub4dor&3") == hidden.HIDDEN
