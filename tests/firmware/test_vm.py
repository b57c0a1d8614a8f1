"""The MicroPython VM has a board's memory and stand-ins, and agrees with CPython on the same test files."""

import ast
from pathlib import Path

import pytest

from tests.firmware.vm import ROOT, ProgramFailed, run_vm
from tests.servers.node import run_node

PORTABLE = Path(__file__).parent / "portable"
FILES = sorted(PORTABLE.glob("test_*.py"))


PURE = ("test_wire", "test_journal", "test_roster", "test_pass_text", "test_ed25519")
CARRIED = ("firmware/node", "schemas")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_the_same_tests_pass_on_micropython(file: Path, tmp_path: Path) -> None:
    told = run_vm(str(PORTABLE / "run.py"), str(PORTABLE), file.stem, board=tmp_path)

    assert told.splitlines() == named_in(file)


@pytest.mark.parametrize("name", PURE)
def test_pure_parts_pass_on_the_webassembly_build_too(name: str) -> None:
    told = run_node(Path(__file__).with_name("micropython.mjs"), str(ROOT), name, *CARRIED)

    assert told.splitlines() == named_in(PORTABLE / f"{name}.py")


def named_in(file: Path) -> list[str]:
    """Return the tests of a portable file as its runner names them; there are some."""
    nodes = ast.parse(file.read_text()).body
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert names
    return [f"{file.stem}.{name}" for name in sorted(names)]


def test_an_assertion_that_fails_is_heard() -> None:
    with pytest.raises(ProgramFailed, match="AssertionError"):
        run_vm("-c", "assert 1 == 2")


def test_memory_ends_where_a_boards_does() -> None:
    with pytest.raises(ProgramFailed, match="MemoryError"):
        run_vm("-c", "bytearray(130_000)")


def test_pins_of_the_board_are_driven_and_heard(tmp_path: Path) -> None:
    program = """
import board
from machine import Pin
relay, contact = Pin(5, Pin.OUT), Pin(6, Pin.IN, Pin.PULL_UP)
contact.irq(lambda pin: relay.value(1 - pin.value()), Pin.IRQ_FALLING)
board.drive(6, 0)
print(relay.value())
"""

    assert run_vm("-c", program, board=tmp_path) == "1\n"
    assert (tmp_path / "pins").read_text() == "5 1\n"


def test_a_timer_of_the_board_starts_it_anew_whatever_the_program_does(tmp_path: Path) -> None:
    program = """
import machine
machine.Timer(0).init(period=1000, mode=machine.Timer.PERIODIC, callback=lambda timer: machine.reset())
try:
    while True:
        pass
finally:
    print("cleaned up")
"""

    with pytest.raises(ProgramFailed, match=r"ended with status 75:\n$"):
        run_vm("-c", program, board=tmp_path)


def test_flash_of_the_board_only_loses_ones_until_it_is_erased(tmp_path: Path) -> None:
    program = """
from esp32 import Partition
flash = Partition.find(Partition.TYPE_DATA, label="journal")[0]
flash.writeblocks(2, b"\\x0f\\xff", 10)
flash.writeblocks(2, b"\\xf5\\x55", 10)
found = bytearray(3)
flash.readblocks(2, found, 10)
flash.ioctl(6, 2)
print(found, flash.ioctl(4, 0))
"""

    assert run_vm("-c", program, board=tmp_path) == "bytearray(b'\\x05U\\xff') 256\n"
    assert set((tmp_path / "flash-journal").read_bytes()) == {0xFF}


def test_a_serial_line_of_the_board_is_a_terminal(tmp_path: Path) -> None:
    import os
    import pty
    import tty

    ours, boards = pty.openpty()
    tty.setraw(boards)
    (tmp_path / "uart1").symlink_to(os.ttyname(boards))
    os.write(ours, b"ping")
    program = """
import asyncio
from machine import UART
async def answer():
    line = UART(1, 115200)
    heard = await asyncio.StreamReader(line).read(4)
    line.write(bytes(reversed(heard)))
asyncio.run(answer())
"""

    run_vm("-c", program, board=tmp_path)

    assert os.read(ours, 16) == b"gnip"
    os.close(ours)
    os.close(boards)
