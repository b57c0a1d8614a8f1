"""What is looked for in the audit journal: read from an address, and turned into what is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import asyncpg

from cloud.audit.queries import Wanted
from cloud.audit.verbs import VERBS
from cloud.office.days import day_or

DAYS_SHOWN = 30  # where no period is asked for
WORD_MAX = 60
NUMBER_DIGITS_MAX = 18
PEOPLE_MAX = 20  # whom a part of a name may mean
_SUBJECTS = r"""
WITH meant AS (
  SELECT id FROM person WHERE school_id = $1 AND (ref = $2 OR $4
    AND concat_ws(' ', surname, given_name, patronymic) ILIKE
    '%' || replace(replace(replace($2, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  ORDER BY ref = $2 DESC, sort_key LIMIT $3
)
SELECT 'person:' || id FROM meant UNION SELECT 'card:' || card.id FROM card JOIN meant ON meant.id = person_id
UNION SELECT 'guardian:' || guardian_id FROM guardianship JOIN meant ON meant.id = person_id
"""
_PEOPLE = """
SELECT 'person:' || id AS subject, ref, surname || ' ' || given_name AS name FROM person
WHERE school_id = $1 AND id = ANY($2::bigint[])
UNION ALL
SELECT 'card:' || card.id, ref, surname || ' ' || given_name FROM card JOIN person ON person.id = person_id
WHERE card.school_id = $1 AND card.id = ANY($3::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Named:
    """A person that an entry is about."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody asked to see; what cannot be read is ignored."""

    first_on: date
    last_on: date
    actor: str = ""  # a part of a name
    account_id: int | None = None
    person: str = ""  # a reference, or a part of a name
    verb: str = ""
    before: int | None = None  # only entries older than this one

    @classmethod
    def read(cls, query: Mapping[str, str], today: date) -> Self:
        """Read a query string; the last days where it names no period."""
        last_on = day_or(query.get("until", ""), today)
        first_on = day_or(query.get("since", ""), last_on - timedelta(days=DAYS_SHOWN - 1))
        return cls(
            min(first_on, last_on), last_on, _word(query, "actor"), _number(query, "account"),
            _word(query, "person"), query.get("verb", "") if query.get("verb") in VERBS else "",
            _number(query, "before"),
        )  # fmt: skip

    @property
    def query(self) -> str:
        """Return the query string of these filters."""
        said = {
            "since": self.first_on.isoformat(), "until": self.last_on.isoformat(), "actor": self.actor,
            "account": self.account_id, "person": self.person, "verb": self.verb, "before": self.before,
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value})

    def to(self, **changes: object) -> str:
        """Return a link's address with some filters changed, from the newest entry on."""
        changed = replace(self, **{"before": None, **changes})  # type: ignore[arg-type]  # templates name fields
        return f"?{changed.query}"

    def wanted(self, zone: ZoneInfo, subjects: list[str] | None) -> Wanted:
        """Return what is asked of the journal: days of a zone become instants."""
        return Wanted(
            self.account_id, self.actor, self.verb, subjects, _midnight(self.first_on, zone),
            _midnight(self.last_on + timedelta(days=1), zone), self.before,
        )  # fmt: skip


async def subjects_of(pool: asyncpg.Pool, school_id: int, person: str, *, by_name: bool) -> list[str]:
    """Return what entries about a person are about: the person, the cards, the guardians.

    A person is meant by the reference, and by a part of the name for who may read names.
    """
    return [row[0] for row in await pool.fetch(_SUBJECTS, school_id, person, PEOPLE_MAX, by_name)]


async def people_in(pool: asyncpg.Pool, school_id: int, subjects: set[str]) -> dict[str, Named]:
    """Return whom subjects name at a school, those of people and cards."""
    numbers: dict[str, list[int]] = {"person": [], "card": []}
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if kind in numbers and number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX:
            numbers[kind].append(int(number))
    rows = await pool.fetch(_PEOPLE, school_id, numbers["person"], numbers["card"])
    return {row["subject"]: Named(row["ref"], row["name"]) for row in rows}


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), zone)


def _word(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "").replace("\0", "").strip()[:WORD_MAX]


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX
    return int(text) if is_number else None
