"""The page of a guardian's own file is words in the reader's language: no code, no key, no bookkeeping."""

import re
from dataclasses import replace
from enum import Enum

import pytest

from cloud.absences.kinds import State
from cloud.attendance.models import MovementKind
from cloud.cards.actions import give_card
from cloud.cards.kinds import CardState, Medium
from cloud.collectors.queries import Kin
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.guardian.own_data import PARTS, OwnData, Taken, own_data
from cloud.guardian.own_words import HEADINGS, OWN, PREFIXES, TITLES, Reader
from cloud.ledger.kinds import EntryKind
from cloud.menu.kinds import GROUNDS, Limit, RightKind
from cloud.menu.restrictions import restrict
from cloud.notifications.kinds import Kind
from cloud.people.corrections import Kept, Outcome, Wrong, ask_correction
from cloud.people.kinds import FamilyRight, Purpose, Relation, Says, Way
from cloud.register.kinds import Reason
from cloud.support.kinds import Topic
from tests.cloud.people.family_factory import Family, a_family

CODES: dict[str, type[Enum]] = {
    "guardianship.relation": Relation, "family_limit.takes": FamilyRight, "card.medium": Medium,
    "card.state": CardState, "consent_answer.purpose": Purpose, "consent_answer.says": Says,
    "consent_answer.way": Way, "movement.kind": MovementKind, "notice.kind": Kind, "entitlement.kind": RightKind,
    "ledger_entry.kind": EntryKind, "correction_request.what": Kept, "correction_request.outcome": Outcome,
    "restriction.kind": Limit, "absence.reason": Reason, "absence.state": State, "collector.relation": Kin,
    "support_question.topic": Topic,
}  # fmt: skip
MORE = {
    "movement.direction": ("in", "out"), "meal_sale.payment": ("account", "free", "subsidised", "cash"),
    "entitlement.ground": tuple(GROUNDS), "payment.provider": ("kaspi", "cash"), "giving_back.way": ("cash", "bank"),
}  # fmt: skip
LATIN = re.compile(r"[A-Za-z_]{3,}")


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    family = await a_family(services)
    await give_card(services, family.office, family.child_id, "04A1B2C3D4E5F6")
    await restrict(services, family.mother, family.ref, Limit.ALLERGEN, "nuts")
    await restrict(services, family.mother, family.ref, Limit.CATEGORY, "dessert")
    await restrict(services, family.mother, family.ref, Limit.DAY_LIMIT, "1500")
    await ask_correction(services, family.mother, family.ref, Wrong(Kept.DIET, "жаңғақ", "жержаңғақ"))
    return family


def reader(data: OwnData, language: Language) -> Reader:
    return Reader(data, language, Formats(language, data.child.zone))


def with_rows(data: OwnData, table: str, *rows: dict[str, object]) -> OwnData:
    """Return the data with these rows as the only ones."""
    part = next(part for part in PARTS if (part.name or part.table) == table)
    whole = [{**dict.fromkeys(part.columns), **row} for row in rows]
    return replace(data, parts=[Taken(table, part.table, part.columns, whole)])


def cells(data: OwnData, language: Language) -> list[list[str]]:
    """Return what stands in the rows, with spaces that break."""
    rows = [row for part in reader(data, language).parts() for row in part.rows]
    return [[cell.replace("\xa0", " ") for cell in row] for row in rows]


def test_every_table_of_the_file_has_a_title_of_its_own_and_every_word_a_column() -> None:
    names = [part.name or part.table for part in PARTS]
    columns = {f"{part.table}.{column}" for part in PARTS for column in part.columns}

    assert set(TITLES) == set(names)
    assert {*HEADINGS, *PREFIXES, *OWN} <= columns
    assert {part.table for part in PARTS if part.rights} <= set(TITLES), "what is left out is told by its table"


@pytest.mark.parametrize("language", [Language.KK, Language.RU])
async def test_every_code_has_words_in_the_readers_language(
    services: Services, family: Family, language: Language
) -> None:
    data = await own_data(services, family.mother, family.ref)
    known = {**{place: tuple(str(each.value) for each in kind) for place, kind in CODES.items()}, **MORE}

    for place, codes in known.items():
        for code in codes:
            said = reader(data, language)._code(place, code)
            assert said != code, place
            assert not LATIN.search(said.replace("DESFire", "").replace("NTAG", "").replace("DNA", "")) or (
                said == "Kaspi"
            ), f"{place} {code}: {said}"


async def test_a_family_reads_words_names_and_its_own_money(services: Services, family: Family) -> None:
    data = await own_data(services, family.mother, family.ref)
    data = replace(data, names={("meal", "lunch"): {"kk": "Түскі ас", "ru": "Обед", "en": "Lunch"}})

    assert [row[:2] for row in cells(replace(data, parts=[p for p in data.parts if p.name == "restriction"]),
                                     Language.RU)] == [
        ["Предел на день", "1 500 ₸"], ["Категория", "Сладости"], ["Аллерген", "Орехи"],
    ]  # fmt: skip
    sale = with_rows(data, "meal_sale", {"meal": "lunch", "payment": "free", "amount_tiyn": 0, "is_void": False})
    assert cells(sale, Language.RU)[0][2:5] == ["Обед", "Бесплатно", "0 ₸"]
    balance = with_rows(data, "ledger_account", {"part": family.ref, "balance_tiyn": -150_000})
    assert cells(balance, Language.KK) == [["1 500 ₸"]]
    notice = with_rows(data, "notice", {
        "at": data.at, "told_at": data.at, "kind": "low_balance", "is_late": False, "detail": '{"held_tiyn": 5000}',
    })  # fmt: skip
    assert "50 ₸" in " ".join(cells(notice, Language.RU)[0])
    assert "{" not in " ".join(cells(notice, Language.RU)[0])


@pytest.mark.parametrize("language", [Language.KK, Language.RU])
async def test_no_title_or_heading_is_in_another_language_or_tells_codes(
    services: Services, family: Family, language: Language
) -> None:
    data = await own_data(services, family.mother, family.ref)

    for part in reader(data, language).parts():
        for words in (part.title, *part.headings):
            assert not LATIN.search(words), words
