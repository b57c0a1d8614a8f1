"""What is refused of homework."""

from http import HTTPStatus

from cloud.core.errors import Refused


class HomeworkRefused(Refused):
    """Homework cannot be so, or this cannot be handed in or checked so."""

    code = "homework_refused"


class HomeworkClosed(Refused):
    """Nothing can be handed in here any more, or not now."""

    code = "homework_closed"


class HomeworkChanged(Refused):
    """Something else was handed in, or somebody else checked it, since the page was opened."""

    status = HTTPStatus.CONFLICT
    code = "homework_changed"
