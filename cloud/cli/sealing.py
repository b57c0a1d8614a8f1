"""`esik cloud keys rotate`, `reseal` and `retire`: a new key for the sealed fields, and an old one that can go."""

import asyncio

import typer

from cloud.accounts.actions import audit
from cloud.cli.keeping import keys
from cloud.cli.telling import AsJson, Course, DryRun, Status, answer, progress
from cloud.cli.world import (
    Data,
    run_to_the_end,
    services_as_they_are,
    services_of,
    settings_of,
    told_in_one_line,
)
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault, VaultLocked, add_key
from cloud.core.vault_keys import key_id, read_keys, retire_keys
from cloud.devices.ca import reseal_intermediate
from cloud.integrity.sealing import head_of, reseal, sealed_with, unlike

SYSTEM = Actor.system("command keys")
commands = keys  # those of keeping.py and these


@keys.command("rotate")
def rotate(data: Data = None, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Add a key and seal everything anew with it, while the service runs; cut off, `reseal` goes on with it."""
    settings = settings_of(data)
    if dry_run:
        _tell_unlike(settings, "keys rotate", b"", as_json=as_json)
        return
    with told_in_one_line():
        add_key(settings.vault_key_file)
    _reseal(settings, "keys rotate", as_json=as_json)


@keys.command("reseal")
def reseal_all(data: Data = None, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Seal with the newest key whatever another one sealed; what was done stays done."""
    settings = settings_of(data)
    if dry_run:
        with told_in_one_line():
            newest = head_of(Vault.of_file(settings.vault_key_file))
        _tell_unlike(settings, "keys reseal", newest, as_json=as_json)
        return
    _reseal(settings, "keys reseal", as_json=as_json)


@keys.command("retire")
def retire(data: Data = None, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take away every older key with which nothing is sealed any more; backups of before need them still."""
    settings = settings_of(data)

    async def work() -> tuple[list[str], dict[str, int]]:
        async with services_as_they_are(settings) if dry_run else services_of(settings) as services:
            path = settings.vault_key_file
            old = {key_id(key).hex(): key for key in read_keys(path)[:-1]}
            left = await sealed_with(services, list(old))
            if dry_run or not old:
                return [] if left else list(old), left
            if left:
                told = ", ".join(f"{name} {count}" for name, count in left.items())
                raise VaultLocked(f"still sealed with an older key: {told}. Run `esik cloud keys reseal` first.")
            await asyncio.to_thread(reseal_intermediate, settings.data / "ca", services.vault)
            retire_keys(path, list(old.values()))
            await _noted(services, "key.retired", " ".join(old))
            return list(old), left

    gone, left = run_to_the_end(work())
    values = {"dry_run": dry_run, "retired": gone, "still_used": left}
    answer("keys retire", values, _words_of_retired(settings, gone, left, dry_run=dry_run), as_json=as_json)
    if left:
        raise typer.Exit(Status.FAILED)


def _reseal(settings: Settings, command: str, *, as_json: bool) -> None:
    columns: dict[str, int] = {}

    async def work() -> str:
        with progress("sealing") as tell:
            async with services_of(settings) as services:
                total = await unlike(services, head_of(services.vault))
                course = Course(tell, total)

                def note(name: str, count: int) -> None:
                    columns.update({name: count} if count else {})
                    if name in total:
                        course.finish(name)

                await reseal(services, note)
                await asyncio.to_thread(reseal_intermediate, settings.data / "ca", services.vault)
                await _noted(services, "key.rotated", services.vault.newest_key_id)
                return services.vault.newest_key_id

    newest = run_to_the_end(work())
    values = {"dry_run": False, "key": newest, "values": sum(columns.values()), "columns": columns}
    told = f"{sum(columns.values())} values are sealed anew with key {newest}"
    words = [
        *(f"{name}: {count}" for name, count in columns.items()),
        f"{told}. `esik cloud keys retire` takes old keys away.",
    ]
    answer(command, values, words, as_json=as_json)


def _tell_unlike(settings: Settings, command: str, head: bytes, *, as_json: bool) -> None:
    """Tell how many values would be sealed anew by a key that begins them so."""

    async def work() -> tuple[str, dict[str, int]]:
        async with services_as_they_are(settings) as services:
            return services.vault.newest_key_id, await unlike(services, head)

    newest, columns = run_to_the_end(work())
    values = {"dry_run": True, "key": newest, "values": sum(columns.values()), "columns": columns}
    words = [
        *(f"{name}: {count}" for name, count in columns.items()),
        f"{sum(columns.values())} values would be sealed anew; now key {newest} seals",
    ]
    answer(command, values, words, as_json=as_json)


def _words_of_retired(settings: Settings, gone: list[str], left: dict[str, int], *, dry_run: bool) -> list[str]:
    if left:
        held = [f"{name}: {count} are sealed with an older key still" for name, count in left.items()]
        return [*held, "none would be retired: `esik cloud keys reseal` first"]
    if not gone:
        return ["there is one key only, which encrypts now: `esik cloud keys rotate` makes another"]
    if dry_run:
        return [f"would retire {', '.join(gone)}"]
    path = settings.vault_key_file
    return [f"retired {', '.join(gone)}: for backups of before they stand in {path}.retired: keep it elsewhere"]


async def _noted(services: Services, verb: str, which: str) -> None:
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, verb, f"key:{which}"[:120], at=services.clock.now())
