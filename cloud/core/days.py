"""Days as people and programs write them."""

import re
from datetime import date

_FORMS = (
    re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})(?:\s*(?:г\.?|ж\.?))?", re.ASCII),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII),
)


def day_of(text: str) -> date | None:
    """Return the day of 01.09.2026 or 2026-09-01, or None for anything else, the 31st of June too."""
    found = next((match for form in _FORMS if (match := form.fullmatch(text.strip()))), None)
    if found is None:
        return None
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return None
