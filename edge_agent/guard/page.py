"""The guard's screen as HTML: what the desk looks at, in a guard's language.

Rule: nothing here decides or changes anything. Whole parts are written anew each time; a browser holds no state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge_agent.guard.book import Book
from edge_agent.guard.desk import COLLECT_REASONS, DELIVERY, HAND_REASONS, OPEN_REASONS, PURPOSES, Desk
from edge_agent.guard.leaving import SINCE_MS, Leaving, leaving_at, leaving_of, orders_at_gates
from edge_agent.guard.people import STAFF, People
from edge_agent.guard.refusal import NotDone
from edge_agent.guard.sightings import Sighting, Sightings
from edge_agent.guard.texts import TEXTS
from edge_agent.roster import local_time
from edge_agent.status.snapshot import Language
from edge_agent.status.texts import LANGUAGES, lasting
from edge_agent.till.page import hue, initials
from edge_agent.view import View
from schemas.structs import PersonRow

_FOLDER = Path(__file__).parent
SHOWN_MS = 20_000  # who passed stands there so long, then the screen waits again
OLD_MS = 2 * 86_400_000  # a roster that is older is told
STAYS_MIN = (30, 60, 120, 240)
HOSTS_MAX = 300
FIRMS_MAX, LEFT_MAX = 12, 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting as a guard reads it."""

    sighting: Sighting
    name: str
    class_name: str
    face: str
    gate: str
    at: str
    leaving: Leaving | None


