"""openssl: a command, its options, then files; `--x` is `-x` and nothing may be abbreviated.

    openssl sha256 -r file            is `openssl dgst -sha256 -r file`
    openssl aes-256-cbc -d -in file   is `openssl enc -aes-256-cbc -d -in file`

Traps: the first word without a dash ends the options; `-in=file` works; a name of a digest or a
cipher is an option of its own, `-*` in the spec, in any case of letters; -help stops the reading.
Source: OpenSSL 3.0 apps/lib/opt.c (opt_next) and apps/openssl.c (do_cmd).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.spec import Option
from tasks.types import Argument, Command, Fault

_ALGORITHM = "-*"  # how `-help` lists "any supported digest" and "any supported cipher"
_HELP = frozenset({"-h", "-help", "--h", "--help"})
_BASE64 = "base64"  # a command, and as an option of enc no cipher
# Beside these options their command takes no operand.
_ALONE = {
    "s_client": ("-connect", "-unix"),
    "passwd": ("-in", "-stdin"),
    "prime": ("-generate",),
}
# What the table of options has, but the code behind it is for the server or the client only.
_ELSEWHERE = {
    "s_client": (
        "-serverpref",
        "-client_renegotiation",
        "-no_resumption_on_reneg",
        "-prioritize_chacha",
        "-named_curve",
        "-debug_broken_protocol",
    ),
    "s_server": ("-legacy_server_connect", "-no_legacy_server_connect", "-debug_broken_protocol"),
}
_CHECKS_ONLY = """
-policy -purpose -verify_name -verify_depth -auth_level -attime -verify_hostname -verify_email
-verify_ip -ignore_critical -issuer_checks -crl_check -crl_check_all -policy_check -explicit_policy
-inhibit_any -inhibit_map -x509_strict -extended_crl -use_deltas -policy_print -check_ss_sig
-trusted_first -suiteB_128_only -suiteB_128 -suiteB_192 -partial_chain -no_alt_chains
-no_check_time -allow_proxy_certs
"""
_CMS_SIGNER = dict.fromkeys(("-sign", "-resign", "-sign_receipt"), ("-signer",))
_RECIPIENT = ("-recip", "-inkey", "-secretkey", "-pwri_password")
_WANTS_ONE_OF: Mapping[str, Mapping[str, Collection[str]]] = {
    "x509": {"-new": ("-key", "-force_pubkey")},
    "s_server": {"-sendfile": ("-WWW", "-HTTP")},
    "cms": _CMS_SIGNER
    | {
        "-decrypt": _RECIPIENT,
        "-encrypt": ("cert", *_RECIPIENT),
        "-EncryptedData_encrypt": ("-secretkey",),
        "-EncryptedData_decrypt": ("-secretkey",),
        "-keyopt": ("-recip", "-signer"),
    },
    "smime": {
        "-sign": ("-signer",),
        "-resign": ("-signer",),
        "-decrypt": _RECIPIENT,
        "-encrypt": ("cert",),
    },
    "ts": {
        "-reply": ("-queryfile", "-in"),
        "-verify": ("-queryfile", "-data", "-digest"),
        **dict.fromkeys(_CHECKS_ONLY.split(), ("-verify",)),
    },
    "fipsinstall": {"-verify": ("-in",)},
}
_EXTENDABLE = ("shake", "keccak", "2.16.840.1.101.3.4.2.11", "2.16.840.1.101.3.4.2.12")
_WITHOUT_IV = ("des-ede", "des-ede3", "rc4", "rc4-40", "null")
_SIGNING = ("-sign", "-verify", "-prverify")
_OPERATIONS = ("-sign", "-verify", "-verifyrecover", "-encrypt", "-decrypt", "-derive")
_COMMANDS_OF = ("dgst", "enc")  # the commands that an algorithm's name stands for


def split(grammar: Grammar, words: Sequence[str]) -> tuple[Grammar, Sequence[str]]:
    """The grammar of the command, and the words after its name."""
    name, rest = (words[0], words[1:]) if words else ("help", ())
    if name in _HELP:
        name = "help"
    if name in grammar.subcommands:
        return grammar.subcommands[name], rest
    if name.startswith("no-"):
        return grammar.subcommands["no-"], words
    for command in _COMMANDS_OF:
        found = grammar.subcommands[command]
        if name.lower() in _algorithms(found) or (command == "enc" and name == _BASE64):
            return found, (f"-{name}", *rest)
    raise RefusedError(Fault.WRONG_TOOL, f"openssl has no command {name!r}")


def _algorithms(grammar: Grammar) -> Sequence[str]:
    option = grammar.options.get(_ALGORITHM)
    return option.choices if option else ()


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    if grammar.subcommand == "no-":
        return [operand(word) for word in words]
    arguments: list[Argument] = []
    left = Words(words)
    while (word := left.peek()) is not None and word.startswith("-"):
        left.take()
        if word == "--":
            break
        if word == "-" and _ALGORITHM in grammar.options:
            continue  # an algorithm with an empty name is none
        argument, option = _option(grammar, word, left)
        arguments.append(argument)
        if option.informs:
            return arguments
    _look_up(grammar, arguments)
    return arguments + [operand(word) for word in left.rest()]


def _option(grammar: Grammar, word: str, left: Words) -> tuple[Argument, Option]:
    name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
    spelled = f"-{name}"
    option = grammar.options.get(spelled) if spelled != _ALGORITHM else None
    if option is None:
        return _algorithm(grammar, name, spelled)
    if option.arity == "none":
        if equals:
            raise RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value")
        return Argument(option.name, None, spelled), option
    return Argument(option.name, value if equals else left.value(spelled), spelled), option


def _algorithm(grammar: Grammar, name: str, spelled: str) -> tuple[Argument, Option]:
    """An unknown option: where one may be the name of a digest or cipher, it is kept for one."""
    option = grammar.options.get(_ALGORITHM)
    if option is None:
        raise grammar.unknown(spelled)
    return Argument(option.name, name.lower(), spelled), option


def _look_up(grammar: Grammar, arguments: Sequence[Argument]) -> None:
    """The names that were kept: in most commands the last one only, whatever stands before it."""
    kept = [argument for argument in arguments if argument.name == _ALGORITHM]
    option = grammar.options.get(_ALGORITHM)
    if option and option.unchecked_before:
        kept = kept[-1:]
    for argument in kept:
        if option and argument.value not in option.choices:
            raise grammar.unknown(argument.spelled)


def check(grammar: Grammar, command: Command) -> None:
    """What no spec can state. Raises RefusedError."""
    names = {argument.name for argument in command.arguments}
    if "-help" in names:
        return
    name = grammar.subcommand or ""
    operands = [a for a in command.arguments if not a.name.startswith("-")]
    alone = names.intersection(_ALONE.get(name, ()))
    if alone and operands:
        reason = f"{grammar.tool} takes no operand beside {alone.pop()}"
        raise RefusedError(Fault.CONFLICT, reason)
    elsewhere = names.intersection(_ELSEWHERE.get(name, ()))
    if elsewhere:
        reason = f"{grammar.tool} lists {elsewhere.pop()}, but it is for the other side"
        raise RefusedError(Fault.BAD_VALUE, reason)
    for option, wanted in _WANTS_ONE_OF.get(name, {}).items():
        if option in names and names.isdisjoint(wanted):
            reason = f"{grammar.tool} wants {' or '.join(wanted)} beside {option}"
            raise RefusedError(Fault.MISSING_OPTION, reason)
    for rule in _RULES.get(name, ()):
        rule(command, names)


def _check_dgst(command: Command, names: set[str]) -> None:
    if len(command.values("file")) > 1 and names.intersection(_SIGNING):
        raise RefusedError(Fault.EXTRA_OPTION, "openssl dgst signs or verifies one file only")
    digest = next(iter(command.values(_ALGORITHM)), None) or ""
    if "-xoflen" in names and not digest.startswith(_EXTENDABLE) and not names & {*_SIGNING}:
        raise RefusedError(Fault.CONFLICT, f"openssl dgst: {digest or 'sha256'} has a fixed length")


def _check_ocsp(command: Command, names: set[str]) -> None:
    """The issuer and the digest are read before the certificate that they are for."""
    order = [argument.name for argument in command.arguments]
    certificates = [i for i, name in enumerate(order) if name in ("-cert", "-serial")]
    if certificates and order.index("-issuer") > certificates[0]:
        raise RefusedError(Fault.MISSING_OPTION, "openssl ocsp wants -issuer before -cert")
    if certificates and _ALGORITHM in names and order.index(_ALGORITHM) > certificates[-1]:
        raise RefusedError(Fault.CONFLICT, "openssl ocsp wants the digest before -cert")


def _check_extensions(command: Command, names: set[str]) -> None:
    """No extension is added twice."""
    added = [(value or "").partition("=")[0].strip() for value in command.values("-addext")]
    if len(set(added)) < len(added):
        raise RefusedError(Fault.DUPLICATE, "openssl req takes each extension once")


def _check_answer(command: Command, names: set[str]) -> None:
    """An answer is verified against one thing: the query, the data or their digest."""
    held_against = names & {"-queryfile", "-data", "-digest"}
    if "-verify" in names and len(held_against) > 1:
        reason = f"openssl ts -verify wants one of {', '.join(sorted(held_against))}"
        raise RefusedError(Fault.CONFLICT, reason)


def _check_users(command: Command, names: set[str]) -> None:
    users = len(command.values("user"))
    if not users and names & {"-add", "-delete", "-modify"}:
        raise RefusedError(Fault.MISSING_OPERAND, "openssl srp wants a user")
    if users != 1 and names & {"-passin", "-passout"}:
        raise RefusedError(Fault.CONFLICT, "openssl srp has a pass phrase for one user only")


def _check_iv(command: Command, names: set[str]) -> None:
    """A key of one's own needs an IV, but in modes without one and beside a pass phrase."""
    cipher = next(iter(command.values(_ALGORITHM)), None)
    if cipher is None or "-K" not in names or names & {"-iv", "-k", "-kfile", "-pass"}:
        return
    has_iv = not cipher.endswith("ecb") and cipher not in _WITHOUT_IV
    if has_iv and not cipher[0].isdigit():  # a dotted number does not tell its mode
        raise RefusedError(Fault.MISSING_OPTION, f"openssl enc wants -iv beside -K for {cipher}")


