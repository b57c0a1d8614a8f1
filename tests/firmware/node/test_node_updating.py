"""When a node asks for newer programs, and when it trusts the one on trial; the rest is in `test_node_update`."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.boot import Files, State
from firmware.node.clock import NTP, Stamp
from firmware.node.release_keys import ReleaseKeys
from firmware.node.roster_fetch import Server
from firmware.node.update import UpdateFailed, Updates
from firmware.node.updating import AGAIN_MS, FIRST_MS, LOOK_MS, SPREAD_MS, Updating
from schemas.release import ReleaseRefused
from schemas.requests import answer_headers
from tests.servers.process import free_port

KEY = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()


class Node:
    """A node in slot a, whose other slot holds a program that is on trial if the test says so."""

    def __init__(self, folder: Path, port: int = 1, keys: Sequence[bytes] = (PUBLIC,)) -> None:
        for slot, counter in (("a", 3), ("b", 4)):
            (folder / slot).mkdir(exist_ok=True)
            (folder / slot / "manifest.json").write_text(json.dumps({"counter": counter}))
        self.files = Files(f"{folder}/")
        self.restarts = 0
        self.alarms: list[tuple[str, str]] = []
        updates = Updates(
            self.files,
            "gate-1",
            "gate-esp32s3",
            KEY,
            ReleaseKeys(list(keys)),
            Random(1).randbytes,
            lambda: Stamp(0, 1, NTP),
        )  # fmt: skip
        server = Server(f"http://127.0.0.1:{port}")
        self.updates = updates
        self.updating = Updating(updates, server, lambda: None, Random(1), self._restart, self._alarm)

    def _alarm(self, reason: str, detail: str) -> None:
        self.alarms.append((reason, detail))

    def _restart(self) -> None:
        self.restarts += 1


def on_trial(folder: Path) -> Node:
    State(Node(folder).files).begin("b")
    return Node(folder)


def test_a_node_asks_some_minutes_after_its_start_and_at_once_on_news(tmp_path: Path) -> None:
    it = Node(tmp_path).updating

    assert (it.is_due(FIRST_MS - 1), it.is_due(FIRST_MS + SPREAD_MS)) == (False, True)
    it.begin(0)
    it.hear()
    assert it.is_due(1)


def test_a_program_on_trial_asks_for_nothing_and_is_trusted_once_the_node_is_well(tmp_path: Path) -> None:
    it = on_trial(tmp_path)
    it.updating.hear()
    asks = it.updating.is_due(10**9)

    it.updating.prove(is_well=False)
    still = State(it.files).trial
    it.updating.prove(is_well=True)

    assert (asks, still, State(it.files).trial, State(it.files).good) == (False, "b", "", "b")


def test_fault_37_the_program_that_fetched_another_neither_trusts_it_nor_fetches_more(tmp_path: Path) -> None:
    it = Node(tmp_path)
    it.updates.state.begin("b")
    it.updating.hear()

    it.updating.prove(is_well=True)

    assert (State(it.files).good, State(it.files).trial) == ("a", "b")
    assert not it.updating.is_due(10**9)


def test_fault_37_a_program_that_failed_is_told_of_once(tmp_path: Path) -> None:
    State(on_trial(tmp_path).files).go_back("no_ack")
    told = list[list[tuple[str, str]]]()

    for _ in range(2):
        it = Node(tmp_path)
        it.updating.tell()
        told.append(it.alarms)

    assert told == [[("update_failed", "4 no_ack")], []]


def test_a_board_without_a_release_key_asks_for_nothing(tmp_path: Path) -> None:
    it = Node(tmp_path, keys=()).updating
    it.hear()

    assert not it.is_due(10**9)


async def test_fault_37_a_release_that_no_pinned_key_has_signed_is_an_alarm_once_since_the_start(
    tmp_path: Path,
) -> None:
    manifest = b"ab" * 64 + b"\n" + json.dumps({"counter": 9}).encode()
    async with cloud(manifest=manifest) as (port, asked):
        it = Node(tmp_path, port)
        for _ in range(2):
            it.updating.begin(FIRST_MS)
            with pytest.raises(ReleaseRefused, match="signature"):
                await it.updating.look()

    assert it.alarms == [("update_failed", "9 signature")]
    assert [each.partition("&have=3")[2] for each in asked] == ["", *["&bad=9&why=refused"] * 3]
    assert not it.updating.is_due(FIRST_MS + LOOK_MS - 1)


async def test_fault_37_a_cloud_that_hears_no_refusal_keeps_no_alarm_from_being_written(tmp_path: Path) -> None:
    manifest = b"ab" * 64 + b"\n" + json.dumps({"counter": 9}).encode()
    async with cloud(manifest=manifest, answers=1) as (port, asked):
        it = Node(tmp_path, port)
        with pytest.raises((OSError, EOFError)):
            await it.updating.look()

    assert len(asked) == 1
    assert it.alarms == [("update_failed", "9 signature")]


@contextlib.asynccontextmanager
async def cloud(key: bytes = KEY, manifest: bytes = b"", answers: int = 99) -> AsyncIterator[tuple[int, list[str]]]:
    """Answer that there is nothing new, or a manifest, signed by this key."""
    port, asked = free_port(), list[str]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(asked) == answers:
            writer.close()
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split(" ")[1])
        nonce = re.findall(r"Esik-Nonce: (\w+)", head)[0]
        status = 200 if manifest else 204
        signed = answer_headers(key, status, nonce, 1_790_000_000_000, manifest)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(manifest)}", *(f"{n}: {v}" for n, v in signed.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + manifest)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield port, asked
    finally:
        listening.close()


async def test_a_question_that_got_no_answer_is_asked_again_soon_then_ever_later(tmp_path: Path) -> None:
    it = Node(tmp_path, free_port()).updating  # nobody listens there
    waits = list[int]()

    for _ in range(12):
        it.begin(0)
        with pytest.raises(OSError, match=r"."):
            await it.look()
        waits.append(next(at for at in range(0, 7 * LOOK_MS, 1_000) if it.is_due(at)))

    assert waits[0] <= AGAIN_MS
    assert max(waits[:4]) <= 8 * AGAIN_MS
    assert AGAIN_MS * 60 < max(waits) <= LOOK_MS


async def test_nothing_new_is_no_reason_to_start_anew_and_asked_about_in_six_hours(tmp_path: Path) -> None:
    async with cloud() as (port, asked):
        it = Node(tmp_path, port)
        it.updating.begin(FIRST_MS)
        await it.updating.look()

    due = [it.updating.is_due(FIRST_MS + LOOK_MS + at_ms) for at_ms in (-1, SPREAD_MS)]
    assert due == [False, True]
    assert asked == ["/device/v1/release?product=node&board=gate-esp32s3&have=3"]
    assert it.restarts == 0


async def test_an_answer_that_the_cloud_did_not_sign_is_not_believed(tmp_path: Path) -> None:
    async with cloud(b"x" * 32) as (port, _):
        with pytest.raises(UpdateFailed, match="signature"):
            await Node(tmp_path, port).updating.look()
