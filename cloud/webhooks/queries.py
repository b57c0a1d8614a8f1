"""What is asked of webhooks: which a school has, and how the last tellings went."""

from dataclasses import dataclass
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.tokens.actions import MAKER_MAY, MAKERS

SHOWN = 20
_WEBHOOKS = f"""
SELECT webhook.id, webhook.name, address, kinds, old_until, (
  SELECT count(*) FROM webhook_event WHERE webhook_id = webhook.id AND next_at IS NOT NULL) AS waiting,
  coalesce(maker.name, '') AS made_by, NOT {MAKER_MAY.format("webhook", "$2")} AS rests
FROM webhook LEFT JOIN account AS maker ON maker.id = made_by
WHERE school_id = $1 AND ended_at IS NULL ORDER BY webhook.id LIMIT 50
"""  # noqa: S608 (text of ours)
_DELIVERIES = """
SELECT event.id, webhook.name, kind, event.made_at, attempts, delivered_at, given_up_at, last_status, last_error
FROM webhook JOIN webhook_event AS event ON event.webhook_id = webhook.id
WHERE school_id = $1 AND ended_at IS NULL ORDER BY event.id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook as its list shows it."""

    id: int
    name: str
    address: str
    kinds: tuple[str, ...]
    old_until: datetime | None
    waiting: int
    made_by: str
    rests: bool  # its maker may not keep it any more


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """How one telling went."""

    id: int
    name: str
    kind: str
    made_at: datetime
    attempts: int
    delivered_at: datetime | None
    given_up_at: datetime | None
    last_status: int | None
    last_error: str

    @property
    def state(self) -> str:
        """Return how it went, as a sign's code."""
        if self.delivered_at is not None:
            return "webhook_delivered"
        return "webhook_given_up" if self.given_up_at is not None else "webhook_waiting"


async def webhooks_of(services: Services, actor: Actor, school_id: int) -> list[WebhookRow]:
    """Return a school's webhooks. Raises NotAllowed."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    rows = await services.database.pool.fetch(_WEBHOOKS, school_id, MAKERS)
    return [WebhookRow(**{**row, "kinds": tuple(row["kinds"])}) for row in rows]


async def deliveries_of(services: Services, actor: Actor, school_id: int) -> list[DeliveryRow]:
    """Return the last tellings of a school's webhooks, newest first. Raises NotAllowed."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    return [DeliveryRow(**row) for row in await services.database.pool.fetch(_DELIVERIES, school_id, SHOWN)]
