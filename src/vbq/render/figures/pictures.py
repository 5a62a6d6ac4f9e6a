"""Figures as a page shows them: SVG files inside its HTML."""

import html
import re

from markupsafe import Markup

from vbq.render.document import Picture

WIDE = 300  # points; a figure as wide as one column of a journal is narrower


def picture_of(
    svg: str, name: str, caption: str, alt: str, number: str = "", folder: str = "figures"
) -> Picture:
    """Return the picture of an SVG file in a folder beside the page."""
    shape = "wide" if svg_width(svg) > WIDE else "narrow"
    return Picture(inline_svg(svg, name, alt), number, caption, alt, shape, f"{folder}/{name}")


def inline_svg(svg: str, name: str, alt: str) -> Markup:
    """Return the SVG element of a file to stand inside a page that has others.

    Ids get the figure's name in front, so that they stay unique; what is not part of the picture goes,
    and so does the size, which the page decides; `alt` says what is seen.
    """
    svg = svg[svg.index("<svg") :]
    for unseen in (r"<!--.*?-->", r"<metadata>.*?</metadata>", r"<style.*?</style>", r"<title>.*?</title>"):
        svg = re.sub(unseen, "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    opening, _, content = svg.partition(">")
    opening = re.sub(r' (?:width|height)="[^"]*"', "", opening)
    opening = opening.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}"', 1)
    return Markup(f"{opening}>{content.strip()}")


def svg_width(svg: str) -> float:
    """Return the width that an SVG file states, in points."""
    found = re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', svg)
    if found is None:
        raise ValueError("the SVG file states no width in points")
    return float(found[1])
