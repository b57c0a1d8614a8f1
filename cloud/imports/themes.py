"""Takes a calendar-thematic plan from a spreadsheet, all of it or nothing, and writes one as a spreadsheet."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.core.sheets import Row
from cloud.curriculum.errors import PlanRefused
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.queries import ThemePlan, may_keep_themes
from cloud.curriculum.rules import THEMES_MAX, Theme, checked_theme
from cloud.curriculum.themes import set_themes
from cloud.imports.actions import ONE_AT_A_TIME
from cloud.imports.cells import CellWrong, text_of
from cloud.imports.columns import Column, plain
from cloud.imports.errors import FileRefused
from cloud.imports.onesheet import OneSheet, read_one
from cloud.imports.report import Problem
from cloud.imports.spreadsheet import SheetRow
from cloud.studies.queries import course_of

LANGUAGES = ("kk", "ru", "en")
COLUMNS = (
    Column(
        "unit", ("Бөлім", "Раздел", "Unit", "бөлім / ортақ тақырыптар", "раздел / сквозные темы"), "", required=False
    ),
    Column("title", ("Сабақтың тақырыбы", "Тема урока", "Theme", "тақырып", "тема", "тақырыбы", "темы"), ""),
    Column("hours", ("Сағат", "Часы", "Hours", "сағат саны", "количество часов", "кол-во часов", "часов"), "1"),
    Column(
        "week", ("Оқу аптасы", "Учебная неделя", "Week", "апта", "неделя", "апта №", "№ недели"), "", required=False
    ),
    Column("kind", ("Түрі", "Вид", "Kind", "бақылау", "контроль"), "", required=False),
)
NUMBER = ("№", "№", "No.")
MARKS = {
    ThemeKind.LESSON: ("", "", ""),
    ThemeKind.SOR: ("БЖБ", "СОР", "SOR"),
    ThemeKind.SOCH: ("ТЖБ", "СОЧ", "SOCH"),
}
_KINDS = {plain(mark): kind for kind, marks in MARKS.items() for mark in marks} | {
    plain(word): ThemeKind.LESSON for word in ("сабақ", "урок", "lesson")
}


@dataclass(frozen=True, slots=True)
class ThemesRead:
    """What became of a file: so many themes, or what is wrong in which cell and then nothing was changed."""

    count: int
    problems: Sequence[Problem]


async def import_themes(
    services: Services, actor: Actor, school_id: int, course_id: int, content: bytes
) -> ThemesRead:  # fmt: skip
    """Let a course have the themes of a file. Raises NotAllowed, NotFound or FileRefused."""
    if not await may_keep_themes(services, actor, await course_of(services, school_id, course_id)):
        raise NotAllowed
    async with ONE_AT_A_TIME:
        sheet = await asyncio.to_thread(read_one, content, COLUMNS, THEMES_MAX)  # pages go on meanwhile
    themes, problems = read_themes(sheet)
    if problems:
        return ThemesRead(0, problems)
    if not themes:
        raise FileRefused(message("There is no theme below the headings. Write one theme a row."))
    await set_themes(services, actor, school_id, course_id, themes)
    return ThemesRead(len(themes), ())


def read_themes(sheet: OneSheet) -> tuple[list[Theme], list[Problem]]:
    """Return the themes of a sheet in its order, and what is wrong. A unit holds until the next one is named."""
    themes: list[Theme] = []
    problems = list(sheet.problems)
    unit = ""
    for row in sheet.rows:
        found = _Line(sheet, row)
        unit = found.text("unit") or unit
        # A row that names a unit alone is its heading.
        if set(row.cells) != {"unit"}:
            themes += found.theme(unit)
        problems += found.problems
    return themes, problems


def rows_of(plan: ThemePlan, language: str) -> list[Row]:
    """Return a thematic plan as the rows of a spreadsheet, which can be taken in again."""
    place = LANGUAGES.index(language)
    rows: list[Row] = [[NUMBER[place], *(column.names[place] for column in COLUMNS)]]
    rows += [
        [number, each.unit, each.title, each.hours, each.week or "", MARKS[each.kind][place]]
        for number, each in enumerate(plan.themes, 1)
    ]
    return rows


class _Line:
    """A row that becomes a theme, and what is wrong in it by cell."""

    def __init__(self, sheet: OneSheet, row: SheetRow) -> None:
        self._sheet, self._row = sheet, row
        self.problems: list[Problem] = []

    def theme(self, unit: str) -> list[Theme]:
        """Return the theme, or none of a row with something wrong."""
        title, hours, week = self.text("title"), self._whole("hours"), self._whole("week")
        kind = self._kind()
        if "title" not in self._row.cells:
            self._wrong("title", message("Write the theme."))
        if hours is None and not self.problems:
            self._wrong("hours", message("Write how many hours the theme takes."))
        if self.problems or hours is None:
            return []
        try:
            return [checked_theme(Theme(unit, title, hours, week, kind))]
        except PlanRefused as refused:
            self._wrong("", refused.message)
            return []

    def text(self, key: str) -> str:
        """Return a cell's text; of one that cannot be read none, and it is told."""
        try:
            return text_of(self._row.cells.get(key))
        except CellWrong as wrong:
            self._wrong(key, wrong.message)
            return ""

    def _whole(self, key: str) -> int | None:
        text = self.text(key)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            self._wrong(key, message("Write a whole number."))
            return None
        return int(text)

    def _kind(self) -> ThemeKind:
        text = self.text("kind")
        kind = _KINDS.get(plain(text))
        if kind is None:
            self._wrong("kind", message("Write SOR, SOCH, or nothing for a lesson."))
        return kind or ThemeKind.LESSON

    def _wrong(self, key: str, told: Message) -> None:
        self.problems.append(Problem(self._sheet.name, self._row.number, self._sheet.headings.get(key, ""), told))
