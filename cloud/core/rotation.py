"""Which backups of a folder are old enough to go. Pure.

Rule: the newest stay however old they are, so that a backup that fails for a year deletes nothing; what is not named
as ours is not ours.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

NEWEST_KEPT = 3
PLAIN, SEALED = ".zip", ".sealed"
_NAME = re.compile(r"esik-(\d{4}-\d{2}-\d{2}T\d{6})Z(\.zip|\.sealed)")


def name_of(at: datetime, *, is_sealed: bool) -> str:
    """Return the name of a backup of an instant."""
    return f"esik-{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}{SEALED if is_sealed else PLAIN}"


def made_at(name: str) -> datetime | None:
    """Return the instant that a backup's name tells; none for a foreign file."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def outlived(names: Iterable[str], now: datetime, *, days: int, months: int) -> list[str]:
    """Return the names of those to delete: all but those of the last days, and the first of each of the last months."""
    dated = sorted((at, name) for name in names if (at := made_at(name)) is not None)
    kept = {name for _, name in dated[-NEWEST_KEPT:]}
    kept |= {name for at, name in dated if at > now - timedelta(days=days)}
    firsts: dict[tuple[int, int], str] = {}
    for at, name in dated:
        firsts.setdefault((at.year, at.month), name)
    first_month = now.year * 12 + now.month - months
    kept |= {name for (year, month), name in firsts.items() if year * 12 + month > first_month}
    return [name for _, name in dated if name not in kept]
