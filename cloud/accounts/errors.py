"""What accounts refuse."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import Message, message


class SignInRefused(Refused):
    """Login and password do not belong together; which of them is wrong is not told."""

    status = HTTPStatus.UNAUTHORIZED
    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            message("The login or the password is wrong. Check both; the school's office can give you a new password.")
        )


class TooManyAttempts(Refused):
    """Signing in must wait; `retry_after_s` says how long."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            message("Too many wrong passwords. Wait {seconds} seconds and try again.", seconds=retry_after_s)
        )
        self.retry_after_s = retry_after_s


class TooManyAtOnce(Refused):
    """More people sign in at this moment than passwords can be checked; `retry_after_s` says when to try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "too_many_at_once"
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__(
            message("Very many people are signing in just now. Wait {seconds} seconds and try again.",
                    seconds=self.retry_after_s)
        )  # fmt: skip


class HalfEnded(Refused):
    """The second step came too late, too often or twice: signing in begins anew."""

    status = HTTPStatus.UNAUTHORIZED
    code = "half_ended"

    def __init__(self) -> None:
        super().__init__(message("This took too long, or there were too many wrong codes. Sign in again."))


class SessionEnded(Refused):
    """The session ended while something was done with it: another one of the account set a second step up."""

    status = HTTPStatus.UNAUTHORIZED
    code = "session_ended"

    def __init__(self) -> None:
        super().__init__(message("This session has ended meanwhile. Sign in again."))


class CodeRefused(Refused):
    """A code is wrong, too old, or was used already; which of these is not told."""

    status = HTTPStatus.UNAUTHORIZED
    code = "code_refused"

    def __init__(self) -> None:
        super().__init__(
            message("This code is wrong or was used already. Wait for the next one in the app, and type it at once.")
        )


class FactorRefused(Refused):
    """A second step cannot be set up or taken away like this."""

    code = "factor_refused"


class PasswordRefused(Refused):
    """The new password is too easy, or no new one."""

    code = "password_refused"


class LoginTaken(Refused):
    """There is an account with this login."""

    status = HTTPStatus.CONFLICT
    code = "login_taken"

    def __init__(self, login: str) -> None:
        super().__init__(
            message("There is an account with the login {login} already. Choose another one.", login=login)
        )


class LoginRefused(Refused):
    """A login cannot be used."""

    code = "login_refused"

    def __init__(self, told: Message | None = None) -> None:
        super().__init__(
            told
            or message("A login is an e-mail address, a phone number, or 3 to 120 small letters, digits, . _ and -.")
        )
