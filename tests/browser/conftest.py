"""Pages in a real browser, the Chromium that is installed.

No Python package ships a browser that Playwright starts, so `make` brings none. Without one these tests are
skipped; where VBQ_BROWSER_REQUIRED is set, as in .ci/run, they fail.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python import base
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AXE = (Path(base.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")  # not the session: while it lasts, no other test can run an event loop
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        without = pytest.fail if os.environ.get("VBQ_BROWSER_REQUIRED") else pytest.skip
        without(f"none of {', '.join(CHROMIUM)} is installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open files; the test fails where a page logs an error, throws one, or asks for anything but its file.

    Options are those of a browser's context, such as `viewport`.
    """
    wrong: list[str] = []
    contexts = []

    def opened(path: Path, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page, address = context.new_page(), path.as_uri()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: None if _is_own(asked.url, address) else wrong.append(asked.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def _is_own(url: str, address: str) -> bool:
    return url.startswith("data:") or url.partition("#")[0] == address


@pytest.fixture
def barriers() -> Callable[[Page], list[str]]:
    """Return what axe-core finds of serious or critical barriers in a page, as it is now."""

    def found(page: Page) -> list[str]:
        page.evaluate(AXE)
        violations = page.evaluate("axe.run()")["violations"]
        return [
            f"{violation['id']}: {[node['html'] for node in violation['nodes']]}"
            for violation in violations
            if violation["impact"] in ("serious", "critical")
        ]

    return found
