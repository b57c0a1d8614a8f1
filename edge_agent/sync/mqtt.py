"""One MQTT 3.1.1 connection on the event loop, over paho: clean session, no delay, and silence noticed in time.

Rule: the broker is only a wire. A new client is made for every connection, so that nothing queued outlives it, and
what the broker acknowledges is told to nobody.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.sync.actions import Publish

OPEN_TIMEOUT_S = 10.0
SILENCE_SHARE = 1.4  # of a keepalive: half-open is noticed before one and a half have passed
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class LinkFailed(ConnectionError):
    """The broker could not be reached, or refused us; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens; `user` and `password` are for brokers that know no certificates.

    `name` is the device whose certificate it shows: a hub is known by its name, not by its address, which may change.
    """

    host: str
    port: int
    is_tls: bool
    user: str | None = None
    password: str | None = None
    name: str | None = None

    @staticmethod
    def parse(url: str) -> "Broker":
        """Return the broker of `mqtt[s]://[user[:password]@]host[:port]`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"a broker's address is mqtt://host:port or mqtts://host:port, not {url!r}")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return Broker(parts.hostname, parts.port or _PORTS[parts.scheme], parts.scheme == "mqtts", user, password)

    @property
    def address(self) -> str:
        """Return host and port, for logs."""
        return f"{self.host}:{self.port}"


class Wired(Protocol):
    """What an uplink asks of a connection; the simulated world has its own."""

    async def open(self, subscriptions: Sequence[str]) -> None: ...
    def publish(self, message: Publish) -> None: ...
    async def ended(self) -> str: ...
    async def close(self) -> None: ...
    def peer_certificate(self) -> dict[str, object]: ...


class Link:
    """A connection to one broker; used once."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        heard: Callable[[str, bytes], None],
        *,
        will: Publish | None = None,
        tls: ssl.SSLContext | None = None,
        keepalive_s: int = 30,
    ) -> None:
        self._broker = broker
        self._keepalive_s = keepalive_s
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[str] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] | None = None
        self._socket: socket.socket | None = None
        self._pulse: asyncio.TimerHandle | None = None
        self._last_heard_s = self._loop.time()
        self._client = self._new_client(client_id, heard)
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=0)
        if broker.is_tls:
            if tls is None:
                raise LinkFailed(f"{broker.address} wants TLS, but this device's bundle has no CA: fetch a new bundle")
            self._client.tls_set_context(tls)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, broker.password)

    def _new_client(self, client_id: str, heard: Callable[[str, bytes], None]) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = OPEN_TIMEOUT_S
        client.max_inflight_messages_set(0)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write

        def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
            heard(message.topic, bytes(message.payload))

        client.on_message = on_message
        return client

    # For its user

    async def open(self, subscriptions: Sequence[str]) -> None:
        """Connect and subscribe. Raises LinkFailed; the link is then closed."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._loop.run_in_executor(None, self._connect)
                await self._opened
                if subscriptions:
                    await self._subscribe(subscriptions)
        except TimeoutError as error:
            await self.close()
            raise LinkFailed(f"{self._broker.address} did not answer within {OPEN_TIMEOUT_S:.0f} s") from error
        except (OSError, ssl.SSLError, ValueError) as error:
            await self.close()
            raise LinkFailed(f"{self._broker.address}: {error}") from error

    async def _subscribe(self, subscriptions: Sequence[str]) -> None:
        self._subscribed = self._loop.create_future()
        self._client.subscribe([(topic, 1) for topic in subscriptions])
        await self._subscribed

    def publish(self, message: Publish) -> None:
        """Hand a message to the wire; if the link is down it is gone, and the session will send it again."""
        self._client.publish(message.topic, message.payload, qos=1)

    async def ended(self) -> str:
        """Wait until the connection is gone; return why."""
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Say goodbye if possible, and let go of the socket in any case."""
        self._client.disconnect()
        self._end("closed")

    def peer_certificate(self) -> dict[str, object]:
        """Return the broker's certificate as ssl tells it; empty without TLS."""
        return dict(self._socket.getpeercert() or {}) if isinstance(self._socket, ssl.SSLSocket) else {}

    # Between paho and the event loop

    def _connect(self) -> None:
        """Connect in a worker thread: name look-up, TCP and the TLS handshake block."""
        code = self._client.connect(self._broker.host, self._broker.port, keepalive=self._keepalive_s)
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise OSError(f"no connection ({code.name})")

    def _beat(self) -> None:
        """Let paho ping, and end a connection on which nothing was heard for too long."""
        if self._loop.time() - self._last_heard_s >= self._keepalive_s * SILENCE_SHARE:
            self._end("silent")
            return
        self._client.loop_misc()
        self._pulse = self._loop.call_later(min(1.0, self._keepalive_s / 20), self._beat)

    def _readable(self) -> None:
        self._last_heard_s = self._loop.time()
        code = self._client.loop_read()
        while code is MQTTErrorCode.MQTT_ERR_SUCCESS and self._has_pending():
            code = self._client.loop_read()

    def _has_pending(self) -> bool:
        """Tell whether TLS holds bytes that no select would tell of."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.fileno() >= 0 and self._socket.pending() > 0

    def _writable(self) -> None:
        self._client.loop_write()

    def _end(self, reason: str) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
        if self._socket is not None:
            self._forget(self._socket)
            self._socket.close()
            self._socket = None
        for waiting in (self._opened, self._subscribed):
            if waiting is not None and not waiting.done():
                waiting.set_exception(OSError(reason))
                waiting.exception()
        if not self._ended.done():
            self._ended.set_result(reason)

    def _forget(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    # Called by paho: on the loop's thread, or on the worker's while connecting

    def _on_socket_open(self, _client: Client, _userdata: object, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._attach, sock)

    def _attach(self, sock: socket.socket) -> None:
        if self._ended.done() or sock.fileno() < 0:
            sock.close()
            return
        self._socket = sock
        self._last_heard_s = self._loop.time()
        self._loop.add_reader(sock, self._readable)
        self._beat()

    def _on_socket_close(self, _client: Client, _userdata: object, sock: Any) -> None:
        self._forget(sock)

    def _on_register_write(self, _client: Client, _userdata: object, sock: Any) -> None:
        self._loop.call_soon_threadsafe(self._watch_writes, sock)

    def _watch_writes(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and not self._ended.done():
            self._loop.add_writer(sock, self._writable)

    def _on_unregister_write(self, _client: Client, _userdata: object, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _on_connect(
        self, _client: Client, _userdata: object, _flags: ConnectFlags, code: ReasonCode, _props: Properties | None
    ) -> None:
        if code.is_failure:
            self._end(f"refused: {code}")
        elif not self._opened.done():
            self._opened.set_result(None)

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, codes: list[ReasonCode], _props: Properties | None
    ) -> None:
        if self._subscribed is None or self._subscribed.done():
            return
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            self._end("refused: the broker does not let this device read its topics")
        else:
            self._subscribed.set_result(None)

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, code: ReasonCode, _props: Properties | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end, f"lost: {code}")
