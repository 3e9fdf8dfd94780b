# %% [markdown] nbgrader={"grade": false, "grade_id": "03-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 03 Novel recommendations
#
# Lesson 03 judged recommenders by their hits. Hits are easy with movies that everybody knows anyway.
# You will build a recommender for a small profile of liked movies, measure in bits how novel its lists are,
# and find out what novelty costs in hits.
#
# **Before you start:** lesson 03, *A recommender from movie embeddings*.
#
# **Time:** about an hour. It runs in half a minute.
#
# **Points:** 10. Eight are given by tests, two by a person, for the question at the end.
#
# **How to hand in:** Work in the cells that say `# YOUR CODE HERE`, and in the answer at the end. Do not delete or
# copy cells. Before you hand in: *Kernel > Restart & Run All*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# As in the lesson: MovieLens without movies that have fewer than five ratings, a fifth of each user's likes held out,
# and the item autoencoder, here a small one that is trained for a few epochs.
# - `embeddings`: float array `(n_movies, 64)`, a row for each movie. The rows are *not* of length 1.
# - `raters`: integer array `(n_movies,)`, how many of the `n_users` users have rated each movie.
# - `movies`: table, row i belongs to `embeddings[i]`.
#
# A *row* below is the number of a movie: its place in these arrays, from 0 on.

# %% nbgrader={"grade": false, "grade_id": "03-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import logging
import warnings

import keras
import numpy as np
import pandas as pd

from ae_helpers.batches import SparseBatches
from ae_helpers.data import load_movielens
from ae_helpers.losses import multinomial_loss
from ae_helpers.metrics import recall_at_k
from ae_helpers.models import item_autoencoder
from ae_helpers.movies import ItemIndex
from ae_helpers.ratings import hold_out_likes, inverse_user_frequency, only_rated, rating_matrix, unit_rows, weighted

SEED = 0
LIKED = 4.0  # stars or more

keras.utils.set_random_seed(SEED)
# A test cell with a warning below it would get no points.
warnings.simplefilter("ignore")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

# %% nbgrader={"grade": false, "grade_id": "03-data", "locked": true, "schema_version": 3, "solution": false, "task": false}
ratings, movies = only_rated(*load_movielens(), at_least=5)
users = np.sort(ratings["userId"].unique())
known, held_out = hold_out_likes(ratings, liked=LIKED, seed=SEED)
known_matrix = rating_matrix(known, movies, users)
n_movies, n_users = known_matrix.shape
raters = np.diff(known_matrix.indptr)

