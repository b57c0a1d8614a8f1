"""Messages that wait for a window: bounded for each device and in all, and taken by turns when there are too many.

Rule: a school with a long backlog gets its share of each window and no more, so that live taps of others do not wait
behind it; nor do they wait long for a window that is full of backlogs. A device that sends without waiting for answers
loses its own surplus only.
"""

from collections import deque
from dataclasses import dataclass, field

from cloud.ingest.messages import Address, Arrived, address_of
from schemas import topics

WINDOW_RECORDS_MAX = 1_000
WINDOW_MESSAGES_MAX = 2_000
SHARE_RECORDS = 50  # what a school gets before it is the next one's turn
WORTH_RECORDS = 200  # for so many a window is taken at once: to wait for more would save little
BACKLOG_BATCH = 30  # records in a message of somebody who was cut off; live taps come alone or by a few
BACKLOG_RECORDS_MAX = 300  # of such messages in a window, which so takes some 20 ms; then it may be one message over
DEVICE_MESSAGES_MAX = 32  # an honest device has four in flight
MESSAGES_MAX = 50_000
BYTES_MAX = 128 * 1024 * 1024
STRANGERS = Address(0, "", "", "", "")


@dataclass(slots=True)
class _School:
    """What waits of one school, by device in the order of their turns."""

    queues: dict[str, deque[Arrived]] = field(default_factory=dict)
    credit: int = 0


class Waiting:
    """The queue between the broker and the store."""

    def __init__(self) -> None:
        self.messages = 0
        self.records = 0
        self.backlog = 0
        self.bytes = 0
        self.copies = 0
        self._schools: dict[str, _School] = {}

    def offer(self, arrived: Arrived) -> bool:
        """Take a message, or return False: this device, or everybody together, has too much waiting."""
        if self.messages >= MESSAGES_MAX or self.bytes >= BYTES_MAX:
            return False
        address = address_of(arrived.topic) or STRANGERS
        school = self._schools.get(address.school)
        if school is None:
            school = self._schools[address.school] = _School()
        queue = school.queues.get(address.device)
        if queue is None:
            queue = school.queues[address.device] = deque()
        elif address.channel == topics.REC and any(each.payload == arrived.payload for each in queue):
            self.copies += 1  # the same bytes wait already, and one answer answers both
            return True
        elif len(queue) >= DEVICE_MESSAGES_MAX:
            return False
        queue.append(arrived)
        self._count(arrived, 1)
        return True

    @property
    def is_full(self) -> bool:
        """Tell whether a whole window waits."""
        return (
            self.records >= WINDOW_RECORDS_MAX
            or self.messages >= WINDOW_MESSAGES_MAX
            or self.backlog >= BACKLOG_RECORDS_MAX
        )

    @property
    def is_worth_a_window(self) -> bool:
        """Tell whether enough waits that a window's own cost no longer matters."""
        return self.records >= WORTH_RECORDS

    def take(self) -> list[Arrived]:
        """Return the next window: everything, or a share of every school, in turns, and of every device of it."""
        if not self.is_full:
            return self._take_all()
        window: list[Arrived] = []
        room, backlog_end = WINDOW_RECORDS_MAX, self.backlog - BACKLOG_RECORDS_MAX
        aside: dict[str, _School] = {}  # who has nothing but backlog, of which this window has its part
        while room > 0 and self._schools and len(window) < WINDOW_MESSAGES_MAX:
            code = next(iter(self._schools))
            school = self._schools.pop(code)
            school.credit += SHARE_RECORDS
            while school.credit > 0 and school.queues:
                arrived = self._take_turn(school, with_backlog=self.backlog > backlog_end)
                if arrived is None:
                    school.credit, aside[code] = 0, school
                    break
                records = weight(arrived)
                school.credit -= records
                room -= records
                window.append(arrived)
            if school.queues and code not in aside:
                self._schools[code] = school
        self._schools = aside | self._schools  # so that their turn comes first the next time
        return window

    def clear(self) -> None:
        """Forget everything; the devices send it again."""
        self._schools.clear()
        self.messages = self.records = self.backlog = self.bytes = 0

    def _take_all(self) -> list[Arrived]:
        window = [arrived for school in self._schools.values() for queue in school.queues.values() for arrived in queue]
        self.clear()
        return window

    def _take_turn(self, school: _School, *, with_backlog: bool) -> Arrived | None:
        """Return the first message of the device whose turn it is; None when only backlog is left and not wanted."""
        wanted = (name for name, queue in school.queues.items() if with_backlog or weight(queue[0]) < BACKLOG_BATCH)
        name = next(wanted, None)
        if name is None:
            return None
        queue = school.queues.pop(name)
        arrived = queue.popleft()
        if queue:
            school.queues[name] = queue
        self._count(arrived, -1)
        return arrived

    def _count(self, arrived: Arrived, sign: int) -> None:
        records = weight(arrived)
        self.messages += sign
        self.records += sign * records
        self.backlog += sign * (records if records >= BACKLOG_BATCH else 0)
        self.bytes += sign * len(arrived.payload)


def weight(arrived: Arrived) -> int:
    """Return about how many records a message holds: its lines but the seal and the header, and one at least."""
    return max(1, arrived.payload.count(b"\n") - 1)
