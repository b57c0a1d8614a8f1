"""What files there are, and in how many ways voucher, tabel and our records can differ: the words for all of it."""

from enum import StrEnum

from cloud.core.i18n import N_


class FileKind(StrEnum):
    """A file that comes in."""

    VOUCHERS = "vouchers"
    TABEL = "tabel"


class Kind(StrEnum):
    """One way in which the three disagree about a child's meal on a day."""

    NO_VOUCHER = "no_voucher"
    BEFORE_TERM = "before_term"
    AFTER_TERM = "after_term"
    ANNULLED = "annulled"
    CHILD_LEFT = "child_left"
    ABSENT = "absent"
    DOUBLE = "double"
    PRICE = "price"
    NO_MEAL = "no_meal"


class Verdict(StrEnum):
    """What becomes of a child's meal on a day, all in all."""

    DIFFERS = "differs"
    WAITING = "waiting"  # a meal by a voucher, and the tabel of the day has not come
    AGREED = "agreed"


KINDS = {
    Kind.NO_VOUCHER: N_("A meal without a voucher"),
    Kind.BEFORE_TERM: N_("A meal before the voucher begins"),
    Kind.AFTER_TERM: N_("A meal after the voucher ended"),
    Kind.ANNULLED: N_("A meal by a voucher that was annulled"),
    Kind.CHILD_LEFT: N_("The child had left the school"),
    Kind.ABSENT: N_("A meal, and absent by the tabel"),
    Kind.DOUBLE: N_("More than one meal"),
    Kind.PRICE: N_("Another price than the voucher's"),
    Kind.NO_MEAL: N_("Present and entitled, but no meal"),
}
FILES = {FileKind.VOUCHERS: N_("Vouchers"), FileKind.TABEL: N_("Tabel")}
