"""What is refused about reports."""

from http import HTTPStatus

from cloud.core.errors import Refused


class MonthRefused(Refused):
    """What was named is no month, or one that has no report yet."""

    code = "month_refused"


class CorrectionRefused(Refused):
    """A line of correction that cannot be."""

    code = "correction_refused"


class AddressRefused(Refused):
    """What was typed is no address to send a report to."""

    code = "address_refused"


class SendingRefused(Refused):
    """The report is on its way already, or too many were sent on a day."""

    status = HTTPStatus.CONFLICT
    code = "sending_refused"


class ReportNotOpen(Refused):
    """The report is signed, or is not yet, or changed since it was looked at."""

    status = HTTPStatus.CONFLICT
    code = "report_not_open"
