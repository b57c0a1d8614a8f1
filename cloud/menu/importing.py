"""Takes a list of dishes from a file: all of it in one transaction, or nothing and every row that is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.dishes import put_changed, put_new, today_of
from cloud.menu.errors import DishRefused
from cloud.menu.kinds import SET
from cloud.menu.queries import DishRow, dishes_within
from cloud.menu.reading import Draft, Problem, read_dishes
from cloud.people.actions import tell_changed

_LOCK = "SELECT true FROM school WHERE id = $1 FOR NO KEY UPDATE"


class _RowRefused(Exception):
    """Ends the transaction: a row cannot be taken."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem.message))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DishesRead:
    """What became of a file: counts, or what is wrong in it and then nothing was changed."""

    added: int
    changed: int
    unchanged: int
    problems: Sequence[Problem]


async def import_dishes(services: Services, actor: Actor, school_id: int, content: bytes) -> DishesRead:
    """Add the dishes of a file, and change the known ones from today on. Raises NotAllowed or FileRefused.

    A dish is known by its code, or by its name in any of the languages.
    """
    actor.require(Right.MENU_PLAN, school_id)
    drafts, problems = read_dishes(content)
    if problems:
        return DishesRead(0, 0, 0, problems)
    writing = _Writing(services, actor, school_id, await today_of(services, school_id))
    try:
        async with services.database.transaction() as connection:
            await writing.write(connection, drafts)
            await tell_changed(connection, school_id)
    except _RowRefused as refused:
        return DishesRead(0, 0, 0, [refused.problem])
    return DishesRead(writing.added, writing.changed, len(drafts) - writing.added - writing.changed, ())


@dataclass(slots=True)
class _Writing:
    """Writes drafts one after another, and counts what became of them."""

    services: Services
    actor: Actor
    school_id: int
    today: date
    added: int = 0
    changed: int = 0

    async def write(self, connection: BaseDBAsyncClient, drafts: Sequence[Draft]) -> None:
        """Write all drafts. Raises _RowRefused."""
        await raw(connection).execute(_LOCK, self.school_id)
        known = _names_of(await dishes_within(raw(connection), self.school_id))
        for draft in drafts:
            try:
                await self._write_one(connection, draft, _found(known, draft))
            except DishRefused as refused:
                raise _RowRefused(Problem(draft.row, refused.message)) from None

    async def _write_one(self, connection: BaseDBAsyncClient, draft: Draft, old: DishRow | None) -> None:
        if old is None:
            await put_new(self.services, connection, self.actor, self.school_id, draft.dish, draft.key)
            self.added += 1
            return
        if old.is_retired or old.category == SET:
            raise DishRefused(message("The school has a set or an old dish of this code or name. Give it another one."))
        # A list that leaves a column out leaves the dish's barcode as it is: shelves are labelled by it.
        dish = replace(draft.dish, barcode=draft.dish.barcode or old.barcode)
        version = await put_changed(self.services, connection, self.actor, self.school_id, old.key, dish, self.today)
        self.changed += version != old.version


def _names_of(dishes: Sequence[DishRow]) -> dict[str, DishRow]:
    """Return dishes by what they are known by: the key, and every name; dishes on the list go before old ones."""
    known: dict[str, DishRow] = {}
    for dish in sorted(dishes, key=lambda each: not each.is_retired):
        known |= {name.casefold(): dish for name in (dish.names.en, dish.names.ru, dish.names.kk)}
    return known | {f"#{dish.key}": dish for dish in dishes}


def _found(known: Mapping[str, DishRow], draft: Draft) -> DishRow | None:
    if draft.key:
        return known.get(f"#{draft.key}")
    names = (draft.dish.names.ru, draft.dish.names.kk, draft.dish.names.en)
    named = next((known[name.casefold()] for name in names if name.casefold() in known), None)
    return None if named is not None and named.is_retired else named
