"""Files of lessons: PDF or JPEG, looked at before they are kept as papers are, sealed, handed out as files."""

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.consents.scans import checked_scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed
from cloud.core.handed_files import Shelf, named
from cloud.core.messages import message
from cloud.core.sealed_files import count_files, drop_file, put_files
from cloud.core.services import Services
from cloud.journal.errors import JournalRefused
from cloud.journal.marking import Place, locked
from cloud.journal.rules import Hand

FILES = Shelf("lesson_file", "lesson_id", is_dated=True)
FILES_MAX = 5  # of a lesson


async def add_file(
    services: Services, actor: Actor, school: SchoolToday, place: Place, name: str, content: bytes
) -> int:  # fmt: skip
    """Keep a file of a lesson for students and families, and return its id.

    Raises NotAllowed, JournalRefused, ScanRefused or ScanTooLarge.
    """
    _check(place)
    scan = await checked_scan(content)
    file = named(name, scan.media, scan.content)
    async with services.database.transaction() as transaction:
        connection, now = await locked(transaction, school.id), services.clock.now()
        if await count_files(connection, FILES, place.lesson.id) >= FILES_MAX:
            raise JournalRefused(message("A lesson has {count} files at most.", count=FILES_MAX))
        (number,) = await put_files(services, connection, FILES, school.id, place.lesson.id, [file])
        detail = {"lesson": str(place.lesson.id), "size": str(len(scan.content))}
        await audit(
            transaction, actor, "lesson.file_added", f"lesson:{place.lesson.id}", detail, school_id=school.id, at=now
        )
    return number


async def drop_lesson_file(services: Services, actor: Actor, school: SchoolToday, place: Place, file_id: int) -> None:
    """Take a file of a lesson away. Raises NotAllowed or NotFound."""
    _check(place)
    async with services.database.transaction() as transaction:
        await drop_file(raw(transaction), FILES, place.lesson.id, file_id)
        await audit(
            transaction, actor, "lesson.file_dropped", f"lesson:{place.lesson.id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


def _check(place: Place) -> None:
    if place.hand is not Hand.TEACHER:
        raise NotAllowed
