"""A maintenance window: when the service may be away, which every page says beforehand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SAID_BEFORE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when the service is worked on; the end is outside."""

    starts_at: datetime
    ends_at: datetime

    def is_running(self, now: datetime) -> bool:
        """Tell whether the service is worked on now."""
        return self.starts_at <= now < self.ends_at

    def is_said(self, now: datetime) -> bool:
        """Tell whether pages say it now: some days before it, and while it runs."""
        return self.starts_at - SAID_BEFORE <= now < self.ends_at
