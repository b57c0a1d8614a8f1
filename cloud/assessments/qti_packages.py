"""Packages of QTI 3: a zip with a list of what is in it, one test in sections by theme, and an item a question. Pure.

Rule: of a package that somebody sent only the list, the test and the items are unpacked, by the names that stand in
the zip; nothing of it becomes a file, and what the list names outside the package is refused.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement

from cloud.assessments.qti_kinds import (
    ITEM_NS,
    ITEM_SCHEMA,
    ITEM_TYPE,
    LOM_NS,
    MANIFEST,
    MANIFEST_NS,
    MANIFEST_SCHEMA,
    SCORE,
    TEST_TYPE,
    TITLE_MAX,
    TOOL,
    XML_LANG,
    XSI_NS,
    Entry,
    ItemRefused,
    Package,
    PackageRefused,
    Read,
    Told,
)
from cloud.assessments.qti_reading import check_item, taken, title_in
from cloud.assessments.qti_texts import local, written
from cloud.assessments.qti_writing import item_xml, xml_file
from cloud.assessments.qti_xml import LIST_MAX, check_safe, read_xml
from cloud.core.messages import message
from cloud.core.zips import TooMuch, opened_zip, unpacked

PACKAGE_MAX = 10 * 1024 * 1024
ITEMS_MAX = 400  # of one package: each has its own file, and the zip some more
MARKS_MAX = 1_000_000  # "<" in all that is read
TEST = "assessment.xml"
DIFFICULTIES = {1: "easy", 2: "medium", 3: "difficult"}
_OF_WORD = {"very easy": 1, "easy": 1, "medium": 2, "difficult": 3, "very difficult": 3}
_ENCRYPTED = 0x1
# What zipfile and zlib were seen to raise over files with changed bytes.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def write_package(package: Package, at: datetime) -> bytes:
    """Return a package as a zip; `at` is when its files were made."""
    out, items = io.BytesIO(), [f"item-{number:03d}" for number in range(1, len(package.entries) + 1)]
    files = {MANIFEST: _manifest(package, items), TEST: _test(package, items)}
    for name, entry in zip(items, package.entries, strict=True):
        files[_file(name)] = item_xml(entry.question, name, package.language)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def read_package(content: bytes) -> Read:
    """Return what is in a package. Raises PackageRefused with what to do."""
    files = _Files.of(content)
    listed = _listed(files)
    if not listed.items:
        raise PackageRefused(message("There are no items of QTI 3 in the package."))
    if len(listed.items) > ITEMS_MAX:
        raise PackageRefused(message("The package has too many items: {most} at most.", most=ITEMS_MAX))
    contents = files.read([path for path, _ in listed.items])
    entries: list[Entry] = []
    left_out: list[Told] = []
    changed: list[Told] = []
    languages: list[str] = []
    for path, theme in listed.items:
        title = posixpath.basename(path)
        try:
            root = read_xml(contents[path]) if path in contents else _missing(path)
            title = title_in(root, title)
            check_item(root)
            found = taken(root, listed.difficulties.get(path, 2))
        except ItemRefused as refused:
            left_out.append(Told(title, path, refused.message))
            continue
        languages.append(root.get(XML_LANG, ""))
        entries.append(Entry(found.question, theme))
        changed.extend(Told(title, path, each) for each in found.changed)
    language = languages[0] if len(set(languages)) == 1 else ""
    return Read(Package(listed.title, entries, language), left_out, changed)


def _manifest(package: Package, items: Sequence[str]) -> bytes:
    root = Element("manifest", {
        "xmlns": MANIFEST_NS, "xmlns:xsi": XSI_NS, "xsi:schemaLocation": f"{MANIFEST_NS} {MANIFEST_SCHEMA}",
        "identifier": "manifest",
    })  # fmt: skip
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = "QTI Package"
    SubElement(metadata, "schemaversion").text = "3.0.0"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    test = _resource(resources, "test", TEST_TYPE, TEST)
    for name, entry in zip(items, package.entries, strict=True):
        SubElement(test, "dependency", {"identifierref": name})
        item = _resource(resources, name, ITEM_TYPE, _file(name))
        metadata = Element("metadata")
        item.insert(0, metadata)
        lom = SubElement(metadata, "lom", {"xmlns": LOM_NS})
        difficulty = SubElement(SubElement(lom, "educational"), "difficulty")
        SubElement(difficulty, "source").text = "LOMv1.0"
        SubElement(difficulty, "value").text = DIFFICULTIES[entry.question.difficulty]
    return xml_file(root)


def _resource(resources: Element, name: str, kind: str, path: str) -> Element:
    made = SubElement(resources, "resource", {"identifier": name, "type": kind, "href": path})
    SubElement(made, "file", {"href": path})
    return made


def _test(package: Package, items: Sequence[str]) -> bytes:
    root = Element("qti-assessment-test", {
        "xmlns": ITEM_NS, "xmlns:xsi": XSI_NS, "xsi:schemaLocation": f"{ITEM_NS} {ITEM_SCHEMA}", "identifier": "test",
        "title": _line(package.title) or TOOL, "tool-name": TOOL,
    })  # fmt: skip
    SubElement(root, "qti-outcome-declaration", {"identifier": SCORE, "cardinality": "single", "base-type": "float"})
    part = SubElement(root, "qti-test-part", {
        "identifier": "part", "navigation-mode": "nonlinear", "submission-mode": "simultaneous",
    })  # fmt: skip
    for number, (theme, names) in enumerate(_sections(package.entries, items), 1):
        section = SubElement(part, "qti-assessment-section", {
            "identifier": f"section-{number}", "title": theme, "visible": "true",
        })  # fmt: skip
        for name in names:
            SubElement(section, "qti-assessment-item-ref", {"identifier": name, "href": _file(name)})
    setting = SubElement(SubElement(root, "qti-outcome-processing"), "qti-set-outcome-value", {"identifier": SCORE})
    SubElement(SubElement(setting, "qti-sum"), "qti-test-variables", {"variable-identifier": SCORE})
    return xml_file(root)


def _sections(entries: Sequence[Entry], items: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield themes with their items, in order: a theme that comes again begins another section."""
    section: tuple[str, list[str]] | None = None
    for entry, name in zip(entries, items, strict=True):
        theme = _line(entry.theme)
        if section is None or section[0] != theme:
            if section is not None:
                yield section
            section = theme, []
        section[1].append(name)
    if section is not None:
        yield section


