"""What is refused about subjects and courses."""

from http import HTTPStatus

from cloud.core.errors import Refused


class StudyRefused(Refused):
    """What is said of a subject, a course or a group cannot be."""

    code = "study_refused"


class StudyConflict(StudyRefused):
    """There is one already, or something stands on it."""

    status = HTTPStatus.CONFLICT
    code = "study_conflict"
