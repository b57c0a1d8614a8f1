"""Telling programs what waits in the outbox: signed, again and again, given up after three days with an alarm.

Rule: no redirect is followed and no answer is read; while the network is waited for, no transaction is open. A worker
that dies tells a thing twice, under the same id. A webhook never outlives its maker: it rests, and tells nothing, while
who made it has no open account or may not keep programs at that school any more.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import asyncpg
import httpx2
import structlog

from cloud.core.errors import kinds_of
from cloud.core.reaching import Resolve, resolve_by_system
from cloud.core.services import Services
from cloud.core.targets import NotReachable, reachable
from cloud.devices.alarms import note_alarm
from cloud.tokens.actions import MAKER_MAY, MAKERS
from cloud.webhooks.actions import RESTS, SEALED
from cloud.webhooks.addressing import target_of
from cloud.webhooks.errors import WebhookWrong
from cloud.webhooks.signing import headers

AT_ONCE = 100
OF_ONE = 20  # of one webhook in a round: a dead one holds up no other
TOGETHER = 8
TIMEOUT_S = 10.0
HELD = timedelta(minutes=2)  # how long a telling is another worker's at most
PAUSES = tuple(
    timedelta(seconds=each)
    for each in (5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 43_200, 43_200, 43_200, 43_200)
)  # three days
RESTS_FOR, RESTS_LONGEST = timedelta(hours=1), sum(PAUSES, timedelta())
KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 10_000
# What waits for a webhook that rests waits for who takes it over, as long as for a program that does not answer.
_REST = f"""
UPDATE webhook_event AS event SET last_error = '{RESTS}',
  next_at = CASE WHEN event.made_at > $2 THEN $3::timestamptz END,
  given_up_at = CASE WHEN event.made_at > $2 THEN NULL ELSE $1::timestamptz END
FROM webhook WHERE event.next_at <= $1 AND webhook.id = event.webhook_id AND NOT {MAKER_MAY.format("webhook", "$4")}
RETURNING webhook.id, webhook.school_id, webhook.name
"""  # noqa: S608 (text of ours)
_TAKE = f"""
WITH waiting AS (
  SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at, id) AS place FROM webhook_event
  WHERE next_at <= $1
), mine AS (
  SELECT id FROM webhook_event WHERE next_at <= $1 AND id IN (
    SELECT id FROM waiting WHERE place <= $3 ORDER BY id LIMIT $4
  ) FOR UPDATE SKIP LOCKED
)
UPDATE webhook_event AS event SET attempts = attempts + 1, next_at = $2
FROM webhook JOIN school ON school.id = webhook.school_id
WHERE event.id IN (SELECT id FROM mine) AND webhook.id = event.webhook_id AND webhook.ended_at IS NULL
  AND {MAKER_MAY.format("webhook", "$5")}
RETURNING event.id, event.webhook_id, webhook.name, webhook.school_id, school.code AS school, webhook.address,
  webhook.secret_encrypted AS secret,
  CASE WHEN webhook.old_until > $1 THEN webhook.old_secret_encrypted END AS old_secret, event.kind, event.body,
  event.made_at, event.attempts
