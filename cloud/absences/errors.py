"""What is refused about absences and trips."""

from http import HTTPStatus

from cloud.core.errors import Refused


class AbsenceRefused(Refused):
    """An absence cannot be told, or be answered so."""

    code = "absence_refused"


class AbsenceChanged(Refused):
    """Somebody did something else with it since the page was opened."""

    status = HTTPStatus.CONFLICT
    code = "absence_changed"


class TripRefused(Refused):
    """A trip cannot be so."""

    code = "trip_refused"
