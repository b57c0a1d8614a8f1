"""Filter, sort, fields and pages of OneRoster, without a database."""

import pytest

from cloud.oneroster.errors import FieldUnknown
from cloud.oneroster.kinds import Kind
from cloud.oneroster.selecting import in_order, links, read_fields, read_filter, selected

RECORDS = (
    {"sourcedId": "b", "familyName": "Сұлтан", "givenName": "Әлия", "status": "active", "grades": ["05"],
     "dateLastModified": "2026-09-01T02:00:00.000Z", "roles": [{"role": "student"}], "primaryOrg": {"sourcedId": "s1"}},
    {"sourcedId": "a", "familyName": "Иванова", "givenName": "Мария", "status": "tobedeleted", "grades": ["06", "07"],
     "dateLastModified": "2026-09-02T02:00:00.000Z", "roles": [{"role": "teacher"}], "primaryOrg": {"sourcedId": "s2"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("status='active'", "b"),
        ("status != 'active'", "a"),
        ("familyName='иванова'", "a"),
        ("givenName~'ли'", "b"),
        ("familyName>'и' AND status='active'", "b"),
        ("status='active' OR familyName='Иванова'", "ab"),
        ("status='active' AND familyName='Иванова'", ""),
        ("dateLastModified>'2026-09-01T12:00:00Z'", "a"),
        ("dateLastModified<='2026-09-01T07:00:00+05:00'", "b"),
        ("dateLastModified>'2026-09-01'", "ab"),
        ("roles.role='teacher'", "a"),
        ("primaryOrg='s1'", "b"),
        ("primaryOrg.sourcedId='s2'", "a"),
        ("grades='07'", "a"),
        ("grades!='07'", "b"),
        ("middleName='x'", ""),
        ("middleName!='x'", "ab"),
        ("familyName='AND'", ""),
    ],
)
def test_a_filter_finds_what_it_says(text: str, found: str) -> None:
    wanted = read_filter(text, Kind.USER)

    assert "".join(sorted(str(each["sourcedId"]) for each in RECORDS if wanted.holds(each))) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "status", "status=active", "status='active", "nothing='x'", "status='a' XOR status='b'", "x' OR 1=1 --",
        "status='a' AND status='b' AND status='c'", "status='a' AND", "status='a'status='b'",
        "status='" + "a" * 600 + "'",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_or_names_no_field_is_refused(text: str) -> None:
    with pytest.raises(FieldUnknown) as refused:
        read_filter(text, Kind.USER)

    assert refused.value.minor == "invalid_filter_field"


def test_the_order_is_by_the_field_and_by_identifiers_where_there_is_no_such_field() -> None:
    def order(sort: str, *, descending: bool = False) -> str:
        return "".join(str(each["sourcedId"]) for each in in_order(RECORDS, Kind.USER, sort, descending=descending))

    assert order("") == order("nothing") == order("familyName") == "ab"
    assert order("familyName", descending=True) == order("givenName", descending=True) == "ba"
    assert order("roles.role") == "ba"


def test_fields_are_chosen_by_name_and_unknown_ones_are_refused() -> None:
    assert selected(RECORDS[0], read_fields("sourcedId, givenName,email", Kind.USER)) == {
        "sourcedId": "b", "givenName": "Әлия",
    }  # fmt: skip
    for text in ("", "nothing", "sourcedId,,givenName", "iin"):
        with pytest.raises(FieldUnknown):
            read_fields(text, Kind.USER)


def test_links_lead_to_the_pages_that_there_are() -> None:
    middle = links("https://e.test/users", {"filter": "a='b c'"}, limit=10, offset=10, total=35)
    only = links("https://e.test/users", {}, limit=10, offset=0, total=0)

    places = dict(part.split("; ")[::-1] for part in middle.split(", "))
    assert {rel: place.rpartition("offset=")[2] for rel, place in places.items()} == {
        'rel="first"': "0>", 'rel="last"': "30>", 'rel="next"': "20>", 'rel="prev"': "0>",
    }  # fmt: skip
    assert "filter=a%3D%27b%20c%27" in middle
    assert "next" not in only
    assert "prev" not in only
