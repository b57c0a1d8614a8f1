"""What single sign-on refuses: pages tell people, programs are told by the codes of OAuth 2.0 (RFC 6749)."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import Message


class PartyRefused(Refused):
    """A client, a tool or an identity provider cannot be kept as it was entered."""

    code = "party_refused"


class RequestRefused(Refused):
    """A request of a client or tool that is told to the person, for nobody knows whether it may be sent back."""

    status = HTTPStatus.BAD_REQUEST
    code = "request_refused"

    def __init__(self, told: Message) -> None:
        super().__init__(told)


class Declined(Exception):
    """A request is answered with an error of the protocol; the words are for its developers and name nobody."""

    def __init__(self, error: str, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(f"{error}: {why}")
        self.error, self.why, self.status = error, why, status

    @property
    def told(self) -> dict[str, str]:
        """Return the error as its protocol tells it."""
        return {"error": self.error, "error_description": self.why}
