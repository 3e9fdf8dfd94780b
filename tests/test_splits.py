"""Each kind of leak is found, and what is right is not called one."""

import keras
import numpy as np
import pytest
import scipy.sparse
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from ae_helpers import splits as module
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import ClaimFailed
from ae_helpers.corruption import add_gaussian_noise
from ae_helpers.denoisers import LinearMap
from ae_helpers.metrics import ndcg_at_k, recall_at_k, squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import plot_autoencoder, plot_denoising, plot_reconstructions
from ae_helpers.recommenders import Popularity
from ae_helpers.splits import unwatched, watch_splits

pytestmark = pytest.mark.slow  # trains

RANDOM = np.random.default_rng(0)
X = {name: RANDOM.random((n, 4, 4, 1)).astype("float32") for name, n in {"train": 30, "valid": 10, "test": 20}.items()}


@pytest.fixture
def splits(monkeypatch):
    monkeypatch.setattr(module, "_watching", None)  # set back afterwards: other tests are not watched
    return watch_splits(**X)


@pytest.fixture
def autoencoder(splits):
    model = dense_autoencoder(3, hidden_sizes=(), input_shape=(4, 4, 1))
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def flat(x):
    return x.reshape(len(x), -1)


def honest(model):
    model.fit(X["train"], X["train"], validation_data=(X["valid"], X["valid"]), verbose=0)
    squared_error(X["test"], model.reconstruct(X["test"]))


def test_honest_work_passes(splits, autoencoder, capsys):
    honest(autoencoder)
    pca = PCA(2).fit(flat(255 * X["train"]))
    squared_error(X["test"], pca.inverse_transform(pca.transform(flat(X["test"]))).reshape(X["test"].shape).clip(0, 1))
    NearestNeighbors(n_neighbors=2).fit(autoencoder.encode(X["test"])).kneighbors()
    NearestNeighbors().fit(autoencoder.encode(X["train"])).kneighbors(autoencoder.encode(X["test"]))
    assert splits.check() is None
    assert capsys.readouterr().out == "✓ What was measured had not been trained on\n"


def pca():
    return PCA(2).fit(flat(X["train"]))


def ones():
    return np.ones((30, 2))


