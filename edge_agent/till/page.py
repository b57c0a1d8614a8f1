"""The till's screen as HTML: what the desk looks at, in a cashier's language.

Rule: nothing here decides or changes anything. Whole parts are written anew each time; there is no state in a browser.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge_agent.status.snapshot import Language
from edge_agent.status.texts import LANGUAGES, lasting
from edge_agent.till.book import Book
from edge_agent.till.desk import Desk, NotDone
from edge_agent.till.foods import ALLERGENS, CATEGORIES
from edge_agent.till.ordered import standing
from edge_agent.till.receipt import Receipts, of_sales, of_totals
from edge_agent.till.rules import Objection, available_tiyn
from edge_agent.till.sales import Sold, Totals
from edge_agent.till.shifts import ROLE
from edge_agent.till.stage import Look
from edge_agent.till.texts import OVERRULINGS, TAKINGS_BACK, TEXTS, tenge
from schemas.structs import StaffRow

_FOLDER = Path(__file__).parent
SALES_SHOWN = 60
OTHERS_SHOWN = 20
HUES = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """A sale in the list, as a cashier reads it."""

    id: str
    at: str
    name: str
    dishes: str
    amount_tiyn: int
    payment: str
    is_void: bool
    is_unconfirmed: bool
    remains_tiyn: int
    refunded_tiyn: int
    is_voidable: bool


@dataclass(slots=True)
class Screen:
    """Writes the parts of the page."""

    desk: Desk
    unsent: Callable[[], int]
    has_photo: Callable[[str], bool] = lambda _digest: False
    has_face: Callable[[str], bool] = lambda _digest: False
    receipts: Receipts = field(default_factory=lambda: Receipts(None))
    closed: Totals | None = None  # of the shift that was closed last
    _environment: Environment | None = None

    @property
    def environment(self) -> Environment:
        if self._environment is None:
            loader = FileSystemLoader(_FOLDER / "templates")
            self._environment = Environment(
                loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                auto_reload=False,
            )  # fmt: skip
        return self._environment

    def whole(self, language: Language) -> str:
        """Return the page."""
        return self._write("till.html", language, languages=LANGUAGES)

    def parts(self, language: Language) -> dict[str, str]:
        """Return what changes while the page is open, by the id of the element that holds it."""
        look = self.desk.look()
        names = ("bar", "work") if look.shift is not None else ("bar", "opening")
        return {
            "bar": self._write("bar.html", language, look),
            "main": self._write(f"{names[1]}.html", language, look),
        }

    def people(self, words: str, language: Language) -> str:
        """Return who fits some words."""
        book = self.desk.book
        found = book.find(words) if book is not None else []
        return self._write("people.html", language, found=found, is_asked=bool(words.strip()))

    def sales(self, language: Language, words: str = "") -> str:
        """Return the sales of the shift, then of others, the newest first; with words, only to who fits them."""
        look = self.desk.look()
        groups: dict[str, Sequence[Listed]] = {}
        totals = Totals()
        if look.shift is not None:
            sales, shift = self.desk.around.sales, look.shift.id
            refs = _refs(look.book, words)
            own = [sold for sold in sales.of_shift(shift) if refs is None or sold.sale.person in refs]
            others = sales.elsewhere(shift, refs, SALES_SHOWN if words else OTHERS_SHOWN)
            groups["this_shift"] = [self._listed(sold, look, language) for sold in own[:SALES_SHOWN]]
            groups["elsewhere"] = [self._listed(sold, look, language) for sold in others]
            totals = sales.totals(shift)
        return self._write("sales.html", language, look, groups=groups, words=words, totals=totals, why=TAKINGS_BACK)

    def receipt(self, sale_ids: Sequence[str], language: Language) -> list[str]:
        """Return what is printed of some sales."""
        look = self.desk.look()
        found = [sold for each in sale_ids if (sold := self.desk.around.sales.sold(each)) is not None]

        def name_of(key: str, version: int) -> str:
            return _item(look.book, key, version, 1, language)

        at_ms = found[0].sale.wall_ms if found else look.stamp.wall_ms
        staff = look.shift.staff if look.shift is not None else ""
        return of_sales(found, name_of, self._heading(look, staff, at_ms, language), language)

    def closing(self, totals: Totals, staff: str, language: Language) -> list[str]:
        """Return what is printed of a closed shift; `staff` is who worked it."""
        look = self.desk.look()
        return of_totals(totals, self._heading(look, staff, look.stamp.wall_ms, language), language)

    def _heading(self, look: Look, staff: str, at_ms: int, language: Language) -> Sequence[str]:
        if look.book is None or look.book.till is None:
            return ()
        cashier = _name_of(look.book, staff)
        return (getattr(look.book.till.names, language), cashier, f"{look.book.local(at_ms):%d.%m.%Y %H:%M}")

    def why_not(self, refused: NotDone, language: Language) -> str:
        """Return why something was not done, as a sentence."""
        text = TEXTS[language][f"r_{refused.reason}"]
        if "{}" in text:
            return text.format(*refused.about)
        return text

    # What templates ask

    def _write(self, template: str, language: Language, look: Look | None = None, **more: object) -> str:
        if look is None:
            look = self.desk.look()
        context = {
            "t": TEXTS[language],
            "language": language,
            "look": look,
            "money": lambda amount_tiyn: tenge(amount_tiyn, language),
            "lasting": lambda ms: lasting(max(0, ms) // 1000, language),
            "clock": lambda ms: f"{look.book.local(ms):%H:%M}" if look.book is not None else "",
            "told": lambda objection: self._told(objection, look, language),
            "allergens": lambda keys: _allergens(keys, language),
            "initials": initials,
            "hue": hue,
            "available": _available(look),
            "ordered": standing(look.buyer, look.menu, look.known) if look.buyer is not None else (),
            "unsent": self.unsent(),
            "cashiers": _cashiers(look.book),
            "cashier": _name_of(look.book, look.shift.staff if look.shift is not None else ""),
            "till": look.book.till.names if look.book is not None and look.book.till is not None else None,
            "is_basket": look.book is not None and look.book.till is not None and look.book.till.mode == "basket",
            "overrulings": OVERRULINGS,
            "closed": self.closed,
            "has_photo": self.has_photo,
            "has_face": self.has_face,
            "receipts": self.receipts,
            "sold": self._sold(look, language),
            "name": lambda names: getattr(names, language, None) or names[language],
        }
        return self.environment.get_template(template).render(context | more)

    def _told(self, objection: Objection, look: Look, language: Language) -> str:
        """Return an objection as a sentence with what it is about."""
        text = TEXTS[language][f"r_{objection.reason}"]
        match objection.reason:
            case "allergy":
                return f"{text}: {_allergens(objection.about, language)}"
            case "banned":
                return f"{text}: {', '.join(_banned(look.book, key, language) for key in objection.about)}"
            case "had_it" if look.last is not None and look.book is not None:
                return f"{text}, {look.book.local(look.last.sale.wall_ms):%H:%M}"
            case _:
                return text

    def _sold(self, look: Look, language: Language) -> Sequence[Listed]:
        found = (self.desk.around.sales.sold(sale_id) for sale_id in look.stage.sales)
        return [self._listed(sold, look, language) for sold in found if sold is not None]

    def _listed(self, sold: Sold, look: Look, language: Language) -> Listed:
        sales, sale, book = self.desk.around.sales, sold.sale, look.book
        remains_tiyn, is_void = sales.remains_tiyn(sale.id), sales.is_void(sale.id)
        return Listed(
            id=sale.id,
            at=_time_of(book, sale.wall_ms, look.day.name) if book is not None else "",
            name=_name_of(book, sale.person or "") or TEXTS[language]["guest"],
            dishes=", ".join(_item(book, item.dish, item.version, item.count, language) for item in sold.items),
            amount_tiyn=sale.amount_tiyn,
            payment=sale.payment,
            is_void=is_void,
            is_unconfirmed=bool(sale.unconfirmed),
            remains_tiyn=remains_tiyn,
            refunded_tiyn=0 if is_void else sale.amount_tiyn - remains_tiyn,
            is_voidable=look.shift is not None
            and sale.shift == look.shift.id
            and not is_void
            and remains_tiyn == sale.amount_tiyn,
        )


def _refs(book: Book | None, words: str) -> frozenset[str] | None:
    """Return who fits some words; None without any."""
    if book is None or not words.strip():
        return None
    return frozenset(person.ref for person in book.find(words))


def _time_of(book: Book, wall_ms: int, today: str) -> str:
    local = book.local(wall_ms)
    return f"{local:%H:%M}" if f"{local:%Y-%m-%d}" == today else f"{local:%d.%m %H:%M}"


def initials(name: str) -> str:
    """Return what stands for a photo: the first letters of a name's first two words."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def hue(key: str) -> int:
    """Return one of a few colours, always the same one for the same key."""
    return sum(key.encode()) % HUES


def _allergens(keys: Sequence[str], language: Language) -> str:
    return ", ".join(ALLERGENS[language].get(key, key) for key in keys)


def _banned(book: Book | None, key: str, language: Language) -> str:
    """Return what a ban is about, a category or a dish, as people call it."""
    names = book.names_of(key) if book is not None and key not in CATEGORIES[language] else None
    return names[language] if names is not None else CATEGORIES[language].get(key, key)


def _available(look: Look) -> int:
    return available_tiyn(look.buyer, look.known) if look.buyer is not None else 0


def _cashiers(book: Book | None) -> Sequence[StaffRow]:
    return book.staff(ROLE) if book is not None else []


def _name_of(book: Book | None, ref: str) -> str:
    person = book.roster.person(ref) if book is not None and ref else None
    return person.name if person is not None else ""


def _item(book: Book | None, key: str, version: int, count: int, language: Language) -> str:
    names = None
    if book is not None:
        dish = book.dish(f"{key}/{version}")
        names = dish.names if dish is not None else book.names_of(key)  # of an old version, as it is called now
    name = names[language] if names is not None else key
    return name if count == 1 else f"{name} × {count}"
