"""Time of a training step: tied against untied weights.

    python benchmarks/tied_step.py        # or: KERAS_BACKEND=jax python benchmarks/tied_step.py

Both models have the same layers, activations, batch and optimiser, and take turns in one
process, so that whatever else the machine does slows both. Prints a table in Markdown:
the median time of a step, and the median over all turns of the ratio within a turn.
"""

import statistics
import time

import keras
import numpy as np

from ae_helpers.models import dense_autoencoder, tied_autoencoder

BATCH_SIZE = 256
STEPS = 20  # in one turn
TURNS = 40
ARCHITECTURES = {"784-512-256-32": (32, (512, 256)), "784-1000-500-250-30": (30, (1000, 500, 250))}


def main():
    x = np.random.default_rng(0).random((STEPS * BATCH_SIZE, 28, 28, 1), dtype=np.float32)
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, batches of {BATCH_SIZE}, {TURNS} turns.\n")
    print("| layers | parameters untied | tied | ms per step untied | tied | ratio |")
    print("|---|---|---|---|---|---|")
    for name, sizes in ARCHITECTURES.items():
        models = [build(*sizes) for build in (dense_autoencoder, tied_autoencoder)]
        for model in models:
            model.compile("adam", "mse", steps_per_execution=STEPS)
            turn(model, x)  # compiles
        # Who goes first changes from turn to turn.
        times = [[turn(model, x) for model in models[:: 1 - 2 * (i % 2)]][:: 1 - 2 * (i % 2)] for i in range(TURNS)]
        untied, tied = (1000 / STEPS * statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(second / first for first, second in times)
        counts = " | ".join(f"{model.count_params():,}" for model in models)
        print(f"| {name} | {counts} | {untied:.2f} | {tied:.2f} | {ratio:.2f} |", flush=True)


def turn(model, x):
    """Seconds that an epoch takes."""
    start = time.perf_counter()
    model.fit(x, x, batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
