"""Files of messages: PDF or JPEG, looked at before they are kept as other papers are, sealed, handed out as files.

Rule: nothing of a file is ever shown in a page of ours, and its name is what its writer called it, without what a path
or a header could be made of.
"""

from collections.abc import Sequence

from cloud.consents.scans import checked_scan
from cloud.core.handed_files import Attached, Shelf, named
from cloud.core.messages import message
from cloud.messages.kinds import MessageRefused

FILES = Shelf("announcement_file", "announcement_id")
FILES_MAX = 3


async def checked_files(uploads: Sequence[tuple[str, bytes]]) -> list[Attached]:
    """Return files that can be kept, of names and contents. Raises MessageRefused, ScanRefused or ScanTooLarge."""
    if len(uploads) > FILES_MAX:
        raise MessageRefused(message("{count} files at most go with a message.", count=FILES_MAX))
    files = []
    for name, content in uploads:
        scan = await checked_scan(content)
        files.append(named(name, scan.media, scan.content))
    return files
