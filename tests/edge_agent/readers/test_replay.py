"""A file of taps is played at its own pace."""

import json
from contextlib import aclosing
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.replay import ReplayReader, ReplayRefused, load
from edge_agent.readers.tap import Health, Medium
from tests.edge_agent.readers.listening import listening
from tests.simulators.jumping import JumpingClock
from tests.waiting import until_async


def line(at_ms: object, credential: object = "04A1B2C3", medium: object = "uid") -> str:
    return json.dumps({"at_ms": at_ms, "credential": credential, "medium": medium}) + "\n"


async def test_taps_come_at_their_times(tmp_path: Path) -> None:
    path = tmp_path / "taps.jsonl"
    path.write_text(line(0) + line(1_500) + line(3_600_000, "esik:7", "qr"))
    taps = []

    async with aclosing(ReplayReader("gate-in", str(path), JumpingClock()).taps()) as coming:
        async for tap in coming:
            taps.append(tap)
            if len(taps) == 3:
                break

    assert [tap.at_ms for tap in taps] == [0, 1_500, 3_600_000]
    assert (taps[2].credential, taps[2].medium) == (b"esik:7", Medium.QR)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "line 1"),
        ("[]\n", "line 1: not {"),
        (line(0) + line(-1), "line 2"),
        (line("0"), "line 1"),
        (line(0, "xyz"), "line 1: non-hexadecimal"),
        (line(0, ""), "the credential is empty"),
        (line(0, "04", "smell"), "'smell' is not a valid Medium"),
        (line(5) + line(4), "line 2: at_ms goes back from 5 to 4"),
    ],
)
def test_a_wrong_line_is_named_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "taps.jsonl"
    path.write_text(text)

    with pytest.raises(ReplayRefused) as refused:
        load(path)

    assert reason in str(refused.value)


async def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "taps.jsonl"
    reader = ReplayReader("gate-in", str(path), SystemClock())

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.LOST)
        path.write_text(line(0))
        await until_async(lambda: taps)
