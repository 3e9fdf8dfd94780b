import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from ae_helpers import plots
from ae_helpers.plots.explore import _image_of
from tests.conftest import HANG
from tests.plots.cases import LABELS, Z

IMAGES = np.round(np.random.default_rng(0).random((4, 5, 8, 1)) * 2) / 2  # three greys, which no palette changes
ALT = 'Images with "quotes", <b> and </script>.'


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: (data, metadata) of each."""
    outputs = []

    def display(data, metadata, raw):
        assert raw
        outputs.append((data, metadata))

    monkeypatch.setattr("IPython.display.display", display)
    return outputs


class Page(HTMLParser):
    """The attributes of each tag, and the text of each script."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)


def read(output):
    """The still picture's attributes, and what the script is called with."""
    page = Page(output["text/html"])
    assert [tag for tag, _ in page.tags] == ["div", "img", "script"]
    (script,) = page.scripts
    key, values = re.search(r'\}\)\("(\w+)", (.*)\);\s*$', script, flags=re.DOTALL).groups()
    assert page.tags[0][1] == {"data-explorer": key}
    return page.tags[1][1], json.loads(values)


def pixels(png):
    if isinstance(png, str):
        assert png.startswith("data:image/png;base64,")
        png = base64.b64decode(png.split(",")[1])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float) / 255


def assert_shows(picture, image):
    """An image, each of its pixels a square, up to what a palette loses."""
    picture = pixels(picture)
    factor = len(picture) // len(image)
    assert picture.shape == (factor * len(image), factor * image.shape[1], 3)
    np.testing.assert_allclose(picture, np.kron(image, np.ones((factor, factor, 1))) * np.ones(3), atol=0.06)


def test_slider_has_each_frame_at_its_position(shown):
    plots.show_slider({0.1: IMAGES[0], "two": IMAGES[1], 3: IMAGES[2]}, label="no. </script>", alt=ALT, start="two")
    ((output, metadata),) = shown
    still, values = read(output)
    assert still["alt"] == ALT
    assert values["label"] == "no. </script>"
    assert values["start"] == 1
    assert [position for position, _ in values["frames"]] == ["0.1", "two", "3"]
    sources = [source or still["src"] for _, source in values["frames"]]
    assert [source is None for _, source in values["frames"]] == [False, True, False]
    for source, image in zip(sources, IMAGES, strict=False):
        assert_shows(source, image)
    # Who takes no HTML gets the still picture, or its words.
    assert output["image/png"] == still["src"].split(",")[1]
    assert output["text/plain"] == f"Figure: {ALT}"
    assert metadata == {"image/png": {"alt": ALT}}


def test_slider_starts_with_the_first(shown):
    plots.show_slider({"a": IMAGES[0], "b": IMAGES[1]}, label="image", alt="Images.")
    still, values = read(shown[0][0])
    assert values["start"] == 0
    assert_shows(still["src"], IMAGES[0])


def test_slider_takes_figures_files_and_colours(shown):
    figures = [plots.plot_images(IMAGES[i : i + 1]) for i in (0, 1)]
    colours = np.round(np.random.default_rng(1).random((2, 4, 4, 3)))
    for frames in (figures, [plots.to_png(figure) for figure in figures], colours):
        plots.show_slider(dict(enumerate(frames)), label="image", alt="Images.")
    for output, _ in shown[:2]:
        still, values = read(output)
        for source, figure in zip((still["src"], values["frames"][1][1]), figures, strict=True):
            np.testing.assert_allclose(pixels(source), pixels(plots.to_png(figure)), atol=0.1)
    still, values = read(shown[2][0])
    assert_shows(still["src"], colours[0])
    assert_shows(values["frames"][1][1], colours[1])


@pytest.mark.parametrize(
    ("size", "shown_size"),
    [((5, 8), (200, 320)), ((67, 90), (134, 180)), ((150, 201), (150, 201))],
)
def test_a_small_image_is_enlarged_to_some_200_pixels(size, shown_size):
    assert _image_of(np.zeros(size), "image").size == shown_size[::-1]


def test_pictures_have_few_greys_and_are_packed_as_small_as_png_can(shown):
    plots.show_slider(dict(enumerate(np.random.default_rng(0).random((2, 200, 200)))), label="image", alt="Noise.")
    png = base64.b64decode(shown[0][0]["image/png"])
    again = io.BytesIO()
    Image.open(io.BytesIO(png)).save(again, format="png", optimize=True)
    assert len(png) <= len(again.getvalue()) and len(png) < 0.7 * 200 * 200


