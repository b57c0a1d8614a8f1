"""The privacy policy: what is kept, why, how long, and who sees it; open to everybody, with its version and date."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import AnyVisit
from cloud.core.i18n import N_
from cloud.core.pages import pages_of

router = APIRouter(include_in_schema=False)
VERSION, OF = 1, date(2026, 11, 29)


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the table of what is kept."""

    what: str
    why: str
    how_long: str
    who: str


KEPT = (
    Kept(
        N_("Name, class, the school's number, IIN (encrypted)"),
        N_("To know who belongs to the school and not to mix children up"),
        N_("While the child is at the school; removed when you refuse to have data kept"),
        N_("The office; name and class also guards, cashiers and teachers of the school"),
    ),
    Kept(
        N_("Phones and e-mail addresses of the family (encrypted)"),
        N_("To reach you, and as the name of your account"),
        N_("While you are a guardian of a child here"),
        N_("The office; never another guardian"),
    ),
    Kept(
        N_("Card number (encrypted) and times at the gates"),
        N_("So that the gate opens and you see the arrival; only with your consent to a card"),
        N_("The card until it is taken back; times stay in the records with a mark instead of a name"),
        N_("You, the guard, the office, the class teacher"),
    ),
    Kept(
        N_("Photo (encrypted)"),
        N_("So that guard and cashier see whose card it is; only with your consent"),
        N_("Until you withdraw the consent; it is deleted at that moment"),
        N_("Guard, cashier, office"),
    ),
    Kept(
        N_("Meals, payments, rights to free meals"),
        N_("To sell, to account for the budget's money, to let you see it"),
        N_("For the term that the law on accounting sets, five years unless the school sets more"),
        N_("You, the canteen, the office, the director; authorities get figures without names"),
    ),
    Kept(
        N_("Allergies and diets"),
        N_("So that nothing is sold that harms the child"),
        N_("Until they are lifted, or the data are removed"),
        N_("You, the nurse and the office; the cashier sees only that something is not sold"),
    ),
    Kept(
        N_("Your answers about consents and their papers (encrypted)"),
        N_("To prove what was agreed to"),
        N_("As long as anything rests on them"),
        N_("You and the office"),
    ),
    Kept(
        N_("Who did what in the system"),
        N_("To find misuse"),
        N_("For good: the journal is a chain that nobody can change; it names who did it, others by a mark"),
        N_("The director, the office, IT and auditors of the school"),
    ),
)


@router.get("/privacy")
async def show(request: Request, visit: AnyVisit) -> Response:
    """Show the policy."""
    return pages_of(request).page(visit, "consents/privacy.html", kept=KEPT, version=VERSION, of=OF)
