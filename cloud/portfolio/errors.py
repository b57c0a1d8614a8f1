"""What is refused about profiles, portfolios and goals."""

from http import HTTPStatus

from cloud.core.errors import Refused


class ProfileRefused(Refused):
    """A field of a profile cannot be so."""

    code = "profile_refused"


class ErasureAsked(Refused):
    """Somebody's data are not to be kept: they are removed, and nothing is added to them."""

    status = HTTPStatus.CONFLICT
    code = "erasure_asked"


class EntryRefused(Refused):
    """An achievement or a paper cannot be so."""

    code = "entry_refused"


class EntryChanged(Refused):
    """Somebody did something else with it since the page was opened."""

    status = HTTPStatus.CONFLICT
    code = "entry_changed"


class GoalRefused(Refused):
    """A goal or a step cannot be so."""

    code = "goal_refused"


class AwardRefused(Refused):
    """A certificate cannot be given so."""

    code = "award_refused"
