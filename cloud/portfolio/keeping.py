"""Writing of profiles: the fields of a group that were changed, each as a row of its own above the one before.

Rule: the journal never names a field of what is sensitive: that one was filled tells of a child already.
"""

from collections.abc import Mapping
from datetime import date

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.errors import ProfileRefused
from cloud.portfolio.fields import Field, Group, fields_of
from cloud.portfolio.holding import hold
from cloud.portfolio.kinds import VALUE
from cloud.portfolio.reach import student_at, today_at
from cloud.portfolio.rules import checked_value

_STANDS = """
SELECT DISTINCT ON (field) id, field, version, value_encrypted FROM profile_field
WHERE person_id = $1 ORDER BY field, version DESC
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('profile_field', 'id'))"
_PUT = """
INSERT INTO profile_field (id, school_id, person_id, field, version, value_encrypted, is_blank, put_at, put_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


class FieldRefused(ProfileRefused):
    """A field cannot say what was typed into it."""

    def __init__(self, field: Field, refused: ProfileRefused) -> None:
        super().__init__(message("{field}: {why}", field=Message(field.words), why=refused.message))
        self.field = field


async def put_fields(
    services: Services, actor: Actor, school_id: int, ref: str, group: Group, typed: Mapping[str, str]
) -> int:
    """Keep what was typed into fields of a group, and return how many changed; fields that are not named stay.

    Raises NotFound, FieldRefused or ErasureAsked; of a refused form nothing is kept.
    """
    sensitive = (Right.PROFILES_SENSITIVE,) if group is Group.SENSITIVE else ()
    whose = await student_at(services, actor, school_id, ref, Right.PROFILES_KEEP, *sensitive)
    now = services.clock.now()
    today = await today_at(services.database.pool, school_id, now)
    said = {each.key: _checked(each, typed[each.key], today) for each in fields_of(group) if each.key in typed}
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold(at, whose, now)
        stands = {row["field"]: row for row in await at.fetch(_STANDS, whose.id)}
        changed = [key for key, text in said.items() if text != _before(services, stands.get(key))]
        for key in changed:
            before = stands.get(key)
            number: int = await at.fetchval(_NEXT)
            await at.execute(
                _PUT, number, school_id, whose.id, key, before["version"] + 1 if before else 1,
                services.vault.encrypt(said[key], VALUE, str(number)), not said[key], now, actor.name,
            )  # fmt: skip
        if changed:
            is_named = group is not Group.SENSITIVE
            detail = {"fields": " ".join(changed)} if is_named else {"group": group.value, "count": str(len(changed))}
            await audit(connection, actor, "profile.changed", f"person:{whose.id}", detail, school_id=school_id, at=now)
    return len(changed)


def _checked(field: Field, typed: str, today: date) -> str:
    try:
        return checked_value(field, typed, today)
    except ProfileRefused as refused:
        raise FieldRefused(field, refused) from None


def _before(services: Services, row: asyncpg.Record | None) -> str:
    return "" if row is None else services.vault.decrypt(row["value_encrypted"], VALUE, str(row["id"]))
