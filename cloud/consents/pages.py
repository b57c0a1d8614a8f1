"""The privacy policy: what is kept, why, how long, and who sees it; open to everybody, with its version and date."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import AnyVisit
from cloud.core.i18n import N_
from cloud.core.pages import pages_of

router = APIRouter(include_in_schema=False)
VERSION, OF = 2, date(2026, 11, 30)


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
        N_("Marks, lessons missed, results of exams, physical fitness, what teachers remark"),
        N_("To teach, to grade, and to show you how the child does"),
        N_("Remarks two years; the rest stays, with a number instead of a name once the child has left"),
        N_("You, who teaches the child, the class teacher, the heads of the school"),
    ),
    Kept(
        N_("Homework that was handed in, with its photos (encrypted), answers in tests and in practice"),
        N_("So that it is checked, and mistakes can be put right"),
        N_("Homework and practice a year, tests two years"),
        N_("You, who teaches the subject, who looks after the class or heads the school"),
    ),
    Kept(
        N_("During a test: when its page was left or closed; no picture and no sound"),
        N_("To judge whether a result is one's own work; only with your consent to logs of tests"),
        N_("60 days, or until you withdraw the consent"),
        N_("You, who teaches the subject, who looks after the class or heads the school"),
    ),
    Kept(
        N_("Profile of learning, achievements with documents (encrypted), goals, recommendations"),
        N_("To support the child's own way of learning, and as the digital profile that the state asks for"),
        N_("While the child is at the school; a year after leaving it is removed"),
        N_(
            "You, the class teacher, those who support children and who heads the school; what is sensitive, each look "
            "is noted"
        ),
    ),
    Kept(
        N_("Posts in chats and on the forum, messages of the school, questions to support"),
        N_("So that families, students and teachers reach each other"),
        N_("Posts and messages two years, questions to support one; what was reported, three years from the decision"),
        N_("Those whom it is for, and who answers for order there: no adult writes with a student alone"),
    ),
    Kept(
        N_("Answers to questionnaires; who came to video lessons"),
        N_("To ask what families and students think, and to teach from afar"),
        N_("Questionnaires two years, video lessons one; anonymous answers are kept without a name from the start"),
        N_("Who made the questionnaire and the heads of the school; of lessons, who teaches the subject"),
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
