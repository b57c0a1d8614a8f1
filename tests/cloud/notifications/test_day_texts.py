"""The words of notices about a child's day at the gates, in three languages: what happened, delayed, put right."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.i18n import Language
from cloud.notifications.kinds import OF_GATE, Detail, Kind, Named, right_to
from cloud.notifications.queries import NoticeRow
from cloud.notifications.texts import told, told_alone
from cloud.people.kinds import FamilyRight

KK, RU, EN = Language.KK, Language.RU, Language.EN
AT = datetime(2026, 9, 1, 3, 12, tzinfo=UTC)  # 08:12 in Almaty
EIGHT, ONE = AT - timedelta(minutes=12), AT + timedelta(hours=5)
GATE = Named("Бас қақпа", "Главный вход", "Main gate")
IN, OUT = Detail(gate=GATE, direction="in"), Detail(gate=GATE, direction="out")
LATE = Detail(gate=GATE, direction="in", late_min=12, lessons_at=EIGHT)
EARLY = Detail(gate=GATE, direction="out", lessons_at=ONE)
BY_HAND = Detail(gate=GATE, direction="in", reason="forgotten")
WAS_THERE = Detail(was="absent", was_at=AT, now="arrived", came_at=AT - timedelta(minutes=20))


def notice(kind: Kind, detail: Detail, delayed_min: int = 0) -> NoticeRow:
    told_at = AT + timedelta(minutes=delayed_min)
    return NoticeRow(
        1, kind, "0" * 12, "Әліби Айгерім", AT, told_at, delayed_min > 120, None, "", detail, ZoneInfo("Asia/Almaty")
    )


@pytest.mark.parametrize(
    ("kind", "detail", "language", "text"),
    [
        (Kind.ARRIVED, IN, EN, "Әліби Айгерім came to school (Main gate)."),
        (Kind.ARRIVED, IN, RU, "Әліби Айгерім: вход в школу (Главный вход)."),
        (Kind.ARRIVED, IN, KK, "Әліби Айгерім мектепке келді (Бас қақпа)."),
        (Kind.ARRIVED, Detail(gate=GATE, direction="in", is_again=True), KK,
         "Әліби Айгерім мектепке қайта кірді (Бас қақпа)."),
        (Kind.LATE, LATE, EN,
         "Әліби Айгерім came to school 12 minutes late (Main gate); the first lesson began at 08:00."),
        (Kind.LATE, LATE, RU,
         "Әліби Айгерім: вход в школу, опоздание 12 минут (Главный вход). Первый урок начался в 08:00."),
        (Kind.LATE, LATE, KK,
         "Әліби Айгерім мектепке келді, 12 минут кешікті (Бас қақпа). Бірінші сабақ басталған уақыт: 08:00."),
        (Kind.DEPARTED, OUT, RU, "Әліби Айгерім: выход из школы (Главный вход)."),
        (Kind.LEFT_EARLY, EARLY, EN,
         "Әліби Айгерім left the school (Main gate). The last lesson of the class ends at 13:12."),
        (Kind.LEFT_EARLY, EARLY, KK,
         "Әліби Айгерім мектептен шықты (Бас қақпа). Сыныптың соңғы сабағы аяқталатын уақыт: 13:12."),
        (Kind.WITHOUT_CARD, BY_HAND, EN,
         "The guard let Әліби Айгерім into the school without a card (Main gate). The guard's reason: card forgotten."),
        (Kind.WITHOUT_CARD, Detail(gate=GATE, direction="in", late_min=1, lessons_at=EIGHT), RU,
         "Әліби Айгерім: вход в школу без карты, опоздание 1 минута, пропустил охранник (Главный вход)."),
        (Kind.WITHOUT_CARD, Detail(gate=GATE, direction="out", reason="lost", lessons_at=ONE), KK,
         ("Әліби Айгерім мектептен картасыз шықты, баланы күзетші өткізді (Бас қақпа). Күзетші көрсеткен себеп: "
          "карта жоғалған. Сыныптың соңғы сабағы аяқталатын уақыт: 13:12.")),
        (Kind.ABSENT, Detail(lessons_at=EIGHT), EN,
         ("No gate of the school had seen Әліби Айгерім by 08:12; the first lesson began at 08:00. "
          "If the child is ill or at home, tell the school.")),
        (Kind.ABSENT, Detail(lessons_at=EIGHT), KK,
         ("Әліби Айгерім: 08:12 уақытына дейін мектептің ешбір кіреберісі баланың келгенін тіркемеді. Бірінші сабақ "
          "басталған уақыт: 08:00. Бала ауырып жатса немесе үйде болса, мектепке хабарлаңыз.")),
        (Kind.CARD_DOUBLED, Detail(gate=GATE), RU,
         ("Әліби Айгерім: карту за несколько секунд приложили на двух входах — одна из двух может быть копией. "
          "Если ребёнок этого не делал, заблокируйте карту и сообщите школе.")),
    ],
)  # fmt: skip
def test_a_notice_of_a_day_says(kind: Kind, detail: Detail, language: Language, text: str) -> None:
    assert told(notice(kind, detail), language) == text


@pytest.mark.parametrize(
    ("detail", "language", "text"),
    [
        (WAS_THERE, EN,
         "It was wrong that Әліби Айгерім had not come: at school since 07:52. The gate told of it later."),
        (WAS_THERE, KK,
         ("Әліби Айгерім келмеді деген хабар қате болды: бала мектепке 07:52 уақытында кірген. "
          "Кіреберістің дерегі кейін келді.")),
        (Detail(was="absent", was_at=AT, now="late", came_at=AT - timedelta(minutes=2), late_min=10), RU,
         ("Әліби Айгерім: сообщение о неявке было ошибочным. Ребёнок в школе с 08:10, опоздание 10 минут; "
          "данные со входа пришли позже.")),
        (Detail(was="absent", was_at=AT, now="present"), EN,
         "The teacher has marked that Әліби Айгерім is in class; no gate saw the child come."),
        (Detail(was="late", was_at=AT, now="arrived", came_at=AT - timedelta(minutes=20)), RU,
         "Әліби Айгерім: опоздания не было. Ребёнок в школе с 07:52, данные со входа пришли позже."),
        (Detail(was="arrived", was_at=AT), EN,
         "At 08:12 Әліби Айгерім did not pass the gate after all: its sensor saw nobody."),
        (Detail(was="arrived", was_at=AT, now="without_card"), KK,
         "Әліби Айгерім 08:12 уақытында картасыз өткен: баланы күзетші өткізген."),
        (Detail(was="card_doubled", was_at=AT), RU,
         "Әліби Айгерім: в 08:12 карта была только на одном входе, признаков копии нет."),
        (Detail(was="left_early", was_at=AT, now="departed"), EN,
         "Әліби Айгерім: what was told of 08:12 is put right. It is: Left the school."),
        (Detail(was="left_early", was_at=AT, now="new_kind"), EN,
         "Әліби Айгерім: what was told of 08:12 is put right. It is: new_kind."),
    ],
)  # fmt: skip
def test_what_is_put_right_says_what_was_wrong_and_what_is_true(detail: Detail, language: Language, text: str) -> None:
    assert told(notice(Kind.DAY_CORRECTED, detail), language) == text


@pytest.mark.parametrize("language", list(Language))
def test_what_is_told_within_five_minutes_says_when_and_later_that_it_is_delayed(language: Language) -> None:
    soon, delayed, late = (told_alone(notice(Kind.ARRIVED, IN, minutes), language) for minutes in (5, 6, 121))

    assert soon.startswith("08:12. ")
    assert "08:12" in delayed
    assert not delayed.startswith("08:12")
    assert late.split("08:12")[0] != delayed.split("08:12")[0]


def test_days_at_the_gate_are_told_to_who_may_see_them() -> None:
    assert {right_to(kind) for kind in OF_GATE} == {FamilyRight.SEE}
    assert right_to(Kind.MEAL_TAKEN) is FamilyRight.MEALS
    assert right_to(Kind.TOPUP) is FamilyRight.PAY
