"""Asking a gateway for SMS over HTTPS: one form, one short answer, within a deadline.

Rule: what is asked and answered stands in no error; an answer is read to its end only if it is short.
"""

import asyncio
from collections.abc import Mapping

import httpx2

from cloud.core.sms import SmsNotSent, SmsUnanswered
from cloud.core.underway import UnderWay

DEADLINE_S = 15.0
ANSWER_MAX = 8_192
AT_ONCE = 24  # texts of this process on their way; who comes beyond that is told to try later
UNDER_WAY = UnderWay(AT_ONCE)


async def ask(
    url: str, form: Mapping[str, str], deadline_s: float, parameters: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Return the answer's status and body. Raises SmsNotSent, or SmsUnanswered when it may have been taken."""
    with UNDER_WAY.one() as has_room:
        if not has_room:
            raise SmsNotSent("sms_crowded")
        try:
            async with asyncio.timeout(deadline_s):
                return await _ask(url, form, deadline_s, parameters)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise SmsNotSent(f"sms_unreached: {type(error).__name__}") from None
        except (httpx2.HTTPError, TimeoutError) as error:
            raise SmsUnanswered(f"sms_unanswered: {type(error).__name__}") from None


async def _ask(
    url: str, form: Mapping[str, str], deadline_s: float, parameters: Mapping[str, str] | None
) -> tuple[int, bytes]:
    async with (
        httpx2.AsyncClient(timeout=deadline_s, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, data=dict(form), params=parameters) as answer,
    ):
        body = b""
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > ANSWER_MAX:
                raise SmsUnanswered("sms_unanswered: too long")
        return answer.status_code, body
