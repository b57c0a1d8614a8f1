"""Files that people hand in: as slices pass them on, where one keeps them, and how they are named. Pure.

Rule: a name is what its giver called it, without what a path or a header could be made of; a page of ours
shows pictures that were drawn anew, and no other file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

NAME_MAX = 80
UNSAFE = re.compile(r"[^\w \-().,№]+")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as it is kept and handed out: looked at before, and named as `safe_name` names it."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file, without what stands in it; its size in bytes."""

    id: int
    name: str
    size: int
    media: str

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it: a picture was drawn anew before it was kept."""
        return self.media.startswith("image/")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a slice keeps files: its table, and the column of what a file belongs to."""

    table: str
    owner: str
    is_dated: bool = False  # the table says when each was added

    @property
    def name(self) -> str:
        """The context of a sealed name."""
        return f"{self.table}.name"

    @property
    def content(self) -> str:
        """The context of a sealed content."""
        return f"{self.table}.content"


def safe_name(name: str, ending: str) -> str:
    """Return the name of a file that was handed in, with the ending of what it is found to be, as `.pdf`."""
    stem = UNSAFE.sub(" ", name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name)
    return (" ".join(stem.split()).strip(" .")[:NAME_MAX] or "file") + ending


def ending_of(media: str) -> str:
    """Return the ending of a file's name: of a PDF, or of a picture as it is drawn anew."""
    return ".pdf" if media == "application/pdf" else ".jpg"


def named(name: str, media: str, content: bytes) -> Attached:
    """Return a file that was looked at, of what its giver called it and of what it is found to be."""
    return Attached(safe_name(name, ending_of(media)), media, content)


def as_attachment(name: str) -> Mapping[str, str]:
    """Return the headers with which a browser keeps a file and shows none of it."""
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "content-security-policy": "sandbox",
    }  # fmt: skip
