"""What is refused about recommendations."""

from http import HTTPStatus

from cloud.core.errors import Refused


class AdviceRefused(Refused):
    """A recommendation, an answer to one, or a threshold cannot be so."""

    code = "advice_refused"


class AdviceGone(Refused):
    """What is answered to does not hold any more, or somebody answered before."""

    status = HTTPStatus.CONFLICT
    code = "advice_gone"
