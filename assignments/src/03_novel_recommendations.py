# %% [markdown] nbgrader={"grade": false, "grade_id": "03-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 03 Novel recommendations
#
# Lesson 03 judged recommenders by their hits. Hits are easy with movies that everybody knows anyway.
# You will place a movie that the network has never seen, ask the decoder who would like it, build a recommender for
# a small profile of liked movies, measure in bits how novel its lists are, and find out what novelty costs in hits.
#
# **Before you start:** lesson 03, *A recommender from movie embeddings*.
#
# **Time:** about an hour. It runs in less than half a minute.
#
# **Points:** 10. Eight are given by tests, two by a person, for the question at the end.
#
# **How to hand in:** Work in the cells that say `# YOUR CODE HERE`, and in the answer at the end. Do not delete or
# copy cells. Before you hand in: *Kernel > Restart & Run All*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# As in the lesson: MovieLens without movies that have fewer than five ratings, and an item autoencoder, here a small one
# that is trained for a few epochs. The test likes are put away: nothing here looks at them. Of what is left, a fifth of
# each user's likes is held out once more, for validation.
# - `known_matrix`: the known ratings, sparse `(n_movies, n_users)`; `movies`: table, row i belongs to row i of the matrix.
# - `user_weights`: float array `(n_users,)`, the weight of each user: the less, the more movies they rate.
# - `new`: rows of the **new** movies, every fortieth one. The autoencoder has not been trained on them.
# - `embeddings`: float array `(n_movies, 64)`, a row for each movie. The rows are *not* of length 1.
# - `raters`: integer array `(n_movies,)`, how many of the `n_users` users have rated each movie.
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
EPOCHS = 4

keras.utils.set_random_seed(SEED)
# A test cell with a warning below it would get no points.
warnings.simplefilter("ignore")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

# %% nbgrader={"grade": false, "grade_id": "03-data", "locked": true, "schema_version": 3, "solution": false, "task": false}
ratings, movies = only_rated(*load_movielens(), at_least=5)
users = np.sort(ratings["userId"].unique())
not_test, _ = hold_out_likes(ratings, liked=LIKED, seed=SEED)
known, valid_likes = hold_out_likes(not_test, liked=LIKED, seed=SEED + 1)
known_matrix = rating_matrix(known, movies, users)
valid_matrix = rating_matrix(valid_likes, movies, users)
n_movies, n_users = known_matrix.shape
raters = np.diff(known_matrix.indptr)