x = unit_rows(weighted(known_matrix, inverse_user_frequency(known_matrix)))
autoencoder = item_autoencoder(n_users, 64, 256)
autoencoder.compile(keras.optimizers.Adam(0.003), multinomial_loss)
autoencoder.fit(SparseBatches(x, x, shuffle=True, seed=SEED), epochs=6, verbose=0)
embeddings = autoencoder.encode(x)
print(f"{n_movies:,} movies, {n_users} users, embeddings {embeddings.shape}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-profile-scores-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 Recommend for a profile
#
# ### 1a Scores (1 point)
#
# Somebody likes a few movies. Each movie's score is the **mean of its cosines** with the liked ones. Write
# `profile_scores(embeddings, liked)`. The liked movies themselves get the score minus infinity, so that they
# are never recommended.
#
# Example: with the embeddings (2, 0), (0, 0.5), (3, 3), (−1, 0) and the liked rows 0 and 1, the scores
# are −inf, −inf, 0.707, −0.5.


# %% nbgrader={"grade": false, "grade_id": "03-profile-scores", "locked": false, "schema_version": 3, "solution": true, "task": false}
def profile_scores(embeddings, liked):
    """Score all movies for somebody who likes a few.

    Args:
        embeddings: float array `(n_movies, latent_dim)`; no row is zero. Rows may have any length.
        liked: rows of the liked movies, one or more, each once: a list or an integer array.

    Returns:
        float array `(n_movies,)`: mean cosine with the liked movies; `-np.inf` for the liked movies.
    """
    ### BEGIN SOLUTION
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    scores = unit @ unit[liked].mean(axis=0)
    scores[liked] = -np.inf
    return scores
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-profile-scores-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
four = np.array([[2.0, 0.0], [0.0, 0.5], [3.0, 3.0], [-1.0, 0.0]])
found = profile_scores(four, [0, 1])
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (4,), f"Four movies need four scores, but your result has the shape {np.shape(found)}."
assert np.isneginf(found[:2]).all(), f"The liked movies should have the score -inf, but have {found[:2]}."
assert np.allclose(found[2:], [0.7071, -0.5], atol=1e-4), (
    f"Rows 2 and 3 of the example should score 0.7071 and -0.5, but score {found[2:]}. Is each movie's vector "
    "scaled to length 1 before you compare, and do you take the mean over the liked movies?"
)
assert four[0, 0] == 2, "Your function has changed the embeddings that it was given. Work on new arrays."
found = profile_scores(embeddings, [3, 14, 159])
assert np.isfinite(found).sum() == n_movies - 3, "For three liked movies, all movies but these need a finite score."
assert found.max() <= 1.0001, f"A mean of cosines is at most 1, but your highest score is {found.max():.3f}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 1)
_many = _rng.normal(size=(50, 6)) * _rng.lognormal(sigma=2, size=(50, 1))
for _liked in ([7], [3, 11, 40], np.array([0, 49])):
    _cosines = [[a @ b / np.sqrt((a @ a) * (b @ b)) for a in _many] for b in _many[_liked]]
    _right = np.mean(_cosines, axis=0)
    _right[_liked] = -np.inf
    assert np.allclose(profile_scores(_many, _liked), _right), "Your scores are wrong for other movies or profiles."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-top-k-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### 1b The list (1 point)
#
# Write `top_k(scores, k)`: the rows of the k highest scores, the best first. Of equal scores, the movie that stands
# first wins. A movie with the score minus infinity is never in the list, so the list may be shorter than k.
#
# Example: for the scores 0.3, −inf, 0.9, 0.3, 0.5 the list of three is 2, 4, 0.


# %% nbgrader={"grade": false, "grade_id": "03-top-k", "locked": false, "schema_version": 3, "solution": true, "task": false}
def top_k(scores, k):
    """The movies with the highest scores.

    Args:
        scores: float array `(n_movies,)`; `-np.inf` excludes a movie.
        k: length of the list, 1 to n_movies.

    Returns:
        Integer array of at most k rows, best first; of equal scores, the lower row first.
    """
    ### BEGIN SOLUTION
    rows = np.argsort(-scores, kind="stable")[:k]
    return rows[np.isfinite(scores[rows])]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-top-k-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
five = np.array([0.3, -np.inf, 0.9, 0.3, 0.5])
found = top_k(five, 3)
assert found is not None, "You returned None: is the `return` missing?"
assert np.ndim(found) == 1, f"The list should have one axis, but has the shape {np.shape(found)}."
assert len(found) == 3, f"The list of three should hold three rows, but holds {len(found)}: {found}."
assert list(found) == [2, 4, 0], f"The list of three in the example is 2, 4, 0 (best first), but yours is {found}."
found = top_k(five, 5)
assert 1 not in found, f"Row 1 is excluded by -inf, but is in your list of five: {found}."
assert list(found) == [2, 4, 0, 3], f"The list of five has four rows, 2, 4, 0, 3, but yours is {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 2)
for _k in (1, 25, 150, 200):
    _scores = _rng.integers(-3, 4, 200) / 4
    _scores[_rng.permutation(200)[:70]] = -np.inf
    _order = sorted(np.flatnonzero(_scores > -np.inf), key=lambda row: -_scores[row])
    assert list(top_k(_scores, _k)) == _order[:_k], "Your list is wrong for other scores, such as many equal ones."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-self-information-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 Novelty in bits (1 point)
#
# How surprising is a movie? If a share p of all users has rated it, to meet it says −log₂ p **bits**, its
# *self-information*: 0 bits if everybody knows it, 1 bit for half of the users, 10 bits for one in a thousand.
# The **novelty** of a list is the mean over its movies.
#
# Write `self_information(raters, n_users)`. A movie that nobody has rated counts as rated by one user:
# infinitely many bits help nobody.
#
# Example: of 8 users, 8, 4, 1 and 0 have rated a movie. That makes 0, 1, 3 and 3 bits.


# %% nbgrader={"grade": false, "grade_id": "03-self-information", "locked": false, "schema_version": 3, "solution": true, "task": false}
def self_information(raters, n_users):
    """How novel each movie is.

    Args:
        raters: integer array `(n_movies,)`: how many users have rated each movie, 0 to n_users.
        n_users: number of all users.

    Returns:
        float array `(n_movies,)`, in bits, 0 or more.
    """
    ### BEGIN SOLUTION
    return -np.log2(np.maximum(raters, 1) / n_users)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-self-information-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
found = self_information(np.array([8, 4, 1, 0]), 8)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (4,), f"Four movies need four numbers, but your result has the shape {np.shape(found)}."
assert np.isfinite(found).all(), f"All numbers should be finite, but yours are {found}. See the movie without raters."
assert np.allclose(found, [0, 1, 3, 3]), f"The example has 0, 1, 3 and 3 bits, but you give {found}."
found = self_information(raters, n_users)
assert np.argmin(found) == np.argmax(raters), "The movie with the most raters should be the least novel one."
### BEGIN HIDDEN TESTS
_raters = np.random.default_rng(SEED + 3).integers(0, 1001, 300)
_raters[:2] = 0, 1000
_right = [np.log2(1000) - np.log2(max(n, 1)) for n in _raters]
assert np.allclose(self_information(_raters, 1000), _right), "Your bits are wrong for other numbers of raters."
assert np.allclose(self_information(_raters[:100], 4000), np.add(_right[:100], 2)), (
    "Your bits are wrong for another number of users."
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-diversity-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 Diversity (1 point)
#
# Five sequels of one movie make a dull list. The **diversity** of a list is the mean of 1 − cosine over all pairs of
# *different* movies in it, from 0 (all point in the same direction) to 2.
#
# Write `diversity(embeddings, rows)`. A list of one movie has no pairs: its diversity is 0.
#
# Example: with the embeddings of 1a, the list 0, 1, 3 has the cosines 0, −1 and 0, so its diversity is
# (1 + 2 + 1) / 3 = 1.333.


# %% nbgrader={"grade": false, "grade_id": "03-diversity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diversity(embeddings, rows):
    """How different the movies of a list are.

    Args:
        embeddings: float array `(n_movies, latent_dim)`; no row is zero. Rows may have any length.
        rows: the list, one or more rows, each once: a list or an integer array.

    Returns:
        float: mean of 1 - cosine over the pairs of different movies; 0.0 for a single movie.
    """
    ### BEGIN SOLUTION
    if len(rows) < 2:
        return 0.0
    unit = embeddings[rows] / np.linalg.norm(embeddings[rows], axis=1, keepdims=True)
    pairs = np.triu_indices(len(rows), k=1)
    return float(1 - (unit @ unit.T)[pairs].mean())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-diversity-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
four = np.array([[2.0, 0.0], [0.0, 0.5], [3.0, 3.0], [-1.0, 0.0]])
found = diversity(four, [0, 1, 3])
assert found is not None, "You returned None: is the `return` missing?"
assert np.ndim(found) == 0, f"The diversity should be one number, but its shape is {np.shape(found)}."
assert np.isclose(found, 4 / 3), (
    f"The example's diversity is 1.333, but yours is {found:.3f}. A movie and itself are no pair of different movies."
)
assert diversity(four, [2]) == 0, f"A list of one movie should have 0, but you give {diversity(four, [2])}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 4)
_many = _rng.normal(size=(60, 5)) * _rng.lognormal(size=(60, 1)) + 1
for _length in (2, 3, 20):
    _rows = _rng.permutation(60)[:_length]
    _terms = [
        1 - _many[a] @ _many[b] / np.sqrt((_many[a] @ _many[a]) * (_many[b] @ _many[b]))
        for a in _rows for b in _rows if a != b
    ]  # fmt: skip
    assert np.isclose(diversity(_many, _rows), np.mean(_terms)), "Your diversity is wrong for other lists."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-mix-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 Mix similarity and novelty (2 points)
#
# Now a dial between both: λ (`lam`) = 0 is for similarity alone, λ = 1 for novelty alone. But cosines and bits can't
# be added: they have different ranges. So scale both to [0, 1] first, the lowest value to 0 and the highest to 1.
# Only the **candidates** take part in the scaling: the movies whose score is not minus infinity. Then
#
# mixed = (1 − λ) · scaled score + λ · scaled bits,
#
# and minus infinity for the movies that are no candidates. Write `mix(scores, bits, lam)`.
#
# Example: scores −inf, 0.2, 0.4, 0.6, bits 9, 4, 0, 2 and λ = 0.25. The candidates are the rows 1, 2, 3. Their scaled
# scores are 0, 0.5, 1 and their scaled bits 1, 0, 0.5. Mixed: −inf, 0.25, 0.375, 0.875.


# %% nbgrader={"grade": false, "grade_id": "03-mix", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mix(scores, bits, lam):
    """Scores for a trade-off between similarity and novelty.

    Args:
        scores: float array `(n_movies,)`; `-np.inf` for movies that are no candidates.
            The candidates have at least two different scores, and two different bits.
        bits: float array `(n_movies,)`, all finite: self-information of each movie.
        lam: weight of the novelty, 0 to 1.

    Returns:
        New float array `(n_movies,)`: from 0 to 1 for candidates, `-np.inf` for the others.
    """
    ### BEGIN SOLUTION
    candidates = np.isfinite(scores)
    similarity, novelty = scores[candidates], bits[candidates]
    similarity = (similarity - similarity.min()) / (similarity.max() - similarity.min())
    novelty = (novelty - novelty.min()) / (novelty.max() - novelty.min())
    mixed = np.full(len(scores), -np.inf)
    mixed[candidates] = (1 - lam) * similarity + lam * novelty
    return mixed
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-mix-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
four_scores, four_bits = np.array([-np.inf, 0.2, 0.4, 0.6]), np.array([9.0, 4.0, 0.0, 2.0])
found = mix(four_scores, four_bits, 0.25)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (4,), f"Four movies need four scores, but your result has the shape {np.shape(found)}."
assert np.isneginf(found[0]), f"Row 0 is no candidate and should stay at -inf, but is {found[0]}."
assert not np.isnan(found).any(), f"NaN came: {found}. Do minimum and maximum see the candidates only?"
assert four_scores[1] == 0.2 and four_bits[0] == 9, "Your function has changed its arguments. Work on new arrays."
for lam, expected in {0: [0, 0.5, 1], 1: [1, 0, 0.5], 0.25: [0.25, 0.375, 0.875]}.items():
    found = mix(four_scores, four_bits, lam)[1:]
    assert np.allclose(found, expected), f"Example, lam = {lam}: rows 1 to 3 are {expected}, but yours are {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 5)
for _lam in (0.0, 0.1, 0.7, 1.0):
    _scores, _bits = _rng.normal(size=80), _rng.normal(5, 2, size=80)
    _out = _rng.permutation(80)[:30]
    _scores[_out], _bits[_out[:2]] = -np.inf, (-50, 50)
    _in = [row for row in range(80) if row not in _out]
    _parts = [np.interp(v[_in], (v[_in].min(), v[_in].max()), (0, 1)) for v in (_scores, _bits)]
    _found = np.asarray(mix(_scores, _bits, _lam))
    assert np.isneginf(_found[_out]).all(), "Some movies that are no candidates have a score."
    assert np.allclose(_found[_in], _parts[0] + _lam * (_parts[1] - _parts[0])), "Wrong for other scores and bits."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-trade-off-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 What does novelty cost? (2 points)
#
# Each user has scores of their own, and some have held-out likes. For every λ we want three numbers:
# - **recall**: the mean of `recall_at_k(mixed, relevant, k=k)` over the users who have a held-out like. (For the others
#   `recall_at_k` gives NaN.)
# - **novelty**: the mean of the bits of all the movies in all lists of k,
# - **coverage**: the share of the catalogue (of all movies) that is in at least one list.
#
# Write `trade_off(mixer, scores, bits, relevant, lambdas, k)`. To mix, call `mixer(scores_of_one_user, bits, lam)`
# for one user at a time; it takes and returns arrays `(n_movies,)`, as your `mix` does. (Here it comes as an argument:
# so this task can be tested without the one before.) Of equal mixed scores, the movie that stands first wins.


# %% nbgrader={"grade": false, "grade_id": "03-trade-off", "locked": false, "schema_version": 3, "solution": true, "task": false}
def trade_off(mixer, scores, bits, relevant, lambdas, k=20):
    """Hits, novelty and coverage for each weight of the novelty.

    Args:
        mixer: function `(scores of one user, bits, lam) -> mixed scores`, all arrays `(n_movies,)`.
        scores: float array `(n_users, n_movies)`; at least k of each user's are finite.
        bits: float array `(n_movies,)`: self-information of each movie.
        relevant: bool array `(n_users, n_movies)`: the held-out likes.
        lambdas: list of weights.
        k: length of each user's list.

    Returns:
        float array `(len(lambdas), 3)`: the columns are recall, novelty and coverage.
    """
    ### BEGIN SOLUTION
    results = []
    for lam in lambdas:
        mixed = np.stack([mixer(of_user, bits, lam) for of_user in scores])
        lists = np.argsort(-mixed, axis=1, kind="stable")[:, :k]
        recall = np.nanmean(recall_at_k(mixed, relevant, k=k))
        results.append((recall, bits[lists].mean(), len(np.unique(lists)) / len(bits)))
    return np.array(results)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-trade-off-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
three_users = np.array([[5.0, 4.0, -np.inf, 2.0, 1.0], [5.0, 4.0, 3.0, -np.inf, 1.0], [1.0, 2.0, 3.0, 4.0, -np.inf]])
five_bits = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
likes = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]], bool)  # the second user has none
found = trade_off(lambda own, bits, lam: own + lam * bits, three_users, five_bits, likes, [0, 5], k=2)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (2, 3), f"Two lambdas and three measures make (2, 3), but your shape is {np.shape(found)}."
assert not np.isnan(found).any(), "NaN came. Users without held-out likes don't count for the recall: leave them out."
# Without novelty the lists are (0, 1), (0, 1), (3, 2); with lambda = 5 they are (4, 3), (4, 2), (3, 2).
expected = {"recall": [0.75, 0.25], "novelty": [7 / 6, 3], "coverage": [0.8, 0.6]}
for (name, right), got in zip(expected.items(), np.transpose(found), strict=True):
    assert np.allclose(got, right), f"The {name} should be {np.round(right, 3)}, but yours is {np.round(got, 3)}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 6)
