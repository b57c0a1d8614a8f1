"""A file that somebody handed in, as an answer: a browser keeps it, and shows none of it in a page of ours."""

from fastapi.responses import Response

from cloud.core.handed_files import Attached, as_attachment


def as_download(file: Attached) -> Response:
    """Return a file to be kept under its name."""
    return Response(file.content, media_type=file.media, headers=dict(as_attachment(file.name)))