def test_picker_has_each_list(shown):
    plots.show_picker(LISTS, label="film", alt=ALT, start="Alien")
    ((output, metadata),) = shown
    still, values = read(output)
    assert still["alt"] == ALT and values["label"] == "film"
    names = values["names"]
    assert names[values["start"]] == "Alien"
    assert {names[own]: [names[i] for i in found] for own, *found in values["lists"]} == LISTS
    assert output["image/png"] == still["src"].split(",")[1]
    assert metadata == {"image/png": {"alt": ALT}}
    figure = plots.plot_lists({"Alien": LISTS["Alien"]}, width=60)
    np.testing.assert_allclose(pixels(still["src"]), pixels(plots.to_png(figure)), atol=0.1)


def test_picker_starts_with_the_first(shown):
    plots.show_picker(LISTS, label="film", alt=ALT)
    _, values = read(shown[0][0])
    assert values["names"][values["start"]] == "Zulu"


def decode(z):
    """Upper half: the first value; lower half: the second; both from 0 to 1."""
    return np.repeat(z, 8, axis=1).reshape(-1, 4, 4, 1)


def test_plane_has_each_image_at_its_code(shown):
    plots.show_plane(decode, (0, 1), (0.2, 0.6), alt=ALT, steps=4)
    still, values = read(shown[0][0])
    assert still["alt"] == ALT
    assert values["xs"] == ["0.12", "0.38", "0.62", "0.88"]
    assert values["ys"] == ["0.55", "0.45", "0.35", "0.25"]  # the highest on top
    assert (values["width"], values["height"]) == (4, 4)
    sprite = pixels(values["sprite"])
    assert sprite.shape == (16, 16, 3)
    for i, second in enumerate((0.55, 0.45, 0.35, 0.25)):
        for j, first in enumerate((0.125, 0.375, 0.625, 0.875)):
            image = sprite[4 * i : 4 * i + 4, 4 * j : 4 * j + 4, 0]
            np.testing.assert_allclose(image, [[first] * 4] * 2 + [[second] * 4] * 2, atol=0.06)


def test_boxes_of_the_plane_lie_over_its_pictures(shown):
    plots.show_plane(lambda z: np.full((len(z), 2, 2, 3), (1, 0, 0)), (-2, 2), (-1, 3), alt=ALT, z=Z, labels=LABELS)
    still, values = read(shown[0][0])
    picture = pixels(still["src"])
    height, width = picture.shape[:2]
    assert len(values["boxes"]) == 2
    map_left, map_top, map_wide, map_high = values["boxes"][0]
    left, top, wide, high = values["boxes"][1]
    assert (map_top, map_wide, map_high) == pytest.approx((top, wide, high), abs=1e-4)
    assert 0 < map_left < map_left + map_wide < left
    red = (picture[..., 0] > 0.9) & (picture[..., 1:].max(axis=-1) < 0.1)
    lines, columns = np.nonzero(red)
    assert (columns.min(), columns.max() + 1) == pytest.approx((left * width, (left + wide) * width), abs=3)
    assert (lines.min(), lines.max() + 1) == pytest.approx((top * height, (top + high) * height), abs=3)


def test_numbers_of_the_plane_have_as_many_digits_as_tell_them_apart(shown):
    for span, expected in ((0.002, "0.00007"), (2, "0.07"), (20, "0.7"), (2000, "67")):
        plots.show_plane(decode, (0, span), (0, span), alt=ALT)
        assert read(shown[-1][0])[1]["xs"][0] == expected
    for x_range, y_range, expected in (((0, 1), (0, 100), ["0.033", "3.333"]), ((0, 100), (0, 1), ["3.333", "0.033"])):
        plots.show_plane(decode, x_range, y_range, alt=ALT)  # the narrower decides
        values = read(shown[-1][0])[1]
        assert [values["xs"][0], values["ys"][-1]] == expected


def test_outputs_depend_on_their_content_only(shown):
    for alt in ("One.", "One.", "Two."):
        plots.show_slider({"a": IMAGES[0], "b": IMAGES[1]}, label="image", alt=alt)
    first, again, other = (output["text/html"] for output, _ in shown)
    assert first == again
    keys = [re.search(r'data-explorer="(\w+)"', html)[1] for html in (first, other)]
    assert keys[0] != keys[1]


