"""A head as it is written to a board, in bytecode, runs in less memory than the smallest of them has."""

import contextlib
import os
import pty
import subprocess
import tty
from pathlib import Path

from firmware.tools.boardfiles import board_kinds
from firmware.tools.boardfiles_layout import SLOT, board_set
from schemas import head
from schemas.cobs import Frames
from tests.firmware.vm import STAND_INS, vm_command, vm_environment
from tests.waiting import until

# An RP2040 leaves 190 kB, of words half as long as here.
HEAP = "120k"


def test_a_head_begins_to_speak_in_little_memory(tmp_path: Path) -> None:
    kind = next(kind for kind in board_kinds() if kind.name == "head-pico-uart")
    for file in board_set(kind).files:
        path = tmp_path / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    ends = [_terminal(tmp_path / name) for name in ("uart0", "uart1")]
    os.set_blocking(ends[0][0], False)
    said: list[head.Message] = []
    frames = Frames()

    def has_said(kind: type[head.Message]) -> bool:
        with contextlib.suppress(BlockingIOError):
            said.extend(map(head.decode, frames.feed(os.read(ends[0][0], 4_096))))
        return any(type(message) is kind for message in said)

    start = f"from firmware.node.head_program import run; run({kind.module.rpartition('.')[2]!r}, 'pn532-uart')"
    environment = vm_environment(tmp_path) | {"MICROPYPATH": f"{STAND_INS}:{tmp_path}{SLOT}:.frozen"}
    with subprocess.Popen(vm_command("-c", start, heap=HEAP), cwd=tmp_path, env=environment) as program:
        until(lambda: has_said(head.Hello))
        os.write(ends[0][0], head.Welcome(head.VERSION, head.WELCOME, head.CLOSED, 500, 3_000).frame())
        until(lambda: has_said(head.Trouble), what="the head to miss its card reader")
        assert program.poll() is None
        program.kill()
    for end in (end for pair in ends for end in pair):
        os.close(end)


def _terminal(link: Path) -> tuple[int, int]:
    ours, boards = pty.openpty()
    tty.setraw(boards)
    link.symlink_to(os.ttyname(boards))
    return ours, boards
