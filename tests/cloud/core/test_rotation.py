"""Old backups go: the last days stay, the first of each month stays, and the newest stay whatever happens."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.core.rotation import made_at, name_of, outlived

NOW = datetime(2026, 11, 30, 2, 30, tzinfo=UTC)


def nightly(days: int, *, is_sealed: bool = False) -> list[str]:
    return [name_of(NOW - timedelta(days=each), is_sealed=is_sealed) for each in range(days)]


def test_a_year_of_nights_becomes_a_month_of_them_and_the_first_of_each_month() -> None:
    names = nightly(400)

    left = sorted(set(names) - set(outlived(names, NOW, days=30, months=12)))

    assert [name for name in left if name < name_of(NOW - timedelta(days=29), is_sealed=False)] == [
        f"esik-{year}-{month:02}-01T023000Z.zip"
        for year, month in [(2025, 12), *((2026, each) for each in range(1, 11))]
    ]
    assert set(nightly(30)) <= set(left)


def test_the_newest_stay_where_none_was_made_for_years() -> None:
    names = nightly(10, is_sealed=True)

    gone = outlived(names, NOW + timedelta(days=3_000), days=30, months=12)

    assert sorted(set(names) - set(gone)) == sorted(names[:3])


@pytest.mark.parametrize(
    "name", ["before.zip", "esik-2026-11-01T023000Z.zip.part", "esik-2026-13-01T023000Z.zip", "esik-.sealed", "x"]
)
def test_what_is_not_named_as_ours_is_left_alone(name: str) -> None:
    assert made_at(name) is None
    assert name not in outlived([name, *nightly(100)], NOW, days=1, months=0)