_scores, _bits, _likes = _rng.random((30, 90)), _rng.random(90) * 9, _rng.random((30, 90)) < 0.1
_scores[_rng.random((30, 90)) < 0.3], _likes[3] = -np.inf, False


def _mixer(own, bits, lam):
    return (1 - lam) * (own / own.max()).round(1) + lam * bits.round() / 9


_lambdas = [0.0, 0.3, 0.9]
for _row, _lam in zip(trade_off(_mixer, _scores, _bits, _likes, _lambdas, k=7), _lambdas, strict=True):
    _mixed = [_mixer(own, _bits, _lam) for own in _scores]
    _lists = [sorted(range(90), key=lambda row, own=own: -own[row])[:7] for own in _mixed]
    _hits = [_likes[i, rows].sum() / min(7, _likes[i].sum()) for i, rows in enumerate(_lists) if _likes[i].any()]
    _right = np.mean(_hits), np.mean([_bits[rows].mean() for rows in _lists]), len(np.unique(_lists)) / 90
    assert np.allclose(_row, _right), "Your numbers are wrong for other users, mixers or list lengths."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-look-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## A look at the whole
#
# No points here. Once all tasks are solved, the next cell shows what you have built: lists for a profile, and the
# trade-off on the held-out likes of 100 users.

# %% nbgrader={"grade": false, "grade_id": "03-look", "locked": true, "schema_version": 3, "solution": false, "task": false}
PROFILE = ["Alien (1979)", "The Matrix (1999)", "Fargo (1996)"]
try:
    liked = np.flatnonzero(movies["title"].isin(PROFILE))
    bits, scores = self_information(raters, n_users), profile_scores(embeddings, liked)
    for lam in (0, 0.3, 1):
        rows = top_k(mix(scores, bits, lam), 8)
        print(f"lambda {lam}: {bits[rows].mean():.1f} bits, diversity {diversity(embeddings, rows):.2f}")
        print(movies.iloc[rows][["title"]].assign(raters=raters[rows]).to_string(index=False, header=False), "\n")
    some = np.arange(0, n_users, n_users // 100)[:100]
    vectors, stars = ItemIndex(embeddings, movies).vectors, known_matrix.toarray().T[some]
    all_scores = np.where(stars > 0, -np.inf, (stars >= LIKED).astype(np.float32) @ (vectors @ vectors.T))
    relevant = (rating_matrix(held_out, movies, users) > 0).toarray().T[some]
    lambdas = [0, 0.05, 0.1, 0.2, 0.4, 1]
    measured = trade_off(mix, all_scores, bits, relevant, lambdas)
    print(pd.DataFrame(measured, lambdas, ["recall@20", "novelty (bits)", "coverage"]).round(3).to_string())
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-why-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 When is novel good? (2 points)
#
# Answer in 100 to 200 words.
# 1. When is a novel recommendation a bad one? Give two different reasons, one of them about the embeddings.
# 2. How would you choose λ? Say on which data, by which rule, and why the recall on held-out likes alone
#    is no fair judge of novelty.

# %% [markdown] nbgrader={"grade": true, "grade_id": "03-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. A movie with few ratings has an embedding that rests on few users: its neighbours are guesses (lesson 03: with three
# ratings most of the ten neighbours are wrong). So the most novel movies are also those of which we know least. And
# a movie may be unknown because it is bad: bits measure how many have rated it, not how they liked it. A new user who
# sees nothing but unknown titles can't judge the list, and does not trust it either.
# 2. Compute the trade-off on validation likes, not on the test likes, and take the largest λ whose recall is, say, at
# most a tenth below that of λ = 0; then measure once on the test likes. Demand a least number of ratings as well.
# But people could only rate what they had heard of, so held-out likes favour popular movies: a novel movie that the
# user would love counts as a miss. In the end only asking helps: show lists with different λ to real users and compare
# what they watch and like, or give them the dial.
#
# *Two points: one for two valid reasons (few ratings make uncertain embeddings, and another), one for data that are not
# the test set together with a rule and the bias of held-out likes towards known movies.*
# ### END SOLUTION
