"""Variants: which questions an attempt is asked, and in which order all of it is shown, by the attempt's seed. Pure.

Rule: the same seed gives the same variant, also after a restart and in another process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from string import ascii_lowercase
from typing import TypeVar

from cloud.assessments.questions import Choice, Keyed, Match, Order, Question

SEEDS = 2**62
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Pool:
    """The questions of a section, by number, in the order of the test; `draws` of them are asked, or all where 0."""

    questions: tuple[int, ...]
    draws: int = 0


def drawn(pools: Sequence[Pool], seed: int, *, is_shuffled: bool) -> list[int]:
    """Return the questions of an attempt in the order in which they are asked: sections stay in theirs."""
    chance = _chance(seed, "questions")
    asked: list[int] = []
    for pool in pools:
        some = chance.sample(pool.questions, pool.draws) if pool.draws else list(pool.questions)
        asked += _mixed(some, chance) if is_shuffled else some
    return asked


def shown(question: Question, seed: int, place: int, *, is_shuffled: bool) -> Question:
    """Return a question as a student sees it: what is to be matched or ordered never stands as it is right.

    Its items of an order stand mixed, so it is for showing only: answers are scored by the question as it is kept.
    """
    chance, body = _chance(seed, str(place)), question.body
    match body:
        case Choice() if is_shuffled:
            return replace(question, body=replace(body, options=tuple(_mixed(body.options, chance))))
        case Match():
            return replace(question, body=replace(body, rights=tuple(_mixed(body.rights, chance))))
        case Order():
            return replace(question, body=Order(_moved(body.items, chance)))
        case _:
            return question


def veiled(question: Question) -> Question:
    """Return a question for the copy that an attempt is asked by: its keys, which a page holds, tell nothing.

    Those of a bank stand in the order that is right, or are words of whoever wrote a package.
    """
    body = question.body
    match body:
        case Choice(options=options):
            keys = _keys([each.text for each in options])
            told = tuple(replace(each, key=key) for each, key in zip(options, keys, strict=True))
            return replace(question, body=replace(body, options=told))
        case Match(lefts=lefts, rights=rights, pairs=pairs):
            of_left, of_right = _renamed(lefts), _renamed(rights)
            return replace(
                question,
                body=Match(
                    tuple((of_left[key], text) for key, text in lefts),
                    tuple((of_right[key], text) for key, text in rights),
                    frozenset((of_left[left], of_right[right]) for left, right in pairs),
                ),
            )
        case Order(items=items):
            renamed = _renamed(items)
            return replace(question, body=Order(tuple((renamed[key], text) for key, text in items)))
        case _:
            return question


def _renamed(things: Sequence[Keyed]) -> dict[str, str]:
    return dict(zip((key for key, _ in things), _keys([text for _, text in things]), strict=True))


def _keys(texts: Sequence[str]) -> list[str]:
    """Return a key for each text, by the order of their digests."""
    ranks = {at: rank for rank, at in enumerate(sorted(range(len(texts)), key=lambda at: (_digest(texts[at]), at)))}
    return [f"{ascii_lowercase[ranks[at] % 26]}{ranks[at] // 26 or ''}" for at in range(len(texts))]


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _moved(items: Sequence[Keyed], chance: Random) -> tuple[Keyed, ...]:
    """Return things in another order than theirs."""
    mixed = tuple(_mixed(items, chance))
    return mixed if mixed != tuple(items) else (*mixed[1:], mixed[0])


def _mixed(things: Sequence[_Thing], chance: Random) -> list[_Thing]:
    return chance.sample(things, len(things))


def _chance(seed: int, what: str) -> Random:
    return Random(f"{seed}:{what}")  # noqa: S311 (a variant can be told again by its seed; it hides nothing)
