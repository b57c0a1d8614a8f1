"""Files of posts: photos (JPEG, PNG, WebP) and PDF, told by what is in them as those of portfolios are, kept sealed.

Rule: a picture is drawn anew before it is kept, so the page may show it; a PDF is handed out as a file and shown in no
page. A name is what its giver called it, without what a path or a header could be made of.
"""

from collections.abc import Sequence

from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, Shelf, named
from cloud.core.messages import message
from cloud.core.sealed_files import opened
from cloud.core.services import Services
from cloud.portfolio.files import checked_file
from cloud.talks.kinds import TalkRefused

FILES = Shelf("talk_file", "post_id")
FILES_MAX = 4  # of a post
_FIND = """
SELECT talk_file.id, name_encrypted, media, content_encrypted,
  deleted_at IS NOT NULL OR hidden_at IS NOT NULL AS is_gone
FROM talk_file JOIN talk_post ON talk_post.id = post_id WHERE talk_file.id = $1 AND talk_id = $2
"""


async def checked_files(uploads: Sequence[tuple[str, bytes]]) -> list[Attached]:
    """Return files that can be kept, of names and contents. Raises TalkRefused, EntryRefused or ScanRefused."""
    if len(uploads) > FILES_MAX:
        raise TalkRefused(message("{count} files at most go with a post.", count=FILES_MAX))
    files = []
    for name, content in uploads:
        file = await checked_file(content)
        files.append(named(name, file.media, file.content))
    return files


async def posted_file(services: Services, talk_id: int, file_id: int, *, moderates: bool) -> Attached:
    """Return a file of a post of a talk; of a post that is gone for who moderates alone. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, talk_id)
    if row is None or (row["is_gone"] and not moderates):
        raise NotFound
    return opened(services, FILES, row)
