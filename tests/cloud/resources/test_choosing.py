"""What of a shelf is shown, and in which order."""

from datetime import UTC, datetime

import pytest

from cloud.resources.choosing import Own, Wanted, chosen, sorted_for
from cloud.resources.kinds import OF_STUDIES, SUBJECTS, Ground, ResourceKind, Way
from cloud.resources.queries import Resource
from cloud.resources.verifying import Verified
from cloud.studies.kinds import BY_CODE

LOOKED = Verified(datetime(2026, 9, 1, tzinfo=UTC), "Ұлжан Әлі", Ground.REVIEW, "қорытынды 5")


def resource(
    title: str, subject: str = "mathematics", grades: tuple[int, ...] = (5,), language: str = "kk",
    kind: ResourceKind = ResourceKind.RESOURCE, verified: Verified | None = None,
) -> Resource:  # fmt: skip
    return Resource(
        id=1, school_id=1, kind=kind, title=title, subject=subject, language=language, way=Way.LINK,
        address="https://books.test", party_id=None, tool_id=None, for_teachers=True, is_free=True, verified=verified,
        cover="", published_at=None, opener="", grades=grades, classes=(),
    )  # fmt: skip


ALL = [
    resource("a", "history", (9,)), resource("b", verified=LOOKED), resource("c", language="ru"),
    resource("d", grades=(6, 7)), resource("e", kind=ResourceKind.LESSON),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, "abcde"), ({"subject": "history"}, "a"), ({"grade": "6"}, "d"), ({"language": "ru"}, "c"),
        ({"kind": "lesson"}, "e"), ({"verified": "true"}, "b"), ({"subject": "mathematics", "language": "kk"}, "bde"),
        ({"subject": "none", "grade": "13", "language": "de", "kind": "x", "verified": "yes"}, "abcde"),
    ],
    ids=["all", "subject", "grade", "language", "kind", "verified", "two", "nothing_readable"],
)  # fmt: skip
def test_a_choice_shows_what_fits_and_ignores_what_it_cannot_read(query: dict[str, str], titles: str) -> None:
    assert "".join(each.title for each in chosen(ALL, Wanted.read(query))) == titles


def test_what_somebody_studies_comes_first_and_the_rest_stays_in_its_order() -> None:
    assert [each.title for each in sorted_for(Own(frozenset({"history"})), ALL)] == ["a", "b", "c", "d", "e"]
    assert [each.title for each in sorted_for(Own(frozenset({"mathematics"})), ALL)] == ["b", "c", "d", "e", "a"]


def test_of_a_teachers_subject_the_grades_that_are_taught_come_first() -> None:
    own = Own(frozenset({"mathematics"}), frozenset({6}))

    assert [each.title for each in sorted_for(own, ALL)] == ["d", "a", "b", "c", "e"]
    assert own.is_near(resource("for teachers alone", grades=()))


def test_every_subject_of_the_states_list_is_found_in_the_catalogue_but_one() -> None:
    assert set(BY_CODE) - set(OF_STUDIES) == {"self_knowledge"}
    assert set(OF_STUDIES.values()) <= set(SUBJECTS)
