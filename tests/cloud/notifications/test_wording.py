"""What channels say of a notice: whole in every language, short for an SMS, and never lost to a broken translation."""

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message as CatalogueMessage
from structlog.testing import capture_logs

from cloud.core import i18n
from cloud.core.catalogues import read
from cloud.core.i18n import Language
from cloud.core.sms import parts_of
from cloud.core.words import SIGNS
from cloud.notifications.kinds import Detail, Kind, Named
from cloud.notifications.queries import NoticeRow
from cloud.notifications.texts import told
from cloud.notifications.wording import SHORT_PARTS, fitted, page_of, words_of

NOW = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
DISH = Named("Қамыр тамақ, үй кеспесі", "Суп-лапша по-домашнему", "Noodle soup", 2)
DETAIL = Detail(
    meal=Named("Түскі ас", "Обед", "Lunch"), dishes=(DISH,) * 9, payment="subsidised", amount_tiyn=57_700,
    owed_tiyn=30_000, held_tiyn=-1_000, way="kaspi", reason="no_money", sold_at=NOW, on=date(2026, 9, 2), until=NOW,
)  # fmt: skip
LONG = "Нұрсұлтанқызы-Әбдірахманова Әлия-Айгүл Émilie ايگۇل"


def notice(kind: Kind, name: str = LONG) -> NoticeRow:
    """Return a notice of a kind."""
    zone = ZoneInfo("Asia/Almaty")
    return NoticeRow(1, kind, "p" * 12, name, NOW, NOW, False, None, "", DETAIL, zone)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_told_in_whole_sentences_that_name_the_child_and_fit_an_sms(
    kind: Kind, language: Language
) -> None:
    with capture_logs() as logs:
        words = words_of(notice(kind), language, NOW)

    assert logs == []
    assert LONG in words.body or kind is Kind.SUPPORT_ANSWER, "which is about no child"
    assert "{" not in words.title + words.body + words.short
    assert words.body.rstrip().endswith((".", "!", "?", ")"))
    assert parts_of(words.short) <= SHORT_PARTS
    assert words.title != ""
    assert kind.value in SIGNS


@pytest.mark.requirement("KZ456-17")
@pytest.mark.parametrize("kind", Kind)
def test_a_notice_is_said_in_kazakh_and_in_russian_and_not_in_english(kind: Kind) -> None:
    kk, ru, en = (words_of(notice(kind, "X"), language, NOW) for language in Language)

    assert len({kk.body, ru.body, en.body}) == len({kk.title, ru.title, en.title}) == 3


@pytest.mark.parametrize("language", [Language.KK, Language.RU])
def test_no_translation_has_other_placeholders_than_its_english(language: Language) -> None:
    wrong = [
        (entry.id, form)
        for entry in read(language)
        if entry.id and entry.string
        for form in forms_of(entry)
        if not placeholders(form) <= placeholders(" ".join(ids_of(entry))) or is_broken(form)
        or (not entry.pluralizable and placeholders(form) != placeholders(" ".join(ids_of(entry))))
    ]  # fmt: skip

    assert wrong == []


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        (Language.RU, 7, "ещё 1 блюдо"), (Language.RU, 8, "ещё 2 блюда"), (Language.RU, 11, "ещё 5 блюд"),
        (Language.RU, 17, "ещё 11 блюд"), (Language.RU, 27, "ещё 21 блюдо"),
        (Language.KK, 7, "тағы 1 тағам"), (Language.KK, 11, "тағы 5 тағам"),
    ],
)  # fmt: skip
def test_how_many_there_are_is_said_as_the_language_counts(language: Language, n: int, said: str) -> None:
    meal = replace(notice(Kind.MEAL_TAKEN), detail=Detail(meal=DETAIL.meal, dishes=(DISH,) * n, payment="free"))

    assert said in words_of(meal, language, NOW).body


def test_a_broken_translation_becomes_a_plain_sentence_and_an_error_and_is_never_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue = i18n.translations(Language.RU)
    whole = catalogue.gettext
    monkeypatch.setattr(
        catalogue, "gettext", lambda text: f"{whole(text)} {{lost}}" if "{amount}" in text else whole(text)
    )

    with capture_logs() as logs:
        words, on_page = words_of(notice(Kind.TOPUP), Language.RU, NOW), told(notice(Kind.TOPUP), Language.RU)

    assert LONG in words.body
    assert LONG in on_page
    assert "{" not in words.body
    assert {(each["event"], each["log_level"]) for each in logs} == {("notice.unreadable", "error")}
    assert LONG not in str(logs)


def test_when_everything_is_broken_it_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n.translations(Language.KK), "gettext", lambda text: f"{text} {{lost}}")

    words = words_of(notice(Kind.TOPUP), Language.KK, NOW)

    assert words.body == f"There is news of {LONG}. Open the page of notices to read it."


def test_what_is_told_much_later_says_when_it_happened() -> None:
    later = words_of(notice(Kind.TOPUP), Language.EN, NOW + timedelta(hours=5))

    assert later.body.startswith("Told later, it happened Sep 1, 08:00.")


def test_a_message_leads_to_the_page_that_shows_it() -> None:
    letter = replace(notice(Kind.MESSAGE), detail=Detail(message_id=7))

    assert [page_of(each) for each in (letter, notice(Kind.SUPPORT_ANSWER), notice(Kind.TOPUP))] == [
        "/messages/7", "/help", "/notices"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["а" * 400, "слово " * 80, "🎈" * 200, f"{'é' * 300} x", "ok"])
def test_a_text_is_cut_to_its_parts_and_stays_a_text(text: str) -> None:
    cut = fitted(text)

    assert parts_of(cut) <= SHORT_PARTS
    assert cut.encode("utf-8").decode() == cut
    assert cut == text or cut.endswith("…")


def forms_of(entry: CatalogueMessage) -> list[str]:
    return [entry.string] if isinstance(entry.string, str) else [each for each in entry.string or () if each]


def ids_of(entry: CatalogueMessage) -> list[str]:
    return [entry.id] if isinstance(entry.id, str) else list(entry.id)


def placeholders(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {"broken"}


def is_broken(text: str) -> bool:
    return bool({"", "broken"} & placeholders(text))
