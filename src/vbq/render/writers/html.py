"""HTML pages that need nothing but themselves.

Text from data and configuration reaches a page through its template, which escapes it.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from vbq.render.comparison import DIFFERS
from vbq.render.document import Document, header_rows, safe
from vbq.render.labels import INDENT

TEMPLATES = Path(__file__).parents[1] / "templates"


def html_page(document: Document) -> str:
    """Return a document as HTML text."""
    return from_template(
        "page.html.jinja",
        "page.js",
        page=document,
        titles={section.anchor: section.title for section in document.sections},
        header_rows=header_rows,
        indent=INDENT,
        differs=DIFFERS,
    )


def from_template(template: str, script_file: str = "", **values: Any) -> str:
    """Return a page from a template, with the one style and one script or none.

    Its security policy allows this script and nothing else.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    script = (TEMPLATES / script_file).read_text("utf-8") if script_file else ""
    return environment.get_template(template).render(
        style=Markup((TEMPLATES / "page.css").read_text("utf-8")),
        script=Markup(script),
        script_source=Markup(f"'{content_hash(script)}'" if script else "'none'"),
        **values,
    )


def _finalized(value: Any) -> Any:
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def content_hash(script: str) -> str:
    """Return the hash by which a page's content security policy allows one script and no other."""
    return "sha256-" + b64encode(sha256(script.encode()).digest()).decode()