user_weights = inverse_user_frequency(known_matrix)
x = unit_rows(weighted(known_matrix, user_weights))
new = np.arange(0, n_movies, 40)
x_old = x[np.setdiff1d(np.arange(n_movies), new)]
autoencoder = item_autoencoder(n_users, 64, 256)
autoencoder.compile(keras.optimizers.Adam(0.003), multinomial_loss)
autoencoder.fit(SparseBatches(x_old, x_old, shuffle=True, seed=SEED), epochs=EPOCHS, verbose=0)
embeddings = autoencoder.encode(x)
print(f"{n_movies:,} movies, {len(new)} of them new, {n_users} users, embeddings {embeddings.shape}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-embed-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 A new movie
#
# ### 1a Where does it belong? (1 point)
#
# A movie comes out, and a few users rate it. The encoder can place it without any training, if the movie is prepared as
# those were that the encoder knows: multiply the stars of each user by the user's weight, then scale the movie's vector
# to length 1. Write `embed(stars, user_weights, encode)` for any number of movies at once.
#
# Example: three users with the weights 0.5, 1, 2. The stars 4, 0, 2 (0 means: not rated) become 2, 0, 4, and, with
# the length 1, 0.447, 0, 0.894. That is what `encode` gets.


# %% nbgrader={"grade": false, "grade_id": "03-embed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def embed(stars, user_weights, encode):
    """Embeddings of movies that the autoencoder was not trained on.

    Args:
        stars: float array `(m, n_users)`: a row for each movie, 0 where a user has not rated it.
            Each movie has at least one rating by a user whose weight is not 0.
        user_weights: float array `(n_users,)`, as they were in training.
        encode: function from inputs `(m, n_users)` to embeddings `(m, latent_dim)`: `autoencoder.encode`.

    Returns:
        Float array `(m, latent_dim)`: what `encode` gives. The arguments stay as they were.
    """
    ### BEGIN SOLUTION
    inputs = stars * user_weights
    inputs = inputs / np.linalg.norm(inputs, axis=1, keepdims=True)
    return encode(inputs)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-embed-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
two_stars, three_weights = np.array([[4.0, 0.0, 2.0], [0.0, 5.0, 0.0]]), np.array([0.5, 1.0, 2.0])
found = embed(two_stars, three_weights, lambda inputs: np.array(inputs))  # an "encoder" that copies
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (2, 3), f"What this encoder gives has the shape (2, 3), but yours has {np.shape(found)}."
assert np.allclose(found[0], [0.4472, 0, 0.8944], atol=1e-4), (
    f"The example's movie should enter the encoder as 0.447, 0, 0.894, but {np.round(found[0], 3)} came."
)
assert np.allclose(found[1], [0, 1, 0]), f"A movie with one rating should enter as 0, 1, 0, but {found[1]} came."
assert two_stars[0, 0] == 4, "Your function has changed the stars that it was given. Work on new arrays."
found = embed(known_matrix[new].toarray(), user_weights, autoencoder.encode)
gap = np.abs(found - embeddings[new]).max()
assert gap < 1e-3, f"The new movies' embeddings should be those of the setup, but differ by up to {gap:.2g}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 11)
for _m in (1, 7):
    _stars, _weights, _kernel = _rng.integers(0, 11, (_m, 30)) / 2, _rng.uniform(0.1, 5, 30), _rng.normal(size=(30, 4))
    _right = [np.multiply(one, _weights) @ _kernel / np.sqrt(((one * _weights) ** 2).sum()) for one in _stars]
    _found = embed(_stars, _weights, lambda inputs, kernel=_kernel: np.asarray(inputs) @ kernel)
    assert np.allclose(_found, _right, atol=1e-5), "Your embeddings are wrong for other movies, weights or encoders."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-audience-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### 1b Who would like it? (1 point)
#
# The lesson dropped the decoder: its scores compare the users of *one* movie, not the movies of a user. Here this is what
# we want: from the movie's embedding the decoder gives a score for each user, the higher, the more likely the user is one
# of those who rate it. Write `audience(stars, embedding, decode, k)`: the k users with the highest
# scores among those who have **not** rated the movie yet, best first. Of equal scores, the user who stands first wins.
#
# Example: five users, stars 0, 4, 0, 0, 0, and the decoder gives the scores 0.1, 0.9, 0.3, 0.3, 0.7. User 1 knows the
# movie. So the best three are 4, 2, 3: of the users 2 and 3, who have the same score, 2 stands first.


# %% nbgrader={"grade": false, "grade_id": "03-audience", "locked": false, "schema_version": 3, "solution": true, "task": false}
def audience(stars, embedding, decode, k):
    """The users to whom a movie should be shown.

    Args:
        stars: float array `(n_users,)` of one movie, 0 where a user has not rated it.
        embedding: float array `(latent_dim,)` of the movie.
        decode: function from embeddings `(m, latent_dim)` to scores `(m, n_users)`: `autoencoder.decode`.
        k: length of the list; at least k users have not rated the movie.

    Returns:
        Integer array `(k,)`: the numbers of the users (columns), best first.
    """
    ### BEGIN SOLUTION
    scores = decode(embedding[None])[0]
    order = np.argsort(-scores, kind="stable")
    return order[stars[order] == 0][:k]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "03-audience-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def decode_example(z):
    """A "decoder" for the example: knows one embedding, (1, 0)."""
    assert np.shape(z) == (1, 2), f"decode wants embeddings (1, 2) here, a row for each movie, but got {np.shape(z)}."
    return np.array([[0.1, 0.9, 0.3, 0.3, 0.7]]) * np.asarray(z)[:, :1]


found = audience(np.array([0.0, 4.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.0]), decode_example, 3)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (3,), f"The list should hold three users, but its shape is {np.shape(found)}."
assert 1 not in found, f"User 1 has rated the movie already, but is in your list {found}."
assert list(found) == [4, 2, 3], f"The example's list is 4, 2, 3, but yours is {found}."
found = audience(np.zeros(5), np.array([1.0, 0.0]), decode_example, 2)
assert list(found) == [1, 4], f"If nobody has rated the movie, the best two are 1, 4, but yours are {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 12)
for _k in (1, 20, 60):
    _stars = np.where(_rng.random(100) < 0.4, _rng.integers(1, 11, 100) / 2, 0)
    _stars[_rng.permutation(100)[:60]] = 0
    _z, _kernel = _rng.normal(size=3), _rng.integers(-1, 2, (3, 100))
    _scores = np.round(_z, 1) @ _kernel
    _order = sorted(np.flatnonzero(_stars == 0), key=lambda user: -_scores[user])
    _found = audience(_stars, np.round(_z, 1), lambda z, kernel=_kernel: np.asarray(z) @ kernel, _k)
    assert list(_found) == _order[:_k], "Your list is wrong for other movies, decoders or lengths."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-profile-scores-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 Recommend for a profile
#
# ### 2a Scores (1 point)
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
# ### 2b The list (1 point)
#
# Write `top_k(scores, k)`: the rows of the k highest scores, the best first. Of equal scores, the movie that stands
# first wins. A movie with the score minus infinity is never in the list, so the list may be shorter than k.
#
# Example: for the scores 0.3, −inf, 0.9, 0.3, 0.5 the list of five is 2, 4, 0, 3. The rows 0 and 3 have the same score,
# and 0 stands first; row 1 is excluded, so there are only four.


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
found = top_k(np.tile([0.25, 0.5], 50), 4)
assert list(found) == [1, 3, 5, 7], f"Of fifty equal scores, the rows 1, 3, 5, 7 stand first, but yours are {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 2)
for _k in (1, 25, 150, 200):
    _scores = _rng.integers(-3, 4, 200) / 4
    _scores[_rng.permutation(200)[:70]] = -np.inf
    _order = sorted(np.flatnonzero(_scores > -np.inf), key=lambda row: -_scores[row])
    assert list(top_k(_scores, _k)) == _order[:_k], "Your list is wrong for other scores, such as many equal ones."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-self-information-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 Novelty in bits (1 point)
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

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-mix-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 Mix similarity and novelty (1 point)
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


# %% nbgrader={"grade": true, "grade_id": "03-mix-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
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
# ## 5 What does novelty cost? (1 + 1 points)
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
# One check looks at the recall, another at novelty and coverage: each has its point.


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


# %% nbgrader={"grade": true, "grade_id": "03-trade-off-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
three_users = np.array([[5.0, 4.0, -np.inf, 2.0, 1.0], [5.0, 4.0, 3.0, -np.inf, 1.0], [1.0, 2.0, 3.0, 4.0, -np.inf]])
five_bits = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
likes = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]], bool)  # the second user has none


