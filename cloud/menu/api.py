"""Shapes of the JSON API of menus, for the pages' slices above."""

from datetime import date, datetime

from pydantic import Field

from cloud.core.api import Model
from cloud.menu.queries import DishRow, MealRow, MenuRow
from cloud.menu.restrictions import Restriction
from cloud.menu.rules import Names, time_of


class NamesShown(Model):
    """A name in the three languages."""

    kk: str
    ru: str
    en: str


class DishShown(Model):
    """A dish in the version that is offered."""

    key: str = Field(description="Stands for the dish in records of sales.")
    version: int
    names: NamesShown
    category: str
    price_tiyn: int = Field(description="100 tiyn are a tenge.")
    portion: str
    energy_kcal: int | None
    composition: str
    allergens: list[str] = Field(description="Keys of Annex II of Regulation (EU) No 1169/2011, and other words.")
    photo: str = Field(description="SHA-256 of the photo; empty without one.")
    parts: list[str] = Field(description="Of a set: keys of the dishes that it is made of.")


class MenuShown(Model):
    """What is offered at a meal of a day, in order."""

    on: date
    meal: str
    meal_names: NamesShown
    served_from: str = Field(description="Local time, as 11:30.")
    served_until: str
    one_touch: str = Field(description="Key of the dish that one touch sells; empty for none.")
    dishes: list[DishShown]


class RestrictionShown(Model):
    """What is not sold to a child."""

    id: int
    kind: str = Field(description="allergen, dish, category or day_limit")
    value: str = Field(description="Key of it; of day_limit the amount in tiyn.")
    set_at: datetime
    set_by: str
    lifted_at: datetime | None
    lifted_by: str
    by_school: bool = Field(description="Set by the school with a document: a parent cannot lift it.")
    document: str


def menus_shown(menus: list[MenuRow], meals: list[MealRow]) -> list[MenuShown]:
    """Return menus as the API shows them."""
    known = {meal.key: meal for meal in meals}
    return [
        MenuShown(
            on=menu.on, meal=menu.meal, meal_names=_names(known[menu.meal].names),
            served_from=time_of(known[menu.meal].from_min), served_until=time_of(known[menu.meal].to_min),
            one_touch=menu.set_key, dishes=[_dish(dish) for dish in menu.dishes],
        )
        for menu in menus if menu.meal in known
    ]  # fmt: skip


def restriction_shown(held: Restriction) -> RestrictionShown:
    """Return a restriction as the API shows it."""
    return RestrictionShown(
        id=held.id, kind=held.kind.value, value=held.value, set_at=held.set_at, set_by=held.set_by,
        lifted_at=held.lifted_at, lifted_by=held.lifted_by, by_school=held.is_school, document=held.document,
    )  # fmt: skip


def _dish(dish: DishRow) -> DishShown:
    return DishShown(
        key=dish.key, version=dish.version, names=_names(dish.names), category=dish.category,
        price_tiyn=dish.price_tiyn, portion=dish.portion, energy_kcal=dish.energy_kcal, composition=dish.composition,
        allergens=list(dish.allergens), photo=dish.photo, parts=[part.key for part in dish.parts],
    )  # fmt: skip


def _names(names: Names) -> NamesShown:
    return NamesShown(kk=names.kk, ru=names.ru, en=names.en)
