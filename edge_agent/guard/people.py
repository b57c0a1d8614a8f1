"""Who can be let through by hand: a school's people by class, and by the beginnings of their names.

Rule: made once for a roster, in a thread; it holds references only, so that a city's school costs a few megabytes.
"""

from collections.abc import Sequence

from edge_agent.roster import Roster
from schemas.structs import PersonRow

REF_BYTES = 12
CLASS_MAX = 400
FOUND_MAX = 24
STAFF = ""


class People:
    """The people of one roster."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._refs: dict[str, bytearray] = {}
        for person in roster.persons():
            if person.active:
                name = STAFF if person.role == "staff" else person.class_name
                self._refs.setdefault(name, bytearray()).extend(person.ref.encode())

    @property
    def classes(self) -> Sequence[str]:
        """Return the names of all classes in the order of a school, the staff's (empty) last."""
        return sorted(self._refs, key=class_order)

    def of_class(self, name: str) -> list[PersonRow]:
        """Return who is in a class, by name."""
        refs = self._refs.get(name, bytearray())
        found = (self.roster.person(refs[at : at + REF_BYTES].decode()) for at in range(0, len(refs), REF_BYTES))
        people = [person for person, _ in zip(found, range(CLASS_MAX), strict=False) if person is not None]
        return sorted(people, key=lambda person: person.name)

    def find(self, words: str) -> list[PersonRow]:
        """Return people by the beginnings of their names' words, or of their class."""
        wanted = words.casefold().split()
        if not wanted:
            return []
        found = (person for person in self.roster.persons() if person.active and _fits(person, wanted))
        return [person for person, _ in zip(found, range(FOUND_MAX), strict=False)]


def class_order(name: str) -> tuple[bool, int, str]:
    """Return what sorts classes as a school does: by grade, then by letter; the staff last."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return not name, int(digits or 0), name


def _fits(person: PersonRow, wanted: Sequence[str]) -> bool:
    words = [*person.name.casefold().split(), person.class_name.casefold()]
    return all(any(word.startswith(part) for word in words) for part in wanted)
