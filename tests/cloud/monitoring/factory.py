"""A simulated machine, a watch of it, and a mailbox of an operator."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cloud.core.services import Services
from cloud.monitoring.measuring import Counts, Disk, Program, Snapshot
from cloud.monitoring.watching import Failures, Watch
from tests.cloud.reports.test_sending import Mailbox, listening

GB = 1_000_000_000
QUIET = Snapshot(
    processor=12.5, processors=2, load=0.4, memory_used=2 * GB, memory_total=8 * GB, swap_used=0,
    disks=[Disk("/", 40 * GB, 100 * GB)], network=Counts(1_000_000, 500_000, 0),
    programs=[Program("postgres", 9, GB, 3.5, "sleeping"), Program("esik worker", 2, GB, 41.0, "running sleeping")],
    booted_at=datetime(2026, 8, 25, 1, 0, tzinfo=UTC),
)  # fmt: skip


@dataclass(slots=True)
class SimulatedMachine:
    """A machine that is as it is set."""

    now: Snapshot = QUIET

    def snapshot(self, _folders: Sequence[Path]) -> Snapshot:
        return self.now

    def fill_disk(self, used: int) -> None:
        """Let its disk of 100 GB be so full, in GB."""
        self.now = _with(self.now, disks=[Disk("/", used * GB, 100 * GB)])

    def receive(self, count: int) -> None:
        """Let so many bytes come."""
        network = self.now.network
        self.now = _with(self.now, network=Counts(network.received + count, network.sent, network.errors))


@dataclass(slots=True)
class Watched:
    """A watch whose worker has the turn, or not."""

    services: Services
    machine: SimulatedMachine = field(default_factory=SimulatedMachine)
    has_turn: bool = True
    failures: Failures = field(default_factory=Failures)

    def watch(self, name: str = "worker-1") -> Watch:
        """Return it."""
        return Watch(self.services, name, lambda: self.has_turn, self.failures, self.machine)


@asynccontextmanager
async def told_by_mail(services: Services) -> AsyncIterator[tuple[Services, Mailbox]]:
    """Yield services whose operator has a mailbox, and the mailbox."""
    mailbox = Mailbox()
    async with listening(mailbox) as post:
        settings = replace(
            services.settings, smtp_url=f"smtp://{post.server.host}:{post.server.port}", smtp_from="esik@example.kz",
            operator_targets="mailto:ops@example.kz", operator_language="en", server_name="alpha",
        )  # fmt: skip
        yield replace(services, settings=settings), mailbox


def _with(snapshot: Snapshot, **changes: object) -> Snapshot:
    return Snapshot(**{**{name: getattr(snapshot, name) for name in snapshot.__struct_fields__}, **changes})
