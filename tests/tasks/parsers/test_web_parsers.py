"""The own rules of dirb, medusa, sslscan, wfuzz, whatweb and smbclient, on their shipped specs."""

from __future__ import annotations

import shlex

import pytest

from tasks.canonical import canonical
from tasks.parsers import RefusedError, parser_for
from tasks.syntax.ip_ranges import ip_ranges_text
from tasks.syntax.smb_conf import smb_option_text
from tasks.syntax.wfuzz_filter import filter_expression
from tasks.syntax.wfuzz_payloads import payload_text


def fault(line: str) -> str:
    """The kind of mistake in a command; "" if its tool takes it."""
    tool, *words = shlex.split(line)
    parser = parser_for(tool)
    try:
        parser.check(parser.parse(words, line))
    except RefusedError as refused:
        return refused.fault.value
    return ""


def form(line: str) -> str:
    tool, *words = shlex.split(line)
    return canonical(parser_for(tool).parse(words, line))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dirb -r http://h/", "missing operand"),
        ("dirb http://h/ -r -resume", "unknown flag"),
        ("dirb -resume whatever -q", ""),
        ("dirb http://h/ -b -q", ""),  # -b takes the next word
        ("medusa -hd", "missing option"),
        ("medusa -d --nothing", ""),
        ("medusa -h a -H b -u c -p d -M ftp", "conflict"),
        ("sslscan h --tls12", "extra option"),
        ("sslscan --timeout 5 h", "missing value"),
        ("sslscan --tls12=1 h", "bad value"),
        ("wfuzz -w a http://h/FUZZ --hc 404", "extra option"),
        ("wfuzz -w a -w b http://h/FUZZ", "missing operand"),
        ("wfuzz -w a -w b -m chain http://h/FUZZ", ""),
        ("wfuzz --zD a -z file http://h/FUZZ", "missing option"),
        ("wfuzz -L -L -w a http://h/FUZZ", "duplicate"),
        ("wfuzz -w a --hc BBB http://h/FUZZ", "bad value"),
        ("wfuzz -w a --dry-run -A http://h/FUZZ", "conflict"),
        ("whatweb --us a h", "unknown flag"),
        ("whatweb --version --nothing", ""),
        ("whatweb -a=3 h", "bad value"),
        ("dnsrecon -t brt -d a.lab", "missing option"),
        ("dnsrecon -r 10.0.0.0/30", ""),
        ("dnsrecon -r 10.0.0.0/30 -t std", "missing option"),
        ("smbclient //h/s -p", ""),  # popt leaves it out
        ("smbclient //h/s -N --no-pass=x", ""),
        ("smbclient //h/s --pass x", "unknown flag"),
        ("smbclient //h -N", "bad value"),
        ("smbclient //h/s --tar c a.tar", "missing operand"),
        ("smbclient //h/s -Tcx a.tar", "bad value"),
    ],
)
def test_faults(line, expected):
    assert fault(line) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("wfuzz -w a.txt http://h/FUZZ", "wfuzz -z file --zD a.txt -u http://h/FUZZ"),
        ("wfuzz -z list,a-b,md5 http://h/FUZZ", "wfuzz -z list,a-b --zE md5 http://h/FUZZ"),
        ("wfuzz --follow -w a http://h/FUZZ", "wfuzz -L -w a http://h/FUZZ"),
        ("smbclient '\\\\h\\s' -N", "smbclient -N //h/s"),
        ("smbclient //h/s -p=139", "smbclient //h/s --port 139"),
        ("dnsrecon -d a.lab -t AXFR,std", "dnsrecon --type=std,axfr -da.lab"),
        ("dirb http://h http://h/list -X.a,.b", "dirb http://h/ http://h/list -X .b,.a"),
    ],
)
def test_two_spellings_have_one_form(first, second):
    assert form(first) == form(second)


def test_a_word_list_after_an_option_is_none():
    assert "wordlist" not in form("dirb http://h/ -r words.txt")


@pytest.mark.parametrize(
    ("text", "default"), [("file", None), ("foo,a", None), ("range,5", None), ("list,a", "b")]
)
def test_payloads_that_wfuzz_refuses(text, default):
    with pytest.raises(ValueError, match=r"."):
        payload_text(text, default, None, None)


def test_ranges_are_the_networks_they_cover():
    assert ip_ranges_text("10.0.0.0-10.0.0.3,zzq") == ip_ranges_text("10.0.0.1/30") == "10.0.0.0/30"
    with pytest.raises(ValueError, match="no range"):
        ip_ranges_text("10.0.0.1")


@pytest.mark.parametrize("text", ["client min protocol=SMB1", "client min protocol", "foo=bar"])
def test_settings_that_samba_refuses(text):
    with pytest.raises(ValueError, match=r"."):
        smb_option_text(text)


def test_settings_have_one_form():
    assert smb_option_text("Client Min Protocol = NT1") == "clientminprotocol=NT1"
    assert smb_option_text("any:thing=1") == "any:thing=1"


@pytest.mark.parametrize("text", ["c=200", "not (c=404 or l>=97) and FUZZ~'a'", "FUZZ[url]|m('x')"])
def test_filters(text):
    assert filter_expression(text) == text


@pytest.mark.parametrize("text", ["zzq", "c==", "c=200 and", 'FUZZ="a"', "((c=200))"])
def test_filters_that_wfuzz_refuses(text):
    with pytest.raises(ValueError, match="no filter"):
        filter_expression(text)
