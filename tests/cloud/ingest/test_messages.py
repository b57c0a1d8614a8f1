"""Messages that a malicious device sends under its own right seal: refused one by one, whatever they are made of."""

import pytest

from cloud.ingest.messages import Arrived, Refused, read
from schemas.seal import seal
from tests.cloud.ingest.device import NOW_MS, Device

DEVICE = Device()


HOSTILE = {
    "deep": b'{"zz":' * 10_000,
    "a deep list": b"[" * 60_000,
    "not UTF-8": b'{"k":"h\xff"}',
    "half a character": b'{"k":"hello","dv":"\xed\xa0\x80"}',
    "NUL": b"\0",
    "nothing": b"",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_a_refusal_and_no_failure(body: bytes) -> None:
    sealed = seal(DEVICE.sender.uplink_key, body)

    message = read(Arrived(DEVICE.wire.topic("rec"), sealed, NOW_MS), {DEVICE.name: DEVICE.sender})

    assert isinstance(message, Refused)
    assert message.code in {"malformed", "seal"}
