"""The school's own broker: the hub agent writes mosquitto's configuration, keeps it running, bridges it to the cloud.

Rule: the hub's broker carries this school's topics and no others. The bridge takes `rec`, `hello` and `state` up and
brings `ack`, `notice` and `cmd` down, so that a device on the hub speaks with the cloud as if it were there: only the
cloud acknowledges, and only its acks trim. `peer` never leaves the school.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from edge_agent.sync.backoff import Backoff
from edge_agent.sync.mqtt import Broker
from schemas import topics

_FOLDERS = ("/usr/sbin", "/usr/local/sbin")
_STOP_S = 5.0
log = structlog.get_logger()


class HubImpossible(RuntimeError):
    """This machine cannot be a hub; the text says what to install."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the CA, and a certificate with its key that serves to peers and shows itself to the cloud."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a hub's broker needs; without `tls` it is plain, and listens on loopback only."""

    device: str
    school: str
    shard: int
    port: int
    folder: Path
    cloud: Broker
    host: str = "127.0.0.1"
    tls: TlsFiles | None = None
    client_id: str = ""  # of the bridge; one that nobody else knows, or they could push it out


def configuration(hub: HubSettings) -> str:
    """Return mosquitto's configuration for this hub."""
    lines = [
        *(["user root"] if os.geteuid() == 0 else []),  # else it would drop to a user that cannot read our key
        "persistence false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "set_tcp_nodelay true",
        "max_inflight_messages 0",
        "max_queued_messages 10000",
        "max_packet_size 131072",
        "retain_available false",
        "persistent_client_expiration 1h",
        f"acl_file {hub.folder / 'acl'}",
        f"listener {hub.port} {hub.host if hub.tls else '127.0.0.1'}",
        *_listener_access(hub),
        *_bridge(hub),
    ]
    return "\n".join(lines) + "\n"


def access_list(hub: HubSettings) -> str:
    """Return who may do what: a device writes under its own name only and reads its answers and its peers."""
    school = f"{topics.ROOT}/{hub.shard:02d}/{hub.school}"
    if hub.tls is None:  # Loopback without names: this school's topics, for whoever is on this machine.
        return f"topic readwrite {school}/#\n"
    lines = [f"pattern write {school}/%u/{channel}" for channel in (*topics.UP, topics.PEER)]
    lines += [f"pattern read {school}/%u/{channel}" for channel in topics.DOWN]
    lines += [f"pattern read {school}/+/{channel}" for channel in (topics.REC, topics.PEER)]
    lines += [f"user {hub.device}", f"topic readwrite {school}/+/{topics.PEER}"]
    return "\n".join(lines) + "\n"


def _listener_access(hub: HubSettings) -> Sequence[str]:
    if hub.tls is None:
        return ["allow_anonymous true"]
    return [
        "allow_anonymous false",
        f"cafile {hub.tls.ca}",
        f"certfile {hub.tls.certificate}",
        f"keyfile {hub.tls.key}",
        "require_certificate true",
        "use_identity_as_username true",
        "tls_version tlsv1.2",
    ]


def _bridge(hub: HubSettings) -> Sequence[str]:
    school = f"{topics.ROOT}/{hub.shard:02d}/{hub.school}"
    lines = [
        "connection cloud",
        f"address {hub.cloud.address}",
        f"remote_clientid {hub.client_id or hub.device}-hub",
        "bridge_protocol_version mqttv311",
        "cleansession true",
        "notifications false",
        "try_private false",
        "start_type automatic",
        "restart_timeout 1 20",
        "keepalive_interval 20",
        *[f"topic {school}/+/{channel} out 1" for channel in topics.UP],
        *[f"topic {school}/+/{channel} in 1" for channel in topics.DOWN],
    ]
    if hub.cloud.user is not None:
        lines += [f"remote_username {hub.cloud.user}", f"remote_password {hub.cloud.password or ''}"]
    if hub.cloud.is_tls and hub.tls is not None:
        lines += [
            f"bridge_cafile {hub.tls.ca}",
            f"bridge_certfile {hub.tls.certificate}",
            f"bridge_keyfile {hub.tls.key}",
            "bridge_tls_version tlsv1.2",
        ]
    return lines


def find_mosquitto() -> Path:
    """Return the broker's program. Raises HubImpossible."""
    found = shutil.which("mosquitto", path=os.pathsep.join([*os.get_exec_path(), *_FOLDERS]))
    if found is None:
        raise HubImpossible(
            "this agent is its school's hub, but mosquitto is not installed: run `sudo apt-get install mosquitto` "
            "and restart the agent, or name another agent as the hub"
        )
    return Path(found)


def _leash() -> list[str]:
    """Return the words that let the kernel end the broker with us, when we are killed and cannot: its port is ours."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _write_private(file: Path, text: str) -> None:
    """Write a file that nobody else may read at any moment: the bridge's password stands in it."""
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(text)


class HubBroker:
    """Keeps the school's broker running for as long as the agent runs."""

    def __init__(self, hub: HubSettings, rng: Random) -> None:
        """Write the configuration. Raises HubImpossible."""
        self._program = find_mosquitto()
        self._backoff = Backoff(rng, 500, 30_000)
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0
        hub.folder.mkdir(parents=True, exist_ok=True)
        self._file = hub.folder / "mosquitto.conf"
        _write_private(self._file, configuration(hub))
        _write_private(hub.folder / "acl", access_list(hub))

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def restart(self) -> None:
        """Let the broker begin again, as it reads all its files at a start; those connected come back."""
        if self._process is not None and self._process.returncode is None:
            log.info("hub.restarted", pid=self._process.pid)
            self._process.terminate()

    async def run(self) -> None:
        """Start the broker, and again when it ends, until cancelled; then stop it."""
        loop = asyncio.get_running_loop()
        while True:
            started_s = loop.time()
            self._process = await asyncio.create_subprocess_exec(
                *_leash(),
                self._program,
                "-c",
                self._file,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            self.starts += 1
            log.info("hub.started", pid=self._process.pid)
            try:
                await self._tell_log(self._process)
            finally:
                await self._stop()
            log.warning("hub.ended", status=self._process.returncode)
            if loop.time() - started_s > 60:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_ms() / 1000)

    @staticmethod
    async def _tell_log(process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None, "the broker's log is piped"  # noqa: S101
        while line := await process.stderr.readline():
            log.info("hub.said", line=line.decode(errors="replace").strip()[:200])
        await process.wait()

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
