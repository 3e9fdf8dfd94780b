"""The site: built from the notebooks as they are, whole without a network, and usable by everybody."""

import html.parser
import itertools
import json
import re
import runpy
import urllib.parse

import axe_playwright_python
import pytest

from tools.percent import NOTEBOOKS, ROOT

pytestmark = pytest.mark.slow  # builds the site, and drives a browser

MOST_BYTES = 25 * 2**20
AT_ONCE = 1000  # milliseconds until a page can be read; a slow machine gets ten times as many
AXE = next(ROOT.joinpath(axe_playwright_python.__path__[0]).glob("axe.min.js")).read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")
EXHIBITS = sorted(path.stem for path in (ROOT / "docs" / "playground").glob("*.html") if path.stem != "index")


class Page(html.parser.HTMLParser):
    """What a page of the site links to, shows, and can be linked to by.

    Attributes:
        ids: of its elements.
        links, sources: targets of links; of pictures, scripts, styles and frames.
        pictures: attributes of each picture.
    """

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.sources, self.pictures = {""}, [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id", ""))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if "src" in attributes:
            self.sources.append(attributes["src"])
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.sources.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)


@pytest.fixture(scope="module")
def pages(site):
    """All pages by their path in the site."""
    found = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*.html"))}
    return {name: Page(path) for name, path in found.items() if not name.startswith("_static/")}


# As it was written.


def test_the_site_is_small(site):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"{size / 2**20:.1f} MB")
    assert size < MOST_BYTES


def test_there_is_a_page_for_everything(pages):
    notebooks = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in NOTEBOOKS.rglob("*.ipynb")}
    texts = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    texts.discard("docs/playground/weights/README.html")
    assert notebooks | texts | {"index.html", "assignments/README.html", "CHANGELOG.html"} <= set(pages)
    modules = {path.stem for path in (ROOT / "ae_helpers").glob("[!_]*") if path.suffix == ".py" or path.is_dir()}
    without_a_page = modules - {path.stem for path in (ROOT / "docs" / "api").glob("*.md")}
    assert without_a_page <= {"checks", "files", "datasets", "tables", "py"}, "docs/api has no page of these modules"


def test_links_and_anchors_lead_somewhere(site, pages):
    lost = []
    for name, page in pages.items():
        for link in page.links + page.sources:
            target, _, anchor = urllib.parse.unquote(link).partition("#")
            target = target.partition("?")[0]
            if re.match(r"(https?|mailto|data|javascript):", link):
                continue
            path = (site / name).parent / target if target else site / name
            if path.is_dir():
                path = path / "index.html"
            key = path.resolve().relative_to(site.resolve()).as_posix()
            if not path.exists() or (anchor and path.suffix == ".html" and anchor not in pages[key].ids):
                lost.append(f"{name}: {link}")
    assert not lost


def test_the_playground_leads_to_the_lessons_where_they_are(pages):
    """In the site; the folder alone, which README tells to open, has no link that leads nowhere."""
    assert "../index.html" in pages["playground/index.html"].links
    folder = ROOT / "docs" / "playground"
    for path in folder.glob("*.html"):
        page = Page(path)
        assert not [link for link in page.links + page.sources if not (folder / link).exists()], path.name


def test_pictures_have_words_and_sizes(pages):
    poor = [
        f"{name}: {picture.get('src', '')[:80]}"
        for name, page in pages.items()
        for picture in page.pictures
        if len(picture.get("alt", "").split()) < 2
    ]
    assert not poor
    unsized = [
        f"{name}: {picture['src'][:80]}"
        for name, page in pages.items()
        for picture in page.pictures
        if "width" not in picture and not picture["src"].startswith("data:") and "_static" not in picture["src"]
    ]
    assert not unsized, "so the page jumps while it is loaded"


def test_nothing_is_fetched_from_elsewhere(site, pages):
    outside = [f"{name}: {source}" for name, page in pages.items() for source in page.sources if "//" in source[:8]]
    assert not outside
    styles = "\n".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)", styles)


