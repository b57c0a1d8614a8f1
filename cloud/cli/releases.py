"""`esik cloud release ...`: the release key, signing, and giving releases out."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of, told_in_one_line
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.core.services import Services
from cloud.releases import keys, rollouts
from cloud.releases.packing import Label, pack_folder
from cloud.releases.queries import releases_of
from cloud.releases.store import add_release
from schemas.release import ANY_BOARD

T = TypeVar("T")
SYSTEM = Actor.system("command")
releases = typer.Typer(no_args_is_help=True, help="Releases of the programs at schools: sign, give out, watch, stop.")
key = typer.Typer(no_args_is_help=True, help="The release key: made and kept offline; clouds and agents pin its half.")
releases.add_typer(key, name="key")
MANIFEST, PAYLOAD = "release.manifest", "release.payload"
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File with the passphrase; without it you are asked.")
]


@key.command("init")
def key_init(folder: Annotated[Path, typer.Argument(help="Where release.key and release.pub go: offline.")]) -> None:
    """Make a release key; print its passphrase, once."""
    with told_in_one_line():
        passphrase = keys.make(folder)
    typer.echo(f"made {folder / keys.PRIVATE} and {folder / keys.PUBLIC}\npassphrase of release.key: {passphrase}")
    typer.echo("Keep release.key offline. release.pub goes to /opt/esik of every agent and to `release key trust`.")


@key.command("trust")
def key_trust(
    file: Annotated[Path, typer.Argument(help="release.pub; it may hold several keys, one a line.")], data: Data = None
) -> None:
    """Let this cloud take releases that were signed by a key in the file, and no others."""
    with told_in_one_line():
        count = keys.trust(settings_of(data).data, file)
    typer.echo(f"trusted: {count} release key{'s' if count > 1 else ''}")


@releases.command("sign")
def sign(
    folder: Annotated[Path, typer.Argument(help="What is released: see docs/updates.md.")],
    release_key: Annotated[Path, typer.Option("--key", help="release.key.")],
    product: Annotated[str, typer.Option(help="agent or node.")],
    counter: Annotated[int, typer.Option(help="Above that of every earlier release.")],
    version: Annotated[str, typer.Option(help="Its name for people, as 0.4.0.")],
    out: Annotated[Path, typer.Option(help="Folder for the release's two files.")],
    note_kk: Annotated[str, typer.Option(help="What is new, in Kazakh.")],
    note_ru: Annotated[str, typer.Option(help="What is new, in Russian.")],
    note_en: Annotated[str, typer.Option(help="What is new, in English.")],
    board: Annotated[str, typer.Option(help="The machine it is for; `any` for every one.")] = ANY_BOARD,
    journal: Annotated[int, typer.Option(help="The oldest format of a journal that it reads.")] = 1,
    passphrase_file: Passphrase = None,
) -> None:
    """Sign a folder as a release: a manifest and a payload. Needs no service and no network."""
    label = Label(counter, product, board, version, journal, {"kk": note_kk, "ru": note_ru, "en": note_en})
    with told_in_one_line():
        private = keys.unlock(release_key, _passphrase(passphrase_file))
        packed = pack_folder(folder, label, private.sign)
        out.mkdir(parents=True, exist_ok=True)
        for name, content in ((PAYLOAD, packed.payload), (MANIFEST, packed.manifest)):
            with whole(out / name) as file:
                file.write(content)
    typer.echo(f"signed release {counter} ({version}) of the {product}: {out / MANIFEST}, {out / PAYLOAD}")


def _passphrase(file: Path | None) -> str:
    if file is None:
        asked: str = typer.prompt("Passphrase of release.key", hide_input=True)
        return asked
    try:
        return file.read_text().strip()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")


@releases.command("add")
def add(
    folder: Annotated[Path, typer.Argument(help="Where `release sign` put the release's two files.")], data: Data = None
) -> None:
    """Take a signed release in. It is given to nobody yet."""
    try:
        manifest, payload = (folder / MANIFEST).read_bytes(), (folder / PAYLOAD).read_bytes()
    except OSError as error:
        fail(f"{folder} cannot be read: {error.strerror}")
    taken = _done(data, lambda services: add_release(services, SYSTEM, manifest, payload))
    typer.echo(f"added release {taken.counter} ({taken.version}) of the {taken.product} for {taken.board}")


@releases.command("list")
def show(data: Data = None) -> None:
    """List the releases, and how far each is."""
    for row in _done(data, lambda services: releases_of(services, SYSTEM)):
        far = f"{row.state or 'not started'} {row.stage}".strip()
        at = row.progress
        told = f"{at.done} of {at.eligible}, {at.failed} failed, {at.silent} silent"
        typer.echo(f"{row.product:6}{row.board:20}{row.counter:>6}  {row.version:12}{far:20}{told}")


Product = Annotated[str, typer.Argument(help="agent or node.")]
Board = Annotated[str, typer.Argument(help="The board in its manifest.")]
Counter = Annotated[int, typer.Argument(help="Its counter.")]


@releases.command("start")
def begin(
    product: Product, board: Board, counter: Counter,
    device: Annotated[str, typer.Option("--device", help="The first device to get it.")], data: Data = None,
) -> None:  # fmt: skip
    """Offer a release to one device."""
    _done(data, lambda services: rollouts.start(services, SYSTEM, (product, board, counter), device))
    typer.echo(f"offered to {device}; `esik cloud release list` tells how it goes")


@releases.command("widen")
def widen(product: Product, board: Board, counter: Counter, data: Data = None) -> None:
    """Offer a release to the next stage: a hundredth, a tenth, all."""
    stage = _done(data, lambda services: rollouts.widen(services, SYSTEM, (product, board, counter)))
    typer.echo(f"offered to: {stage.value}")


@releases.command("pause")
def pause(product: Product, board: Board, counter: Counter, data: Data = None) -> None:
    """Offer a release to nobody new for now."""
    _done(data, lambda services: rollouts.pause(services, SYSTEM, (product, board, counter)))


@releases.command("resume")
def resume(product: Product, board: Board, counter: Counter, data: Data = None) -> None:
    """Go on with a release that was paused, or that stopped by itself."""
    _done(data, lambda services: rollouts.resume(services, SYSTEM, (product, board, counter)))


@releases.command("abort")
def abort(product: Product, board: Board, counter: Counter, data: Data = None) -> None:
    """Offer a release to nobody any more. Devices that have it keep it."""
    _done(data, lambda services: rollouts.abort(services, SYSTEM, (product, board, counter)))


def _done(data: Path | None, work: Callable[[Services], Awaitable[T]]) -> T:
    """Do some work with the services of this folder, and return what comes of it."""
    settings = settings_of(data)

    async def with_services() -> T:
        async with services_of(settings) as services:
            return await work(services)

    return run_to_the_end(with_services())
