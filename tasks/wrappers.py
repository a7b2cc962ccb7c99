"""Programs that run another program: sudo, timeout, env ... with their own options.

Each takes its options, then perhaps operands of its own (timeout's duration), then the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.unknown import UndecidedError

SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# Variables that change only how a tool prints.
_HARMLESS = re.compile(r"(LANG|LANGUAGE|LC_[A-Z]+|TERM|COLUMNS|LINES|NO_COLOR|PAGER)=")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Options with a value, options without one, operands before the command, options with which
    no command is run, and options with which it is not decided what is run."""

    valued: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    operands: int = 0
    alone: frozenset[str] = frozenset({"--help", "--version"})
    undecided: Mapping[str, str] = field(default_factory=dict)
    assignments: bool = False  # NAME=value before the command
    joined: bool = False  # the words are put together and read by a shell
    string: frozenset[str] = frozenset()  # options whose value a shell reads as a command


@dataclass(frozen=True, slots=True)
class Inner:
    """What is left when wrappers are taken off: the words of a program, or a text for a shell."""

    words: tuple[str, ...]
    names: tuple[str, ...]
    text: str | None = None
    doubts: tuple[str, ...] = ()  # what the wrappers may change in what the program does


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALONE = _names("--help --version")
_PROXYCHAINS = Wrapper(valued=_names("-f"), flags=_names("-q"))
_BARE = Wrapper()

WRAPPERS: Mapping[str, Wrapper] = {
    "sudo": Wrapper(
        valued=_names(
            "-C -D -g -h -p -R -r -t -T -U -u --close-from --chdir --group --host --prompt "
            "--chroot --role --type --command-timeout --other-user --user"
        ),
        flags=_names(
            "-A -b -E -H -i -k -n -N -P -s -S --askpass --background --login --preserve-env "
            "--reset-timestamp --set-home --shell --non-interactive --preserve-groups --stdin"
        ),
        alone=_ALONE | _names("-e -K -l -V -v --edit --list --remove-timestamp --validate"),
        assignments=True,
    ),
    "doas": Wrapper(valued=_names("-C -u"), flags=_names("-n"), alone=_names("-L -s")),
    "timeout": Wrapper(
        valued=_names("-k -s --kill-after --signal"),
        flags=_names("-v --verbose --foreground --preserve-status"),
        operands=1,
    ),
    "env": Wrapper(
        valued=_names("-C --chdir -u --unset"),
        flags=_names("-i - --ignore-environment -v --debug"),
        undecided={"-S": "env -S splits a string", "--split-string": "env -S splits a string"},
        assignments=True,
    ),
    "nice": Wrapper(valued=_names("-n --adjustment")),
    "ionice": Wrapper(
        valued=_names("-c -n --class --classdata"),
        flags=_names("-t --ignore"),
        alone=_ALONE | _names("-p -P -u --pid --pgid --uid"),
    ),
    "chrt": Wrapper(
        valued=_names("-T -P -D --sched-runtime --sched-period --sched-deadline"),
        flags=_names("-b -d -f -i -o -r -R -v --batch --fifo --idle --other --rr --verbose"),
        operands=1,
        alone=_ALONE | _names("-m -p --max --pid"),
    ),
    "taskset": Wrapper(flags=_names("-c --cpu-list"), operands=1, alone=_ALONE | {"-p"}),
    "nohup": _BARE,
    "setsid": Wrapper(flags=_names("-c -f -w --ctty --fork --wait")),
    "stdbuf": Wrapper(valued=_names("-i -o -e --input --output --error")),
    "unbuffer": Wrapper(flags=_names("-p")),
    "xargs": Wrapper(
        valued=_names(
            "-a -d -E -I -L -n -P -s --arg-file --delimiter --eof --max-args --max-chars "
            "--max-lines --max-procs --process-slot-var --replace"
        ),
        flags=_names("-0 -i -o -p -r -t -x --exit --interactive --no-run-if-empty --null")
        | _names("--open-tty --verbose"),
    ),
    "proxychains": _PROXYCHAINS,
    "proxychains4": _PROXYCHAINS,
    "torsocks": Wrapper(
        valued=_names("-a -P -p -u --address --port --user --pass"),
        flags=_names("-d -i -q --debug --isolate --quiet"),
    ),
    "torify": Wrapper(flags=_names("-v --verbose")),
    "tsocks": _BARE,
    "time": Wrapper(
        valued=_names("-f -o --format --output"),
        flags=_names("-a -p -q -v --append --portability --quiet --verbose"),
    ),
    "strace": Wrapper(
        valued=_names("-a -b -e -E -I -o -O -P -s -S -u -U -X"),
        flags=_names("-c -C -d -D -f -F -h -i -k -n -N -q -qq -r -t -tt -ttt -T -v -w -x -xx -y")
        | _names("-yy -z -Z -ff"),
        alone=_ALONE | {"-p", "-V"},
    ),
    "watch": Wrapper(
        valued=_names("-n -q --interval --equexit"),
        flags=_names("-b -c -C -d -e -g -p -r -t -w -x --beep --chgexit --color --differences")
        | _names("--errexit --exec --no-rerun --no-title --no-wrap --precise"),
        joined=True,
    ),
    "flock": Wrapper(
        valued=_names("-E -w --conflict-exit-code --timeout --wait"),
        flags=_names("-e -F -n -o -s -u -x --close --exclusive --nb --no-fork --nonblock --shared"),
        operands=1,
    ),
    "chroot": Wrapper(
        valued=_names("--groups --userspec"), flags=_names("--skip-chdir"), operands=1
    ),
    "fakeroot": Wrapper(alone=_ALONE),
    "firejail": Wrapper(flags=_names("--noprofile --quiet --private --net=none")),
    "su": Wrapper(
        valued=_names("-g -G -s --group --shell --supp-group"),
        flags=_names("- -f -l -m -p --fast --login --preserve-environment"),
        operands=1,
        string=_names("-c --command"),
    ),
    "script": Wrapper(
        valued=_names("-B -E -I -m -o -O -T"),
        flags=_names("-a -e -f -q --append --flush --quiet --return"),
        operands=1,
        string=_names("-c --command"),
    ),
    "exec": Wrapper(valued=_names("-a"), flags=_names("-c -l"), alone=frozenset()),
    "command": Wrapper(flags=_names("-p"), alone=_names("-v -V")),
    "builtin": Wrapper(alone=frozenset()),
    "eval": Wrapper(joined=True, alone=frozenset()),
}


