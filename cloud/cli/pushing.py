"""`esik cloud push-key make` and `change`: the key by which browsers' push services know this installation."""

import typer

from cloud.cli.world import Data, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.notifications.channels.push_keys import change_push_key, make_push_key

push_key_commands = typer.Typer(no_args_is_help=True, help="The key of Web Push: notices on phones and computers.")
SYSTEM = Actor.system("command push-key")


@push_key_commands.command("make")
def make(data: Data = None) -> None:
    """Make the key, once: from then on parents may turn notices on in their browsers."""
    settings = settings_of(data)

    async def work() -> bool:
        async with services_of(settings) as services:
            return await make_push_key(services, SYSTEM)

    is_new = run_to_the_end(work())
    typer.echo("the key is made, and browsers may subscribe" if is_new else "there is a key; it stays as it is")


@push_key_commands.command("change")
def change(data: Data = None) -> None:
    """Put a new key in its place, as after a theft: every browser has to be turned on again by its owner."""
    settings = settings_of(data)

    async def work() -> int:
        async with services_of(settings) as services:
            return await change_push_key(services, SYSTEM)

    ended = run_to_the_end(work())
    typer.echo(f"the key is a new one; {ended} browsers get nothing until their owners turn notices on again")
