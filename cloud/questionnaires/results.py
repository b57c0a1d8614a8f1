"""Results of a questionnaire: counts and words question by question, and under names each sheet; and the same as rows.

Rule: of an anonymous one nothing is shown before so many answered as it promises, no fewer are added at once or at
its end, and nobody is shown who answered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.services import Services
from cloud.core.sheets import Cell
from cloud.questionnaires.answering import opened, said_of
from cloud.questionnaires.audience import asked_by
from cloud.questionnaires.kinds import OF_OPTIONS, Answers, Kind, Question, Questionnaire
from cloud.questionnaires.queries import one_at, questions_of
from cloud.questionnaires.rules import Counted, counted, words_of

SHEETS_MAX = 5_000
WHO, WHEN, QUESTION, ANSWER, COUNT = N_("Who"), N_("When"), N_("Question"), N_("Answer"), N_("How many")
_COUNTS = """
SELECT question_id, value, shown_answers FROM questionnaire_count
WHERE question_id = ANY($1) AND shown_answers > 0 LIMIT 100000
"""
_SAID = "SELECT question_id, words_encrypted FROM questionnaire_said WHERE question_id = ANY($1)"
_SHEETS = """
SELECT sheet.id, account.name, answers_encrypted, answered_at FROM questionnaire_sheet AS sheet
JOIN account ON account.id = account_id WHERE questionnaire_id = $1 ORDER BY account.name, sheet.id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A value of a question with its words, how often it was answered, and its share of all answers in percent."""

    words: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class Result:
    """How a question was answered, by how many in all."""

    question: Question
    counted: Counted
    of: int

    def lines(self, language: str) -> list[Line]:
        """Return each option, or each number of a scale, those that nobody chose too; of numbers those given."""
        counts = self.counted.counts
        if self.question.kind in OF_OPTIONS:
            values: Sequence[int] = range(len(self.question.offered(language)))
        elif self.question.kind is Kind.SCALE:
            values = self.question.numbers
        else:
            values = sorted(counts)
        return [Line(self.question.wording(each, language), counts.get(each, 0), self._percent(counts.get(each, 0)))
                for each in values]  # fmt: skip

    @property
    def mean(self) -> float:
        """The mean of the numbers that were given, with one decimal; there are some."""
        mean = self.counted.mean
        assert mean is not None, "a mean is asked for where numbers were given"  # noqa: S101
        return round(10 * mean) / 10

    def _percent(self, count: int) -> int:
        return (200 * count + self.of) // (2 * self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What somebody answered under the own name."""

    name: str
    at: datetime
    answers: Answers


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a questionnaire as they may be looked at: of `shown` answers out of all that were asked."""

    questionnaire: Questionnaire
    asked: int
    shown: int
    parts: Sequence[Result]
    sheets: Sequence[Sheet]

    def rows(self, formats: Formats, told: Callable[[str], str]) -> list[list[Cell]]:
        """Return them as rows of a file: by question, or where names are known, a row for each who answered."""
        language = formats.language.value
        questions = [part.question for part in self.parts]
        if not self.questionnaire.given.is_anonymous:
            head: list[Cell] = [told(WHO), told(WHEN), *(each.told(language) for each in questions)]
            return [head, *(self._row(sheet, questions, formats) for sheet in self.sheets)]
        rows: list[list[Cell]] = [[told(QUESTION), told(ANSWER), told(COUNT), "%"]]
        for part in self.parts:
            words = part.question.told(language)
            rows += [[words, line.words, line.count, line.percent] for line in part.lines(language)]
            rows += [[words, said, 1, ""] for said in part.counted.said]
        return rows

    @staticmethod
    def _row(sheet: Sheet, questions: Sequence[Question], formats: Formats) -> list[Cell]:
        answers = (words_of(question, sheet.answers, formats.language.value) for question in questions)
        return [sheet.name, formats.local_day(sheet.at), *answers]


async def results_of(services: Services, actor: Actor, school: SchoolToday, number: int) -> Results:
    """Return the results of a questionnaire as they are now; under names the look is noted.

    Raises NotAllowed or NotFound.
    """
    found = await one_at(services, actor, school.id, number)
    pool = services.database.pool
    questions = await questions_of(pool, number)
    # Who answered and left since is asked no more, but was.
    asked = max(await asked_by(pool, number, found.given.audience, services.clock.now()), found.answered)
    shown = found.countable
    if found.given.is_anonymous:
        counts = await _counts(services, questions) if shown else {}
        parts = [Result(each, counts.get(each.id, Counted({})), shown) for each in questions]
        return Results(found, asked, shown, parts, ())
    sheets = await _sheets(services, number)
    if sheets:
        await _note(services, actor, school.id, number)
    parts = [Result(each, counted(each, (sheet.answers for sheet in sheets)), shown) for each in questions]
    return Results(found, asked, shown, parts, sheets)


async def _counts(services: Services, questions: Sequence[Question]) -> Mapping[int, Counted]:
    """Return the counts and words of an anonymous one that may be shown."""
    ids, pool = [each.id for each in questions], services.database.pool
    counts: dict[int, dict[int, int]] = {each: {} for each in ids}
    for row in await pool.fetch(_COUNTS, ids):
        counts[row["question_id"]][row["value"]] = row["shown_answers"]
    said: dict[int, list[str]] = {}
    for row in await pool.fetch(_SAID, ids):
        said[row["question_id"]], _ = said_of(services, row["question_id"], row["words_encrypted"])
    return {each: Counted(counts[each], said.get(each, [])) for each in ids}


async def _sheets(services: Services, number: int) -> list[Sheet]:
    rows = await services.database.pool.fetch(_SHEETS, number, SHEETS_MAX)
    return [Sheet(row["name"], row["answered_at"], opened(services, row)) for row in rows]


async def _note(services: Services, actor: Actor, school_id: int, number: int) -> None:
    async with services.database.transaction() as connection:
        about, now = f"questionnaire:{number}", services.clock.now()
        await audit(connection, actor, "questionnaire.read", about, school_id=school_id, at=now)