LABELS = {name: np.arange(len(x)) % 2 for name, x in X.items()}
LEAKS = {
    "test images in fit": (lambda m: m.fit(X["test"], X["test"], verbose=0), "Autoencoder was fitted on test"),
    "a few test images among the training images": (
        lambda m: m.fit(np.concatenate([X["train"], X["test"][:1]]), verbose=0, y=np.zeros((31, 4, 4, 1))),
        "Autoencoder was fitted on test",
    ),
    "test images as targets": (
        lambda m: m.fit(np.ones_like(X["test"]), X["test"], verbose=0),
        "Autoencoder was fitted on test",
    ),
    "scaled to 255": (lambda m: m.fit(255 * X["test"], 255 * X["test"], verbose=0), "Autoencoder was fitted on test"),
    "in double precision": (lambda m: PCA(2).fit(flat(X["test"]).astype(float)), "PCA was fitted on test"),
    "validation images in fit": (lambda m: m.fit(X["valid"], X["valid"], verbose=0), "Autoencoder was fitted on valid"),
    "noisy test images in fit": (
        lambda m: LinearMap().fit(add_gaussian_noise(X["test"], 0.1, seed=0), np.ones_like(X["test"])),
        "LinearMap was fitted on test",
    ),
    "validation on training images": (
        lambda m: m.fit(X["train"], X["train"], verbose=0, validation_data=(X["train"], X["train"])),
        "Autoencoder was validated on train",
    ),
    "validation towards test images": (
        lambda m: m.fit(X["train"], X["train"], verbose=0, validation_data=(X["valid"], X["test"][: len(X["valid"])])),
        "Autoencoder was validated on test",
    ),
    "validation on test images": (
        lambda m: m.fit(X["train"], X["train"], verbose=0, validation_data=(X["test"], X["test"])),
        "Autoencoder was validated on test",
    ),
    "PCA of test images": (lambda m: PCA(2).fit(flat(X["test"])), "PCA was fitted on test"),
    "PCA of test images, in one go": (lambda m: PCA(2).fit_transform(flat(X["test"])), "PCA was fitted on test"),
    "measured on training images": (
        lambda m: squared_error(X["train"], m.reconstruct(X["train"])),
        "squared_error was measured on train",
    ),
    "PCA of test images, by name": (lambda m: PCA(2).fit(X=flat(X["test"])), "PCA was fitted on test"),
    "measured on training images, by name": (
        lambda m: squared_error(x=X["train"], x_hat=X["train"]),
        "squared_error was measured on train",
    ),
    "measured on a validation image": (
        lambda m: squared_error(X["valid"][:1], X["valid"][:1]),
        "squared_error was measured on valid",
    ),
    "evaluated on training images": (
        lambda m: m.evaluate(X["train"], X["train"], verbose=0),
        "Autoencoder was measured on train",
    ),
    "a classifier fitted on codes of test images": (
        lambda m: LogisticRegression().fit(m.encode(X["test"]), LABELS["test"]),
        "LogisticRegression was fitted on test",
    ),
    "neighbours that vote among test codes": (
        lambda m: KNeighborsClassifier().fit(m.encode(X["test"]), LABELS["test"]),
        "KNeighborsClassifier was fitted on test",
    ),
    "what PCA makes of test images": (
        lambda m: LogisticRegression().fit(pca().transform(flat(X["test"])), LABELS["test"]),
        "LogisticRegression was fitted on test",
    ),
    "what PCA draws of test images": (
        lambda m: PCA(2).fit(pca().inverse_transform(pca().transform(flat(X["test"])))),
        "PCA was fitted on test",
    ),
    "what a line makes of test images": (
        lambda m: PCA(2).fit(LinearRegression().fit(*[flat(X["train"])] * 2).predict(flat(X["test"]))),
        "PCA was fitted on test",
    ),
    "what PCA makes of training images, in one go": (
        lambda m: (
            KNeighborsClassifier()
            .fit(ones(), LABELS["train"])
            .score(PCA(2).fit_transform(flat(X["train"])), LABELS["train"])
        ),
        "KNeighborsClassifier was measured on train",
    ),
    "a classifier scored on training codes": (
        lambda m: (
            LogisticRegression().fit(m.encode(X["train"]), LABELS["train"]).score(m.encode(X["train"]), LABELS["train"])
        ),
        "LogisticRegression was measured on train",
    ),
    "an image as its own neighbour": (
        lambda m: NearestNeighbors().fit(m.encode(X["test"])).kneighbors(m.encode(X["test"][:5])),
        "NearestNeighbors was asked for neighbours of rows among which it searches",
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found(name, splits, autoencoder, capsys):
    leak, message = LEAKS[name]
    honest(autoencoder)
    leak(autoencoder)
    with pytest.raises(ClaimFailed) as failure:
        splits.check()
    assert message in str(failure.value)
    assert ";" not in str(failure.value), "one leak, one fault"
    assert "instead of" not in str(failure.value)
    assert capsys.readouterr().out == ""


def test_each_method_is_wrapped_once(splits):
    methods = keras.Model.fit, PCA.fit, PCA.transform
    watch_splits(**X)
    assert methods == (keras.Model.fit, PCA.fit, PCA.transform)


def test_what_was_not_done_is_told(splits, autoencoder):
    with pytest.raises(ClaimFailed, match=r"nothing was fitted on train; nothing was measured on test"):
        splits.check()
    autoencoder.fit(X["train"], X["train"], verbose=0)
    with pytest.raises(ClaimFailed, match=r"\(nothing was measured on test\)"):
        splits.check()


def test_on_purpose(splits, autoencoder):
    honest(autoencoder)
    with splits.on_purpose("train"):
        squared_error(X["train"], X["train"])
    with splits.on_purpose("train", "test"), splits.on_purpose("valid"):
        squared_error(X["valid"], X["valid"])
    splits.check()
    squared_error(X["valid"], X["valid"])
    with pytest.raises(ClaimFailed, match="measured on valid"):
        splits.check()


def test_what_chooses_is_no_other_split(splits, autoencoder):
    honest(autoencoder)
    with splits.on_purpose("valid"):
        squared_error(X["test"], X["test"])
    with pytest.raises(ClaimFailed, match=r"squared_error was measured on test instead of valid\)"):
        splits.check()


def test_what_is_measured_on_purpose_is_no_result(splits, autoencoder):
    autoencoder.fit(X["train"], X["train"], verbose=0)
    with splits.on_purpose("train", "test"):
        squared_error(X["test"], X["test"])
    with pytest.raises(ClaimFailed, match="nothing was measured on test"):
        splits.check()


def test_purpose_excuses_no_training(splits, autoencoder):
    with splits.on_purpose("test"):
        autoencoder.fit(X["test"], X["test"], verbose=0)
    with pytest.raises(ClaimFailed, match="fitted on test"):
        splits.check()


@pytest.mark.parametrize("names", [(), ("all",), ("train", "tests"), (None,)])
def test_on_purpose_refuses_other_names(splits, names):
    with pytest.raises(ValueError, match=r"train, valid, test"), splits.on_purpose(*names):
        pass


def test_a_figure_measures_nothing(splits, autoencoder):
    honest(autoencoder)
    plot_reconstructions(X["train"][:3], X["train"][:3])
    plot_denoising(X["train"][:3], X["train"][:3], X["train"][:3])
    plot_autoencoder(X["train"][0], np.ones(3), X["train"][0])
    with unwatched():
        squared_error(X["train"], X["train"])
    splits.check()


def test_codes_that_coincide_are_nobodys(splits):
    """Two splits whose codes are equal by chance: no fault can be told from that."""
    splits.derive(X["train"], np.ones((30, 1)))
    splits.derive(X["test"], np.ones((20, 1)))
    splits.note("fitted", "x", np.ones((5, 1)))
    assert splits._used["fitted"] == set()


def test_rows_of_zeros_are_nobodys(splits):
    splits.derive(X["test"], np.zeros((20, 3)))
    splits.note("fitted", "x", np.zeros((5, 3)))
    assert splits._used["fitted"] == set()


def test_negative_zeros_are_zeros(splits):
    codes = np.eye(20)
    splits.derive(X["test"], codes)
    splits.note("fitted", "x", np.where(codes == 0, -0.0, codes))
    assert splits._used["fitted"] == {"test"}


def test_rows_are_known_however_many_there_are(monkeypatch):
    monkeypatch.setattr(module, "_watching", None)
    rows = RANDOM.random((20_003, 6))
    splits = watch_splits(train=rows[:1] + 1, valid=rows[:1] + 2, test=rows)
    for row in (0, 9_999, 10_000, 10_001, 20_002):
        splits._used["fitted"].clear()
        splits.note("fitted", "x", rows[row : row + 1])
        assert splits._used["fitted"] == {"test"}


def test_images_are_known_as_bytes_and_as_parts_of_one(monkeypatch):
    monkeypatch.setattr(module, "_watching", None)
    pixels = RANDOM.integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    pixels[:10] //= 2  # darker than others
    for test, fitted in ((pixels, pixels / np.float32(255)), (pixels / np.float32(255), pixels)):
        splits = watch_splits(train=X["train"], valid=X["valid"], test=test)
        for some in (fitted, fitted[3:5], fitted[:1] * 0.5):
            splits._used["fitted"].clear()
            splits.note("fitted", "x", some)
            assert splits._used["fitted"] == {"test"}


@pytest.mark.parametrize(
    "rows", [None, "text", 3.0, np.ones(5), np.array([["a"]]), np.empty((0, 3)), {"a": 1}, [[1], [2, 3]]]
)
def test_what_has_no_rows_is_passed_over(splits, rows):
    splits.note("fitted", "x", rows)
    splits.derive(rows, rows)
    assert splits._used["fitted"] == set()


def test_results_stay_as_they_are(splits, autoencoder):
    assert isinstance(autoencoder.fit(X["train"], X["train"], verbose=0), keras.callbacks.History)
    pca = PCA(2)
    assert pca.fit(flat(X["train"])) is pca


def test_splits_that_overlap_are_refused():
    with pytest.raises(ValueError, match=r"^1 rows of test stand in another split as well"):
        watch_splits(train=X["train"], valid=X["valid"], test=np.concatenate([X["test"], X["train"][:1]]))


@pytest.mark.parametrize("rows", [None, np.ones(3), "text"])
def test_a_split_without_rows_is_refused(rows):
    with pytest.raises(ValueError, match="valid should be an array"):
        watch_splits(train=X["train"], valid=rows, test=X["test"])


# Entries of sparse matrices: who likes what.

LIKES = {
    name: scipy.sparse.csr_array((np.ones(len(places)), np.transpose(places)), shape=(4, 3))
    for name, places in {"train": [(0, 0), (1, 1), (2, 2), (3, 0)], "valid": [(0, 1)], "test": [(1, 2), (2, 0)]}.items()
}


@pytest.fixture
def entries(monkeypatch):
    monkeypatch.setattr(module, "_watching", None)
    watched = watch_splits(**LIKES)
    Popularity().fit(LIKES["train"])
    recall_at_k(np.ones((4, 3)), LIKES["test"].toarray() > 0, k=1)
    return watched


def test_honest_recommending_passes(entries, capsys):
    with entries.on_purpose("valid"):
        recall_at_k(np.ones((4, 3)), LIKES["valid"].toarray() > 0, k=1)
    entries.check()
    assert capsys.readouterr().out == "✓ What was measured had not been trained on\n"


LEAKED_LIKES = {
    "test likes in fit": (lambda: Popularity().fit(LIKES["train"] + LIKES["test"]), "Popularity was fitted on test"),
    "one validation like in fit": (
        lambda: Popularity().fit(LIKES["train"] + 0.5 * LIKES["valid"]),
        "Popularity was fitted on valid",
    ),
    "measured on training likes": (
        lambda: recall_at_k(np.ones((4, 3)), LIKES["train"].toarray() > 0, k=1),
        "recall_at_k was measured on train",
    ),
    "measured on movies by users": (
        lambda: recall_at_k(np.ones((3, 4)), LIKES["train"].T.toarray() > 0, k=1),
        "recall_at_k was measured on train",
    ),
    "test likes in a network's batches": (
        lambda: keras_model(4).fit(SparseBatches((LIKES["train"] + LIKES["test"]).T, LIKES["train"].T), verbose=0),
        "Sequential was fitted on test",
    ),
    "test likes in its targets": (
        lambda: keras_model(4).fit(SparseBatches(LIKES["train"].T, LIKES["test"].T), verbose=0),
        "Sequential was fitted on test",
    ),
}


def keras_model(width):
    model = keras.Sequential([keras.Input((width,)), keras.layers.Dense(width)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


@pytest.mark.parametrize("name", LEAKED_LIKES)
def test_a_leaked_like_is_found(name, entries):
    leak, message = LEAKED_LIKES[name]
    leak()
    with pytest.raises(ClaimFailed) as failure:
        entries.check()
    assert message in str(failure.value) and ";" not in str(failure.value)


def test_a_strength_chosen_on_test_likes_is_found(entries):
    with entries.on_purpose("valid"):
        ndcg_at_k(np.ones((4, 3)), LIKES["test"].toarray() > 0, k=1)
    with pytest.raises(ClaimFailed, match="ndcg_at_k was measured on test instead of valid"):
        entries.check()


def test_matrices_that_overlap_or_differ_are_refused():
    with pytest.raises(ValueError, match=r"^1 entries of test stand in valid as well"):
        watch_splits(train=LIKES["train"], valid=LIKES["valid"], test=LIKES["test"] + LIKES["valid"])
    with pytest.raises(ValueError, match=r"test should have the shape of train, \(4, 3\), but has \(3, 4\)"):
        watch_splits(train=LIKES["train"], valid=LIKES["valid"], test=LIKES["test"].T)
