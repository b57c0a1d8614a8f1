"""`esik cloud sign-on ...`: the keys that single sign-on signs with, and who may say who somebody is, everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.signon.arrivals import back_to
from cloud.signon.keys import rotate
from cloud.signon.providers import ProviderGiven, add_provider, end_provider

sign_on = typer.Typer(no_args_is_help=True, help="Keys and identity providers of single sign-on.")
SYSTEM = Actor.system("command sign-on")


@sign_on.command("rotate")
def renew(data: Data = None) -> None:
    """Sign with a new key from now on, as after a theft; the old ones are told a week longer."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await rotate(services, SYSTEM)

    run_to_the_end(work())
    typer.echo("tokens are signed with a new key")


@sign_on.command("believe")
def believe(
    name: Annotated[str, typer.Argument(help="As people will read it.")],
    issuer: Annotated[str, typer.Argument(help="The provider's own address.")],
    client_id: Annotated[str, typer.Argument(help="What the provider calls this installation.")],
    secret_file: Annotated[Path | None, typer.Option("--secret-file", help="Holds the client's secret.")] = None,
    algorithm: Annotated[str, typer.Option("--algorithm", help="How it signs.")] = "RS256",
    kind: Annotated[str, typer.Option("--by", help="email, phone or iin; empty: people join it themselves.")] = "",
    claim: Annotated[str, typer.Option("--claim", help="Name of that claim, where it is not the usual one.")] = "",
    scopes: Annotated[str, typer.Option("--scopes", help="What is asked for.")] = "openid profile email",
    data: Data = None,
) -> None:
    """Believe an identity provider for every school, as a national one; it was tried against no live system."""
    settings = settings_of(data)
    try:
        secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else ""
    except OSError as error:
        fail(f"{secret_file} cannot be read: {error.strerror}")
    given = ProviderGiven(name, issuer, client_id, secret, algorithm, kind, claim, scopes)

    async def work() -> tuple[int, str]:
        async with services_of(settings) as services:
            key = await add_provider(services, SYSTEM, None, given)
            return key, back_to(services, key)

    key, back = run_to_the_end(work())
    typer.echo(f"provider {key} is believed; give it this redirect_uri: {back}")


@sign_on.command("disbelieve")
def disbelieve(provider: Annotated[int, typer.Argument(help="Its number.")], data: Data = None) -> None:
    """Believe an identity provider of every school no more."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await end_provider(services, SYSTEM, None, provider)

    run_to_the_end(work())
    typer.echo(f"provider {provider} is believed no more")
