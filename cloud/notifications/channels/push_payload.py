"""What a push message says: one text that a service worker reads, and that a browser may show without one. Pure.

The form is that of declarative web push (Push API, "Declarative push message"): a browser that knows it shows the
notification by itself when the worker cannot, and hands it to the worker first, as it is `mutable`.
"""

import json
from datetime import datetime
from typing import Any

from cloud.notifications.channels.push_encryption import TEXT_MAX
from cloud.notifications.channels.sender import Message

DECLARATIVE = 8030  # the number of the RFC, by which a browser tells such a text
TITLE_MAX = 120
BODIES_MAX = (1_200, 800, 400, 100)  # letters: the first that fits is taken
CUT = "…"


def payload(message: Message) -> bytes:
    """Return the text of a message, as long as one record holds; a body that is longer ends with an ellipsis."""
    for most in BODIES_MAX:
        if len(text := _text(message, _cut(message.body, most))) <= TEXT_MAX:
            return text
    return _text(message, "")


def _text(message: Message, body: str) -> bytes:
    told: dict[str, Any] = {
        "web_push": DECLARATIVE,
        "mutable": True,
        "notification": {
            "title": _cut(message.title, TITLE_MAX), "body": body, "lang": message.language.value, "dir": "ltr",
            "navigate": message.url, "tag": message.tag, "timestamp": _milliseconds(message.at),
        },
        "id": message.id,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(CUT)].rstrip() + CUT
