"""The agent's settings: what `agent.toml` may say, as frozen dataclasses, and what must fit together in it.

Rule: this is the only place where the agent reads the environment. Nothing is guessed: a setting that is wrong, or not
known, refuses the whole file with every mistake in it, each by its line.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from edge_agent.readers.head import Alone
from edge_agent.readers.opening import CAN_ASK_CARDS, Driver, ReaderSettings
from edge_agent.settings_file import SettingsRefused, TomlFile
from edge_agent.settings_lines import Place
from edge_agent.sync.mqtt import Broker

__all__ = ["AgentSettings", "SettingsRefused", "launched_from", "load", "notify_socket", "watchdog_us"]

NO_PATH = Path()
Pin = Annotated[int, Meta(ge=0, le=63)]
Port = Annotated[int, Meta(ge=1, le=65_535)]


def _said(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True)
class RelayGate:
    """A turnstile on this machine's own pins, by their GPIO numbers; relays rest while the agent is not there."""

    kind: Literal["relay"]
    open_in_pin: Annotated[int, Meta(ge=0, le=63, description="relay that lets one person in")]
    open_out_pin: Annotated[int, Meta(ge=-1, le=63, description="relay that lets one person out; -1: none")] = -1
    deny_pin: Annotated[int, Meta(ge=-1, le=63, description="red light or buzzer; -1: none")] = -1
    pass_in_pin: Annotated[
        int, Meta(ge=-1, le=63, description="contact that closes when somebody went in; -1: none")
    ] = -1
    pass_out_pin: Annotated[
        int, Meta(ge=-1, le=63, description="contact that closes when somebody went out; -1: none")
    ] = -1
    fire_pin: Annotated[int, Meta(ge=-1, le=63, description="the fire panel's contact, watched only; -1: none")] = -1
    is_active_low: Annotated[bool, _said("the relay board switches on when its input is low")] = False


@dataclass(frozen=True, slots=True)
class SimulatedGate:
    """A turnstile of `python -m simulators turnstile`, over TCP on this machine."""

    kind: Literal["simulated"]
    port: Annotated[int, Meta(ge=1, le=65_535, description="the simulated turnstile's port")]


@dataclass(frozen=True, slots=True)
class HeadGate:
    """A turnstile whose wires hang on a reader head: its relays, passage contacts and fire contact."""

    kind: Literal["head"]
    reader: Annotated[str, Meta(min_length=1, max_length=32, description="the reader of this gate that is the head")]
    has_sensor: Annotated[bool, _said("passage contacts are wired, one for each direction that opens")] = False
    has_fire: Annotated[bool, _said("the fire panel's contact is wired, watched only")] = False


@dataclass(frozen=True, slots=True)
class NoGate:
    """Nothing opens: the reader only registers who comes and goes."""

    kind: Literal["none"]


@dataclass(frozen=True, slots=True)
class GateReader:
    """Which way a reader faces at a gate."""

    name: Annotated[str, Meta(min_length=1, max_length=32, description="the reader's name")]
    direction: Annotated[Literal["in", "out"], _said("where somebody goes who shows a card to it")]


@dataclass(frozen=True, slots=True)
class GateSettings:
    """One lane."""

    id: Annotated[
        str,
        Meta(
            min_length=1, max_length=16,
            description="the gate's id, as the office calls it; `*`, of an only gate: the door of the enrolment code",
        ),
    ]  # fmt: skip
    readers: Annotated[tuple[GateReader, ...], Meta(min_length=1, description="readers at this gate, by name")]
    actuator: Annotated[RelayGate | HeadGate | SimulatedGate | NoGate, _said("what opens")]
    open_ms: Annotated[int, Meta(ge=100, le=10_000, description="length of the relay's pulse")] = 200
    passage_ms: Annotated[int, Meta(ge=1_000, le=60_000, description="how long somebody may take to go through")] = (
        6_000
    )
    roster_missing: Annotated[
        Literal["deny", "allow"], _said("what the door does while the agent has no roster at all")
    ] = "deny"
    disk_full: Annotated[
        Literal["open", "deny"],
        _said("what the way in does while the journal takes no record: open and count the loss, or stay closed"),
    ] = "open"


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """The status page, metrics and health of this agent."""

    is_on: Annotated[bool, _said("serve the page")] = True
    host: Annotated[str, Meta(min_length=1, max_length=253, description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="port to listen on")] = 8450


