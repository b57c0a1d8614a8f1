"""What the slice of maintenance refuses."""

from cloud.core.errors import Refused


class WindowRefused(Refused):
    """A window that nobody can keep: in the past, too long, or at the time of another one."""

    code = "window_refused"
