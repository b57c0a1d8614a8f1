"""What a field may say and which entries can be: tables of cases."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from cloud.portfolio.errors import EntryRefused, GoalRefused, ProfileRefused
from cloud.portfolio.fields import BY_KEY, FIELDS, Group, fields_of
from cloud.portfolio.kinds import BY_KIN, KINDS, OF_STAFF, OF_STUDENTS, Given, Kind
from cloud.portfolio.rules import (
    birth_of,
    checked_entry,
    checked_goal,
    checked_reason,
    checked_value,
    checked_words,
    sex_of,
)
from tests.cloud.people.factory import an_iin

TODAY = date(2026, 9, 1)
ANY_IIN = an_iin(date(2015, 3, 8), 12)
NAMED_BY_LAW = {  # KBR-4.1: what is not shown from elsewhere (class, login, name, meals, parents)
    Group.MAIN: {
        "born_on", "native_language", "sex", "citizenship", "phone", "phone_home", "email", "insurance_number",
        "tax_number", "file_number", "form_of_study", "identity_kind", "identity_number", "registration", "address",
        "birth_place",
    },
    Group.EXTRA: {"individual_study", "external_study"},
    Group.SENSITIVE: {
        "long_treatment", "adapted_programme", "internal_register", "juvenile_register", "health_restriction",
        "health_group", "disability", "family_status",
    },
}  # fmt: skip


def test_every_field_that_the_law_names_is_there_and_what_is_sensitive_is_in_no_other_group() -> None:
    for group, keys in NAMED_BY_LAW.items():
        assert keys <= {each.key for each in fields_of(group)}
    assert len(BY_KEY) == len(FIELDS)
    assert {each.key for each in fields_of(Group.SENSITIVE)} == NAMED_BY_LAW[Group.SENSITIVE]


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("birth_place", "  Алматы   қаласы ", "Алматы қаласы"),
        ("birth_place", "", ""),
        ("born_on", "08.03.2015", "2015-03-08"),
        ("born_on", "2015-03-08", "2015-03-08"),
        ("phone", "8 701 234-56-78", "+77012345678"),
        ("email", "aigerim@mail.kz", "aigerim@mail.kz"),
        ("sex", "female", "female"),
        ("individual_study", "on", "yes"),
        ("tax_number", "123456789012", "123456789012"),  # twelve digits that are no IIN
    ],
)
def test_a_field_is_kept_in_its_one_form(key: str, typed: str, kept: str) -> None:
    assert checked_value(BY_KEY[key], typed, TODAY) == kept


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("birth_place", "x" * 201),
        ("born_on", "31.02.2015"),
        ("born_on", "02.09.2026"),
        ("born_on", "01.01.1900"),
        ("phone", "12"),
        ("email", "aigerim"),
        ("sex", "other"),
        ("native_language", "klingon"),
        ("tax_number", ANY_IIN),
        ("address", f"Абай 5, ЖСН {ANY_IIN}."),
    ],
)
def test_what_a_field_cannot_say_is_refused_and_an_iin_in_any_of_them(key: str, typed: str) -> None:
    with pytest.raises(ProfileRefused) as refused:
        checked_value(BY_KEY[key], typed, TODAY)

    assert ANY_IIN not in str(refused.value)


def test_every_kind_has_words_and_belongs_to_students_or_to_staff() -> None:
    assert set(KINDS) == set(Kind) == {*OF_STUDENTS, *OF_STAFF}
    assert not set(OF_STUDENTS) & set(OF_STAFF)
    assert Kind.REFERENCE not in BY_KIN  # of a character, the school writes


ATTESTED = Given(Kind.ATTESTATION, "Аттестация", TODAY, "", "expert", "", TODAY + timedelta(days=1_800))
REFUSED = {
    "without a name": Given(Kind.WORK, "  ", TODAY),
    "too long a name": Given(Kind.WORK, "x" * 161, TODAY),
    "an IIN in its name": Given(Kind.WORK, f"ЖСН {ANY_IIN}", TODAY),
    "too many words": Given(Kind.WORK, "x", TODAY, "y" * 1_001),
    "an IIN in its words": Given(Kind.WORK, "x", TODAY, f"ЖСН {ANY_IIN}"),
    "long ago": Given(Kind.WORK, "x", date(1900, 1, 1)),
    "far ahead": Given(Kind.WORK, "x", TODAY + timedelta(days=400)),
    "days turned": Given(Kind.WORK, "x", TODAY, last_on=TODAY - timedelta(days=1)),
    "a level that is none": Given(Kind.WORK, "x", TODAY, level="galaxy"),
    "a category of teachers as a level": Given(Kind.WORK, "x", TODAY, level="expert"),
    "a result that is none": Given(Kind.WORK, "x", TODAY, result="last"),
    "an attestation without a category": Given(Kind.ATTESTATION, "x", TODAY, last_on=TODAY),
    "an attestation without an end": Given(Kind.ATTESTATION, "x", TODAY, level="expert"),
    "a training without hours": Given(Kind.TRAINING, "x", TODAY),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_entry_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(EntryRefused):
        checked_entry(REFUSED[name], TODAY)


@pytest.mark.parametrize("checked", [checked_words, checked_reason])
def test_words_said_later_and_reasons_hold_no_iin_either(checked: Callable[[str], str]) -> None:
    assert checked("диплом 12") == "диплом 12"
    with pytest.raises(EntryRefused) as refused:
        checked(f"ЖСН {ANY_IIN}")

    assert ANY_IIN not in str(refused.value)


def test_an_entry_is_kept_with_single_spaces_and_its_lines() -> None:
    assert checked_entry(ATTESTED, TODAY) == ATTESTED
    given = Given(Kind.OLYMPIAD, " Математика  олимпиадасы ", TODAY, "бірінші\n\n\n\nекінші", "country", "second")

    kept = checked_entry(given, TODAY)

    assert (kept.title, kept.words) == ("Математика олимпиадасы", "бірінші\n\nекінші")


@pytest.mark.parametrize("days", [-1, 1_200])
def test_a_goal_is_of_a_day_to_come(days: int) -> None:
    assert checked_goal(" Ағылшын B1 ", TODAY, TODAY) == "Ағылшын B1"
    with pytest.raises(GoalRefused):
        checked_goal("Ағылшын B1", TODAY + timedelta(days=days), TODAY)
    with pytest.raises(GoalRefused):
        checked_goal(f"ЖСН {ANY_IIN}", TODAY, TODAY)


@pytest.mark.parametrize(("digit", "sex"), [(5, "male"), (6, "female"), (0, "")])
def test_an_iin_tells_sex_and_birth(digit: int, sex: str) -> None:
    assert sex_of(f"150308{digit}00123") == sex
    assert birth_of("150308500123") == "2015-03-08"
