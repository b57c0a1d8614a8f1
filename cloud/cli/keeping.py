"""`esik cloud export`, `takein` and `key`: a school's own, and the keys that read what is kept."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.telling import AsJson, DryRun, answer, progress
from cloud.cli.world import Data, EditionOption, fail, run_to_the_end, services_as_they_are, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.vault import Vault, VaultLocked, add_key, make_key_file, read_keys
from cloud.exports.actions import Exported, count_school, export_school
from cloud.exports.shapes import Secret
from cloud.schools.queries import school_of_code
from cloud.takein.actions import TakenIn, take_in

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="A file with a passphrase: then another installation can take the file in."),
]
SYSTEM = Actor.system("command export")
keys = typer.Typer(
    no_args_is_help=True, hidden=True, help="The key file of the encrypted fields: make it, add a key, show its id."
)


def export(
    file: Annotated[Path, typer.Argument(help="The file to write, .zip; mode 0600.")],
    school: Annotated[str, typer.Option("--school", help="Code of the school.")],
    data: Data = None,
    *,
    with_iins: Annotated[bool, typer.Option("--with-iins", help="IINs too.")] = False,
    with_card_numbers: Annotated[bool, typer.Option("--with-card-numbers", help="Numbers of cards too.")] = False,
    with_contacts: Annotated[
        bool, typer.Option("--with-contacts", help="Phones and e-mails of guardians too.")
    ] = False,
    with_health: Annotated[
        bool, typer.Option("--with-health", help="What children may not eat, and papers too.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that is a school's own as CSV, JSON lines and SQLite; the audit journal notes it.

    With a passphrase it holds, sealed, what another installation needs to take the school in.
    """
    settings = settings_of(data)
    secrets = {Secret.IIN} if with_iins else set()
    secrets |= {Secret.CARD_NUMBER} if with_card_numbers else set()
    secrets |= {Secret.CONTACT} if with_contacts else set()
    secrets |= {Secret.HEALTH} if with_health else set()
    passphrase = _passphrase(passphrase_file) if passphrase_file else None

    async def work() -> Exported:
        with progress("exporting") as tell:

            async def told(done: int, total: int) -> None:
                tell("", done, total)

            async with services_as_they_are(settings) if dry_run else services_of(settings) as services:
                row = await school_of_code(services, school)
                if dry_run:
                    return await count_school(services, SYSTEM, row.id, file, secrets, passphrase)
                return await export_school(services, SYSTEM, row.id, file, secrets, passphrase, told)

    exported = run_to_the_end(work())
    rows, tables = sum(exported.rows.values()), len(exported.rows)
    values = {"dry_run": dry_run, "school": school, "file": file, "rows": rows, "tables": tables,
              "left_out": exported.left_out}  # fmt: skip
    words = [f"{'would write' if dry_run else 'wrote'} {file}: {rows} rows in {tables} tables"]
    if exported.left_out:
        words.append(f"left out: {', '.join(exported.left_out)} (see --help)")
    answer("export", values, words, as_json=as_json)


def takein(
    file: Annotated[Path, typer.Argument(help="A file that `esik cloud export --passphrase-file` or the page wrote.")],
    passphrase_file: Annotated[Path, typer.Option("--passphrase-file", help="A file with the passphrase.")],
    data: Data = None,
    edition: EditionOption = None,
) -> None:
    """Take a school's export into this installation, which must be empty: all of it, or nothing."""
    settings, passphrase = settings_of(data, edition), _passphrase(passphrase_file)

    async def work() -> TakenIn:
        async with services_of(settings) as services:
            return await take_in(services, Actor.system("command takein"), file, passphrase)

    taken = run_to_the_end(work())
    typer.echo(f"took {taken.school} in: {taken.rows} rows")
    typer.echo("Passwords did not come along: give the director a new one, enrol the devices anew, verify with verify.")


def _passphrase(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        fail(f"{file} cannot be read: a text file with the passphrase is wanted")


@keys.command("init")
def key_init(data: Data = None) -> None:
    """Make the key file, where `migrate` did not make it."""
    path = settings_of(data).vault_key_file
    try:
        make_key_file(path)
    except FileExistsError:
        fail(f"{path} is there already: `esik cloud key add` adds a key to it")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
    typer.echo(f"made {path}: keep a copy where the backups are not")


@keys.command("add")
def key_add(data: Data = None) -> None:
    """Add a key: it encrypts from now on; the older ones go on decrypting."""
    path = settings_of(data).vault_key_file
    try:
        add_key(path)
        typer.echo(f"added key {Vault(*read_keys(path)).newest_key_id} to {path}; a service that runs takes it at once")
    except VaultLocked as error:
        fail(error)


@keys.command("show")
def key_show(data: Data = None) -> None:
    """Print the id of the key that encrypts now, as backups name it; never the key."""
    path = settings_of(data).vault_key_file
    try:
        typer.echo(f"{Vault(*read_keys(path)).newest_key_id} {path}")
    except VaultLocked as error:
        fail(error)
