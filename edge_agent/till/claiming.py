"""The hub's side of claims: it knows all tills' records, and what it has granted that no record tells of yet.

Rule: what is granted is on the hub's disk before it is answered, and counts from that moment, so that two tills that
ask in the same instant are not both granted. A grant that no sale follows is forgotten after a while.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog

from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.roster import Roster
from edge_agent.till.book import Book
from edge_agent.till.claims import Claim, Outcome
from edge_agent.till.desk import TillLog
from edge_agent.till.rules import NO_LIMIT, spendable_tiyn
from edge_agent.till.sales import Sales
from edge_agent.timekeeper import Stamp
from schemas import structs

GRANT_MS = 120_000  # from an answer to its sale: the cashier has touched already
GRANTS_MAX = 5_000
_decode = msgspec.json.Decoder(structs.AnyRecord).decode
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Grant:
    claim: Claim
    at_ms: int  # wall time: it outlives the program


class HubDesk:
    """Answers the tills of a school."""

    def __init__(
        self, device: str, log: TillLog, stamp: Callable[[], Stamp], roster: Callable[[], Roster | None], sales: Sales
    ) -> None:
        self._device = device
        self._log = log
        self._stamp = stamp
        self._roster = roster
        self._sales = sales
        self._book: Book | None = None
        self._grants: OrderedDict[str, _Grant] = OrderedDict()

    async def answer(self, claim: Claim) -> Outcome:
        """Judge a claim, write the judgement, and return it; `silent` when it cannot be judged or written."""
        stamp, book = self._stamp(), self._newest_book()
        if book is None:
            return "silent"
        outcome = self._judge(claim, book, stamp)
        if outcome == "silent":
            return outcome
        before = self._grants.pop(claim.sale, None)
        if outcome == "granted":
            self._grant(claim, stamp.wall_ms)
        try:
            await self._log.append(_record(claim, outcome, stamp))
        except (JournalUnavailable, JournalBroken) as error:
            log.error("claim.unwritten", error=str(error))  # noqa: TRY400 # its words say all
            self._take_back(claim, before)
            return "silent"
        return outcome

    def observe(self, entry: Entry) -> None:
        """Take a record of this hub's own journal, so that a restart forgets no grant."""
        if entry.record is None or b'"k":"claim"' not in entry.record:
            return
        try:
            found = _decode(entry.record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        if isinstance(found, structs.Claim) and found.outcome == "granted" and found.id not in self._grants:
            is_by_right = bool(found.by_right)
            claim = Claim(found.id, found.person, found.meal, found.day, found.amount_tiyn or 0, is_by_right)
            self._grant(claim, found.wall_ms)

    # Judging

    def _judge(self, claim: Claim, book: Book, stamp: Stamp) -> Outcome:
        buyer = book.buyer(claim.person, claim.day, claim.meal)
        if buyer is None:
            return "silent"  # this roster does not know them: the till goes by its own
        account = buyer.account
        known = self._sales.known(
            claim.person, meal=claim.meal, day=book.day_named(claim.day), counted=book.counted, device=self._device
        )
        others = list(self._others(claim, stamp.wall_ms))
        is_promised = any(each.is_by_right and (each.meal, each.day) == (claim.meal, claim.day) for each in others)
        if claim.is_by_right and (known.is_right_used or is_promised):
            return "had_it"
        if claim.amount_tiyn == 0:
            return "granted"
        if account is None:
            return "silent"  # the canteen's roster has not come yet, or knows no such account: the till goes by its own
        if claim.amount_tiyn > spendable_tiyn(buyer, known) - _sum(others):
            return "no_money"
        spent_tiyn = known.today_tiyn + _sum([each for each in others if each.day == claim.day])
        return "day_limit" if NO_LIMIT != account.day_limit_tiyn < spent_tiyn + claim.amount_tiyn else "granted"

    def _others(self, claim: Claim, now_ms: int) -> Iterator[Claim]:
        """Yield what is granted to the same person, and whose sale is not known yet."""
        for sale, grant in self._grants.items():
            is_same = grant.claim.person == claim.person and sale != claim.sale
            if is_same and abs(now_ms - grant.at_ms) <= GRANT_MS and self._sales.sold(sale) is None:
                yield grant.claim

    def _grant(self, claim: Claim, at_ms: int) -> None:
        self._grants[claim.sale] = _Grant(claim, at_ms)
        if len(self._grants) > GRANTS_MAX:
            self._grants.popitem(last=False)

    def _take_back(self, claim: Claim, before: _Grant | None) -> None:
        self._grants.pop(claim.sale, None)
        if before is not None:
            self._grants[claim.sale] = before

    def _newest_book(self) -> Book | None:
        roster = self._roster()
        if roster is not None and (self._book is None or self._book.roster is not roster):
            self._book = Book(roster, self._device)
        return self._book if roster is not None else None


def _record(claim: Claim, outcome: Outcome, stamp: Stamp) -> bytes:
    told: Literal["granted", "refused"] = "granted" if outcome == "granted" else "refused"
    return msgspec.json.encode(
        structs.Claim(
            monotonic_ms=stamp.monotonic_ms, wall_ms=stamp.wall_ms, clock=stamp.quality, id=claim.sale,
            person=claim.person, meal=claim.meal, day=claim.day, outcome=told, amount_tiyn=claim.amount_tiyn,
            by_right=claim.is_by_right,
        )
    )  # fmt: skip


def _sum(claims: Sequence[Claim]) -> int:
    return sum(claim.amount_tiyn for claim in claims)
