"""What the report builder refuses."""

from http import HTTPStatus

from cloud.core.errors import Refused


class ChoiceRefused(Refused):
    """What was chosen cannot be shown like that."""

    code = "choice_refused"


class ReportBusy(Refused):
    """Somebody's report is being made, or the service makes as many as it may."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "report_busy"


class ReportCut(Refused):
    """Making the report took longer than it may."""

    code = "report_cut"
