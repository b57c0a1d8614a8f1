"""Profiles through their seam: who fills and sees which group, how it changed, and what is shown from elsewhere."""

from datetime import date, timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.menu.entitlements import EntitlementGiven, approve, propose
from cloud.menu.kinds import RightKind
from cloud.people.kinds import Relation
from cloud.people.moving import move
from cloud.people.stays import Said
from cloud.portfolio.fields import NEEDED, Group
from cloud.portfolio.keeping import FieldRefused, put_fields
from cloud.portfolio.profiles import Profile, profile_of, profiles_at, sensitive_of, share_filled
from cloud.portfolio.rules import YES
from tests.cloud.people.factory import an_iin
from tests.cloud.portfolio.factory import TODAY, Folder, a_folder
from tests.cloud.schools.factory import SYSTEM

IIN = an_iin(date(2015, 3, 8), 12, sex=6)
MAIN = {
    "native_language": "kk", "citizenship": "Қазақстан", "phone": "8 701 234 56 78", "email": "aigerim@mail.kz",
    "insurance_number": "АА-17", "tax_number": "555", "file_number": "Ә-12", "form_of_study": "day",
    "identity_kind": "birth", "identity_number": "№ 0123456", "registration": "Абай 5", "address": "Сәтбаев 7",
    "birth_place": "Талдықорған",
}  # fmt: skip


@pytest.fixture(name="folder")
async def _folder(services: Services) -> Folder:
    return await a_folder(services)


async def put(folder: Folder, group: Group, /, **typed: str) -> int:
    """Let the class teacher type into fields."""
    return await put_by(folder.teacher, folder, group, **typed)


async def put_by(who: Actor, folder: Folder, group: Group, /, **typed: str) -> int:
    return await put_fields(folder.services, who, folder.school_id, folder.ref, group, typed)


async def seen(folder: Folder, who: Actor | None = None) -> Profile:
    return await profile_of(folder.services, who or folder.teacher, folder.school_id, folder.ref, TODAY)


def texts(profile: Profile, group: Group = Group.MAIN) -> dict[str, str]:
    return {each.field.key: each.text for each in profile.groups[group] if each.text}


@pytest.mark.requirement("KBR-4.1.main")
async def test_the_class_teacher_fills_the_main_data_and_class_login_birth_and_sex_come_from_where_they_stand(
    folder: Folder,
) -> None:
    vault, pool = folder.services.vault, folder.services.database.pool
    sealed = vault.encrypt(IIN, "person.iin", folder.ref)
    await pool.execute("UPDATE person SET iin_encrypted = $2 WHERE id = $1", folder.whose.id, sealed)

    assert await put(folder, Group.MAIN, **MAIN) == len(MAIN)

    profile = await seen(folder)
    kept = {**MAIN, "phone": "+77012345678"}
    assert texts(profile) == {**kept, "born_on": "2015-03-08", "sex": "female"}
    assert {each.field.key for each in profile.groups[Group.MAIN] if each.is_derived} == {"born_on", "sex"}
    assert (profile.whose.class_name, profile.whose.name, profile.login) == ("5А", "Әліби Айгерім", "aigerim")
    assert profile.has_iin
    assert IIN not in repr(profile)


