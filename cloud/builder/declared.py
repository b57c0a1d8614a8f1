"""What a subject of the report builder declares: its rows, columns, rights and measures.

Rule: SQL stands in declarations alone. Nothing that somebody typed or chose becomes a part of it: a choice names
declared keys, and values travel as parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.builder.kinds import FIGURES, NAMES, Kind, Measure
from cloud.core.i18n import N_
from cloud.core.rights import Right


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is called and holds, its SQL over the subject's rows, and who may see it."""

    key: str
    title: str  # in English, for the catalogues
    kind: Kind
    sql: str
    order: tuple[str, ...] = ()  # what it is sorted by; itself, where nothing is said
    words: Mapping[str, str] | None = None  # of a WORD: its codes, each in English
    options: str = ""  # of a NAMED or CLASS: SQL of (code, kk, ru, en), $1 the schools
    right: Right | None = None  # besides the subject's
    is_personal: bool = False  # names somebody, though it is text

    @property
    def names(self) -> bool:
        """Tell whether it names a person; who sees counts only is not shown it."""
        return self.is_personal or self.kind in NAMES

    @property
    def groups(self) -> bool:
        """Tell whether rows may be grouped by it."""
        return self.kind not in FIGURES and self.kind is not Kind.TIME


@dataclass(frozen=True, slots=True)
class Hidden:
    """A sealed column of a subject: where it stands, and what names its place at the vault.

    `query` gives (place, sealed) of the schools $1 in the days $2 to $3, $4 at most; the source joins what is opened by
    its place.
    """

    column: str
    context: str
    query: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What reports can be about."""

    key: str
    title: str
    about: str  # in a sentence, for who chooses
    counted: str  # what one row is, in the plural
    right: Right
    source: str  # FROM ... WHERE ..., with {schools}, {first}, {last}, and {places}, {opened} where it is hidden
    columns: tuple[Column, ...]
    groups: tuple[str, ...]  # what the builder begins with
    measures: tuple[str, ...] = ("count",)
    counts_right: Right | None = None  # for who sees counts without names
    class_sql: str = ""  # of the class by which a teacher's reach is held; empty where there is none
    person_sql: str = ""  # whom PEOPLE counts
    hidden: Hidden | None = None

    def column(self, key: str) -> Column | None:
        """Return a column; None where there is none."""
        return next((each for each in self.columns if each.key == key), None)

    @property
    def reckoned(self) -> tuple[str, ...]:
        """Return the keys of all measures that can be chosen, as `average:minutes`."""
        people = (Measure.PEOPLE.value,) if self.person_sql else ()
        figures = (Measure.SUM, Measure.AVERAGE, Measure.MOST, Measure.LEAST)
        of_columns = [
            f"{measure}:{column.key}"
            for column in self.columns
            for measure in (figures if column.kind in FIGURES else _OF_KIND.get(column.kind, ()))
        ]
        return (Measure.COUNT.value, *people, Measure.PART.value, *of_columns)


_OF_KIND = {Kind.YES: (Measure.SHARE,), Kind.TIME: (Measure.AVERAGE, Measure.MOST, Measure.LEAST)}


def days(of: str) -> tuple[Column, ...]:
    """Return the columns of a day: itself, its week, month and weekday."""
    return (
        Column("day", N_("Day"), Kind.DAY, of),
        Column("week", N_("Week"), Kind.WEEK, f"({of} - (extract(isodow FROM {of})::int - 1))"),
        Column("month", N_("Month"), Kind.MONTH, f"({of} - (extract(day FROM {of})::int - 1))"),
        Column("weekday", N_("Weekday"), Kind.WEEKDAY, f"extract(isodow FROM {of})::int"),
    )


def classes(alias: str = "c") -> tuple[Column, ...]:
    """Return the columns of a class, and of its grade."""
    name, order = f"({alias}.grade || {alias}.letter)", (f"{alias}.grade", f"{alias}.letter")
    options = (
        "SELECT DISTINCT grade || letter AS code, grade || letter AS kk, grade || letter AS ru, grade || letter AS en,"
        " grade, letter FROM school_class WHERE school_id = ANY($1) AND is_active ORDER BY grade, letter LIMIT 200"
    )
    return (
        Column("class", N_("Class"), Kind.CLASS, name, order, options=options),
        Column("grade", N_("Grade"), Kind.GRADE, f"{alias}.grade::int"),
    )


def student(alias: str = "p") -> Column:
    """Return the column of a student."""
    return Column("student", N_("Student"), Kind.PERSON, f"{alias}.id", (f"{alias}.sort_key",))


def time_of(at: str, zone: str = "s.zone") -> str:
    """Return the SQL of an instant as minutes after the school's midnight."""
    local = f"({at} AT TIME ZONE {zone})"
    return f"(extract(hour FROM {local})::int * 60 + extract(minute FROM {local})::int)"


def day_of(at: str) -> str:
    """Return the SQL of an instant's day at the school."""
    return f"({at} AT TIME ZONE s.zone)::date"


def hour_of(at: str) -> Column:
    """Return the column of an instant's hour at the school."""
    return Column("hour", N_("Hour"), Kind.HOUR, f"extract(hour FROM ({at} AT TIME ZONE s.zone))::int")


def within(at: str) -> str:
    """Return the SQL that an instant lies in the days of the report at the school."""
    return (
        f"{at} >= ({{first}}::timestamp AT TIME ZONE s.zone) AND {at} < (({{last}} + 1)::timestamp AT TIME ZONE s.zone)"
    )
