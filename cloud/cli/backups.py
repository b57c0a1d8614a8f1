"""`esik cloud backup`, `restore`, `drill` and `backup-key`: what is kept, and that it can be read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import Manifest, write_archive
from cloud.cli.drilling import Drill
from cloud.cli.drilling import drill as go_through
from cloud.cli.restoring import Fit, fit_of, read_through, restore_archive
from cloud.cli.telling import AsJson, DryRun, Status, answer, progress
from cloud.cli.world import Data, EditionOption, fail, reached, run_to_the_end, settings_of, told_in_one_line
from cloud.core.backup_seals import make_private, read_private, read_recipients, recipient_of
from cloud.core.clock import SystemClock
from cloud.core.files import refuse_taken
from cloud.core.rotation import name_of, outlived
from cloud.core.settings import Settings

backup_keys = typer.Typer(no_args_is_help=True, help="The key pair that backups are sealed with: make it, show it.")
Key = Annotated[
    Path | None, typer.Option("--key", help="The private key of a sealed backup, as `backup-key make` wrote it.")
]


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
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write every table, of one instant, and the keys that read them, while the service runs or stands.

    It is sealed for ESIK_BACKUP_RECIPIENTS, where they are set: then only who has a private key opens it.
    """
    settings = settings_of(data, edition)
    place = file or settings.backup_folder
    if place is None:
        fail("name a file or a folder, or set ESIK_BACKUP_FOLDER", Status.USAGE)
    if verify:
        _drill(settings, place, key, as_json=as_json)
        return
    now = SystemClock().now()
    recipients = read_recipients(settings.backup_recipients)
    out = place / name_of(now, is_sealed=bool(recipients)) if place.is_dir() else place
    if keep_days is not None and out.parent != place:
        fail("--keep-days wants a folder, not a file", Status.USAGE)
    written = Written(settings, out, _old(out, now, keep_days, keep_months), has_keys=not keys_apart)
    if dry_run:
        with told_in_one_line():
            refuse_taken(out)
        _tell_written(written, None, as_json=as_json)
        return

    async def work() -> Manifest:
        with progress("writing") as tell:
            async with reached(settings) as at:
                return await write_archive(at, out, now, with_keys=not keys_apart, recipients=recipients, tell=tell)

    manifest = run_to_the_end(work())
    for path in written.old:
        path.unlink(missing_ok=True)
    _tell_written(written, manifest, as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `esik cloud backup` wrote.")],
    data: Data = None,
    edition: EditionOption = None,
    key: Key = None,
    *,
    over: Annotated[bool, typer.Option("--over", help="Replace schools and accounts that are there already.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty database: all of it, or nothing. The service must stand still meanwhile.

    A dry run reads the whole backup, says what it holds and whether it fits here; its status is 1 when it does not.
    """
    settings = settings_of(data, edition)
    private = _private(key)

    async def work() -> Fit:
        async with reached(settings) as at:
            fit = await fit_of(at, file, over=over, private=private)
            with progress("reading" if dry_run else "restoring") as tell:
                if dry_run:
                    read_through(file, private, tell)
                elif not fit.against:
                    await restore_archive(at, file, over=over, private=private, tell=tell)
        return fit

    fit = run_to_the_end(work())
    if fit.against and not dry_run:
        fail(fit.against[0])
    _tell_restored(fit, dry_run=dry_run, as_json=as_json)


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
    answer("drill", _as_json(done), _words_of(done), as_json=as_json)
    if done.found.wrong:
        raise typer.Exit(Status.FAILED)


def _as_json(done: Drill) -> dict[str, object]:
    return {
        "made_at": done.manifest.made_at, "rows": sum(done.manifest.rows.values()), "bytes": done.size,
        "tables": len(done.manifest.rows), "compared": len(done.manifest.digests), "counted": done.counted,
        "wrong": done.found.wrong, "found": done.found.named,
        "seconds": {name: round(each, 3) for name, each in done.seconds.items()},
    }  # fmt: skip


def _words_of(done: Drill) -> list[str]:
    manifest = done.manifest
    what = f"the backup of {manifest.made_at}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables"
    compared = "compared" if manifest.digests else "counted (it is of a version that kept no digests)"
    state = f"{done.found.wrong} things are wrong" if done.found.wrong else "in order"
    told = f"{state} after {done.took_s:.1f} s: {what}, {done.size / 1e6:.1f} MB, restored, {compared} and checked"
    return [*(f"{place}: {what}" for place, what in done.found.named), told]


def _private(key: Path | None) -> X25519PrivateKey | None:
    with told_in_one_line():
        return read_private(key) if key else None


def _old(out: Path, now: datetime, days: int | None, months: int) -> list[Path]:
    if days is None:
        return []
    names = [path.name for path in out.parent.iterdir()]
    return [out.parent / name for name in outlived([*names, out.name], now, days=days, months=months)]


@dataclass(frozen=True, slots=True)
class Written:
    """What a backup is to be: the file, the older ones that go, and whether keys are in it."""

    settings: Settings
    out: Path
    old: list[Path]
    has_keys: bool


def _tell_written(written: Written, manifest: Manifest | None, *, as_json: bool) -> None:
    """Tell what was written, or, without a manifest, what would be."""
    is_sealed = bool(written.settings.backup_recipients)
    values = {
        "dry_run": manifest is None, "file": written.out, "made_at": manifest.made_at if manifest else None,
        "rows": sum(manifest.rows.values()) if manifest else None,
        "bytes": written.out.stat().st_size if manifest else None,
        "sealed": is_sealed, "keys": written.has_keys, "deleted": [path.name for path in written.old],
    }  # fmt: skip
    if manifest is None:
        words = [f"would write {written.out}", *(f"would delete {path}" for path in written.old)]
    else:
        words = list(_words_of_written(written, manifest, is_sealed=is_sealed))
    answer("backup", values, words, as_json=as_json)


def _words_of_written(written: Written, manifest: Manifest, *, is_sealed: bool) -> Iterator[str]:
    if written.old:
        yield f"deleted {len(written.old)} old backups, {written.old[0].name} first"
    yield f"wrote {written.out}: {sum(manifest.rows.values())} rows of {len(manifest.rows)} tables"
    if is_sealed:
        yield "It is sealed: who holds no private key of ESIK_BACKUP_RECIPIENTS reads nothing in it."
    if not written.has_keys:
        kept = f"{written.settings.vault_key_file} and {written.settings.data / 'ca'}"
        yield f"It holds no keys. Nobody reads it without key {manifest.key_id}: keep {kept} too."
    elif not is_sealed:
        yield f"It holds key {manifest.key_id} too: whoever has the file reads everything. Keep it locked away."


def _tell_restored(fit: Fit, *, dry_run: bool, as_json: bool) -> None:
    """Tell what was restored, or would be, and end with 1 where a dry run found that it does not fit."""
    manifest, rows = fit.manifest, sum(fit.manifest.rows.values())
    values = {
        "dry_run": dry_run, "made_at": manifest.made_at, "esik": manifest.esik, "rows": rows,
        "tables": len(manifest.rows), "sealed": fit.is_sealed, "steps": fit.steps, "files": fit.files,
        "against": fit.against,
    }  # fmt: skip
    words = [f"restored {rows} rows of {manifest.made_at}; devices send again what came after"]
    if dry_run:
        words = [
            f"it holds {rows} rows of {len(manifest.rows)} tables, of {manifest.made_at}, by Esik {manifest.esik}",
            *(f"would write {path}" for path in fit.files),
            *([f"would bring the tables up after by {len(fit.steps)} migrations"] if fit.steps else []),
            *(f"it does not fit: {each}" for each in fit.against),
            *([] if fit.against else ["it fits: every byte was read, nothing was changed"]),
        ]
    answer("restore", values, words, as_json=as_json)
    if fit.against:
        raise typer.Exit(Status.FAILED)