@pytest.mark.requirement("KBR-4.1.extra")
async def test_additional_data_hold_meals_and_parents_from_elsewhere_and_what_is_sensitive_apart(
    folder: Folder,
) -> None:
    order = EntitlementGiven(
        RightKind.FREE, "grades", ("lunch",), TODAY, TODAY + timedelta(days=90), "бұйрық 7", grades=(5,)
    )
    await folder.services.database.pool.execute(
        "INSERT INTO meal (school_id, key, name_kk, name_ru, name_en, from_min, to_min)"
        " VALUES ($1, 'lunch', 'x', 'x', 'x', 700, 800)", folder.school_id,
    )  # fmt: skip
    order_id = await propose(folder.services, SYSTEM, folder.school_id, order)
    await approve(folder.services, SYSTEM, folder.school_id, order_id)
    await put(folder, Group.EXTRA, individual_study="yes", external_study="")
    sensitive = {
        "long_treatment": "санаторий, 1 мамырға дейін", "adapted_programme": "ПМПК №12", "internal_register": "2026",
        "juvenile_register": "2025", "health_restriction": "астма", "health_group": "3", "disability": "жоқ",
        "family_status": "large",
    }  # fmt: skip
    await put(folder, Group.SENSITIVE, **sensitive)

    profile = await seen(folder, folder.at_work(Role.OFFICE))
    _, values, _ = await sensitive_of(folder.services, folder.teacher, folder.school_id, folder.ref)

    assert texts(profile, Group.EXTRA) == {"individual_study": YES}
    assert [relation for _, relation in profile.parents or ()] == [Relation.MOTHER, Relation.FATHER]
    assert [kind for kind, _, _ in profile.meals or ()] == [RightKind.FREE]
    assert {each.field.key: each.text for each in values} == sensitive
    assert "астма" not in repr(profile)


async def test_parents_and_meals_are_shown_to_who_may_see_them_elsewhere(folder: Folder) -> None:
    class_id = folder.whose.class_id
    shown = {
        who.name: (profile.parents is not None, profile.meals is not None)
        for who in (folder.at_work(Role.OFFICE), folder.at_work(Role.PEDAGOGUE), folder.at_work(Role.DIRECTOR),
                    folder.at_work(Role.METHODOLOGIST), folder.at_work(Role.TEACHER, class_id),
                    folder.at_work(Role.CLASS_TEACHER, class_id))
        for profile in [await seen(folder, who)]
    }  # fmt: skip

    assert shown == {
        "office": (True, True), "pedagogue": (False, True), "director": (False, True), "methodologist": (False, False),
        "teacher": (False, False), "class_teacher": (False, False),
    }  # fmt: skip


@pytest.mark.requirement("KBR-4.1.extra")
async def test_what_is_sensitive_is_seen_by_fewer_roles_and_each_look_is_noted(folder: Folder) -> None:
    await put(folder, Group.SENSITIVE, health_group="2")
    class_id = folder.whose.class_id
    sees = [folder.at_work(role) for role in (Role.PEDAGOGUE, Role.DEPUTY, Role.DIRECTOR)]
    sees.append(folder.at_work(Role.CLASS_TEACHER, class_id))
    not_this = [folder.at_work(Role.METHODOLOGIST), folder.at_work(Role.OFFICE), folder.at_work(Role.TEACHER, class_id),
                folder.at_work(Role.TUTOR, class_id)]  # fmt: skip
    nothing = [folder.at_work(Role.CLASS_TEACHER, folder.home.taught.other_class_id), folder.at_work(Role.CASHIER),
               folder.mother, folder.student]  # fmt: skip

    for who in sees:
        _, values, _ = await sensitive_of(folder.services, who, folder.school_id, folder.ref)
        assert [each.text for each in values if each.text] == ["2"]
    for who in not_this:
        await seen(folder, who)
    for who in [*not_this, *nothing]:
        with pytest.raises(NotFound):
            await sensitive_of(folder.services, who, folder.school_id, folder.ref)
    for who in nothing:
        with pytest.raises(NotFound):
            await seen(folder, who)

    noted = await noted_of(folder.services, SYSTEM, folder.school_id, Wanted(verb="profile.sensitive_read"))
    assert [each.actor for each in reversed(noted)] == [who.name for who in sees]


async def test_the_journal_names_fields_that_were_changed_but_none_of_what_is_sensitive(folder: Folder) -> None:
    await put(folder, Group.MAIN, address="Абай 5")
    await put(folder, Group.SENSITIVE, juvenile_register="2025", disability="III")

    noted = await noted_of(folder.services, SYSTEM, folder.school_id, Wanted(verb="profile.changed"))

    assert [each.detail for each in noted] == [{"group": "sensitive", "count": "2"}, {"fields": "address"}]


