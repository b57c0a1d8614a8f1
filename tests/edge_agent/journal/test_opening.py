"""Opening a journal, whatever is there: nothing is deleted, and what is missing is said."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from edge_agent.journal.entry import JournalUnavailable
from edge_agent.journal.opening import Opened, open_journal
from schemas.structs import Alarm, AnyRecord, Open
from tests.edge_agent.journal.conformance import records
from tests.edge_agent.school import at


def opened(folder: Path, seed: int = 1, broken: str = "") -> Opened:
    return open_journal(
        folder / "journal.db", "gate-1", Random(seed), stamp=at(), boot="b" * 16, firmware="0.1.0", broken=broken
    )


def first_records(opening: Opened) -> list[AnyRecord]:
    return [msgspec.json.decode(entry.record or b"", type=AnyRecord) for entry in opening.entries]


def test_the_first_opening_creates(tmp_path: Path) -> None:
    opening = opened(tmp_path / "new" / "folder")

    (record,) = first_records(opening)
    assert isinstance(record, Open)
    assert (record.reason, record.previous_epoch, record.boot) == ("created", None, "b" * 16)
    assert opening.why == "created"


def test_the_next_names_the_epoch_before_with_its_head_and_digest(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.file.append(records(4))
    first.file.close()

    (record,) = first_records(opened(tmp_path, 2))

    assert isinstance(record, Open)
    assert record.reason == "start"
    assert (record.previous_epoch, record.previous_head) == (first.file.epoch, 5)
    assert record.previous_digest == first.file.digest.hex()


def test_a_file_that_is_gone_is_an_alarm_with_its_last_epoch(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.file.close()
    for part in tmp_path.glob("journal.db*"):
        if not part.name.endswith(".began"):
            part.unlink()

    _, alarm = first_records(opened(tmp_path, 2))

    assert isinstance(alarm, Alarm)
    assert (alarm.reason, alarm.detail) == ("journal_lost", f"the file is gone; last epoch {first.file.epoch}")


@pytest.mark.parametrize("damage", ["garbage", "known"])
def test_a_broken_file_is_set_aside_and_kept(tmp_path: Path, damage: str) -> None:
    first = opened(tmp_path)
    first.file.close()
    if damage == "garbage":
        (tmp_path / "journal.db").write_bytes(b"garbage" * 1_000)

    opening = opened(tmp_path, 2, broken="malformed" if damage == "known" else "")
    record, alarm = first_records(opening)

    assert opening.why == "set_aside"
    assert isinstance(record, Open)
    assert record.reason == "set_aside"
    assert isinstance(alarm, Alarm)
    assert alarm.reason == "journal_damaged"
    assert len(list(tmp_path.glob("journal.db.broken-*"))) >= 1


def test_a_place_that_takes_nothing_is_said_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalUnavailable):
        opened(tmp_path / "file")


def test_a_marker_that_cannot_be_written_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal.db.began").mkdir()

    assert opened(tmp_path).file.head == 2  # the opening, and an alarm about a journal of an unknown epoch
