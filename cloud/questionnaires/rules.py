"""Rules of questionnaires: what one may ask, what an answer may be, and how answers are counted. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from cloud.core.messages import Message, message
from cloud.core.roles import STAFF
from cloud.core.texts import has_unseen, one_line, paragraphs
from cloud.questionnaires.errors import AnswerRefused, QuestionnaireRefused
from cloud.questionnaires.kinds import (
    LANGUAGES,
    OF_NUMBERS,
    OF_OPTIONS,
    OF_TEXTS,
    Answers,
    Audience,
    Given,
    Kind,
    Question,
    QuestionGiven,
    Texts,
)

TITLE_MAX, INTRO_MAX, QUESTION_MAX, OPTION_MAX = 120, 1_000, 300, 120
OPTIONS_MAX, CLASSES_MAX = 20, 200
LINE_MAX, WORDS_MAX = 200, 1_000
SCALES, NUMBER_MAX = range(2, 11), 1_000_000
FEWEST = range(5, 101)
LASTS = timedelta(days=183)
AHEAD = timedelta(days=366)
_ROLES = frozenset(role.value for role in STAFF)


@dataclass(frozen=True, slots=True)
class Counted:
    """How a question was answered: how often each value, and what was said in words, by the alphabet."""

    counts: Mapping[int, int]
    said: Sequence[str] = ()

    @property
    def answers(self) -> int:
        return sum(self.counts.values()) + len(self.said)

    @property
    def mean(self) -> Fraction | None:
        """The mean of the numbers that were given; None without any."""
        answers = sum(self.counts.values())
        return Fraction(sum(value * count for value, count in self.counts.items()), answers) if answers else None


def checked(given: Given, today: date) -> Given:
    """Return a questionnaire in order. Raises QuestionnaireRefused."""
    titles = _texts(given.titles, TITLE_MAX, message("Give it a title of {most} letters at most.", most=TITLE_MAX))
    intros = {language: _long(given.intros.get(language, "")) for language in LANGUAGES}
    if not today <= given.first_on <= given.last_on <= given.first_on + LASTS or given.first_on > today + AHEAD:
        raise QuestionnaireRefused(
            message("It goes from today or later to a last day within half a year. Check the days.")
        )
    if given.fewest not in FEWEST:
        raise QuestionnaireRefused(
            message("Answers are shown from {least} to {most} on.", least=FEWEST[0], most=FEWEST[-1])
        )
    if not set(given.roles) <= _ROLES or len(given.classes) > CLASSES_MAX:
        raise QuestionnaireRefused(message("Choose one of what is offered."))
    is_staff = given.audience is Audience.STAFF
    roles, classes = (sorted(set(given.roles)), []) if is_staff else ([], sorted(set(given.classes)))
    return replace(given, titles=titles, intros=intros, roles=roles, classes=classes)


def checked_question(given: QuestionGiven) -> QuestionGiven:
    """Return a question in order. Raises QuestionnaireRefused."""
    words = _texts(
        given.words, QUESTION_MAX, message("Write the question in {most} letters at most.", most=QUESTION_MAX)
    )
    if given.kind not in OF_OPTIONS:
        if given.kind in OF_NUMBERS and given.most not in (
            SCALES if given.kind is Kind.SCALE else range(1, NUMBER_MAX)
        ):
            raise QuestionnaireRefused(
                message("A scale ends at 2 to 10, a number at {most} at most.", most=NUMBER_MAX - 1)
            )
        most = given.most if given.kind in OF_NUMBERS else 0
        return replace(given, words=words, options=dict.fromkeys(LANGUAGES, ()), most=most)
    options = {language: _options(given.options.get(language, ()), bool(words[language])) for language in LANGUAGES}
    if len({len(each) for each in options.values() if each}) != 1:
        raise QuestionnaireRefused(
            message("Write the answers to choose from, one a line: as many in each language as in the others.")
        )
    return replace(given, words=words, options=options, most=0)


def checked_answers(questions: Sequence[Question], typed: Mapping[int, Sequence[str]]) -> Answers:
    """Return answers in order, without those that are empty. Raises AnswerRefused, which names the question."""
    answers: dict[int, Sequence[str]] = {}
    for number, question in enumerate(questions, 1):
        values = [each for each in typed.get(question.id, ()) if each.strip()]
        if not values:
            if question.given.is_required:
                raise AnswerRefused(message("Question {n}: an answer is needed.", n=number))
            continue
        answers[question.id] = _answer(question, values, number)
    return answers


def counted(question: Question, sheets: Iterable[Answers]) -> Counted:
    """Return how a question was answered on sheets."""
    values = [value for sheet in sheets for value in sheet.get(question.id, ())]
    if question.kind in OF_TEXTS:
        return Counted({}, sorted(values, key=str.casefold))
    return Counted(Counter(int(value) for value in values))


def words_of(question: Question, answers: Answers, language: str) -> str:
    """Return in words what a sheet says to a question; empty where it says nothing."""
    values = answers.get(question.id, ())
    if question.kind in OF_TEXTS:
        return "\n".join(values)
    return "; ".join(question.wording(int(value), language) for value in values)


def _answer(question: Question, values: Sequence[str], number: int) -> Sequence[str]:
    match question.kind:
        case Kind.ONE | Kind.SEVERAL:
            return _chosen(question, values, number)
        case Kind.SCALE | Kind.NUMBER:
            return [str(_number(question, values, number))]
        case Kind.LINE:
            return [_text(one_line(values[0]), LINE_MAX, number)]
        case Kind.WORDS:
            return [_text(paragraphs(values[0]), WORDS_MAX, number)]


def _chosen(question: Question, values: Sequence[str], number: int) -> list[str]:
    places = {str(place) for place in range(len(question.offered("")))}
    if not set(values) <= places or (question.kind is Kind.ONE and len(set(values)) > 1):
        raise AnswerRefused(message("Question {n}: choose one of what is offered.", n=number))
    return sorted(set(values), key=int)


def _number(question: Question, values: Sequence[str], number: int) -> int:
    text, numbers = values[0].strip(), question.numbers
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) in numbers):
        raise AnswerRefused(
            message("Question {n}: write a whole number from {least} to {most}.", n=number, least=numbers[0],
                    most=numbers[-1])
        )  # fmt: skip
    return int(text)


def _text(text: str, most: int, number: int) -> str:
    if len(text) > most or has_unseen(text):
        raise AnswerRefused(message("Question {n}: say it in {most} letters at most.", n=number, most=most))
    return text


def _texts(texts: Texts, most: int, refusal: Message) -> dict[str, str]:
    lines = {language: one_line(texts.get(language, "")) for language in LANGUAGES}
    if not any(lines.values()) or any(len(each) > most for each in lines.values()):
        raise QuestionnaireRefused(refusal)
    return lines


def _long(text: str) -> str:
    plain = paragraphs(text)
    if len(plain) > INTRO_MAX or has_unseen(plain):
        raise QuestionnaireRefused(message("Say it in {most} letters at most.", most=INTRO_MAX))
    return plain


def _options(lines: Sequence[str], is_asked: bool) -> list[str]:
    options = [line for line in map(one_line, lines) if line] if is_asked else []
    if (is_asked and not 2 <= len(options) <= OPTIONS_MAX) or any(len(each) > OPTION_MAX for each in options):
        raise QuestionnaireRefused(
            message("Write {least} to {most} answers to choose from, one a line, in each language of the question.",
                    least=2, most=OPTIONS_MAX)
        )  # fmt: skip
    return options
