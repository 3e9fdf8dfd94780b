"""Time and memory of the loaders, up to a release of 25 million ratings.

    python benchmarks/loaders.py

Each row is measured in a process of its own. The 25 million ratings are made
up, in the layout and size of GroupLens' ml-25m, in a temporary folder (0.7 GB).
Ends with an error if a limit is broken.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The figures of ml-25m.
RATINGS, USERS, RATED_MOVIES, LISTED_MOVIES, HIGHEST_MOVIE = 25_000_095, 162_541, 59_047, 62_423, 209_171
LEAST_PER_USER = 20
MB = 1e6

# What is measured: seconds allowed, megabytes allowed (or times the size of what is returned).
LIMITS = {
    "import ae_helpers": (0.3, None),
    "load_mnist()": (1.0, "3x"),
    "load_tfds_images(clothes)": (20.0, None),
    "load_movielens()": (1.0, None),
    "load_movielens(25 million)": (30.0, 3_000),
}


def main():
    if len(sys.argv) > 1:  # a process that main() started
        job, folder = sys.argv[1:]
        print(json.dumps(write_release(Path(folder)) if job == "write" else measure(job, folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"Writing {RATINGS:,} ratings takes a minute ...", flush=True)
        in_new_process("write", folder)
        print(f"{'':28}{'seconds':>9}{'allowed':>9}{'peak MB':>10}{'allowed':>9}{'returned MB':>13}")
        broken = [name for name in LIMITS if not report(name, folder)]
    if broken:
        sys.exit(f"Over the limit: {', '.join(broken)}.")


def report(name, folder):
    """Measure, print a row, and return whether it keeps the limits."""
    # The best of three, because other programs can slow a run, but not speed it up.
    runs = [in_new_process(name, folder) for _ in range(1 if "million" in name else 3)]
    seconds, peak, returned = (min(run[i] for run in runs) for i in range(3))
    most_seconds, most_peak = LIMITS[name]
    if most_peak == "3x":
        most_peak = 3 * returned
    allowed = f"{most_peak:9,.0f}" if most_peak else f"{'':9}"
    print(f"{name:28}{seconds:9.2f}{most_seconds:9.1f}{peak:10,.0f}{allowed}{returned:13,.1f}", flush=True)
    return seconds < most_seconds and (most_peak is None or peak < most_peak)


def in_new_process(*arguments):
    """What this script prints last in a fresh process.

    A process counts the memory of the one that starts it as its own until then. So
    this one stays small: it imports nothing large, and even leaves the writing to another.
    """
    run = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def measure(name, folder):
    """Seconds, peak memory beyond what the imports need, size of the result; both in MB."""
    if name == "import ae_helpers":
        start, before = time.perf_counter(), peak_memory()
        import ae_helpers  # noqa: F401

        seconds = time.perf_counter() - start
        loaded = {"tensorflow", "keras", "matplotlib"} & set(sys.modules)
        if loaded:
            sys.exit(f"import ae_helpers loads {', '.join(sorted(loaded))}.")
        return seconds, peak_memory() - before, 0

    from ae_helpers import data

    load = {
        "load_mnist()": data.load_mnist,
        "load_tfds_images(clothes)": lambda: data.load_tfds_images("fashion_mnist", "test[:2000]"),
        "load_movielens()": data.load_movielens,
        "load_movielens(25 million)": lambda: data.load_movielens(folder),
    }[name]
    start, before = time.perf_counter(), peak_memory()
    result = load()
    seconds, peak = time.perf_counter() - start, peak_memory() - before
    if "million" in name:
        ratings, movies = result
        found = len(ratings), ratings["userId"].nunique(), ratings["movieId"].nunique(), len(movies)
        if found != (RATINGS, USERS, RATED_MOVIES, LISTED_MOVIES):
            sys.exit(f"{name} returned {found} ratings, users, rated movies, movies.")
    return seconds, peak, size(result)


def peak_memory():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def size(result):
    """Megabytes of the arrays and tables in a result."""
    if isinstance(result, tuple):
        return sum(map(size, result))
    return (result.memory_usage(index=False).sum() if hasattr(result, "columns") else result.nbytes) / MB


def write_release(folder):
    """Write `ratings.csv` and `movies.csv`, sorted by user and movie; the same ones each time."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    listed = np.sort(rng.choice(HIGHEST_MOVIE, LISTED_MOVIES, replace=False)) + 1
    rated = np.sort(rng.choice(listed, RATED_MOVIES, replace=False))
    # A few users rate thousands of movies, most of them some dozens.
    weight = rng.lognormal(sigma=1.2, size=USERS)
    counts = LEAST_PER_USER + rng.multinomial(RATINGS - LEAST_PER_USER * USERS, weight / weight.sum())
    # The movies of a user lie at equal distances from a random start, so that none comes twice.
    number = np.arange(RATINGS) - np.repeat(np.cumsum(counts) - counts, counts)
    position = (number + np.repeat(rng.random(USERS), counts)) * np.repeat(RATED_MOVIES / counts, counts)
    ratings = {
        "userId": np.repeat(np.arange(1, USERS + 1), counts),
        "movieId": rated[position.astype(np.int64)],
        "rating": rng.integers(1, 11, RATINGS) / 2,
        "timestamp": rng.integers(789_652_009, 1_574_327_703, RATINGS),
    }
    pd.DataFrame(ratings).to_csv(folder / "ratings.csv", index=False)
    titles = [f"Film {movie}, The ({1920 + movie % 100})" for movie in listed]
    movies = pd.DataFrame({"movieId": listed, "title": titles, "genres": "Comedy|Drama"})
    movies.to_csv(folder / "movies.csv", index=False)


if __name__ == "__main__":
    main()
