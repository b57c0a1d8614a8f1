"""The page of a guardian's own file in words: what tables and columns are to a family, and what codes mean. Pure.

Rule: no code, key or sign of bookkeeping stands on the page; programs find those in the tables beside it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language, translate
from cloud.core.words import SIGNS, WORDS
from cloud.exports.meanings import meanings
from cloud.guardian.own_data import OwnData, Taken
from cloud.menu.kinds import ALLERGENS, CATEGORIES, GROUNDS, Limit
from cloud.notifications.kinds import Kind, unpacked
from cloud.notifications.queries import NoticeRow
from cloud.notifications.texts import told
from cloud.portfolio.fields import BY_KEY, FIELDS
from cloud.portfolio.goals import State as Reached
from cloud.portfolio.kinds import KINDS, LEVELS, PLACES
from cloud.portfolio.kinds import State as Entered
from cloud.practice.kinds import WAYS
from cloud.proctoring.kinds import WORDS as NOTICED
from cloud.progress.kinds import BY_KEY as BY_INDICATOR
from cloud.progress.kinds import INDICATORS
from cloud.progress.rules import written
from cloud.support.kinds import TOPICS

TITLES = {
    "account": N_("Your account"), "guardian": N_("You, as the school knows you"),
    "guardianship": N_("What you may about the child"),
    "family_limit": N_("What a court or a paper has taken from your rights"),
    "person_name": N_("The child's name"), "school_class": N_("The child's class"),
    "stay": N_("Classes of the child"), "transfer": N_("Transfers between classes and schools"),
    "journal_mark": N_("Marks and attendance at lessons"), "journal_reason": N_("Why a mark was put right"),
    "journal_remark": N_("What teachers wrote about lessons"),
    "homework_answer": N_("Homework that was handed in"), "homework_answer_file": N_("Files of the homework"),
    "homework_member": N_("Homework for some students alone"), "homework": N_("What the homework was"),
    "course_member": N_("Groups of the class in which the child learns a subject"),
    "person": N_("The child's IIN and number"), "card": N_("The child's cards"),
    "consent_answer": N_("Answers about consents"), "presence": N_("Days at school"),
    "register_mark": N_("What the class register says"), "register_reason": N_("Why the child was absent from class"),
    "absence": N_("Absences that you told"), "trip": N_("Trips of the class"),
    "collector": N_("Whom you let collect the child"), "profile_field": N_("The child's profile, with each change"),
    "portfolio_entry": N_("The child's portfolio"), "portfolio_file": N_("Files of the portfolio"),
    "goal": N_("Goals of the child"), "goal_step": N_("Steps to the goals"), "award": N_("Certificates of the school"),
    "recommendation": N_("What was recommended for the child"), "exam_result": N_("Results of exams"),
    "fitness_value": N_("Physical fitness"),
    "assessment_attempt": N_("Attempts at tests"), "assessment_answer": N_("Answers in tests"),
    "practice_attempt": N_("Practice"), "practice_answer": N_("Answers in practice"),
    "sitting_log": N_("Logs of attempts at tests"), "sitting_event": N_("What logs of attempts noticed"),
    "movement": N_("Passages at gates"), "notice": N_("What you were told"), "meal_sale": N_("Meals"),
    "meal_line": N_("Dishes of the meals"), "meal_refusal": N_("What was not sold"),
    "meal_rating": N_("Ratings of meals"), "dish_rating": N_("Ratings of dishes"),
    "entitlement": N_("Orders on free and cheaper meals"), "wallet_voucher": N_("Vouchers for meals"),
    "restriction": N_("What is not sold to the child"), "preorder": N_("Meals ordered ahead"),
    "preorder_dish": N_("Dishes ordered ahead"), "payment_number": N_("Number to pay by"),
    "payment": N_("Money that came in"), "giving_back": N_("Money given back"), "ledger_account": N_("Balance"),
    "ledger_line": N_("How the balance changed"), "ledger_entry": N_("Why the balance changed"),
    "correction_request": N_("What you asked to correct"), "support_question": N_("What you asked support"),
    "announcement": N_("What the school wrote to you"), "announcement_reader": N_("When you read it"),
    "talk_post": N_("What you wrote in chats and the forum"),
    "talk_post_of_child": N_("What the child wrote in chats and the forum"),
    "talk_file": N_("Files of your posts"), "talk_report": N_("Posts that you told moderators of"),
    "talk_mute": N_("When you could not write in chats"),
    "talk_mute_of_child": N_("When the child could not write in chats"),
    "posting_reading": N_("Announcements that you have seen"),
    "announcement_answer": N_("Answers to it"), "call_visit": N_("When the child came to video lessons"),
    "questionnaire_sheet": N_("What you answered to questionnaires by name"),
}  # fmt: skip
HEADINGS = {  # where the dictionary's own words tell codes
    "account.language": N_("Language"), "transfer.kind": N_("What"),
    "school_class.grade": N_("Grade"), "card.medium": N_("Kind of card"),
    "course_member.course_id": N_("Group"), "journal_mark.number": N_("Number"), "journal_mark.lesson_id": N_("Lesson"),
    "journal_mark.here": N_("Attendance"), "journal_reason.number": N_("Number"),
    "journal_remark.lesson_id": N_("Lesson"), "homework.id": N_("Number"), "homework.course_id": N_("Subject"),
    "homework_answer.homework_id": N_("Number"), "homework_answer.number": N_("Which time"),
    "homework_answer.state": N_("State"), "homework_member.homework_id": N_("Number"),
    "homework_answer_file.answer_id": N_("Number"),
    "consent_answer.says": N_("Answer"), "consent_answer.way": N_("How it came"),
    "movement.direction": N_("Direction"), "movement.kind": N_("How"), "notice.kind": N_("About"),
    "notice.detail": N_("In words"), "meal_sale.payment": N_("How it is paid"), "meal_sale.id": N_("Number"),
    "register_mark.number": N_("Number"), "register_mark.says": N_("What is marked"),
    "register_reason.number": N_("Number"), "register_reason.reason": N_("Reason"),
    "recommendation.rule": N_("Rule"), "recommendation.state": N_("State"),
    "absence.reason": N_("Reason"), "absence.state": N_("State"),
    "collector.relation": N_("What they are to the child"),
    "portfolio_entry.id": N_("Number"), "portfolio_entry.state": N_("State"), "goal.id": N_("Number"),
    "goal.state": N_("State"), "goal_step.goal_id": N_("Number"), "portfolio_file.entry_id": N_("Number"),
    "portfolio_entry.kind": N_("What it is"),
    "assessment_attempt.id": N_("Number"), "assessment_attempt.given_id": N_("Test"),
    "assessment_answer.attempt_id": N_("Number of the attempt"), "assessment_answer.place": N_("Question"),
    "assessment_answer.answer": N_("What was chosen"), "assessment_answer.points": N_("Points"),
    "practice_attempt.id": N_("Number"), "practice_attempt.way": N_("What it is"),
    "practice_answer.attempt_id": N_("Number of the attempt"), "practice_answer.place": N_("Question"),
    "practice_answer.answer": N_("What was chosen"), "practice_answer.points": N_("Most points"),
    "practice_answer.reached": N_("Points"), "sitting_log.attempt_id": N_("Number of the attempt"),
    "sitting_event.attempt_id": N_("Number of the attempt"), "sitting_event.kind": N_("What"),
    "sitting_event.place": N_("Question"),
    "meal_line.sale": N_("Number of the meal"), "meal_line.dish": N_("Dish"), "dish_rating.dish": N_("Dish"),
    "entitlement.kind": N_("What it gives"), "restriction.kind": N_("About"), "restriction.value": N_("What"),
    "preorder.id": N_("Number"), "preorder_dish.preorder_id": N_("Number of the order"),
    "preorder_dish.dish_id": N_("Dish"), "giving_back.way": N_("How"), "ledger_account.balance_tiyn": N_("Sum"),
    "ledger_line.entry_id": N_("Number"), "ledger_entry.id": N_("Number"), "ledger_entry.kind": N_("Why"),
    "correction_request.outcome": N_("Outcome"), "support_question.answer": N_("Answer"),
    "talk_post.id": N_("Number"), "talk_post.talk_id": N_("Number of the talk"), "talk_post.words": N_("In words"),
    "talk_file.post_id": N_("Number of the post"), "talk_report.post_id": N_("Number of the post"),
    "talk_report.words": N_("In words"), "talk_report.outcome": N_("Outcome"),
    "posting_reading.posting_id": N_("Number"),
    "announcement.id": N_("Number"), "announcement_reader.announcement_id": N_("Number"),
    "questionnaire_sheet.questionnaire_id": N_("Number"), "questionnaire_sheet.answers": N_("In words"),
    "call_visit.call_id": N_("Number"),
    "announcement_answer.announcement_id": N_("Number"), "announcement.texts": N_("In words"),
}  # fmt: skip
HIDDEN = frozenset({
    "award.document", "ledger_account.part", "meal_line.version", "practice_attempt.about", "preorder_dish.version",
})  # fmt: skip
# A family's money is a debt of the school: bookkeeping tells it with a minus.
OWED = frozenset({"ledger_account.balance_tiyn", "ledger_line.amount_tiyn"})
PREFIXES = {  # of codes in the list of words
    "guardianship.relation": "", "family_limit.takes": "right_", "card.medium": "", "card.state": "",
    "consent_answer.purpose": "", "consent_answer.way": "way_", "movement.direction": "", "movement.reason": "",
    "register_mark.says": "register_", "journal_mark.here": "here_", "transfer.kind": "transfer_",
    "recommendation.rule": "advice_", "recommendation.state": "advice_is_",
    "absence.reason": "away_", "absence.state": "absence_", "collector.relation": "kin_",
    "notice.kind": "", "meal_sale.payment": "meal_by_", "meal_refusal.reason": "", "entitlement.kind": "",
    "payment.provider": "by_", "giving_back.way": "paid_by_", "ledger_entry.kind": "entry_",
    "correction_request.what": "kept_", "correction_request.outcome": "correction_",
}  # fmt: skip
OWN = {  # codes that mean something of their own in their column
    "guardianship.relation": {"other": WORDS["relative"]},
    "consent_answer.says": {"yes": N_("yes"), "no": N_("no")},
    "movement.kind": {
        "card": N_("By card"), "hand": N_("Let through by the guard"), "denied": SIGNS["denied"].word,
        "turned": SIGNS["turned"].word,
    },
    "register_reason.reason": {"ill": N_("ill"), "family": N_("family"), "other": N_("other or unknown")},
    "entitlement.ground": GROUNDS,
    "profile_field.field": {each.key: each.words for each in FIELDS},
    "portfolio_entry.kind": {kind.value: words for kind, words in KINDS.items()},
    "portfolio_entry.level": LEVELS, "portfolio_entry.result": PLACES,
    "portfolio_entry.state": {state.value: SIGNS[f"entry_{state}"].word for state in Entered},
    "fitness_value.indicator": {each.key: each.words for each in INDICATORS},
    "homework_answer.state": {
        "draft": N_("Not handed in yet"), "handed": SIGNS["homework_handed"].word,
        "checked": SIGNS["homework_checked"].word, "returned": SIGNS["homework_returned"].word,
    },
    "practice_attempt.way": {way.value: words for way, words in WAYS.items()},
    "sitting_event.kind": {what.value: words for what, words in NOTICED.items()},
    "goal.state": {state.value: SIGNS[f"goal_is_{state}"].word for state in Reached},
    "talk_report.outcome": {each: SIGNS[f"told_{each}"].word for each in ("hidden", "stands")},
    "support_question.topic": {topic.value: words for topic, words in TOPICS.items()},
    "restriction.kind": {
        "allergen": N_("Allergen"), "dish": N_("Dish"), "category": N_("Category"), "day_limit": N_("Limit of a day"),
    },
}  # fmt: skip
NAMED = {  # columns of keys that have a name at the school
    "movement.gate": "gate", "meal_sale.meal": "meal", "meal_refusal.meal": "meal", "meal_rating.meal": "meal",
    "dish_rating.meal": "meal", "entitlement.meals": "meal", "wallet_voucher.meal": "meal", "preorder.meal": "meal",
    "recommendation.subject_id": "subject", "exam_result.exam_id": "exam",
    "stay.school_class_id": "class", "course_member.course_id": "course",
    "homework.course_id": "course",
    "journal_mark.lesson_id": "lesson", "journal_remark.lesson_id": "lesson",
    "assessment_attempt.given_id": "given_test",
    "meal_line.dish": "dish", "dish_rating.dish": "dish", "preorder_dish.dish_id": "dish_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as it stands on the page."""

    title: str
    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the page, and the names of what the rows refer to."""

    data: OwnData
    language: Language
    formats: Formats

    def parts(self) -> list[Shown]:
        """Return the tables."""
        return [self._part(part) for part in self.data.parts]

    def left_out(self) -> list[str]:
        """Return what is not in the file, in words."""
        return [self._word(TITLES[table]) for table in self.data.left_out]

    def _part(self, part: Taken) -> Shown:
        columns = [each for each in part.columns if f"{part.table}.{each}" not in HIDDEN]
        return Shown(
            self._word(TITLES[part.name]), [self._heading(part.table, each) for each in columns],
            [[self._cell(f"{part.table}.{each}", row[each], row) for each in columns] for row in part.rows],
        )  # fmt: skip

    def _heading(self, table: str, column: str) -> str:
        own = HEADINGS.get(f"{table}.{column}")
        return self._word(own) if own else meanings().of_column(table, column)[self.language.value]

    def _cell(self, place: str, value: object, row: Mapping[str, Any]) -> str:
        if value is None or value in ("", []):
            return "—"
        if special := SPECIAL.get(place):
            return special(self, row)
        if isinstance(value, list):
            return ", ".join(self._text(place, each) for each in value)
        return self._text(place, value)

    def _text(self, place: str, value: object) -> str:
        match value:
            case bool():
                return self._word(N_("yes") if value else N_("no"))
            case datetime():
                return f"{value.astimezone(self.formats.zone):%d.%m.%Y %H:%M}"
            case date():
                return self.formats.typed(value)
            case int() if place.endswith("_tiyn"):
                return self.formats.tenge(-value if place in OWED else value)
        return self._code(place, str(value))

    def _code(self, place: str, code: str) -> str:
        """Return what a code means; a name of somebody, and a code that is new, stay as they are."""
        if place in NAMED:
            return self._named(NAMED[place], code)
        if (own := OWN.get(place, {}).get(code)) is not None:
            return self._word(own)
        if place not in PREFIXES:
            return code
        known = PREFIXES[place] + code
        return self._word(SIGNS[known].word if known in SIGNS and known not in WORDS else WORDS.get(known, code))

    def _named(self, kind: str, key: str) -> str:
        names = self.data.names.get((kind, key))
        return names[self.language.value] if names else key

    def _word(self, words: str) -> str:
        return translate(self.language, words)

    def measured(self, row: Mapping[str, Any]) -> str:
        """Return a value of physical fitness with its unit."""
        indicator = BY_INDICATOR.get(str(row["indicator"]))
        return f"{written(indicator, row['value'])} {self._word(indicator.unit)}" if indicator else str(row["value"])

    def restricted(self, row: Mapping[str, Any]) -> str:
        """Return what is not sold."""
        value = str(row["value"])
        match Limit(row["kind"]):
            case Limit.ALLERGEN:
                return self._word(ALLERGENS[value]) if value in ALLERGENS else value
            case Limit.CATEGORY:
                return self._word(CATEGORIES[value]) if value in CATEGORIES else value
            case Limit.DISH:
                return self._named("dish", value)
            case Limit.DAY_LIMIT:
                return self.formats.tenge(int(value))

    def field(self, row: Mapping[str, Any]) -> str:
        """Return what a field of the profile says."""
        known, value = BY_KEY.get(str(row["field"])), str(row["value"])
        return self._word(known.options[value]) if known and value in known.options else value or "—"

    def said(self, row: Mapping[str, Any]) -> str:
        """Return a notice's words, as its page has them."""
        child = self.data.child
        notice = NoticeRow(
            0, Kind(row["kind"]), child.ref, child.name, row["at"], row["told_at"], row["is_late"], None, "",
            unpacked(row["detail"]), child.zone,
        )  # fmt: skip
        return told(notice, self.language)

    def sheet(self, row: Mapping[str, Any]) -> str:
        """Return what a sheet of a questionnaire says, question by question, in the words that were read."""
        said = json.loads(str(row["answers"]))["said"]
        return "; ".join(f"{question} — {answer}" for question, answer in said)

    def tongue(self, row: Mapping[str, Any]) -> str:
        """Return a language by its own name."""
        code = str(row["language"])
        return next((each.own_name for each in Language if each.value == code), code)


SPECIAL: Mapping[str, Callable[[Reader, Mapping[str, Any]], str]] = {
    "restriction.value": Reader.restricted, "profile_field.value": Reader.field,
    "fitness_value.value": Reader.measured, "notice.detail": Reader.said, "account.language": Reader.tongue,
    "questionnaire_sheet.answers": Reader.sheet,
}  # fmt: skip
