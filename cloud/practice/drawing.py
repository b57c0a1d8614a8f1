"""Which questions of the banks an attempt is made of, by its seed. Pure.

Rule: the same banks and the same seed give the same attempt; what a bank has not got is told, and never made up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from cloud.practice.formats import Block, Marking, Sort
from cloud.practice.kinds import Drawn, Part


@dataclass(frozen=True, slots=True)
class Banked:
    """A question of a bank that may be drawn; the subject by its code, which is empty for one of the school's own."""

    id: int
    subject: str
    theme: str
    sort: Sort


def drawn_for_format(
    blocks: Sequence[Block], pool: Sequence[Banked], seed: int, met: Collection[int]
) -> tuple[list[Drawn], list[Part]]:
    """Return the questions of a format with its parts; of what fits, what was not `met` before comes first."""
    chance, taken = Random(f"{seed}:practice"), set[int]()  # noqa: S311 (a seed tells an attempt again)
    literacies = {theme for block in blocks for theme in block.themes}
    drawn: list[Drawn] = []
    parts: list[Part] = []
    for number, block in enumerate(blocks):
        own = [each for each in pool if _is_of(block, each, literacies)]
        chosen = [
            Drawn(each.id, number, ask.points, ask.marking.value)
            for ask in block.asks
            for each in _some([one for one in own if one.sort is ask.sort], ask.count, chance, met, taken)
        ]
        drawn += chosen
        parts.append(Part(block.code, block.count, len(chosen)))
    return drawn, parts


def drawn_of(pool: Sequence[Banked], count: int, seed: int, met: Collection[int]) -> list[Drawn]:
    """Return questions in a mixed order, those first that were not met before; points are the questions' own."""
    chance = Random(f"{seed}:practice")  # noqa: S311
    return [Drawn(each.id, 0, None, Marking.OWN.value) for each in _some(list(pool), count, chance, met, set())]


def _is_of(block: Block, banked: Banked, literacies: Collection[str]) -> bool:
    """Tell whether a question belongs to a block: those of the literacies are in their own blocks alone."""
    if banked.subject not in block.subjects:
        return False
    return banked.theme in block.themes if block.themes else banked.theme not in literacies


def _some(pool: list[Banked], count: int, chance: Random, met: Collection[int], taken: set[int]) -> list[Banked]:
    """Return questions that were not taken yet, in a mixed order."""
    mixed = chance.sample(pool, len(pool))
    mixed.sort(key=lambda each: each.id in met)  # stable: mixed within both
    found = [each for each in mixed if each.id not in taken][:count]
    taken |= {each.id for each in found}
    chance.shuffle(found)
    return found
