"""`esik cloud verify`: whether records, books, audit journal, sealed fields and files are whole, and anchors agree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cloud.cli.telling import AsJson, Status, answer, progress
from cloud.cli.world import Data, EditionOption, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.integrity.checking import Found, look
from cloud.integrity.comparing import compare_folder
from cloud.ledger.checking import check
from cloud.schools.queries import schools_of
from cloud.statistics.checking import differences

SYSTEM = Actor.system("command")
Copies = Annotated[
    Path | None, typer.Option("--anchors", help="A folder of anchors that a school kept, to be compared as well.")
]


def verify(
    data: Data = None, edition: EditionOption = None, anchors: Copies = None, *, as_json: AsJson = False
) -> None:
    """Compute every chain anew, decrypt every sealed field, add up every school's books, and compare the anchors.

    Every school's days are counted anew as well. The status is 1 when anything is wrong. It only reads, and the
    service may run meanwhile. Chains show accidents and a device's tampering; who wrote the database and made its
    chains anew is found by the anchors, those of before.
    """
    settings = settings_of(data, edition)

    async def work() -> tuple[Found, dict[str, int]]:
        with progress("verifying") as tell:
            async with services_of(settings) as services:
                found = Found()
                counted = await look(services, found, tell)
                if anchors is not None:
                    compared = await compare_folder(services, anchors, found.tell)
                    counted["anchors"] += compared.anchors
                    for each in compared.left_behind:
                        found.note(*each)
                await verify_books(services, found)
                await verify_statistics(services, found)
                return found, counted

    found, counted = run_to_the_end(work())
    values = {"counted": counted, "wrong": found.wrong, "found": found.named}
    answer("verify", values, _words(found, counted), as_json=as_json)
    if found.wrong:
        raise typer.Exit(Status.FAILED)


def _words(found: Found, counted: dict[str, int]) -> Iterator[str]:
    for place, what in found.named:
        yield f"{place}: {what}"
    if not found.wrong:
        told = ", ".join(f"{count} {name}" for name, count in counted.items())
        yield f"in order: {told}; every chain and every position, the books of every school and its statistics"
        return
    more = found.wrong - len(found.named)
    yield f"{found.wrong} things are wrong{f', {more} not shown' if more else ''}."
    yield "Make a copy of this database before anything else is done with it."


async def verify_books(services: Services, found: Found) -> None:
    """Add up every school's books, and tell of what is wrong."""
    for school in await schools_of(services, SYSTEM):
        for wrong in await check(services, SYSTEM, school.id):
            told = f"{wrong.what} {wrong.which} is kept as {wrong.kept} and adds up to {wrong.computed}"
            found.tell(f"books of {school.code}", told)


async def verify_statistics(services: Services, found: Found) -> None:
    """Count every school's days as their facts make them, and tell of what is kept otherwise."""
    for school in await schools_of(services, SYSTEM):
        for each in await differences(services, school.id):
            told = f"{each.of} {each.figure} of {each.on} is kept as {each.kept} and counts {each.counted}"
            found.tell(f"statistics of {school.code}", told)
