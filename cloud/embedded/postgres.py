"""PostgreSQL as a child of this program: its data in a folder, on a Unix socket only, durable, ended with us.

Rule: a server that dies is started again; one that its folder refuses is told about in one line.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import structlog

from cloud.core.clock import Clock
from cloud.embedded.leftovers import clear
from cloud.embedded.programs import MAJOR, Runner, programs, runner
from cloud.integrity.database_events import WANTED

USER = DATABASE = "esik"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 100  # bytes; the kernel takes 107
START_S = 60.0  # a recovery after a power cut may take some
STOP_S = 30.0
INIT_S = 120.0
PAUSE_S = 0.02
RESTART_S = 1.0
LOG_TAIL = 1_500
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
SETTINGS = (
    "listen_addresses=",
    "max_connections=60",
    "shared_buffers=128MB",
    *(f"{name}={value}" for name, value in WANTED.items()),  # the journal of database events
    "log_filename=postgresql-%a.log",  # seven files, each begun anew after a week
    "log_truncate_on_rotation=on",
    "log_rotation_size=0",
)
log = structlog.get_logger()


class ServerRefused(Exception):
    """The embedded server cannot be used; the message says what to do."""


class FolderInUse(ServerRefused):
    """Another program of ours runs on the folder."""


@dataclass(slots=True)
class EmbeddedPostgres:
    """A running server. `keep` starts it again when it dies, until it is cancelled."""

    folder: Path
    home: Path
    run: Runner
    sockets: Path
    is_answering: bool = False
    _process: Process | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgres://{USER}@/{DATABASE}?host={self.sockets}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None, "the server was not started"  # noqa: S101
        return self._process.pid

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    async def start(self) -> None:
        """Start the server and return when it answers. Raises ServerRefused."""
        await asyncio.to_thread(clear, self.cluster)
        self.is_answering = False
        options = [word for setting in (*SETTINGS, *DURABLE) for word in ("-c", setting)]
        with (self.folder / "start.log").open("wb") as first_words:
            self._process = await asyncio.create_subprocess_exec(
                *self.run.words, str(self.home / "postgres"), "-D", str(self.cluster), "-k", str(self.sockets),
                *options,
                stdin=asyncio.subprocess.DEVNULL, stdout=first_words, stderr=first_words,
                start_new_session=True, cwd="/",
            )  # fmt: skip
        async with asyncio.timeout(START_S):
            while not await self.answers():
                if self._process.returncode is not None:
                    raise ServerRefused(f"PostgreSQL ended at once in {self.cluster}:\n{self._log_tail()}")
                await asyncio.sleep(PAUSE_S)
        self.is_answering = True

    async def keep(self, clock: Clock) -> None:
        """Start the server again whenever it dies."""
        while True:
            assert self._process is not None, "the server was not started"  # noqa: S101
            status = await self._process.wait()
            self.is_answering = False
            log.error("postgres.died", status=status, folder=str(self.folder))
            await clock.sleep(RESTART_S)
            await self.start()

    async def stop(self) -> None:
        """End the server in order: clients are cut off, everything is written."""
        for word in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process is None or self._process.returncode is not None:
                return
            self._process.send_signal(word)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                log.warning("postgres.does_not_stop", signal=word.name)

    async def answers(self) -> bool:
        """Tell whether the server takes clients; make our database where it is not there yet."""
        try:
            connection = await asyncpg.connect(host=str(self.sockets), user=USER, database="postgres", timeout=5.0)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close(timeout=5.0)
        return True

    def _log_tail(self) -> str:
        logs = [self.folder / "start.log", *(self.cluster / "log").glob("*.log")]
        newest = max((each for each in logs if each.exists()), key=lambda each: each.stat().st_mtime)
        return newest.read_text(errors="replace")[-LOG_TAIL:].strip()


@asynccontextmanager
async def embedded_postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Run a server with its data in a folder, made at the first start. Raises ServerRefused or ProgramsMissing."""
    with _locked(folder) as place:
        server = await _prepared(place)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def reached_postgres(folder: Path) -> AsyncIterator[str]:
    """Yield the address of a folder's database: of the program that runs it now, or of one run for this while."""
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(embedded_postgres(folder))
        except FolderInUse:
            server = await _running(folder)
        yield server.url


async def _running(folder: Path) -> EmbeddedPostgres:
    server = await _prepared(folder.resolve())  # noqa: ASYNC240 (one look)
    async with asyncio.timeout(START_S):
        while not await server.answers():  # noqa: ASYNC110 - another process's server can only be asked
            await asyncio.sleep(PAUSE_S)
    return server


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """Hold the folder for us alone, and yield its whole path; the kernel lets go of it when we die."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise ServerRefused(
            f"{folder} cannot be used ({error.strerror}): run as its owner, or choose another --data"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderInUse(f"{folder} is in use by another esik: stop that one, or choose another --data") from None
        yield folder.resolve()


async def _prepared(folder: Path) -> EmbeddedPostgres:
    home = programs()
    run = runner(home, folder)
    cluster = folder / "cluster"
    if not (cluster / "PG_VERSION").exists():
        await _make(folder, home, run)
    version = (cluster / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise ServerRefused(
            f"{cluster} was made by PostgreSQL {version}, this is {MAJOR}: back up with the Esik that made it, "
            f"and restore into a new folder"
        )
    os.chown(cluster, run.uid, run.gid)
    return EmbeddedPostgres(folder, home, run, _sockets(folder, run))


async def _make(folder: Path, home: Path, run: Runner) -> None:
    """Make a cluster beside its place and move it there whole: what was cut off is begun anew.

    Its thousand files are synced in one go, not one by one: on a card that takes 30 ms for a sync this saves 30 s.
    """
    fresh = folder / "cluster.new"
    await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, run.uid, run.gid)
    making = await asyncio.create_subprocess_exec(
        *run.words, str(home / "initdb"), "-D", str(fresh), "-U", USER, "--auth=trust", "--encoding=UTF8",
        "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions", "--sync-method=syncfs",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, cwd="/",
    )  # fmt: skip
    _, complaint = await asyncio.wait_for(making.communicate(), INIT_S)
    if making.returncode != 0:
        raise ServerRefused(f"no database can be made in {folder}: {complaint.decode(errors='replace').strip()}")
    shutil.rmtree(folder / "cluster", ignore_errors=True)
    fresh.rename(folder / "cluster")


def _sockets(folder: Path, run: Runner) -> Path:
    """Return a folder for the socket that only we and the server enter; a short one, for the kernel's sake."""
    sockets = folder / "socket"
    if len(os.fsencode(sockets / SOCKET)) > SOCKET_PATH_MAX:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        sockets = Path(tempfile.gettempdir()) / f"esik-{os.geteuid()}-{name}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {run.uid, os.geteuid()}:
        raise ServerRefused(f"{sockets} is somebody else's: remove it, or choose another --data")
    sockets.chmod(0o700)
    os.chown(sockets, run.uid, run.gid)
    return sockets
