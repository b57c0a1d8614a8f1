"""What is refused about webhooks."""

from cloud.core.errors import Refused


class WebhookWrong(Refused):
    """A webhook cannot be as it is asked for."""

    code = "webhook_wrong"


class NotReachable(Exception):
    """An address may not be reached, or cannot; what says why is for the page of IT, and names no address."""
