"""The command `esik cloud` as a process: run to its end, or started and watched."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
from typer.testing import CliRunner

from cloud.cli import app
from cloud.core.settings_table import described
from tests.servers.process import free_port, leash
from tests.waiting import until

ROOT = Path(__file__).parents[3]
START_S, STOP_S, COMMAND_S = 60.0, 30.0, 120.0
_ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


def esik(*words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run `esik cloud WORDS` to its end; settings are those of the environment, as `http_port=80`."""
    return subprocess.run(
        _command(words), capture_output=True, text=True, env=environment(settings), cwd=ROOT, timeout=COMMAND_S,
        check=False,
    )  # fmt: skip


def called(*words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Do the same within this process, without the second that a start takes."""
    nothing: dict[str, str | None] = {each.variable: None for each in described()}
    done = CliRunner().invoke(app, words, env={**nothing, **environment(settings)})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a command failed with."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, f"one line was wanted:\n{done.stderr}{done.stdout}"
    assert lines[0].startswith("esik cloud: ")
    return lines[0].removeprefix("esik cloud: ")


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Return an environment with these settings and nothing of this machine's but where programs are."""
    chosen = {f"ESIK_{name.upper()}": str(value) for name, value in settings.items()}
    return {"PATH": os.pathsep.join(os.get_exec_path()), "LANG": "C.UTF-8", **chosen}


@dataclass(frozen=True, slots=True)
class Running:
    """The service as a process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def health(self) -> int:
        """Return the status of /health; 0 while nothing listens."""
        try:
            return httpx2.get(f"{self.url}/health", timeout=5.0, trust_env=False).status_code
        except httpx2.HTTPError:
            return 0

    def is_up(self) -> bool:
        assert self.process.poll() is None, f"it ended:\n{self.text()}"
        return "esik cloud is ready" in self.text() and self.health() == 200

    def family(self) -> list[psutil.Process]:
        """Return the process and all that it started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def end(self, how: signal.Signals) -> int:
        """Send a signal, wait until the process and all that it started are gone, and return its status."""
        family = self.family()
        self.process.send_signal(how)
        status = self.process.wait(STOP_S)
        until(lambda: not [each for each in family if each.is_running()], STOP_S, "its children to end too")
        return status

    def text(self) -> str:
        """Return what it said so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    data: Path, *words: str, before: Sequence[str] = (), settings: Mapping[str, object] | None = None
) -> Iterator[Running]:
    """Run `esik cloud run` until the context ends; `before` are words before the command, as setpriv's."""
    port = free_port()
    chosen = {"http_port": port, "broker_port": free_port(), "data": data, **(settings or {})}
    log = data.with_name(f"{data.name}-{port}.log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*(before or leash(None)), *_command(("run", *words))],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(chosen), cwd=ROOT,
        )  # fmt: skip
    try:
        yield Running(process, int(str(chosen["http_port"])), log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_S)


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", _ESIK, "cloud", *words]
