"""Whose a row of a file is: by voucher, our reference, the school's number, IIN, or name with class and birth date.

Rule: a row is somebody's only when exactly one child fits; an IIN is compared by its digest and told to nobody.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.core.messages import message
from cloud.core.vault import Vault
from cloud.people.bulk import IIN
from cloud.people.rules import born_on
from cloud.schools.rules import normal_letter
from cloud.wallet.drafts import Given
from cloud.wallet.errors import RowWrong

CHILDREN_MAX = 20_000
_CHILDREN = """
SELECT person.id, ref, number, iin_digest, iin_encrypted, surname, given_name, patronymic, person.is_active,
  coalesce(grade || letter, '') AS class_name
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND role = 'student' ORDER BY person.id LIMIT $2
"""
_CLASS = re.compile(r"(\d{1,2})\s*[-–]?\s*[«\"']?\s*([^\W\d_]{1,4})\s*[»\"']?")


@dataclass(frozen=True, slots=True)
class Child:
    """A student, who may have left."""

    id: int
    surname: str
    given_name: str
    patronymic: str
    class_name: str
    is_active: bool
    iin_encrypted: bytes | None

    def fits(self, given: Given) -> bool:
        """Tell whether the parts of the name and the class that are given are the child's."""
        is_named = plain(given.patronymic) in ("", plain(self.patronymic))
        return is_named and class_of(given.class_name) in ("", class_of(self.class_name))


class Children:
    """The students of a school, as a file may name them."""

    def __init__(self, vault: Vault, rows: Sequence[asyncpg.Record], vouchers: Mapping[str, int]) -> None:
        """`vouchers` tells whose each number is."""
        self._vault = vault
        self._vouchers = vouchers
        self._by_key: dict[str, int] = {}
        self._by_name: dict[tuple[str, str], list[Child]] = {}
        for row in rows:
            keys = (f"ref:{row['ref']}", f"number:{row['number'] or ''}", f"iin:{row['iin_digest'] or ''}")
            self._by_key |= dict.fromkeys((key for key in keys if not key.endswith(":")), row["id"])
            child = Child(
                row["id"], row["surname"], row["given_name"], row["patronymic"], row["class_name"], row["is_active"],
                row["iin_encrypted"],
            )  # fmt: skip
            self._by_name.setdefault((plain(child.surname), plain(child.given_name)), []).append(child)

    def find(self, given: Given) -> int:
        """Return whose a row is. Raises RowWrong."""
        if given.key:
            return self._keyed(given.key)
        if given.surname and given.given_name:
            return self._named(given)
        person = self._vouchers.get(given.voucher)
        if person is None:
            raise RowWrong(message("Nobody has this voucher. Take the file of vouchers first, or name the child."))
        return person

    def _keyed(self, key: str) -> int:
        for word in (f"ref:{key}", f"number:{key}"):
            if (person := self._by_key.get(word)) is not None:
                return person
        if key.isdigit() and 9 <= len(key) <= 12:  # a spreadsheet program takes zeros off its front
            person = self._by_key.get(f"iin:{self._vault.digest(key.zfill(12), IIN)}")
            if person is not None:
                return person
        raise RowWrong(message("No student of the school has this number or IIN. Enter the child first, then send it."))

    def _named(self, given: Given) -> int:
        named = self._by_name.get((plain(given.surname), plain(given.given_name)), [])
        found = [child for child in named if child.fits(given) and self._is_born(child, given.born_on)]
        found = [child for child in found if child.is_active] or found
        if not found:
            raise RowWrong(
                message("No student of the school has this name, class and date of birth. Check the spelling.")
            )
        if len(found) > 1:
            raise RowWrong(message("Several students fit. Add the class, the date of birth, or the child's number."))
        return found[0].id

    def _is_born(self, child: Child, on: date | None) -> bool:
        """Tell whether a date of birth fits; of a child without an IIN none is known."""
        if on is None or child.iin_encrypted is None:
            return True
        return born_on(self._vault.decrypt(child.iin_encrypted, IIN)) == on


async def children_of(
    vault: Vault, connection: asyncpg.Connection, school_id: int, vouchers: Mapping[str, int]
) -> Children:
    """Return the students of a school, those who have left too."""
    return Children(vault, await connection.fetch(_CHILDREN, school_id, CHILDREN_MAX), vouchers)


def plain(text: str) -> str:
    """Return a name as it is compared."""
    return " ".join(unicodedata.normalize("NFC", text).replace("ё", "е").replace("Ё", "Е").split()).casefold()


def class_of(text: str) -> str:
    """Return a class as it is compared, as 5А of 5 «а»; what is no class stays as it is."""
    found = _CLASS.fullmatch(text.strip())
    return f"{int(found[1])}{normal_letter(found[2])}" if found else text.strip()
