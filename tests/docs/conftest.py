"""The site, built once for all tests, and pages that note what goes wrong in them."""

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import HANG

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """Folder of the built site; processes that test at the same time share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "site"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "index.html").exists():
            command = [sys.executable, "-m", "tools.site", "--no-serve", "--to", folder]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def site_url(site):
    """Address of the site over http, on this machine, with a slash at its end."""
    handler = functools.partial(QuietHandler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Watched:
    """A page of the browser, and what went wrong in it.

    Attributes:
        page: playwright's Page.
        errors: messages of the console's errors and of exceptions.
        requests: addresses of all requests.
        failed: addresses of requests without a good answer.
    """

    def __init__(self, page):
        self.page, self.errors, self.requests, self.failed = page, [], [], []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._note_failed)
        page.on("response", lambda response: response.status >= 400 and self.failed.append(response.url))

    def _note_failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # what was under way when the page was left
            self.failed.append(request.url)

    def check(self):
        """No error, no failed request, none that leaves this machine."""
        assert not self.errors, self.errors
        assert not self.failed, self.failed
        here = ("file://", "http://127.0.0.1:", "data:", "blob:", "about:")
        outside = [address for address in self.requests if not address.startswith(here)]
        assert not outside, outside


@pytest.fixture
def open_page(browser):
    """A function that opens an address in a fresh window, and returns it watched; options are those of `new_page`."""
    pages = []

    def open_(address, **options):
        watched = Watched(browser.new_page(**options))
        pages.append(watched.page)
        watched.page.set_default_timeout(HANG)
        watched.page.goto(address)
        return watched

    yield open_
    for page in pages:
        page.close()