def test_each_exhibit_is_in_the_playground_and_in_its_lesson(pages):
    for name in EXHIBITS:
        text = (ROOT / "docs" / "playground" / f"{name}.html").read_text(encoding="utf-8")
        lesson = re.search(r'<meta name="lesson" content="(\d\d)"', text)
        if lesson:
            (page,) = (page for key, page in pages.items() if key.startswith(f"notebooks/{lesson[1]}_"))
            for source in (page.sources, pages["docs/playground.html"].sources):
                assert sum(link.endswith(f"playground/{name}.html") for link in source) == 1
            there = [link for link in pages[f"playground/{name}.html"].links if link.startswith("../notebooks/")]
            assert len(there) == 1 and f"/{lesson[1]}_" in there[0], "the footer should give the lesson's title in <em>"


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\tfrac12 \sum_k x", "<mn>1</mn><mn>2</mn></mfrac><munder><mo"),
        (r"\frac 1 2 x", "<mn>1</mn><mn>2</mn></mfrac><mi>x</mi>"),
        (
            r"\sum_{i=1}^{784} \hat x_i",
            '<msub><mover accent="true"><mi>x</mi><mo stretchy="false">ˆ</mo></mover><mi>i</mi>',
        ),
        (r"\hat r_{iu} = b", "</mover><mrow><mi>i</mi><mi>u</mi></mrow></msub><mo>=</mo>"),
        (r"\hat x = g", '<mover accent="true"><mi>x</mi>'),
        (
            r"x \log p",
            '<mi>x</mi><mspace width="0.17em"/><mi>log</mi><mo>&ApplyFunction;</mo><mspace width="0.17em"/><mi>p',
        ),
        (r"\log (p)", '&ApplyFunction;</mo><mo stretchy="false">('),
    ],
)
def test_formulas_say_what_their_tex_says(tex, expected):
    formula = runpy.run_path(ROOT / "docs" / "extensions.py")["mathml"](tex, True)
    assert expected in re.sub(r">\s+<", "><", formula)


def test_solutions_are_folded(site):
    for path in (site / "notebooks" / "solutions").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert len(re.findall(r'<details class="solution">', text)) == len(re.findall(r"<h2>\d", text)) > 2


def test_the_path_tells_question_minutes_and_what_comes_before(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        assert f"notebooks/{path.stem}.html" in text
        assert f"_images/{path.stem[:2]}.png" in text
    cards = re.findall(r"\d+ minutes to read, \d+ seconds to run", text)
    assert len(cards) == len(list(NOTEBOOKS.glob("*.ipynb"))) and text.count("Before:") >= len(cards) - 1


def test_notebooks_can_be_had(pages):
    for name, page in pages.items():
        if name.startswith("notebooks/"):
            assert any(link.endswith(".ipynb") for link in page.links), f"{name} has no notebook to download"


def test_with_a_public_address_notebooks_open_elsewhere(monkeypatch):
    """The workflow that publishes the site tells its address; here there is none, and no button that leads nowhere."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert "launch_buttons" not in runpy.run_path(ROOT / "docs" / "conf.py")["html_theme_options"]
    monkeypatch.setenv("GITHUB_REPOSITORY", "somebody/autoencoders")
    options = runpy.run_path(ROOT / "docs" / "conf.py")["html_theme_options"]
    assert options["repository_url"] == "https://github.com/somebody/autoencoders"
    assert {"colab_url", "binderhub_url"} <= set(options["launch_buttons"])


# In the browser.


def scripts_silent(watched):
    """What is wrong so far, as texts; forgotten afterwards."""
    wrong = [*watched.errors, *watched.failed]
    wrong += [a for a in watched.requests if not a.startswith(("file://", "http://127.0.0.1:", "data:", "blob:"))]
    for noted in (watched.errors, watched.failed, watched.requests):
        noted.clear()
    return wrong


@pytest.mark.parametrize("how", ["http", "file"])
def test_pages_load_without_a_fault(site, site_url, pages, open_page, how):
    base = site_url if how == "http" else site.as_uri() + "/"
    watched = open_page(base + "index.html")
    faults, paints = {}, {}
    for name in pages:
        watched.page.goto(base + name)
        watched.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        paints[name] = watched.page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        )
        if wrong := scripts_silent(watched):
            faults[name] = wrong
    assert not faults
    slowest = max(paints, key=paints.get)
    print(f"{how}: readable after {sorted(paints.values())[len(paints) // 2]:.0f} ms (median), ", end="")
    print(f"{slowest} after {paints[slowest]:.0f} ms")
    assert paints[slowest] < 10 * AT_ONCE


def axe(page):
    """Serious faults that axe-core finds in a page, without its frames: they are looked at by themselves."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'], iframes: false })")
    return [
        f"{fault['id']}: {fault['help']}: {[node['target'] for node in fault['nodes']][:4]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
    ]


def test_axe_finds_no_serious_fault(site_url, pages, open_page):
    watched = open_page(site_url + "index.html", reduced_motion="reduce")
    faults = {}
    # Exhibits last: within other pages they are left out.
    watched.page.route("**/playground/*.html", lambda route: route.abort())
    for name in sorted(pages, key=lambda name: name.startswith("playground/")):
        if name.startswith("playground/"):
            watched.page.unroute("**/playground/*.html")
        watched.page.goto(site_url + name)
        if name.removeprefix("playground/").removesuffix(".html") in EXHIBITS:
            watched.page.wait_for_selector("body[data-ready]")
        if found := axe(watched.page):
            faults[name] = found
    assert not faults, json.dumps(faults, indent=1)


@pytest.mark.parametrize("name", ["index.html", "notebooks/01_dimensionality_reduction.html", "playground/draw.html"])
def test_dark_pages_are_dark_and_can_be_read(site_url, open_page, name):
    page = open_page(site_url + name, color_scheme="dark", reduced_motion="reduce").page
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60
    assert not axe(page)


