"""What of the board waits for somebody, and what of it stands on the first page of everybody's day."""

from collections.abc import Mapping, Sequence

from cloud.announcements.board import START_MAX, board_of, may_read, waiting_of
from cloud.announcements.kinds import SECTION, Posting
from cloud.core.actor import Actor
from cloud.core.services import Services


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return the count of the section of announcements, for whom there is a board."""
    if actor.must_change or actor.account_id is None or not may_read(actor):
        return {}
    return {SECTION: await waiting_of(services, actor)}


async def first_of(services: Services, actor: Actor, language: str) -> Sequence[Posting]:
    """Return what a first page shows: what is pinned, and what its reader has not seen or confirmed."""
    if actor.must_change or not may_read(actor):
        return ()
    board = await board_of(services, actor, language)
    return [each for each in board if each.is_pinned or each.waits][:START_MAX]
