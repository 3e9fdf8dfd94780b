"""Choose settings for lesson 03 and study 03a on validation likes, and compare the chosen on five splits.

    python benchmarks/choose_recommender.py                   # losses, each with its rate: three minutes
    python benchmarks/choose_recommender.py --splits          # five splits: eight minutes
    python benchmarks/choose_recommender.py --splits 3 4      # some of them, beside those in the table

The first writes `recommender_choice.csv`: one network, trained with each loss at each rate without the
validation and the test likes, judged on the validation likes by the cosine of its codes and by what its
decoder says.

The second writes `recommender_splits.csv` and `recommender_settings.csv`. On each split, every method
chooses its settings on the validation likes; then it learns from training and validation likes, and its
recall is measured on the test likes, person by person.
"""

import argparse
import itertools

import keras
import numpy as np
import pandas as pd

from ae_helpers.batches import SparseBatches
from ae_helpers.data import load_movielens
from ae_helpers.data.tables import FOLDER
from ae_helpers.losses import multinomial_loss
from ae_helpers.metrics import recall_at_k
from ae_helpers.models import item_autoencoder
from ae_helpers.ratings import (
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommenders import EASE, SVD, Cosine

SEEDS = range(5)  # of the splits, and of the trainings on them
CHOICE, SPLITS, SETTINGS = (FOLDER / f"recommender_{name}.csv" for name in ("choice", "splits", "settings"))

# What is tried on each split.
NETWORK, SMALL = (512, 64, 15), (256, 64, 8)  # hidden units, numbers of the code, epochs
CODES, DECODERS = 2, 3  # networks together: codes by the multinomial loss, decoders by the squared error
WEIGHTS = (0.2, 0.4, 0.6)  # of the decoder's scores, beside those of the codes
POWERS = (1.0, 1.5)  # of the number of ratings, in the scores of a multinomial decoder
PROFILES = (0.0, 0.3)  # weight, in a user's score, of what is rated below a like
STRENGTHS = (200, 400, 800, 1600)  # EASE
SIZES = (128, 256, 400)  # SVD

# What is tried with each loss: target, loss, activation of the output, rates.
LOSSES = {
    "multinomial": ("input", multinomial_loss, None, (3e-3, 8e-3, 2e-2)),
    "each cell, rated or not": ("rated", "binary_crossentropy", "sigmoid", (1e-3, 3e-3, 8e-3)),
    "each cell, empty as 0 stars": ("stars", "mse", None, (1e-3, 3e-3, 8e-3)),
    "stars of filled cells only": ("stars", "masked", None, (1e-3, 3e-3, 8e-3)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", nargs="*", type=int, help="numbers of splits; none for all")
    wanted = parser.parse_args().splits
    if wanted is None:
        choose_losses()
    else:
        compare_on_splits(wanted or SEEDS)


def choose_losses():
    parts = split(0)
    stars, valid = parts["train"], parts["valid"]
    x = inputs_of(stars)
    targets = {"input": x, "rated": (stars > 0).astype(np.float32), "stars": stars}
    rows = []
    for name, (target, loss, activation, rates) in LOSSES.items():
        for rate in rates:
            loss_function = masked if loss == "masked" else loss
            model = train(x, targets[target], SMALL, 0, loss=loss_function, rate=rate, activation=activation)
            scores = {
                "codes": likes_of(stars) @ cosines(model.encode(x)),
                "decoder": model.predict(SparseBatches(x), verbose=0).T,
            }
            if loss is multinomial_loss:
                scores["decoder, by Bayes' rule"] = (
                    log_shares(scores["decoder"].T) + np.log(raters_of(stars))[:, None]
                ).T
            for judged_by, values in scores.items():
                recall = np.nanmean(recalls(values, stars, valid))
                rows.append({"loss": name, "rate": rate, "judged by": judged_by, "recall@20": recall})
                print(rows[-1], flush=True)
    pd.DataFrame(rows).round(4).to_csv(CHOICE, index=False)


def compare_on_splits(seeds):
    for seed in seeds:
        parts = split(seed)
        chosen = choose(parts["train"], parts["valid"], seed)
        found = measure(parts["known"], parts["test"], seed, chosen)
        settings = [{"split": seed, "method": method, "setting": setting} for method, setting in chosen.items()]
        _replace(SETTINGS, seed, pd.DataFrame(settings))
        people = pd.DataFrame(found).dropna()  # who has a test like
        _replace(SPLITS, seed, people.round(4).rename_axis("person").reset_index().assign(split=seed))


def _replace(path, seed, rows):
    """Put the rows of a split into a table, in place of those that it has."""
    if path.exists():
        old = pd.read_csv(path)
        rows = pd.concat([old[old["split"] != seed], rows]).sort_values("split", kind="stable")
    rows.to_csv(path, index=False)


def choose(stars, valid, seed):
    """Each method's setting with the highest recall on the validation likes."""
    best = {}
    for method, setting, scores in candidates(stars, seed):
        recall = np.nanmean(recalls(scores, stars, valid))
        print(f"split {seed}: {method}, {setting}: {recall:.4f}", flush=True)
        if recall > best.get(method, ("", 0))[1]:
            best[method] = (setting, recall)
    return {method: setting for method, (setting, _) in best.items()}


def measure(known, test, seed, chosen):
    """Recall of each person on the test likes, by each method with its chosen setting."""
    found = {}
    for method, setting, scores in candidates(known, seed, chosen):
        if setting == chosen[method]:
            found[method] = recalls(scores, known, test)
            print(f"split {seed}: {method}, {setting}, test: {np.nanmean(found[method]):.4f}", flush=True)
    return found


def candidates(stars, seed, chosen=None):
    """Method, setting and scores of all that is tried, or only of what is needed for the chosen settings."""

    def needed(method, part):
        return chosen is None or part in chosen[method].split(", ")

    profiles = {f"others {weight}": profile_of(stars, weight) for weight in PROFILES}
    likes = likes_of(stars)
    yield "popularity", "ratings", np.tile(raters_of(stars), (stars.shape[1], 1))
    cosine = Cosine(weigh_users=True).fit(stars.T).similarity_
    for name, profile in profiles.items():
        yield "weighted cosine", name, profile @ cosine
    for size in SIZES:
        if needed("weighted SVD", f"size {size}"):
            similarity = SVD(size, weigh_users=True).fit(stars.T).similarity_
            yield "weighted SVD", f"size {size}", likes @ similarity
    for strength in STRENGTHS:
        if needed("EASE", f"strength {strength}"):
            similarity = EASE(strength).fit(stars.T).similarity_
            for name, profile in profiles.items():
                yield "EASE", f"strength {strength}, {name}", profile @ similarity
    x = inputs_of(stars)
    similarity = 0  # of codes, and scores by decoders: sums over the networks so far
    for number in range(CODES):
        model = train(x, x, NETWORK, 10 * seed + number)
        similarity = similarity + cosines(model.encode(x))
        codes = standardised(likes @ similarity)
        if number == 0:
            yield "autoencoder", "codes alone", codes
            shares = log_shares(model.predict(SparseBatches(x), verbose=0)).T
            for weight, power in itertools.product(WEIGHTS, POWERS):
                decoded = standardised(shares + power * np.log(raters_of(stars)))
                yield "autoencoder", f"decoder {weight}, popularity {power}", (1 - weight) * codes + weight * decoded
    decoded = 0
    for number in range(DECODERS):
        model = train(x, stars, SMALL, 10 * seed + CODES + number, loss="mse")
        decoded = decoded + standardised(model.predict(SparseBatches(x), verbose=0).T)
        if number == 0:
            yield "decoder, squared error", "alone", decoded
    decoded = standardised(decoded)
    for weight in WEIGHTS:
        yield "five autoencoders", f"decoders {weight}", (1 - weight) * codes + weight * decoded


def train(x, y, sizes, seed, *, loss=multinomial_loss, rate=8e-3, activation=None):
    """A network trained as in lesson 03."""
    hidden_size, latent_dim, epochs = sizes
    keras.utils.set_random_seed(seed)
    model = item_autoencoder(x.shape[1], latent_dim, hidden_size, dropout=0.3, output_activation=activation)
    batches = SparseBatches(x, y, batch_size=128, shuffle=True, seed=seed)
    steps = epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 0.9 * steps, warmup_target=rate, warmup_steps=steps // 10)
    model.compile(keras.optimizers.Adam(schedule), loss)
    model.fit(batches, epochs=epochs, verbose=0)
    return model


def masked(y_true, y_pred):
    """Squared error of the filled cells only; divided by ten, for gradients of a good size."""
    observed = keras.ops.cast(y_true != 0, y_pred.dtype)
    return keras.ops.sum(observed * keras.ops.square(y_true - y_pred), axis=-1) / 10


def split(seed):
    """Ratings as matrices of movies by users: train, valid, known (both together with all else) and test."""
    ratings, movies = only_rated(*load_movielens(), at_least=5)
    users = np.sort(ratings["userId"].unique())
    known, test = hold_out_likes(ratings, seed=seed)
    kept, valid = hold_out_likes(known, seed=seed + 1)
    parts = {"train": kept, "valid": valid, "known": known, "test": test}
    return {name: rating_matrix(part, movies, users) for name, part in parts.items()}


def inputs_of(stars):
    return unit_rows(weighted(stars, inverse_user_frequency(stars)))


def likes_of(stars):
    return profile_of(stars, 0.0)


def profile_of(stars, weight):
    """Users by movies: 1 for a like, `weight` for what is rated lower."""
    profile = stars.T.tocsr().astype(np.float32)
    profile.data = np.where(profile.data >= 4, 1, weight).astype(np.float32)
    return profile


def raters_of(stars):
    return np.maximum((stars > 0).sum(axis=1), 1).astype(np.float64)


def log_shares(logits):
    """Logarithm of each user's share of a movie: the softmax of the decoder's outputs."""
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def cosines(codes):
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    return unit @ unit.T


def standardised(scores):
    return (scores - scores.mean(axis=1, keepdims=True)) / np.maximum(scores.std(axis=1, keepdims=True), 1e-9)


def recalls(scores, seen, held_out):
    """Recall@20 of each user."""
    scores = np.array(scores, np.float64)
    scores[seen.T.nonzero()] = -np.inf
    return recall_at_k(scores, held_out.T.toarray() != 0, k=20)


if __name__ == "__main__":
    main()
