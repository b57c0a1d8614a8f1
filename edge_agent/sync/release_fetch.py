"""Asks the cloud over HTTPS whether there is a release for this agent, and fetches it block by block.

Rule: an answer is believed only with the cloud's signature; a block is nothing by itself, and is checked when all are
there.
"""

from edge_agent.sync.renewal import AnswerUnsigned, signed_at_ms
from edge_agent.sync.signed_desk import Limits, SignedDesk
from schemas.release import BODY_BYTES_MAX

PATH = "/device/v1/release"
BLOCK_BYTES = 1 << 20
ANSWER_BYTES_MAX = BODY_BYTES_MAX + 256
TIMEOUT_S = 30.0
WHOLE_S = 300.0  # for one answer, however slowly it drips


class ReleaseDesk(SignedDesk):
    """The cloud's desk for releases."""

    async def ask(self, query: str) -> bytes | None:
        """Return the manifest file that is meant for us now, if there is one.

        Raises AnswerUnsigned, httpx2.HTTPError or OSError.
        """
        limits = Limits(ANSWER_BYTES_MAX, TIMEOUT_S, WHOLE_S)
        answered = await self._ask("GET", f"{PATH}?{query}", limits)
        answer = answered.response
        if signed_at_ms(self._http_key, answer, answered.nonce, answered.body) is None:
            raise AnswerUnsigned(answer.status_code, None)
        answer.raise_for_status()
        return answered.body if answer.status_code == 200 else None

    async def block(self, counter: int, board: str, first: int, size: int) -> bytes:
        """Return so many bytes of a payload. Raises httpx2.HTTPError or OSError."""
        asked, limits = {"Range": f"bytes={first}-{first + size - 1}"}, Limits(size, TIMEOUT_S, WHOLE_S)
        answered = await self._ask("GET", f"{PATH}/agent/{board}/{counter}", limits, more=asked)
        answer, body = answered.response, answered.body
        answer.raise_for_status()
        if answer.status_code != 206 or len(body) != size:
            raise ConnectionError(f"HTTP {answer.status_code} with {len(body)} bytes, asked for {size}")
        return body
