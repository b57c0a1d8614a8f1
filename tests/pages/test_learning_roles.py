"""The roles of learning one by one: what each may do and what it may not, as the running application answers it.

Each deed is asked for with something that cannot be, so that nothing is changed: who may is told what is wrong with it,
who may not is told nothing.
"""

from dataclasses import dataclass, field

import pytest

from cloud.core.roles import Role
from tests.pages.asking import ask
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
T, M, U, D, V, S, P = (
    Role.TEACHER, Role.METHODOLOGIST, Role.TUTOR, Role.DIRECTOR, Role.DEPUTY, Role.STUDENT, Role.GUARDIAN,
)  # fmt: skip
ROLES = (T, M, U, D, V, S, P)  # whom the order names
REFUSED = frozenset({401, 403, 404})
_LESSON = """
SELECT lesson.id, (SELECT ref FROM stay JOIN person ON person.id = person_id
  WHERE stay.school_class_id = course.school_class_id AND stay.last_on IS NULL ORDER BY person.id LIMIT 1) AS ref
FROM lesson JOIN course ON course.id = course_id WHERE course_id = 1 AND "on" = '2026-09-01' ORDER BY lesson.id LIMIT 1
"""


@dataclass(frozen=True)
class Deed:
    """A deed, and who may do it; {child} and {other} stand for a child of the guardian's, and another family's."""

    name: str
    method: str
    path: str
    who: frozenset[Role]
    form: dict[str, str] = field(default_factory=dict)


def deed(name: str, path: str, *who: Role, form: dict[str, str] | None = None) -> Deed:
    """Return a deed; with a form it is one that changes something."""
    return Deed(name, "GET" if form is None else "POST", path, frozenset(who), form or {})


DEEDS = (
    deed("look at what is taught", f"{SCHOOL}/courses", T, M, U, D, V),
    deed("name a subject", f"{SCHOOL}/subjects", V, form={"key": ""}),
    deed("keep a curriculum plan", f"{SCHOOL}/plans", M, V, form={"title": ""}),
    deed("keep the themes of a course", f"{SCHOOL}/courses/1/themes", T, M, V, form={"title": "", "hours": "x"}),
    deed("change the timetable", f"{SCHOOL}/timetable/rooms", V, form={"name": ""}),
    deed("look at a class's marks", f"{SCHOOL}/journal/classes/1/sheet", T, M, U, D, V),
    deed("write into a journal", f"{SCHOOL}/journal/1/cells", T, V, form={"value": "bogus", "seen": "0"}),
    deed("set how marks are counted", f"{SCHOOL}/journal/grading", V, form={"from_on": "x"}),
    deed("see how learning goes", f"{SCHOOL}/quality", T, M, U, D, V),
    deed("see what is recommended", f"{SCHOOL}/people/{{child}}/advice", T, M, U, D, V),
    deed("write a recommendation", f"{SCHOOL}/people/{{child}}/advice/own", T, U, V, form={"words": ""}),
    deed("set the rules of recommendations", f"{SCHOOL}/advice/rules", V, form={"behind": "101"}),
    deed("keep exams", f"{SCHOOL}/exams", V, form={"kind": "x"}),
    deed("see a profile", f"{SCHOOL}/people/{{child}}/profile", T, M, U, D, V),
    deed("give a certificate", f"{SCHOOL}/people/{{child}}/profile/awards", M, D, V, form={"title": ""}),
    deed("see profiles of staff", f"{SCHOOL}/staff", M, D, V),
    deed("see the own profile of staff", "/profile", T, M, U, D, V),
    deed("read the diary", "/children/{child}/diary", S, P),
    deed("read the diary of another's child", "/children/{other}/diary"),
    deed("add to the portfolio", "/children/{child}/portfolio", S, P, form={"kind": "x"}),
    deed("answer about consents", "/children/{child}/consents", P),
)


@pytest.mark.requirement("KZ456-27.18")
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
async def test_a_role_may_what_is_its_own_and_nothing_else(site: Site, role: Role) -> None:
    lesson = await site.services.database.pool.fetchrow(_LESSON)
    assert lesson is not None
    places = {"child": site.sample.child_ref, "other": site.sample.stranger_ref}
    extra = {"lesson": str(lesson["id"]), "ref": str(lesson["ref"])}
    token, before = site.sample.tokens[role.value], await _written(site)

    for each in DEEDS:
        form = {**each.form, **extra} if "/cells" in each.path else each.form
        status = await ask(site.app, each.method, each.path.format(**places), token, form or None)

        assert (status not in REFUSED) is (role in each.who), f"{each.name}: {status}"
        assert status < 500, each.name
    assert await _written(site) == before


async def test_each_role_has_deeds_that_it_may_do_and_deeds_that_it_may_not() -> None:
    for role in ROLES:
        assert {role in each.who for each in DEEDS} == {True, False}, role


async def _written(site: Site) -> object:
    counted = (
        "SELECT (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM journal_mark),"
        " (SELECT count(*) FROM course_theme), (SELECT count(*) FROM recommendation),"
        " (SELECT count(*) FROM portfolio_entry), (SELECT count(*) FROM grading_scheme)"
    )
    return await site.services.database.pool.fetchrow(counted)
