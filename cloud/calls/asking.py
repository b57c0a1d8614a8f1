"""Asking a school's BigBlueButton server, and telling in words what it did not do.

Rule: somebody of a school chose the address: only public ones and allowed networks are reached, at the address that was
checked; no redirect is followed, nothing large is read, nobody is waited for, and no transaction is open meanwhile.
"""

import asyncio
from collections.abc import Mapping
from xml.etree.ElementTree import Element

import httpx2
import structlog

from cloud.calls.bbb import ANSWER_MAX, AnswerOdd, answer_in, call_at, failure_of
from cloud.calls.errors import ServerFailed
from cloud.calls.kinds import Server
from cloud.core.errors import kinds_of
from cloud.core.messages import Message, message
from cloud.core.reaching import Resolve, resolve_by_system
from cloud.core.services import Services
from cloud.core.targets import NotPublic, NotReachable, reachable, target_in

TIMEOUT_S = 6.0
CALL_MAX = 4_000  # letters of an address with its fields
log = structlog.get_logger()


async def asked(
    services: Services, server: Server, call: str, fields: Mapping[str, str], resolve: Resolve = resolve_by_system
) -> Element:
    """Return what the server answers to a call. Raises ServerFailed, which says what is to be done."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            body = await _body(services, call_at(server, call, fields), resolve)
        answer = answer_in(body)
    except NotPublic:
        raise _failed("inside", _INSIDE) from None
    except NotReachable:
        raise _failed("unknown_name", _UNKNOWN) from None
    except AnswerOdd:
        raise _failed("odd", _ODD) from None
    except (TimeoutError, OSError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _failed(kinds_of(error)[0], _SILENT) from None
    if failure := failure_of(answer):
        raise _failed(failure, _FAILURES.get(failure) or message("The server refused: {why}.", why=failure))
    return answer


async def _body(services: Services, address: str, resolve: Resolve) -> bytes:
    networks = services.settings.webhook_networks
    target = target_in(address, networks, CALL_MAX)
    if target is None:
        raise NotReachable("no address that may be")
    number = await reachable(target, networks, resolve)
    body = b""
    async with (
        httpx2.AsyncClient(follow_redirects=False, trust_env=False) as client,
        client.stream(
            "GET", target.at(number), headers={"host": target.name, "accept": "text/xml"},
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):  # fmt: skip
        if answer.status_code != 200:
            raise AnswerOdd("its status is not 200")
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > ANSWER_MAX:
                raise AnswerOdd("it is too long")
    return body


_INSIDE = message("The server's address stands inside a network that is not allowed. The operator can allow it.")
_UNKNOWN = message("The name in the server's address leads nowhere. Check the address.")
_ODD = message("What answers at this address is no BigBlueButton. Check the address: it ends with /bigbluebutton.")
_SILENT = message("The server of video lessons does not answer. Try again in a minute, or tell the school's IT.")
_FAILURES: Mapping[str, Message] = {
    "checksumError": message("The server does not take our shared secret. The school's IT enters it anew."),
    "notFound": message("The server knows no such lesson: it has not begun, or is over."),
}


def _failed(why: str, told: Message) -> ServerFailed:
    log.info("calls.failed", why=why)
    return ServerFailed(told)
