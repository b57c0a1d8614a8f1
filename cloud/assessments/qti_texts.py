"""Texts of QTI's items: plain ones written as XHTML, and XHTML brought to plain ones, with what is lost thereby. Pure.

Rule: `plain(written(text)) == text` for every text that XML can hold; blank letters that it cannot become spaces.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from cloud.core.messages import Message, message

# XML 1.0 holds no other control characters, no halves of characters, and not these two.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"[ \t\n\r]+")
_KEPT = re.compile(r"^[ \t]|[ \t]$|[ \t]{2}|\t", re.MULTILINE)  # what XHTML would not keep
BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "address", "ul", "ol", "dl", "dt", "dd", "section",
    "article", "aside", "figure", "figcaption", "header", "footer", "hr", "qti-prompt", "qti-content-body", "li", "tr",
    "table", "thead", "tbody", "tfoot", "caption", "pre",
})  # fmt: skip
INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "i", "kbd", "label", "q", "samp",
    "small", "span", "strong", "sub", "sup", "tt", "u", "var", "br", "td", "th", "img", "ruby", "rb", "rt", "rp",
    "colgroup", "col",
})  # fmt: skip
# Of what the others' screens show and a plain text does not.
_TABLES, _PICTURES = frozenset({"table"}), frozenset({"img", "object", "picture", "svg", "audio", "video"})
_WRAPPERS = frozenset({"div", "qti-content-body", "qti-prompt"})
# Marks within pieces, which no XML holds: the edge of a block (several are one), and a break that stands for itself.
_EDGE, _BREAK = "\x00", "\x01"
_EDGES, _SPACES = re.compile(f" *{_EDGE}[ {_EDGE}]*"), re.compile(" {2,}")
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_RAISABLE, _LOWERABLE = frozenset("0123456789+-=()n"), frozenset("0123456789+-=()")


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain text, and what was lost or turned into something else on the way."""

    text: str
    lost: list[Message] = field(default_factory=list)


def write_text(into: Element, text: str) -> None:
    """Put a text into an empty element: a line as it is, lines with breaks, or as it stands where blanks are kept."""
    safe = written(text)
    if _KEPT.search(safe) or safe != safe.strip("\n"):
        SubElement(into, "pre").text = safe
        return
    first, *lines = safe.split("\n")
    block = SubElement(into, "p") if lines else into
    block.text = first
    for line in lines:
        SubElement(block, "br").tail = line


def written(text: str) -> str:
    """Return a text as XML can hold it, with one way of ending lines."""
    return _UNWRITABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def plain(element: Element, without: frozenset[str] = frozenset()) -> Plain:
    """Return the text within an element; elements named in `without` are passed over with all they hold."""
    told = [child for child in element if local(child) not in without and _holds(child)]
    if len(told) == 1 and not _said(element.text, *(child.tail for child in element)):
        (only,) = told
        if local(only) == "pre" and not len(only):
            return Plain(only.text or "")
        if local(only) in _WRAPPERS:
            return plain(only, without)
    lost: list[Message] = []
    text = _SPACES.sub(" ", "".join(_pieces(element, lost, without)))
    text = _EDGES.sub("\n", text).replace(_BREAK, "\n")
    lines = [line.strip(" ") for line in text.split("\n")]
    return Plain("\n".join(lines).strip("\n"), list(dict.fromkeys(lost)))


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _pieces(element: Element, lost: list[Message], without: frozenset[str]) -> Iterator[str]:
    yield _BLANKS.sub(" ", element.text or "")
    for child in element:
        if local(child) not in without:
            yield from _child(child, lost, without)
        yield _BLANKS.sub(" ", child.tail or "")


def _child(child: Element, lost: list[Message], without: frozenset[str]) -> Iterator[str]:
    name = local(child)
    _tell(child, name, lost)
    if name == "br":
        yield _BREAK
    elif name == "pre":
        yield _EDGE + "".join(child.itertext()).replace("\n", _BREAK) + _EDGE
    elif name in _PICTURES:
        alt = " ".join((child.get("alt") or "").split())
        yield f" [{alt}] " if alt else " "
    elif name in {"sup", "sub"}:
        yield _placed(name, " ".join("".join(child.itertext()).split()))
    elif name in BLOCKS:
        lead = "– " if name == "li" else ""
        yield _EDGE + lead
        yield from _pieces(child, lost, without)
        yield _EDGE
    else:
        yield from _pieces(child, lost, without)
        if name in {"td", "th"}:
            yield " | "


def _placed(name: str, text: str) -> str:
    """Return what stands above or below the line, in letters that stand there, or by `^` and `_`."""
    able, table, mark = (_RAISABLE, _RAISED, "^") if name == "sup" else (_LOWERABLE, _LOWERED, "_")
    if set(text) <= able:
        return text.translate(table)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _tell(child: Element, name: str, lost: list[Message]) -> None:
    if name in _PICTURES:
        lost.append(message("A picture or a sound is left out: see whether the question can be answered without it."))
    elif name in _TABLES:
        lost.append(message("A table became lines of text: see whether it can still be read."))
    elif name not in BLOCKS | INLINE | {"picture", "ruby"}:
        lost.append(message("Of “{name}” only the text is kept.", name=name))
    if name == "a" and child.get("href"):
        lost.append(message("A link became text."))


def _holds(element: Element) -> bool:
    return _said(*element.itertext()) or any(local(each) in _PICTURES for each in element.iter())


def _said(*texts: str | None) -> bool:
    return any(text and text.strip() for text in texts)
