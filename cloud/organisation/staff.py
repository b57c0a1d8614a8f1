"""Who has which role at a school, and how that changed: from the grants, and from the audit journal."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.logins import opened
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.roles import STAFF, Role
from cloud.core.services import Services

STAFF_MAX = 1_000
HISTORY_MAX = 100
VERBS = (
    "account.added", "account.role_given", "account.role_taken", "account.class_given", "account.class_taken",
)  # fmt: skip
_STAFF = """
SELECT account.id, login_encrypted, name, is_active, array_agg(role) AS roles,
  ARRAY(SELECT concat_ws(':', own.role, c.id, c.grade || c.letter)
    FROM class_of_account AS own JOIN school_class AS c ON c.id = own.school_class_id
    WHERE own.account_id = account.id AND c.school_id = $1 AND c.is_active ORDER BY c.grade, c.letter) AS classes
FROM grant_of_role JOIN account ON account.id = account_id
WHERE school_id = $1 AND role = ANY($2) GROUP BY account.id ORDER BY name, account.id LIMIT $3
"""
_HISTORY = """
SELECT at, actor, verb, subject, detail::text FROM audit_entry
WHERE school_id = $1 AND verb = ANY($2) AND ($4 OR detail->>'role' = ANY($5)) ORDER BY id DESC LIMIT $3
"""
_NAMES = "SELECT id, name FROM account WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class ClassHeld:
    """A class that somebody has in a role."""

    role: Role
    class_id: int
    name: str


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Somebody who works at a school here."""

    account_id: int
    login: str
    name: str
    is_active: bool
    roles: Sequence[Role]
    classes: Sequence[ClassHeld]


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Who gave or took what, to whom, when."""

    at: datetime
    by: str
    verb: str
    whose: str
    role: Role | None
    class_name: str


async def staff_of(services: Services, actor: Actor, school_id: int) -> list[StaffRow]:
    """Return who has a role of staff at a school, by name. Raises NotAllowed."""
    actor.require(Right.ROLES_READ, school_id)
    roles = [role.value for role in STAFF]
    rows = await services.database.pool.fetch(_STAFF, school_id, roles, STAFF_MAX)
    return [
        StaffRow(
            row["id"], opened(services.vault, row["login_encrypted"]), row["name"], row["is_active"],
            [role for role in Role if role.value in row["roles"]], [_class(each) for each in row["classes"]],
        )
        for row in rows
    ]  # fmt: skip


async def role_changes_of(services: Services, actor: Actor, school_id: int) -> list[RoleChange]:
    """Return the last changes of roles at a school, newest first; the audit journal has all. Raises NotAllowed.

    Roles of families are told to who may read the people of the school only: they name parents and children.
    """
    actor.require(Right.ROLES_READ, school_id)
    pool, of_families = services.database.pool, actor.can(Right.PEOPLE_READ, school_id)
    rows = await pool.fetch(_HISTORY, school_id, VERBS, HISTORY_MAX, of_families, [role.value for role in STAFF])
    whose = {row["subject"]: _account_of(row["subject"]) for row in rows}
    names = dict(await pool.fetch(_NAMES, [each for each in whose.values() if each is not None]))
    changes = []
    for row in rows:
        detail = json.loads(row["detail"])
        role = Role(detail["role"]) if detail.get("role") in {each.value for each in Role} else None
        name = names.get(whose[row["subject"]], row["subject"])
        changes.append(RoleChange(row["at"], row["actor"], row["verb"], name, role, detail.get("class", "")))
    return changes


def _class(text: str) -> ClassHeld:
    role, class_id, name = text.split(":", 2)
    return ClassHeld(Role(role), int(class_id), name)


def _account_of(subject: str) -> int | None:
    kind, _, number = subject.partition(":")
    return int(number) if kind == "account" and number.isdecimal() else None
