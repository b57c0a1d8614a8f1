"""Money as people and programs write it: tenge with or without tiyn, never a float."""

import re

# Thousands may be set apart by spaces, also those that do not break; the sign of the tenge may follow.
_TENGE = re.compile(r"(?P<tenge>\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d{1,9})(?:[.,](?P<tiyn>\d{1,2}))?\s*₸?", re.ASCII)


def tiyn_of(text: str) -> int | None:
    """Return the tiyn of an amount as 1500, 1 500,50 or 577.5 ₸, or None for anything else, a minus too."""
    found = _TENGE.fullmatch(text.strip())
    if found is None:
        return None
    tenge = re.sub(r"\D", "", found["tenge"])
    return int(tenge) * 100 + int((found["tiyn"] or "0").ljust(2, "0"))


def plain(amount_tiyn: int) -> str:
    """Return an amount as a form takes it again: 577 or 577,50."""
    tenge, tiyn = divmod(amount_tiyn, 100)
    return f"{tenge},{tiyn:02d}" if tiyn else str(tenge)
