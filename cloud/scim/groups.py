"""Roles at a school as groups: who of the accounts that a directory reaches has each, and giving and taking it.

Rule: a group is one of ROLES at the token's own school; its members are accounts that the token sees. What is asked
for is done whole or not at all, and each role that is given or taken is noted as if the school's IT had done it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit, give_role, take_role
from cloud.core.actor import Reach
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.roles import Role
from cloud.scim.errors import ScimRefused, wrong
from cloud.scim.filtering import plain
from cloud.scim.resource import EXTERNAL_MAX, text_at
from cloud.scim.schemas import GROUP, ROLES, Json
from cloud.scim.store import giver_of, seen_of, users_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

ID_DIGITS_MAX = 19
_BY_NAME = {role.value: role for role in ROLES}
_WRITTEN = {"externalid": "externalId", "displayname": "displayName", "members": "members"}
_KEPT = "SELECT role, external_id, changed_at FROM scim_group WHERE school_id = $1 ORDER BY role LIMIT 100"
_KEEP = """
INSERT INTO scim_group (school_id, role, external_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (school_id, role) DO UPDATE SET external_id = excluded.external_id, changed_at = excluded.changed_at
"""
_DROP = "DELETE FROM scim_group WHERE school_id = $1 AND role = $2"


@dataclass(frozen=True, slots=True)
class GivenGroup:
    """What a directory says of a group."""

    role: Role
    external_id: str
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class Group:
    """A role at a school as SCIM shows it; it has an instant once a directory has kept it."""

    given: GivenGroup
    changed_at: datetime | None

    def shown(self, base: str) -> Json:
        """Return the resource; what is not set is left out."""
        name = self.given.role.value
        body: Json = {
            "schemas": [GROUP], "id": name, "externalId": self.given.external_id, "displayName": name,
            "members": [
                {"value": str(each), "$ref": f"{base}/Users/{each}", "type": "User"}
                for each in sorted(self.given.members)
            ],
        }  # fmt: skip
        kept = {key: value for key, value in body.items() if value not in ("", [])}
        meta = {"resourceType": "Group", "location": f"{base}/Groups/{name}", "version": f'W/"{_version(kept)}"'}
        if self.changed_at is not None:
            meta["lastModified"] = self.changed_at.isoformat()
        return {**kept, "meta": meta}


async def groups_of(program: Program) -> list[Group]:
    """Return the groups that a directory has kept, and those that have a member. Raises ScopeMissing."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    rows = await program.services.database.pool.fetch(_KEPT, program.bearer.school_id)
    kept = {row["role"]: row for row in rows}
    members: dict[Role, set[int]] = {role: set() for role in ROLES}
    for user in await users_of(program):
        for role in user.given.roles:
            members[role].add(user.id)
    return [
        Group(
            GivenGroup(role, kept[role.value]["external_id"] if role.value in kept else "", frozenset(members[role])),
            kept[role.value]["changed_at"] if role.value in kept else None,
        )
        for role in ROLES
        if role.value in kept or members[role]
    ]


async def group_of(program: Program, name: str) -> Group:
    """Return a group. Raises NotFound or ScopeMissing."""
    found = next((each for each in await groups_of(program) if each.given.role.value == name), None)
    if found is None:
        raise NotFound
    return found


async def create_group(program: Program, given: GivenGroup) -> Group:
    """Take a role up as a group, with members. Raises ScimRefused, also where it is there already."""
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    if any(each.given.role is given.role for each in await groups_of(program)):
        told = message("The group {name} is there already. Change it instead.", name=given.role.value)
        raise ScimRefused("uniqueness", told, HTTPStatus.CONFLICT)
    return await _kept(program, frozenset(), given)


async def change_group(program: Program, group: Group, given: GivenGroup) -> Group:
    """Let a group have these members, and no others of those that the token sees. Raises ScimRefused."""
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    if given.role is not group.given.role:
        raise wrong("mutability", "displayName")
    return group if given == group.given else await _kept(program, group.given.members, given)


async def remove_group(program: Program, group: Group) -> None:
    """Take the role from all members, and forget the group. Their accounts stay."""
    program.bearer.require(Scope.ACCOUNTS_WRITE)
    role = group.given.role
    async with program.services.database.transaction() as connection:
        await _set_members(program, role, group.given.members, frozenset())
        await raw(connection).execute(_DROP, program.bearer.school_id, role.value)
        await _note(connection, program, "group.dropped", role)


def read_group(body: Mapping[str, object]) -> GivenGroup:
    """Return what a resource says. Raises ScimRefused with `invalidValue`."""
    named = {_WRITTEN.get(plain(name).lower(), plain(name)): value for name, value in body.items()}
    name = text_at(named, "displayName", 40)
    if name.lower() not in _BY_NAME:
        known = ", ".join(_BY_NAME)
        raise ScimRefused("invalidValue", message("A group is one of the roles: {names}.", names=known))
    members = named.get("members") or []
    listed = members if isinstance(members, list) else [members]
    external_id = text_at(named, "externalId", EXTERNAL_MAX)
    return GivenGroup(_BY_NAME[name.lower()], external_id, frozenset(_member(each) for each in listed))


async def _kept(program: Program, held: frozenset[int], given: GivenGroup) -> Group:
    now, new = program.services.clock.now(), given.members - held
    if strangers := sorted(new - await seen_of(program, new)):
        raise wrong("invalidValue", f"members {strangers[0]}")
    async with program.services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_KEEP, program.bearer.school_id, given.role.value, given.external_id, now)
        await _set_members(program, given.role, held, given.members)
        await _note(connection, program, "group.kept", given.role)
    return Group(given, now)


async def _set_members(program: Program, role: Role, held: frozenset[int], wanted: frozenset[int]) -> None:
    """Give and take a role, within the transaction that is open."""
    giver, reach = giver_of(program), Reach(role, program.bearer.school_id)
    for account_id in sorted(wanted - held):
        await give_role(program.services, giver, account_id, reach)
    for account_id in sorted(held - wanted):
        await take_role(program.services, giver, account_id, reach)


async def _note(connection: BaseDBAsyncClient, program: Program, verb: str, role: Role) -> None:
    school_id, now = program.bearer.school_id, program.services.clock.now()
    await audit(
        connection, program.bearer.actor, verb, f"school:{school_id}", {"role": role.value}, school_id=school_id, at=now
    )


def _member(each: object) -> int:
    value = each.get("value") if isinstance(each, Mapping) else each
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or len(value) > ID_DIGITS_MAX:
        raise wrong("invalidValue", "members")
    return int(value)


def _version(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
