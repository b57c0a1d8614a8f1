"""What is looked for in the gates' book, read from an address; and the book's lines as rows of a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self
from urllib.parse import urlencode

from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language
from cloud.core.words import sign, word
from cloud.gatebook.kinds import Deed, Done
from cloud.gatebook.queries import SEARCHED_MAX, Asked
from cloud.imports.cells import CellWrong, date_of_text

FIRST_ON, LAST_ON = date(2000, 1, 1), date(2100, 1, 1)
DAYS_MAX = timedelta(days=366)
PAGES_MAX = 1_000
GATE_MAX = 16
HEADS = (
    N_("Day"), N_("Time"), N_("What"), N_("Gate"), N_("Way"), N_("Who"), N_("Class"), N_("Details"), N_("Left"),
    N_("Guard"),
)  # fmt: skip
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody asked to see; what cannot be read is ignored. Without days it is today."""

    asked: Asked
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], today: date) -> Self:
        """Read a query string."""
        last_on = _day(query.get("until", ""), today)
        first_on = min(_day(query.get("since", ""), last_on), last_on)
        deed = query.get("what", "")
        number = query.get("page", "")
        return cls(
            Asked(
                max(first_on, last_on - DAYS_MAX), last_on, query.get("gate", "")[:GATE_MAX].replace("\0", ""),
                Deed(deed) if deed in {*Deed} else None, query.get("words", "")[:SEARCHED_MAX].replace("\0", ""),
            ),
            min(int(number), PAGES_MAX) if number.isascii() and number.isdigit() and len(number) < 6 and int(number)
            else 1,
        )  # fmt: skip

    def to(self, page: int = 1) -> str:
        """Return the query string of another page of the same."""
        asked = self.asked
        said = {
            "since": asked.first_on.isoformat(), "until": asked.last_on.isoformat(), "gate": asked.gate,
            "what": asked.deed.value if asked.deed is not None else "", "words": asked.words, "page": page,
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value and (key, value) != ("page", 1)})


def rows_of(lines: Sequence[Done], formats: Formats, language: Language, translate: Translate) -> list[list[str]]:
    """Return the head and a row a line, as texts in the reader's language."""
    place = ("kk", "ru", "en").index(language.value)
    return [[translate(head) for head in HEADS], *(_row(line, formats, place, translate) for line in lines)]


def _row(line: Done, formats: Formats, place: int, translate: Translate) -> list[str]:
    who = line.person or (line.firm or line.badge if line.is_visit else "")
    return [
        formats.typed(formats.local_day(line.at)), formats.hour(line.at), translate(sign(f"deed_{line.deed}").word),
        line.gate_names[place], translate(word(f"through_{line.direction}")) if line.direction else "", who,
        line.class_name, ", ".join(_details(line, translate)),
        formats.hour(line.left_at) if line.left_at else "", line.guard,
    ]  # fmt: skip


def _details(line: Done, translate: Translate) -> list[str]:
    said = [line.with_whom, translate(word(reason_of(line))) if reason_of(line) else "", line.detail, line.host]
    if line.allowed_by:
        said.append(translate(N_("allowed by {name}")).format(name=line.allowed_by))
    return [each for each in said if each]


def reason_of(line: Done) -> str:
    """Return the key of the word that says why, or what for; empty where nothing is said."""
    if not line.reason or line.deed is Deed.DELIVERY:
        return ""
    match line.deed:
        case Deed.HAND_PASS:
            return line.reason
        case Deed.EXCEPTION:
            return f"taken_{line.reason}"
        case _:
            return f"for_{line.reason}"


def _day(text: str, usual: date) -> date:
    try:
        found = date_of_text(text) if text else usual
    except CellWrong:
        return usual
    return found if FIRST_ON <= found <= LAST_ON else usual
