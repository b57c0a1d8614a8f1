"""What a subject of monthly reports brings along: how its month is read, kept, made anew, corrected, drawn and told.

Rule: what all reports do stands once, and asks the subject; nothing else knows which subjects there are.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

import asyncpg
import msgspec

from cloud.core.rights import Right
from cloud.core.sheets import XLSX_TYPE
from cloud.reports.content import AsOf, Names, School, Shape, canonical
from cloud.reports.months import Month
from cloud.reports.tables import Table
from cloud.reports.wording import Wording
from cloud.schools.queries import SchoolRow

C = TypeVar("C", bound=Shape)  # the content
D = TypeVar("D", bound=Shape)  # the content as it was signed
K = TypeVar("K", bound=Shape)  # a correction
Taught = Mapping[int | None, frozenset[date]]  # days of lessons by class, and the school's own under None


class Form(StrEnum):
    """What a file is; the value ends its name."""

    PDF = "pdf"
    XLSX = "xlsx"
    JSON = "json"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        types = {Form.PDF: "application/pdf", Form.XLSX: XLSX_TYPE, Form.JSON: "application/json", Form.CSV: "text/csv"}
        return types[self]


@dataclass(frozen=True, slots=True)
class Asked:
    """The month that is read, and as of when; a supplement follows `before`; `told` is a content of it from before."""

    school: SchoolRow
    month: Month
    number: int
    as_of: AsOf
    taught: Taught
    before: Any
    told: Any = None


@dataclass(frozen=True, slots=True)
class Subject(Generic[C, D, K]):
    """A subject. Texts are messages of the catalogues."""

    key: str
    title: str
    late: str  # the letter that says that a report is late
    letter: str  # the letter that a report goes with
    right: Right  # to read its reports
    names: Right  # to see whom its remarks are about
    kinds: Sequence[str]  # of its corrections
    figures: Sequence[str]  # that a correction may change
    classes: Callable[[C], Collection[str]]  # that a correction may be about
    content: type[C]
    document: type[D]
    glance: type[Shape]
    read: Callable[[asyncpg.Connection, Asked], Awaitable[Callable[[], C]]]  # in a snapshot; what is left takes a while
    anew: Callable[[asyncpg.Connection, SchoolRow, C], Awaitable[C]]
    mark: Callable[[asyncpg.Connection, SchoolRow, Month, Taught], Awaitable[str]]
    found_in: Callable[[asyncpg.Connection, Sequence[tuple[int, date]]], Awaitable[list[tuple[int, date]]]]
    later: str  # how many records of a month came after a report: school, first and last day, made at, shard, position
    reached: Callable[[AsOf], int]  # how far the subject's reader had come
    correction: Callable[[asyncpg.Record], K]
    signed: Callable[[C, str, list[K], str, str], D]
    before: Callable[[int, str, D], Shape]
    about: Callable[[Any], str]  # whom a remark is about: a reference
    paper: Callable[[C, Sequence[K], Wording], list[Table]]
    sheets: Callable[[C, Sequence[K], Wording], list[Table]]
    lines: Callable[[C, Wording], Table]  # the one table of a CSV file
    follows: Callable[[Any, Wording], str]
    sums: Callable[[D, Wording], Mapping[str, object]]  # what the letter names

    def content_kept(self, kept: bytes) -> C:
        """Return what a kept report holds."""
        return msgspec.json.decode(kept, type=self.content)

    def document_kept(self, kept: bytes) -> D:
        """Return what a kept signed report holds."""
        return msgspec.json.decode(kept, type=self.document)

    def glance_of(self, content: C) -> bytes:
        """Return the few members of a content that lists show, to be kept beside it."""
        return canonical(msgspec.convert(content, self.glance, from_attributes=True))


def school_named(school: SchoolRow) -> School:
    """Return whose report it is."""
    return School(school.code, Names(school.name_kk, school.name_ru, school.name_en), school.zone.key)
