"""What is refused about webhooks."""

from cloud.core.errors import Refused


class WebhookWrong(Refused):
    """A webhook cannot be as it is asked for."""

    code = "webhook_wrong"
