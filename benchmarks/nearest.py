"""Exact against approximate search for the nearest of up to a million items.

    python benchmarks/nearest.py

Writes a Markdown table. The items are realistic, not noise: embeddings of the bundled
MovieLens (truncated SVD of the movie-by-user matrix, 128 numbers each), drawn with
replacement and moved by Gaussian noise of half their length, which leaves a cosine of 0.9
with where they came from: so they lie in clusters, as movies do. Each of 1,000 items asks
for its 10 nearest, one after the other, as a reader would. Each row of the table is
measured in a process of its own; all takes up to a quarter of an hour and 1 GB of memory.
Needs `pip install -e ".[index]"`.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (10_000, 100_000, 1_000_000)
DIM, QUERIES, K, NOISE = 128, 1_000, 10, 0.5
MB = 1e6


def main():
    if len(sys.argv) > 1:  # a process that main() started
        job, n, folder = sys.argv[1:]
        print(json.dumps({"write": write, "exact": measure, "HNSW": measure}[job](job, int(n), Path(folder))))
        return
    print("| items | search | recall@10 | build, s | 1,000 queries, s | memory besides the vectors, MB | vectors, MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for n in SIZES:
            in_new_process("write", n, folder)
            for search in ("exact", "HNSW"):
                recall, build, query, memory = in_new_process(search, n, folder)
                vectors = n * DIM * 4 / MB
                print(
                    f"| {n:,} | {search} | {recall:.3f} | {build:.1f} | {query:.2f} | {memory:.0f} | {vectors:.0f} |",
                    flush=True,
                )


def in_new_process(*arguments):
    """What this script prints in a fresh process, whose memory is its own."""
    run = subprocess.run(
        [sys.executable, __file__, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(run.stdout)


def measure(search, n, folder):
    """Recall, seconds to build, seconds to ask, and megabytes besides the vectors."""
    import numpy as np

    from ae_helpers.movies import ApproximateSearch, nearest

    vectors = np.load(folder / "vectors.npy")
    rows = np.random.default_rng(1).choice(n, QUERIES, replace=False)
    before, start = peak_memory(), time.perf_counter()
    index = ApproximateSearch(vectors) if search == "HNSW" else None
    build, start = time.perf_counter() - start, time.perf_counter()
    ask = index.search if index else lambda *args, **options: nearest(vectors, *args, **options)
    found = np.array([ask(vectors[row], K, without=[row])[0] for row in rows])
    query, memory = time.perf_counter() - start, peak_memory() - before
    if search == "exact":
        np.save(folder / "exact.npy", found)
    right = np.load(folder / "exact.npy")
    recall = np.mean([len(set(a) & set(b)) for a, b in zip(found, right, strict=True)]) / K
    return recall, build, query, memory


def peak_memory():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def write(_, n, folder):
    """Write n unit vectors; the same ones each time."""
    import numpy as np
    from scipy.sparse import csr_array
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    from ae_helpers.data import load_movielens

    ratings, _ = load_movielens()
    users, user = np.unique(ratings["userId"], return_inverse=True)
    movies, movie = np.unique(ratings["movieId"], return_inverse=True)
    rarity = np.log(len(movies) / np.bincount(user)).astype(np.float32)  # log inverse user frequency
    matrix = csr_array((rarity[user], (movie, user)), shape=(len(movies), len(users)))
    embeddings = normalize(TruncatedSVD(DIM, random_state=0).fit_transform(matrix)).astype(np.float32)

    rng = np.random.default_rng(0)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (n, DIM))
    for start in range(0, n, 100_000):  # in parts, for the sake of memory
        part = embeddings[rng.integers(len(embeddings), size=min(n - start, 100_000))]
        noise = rng.standard_normal(part.shape, np.float32) * np.float32(NOISE / DIM**0.5)
        vectors[start : start + len(part)] = normalize(part + noise)
    vectors.flush()


if __name__ == "__main__":
    main()