def test_dark_mode_is_chosen_by_a_button_and_told_to_exhibits(site_url, open_page):
    watched = open_page(site_url + "index.html", color_scheme="light")
    page = watched.page
    button = page.locator("button.theme-switch-button:visible").first
    button.click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.locator("iframe.exhibit").scroll_into_view_if_needed()
    frame = page.frame(url=re.compile("playground/map"))
    frame.wait_for_selector("body[data-ready]")
    frame.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(20, 24, 29)'")
    height = page.locator("iframe.exhibit").bounding_box()["height"]
    assert height == pytest.approx(frame.evaluate("document.documentElement.offsetHeight"), abs=5)
    watched.check()


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_exhibits_need_no_scroll_bar_within_a_page(site_url, open_page, width):
    watched = open_page(site_url + "docs/playground.html", viewport={"width": width, "height": 900})
    frames = watched.page.locator("iframe.exhibit")
    assert frames.count() == len(EXHIBITS)
    for i in range(frames.count()):
        frames.nth(i).scroll_into_view_if_needed()
        frame = frames.nth(i).element_handle().content_frame()
        frame.wait_for_selector("body[data-ready]")
        frame.wait_for_function("document.documentElement.scrollHeight <= innerHeight")
    watched.check()


def test_search_finds_denoising(site, open_page):
    watched = open_page((site / "search.html").as_uri() + "?q=denoising")
    results = watched.page.locator("#search-results li a")
    results.first.wait_for()
    watched.page.wait_for_function("document.querySelectorAll('#search-results li a').length > 1")
    assert any("02 Denoising" in text for text in results.all_inner_texts())
    watched.check()


def test_code_is_copied(site_url, open_page):
    watched = open_page(
        site_url + "notebooks/00_what_is_an_autoencoder.html", permissions=["clipboard-read", "clipboard-write"]
    )
    box = watched.page.locator(".cell_input .highlight").first
    box.hover()
    box.get_by_role("button", name="Copy").click()
    box.get_by_role("button", name="Copied").wait_for()
    copied = watched.page.evaluate("navigator.clipboard.readText()")
    notebook = json.loads((NOTEBOOKS / "00_what_is_an_autoencoder.ipynb").read_text(encoding="utf-8"))
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert copied.strip() == "".join(first["source"]).strip()
    watched.check()


@pytest.mark.parametrize("width", [800, 1280])
def test_no_line_of_a_lesson_is_cut_off(site_url, pages, open_page, width):
    page = open_page(site_url + "index.html", viewport={"width": width, "height": 900}).page
    lessons = [name for name in pages if re.match(r"notebooks/\d\d_", name)]
    assert len(lessons) >= 5
    for name in lessons:
        page.goto(site_url + name)
        wide = page.evaluate(
            "[...document.querySelectorAll('.cell_input pre')]"
            ".filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.textContent.slice(0, 80))"
        )
        assert not wide, (name, wide)


def test_pictures_keep_their_shape_on_a_phone(site_url, open_page):
    page = open_page(site_url + "index.html", viewport={"width": 360, "height": 740}).page
    page.goto(site_url + "notebooks/00_what_is_an_autoencoder.html")
    pictures = page.locator("article img")
    assert pictures.count() > 5
    for i in range(pictures.count()):
        pictures.nth(i).scroll_into_view_if_needed()
        shown, natural = pictures.nth(i).evaluate(
            "async (img) => { await img.decode();"
            " return [img.clientWidth / img.clientHeight, img.naturalWidth / img.naturalHeight]; }"
        )
        assert shown == pytest.approx(natural, rel=0.03)


def test_pages_fit_a_phone(site_url, open_page):
    page = open_page(site_url + "index.html", viewport={"width": 360, "height": 740}).page
    for name in (
        "index.html",
        "notebooks/01_dimensionality_reduction.html",
        "docs/playground.html",
        "docs/api/models.html",
    ):
        page.goto(site_url + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_formulas_are_whole_on_a_phone(site_url, open_page):
    page = open_page(site_url + "index.html", viewport={"width": 360, "height": 740}).page
    page.goto(site_url + "notebooks/06_new_digits.html")
    formulas = page.locator("div.math")
    assert formulas.count() >= 2
    for i in range(formulas.count()):
        start, scrolls = formulas.nth(i).evaluate(
            "(box) => [box.firstElementChild.getBoundingClientRect().left - box.getBoundingClientRect().left,"
            " getComputedStyle(box).overflowX]"
        )
        assert start >= 0 and scrolls == "auto"


def test_previous_and_next_lead_along_the_path(pages):
    lessons = sorted(f"notebooks/{path.stem}.html" for path in NOTEBOOKS.glob("*.ipynb"))
    for here, there in itertools.pairwise(lessons):
        assert there.removeprefix("notebooks/") in pages[here].links
        assert here.removeprefix("notebooks/") in pages[there].links
