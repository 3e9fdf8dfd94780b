import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from ae_helpers.metrics import ndcg_at_k, recall_at_k
from ae_helpers.ratings import inverse_user_frequency, unit_rows, weighted
from ae_helpers.recommenders import (
    EASE,
    SVD,
    Cosine,
    Embeddings,
    Popularity,
    Recommender,
    genre_coherence,
    judge,
    unseen_scores,
)

# Three users, four movies. The first and the second share movies 0 and 1; nobody has movie 3.
STARS = np.array([[4.0, 3, 0, 0], [4, 4, 1, 0], [0, 0, 5, 0]])
ALL = {
    "popularity": Popularity(),
    "cosine": Cosine(),
    "weighted cosine": Cosine(weigh_users=True),
    "SVD": SVD(2),
    "weighted SVD": SVD(2, weigh_users=True),
    "EASE": EASE(1.0),
    "embeddings": Embeddings(lambda movies: movies.toarray()[:, :2]),
}
each = pytest.mark.parametrize("recommender", ALL.values(), ids=ALL)


@pytest.fixture
def stars():
    return sp.csr_array(STARS)


@pytest.fixture(scope="module")
def many():
    """Stars of 40 users for 30 movies, a third of the cells filled."""
    rng = np.random.default_rng(0)
    return sp.csr_array(rng.integers(1, 6, (40, 30)) * (rng.random((40, 30)) < 0.35))


def cosines(vectors):
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-30)
    return vectors @ vectors.T / np.outer(lengths, lengths)


# Each recommender by hand.


def test_popularity_counts_users_and_not_stars(stars):
    scores = Popularity().fit(stars).score(sp.csr_array([[1, 0, 0, 0], [0, 0, 0, 0]]))
    assert scores.tolist() == [[2, 2, 2, 0]] * 2
    stars.data[0] = 0  # stored, but not filled
    assert Popularity().fit(stars).score(stars)[0].tolist() == [1, 2, 2, 0]


