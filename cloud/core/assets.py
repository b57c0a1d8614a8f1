"""Style sheets, scripts and pictures: read once, compressed once, kept by browsers for a year under their digest."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fastapi import APIRouter, Request, Response

from cloud.core.errors import NotFound
from esik.assets import ASSETS as THIRD_PARTY

OWN = Path(__file__).resolve().parent / "static"
PREFIX = "/assets"
TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}  # fmt: skip
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=300"


class AssetsMissing(Exception):
    """The pages' third-party files are not where set-up puts them."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain and compressed, with the digest that stands in its address."""

    body: bytes
    packed: bytes
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of the pages by name."""

    files: Mapping[str, Asset]

    @classmethod
    def load(cls, third_party: Path = THIRD_PARTY, own: Path = OWN) -> Self:
        """Read every file. Raises AssetsMissing when set-up did not run."""
        if not (third_party / "bootstrap.min.css").is_file():
            raise AssetsMissing(f"{third_party} holds no bootstrap.min.css. Run `make setup`.")
        paths = [path for folder in (third_party, own) for path in sorted(folder.iterdir()) if path.suffix in TYPES]
        return cls({path.name: _read(path) for path in paths})

    def address(self, name: str) -> str:
        """Return the address a page loads a file by; it changes with the file."""
        return f"{PREFIX}/{name}?v={self.files[name].digest}"


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body, gzip.compress(body, 9, mtime=0), TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12]
    )  # fmt: skip


router = APIRouter(include_in_schema=False)


@router.get(PREFIX + "/{name}")
async def asset(request: Request, name: str, v: str = "") -> Response:
    """Send a file; for a year when its address holds its digest."""
    assets: Assets = request.app.state.pages.assets
    if (found := assets.files.get(name)) is None:
        raise NotFound
    headers = {"cache-control": FOREVER if v == found.digest else BRIEFLY, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)