def test_a_large_output_is_refused_with_its_size(shown):
    noise = np.random.default_rng(0).random((3, 200, 200))
    with pytest.raises(ValueError, match=r"This output has (\d+) kB, but max_kilobytes is 20") as refusal:
        plots.show_slider(dict(enumerate(noise)), label="noise", alt="Noise.", max_kilobytes=20)
    assert not shown
    size = int(re.search(r"(\d+) kB", str(refusal.value))[1])
    plots.show_slider(dict(enumerate(noise)), label="noise", alt="Noise.", max_kilobytes=size + 1)
    output = shown[0][0]
    assert (len(output["text/html"]) + len(output["image/png"])) / 1000 == pytest.approx(size, abs=0.5)


@pytest.mark.parametrize(
    "show",
    [
        lambda alt: plots.show_slider(FRAMES, label="x", alt=alt),
        lambda alt: plots.show_picker(LISTS, label="x", alt=alt),
        lambda alt: plots.show_plane(decode, (0, 1), (0, 1), alt=alt),
    ],
)
def test_an_output_may_have_300_kB_unless_told(show, shown):
    show("x")
    room = 300_001 - len(shown[0][0]["text/html"]) - len(shown[0][0]["image/png"])
    show("x" * room)
    with pytest.raises(ValueError, match="has 300 kB, but max_kilobytes is 300"):
        show("x" * (room + 1))


LISTS = {"Zulu": ["Alien", "x </script> y"], "Alien": ["Zulu"]}
FRAMES = {"a": IMAGES[0], "b": IMAGES[1]}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.show_slider(FRAMES, label="x", alt=" "), "alt should say"),
        (lambda: plots.show_slider(FRAMES, label="", alt="x"), "label should say .* is ''"),
        (lambda: plots.show_slider({"a": IMAGES[0]}, label="x", alt="x"), "two pictures or more, but has 1"),
        (
            lambda: plots.show_slider(FRAMES, label="x", alt="x", start="c"),
            r"start should be one of \['a', 'b'\], .* 'c'",
        ),
        (
            lambda: plots.show_slider({"a": IMAGES[0], "b": IMAGES[0, :4]}, label="x", alt="x"),
            "one size, but they have",
        ),
        (
            lambda: plots.show_slider({"a": 255 * IMAGES[0], "b": IMAGES[1]}, label="x", alt="x"),
            r"frame 'a' .*\[0, 1\]",
        ),
        (lambda: plots.show_slider({"a": b"GIF", "b": IMAGES[1]}, label="x", alt="x"), "frame 'a' is no picture"),
        (lambda: plots.show_picker(LISTS, label="x", alt=""), "alt should say"),
        (lambda: plots.show_picker(LISTS, label=" ", alt="x"), "label should say .* is ' '"),
        (lambda: plots.show_picker({"a": ["b"]}, label="x", alt="x"), "two names or more, but has 1"),
        (lambda: plots.show_picker({"a": ["b"], "b": []}, label="x", alt="x"), "list of 'b' is empty"),
        (lambda: plots.show_picker(LISTS, label="x", alt="x", start="d"), "start should be one .* is 'd'"),
        (lambda: plots.show_picker(LISTS, label="x", alt="x", max_kilobytes=1), "kB, but max_kilobytes is 1"),
        (lambda: plots.show_plane(decode, (0, 1), (0, 1), alt=""), "alt should say"),
        (lambda: plots.show_plane(decode, (0, 1), (0, 1), alt="x", z=Z), "z and labels belong together"),
        (lambda: plots.show_plane(decode, (0, 1), (1, 0), alt="x"), r"y_range .*\(1, 0\)"),
        (lambda: plots.show_plane(decode, (0, 1), (0, 1), alt="x", steps=1), "steps should .* is 1"),
    ],
)
def test_refuses(build, message, shown):
    with pytest.raises(ValueError, match=message):
        build()
    assert not shown


# In a browser.


def open_page(browser, outputs, tmp_path, **options):
    """A page with the HTML of all outputs."""
    file = tmp_path / "page.html"
    html = "\n".join(output["text/html"] for output, _ in outputs)
    file.write_text(f"<!doctype html><meta charset=utf-8><title>t</title><body>{html}</body>", encoding="utf-8")
    page = browser.new_context(viewport={"width": 800, "height": 900}, **options).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.set_default_timeout(HANG)
    page.goto(file.as_uri())
    return page


def test_without_scripts_the_still_picture_stays(browser, shown, tmp_path):
    plots.show_slider(FRAMES, label="image", alt=ALT, start="b")
    page = open_page(browser, shown, tmp_path, java_script_enabled=False)
    assert page.locator("body > div > *").evaluate_all("tags => tags.map(tag => tag.tagName)") == ["IMG", "SCRIPT"]
    assert page.locator("img").get_attribute("alt") == ALT


