"""The parsers of curl, ffuf (Go flag), gobuster (cobra, pflag) and dig: their known traps."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def curl(tool):
    return tool(
        "curl",
        """
options:
  - {name: --head, aliases: [-I]}
  - {name: --header, aliases: [-H], arity: one, type: header, repeatable: true}
  - {name: --user, aliases: [-u], arity: one}
  - {name: --user-agent, aliases: [-A], arity: one}
  - {name: --output, aliases: [-o], arity: one, type: path, repeatable: true}
  - {name: --silent, aliases: [-s], neutral: true}
  - {name: --include, aliases: [-i]}
  - {name: --list-only, aliases: [-l]}
  - {name: --referer, aliases: [-e], arity: one}
  - {name: --keepalive}
  - {name: --url, arity: one}
operands: [{name: url, type: url, most: null}]
requires: [[url]]
""",
    )


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("-I h", [("--head", None), ("url", "h")]),
        ("--user-a x h", [("--user-agent", "x"), ("url", "h")]),
        ("--user x h", [("--user", "x"), ("url", "h")]),
        ("--USER x h", [("--user", "x"), ("url", "h")]),
        ("-sIu a:b h", [("--silent", None), ("--head", None), ("--user", "a:b"), ("url", "h")]),
        ("--no-keepalive h", [("--no-keepalive", None), ("url", "h")]),
        ("--keepalive --no-keepalive h", [("--no-keepalive", None), ("url", "h")]),
        ("--url h", [("url", "h")]),
        ("-- -I", [("url", "-I")]),
        ("-u a -u b h", [("--user", "b"), ("url", "h")]),
        ("-output x", [("--output", "utput"), ("url", "x")]),
    ],
)
def test_curl_spellings(curl, line, pairs):
    assert curl.pairs(line) == pairs


def test_curl_reads_a_long_word_with_one_dash_as_letters(curl):
    expected = [("--silent", None), ("--include", None), ("--list-only", None), ("--referer", "nt")]
    assert curl.pairs("-silent") == expected


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("--hea h", "unknown flag"),  # --head or --header
        ("--user=x h", "unknown flag"),
        ("--no-user x h", "bad value"),
        ("--no-keep h", "unknown flag"),
        ("--agent x h", "unknown flag"),
        ("-X h", "unknown flag"),
        ("h -A", "missing value"),
        ("-H nocolon h", "bad value"),
        ("-I", "missing operand"),
    ],
)
def test_curl_faults(curl, line, fault):
    assert curl.fault(line) == fault


@pytest.fixture(scope="module")
def ffuf(tool):
    return tool(
        "go_flag",
        """
options:
  - {name: -u, arity: one, type: url}
  - {name: -w, arity: one, type: path, repeatable: true}
  - {name: -t, arity: one, type: uint, default: "40"}
  - {name: -s, neutral: true}
  - {name: -V, informs: true}
operands: [{name: ignored, most: null}]
requires: [[-u], [-w]]
""",
    )


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("-u h -w f", [("-u", "h"), ("-w", "f")]),
        ("--u h --w=f", [("-u", "h"), ("-w", "f")]),
        ("-s=true -u h", [("-s", None), ("-u", "h")]),
        ("-s=false -u h", [("-u", "h")]),
        ("-s true -u h", [("-s", None), ("ignored", "true"), ("ignored", "-u"), ("ignored", "h")]),
        ("-u -w", [("-u", "-w")]),
    ],
)
def test_go_flag_spellings(ffuf, line, pairs):
    assert ffuf.pairs(line) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-uh -w f", "unknown flag"),
        ("-ur h -w f", "unknown flag"),
        ("---u h", "unknown flag"),
        ("-s=maybe -u h -w f", "bad value"),
        ("-u h -w", "missing value"),
        ("-u h x -w f", "missing option"),  # everything after a stray word is ignored
        ("-u h -w f -t many", "bad value"),
        ("-V", ""),
    ],
)
def test_go_flag_faults(ffuf, line, fault):
    assert ffuf.fault(line) == fault


@pytest.fixture(scope="module")
def gobuster(tool):
    return tool(
        "pflag",
        """
options:
  - {name: --wordlist, aliases: [-w], arity: one, type: path}
  - {name: --quiet, aliases: [-q], neutral: true}
