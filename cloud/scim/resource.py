"""A user of SCIM: how an account is shown, and what a directory says that it shall be. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud.core.roles import Role
from cloud.scim.errors import wrong
from cloud.scim.filtering import plain
from cloud.scim.patching import WRITTEN
from cloud.scim.schemas import LANGUAGES, ROLES, USER, Json

NAME_MAX = 180
EXTERNAL_MAX = 200
_BY_NAME = {role.value: role for role in ROLES}
ALWAYS = frozenset({"schemas", "id"})


@dataclass(frozen=True, slots=True)
class Given:
    """What a directory says of a user."""

    user_name: str
    display_name: str
    is_active: bool
    language: str
    external_id: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class User:
    """An account as SCIM shows it."""

    id: int
    given: Given
    created_at: datetime
    changed_at: datetime

    def shown(self, base: str) -> Json:
        """Return the resource; what is not set is left out."""
        given = self.given
        body: Json = {
            "schemas": [USER],
            "id": str(self.id),
            "externalId": given.external_id,
            "userName": given.user_name,
            "displayName": given.display_name,
            "active": given.is_active,
            "preferredLanguage": given.language,
            "roles": [{"value": value} for value in sorted(role.value for role in given.roles)],
        }
        kept = {name: value for name, value in body.items() if value not in ("", [])}
        kept["meta"] = {
            "resourceType": "User",
            "created": self.created_at.isoformat(),
            "lastModified": self.changed_at.isoformat(),
            "location": f"{base}/Users/{self.id}",
            "version": f'W/"{_version(kept)}"',
        }
        return kept


def read(body: Mapping[str, object]) -> Given:
    """Return what a resource says. Raises ScimRefused with `invalidValue`."""
    named = {WRITTEN.get(plain(name).lower(), plain(name)): value for name, value in body.items()}
    user_name = text_at(named, "userName", 120)
    if not user_name:
        raise wrong("invalidValue", "userName")
    language = text_at(named, "preferredLanguage", 20).partition("-")[0].lower()
    if language not in {"", *LANGUAGES}:
        raise wrong("invalidValue", "preferredLanguage")
    name = text_at(named, "displayName", NAME_MAX) or _name(named) or user_name
    active = named.get("active", True)
    external_id = text_at(named, "externalId", EXTERNAL_MAX)
    return Given(user_name, name, _flag(active), language, external_id, _roles(named.get("roles") or []))


def chosen(resource: Json, attributes: str, excluded: str) -> Json:
    """Return the attributes that are asked for (RFC 7644, 3.9); some stand in every answer."""
    if attributes:
        wanted = _names(attributes) | ALWAYS
        return {name: value for name, value in resource.items() if name.lower() in {each.lower() for each in wanted}}
    left_out = _names(excluded)
    return {name: value for name, value in resource.items() if name in ALWAYS or name.lower() not in left_out}


def _names(text: str) -> set[str]:
    """Return names of attributes, in lower case; an inner one brings its whole attribute."""
    return {plain(each.strip()).partition(".")[0].lower() for each in text.split(",") if each.strip()}


def text_at(named: Mapping[str, object], name: str, most: int) -> str:
    """Return a text of a resource, nothing where there is none. Raises ScimRefused with `invalidValue`."""
    value = named.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise wrong("invalidValue", name)
    return value.strip()


def _flag(value: object) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"  # some directories write it so
    if not isinstance(value, bool):
        raise wrong("invalidValue", "active")
    return value


def _name(named: Mapping[str, object]) -> str:
    """Return the name of its parts, of directories that send no display name."""
    name = named.get("name")
    if not isinstance(name, Mapping):
        return ""
    whole = text_at(name, "formatted", NAME_MAX)
    return whole or " ".join(filter(None, (text_at(name, "familyName", 80), text_at(name, "givenName", 80))))


def _roles(value: object) -> frozenset[Role]:
    given: Iterable[object] = value if isinstance(value, list) else [value]
    names = [str(each.get("value")) if isinstance(each, Mapping) else str(each) for each in given]
    if unknown := [name for name in names if name not in _BY_NAME]:
        raise wrong("invalidValue", f"roles {unknown[0]}")
    return frozenset(_BY_NAME[name] for name in names)


def _version(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
