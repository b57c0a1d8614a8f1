"""Which language a reader gets, and how days and times are written in it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cloud.core.formats import Formats
from cloud.core.i18n import Language, choose

ALMATY = ZoneInfo("Asia/Almaty")
AT = datetime(2026, 11, 25, 2, 52, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("remembered", "header", "chosen"),
    [
        (None, None, Language.KK),
        (None, "", Language.KK),
        (None, "ru-RU,ru;q=0.9,en-US;q=0.8", Language.RU),
        (None, "en;q=0.5, kk;q=0.7", Language.KK),
        (None, "de,fr;q=0.8", Language.KK),
        (None, "de, en;q=0.1", Language.EN),
        (None, "ru;q=0, en;q=0.1", Language.EN),
        (None, "ru;q=nonsense, en;q=0.1", Language.EN),
        ("en", "ru", Language.EN),
        ("xx", "ru", Language.RU),
    ],
)
def test_the_language_remembered_comes_first_then_the_browsers_then_kazakh(
    remembered: str | None, header: str | None, chosen: Language
) -> None:
    assert choose(remembered, header) is chosen


@pytest.mark.parametrize(
    ("language", "day", "short"),
    [
        (Language.KK, "2026 ж. 25 қараша, сәрсенбі", "25 қар., ср"),
        (Language.RU, "среда, 25 ноября 2026 г.", "ср, 25 нояб."),
        (Language.EN, "Wednesday, November 25, 2026", "Wed, Nov 25"),
    ],
)
def test_days_are_written_in_the_readers_language(language: Language, day: str, short: str) -> None:
    formats = Formats(language, ALMATY)

    written = (formats.day(date(2026, 11, 25)), formats.day_short(date(2026, 11, 25)))
    assert tuple(text.replace("\u202f", " ") for text in written) == (day, short)


@pytest.mark.parametrize("language", Language)
def test_times_are_the_schools_own(language: Language) -> None:
    formats = Formats(language, ALMATY)

    assert (formats.hour(AT), formats.second(AT)) == ("07:52", "07:52:09")
    assert formats.local_day(datetime(2026, 11, 25, 20, 0, tzinfo=UTC)) == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("language", "whole", "tenths"),
    [(Language.KK, "1\xa0204", "14,2"), (Language.RU, "1\xa0204", "14,2"), (Language.EN, "1,204", "14.2")],
)
def test_figures_have_the_languages_own_point_and_grouping(language: Language, whole: str, tenths: str) -> None:
    formats = Formats(language, ALMATY)

    assert (formats.number(1204), formats.tenths(14.2)) == (whole, tenths)


@pytest.mark.parametrize(("language", "point"), [(Language.KK, ","), (Language.RU, ","), (Language.EN, ".")])
def test_halves_are_whole_where_they_are_and_hundredths_have_two_decimals(language: Language, point: str) -> None:
    formats = Formats(language, ALMATY)

    assert (formats.halves(8), formats.halves(-9)) == ("4", f"-4{point}5")
    assert (formats.hundredths(142), formats.hundredths(100)) == (f"1{point}42", f"1{point}00")
