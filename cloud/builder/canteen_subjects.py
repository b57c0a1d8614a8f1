"""Subjects of the canteen: meals sold, and money in the books."""

from cloud.builder.declared import Column, Subject, classes, days, hour_of, student
from cloud.builder.kinds import Kind
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.core.words import WORDS

_NAMES_OF_MEALS = (
    "SELECT key AS code, min(name_kk) AS kk, min(name_ru) AS ru, min(name_en) AS en FROM meal"
    " WHERE school_id = ANY($1) GROUP BY key ORDER BY min(from_min) LIMIT 100"
)
_ENTRIES = (
    "topup", "sale", "void", "refund", "transfer", "leave", "payout", "settlement", "emptied", "leave_undone",
    "correction",
)  # fmt: skip

MEALS = Subject(
    "meals", N_("Meals sold"),
    N_("What the tills sold and did not take back: by meal, class, way of paying, with the money."),
    N_("Meals"), Right.SALES_READ,
    """FROM meal_sale AS sale JOIN school AS s ON s.id = sale.school_id LEFT JOIN person AS p ON p.id = sale.person_id
LEFT JOIN school_class AS c ON c.id = p.school_class_id
WHERE sale.school_id = ANY({schools}) AND sale."on" BETWEEN {first} AND {last} AND NOT sale.is_void""",
    (
        *days('sale."on"'), hour_of("sale.at"), *classes(), student(),
        Column("meal", N_("Meal"), Kind.NAMED, "sale.meal", options=_NAMES_OF_MEALS),
        Column("payment", N_("Paid by"), Kind.WORD, "sale.payment",
               words={"account": N_("From the account"), "free": N_("Free"), "subsidised": N_("For less"),
                      "cash": N_("In cash")}),
        Column("who", N_("Who ate"), Kind.WORD, "coalesce(p.role, 'nobody')",
               words={"student": N_("Students"), "staff": N_("Staff"), "nobody": N_("Not named")}),
        Column("till", N_("Till"), Kind.TEXT, "sale.device"),
        Column("paid", N_("Paid"), Kind.MONEY, "(sale.amount_tiyn - sale.returned_tiyn)"),
        Column("full", N_("Full price"), Kind.MONEY, "sale.full_tiyn"),
        Column("budget", N_("Owed by the budget"), Kind.MONEY,
               "(CASE WHEN sale.payment IN ('free', 'subsidised') THEN sale.full_tiyn - sale.amount_tiyn ELSE 0 END)"),
        Column("offline", N_("Sold offline"), Kind.YES, "sale.is_unconfirmed"),
    ),
    groups=("day", "payment"), measures=("count", "sum:full"), counts_right=Right.STATISTICS_READ, person_sql="p.id",
)  # fmt: skip

MONEY = Subject(
    "money", N_("Money in the books"),
    N_("Entries of the canteen's books: top-ups, sales, refunds and the rest, by day and kind."),
    N_("Entries"), Right.MONEY_READ,
    """FROM ledger_entry AS entry
WHERE entry.school_id = ANY({schools}) AND entry."on" BETWEEN {first} AND {last}""",
    (
        *days('entry."on"'),
        Column("kind", N_("Kind"), Kind.WORD, "entry.kind", words={each: WORDS[f"entry_{each}"] for each in _ENTRIES}),
        Column("number", N_("Number"), Kind.NUMBER, "entry.number"),
        Column("amount", N_("Amount"), Kind.MONEY, "entry.total_tiyn"),
    ),
    groups=("kind",), measures=("count", "sum:amount"),
)  # fmt: skip
