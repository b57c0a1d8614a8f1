"""Which gateway carries texts by SMS, by the settings."""

from cloud.core.mobizon import Mobizon, is_mobizon
from cloud.core.settings import Settings
from cloud.core.sms import SmsGateway
from cloud.core.smsc import Smsc


def gateway_of(settings: Settings) -> SmsGateway | None:
    """Return who carries texts; None where nobody does."""
    if not settings.sms_url:
        return None
    shape = Mobizon if is_mobizon(settings.sms_url) else Smsc
    return shape.parse(settings.sms_url, settings.sms_sender)
