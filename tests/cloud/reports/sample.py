"""A month of meals on paper, of any size, without a database."""

import random
from datetime import UTC, date, datetime, time, timedelta

from cloud.meals.monthly import GivenMeal
from cloud.meals.rules import Payment, Place, Portion
from cloud.reports.content import AsOf, Content, Names, School
from cloud.reports.months import Month
from cloud.reports.rules import Facts, content_of

SCHOOL = School("almaty5", Names("№5 мектеп", "Школа № 5", "School No. 5"), "Asia/Almaty")
SEPTEMBER = Month(2026, 9)
AS_OF = AsOf("2026-09-30T22:00:00.000000Z", 7, 1204, 1204)
LONG = "Сиыр еті қосылған палау, қызанақ пен қияр салаты, қара нан және кептірілген жеміс-жидектен жасалған компот"
NAMES = (
    Names("Түскі ас 🍲", "Обед 🍲", "Lunch 🍲"), Names(LONG, LONG.upper(), LONG), Names("Нан", "Хлеб", "Bread"),
    Names("=СУММ(A1:A9)", "=СУММ(A1:A9)", "=SUM(A1:A9)"), Names("Сүт қосылған шай", "Чай с молоком", "Tea with milk"),
)  # fmt: skip
MEALS = {
    "lunch": Names("Түскі ас", "Обед", "Lunch"),
    "breakfast": Names("Таңғы ас", "Завтрак", "Breakfast"),
}


def given(
    number: int, student: str = "aaaaaaaaaaaa", on: date = SEPTEMBER.first_on, payment: Payment = Payment.FREE,
    paid: int = 0, portions: tuple[Portion, ...] = (Portion("1", 1, 1, 577_00),), **more: object,
) -> GivenMeal:  # fmt: skip
    """Return a meal as a till sold it."""
    full = sum(each.cost_tiyn for each in portions)
    values: dict[str, object] = {
        "sale": f"{number:016x}", "place": Place("till-1", "e" * 16, number),
        "at": datetime.combine(on, time(7, tzinfo=UTC)) + timedelta(seconds=number), "on": on, "meal": "lunch",
        "payment": payment, "person": student, "is_known": True, "amount_tiyn": paid, "full_tiyn": full,
        "returned_tiyn": 0, "is_unconfirmed": False, "clock": "ntp", "portions": portions, "overruled": (),
    }  # fmt: skip
    return GivenMeal(**{**values, **more})  # type: ignore[arg-type]


def days(month: Month = SEPTEMBER) -> list[date]:
    """Return the working days of a month."""
    all_days = (month.first_on + timedelta(days=number) for number in range(month.last_on.day))
    return [on for on in all_days if on.isoweekday() < 6]


def facts_of(meals: list[GivenMeal], **more: object) -> Facts:
    """Return what a report of these meals is made of; everybody was seen on each day."""
    values: dict[str, object] = {
        "school": SCHOOL, "month": str(SEPTEMBER), "number": 1, "as_of": AS_OF,
        "meals": sorted(meals, key=lambda each: each.order), "seen": {(each.person, each.on) for each in meals},
        "school_days": days(), "has_gates": True, "without_right": [], "meal_names": MEALS,
        "dish_names": {(str(number), 1): name for number, name in enumerate(NAMES, 1)},
    }  # fmt: skip
    return Facts(**{**values, **more})  # type: ignore[arg-type]


def a_month(students: int, dishes: int, rng: random.Random, month: Month = SEPTEMBER, **more: object) -> Content:
    """Return a month in which each student eats on each day, some things go wrong, and dishes are as many as asked."""
    return content_of(a_months_facts(students, dishes, rng, month, **more))


def a_months_facts(students: int, dishes: int, rng: random.Random, month: Month = SEPTEMBER, **more: object) -> Facts:
    """Return what such a month is made of."""
    meals, number = [], 0
    names = {(str(each), 1): NAMES[each % len(NAMES)] for each in range(1, dishes + 1)}
    for on in days(month):
        for student in range(students):
            number += 1
            dish = rng.randrange(1, dishes + 1)
            payment = Payment.SUBSIDISED if student % 5 == 0 else Payment.FREE
            portions = (Portion(str(dish), 1, 1, 300_00 + 11_50 * dish), Portion("1", 1, 1, 50_00))
            meals.append(
                given(
                    number, f"{student:012d}", on, payment, 200_00 if student % 5 == 0 else 0, portions,
                    is_unconfirmed=number % 97 == 0, overruled=("no_money",) if number % 301 == 0 else (),
                    clock="floor" if number % 211 == 0 else "ntp",
                )
            )  # fmt: skip
    seen = {(each.person, each.on) for each in meals if rng.random() > 0.01}
    values = {"seen": seen, "dish_names": names, "month": str(month), "school_days": days(month), **more}
    return facts_of(meals, **values)