def test_cosine_by_hand(stars):
    near, far, across = 28 / np.sqrt(32 * 25), 4 / np.sqrt(32 * 26), 4 / np.sqrt(25 * 26)
    similarity = Cosine().fit(stars).similarity_
    expected = [[1, near, far, 0], [near, 1, across, 0], [far, across, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(similarity, expected, rtol=1e-6)


def test_users_are_weighted_by_how_few_movies_they_have(stars):
    weights = np.log([4 / 2, 4 / 3, 4 / 1])
    similarity = Cosine(weigh_users=True).fit(stars).similarity_
    np.testing.assert_allclose(similarity, cosines((STARS * weights[:, None]).T), rtol=1e-5)
    assert abs(similarity - Cosine().fit(stars).similarity_).max() > 0.01


@pytest.mark.parametrize("weigh_users", [False, True])
def test_svd_is_that_of_numpy(weigh_users):
    # Three groups of users with movies of their own: so three numbers for each movie stand out.
    rng = np.random.default_rng(0)
    filled = np.kron(np.eye(3), np.ones((15, 10))) * (rng.random((45, 30)) < 0.8) + (rng.random((45, 30)) < 0.01)
    many = sp.csr_array(filled * rng.integers(1, 6, (45, 30)))
    movies = sp.csr_array(many.T)
    if weigh_users:
        movies = unit_rows(weighted(movies, inverse_user_frequency(movies)))
    left, values, _ = np.linalg.svd(movies.toarray(), full_matrices=False)
    similarity = SVD(3, weigh_users=weigh_users).fit(many).similarity_
    np.testing.assert_allclose(similarity, cosines(left[:, :3] * values[:3]), atol=1e-3)


def test_svd_of_full_size_is_cosine(many):
    np.testing.assert_allclose(SVD(30).fit(many).similarity_, Cosine().fit(many).similarity_, atol=1e-4)


def test_the_seed_of_svd_decides():
    hard = sp.csr_array(np.random.default_rng(0).random((200, 150)))  # without a pattern: the algorithm only gets near
    one, same, other = (SVD(20, seed=seed).fit(hard).similarity_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, SVD(20).fit(hard).similarity_)


def test_ease_by_hand():
    # X'X + 1 = [[3, 1], [1, 2]]; its inverse is [[2, -1], [-1, 3]] / 5. So 1/5 : 3/5 and 1/5 : 2/5.
    weights = EASE(1).fit(sp.csr_array([[5, 3], [4, 0]])).similarity_
    np.testing.assert_allclose(weights, [[0, 1 / 3], [1 / 2, 0]], rtol=1e-6)


@pytest.mark.parametrize("strength", [0.5, 20])
def test_ease_predicts_each_movie_from_all_others(many, strength):
    x = (many.toarray() > 0).astype(float)
    weights = EASE(strength).fit(many).similarity_
    for movie in range(30):
        others = np.delete(np.arange(30), movie)
        ridge = Ridge(alpha=strength, fit_intercept=False).fit(x[:, others], x[:, movie])
        np.testing.assert_allclose(weights[others, movie], ridge.coef_, atol=1e-5)
    assert (np.diag(weights) == 0).all()


def test_embeddings_are_made_of_what_fit_was_given(stars):
    given = []
    codes = np.array([[1.0, 0], [3, 3], [0, 2], [0, 0]])

    def encode(movies):
        given.append(movies)
        return codes

    similarity = Embeddings(encode).fit(stars).similarity_
    np.testing.assert_array_equal(given[0].toarray(), STARS.T)
    assert given[0].format == "csr"
    half = np.sqrt(0.5)
    np.testing.assert_allclose(similarity, [[1, half, 0, 0], [half, 1, half, 0], [0, half, 1, 0], [0] * 4])


def test_an_encoder_that_gives_no_embeddings_is_refused(stars):
    for codes, message in (
        (np.ones((3, 2)), r"encode should return an array \(4, latent_dim\), but its shape is \(3, 2\)"),
        (np.ones(4), r"but its shape is \(4,\)"),
        (np.full((4, 2), np.nan), "What encode returned has 8 values that are NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            Embeddings(lambda movies, codes=codes: codes).fit(stars)


# What all have in common.


@each
def test_a_score_is_the_sum_of_similarities_to_what_is_liked(recommender, many):
    recommender.fit(many)
    users = sp.csr_array((np.random.default_rng(1).random((5, 30)) < 0.2).astype(float))
    scores = recommender.score(users)
    assert scores.shape == (5, 30) and scores.dtype.kind == "f"
    if not isinstance(recommender, Popularity):
        assert recommender.similarity_.shape == (30, 30)
        np.testing.assert_allclose(scores, users.toarray() @ recommender.similarity_, rtol=1e-4, atol=1e-5)
        nobody = recommender.score(sp.csr_array((1, 30)))
        assert (nobody == 0).all()


@each
def test_fit_returns_itself_and_forgets_what_it_knew(recommender, many, stars):
    first = recommender.fit(many).score(many)
    assert recommender.fitted_on_.shape == (40, 30)
    assert recommender.fit(stars) is recommender
    assert recommender.score(stars).shape == (3, 4)
    np.testing.assert_array_equal(recommender.fit(many).score(many), first)


@each
@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_any_sparse_format_will_do(recommender, kind, many):
    expected = recommender.fit(many).score(many)
    np.testing.assert_allclose(recommender.fit(kind(many)).score(kind(many)), expected, rtol=1e-5, atol=1e-5)


@each
def test_a_cell_that_is_stored_twice_is_their_sum(recommender):
    once = np.array([[4.0, 3, 0], [4, 4, 1], [0, 2, 5]])
    twice = sp.csr_array(([2.0, 2, 3, 4, 4, 1, 2, 5], [0, 0, 1, 0, 1, 2, 1, 2], [0, 3, 6, 8]), shape=(3, 3))
    expected = recommender.fit(sp.csr_array(once)).score(sp.csr_array(once))
    np.testing.assert_allclose(recommender.fit(twice).score(twice), expected, rtol=1e-5)
    assert twice.nnz == 8


@each
def test_what_cannot_be_learned_from_or_scored_is_refused(recommender, stars):
    for wrong, message in (
        (STARS, "likes should be a scipy sparse matrix, but a ndarray came"),
        (sp.csr_array((0, 4)), "likes is empty"),
        (sp.csr_array((3, 4)), "likes has no value but 0 in 3 x 4 cells"),
        (sp.csr_array([[1, np.nan]]), "likes has 1 values that are NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            recommender.fit(wrong)
    recommender.fit(stars)
    for wrong, message in (
        (STARS, "users should be a scipy sparse matrix, but a ndarray came"),
        (stars[:, :3], r"users should have the 4 movies of fit, but has the shape \(3, 3\)"),
        (stars[:0], "users is empty"),
    ):
        with pytest.raises(ValueError, match=message):
            recommender.score(wrong)


@pytest.mark.parametrize("name", ["Popularity", "Cosine", "Embeddings"])
def test_who_has_learned_nothing_has_no_scores(name, stars):
    new = {"Popularity": Popularity(), "Cosine": Cosine(), "Embeddings": Embeddings(abs)}[name]
    with pytest.raises(ValueError, match=f"{name} has learned nothing yet: call fit first"):
        new.score(stars)


def test_settings_that_are_none_are_refused(stars):
    for size in (0, -1, 2.5, True, None):
        with pytest.raises(ValueError, match="size should be a positive whole number"):
            SVD(size)
    with pytest.raises(ValueError, match=r"SVD can't have 4 numbers of a matrix of the shape \(3, 4\)"):
        SVD(4).fit(stars)
    assert SVD(3).fit(stars).similarity_.shape == (4, 4)
    for strength in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="strength should be a number above 0"):
            EASE(strength)


def test_a_recommender_of_ones_own_says_how_near_movies_are(stars):
    class Next(Recommender):
        def _similarities(self, likes):
            return np.roll(np.eye(likes.shape[1]), 1, axis=1)

    assert Next().fit(stars).score(sp.csr_array([[0, 1, 0, 0]])).tolist() == [[0, 0, 1, 0]]


# Judging.


class Fixed(Recommender):
    """Scores that are given; it remembers for whom it was asked."""

    def __init__(self, scores, similarity=None):
        self.scores = np.array(scores, float)
        if similarity is not None:
            self.similarity_ = similarity

    def _learn(self, likes):
        pass

    def _scores(self, users):
        self.users = users.toarray()
        return self.scores.copy()


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_what_is_seen_may_have_any_sparse_format(stars, kind):
    recommender = Fixed([[1, 2, 3, 4]] * 3).fit(stars)
    np.testing.assert_array_equal(unseen_scores(recommender, kind(stars)), unseen_scores(recommender, stars))
    np.testing.assert_array_equal(recommender.users, STARS >= 4)


@pytest.mark.parametrize("liked", ["4", None, np.nan])
def test_what_is_no_number_of_stars_is_refused(stars, liked):
    with pytest.raises(ValueError, match="liked should be a number of stars, but is"):
        unseen_scores(Fixed([[1, 2, 3, 4]] * 3).fit(stars), stars, liked=liked)


def test_scores_come_from_likes_and_leave_out_all_that_is_rated(stars):
    recommender = Fixed([[1, 2, 3, 4]] * 3).fit(stars)
    scores = unseen_scores(recommender, stars)
    none = -np.inf
    np.testing.assert_array_equal(scores, [[none, none, 3, 4], [none, none, none, 4], [1, 2, none, 4]])
    np.testing.assert_array_equal(recommender.users, STARS >= 4)
    unseen_scores(recommender, stars, liked=3)
    np.testing.assert_array_equal(recommender.users, STARS >= 3)
    unseen_scores(recommender, stars, liked=-1)  # all that is rated, and nothing else
    np.testing.assert_array_equal(recommender.users, STARS > 0)


def test_judging_by_hand(stars):
    # Lists of 2: (3, 2), (3) with nothing else unrated, (3, 1).
    held_out = sp.csr_array([[0, 0, 5, 0], [0, 0, 0, 0], [4, 4, 0, 4]])
    measured = judge(Fixed([[1, 2, 3, 4]] * 3).fit(stars), stars, held_out, k=2)
    assert set(measured) == {"recall@2", "NDCG@2", "log₁₀ popularity", "share of catalogue"}
    np.testing.assert_allclose(measured["recall@2"], [1, np.nan, 1])
    np.testing.assert_allclose(measured["NDCG@2"], [1 / np.log2(3), np.nan, 1])
    # Movie 1 and movie 2 have two raters, movie 3 none, which counts as one.
    np.testing.assert_allclose(measured["log₁₀ popularity"], [np.log10(2) / 2, 0, np.log10(2) / 2])
    np.testing.assert_array_equal(measured["share of catalogue"], [0, 1, 1, 1])


def test_who_has_rated_all_gets_no_list():
    everything = sp.csr_array([[4, 4], [4, 0]])
    measured = judge(Cosine().fit(everything), everything, sp.csr_array([[0, 0], [0, 4]]), k=2)
    np.testing.assert_allclose(measured["recall@2"], [np.nan, 1])
    np.testing.assert_allclose(measured["log₁₀ popularity"], [np.nan, 0])
    np.testing.assert_array_equal(measured["share of catalogue"], [0, 1])


def test_judging_agrees_with_the_metrics(many):
    rng = np.random.default_rng(2)
    hidden = (many.toarray() > 0) & (rng.random(many.shape) < 0.3)
    seen, held_out = sp.csr_array(many.toarray() * ~hidden), sp.csr_array(many.toarray() * hidden)
    recommender = EASE(5).fit(seen)
    scores = unseen_scores(recommender, seen, liked=3)
    genres = np.eye(4)[rng.integers(0, 4, 30)]
    for k, measured in (
        (5, judge(recommender, seen, held_out, liked=3, k=5, genres=genres)),
        (20, judge(recommender, seen, held_out, liked=3, genres=genres)),
    ):
        np.testing.assert_array_equal(measured[f"recall@{k}"], recall_at_k(scores, hidden, k=k))
        np.testing.assert_array_equal(measured[f"NDCG@{k}"], ndcg_at_k(scores, hidden, k=k))
        coherence = genre_coherence(recommender.similarity_, genres)
        np.testing.assert_array_equal(measured["genre coherence"], coherence)
    four_stars = judge(recommender, seen, held_out, k=5)
    np.testing.assert_array_equal(four_stars["recall@5"], recall_at_k(unseen_scores(recommender, seen), hidden, k=5))
    assert not np.array_equal(unseen_scores(recommender, seen), scores)


def test_who_has_no_similarities_has_no_coherence(many):
    nothing_held_out = sp.csr_array(many.shape)
    measured = judge(Popularity().fit(many), many, nothing_held_out, genres=np.ones((30, 1)))
    assert np.isnan(measured["genre coherence"]).all() and measured["genre coherence"].shape == (30,)
    assert list(measured)[:3] == ["recall@20", "NDCG@20", "genre coherence"]


def test_judging_notices_a_leak(stars):
    held_out = sp.csr_array([[0, 0, 5, 0], [0, 0, 0, 5], [0, 0, 0, 5]])
    assert judge(Popularity().fit(stars), stars, held_out, k=2)["recall@2"].tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="3 held-out likes are in what the recommender was fitted on"):
        judge(Popularity().fit(stars + held_out), stars, held_out, k=2)
    with pytest.raises(ValueError, match="1 held-out likes are in what is seen"):
        judge(Popularity().fit(stars), stars + sp.csr_array(([1.0], ([0], [2])), shape=(3, 4)), held_out, k=2)
    others = stars[:2]  # fitted on other users, as far as one can see
    assert judge(Popularity().fit(others), stars, held_out, k=2)["recall@2"].shape == (3,)
    stored = sp.csr_array(([0.0, 5], ([0, 0], [0, 2])), shape=(3, 4))  # a 0 that is stored is no like
    assert judge(Popularity().fit(stars), stars, stored, k=2)["recall@2"][0] == 1


def test_what_cannot_be_judged_is_refused(stars):
    recommender = Cosine().fit(stars)
    for seen, held_out, message in (
        (stars, stars[:2], r"same shape, but have \(3, 4\) and \(2, 4\)"),
        (STARS, stars, "seen should be a scipy sparse matrix"),
        (stars, STARS, "held_out should be a scipy sparse matrix"),
        (stars[:, :3], stars[:, :3], "users should have the 4 movies of fit"),
        (stars, sp.csr_array((3, 4)), "k should be a whole number from 1 to the 4 items, but is 20"),
    ):
        with pytest.raises(ValueError, match=message):
            judge(recommender, seen, held_out)
    with pytest.raises(ValueError, match="call fit first"):
        judge(Cosine(), stars, stars)


def test_genre_coherence_by_hand():
    genres = np.array([[1.0, 0], [1, 0], [0, 1]])
    similarity = np.array([[9, 2, 1], [1, 9, 2], [2, 1, 9]], float)
    np.testing.assert_allclose(genre_coherence(similarity, genres, k=1), [1, 0, 0])
    np.testing.assert_allclose(genre_coherence(similarity, genres, k=2), [0.5, 0.5, 0])
    assert similarity[0, 0] == 9
    np.testing.assert_allclose(genre_coherence(np.zeros((3, 3)), genres, k=1), [1, 1, 0])  # those that stand first
    for bad in (0, 3, 1.5, True):
        with pytest.raises(ValueError, match="k should be a whole number from 1 to the 2 other items"):
            genre_coherence(similarity, genres, k=bad)
    for wrong in (similarity[:, :2], similarity[0]):
        with pytest.raises(ValueError, match=r"similarity should be \(n, n\)"):
            genre_coherence(wrong, genres)
    for wrong in (genres[:2], genres[:, 0]):
        with pytest.raises(ValueError, match=r"genres \(n, n_genres\)"):
            genre_coherence(similarity, wrong)
    with pytest.raises(ValueError, match="similarity has 9 values that are NaN"):
        genre_coherence(similarity * np.nan, genres)


def test_of_many_that_are_equally_near_the_first_count():
    n = 100
    genres = np.eye(2)[(np.arange(n) > 5).astype(int)]  # the first six share a genre, and so do the others
    coherence = genre_coherence(np.ones((n, n)), genres, k=5)
    assert coherence[0] == 1 and coherence[50] == 0
    stars = sp.csr_array(np.eye(1, n, 7) * 5)  # a user has movie 7; nobody has another, so all are level
    lists = judge(Popularity().fit(stars), stars, sp.csr_array((1, n)), k=10)["share of catalogue"]
    assert np.flatnonzero(lists).tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]


def test_genre_coherence_is_of_ten_unless_told():
    rng = np.random.default_rng(0)
    similarity, genres = rng.random((20, 20)), rng.random((20, 3))
    np.testing.assert_array_equal(genre_coherence(similarity, genres), genre_coherence(similarity, genres, k=10))
    titles = [f"movie {i}" for i in range(20)]
    table = pd.DataFrame(similarity, titles, titles)
    with pytest.raises(ValueError, match="The rows of similarity and genres have different labels"):
        genre_coherence(table, pd.DataFrame(genres, titles[::-1]))
    by_position = genre_coherence(table, pd.DataFrame(genres, titles))
    np.testing.assert_allclose(by_position, genre_coherence(similarity, genres))
