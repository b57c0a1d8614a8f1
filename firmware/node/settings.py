"""A node's two files on its flash: `bundle.json`, what the cloud gave it, and `node.json`, how it hangs on its door.

Rule: what is wrong is refused before anything runs, with the file, the member and what to do; a member that nobody
knows is wrong too. Secrets never stand in a refusal.
"""

import json
import os

BUNDLE, NODE = "bundle.json", "node.json"
FILE_MAX = 24_576

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[object], bool]


class SettingsRefused(ValueError):
    """A file is missing or not as it must be; the text says what to do."""


class Place:
    """Where a broker is; `name` is whose certificate it shows, None for its address's."""

    def __init__(self, host: str, port: int, is_tls: bool, name: "str | None" = None) -> None:
        self.host = host
        self.port = port
        self.is_tls = is_tls
        self.name = name


class Bundle:
    """What the cloud gave: the contract's bundle, as far as a node needs it."""

    def __init__(self, members: "dict[str, object]") -> None:
        read = _Members(BUNDLE, members)
        self.device = read.text("device", 3, 24)
        self.school = read.text("school", 4, 12)
        self.shard = read.number("shard", 0, 63)
        self.secret = read.secret("secret")
        self.card_key = read.secret("card_key")
        self.roster_public_key = read.secret("roster_public_key")  # no secret, but as long as one
        self.ca_pem = read.text_or_none("ca_pem")
        self.certificate_pem = read.text_or_none("certificate_pem")
        self.key_pem = read.text_or_none("key_pem")
        cloud = read.inner("cloud")
        self.cloud = _place(cloud, None)
        self.http_url = cloud.text("http_url", 8, 300)
        hub = read.inner_or_none("hub")
        self.hub = _place(hub, hub.text("device", 3, 24)) if hub is not None else None
        needs_tls = self.cloud.is_tls or self.http_url.startswith("https:")
        if needs_tls and not (self.ca_pem and self.certificate_pem and self.key_pem):
            raise SettingsRefused(BUNDLE + ": TLS wants ca_pem, certificate_pem and key_pem: enrol the node again")


class GateSettings:
    """How this gate is: one lane, one way that a card shown here wants to go."""

    def __init__(self, members: "dict[str, object]") -> None:
        read = _Members(NODE, members)
        self.board = read.text("board", 1, 24)
        self.gate = read.text("gate", 1, 16)
        self.direction = read.one_of("direction", ("in", "out"))
        self.reader = read.text_or_none("reader")
        self.has_sensor = read.flag("has_sensor", default=True)
        self.has_scanner = read.flag("has_scanner", default=False)
        self.open_ms = read.number("open_ms", 100, 10_000, 300)
        self.passage_ms = read.number("passage_ms", 1_000, 60_000, 6_000)
        self.roster_missing = read.one_of("roster_missing", ("deny", "allow"), "deny")
        self.disk_full = read.one_of("disk_full", ("open", "deny"), "open")
        wifi = read.inner_or_none("wifi")
        self.ssid = wifi.text("ssid", 1, 32) if wifi is not None else ""
        self.password = (wifi.text_or_none("password") or "") if wifi is not None else ""
        if wifi is not None:
            wifi.refuse_rest()
        read.refuse_rest()


def load(path: str) -> "dict[str, object]":
    """Return the object in a file, read piece by piece: memory may be in pieces, too. Raises SettingsRefused."""
    try:
        is_short = os.stat(path)[6] <= FILE_MAX
        with open(path) as file:
            members = json.load(file) if is_short else None
    except OSError:
        raise SettingsRefused(path + ": not there or not readable: enrol the node (`esik device enrol`)")
    except ValueError:
        raise SettingsRefused(path + ": not JSON: write it again (`esik device enrol`)")
    if not isinstance(members, dict):
        raise SettingsRefused(path + ": not one JSON object of at most 24 KiB")
    return members


def _place(members: "_Members", name: "str | None") -> Place:
    host, port = members.text("mqtt_host", 1, 253), members.number("mqtt_port", 1, 65_535)
    return Place(host, port, members.flag("mqtt_tls"), name)


class _Members:
    """The members of an object, read one by one; what is left over can be refused."""

    def __init__(self, where: str, members: "dict[str, object]") -> None:
        self._where = where
        self._left = dict(members)

    def text(self, name: str, low: int, high: int) -> str:
        value = self._left.pop(name, None)
        if not isinstance(value, str) or not low <= len(value) <= high:
            raise self._wrong(name, "text of %d to %d characters" % (low, high))
        return value

    def text_or_none(self, name: str) -> "str | None":
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "text or null")
        return value

    def secret(self, name: str) -> bytes:
        value = self._left.pop(name, None)
        try:
            secret = bytes.fromhex(value)  # type: ignore[arg-type] # the TypeError is caught
        except (TypeError, ValueError):
            secret = b""
        if len(secret) != 32:
            raise self._wrong(name, "64 hexadecimal digits")
        return secret

    def number(self, name: str, low: int, high: int, default: "int | None" = None) -> int:
        value = self._left.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._wrong(name, "a whole number from %d to %d" % (low, high))
        return value

    def flag(self, name: str, *, default: "bool | None" = None) -> bool:
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def one_of(self, name: str, choices: "tuple[str, ...]", default: "str | None" = None) -> str:
        value = self._left.pop(name, default)
        if value not in choices:
            raise self._wrong(name, "one of " + ", ".join(choices))
        return str(value)

    def inner(self, name: str) -> "_Members":
        found = self.inner_or_none(name)
        if found is None:
            raise self._wrong(name, "an object")
        return found

    def inner_or_none(self, name: str) -> "_Members | None":
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return _Members(self._where + ": " + name, value) if value is not None else None

    def refuse_rest(self) -> None:
        """Refuse what nobody asked for: a misspelt member would be a default."""
        if self._left:
            raise SettingsRefused("%s: %s is not known: mend its name or take it out" % (self._where, min(self._left)))

    def _wrong(self, name: str, wanted: str) -> SettingsRefused:
        return SettingsRefused("%s: %s must be %s" % (self._where, name, wanted))
