"""`esik cloud school ...` and `esik cloud account ...`."""

from datetime import datetime
from typing import Annotated

import typer

from cloud.accounts.actions import NewAccount, add_account, reset_password
from cloud.accounts.queries import account_of_login
from cloud.accounts.rescuing import forget_lost, set_factor_day
from cloud.accounts.rules import normal_login
from cloud.cards.actions import rotate_card_key
from cloud.cards.keys import card_key
from cloud.cli.world import Data, fail, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.schools.actions import NewSchool, add_school
from cloud.schools.queries import SchoolRow, school_of_code, schools_of

schools = typer.Typer(no_args_is_help=True, help="Schools: add one, list them.")
accounts = typer.Typer(
    no_args_is_help=True, help="Accounts: make one, give a new initial password, take second steps away."
)
SYSTEM = Actor.system("command")


@schools.command("add")
def school_add(
    code: Annotated[
        str, typer.Argument(help="4 to 12 small Latin letters and digits; stands in every topic for ever.")
    ],
    kk: Annotated[str, typer.Option(help="Its name in Kazakh.")],
    ru: Annotated[str, typer.Option(help="Its name in Russian.")],
    en: Annotated[str, typer.Option(help="Its name in English.")],
    data: Data = None,
    zone: Annotated[str, typer.Option(help="Time zone.")] = "Asia/Almaty",
    days: Annotated[int, typer.Option(help="School days of a week, 5 or 6.")] = 5,
    passback: Annotated[str, typer.Option(help="Anti-passback: off, soft or hard.")] = "soft",
) -> None:
    """Add a school, with its card key."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            school_id = await add_school(services, SYSTEM, NewSchool(code, kk, ru, en, zone, days, passback))
            await card_key(services, school_id)

    run_to_the_end(work())
    typer.echo(f"added school {code}")


@schools.command("list")
def school_list(data: Data = None) -> None:
    """List the schools."""
    settings = settings_of(data)

    async def work() -> list[SchoolRow]:
        async with services_of(settings) as services:
            return await schools_of(services, SYSTEM)

    for row in run_to_the_end(work()):
        typer.echo(f"{row.code:12} shard {row.shard:02d}  {row.name_en}")


@schools.command("new-card-key")
def school_new_card_key(code: Annotated[str, typer.Argument(help="Code of the school.")], data: Data = None) -> None:
    """Give a school a new card key, after one of its agents or readers was stolen; cards stay as they are.

    Its devices know no card until they have new bundles: revoke each, add it again, and carry the bundle over.
    """
    settings = settings_of(data)

    async def work() -> int:
        async with services_of(settings) as services:
            return await rotate_card_key(services, SYSTEM, (await school_of_code(services, code)).id)

    count = run_to_the_end(work())
    typer.echo(f"{count} cards of {code} have new tokens; now give its devices new bundles")


@accounts.command("add")
def account_add(
    login: Annotated[str, typer.Argument(help="E-mail address, phone number or short name.")],
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    role: Annotated[Role, typer.Option(help="What the account may be.")],
    school: Annotated[str | None, typer.Option(help="Code of the school; for an operator none.")] = None,
    data: Data = None,
    language: Annotated[Language | None, typer.Option(help="Language of its pages; else the browser's.")] = None,
) -> None:
    """Make an account, and print its initial password, which the first sign-in asks to change."""
    if (school is None) != (role is Role.OPERATOR):
        fail("an operator has no --school, and every other role has one")
    settings = settings_of(data)

    async def work() -> NewAccount:
        async with services_of(settings) as services:
            school_id = await _school_id(services, school)
            return await add_account(services, SYSTEM, login, name, Reach(role, school_id), language or "")

    _print(run_to_the_end(work()))


@accounts.command("reset")
def account_reset(login: Annotated[str, typer.Argument(help="Login of the account.")], data: Data = None) -> None:
    """Give an account a new initial password and take its second steps away; its sessions end.

    For who has lost the phone and the recovery codes too: make sure first that it is them, in person.
    """
    settings = settings_of(data)

    async def work() -> NewAccount:
        async with services_of(settings) as services:
            account_id = await account_of_login(services, normal_login(login))
            return await reset_password(services, SYSTEM, account_id)

    _print(run_to_the_end(work()))
    typer.echo("its sessions ended, and it has no second step: the next sign-in sets up a new one where one is needed")


@accounts.command("forget-factors")
def account_forget_factors(
    login: Annotated[str, typer.Argument(help="Login of the account.")], data: Data = None
) -> None:
    """Take an account's second steps away, after its owner lost phone and codes and came in person; sessions end."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await forget_lost(services, SYSTEM, await account_of_login(services, normal_login(login)))

    run_to_the_end(work())
    typer.echo(f"{login} has no second step now; the next sign-in leads to a new one where it is needed")


@accounts.command("factor-day")
def account_factor_day(
    code: Annotated[str, typer.Argument(help="Code of the school.")],
    day: Annotated[datetime, typer.Argument(help="First day, as 2026-10-01.", formats=["%Y-%m-%d"])],
    data: Data = None,
) -> None:
    """Say from which day a school's staff need a second step: 60 days ahead at most."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await set_factor_day(services, SYSTEM, (await school_of_code(services, code)).id, day.date())

    run_to_the_end(work())
    typer.echo(f"staff of {code} need a second step from {day:%Y-%m-%d} on")


async def _school_id(services: Services, code: str | None) -> int | None:
    return None if code is None else (await school_of_code(services, code)).id


def _print(account: NewAccount) -> None:
    typer.echo(f"login: {account.login}\ninitial password: {account.password}\n(valid for 14 days, shown only now)")