@dataclass(frozen=True, slots=True)
class TillSettings:
    """The canteen's till, if this machine is one; its screen is a browser's here. What it is called the roster says."""

    readers: Annotated[tuple[str, ...], _said("readers at the till, by name; with none this machine is no till")] = ()
    port: Annotated[int, Meta(ge=1, le=65_535, description="port of the till's page, on this machine only")] = 8460
    touches: Annotated[
        Literal["one", "none"],
        _said("what sells a set meal when nothing speaks against it: one touch, or the card alone"),
    ] = "one"
    printer: Annotated[
        str, Meta(max_length=253, description="ESC/POS printer: a device's path, `host` or `host:port`; empty for none")
    ] = ""
    claim_ms: Annotated[
        int, Meta(ge=50, le=5_000, description="how long the till waits for the hub's word before it sells without")
    ] = 150


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """The guard's desk, if this machine is one; its screen is a browser's here."""

    is_on: Annotated[bool, _said("serve the guard's screen; this machine needs gates")] = False
    port: Annotated[int, Meta(ge=1, le=65_535, description="port of the guard's screen, on this machine only")] = 8470
    lan_host: Annotated[
        str,
        Meta(
            max_length=253,
            description="this machine's address in the school's network, where phones are shown the muster list "
            "over TLS; empty: nowhere",
        ),
    ] = ""
    lan_port: Annotated[int, Meta(ge=1, le=65_535, description="port of that list")] = 8471


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How the cloud is reached, when it is not as the bundle says."""

    brokers: Annotated[
        tuple[str, ...],
        _said("brokers to try in turn, `mqtt[s]://[user:password@]host[:port]`, instead of the bundle's"),
    ] = ()
    http_url: Annotated[
        str, Meta(max_length=300, description="where rosters and certificates are fetched, instead of the bundle's")
    ] = ""
    keepalive_s: Annotated[
        int, Meta(ge=5, le=300, description="a silent connection is given up after 1.4 of these")
    ] = 30


@dataclass(frozen=True, slots=True)
class HubPlace:
    """The school's own broker, on the one agent that the roster or the bundle names as hub."""

    host: Annotated[str, Meta(min_length=1, max_length=253, description="address the broker listens on, with TLS")] = (
        "0.0.0.0"  # noqa: S104 # peers are on other machines, and show certificates
    )
    keep_days: Annotated[int, Meta(ge=1, le=31, description="days of records kept for peers that were away")] = 3


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """How good this machine's clock is."""

    machine: Annotated[Literal["rtc", "ntp", "none"], _said("what keeps the machine's clock right")] = "ntp"


