"""Who may do what on the cloud's broker: the same rules for the embedded one and for mosquitto. Pure.

Rule: a device writes and reads only under its own name; a hub, which carries its school's messages up and down, under
its school. Names come from certificates, never from what a client says.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from cloud.devices.ca import INGEST
from schemas import topics

UP = (topics.REC, topics.HELLO, topics.STATE)
DOWN = (topics.ACK, topics.NOTICE, topics.CMD)


@dataclass(frozen=True, slots=True)
class School:
    """Where a school's topics are."""

    shard: int
    code: str


@dataclass(slots=True)
class Access:
    """The rules; both parts may change while they are used.

    `hubs` are the devices that carry for their whole school, by name; `revoked` the serials of certificates that let
    nobody in any more, in hex.
    """

    hubs: Mapping[str, School] = field(default_factory=dict)
    revoked: Collection[str] = frozenset()

    def may_enter(self, user: str, serial: str) -> bool:
        """Tell whether the holder of a certificate may connect."""
        return bool(user) and serial.lower().lstrip("0") not in self.revoked

    def may_write(self, user: str, topic: str) -> bool:
        """Tell whether a user may publish on a topic."""
        return self._may(user, topic, UP, DOWN)

    def may_hear(self, user: str, topic: str) -> bool:
        """Tell whether a user may get a message that was published on a topic."""
        return self._may(user, topic, DOWN, UP)

    def may_subscribe(self, user: str, topic_filter: str) -> bool:
        """Tell whether a filter covers nothing but what the user may hear."""
        if user == INGEST:
            return topic_filter.startswith(f"{topics.ROOT}/")
        parts = topic_filter.split("/")
        if len(parts) == 6 and parts[4] == "+":
            parts[4] = "any-device"  # every device of a school, for its hub alone
        return not {"+", "#"} & set(parts) and self.may_hear(user, "/".join(parts))

    def _may(self, user: str, topic: str, of_device: Iterable[str], of_ingest: Iterable[str]) -> bool:
        try:
            shard, school, device, channel = topics.parse(topic)
        except topics.TopicForeign:
            return False
        if user == INGEST:
            return channel in of_ingest
        return channel in of_device and (device == user or self.hubs.get(user) == School(shard, school))


def mosquitto_lines(hubs: Mapping[str, School]) -> str:
    """Return mosquitto's access list: two kinds of pattern lines for all devices, and some lines for each hub."""
    own, any_device = f"{topics.ROOT}/+/+/%u", f"{topics.ROOT}/+/+/+"
    lines = [f"pattern write {own}/{channel}" for channel in UP]
    lines += [f"pattern read {own}/{channel}" for channel in DOWN]
    lines += ["", f"user {INGEST}"]
    lines += [f"topic read {any_device}/{channel}" for channel in UP]
    lines += [f"topic write {any_device}/{channel}" for channel in DOWN]
    for name, school in sorted(hubs.items()):
        under = f"{topics.ROOT}/{school.shard:02d}/{school.code}/+"
        lines += ["", f"user {name}"]
        lines += [f"topic write {under}/{channel}" for channel in UP]
        lines += [f"topic read {under}/{channel}" for channel in DOWN]
    return "\n".join(lines) + "\n"
