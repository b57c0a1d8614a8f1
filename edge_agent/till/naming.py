"""The name of a sale to be: the same when it is tried again, also after a power cut, and nobody else can guess it.

Rule: what the hub has granted to a sale that was never written is granted again to the same sale, and to no other.
"""

import hmac

NAME_LENGTH = 16


def sale_name(key: bytes, device: str, person: str, *, day: str, meal: str, by_right: bool, count: int) -> str:
    """Return the name of a device's next sale to somebody; `count` is how many it has made to them before."""
    text = f"{device} {person} {day} {meal} {by_right:d} {count}"
    return hmac.new(key, text.encode(), "sha256").hexdigest()[:NAME_LENGTH]
