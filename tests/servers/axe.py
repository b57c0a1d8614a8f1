"""What axe finds wrong with a page that Chromium shows."""

import json
from collections.abc import Mapping

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

# Of all that axe finds, what is wrong is a hundredth: the rest stays in the browser.
RUN = """axe.run(%s).then(found => found.violations.flatMap(each => each.nodes.map(
  node => `${each.id}: ${node.html.slice(0, 160)} ${(node.failureSummary || "").slice(0, 240)}`)))"""
NO_MORE: Mapping[str, object] = {}


async def violations(page: Page, judged: Mapping[str, object] = NO_MORE) -> list[str]:
    """Return what axe finds wrong, with the places; `judged` are more of its options, as which rules are asked."""
    asked = json.dumps({"resultTypes": ["violations"], **judged})
    found: list[str] = await page.evaluate(f"{AXE_SCRIPT};{RUN % asked}")
    return found
