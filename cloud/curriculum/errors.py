"""What is refused about curriculum plans, thematic plans and the norm of hours."""

from http import HTTPStatus

from cloud.core.errors import Refused


class PlanRefused(Refused):
    """What is said of a plan cannot be."""

    code = "plan_refused"


class PlanConflict(PlanRefused):
    """There is one already."""

    status = HTTPStatus.CONFLICT
    code = "plan_conflict"
