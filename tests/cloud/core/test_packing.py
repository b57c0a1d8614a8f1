"""Pages go out packed to who came from this site, and as they are to everybody else."""

import asyncio
import gzip
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from cloud.core.packing import LARGE_BYTES, LEAST_BYTES, Packing

PAGE = "<p>Қожахмет Ұлжан</p>" * 100
ASKED = {"accept-encoding": "gzip, br", "sec-fetch-site": "same-origin"}


async def pieces() -> Any:
    yield PAGE
    yield PAGE


ANSWERS: Mapping[str, tuple[Response, bytes]] = {
    "a short page": (HTMLResponse("<p>x</p>"), b"<p>x</p>"),
    "a program's answer": (JSONResponse({"x": "y" * LEAST_BYTES}), b'{"x":"' + b"y" * LEAST_BYTES + b'"}'),
    "a page in pieces": (StreamingResponse(pieces(), media_type="text/html"), 2 * PAGE.encode()),
    "a page packed already": (HTMLResponse(b"p" * 2_000, headers={"content-encoding": "br"}), b"p" * 2_000),
}


async def got(response: Response, headers: Mapping[str, str], method: str = "GET") -> tuple[dict[str, str], bytes]:
    """Return the headers and the body that arrive at who sends these headers."""
    scope = {"type": "http", "method": method, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    sent: list[Any] = []

    async def receive() -> Any:
        return await asyncio.Future()  # whoever asked stays on the line

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        Request(scope)
        await response(scope, receive, send)

    await Packing(app)(scope, receive, send)
    head, *bodies = sent
    return {k.decode(): v.decode() for k, v in head["headers"]}, b"".join(each["body"] for each in bodies)


@pytest.mark.parametrize("site", ["same-origin", "none"])
@pytest.mark.parametrize("times", [1, LARGE_BYTES // len(PAGE) + 1])
async def test_a_page_is_packed_for_who_came_from_here(site: str, times: int) -> None:
    headers, body = await got(HTMLResponse(PAGE * times), {**ASKED, "sec-fetch-site": site})

    assert gzip.decompress(body).decode() == PAGE * times
    assert len(body) < len(PAGE * times) / 5
    assert (headers["content-encoding"], headers["content-length"]) == ("gzip", str(len(body)))
    assert headers["vary"].lower() == "accept-encoding"


@pytest.mark.parametrize(
    "headers",
    [{**ASKED, "sec-fetch-site": "cross-site"}, {**ASKED, "sec-fetch-site": "same-site"}, {"accept-encoding": "gzip"},
     {"sec-fetch-site": "none"}, {**ASKED, "accept-encoding": "identity"}],
)  # fmt: skip
async def test_a_page_goes_out_as_it_is_to_who_was_led_here_or_cannot_unpack(headers: Mapping[str, str]) -> None:
    told, body = await got(HTMLResponse(PAGE), headers)

    assert body.decode() == PAGE
    assert "content-encoding" not in told


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_is_no_page_of_one_piece_is_left_alone(what: str) -> None:
    response, plain = ANSWERS[what]

    headers, body = await got(response, ASKED)

    assert body == plain
    assert headers.get("content-encoding") != "gzip"


async def test_who_asks_for_the_head_alone_hears_of_the_plain_page() -> None:
    headers, _ = await got(HTMLResponse(PAGE), ASKED, "HEAD")

    assert headers["content-length"] == str(len(PAGE.encode()))
