"""The format of the unified national test (ҰБТ, ЕНТ): its parts as data, and how it gives points. Pure.

Source: what the Ministry of Science and Higher Education announced for 2025 and 2026 (five subjects, three of them for
everybody; 120 questions, 140 points, 240 minutes; 20 questions of the history of Kazakhstan, 10 of each literacy, 40
for 50 points of each profile subject; thresholds of 5, 3, 3, 5 and 5). How the 40 are made up, how a question with
several right answers loses points, and which subjects go together stand here from memory of the rules of the testing
centre, and are to be compared with the edition in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cloud.assessments.questions import CENT, Answer, Choice, Question, score
from cloud.core.i18n import N_


class Marking(StrEnum):
    """How an answer gets its points; the values stand in the tables."""

    OWN = "own"  # as the question says
    WHOLE = "whole"  # all or nothing
    ONE_MISTAKE = "one_mistake"  # half for one mistake, nothing for two
    EACH = "each"  # a share for each right part


class Sort(StrEnum):
    """Which questions of a bank fit a place of a format."""

    OTHER = "other"  # a number, a word, an order: of a subject's practice, of no format
    ONE = "one"  # a choice of one
    SEVERAL = "several"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Ask:
    """So many questions of a sort, with the points of each."""

    sort: Sort
    count: int
    points: int
    marking: Marking


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a format: from which subjects it is drawn, by code, and of which themes; none: all the others."""

    code: str
    subjects: tuple[str, ...]
    asks: tuple[Ask, ...]
    threshold: int  # points below which an application is not taken
    themes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return how many questions it has."""
        return sum(ask.count for ask in self.asks)

    @property
    def points(self) -> int:
        """Return the most points that it gives."""
        return sum(ask.count * ask.points for ask in self.asks)


_ONE_20 = (Ask(Sort.ONE, 20, 1, Marking.WHOLE),)
_ONE_10 = (Ask(Sort.ONE, 10, 1, Marking.WHOLE),)
_PROFILE = (
    Ask(Sort.ONE, 30, 1, Marking.WHOLE),
    Ask(Sort.PAIRS, 5, 2, Marking.EACH),
    Ask(Sort.SEVERAL, 5, 2, Marking.ONE_MISTAKE),
)
# A theme of the bank by which a school tells these questions from others, in whichever language it writes.
READING = ("Оқу сауаттылығы", "Грамотность чтения", "Reading literacy")
COUNTING = ("Математикалық сауаттылық", "Математическая грамотность", "Mathematical literacy")
MATHEMATICS = ("mathematics", "algebra", "analysis", "geometry")
NATIONAL = "national"
MINUTES = 240
EVERYBODY = (
    Block("history", ("history",), _ONE_20, 5),
    Block("reading_literacy", ("kazakh", "russian", "kazakh_literature", "russian_literature", "english"), _ONE_10, 3,
          READING),
    Block("mathematical_literacy", MATHEMATICS, _ONE_10, 3, COUNTING),
)  # fmt: skip
PROFILES: Mapping[str, Block] = {
    block.code: block
    for block in (
        Block("mathematics", MATHEMATICS, _PROFILE, 5),
        Block("physics", ("physics",), _PROFILE, 5),
        Block("informatics", ("informatics",), _PROFILE, 5),
        Block("geography", ("geography",), _PROFILE, 5),
        Block("biology", ("biology",), _PROFILE, 5),
        Block("chemistry", ("chemistry",), _PROFILE, 5),
        Block("english", ("english",), _PROFILE, 5),
        Block("world_history", ("world_history",), _PROFILE, 5),
        Block("law", ("law",), _PROFILE, 5),
        Block("kazakh", ("kazakh",), _PROFILE, 5),
        Block("kazakh_literature", ("kazakh_literature",), _PROFILE, 5),
        Block("russian", ("russian",), _PROFILE, 5),
        Block("russian_literature", ("russian_literature",), _PROFILE, 5),
    )
}
PAIRS = (
    ("mathematics", "physics"), ("mathematics", "informatics"), ("mathematics", "geography"), ("biology", "chemistry"),
    ("biology", "geography"), ("chemistry", "physics"), ("english", "world_history"), ("english", "geography"),
    ("world_history", "geography"), ("world_history", "law"), ("kazakh", "kazakh_literature"),
    ("russian", "russian_literature"),
)  # fmt: skip
# What blocks are called; those of profile subjects are called as the school calls the subject.
TITLES = {
    "history": N_("History of Kazakhstan"),
    "reading_literacy": N_("Reading literacy"),
    "mathematical_literacy": N_("Mathematical literacy"),
    "mathematics": N_("Mathematics"),
    "physics": N_("Physics"),
    "informatics": N_("Informatics"),
    "geography": N_("Geography"),
    "biology": N_("Biology"),
    "chemistry": N_("Chemistry"),
    "english": N_("English"),
    "world_history": N_("World history"),
    "law": N_("Basics of law"),
    "kazakh": N_("Kazakh language"),
    "kazakh_literature": N_("Kazakh literature"),
    "russian": N_("Russian language"),
    "russian_literature": N_("Russian literature"),
}


def blocks_of(pair: str) -> Sequence[Block]:
    """Return the parts of the test for a pair of profile subjects (`mathematics+physics`); none for no such pair."""
    one, _, other = pair.partition("+")
    if (one, other) not in PAIRS:
        return ()
    return (*EVERYBODY, PROFILES[one], PROFILES[other])


def worth(question: Question, answer: Answer, points: int, marking: Marking) -> Decimal | None:
    """Return the points of an answer where a question gives `points`; None where a person gives them."""
    own = score(question, answer)
    if own is None:
        return None
    part = own / question.points
    if marking is Marking.WHOLE:
        part = Decimal(part == 1)
    elif marking is Marking.ONE_MISTAKE and isinstance(question.body, Choice):
        right = {option.key for option in question.body.options if option.is_right}
        chosen = frozenset(answer) if isinstance(answer, tuple) else frozenset()
        mistakes = len(right ^ chosen) if chosen else 2
        part = Decimal(max(0, 2 - mistakes)) / 2
    return (points * part).quantize(CENT)
