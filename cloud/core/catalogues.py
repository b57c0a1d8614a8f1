"""Keeps the catalogues in step with code and templates: `python -m cloud.core.catalogues` after a message changed.

Finds `message("...")` and `N_("...")` in code and `_("...")` and `ngettext(...)` in templates.
"""

from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from cloud.core.i18n import DOMAIN, LOCALE, Language, path_of

CLOUD = LOCALE.parent
METHODS = [("**/templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
KEYWORDS = {"message": None, "N_": None, "_": None, "ngettext": (1, 2)}
NOISE = tuple(
    f'"{name}:'
    for name in (
        "POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Generated-By", "Project-Id-Version",
        "Report-Msgid-Bugs-To", "Language-Team",
    )
)  # fmt: skip
HEADER = "# {language} texts of the pages. Kept in step by `python -m cloud.core.catalogues`."


def extract() -> Catalog:
    """Return every message of the cloud's code and templates."""
    found = Catalog(domain=DOMAIN)
    for _file, _line, text, comments, context in extract_from_dir(
        CLOUD, METHODS, keywords=KEYWORDS, comment_tags=("NOTE:",), strip_comment_tags=True
    ):
        found.add(text, auto_comments=comments, context=context)
    return found


def read(language: Language) -> Catalog:
    """Return a language's catalogue as it stands."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language.value, domain=DOMAIN)


def update(language: Language, found: Catalog) -> bytes:
    """Return the text of a language's catalogue with new messages added and vanished ones removed."""
    path = path_of(language)
    catalogue = read(language) if path.exists() else Catalog(language.value, domain=DOMAIN)
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    catalogue.header_comment = HEADER.format(language=catalogue.locale.english_name if catalogue.locale else language)
    text = BytesIO()
    write_po(
        text, catalogue, width=120, omit_header=False, sort_output=True, ignore_obsolete=True, include_lineno=False
    )
    lines = text.getvalue().decode().splitlines()
    return ("\n".join(line for line in lines if not _says_nothing(line)) + "\n").encode()


def _says_nothing(line: str) -> bool:
    return line.startswith(NOISE)


if __name__ == "__main__":
    messages = extract()
    for each in Language:
        path_of(each).parent.mkdir(parents=True, exist_ok=True)
        path_of(each).write_bytes(update(each, messages))