def unwrap(words: Sequence[str], read: str | None) -> Inner:
    """The program within wrappers. `read` stands for the words that xargs reads; None if it reads
    nothing. Raises UndecidedError."""
    names: list[str] = []
    doubts: list[str] = []
    while (name := words[0].rpartition("/")[2]) in WRAPPERS:
        inner = _Options(name, WRAPPERS[name], words[1:])
        if inner.is_alone or (not inner.rest and inner.string is None):
            break
        names.append(name)
        doubts += inner.doubts
        if inner.string is not None:
            return Inner((), tuple(names), inner.string, tuple(doubts))
        words = inner.rest
        if name == "xargs":
            words = _with_read(words, inner.replaced, read)
            if read is not None:
                doubts.append("xargs adds words that it reads")
        elif inner.wrapper.joined:
            return Inner((), tuple(names), " ".join(words), tuple(doubts))
    return Inner(tuple(words), tuple(names), None, tuple(doubts))


def effect_of(text: str) -> str | None:
    """What is not known of a variable set for a command; None if it changes only what is shown."""
    if _HARMLESS.match(text):
        return None
    return f"the effect of setting {text.partition('=')[0]} is not known"


def command_string(words: Sequence[str]) -> str | None:
    """The commands given to a shell by -c; None if it runs a file or reads its input."""
    left = iter(words[1:])
    is_string = False
    for word in left:
        if word in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            next(left, None)
        elif word[:1] in ("-", "+") and len(word) > 1:
            is_string = is_string or (word[1] != "-" and word[0] == "-" and "c" in word)
        else:
            return word if is_string else None
    return None


