"""A range of a file's bytes, as RFC 9110, 14, asks for one; what is not understood is answered with the whole file."""

import re
from http import HTTPStatus

from fastapi.responses import Response

_RANGE = re.compile(r"bytes=(\d{1,9})-(\d{0,9})")


def ranged(file: bytes, asked: str) -> Response:
    """Return the answer to a request whose Range header is `asked`; empty when it has none."""
    headers = {"cache-control": "no-store", "accept-ranges": "bytes"}
    match = _RANGE.fullmatch(asked)
    if match is None:
        return Response(file, media_type="application/octet-stream", headers=headers)
    first, last = int(match[1]), min(int(match[2] or len(file)), len(file) - 1)
    if first > last:
        headers["content-range"] = f"bytes */{len(file)}"
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    headers["content-range"] = f"bytes {first}-{last}/{len(file)}"
    part = file[first : last + 1]
    return Response(part, HTTPStatus.PARTIAL_CONTENT, media_type="application/octet-stream", headers=headers)