async def test_who_may_see_but_not_keep_changes_nothing(folder: Folder) -> None:
    for who in (folder.at_work(Role.DIRECTOR), folder.at_work(Role.OFFICE), folder.mother):
        with pytest.raises(NotFound):
            await put_by(who, folder, Group.SENSITIVE, health_group="1")
    await put_by(folder.at_work(Role.OFFICE), folder, Group.MAIN, citizenship="Қазақстан")

    _, values, _ = await sensitive_of(folder.services, folder.teacher, folder.school_id, folder.ref)
    assert not any(each.text for each in values)


async def test_each_change_is_kept_with_who_and_when_and_the_same_again_is_none(folder: Folder) -> None:
    await put(folder, Group.MAIN, address="Абай 5", citizenship="Қазақстан")
    await put_by(
        folder.at_work(Role.OFFICE), folder, Group.MAIN, address="Сәтбаев 7", citizenship="Қазақстан"
    )  # fmt: skip

    assert await put(folder, Group.MAIN, address="", citizenship="Қазақстан") == 1

    profile = await seen(folder)
    assert texts(profile) == {"citizenship": "Қазақстан"}
    told = [(each.value.text, each.by) for each in profile.changes if each.value.field.key == "address"]
    assert told == [("", folder.teacher.name), ("Сәтбаев 7", "office"), ("Абай 5", folder.teacher.name)]


async def test_of_a_form_with_one_wrong_field_nothing_is_kept(folder: Folder) -> None:
    with pytest.raises(FieldRefused) as refused:
        await put(folder, Group.MAIN, citizenship="Қазақстан", email="aigerim")

    assert refused.value.field.key == "email"
    assert texts(await seen(folder)) == {}


async def test_nothing_of_a_profile_lies_open_in_the_table_and_erasure_takes_old_values_too(folder: Folder) -> None:
    await put(folder, Group.MAIN, address="Абай 5")
    await put(folder, Group.MAIN, address="Сәтбаев 7")
    pool = folder.services.database.pool
    rows = await pool.fetch("SELECT profile_field::text AS row FROM profile_field")
    assert len(rows) == 2
    assert not any("Абай" in row["row"] or "Абай".encode().hex() in row["row"] for row in rows)

    removed = await pool.fetch(STEPS["profile"], folder.whose.id)

    assert (len(removed), await pool.fetchval("SELECT count(*) FROM profile_field")) == (2, 0)


@pytest.mark.requirement("KBR-4.1.history")
async def test_the_history_of_study_tells_every_class_and_transfer(folder: Folder) -> None:
    other = folder.home.taught.other_class_id
    said = Said(TODAY, paper="бұйрық 12")
    await move(folder.services, SYSTEM, folder.school_id, [folder.whose.id], other, said)

    profile = await seen(folder, folder.at_work(Role.DEPUTY))

    assert profile.stays[-1].class_name == "6Ә"
    assert (profile.transfers[0].to_class, profile.transfers[0].paper) == ("6Ә", "бұйрық 12")


async def test_a_profile_is_filled_when_it_says_what_everybodys_can_and_birth_and_sex_are_known(folder: Folder) -> None:
    services, school_id, office = folder.services, folder.school_id, folder.at_work(Role.OFFICE)
    await put(folder, Group.MAIN, **{key: MAIN[key] for key in NEEDED})
    assert await share_filled(services, office, school_id) == (0, 4)

    await put(folder, Group.MAIN, born_on="08.03.2015", sex="female")
    assert await share_filled(services, office, school_id) == (1, 4)
    await put(folder, Group.MAIN, address="")

    assert await share_filled(services, office, school_id) == (0, 4)
    with pytest.raises(NotAllowed):
        await share_filled(services, folder.teacher, school_id)


async def test_the_list_counts_what_is_filled_and_shows_no_other_class(folder: Folder) -> None:
    await put(folder, Group.MAIN, address="Абай 5", citizenship="Қазақстан")
    await put(folder, Group.MAIN, address="")
    class_id = folder.whose.class_id

    listed = await profiles_at(folder.services, folder.school_id, [class_id], 0)
    nobody = await profiles_at(folder.services, folder.school_id, [class_id], folder.home.taught.other_class_id)

    assert {each.ref: each.filled for each in listed}[folder.ref] == 1
    assert len(listed) == 3
    assert nobody == []