def _with_read(words: Sequence[str], replaced: str | None, read: str | None) -> Sequence[str]:
    if replaced is None:
        return words if read is None else (*words, read)
    if read is None:
        raise UndecidedError("xargs runs its command only for words that it reads")
    # One line is one word here, whatever is in it.
    return [words[0], *(word.replace(replaced, read) for word in words[1:])]


class _Options:
    """A wrapper's own words, and what is left after them."""

    def __init__(self, name: str, wrapper: Wrapper, words: Sequence[str]) -> None:
        self.name = name
        self.wrapper = wrapper
        self.is_alone = False
        self.replaced: str | None = None  # what xargs -I replaces
        self.string: str | None = None
        self.doubts: list[str] = []
        self._words = words
        self._next = 0
        self._read()
        self.rest = self._words[self._next :]

    def _read(self) -> None:
        """The options, then the operands and assignments. After the operands of a wrapper that
        runs a command string, options go on (`su user -c 'nmap h'`)."""
        operands = self.wrapper.operands
        is_mixed = bool(self.wrapper.string)
        while self._next < len(self._words) and not self.is_alone:
            word = self._words[self._next]
            is_option = word.startswith("-") and (len(word) > 1 or "-" in self.wrapper.flags)
            if word == "--":
                self._next += 1
                break
            if not is_option and not (is_mixed and operands):
                break
            self._next += 1
            if is_option:
                self._option(word)
            else:
                operands -= 1
        if not is_mixed:
            self._next += operands
        while self.wrapper.assignments and self._next < len(self._words):
            word = self._words[self._next]
            if not _ASSIGNMENT.match(word):
                break
            effect = effect_of(word)
            self.doubts += [effect] if effect else []
            self._next += 1

    def _option(self, word: str) -> None:
        is_long = word.startswith("--")
        spelled, equals, value = word.partition("=") if is_long else (word[:2], "", word[2:])
        if spelled in self.wrapper.undecided:
            raise UndecidedError(self.wrapper.undecided[spelled])
        if word in self.wrapper.alone or spelled in self.wrapper.alone:
            self.is_alone = True
        elif spelled in self.wrapper.string:
            self.string = value if equals or value else self._take()
        elif spelled in self.wrapper.valued:
            self._valued(spelled, value if equals or value or spelled == "--replace" else None)
        elif not self._is_flag(word, spelled):
            self._cluster(word)

    def _is_flag(self, word: str, spelled: str) -> bool:
        is_niceness = self.name == "nice" and word.lstrip("-").isdigit()
        if self.name == "xargs" and spelled == "-i":
            self.replaced = word[2:] or "{}"
            return True
        is_long = word.startswith("--")
        return (
            is_niceness or word in self.wrapper.flags or (is_long and spelled in self.wrapper.flags)
        )

    def _cluster(self, word: str) -> None:
        """Letters together, the last of which may take a value: `sudo -nu root`."""
        letters = "" if word.startswith("--") else word[1:]
        for i, letter in enumerate(letters):
            option = f"-{letter}"
            if option in self.wrapper.alone:
                self.is_alone = True
                return
            if option in self.wrapper.valued:
                self._valued(option, letters[i + 1 :] or None)
                return
            if option in self.wrapper.string:
                self.string = letters[i + 1 :] or self._take()
                return
            if option not in self.wrapper.flags:
                letters = ""
                break
        if not letters:
            raise UndecidedError(f"{self.name} has an option {word} that is not known here")

    def _valued(self, option: str, value: str | None) -> None:
        value = self._take() if value is None else value
        if option in ("-I", "--replace"):
            self.replaced = value or "{}"
        if self.name == "chroot" or option in ("-D", "--chroot", "-R"):
            self.doubts.append(f"{self.name} {option} changes where the command runs")

    def _take(self) -> str:
        self._next += 1
        return self._words[self._next - 1] if self._next <= len(self._words) else ""
