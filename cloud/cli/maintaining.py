"""`esik cloud maintenance`: windows that are announced ahead, said on every page, and called off."""

import json
from datetime import datetime
from typing import Annotated

import typer

from cloud.cli.world import Data, EditionOption, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.windows import Window
from cloud.maintenance.actions import cancel, plan
from cloud.maintenance.queries import Planned, windows_of

SYSTEM = Actor.system("command maintenance")
FORMS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
WHEN = "%Y-%m-%d %H:%M"
STATES = {
    "window_planned": "announced", "window_running": "runs", "window_over": "over", "window_ended": "ended early",
    "window_cancelled": "called off",
}  # fmt: skip
maintenance = typer.Typer(
    no_args_is_help=True, help="Windows in which the service is worked on: announce them, list them, call them off."
)


@maintenance.command("plan")
def plan_window(
    starts: Annotated[datetime, typer.Option("--from", formats=FORMS, help="Its beginning, in Kazakhstan's time.")],
    ends: Annotated[datetime, typer.Option("--until", formats=FORMS, help="Its end, likewise.")],
    data: Data = None,
    edition: EditionOption = None,
) -> None:
    """Announce a window: every page says it from three days before, and operators are not told of what it explains."""
    settings = settings_of(data, edition)
    window = Window(starts.replace(tzinfo=DEFAULT_ZONE), ends.replace(tzinfo=DEFAULT_ZONE))

    async def work() -> int:
        async with services_of(settings) as services:
            return await plan(services, SYSTEM, window)

    typer.echo(f"announced window {run_to_the_end(work())}: {starts:{WHEN}} to {ends:{WHEN}}")


@maintenance.command("list")
def list_windows(
    data: Data = None,
    edition: EditionOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of words.")] = False,
) -> None:
    """List the windows to come and the last ones that were."""
    settings = settings_of(data, edition)

    async def work() -> tuple[list[Planned], datetime]:
        async with services_of(settings) as services:
            found = await windows_of(services, SYSTEM)
            return [*found.ahead, *found.past], services.clock.now()

    found, now = run_to_the_end(work())
    if as_json:
        typer.echo(json.dumps([_as_json(each, now) for each in found]))
        return
    for each in found:
        starts, ends = (at.astimezone(DEFAULT_ZONE) for at in (each.window.starts_at, each.window.ends_at))
        typer.echo(f"{each.id} {starts:{WHEN}} to {ends:{WHEN}} {STATES[each.state(now)]}")
    if not found:
        typer.echo("no window was ever announced")


@maintenance.command("cancel")
def cancel_window(
    number: Annotated[int, typer.Argument(help="Its number, as `list` shows it.")],
    data: Data = None,
    edition: EditionOption = None,
) -> None:
    """Call a window off, or end the one that runs."""
    settings = settings_of(data, edition)

    async def work() -> None:
        async with services_of(settings) as services:
            await cancel(services, SYSTEM, number)

    run_to_the_end(work())
    typer.echo(f"called off window {number}")


def _as_json(each: Planned, now: datetime) -> dict[str, object]:
    return {
        "id": each.id, "from": each.window.starts_at.isoformat(), "until": each.window.ends_at.isoformat(),
        "state": STATES[each.state(now)],
    }  # fmt: skip
