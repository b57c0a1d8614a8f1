"""Names of files that people hand in, as they are kept and handed out.

Rule: a name is what its giver called it, without what a path or a header could be made of; no file is shown in a page.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

NAME_MAX = 80
UNSAFE = re.compile(r"[^\w \-().,№]+")


def safe_name(name: str, ending: str) -> str:
    """Return the name of a file that was handed in, with the ending of what it is found to be, as `.pdf`."""
    stem = UNSAFE.sub(" ", name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name)
    return (" ".join(stem.split()).strip(" .")[:NAME_MAX] or "file") + ending


def as_attachment(name: str) -> Mapping[str, str]:
    """Return the headers with which a browser keeps a file and shows none of it."""
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "content-security-policy": "sandbox",
    }  # fmt: skip
