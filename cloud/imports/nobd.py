"""Tables for the national education database (NOBD), shaped after order No. 456, item 15, and labelled as such.

Rule: NOBD tells nobody its list of fields, and nothing here was certified or sent to it: every file says so. Sheets and
headings are those of the import, so that a file of the same shape that came from NOBD is taken in as it is.
"""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.sheets import Row, csv_of, write_row
from cloud.imports.columns import HELP, LAYOUTS, Kind
from cloud.imports.template import LANGUAGES, WIDTH
from cloud.people.bulk import IIN
from cloud.people.rules import born_on
from cloud.schools.queries import school_of_id

NAME = "nobd-order-456-item-15"
PEOPLE_MAX = 20_000
LABEL = {
    "kk": (
        "№ 456 бұйрықтың 15-тармағы бойынша ҰБДҚ-ға арналған кестелер үлгісі.",
        "ҰБДҚ өріс тізімін жарияламайды: кестелер соған ұқсас, сертификатталмаған, ҰБДҚ-мен алмасылмаған.",
        "Осы түрдегі файлды «Импорт» беті де қабылдайды. Файлда ЖСН бар: оны мектеп қағаздарындай сақтаңыз.",
    ),
    "ru": (
        "Таблицы для НОБД по образцу пункта 15 приказа № 456.",
        "НОБД не публикует список полей: таблицы сделаны по образцу, не сертифицированы, обмена с НОБД не было.",
        "Файл такого же вида принимает и страница «Импорт». В файле есть ИИН: храните его как школьные документы.",
    ),
    "en": (
        "Tables for NOBD, shaped after item 15 of order No. 456.",
        "NOBD publishes no list of fields: these are shaped after it, not certified, and were not exchanged with NOBD.",
        "The page “Import” takes a file of this shape in. IINs stand in it: keep it as you keep the school's papers.",
    ),
}
BORN, SEX = ("Туған күні", "Дата рождения", "Born on"), ("Жынысы", "Пол", "Sex")
MALE, FEMALE = ("ер", "мужской", "male"), ("әйел", "женский", "female")
_CLASSES = """
SELECT grade, letter, shift FROM school_class WHERE school_id = $1 AND is_active ORDER BY grade, letter LIMIT 1000
"""
_PEOPLE = """
SELECT role, surname, given_name, patronymic, iin_encrypted, number, position, grade, letter
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.is_active ORDER BY sort_key, person.id LIMIT $2
"""
Tables = dict[Kind, list[Row]]


async def nobd_file(services: Services, actor: Actor, school_id: int, language: str) -> bytes:
    """Return a zip file with the workbook and the same as CSV, and note that its IINs were read. Raises NotAllowed."""
    actor.require(Right.IIN_READ, school_id)
    school, pool = await school_of_id(services, school_id), services.database.pool
    classes, people = await pool.fetch(_CLASSES, school_id), await pool.fetch(_PEOPLE, school_id, PEOPLE_MAX)
    place = LANGUAGES.index(language)
    tables = tables_of(classes, [_opened(services, row) for row in people], place)
    async with services.database.transaction() as connection:
        rows = {kind.value: str(len(table) - 1) for kind, table in tables.items()}
        await audit(connection, actor, "nobd.taken", f"school:{school.code}", rows, school_id=school_id,
                    at=services.clock.now())  # fmt: skip
    return packed(tables, language)


def tables_of(classes: Sequence[Any], people: Sequence[dict[str, Any]], place: int) -> Tables:
    """Return the tables with their headings."""
    born = (BORN[place], SEX[place])
    students = [_student(person, place) for person in people if person["role"] == "student"]
    staff = [_member(person, place) for person in people if person["role"] != "student"]
    return {
        Kind.CLASSES: [_heading(Kind.CLASSES, place), *([_class(row), str(row["shift"])] for row in classes)],
        Kind.STUDENTS: [[*_heading(Kind.STUDENTS, place), *born], *students],
        Kind.STAFF: [[*_heading(Kind.STAFF, place), *born], *staff],
    }


def packed(tables: Tables, language: str) -> bytes:
    """Return the zip file: the workbook, each table as CSV, and what all of it is."""
    out, place = io.BytesIO(), LANGUAGES.index(language)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "\n\n".join("\n".join(LABEL[each]) for each in LANGUAGES) + "\n")
        archive.writestr(f"{NAME}.xlsx", _workbook(tables, place, LABEL[language]))
        for kind, rows in tables.items():
            archive.writestr(f"{NAME}-{kind.value}.csv", csv_of(rows))
    return out.getvalue()


def _workbook(tables: Tables, place: int, label: Sequence[str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        about = book.add_worksheet(HELP[place])
        for number, line in enumerate(label):
            about.write_string(number, 0, line)
        for kind, rows in tables.items():
            sheet = book.add_worksheet(LAYOUTS[kind].names[place])
            sheet.set_column(0, len(rows[0]) - 1, WIDTH, text)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows):
                write_row(sheet, number, row, {str: text if number else bold})
    return out.getvalue()


def _heading(kind: Kind, place: int) -> list[str]:
    return [column.names[place] for column in LAYOUTS[kind].columns]


def _student(person: dict[str, Any], place: int) -> list[str]:
    return [*_named(person), _class(person), *_born(person["iin"], place)]


def _member(person: dict[str, Any], place: int) -> list[str]:
    return [*_named(person), person["position"], *_born(person["iin"], place)]


def _named(person: dict[str, Any]) -> list[str]:
    names = [person["surname"], person["given_name"], person["patronymic"]]
    return [*names, person["iin"], person["number"] or ""]


def _class(row: Any) -> str:
    return "" if row["grade"] is None else f"{row['grade']}{row['letter']}"


def _born(iin: str, place: int) -> list[str]:
    """Return the date of birth and the sex that an IIN tells; nothing of who has none, and no sex of a foreigner."""
    on = born_on(iin) if iin else None
    if on is None:
        return ["", ""]
    sex = "" if iin[6] == "0" else (MALE if int(iin[6]) % 2 else FEMALE)[place]
    return [f"{on:%d.%m.%Y}", sex]


def _opened(services: Services, row: Any) -> dict[str, Any]:
    sealed = row["iin_encrypted"]
    return {**dict(row), "iin": services.vault.decrypt(sealed, IIN) if sealed is not None else ""}
