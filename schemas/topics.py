"""Topics: the only place where their form is written.

Rule: `esik/v1/<shard>/<school>/<device>/<channel>`; a device writes and reads only under its own name.
"""

ROOT = "esik/v1"
REC = "rec"
HELLO = "hello"
ACK = "ack"
NOTICE = "notice"
CMD = "cmd"
STATE = "state"
PEER = "peer"
CHANNELS = (REC, HELLO, ACK, NOTICE, CMD, STATE, PEER)
UP = (REC, HELLO, STATE)  # a device writes them, under its own name
DOWN = (ACK, NOTICE, CMD)  # the cloud writes them, and the device reads its own
# Which frames travel on a channel, and what it is for.
FRAMES_ON = (
    (REC, ("batch", "gap"), "What the journal holds, in the order of each epoch."),
    (HELLO, ("hello",), "First message of every connection."),
    (ACK, ("welcome", "ack", "nack"), "The cloud's answers."),
    (NOTICE, ("notice",), "News that should be fetched."),
    (CMD, ("cmd",), "What a person at the school's desk wants done at once."),
    (STATE, ("state",), "Presence; offline is the last will."),
    (
        PEER,
        ("batch", "state", "peer_hello", "peer_done", "claim_ask", "claim_told"),
        "Agents of one school among themselves, on its hub only.",
    ),
)
SHARDS = 64
_DIGITS = "0123456789"


class TopicForeign(ValueError):
    """The topic is not of this protocol."""


def topic(shard: int, school: str, device: str, channel: str) -> str:
    """Return the topic of one channel of one device; shard is 0 to 63."""
    return "%s/%02d/%s/%s/%s" % (ROOT, shard, school, device, channel)


def parse(text: str) -> "tuple[int, str, str, str]":
    """Return (shard, school, device, channel). Raises TopicForeign."""
    parts = text.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT or parts[5] not in CHANNELS:
        raise TopicForeign("not a topic of " + ROOT + ": " + text[:80])
    if len(parts[2]) != 2 or not all(c in _DIGITS for c in parts[2]) or int(parts[2]) >= SHARDS:
        raise TopicForeign("shard must be 00 to 63: " + text[:80])
    return int(parts[2]), parts[3], parts[4], parts[5]


def everyone(channel: str, shard: str = "+", school: str = "+") -> str:
    """Return the filter for one channel of all devices, of one shard or one school if given."""
    return "%s/%s/%s/+/%s" % (ROOT, shard, school, channel)
