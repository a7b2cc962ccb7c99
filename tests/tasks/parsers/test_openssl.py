"""openssl's own parser: commands, algorithms by name, options before operands."""

from __future__ import annotations

import pytest

from tasks.parsers import RefusedError, parser_for
from tasks.types import Fault

PARSER = parser_for("openssl")


def names(text: str) -> list[tuple[str, str | None]]:
    return [(a.name, a.value) for a in PARSER.parse(text.split(), text).arguments]


def fault(text: str) -> Fault | None:
    try:
        PARSER.check(PARSER.parse(text.split(), text))
    except RefusedError as refused:
        return refused.fault
    return None


def test_the_name_of_an_algorithm_is_a_command() -> None:
    assert names("SHA256 -r file") == names("dgst -sha256 -r file")
    assert names("aes-256-cbc -d -in a") == names("enc -aes-256-cbc -d -in a")


def test_dashes_and_equals() -> None:
    assert names("x509 --in=cert.pem --noout") == names("x509 -in cert.pem -noout")


def test_options_end_at_the_first_operand() -> None:
    assert names("dgst -sha256 file -r")[-1] == ("file", "-r")
    assert fault("genrsa 2048 -out key.pem") is Fault.EXTRA_OPTION


def test_a_lone_dash_is_no_algorithm() -> None:
    assert names("dgst -sha512 -") == [("-*", "sha512")]
    assert fault("version -") is Fault.UNKNOWN_FLAG


def test_help_ends_the_reading() -> None:
    assert names("s_client -help -zzq") == [("-help", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x509 -in", Fault.MISSING_VALUE),
        ("x509 -noout=1", Fault.BAD_VALUE),
        ("x509 -days 0x10", None),
        ("x509 -days 1e5", Fault.BAD_VALUE),
        ("x509 -inform Dfoo", None),
        ("x509 -inform P12", Fault.BAD_VALUE),
        ("dgst -sha2567 a", Fault.UNKNOWN_FLAG),
        ("s_client -tls1_2 -tls1_2", Fault.DUPLICATE),
        ("s_client -connect a:1 b:1", Fault.CONFLICT),
        ("enc -aes-256-cbc -K 00", Fault.MISSING_OPTION),
        ("enc -aes-256-ecb -K 00", None),
        ("req -subj CN=a", Fault.BAD_VALUE),
        ("zzq", Fault.WRONG_TOOL),
        ("no-rsa", None),
    ],
)
def test_faults(text: str, expected: Fault | None) -> None:
    assert fault(text) is expected


@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        ("pkeyutl -derive -sign -inkey a -peerkey b", "pkeyutl -sign -derive -inkey a -peerkey b"),
        ("pkeyutl -sign -encrypt -inkey a -rawin", "pkeyutl -encrypt -sign -inkey a -rawin"),
        ("cms -encrypt -secretkey 00 c.pem", "cms -EncryptedData_encrypt -secretkey 00"),
        ("cms -data_create -receipt_request_to a", "cms -sign -signer a -receipt_request_to a"),
        ("list", "list -commands"),
        ("srp -add -add a", "srp -add a"),
        ("s_client -4 -4", "s_client -4"),
        ("req -new -set_serial 5 -set_serial 5", "req -new -set_serial 5"),
        ("pkcs8 -topk8 -v2 seed-cfb", "pkcs8 -topk8 -v2 aes-256-cbc"),
    ],
)
def test_what_the_binary_refuses(refused: str, taken: str) -> None:
    assert fault(refused) is not None
    assert fault(taken) is None


def test_a_pass_phrase_of_cmp_may_be_bare() -> None:
    """It warns, and tries the text itself."""
    assert fault("cmp -cmd genm -server a -secret b -ref c") is None
    assert fault("rsa -in key.pem -passin b") is Fault.BAD_VALUE
