"""What an import tells: every row that cannot be taken, and how many of what there are."""

from dataclasses import dataclass

from cloud.core.messages import Message

PROBLEMS_MAX = 500  # told one by one; beyond that they are only counted


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong where, and what to do; sheet and column by their names in the file, the row as it shows it."""

    sheet: str
    row: int | None
    column: str
    message: Message


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one thing the file holds; the label is an English text to be translated."""

    label: Message
    figure: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome: written, or with problems and nothing changed, or (a check) neither."""

    counts: tuple[Count, ...]
    problems: tuple[Problem, ...]
    problem_count: int
    ignored: tuple[str, ...]  # headings of columns that were not read
    was_written: bool
    notes: tuple[Message, ...] = ()  # what was left out on purpose
