"""`esik cloud backup`, `restore`, `drill` and `backup-key`: what is kept, and that it can be read again."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import Manifest, write_archive
from cloud.cli.drilling import Drill
from cloud.cli.drilling import drill as go_through
from cloud.cli.restoring import restore_archive
from cloud.cli.world import FAILED, Data, EditionOption, fail, reached, run_to_the_end, settings_of, told_in_one_line
from cloud.core.backup_seals import make_private, read_private, read_recipients, recipient_of
from cloud.core.clock import SystemClock
from cloud.core.rotation import name_of, outlived
from cloud.core.settings import Settings

backup_keys = typer.Typer(no_args_is_help=True, help="The key pair that backups are sealed with: make it, show it.")
Key = Annotated[
    Path | None, typer.Option("--key", help="The private key of a sealed backup, as `backup-key make` wrote it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON instead of words.")]
TOLD_ROWS = 100_000  # a table of so many is worth a line while somebody waits


@backup_keys.command("make")
def make_backup_key(file: Annotated[Path, typer.Argument(help="The file to write, on a medium of its own.")]) -> None:
    """Make a key pair: the private part goes into the file, the other is printed, for ESIK_BACKUP_RECIPIENTS."""
    try:
        private = make_private(file)
    except FileExistsError:
        fail(f"{file} is there already: a key is never written over")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    typer.echo(recipient_of(private))
    typer.echo(
        f"Put that word into ESIK_BACKUP_RECIPIENTS. {file} opens the backups: take it off this machine.", err=True
    )


@backup_keys.command("show")
def show_backup_key(file: Annotated[Path, typer.Argument(help="A file that `backup-key make` wrote.")]) -> None:
    """Print for whom a private key opens backups; never the key."""
    with told_in_one_line():
        typer.echo(recipient_of(read_private(file)))


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="The file to write; in a folder it is named by the instant. ESIK_BACKUP_FOLDER."),
    ] = None,
    data: Data = None,
    edition: EditionOption = None,
    key: Key = None,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=1, help="Delete older ones of the folder; the three newest stay.")
    ] = None,
    keep_months: Annotated[
        int, typer.Option("--keep-months", min=0, help="With --keep-days: the first of each of so many months stays.")
    ] = 12,
    *,
    keys_apart: Annotated[
        bool, typer.Option("--keys-apart", help="Leave keys out: you keep the key file and the folder ca yourself.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Write nothing: restore FILE into a database made for it, and compare.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written and deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write every table, of one instant, and the keys that read them, while the service runs or stands.

    It is sealed for ESIK_BACKUP_RECIPIENTS, where they are set: then only who has a private key opens it.
    """
    settings = settings_of(data, edition)
    place = file or settings.backup_folder
    if place is None:
        fail("name a file or a folder, or set ESIK_BACKUP_FOLDER", 2)
    if verify:
        _drill(settings, place, key, as_json=as_json)
        return
    now = SystemClock().now()
    recipients = read_recipients(settings.backup_recipients)
    out = place / name_of(now, is_sealed=bool(recipients)) if place.is_dir() else place
    if keep_days is not None and out.parent != place:
        fail("--keep-days wants a folder, not a file", 2)
    old = _old(out, now, keep_days, keep_months)
    if dry_run:
        typer.echo("\n".join([f"would write {out}", *(f"would delete {path}" for path in old)]))
        return

    async def work() -> Manifest:
        async with reached(settings) as at:
            return await write_archive(at, out, now, with_keys=not keys_apart, recipients=recipients, tell=_progress)

    manifest = run_to_the_end(work())
    for path in old:
        path.unlink(missing_ok=True)
    if as_json:
        told = {"file": str(out), "made_at": manifest.made_at, "rows": sum(manifest.rows.values()),
                "bytes": out.stat().st_size, "sealed": bool(recipients), "keys": not keys_apart,
                "deleted": [path.name for path in old]}  # fmt: skip
        typer.echo(json.dumps(told))
        return
    _tell_written(settings, manifest, out, old, keys_apart=keys_apart)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `esik cloud backup` wrote.")],
    data: Data = None,
    edition: EditionOption = None,
    key: Key = None,
    *,
    over: Annotated[bool, typer.Option("--over", help="Replace schools and accounts that are there already.")] = False,
) -> None:
    """Put a backup into an empty database: all of it, or nothing. The service must stand still meanwhile."""
    settings = settings_of(data, edition)
    private = _private(key)

    async def work() -> Manifest:
        async with reached(settings) as at:
            return await restore_archive(at, file, over=over, private=private, tell=_progress)

    manifest = run_to_the_end(work())
    typer.echo(f"restored {sum(manifest.rows.values())} rows of {manifest.made_at}; devices send again what came after")


