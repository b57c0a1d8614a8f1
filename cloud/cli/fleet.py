"""`esik cloud ca ...`, `esik cloud device ...` and `esik cloud broker`."""

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cloud.brokers import mosquitto
from cloud.brokers.mosquitto import MosquittoPlace
from cloud.cli.inviting import device_invite, device_retire
from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.settings import Settings
from cloud.devices import ca
from cloud.devices.actions import DeviceRow, NewDevice, NewGate, devices_of, revoke
from cloud.devices.renewals import approve_renewal
from cloud.rosters.bundles import TLS_PORT, HubAddress, add_device

authority = typer.Typer(no_args_is_help=True, help="The certification authority of devices and broker.")
devices = typer.Typer(no_args_is_help=True, help="Devices: add one and get its bundle, list, approve, revoke them.")
devices.command("invite")(device_invite)
devices.command("retire")(device_retire)
SYSTEM = Actor.system("command")


@authority.command("init")
def ca_init(data: Data = None) -> None:
    """Make an offline root and an online intermediate in the folder `ca`; print the root's passphrase, once."""
    settings = settings_of(data)

    async def work() -> str:
        async with services_of(settings) as services:
            return ca.init(settings.data / "ca", services.vault, services.clock.now())

    passphrase = run_to_the_end(work())
    typer.echo(f"made {settings.data / 'ca'}\npassphrase of root.key: {passphrase}")
    typer.echo("Move root.key and the passphrase to a safe place: they are wanted again in some years, and never here.")


@authority.command("path")
def ca_path(data: Data = None) -> None:
    """Print where the authority is kept."""
    typer.echo(settings_of(data).data / "ca")


@devices.command("add")
def device_add(
    name: Annotated[str, typer.Argument(help="Its name on the wire: 3 to 24 small Latin letters, digits and -.")],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    out: Annotated[Path, typer.Option("--out", help="The bundle to write, mode 0600: for the device alone.")],
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", help="KEY=Kazakh name|Russian name|English name of a gate it serves; may be repeated."),
    ] = None,
    hub: Annotated[str | None, typer.Option("--hub", help="DEVICE@HOST[:PORT] of the school's hub.")] = None,
    data: Data = None,
    *,
    is_hub: Annotated[bool, typer.Option("--is-hub", help="It runs the school's own broker.")] = False,
    has_sensor: Annotated[bool, typer.Option("--sensor", help="Its gates tell who went through.")] = False,
) -> None:
    """Add a device and write its bundle; who loses that revokes the device and adds it again."""
    if out.exists():
        fail(f"{out} is there already: choose another name")
    settings = settings_of(data)
    gates = tuple(_gate(text, has_sensor=has_sensor) for text in gate or ())
    new, at = NewDevice(name, gates, is_hub), _hub(hub)

    async def work() -> bytes:
        async with services_of(settings) as services:
            return await add_device(services, SYSTEM, school, new, at)

    bundle = run_to_the_end(work())
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(bundle)
    typer.echo(f"added device {name}; its bundle is {out}")


@devices.command("list")
def device_list(
    school: Annotated[str | None, typer.Option("--school", help="Only of this school.")] = None, data: Data = None
) -> None:
    """List the devices."""
    settings = settings_of(data)

    async def work() -> list[DeviceRow]:
        async with services_of(settings) as services:
            return await devices_of(services, SYSTEM, school)

    for row in run_to_the_end(work()):
        told = "revoked" if row.state.value == "revoked" else "online" if row.is_online else "offline"
        typer.echo(f"{row.name:24} {row.school:12} {told}{'  hub' if row.is_hub else ''}")


@devices.command("revoke")
def device_revoke(name: Annotated[str, typer.Argument(help="Its name.")], data: Data = None) -> None:
    """Believe a device no more, from its next message on."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await revoke(services, SYSTEM, name)

    run_to_the_end(work())
    typer.echo(f"revoked {name}")


@devices.command("approve")
def device_approve(name: Annotated[str, typer.Argument(help="Its name.")], data: Data = None) -> None:
    """Let a device renew its certificate although it ended more than 180 days ago; it asks again within the hour."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await approve_renewal(services, SYSTEM, name)

    run_to_the_end(work())
    typer.echo(f"approved {name}: it gets its certificate when it asks again, within the hour and the next 30 days")


def broker(
    folder: Annotated[Path, typer.Argument(help="Where mosquitto.conf, its access list and its certificates go.")],
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name it is reached by; may be repeated. Without it, those of the settings."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port it listens on.")] = TLS_PORT,
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "0.0.0.0",  # noqa: S104 (devices come from outside)
    data: Data = None,
) -> None:
    """Write mosquitto's configuration: mutual TLS, one access rule for all devices, a line for each hub."""
    settings = settings_of(data)
    place = MosquittoPlace(folder.absolute(), port, tuple(name or _broker_names(settings)), host)

    async def work() -> None:
        async with services_of(settings) as services:
            await mosquitto.write(services, place, services.clock.now())

    run_to_the_end(work())
    typer.echo(f"wrote {place.folder / 'mosquitto.conf'}; send mosquitto SIGHUP after devices came or went")


def _broker_names(settings: Settings) -> list[str]:
    """Return the names by which devices and this service reach the broker."""
    hosts = [urlsplit(url).hostname for url in (settings.device_mqtt_url, settings.mqtt_url)]
    return list(dict.fromkeys(host for host in (*hosts, "localhost", "127.0.0.1") if host))


def _gate(text: str, *, has_sensor: bool) -> NewGate:
    key, _, names = text.partition("=")
    parts = [part.strip() for part in names.split("|")]
    if not key or len(parts) != 3 or not all(parts):
        fail(f"--gate {text!r} is not KEY=Kazakh|Russian|English, as main='Негізгі кіру|Главный вход|Main entrance'")
    kk, ru, en = parts
    return NewGate(key.strip(), kk, ru, en, has_sensor)


def _hub(text: str | None) -> HubAddress | None:
    if text is None:
        return None
    device, at, place = text.partition("@")
    host, _, port = place.partition(":")
    if not (device and at and host) or (port and not port.isdigit()):
        fail(f"--hub {text!r} is not DEVICE@HOST or DEVICE@HOST:PORT")
    return HubAddress(device, host, int(port or TLS_PORT))
