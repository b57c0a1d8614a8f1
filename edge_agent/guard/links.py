"""Links to the muster list for phones: made by a guard, good for eight hours, also after a restart.

Rule: of a link only its digest is kept. Who has the link sees names and classes, and says who is here; nothing else.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from edge_agent.guard.duty import digest_of
from edge_agent.guard.refusal import NotDone
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.till.pins import Notes
from edge_agent.timekeeper import Stamp

LASTS_MS = 8 * 3_600_000
LINKS_MAX = 16
OPENED_MAX = 40  # phones that may open one link
CALLS_MAX = 5_000  # that come by one link until a restart: a phone must not fill the journal
NAME_DIGITS = 8
_NOTE = "muster_links"


@dataclass(frozen=True, slots=True)
class Link:
    """A link, by the digest of its secret. `until_ms` is wall time."""

    digest: str
    until_ms: int
    opened: int = 0

    @property
    def name(self) -> str:
        """Return what stands for it in records."""
        return self.digest[:NAME_DIGITS]


class Links:
    """The links of one desk."""

    def __init__(self, notes: Notes, now: Callable[[], Stamp]) -> None:
        self._notes = notes
        self._now = now
        self._links: dict[str, Link] = {}
        self._calls: Counter[str] = Counter()

    async def restore(self) -> None:
        """Take up what was made before a restart; what cannot be read is made anew by whoever needs it."""
        try:
            said = json.loads(await self._notes.recall(_NOTE) or "[]")
            links = [Link(str(digest), int(until_ms), int(opened)) for digest, until_ms, opened in said]
        except (JournalUnavailable, JournalBroken, ValueError, TypeError):
            return
        self._links = {link.digest: link for link in links[-LINKS_MAX:]} | self._links

    async def make(self) -> tuple[str, Link]:
        """Return the secret of a new link, and the link."""
        secret = secrets.token_urlsafe(24)
        link = Link(digest_of(secret), self._now().wall_ms + LASTS_MS)
        await self._keep([*self._good(), link][-LINKS_MAX:])
        return secret, link

    async def withdraw(self) -> None:
        """Let no link be good any more."""
        await self._keep([])

    def link(self, secret: str) -> Link | None:
        """Return the link of a secret; None when there is none, or it is over."""
        link = self._links.get(digest_of(secret))
        return link if link is not None and link.until_ms > self._now().wall_ms else None

    async def open(self, secret: str) -> Link:
        """Count a phone that opens a link. Raises NotDone."""
        link = self.link(secret)
        if link is None:
            raise NotDone("link_over")
        if link.opened >= OPENED_MAX:
            raise NotDone("link_full")
        opened = replace(link, opened=link.opened + 1)
        await self._keep([opened if each.digest == link.digest else each for each in self._good()])
        return opened

    def count_call(self, link: Link) -> None:
        """Count what comes by a link. Raises NotDone."""
        self._calls[link.digest] += 1
        if self._calls[link.digest] > CALLS_MAX:
            raise NotDone("link_full")

    def _good(self) -> list[Link]:
        now_ms = self._now().wall_ms
        return [link for link in self._links.values() if link.until_ms > now_ms]

    async def _keep(self, links: Iterable[Link]) -> None:
        self._links = {link.digest: link for link in links}
        self._calls = Counter({digest: count for digest, count in self._calls.items() if digest in self._links})
        try:
            kept = [[link.digest, link.until_ms, link.opened] for link in self._links.values()]
            await self._notes.remember(_NOTE, json.dumps(kept))
        except (JournalUnavailable, JournalBroken):
            pass  # a fire does not wait for a disk: memory goes on, and a restart needs a new link
