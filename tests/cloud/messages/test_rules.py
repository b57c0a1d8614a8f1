"""What makes a message that can be kept, and which language a reader gets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.messages.kinds import Audience, Given, MessageRefused, Wording
from cloud.messages.rules import AHEAD, BODY_MAX, TITLE_MAX, checked, checked_answer, chosen

NOW = datetime(2026, 9, 1, 3, 20, tzinfo=UTC)
GOOD = Given(Audience.SCHOOL, {"ru": Wording(" Собрание  родителей ", "В четверг.\r\n\r\n  В зале. ")})


def test_texts_are_tidied_and_empty_languages_left_out() -> None:
    kept = checked(replace(GOOD, wordings={**GOOD.wordings, "kk": Wording("", "")}), NOW)

    assert kept.wordings == {"ru": Wording("Собрание родителей", "В четверг.\n\nВ зале.")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"wordings": {}},
        {"wordings": {"kk": Wording("Тақырып", "")}},
        {"wordings": {"kk": Wording("x" * (TITLE_MAX + 1), "Мәтін")}},
        {"wordings": {"kk": Wording("Тақырып", "x" * (BODY_MAX + 1))}},
        {"wordings": {"kk": Wording("Тақырып", "a\x00b")}},
        {"wordings": {"de": Wording("Titel", "Text")}},
        {"only_language": "de"},
        {"send_at": NOW - timedelta(minutes=1)},
        {"send_at": NOW + AHEAD + timedelta(minutes=1)},
        {"audience": Audience.GRADES},
        {"audience": Audience.GRADES, "grades": [13]},
        {"audience": Audience.CLASSES},
        {"audience": Audience.FAMILY},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(MessageRefused):
        checked(replace(GOOD, **wrong), NOW)  # type: ignore[arg-type]


def test_a_reader_gets_the_own_language_else_kazakh_else_russian() -> None:
    all_three = {code: Wording(code, code) for code in ("en", "kk", "ru")}

    assert [chosen(all_three, code)[0] for code in ("kk", "ru", "en", "de")] == ["kk", "ru", "en", "kk"]
    assert chosen({"en": all_three["en"], "ru": all_three["ru"]}, "kk")[0] == "ru"


def test_an_answer_has_words() -> None:
    assert checked_answer("  Иә,\n келеміз ") == "Иә,\nкелеміз"
    for wrong in ("", " \n ", "x" * 2_001, "a\x07"):
        with pytest.raises(MessageRefused):
            checked_answer(wrong)
