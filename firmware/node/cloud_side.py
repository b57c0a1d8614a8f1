"""What an uplink asks of the rest of the node, and tells it: time, brokers, rosters, alarms, commands.

Rule: a command's counter is in flash before the command is obeyed, so that no command is obeyed twice.
"""

from firmware.node import lines
from firmware.node.mqtt import Broker
from firmware.node.tls import context

ALARM_AGAIN_MS = 3_600_000
FLOOR_MS = 86_400_000  # how often the time is stored: flash wears
SECTOR_LIFE = 100_000  # erasures that flash is good for
UPDATE = "update"
KNOWN = ("open_once", "lock_down", "free_pass", "normal", "restart", "report", "roster", "locate")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from firmware.node.actions import Command
    from firmware.node.certificates import Certificates, Papers
    from firmware.node.clock import Stamp, Timekeeper
    from firmware.node.gate import Gate, Rules
    from firmware.node.settings import Bundle, Place
    from firmware.node.store import Store
    from firmware.node.wifi import Wifi


class CloudSide:
    """The node, as its uplink sees it."""

    def __init__(
        self,
        bundle: "Bundle",
        gate: "Gate",
        rules: "Rules",
        keeper: "Timekeeper",
        store: "Store",
        wifi: "Wifi",
        firmware: str,
        fetch: "Callable[[int], Awaitable[int]]",
        set_machine_clock: "Callable[[int], object]",
        certificates: "Certificates | None" = None,
    ) -> None:
        """`fetch` brings a roster, told the newest version; `set_machine_clock` takes wall time in milliseconds."""
        self.wants_restart = False
        self.want_roster: Callable[[], object] = int
        self.on_update: Callable[[], object] = int
        self.on_welcome: Callable[[], object] = int
        self._bundle = bundle
        self._gate = gate
        self._rules = rules
        self._keeper = keeper
        self._store = store
        self._wifi = wifi
        self._firmware = firmware
        self._fetch = fetch
        self._set_machine_clock = set_machine_clock
        self._certificates = certificates
        self._as_good_as = 0  # version of the roster that says what the one held says
        self._shown: Papers | None = None  # with which the connection of now was made
        self._told_ms: dict[str, int] = {}

    def stamp(self) -> "Stamp":
        return self._keeper.now()

    def is_online(self) -> bool:
        return self._wifi.is_online()

    def brokers(self) -> "list[Broker]":
        """Return the hub's broker, if there is a hub, and the cloud's; with an older certificate while one may help."""
        places = [self._bundle.cloud] if self._bundle.hub is None else [self._bundle.hub, self._bundle.cloud]
        shown: list[Papers | None] = [None]
        if self._certificates is not None:
            shown = list(self._certificates.usable(self._keeper.now().wall_ms // 1000))
        return [self._broker(place, papers) for papers in shown for place in places]

    def roster_version(self) -> int:
        """Return the newest version that the one held is as good as; 0 while none is held."""
        return max(self._as_good_as, self._rules.version) if self._rules.version else 0

    async def fetch_roster(self, newest: int) -> int:
        """Bring a newer roster; one that is refused is told once an hour."""
        self._as_good_as = await self._fetch(newest)
        self.tell_health()  # what was written before, and waits, would be the last word on the roster
        return self._as_good_as

    def learn_time(self, wall_ms: int, monotonic_ms: int) -> None:
        """Take the cloud's time, and keep it as the floor of the next start; whoever is welcomed is who it says."""
        self._prove()
        self._keeper.learn(wall_ms, monotonic_ms)
        now_ms = self._keeper.now().wall_ms
        self._set_machine_clock(now_ms)
        if now_ms - self._store.floor_ms >= FLOOR_MS:
            self._keep(floor_ms=now_ms)

    def report(self, reason: str, detail: str) -> None:
        """Tell an alarm, a like one at most once an hour."""
        now_ms, key = self._keeper.now().monotonic_ms, reason + detail
        last_ms = self._told_ms.get(key)
        if last_ms is not None and now_ms - last_ms < ALARM_AGAIN_MS:
            return
        if len(self._told_ms) >= 16:
            self._told_ms.clear()
        self._told_ms[key] = now_ms
        self._gate.alarm(reason, detail)

    def obey(self, command: "Command") -> None:
        """Store a command's counter, do what it says, and write what came of it."""
        if not self._keep(counter=command.counter) or command.action not in KNOWN:
            return
        outcome = "done" if self._do(command) else "failed"
        self._gate.write(lines.command(self._keeper.now(), command.id, command.action, outcome))

    def news(self, what: str) -> None:
        """Hear that something is to be fetched."""
        if what == UPDATE:
            self.on_update()

    def begin_epoch(self, reason: str) -> None:
        """Begin a new epoch by starting anew; the alarm belongs into the new one, since the old one is somebody's."""
        self._keep(alarm=reason)
        self.wants_restart = True

    def restart(self) -> None:
        """Start the node anew, soon."""
        self.wants_restart = True

    def tell_health(self) -> None:
        """Write how the node is."""
        journal = self._gate.journal
        wear_pct = min(100, journal.wear * 100 // SECTOR_LIFE)
        stamp, signal = self._keeper.now(), self._wifi.signal_dbm()
        version = self.roster_version()
        self._gate.write(lines.health(stamp, journal.held, version, self._firmware, wear_pct, signal))

    def _do(self, command: "Command") -> bool:
        action = command.action
        if action == "restart":
            self.wants_restart = True
        elif action == "report":
            self.tell_health()
        elif action == "roster":
            self.want_roster()
        elif not self._gate.obey(command):
            return False
        elif action == self._gate.mode:
            return self._keep(mode=action)
        return True

    def _keep(self, **changed: object) -> bool:
        try:
            self._store.keep(**changed)
        except OSError:
            self.report("disk_full", "the node's own notes")
            return False
        return True

    def tls_for_rosters(self) -> object:
        """Return a context for the cloud's pages, where no certificate of ours is wanted."""
        return context(self._certificates.newest.ca_pem if self._certificates is not None else "")

    def _prove(self) -> None:
        """Let go of an older certificate once the cloud has welcomed us with the newest."""
        try:
            if self._certificates is not None and self._shown is not None:
                self._certificates.proved(self._shown)
        except (OSError, ValueError, MemoryError):  # the next welcome tries again
            self.report("disk_full", "the node's certificate")
        self.on_welcome()

    def _broker(self, place: "Place", papers: "Papers | None") -> Broker:
        if not place.is_tls or papers is None:
            return Broker(place.host, place.port)

        def tls() -> object:
            self._shown = papers
            return context(papers.ca_pem, papers.certificate_pem, self._bundle.key_pem)

        return Broker(place.host, place.port, tls, place.name)
