"""Words of exams and physical fitness: kinds of exams, what is measured and in which unit."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cloud.core.i18n import N_
from cloud.studies.queries import Subject

HUNDREDTHS = 100  # values are kept as whole hundredths of their unit


class ExamKind(StrEnum):
    """What an exam is; the values stand in the table."""

    STATE = "state"
    ENT = "ent"
    MONITORING = "monitoring"
    ENTRANCE = "entrance"
    SCHOOL = "school"


EXAM_KINDS = {
    ExamKind.STATE: N_("Final state exam"),
    ExamKind.ENT: N_("Unified national test"),
    ExamKind.MONITORING: N_("Monitoring of what students learnt"),
    ExamKind.ENTRANCE: N_("Entrance or transfer exam"),
    ExamKind.SCHOOL: N_("Exam of the school"),
}


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam; `points_max` is 0 where only marks are given, `results` how many there are."""

    id: int
    kind: ExamKind
    title: str
    on: date
    subject: Subject | None
    points_max: int
    results: int = 0

    @property
    def kind_words(self) -> str:
        return EXAM_KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Score:
    """What somebody reached: points, a mark, or both."""

    points: int | None
    mark: int | None


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured of physical fitness; `places` after the point, within a range of hundredths of the unit."""

    key: str
    words: str
    unit: str
    places: int
    least: int
    most: int
    less_is_better: bool = False


# The kinds of exercises of the presidential tests. Norms are not held here: they differ by age and sex and change with
# the order; what is shown is the value and how it changed.
INDICATORS = (
    Indicator("run_30", N_("Run, 30 m"), N_("s"), 1, 300, 2_000, True),
    Indicator("run_60", N_("Run, 60 m"), N_("s"), 1, 600, 4_000, True),
    Indicator("run_100", N_("Run, 100 m"), N_("s"), 1, 1_000, 6_000, True),
    Indicator("run_1000", N_("Run, 1,000 m"), N_("s"), 0, 15_000, 120_000, True),
    Indicator("run_2000", N_("Run, 2,000 m"), N_("s"), 0, 30_000, 240_000, True),
    Indicator("run_3000", N_("Run, 3,000 m"), N_("s"), 0, 50_000, 360_000, True),
    Indicator("shuttle", N_("Shuttle run, 3×10 m"), N_("s"), 1, 600, 3_000, True),
    Indicator("jump", N_("Standing long jump"), N_("cm"), 0, 3_000, 35_000),
    Indicator("pull_ups", N_("Pull-ups"), N_("times"), 0, 0, 10_000),
    Indicator("push_ups", N_("Push-ups"), N_("times"), 0, 0, 20_000),
    Indicator("sit_ups", N_("Sit-ups in a minute"), N_("times"), 0, 0, 10_000),
    Indicator("throw", N_("Ball throw"), N_("m"), 1, 100, 10_000),
    Indicator("bend", N_("Forward bend"), N_("cm"), 0, -4_000, 5_000),
    Indicator("ski", N_("Skiing or cross-country, 2,000 m"), N_("s"), 0, 30_000, 360_000, True),
)
BY_KEY = {each.key: each for each in INDICATORS}
