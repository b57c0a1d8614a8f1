"""What is refused about exams and physical fitness."""

from cloud.core.errors import Refused


class ExamRefused(Refused):
    """An exam, or a result of one, cannot be so."""

    code = "exam_refused"


class FitnessRefused(Refused):
    """A value of physical fitness cannot be so."""

    code = "fitness_refused"
