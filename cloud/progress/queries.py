"""How a student gets on, on one page: marks over the years with a chart, exams, physical fitness."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.charts import Chart, Column, chart_of
from cloud.core.services import Services
from cloud.progress.exams import results_of_student
from cloud.progress.fitness import Measured, fitness_of
from cloud.progress.history import SchoolYear, history_of
from cloud.progress.kinds import Exam, Score


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a student's progress; the years and the exams from the latest on."""

    years: Sequence[SchoolYear]
    exams: Sequence[tuple[Exam, Score]]
    fitness: Sequence[Measured]

    @property
    def quarters(self) -> list[tuple[int, int, int]]:
        """Return year, quarter and the mean percent of its subjects, the earliest first."""
        return [(each.year, *quarter) for each in reversed(self.years) for quarter in each.mean_percent.items()]

    @property
    def chart(self) -> Chart | None:
        """Return the quarters as columns; None of fewer than two, which show nothing."""
        quarters = self.quarters
        if len(quarters) < 2:
            return None
        named = [(f"{number}", f"{year}/{year + 1}, {number}: {percent} %", percent)
                 for year, number, percent in quarters]  # fmt: skip
        return chart_of([Column(label, title, [percent]) for label, title, percent in named])


async def progress_of(services: Services, school_id: int, person_id: int, today: date) -> Progress:
    """Return a student's progress; whose it is, and who asks, is the caller's to check."""
    return Progress(
        await history_of(services, school_id, person_id, today),
        await results_of_student(services, school_id, person_id), await fitness_of(services, school_id, person_id),
    )  # fmt: skip
