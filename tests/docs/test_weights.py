"""The playground's files of weights: up to date, whole, small."""

import hashlib
import json
import zlib

import pytest

from tools.build_weights import EXPORTS, FOLDER, PROVENANCE, fingerprint, training_lines, undocumented

PROVENANCES = json.loads(PROVENANCE.read_text())
MOST_BYTES = 3_000_000  # of all files of the playground, compressed


@pytest.mark.parametrize("key", EXPORTS)
def test_weights_come_from_the_lesson_as_it_is(key):
    cells = {entry["cells"] for entry in PROVENANCES.values() if entry["lesson"] == key}
    assert cells == {fingerprint(key)}, f"Its cells or the networks changed since: make weights N={key}"


def test_what_only_shows_does_not_make_weights_old():
    trains = "model = build()\nmodel.fit(x, x)\nfor k in sizes:\n    show(k)"
    shows = "# why\nclaim('small', error, '<', 3)\nshow(\n    plots.plot_images(x),\n    alt='Digits.',\n)\ntable"
    assert training_lines(f"{shows}\n\n{trains}\n{shows}") == trains
    assert training_lines(trains.replace("x, x", "x, y")) != trains


def test_words_about_networks_do_not_make_weights_old():
    code = "class Twice:\n    def call(self, x):\n        return 2 * x"
    doubled, defined, returned = code.splitlines()
    told = f'"""Layers.\n\nAll of them."""\n\n{doubled}\n    """Doubles."""\n\n{defined}\n        # why\n{returned}'
    assert undocumented(told) == code
    assert undocumented(told.replace("2 * x", "3 * x")) != code


def test_weights_are_as_they_were_written():
    assert sorted(path.name for path in FOLDER.glob("*.js")) == sorted(PROVENANCES)
    for name, entry in PROVENANCES.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"], f"{name} was edited"


def test_rounding_costs_less_than_a_hundredth_of_the_error():
    lost = {name: entry["lost (%)"] for name, entry in PROVENANCES.items() if "lost (%)" in entry}
    assert lost.keys() == {path.name for path in FOLDER.glob("*.js") if '"scaled": true' in path.read_text("utf-8")}
    assert max(map(abs, lost.values())) < 1, lost


def test_everything_is_small():
    files = [path for path in FOLDER.parent.rglob("*") if path.is_file()]
    assert sum(len(zlib.compress(path.read_bytes(), 9)) for path in files) < MOST_BYTES


def test_licences_stand_beside():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for part in ("ShareAlike 3.0", "LeCun", "GroupLens", "10.1145/2827872"):
        assert part in text
