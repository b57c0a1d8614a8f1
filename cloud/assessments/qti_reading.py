"""An item of QTI 3 read as a question. Pure.

Rule: a question is taken only if it gives the points that the item gives by its own rules, for the answers that tell
them apart; else the item is left out, and why is told. What is taken otherwise than it was is told as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from cloud.assessments.qti_bodies import body_of, fitting
from cloud.assessments.qti_kinds import ITEM_NS, TITLE_MAX, ItemRefused
from cloud.assessments.qti_rules import RulesUnknown, rules_of
from cloud.assessments.qti_texts import Plain, local, plain
from cloud.assessments.qti_xml import check_safe, read_xml
from cloud.assessments.questions import PROMPT_MAX, Question, check, kind_of
from cloud.core.messages import Message, message

SUPPORTED = (
    "qti-choice-interaction", "qti-match-interaction", "qti-order-interaction", "qti-text-entry-interaction",
    "qti-extended-text-interaction",
)  # fmt: skip
# What makes another question of the item each time, or needs more than its own file.
_REFUSED: Mapping[str, Message] = {
    "qti-template-declaration": message("It makes up its numbers anew each time. Write it with fixed ones."),
    "qti-template-processing": message("It makes up its numbers anew each time. Write it with fixed ones."),
    "qti-assessment-stimulus-ref": message(
        "Its text stands in another file of the package. Put that text into the item itself."
    ),
    "math": message("It has a formula as MathML. Write it as text, as x² + 1, or as words."),
}
_PASSED = frozenset({"qti-rubric-block", *SUPPORTED})
_OTHERS = ("imsqti_v2p", "imsqti_v1p", "ims_qtiasiv1p2")


@dataclass(frozen=True, slots=True)
class Taken:
    """A question out of an item, with its title, and what of it is lost or otherwise."""

    title: str
    question: Question
    changed: Sequence[Message]


def title_in(root: Element, otherwise: str) -> str:
    """Return an item's title, or another word where it has none."""
    return " ".join((root.get("title") or root.get("identifier") or otherwise).split())[:TITLE_MAX]


def read_item(content: bytes, difficulty: int = 2) -> Taken:
    """Return the question of an item. Raises ItemRefused with what is wrong and what to do."""
    root = read_xml(content)
    check_item(root)
    return taken(root, difficulty)


def check_item(root: Element) -> None:
    """Raise ItemRefused for what is no item of QTI 3, runs a program, or is of a kind that is not known."""
    namespace = root.tag.rpartition("}")[0].strip("{")
    if local(root) in {"assessmentItem", "questestinterop"} or any(each in namespace for each in _OTHERS):
        raise ItemRefused(message("This is an item of an earlier QTI. Export it as QTI 3."))
    if local(root) != "qti-assessment-item" or namespace not in {"", ITEM_NS}:
        raise ItemRefused(message("This is no item of QTI 3."))
    check_safe(root)
    for element in root.iter():
        if (why := _REFUSED.get(local(element))) is not None:
            raise ItemRefused(why)
    if root.get("adaptive", "false") == "true":
        raise ItemRefused(message("It changes with each answer (adaptive). Write it as one question."))


def taken(root: Element, difficulty: int) -> Taken:
    """Return the question of an item that was checked. Raises ItemRefused."""
    interaction = _interaction(root)
    try:
        rules = rules_of(root, interaction.get("response-identifier", ""))
        found = body_of(interaction, root, rules)
        body, points, told = fitting(found, root, rules)
    except RulesUnknown as unknown:
        raise ItemRefused(
            message("Its points come about in a way that is not known here: {name}.", name=str(unknown))
        ) from None
    prompt, explanation = _prompt(root, interaction), _explanation(root)
    question = Question(kind_of(body), prompt.text, body, points, explanation.text, difficulty)
    _check(question)
    changed = [*prompt.lost, *found.changed, *told, *explanation.lost, *_left(root)]
    return Taken(title_in(root, ""), question, list(dict.fromkeys(changed)))


def _interaction(root: Element) -> Element:
    found = [each for each in root.iter() if local(each).endswith("-interaction")]
    others = [local(each) for each in found if local(each) not in SUPPORTED]
    if others:
        raise ItemRefused(
            message("Its answers are given in a way that is not known here: {name}. Make it a choice, pairs, an order, "
                    "a number, a word or a free text.", name=others[0])
        )  # fmt: skip
    if not found:
        raise ItemRefused(message("It asks for no answer."))
    if len(found) > 1:
        raise ItemRefused(message("It asks for {count} answers. Make a question of each.", count=len(found)))
    return found[0]


def _prompt(root: Element, interaction: Element) -> Plain:
    """Return what is asked: what stands before and after the answers, and the prompt."""
    body = next((each for each in root if local(each) == "qti-item-body"), None)
    around = plain(body, _PASSED) if body is not None else Plain("")
    own = next((plain(each) for each in interaction if local(each) == "qti-prompt"), Plain(""))
    if not around.text.strip() or not own.text.strip():
        return own if own.text.strip() else around
    return Plain(f"{around.text}\n{own.text}", [*around.lost, *own.lost])


def _explanation(root: Element) -> Plain:
    found = [plain(each) for each in root if local(each) == "qti-modal-feedback"]
    if not found:
        return Plain("")
    told = list(found[0].lost)
    if len(found) > 1:
        told.append(message("It tells each answer something else: that became one explanation."))
    text = found[0].text if len(found) == 1 else "\n".join(each.text for each in found)
    return Plain(text, told)


def _left(root: Element) -> list[Message]:
    """Return what is told of what stands in an item and is not kept."""
    names = {local(each) for each in root.iter()}
    told = []
    if names & {"qti-feedback-inline", "qti-feedback-block"}:
        told.append(message("What it tells within the text after an answer is not kept."))
    if any(local(each) == "qti-rubric-block" and not _is_kept(root, each) for each in root.iter()):
        told.append(message("Instructions and notes beside the question are not kept."))
    if names & {"qti-stylesheet", "qti-companion-materials-info"}:
        told.append(message("Its look and its materials (calculator, ruler) are not kept."))
    return told


def _is_kept(root: Element, block: Element) -> bool:
    """Tell whether a block is what a free text is marked by."""
    is_essay = any(local(each) == "qti-extended-text-interaction" for each in root.iter())
    return is_essay and "scorer" in block.get("view", "").split()


def _check(question: Question) -> None:
    if len(question.prompt) > PROMPT_MAX:
        raise ItemRefused(message("Its text is too long: {most} letters at most.", most=PROMPT_MAX))
    if problems := check(question):
        raise ItemRefused(problems[0].told)
