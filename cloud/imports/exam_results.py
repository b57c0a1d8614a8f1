"""Takes results of an exam from a spreadsheet, all or nothing; who it is, the school's number or the name says."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cloud.core.actor import Actor
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.imports.actions import ONE_AT_A_TIME
from cloud.imports.cells import CellWrong, text_of
from cloud.imports.columns import Column, plain
from cloud.imports.errors import FileRefused
from cloud.imports.onesheet import OneSheet, read_one
from cloud.imports.report import Problem
from cloud.imports.spreadsheet import SheetRow
from cloud.progress.errors import ExamRefused
from cloud.progress.exams import RESULTS_MAX, Known, put_results, students_by
from cloud.progress.kinds import Exam, Score
from cloud.progress.rules import checked_score

COLUMNS = (
    Column("number", ("Нөмірі", "Номер", "Number", "№ личного дела"), "1024", required=False),
    Column("class", ("Сыныбы", "Класс", "Class", "сынып"), "9А", required=False),
    Column("name", ("Аты-жөні", "ФИО", "Name", "оқушы", "ученик", "фамилия имя", "фио ученика"), "Әліби Айгерім"),
    Column("points", ("Балл", "Баллы", "Points", "ұпай", "ұпайы"), "34", required=False),
    Column("mark", ("Баға", "Оценка", "Mark", "отметка", "бағасы"), "5", required=False),
)


@dataclass(frozen=True, slots=True)
class ResultsRead:
    """What became of a file: so many results, or what is wrong in which cell and then nothing was changed."""

    count: int
    problems: Sequence[Problem]


async def import_results(
    services: Services, actor: Actor, school_id: int, exam: Exam, content: bytes
) -> ResultsRead:  # fmt: skip
    """Let an exam have the results of a file beside those it has. Raises NotAllowed or FileRefused."""
    actor.require(Right.EXAMS_KEEP, school_id)
    people = await students_by(services, school_id)
    async with ONE_AT_A_TIME:
        sheet = await asyncio.to_thread(read_one, content, COLUMNS, RESULTS_MAX)  # pages go on meanwhile
    scores, problems = read_results(sheet, Roll(people), exam.points_max)
    if problems:
        return ResultsRead(0, problems)
    if not scores:
        raise FileRefused(message("There is no result below the headings. Write one student a row."))
    return ResultsRead(await put_results(services, actor, school_id, exam, scores), ())


class Roll:
    """A school's students, to be found by what a list says of them."""

    def __init__(self, people: Sequence[Known]) -> None:
        self._by_number = {each.number: each for each in people if each.number}
        self._by_name: dict[str, list[Known]] = {}
        for each in people:
            for name in _names(each):
                self._by_name.setdefault(name, []).append(each)

    def find(self, number: str, class_name: str, name: str) -> int:
        """Return a student's id. Raises ExamRefused with what to do where it is nobody, or not clear who."""
        if number:
            if number not in self._by_number:
                raise ExamRefused(message("No student has this number. Check it."))
            numbered = self._by_number[number]
            if name and plain(name) not in _names(numbered):
                raise ExamRefused(message("This number is another student's. Check number and name."))
            return numbered.id
        found = self._by_name.get(plain(name), [])
        if class_name:
            found = [each for each in found if _tight(each.class_name) == _tight(class_name)]
        if not found:
            raise ExamRefused(message("No student of the school is called so. Write surname and name as on the list."))
        if len(found) > 1:
            raise ExamRefused(message("Several students are called so. Write the class, or the school's number."))
        return found[0].id


def read_results(sheet: OneSheet, roll: Roll, points_max: int) -> tuple[dict[int, Score], list[Problem]]:
    """Return what is reached by whom, and what is wrong by cell. Pure."""
    scores: dict[int, Score] = {}
    problems = list(sheet.problems)
    for row in sheet.rows:
        line = _Line(sheet, row)
        person_id, score = line.person(roll), line.score(points_max)
        if person_id in scores:
            line.wrong("name", message("This student is there twice. Take one of the rows out."))
        elif person_id is not None and score is not None:
            scores[person_id] = score
        problems += line.problems
    return scores, problems


class _Line:
    """A row that becomes a result, and what is wrong in it by cell."""

    def __init__(self, sheet: OneSheet, row: SheetRow) -> None:
        self._sheet, self._row = sheet, row
        self.problems: list[Problem] = []

    def person(self, roll: Roll) -> int | None:
        try:
            return roll.find(self._text("number"), self._text("class"), self._text("name"))
        except ExamRefused as refused:
            self.wrong("number" if "number" in self._row.cells else "name", refused.message)
            return None

    def score(self, points_max: int) -> Score | None:
        score = Score(self._whole("points"), self._whole("mark"))
        if self.problems:
            return None
        try:
            return checked_score(score, points_max)
        except ExamRefused as refused:
            self.wrong("points" if score.points is not None else "mark", refused.message)
            return None

    def wrong(self, key: str, told: Message) -> None:
        self.problems.append(Problem(self._sheet.name, self._row.number, self._sheet.headings.get(key, ""), told))

    def _text(self, key: str) -> str:
        try:
            return text_of(self._row.cells.get(key))
        except CellWrong as wrong:
            self.wrong(key, wrong.message)
            return ""

    def _whole(self, key: str) -> int | None:
        text = self._text(key)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            self.wrong(key, message("Write a whole number."))
            return None
        return int(text)


def _names(each: Known) -> set[str]:
    """Return how lists write somebody's name."""
    short = f"{each.surname} {each.given_name}"
    return {plain(short), plain(f"{short} {each.patronymic}")}


def _tight(class_name: str) -> str:
    return plain(class_name).replace(" ", "")
