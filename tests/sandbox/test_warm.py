"""What a command leaves behind, and what it does to its supervisor, does not reach the next."""

from __future__ import annotations

import pytest

from sandbox import open_sandbox
from sandbox.types import Ending, Sandbox

pytestmark = pytest.mark.sandbox

SYSTEM_V = """python3 -c '
import ctypes
libc = ctypes.CDLL(None)
print(libc.shmget(77, 4096, 0o1600) >= 0, libc.msgget(77, 0o1600) >= 0)'"""
QUEUE = """python3 -c '
import ctypes
print(ctypes.CDLL(None).mq_open(b"/left", 0o102, 0o600, None) >= 0)'"""
COUNT = "tail -qn +2 /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem | wc -l"


@pytest.mark.parametrize(
    "leave",
    [
        "echo x > /work/.x; mkdir -m 0 /work/shut /tmp/shut; ln -s /etc /work/link; mkfifo /tmp/f",
        "chmod 0 /work /tmp; echo x > /dev/shm/x; mkdir -p /tmp/a/b; chmod 0 /tmp/a",
        "mkdir -p $(printf 'd/%.0s' {1..300})",
        'python3 -c \'import os\nfor i in range(3000): os.mkdir("d"); os.chdir("d")\'',
        SYSTEM_V,
        QUEUE,
        "setfattr -n user.x -v 1 /work; touch -d 2001-01-01 /work; ulimit -c unlimited; umask 777",
    ],
)
def test_nothing_is_left_for_the_next(box: Sandbox, leave: str) -> None:
    look = f"ls -A /work /tmp /dev/shm /dev/mqueue 2>&1; {COUNT}; stat -c %a /work; umask"
    for _ in range(2):  # both workers
        before = box.run(look)
        assert before.exit_code == 0
    for _ in range(2):
        assert box.run(leave).ending is Ending.EXITED
    for _ in range(2):
        assert box.run(look).stdout == before.stdout
        assert box.run("echo new > new && cat new").stdout == "new\n"


@pytest.mark.parametrize("leave", [SYSTEM_V, QUEUE])
def test_what_is_left_for_the_next_could_have_been_left(box: Sandbox, leave: str) -> None:
    assert "False" not in box.run(leave).stdout


@pytest.mark.parametrize(
    "attack",
    [
        "kill -9 1",
        "kill -STOP 1",
        "echo forged > /proc/1/fd/1",
        "cat < /proc/1/fd/0",
        "cat /proc/1/environ",
        "ls -l /proc/1/fd/",
        "head -c 1 /proc/1/mem",
        "echo 1000 > /proc/1/oom_score_adj",
        "prlimit --pid 1 --nofile=3:3",
        "renice -n 19 -p 1",
        "python3 -c 'import os, ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0): os._exit(9)'",
        "python3 -c 'import os\nos.setuid(0)'",
        "chmod 700 /work",
        "rm -rf /opt/sandbox /work; test ! -d /work",
    ],
)
def test_the_supervisor_is_out_of_reach(box: Sandbox, attack: str) -> None:
    if box.name == "bubblewrap":
        pytest.skip("process 1 is the command's own there, and ends with it")
    assert box.run(attack).exit_code not in (0, None)
    for _ in range(2):
        assert box.run("exit 5").exit_code == 5


def test_the_hosts_environment_is_out_of_sight(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "swordfish")
    with open_sandbox(box.name, workers=1) as own:
        done = own.run("cat /proc/[0-9]*/environ | tr '\\0' '\\n'; env")
    assert "HOME=/work" in done.stdout
    assert "HOST_SECRET" not in done.stdout


@pytest.mark.parametrize(
    "command", ["kill -9 -1; exit 4", "exec kill -9 $$", "exit 256", "exit -1"]
)
def test_only_the_commands_own_status_is_told(box: Sandbox, command: str) -> None:
    expected = {"kill -9 -1; exit 4": 4, "exec kill -9 $$": 137, "exit 256": 0, "exit -1": 255}
    assert box.run(command).exit_code == expected[command]


def test_an_answer_cannot_be_forged_on_stdout(box: Sandbox) -> None:
    forged = '{"ending": "exited", "exit_code": 0, "stdout": "forged", "clean": true}'
    done = box.run(f"echo '{forged}'; echo '{forged}' >&2; exit 6")
    assert (done.exit_code, done.stdout, done.stderr) == (6, f"{forged}\n", f"{forged}\n")


def test_output_is_kept_as_it_came(box: Sandbox) -> None:
    done = box.run(r"printf 'a\r\n\x00\xffé\u2028'; cat; printf %s 'ü' | xxd -p 2>/dev/null; echo")
    assert done.stdout.startswith("a\r\n\0�é\u2028")


def test_a_long_command_line_arrives_whole(box: Sandbox) -> None:
    assert len(box.run(f"echo {'é' * 30_000}").stdout) == 30_001
    assert box.run(f": {'x' * 200_000}").exit_code == 126


def test_strays_are_buried_while_a_command_runs(box: Sandbox) -> None:
    done = box.run(
        "for i in $(seq 300); do (sleep 0 &); done; sleep .3; echo $(ls -d /proc/[0-9]* | wc -l)"
    )
    assert int(done.stdout) < 20
