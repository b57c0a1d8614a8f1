"""A demonstration school's spreadsheet, as an office would fill it in: the file that the cloud imports."""

from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO

import xlsxwriter

from cloud.imports.columns import LAYOUTS, Kind
from simulators.demo_people import CLASSES, DemoPerson

KAZAKH = 0  # the first of every sheet's and column's names
PURPOSES = ("карта", "хабарлама", "код")  # what families sign on one paper
Row = dict[str, str]


def spreadsheet(people: Sequence[DemoPerson], consented_on: date) -> bytes:
    """Return the .xlsx file of the school's people, guardians, cards and consents; all cells are texts."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        for kind, layout in LAYOUTS.items():
            sheet = book.add_worksheet(layout.names[KAZAKH])
            sheet.freeze_panes(1, 0)
            rows = list(_rows(kind, people, consented_on))
            for place, column in enumerate(layout.columns):
                sheet.set_column(place, place, 24, text)
                sheet.write_string(0, place, column.names[KAZAKH], bold)
                for number, row in enumerate(rows, start=1):
                    sheet.write_string(number, place, row.get(column.key, ""), text)
    return out.getvalue()


def _rows(kind: Kind, people: Sequence[DemoPerson], consented_on: date) -> Iterator[Row]:
    match kind:
        case Kind.CLASSES:
            yield from ({"class": f"{grade}{letter}", "shift": str(shift)} for grade, letter, shift in CLASSES)
        case Kind.STUDENTS:
            yield from (_student(person) for person in people if not person.is_staff)
        case Kind.STAFF:
            yield from ({**_named(person), "position": person.position} for person in people if person.is_staff)
        case Kind.GUARDIANS:
            yield from (_guardian(person) for person in people if person.guardian is not None)
        case Kind.CARDS:
            yield from ({"person": person.number, "card": person.uid.hex().upper()} for person in people)
        case Kind.CONSENTS:
            consented = [person for person in people if person.has_consent]
            yield from (_consent(person, purpose, consented_on) for person in consented for purpose in PURPOSES)


def _named(person: DemoPerson) -> Row:
    return {
        "surname": person.surname, "given_name": person.given_name, "patronymic": person.patronymic,
        "iin": person.iin, "number": person.number,
    }  # fmt: skip


def _student(person: DemoPerson) -> Row:
    assert person.school_class is not None, "a student has a class"  # noqa: S101
    grade, letter, _ = person.school_class
    return {**_named(person), "class": f"{grade}{letter}"}


def _guardian(person: DemoPerson) -> Row:
    assert person.guardian is not None, "whoever asks has looked"  # noqa: S101
    name = f"{person.guardian.surname} {person.guardian.given_name}"
    return {"person": person.number, "name": name, "phone": person.guardian.phone, "relation": "анасы"}


def _consent(person: DemoPerson, purpose: str, on: date) -> Row:
    return {"person": person.number, "purpose": purpose, "given_on": f"{on:%d.%m.%Y}", "source": "Өтініш № 12"}
