"""Codes that cameras read, as drawings for a page."""

import segno
from markupsafe import Markup

QUIET = 4  # modules of white around it (ISO/IEC 18004)


def code_svg(text: str, title: str) -> Markup:
    """Return a QR code as SVG: black on white in either look, as large as its place; `title` is read out instead."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(border=QUIET, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    labelled = drawn.replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(title), 1)
    return Markup(labelled)  # noqa: S704 (drawn by segno; the title is escaped)
