"""What is refused about who may collect a child."""

from http import HTTPStatus

from cloud.core.errors import Refused


class CollectorRefused(Refused):
    """Somebody cannot be named so."""

    code = "collector_refused"


class CollectorStopped(Refused):
    """Another guardian does not want this person to collect the child."""

    status = HTTPStatus.CONFLICT
    code = "collector_stopped"
