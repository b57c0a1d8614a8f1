"""`esik device flash` and `esik device ports`: which board, which file, then the work, told line by line."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from firmware.node.ed25519 import Key
from firmware.node.release_keys import read_keys
from firmware.tools.boardfiles import BoardKind, Role, board_kinds
from firmware.tools.boardfiles_layout import RELEASE_KEY, BoardSet, board_set, slot_files
from firmware.tools.flash import Flashed, Flashing
from firmware.tools.flash_errors import FlashRefused, ImageRefused, PortRefused
from firmware.tools.flash_image import SIZE_MAX, Image, read_image
from firmware.tools.flash_ports import Drive, Port, find_boards, place_at
from firmware.tools.flash_programs import BAUD, Programs

FAILED = 1
KEY_FILE_MAX = 1_024
_NEXT = {
    Role.GATE: "give it its keys by `esik device enrol`, see docs/enrolling.md",
    Role.HEAD: 'put it on its agent\'s cable, with driver = "head", see docs/head.md',
}


def flash(
    board: Annotated[str, typer.Option(help="Which board it is; without it, you are asked.")] = "",
    port: Annotated[str, typer.Option(help="The serial port, or a Pico's drive; without it, it is looked for.")] = "",
    image: Annotated[Path | None, typer.Option(help="MicroPython for this board, from micropython.org.")] = None,
    sha256: Annotated[str, typer.Option(help="The SHA-256 that this file must have, 64 hex digits.")] = "",
    release_key: Annotated[
        Path | None, typer.Option(help="The operator's release.pub: who may sign a gate's updates over the network.")
    ] = None,
    baud: Annotated[int, typer.Option(min=9_600, max=2_000_000, help="How quickly an ESP32 is written.")] = BAUD,
    attempts: Annotated[int, typer.Option(min=1, max=50, help="How often the board is called.")] = 7,
) -> None:
    """Put MicroPython (with --image; it erases an ESP32) and our files on a board, and check what it says then."""
    try:
        checked = _image(image, sha256)
        wanted = _set(_kind(board), release_key)
        place = place_at(port) if port else _place()
        with tempfile.TemporaryDirectory(prefix="esik-flash-") as folder:
            done = Flashing(Programs(Path(folder), attempts=attempts, baud=baud), wanted, typer.echo).run(
                place, checked
            )
    except FlashRefused as refused:
        _fail(refused)
    typer.echo(_summary(done))


def files(
    board: Annotated[str, typer.Option(help="Which board the files are for.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder.")],
) -> None:
    """Write what a board's slot holds into a folder, to be signed as a release (docs/updates.md)."""
    try:
        made = slot_files(_kind(board))
    except FlashRefused as refused:
        _fail(refused)
    if out.exists() and any(out.iterdir()):
        _fail(FlashRefused(f"{out} is not empty", "name a folder that is, or a new one"))
    for file in made:
        place = out / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    typer.echo(f"{len(made)} files, {sum(len(file.content) for file in made):,} bytes, in {out}")


def ports() -> None:
    """List the places where a board may be."""
    found = find_boards()
    for place in found:
        typer.echo(f"{place.path}  {place.what}")
    if not found:
        typer.echo("There is no board. Put the cable in; use one that carries data, not one for charging only.")


def _image(path: Path | None, digest: str) -> Image | None:
    if path is None:
        if digest:
            raise ImageRefused("--sha256 is given without --image", "name the file with --image")
        return None
    if not digest:
        raise ImageRefused(
            "--image needs --sha256", "compare it with the one of whoever told you to use this file: `sha256sum FILE`"
        )
    try:
        with path.open("rb") as file:
            return read_image(file.read(SIZE_MAX + 1), digest)
    except OSError as error:
        raise ImageRefused(f"{path} cannot be read: {error.strerror}", "name the file that you downloaded") from None


def _set(kind: BoardKind, release_key: Path | None) -> BoardSet:
    if release_key is None:
        return board_set(kind)
    if kind.role is Role.HEAD:
        raise FlashRefused("a head takes no updates over the network", "leave --release-key out")
    try:
        with release_key.open("rb") as file:
            content = file.read(KEY_FILE_MAX + 1)
        for public in read_keys(content):
            Key(public)  # which says whether it is one
    except (OSError, ValueError) as error:
        advice = "name the operator's release.pub, or leave --release-key out: then newer programs come by cable only"
        raise FlashRefused(f"{release_key} holds no release keys: {error}", advice) from None
    return board_set(kind, content)


def _kind(name: str) -> BoardKind:
    kinds = board_kinds()
    names = [kind.name for kind in kinds]
    if name and name not in names:
        raise FlashRefused(f"there is no board {name[:40]!r}", f"the boards are {', '.join(names)}")
    if name:
        return kinds[names.index(name)]
    return kinds[_choose("Which board is it?", "--board", names)]


def _place() -> Port | Drive:
    places = find_boards()
    if not places:
        raise PortRefused(
            "no board was found", "put the cable in, one that carries data; a Pico from the box: hold BOOTSEL meanwhile"
        )
    if len(places) == 1:
        return places[0]
    return places[_choose("Several may be the board.", "--port", [f"{place.path}  {place.what}" for place in places])]


def _choose(question: str, option: str, answers: Sequence[str]) -> int:
    """Ask a person; where none is there to ask, refuse with what could be chosen."""
    rows = [f"  {number}  {answer}" for number, answer in enumerate(answers, 1)]
    if not _is_asked():
        raise FlashRefused(question, "\n".join([f"choose with {option}:", *(f"  {answer}" for answer in answers)]))
    typer.echo("\n".join([question, *rows]))
    chosen = typer.prompt("Number", type=int)
    if not 1 <= chosen <= len(answers):
        raise FlashRefused(f"there is no number {chosen}", "choose one of the list")
    return int(chosen) - 1


def _is_asked() -> bool:
    """Tell whether a person sits there."""
    return sys.stdin.isatty()


def _summary(done: Flashed) -> str:
    return (
        f"\nDone: {done.kind.name} on {done.port}, MicroPython {done.state.micropython}, "
        f"{done.copied} files copied, {done.kept} were there; all were read back and are right.\n"
        f"{_updates(done)}Next: {_NEXT[done.kind.role]}."
    )


def _updates(done: Flashed) -> str:
    if done.kind.role is Role.HEAD or RELEASE_KEY in done.state.files:
        return ""
    return (
        "It has no release key, so that newer programs come by this cable only; --release-key release.pub pins one.\n"
    )


def _fail(refused: FlashRefused) -> NoReturn:
    typer.echo(f"esik device: {refused}.\nWhat to do: {refused.advice}.", err=True)
    raise typer.Exit(FAILED)
