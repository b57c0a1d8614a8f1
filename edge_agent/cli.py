"""The commands of the agent: run it, check its settings without starting anything, ask a running one how it is."""

import asyncio
import json
import platform
import signal
import sys
from pathlib import Path
from random import SystemRandom
from typing import Annotated

import httpx2
import structlog
import typer
from rich.console import Console
from rich.table import Table

from edge_agent import osdp_commands
from edge_agent import settings as settings_module
from edge_agent.agent import Ending, FolderTaken, run_agent
from edge_agent.bundle import Bundle, BundleRefused, read_bundle
from edge_agent.cards.keys import CardKeysRefused, KeyRing, read_ring_of
from edge_agent.clock import SystemClock
from edge_agent.core import Given
from edge_agent.firstboot.running import Beginning, enrol_by, first_boot
from edge_agent.logs import configure
from edge_agent.settings import AgentSettings, SettingsRefused
from edge_agent.systemd import Notifier
from edge_agent.updating_place import Place
from esik import __version__
from firmware.tools.enrolling import EnrolmentRefused, doors_page
from schemas.enrolment import CodeRefused

CONFIG = Path("agent.toml")
REFUSED, FAILED = 78, 1  # sysexits.h: EX_CONFIG
RESTART = 75  # EX_TEMPFAIL: whoever started us should do so again
_TIMEOUT_S = 5.0
Config = Annotated[Path, typer.Option("--config", "-c", help="The settings: see docs/settings.md.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The agent at a school: reads cards, opens gates.")
app.add_typer(osdp_commands.app, name="osdp")


@app.command()
def run(config: Config = CONFIG) -> None:
    """Run the agent until SIGTERM or Ctrl-C; one without a bundle waits for its enrolment code first."""
    settings = _settings(config)
    configure(settings.log)
    if not settings.bundle.exists() and not asyncio.run(_first_boot(settings)):
        return
    settings, bundle = _load(config)
    keys = _card_keys(settings, bundle)
    try:
        is_restart = asyncio.run(_run(settings, bundle, keys))
    except FolderTaken as error:
        typer.echo(f"esik edge: {error}", err=True)
        raise typer.Exit(FAILED) from error
    if is_restart:
        raise typer.Exit(RESTART)


@app.command()
def enrol(
    code: Annotated[str, typer.Option(help="The text of the QR code; without it, a line of standard input.")] = "",
    config: Config = CONFIG,
) -> None:
    """Enrol this agent by a code that the school's IT printed: makes its key, gets its bundle, writes it."""
    settings = _settings(config)
    if settings.bundle.exists():
        typer.echo(
            f"esik edge: {settings.bundle} is there: this agent is enrolled. To begin anew move it away", err=True
        )
        raise typer.Exit(FAILED)
    try:
        bundle = asyncio.run(enrol_by(code or sys.stdin.readline(), _beginning(settings, Notifier(""))))
    except (CodeRefused, EnrolmentRefused) as error:
        typer.echo(f"esik edge: {error}", err=True)
        raise typer.Exit(FAILED) from error
    typer.echo(f"enrolled as {bundle.device} of school {bundle.school}: the bundle is {settings.bundle}")
    page = doors_page(bundle.cloud.http_url, bundle.school)
    typer.echo(f"Next: start it (`esik edge run`); within a minute it is online on {page}")


@app.command()
def check(config: Config = CONFIG) -> None:
    """Tell every mistake in the settings and the bundle, without starting anything."""
    settings, bundle = _load(config)
    keys = _card_keys(settings, bundle)
    typer.echo(f"{config}: settings are right: device {bundle.device} of school {bundle.school}")
    for gate in settings.gates:
        readers = ", ".join(f"{reader.name} ({reader.direction})" for reader in gate.readers)
        typer.echo(f"  gate {gate.id}: {gate.actuator.kind}, readers {readers}")
    if settings.till.readers:
        typer.echo(f"  till: http://127.0.0.1:{settings.till.port}, readers {', '.join(settings.till.readers)}")
    if keys is not None:
        versions = ", ".join(str(key.version) for key in keys.versions)
        typer.echo(f"  cards prove themselves by keys of version {versions}")
    for reader in settings.readers:
        if not Path(reader.path).exists():
            typer.echo(f"  note: reader {reader.name}: {reader.path} is not there now; it is waited for")


@app.command()
def status(
    config: Config = CONFIG, *, as_json: Annotated[bool, typer.Option("--json", help="As /health answers.")] = False
) -> None:
    """Ask the agent on this machine how it is. The exit status is 0 while it does its work."""
    settings = _settings(config)
    if not settings.status.is_on:
        typer.echo(f"esik edge: {config} says status.is_on = false, so that a running agent cannot be asked", err=True)
        raise typer.Exit(FAILED)
    url = f"http://{_address(settings.status.host)}:{settings.status.port}/health"
    try:
        answer = httpx2.get(url, timeout=_TIMEOUT_S, trust_env=False)
        told = answer.json()
    except (httpx2.HTTPError, json.JSONDecodeError) as error:
        typer.echo(f"esik edge: no agent answers at {url} ({error}): is it running?", err=True)
        raise typer.Exit(FAILED) from error
    if as_json:
        typer.echo(answer.text)
    else:
        _show(told)
    raise typer.Exit(0 if answer.is_success else FAILED)


async def _run(settings: AgentSettings, bundle: Bundle, card_keys: KeyRing | None) -> bool:
    """Run to the end; return whether to start again."""
    ending, loop = Ending(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.stop)
    notifier = Notifier(settings_module.notify_socket())
    launched = settings_module.launched_from()
    given = Given(
        settings, bundle, SystemClock(), SystemRandom(), __version__, notifier, settings_module.watchdog_us(),
        Place(*launched) if launched is not None else None, card_keys,
    )  # fmt: skip
    structlog.contextvars.bind_contextvars(device=bundle.device)
    try:
        await run_agent(given, ending)
    finally:
        notifier.close()
    return ending.is_restart


async def _first_boot(settings: AgentSettings) -> bool:
    """Wait for an enrolment code; return False when told to stop before."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    notifier = Notifier(settings_module.notify_socket())
    try:
        return await first_boot(_beginning(settings, notifier), stop)
    finally:
        notifier.close()


def _beginning(settings: AgentSettings, notifier: Notifier) -> Beginning:
    return Beginning(settings, __version__, platform.machine() or "unknown", SystemClock(), SystemRandom(), notifier)


def _load(config: Path) -> tuple[AgentSettings, Bundle]:
    settings = _settings(config)
    try:
        bundle = read_bundle(settings.bundle)
        return settings_module.named_by(settings, bundle.gates), bundle
    except (BundleRefused, SettingsRefused) as error:
        typer.echo(f"esik edge: {error}", err=True)
        raise typer.Exit(REFUSED) from error


def _card_keys(settings: AgentSettings, bundle: Bundle) -> KeyRing | None:
    path = settings.cards.keys
    if path == settings_module.NO_PATH:
        return None
    try:
        return read_ring_of(path, bundle.school)
    except CardKeysRefused as error:
        typer.echo(f"esik edge: {error}", err=True)
        raise typer.Exit(REFUSED) from error


def _settings(config: Path) -> AgentSettings:
    try:
        return settings_module.load(config)
    except SettingsRefused as error:
        for mistake in error.mistakes:
            typer.echo(mistake, err=True)
        raise typer.Exit(REFUSED) from error


def _address(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104 # is asked, not bound


def _show(told: dict[str, object]) -> None:
    table = Table(show_header=False, box=None)
    for name in ("device", "status", "link", "unsent", "roster", "inside", "firmware", "uptime_s"):
        table.add_row(name.replace("_s", " (s)"), str(told.get(name, "")))
    concerns = told.get("concerns")
    for concern in concerns if isinstance(concerns, list) else []:
        table.add_row(str(concern.get("level")), f"{concern.get('what')} {concern.get('about')}".strip())
    Console(file=sys.stdout).print(table)