def test_arrow_keys_move_each_slider_by_itself(browser, shown, tmp_path):
    for _ in range(2):  # the same output twice in a page
        plots.show_slider({**FRAMES, "c": IMAGES[2]}, label="image", alt="An image.", start="b")
    still, values = read(shown[0][0])
    page = open_page(browser, shown, tmp_path)
    sliders, pictures = page.get_by_role("slider", name="image"), page.locator("img")
    assert sliders.count() == pictures.count() == 2

    def state(i):
        return sliders.nth(i).get_attribute("aria-valuetext"), pictures.nth(i).get_attribute("src")

    assert state(0) == state(1) == ("b", still["src"])
    sliders.nth(1).focus()
    page.keyboard.press("ArrowRight")
    assert state(0) == ("b", still["src"]) and state(1) == ("c", values["frames"][2][1])
    assert pictures.nth(1).get_attribute("alt") == "An image. Shown: image c."
    page.keyboard.press("Home")
    assert state(1) == ("a", values["frames"][0][1])
    page.keyboard.press("ArrowRight")
    assert state(1) == ("b", still["src"])
    assert page.locator("output").all_text_contents() == ["b", "b"]


def test_a_choice_shows_its_list(browser, shown, tmp_path):
    for _ in range(2):
        plots.show_picker(LISTS, label="film", alt="Lists.")
    page = open_page(browser, shown, tmp_path)
    fields, lists = page.get_by_role("combobox", name="film"), page.locator("ol")
    assert page.locator("img").count() == 0
    assert fields.first.locator("option").all_text_contents() == ["Alien", "Zulu"]
    assert [lists.nth(i).locator("li").all_text_contents() for i in (0, 1)] == [LISTS["Zulu"]] * 2
    fields.nth(1).select_option("Alien")
    assert [lists.nth(i).locator("li").all_text_contents() for i in (0, 1)] == [LISTS["Zulu"], LISTS["Alien"]]


def test_pointer_and_arrow_keys_choose_an_image_of_the_plane(browser, shown, tmp_path):
    plots.show_plane(decode, (0, 1), (0, 1), alt="A plane.", steps=5, z=abs(Z) / 3, labels=LABELS)
    _, values = read(shown[0][0])
    page = open_page(browser, shown, tmp_path)
    pad = page.get_by_role("group")
    area = pad.locator("img").bounding_box()
    assert area["width"] <= 800

    def state():
        pixels = "canvas => [1, 3].map(y => canvas.getContext('2d').getImageData(1, y, 1, 1).data[0])"
        grey = page.locator("canvas").evaluate(pixels)
        return page.locator("output").text_content(), grey

    def assert_shown(first, second):
        text, grey = state()
        assert text.startswith(f"The code ({first:.2f}, {second:.2f}), decoded.")
        np.testing.assert_allclose(grey, [255 * first, 255 * second], atol=16)

    def at(left, top):
        return area["x"] + area["width"] * left, area["y"] + area["height"] * top

    page.locator("output", has_text="The code").wait_for()
    assert_shown(0.5, 0.5)
    for left, top, wide, high in values["boxes"]:  # map and plane
        page.mouse.move(*at(left + 0.9 * wide, top + 0.3 * high))
        assert_shown(0.9, 0.7)
        marks = pad.locator("div").evaluate_all("marks => marks.map(mark => mark.getBoundingClientRect().toJSON())")
        for mark, box in zip(marks, values["boxes"], strict=True):
            assert mark["x"] == pytest.approx(area["x"] + area["width"] * (box[0] + 0.8 * box[2]), abs=1)
            assert mark["y"] == pytest.approx(area["y"] + area["height"] * (box[1] + 0.2 * box[3]), abs=1)
        page.mouse.move(*at(left + 0.1 * wide, top + 0.9 * high))
        assert_shown(0.1, 0.1)
    pad.focus()
    for key, first, second in (("ArrowUp", 0.1, 0.3), ("ArrowRight", 0.3, 0.3), ("ArrowLeft", 0.1, 0.3)):
        page.keyboard.press(key)
        assert_shown(first, second)
    page.keyboard.press("ArrowLeft")  # at the edge
    assert_shown(0.1, 0.3)
    page.keyboard.press("ArrowDown")
    assert_shown(0.1, 0.1)