subcommands:
  - name: dir
    requires: [[--url], [--wordlist]]
    options:
      - {name: --url, aliases: [-u], arity: one, type: url}
      - {name: --no-tls-validation, aliases: [-k]}
      - {name: --follow-redirect, aliases: [-r]}
    operands: [{name: ignored, most: null}]
  - name: dns
    options: [{name: --domain, aliases: [-d], arity: one, type: domain}]
""",
    )


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("dir -u h -w f", [("--url", "h"), ("--wordlist", "f")]),
        ("dir --url=h -w=f", [("--url", "h"), ("--wordlist", "f")]),
        ("-w f dir -uh", [("--wordlist", "f"), ("--url", "h")]),
        ("-q dir -u h", [("--quiet", None), ("--url", "h")]),
        ("-u h dir -w f", [("--url", "h"), ("--wordlist", "f")]),
        ("dir -kq -u h", [("--no-tls-validation", None), ("--quiet", None), ("--url", "h")]),
        ("dir -k=false -u h", [("--url", "h")]),
        ("dir --quiet=true -u h", [("--quiet", None), ("--url", "h")]),
    ],
)
def test_pflag_spellings(gobuster, line, pairs):
    assert gobuster.pairs(line) == pairs


def test_pflag_reads_a_long_word_with_one_dash_as_letters(gobuster):
    assert gobuster.pairs("dir -url X") == [("--url", "rl"), ("ignored", "X")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("fuzz -u h", "wrong tool"),
        ("-w f -q", "missing operand"),
        ("-k dir -u h -w f", "unknown flag"),  # -k is unknown to the root: it swallows "dir"
        ("dir --ur h -w f", "unknown flag"),
        ("dir -d h -w f", "unknown flag"),
        ("dns -u h", "unknown flag"),
        ("dir -u h -w", "missing value"),
        ("dir -u h", "missing option"),
    ],
)
def test_pflag_faults(gobuster, line, fault):
    assert gobuster.fault(line) == fault


@pytest.fixture(scope="module")
def dig(tool):
    return tool(
        "dig",
        """
options:
  - {name: -x, arity: one, type: host}
  - {name: -p, arity: one, type: port}
  - {name: "-4"}
  - {name: +trace}
  - {name: +ttlid}
  - {name: +short}
  - {name: +showsearch}
  - {name: +time, arity: one, type: uint, negatable: false}
  - {name: +answer}
  - {name: +all}
operands:
  - {name: server, type: host}
  - {name: name, type: domain, most: null}
  - {name: type, type: dns_type, default: A}
  - {name: class, default: IN}
""",
    )


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("@s n MX", [("server", "s"), ("name", "n"), ("type", "MX")]),
        ("mx n @s", [("type", "mx"), ("name", "n"), ("server", "s")]),
        ("-t MX -q n", [("type", "MX"), ("name", "n")]),
        ("-tMX n IN", [("type", "MX"), ("name", "n"), ("class", "IN")]),
        ("n MXX", [("name", "n"), ("name", "MXX")]),
        ("+trac n", [("+trace", None), ("name", "n")]),
        ("+noshort n", [("+noshort", None), ("name", "n")]),
        ("+short=1 n", [("+short", None), ("name", "n")]),
        ("+time=3 n", [("+time", "3"), ("name", "n")]),
        ("-4x 10.0.0.1", [("-4", None), ("-x", "10.0.0.1")]),
        ("-p5353 n", [("-p", "5353"), ("name", "n")]),
        ("+answer +noall n", [("+noall", None), ("name", "n")]),
        ("+noall +answer n", [("+noall", None), ("+answer", None), ("name", "n")]),
    ],
)
def test_dig_spellings(dig, line, pairs):
    assert dig.pairs(line) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("+sho n", "unknown flag"),
        ("+fast n", "unknown flag"),
        ("-z n", "unknown flag"),
        ("--short n", "unknown flag"),
        ("+time n", "missing value"),
        ("+notime n", "unknown flag"),
        ("n -p", "missing value"),
        ("-t MXX n", "bad value"),
        ("-p abc n", "bad value"),
        ("", ""),
    ],
)
def test_dig_faults(dig, line, fault):
    assert dig.fault(line) == fault


def test_dig_takes_a_word_that_is_a_type_for_a_type(dig):
    assert dig.pairs("a a.example") == [("type", "a"), ("name", "a.example")]
