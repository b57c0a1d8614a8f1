"""Building: the rows of a school's rosters from what its people, cards, consents, gates, devices and canteen are now.

Rule: equal facts give equal rows, byte for byte, so that a version is issued only when something changed. Of who has
not consented to a card no card goes out, and of nobody more than letting in by hand needs: name and class.
"""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from cloud.core.vault import Vault
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.rosters.canteen import canteen_rows, till_rows
from cloud.rosters.desk import desk_rows
from cloud.rosters.kinds import RosterKind
from schemas.roster import row

PASSBACK_RESET_MS = 18 * 3_600_000  # who stayed the night is not locked out in the morning
REPEAT_MS = 5_000
EVERYBODY = "all"  # the one profile there is until schools are given more
EVERY_DAY = 127
ROWS_MAX = 400_000
NAME_MAX = 120
CLASS_NAME_MAX = 16

_SCHOOL = """
SELECT passback, (SELECT name FROM device WHERE school_id = school.id AND is_hub AND state = 'active' LIMIT 1) AS hub,
  extract(epoch FROM ($2::timestamptz AT TIME ZONE zone) - ($2::timestamptz AT TIME ZONE 'UTC'))::int / 60
    AS offset_min,
  ($2::timestamptz AT TIME ZONE zone)::date AS today
FROM school WHERE id = $1
"""
_GATES = """
SELECT key, name_kk, name_ru, name_en, device.name AS device, fire, lockdown
FROM gate JOIN device ON device.id = gate.device_id LEFT JOIN gate_rule ON gate_rule.gate_id = gate.id
WHERE gate.school_id = $1 AND device.state = 'active' LIMIT 1000
"""
_PEOPLE = f"""
SELECT ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, person.role, person.is_active,
  grade, letter,
  {consented_to(Purpose.CARD)} OR {consented_to(Purpose.CODE)} AS has_consented
FROM person LEFT JOIN school_class ON school_class.id = person.school_class_id
WHERE person.school_id = $1 AND person.is_active LIMIT 100000
"""  # noqa: S608 (texts of ours)
_CARDS = f"""
SELECT token, ref, card.state, not_after FROM card JOIN person ON person.id = card.person_id
WHERE card.school_id = $1 AND card.state IN ('active', 'blocked') AND {consented_to(Purpose.CARD)} LIMIT 200000
"""  # noqa: S608 (texts of ours)


async def rows_of(
    connection: asyncpg.Connection, vault: Vault, school_id: int, now: datetime, kind: RosterKind = RosterKind.DOORS
) -> list[bytes]:
    """Return the rows of a school's roster as it would be issued at an instant; none where it has no such roster."""
    match kind:
        case RosterKind.DOORS:
            return sorted(await _door_rows(connection, school_id, now))
        case RosterKind.CANTEEN:
            return sorted(await canteen_rows(connection, vault, school_id, now))
        case RosterKind.DESK:
            return sorted(await desk_rows(connection, school_id, now))


async def _door_rows(connection: asyncpg.Connection, school_id: int, now: datetime) -> list[bytes]:
    school = await connection.fetchrow(_SCHOOL, school_id, now)
    assert school is not None, "whoever builds has found the school"  # noqa: S101
    people = [_person(each) for each in await connection.fetch(_PEOPLE, school_id)]
    cards = await _cards(connection, school_id)
    rows = [_policy(school, is_empty=not cards), row("profile", EVERYBODY, [[EVERY_DAY, 0, 1440]], ["*"])]
    rows += [
        row(
            "gate", gate["key"], {"kk": gate["name_kk"], "ru": gate["name_ru"], "en": gate["name_en"]}, gate["device"],
            *([] if gate["fire"] is None else [gate["fire"], gate["lockdown"]]),
        )
        for gate in await connection.fetch(_GATES, school_id)
    ]  # fmt: skip
    return [*rows, *people, *cards, *await till_rows(connection, school_id)]


def _policy(school: asyncpg.Record, *, is_empty: bool) -> bytes:
    rules: dict[str, object] = {
        "passback": school["passback"],
        "passback_reset_ms": PASSBACK_RESET_MS,
        "repeat_ms": REPEAT_MS,
        "expired": "allow",
        "utc_offset_min": school["offset_min"],
    }
    if school["hub"]:
        rules["hub"] = school["hub"]
    if is_empty:
        rules["empty"] = True
    return row("policy", "", rules)


def _person(each: asyncpg.Record) -> bytes:
    return row(
        "person", each["ref"], each["name"][:NAME_MAX], _class_name(each), each["role"], 1,
        int(each["has_consented"]), EVERYBODY,
    )  # fmt: skip


async def _cards(connection: asyncpg.Connection, school_id: int) -> list[bytes]:
    found: Iterable[asyncpg.Record] = await connection.fetch(_CARDS, school_id)
    return [row("card", each["token"], each["ref"], each["state"], _ms(each["not_after"])) for each in found]


def _class_name(person: asyncpg.Record) -> str:
    return "" if person["grade"] is None else f"{person['grade']}{person['letter']}"[:CLASS_NAME_MAX]


def _ms(instant: datetime | None) -> int:
    return 0 if instant is None else int(instant.timestamp() * 1_000)
