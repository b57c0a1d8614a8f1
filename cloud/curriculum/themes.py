"""What is done with the calendar-thematic plan of a course: one theme put or taken out, or all of them set at once.

Rule: who keeps plans may, and the teacher of the course.
"""

from collections.abc import Callable, Sequence

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.curriculum.errors import PlanRefused
from cloud.curriculum.queries import may_keep_themes, themes_in
from cloud.curriculum.rules import THEMES_MAX, Theme, checked_theme
from cloud.studies.queries import course_of

_LOCK = "SELECT true FROM course WHERE id = $1 FOR NO KEY UPDATE"
_WRITE = """
INSERT INTO course_theme (course_id, number, unit, title, hours, week, kind)
SELECT $1, number, unit, title, hours, week, kind
FROM unnest($2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::text[])
  WITH ORDINALITY AS theme (unit, title, hours, week, kind, number)
"""
Change = Callable[[list[Theme]], Sequence[Theme]]


async def set_themes(
    services: Services, actor: Actor, school_id: int, course_id: int, given: Sequence[Theme]
) -> None:  # fmt: skip
    """Let a course have these themes in this order. Raises NotAllowed, NotFound or PlanRefused."""
    await _change(services, actor, school_id, course_id, lambda _themes: given)


async def put_theme(
    services: Services, actor: Actor, school_id: int, course_id: int, given: Theme, place: int | None = None
) -> None:
    """Put a theme in the place of one (its number from 1), or after the last. Raises as `set_themes` does."""

    def change(themes: list[Theme]) -> list[Theme]:
        if place is None:
            return [*themes, given]
        return [*themes[: _index(themes, place)], given, *themes[place:]]

    await _change(services, actor, school_id, course_id, change)


async def drop_theme(services: Services, actor: Actor, school_id: int, course_id: int, place: int) -> None:
    """Take a theme out; those after it move up. Raises NotAllowed or NotFound."""

    def change(themes: list[Theme]) -> list[Theme]:
        return [*themes[: _index(themes, place)], *themes[place:]]

    await _change(services, actor, school_id, course_id, change)


def _index(themes: Sequence[Theme], place: int) -> int:
    if not 1 <= place <= len(themes):
        raise NotFound
    return place - 1


async def _change(services: Services, actor: Actor, school_id: int, course_id: int, change: Change) -> None:
    course = await course_of(services, school_id, course_id)
    if not await may_keep_themes(services, actor, course):
        raise NotAllowed
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, course_id)
        themes = [checked_theme(theme) for theme in change(await themes_in(at, course_id))]
        if len(themes) > THEMES_MAX:
            raise PlanRefused(message("A course has {most} themes at most.", most=THEMES_MAX))
        await _write(at, course_id, themes)
        detail = {"themes": str(len(themes)), "hours": str(sum(theme.hours for theme in themes))}
        await audit(
            connection, actor, "course.themes_set", f"course:{course_id}", detail, school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip


async def _write(at: asyncpg.Connection, course_id: int, themes: Sequence[Theme]) -> None:
    await at.execute("DELETE FROM course_theme WHERE course_id = $1", course_id)
    await at.execute(
        _WRITE, course_id, [each.unit for each in themes], [each.title for each in themes],
        [each.hours for each in themes], [each.week for each in themes], [each.kind.value for each in themes],
    )  # fmt: skip