@dataclass(slots=True)
class Screen:
    """Writes the parts of the page."""

    desk: Desk
    book: Book
    sightings: Sightings
    view: View
    people: Callable[[], People | None]
    unsent: Callable[[], int]
    hears_all: Callable[[], bool]
    has_face: Callable[[str], bool] = lambda _digest: False
    is_shared: bool = False  # phones may be shown lists
    _inside: tuple[int, int] = field(default=(0, -(10**9)))

    def whole(self, language: Language, staff: str) -> str:
        """Return the page, for who has signed in or for nobody (empty)."""
        return self.write("guard.html", language, staff=staff, languages=LANGUAGES, **self._now(language))

    def parts(self, language: Language, staff: str) -> dict[str, str]:
        """Return what changes while the page is open, by the id of the element that holds it."""
        now = self._now(language)
        return {
            "bar": self.write("bar.html", language, staff=staff, **now),
            "stage": self.write("stage.html", language, staff=staff, **now) if staff else "",
            "banner": self.write("banner.html", language, **now),
        }

    def panel(self, name: str, language: Language, staff: str, **more: object) -> str:
        """Return one of the parts beside the live view."""
        return self.write(f"panel_{name}.html", language, staff=staff, **self._now(language), **more)

    def why_not(self, refused: NotDone, language: Language) -> str:
        """Return why something was not done, as a sentence."""
        return TEXTS[language][f"e_{refused.reason}"].format(*refused.about)

    def kind(self) -> str:
        """Return what the moment sounds like."""
        last = self._fresh()
        return last.outcome if last is not None else "waiting"

    # What templates ask

    def write(self, template: str, language: Language, **more: object) -> str:
        """Return a template filled in."""
        context = {
            "t": TEXTS[language],
            "language": language,
            "clock": self.clock,
            "initials": initials,
            "hue": hue,
            "has_face": self.has_face,
            "name": self.name,
            "class_of": self.class_of,
            "face": self.book.face,
            "gate_name": lambda gate: self.gate_name(gate, language),
            "visitor": self.desk.around.names.name,
            "is_shared": self.is_shared,
        }
        return _environment().get_template(template).render(context | more)

    def hand(self, language: Language, ref: str) -> dict[str, object]:
        """Return what is shown of somebody before they are let through."""
        stamp = self.desk.around.timekeeper.now()
        stay = self.view.whereabouts(ref)
        return {
            "ref": ref,
            "collectors": self.desk.may_collect(ref),
            "leaving": leaving_of(self.desk, ref, "", stamp.wall_ms - SINCE_MS),
            "hosts": self._hosts(),
            "collect_reasons": COLLECT_REASONS,
            "today": f"{self._local(stamp.wall_ms):%Y-%m-%d}",
            "is_inside": stay is not None and stay.is_inside,
            "is_leaving": stay is not None and (stay.is_inside or stay.since_ms >= stamp.wall_ms - SINCE_MS),
            "is_student": self.class_of(ref) != "",
            "reasons": HAND_REASONS,
            "day_of": lambda day: f"{datetime.fromisoformat(day):%d.%m}",
            **self._now(language),
        }

    def visitors(self) -> dict[str, object]:
        """Return what the visitors' part shows besides."""
        purposes = [each for each in PURPOSES if each != DELIVERY]
        return {"hosts": self._hosts(), "purposes": purposes, "stays": STAYS_MIN, **self._came(is_delivery=False)}

    def deliveries(self) -> dict[str, object]:
        """Return what the deliveries' part shows besides."""
        return {"firms": self.desk.around.visits.firms(FIRMS_MAX), **self._came(is_delivery=True)}

    def opening(self) -> dict[str, object]:
        """Return what the part for opening a gate shows besides."""
        return {"reasons": OPEN_REASONS}

    def name(self, ref: str) -> str:
        """Return what somebody is called; the reference of whom the roster does not know."""
        roster = self.desk.around.roster()
        person = roster.person(ref) if roster is not None and ref else None
        return person.name if person is not None else ref

    def class_of(self, ref: str) -> str:
        """Return somebody's class; empty for staff and for whom the roster does not know."""
        roster = self.desk.around.roster()
        person = roster.person(ref) if roster is not None and ref else None
        return person.class_name if person is not None else ""

    def gate_name(self, gate: str, language: Language) -> str:
        """Return what people call a gate."""
        roster = self.desk.around.roster()
        row = roster.gate(gate) if roster is not None else None
        return str(getattr(row.names, language)) if row is not None else gate

    def clock(self, wall_ms: int) -> str:
        """Return the school's time of day."""
        return f"{self._local(wall_ms):%H:%M}"

    def _local(self, wall_ms: int) -> datetime:
        return local_time(self.desk.around.roster(), wall_ms)

    def _hosts(self) -> Sequence[PersonRow]:
        """Return the staff, by name."""
        people = self.people()
        return people.of_class(STAFF)[:HOSTS_MAX] if people is not None else []

    def _came(self, *, is_delivery: bool) -> dict[str, object]:
        """Return the visits, or the deliveries, that are inside or left today."""
        visits, now_ms = self.desk.around.visits, self.desk.around.timekeeper.now().wall_ms
        midnight = self._local(now_ms).replace(hour=0, minute=0, second=0, microsecond=0)
        since_ms = now_ms - int((self._local(now_ms) - midnight).total_seconds() * 1000)
        left = [each for each in visits.left_since(since_ms) if each.is_delivery == is_delivery]
        inside = [each for each in visits.inside() if each.is_delivery == is_delivery]
        return {"visits": inside, "left": left[:LEFT_MAX], "now_ms": now_ms}

    def _now(self, language: Language) -> dict[str, object]:
        around, stamp = self.desk.around, self.desk.around.timekeeper.now()
        roster, last = around.roster(), self._fresh()
        age_ms = stamp.wall_ms - roster.header.issued_ms if roster is not None else 0
        return {
            "stamp": stamp,
            "gates": list(around.gates),
            "guards": self.book.guards(),
            "unsent": self.unsent(),
            "inside": self._count_inside(stamp.monotonic_ms),
            "hears_all": self.hears_all(),
            "old": lasting(age_ms // 1000, language) if age_ms > OLD_MS else "",
            "regime": around.regimes.current,
            "mode": around.regimes.mode,
            "orders": orders_at_gates(self.desk),
            "muster": around.musters.current(stamp.wall_ms),
            "seen": self._seen(last, language) if last is not None else None,
            "before": [self._seen(each, language) for each in self._others(last)],
        }

    def _fresh(self) -> Sighting | None:
        """Return who stands on the stage now."""
        last = self.sightings.last
        now_ms = self.desk.around.timekeeper.now().wall_ms
        return last if last is not None and now_ms - last.wall_ms < SHOWN_MS else None

    def _others(self, last: Sighting | None) -> Sequence[Sighting]:
        return [each for each in self.sightings.all if each is not last][:6]

    def _seen(self, sighting: Sighting, language: Language) -> Seen:
        ref = sighting.ref
        return Seen(
            sighting, self.name(ref), self.class_of(ref), self.book.face(ref) if ref else "",
            self.gate_name(sighting.gate, language), self.clock(sighting.wall_ms), leaving_at(self.desk, sighting),
        )  # fmt: skip

    def _count_inside(self, monotonic_ms: int) -> int:
        count, counted_ms = self._inside
        if monotonic_ms - counted_ms >= 5_000:
            count = len(self.view.inside())
            self._inside = (count, monotonic_ms)
        return count


class _Loaded:
    """The templates, read once for all screens of a program, and only where there is one."""

    @cached_property
    def environment(self) -> Environment:
        return Environment(
            loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip


_loaded = _Loaded()


def _environment() -> Environment:
    return _loaded.environment
