"""What is refused about video lessons, and what a server of them did not do."""

from http import HTTPStatus

from cloud.core.errors import Refused


class CallRefused(Refused):
    """A server, a video lesson or a link to a recording cannot be so."""

    code = "call_refused"


class CallClosed(Refused):
    """Nobody can come to a video lesson now."""

    status = HTTPStatus.CONFLICT
    code = "call_closed"


class ServerFailed(Refused):
    """The school's server of video lessons did not answer, or did not do what it was asked."""

    status = HTTPStatus.FAILED_DEPENDENCY  # 502 is what a proxy says: an installed app takes it for being offline
    code = "call_server_failed"
