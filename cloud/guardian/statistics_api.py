"""The JSON API of a guardian about what a child ate: the meals of a week, month or term, and what they add up to."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from cloud.accounts.web import SignedIn, TheServices
from cloud.core.api import PREFIX, Model, refusals
from cloud.guardian.eaten import Eaten, eaten_of
from cloud.guardian.lasting import Lasting, lasting_of
from cloud.guardian.queries import seen_of
from cloud.meals.rules import Payment
from cloud.meals.spans import By
from cloud.meals.statistics import Meal, Portion, Sums
from cloud.menu.api import NamesShown
from cloud.menu.rules import Names
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix=f"{PREFIX}/children/{{ref}}", tags=["guardian"])
Ref = Annotated[str, Path(pattern="^[0-9a-z]{12}$")]
REFUSALS = refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
TIYN = "100 tiyn are a tenge."


class PortionShown(Model):
    """So many of a dish, named and priced as when it was sold."""

    dish: str
    names: NamesShown
    category: str
    count: int
    price_tiyn: int
    allergens: list[str]


class MealEaten(Model):
    """A sale to the child."""

    at: datetime
    on: date
    meal: str
    meal_names: NamesShown
    payment: Payment
    paid_tiyn: int = Field(description="By the account or in cash, less what was given back.")
    budget_tiyn: int = Field(description="What the budget owes of the price.")
    is_taken_back: bool = Field(description="It counts in no sum.")
    portions: list[PortionShown]


class SumsShown(Model):
    """What meals come to; a meal of a day counts once, also where it was paid in two ways."""

    meals: int
    free: int
    subsidised: int
    paid_tiyn: int = Field(description=TIYN)
    budget_tiyn: int


class PartShown(Model):
    """A day, a week or a month of it."""

    first_on: date
    last_on: date
    sums: SumsShown


class DishCount(Model):
    """A dish under the name that it had."""

    dish: str
    names: NamesShown
    category: str
    count: int
    cost_tiyn: int = Field(description="By the menu, whoever pays.")


class CategoryCount(Model):
    """Portions of a category."""

    category: str
    count: int
    cost_tiyn: int


class AllergenCount(Model):
    """In how many meals an allergen was."""

    allergen: str = Field(description="Key of Annex II of Regulation (EU) No 1169/2011, or another word.")
    meals: int


class MealStatistics(Model):
    """What a child ate from a day to a day, both included."""

    by: By
    first_on: date
    last_on: date
    sums: SumsShown
    parts: list[PartShown]
    dishes: list[DishCount]
    categories: list[CategoryCount]
    allergens: list[AllergenCount]
    meals: list[MealEaten] = Field(description="Newest first.")


class BalanceShown(Model):
    """A child's account, and how long it lasts by the pace of the last ten school days."""

    held_tiyn: int = Field(description=f"Below zero is owed. {TIYN}")
    is_low: bool
    pace_tiyn: int | None = Field(description="Of a school day; none where too little was spent to tell.")
    school_days_left: int | None
    last_on: date | None = Field(description="The last school day that it is enough for; none for not even one.")
    is_beyond: bool = Field(description="It lasts longer than was looked at.")


@router.get("/statistics", responses=REFUSALS)
async def statistics(
    actor: SignedIn,
    services: TheServices,
    ref: Ref,
    by: By = By.WEEK,
    on: Annotated[date | None, Query(description="A day of the stretch; today when none is said.")] = None,
) -> MealStatistics:
    """Return what a child ate in a week, a month or a term."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    return _shown(await eaten_of(services, child, by, on))


@router.get("/balance", responses=REFUSALS)
async def balance(actor: SignedIn, services: TheServices, ref: Ref) -> BalanceShown:
    """Return a child's balance, and until when it lasts."""
    child = await seen_of(services, actor, ref, FamilyRight.PAY)
    return _balance(await lasting_of(services, child))


def _shown(eaten: Eaten) -> MealStatistics:
    told = eaten.statistics
    return MealStatistics(
        by=eaten.span.by, first_on=eaten.span.first_on, last_on=eaten.span.last_on, sums=_sums(told.sums),
        parts=[PartShown(first_on=each.first_on, last_on=each.last_on, sums=_sums(each.sums)) for each in told.parts],
        dishes=[
            DishCount(dish=each.dish, names=_names(each.names), category=each.category, count=each.count,
                      cost_tiyn=each.cost_tiyn)
            for each in told.dishes
        ],
        categories=[
            CategoryCount(category=each.category, count=each.count, cost_tiyn=each.cost_tiyn)
            for each in told.categories
        ],
        allergens=[AllergenCount(allergen=key, meals=count) for key, count in told.allergens],
        meals=[_meal(meal) for meal in eaten.meals],
    )  # fmt: skip


def _balance(lasting: Lasting) -> BalanceShown:
    told = lasting.forecast
    return BalanceShown(
        held_tiyn=lasting.purse.held_tiyn, is_low=lasting.purse.is_low, pace_tiyn=told.pace_tiyn if told else None,
        school_days_left=told.days if told else None, last_on=told.last_on if told else None,
        is_beyond=told.is_beyond if told else False,
    )  # fmt: skip


def _sums(sums: Sums) -> SumsShown:
    return SumsShown(
        meals=sums.meals, free=sums.free, subsidised=sums.subsidised, paid_tiyn=sums.paid_tiyn,
        budget_tiyn=sums.budget_tiyn,
    )  # fmt: skip


def _meal(meal: Meal) -> MealEaten:
    return MealEaten(
        at=meal.at, on=meal.on, meal=meal.meal, meal_names=_names(meal.names), payment=meal.payment,
        paid_tiyn=meal.paid_tiyn, budget_tiyn=meal.budget_tiyn, is_taken_back=meal.is_void,
        portions=[_portion(each) for each in meal.portions],
    )  # fmt: skip


def _portion(portion: Portion) -> PortionShown:
    return PortionShown(
        dish=portion.dish, names=_names(portion.names), category=portion.category, count=portion.count,
        price_tiyn=portion.price_tiyn, allergens=list(portion.allergens),
    )  # fmt: skip


def _names(names: Names) -> NamesShown:
    return NamesShown(kk=names.kk, ru=names.ru, en=names.en)
