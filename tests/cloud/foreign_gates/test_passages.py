"""The shapes of other systems, read without a database."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cloud.foreign_gates.passages import Passages, Passed, PercoRows, SigurLogs, of_any, of_perco, of_sigur

ALMATY = ZoneInfo("Asia/Almaty")
AT = datetime(2026, 9, 1, 2, 52, 10, tzinfo=UTC)
OUTSIDE = "Неконтролируемая территория"


def test_sigur_tells_who_passed_where_and_which_way() -> None:
    logs = [
        {"logId": 7, "time": int(AT.timestamp()), "empId": "1042", "accessPoint": 3, "direction": 2, "keyHex": "AB"},
        {"logId": 8, "time": int(AT.timestamp()), "empId": 1042, "accessPoint": 3, "direction": 1},
        {"logId": 9, "time": 0, "empId": None, "direction": 2},
        {"logId": 10, "time": 0, "empId": "1042", "direction": 3},
    ]

    assert of_sigur(SigurLogs.model_validate({"logs": logs})) == [
        Passed("7", "1042", AT, "in", "sigur-3"), Passed("8", "1042", AT, "out", "sigur-3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("leaves", "enters", "way", "gate"),
    [
        (OUTSIDE, "Школа", "in", "Школа"),
        ("Школа", OUTSIDE.upper(), "out", "Школа"),
        (None, "Школа", "in", "Школа"),
        ("Школа", "Спортзал", None, ""),
        (OUTSIDE, None, None, ""),
    ],
)
def test_perco_tells_the_way_by_its_zones(leaves: str | None, enters: str | None, way: str | None, gate: str) -> None:
    row = {
        "id": 5, "tabel_number": "1042", "time_label": "2026-09-01 07:52:10", "zone_exit": leaves, "zone_enter": enters,
        "fio": "left out",
    }  # fmt: skip

    found = of_perco(PercoRows.model_validate({"rows": [row]}), ALMATY)

    assert [(each.source, each.at, each.direction, each.gate) for each in found] == (
        [("5", AT, way, gate)] if way else []
    )


def test_a_time_that_is_none_or_of_no_zone_is_left_out() -> None:
    row = {"id": 5, "tabel_number": "1", "time_label": "2026-13-41 07:52:10", "zone_enter": "Школа"}
    passage = {"id": "1", "number": "1", "at": "2026-09-01T07:52:10", "direction": "in"}

    assert of_perco(PercoRows.model_validate({"rows": [row]}), ALMATY) == []
    assert of_any(Passages.model_validate({"passages": [passage]})) == []
