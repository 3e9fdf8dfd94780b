"""A progress bar for `fit` that leaves the same text behind each time."""

import html
from typing import Any

import keras
from IPython import get_ipython
from IPython.display import HTML, display


class ProgressBar(keras.callbacks.Callback):
    """Keras callback: shows a person how far training is.

    While training runs, the cell's output shows a bar, the epoch and the loss.
    At the end it shows the number of epochs alone, so a notebook's output does
    not change from run to run. Outside a notebook it shows nothing. Pass it as
    `fit(..., verbose=0, callbacks=[ProgressBar("...")])`.

    Args:
        label: what is trained, shown in front.

    Example:
        >>> autoencoder.fit(x, x, epochs=5, verbose=0, callbacks=[ProgressBar("16 numbers")])
    """

    def __init__(self, label: str = "Training"):
        super().__init__()
        self.label = label

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._epochs_done = 0
        # Only a kernel can replace what stands in a cell; a script or a terminal would get a line per epoch.
        in_notebook = hasattr(get_ipython(), "kernel")
        self._display = display(HTML(self._bar("")), display_id=True) if in_notebook else None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epochs_done = epoch + 1
        losses = "".join(f", {name} {value:.4g}" for name, value in (logs or {}).items())
        self._update(self._bar(losses))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        done = self._epochs_done  # fewer than planned after early stopping
        self._update(f"{html.escape(self.label)}: {done} {'epoch' if done == 1 else 'epochs'}, done.")

    def _bar(self, losses):
        done, epochs = self._epochs_done, self.params["epochs"]
        bar = f'<progress value="{done}" max="{epochs}"></progress>'
        return f"{html.escape(self.label)}: {bar} epoch {done} of {epochs}{losses}"

    def _update(self, content):
        if self._display is not None:
            self._display.update(HTML(content))
