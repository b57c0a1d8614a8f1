"""Photos are fetched ahead, shown when they are there and whole, and cleared away when no roster names them."""

import asyncio
import hashlib
from pathlib import Path

import httpx2
import pytest

from edge_agent.sealed import Sealed
from edge_agent.till import photos as photos_module
from edge_agent.till.photos import Photos
from schemas.roster import row
from simulators.clock import SimulatedClock
from tests.edge_agent.school import ALIYA, BORIS
from tests.edge_agent.till.canteen import book, buyer, names
from tests.waiting import until_async

SOUP, BUN = b"soup.webp", b"bun.webp"
OF_SOUP, OF_BUN = (hashlib.sha256(photo).hexdigest() for photo in (SOUP, BUN))
OURS = Sealed(bytes(range(32)))


class Cloud:
    """Gives photos, or fails as it is told."""

    def __init__(self, *photos: bytes) -> None:
        self.photos = {hashlib.sha256(photo).hexdigest(): photo for photo in photos}
        self.asked: list[str] = []
        self.is_away = False

    async def bring(self, digest: str) -> bytes:
        self.asked.append(digest)
        if self.is_away:
            raise ConnectionError("no route")
        if digest not in self.photos:
            request = httpx2.Request("GET", "http://127.0.0.1/")
            raise httpx2.HTTPStatusError("404", request=request, response=httpx2.Response(404, request=request))
        return self.photos[digest]


def photos(folder: Path, cloud: Cloud | None = None, sealed: Sealed | None = None) -> Photos:
    made = Photos(folder / "photos", SimulatedClock(), lambda: None, sealed)
    made.bring = cloud.bring if cloud is not None else None
    return made


async def test_what_is_lacking_is_fetched_once_and_survives_a_restart(tmp_path: Path) -> None:
    cloud = Cloud(SOUP, BUN)
    first = photos(tmp_path, cloud)
    await first.keep(frozenset({OF_SOUP, OF_BUN}))
    again = photos(tmp_path, cloud)
    await again.keep(frozenset({OF_SOUP, OF_BUN}))

    assert sorted(cloud.asked) == sorted([OF_SOUP, OF_BUN])
    assert again.has(OF_SOUP)
    assert again.read(OF_SOUP) == SOUP


async def test_what_no_dish_names_is_cleared_away(tmp_path: Path) -> None:
    kept = photos(tmp_path, Cloud(SOUP, BUN))
    await kept.keep(frozenset({OF_SOUP, OF_BUN}))

    await kept.keep(frozenset({OF_BUN}))

    assert [each.name for each in (tmp_path / "photos").iterdir()] == [OF_BUN]
    assert not kept.has(OF_SOUP)


async def test_a_damaged_photo_is_not_shown_and_fetched_again(tmp_path: Path) -> None:
    cloud = Cloud(SOUP)
    kept = photos(tmp_path, cloud)
    await kept.keep(frozenset({OF_SOUP}))
    (tmp_path / "photos" / OF_SOUP).write_bytes(b"flipped")
    shown = kept.read(OF_SOUP)
    await kept.keep(frozenset({OF_SOUP}))

    assert (shown, kept.read(OF_SOUP), len(cloud.asked)) == (None, SOUP, 2)


async def test_one_that_the_cloud_lacks_does_not_keep_out_the_others(tmp_path: Path) -> None:
    kept = photos(tmp_path, Cloud(BUN))

    await kept.keep(frozenset({OF_SOUP, OF_BUN}))

    assert (kept.has(OF_SOUP), kept.has(OF_BUN)) == (False, True)


async def test_a_cloud_that_is_away_is_asked_once(tmp_path: Path) -> None:
    cloud = Cloud(SOUP, BUN)
    cloud.is_away = True
    kept = photos(tmp_path, cloud)

    await kept.keep(frozenset({OF_SOUP, OF_BUN}))

    assert len(cloud.asked) == 1
    await photos(tmp_path).keep(frozenset({OF_SOUP}))


@pytest.mark.parametrize("digest", ["", "../agent.toml", "a" * 63 + "/", "A" * 64, "b" * 64])
def test_only_a_digest_names_a_photo(tmp_path: Path, digest: str) -> None:
    assert photos(tmp_path).read(digest) is None


async def test_a_persons_photo_lies_sealed_on_the_disk_and_opens_for_this_device_only(tmp_path: Path) -> None:
    await photos(tmp_path, Cloud(SOUP), OURS).keep(frozenset({OF_SOUP}))

    assert SOUP not in (tmp_path / "photos" / OF_SOUP).read_bytes()
    assert photos(tmp_path, sealed=OURS).read(OF_SOUP) == SOUP
    assert photos(tmp_path, sealed=Sealed(bytes(32))).read(OF_SOUP) is None
    assert photos(tmp_path).read(OF_SOUP) is None


async def test_a_photo_whose_consent_was_withdrawn_is_gone_from_the_disk_by_the_next_round(tmp_path: Path) -> None:
    faces = iter([frozenset({OF_SOUP}), frozenset[str]()])
    clock = SimulatedClock()
    kept = Photos(tmp_path / "photos", clock, lambda: next(faces, frozenset()), OURS)
    kept.bring = Cloud(SOUP).bring
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(kept.run())
        await until_async(lambda: kept.has(OF_SOUP) and clock.next_wake_s() is not None, what="the photo to come")

        clock.advance(photos_module.EVERY_S + 1)

        await until_async(lambda: not kept.has(OF_SOUP), what="the photo to go")
        running.cancel()
    assert list((tmp_path / "photos").iterdir()) == []


async def test_a_disk_is_not_filled_with_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos_module, "KEPT_MAX", 1)
    kept = photos(tmp_path, Cloud(SOUP, BUN))

    await kept.keep(frozenset({OF_SOUP, OF_BUN}))

    assert len(list((tmp_path / "photos").iterdir())) == 1


def test_the_roster_says_which_photos_there_are() -> None:
    soup = row("dish", "soup/1", names("Soup"), 5, "", [], OF_SOUP, "", [])

    assert book(soup).photos() == {OF_SOUP}
    assert book(row("face", ALIYA, OF_BUN)).faces() == {OF_BUN}
    assert buyer(ALIYA, row("face", ALIYA, OF_BUN)).face == OF_BUN
    assert buyer(BORIS, row("face", ALIYA, OF_BUN)).face == ""
