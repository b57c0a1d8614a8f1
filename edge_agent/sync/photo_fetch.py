"""Fetches photos of dishes and of people over HTTPS, each by its SHA-256.

Rule: what comes is believed only when its digest is the name that the roster gave it.
"""

import hashlib

from edge_agent.sync.signed_desk import Limits, SignedDesk

DISHES, FACES = "/device/v1/dish-photo", "/device/v1/face"
PHOTO_BYTES_MAX = 64 * 1024
LIMITS = Limits(PHOTO_BYTES_MAX, timeout_s=15.0, whole_s=60.0)


class PhotoDesk(SignedDesk):
    """The cloud's desk for photos."""

    async def bring_dish(self, digest: str) -> bytes:
        """Return a dish's photo by its SHA-256 in hex. Raises httpx2.HTTPError or OSError, also for another one."""
        return await self._bring(DISHES, digest)

    async def bring_face(self, digest: str) -> bytes:
        """Return a person's photo, as a dish's."""
        return await self._bring(FACES, digest)

    async def _bring(self, path: str, digest: str) -> bytes:
        answered = await self._ask("GET", f"{path}/{digest}", LIMITS)
        answered.response.raise_for_status()
        if hashlib.sha256(answered.body).hexdigest() != digest:
            raise ConnectionError("a photo that is not the one asked for")
        return answered.body