"""  # noqa: S608 (text of ours)
_DONE = """
UPDATE webhook_event SET next_at = NULL, delivered_at = $2, last_status = $3, last_error = '' WHERE id = $1
"""
_AGAIN = "UPDATE webhook_event SET next_at = $2, last_status = $3, last_error = $4 WHERE id = $1"
_GIVE_UP = """
UPDATE webhook_event SET next_at = NULL, given_up_at = $2, last_status = $3, last_error = $4 WHERE id = $1
"""
_FORGET = """
DELETE FROM webhook_event WHERE id IN (
  SELECT id FROM webhook_event WHERE made_at < $1 AND next_at IS NULL ORDER BY made_at LIMIT $2)
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Telling:
    """An event that is due, with whom it is told."""

    id: int
    webhook_id: int
    name: str
    school_id: int
    school: str
    address: str
    secret: bytes
    old_secret: bytes | None
    kind: str
    body: str
    made_at: datetime
    attempts: int

    @property
    def message(self) -> bytes:
        """Return what is sent."""
        told = {"type": self.kind, "timestamp": self.made_at.isoformat(), "data": json.loads(self.body)}
        return json.dumps(told | {"school": self.school}, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a telling went; no status where nothing answered."""

    status: int | None
    error: str

    @property
    def is_taken(self) -> bool:
        """Tell whether the program has taken it."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


async def deliver_due(services: Services, resolve: Resolve = resolve_by_system) -> int:
    """Tell programs what is due, and return how many tellings were tried."""
    now = services.clock.now()
    await _let_rest(services, now)
    rows = await services.database.pool.fetch(_TAKE, now, now + HELD, OF_ONE, AT_ONCE, MAKERS)
    due = [Telling(**row) for row in rows]
    if not due:
        return 0
    together = asyncio.Semaphore(TOGETHER)
    timeout = httpx2.Timeout(TIMEOUT_S)
    async with (
        httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for telling in due:
            tasks.create_task(_tell(services, client, resolve, telling, together), name="webhooks.tell")
    return len(due)


async def _let_rest(services: Services, now: datetime) -> None:
    """Put off what is due of webhooks that rest, and tell the school's IT of each."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        rested = await connection.fetch(_REST, now, now - RESTS_LONGEST, now + RESTS_FOR, MAKERS)
        for row in {each["id"]: each for each in rested}.values():
            await note_alarm(connection, row["school_id"], "service", "webhook_rests", row["name"], now)


async def forget_events(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget what was told, or given up, a month ago."""
    await pool.execute(_FORGET, now - KEPT, FORGOTTEN_AT_ONCE)


async def _tell(
    services: Services, client: httpx2.AsyncClient, resolve: Resolve, telling: Telling, together: asyncio.Semaphore
) -> None:
    async with together:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await _ask(services, client, resolve, telling)
        except (NotReachable, WebhookWrong) as refused:
            answer = Answer(None, str(refused))
        except (TimeoutError, OSError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            answer = Answer(None, kinds_of(error)[0])
    await _note(services, telling, answer)


async def _ask(services: Services, client: httpx2.AsyncClient, resolve: Resolve, telling: Telling) -> Answer:
    target = target_of(telling.address, services.settings.webhook_networks)
    address = await reachable(target, services.settings.webhook_networks, resolve)
    signed = headers(f"msg_{telling.id}", services.clock.now(), telling.message, _secrets(services, telling))
    request = client.build_request(
        "POST", target.at(address), content=telling.message, extensions={"sni_hostname": target.host},
        headers={"host": target.name, "content-type": "application/json", "user-agent": "Esik-Webhooks/1", **signed},
    )  # fmt: skip
    response = await client.send(request, stream=True)  # an answer without end is not read
    await response.aclose()
    return Answer(response.status_code, "" if response.is_success else f"status {response.status_code}")


def _secrets(services: Services, telling: Telling) -> Sequence[str]:
    sealed = (telling.secret, telling.old_secret)
    return [services.vault.decrypt(each, SEALED) for each in sealed if each is not None]


async def _note(services: Services, telling: Telling, answer: Answer) -> None:
    pool, now = services.database.pool, services.clock.now()
    log.info("webhook.told", webhook=telling.webhook_id, telling=telling.id, status=answer.status)
    if answer.is_taken:
        await pool.execute(_DONE, telling.id, now, answer.status)
    elif telling.attempts <= len(PAUSES) and answer.status != HTTPStatus.GONE:
        pause = PAUSES[telling.attempts - 1]
        await pool.execute(_AGAIN, telling.id, now + pause, answer.status, answer.error)
    else:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_GIVE_UP, telling.id, now, answer.status, answer.error)
            await note_alarm(connection, telling.school_id, "service", "webhook_given_up", telling.name, now)
