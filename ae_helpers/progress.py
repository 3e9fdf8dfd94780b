"""A progress bar for `fit` that leaves the same text behind each time."""

import keras
from IPython.display import HTML, display


class ProgressBar(keras.callbacks.Callback):
    """Keras callback: shows a person how far training is.

    While training runs, the cell's output shows a bar, the epoch and the loss.
    At the end it shows the number of epochs alone, so a notebook's output does
    not change from run to run. Pass it as `fit(..., verbose=0, callbacks=[ProgressBar("...")])`.

    Args:
        label: what is trained, shown in front.
    """

    def __init__(self, label="Training"):
        super().__init__()
        self.label = label

    def on_train_begin(self, logs=None):
        self._display = display(HTML(self._bar(0, "")), display_id=True)

    def on_epoch_end(self, epoch, logs=None):
        losses = "".join(f", {name} {value:.4g}" for name, value in (logs or {}).items())
        self._update(HTML(self._bar(epoch + 1, losses)))

    def on_train_end(self, logs=None):
        epochs = self.params["epochs"]
        self._update(HTML(f"{self.label}: {epochs} {'epoch' if epochs == 1 else 'epochs'}, done."))

    def _bar(self, done, losses):
        epochs = self.params["epochs"]
        return f'{self.label}: <progress value="{done}" max="{epochs}"></progress> epoch {done} of {epochs}{losses}'

    def _update(self, content):
        if self._display is not None:  # None outside IPython
            self._display.update(content)
