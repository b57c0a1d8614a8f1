"""A head on its board's own USB, whose console is the line: an agent's, and a person's tools' when there is none."""

import contextlib
import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.node.ends import BREAK
from schemas import head
from schemas.cobs import Frames
from tests.firmware.vm import ROOT, vm_command, vm_environment
from tests.waiting import until

PROGRAM = "from firmware.node.head_program import run; run('head_pico', 'pn532-uart')"


class Console:
    """The program at one end of a terminal, we at the other."""

    def __init__(self, board: Path, scanner: int) -> None:
        self._scanner = scanner
        self._ours, boards = pty.openpty()
        tty.setraw(boards)
        os.set_blocking(self._ours, False)
        environment = vm_environment(board) | {"MICROPYPATH": f"{ROOT / 'simulators/micropython'}:{ROOT}:.frozen"}
        self.program = subprocess.Popen(
            vm_command("-c", PROGRAM, heap="190k"), stdin=boards, stdout=boards, stderr=boards, cwd=board,
            env=environment,
        )  # fmt: skip
        os.close(boards)
        self._frames = Frames()
        self.said: list[head.Message] = []

    def tell(self, content: bytes) -> None:
        os.write(self._ours, content)

    def scan(self, line: bytes) -> None:
        os.write(self._scanner, line)

    def has_said(self, kind: type[head.Message]) -> bool:
        """Read on, and tell whether there was such a message."""
        with contextlib.suppress(BlockingIOError):
            self.said += map(head.decode, self._frames.feed(os.read(self._ours, 4_096)))
        return any(type(message) is kind for message in self.said)

    def close(self) -> None:
        self.program.kill()
        self.program.wait(10)
        os.close(self._ours)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    # Where a card reader's chip should be nobody answers: the reader is in trouble, the line is not.
    ends = [_terminal(tmp_path / name) for name in ("uart0", "uart1")]
    console = Console(tmp_path, scanner=ends[0][0])
    until(lambda: console.has_said(head.Hello))
    yield console
    console.close()
    for end in (end for pair in ends for end in pair):
        os.close(end)


def _terminal(link: Path) -> tuple[int, int]:
    ours, boards = pty.openpty()
    tty.setraw(boards)
    link.symlink_to(os.ttyname(boards))
    return ours, boards


def test_an_agent_has_the_console_and_a_byte_3_stops_nothing(console: Console) -> None:
    console.tell(head.Welcome(head.VERSION, head.WELCOME, head.OPEN_OUT, 500, 3_000).frame())
    until(lambda: console.has_said(head.Heartbeat))
    console.tell(head.Output(3, head.RELAY_IN, 1, 0x030D).frame() + b"\x03\x03" + BREAK)

    until(lambda: console.has_said(head.Done))
    assert console.program.poll() is None


def test_a_code_that_a_scanner_reads_is_a_tap(console: Console) -> None:
    console.tell(head.Welcome(head.VERSION, head.WELCOME, head.CLOSED, 500, 3_000).frame())
    until(lambda: console.has_said(head.Heartbeat))
    console.scan(b"ESIK:ABCDEFGH\r\n")

    until(lambda: console.has_said(head.Tap))
    assert head.Tap(1, head.QR, b"ESIK:ABCDEFGH") in console.said


def test_whoever_writes_firmware_gets_the_console_when_no_agent_has_it(console: Console) -> None:
    console.tell(BREAK[:1])
    before = len(console.said)
    until(lambda: console.has_said(head.Hello) and len(console.said) > before)  # the two bytes come apart
    console.tell(BREAK[1:])

    until(lambda: console.program.poll() is not None)
    assert console.program.returncode != 0


def test_an_agent_that_greets_never_says_what_ends_the_program() -> None:
    greetings = [
        head.Welcome(head.VERSION, verdict, alone, 500, 3_000)
        for verdict in (head.WELCOME, head.VERSION_REFUSED)
        for alone in (head.CLOSED, head.OPEN_OUT)
    ]

    for message in [head.Who(head.VERSION), head.Alive(), *greetings]:
        assert BREAK not in message.frame() * 2