def drill(
    file: Annotated[
        Path | None, typer.Argument(help="A backup; one is made now, and deleted, if none is named.")
    ] = None,
    data: Data = None,
    edition: EditionOption = None,
    key: Key = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a database made for it, compare every row, check chains and books, and drop it again.

    The service goes on meanwhile. The status is 1 when anything is wrong: then that backup is not to be relied on.
    """
    _drill(settings_of(data, edition), file, key, as_json=as_json)


def _drill(settings: Settings, file: Path | None, key: Path | None, *, as_json: bool) -> None:
    private = _private(key)
    say = (lambda _line: None) if as_json else typer.echo

    async def work() -> Drill:
        async with reached(settings) as at:
            return await go_through(at, SystemClock(), say, file=file, private=private)

    done = run_to_the_end(work())
    if as_json:
        typer.echo(json.dumps(_as_json(done)))
    else:
        _tell_drilled(done)
    if done.found.wrong:
        raise typer.Exit(FAILED)


def _as_json(done: Drill) -> dict[str, object]:
    return {
        "made_at": done.manifest.made_at, "rows": sum(done.manifest.rows.values()), "bytes": done.size,
        "tables": len(done.manifest.rows), "compared": len(done.manifest.digests), "counted": done.counted,
        "wrong": done.found.wrong, "found": done.found.named,
        "seconds": {name: round(each, 3) for name, each in done.seconds.items()},
    }  # fmt: skip


def _tell_drilled(done: Drill) -> None:
    for place, what in done.found.named:
        typer.echo(f"{place}: {what}")
    manifest = done.manifest
    what = f"the backup of {manifest.made_at}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables"
    compared = "compared" if manifest.digests else "counted (it is of a version that kept no digests)"
    state = f"{done.found.wrong} things are wrong" if done.found.wrong else "in order"
    typer.echo(f"{state} after {done.took_s:.1f} s: {what}, {done.size / 1e6:.1f} MB, restored, {compared} and checked")


def _private(key: Path | None) -> X25519PrivateKey | None:
    with told_in_one_line():
        return read_private(key) if key else None


def _old(out: Path, now: datetime, days: int | None, months: int) -> list[Path]:
    if days is None:
        return []
    names = [path.name for path in out.parent.iterdir()]
    return [out.parent / name for name in outlived([*names, out.name], now, days=days, months=months)]


def _tell_written(settings: Settings, manifest: Manifest, out: Path, old: list[Path], *, keys_apart: bool) -> None:
    if old:
        typer.echo(f"deleted {len(old)} old backups, {old[0].name} first")
    typer.echo(f"wrote {out}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables")
    sealed = bool(settings.backup_recipients)
    if sealed:
        typer.echo("It is sealed: who holds no private key of ESIK_BACKUP_RECIPIENTS reads nothing in it.")
    if keys_apart:
        kept = [str(settings.vault_key_file), str(settings.data / "ca")]
        typer.echo(f"It holds no keys. Nobody reads it without key {manifest.key_id}: keep {' and '.join(kept)} too.")
    elif not sealed:
        typer.echo(f"It holds key {manifest.key_id} too: whoever has the file reads everything. Keep it locked away.")


def _progress(table: str, rows: int) -> None:
    if rows >= TOLD_ROWS and sys.stderr.isatty():
        typer.echo(f"  {table}: {rows} rows", err=True)
