"""`esik cloud keys rotate`, `reseal` and `retire`: a new key for the sealed fields, and an old one that can go."""

import asyncio

import typer

from cloud.accounts.actions import audit
from cloud.cli.keeping import keys
from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.core.vault import VaultLocked, add_key
from cloud.core.vault_keys import key_id, read_keys, retire_keys
from cloud.devices.ca import reseal_intermediate
from cloud.integrity.sealing import reseal, sealed_with

SYSTEM = Actor.system("command keys")
commands = keys  # those of keeping.py and these


@keys.command("rotate")
def rotate(data: Data = None) -> None:
    """Add a key and seal everything anew with it, while the service runs; cut off, `reseal` goes on with it."""
    settings = settings_of(data)
    try:
        add_key(settings.vault_key_file)
    except VaultLocked as error:
        fail(error)
    reseal_all(data)


@keys.command("reseal")
def reseal_all(data: Data = None) -> None:
    """Seal with the newest key whatever another one sealed; what was done stays done."""
    settings = settings_of(data)

    async def work() -> tuple[str, int]:
        async with services_of(settings) as services:
            count = await reseal(services, lambda name, each: typer.echo(f"{name}: {each}") if each else None)
            await asyncio.to_thread(reseal_intermediate, settings.data / "ca", services.vault)
            await _noted(services, "key.rotated", services.vault.newest_key_id)
            return services.vault.newest_key_id, count

    newest, count = run_to_the_end(work())
    typer.echo(f"{count} values are sealed anew with key {newest}. `esik cloud keys retire` takes old keys away.")


@keys.command("retire")
def retire(data: Data = None) -> None:
    """Take away every older key with which nothing is sealed any more; backups of before need them still."""
    settings = settings_of(data)

    async def work() -> list[str]:
        async with services_of(settings) as services:
            path = settings.vault_key_file
            old = {key_id(key).hex(): key for key in read_keys(path)[:-1]}
            if left := await sealed_with(services, list(old)):
                told = ", ".join(f"{name} {count}" for name, count in left.items())
                fail(f"still sealed with an older key: {told}. Run `esik cloud keys reseal` first.")
            await asyncio.to_thread(reseal_intermediate, settings.data / "ca", services.vault)
            if old:
                retire_keys(path, list(old.values()))
                await _noted(services, "key.retired", " ".join(old))
            return list(old)

    gone = run_to_the_end(work())
    if gone:
        path = settings.vault_key_file
        typer.echo(f"retired {', '.join(gone)}: for backups of before they stand in {path}.retired: keep it elsewhere")
    else:
        typer.echo("there is one key only, which encrypts now: `esik cloud keys rotate` makes another")


async def _noted(services: Services, verb: str, which: str) -> None:
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, verb, f"key:{which}"[:120], at=services.clock.now())
