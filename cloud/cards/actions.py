"""What is done with cards: giving, blocking, freeing, taking back, and a new key after a reader was stolen."""

from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.cards.bulk import NUMBER, CardGiven, put_cards
from cloud.cards.errors import CardTaken
from cloud.cards.keys import card_key_within, new_card_key
from cloud.cards.kinds import CardState, Medium
from cloud.cards.rules import normal_number, token_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import changed_at, tell_changed

_MAY_BLOCK = "SELECT true FROM guardianship_at($3) WHERE account_id = $1 AND person_id = $2 AND may_block_card"


async def give_card(
    services: Services,
    actor: Actor,
    person_id: int,
    number: str,
    medium: Medium = Medium.UID,
    not_after: datetime | None = None,
) -> int:
    """Give a card to a person and return its id; giving it again to the same person changes nothing.

    Raises NotAllowed, NotFound, CardNumberWrong, CardOfNobody, or CardTaken with whose it is.
    """
    school_id = await services.database.pool.fetchval("SELECT school_id FROM person WHERE id = $1", person_id)
    if school_id is None:
        raise NotFound
    actor.require(Right.CARDS_KEEP, school_id)
    given = CardGiven(person_id, normal_number(number, medium), medium, not_after)
    async with services.database.transaction() as connection:
        clashes = await put_cards(services, raw(connection), school_id, [given])
        if clashes:
            raise CardTaken(clashes[0].holder if actor.can(Right.CARDS_READ, school_id) else None)
        key = await card_key_within(services, raw(connection), school_id)
        card_id: int = await raw(connection).fetchval(
            "SELECT id FROM card WHERE school_id = $1 AND token = $2", school_id, token_of(key, given.number, medium)
        )
        await _told(services, connection, actor, "card.given", card_id, school_id, {"person": str(person_id)})
    return card_id


async def block_card(services: Services, actor: Actor, card_id: int) -> None:
    """Let a card open nothing until it is freed: by the school's people, or by a guardian who has the right.

    Raises NotAllowed, or NotFound, also for a card that was returned.
    """
    school_id, person_id = await _place(services, card_id)
    is_staff = actor.can(Right.CARDS_BLOCK, school_id)
    now = services.clock.now()
    if not is_staff and not await services.database.pool.fetchval(_MAY_BLOCK, actor.account_id, person_id, now):
        raise NotAllowed
    await _turn(services, actor, card_id, CardState.ACTIVE, CardState.BLOCKED)


async def free_card(services: Services, actor: Actor, card_id: int) -> None:
    """Let a blocked card open gates again. Raises NotAllowed or NotFound."""
    school_id, _ = await _place(services, card_id)
    actor.require(Right.CARDS_KEEP, school_id)
    await _turn(services, actor, card_id, CardState.BLOCKED, CardState.ACTIVE)


async def take_card(services: Services, actor: Actor, card_id: int) -> None:
    """Take a card back: it is nobody's, and may be given to anybody. Raises NotAllowed or NotFound."""
    school_id, person_id = await _place(services, card_id)
    actor.require(Right.CARDS_KEEP, school_id)
    async with services.database.transaction() as connection:
        await raw(connection).execute(
            "UPDATE card SET state = 'returned', changed_at = $2 WHERE id = $1", card_id, services.clock.now()
        )
        await _told(services, connection, actor, "card.returned", card_id, school_id, {"person": str(person_id)})


async def rotate_card_key(services: Services, actor: Actor, school_id: int) -> int:
    """Give a school a new card key and its cards new tokens, and return how many.

    For when a reader was stolen. The school's devices need new bundles: until then they know no card.
    """
    actor.require(Right.CARD_KEYS_CHANGE, school_id)
    vault = services.vault
    async with services.database.transaction() as connection:
        at = raw(connection)
        key = await new_card_key(services, at, school_id)
        rows = await at.fetch(
            "SELECT id, number_encrypted, medium FROM card WHERE school_id = $1 FOR UPDATE", school_id
        )
        tokens = [token_of(key, vault.decrypt(row["number_encrypted"], NUMBER), Medium(row["medium"])) for row in rows]
        await at.execute(
            "UPDATE card SET token = new.token FROM unnest($1::bigint[], $2::text[]) AS new (id, token)"
            " WHERE card.id = new.id", [row["id"] for row in rows], tokens,
        )  # fmt: skip
        await audit(
            connection, actor, "card.key_rotated", f"school:{school_id}", {"cards": str(len(rows))},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip
        await tell_changed(connection, school_id)
    return len(rows)


async def _place(services: Services, card_id: int) -> tuple[int, int]:
    row = await services.database.pool.fetchrow(
        "SELECT school_id, person_id FROM card WHERE id = $1 AND state <> 'returned'", card_id
    )
    if row is None:
        raise NotFound
    return row["school_id"], row["person_id"]


async def _turn(services: Services, actor: Actor, card_id: int, before: CardState, after: CardState) -> None:
    async with services.database.transaction() as connection:
        school_id = await raw(connection).fetchval(
            "UPDATE card SET state = $3, changed_at = $4 WHERE id = $1 AND state = $2 RETURNING school_id",
            card_id, before.value, after.value, services.clock.now(),
        )  # fmt: skip
        if school_id is not None:  # else it is so already
            await _told(services, connection, actor, f"card.{after.value}", card_id, school_id)


async def _told(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    verb: str,
    card_id: int,
    school_id: int,
    detail: dict[str, str] | None = None,
) -> None:
    await audit(
        connection, actor, verb, f"card:{card_id}", detail, school_id=school_id, at=services.clock.now(),
        wakes=changed_at(school_id),
    )  # fmt: skip
