"""The station's commands, from the master key to cards that a gate believes, at a simulated reader on a line."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from edge_agent.cards.cli import app
from edge_agent.cards.counters import Counters
from edge_agent.cards.keys import read_ring
from edge_agent.cards.master import unlock
from edge_agent.cards.proving import CardProver
from edge_agent.cards.sheet import Sheet, SheetRefused
from edge_agent.clock import SystemClock
from edge_agent.readers.chip import CardGone, ChipTrouble
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.proving import Proof
from edge_agent.readers.tap import Medium
from simulators.pn532 import Pn532Line

CARD, CHIP = bytes.fromhex("04A1B2C3D4E501"), bytes.fromhex("04A1B2C3D4E502")
SCHOOL = "school1"
_RUN = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"
KEY_LIKE = re.compile(r"[0-9a-fA-F]{32}")


class Bench:
    """A folder with a master key, and a reader."""

    def __init__(self, folder: Path, line: Pn532Line) -> None:
        self.folder = folder
        self.line = line
        made = CliRunner().invoke(app, ["master", "init", str(folder / "cards.master")])
        assert made.exit_code == 0, made.output
        self.passphrase = made.output.split("cards.master: ")[1].split()[0]
        (folder / "passphrase").write_text(self.passphrase + "\n")

        self.keyed = ["--master", str(folder / "cards.master"), "--passphrase-file", str(folder / "passphrase")]

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--school", SCHOOL, *self.keyed])

    async def personalise(self, cards: Sequence[str], *words: str) -> str:
        """Put cards on the reader one after another while the program runs, each until it is told of; return all told.

        A card that is to vanish half-way is put back once.
        """
        command = ["cards", "personalise", "--school", SCHOOL, "--count", str(len(cards)), *self.keyed, *words]
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RUN, *command, "--reader", str(self.folder / "pn532"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told = await self._line_of(program)
        if "is new" in told:
            told += await self._line_of(program)
        for card in cards:
            self.line.obey(f"present {card}")
            while " made: " not in (said := await self._line_of(program)):
                told += said
                if "pulled away" in said:
                    self.line.obey(f"present {card}")
            told += said
            self.line.remove()
        async with asyncio.timeout(20):
            rest, _ = await program.communicate()
        assert program.returncode == 0, told + rest.decode()
        return told + rest.decode()

    async def _line_of(self, program: asyncio.subprocess.Process) -> str:
        assert program.stdout is not None
        async with asyncio.timeout(20):
            return (await program.stdout.readline()).decode()

    async def proof(self, card: str, keys: Path) -> Proof | None:
        """Return what a gate with these keys believes of a card."""
        self.line.obey(f"present {card}")
        chip = await asyncio.to_thread(open_direct, str(self.folder / "pn532"), SystemClock())
        counters = Counters(self.folder)
        try:
            prover = CardProver(read_ring(keys), counters, bytes.hex, SystemClock(), Random(9))
            for _ in range(4):  # a loaded machine stumbles
                with contextlib.suppress(CardGone, ChipTrouble):
                    return await asyncio.to_thread(prover.prove, chip)
            return await asyncio.to_thread(prover.prove, chip)
        finally:
            await asyncio.to_thread(chip.close)
            counters.close()
            self.line.remove()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    line = Pn532Line(Random(1), tmp_path / "pn532")
    line.plug()
    yield Bench(tmp_path, line)
    line.unplug()


async def test_from_the_master_key_to_cards_that_a_gate_believes(bench: Bench) -> None:
    (bench.folder / "people.txt").write_text("1024\n1025\n")
    sheet, keys = bench.folder / "cards.xlsx", bench.folder / "keys.json"
    bench.line.obey("fault vanish 20")

    made = await bench.personalise(
        [f"{CARD.hex()} desfire", f"{CHIP.hex()} ntag424"],
        "--sheet", str(sheet), "--people", str(bench.folder / "people.txt"),
    )  # fmt: skip
    exported = bench.run("school-key", "--out", str(keys))

    assert exported.exit_code == 0, exported.output
    assert made.count("NOT MADE: it was pulled away before it was finished") == 1
    rows = list(openpyxl.load_workbook(sheet)["Cards"].iter_rows(values_only=True))
    assert rows[1:] == [("1024", CARD.hex().upper(), "desfire"), ("1025", CHIP.hex().upper(), "sun")]
    assert await bench.proof(f"{CARD.hex()} desfire", keys) == Proof(CARD, Medium.DESFIRE)
    assert await bench.proof(f"{CHIP.hex()} ntag424", keys) == Proof(CHIP, Medium.SUN)
    assert (sheet.stat().st_mode & 0o777, keys.stat().st_mode & 0o777) == (0o600, 0o600)
    master = unlock(bench.folder / "cards.master", bench.passphrase)
    assert KEY_LIKE.findall(made + exported.output) == []
    for secret in (bench.passphrase, str(master.key), str(master.school_keys(SCHOOL, 1).gate)):
        assert secret not in made + exported.output


async def test_after_a_rotation_old_cards_open_until_they_are_dropped(bench: Bench) -> None:
    card, old, both, new = f"{CARD.hex()} desfire", *(bench.folder / name for name in ("old", "both", "new"))
    await bench.personalise([card])
    bench.run("school-key", "--out", str(old))

    told = bench.run("rotate")
    bench.run("school-key", "--out", str(both))
    bench.run("school-key", "--keep", "0", "--out", str(new))
    before = [await bench.proof(card, keys) for keys in (old, both, new)]
    await bench.personalise([card])
    after = [await bench.proof(card, keys) for keys in (old, both, new)]

    genuine = Proof(CARD, Medium.DESFIRE)
    assert "version 2" in told.output
    assert "is new to this master key" not in told.output
    assert before[:2] == [genuine, genuine]
    assert before[2] is not None
    assert "version 1, which we lack" in before[2].flaw
    assert after[0] is not None
    assert after[0].flaw
    assert after[1:] == [genuine, genuine]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["school-key", "--out", "/nowhere/at/all"], "No such file"),
        (["personalise", "--reader", "/dev/nothing", "--driver", "pn532-direct"], "no such device"),
        (["personalise", "--reader", "/dev/x", "--url", "http://x"], "short https address"),
        (["personalise", "--reader", "/dev/x", "--sheet", "cards.csv"], ".xlsx"),
    ],
)
async def test_a_mistake_is_one_line_that_says_what_to_do(bench: Bench, words: list[str], reason: str) -> None:
    result = bench.run(*words)

    assert result.exit_code == 1
    (mistake,) = [told for told in result.output.splitlines() if not told.startswith("note: ")]
    assert mistake.startswith("esik cards: ")
    assert reason in mistake


def test_a_list_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "cards.xlsx").write_bytes(b"")

    with pytest.raises(SheetRefused, match="there already"):
        Sheet(tmp_path / "cards.xlsx")


def test_a_wrong_passphrase_and_a_wrong_code_are_told(tmp_path: Path) -> None:
    runner = CliRunner()
    file = str(tmp_path / "cards.master")
    passphrase = runner.invoke(app, ["master", "init", file]).output.split("cards.master: ")[1].split()[0]
    words = ["school-key", "--out", str(tmp_path / "k"), "--master", file, "--school"]

    wrong = runner.invoke(app, [*words, SCHOOL], input="guess\n")
    foreign = runner.invoke(app, [*words, "No. 5"], input=f"{passphrase}\n")

    assert "passphrase is not the right one" in wrong.output
    assert "is no school's code" in foreign.output
    assert not (tmp_path / "k").exists()


def test_a_school_that_is_new_here_is_said_so_once(tmp_path: Path) -> None:
    runner = CliRunner()
    file = str(tmp_path / "cards.master")
    passphrase = runner.invoke(app, ["master", "init", file]).output.split("cards.master: ")[1].split()[0]
    words = ["school-key", "--out", str(tmp_path / "k"), "--master", file, "--school", SCHOOL]

    first, second = (runner.invoke(app, words, input=f"{passphrase}\n").output for _ in range(2))

    assert f"school {SCHOOL} is new to this master key" in first
    assert "is new" not in second
