"""The application serves the routers' own routes: a second build of all of them would hold the first request up."""

from cloud.app import ROUTERS, create_app
from cloud.core.services import Services


def routes_of(services: Services) -> set[int]:
    return {id(route) for route in create_app(services).routes}


async def test_no_route_is_built_a_second_time(services: Services) -> None:
    own = {id(route) for router in ROUTERS for route in router.routes}

    assert own <= routes_of(services)
    assert own <= routes_of(services), "nor by a second application"


def test_no_router_is_named_twice() -> None:
    assert len({id(router) for router in ROUTERS}) == len(ROUTERS)
