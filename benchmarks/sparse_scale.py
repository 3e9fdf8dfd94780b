"""Time and memory of an epoch of the item autoencoder on a matrix of MovieLens 25M's shape.

    python benchmarks/sparse_scale.py               # the whole epoch
    python benchmarks/sparse_scale.py --steps 5     # a first impression
    KERAS_BACKEND=jax python benchmarks/sparse_scale.py

Writes a Markdown table. As dense float32 the matrix would take 38 GB; `SparseBatches` makes
one batch at a time dense. The ratings are made up, with a long tail of movies and of users as
in the real release. Ends with an error if the process needed more memory than is allowed.
"""

import argparse
import resource
import sys
import time

import keras
import numpy as np
from scipy.sparse import csr_array
from sklearn.preprocessing import normalize

from ae_helpers.batches import SparseBatches
from ae_helpers.losses import multinomial_loss
from ae_helpers.models import item_autoencoder

# The figures of ml-25m.
RATINGS, USERS, MOVIES = 25_000_095, 162_541, 59_047
GB = 1e9
ALLOWED = 6.0  # gigabytes


def main():
    options = parse_arguments()
    keras.utils.set_random_seed(0)
    start = time.perf_counter()
    x, y = generate(np.random.default_rng(0))
    generated, peak_before = time.perf_counter() - start, peak_memory()
    rated = np.diff(x.indptr)
    print(
        f"Generated {x.nnz:,} ratings in {generated:.0f} s: half of the movies have at most {np.median(rated):.0f}, "
        f"one has {rated.max():,}.\n",
        flush=True,
    )

    model = item_autoencoder(USERS, options.latent_dim, options.hidden_size)
    model.compile("adam", multinomial_loss)
    batches = SparseBatches(x, y, batch_size=options.batch_size, shuffle=True)
    start = time.perf_counter()
    # JAX starts a step before the last one is done, so batches would pile up in memory. Reading the loss waits.
    wait = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: float(logs["loss"]))
    # Keras would shuffle the batches, too; their order is drawn already.
    history = model.fit(batches, steps_per_epoch=options.steps, shuffle=False, verbose=2, callbacks=[wait])
    seconds, steps = time.perf_counter() - start, options.steps or len(batches)

    peak = peak_memory()
    rows = {
        "backend": keras.backend.backend(),
        "ratings, movies, users": f"{x.nnz:,}, {MOVIES:,}, {USERS:,}",
        "the matrix, dense float32": f"{MOVIES * USERS * 4 / GB:.1f} GB",
        "x and y in CSR format": f"{(x.data.nbytes + y.data.nbytes + x.indices.nbytes + x.indptr.nbytes) / GB:.2f} GB",
        "layers": f"{options.hidden_size} - {options.latent_dim} - {options.hidden_size}",
        "parameters": f"{model.count_params():,}",
        "batch size": f"{options.batch_size}",
        "a dense batch, x and y": f"{2 * options.batch_size * USERS * 4 / GB:.2f} GB",
        "steps": f"{steps} of {len(batches)}",
        "time": f"{seconds:.0f} s, {seconds / steps:.2f} s a step",
        "loss, mean over the steps": f"{history.history['loss'][-1]:.4f}",
        "peak memory, generating": f"{peak_before:.2f} GB",
        "peak memory of the process": f"{peak:.2f} GB",
    }
    print("\n| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    if peak > ALLOWED:
        sys.exit(f"Over the limit: {peak:.2f} GB, but {ALLOWED} GB are allowed.")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, help="stop after so many steps; without it, a whole epoch")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--latent-dim", type=int, default=64)
    return parser.parse_args()


def generate(rng):
    """Inputs and targets as the lesson prepares them: CSR `(MOVIES, USERS)`, rows of unit length."""
    pairs = generate_pairs(rng)
    movie, user = np.divmod(pairs, USERS)
    user = user.astype(np.int32)
    ends = np.cumsum(np.bincount(movie, minlength=MOVIES))
    indptr = np.concatenate([[0], ends]).astype(np.int32)
    del pairs, movie
    rarity = np.log(MOVIES / np.maximum(np.bincount(user, minlength=USERS), 1)).astype(np.float32)
    stars = rng.integers(1, 11, len(user), dtype=np.int8) / np.float32(2)
    # x and y share the positions of their values.
    x = csr_array((stars * rarity[user], user, indptr), shape=(MOVIES, USERS))
    y = csr_array((np.ones(len(user), np.float32), user, indptr), shape=(MOVIES, USERS))
    return normalize(x, copy=False), normalize(y, copy=False)


def generate_pairs(rng):
    """Who rated what, as sorted numbers `movie * USERS + user`, none twice."""
    popularity = rng.lognormal(sigma=2.5, size=MOVIES).clip(max=6000)
    activity = np.cumsum(rng.lognormal(sigma=1.2, size=USERS))
    # More than are needed, because popular movies and active users meet more than once.
    counts = 1 + rng.multinomial(int(1.3 * RATINGS), popularity / popularity.sum())
    parts = [movie_user_pairs(rng, part, counts[part], activity) for part in np.array_split(np.arange(MOVIES), 100)]
    pairs = np.concatenate(parts)
    if len(pairs) < RATINGS:
        raise ValueError(f"Only {len(pairs):,} of {RATINGS:,} ratings were drawn: draw more.")
    return np.delete(pairs, rng.choice(len(pairs), len(pairs) - RATINGS, replace=False))


def movie_user_pairs(rng, movies, counts, activity):
    """The pairs of some movies, none twice. (Part by part, sorting takes little memory.)"""
    user = np.searchsorted(activity, rng.random(counts.sum()) * activity[-1])
    return np.unique(np.repeat(movies, counts) * USERS + user)


def peak_memory():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GB


if __name__ == "__main__":
    main()
