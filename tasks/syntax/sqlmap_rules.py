"""The combinations and values that sqlmap 1.7.2 refuses before it asks anything.

Source: sqlmap lib/core/option.py, _basicOptionValidation, _setDBMS, _setOS, _setTamperingFunctions
and _setHTTPAuthentication.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from tasks.types import Command, Fault
from tasks.values import normalise, validate

# What an option wants beside it: one of these.
_NEEDS = {
    "--chunked": ("--data", "-r", "--forms"),
    "--api": ("-c",),
    "--forms": ("-u", "-g", "-m"),
    "--crawl-exclude": ("--crawl",),
    "--safe-post": ("--safe-url",),
    "--safe-freq": ("--safe-url", "--safe-req"),
    "--safe-url": ("--safe-freq",),
    "--safe-req": ("--safe-freq",),
    "--csrf-url": ("--csrf-token",),
    "--csrf-method": ("--csrf-token",),
    "--csrf-data": ("--csrf-token",),
    "--proxy-freq": ("--proxy-file",),
    "--check-tor": ("--tor", "--proxy"),
    "--auth-cred": ("--auth-type",),
    "--auth-type": ("--auth-cred", "--auth-file"),
}
_DBMS_WORDS = """
mssqlserver mssql ms mysql my mariadb maria memsql tidb percona drizzle postgresql
postgres pgsql psql pg cockroach cockroachdb redshift greenplum yellowbrick enterprisedb
yugabyte yugabytedb oracle orcl ora or sqlite sqlite3 msaccess access jet firebird
interbase ibase fb max maxdb sybase db2 ibmdb2 hsql hsqldb hs hypersql h2 ignite informix
ibminformix monet monetdb derby vertica mckoi presto altibase mimersql mimer cratedb crate
cubrid cachedb cache iris extremedb extreme frontbase raima raimadb raimadm rdm rds
velocis virtuoso
"""
_DBMS = frozenset(_DBMS_WORDS.split()) | {
    *("microsoft sql server", "amazon redshift", "microsoft access", "mozilla firebird"),
    *("sap maxdb", "sap db", "sybase sql server", "ibm db2", "apache ignite", "ibm informix"),
    *("apache derby", "intersystems cache", "raima database manager", "openlink virtuoso"),
}
_TAMPER_NAMES = """
0eunion apostrophemask apostrophenullencode appendnullbyte base64encode between binary
bluecoat chardoubleencode charencode charunicodeencode charunicodeescape commalesslimit
commalessmid commentbeforeparentheses concat2concatws decentities dunion equaltolike
equaltorlike escapequotes greatest halfversionedmorekeywords hex2char hexentities
htmlencode if2case ifnull2casewhenisnull ifnull2ifisnull informationschemacomment least
lowercase luanginx misunion modsecurityversioned modsecurityzeroversioned multiplespaces
ord2ascii overlongutf8 overlongutf8more percentage plus2concat plus2fnconcat randomcase
randomcomments schemasplit scientific sleep2getlock sp_password space2comment space2dash
space2hash space2morecomment space2morehash space2mssqlblank space2mssqlhash
space2mysqlblank space2mysqldash space2plus space2randomblank substring2leftright
symboliclogical unionalltounion unmagicquotes uppercase varnish versionedkeywords
versionedmorekeywords xforwardedfor
"""
_TAMPERS = frozenset(_TAMPER_NAMES.split())
_REGEXES = ("--regexp", "--param-exclude", "--retry-on", "--crawl-exclude", "--scope")
_STANDALONE = ("-d", "-u", "-l", "-m", "-g", "-c", "-r", "--update", "--smoke-test", "--wizard")
_CREDENTIALS = {"basic": r".*?:.*", "digest": r".*?:.*", "ntlm": r".*\\.*:.*", "bearer": r".*"}
_PROXY = re.compile(r"(?i)(?:https?|socks[45])://(?:[^/@]*@)?[^/:@]+:\d+.*")


def problems(command: Command) -> Iterator[tuple[Fault, str]]:
    """Each thing that sqlmap would refuse, and the kind of mistake."""
    given = {a.name: a.value or "" for a in command.arguments}
    for name in given:
        needed = _NEEDS.get(name)
        if needed and given.keys().isdisjoint(needed):
            yield Fault.MISSING_OPTION, f"sqlmap wants {' or '.join(needed)} beside {name}"
    yield from _conflicts(given)
    for name, text in given.items():
        reason = _problem(name, text)
        if reason:
            yield Fault.BAD_VALUE, f"{name}: {reason}"
    if "--auth-type" in given and "--auth-file" not in given:
        form = _CREDENTIALS.get(given["--auth-type"].lower())
        if form is None or not re.match(form, given.get("--auth-cred", ""), re.DOTALL):
            yield Fault.BAD_VALUE, "--auth-cred is not of the form that --auth-type wants"


def _conflicts(given: dict[str, str]) -> Iterator[tuple[Fault, str]]:
    if _number(given, "--threads") > 1:
        for other in ("--predict-output", "--csrf-token"):
            if other in given:
                yield Fault.CONFLICT, f"sqlmap refuses --threads above 1 beside {other}"
    if "--eta" in given and _number(given, "-v") > 1:
        yield Fault.CONFLICT, "sqlmap refuses -v above 1 beside --eta"
    for name in ("--skip", "--randomize"):
        if _names(given.get(name, "")) & _names(given.get("-p", "")):
            yield Fault.CONFLICT, f"sqlmap refuses {name} and -p of one parameter"
    if "--last" in given and _number(given, "--first") > max(0, _number(given, "--last")):
        yield Fault.CONFLICT, "--first is above --last"
    if "--crack" in given and not given.keys().isdisjoint(_STANDALONE):
        yield Fault.CONFLICT, "sqlmap refuses --crack beside a target"


def _problem(name: str, text: str) -> str | None:
    if name in _REGEXES and text:
        try:
            re.compile(text)
        except re.error as error:
            return f"{text!r} is not a regular expression: {error}"
    if name in ("--dbms", "--force-dbms") and text and _dbms(text) not in _DBMS:
        return f"sqlmap does not know the database system {text!r}"
    if name == "--tamper":
        return _problem_of_tampers(text)
    if name == "--encoding" and text:
        try:
            codecs.lookup(text)
        except LookupError:
            return f"{text!r} is no encoding"
    if name == "--proxy" and text and not _PROXY.fullmatch(text):
        return f"{text!r} is not of the form http://address:port"
    return _problem_of_url(text) if name == "-u" else None


def _dbms(text: str) -> str:
    """Without a version: "MySQL 5.7" as "mysql"."""
    return re.sub(r"\s+[\d.]+$", "", text.lower())


def _problem_of_tampers(text: str) -> str | None:
    for script in (part.strip() for part in re.split(r"[,;|]", text)):
        if script and "/" not in script and script.removesuffix(".py") not in _TAMPERS:
            return f"sqlmap has no tamper script {script!r}"
    return None


def _problem_of_url(text: str) -> str | None:
    rest = re.sub(r"(?i)^(?:http|ws)s?://", "", text.strip())
    host, colon, port = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")
    if re.search(r"\s", host) or ".." in host or host.startswith("."):
        return f"{host!r} is not the name of a host"
    is_port = not colon or (port.isdigit() and 0 < int(port) <= 65535)
    if not (is_port or host.startswith("[") or ":" in port):
        return f"{port!r} is not a port from 1 to 65535"
    return None


def _names(text: str) -> set[str]:
    return {part.strip() for part in re.split(r"[,;|]", text)} - {""}


def _number(given: dict[str, str], name: str) -> int:
    text = given.get(name, "")
    return 0 if validate("optparse_int", text) else int(normalise("optparse_int", text))
