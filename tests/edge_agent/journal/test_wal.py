"""A log whose middle is damaged is noticed; one whose end was torn is nothing to tell of."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from edge_agent.journal.file import JournalFile
from edge_agent.journal.opening import open_journal
from edge_agent.journal.wal import commits_in, lost_commits
from simulators import disk
from simulators.disk import FILE, LOG, Image
from tests.edge_agent.journal.conformance import DEVICE, records
from tests.edge_agent.school import at


def image_of(folder: Path, count: int) -> Image:
    """Return what stands on the disk after so many commits of a record each, the first by the opening."""
    file = JournalFile(folder / "j.db", DEVICE, Random(1))
    for number in range(count):
        file.append(records(1, number))
    image = Image.of(folder / "j.db")
    file.close()
    return image


def reopened(folder: Path, image: Image) -> JournalFile:
    image.write(folder / "j.db")
    return JournalFile(folder / "j.db", DEVICE, Random(2))


def test_every_commit_is_found_and_none_is_lost_in_a_whole_log(tmp_path: Path) -> None:
    image = image_of(tmp_path, 9)
    image.write(tmp_path / "j.db")

    commits = commits_in(tmp_path / "j.db-wal")

    assert len(commits) >= 10
    assert commits == sorted(set(commits))
    assert reopened(tmp_path, image).lost_commits == 0
    assert commits_in(tmp_path / "nowhere") == []


@pytest.mark.parametrize("cut", [1, 100, 4_000, 4_200])
def test_a_torn_end_is_no_loss(tmp_path: Path, cut: int) -> None:
    image = image_of(tmp_path, 9)

    file = reopened(tmp_path, Image({FILE: image.part(FILE), LOG: image.part(LOG)[:-cut]}))

    assert file.lost_commits == 0


@pytest.mark.parametrize("number", [1, 4, 7])
def test_a_flipped_bit_in_the_middle_is_told_with_what_it_cost(tmp_path: Path, number: int) -> None:
    image = image_of(tmp_path, 9)
    log = bytearray(image.part(LOG))
    log[log.index(records(1, number)[0])] ^= 1
    Image({FILE: image.part(FILE), LOG: bytes(log)}).write(tmp_path / "j.db")

    opening = open_journal(tmp_path / "j.db", DEVICE, Random(3), stamp=at(), boot="b" * 16, firmware="0.1.0")

    told = [msgspec.json.decode(entry.record or b"") for entry in opening.entries]
    assert [(record["k"], record["w"]) for record in told] == [
        ("open", "recovered"),
        ("alarm", "journal_damaged"),
        ("loss", "io_error"),
    ]
    assert told[2]["n"] == 9 - number - 1  # the last is taken for one that was under way
    assert told[0]["ph"] == number


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_header_loses_the_log_and_says_so(tmp_path: Path, seed: int) -> None:
    image, rng = image_of(tmp_path, 9), Random(seed)
    log = bytearray(image.part(LOG))
    log[rng.randrange(12, 32)] ^= 1 << rng.randrange(8)

    file = reopened(tmp_path, Image({FILE: image.part(FILE), LOG: bytes(log)}))

    assert file.lost_commits >= 9


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("crash", [disk.torn, disk.scattered])
def test_a_power_cut_is_no_loss(tmp_path: Path, seed: int, crash: object) -> None:
    file, rng = JournalFile(tmp_path / "j.db", DEVICE, Random(1)), Random(seed)
    for number in range(rng.randrange(9)):
        file.append(records(1, number))
    before = Image.of(tmp_path / "j.db")
    file.append(records(3))
    after = Image.of(tmp_path / "j.db")
    file.close()

    image = disk.torn(before, after, rng) if crash is disk.torn else disk.scattered(before, after, rng)

    assert reopened(tmp_path, image).lost_commits == 0


def test_how_many_are_lost() -> None:
    assert lost_commits([2, 4, 6], 6) == 0
    assert lost_commits([2, 4, 6], 4) == 0
    assert lost_commits([2, 4, 6], 0) == 2
