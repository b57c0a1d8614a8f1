"""A microcontroller is enrolled over its cable: the real mpremote writes what the cloud gave for a scanned code."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.devices.ca import Authority, init
from firmware.node.settings import Bundle, GateSettings, load
from firmware.tools.cli import app
from firmware.tools.enrol import BUNDLE, CSR, NODE
from schemas.enrolment import Code
from simulators.board import Board
from tests.contract.test_enrolling import Front, front_of, listening, own
from tests.firmware.tools.bench import MICROPYTHON
from tests.simulators.boards import run

BOARD = ("--board", "gate-esp32s3")


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as OpenSSL does."""
    return SystemClock()


@pytest.fixture(name="front")
async def _front(services: Services, tmp_path: Path) -> Front:
    return await front_of(services, tmp_path)


@pytest.fixture(name="board")
async def _board(tmp_path: Path) -> AsyncIterator[Board]:
    """Return a board that runs MicroPython."""
    board = Board(tmp_path)
    board.flash.erase(0, board.flash.size // 2)
    board.flash.write(0, MICROPYTHON)
    await board.plug()
    yield board
    await board.unplug()


async def enrol(*words: str, scanned: str = "") -> tuple[int, str]:
    """Run `esik device enrol` as a person does who scans a code into it."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["enrol", *BOARD, *words], input=scanned)
    return done.exit_code, done.output


async def test_a_scanned_code_makes_a_gate_of_a_board_on_the_cable(front: Front, board: Board, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = await front.code()
        status, told = await enrol("--port", board.path, "--wifi", "мектеп", scanned=f"{code.text()}\nqwerty12\n")

    assert status == 0, told
    for name in (BUNDLE, NODE):
        said = await run("mpremote", "connect", board.path, "cat", f":{name}")
        (tmp_path / name).write_text(said.text)
    bundle, settings = Bundle(load(str(tmp_path / BUNDLE))), GateSettings(load(str(tmp_path / NODE)))
    assert (bundle.device, bundle.school, settings.gate) == ("almaty5-main", "almaty5", "main")
    assert (settings.board, settings.direction, settings.ssid) == ("gate-esp32s3", "in", "мектеп")
    assert "PRIVATE KEY" in (bundle.key_pem or "")
    assert f"{code.url}/schools/almaty5/devices/doors shows it online" in told
    for secret in (code.token.hex(), "qwerty12", bundle.secret.hex()):
        assert secret not in told.replace(code.text(), "")
    assert await front.services.database.pool.fetchval("SELECT firmware <> '' FROM device")


async def test_the_files_are_written_into_a_folder_that_nobody_else_reads(front: Front, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = await front.code()
        status, _ = await enrol("--folder", str(tmp_path / "out"), "--direction", "out", "--code", code.text())
        again, told = await enrol("--folder", str(tmp_path / "more"), "--code", code.text())

    assert (status, again) == (0, 1)
    assert "Another device used this code already" in told
    assert stat.S_IMODE((tmp_path / "out" / BUNDLE).stat().st_mode) == 0o600
    assert json.loads((tmp_path / "out" / NODE).read_text())["direction"] == "out"
    request = x509.load_pem_x509_csr((tmp_path / "out" / CSR).read_bytes())
    held = x509.load_pem_x509_certificate(
        json.loads((tmp_path / "out" / BUNDLE).read_text())["certificate_pem"].encode()
    )
    assert request.is_signature_valid
    assert request.public_key() == held.public_key()
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("name", "advice"),
    [("esik.example", "the operator sets ESIK_PUBLIC_URL to the name"), ("127.0.0.1", "SSL_CERT_FILE=authority.pem")],
)
async def test_a_certificate_that_is_not_believed_is_told_with_what_to_do(
    front: Front, tmp_path: Path, name: str, advice: str
) -> None:
    init(tmp_path / "other", Vault(bytes(32)), front.services.clock.now())
    other = Authority.load(tmp_path / "other", Vault(bytes(32)))
    async with listening(front, own(front) if name == "esik.example" else other, tmp_path, (name,)):
        status, told = await enrol("--folder", str(tmp_path / "out"), "--code", (await front.code()).text())

    assert status == 1
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert advice in told
    assert not (tmp_path / "out").exists()


async def test_a_board_that_does_not_answer_is_told_with_what_to_do(front: Front, tmp_path: Path) -> None:
    # Not a terminal's number that was given back: it may be another board's by now.
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        status, told = await enrol("--port", "/dev/null", "--code", (await front.code()).text())

    assert status == 1
    assert "print another one for the same door" in told


async def test_a_board_that_is_not_there_is_told_before_the_code_is_used(front: Front, tmp_path: Path) -> None:
    async with listening(front, own(front), tmp_path, ("127.0.0.1",)):
        code = (await front.code()).text()
        status, told = await enrol("--port", str(tmp_path / "ttyACM0"), "--code", code)
        again, _ = await enrol("--folder", str(tmp_path / "out"), "--code", code)

    assert (status, again) == (1, 0)
    assert "put the cable in, and run this again" in told


async def test_an_address_that_is_none_is_told_like_one_that_does_not_answer(tmp_path: Path) -> None:
    code = Code("https://\u200b", "ab" * 16, "almaty5", ("main",), "almaty5-main", bytes(16))
    status, told = await enrol("--folder", str(tmp_path / "out"), "--code", code.text())

    assert status == 1
    assert "cannot be asked: InvalidURL: Invalid IDNA hostname" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--folder", "x", "--code", "04A1B2C3"), "this is no enrolment code"),
        (("--code", "ESIK1;x"), "name the board's --port"),
        (("--board", "toaster", "--port", "x"), "there is no board 'toaster'"),
    ],
)
async def test_what_cannot_be_is_said_before_anything_is_asked(words: tuple[str, ...], said: str) -> None:
    status, told = await enrol(*words)

    assert status == 1
    assert said in told