def add_bits(own, bits, lam):
    """A simple mixer: for each bit as many points as lam says."""
    return own + lam * bits


# Without novelty the lists are (0, 1), (0, 1), (3, 2); with lambda = 5 they are (4, 3), (4, 2), (3, 2).
found = trade_off(add_bits, three_users, five_bits, likes, [0, 5], k=2)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (2, 3), f"Two lambdas and three measures make (2, 3), but your shape is {np.shape(found)}."
recall = np.asarray(found)[:, 0]
assert not np.isnan(recall).any(), "NaN came. Users without held-out likes don't count for the recall: leave them out."
assert np.allclose(recall, [0.75, 0.25]), f"The recall should be 0.75 and 0.25, but yours is {np.round(recall, 3)}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 6)
_scores, _bits, _likes = _rng.random((30, 90)), _rng.random(90) * 9, _rng.random((30, 90)) < 0.1
_scores[_rng.random((30, 90)) < 0.3], _likes[3] = -np.inf, False


def _mixer(own, bits, lam):
    return (1 - lam) * (own / own.max()).round(1) + lam * bits.round() / 9


for _row, _lam in zip(trade_off(_mixer, _scores, _bits, _likes, [0.0, 0.3, 0.9], k=7), [0.0, 0.3, 0.9], strict=True):
    _mixed = [_mixer(own, _bits, _lam) for own in _scores]
    _lists = [sorted(range(90), key=lambda row, own=own: -own[row])[:7] for own in _mixed]
    _hits = [_likes[i, rows].sum() / min(7, _likes[i].sum()) for i, rows in enumerate(_lists) if _likes[i].any()]
    assert np.isclose(_row[0], np.mean(_hits)), "The recall is wrong for other users, mixers or list lengths."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "03-novelty-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
