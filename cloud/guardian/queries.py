"""Reads of a family: the children whose days the signed-in account may see, and a student's own day.

Rule: a child is found only through a guardianship of the actor's own account that holds now, and a page only by the
right that it needs: terms, ends and courts' limits are known to `guardianship_at`. A student is found by the own
account, only by pages that the table of rights opens to students (`seen_of`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cloud.absences.kinds import Excuse
from cloud.absences.queries import excused_on
from cloud.attendance.queries import Tap, days_of
from cloud.attendance.silence import SilentGate, silent_gates
from cloud.attendance.standing import Came, Standing, standing_of
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.people.kinds import FamilyRight
from cloud.people.rights import COLUMNS, rights_in
from cloud.register.kinds import Said
from cloud.register.queries import said_of
from cloud.schools.queries import day_plans
from cloud.schools.rules import DayPlan

CHILDREN_MAX = 30
DAYS_SHOWN = 14
NO_PLAN = DayPlan(date.min, is_school_day=True)
# What the table of rights gives students about themselves, in the words of guardians' rights.
OWN_RIGHTS = frozenset({FamilyRight.SEE, FamilyRight.MEALS, FamilyRight.PAY})


@dataclass(frozen=True, slots=True)
class CardHeld:
    """A card of a child, as a guardian sees it."""

    id: int
    state: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a guardian, today."""

    id: int
    ref: str
    school_id: int
    school_names: Mapping[str, str]
    zone: ZoneInfo
    name: str
    class_name: str
    class_id: int | None
    on: date
    standing: Standing
    first_in_at: datetime | None
    last_out_at: datetime | None
    starts_at: datetime | None
    late_min: int
    without_card: bool
    rights: frozenset[FamilyRight]
    is_shared: bool  # by a parent, for a term
    is_own: bool  # the account is the student's own
    cards: tuple[CardHeld, ...]
    silent: Sequence[SilentGate]
    days: Mapping[date, list[Tap]]  # those on which anything happened at the gates or was said in class, newest first
    said: Mapping[date, Said]  # in class
    excuse: Excuse | None  # from being at school today

    def may(self, right: str) -> bool:
        """Tell whether the guardian has a right now, by its word."""
        return FamilyRight(right) in self.rights

    @property
    def may_block_card(self) -> bool:
        return FamilyRight.BLOCK in self.rights

    @property
    def today(self) -> list[Tap]:
        return self.days.get(self.on, [])

    @property
    def earlier(self) -> list[tuple[date, list[Tap]]]:
        return [(on, taps) for on, taps in self.days.items() if on < self.on]

    @property
    def told_at(self) -> datetime | None:
        """Return the instant that the state is told with: of coming, or of going."""
        return self.first_in_at if self.standing is Standing.INSIDE else self.last_out_at


# The day at the gates is read for who may see it; of a child without that right only the name is.
OWN = f"""
SELECT own.account_id, own.person_id, false AS is_shared, true AS is_own, {
    ", ".join(f"{right in OWN_RIGHTS} AS {column}" for right, column in COLUMNS.items())
} FROM student_account AS own JOIN person ON person.id = own.person_id AND person.is_active AND EXISTS (
  SELECT FROM grant_of_role AS held
  WHERE held.account_id = own.account_id AND held.role = 'student' AND held.school_id = person.school_id)
"""  # noqa: S608 (texts of ours)
CHILDREN = f"""
SELECT p.id, p.ref, p.school_id, s.name_kk, s.name_ru, s.name_en, s.zone, t.day,
  concat_ws(' ', p.surname, p.given_name) AS name, p.school_class_id, c.grade, c.letter,
  e.first_in_at, e.last_out_at, coalesce(e.is_inside, false) AS is_inside, coalesce(e.late_min, 0) AS late_min,
  coalesce(e.without_card, false) AS without_card, is_shared, is_own, {", ".join(COLUMNS.values())},
  (SELECT coalesce(json_agg(json_build_object('id', k.id, 'state', k.state, 'issued_at', k.issued_at) ORDER BY k.id),
      '[]')
    FROM card k WHERE k.person_id = p.id AND k.state <> 'returned') AS cards
FROM (
  SELECT account_id, person_id, is_shared, false AS is_own, {", ".join(COLUMNS.values())} FROM guardianship_at($2)
  UNION ALL {OWN}
) AS family
JOIN person p ON p.id = family.person_id
JOIN school s ON s.id = p.school_id
CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE s.zone)::date AS day) t
LEFT JOIN school_class c ON c.id = p.school_class_id
LEFT JOIN presence e ON e.person_id = p.id AND e."on" = t.day AND may_see
WHERE family.account_id = $1 AND ({" OR ".join(COLUMNS.values())})
ORDER BY p.sort_key, p.id LIMIT $3
"""  # noqa: S608 (texts of ours)


