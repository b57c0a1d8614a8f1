"""The worker: takes records in for its share of the shards and runs the readers of the log; one a core.

Rule: each part is kept running on its own; a part that fails begins again after a pause, and the others go on.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from cloud.alerts import rounds
from cloud.alerts.judging import judge_due
from cloud.attendance.projection import Attendance
from cloud.builder.turns import make_and_tell
from cloud.core.ending import is_ended
from cloud.core.errors import kinds_of
from cloud.core.migrating import TablesOfAnotherVersion, check_version
from cloud.core.periodic import untroubled
from cloud.core.services import Services
from cloud.core.settings import Edition
from cloud.core.sms_gateways import gateway_of
from cloud.core.wakeups import EVERYTHING
from cloud.devices.alarms import Raised, forget_alarms, note_alarms
from cloud.devices.commands import CHANNEL as COMMANDS
from cloud.devices.commands import forget_commands
from cloud.devices.health import forget_health
from cloud.devices.invitations import forget_invitations
from cloud.devices.renewals import forget_certificates
from cloud.devices.requests import forget_nonces
from cloud.devices.silence import alarm_silent
from cloud.erasure.actions import erase_due
from cloud.exports.making import Exporter
from cloud.figures import WorkerFigures, watch
from cloud.gatebook.projection import GateBook
from cloud.guardian.sms_asking import Answerer
from cloud.ingest import announcing, commanding, leases
from cloud.ingest.cursor import Projection
from cloud.ingest.following import Follower
from cloud.ingest.intake import Intake
from cloud.ingest.partitions import make_partitions
from cloud.ingest.plan import Plan
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import CHECK_S, Senders
from cloud.ingest.sightings import Sightings
from cloud.ingest.transport import broker_of
from cloud.integrity.anchoring import anchor_due
from cloud.integrity.checking import check_due
from cloud.integrity.collecting import collect_due
from cloud.integrity.delivering import deliver_due
from cloud.integrity.sealing import reseal
from cloud.integrity.syslog import forward
from cloud.ledger.checking import check_moved, check_nightly
from cloud.meals.projection import Meals
from cloud.messages.sending import send_due as send_messages
from cloud.monitoring.turns import Turn
from cloud.monitoring.watching import Failures, Watch
from cloud.monitoring.watching import forget as forget_servers
from cloud.notifications.actions import forget_notices
from cloud.notifications.broken import tell_broken
from cloud.notifications.by_clock import tell_by_clock
from cloud.notifications.channels.delivering import Deliverer
from cloud.notifications.channels.registry import lasts_of, open_senders, senders_of
from cloud.notifications.channels.sms_requests import forget_requests
from cloud.notifications.channels.telegram_api import bot_of
from cloud.notifications.channels.telegram_feed import Feed
from cloud.notifications.days import forget_days
from cloud.notifications.teller import Teller
from cloud.people.stays import note_missed
from cloud.people.texting import forget_texts
from cloud.releases import rollouts, telling
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.lateness import ask_late
from cloud.reports.making import make_due
from cloud.reports.meals import MEALS
from cloud.reports.sending import post_of, send_due
from cloud.retention.actions import delete_due
from cloud.rosters.publisher import Publisher
from cloud.rosters.renewing import alarm_ending
from cloud.statistics import checking, indicating, rolling
from cloud.timetable.jobs import Solver
from cloud.timetable.laying import lay_out_due
from cloud.topups.fiscal import register_due
from cloud.topups.webkassa import open_desk
from cloud.webhooks.delivering import deliver_due as deliver_webhooks
from cloud.webhooks.delivering import forget_events

PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 30.0
SIGHTINGS_S, HEARD_S, FLOODS_S = 2, 30, 10
ALERTS_S = 15
FISCAL_S, WEBHOOKS_S = 5, 2
MESSAGES_S = 10
LETTERS_S, EVENTS_S, BUILT_S = 15, 15, 30
GRACE_S = 3_600
log = structlog.get_logger()


@dataclass(slots=True)
class Worker:
    """Runs until cancelled."""

    services: Services
    holder: str = ""  # its name among the workers
    shards: frozenset[int] = frozenset()
    intake: Intake | None = None
    _sightings: Sightings = field(default_factory=Sightings)
    _committed: list[asyncio.Event] = field(default_factory=list)  # of each reader of the log
    _failures: Failures = field(default_factory=Failures)
    _turn: Turn = field(init=False)

    def __post_init__(self) -> None:
        """Give it a name: its own, or the embedded edition's, so that the next run follows a killed one at once."""
        is_alone = self.services.settings.edition is Edition.EMBEDDED
        self.holder = self.holder or ("worker" if is_alone else f"worker-{secrets.token_hex(4)}")
        self._turn = Turn(self.services.settings.database_url, self.services.clock, self.holder)

    async def run(self) -> None:
        """Serve this worker's share."""
        senders = Senders(self.services.database.pool, self.services.vault, self.services.clock)
        servers = Watch(self.services, self.holder, lambda: self._turn.has, self._failures)
        figures = WorkerFigures(
            lambda: self.shards, lambda: self.intake, lambda: self._turn.has, lambda: servers.reading
        )  # fmt: skip
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "ingest": lambda: self._ingest(senders),
            "senders": lambda: senders.follow(self.services.wakeups),
            "attendance": lambda: self._project(lambda: Attendance(self.services)),
            "meals": lambda: self._project(lambda: Meals(self.services)),
            "gatebook": lambda: self._project(lambda: GateBook(self.services)),
            "notices": Teller(self.services, lambda: self.shards, lasts_of(senders_of(self.services))).run,
            "deliveries": self._deliver,
            "rosters": Publisher(self.services).run,
            "announcements": self._announce,
            "releases": self._tell_releases,
            "commands": self._command,
            "exports": Exporter(self.services).run,
            "timetables": Solver(self.services).run,
            "turn": self._turn.keep,
            "servers": servers.run,
            "statistics": lambda: rolling.follow(self.services, lambda: self.shards),
            "syslog": lambda: forward(self.services, lambda: self._turn.has),
            "metrics": lambda: watch(self.services, figures, lambda: self.shards),
        }
        if (bot := bot_of(self.services.settings)) is not None:
            parts["telegram"] = Feed(self.services, bot, self.holder).run
        if self.services.settings.sms_secret and (gateway := gateway_of(self.services.settings)) is not None:
            parts["sms_requests"] = Answerer(self.services, gateway).run
        scheduler = self._scheduler(senders)
        scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                for name, part in parts.items():
                    group.create_task(self._keep(name, part), name=f"worker.{name}")
        finally:
            scheduler.shutdown(wait=False)
            await self._leave()

    # Keeping parts running

    async def _keep(self, name: str, part: Callable[[], Awaitable[None]]) -> None:
        """Run a part, again and again, with longer pauses while it fails."""
        pause_s = PAUSE_S_MIN
        while True:
            began_s = self.services.clock.monotonic_s()
            try:
                await part()
            except Exception as error:  # noqa: BLE001 - the outermost loop of a part: it is told, and begins again
                log.warning("part.failed", part=name, error=kinds_of(error))
                self._failures.note(name, self.services.clock.now())
                if is_ended():
                    return
            if self.services.clock.monotonic_s() - began_s > PAUSE_S_MAX:
                pause_s = PAUSE_S_MIN
            await self.services.clock.sleep(pause_s * self.services.rng.uniform(0.5, 1.5))
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)

    def _scheduler(self, senders: Senders) -> AsyncIOScheduler:
        """Return what wakes the periodic work; what is to be done stands in tables.

        Some of it is each worker's own; the rest is done by the one that has the turn.
        """
        scheduler, post = AsyncIOScheduler(timezone="UTC"), post_of(self.services.settings)
        own: tuple[tuple[Callable[[], Awaitable[object]], dict[str, int]], ...] = (
            (senders.check, {"seconds": int(CHECK_S)}),
            (lambda: self._sightings.write(self.services.database.pool), {"seconds": SIGHTINGS_S}),
            (lambda: self._sightings.write_heard(self.services.database.pool), {"seconds": HEARD_S}),
            (self.note_floods, {"seconds": FLOODS_S}),
            (lambda: judge_due(self.services, self.shards), {"seconds": ALERTS_S}),
            (lambda: tell_broken(self.services, self.shards), {"minutes": 10}),
        )
        work: tuple[tuple[Callable[[], Awaitable[object]], dict[str, int]], ...] = (
            (self._make_partitions, {"hours": 6}),
            (self._forget_old, {"hours": 1}),
            (lambda: alarm_silent(self.services), {"minutes": 5}),
            (lambda: forget_nonces(self.services), {"hours": 1}),
            (lambda: alarm_ending(self.services), {"hours": 1}),
            (lambda: forget_certificates(self.services), {"hours": 6}),
            (lambda: rollouts.look_at_all(self.services), {"minutes": 1}),
            (lambda: forget_invitations(self.services), {"hours": 24}),
            (lambda: forget_notices(self.services), {"hours": 1}),
            (lambda: forget_days(self.services), {"minutes": 10}),
            (lambda: rounds.forget(self.services.database.pool, self.services.clock.now()), {"hours": 6}),
            (lambda: tell_by_clock(self.services), {"minutes": 5}),
            (lambda: send_messages(self.services), {"seconds": MESSAGES_S}),
            (lambda: deliver_webhooks(self.services), {"seconds": WEBHOOKS_S}),
            (lambda: forget_events(self.services.database.pool, self.services.clock.now()), {"hours": 1}),
            (lambda: forget_texts(self.services.database.pool, self.services.clock.now()), {"hours": 24}),
            (lambda: forget_requests(self.services.database.pool, self.services.clock.now()), {"hours": 24}),
            (lambda: register_due(self.services, open_desk), {"seconds": FISCAL_S}),
            (lambda: check_moved(self.services), {"minutes": 10}),
            (lambda: check_nightly(self.services), {"hours": 1}),
            (lambda: checking.check_nightly(self.services), {"hours": 1}),
            (lambda: indicating.count_nightly(self.services), {"hours": 1}),
            (lambda: make_due(self.services, MEALS), {"minutes": 10}),
            (lambda: make_due(self.services, ATTENDANCE), {"minutes": 10}),
            (lambda: delete_due(self.services), {"hours": 6}),
            (lambda: erase_due(self.services), {"minutes": 1}),
            (lambda: anchor_due(self.services), {"minutes": 20}),
            (lambda: deliver_due(self.services, post), {"minutes": 5}),
            (lambda: reseal(self.services), {"hours": 1}),
            (lambda: check_due(self.services), {"hours": 1}),
            (lambda: ask_late(self.services), {"minutes": 10}),
            (lambda: lay_out_due(self.services), {"minutes": 1}),
            (lambda: send_due(self.services, post), {"seconds": LETTERS_S}),
            (lambda: make_and_tell(self.services, post), {"seconds": BUILT_S}),
            (lambda: collect_due(self.services), {"seconds": EVENTS_S}),
            (lambda: forget_servers(self.services), {"hours": 1}),
            (lambda: note_missed(self.services.database.pool, self.services.clock.now()), {"hours": 1}),
        )
        for task, every in (*own, *((self._in_turn(task), every) for task, every in work)):
            scheduler.add_job(untroubled(task), "interval", misfire_grace_time=GRACE_S, coalesce=True, **every)
        return scheduler

    def _in_turn(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Return work that is done while this worker has the turn."""

        async def done() -> None:
            if self._turn.has:
                await work()

        return done

    # Ingest

    async def _ingest(self, senders: Senders) -> None:
        """Serve the shards this worker holds; begin anew when they change."""
        await untroubled(self._make_partitions)()
        store = PgStore(self.services.database.url, senders)
        try:
            await store.reinterpret()
            while True:
                await self._check_tables()
                self.shards = await leases.renew(self.services.database.pool, self.holder)
                await self._serve(store)
        finally:
            self.shards, self.intake = frozenset(), None
            await store.close()

    async def _make_partitions(self) -> None:
        """Make the tables of the next months; records of a month without one go to the table of all others."""
        made = await make_partitions(self.services.database.pool, self.services.clock.now().date())
        if made:
            log.info("partitions.made", names=made)

    async def _serve(self, store: PgStore) -> None:
        """Run an intake until other shards are this worker's. Raises what the intake raises."""
        intake = Intake(
            store, broker_of(self.services.settings), self.services.clock, self.services.rng, self.holder,
            settled=self._settled,
        )  # fmt: skip
        self.intake = intake
        serving = asyncio.create_task(intake.run(self.shards), name="worker.intake")
        try:
            while not serving.done():
                await asyncio.wait({serving}, timeout=leases.RENEWED_S)
                await self._check_tables()
                if await leases.renew(self.services.database.pool, self.holder) != self.shards:
                    return
        finally:
            serving.cancel()
            await asyncio.wait({serving})
            if not serving.cancelled() and (error := serving.exception()) is not None:
                raise error

    async def _check_tables(self) -> None:
        """Raise TablesOfAnotherVersion, with an alarm, when the tables are not ours (any more).

        Then nothing is taken in: devices keep what was not acknowledged.
        """
        try:
            await check_version(self.services.database)
        except TablesOfAnotherVersion as error:
            raised = Raised("service", "tables_other", str(error), self.services.clock.now())
            with suppress(asyncpg.PostgresError):  # the alarms' own table may be the one that changed
                await note_alarms(self.services.database.pool, [raised])
            raise

    def _settled(self, plan: Plan) -> None:
        self._sightings.note(plan)
        if plan.records:
            for committed in self._committed:
                committed.set()

    async def _leave(self) -> None:
        """Say what is still to be said, and let others have the shards."""
        try:
            async with asyncio.timeout(PAUSE_S_MAX):
                await self._sightings.write(self.services.database.pool)
                await self._sightings.write_heard(self.services.database.pool)
                await leases.give_up(self.services.database.pool, self.holder)
        except Exception as error:  # noqa: BLE001 - leaving goes on; the leases run out by themselves
            log.warning("worker.left_in_haste", error=kinds_of(error))

    # Readers of the log

    async def _project(self, make: Callable[[], Projection]) -> None:
        """Let a reader follow the log of this worker's shards."""
        committed = asyncio.Event()
        self._committed.append(committed)
        try:
            await Follower(self.services, make, self._failures.note).run(lambda: self.shards, committed)
        finally:
            self._committed.remove(committed)

    async def _announce(self) -> None:
        """Tell devices at once that there is a newer roster."""
        async with await self.services.wakeups.subscribe(announcing.CHANNEL) as news:
            async for announced in news:
                if announced == EVERYTHING or self.intake is None:
                    continue  # every device is told by its welcome
                now_ms = int(self.services.clock.now().timestamp() * 1_000)
                self.intake.send(
                    await announcing.notices(
                        self.services.database.pool, self.services.vault, announced, sorted(self.shards), now_ms
                    )
                )

    async def _command(self) -> None:
        """Send commands at once, and again until they are answered or have expired."""
        async with await self.services.wakeups.subscribe(COMMANDS) as news:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(commanding.LOOK_S):
                        await anext(news)
                if self.intake is not None and self.intake.is_listening:
                    now = self.services.clock.now()
                    pool, vault = self.services.database.pool, self.services.vault
                    self.intake.send(await commanding.due(pool, vault, sorted(self.shards), now))

    # What is looked at now and then

    async def note_floods(self) -> None:
        """Alarm that devices send more than is heard of them."""
        flooding = self.intake.take_flooding() if self.intake is not None else ()
        now = self.services.clock.now()
        raised = [Raised(device, "flood", "", now, count=count) for device, count in flooding]
        await note_alarms(self.services.database.pool, raised)

    async def _forget_old(self) -> None:
        now, pool = self.services.clock.now(), self.services.database.pool
        for forget in (forget_alarms, forget_commands, forget_health):
            await forget(pool, now)

    async def _deliver(self) -> None:
        """Carry notices to phones and mailboxes."""
        async with open_senders(self.services) as carriers:
            await Deliverer(self.services, carriers).run()

    async def _tell_releases(self) -> None:
        """Tell devices at once that there is a release for them."""
        async with await self.services.wakeups.subscribe(rollouts.CHANNEL) as news:
            async for rollout in news:
                if rollout == EVERYTHING or self.intake is None:
                    continue  # every device asks by itself
                now_ms = int(self.services.clock.now().timestamp() * 1_000)
                self.intake.send(
                    await telling.notices(
                        self.services.database.pool, self.services.vault, int(rollout), sorted(self.shards), now_ms
                    )
                )
