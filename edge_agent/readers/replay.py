"""A file of taps, played on the agent's clock: for demonstrations, tests and questions about yesterday.

One JSON object a line: `{"at_ms": 1500, "credential": "04A1B2C3D4E5F6", "medium": "uid"}`; `at_ms` counts from the
moment the reader starts and does not go back; a `qr` credential is its text, any other is hexadecimal.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Medium, Tap

TAPS_MAX = 1_000_000


class ReplayRefused(ValueError):
    """A line of the file is wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class ReplayedTap:
    """One line of the file."""

    at_ms: int
    credential: bytes
    medium: Medium


def load(path: Path) -> list[ReplayedTap]:
    """Read a replay file; raise ReplayRefused with the line and the reason, OSError when it cannot be read."""
    taps: list[ReplayedTap] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if number > TAPS_MAX:
                raise ReplayRefused(f"{path}: more than {TAPS_MAX} lines")
            try:
                tap = parse(line)
            except (ValueError, KeyError, TypeError) as error:
                raise ReplayRefused(f"{path}, line {number}: {error}") from None
            if taps and tap.at_ms < taps[-1].at_ms:
                raise ReplayRefused(f"{path}, line {number}: at_ms goes back from {taps[-1].at_ms} to {tap.at_ms}")
            taps.append(tap)
    return taps


def parse(line: str) -> ReplayedTap:
    """Read one line."""
    written = json.loads(line)
    match written:
        case {"at_ms": int(at_ms), "credential": str(credential), "medium": str(medium)} if at_ms >= 0:
            kind = Medium(medium)
            spelled = credential.encode() if kind is Medium.QR else bytes.fromhex(credential)
            if not spelled:
                raise ValueError("the credential is empty")
            return ReplayedTap(at_ms, spelled, kind)
    raise ValueError('not {"at_ms": milliseconds, "credential": text, "medium": "uid" or "qr"}')


class ReplayReader(SupervisedReader):
    """Yields the taps of a file, each at its time, and then waits for nothing."""

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        try:
            taps = await asyncio.to_thread(load, Path(self._path))
        except (OSError, ReplayRefused) as error:
            raise DeviceLost(str(error)) from None
        self._found()
        began_ms = self._clock.monotonic_ms()
        for tap in taps:
            wait_ms = began_ms + tap.at_ms - self._clock.monotonic_ms()
            if wait_ms > 0:
                await self._clock.sleep(wait_ms / 1_000)
            yield self._tap(tap.credential, tap.medium)
        await asyncio.Event().wait()
