"""Drafts become rows of the database, inside a transaction of the caller's; what does not fit is noted, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import asyncpg

from cloud.cards.bulk import CardGiven, put_cards
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.imports.reading import CardDraft, ClassKey, ConsentDraft, Drafts, GuardianDraft, PersonDraft, Place
from cloud.imports.report import Problem
from cloud.people.bulk import (
    IIN,
    ConsentGiven,
    LinkGiven,
    lock_school,
    put_consents,
    put_guardians,
    put_links,
    put_people,
)
from cloud.people.errors import PersonConflict
from cloud.people.queries import ids_by_key
from cloud.schools.bulk import ClassGiven, put_classes

NAMED_MAX = 10
_LEFT = "SELECT id, concat_ws(' ', surname, given_name) AS name FROM person WHERE school_id = $1 AND NOT is_active"
Referring = GuardianDraft | CardDraft | ConsentDraft


@dataclass(slots=True)
class Writing:
    """One import into one school: what it found wrong, and who is who by now."""

    services: Services
    connection: asyncpg.Connection
    school_id: int
    drafts: Drafts
    problems: list[Problem] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    _by_key: dict[str, int] = field(default_factory=dict)

    async def write(self) -> list[Problem]:
        """Write everything, and return what could not be: then the caller undoes the rest."""
        await lock_school(self.connection, self.school_id)
        classes = await put_classes(
            self.connection, self.school_id, [ClassGiven(*draft.key, draft.shift) for draft in self.drafts.classes]
        )
        await self._write_people(classes)
        await self._write_guardians()
        await self._write_cards()
        await self._write_consents()
        return self.problems

    async def _write_people(self, classes: dict[ClassKey, int]) -> None:
        drafts = [draft for draft in self.drafts.people if self._class_is_known(draft, classes)]
        people = [
            replace(draft.given, class_id=classes[draft.class_key] if draft.class_key else None) for draft in drafts
        ]
        left = {row["id"]: row["name"] for row in await self.connection.fetch(_LEFT, self.school_id)}
        try:
            ids = await put_people(self.services, self.connection, self.school_id, people)
        except PersonConflict as conflict:
            self.problems.append(drafts[conflict.index].place.problem("number", conflict.message))
            ids = []
        self._tell_of_leavers([left[each] for each in ids if each in left])
        by_digest, by_number = await ids_by_key(self.connection, self.school_id)
        self._by_key = {f"number:{number}": person for number, person in by_number.items()}
        self._by_key |= {f"digest:{digest}": person for digest, person in by_digest.items()}
        if not ids:
            self.drafts.spoilt |= {key for draft in drafts for key in (draft.given.iin, draft.given.number) if key}

    async def _write_guardians(self) -> None:
        found = [(draft, person) for draft in self.drafts.guardians if (person := self._person(draft))]
        ids = await put_guardians(self.services, self.connection, self.school_id, [draft.given for draft, _ in found])
        links = [
            LinkGiven(guardian, person, draft.relation, draft.may_see, draft.may_block_card)
            for guardian, (draft, person) in zip(ids, found, strict=True)
        ]
        await put_links(self.connection, links, brings_back=False)

    async def _write_cards(self) -> None:
        found = [(draft, person) for draft in self.drafts.cards if (person := self._person(draft))]
        cards = [CardGiven(person, draft.number, draft.medium) for draft, person in found]
        for clash in await put_cards(self.services, self.connection, self.school_id, cards):
            told = message(
                "This card belongs to {holder}. Take it back there first, or give another card.", holder=clash.holder
            )
            self.problems.append(found[clash.index][0].place.problem("card", told))

    async def _write_consents(self) -> None:
        found = [(draft, person) for draft in self.drafts.consents if (person := self._person(draft))]
        consents = [
            ConsentGiven(person, draft.purpose, draft.given_on, draft.source, draft.withdrawn_on)
            for draft, person in found
        ]
        await put_consents(self.services, self.connection, consents)

    def _tell_of_leavers(self, names: Sequence[str]) -> None:
        if names:
            shown = ", ".join(names[:NAMED_MAX]) + (" …" if len(names) > NAMED_MAX else "")
            told = message(
                "Had left the school, and are back by this list: {names}. Is the list a new one?", names=shown
            )
            self.notes.append(told)

    def _class_is_known(self, draft: PersonDraft, classes: dict[ClassKey, int]) -> bool:
        if draft.class_key is None or draft.class_key in classes:
            return True
        grade, letter = draft.class_key
        told = message("There is no class {name}. Add it to the sheet of classes.", name=f"{grade}{letter}")
        self._refuse(draft.place, "class", told)
        self.drafts.spoilt |= {key for key in (draft.given.iin, draft.given.number) if key}
        return False

    def _person(self, draft: Referring) -> int | None:
        digest = self.services.vault.digest(draft.person, IIN)
        person = self._by_key.get(f"number:{draft.person}") or self._by_key.get(f"digest:{digest}")
        if person is None and draft.person not in self.drafts.spoilt:
            told = message(
                "Nobody at the school has this IIN or number. Add the person to the sheet of students or staff."
            )
            self._refuse(draft.place, "person", told)
        return person

    def _refuse(self, place: Place, key: str, told: Message) -> None:
        self.problems.append(place.problem(key, told))
