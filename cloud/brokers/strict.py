"""amqtt made as strict as mosquitto: nobody without a certificate, nothing kept, no packet without measure, wills too.

Rule: what amqtt does before it asks who somebody is (it ends the holder of the same client id, it gathers a packet)
must be out of reach for a stranger, and bounded for a device.
"""

import asyncio
import ssl
from collections.abc import ItemsView
from typing import Any

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, ListenerConfig
from amqtt.session import Session
from typing_extensions import override

from cloud.brokers.mosquitto import PACKET_BYTES_MAX


class StrictBroker(Broker):  # type: ignore[misc] # amqtt ships no types
    """The broker of the embedded edition."""

    def __init__(self, *configuration: Any, **named: Any) -> None:
        super().__init__(*configuration, **named)
        self._subscriptions = _Subscriptions()

    @staticmethod
    @override
    def _create_ssl_context(listener: ListenerConfig) -> ssl.SSLContext:
        """Want a certificate in the handshake already; amqtt asks for one and takes clients that have none."""
        context: ssl.SSLContext = Broker._create_ssl_context(listener)  # noqa: SLF001 # there is no other
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    @override
    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        await self._client_connected(listener_name, _MeasuredReader(reader), StreamWriterAdapter(writer))

    @override
    async def _broadcast_message(
        self, session: Session | None, topic: str | None, data: bytes | None, force_qos: int | None = None
    ) -> None:
        """Ask the rules for a last will too; amqtt asks them for messages only."""
        if session is not None and await self._topic_filtering(session, topic=topic, action=Action.PUBLISH):
            await super()._broadcast_message(session, topic, data, force_qos)

    @override
    async def retain_message(
        self, source_session: Session | None, topic_name: str | None, data: bytes | None, qos: int | None = None
    ) -> None:
        """Retain nothing: a device may write under its name in any number of schools, and would fill the memory."""

    @override
    def _del_subscription(self, a_filter: str, session: Session) -> int:
        """Take somebody off a copy of the list: whoever stands behind in the one gone through must not be skipped."""
        if a_filter in self._subscriptions:
            self._subscriptions[a_filter] = list(self._subscriptions[a_filter])
        deleted: int = super()._del_subscription(a_filter, session)
        return deleted


class _Subscriptions(dict[str, list[tuple[Session, int]]]):
    """Who hears what, gone through as it was at the beginning.

    amqtt carries a message round by going through `items()`, and asks the rules about each hearer on the way; who comes
    or goes meanwhile changes the dictionary, and Python ends the round: the hearers behind would never get the message.
    """

    @override
    def items(self) -> ItemsView[str, list[tuple[Session, int]]]:  # type: ignore[override] # of a copy
        return dict(self).items()


class PacketTooLong(Exception):
    """The head of a packet promises more than any message has; amqtt hangs up on what it does not know."""


class _MeasuredReader(StreamReaderAdapter):  # type: ignore[misc] # as above
    """Gathers no more than a message can have. Raises PacketTooLong."""

    @override
    async def read(self, n: int = -1) -> bytes:
        if n > PACKET_BYTES_MAX:
            raise PacketTooLong
        data: bytes = await super().read(n)
        return data
