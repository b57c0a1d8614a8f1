"""What is exchanged in packages of QTI 3: items, and what is told of them.

Source: 1EdTech Question and Test Interoperability 3.0, Assessment, Section and Item; its content packages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.assessments.questions import Question
from cloud.core.errors import Refused
from cloud.core.messages import Message

ITEM_NS = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
ITEM_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd"
MANIFEST_NS = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
MANIFEST_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd"
LOM_NS = "http://ltsc.ieee.org/xsd/LOM"
XSI_NS = "http://www.w3.org/2001/XMLSchema-instance"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ITEM_TYPE, TEST_TYPE = "imsqti_item_xmlv3p0", "imsqti_test_xmlv3p0"
MANIFEST = "imsmanifest.xml"
RESPONSE, SCORE = "RESPONSE", "SCORE"
TITLE_MAX = 120
TOOL = "Esik"


class PackageRefused(Refused):
    """A file is no package of QTI 3 that can be read, or too big a one."""

    code = "qti_package_refused"


class ItemRefused(Refused):
    """An item of a package is no question that can be asked here."""

    code = "qti_item_refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """A question with the theme under which it stands; no theme is an empty one."""

    question: Question
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of an item: its title, the file in the package, and what."""

    title: str
    file: str
    what: Message


@dataclass(frozen=True, slots=True)
class Package:
    """Questions in order under a title; `language` is one of BCP 47, or empty."""

    title: str
    entries: Sequence[Entry]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a package: what can be taken, what was left out, what of a taken one is lost or otherwise."""

    package: Package
    left_out: Sequence[Told] = field(default=())
    changed: Sequence[Told] = field(default=())