found = trade_off(lambda own, bits, lam: own + lam * bits, three_users, five_bits, likes, [0, 5], k=2)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (2, 3), f"Two lambdas and three measures make (2, 3), but your shape is {np.shape(found)}."
for name, right, got in zip(["novelty", "coverage"], [[7 / 6, 3], [0.8, 0.6]], np.transpose(found)[1:], strict=True):
    assert np.allclose(got, right), f"The {name} should be {np.round(right, 3)}, but yours is {np.round(got, 3)}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 7)
_scores, _bits, _likes = _rng.random((25, 80)), _rng.random(80) * 9, _rng.random((25, 80)) < 0.2
_scores[_rng.random((25, 80)) < 0.3] = -np.inf


def _other_mixer(own, bits, lam):
    return (1 - lam) * (own / own.max()).round(1) + lam * bits.round() / 9


for _row, _lam in zip(trade_off(_other_mixer, _scores, _bits, _likes, [0.1, 0.8], k=6), [0.1, 0.8], strict=True):
    _mixed = [_other_mixer(own, _bits, _lam) for own in _scores]
    _lists = [sorted(range(80), key=lambda row, own=own: -own[row])[:6] for own in _mixed]
    _right = np.mean([_bits[rows].mean() for rows in _lists]), len(np.unique(_lists)) / 80
    assert np.allclose(_row[1:], _right), "Novelty or coverage is wrong for other users, mixers or list lengths."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-look-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## A look at the whole
#
# No points here. Once all tasks are solved, the next cell shows what you have built: how many of the users who like a new
# movie are found, lists for a profile, and the trade-off on the *validation* likes of 100 users.

# %% nbgrader={"grade": false, "grade_id": "03-look", "locked": true, "schema_version": 3, "solution": false, "task": false}
PROFILE = ["Alien (1979)", "The Matrix (1999)", "Fargo (1996)"]
try:
    rated = new[raters[new] >= 20]
    stars, fans = known_matrix[rated].toarray(), valid_matrix[rated].toarray() > 0
    vectors = embed(stars, user_weights, autoencoder.encode)
    activity = np.diff(known_matrix.tocsc().indptr)[None]  # how many movies each user has rated
    print(f"{len(rated)} new movies, 50 users asked for each. Of those who like the movie, that finds")
    for name, score in {"the decoder": autoencoder.decode, "the most active users": lambda z: activity}.items():
        asked = [audience(own, z, score, 50) for own, z in zip(stars, vectors, strict=True)]
        found = sum(fans[i, some].sum() for i, some in enumerate(asked))
        print(f"- {name}: {found / fans.sum():.0%}")

    liked = np.flatnonzero(movies["title"].isin(PROFILE))
    bits, scores = self_information(raters, n_users), profile_scores(embeddings, liked)
    for lam in (0, 0.3, 1):
        rows = top_k(mix(scores, bits, lam), 8)
        print(f"\nlambda {lam}: {bits[rows].mean():.1f} bits")
        print(movies.iloc[rows][["title"]].assign(raters=raters[rows]).to_string(index=False, header=False))

    some = np.arange(0, n_users, n_users // 100)[:100]
    vectors, stars = ItemIndex(embeddings, movies).vectors, known_matrix.toarray().T[some]
    all_scores = np.where(stars > 0, -np.inf, (stars >= LIKED).astype(np.float32) @ (vectors @ vectors.T))
    relevant = valid_matrix.toarray().T[some] > 0
    lambdas = [0, 0.05, 0.1, 0.2, 0.4, 1]
    measured = trade_off(mix, all_scores, bits, relevant, lambdas)
    table = pd.DataFrame(measured, lambdas, ["recall@20", "novelty (bits)", "coverage"])
    print(f"\n{table.round(3).to_string()}")
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "03-why-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 When is novel good? (2 points)
#
# Answer in 100 to 200 words.
# 1. When is a novel recommendation a bad one? Give two different reasons, one of them about the embeddings.
# 2. How would you choose λ, with numbers from the table above? Say on which data, by which rule, and why the recall on
#    held-out likes alone is no fair judge of novelty.

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
# *Half a point each: a reason about the embeddings (few ratings make them uncertain); another valid reason; a rule on
# data that are not the test set, with numbers; the bias of held-out likes towards known movies. "Novel movies are
# often bad" without a why is no reason; "choose what works best" is no rule.*
# ### END SOLUTION
