"""Cards by the thousand, inside a transaction of the caller's; one card goes the same way.

Rule: a card is one person's. One that is somebody else's and was not returned is refused; so is one that proves itself,
when it is given by its number alone: a copy of that would open gates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.cards.keys import card_key_within
from cloud.cards.kinds import CardState, Medium
from cloud.cards.rules import PROVEN_DIGITS, PROVING, token_of
from cloud.core.services import Services

NUMBER = "card.number"  # context of the vault
_KNOWN = """
SELECT token, person_id, state, concat_ws(' ', surname, given_name) AS holder
FROM card JOIN person ON person.id = person_id WHERE card.school_id = $1 AND token = any($2)
"""
_PUT = """
INSERT INTO card (school_id, person_id, token, number_encrypted, medium, state, issued_at, not_after, changed_at)
SELECT $1, new.person_id, new.token, new.number, new.medium, 'active', $2, new.not_after, $2
FROM unnest($3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[])
    AS new (person_id, token, number, medium, not_after)
ON CONFLICT (school_id, token) DO UPDATE
    SET person_id = excluded.person_id, state = 'active', issued_at = excluded.issued_at,
        changed_at = excluded.changed_at, not_after = excluded.not_after
    WHERE card.state = 'returned'
"""

_RETIRE = """
UPDATE card SET state = 'returned', changed_at = $3
WHERE school_id = $1 AND token = any($2) AND state <> 'returned'
"""


@dataclass(frozen=True, slots=True)
class CardGiven:
    """A card, its number in its one form, and whose it is to be."""

    person_id: int
    number: str
    medium: Medium = Medium.UID
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """A card, by its place in what was given, that is another's: of somebody at the school, or given twice here."""

    index: int
    holder: str
    earlier: int | None = None  # the place of the same card given to somebody else before


async def put_cards(
    services: Services, connection: asyncpg.Connection, school_id: int, cards: Sequence[CardGiven]
) -> list[Clash]:
    """Give cards to people and return the clashes; with any of those, nothing is written."""
    key = await card_key_within(services, connection, school_id)
    tokens = [token_of(key, card.number, card.medium) for card in cards]
    # The same card, where it was known by its number alone before: it is nobody else's, and no copy of that opens now.
    bare = {index: token_of(key, card.number, Medium.UID) for index, card in enumerate(cards) if card.medium in PROVING}
    asked = [*tokens, *bare.values(), *(token for card in cards for token in _proving_tokens(key, card))]
    known = {row["token"]: row for row in await connection.fetch(_KNOWN, school_id, asked)}
    clashes, first_of = [], dict[str, int]()
    for index, (card, token) in enumerate(zip(cards, tokens, strict=True)):
        earlier = first_of.setdefault(token, index)
        proving = [known[other] for other in _proving_tokens(key, card) if other in known]
        holder = _holder(card, known.get(token)) or _holder(card, known.get(bare.get(index, ""))) or _in_use(proving)
        if cards[earlier].person_id != card.person_id:
            clashes.append(Clash(index, "", earlier))
        elif holder is not None:
            clashes.append(Clash(index, holder))
    if not clashes:
        await _write(services, connection, school_id, [(cards[index], token) for token, index in first_of.items()])
        await connection.execute(_RETIRE, school_id, list(bare.values()), services.clock.now())
    return clashes


def _proving_tokens(key: bytes, card: CardGiven) -> list[str]:
    """Return the tokens that a card given by its number alone would have if it proves itself."""
    return [token_of(key, card.number, medium) for medium in PROVING] if _may_prove(card) else []


def _may_prove(card: CardGiven) -> bool:
    return card.medium is Medium.UID and len(card.number) == PROVEN_DIGITS


def _in_use(rows: Sequence[asyncpg.Record]) -> str | None:
    """Return who has a card that proves itself: by its number alone it is given to nobody, not to them either."""
    return next((str(row["holder"]) for row in rows if row["state"] != CardState.RETURNED.value), None)


def _holder(card: CardGiven, row: asyncpg.Record | None) -> str | None:
    """Return who else has a card that was not returned; None when nobody has."""
    if row is None or row["state"] == CardState.RETURNED.value or row["person_id"] == card.person_id:
        return None
    return str(row["holder"])


async def _write(
    services: Services, connection: asyncpg.Connection, school_id: int, cards: Sequence[tuple[CardGiven, str]]
) -> None:
    await connection.execute(
        _PUT, school_id, services.clock.now(), [card.person_id for card, _ in cards], [token for _, token in cards],
        [services.vault.encrypt(card.number, NUMBER) for card, _ in cards], [card.medium.value for card, _ in cards],
        [card.not_after for card, _ in cards],
    )  # fmt: skip