def _line(text: str) -> str:
    return " ".join(written(text).split())


def _file(name: str) -> str:
    return f"items/{name}.xml"


def _missing(path: str) -> Element:
    raise ItemRefused(message("The package names this file and does not have it: {path}.", path=path[:120]))


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the list names: items in order with their themes, and the difficulty of those that have one, by path."""

    title: str
    items: Sequence[tuple[str, str]]
    difficulties: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a zip by their names."""

    archive: zipfile.ZipFile
    parts: Mapping[str, zipfile.ZipInfo]

    @staticmethod
    def of(content: bytes) -> "_Files":
        """Open a zip. Raises PackageRefused."""
        if len(content) > PACKAGE_MAX:
            raise PackageRefused(
                message("The package is too big: {size} MB at most. Send it in parts.", size=PACKAGE_MAX >> 20)
            )
        try:
            archive = opened_zip(content)
        except _DAMAGED:
            raise _refused_zip() from None
        parts = {part.filename: part for part in archive.filelist}
        if len(parts) < len(archive.filelist):
            raise PackageRefused(message("The package has two files of one name. Export it again."))
        if any(part.flag_bits & _ENCRYPTED for part in archive.filelist):
            raise PackageRefused(message("The package has a password. Send it without one."))
        return _Files(archive, parts)

    def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the contents of those of the paths that are there. Raises PackageRefused."""
        found = [self.parts[path] for path in dict.fromkeys(paths) if path in self.parts]
        contents = {part.filename: bytearray() for part in found}
        try:
            for name, piece in unpacked(self.archive, found, (b"<",), MARKS_MAX):
                contents[name] += piece
        except TooMuch:
            raise PackageRefused(message("Unpacked, the package is too big. Send it in parts.")) from None
        except _DAMAGED:
            raise _refused_zip() from None
        return {name: bytes(content) for name, content in contents.items()}


def _refused_zip() -> PackageRefused:
    return PackageRefused(message("This is no package of QTI 3, or a damaged one. Export it again as a zip."))


def _listed(files: _Files) -> _Listed:
    root = _root(files, MANIFEST)
    if local(root) != "manifest":
        raise PackageRefused(message("{file} is no list of a package. Export it again as QTI 3.", file=MANIFEST))
    tests, items, difficulties = [], [], {}
    for resource in (each for each in root.iter() if local(each) == "resource"):
        kind, href = resource.get("type", ""), resource.get("href", "")
        if not kind.startswith("imsqti") or not href:
            continue
        path = _within(href, "")
        if "test" in kind:
            tests.append(path)
        elif "item" in kind:
            items.append(path)
            difficulties[path] = _difficulty(resource)
    title, listed = _tested(files, tests[0]) if tests else ("", [])
    named = {path for path, _ in listed}
    return _Listed(title, [*listed, *((path, "") for path in items if path not in named)], difficulties)


def _tested(files: _Files, path: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the title of a test, and its items with their themes."""
    root = _root(files, path)
    if local(root) != "qti-assessment-test":
        raise PackageRefused(message("{file} is no test of QTI 3.", file=path[:120]))
    found: dict[str, str] = {}
    waiting: list[tuple[Element, str, int]] = [(root, "", 0)]
    while waiting:
        element, theme, depth = waiting.pop()
        if local(element) == "qti-assessment-section" and not depth:
            theme, depth = _line(element.get("title", ""))[:TITLE_MAX], 1
        if local(element) == "qti-assessment-item-ref":
            found.setdefault(_within(element.get("href", ""), posixpath.dirname(path)), theme)
        waiting.extend((each, theme, depth) for each in reversed(element))
    return _line(root.get("title", ""))[:TITLE_MAX], list(found.items())


def _root(files: _Files, path: str) -> Element:
    content = files.read([path]).get(path)
    if content is None:
        raise PackageRefused(
            message("{file} is missing. A package of QTI 3 has it at the top of the zip.", file=path[:120])
        )  # fmt: skip
    try:
        root = read_xml(content, LIST_MAX)
        check_safe(root)
    except ItemRefused as refused:
        raise PackageRefused(message("{file}: {why}", file=path[:120], why=refused.message)) from None
    return root


def _within(href: str, folder: str) -> str:
    """Return the name in the zip that an address of the package means. Raises PackageRefused where it leads out."""
    try:
        parts = urlsplit(href)
    except ValueError:
        raise PackageRefused(message("The package names a file outside of it: {path}.", path=href[:120])) from None
    path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
    if parts.scheme or parts.netloc or path.startswith(("/", "..")) or "\\" in path or "\x00" in path:
        raise PackageRefused(message("The package names a file outside of it: {path}.", path=href[:120]))
    return path


def _difficulty(resource: Element) -> int:
    for each in resource.iter():
        if local(each) == "difficulty":
            words = [" ".join((one.text or "").split()).lower() for one in each.iter() if local(one) == "value"]
            return next((_OF_WORD[word] for word in words if word in _OF_WORD), 2)
    return 2
