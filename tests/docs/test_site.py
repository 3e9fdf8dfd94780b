"""The site: built from the notebooks as they are, whole without a network, and usable by everybody."""

import pytest


@pytest.mark.slow
def test_start_page_opens_from_a_folder(site, open_page):
    start = open_page((site / "index.html").as_uri())
    start.check()
    assert "autoencoder" in start.page.title().lower()
