"""The rows of rosters for tills and for a guard's desk, as the vectors have them."""

from schemas.roster import row

PIN_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Vu2A1bNUmKT6FUnJSGBWpQxNkCwEnBl6rGFGzj6GZxw"


def till_rows(person: str, staff: str, device: str) -> list[bytes]:
    """Return one row of every kind that is for tills; the first, which says who is one, stands in the doors' roster."""
    return [
        row("till", "till-1", {"kk": "Асхана", "ru": "Столовая", "en": "Canteen"}, device, "set"),
        row("meal", "lunch", {"kk": "Түскі ас", "ru": "Обед", "en": "Lunch"}, 660, 840),
        row(
            "dish", "soup/3", {"kk": "Көже", "ru": "Суп", "en": "Soup"}, 25_000, "first", ["celery"], "ab" * 32, "", []
        ),
        row(
            "dish",
            "lunch-1-4/3",
            {"kk": "Түскі ас, 1–4 сынып", "ru": "Обед, 1–4 класс", "en": "Lunch, grades 1–4"},
            57_700,
            "",
            ["celery"],
            "",
            "",
            [["soup", 3]],
        ),
        row("menu", "2026-09-21 lunch", ["lunch-1-4/3", "soup/3"], "lunch-1-4/3"),
        row("right", person, [["lunch", "free", "2026-09-01", "2027-05-25", 0]]),
        row("account", person, 150_000, 60_000, -1, ["nuts"], ["soda"], ["sweets"]),
        row("canteen", "", {"overdraft_tiyn": 50_000, "unseen": "ask"}),
        row("counted", "almaty5-till-1", [["0123456789abcdef", 4711], ["fedcba9876543210", 12]]),
        row("face", person, "c" * 64),
        row("staff", staff, "Айгүл Сейітова", PIN_HASH, ["cashier"]),
    ]


def desk_rows(person: str, staff: str) -> list[bytes]:
    """Return one row of every kind that a guard's desk is told."""
    return [
        row("staff", staff, "Айгүл Сейітова", PIN_HASH, ["guard"]),
        row("face", person, "c" * 64),
        row(
            "collector",
            person,
            [["Сәуле Қасымова", "mother", "", ""], ["Марат", "other", "2026-09-21", "2026-09-21"]],
            ["g12", "c105"],
        ),
    ]
