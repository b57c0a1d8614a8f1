"""`esik cloud node ...`: the tree of authorities above the schools."""

from typing import Annotated

import typer

from cloud.accounts.actions import NewAccount
from cloud.accounts.at_nodes import add_account_at_node
from cloud.cli.world import Data, run_to_the_end, services_of, settings_of
from cloud.core.actor import Actor
from cloud.core.roles import Role
from cloud.organisation.tree import Level, NewNode, NodeRow, add_node, node_of, nodes, place_school
from cloud.schools.queries import school_of_code

tree = typer.Typer(no_args_is_help=True, help="Authorities above the schools: add, list, place schools, accounts.")
SYSTEM = Actor.system("command")


@tree.command("add")
def node_add(
    code: Annotated[str, typer.Argument(help="2 to 24 small Latin letters, digits and hyphens.")],
    level: Annotated[Level, typer.Option(help="How high it stands.")],
    kk: Annotated[str, typer.Option(help="Its name in Kazakh.")],
    ru: Annotated[str, typer.Option(help="Its name in Russian.")],
    en: Annotated[str, typer.Option(help="Its name in English.")],
    below: Annotated[str | None, typer.Option(help="Code of the one above; for the national one none.")] = None,
    data: Data = None,
) -> None:
    """Add an authority."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await add_node(services, SYSTEM, NewNode(code, level, kk, ru, en, below))

    run_to_the_end(work())
    typer.echo(f"added {level.value} authority {code}")


@tree.command("list")
def node_list(data: Data = None) -> None:
    """List the authorities."""
    settings = settings_of(data)

    async def work() -> list[NodeRow]:
        async with services_of(settings) as services:
            return await nodes(services)

    for row in run_to_the_end(work()):
        typer.echo(
            f"{row.code:24} {row.level.value:10} below {row.parent or '-':24} {row.schools} schools  {row.name_en}"
        )


@tree.command("place")
def node_place(
    school: Annotated[str, typer.Argument(help="Code of the school.")],
    node: Annotated[str, typer.Argument(help="Code of the authority it stands below.")],
    data: Data = None,
) -> None:
    """Place a school below an authority."""
    settings = settings_of(data)

    async def work() -> None:
        async with services_of(settings) as services:
            await place_school(services, SYSTEM, (await school_of_code(services, school)).id, node)

    run_to_the_end(work())
    typer.echo(f"{school} stands below {node}")


@tree.command("account")
def node_account(
    login: Annotated[str, typer.Argument(help="E-mail address, phone number or short name.")],
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    node: Annotated[str, typer.Option(help="Code of the authority; its schools are reached.")],
    role: Annotated[Role, typer.Option(help="authority or auditor.")] = Role.AUTHORITY,
    data: Data = None,
) -> None:
    """Make an account at an authority, and print its initial password, which the first sign-in asks to change."""
    settings = settings_of(data)

    async def work() -> NewAccount:
        async with services_of(settings) as services:
            return await add_account_at_node(services, SYSTEM, login, name, role, (await node_of(services, node)).id)

    made = run_to_the_end(work())
    typer.echo(f"login: {made.login}\ninitial password: {made.password}\n(valid for 14 days, shown only now)")
