"""XML that somebody sent, read: no document type, no entities, nothing from elsewhere, and no more than we hold.

Rule: what would run, or reach out of the file, is refused before anything else is read of it.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cloud.assessments.qti_kinds import ItemRefused
from cloud.assessments.qti_texts import local
from cloud.core.messages import message

ITEM_MAX = 256 * 1024  # bytes of one file of XML
LIST_MAX = 2 * 1024 * 1024  # of a manifest or a test
MARKS_MAX, DEPTH_MAX = 40_000, 60
_PROGRAMS = frozenset({
    "script", "iframe", "frame", "embed", "applet", "object", "form", "input", "button", "link", "meta", "base", "svg",
    "qti-custom-interaction", "qti-portable-custom-interaction", "qti-custom-operator", "foreignobject",
})  # fmt: skip
_ADDRESSES = frozenset({"href", "src", "data", "action", "poster", "formaction"})


def read_xml(content: bytes, most: int = ITEM_MAX) -> Element:
    """Return the root of a file of XML. Raises ItemRefused with what to do."""
    if len(content) > most or content.count(b"<") > MARKS_MAX:
        raise ItemRefused(message("The file is too big: {size} KB at most.", size=most >> 10))
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise ItemRefused(
            message("It has a document type or entities. Save it without them: they can reach into other files.")
        ) from None
    except (ParseError, ValueError, LookupError) as wrong:
        line, column = getattr(wrong, "position", (0, 0))
        raise ItemRefused(
            message("This is no XML: line {line}, place {column}.", line=line, column=column)
        ) from None  # fmt: skip
    if any(depth > DEPTH_MAX for _, depth in _walk(root)):
        raise ItemRefused(message("Its elements lie too deep in one another."))
    return root


def check_safe(root: Element) -> None:
    """Raise ItemRefused for what would run a program, or bring something from elsewhere."""
    for element, _ in _walk(root):
        name = local(element).lower()
        if name in _PROGRAMS:
            raise ItemRefused(
                message("It holds “{name}”, which can run a program. Take it out and export the package again.",
                        name=name)
            )  # fmt: skip
        if name == "include" and "XInclude" in element.tag:
            raise ItemRefused(message("It takes in another file. Put that text into the item itself."))
        for attribute, value in element.attrib.items():
            _check_attribute(attribute.rpartition("}")[2].lower(), value)


def _check_attribute(name: str, value: str) -> None:
    if name.startswith("on"):
        raise ItemRefused(
            message("It runs a program by “{name}”. Take that out and export the package again.", name=name[:40])
        )
    address = "".join(value.split()).lower()
    if name in _ADDRESSES and address.startswith(("javascript:", "vbscript:", "data:text")):
        raise ItemRefused(
            message("An address in it runs a program (“{name}”). Take it out and export the package again.",
                    name=name)
        )  # fmt: skip


def _walk(root: Element) -> Iterator[tuple[Element, int]]:
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        yield element, depth
        waiting.extend((child, depth + 1) for child in element)
