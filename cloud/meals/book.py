"""What tills' records mean for money: a book that meets them one by one, in any order, and says what to post. Pure.

Rule: after the same records the balances are the same, whatever their order: what is posted with a record is the
difference that it makes. Only of two sales, or two changes, that bear one id the log's first stands. What may not count
(see `Oddness`) stands apart until the office decides; a refund of a refund has no sale, and is never posted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from cloud.ingest.instants import DOUBTED
from cloud.ledger.kinds import EntryKind
from cloud.ledger.rules import Account, Posting
from cloud.meals.rules import Change, ChangeKind, Line, Odd, Oddness, Place, Run, Sale, Stand, moved_by

COST_MAX_TIYN = 10**9  # of all lines of a sale: ten million tenge; what a broken till tells beyond is not believed
CHANGES_MAX = 50  # of one sale; what a broken till tells beyond would make every other one dearer
SEQ_END = 2**63 - 1  # behind every number of a record
SLACK = timedelta(hours=1)  # a till's clock and ours differ
LineOf = tuple[str, str, str]  # sale, device and epoch: lines of others do not belong to a sale


@dataclass(frozen=True, slots=True)
class Cause:
    """The record with which something is posted; `on` is its day, where its cashier knew that better than its clock."""

    place: Place
    kind: EntryKind
    at: datetime
    on: date | None


@dataclass(slots=True)
class Book:
    """A school's sales that some records concern, as they were kept; then as they are after those records.

    `costs` are of the lines of sales that do not stand (yet), `changes` all those of the sales concerned, `odd` what
    was set apart at the places concerned, or waits for a shift that is told of now.
    """

    sales: dict[str, Sale] = field(default_factory=dict)
    costs: dict[LineOf, int] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    stands: Sequence[Stand] = ()
    odd: dict[Place, Odd] = field(default_factory=dict)
    known_lines: frozenset[Place] = frozenset()  # that were met before, as when the log is read anew
    namesakes: dict[LineOf, set[int]] = field(default_factory=dict)  # numbers of sales of one id that were set apart
    touched: set[str] = field(default_factory=set)  # sales to keep
    changed: set[str] = field(default_factory=set)  # changes to keep
    set_apart: set[Place] = field(default_factory=set)  # what is odd now, and was not
    released: set[Place] = field(default_factory=set)  # what was odd, and counts now
    postings: list[Posting] = field(default_factory=list)
    _of_sale: dict[str, list[str]] = field(default_factory=dict)  # sale -> its changes

    def __post_init__(self) -> None:
        """Sort the changes by sale."""
        for change in self.changes.values():
            self._of_sale.setdefault(change.sale, []).append(change.id)

    def meet_line(self, line: Line, at: datetime) -> None:
        """Meet a line: it belongs to a sale that comes, or is late for one that came, of the same device and epoch."""
        if line.place in self.known_lines:
            return
        sale, of = self.sales.get(line.sale), (line.sale, line.place.device, line.place.epoch)
        is_late = sale is not None and (sale.place.device, sale.place.epoch) == of[1:]
        before = sale.full_tiyn if sale is not None and is_late else self.costs.get(of, 0)
        if before + line.cost_tiyn > COST_MAX_TIYN:
            return
        if sale is None or not is_late:
            self.costs[of] = before + line.cost_tiyn
            return
        cause = Cause(line.place, EntryKind.SALE, at, self.day_named(sale))
        self._put(replace(sale, full_tiyn=before + line.cost_tiyn), cause)

    def meet_run(self, run: Run) -> None:
        """Meet a shift: its opening or its closing; what waited for it counts now."""
        known = self.runs.get((run.device, run.shift))
        self.runs[run.device, run.shift] = run if known is None else known.joined(run)
        waiting = [
            (place, odd.told)
            for place, odd in self.odd.items()
            if odd.why is Oddness.NO_SHIFT and not odd.is_decided and isinstance(odd.told, Sale)
            and (place.device, odd.told.shift) == (run.device, run.shift)
        ]  # fmt: skip
        for place, sale in sorted(waiting, key=lambda each: each[0]):
            del self.odd[place]
            self.set_apart.discard(place)
            self.released.add(place)
            self._meet_sale_of_till(sale)

    def meet_sale(self, sale: Sale, received_at: datetime) -> None:
        """Meet a sale: it counts if its device is a till and has told of its shift, and its id is its own."""
        known = self.sales.get(sale.id)
        if sale.place in self.odd or (known is not None and known.place == sale.place):
            return
        if self.was_till(sale.place.device, sale.at, sale.clock, received_at):
            self._meet_sale_of_till(sale)
        else:
            self._set_apart(Oddness.NOT_TILL, sale)

    def _meet_sale_of_till(self, sale: Sale) -> None:
        if (sale.place.device, sale.shift) not in self.runs:
            self._set_apart(Oddness.NO_SHIFT, sale)
        elif sale.id in self.sales:
            self._set_apart(Oddness.SAME_ID, sale)
        else:
            self.stand(sale)

    def stand(self, sale: Sale) -> None:
        """Let a sale count, with its lines and what was taken back of it so far."""
        assert sale.id not in self.sales, "an id is of one sale"  # noqa: S101
        full = self.costs.pop((sale.id, sale.place.device, sale.place.epoch), 0)
        self._put(replace(sale, full_tiyn=full), self._cause(sale))

    def meet_change(self, change: Change, received_at: datetime) -> None:
        """Meet a void or a refund, once for its id."""
        known = self.changes.get(change.id)
        if change.place in self.odd or (known is not None and known.place == change.place):
            return
        if not self.was_till(change.place.device, change.at, change.clock, received_at):
            self._set_apart(Oddness.NOT_TILL, change)
        elif known is not None:
            self._set_apart(Oddness.SAME_ID, change)
        elif len(self._of_sale.get(change.sale, [])) >= CHANGES_MAX:
            self._set_apart(Oddness.TOO_MANY, change)
        else:
            self.take_back(change)

    def take_back(self, change: Change) -> None:
        """Let a change count: it gives back what it says, and at most what remains."""
        assert change.id not in self.changes, "an id is of one change"  # noqa: S101
        self.changes[change.id] = change
        self.changed.add(change.id)
        of_sale = self._of_sale.setdefault(change.sale, [])
        of_sale.append(change.id)
        if (sale := self.sales.get(change.sale)) is not None:
            before = self._moved(sale, [each for each in of_sale if each != change.id])
            self._settle(sale, self._cause(change), before)

    def own_lines(self, told: Sale) -> range:
        """Return at which numbers of its device the lines of a sale stand: behind the one before that bears its id.

        Whatever was decided about the others, and in which order: lines of theirs are not its own.
        """
        first, place = self.sales.get(told.id), told.place
        others = self.namesakes.get((told.id, place.device, place.epoch), set()) - {place.seq}
        if first is not None and (first.place.device, first.place.epoch) == (place.device, place.epoch):
            others = others | {first.place.seq}
        begin = max((seq + 1 for seq in others if seq < place.seq), default=0)
        return range(begin, place.seq if others else SEQ_END)

    def accept(self, odd: Odd, cost_tiyn: int = 0) -> str:
        """Let what was set apart count, and return its id: a new one where another bears its own.

        `cost_tiyn` is what a sale's own lines cost (see `own_lines`).
        """
        told = odd.told
        if isinstance(told, Change):
            told = replace(told, id=told.place.id) if told.id in self.changes else told
            self.take_back(told)
            return told.id
        if (first := self.sales.get(told.id)) is None:
            self.stand(told)
            return told.id
        begun, of = len(self.postings), (told.place.device, told.place.epoch)
        if (first.place.device, first.place.epoch) == of:  # the lines of both were taken for the first's
            left = replace(first, full_tiyn=max(0, first.full_tiyn - cost_tiyn))
            self._put(left, self._cause(told))
        else:
            self.costs[told.id, *of] = max(0, self.costs.get((told.id, *of), 0) - cost_tiyn)
        told = replace(told, id=told.place.id)
        self.costs[told.id, *of] = cost_tiyn
        self.stand(told)
        self._join(begun)
        return told.id

    def was_till(self, device: str, at: datetime, clock: str, received_at: datetime) -> bool:
        """Tell whether a device was a till then; where its clock did not know the time, whether it ever was one.

        A till that was entered after a record was received does not count for it, so that whoever reads the log anew,
        when more tills are known, finds the same.
        """
        return any(
            stand.device == device
            and stand.since_at <= received_at
            and (
                clock in DOUBTED
                or (stand.since_at - SLACK <= at and (stand.until_at is None or at <= stand.until_at + SLACK))
            )
            for stand in self.stands
        )

    def day_named(self, told: Sale | Change) -> date | None:
        """Return the day of a sale or a change as its cashier named it, where its clock did not know; else none."""
        if told.clock not in DOUBTED:
            return None
        if isinstance(told, Change):
            return self.day_at(told.place.device, told.position)
        run = self.runs.get((told.place.device, told.shift))
        return run.named_on if run is not None else None

    def day_at(self, device: str, position: int) -> date | None:
        """Return the day that was named for the shift that was open at a device where the log has a position."""
        opened = [
            (run.opened_position, run.named_on)
            for run in self.runs.values()
            if run.device == device and run.opened_position is not None and run.opened_position < position
        ]
        return max(opened, key=lambda each: each[0])[1] if opened else None

    def _cause(self, told: Sale | Change) -> Cause:
        kind = EntryKind.SALE if isinstance(told, Sale) else EntryKind(told.kind.value)
        return Cause(told.place, kind, told.at, self.day_named(told))

    def _join(self, begun: int) -> None:
        """Make one posting of those since a place in the list: what stands at one place is posted once."""
        if len(posted := self.postings[begun:]) < 2:
            return
        lines = Counter[Account]()
        for each in posted:
            lines.update(each.lines)
        moved = {account: amount for account, amount in lines.items() if amount}
        self.postings[begun:] = [replace(posted[-1], lines=moved)] if moved else []

    def _put(self, sale: Sale, cause: Cause) -> None:
        """Keep a sale that is new, or has another line, and post the difference."""
        old = self.sales.get(sale.id)
        before = self._moved(old, self._of_sale.get(sale.id, [])) if old is not None else Counter[Account]()
        self._settle(sale, cause, before)

    def _settle(self, sale: Sale, cause: Cause, before: Counter[Account]) -> None:
        """Deal out what is given back among a sale's changes, in the order of their times, and post the difference."""
        returned, is_void = 0, False
        for change in sorted(self._changes_of(sale.id), key=lambda each: (each.at, each.place)):
            remains = sale.amount_tiyn - returned
            given = remains if change.kind is ChangeKind.VOID else min(change.amount_tiyn, remains)
            returned, is_void = returned + given, is_void or change.kind is ChangeKind.VOID
            if change.given_tiyn != given:
                self.changes[change.id] = replace(change, given_tiyn=given)
                self.changed.add(change.id)
        sale = replace(sale, returned_tiyn=returned, is_void=is_void)
        self.sales[sale.id] = sale
        self.touched.add(sale.id)
        after = self._moved(sale, self._of_sale.get(sale.id, []))
        after.subtract(before)
        lines = {account: amount for account, amount in after.items() if amount}
        if lines:  # else no money moves, as for a free meal that costs nothing
            self.postings.append(Posting(cause.place.key, cause.kind, cause.at, lines, cause.on))

    def _moved(self, sale: Sale, changes: Iterable[str]) -> Counter[Account]:
        return moved_by(sale, [self.changes[each] for each in changes])

    def _changes_of(self, sale: str) -> list[Change]:
        return [self.changes[each] for each in self._of_sale.get(sale, [])]

    def _set_apart(self, why: Oddness, told: Sale | Change) -> None:
        self.odd[told.place] = Odd(why, told)
        if isinstance(told, Sale):
            self.namesakes.setdefault((told.id, told.place.device, told.place.epoch), set()).add(told.place.seq)
        self.set_apart.add(told.place)
        self.released.discard(told.place)
