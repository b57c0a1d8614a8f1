"""Connections, kept open, to services whose addresses somebody outside chose.

Rule: an address is checked when it is connected to, and what was checked is what is connected to. A line is kept by the
service's name, so that none serves a name that its certificate was not asked for.
"""

from collections.abc import Iterable

import httpcore2
from typing_extensions import override

from cloud.core.reaching import Resolve
from cloud.core.targets import Target, reachable

KEPT_S = 60.0


class _Checked(httpcore2.AnyIOBackend):
    """Connects to what a name leads to, if all of it may be reached."""

    def __init__(self, scheme: str, networks: str, resolve: Resolve) -> None:
        super().__init__()
        self._scheme, self._networks, self._resolve = scheme, networks, resolve

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        address = await reachable(Target(self._scheme, host, port, "/"), self._networks, self._resolve)
        return await super().connect_tcp(address, port, timeout, local_address, socket_options)


class CheckedLines:
    """Lines to any number of services, `most` at a time; close them at the end."""

    def __init__(self, networks: str, resolve: Resolve, most: int) -> None:
        self._networks, self._resolve, self._most = networks, resolve, most
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    def to(self, target: Target) -> httpcore2.AsyncConnectionPool:
        """Return what asks a service. A new line raises NotReachable where the name leads inside, or nowhere."""
        if (pool := self._pools.get(target.scheme)) is None:
            pool = self._pools[target.scheme] = httpcore2.AsyncConnectionPool(
                ssl_context=httpcore2.default_ssl_context(), max_connections=self._most, keepalive_expiry=KEPT_S,
                network_backend=_Checked(target.scheme, self._networks, self._resolve),
            )  # fmt: skip
        return pool

    async def aclose(self) -> None:
        """Close all lines."""
        for pool in self._pools.values():
            await pool.aclose()