@dataclass(frozen=True, slots=True)
class CardSettings:
    """Cards that prove themselves to the PN532 readers of this agent."""

    keys: Annotated[Path, _said("the file that `esik cards school-key` wrote; without it every card is its UID")] = (
        NO_PATH
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the agent tells about its work, on its standard error; never names or cards."""

    format: Annotated[Literal["json", "text"], _said("`json` for journald and collectors, `text` for people")] = "json"
    level: Annotated[Literal["debug", "info", "warning", "error"], _said("the least that is told")] = "info"


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """All of `agent.toml`. Paths are taken from the file's own folder."""

    bundle: Annotated[Path, _said("this device's bundle; while there is none, the agent waits for its enrolment code")]
    folder: Annotated[Path, _said("where journal, rosters and the hub's files are kept")]
    readers: Annotated[tuple[ReaderSettings, ...], Meta(min_length=1, description="the card readers")]
    gates: Annotated[tuple[GateSettings, ...], Meta(min_length=1, description="the lanes")] = ()
    till: TillSettings = field(default_factory=TillSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)
    status: StatusSettings = field(default_factory=StatusSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    hub: HubPlace = field(default_factory=HubPlace)
    clock: ClockSettings = field(default_factory=ClockSettings)
    cards: CardSettings = field(default_factory=CardSettings)
    log: LogSettings = field(default_factory=LogSettings)


ANY_GATE = "*"


def named_by(settings: AgentSettings, gates: Sequence[str]) -> AgentSettings:
    """Return the settings with the door that the agent enrolled for in the place of `*`. Raises SettingsRefused."""
    if ANY_GATE not in {gate.id for gate in settings.gates}:
        return settings
    if len(gates) != 1:
        raise SettingsRefused(['gates.id is "*", and the bundle names no one door: write the gate\'s id in its place'])
    return replace(settings, gates=(replace(settings.gates[0], id=gates[0]),))


def load(path: Path) -> AgentSettings:
    """Return the settings in a file. Raises SettingsRefused with every mistake and its line."""
    file = TomlFile(path)
    settings = file.read(AgentSettings)
    if settings is not None:
        _check_names(file, settings)
        _check_lines(file, settings)
        _check_pins(file, settings)
        _check_heads(file, settings)
        _check_brokers(file, settings)
        _check_cards(file, settings)
    file.refuse()
    assert settings is not None, "what cannot be read was noted as a mistake"  # noqa: S101
    return settings


def notify_socket() -> str:
    """Return where systemd wants to hear that we are ready and alive; empty when it does not."""
    return os.environ.get("NOTIFY_SOCKET", "")  # noqa: TID251 # this is settings.py


def watchdog_us() -> int:
    """Return after how many microseconds of silence systemd kills us; 0 when it does not."""
    said = os.environ.get("WATCHDOG_USEC", "")  # noqa: TID251 # this is settings.py
    return int(said) if said.isdigit() else 0


def launched_from() -> tuple[Path, Path] | None:
    """Return the launcher's folder of releases and our inbox for it; None when no launcher started us."""
    root, inbox = os.environ.get("ESIK_RELEASES", ""), os.environ.get("ESIK_INBOX", "")  # noqa: TID251
    return (Path(root), Path(inbox)) if root and inbox else None


def _check_lines(file: TomlFile, settings: AgentSettings) -> None:
    """Note OSDP readers on a line that another reader has: each is spoken with by itself."""
    osdp = {reader.path for reader in settings.readers if reader.driver is Driver.OSDP}
    owners: dict[str, str] = {}
    for number, reader in enumerate(settings.readers):
        if reader.path in osdp and reader.path in owners:
            file.note(("readers", number, "path"), f'is taken by "{owners[reader.path]}": one reader a line')
        owners.setdefault(reader.path, reader.name)


def _check_names(file: TomlFile, settings: AgentSettings) -> None:
    names = [reader.name for reader in settings.readers]
    _note_twice(file, names, "readers", "name")
    _note_twice(file, [gate.id for gate in settings.gates], "gates", "id")
    if ANY_GATE in {gate.id for gate in settings.gates} and len(settings.gates) > 1:
        file.note(("gates", 0, "id"), 'is "*", which only an only gate may be: write the id of each')
    if not settings.gates and not settings.till.readers:
        file.note((), "needs gates: the lanes, or till.readers: this machine would serve nobody")
    if settings.guard.is_on and not settings.gates:
        file.note(("guard", "is_on"), "is of no use: the guard's desk stands at gates, and this machine has none")
    taken: dict[str, str] = {}
    for place, name, owner in _readers_in_use(settings):
        if name not in names:
            file.note(place, f'names no reader: "{name}"; there are {", ".join(names)}')
        elif name in taken:
            file.note(place, f'is taken: "{name}" belongs to {taken[name]} already')
        taken.setdefault(name, owner)
    for number, name in enumerate(names):
        if name not in taken:
            said = f"belongs to no gate: name \"{name}\" in a gate's readers, or the till's"
            file.note(("readers", number, "name"), said)


def _readers_in_use(settings: AgentSettings) -> Iterator[tuple[Place, str, str]]:
    """Yield each use of a reader: where it stands, the reader's name, and whose it is."""
    for number, gate in enumerate(settings.gates):
        for index, reader in enumerate(gate.readers):
            yield ("gates", number, "readers", index, "name"), reader.name, f'gate "{gate.id}"'
    for number, name in enumerate(settings.till.readers):
        yield ("till", "readers", number), name, "the till"


def _note_twice(file: TomlFile, names: list[str], table: str, key: str) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            file.note((table, number, key), f'is taken: "{name}" stands in {table}[{names.index(name)}] already')


def _check_pins(file: TomlFile, settings: AgentSettings) -> None:
    taken: dict[int, str] = {}
    for number, gate in enumerate(settings.gates):
        if not isinstance(gate.actuator, RelayGate):
            continue
        for key in ("open_in_pin", "open_out_pin", "deny_pin", "pass_in_pin", "pass_out_pin", "fire_pin"):
            pin = getattr(gate.actuator, key)
            if pin in taken:
                file.note(("gates", number, "actuator", key), f"is taken: pin {pin} is {taken[pin]} already")
            elif pin >= 0:
                taken[pin] = f'{key} of gate "{gate.id}"'


def _check_heads(file: TomlFile, settings: AgentSettings) -> None:
    heads = {reader.name for reader in settings.readers if reader.driver is Driver.HEAD}
    facing = {reader.name: reader.direction for gate in settings.gates for reader in gate.readers}
    for number, gate in enumerate(settings.gates):
        own = [reader.name for reader in gate.readers if reader.name in heads]
        if isinstance(gate.actuator, HeadGate) and gate.actuator.reader not in own:
            choices = f"there are {', '.join(own)}" if own else "it has none with driver = 'head'"
            file.note(("gates", number, "actuator", "reader"), f"is no head of this gate; {choices}")
    for number, reader in enumerate(settings.readers):
        if reader.alone is Alone.OPEN_OUT and facing.get(reader.name) == "in":
            file.note(("readers", number, "alone"), 'is "open_out", but this reader faces in: it would let nobody out')


def _check_cards(file: TomlFile, settings: AgentSettings) -> None:
    if settings.cards.keys != NO_PATH and not any(reader.driver in CAN_ASK_CARDS for reader in settings.readers):
        names = " or ".join(f'"{driver.value}"' for driver in CAN_ASK_CARDS)
        file.note(("cards", "keys"), f"is of no use: no reader here can ask cards; that takes the driver {names}")


def _check_brokers(file: TomlFile, settings: AgentSettings) -> None:
    for number, url in enumerate(settings.sync.brokers):
        try:
            Broker.parse(url)
        except ValueError as error:
            file.note(("sync", "brokers", number), f"cannot be used: {error}")
    url = settings.sync.http_url
    if url and not url.startswith(("http://", "https://")):
        file.note(("sync", "http_url"), f'must begin with http:// or https://, not "{url[:40]}"')
