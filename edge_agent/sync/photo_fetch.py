"""Fetches photos of dishes over HTTPS, each by its SHA-256.

Rule: what comes is believed only when its digest is the name that the roster gave it.
"""

import hashlib

from edge_agent.sync.signed_desk import Limits, SignedDesk

PATH = "/device/v1/dish-photo"
PHOTO_BYTES_MAX = 64 * 1024
LIMITS = Limits(PHOTO_BYTES_MAX, timeout_s=15.0, whole_s=60.0)


class PhotoDesk(SignedDesk):
    """The cloud's desk for photos."""

    async def bring(self, digest: str) -> bytes:
        """Return a photo by its SHA-256 in hex. Raises httpx2.HTTPError or OSError, also when it is another one."""
        answered = await self._ask("GET", f"{PATH}/{digest}", LIMITS)
        answered.response.raise_for_status()
        if hashlib.sha256(answered.body).hexdigest() != digest:
            raise ConnectionError("a photo that is not the one asked for")
        return answered.body
