"""`esik cloud device invite` and `retire`: a code for a door without the page, and a device out of service."""

from pathlib import Path
from typing import Annotated

import segno
import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.devices.actions import NewGate, add_gate, retire
from cloud.devices.invitations import Invited, Wanted, invite
from cloud.schools.queries import school_of_code

SYSTEM = Actor.system("command")
WITHOUT_HTTPS = (
    "the code would lead to {url}, which no device elsewhere can use: set ESIK_PUBLIC_URL to the https address that "
    "the service has, and run this again. For a device on this very machine add --here"
)


def device_invite(
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    gate: Annotated[
        list[str],
        typer.Option("--gate", help="Key of a gate that the device serves; of a new one KEY=Kazakh|Russian|English."),
    ],
    hub_host: Annotated[str, typer.Option("--hub-host", help="Where the school's hub listens in its network.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Write the QR code into this file, mode 0600.")] = None,
    data: Data = None,
    *,
    is_hub: Annotated[bool, typer.Option("--is-hub", help="It runs the school's own broker.")] = False,
    here: Annotated[
        bool, typer.Option("--here", help="For a device on this very machine: https is not wanted.")
    ] = False,
) -> None:
    """Make an enrolment code, good once and for 24 hours, and show it: whoever has it can enrol a device."""
    if svg is not None and svg.exists():
        fail(f"{svg} is there already: choose another name")  # before a code is made for nothing
    new = [_new_gate(text) for text in gate if "=" in text]
    wanted = Wanted([text.partition("=")[0] for text in gate], is_hub, hub_host)
    settings = settings_of(data)
    if not (here or settings.public_url.startswith("https:")):
        fail(WITHOUT_HTTPS.format(url=settings.public_url))

    async def work() -> Invited:
        async with services_of(settings) as services:
            row = await school_of_code(services, school)
            for each in new:
                await add_gate(services, SYSTEM, row.id, each)
            return await invite(services, SYSTEM, row.id, wanted)

    _show(run_to_the_end(work()), svg)


def device_retire(name: Annotated[str, typer.Argument(help="Its name.")], data: Data = None) -> None:
    """Take a device out of service: believe it no more, and leave its gates to nobody."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await retire(services, SYSTEM, name)

    run_to_the_end(work())
    typer.echo(f"took {name} out of service")


def _show(invited: Invited, svg: Path | None) -> None:
    code = segno.make(invited.code.text(), error="m", micro=False)
    if svg is not None:
        with whole(svg) as file:
            code.save(file, kind="svg", border=4, dark="#000", light="#fff")
    else:
        code.terminal(compact=True)
        typer.echo(invited.code.text())
    for each in invited.replaces:
        typer.echo(f"it takes the place of {each}, which is revoked then")
    typer.echo(f"code for {invited.code.device}, good once, until {invited.expires_at:%Y-%m-%d %H:%M} UTC")


def _new_gate(text: str) -> NewGate:
    key, _, names = text.partition("=")
    parts = [part.strip() for part in names.split("|")]
    if not key or len(parts) != 3 or not all(parts):
        fail(f"--gate {text!r} is not KEY or KEY=Kazakh|Russian|English")
    kk, ru, en = parts
    return NewGate(key.strip(), kk, ru, en)
