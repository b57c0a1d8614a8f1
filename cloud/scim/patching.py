"""PATCH of RFC 7644, 3.5.2, on a resource as a mapping: add, replace and remove, by a path or without one. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from cloud.scim.errors import wrong
from cloud.scim.filtering import plain, read_filter
from cloud.scim.schemas import PATCH, Json

OPERATIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class Writable:
    """What a directory may write of a kind of resource: names by their lower case, the one with many values, others."""

    names: Mapping[str, str]
    many: str
    ignored: frozenset[str] = frozenset()


WRITTEN = {"externalid": "externalId", "username": "userName", "displayname": "displayName", "active": "active",
           "preferredlanguage": "preferredLanguage", "roles": "roles"}  # fmt: skip
# What directories send by themselves and nothing here needs: taken without an error, and not kept.
IGNORED = frozenset({"name", "emails", "phonenumbers", "title", "usertype", "nickname", "profileurl", "locale",
                     "timezone", "addresses", "photos", "groups", "entitlements", "ims", "x509certificates",
                     "password"})  # fmt: skip
READ_ONLY = frozenset({"id", "meta", "schemas"})
OF_USER = Writable(WRITTEN, "roles", IGNORED)
OF_GROUP = Writable({"externalid": "externalId", "displayname": "displayName", "members": "members"}, "members")
_PATH = re.compile(r"(?P<name>[A-Za-z$][A-Za-z0-9_$-]*)(?:\[(?P<filter>[^\]]*)\])?(?:\.(?P<inner>[A-Za-z$]+))?")


class Operation(BaseModel):
    """One change."""

    model_config = ConfigDict(extra="ignore")
    op: Literal["add", "replace", "remove"]
    path: str = Field("", max_length=500)
    value: JsonValue = None

    @field_validator("op", mode="before")
    @classmethod
    def _lower(cls, given: object) -> object:
        return given.lower() if isinstance(given, str) else given  # some directories write Add


class Patch(BaseModel):
    """Changes, one after the other: all of them, or none."""

    schemas: list[str] = Field(min_length=1, max_length=5, examples=[[PATCH]])
    Operations: list[Operation] = Field(min_length=1, max_length=OPERATIONS_MAX)


def patched(resource: Json, patch: Patch, writable: Writable = OF_USER) -> Json:
    """Return a resource as a patch makes it. Raises ScimRefused."""
    changed = dict(resource)
    for operation in patch.Operations:
        if operation.path:
            _apply(changed, operation, writable)
        elif operation.op == "remove":
            raise wrong("noTarget", "remove")
        elif isinstance(operation.value, dict):
            for path, value in operation.value.items():
                _apply(changed, operation.model_copy(update={"path": path, "value": value}), writable)
        else:
            raise wrong("invalidValue", operation.op)
    return changed


def _apply(resource: Json, operation: Operation, writable: Writable) -> None:
    found = _PATH.fullmatch(plain(operation.path))
    if found is None:
        raise wrong("invalidPath", operation.path)
    lower = found["name"].lower()
    if lower in writable.ignored:
        return
    if lower in READ_ONLY:
        raise wrong("mutability", operation.path)
    if lower not in writable.names or (lower != writable.many and (found["filter"] is not None or found["inner"])):
        raise wrong("invalidPath", operation.path)
    name = writable.names[lower]
    if lower == writable.many:
        resource[name] = _values(resource.get(name), operation, found["filter"], found["inner"] or "")
    elif operation.op == "remove":
        resource.pop(name, None)
    else:
        resource[name] = operation.value


def _values(now: object, operation: Operation, condition: str | None, inner: str) -> list[object]:
    """Return the values of an attribute as an operation makes them."""
    if inner.lower() not in {"", "value"}:
        raise wrong("invalidPath", operation.path)
    held = list(now) if isinstance(now, list) else []
    fits = _condition(condition)
    if operation.op == "remove":
        named = _named(operation.value)
        return [each for each in held if not fits(each) or (named is not None and _value(each) not in named)]
    given = operation.value if isinstance(operation.value, list) else [operation.value]
    kept = held if operation.op == "add" else [each for each in held if condition is not None and not fits(each)]
    known = {_value(each) for each in kept}
    return kept + [each for each in given if _value(each) not in known]


def _condition(text: str | None) -> Callable[[object], bool]:
    if text is None:
        return lambda _each: True
    holds = read_filter(text)
    return lambda each: holds(each if isinstance(each, Mapping) else {"value": each})


def _named(value: object) -> set[str] | None:
    return {_value(each) for each in value} if isinstance(value, list) else None


def _value(each: object) -> str:
    return str(each.get("value", "")) if isinstance(each, Mapping) else str(each)
