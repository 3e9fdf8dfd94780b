"""A browser, for all tests that open pages."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HANG = 600_000  # milliseconds: of what a browser waits for, tells only that it never comes


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium. It ends with its file of tests: there can be one at a time in a process."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here: `apt install chromium`")
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=options, timeout=HANG)
        yield browser
        browser.close()
