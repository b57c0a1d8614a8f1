"""Where a webhook may go: to public addresses, and to networks that the operator has allowed."""

from cloud.core.messages import message
from cloud.core.targets import Target, target_in
from cloud.webhooks.errors import WebhookWrong


def target_of(text: str, networks: str) -> Target:
    """Return where an address leads. Raises WebhookWrong for one that no webhook may have."""
    if (target := target_in(text, networks)) is None:
        raise WebhookWrong(message("Write an address that begins with `https://`, without a password or a # in it."))
    return target
