"""The page of rights is the table's own, and nothing asks for a role where it should ask for a right."""

import re

from cloud.core.rights import Right
from tests.pages.routes import ROUTES
from tests.repo.rights import DOCUMENT, document
from tests.repo.sources import python_sources


def test_the_page_of_rights_is_current() -> None:
    assert DOCUMENT.read_text() == document(), "run `python -m tests.repo.rights`"


# Who gives which roles, and what a menu shows, is about roles; everything else asks for a right.
ABOUT_ROLES = (
    "cloud/core/", "cloud/accounts/", "cloud/organisation/", "cloud/cli/", "cloud/scim/", "cloud/office/role_pages",
)  # fmt: skip
ASKS_A_ROLE = re.compile(r"actor\.(?:require\((?!Right\.|right\b)|may\(|is_operator)|reach\.role |desk_of\((?!Right\.)")


def test_no_page_query_or_action_asks_for_a_role_instead_of_a_right() -> None:
    asking = {
        f"{source.path}: {line.strip()}"
        for source in python_sources()
        if source.path.startswith("cloud/") and not source.path.startswith(ABOUT_ROLES)
        for line in source.text.splitlines()
        if ASKS_A_ROLE.search(line) and not line.startswith("def ")
    }

    assert asking == set()


RIGHT = re.compile(r"\bRight\.([A-Z_]+)\b")
ONLY_SHOWN = ("cloud/core/rights.py", "cloud/core/navigation.py")  # the table, and the menu


def test_every_right_is_asked_by_a_route_or_by_what_routes_and_commands_call() -> None:
    asked = {asked.name for asked in ROUTES.values() if isinstance(asked, Right)}
    for source in python_sources():
        if source.path.startswith("cloud/") and source.path not in ONLY_SHOWN:
            asked |= set(RIGHT.findall(source.text))

    assert {right.name for right in Right} - asked == set(), "nobody asks it: ask it, or take it from the table"
