"""The sample's resources: a link, a textbook that people are signed in to, and a tool that has sent a result."""

import io

from PIL import Image

from cloud.accounts.logins import login_digest
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.resources.catalogue import add_resource, publish, put_cover
from cloud.resources.rules import ResourceGiven
from cloud.signon.parties import PartyGiven, add_party
from cloud.signon.providers import ProviderGiven, add_provider
from cloud.signon.tools import ToolGiven, add_tool
from tests.pages import resource_sample, roles_sample

OPERATOR = Actor("Операторлар", None, frozenset({Reach(Role.OPERATOR, None)}))
LINE = """
INSERT INTO lti_line (tool_id, resource_id, school_class_id, label, score_max, is_first, made_at)
SELECT $1, $2, school_class_id, 'Бақылау жұмысы', 20, true, $4 FROM person WHERE id = $3 RETURNING id
"""
NAMED = "UPDATE account SET name = 'Ұлжан Әлі' WHERE login_digest = ANY($1)"
SCORE = """
INSERT INTO lti_score (line_id, person_id, given, score_max, progress, marking, told_at, received_at)
VALUES ($1, $2, 17, 20, 'Completed', 'FullyGraded', $3, $3)
"""


async def write(services: Services, school_id: int, person_id: int) -> tuple[str, str]:
    """Write them; return the session's token of a student who has all of them, and a cover's digest."""
    it = Actor("Данияр Ким", None, frozenset({Reach(Role.IT, school_id)}))
    keeper = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.METHODOLOGIST, school_id)}))
    party = await add_party(
        services, it, school_id, PartyGiven("Кітапхана", "http://127.0.0.1:1/callback", "", ("profile", "class"))
    )
    await services.database.pool.execute("UPDATE relying_party SET client_id = 'books' WHERE id = $1", party.id)
    await _providers(services, it, school_id)
    address = "http://127.0.0.1:1/tool"
    tool = await add_tool(
        services, it, school_id,
        ToolGiven("Есептер", f"{address}/login", address, f"{address}/keys", ("profile",), ("members", "grades")),
    )  # fmt: skip
    given = (
        ResourceGiven("resource", "Жұлдызды аспан", "science", "kk", "link", address, grades=(1, 5)),
        ResourceGiven("textbook", "Математика 1", "mathematics", "ru", "oidc", address, party.id, (1,)),
        ResourceGiven("resource", "Есептер", "mathematics", "kk", "lti", address, tool.id, (1,)),
        ResourceGiven("textbook", "Әліппе", "kazakh", "kk", "link", address, grades=(1,), for_teachers=False),
    )
    ids = [await add_resource(services, keeper, school_id, each) for each in given]
    for resource_id in ids[:3]:
        await publish(services, keeper, school_id, resource_id)
    digest = await _cover(services, keeper, school_id, ids[1])
    await _result(services, tool.id, ids[2], person_id)
    await resource_sample.write(services, school_id, ids)
    return await _pupil(services, school_id, person_id), digest


async def _providers(services: Services, it: Actor, school_id: int) -> None:
    everywhere = ProviderGiven("Қала порталы", "http://127.0.0.1:1/national", "esik", claim_kind="iin", claim="iin")
    await add_provider(services, OPERATOR, None, everywhere)
    own = ProviderGiven("Мектеп порталы", "http://127.0.0.1:1/own", "esik", "a-secret-of-a-sample", claim_kind="email")
    await add_provider(services, it, school_id, own)


async def _cover(services: Services, keeper: Actor, school_id: int, resource_id: int) -> str:
    picture = io.BytesIO()
    Image.new("RGB", (300, 400), "#0a6570").save(picture, "PNG")
    await put_cover(services, keeper, school_id, resource_id, picture.getvalue())
    found = await services.database.pool.fetchval("SELECT cover_digest FROM resource WHERE id = $1", resource_id)
    return str(found)


async def _result(services: Services, tool_id: int, resource_id: int, person_id: int) -> None:
    now = services.clock.now()
    line = await services.database.pool.fetchval(LINE, tool_id, resource_id, person_id, now)
    await services.database.pool.execute(SCORE, line, person_id, now)


async def _pupil(services: Services, school_id: int, person_id: int) -> str:
    token = await roles_sample.account(services, "pupil", [(Role.STUDENT, school_id)])
    await roles_sample.own(services, person_id, "pupil")
    named = ("pupil", "student", "teacher", "methodologist", "deputy")
    await services.database.pool.execute(NAMED, [login_digest(services.vault, each) for each in named])
    return token