async def children_of(services: Services, actor: Actor, days: int = 1) -> list[Child]:
    """Return the actor's children, and the student the actor is, with the taps of their last days, today first."""
    if actor.account_id is None or actor.must_change:
        return []
    now = services.clock.now()
    rows = await services.database.pool.fetch(CHILDREN, actor.account_id, now, CHILDREN_MAX)
    if not rows:
        return []
    plans = await _plans(services, rows)
    children = [_child(row, plans.get(row["id"], NO_PLAN), now) for row in rows]
    last_on = max(child.on for child in children)
    first_on = min(child.on for child in children) - timedelta(days=days - 1)
    seen = [child.id for child in children if FamilyRight.SEE in child.rights]
    taps = await days_of(services, seen, first_on, last_on)
    silent = await silent_gates(services, {child.school_id for child in children})
    said = await said_of(services, seen, first_on, last_on)
    excused = await _excused(services, [child for child in children if child.id in seen])
    return [
        replace(
            child, days=_days(taps.get(child.ref, {}), said.get(child.ref, {})), said=said.get(child.ref, {}),
            silent=silent.get(child.school_id, ()), excuse=excused.get(child.id),
        )
        for child in children
    ]  # fmt: skip


async def child_of(services: Services, actor: Actor, ref: str, *rights: FamilyRight) -> Child:
    """Return one child of the actor with the last days; NotFound when it is not the actor's own.

    Where rights are named, the actor must have one of them.
    """
    for child in await children_of(services, actor, DAYS_SHOWN):
        if child.ref == ref and not child.is_own and (not rights or child.rights & set(rights)):
            return child
    raise NotFound


async def seen_of(services: Services, actor: Actor, ref: str, *rights: FamilyRight) -> Child:
    """Return one child of the actor, or the student whose own account it is; NotFound as `child_of` raises it."""
    for child in await children_of(services, actor, DAYS_SHOWN):
        if child.ref == ref and (not rights or child.rights & set(rights)):
            return child
    raise NotFound


async def _excused(services: Services, children: Sequence[Child]) -> dict[int, Excuse]:
    """Return who is excused today, by the day of each child's own school."""
    excused: dict[int, Excuse] = {}
    async with services.database.pool.acquire() as connection:
        for on in {child.on for child in children}:  # schools of one family rarely have two
            excused |= await excused_on(connection, [child.id for child in children if child.on == on], on)
    return excused


def _days(taps: Mapping[date, list[Tap]], said: Mapping[date, Said]) -> dict[date, list[Tap]]:
    """Return the days of a child, newest first, those too on which only something was said in class."""
    return {on: taps.get(on, []) for on in sorted({*taps, *said}, reverse=True)}


async def _plans(services: Services, rows: Sequence[Mapping[str, Any]]) -> dict[int, DayPlan]:
    """Return the day's plan of each child that did not come yet; of the others nobody asks."""
    waited_for = [row for row in rows if row["may_see"] and row["first_in_at"] is None and row["last_out_at"] is None]
    schools = {(row["school_id"], row["day"]) for row in waited_for}
    plans = {school: await day_plans(services, *school) for school in sorted(schools)}
    return {
        row["id"]: plans[row["school_id"], row["day"]].get(row["school_class_id"], NO_PLAN) for row in waited_for
    }  # fmt: skip


def _child(row: Mapping[str, Any], plan: DayPlan, now: datetime) -> Child:
    came = Came(row["first_in_at"], row["last_out_at"], row["is_inside"])
    return Child(
        id=row["id"],
        ref=row["ref"],
        school_id=row["school_id"],
        school_names={language: row[f"name_{language}"] for language in ("kk", "ru", "en")},
        zone=ZoneInfo(row["zone"]),
        name=row["name"],
        class_name="" if row["grade"] is None else f"{row['grade']}{row['letter']}",
        class_id=row["school_class_id"],
        on=row["day"],
        standing=standing_of(came, plan, now) if row["may_see"] else Standing.AWAY,
        first_in_at=row["first_in_at"],
        last_out_at=row["last_out_at"],
        starts_at=plan.starts_at,
        late_min=row["late_min"],
        without_card=row["without_card"],
        rights=rights_in(row),
        is_shared=row["is_shared"],
        is_own=row["is_own"],
        cards=tuple(_card(each) for each in json.loads(row["cards"])),
        silent=(),
        days={},
        said={},
        excuse=None,
    )


def _card(held: Mapping[str, Any]) -> CardHeld:
    return CardHeld(held["id"], held["state"], datetime.fromisoformat(held["issued_at"]))
