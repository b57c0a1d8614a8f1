"""Filters and patches of SCIM, without a database."""

import pytest

from cloud.scim.errors import ScimRefused
from cloud.scim.filtering import read_filter
from cloud.scim.patching import Patch, patched
from cloud.scim.schemas import PATCH, USER

USER_SHOWN = {
    "id": "7", "userName": "gulnar@school.kz", "displayName": "Гүлнар", "active": True,
    "roles": [{"value": "teacher"}, {"value": "nurse"}], "meta": {"lastModified": "2026-09-01T02:00:00+00:00"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('userName eq "GULNAR@school.kz"', True),
        ('userName ne "gulnar@school.kz"', False),
        ('USERNAME sw "gul" and active eq true', True),
        ('displayName co "нар" and not (active eq true)', False),
        ('userName ew "x" or displayName pr', True),
        ("externalId pr", False),
        ('externalId ne "x"', True),
        ('roles eq "nurse"', True),
        ('roles[value eq "teacher"]', True),
        ('roles[value eq "guard"] or roles.value eq "guard"', False),
        (f'{USER}:userName eq "gulnar@school.kz"', True),
        ('meta.lastModified gt "2026-08-01T00:00:00Z"', True),
        ('id eq "7"', True),
        ('userName eq "a\\"b"', False),
    ],
)
def test_a_filter_finds_what_it_says(text: str, holds: bool) -> None:
    assert read_filter(text)(USER_SHOWN) is holds


@pytest.mark.parametrize(
    "text",
    ["", "userName", "userName eq", "userName xx 1", 'userName eq "a', 'eq "a"', '(userName eq "a"',
     "userName eq teacher", 'userName eq "a" userName eq "b"', "not " * 50 + "active pr", "((" * 600,
     'roles[value eq "a"', "'; DROP"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        read_filter(text)

    assert refused.value.kind == "invalidFilter"


@pytest.mark.parametrize(
    ("operation", "name", "value"),
    [
        ({"op": "replace", "path": "active", "value": False}, "active", False),
        ({"op": "Replace", "value": {"active": False}}, "active", False),
        ({"op": "add", "path": f"{USER}:externalId", "value": "e1"}, "externalId", "e1"),
        ({"op": "remove", "path": "displayName"}, "displayName", None),
        ({"op": "remove", "path": "roles"}, "roles", []),
        ({"op": "remove", "path": 'roles[value eq "nurse"]'}, "roles", [{"value": "teacher"}]),
        ({"op": "remove", "path": "roles", "value": [{"value": "teacher"}]}, "roles", [{"value": "nurse"}]),
        ({"op": "replace", "path": "roles", "value": [{"value": "guard"}]}, "roles", [{"value": "guard"}]),
        ({"op": "add", "path": "roles", "value": {"value": "nurse"}}, "roles", USER_SHOWN["roles"]),
        ({"op": "replace", "path": "name.givenName", "value": "Г"}, "userName", "gulnar@school.kz"),
    ],
)  # fmt: skip
def test_a_patch_changes_what_it_names(operation: dict[str, object], name: str, value: object) -> None:
    changed = patched(dict(USER_SHOWN), Patch.model_validate({"schemas": [PATCH], "Operations": [operation]}))

    assert changed.get(name) == value
    assert {key: changed[key] for key in USER_SHOWN if key != name} == {
        key: USER_SHOWN[key] for key in USER_SHOWN if key != name
    }


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "8"}, "mutability"),
        ({"op": "add", "path": "shoeSize", "value": 40}, "invalidPath"),
        ({"op": "add", "path": "active[value eq 1]", "value": 40}, "invalidPath"),
        ({"op": "add", "path": "roles.type", "value": 40}, "invalidPath"),
        ({"op": "add", "path": "a b", "value": 40}, "invalidPath"),
        ({"op": "add", "value": "active"}, "invalidValue"),
        ({"op": "remove", "path": "roles[value xx]"}, "invalidFilter"),
    ],
)
def test_a_patch_that_cannot_be_done_is_refused(operation: dict[str, object], kind: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        patched(dict(USER_SHOWN), Patch.model_validate({"schemas": [PATCH], "Operations": [operation]}))

    assert refused.value.kind == kind
