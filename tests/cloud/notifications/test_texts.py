"""The words of notices: whole sentences in three languages; money, times and plural forms as a reader writes them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.i18n import Language
from cloud.notifications.kinds import CLOSED, Detail, Kind, Named, packed, unpacked
from cloud.notifications.queries import NoticeRow
from cloud.notifications.rules import TROUBLES
from cloud.notifications.texts import WHY_REFUSED, told, told_alone
from edge_agent.till.reasons import REASONS

KK, RU, EN = Language.KK, Language.RU, Language.EN
AT = datetime(2026, 9, 1, 7, 5, tzinfo=UTC)
LUNCH = Named("Түскі ас", "Обед", "Lunch")
SOUP, BREAD = Named("Көже", "Борщ", "Borscht"), Named("Нан", "Хлеб", "Bread", 2)
NBSP = "\u00a0"


def notice(kind: Kind, detail: Detail, late_h: int = 0) -> NoticeRow:
    return NoticeRow(
        1, kind, "0" * 12, "Әліби Айгерім", AT, AT + timedelta(hours=late_h), late_h > 2, None, "", detail,
        ZoneInfo("Asia/Almaty"),
    )  # fmt: skip


TAKEN = Detail(meal=LUNCH, dishes=(SOUP, BREAD), payment="account", amount_tiyn=577_50)
GONE = Detail(meal=LUNCH, dishes=(SOUP,), on=date(2026, 9, 2), until=AT + timedelta(hours=6))
SHUT = Detail(meal=LUNCH, on=date(2026, 9, 2), reason=CLOSED)


@pytest.mark.parametrize(
    ("kind", "detail", "language", "text"),
    [
        (Kind.MEAL_TAKEN, TAKEN, EN,
         "Әліби Айгерім was given “Lunch”: Borscht, Bread × 2. 577.50 ₸ was taken from the account."),
        (Kind.MEAL_TAKEN, TAKEN, RU, "Әліби Айгерім: выдано «Обед» — Борщ, Хлеб × 2. Со счёта списано 577,50 ₸."),
        (Kind.MEAL_TAKEN, TAKEN, KK, "Әліби Айгерім: «Түскі ас» берілді — Көже, Нан × 2. Шоттан 577,50 ₸ алынды."),
        (Kind.MEAL_TAKEN, Detail(meal=LUNCH, payment="free", owed_tiyn=577_00), RU,
         "Әліби Айгерім: выдано «Обед», касса не сообщила, какие блюда. Питание бесплатное."),
        (Kind.MEAL_TAKEN,
         Detail(meal=LUNCH, dishes=(SOUP,), payment="subsidised", amount_tiyn=200_00, owed_tiyn=377_00), KK,
         "Әліби Айгерім: «Түскі ас» берілді — Көже. Тамақ жеңілдікпен берілді: 200 ₸ шоттан, 377 ₸ бюджеттен."),
        (Kind.MEAL_TAKEN, Detail(meal=LUNCH, dishes=(SOUP,), payment="cash", amount_tiyn=200_00), EN,
         "Әліби Айгерім was given “Lunch”: Borscht. 200 ₸ was paid in cash."),
        (Kind.MEAL_REFUSED, Detail(meal=LUNCH, reason="no_money"), KK,
         "Әліби Айгерім: «Түскі ас» сатылмады. Шоттағы ақша жетпеді."),
        (Kind.MEAL_REFUSED, Detail(meal=LUNCH, reason="new_word"), EN,
         "“Lunch” was not sold to Әліби Айгерім. The till's reason: new_word."),
        (Kind.MEAL_RETURNED, Detail(meal=LUNCH, way="void", reason="қате", sold_at=AT), RU,
         "Әліби Айгерім: продажа «Обед» (1 сент., 12:05) отменена. За неё ничего не платили. Указанная причина: қате."),
        (Kind.MEAL_RETURNED, Detail(meal=LUNCH, way="refund", payment="account", amount_tiyn=100_00, sold_at=AT), EN,
         "Әліби Айгерім: money was given back for “Lunch” of Sep 1, 12:05. 100 ₸ is back on the account."),
        (Kind.LOW_BALANCE, Detail(held_tiyn=300_00), RU,
         "Әліби Айгерім: на счёте столовой осталось 300 ₸. Пополните, пожалуйста, счёт."),
        (Kind.LOW_BALANCE, Detail(held_tiyn=-50), EN,
         "0.50 ₸ is owed on the canteen account of Әліби Айгерім. Please top it up."),
        (Kind.TOPUP, Detail(amount_tiyn=5_000_00, held_tiyn=5_300_00, way="kaspi"), RU,
         "Әліби Айгерім: на счёт столовой поступило 5 000 ₸ (Kaspi). Теперь на нём 5 300 ₸."),
        (Kind.CORRECTION, Detail(amount_tiyn=-100_00, held_tiyn=200_00), KK,
         "Әліби Айгерім: мектеп асхана шотын түзетті, шоттан 100 ₸ шегерілді. Енді шотта 200 ₸ бар."),
        (Kind.PREORDER_REMINDER, Detail(on=date(2026, 9, 2), until=AT + timedelta(hours=6)), EN,
         "No meal is ordered for Әліби Айгерім yet for Wed, Sep 2. Orders close at Sep 1, 18:05."),
        (Kind.PREORDER_BROKEN, GONE, EN,
         ("Әліби Айгерім: of the order for Wed, Sep 2, “Lunch”, this is on the menu no more: Borscht. "
          "Orders close at Sep 1, 18:05.")),
        (Kind.PREORDER_BROKEN, GONE, RU,
         ("Әліби Айгерім: из заказа на ср, 2 сент. («Обед») в меню больше нет: Борщ. "
          "Заказы принимаются до 1 сент., 18:05.")),
        (Kind.PREORDER_BROKEN, GONE, KK,
         ("Әліби Айгерім: 2 қыр., ср күнгі тапсырыс («Түскі ас») бойынша мәзірден алынған тағам: Көже. "
          "Тапсырыс қабылдау аяқталатын уақыт: 1 қыр., 18:05.")),
        (Kind.PREORDER_BROKEN, SHUT, EN,
         "Әліби Айгерім: there are no lessons on Wed, Sep 2; “Lunch” that was ordered is not made."),
        (Kind.PREORDER_BROKEN, SHUT, RU,
         "Әліби Айгерім: в этот день (ср, 2 сент.) нет уроков, заказанное на «Обед» готовить не будут."),
        (Kind.PREORDER_BROKEN, SHUT, KK,
         "Әліби Айгерім: 2 қыр., ср күні сабақ жоқ, сондықтан тапсырыс берілген «Түскі ас» дайындалмайды."),
    ],
)  # fmt: skip
def test_a_notice_says(kind: Kind, detail: Detail, language: Language, text: str) -> None:
    assert told(notice(kind, detail), language).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("more", "language", "ending"),
    [(1, EN, "and 1 more dish."), (2, EN, "and 2 more dishes."), (1, RU, "и ещё 1 блюдо."), (3, RU, "и ещё 3 блюда."),
     (5, RU, "и ещё 5 блюд."), (21, RU, "и ещё 21 блюдо."), (4, KK, "және тағы 4 тағам.")],
)  # fmt: skip
def test_a_long_list_of_dishes_ends_in_the_right_plural(more: int, language: Language, ending: str) -> None:
    taken = Detail(meal=LUNCH, dishes=(SOUP,) * (6 + more), payment="free")

    first = told(notice(Kind.MEAL_TAKEN, taken), language).split(" " + told_free(language))[0]

    assert first.endswith(ending)


def told_free(language: Language) -> str:
    return {EN: "It was free.", RU: "Питание бесплатное.", KK: "Тамақ тегін берілді."}[language]


def test_alone_a_notice_says_when_and_that_it_is_late() -> None:
    assert told_alone(notice(Kind.LOW_BALANCE, Detail(held_tiyn=1_00)), EN).startswith("12:05. ")
    late = told_alone(notice(Kind.LOW_BALANCE, Detail(held_tiyn=1_00), late_h=3), KK)
    assert late.startswith("Кеш хабарланды, болған уақыты: 1 қыр., 12:05. ")


def test_a_dish_with_braces_in_its_name_is_told_as_it_is() -> None:
    odd = Named("{child}", "{0}", "{}{x}")

    assert "{}{x}" in told(notice(Kind.MEAL_TAKEN, Detail(meal=odd, dishes=(odd,), payment="free")), EN)


def test_every_objection_of_a_till_has_a_sentence_or_is_its_own_trouble() -> None:
    objections = {"had_it", "allergy", "banned", "no_account", "no_money", "day_limit", "offline_limit", "not_offered"}

    assert objections <= set(WHY_REFUSED)
    assert not set(WHY_REFUSED) & TROUBLES
    assert set(REASONS["en"]) & (set(WHY_REFUSED) | TROUBLES) >= objections


def test_what_a_notice_keeps_is_read_back_and_what_a_newer_program_adds_is_passed_over() -> None:
    assert unpacked(packed(TAKEN)) == TAKEN
    assert unpacked(packed(TAKEN)[:-1] + ',"mood":"good"}') == TAKEN
