"""No start of a head is taken for another, whatever its flash does."""

from pathlib import Path

from tests.firmware.vm import run_vm

COUNT = "from firmware.node.head_program import count_boot; print(count_boot(%r))"


def test_starts_are_counted_where_they_can_be(tmp_path: Path) -> None:
    path = tmp_path / "boots"
    path.write_text("41")

    assert [run_vm("-c", COUNT % str(path), board=tmp_path) for _ in range(2)] == ["42\n", "43\n"]


def test_a_head_that_cannot_count_draws_a_number(tmp_path: Path) -> None:
    spoilt = tmp_path / "boots"
    spoilt.write_text("forty")
    nowhere = tmp_path / "missing" / "boots"

    drawn = [run_vm("-c", COUNT % str(path), board=tmp_path) for path in (spoilt, nowhere, nowhere)]

    assert len(set(drawn)) == 3
    assert spoilt.read_text() + "\n" == drawn[0]
