"""The simulated PN532 on its pseudo-terminal, driven by the programs that drive real ones."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import nfc
import nfc.clf.pn532
import nfc.clf.transport
import pytest

from simulators.control import command, port_of, serve_control
from simulators.pn532 import Pn532Line

NFC_LIST_S = 20
LOOKS_MAX = 5  # nfcpy gives a card some milliseconds to answer; on a busy machine it needs another look


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pn532Line]:
    line = Pn532Line(Random(1), tmp_path / "pn532")
    line.plug()
    yield line
    line.unplug()


@pytest.fixture
async def frontend(line: Pn532Line) -> AsyncIterator[Any]:
    """Nfcpy, connected as its documentation says."""

    def connect() -> Any:
        frontend = nfc.ContactlessFrontend()
        frontend.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(line.path))
        frontend.device._path = line.path
        return frontend

    frontend = await asyncio.to_thread(connect)
    yield frontend
    await asyncio.to_thread(frontend.close)


async def test_nfcpy_knows_the_chip(frontend: Any) -> None:
    assert "PN532v1.6" in str(frontend.device)


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        ("04A1B2C3D4E5F6", "NXP NTAG213"),
        ("01020304", "Type2Tag"),
        ("04A1B2C3D4E5F6 iso-dep", "Type4ATag"),
        ("random", "Type4ATag"),
    ],
)
async def test_nfcpy_identifies_the_card(line: Pn532Line, frontend: Any, card: str, kind: str) -> None:
    line.obey(f"present {card}")

    tags = [await asyncio.to_thread(frontend.connect, rdwr={"on-connect": lambda _: False})]
    while kind not in str(tags[-1]) and len(tags) < LOOKS_MAX:
        tags.append(await asyncio.to_thread(frontend.connect, rdwr={"on-connect": lambda _: False}))

    assert kind in str(tags[-1]), [str(tag) for tag in tags]


async def test_nfcpy_sees_an_iso_dep_card_stay_and_go(line: Pn532Line, frontend: Any) -> None:
    line.obey("present 04A1B2C3D4E5F6 iso-dep")
    tag = await asyncio.to_thread(frontend.connect, rdwr={"on-connect": lambda _: False})
    assert await asyncio.to_thread(lambda: tag.is_present)
    assert await asyncio.to_thread(lambda: tag.ndef) is None

    line.obey("remove")

    assert not await asyncio.to_thread(lambda: tag.is_present)


@pytest.mark.skipif(shutil.which("nfc-list") is None, reason="libnfc-bin is not installed")
async def test_libnfc_lists_every_card(line: Pn532Line) -> None:
    for card in ("present 04A1B2C3D4E5F6 iso-dep", "add 01020304", "add 04A1B2C3D4E5F6071829"):
        line.obey(card)

    program = await asyncio.create_subprocess_exec(
        "nfc-list",
        env={"LIBNFC_DEVICE": f"pn532_uart:{line.path}:115200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(NFC_LIST_S):
        told, _ = await program.communicate()

    words = " ".join(told.decode().split())
    assert "3 ISO14443A passive target(s) found" in words
    assert "UID (NFCID1): 04 a1 b2 c3 d4 e5 f6 SAK (SEL_RES): 20 ATS: 75 77 81 02 80" in words
    assert "UID (NFCID1): 01 02 03 04 SAK (SEL_RES): 08" in words
    assert "UID (NFCID1): 04 a1 b2 c3 d4 e5 f6 07 18 29" in words


async def test_commands_come_by_the_control_port(line: Pn532Line) -> None:
    async with await serve_control(line, 0) as server:
        port = port_of(server)
        assert "cards=1" in await command(port, "present 04A1B2C3D4E5F6")
        assert "cards=2" in await command(port, "add random")
        assert "faults=checksum=2" in await command(port, "fault checksum 2")
        assert "cards=0" in await command(port, "remove")
        assert "unplugged" in await command(port, "unplug")
        assert "/dev/pts" in await command(port, "plug")
        assert "commands: present UID" in await command(port, "dance")
        assert "there are drop-ack" in await command(port, "fault lightning")
        assert "refused: a UID has 4, 7 or 10 bytes, not 3" in await command(port, "present 010203")
        assert "refused: '04x' is not a UID" in await command(port, "present 04x")
        assert "refused: 'gold' is no family" in await command(port, "present 01020304 gold")


async def test_the_link_follows_the_cable(line: Pn532Line, tmp_path: Path) -> None:
    link = tmp_path / "pn532"
    assert str(link.readlink()) == line.path

    line.unplug()
    assert not link.is_symlink()
    line.plug()
    assert link.exists()
