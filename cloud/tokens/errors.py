"""What is refused to programs, and to who makes tokens for them."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.tokens.scopes import Scope

REALM = 'Bearer realm="esik"'


class BearerRefused(Refused):
    """A program is not let in; `challenge` is what RFC 6750 has the answer say."""

    challenge = REALM
    retry_after_s = 0


class TokenNeeded(BearerRefused):
    """No token was sent."""

    status = HTTPStatus.UNAUTHORIZED
    code = "token_needed"

    def __init__(self) -> None:
        super().__init__(message("Send a token in the header `Authorization: Bearer`. The school's IT makes one."))


class TokenRefused(BearerRefused):
    """The token is none of ours, has expired, or was revoked: the answer is the same."""

    status = HTTPStatus.UNAUTHORIZED
    code = "token_refused"
    challenge = f'{REALM}, error="invalid_token"'

    def __init__(self) -> None:
        super().__init__(message("This token does not work, or no more. The school's IT makes a new one."))


class ScopeMissing(BearerRefused):
    """The token works, but not for this."""

    status = HTTPStatus.FORBIDDEN
    code = "scope_missing"

    def __init__(self, scope: Scope) -> None:
        super().__init__(message("This token lacks the scope {scope}.", scope=scope.value))
        self.challenge = f'{REALM}, error="insufficient_scope", scope="{scope.value}"'


class TooManyRequests(BearerRefused):
    """A program asks more often than it may."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, wait_s: int) -> None:
        super().__init__(message("Too many requests with this token. Wait {seconds} seconds.", seconds=wait_s))
        self.retry_after_s = wait_s


class TokenWrong(Refused):
    """A token cannot be made so."""

    code = "token_wrong"
