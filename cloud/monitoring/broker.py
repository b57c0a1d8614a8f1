"""The broker as whoever connects to it finds it: whether it answers, with whose certificate, and until when.

Rule: it is asked as devices ask it, against the authority of the settings; nothing is sent but the handshake.
"""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

from cryptography import x509

from cloud.core.settings import Settings
from cloud.ingest.transport import broker_of
from cloud.monitoring.rules import BrokerState

OPEN_S = 10.0
CLOSE_S = 2.0


async def state_of(settings: Settings, patience_s: float = OPEN_S) -> BrokerState:
    """Connect to the broker and leave again."""
    try:
        broker = broker_of(settings)
    except (OSError, ValueError) as error:
        return BrokerState("broker", f"this service's own certificate: {type(error).__name__}", "", None)
    try:
        async with asyncio.timeout(patience_s):
            _reader, writer = await asyncio.open_connection(broker.host, broker.port, ssl=broker.tls)
    except ssl.SSLCertVerificationError as error:
        return BrokerState(broker.place, "", error.verify_message or "it is not trusted", None)
    except ssl.SSLError as error:
        return BrokerState(broker.place, "", error.reason or "no TLS", None)
    except (OSError, TimeoutError) as error:
        return BrokerState(broker.place, type(error).__name__, "", None)
    shown = writer.get_extra_info("ssl_object")
    until = _until(shown.getpeercert(binary_form=True)) if shown is not None else None
    writer.close()
    with suppress(OSError, TimeoutError, ssl.SSLError):
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    return BrokerState(broker.place, "", "", until)


def _until(certificate: bytes | None) -> datetime | None:
    if not certificate:
        return None
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc.astimezone(UTC)
