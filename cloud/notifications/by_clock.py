"""What guardians are told because it is time to, not because something happened: reminders, and the week."""

from cloud.core.services import Services
from cloud.notifications.reminders import remind
from cloud.notifications.week import tell_weeks


async def tell_by_clock(services: Services) -> None:
    """Tell what is due now; told twice, it is one notice."""
    await remind(services)
    await tell_weeks(services)
