"""A Social Wallet that speaks by the desk's seam over a poor line: slow, repeating itself, failing, losing answers.

Rule: one number is one meal; what is told again under it is the same, or it is counted as a quarrel. It is our own
guess at such a system: the interface of the real one is not public.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud.wallet.desk import Fetched, Told, WalletAway
from simulators.clock import SimulatedClock

SLOW_S = 45.0


@dataclass(frozen=True, slots=True)
class WalletFaults:
    """How poor the line is: chances of one question."""

    lost_before: float = 0.0  # the question never comes
    lost_after: float = 0.0  # it is done, and the answer does not come back
    slow: float = 0.0  # the answer comes late
    twice: float = 0.0  # it is heard twice
    partial: float = 0.0  # only the first half of what was told is heard


POOR_LINE = WalletFaults(lost_before=0.2, lost_after=0.2, slow=0.2, twice=0.3, partial=0.2)


@dataclass(slots=True)
class SimulatedWallet:
    """The wallet: what waits for schools, and a book of the meals that it was told."""

    clock: SimulatedClock
    rng: random.Random
    faults: WalletFaults = WalletFaults()
    waiting: dict[str, list[Fetched]] = field(default_factory=dict)  # by school
    book: dict[str, Told] = field(default_factory=dict)  # by number
    refuses: dict[str, str] = field(default_factory=dict)  # vouchers that it does not know, with why
    quarrels: int = 0  # how often a number came with something else
    times_heard: int = 0

    async def send(self, school: str, meals: Sequence[Told]) -> Mapping[str, str]:  # noqa: ARG002 (one book for all)
        """Hear of meals. Raises WalletAway."""
        self._come()
        heard = meals[: max(1, len(meals) // 2)] if self._chance(self.faults.partial) else meals
        answers = {each.number: self._hear(each) for each in heard}
        if self._chance(self.faults.twice):
            answers = {each.number: self._hear(each) for each in heard}
        self._go()
        return answers

    async def fetch(self, school: str) -> Sequence[Fetched]:
        """Give what waits. Raises WalletAway."""
        self._come()
        self._go()
        return tuple(self.waiting.get(school, ()))

    async def has_taken(self, school: str, name: str) -> None:
        """Give a file no more. Raises WalletAway."""
        self._come()
        self.waiting[school] = [file for file in self.waiting.get(school, ()) if file.name != name]
        self._go()

    @property
    def owed_tiyn(self) -> int:
        """Return what it owes for the meals that stand in its book."""
        back = {told.sale for told in self.book.values() if told.is_back}
        standing = (told for told in self.book.values() if not told.is_back and told.sale not in back)
        return sum(int(told.row["owed_tenge"].replace(".", "")) for told in standing)

    def _hear(self, told: Told) -> str:
        self.times_heard += 1
        why = self.refuses.get(told.row["voucher"], "")
        if why:
            return why
        self.quarrels += self.book.setdefault(told.number, told) != told
        return ""

    def _come(self) -> None:
        if self._chance(self.faults.lost_before):
            raise WalletAway

    def _go(self) -> None:
        if self._chance(self.faults.slow):
            self.clock.advance(SLOW_S)
        if self._chance(self.faults.lost_after):
            raise WalletAway

    def _chance(self, of: float) -> bool:
        return self.rng.random() < of
