from pathlib import Path
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from ae_helpers import progress
from ae_helpers.progress import ProgressBar

pytestmark = pytest.mark.slow  # trains
ROOT = Path(__file__).parents[1]
TRAIN = """
import keras, numpy as np
from ae_helpers.progress import ProgressBar
keras.utils.set_random_seed({seed})
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(np.eye(3), np.ones(3), epochs=4, verbose=0, callbacks=[ProgressBar("a small model")])
"""


def train(bar, epochs=3, callbacks=()):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(np.eye(3), np.ones(3), epochs=epochs, verbose=0, callbacks=[bar, *callbacks])


@pytest.fixture
def shown(monkeypatch):
    """What a notebook's cell would show, one text after the other."""
    texts = []

    def display(content, display_id):
        assert display_id is True
        texts.append(content.data)
        return SimpleNamespace(update=lambda content: texts.append(content.data))

    monkeypatch.setattr(progress, "get_ipython", lambda: SimpleNamespace(kernel=...))
    monkeypatch.setattr(progress, "display", display)
    return texts


def test_a_notebook_keeps_the_same_text_each_time():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(TRAIN.format(seed=seed)) for seed in (1, 2)]
    notebook.cells.append(nbformat.v4.new_code_cell("print(history.history['loss'])"))
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(ROOT)}}).execute()
    for cell in notebook.cells[:2]:
        (output,) = [output for output in cell.outputs if output.output_type == "display_data"]
        assert output.data["text/html"] == "a small model: 4 epochs, done."
    assert "." in "".join(output.text for output in notebook.cells[2].outputs)  # there were decimals to hide


def test_shows_a_bar_and_the_loss_while_training(shown):
    losses = train(ProgressBar("tiny"), epochs=2).history["loss"]
    assert shown == [
        'tiny: <progress value="0" max="2"></progress> epoch 0 of 2',
        f'tiny: <progress value="1" max="2"></progress> epoch 1 of 2, loss {losses[0]:.4g}',
        f'tiny: <progress value="2" max="2"></progress> epoch 2 of 2, loss {losses[1]:.4g}',
        "tiny: 2 epochs, done.",
    ]


def test_says_how_many_epochs_there_were(shown):
    train(ProgressBar(), epochs=1)
    assert shown[-1] == "Training: 1 epoch, done."
    stop_early = keras.callbacks.EarlyStopping("loss", min_delta=1e9, patience=1)
    train(ProgressBar(), epochs=50, callbacks=[stop_early])
    assert shown[-1] == "Training: 2 epochs, done."


def test_one_bar_serves_again(shown):
    bar = ProgressBar("again")
    train(bar)
    first = len(shown)
    train(bar)
    assert shown[first].endswith("epoch 0 of 3")
    assert shown[-1] == "again: 3 epochs, done."


def test_before_training_it_is_like_any_callback():
    assert ProgressBar().model is None and ProgressBar().params is None


def test_a_label_is_text(shown):
    train(ProgressBar("codes < 3 & more"))
    assert shown[-1] == "codes &lt; 3 &amp; more: 3 epochs, done."


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["script", "terminal"])
def test_silent_outside_a_notebook(shell, monkeypatch, capfd):
    monkeypatch.setattr(progress, "get_ipython", lambda: shell)
    train(ProgressBar())
    assert capfd.readouterr().out == ""
