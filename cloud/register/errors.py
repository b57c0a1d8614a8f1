"""What the class register refuses."""

from http import HTTPStatus

from cloud.core.errors import Refused


class RegisterChanged(Refused):
    """Somebody said something else since the page was opened."""

    status = HTTPStatus.CONFLICT
    code = "register_changed"


class RegisterClosed(Refused):
    """Nothing is said of this day, or not by this account any more."""

    code = "register_closed"
