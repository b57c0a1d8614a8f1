"""The canteen's pages of menus: a week, one meal of a day, publishing, and cycles that weeks are copied from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk
from cloud.core.errors import NotFound, Refused
from cloud.menu.kinds import CATEGORIES
from cloud.menu.menus import WEEKS_MAX, fill_from_cycle, keep_cycle, publish_menus, set_menu
from cloud.menu.queries import DishRow, MealRow, MenuRow, cycles_of, dishes_of, meals_of, plans_between
from cloud.menu.rules import DAYS
from cloud.office.canteen import DAY, CanteenDesk, Text, day_typed, monday_of, shown
from cloud.schools.queries import school_days

router = APIRouter(prefix="/schools/{code}/menu", include_in_schema=False)
WEEK, MEAL = "office/menu.html", "office/menu_meal.html"


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """A day with its menus by meal."""

    on: date
    is_school_day: bool
    menus: dict[str, MenuRow]


@dataclass(frozen=True, slots=True)
class Week:
    """A week of menus, and the weeks beside it."""

    monday: date
    days: Sequence[DayOfWeek]
    meals: Sequence[MealRow]

    @property
    def last_on(self) -> date:
        return self.monday + (DAYS - 1) * DAY

    @property
    def drafts(self) -> int:
        return sum(menu.published_at is None for day in self.days for menu in day.menus.values())

    def beside(self, weeks: int) -> str:
        """Return the address of a week before or after."""
        return f"?week={self.monday + weeks * DAYS * DAY}"


@router.get("")
async def show_week(
    request: Request, desk: CanteenDesk, week: Annotated[str, Query(max_length=10)] = "", done: int | None = None
) -> Response:
    """Show a week's menus; this one when no other is asked for."""
    return await _week(request, desk, _monday(desk, week), done=done)


@router.post("/publish")
async def publish(desk: CanteenDesk, week: Text = "") -> Response:
    """Show the drafts of a week to parents and tills."""
    monday = _monday(desk, week)
    last_on = monday + (DAYS - 1) * DAY
    count = await publish_menus(desk.services, desk.actor, desk.school.id, monday, last_on)
    return _to_week(desk, monday, count)


@router.post("/keep")
async def keep(
    request: Request, desk: CanteenDesk, week: Text = "", name: Text = "", weeks: Annotated[int, Form()] = 1
) -> Response:
    """Keep the weeks from the shown one on as a cycle."""
    monday = _monday(desk, week)
    try:
        await keep_cycle(desk.services, desk.actor, desk.school.id, name, monday, weeks)
    except Refused as refused:
        return await _week(request, desk, monday, refused)
    return _to_week(desk, monday)


@router.post("/fill")
async def fill(request: Request, desk: CanteenDesk, week: Text = "", cycle: Text = "", until: Text = "") -> Response:
    """Write drafts from a cycle, from the shown week on until a day."""
    monday = _monday(desk, week)
    try:
        await fill_from_cycle(desk.services, desk.actor, desk.school.id, cycle, monday, day_typed(until))
    except NotFound:
        raise
    except Refused as refused:
        return await _week(request, desk, monday, refused)
    return _to_week(desk, monday)


@router.get("/{on}/{meal}")
async def show_meal(request: Request, desk: CanteenDesk, on: date, meal: str) -> Response:
    """Show what is offered at a meal, to be written."""
    return await _meal(request, desk, on, meal)


@router.post("/{on}/{meal}")
async def write_meal(
    request: Request, desk: CanteenDesk, on: date, meal: str, add: Text = "", act: Text = ""
) -> Response:
    """Add a dish, or do to one of the menu what a button says: up, down, drop, sell, unsell."""
    menu = await _menu_of(desk, on, meal)
    keys = [dish.key for dish in menu.dishes] if menu else []
    sold = menu.set_key if menu else ""
    verb, _, key = act.partition(":")
    changed, sold = _acted(keys, sold, verb, key or add)
    try:
        await set_menu(desk.services, desk.actor, desk.school.id, on, meal, changed, sold)
    except Refused as refused:
        return await _meal(request, desk, on, meal, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/menu/{on}/{meal}", HTTPStatus.SEE_OTHER)


def _acted(keys: list[str], sold: str, verb: str, key: str) -> tuple[list[str], str]:
    """Return the dishes and what one touch sells after a button was pressed."""
    if key not in keys:
        return ([*keys, key] if key and not verb else keys), sold
    place = keys.index(key)
    match verb:
        case "up" | "down":
            other = max(0, min(len(keys) - 1, place + (1 if verb == "down" else -1)))
            keys[place], keys[other] = keys[other], keys[place]
        case "drop":
            keys.remove(key)
            sold = "" if sold == key else sold
        case "sell":
            sold = key
        case "unsell":
            sold = ""
        case _:
            pass
    return keys, sold


async def _week(
    request: Request, desk: Desk, monday: date, refused: Refused | None = None, *, done: int | None = None
) -> Response:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    last_on = monday + (DAYS - 1) * DAY
    plans = await plans_between(services, actor, school_id, monday, last_on)
    taught = await school_days(services, school_id, monday, last_on)
    meals = [meal for meal in await meals_of(services.database.pool, school_id) if not meal.is_ended]
    days = [
        DayOfWeek(on, on in taught, {menu.meal: menu for menu in plans if menu.on == on})
        for on in (monday + number * DAY for number in range(DAYS))
    ]
    kept = [day for day in days if day.is_school_day or day.menus]
    cycles = await cycles_of(services, actor, school_id)
    return shown(
        request, desk, WEEK, "menu", refused, week=Week(monday, kept, meals), cycles=cycles, done=done,
        weeks_max=WEEKS_MAX,
    )  # fmt: skip


async def _meal(request: Request, desk: Desk, on: date, meal: str, refused: Refused | None = None) -> Response:
    meals = {each.key: each for each in await meals_of(desk.services.database.pool, desk.school.id)}
    if meal not in meals:
        raise NotFound
    menu = await _menu_of(desk, on, meal)
    held = {dish.key for dish in menu.dishes} if menu else set()
    choice: dict[str, list[DishRow]] = {category: [] for category in CATEGORIES}
    for dish in await dishes_of(desk.services, desk.actor, desk.school.id):
        if dish.key not in held:
            choice[dish.category].append(dish)
    return shown(
        request, desk, MEAL, "menu", refused, day=on, meal=meals[meal], menu=menu, choice=choice,
        is_over=on < desk.school.on,
    )  # fmt: skip


async def _menu_of(desk: Desk, on: date, meal: str) -> MenuRow | None:
    plans = await plans_between(desk.services, desk.actor, desk.school.id, on, on)
    return next((menu for menu in plans if menu.meal == meal), None)


def _monday(desk: Desk, week: str) -> date:
    """Return the Monday of the week that was asked for, or of this one."""
    try:
        return monday_of(date.fromisoformat(week))
    except (ValueError, OverflowError):
        return monday_of(desk.school.on)


def _to_week(desk: Desk, monday: date, done: int | None = None) -> Response:
    told = "" if done is None else f"&done={done}"
    return RedirectResponse(f"/schools/{desk.school.code}/menu?week={monday}{told}", HTTPStatus.SEE_OTHER)