def _check_cms(command: Command, names: set[str]) -> None:
    if "-encrypt" in names and "-secretkey" in names and "-secretkeyid" not in names:
        raise RefusedError(Fault.MISSING_OPTION, "openssl cms wants -secretkeyid for -secretkey")
    if "-receipt_request_to" in names and names.isdisjoint(("-sign", "-resign")):
        raise RefusedError(Fault.MISSING_OPTION, "openssl cms wants -sign for signed receipts")


def _check_pkeyutl(command: Command, names: set[str]) -> None:
    """Of several operations the last counts; without one it signs."""
    given = [a.name for a in command.arguments if a.name in _OPERATIONS]
    operation = given[-1] if given else "-sign"
    if "-peerkey" in names and operation != "-derive":
        raise RefusedError(Fault.CONFLICT, f"openssl pkeyutl has no -peerkey for {operation}")
    if "-rawin" in names and operation not in ("-sign", "-verify"):
        raise RefusedError(Fault.CONFLICT, f"openssl pkeyutl has no -rawin for {operation}")


# What is looked at after the options, by command.
_RULES: Mapping[str, Sequence[Callable[[Command, set[str]], None]]] = {
    "cms": (_check_cms,),
    "dgst": (_check_dgst,),
    "enc": (_check_iv,),
    "ocsp": (_check_ocsp,),
    "pkeyutl": (_check_pkeyutl,),
    "req": (_check_extensions,),
    "srp": (_check_users,),
    "ts": (_check_answer,),
}
