# %% [markdown]
# # 07 Sparse codes
#
# Can a code be larger than the picture, and still say something?
#
# ![A seven, drawn number by number: above, what each of its nine largest numbers adds; below, a blot that becomes a seven](images/07.png)
#
# **You will**
# - write a layer that lets only the largest numbers of a code through,
# - see what single numbers draw, and switch them off,
# - define "readable", and then measure it.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe for all: Adam on the squared error, batches of 125, a learning rate that falls to 0 along a cosine, from a rate chosen on validation digits.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn.decomposition import PCA
from sklearn.tree import DecisionTreeClassifier

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder, sparse_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import measures, watch_splits

SEED = 0
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results


# %%
def train(model, x, rate, epochs=1):
    """Fit to (x, x), and return the model."""
    falling = keras.optimizers.schedules.CosineDecay(rate, epochs * len(x) // 125)
    adam = keras.optimizers.Adam(falling)
    model.compile(adam, loss="mse", steps_per_execution=10)
    x = ops.convert_to_tensor(x)  # of an array, fit makes copies
    model.fit(x, x, batch_size=125, epochs=epochs, verbose=0)
    return model


# %% [markdown]
# ## The idea in the small: two bars
#
# Pictures of 4 by 4 pixels. Each is the sum of two of eight bars, more or less bright; nobody tells the network so.

# %%
BARS = np.zeros((8, 4, 4))
for i in range(4):
    BARS[i, i, :] = BARS[4 + i, :, i] = 1


def pictures(n, seed):
    """Pictures `(n, 16)`, each the sum of two bars."""
    rng = np.random.default_rng(seed)
    two = rng.random((n, 8)).argsort(axis=1) < 2
    brightness = two * rng.uniform(0.2, 0.5, (n, 8))
    return (brightness @ BARS.reshape(8, 16)).astype("float32")


bars, new_bars = pictures(12_500, SEED), pictures(2000, SEED + 1000)
show(
    plots.plot_images(new_bars[:10].reshape(-1, 4, 4)),
    alt="Ten pictures of 4 by 4 pixels, each with two grey bars, upright or lying.",
)

# %% [markdown]
# The code has **64** numbers, four times as many as there are pixels: no bottleneck. Instead, only **few** may differ from 0 in any one picture; which ones is the news. Such a code is **sparse**. Two ways:
#
# - a **penalty**: $\lVert x - \hat x\rVert^2 + \lambda \sum_i |z_i|$ makes numbers cost something;
# - **top-k**: the $k$ largest numbers stay, all others become 0.
#
# Encoder and decoder are a layer each, so that $\hat x = b + \sum_i z_i a_i$: a sum of fixed pictures $a_i$, the **atoms**. Their length is kept at 1, else small numbers with large atoms would dodge the penalty.


# %%
class TopK(layers.Layer):
    """Keeps the k largest positive numbers of each code; all others become 0."""

    def __init__(self, k):
        super().__init__()
        self.k = k

    def call(self, z):
        z = ops.relu(z)
        smallest = ops.top_k(z, self.k)[0][:, -1:]
        return ops.where(z < smallest, 0.0, z)


def layer_each_way(pixels, *code):
    """An autoencoder whose pictures are sums of atoms of length 1."""
    encoder = keras.Sequential([keras.Input((pixels,)), *code])
    draw = layers.Dense(pixels, kernel_constraint=keras.constraints.UnitNorm(axis=1))
    decoder = keras.Sequential([keras.Input(encoder.output_shape[1:]), draw])
    return Autoencoder(encoder, decoder)


# %%
penalty = keras.regularizers.L1(0.01)
codes = {
    "no limit": [layers.Dense(64, "relu")],
    "penalty": [layers.Dense(64, "relu", activity_regularizer=penalty)],
    "top 2": [layers.Dense(64), TopK(2)],
}
small = {}
for name, code in codes.items():
    small[name] = train(layer_each_way(16, *code), bars, rate=0.01, epochs=8)

# %% [markdown]
# **Predict:** what will the atoms of the three look like?

# %%
rows, table = {}, {}
for name, model in small.items():
    z, atoms = model.encode(new_bars), model.decoder.get_weights()[0]
    on = z > 0.001
    rows[name] = atoms[np.argsort(-on.sum(axis=0))[:8]].reshape(-1, 4, 4)
    like = np.corrcoef(atoms[on.any(axis=0)], BARS.reshape(8, 16))[:-8, -8:]
    table[name] = {
        "squared error": np.square(new_bars - model.decode(z)).sum(axis=1).mean(),
        "numbers used": on.sum(axis=1).mean(),
        "bars that are an atom": (like.max(axis=0) > 0.9).sum(),
    }
show(
    plots.plot_signed_images(rows, label="weight"),
    alt="The eight most used atoms of each network: mixtures without a limit; with a "
    "penalty bars on a ground of the other sign; with top-k bars.",
)

# %%
table = pd.DataFrame(table).T
table.round(2)

# %% tags=["nbval-check-output"]
twin = sparse_autoencoder(64, k=2, input_shape=(16,))
twin.set_weights(small["top 2"].get_weights())
difference = twin.reconstruct(new_bars) - small["top 2"].reconstruct(new_bars)
found = table["bars that are an atom"]
claim("Without a limit, hardly an atom is a bar", found["no limit"], "<=", 3)
claim("With few numbers allowed, nearly all are found",
      min(found["penalty"], found["top 2"]), ">=", 6)  # fmt: skip
claim("The package's network computes the same", np.abs(difference).max(), "<", 1e-5)

# %% [markdown]
# **What to notice.** All three copy well. Without a limit many numbers take part in each picture, and none means anything alone: there are endless ways to share the work. If few may be used, it pays to use what the pictures are made of.

# %% [markdown]
# ## Larger than a digit
#
# Now a code of **800** numbers for 784 pixels, of which **25** may be used: the package's `sparse_autoencoder`, with a better start and a way to wake numbers (see the failure experiment). Beside it the same without a limit, trained on 15,000 digits only.
#
# **Predict:** PCA with its 25 best directions, or 25 numbers chosen anew for each digit: which has the smaller error?

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
start = {"mean_image": x_train.mean(axis=0)}
sparse = train(sparse_autoencoder(800, 25, **start), x_train, rate=0.003)
no_limit = train(sparse_autoencoder(800, 800, **start), x_train[:15_000], rate=0.003)

# %% [markdown]
# Two more rivals. *Which* 25 of 800 are used is a message, too, one of $\binom{800}{25}$, so at most 157 bits: if a number takes a byte, 45 numbers of PCA take as much room. And a *short* code, through 128 hidden units, with as many numbers as give the same error.

# %%
short = train(dense_autoencoder(24, (128,), **start), x_train, rate=0.01)
pca = PCA(45).fit(x_train.reshape(-1, 784))


def by_pca(x, n):
    """Codes of n numbers, and what PCA draws from them."""
    z = pca.transform(x.reshape(-1, 784))[:, :n]
    return z, (pca.mean_ + z @ pca.components_[:n]).reshape(x.shape)


models = {"no limit": no_limit, "sparse": sparse, "short": short}
z_test = {name: model.encode(x_test) for name, model in models.items()}
x_hats = ((name, models[name].decode(z)) for name, z in z_test.items())
errors = {k: squared_error(x_test, x.clip(0, 1)).mean() for k, x in x_hats}
for n in (25, 45):
    errors[f"PCA {n}"] = squared_error(x_test, by_pca(x_test, n)[1].clip(0, 1)).mean()
used = {name: (z != 0).sum(axis=1).mean() for name, z in z_test.items()}
used |= {"PCA 25": 25, "PCA 45": 45}
pd.DataFrame({"squared error": errors, "numbers used": used}).round(1)

# %% tags=["nbval-check-output"]
most = (z_test["sparse"] > 0).sum(axis=1).max()
claim("No digit uses more than 25 numbers, and most use about as many",
      20, "<", used["sparse"], "<=", most, "<=", 25)  # fmt: skip
claim("25 chosen anew beat the 25 best of PCA",
      0.5, "<", errors["sparse"] / errors["PCA 25"], "<", 0.75)  # fmt: skip
claim("PCA with as many bytes is about level",
      0.85, "<", errors["sparse"] / errors["PCA 45"], "<", 1.2)  # fmt: skip
claim("The short code has about the same error",
      0.8, "<", errors["short"] / errors["sparse"], "<", 1.2)  # fmt: skip

# %% [markdown]
# **What to notice.** Choosing pays: 25 of 800 draw a digit far better than PCA's 25, always the same. But it saves no room: telling the choice may take what it gains, and a short code does with 24 numbers. (A search chooses better than one layer: exercise 4.)

# %% [markdown]
# ## What single numbers draw
#
# $\hat x = b + \sum_i z_i a_i$, term by term: a test digit, its largest numbers first.

# %% tags=["readme"]
atoms, ground = sparse.decoder.get_weights()
z = z_test["sparse"][0]
largest = np.argsort(-z)[:9]
terms = z[largest, None] * atoms[largest]
sums = ground + terms.cumsum(axis=0)
show(
    plots.plot_signed_images(
        {"number times atom": terms.reshape(-1, 28, 28),
         "the sum so far": sums.reshape(-1, 28, 28)},
        limit=0.5, label="pixel",
    ),
    alt="Nine faint pictures, each what one number adds; below, their sum grows "
    "from a blot to a seven.",
)  # fmt: skip

# %% [markdown]
# **Predict:** what will the atoms without a limit look like? (PCA's are its directions; of the sparse ones we show frequent ones.)

# %%
often = np.argsort(-(z_test["sparse"] > 0).mean(axis=0))[::20][:9]
rows = {
    "sparse": atoms[often],
    "no limit": no_limit.decoder.get_weights()[0][:9],
    "PCA": pca.components_[:9],
}
rows = {name: row.reshape(-1, 28, 28) for name, row in rows.items()}
show(
    plots.plot_signed_images(rows, label="weight"),
    alt="Nine atoms of each: pieces of digits in the sparse code, speckle without a "
    "limit, large patterns of both signs in PCA.",
)

# %% [markdown]
# An atom, and the nine test digits in which its number is largest:

# %%
frames = {}
for i in np.argsort(-(z_test["sparse"] > 0).mean(axis=0))[:240:20]:
    drawn = 0.5 + 0.5 * atoms[i] / np.abs(atoms[i]).max()  # grey is 0
    best = x_test[np.argsort(-z_test["sparse"][:, i])[:9]]
    shown = np.concatenate([drawn.reshape(1, 28, 28, 1), best])
    frames[f"number {i}"] = plots.plot_images(shown)
plots.show_slider(
    frames,
    label="which number",
    alt="An atom on grey, and nine digits with a stroke where the atom is bright.",
)

# %% [markdown]
# **Switching one off.** In 2,000 test digits we set the largest number to 0 (in PCA and the short code: the one farthest from its mean, to the mean), decode, and count the pixels that hold 90 % of the squared change. **Predict:** fewer in sparse, or in short?


# %%
def switched(z, factor):
    """Codes in which the number farthest from its mean is so many times as far."""
    mean = 0 if (z == 0).any() else z.mean(axis=0)
    farthest = np.abs(z - mean).argmax(axis=1)[:, None] == np.arange(z.shape[1])
    return mean + (z - mean) * np.where(farthest, factor, 1)


def from_pca(z):
    return (pca.mean_ + z @ pca.components_[: z.shape[1]]).reshape(-1, 28, 28, 1)


# %%
z_test["PCA 25"] = by_pca(x_test, 25)[0]
decoders = {"sparse": sparse.decode, "short": short.decode, "PCA 25": from_pca}
touched, paths = {}, {}
for name, decode in decoders.items():
    z = z_test[name][:2000].astype("float32")
    before, after = (decode(c).clip(0, 1) for c in (z, switched(z, 0)))
    change = np.square(before - after).reshape(-1, 784)
    share = np.sort(change, axis=1)[:, ::-1].cumsum(axis=1)
    touched[name] = (share < 0.9 * share[:, -1:]).sum(axis=1).mean() + 1
    factors = (0, 0.5, 1, 1.5, 2, 3)
    paths[name] = np.concatenate([decode(switched(z, f)[:1]) for f in factors])
show(
    plots.plot_interpolation(paths, title="One number, times 0, 0.5, 1, 1.5, 2, 3"),
    alt="Rows of a seven that changes from left to right, more in PCA and short.",
)

# %% tags=["nbval-check-output"]
claim("A sparse number touches no fewer pixels than one of the short code",
      touched["sparse"], ">", touched["short"])  # fmt: skip

# %% [markdown]
# **What to notice.** Many atoms touch much, here faintly: bright on one side of a line, dark on the other, they bend what others draw. What is special is not their size, but that a picture does without most of them.

# %% [markdown]
# ## Can it be read?
#
# Two measures, set before their results. In both, labelled training digits name things, and test digits judge; the networks never saw a label.
#
# 1. **When it is large, do you know the digit?** The commonest digit among the 1 % in which a number is largest is its name. How many of the top 1 % of test digits bear it, all numbers pooled? (With two signs, both ends count. Of a number that fewer use, only those that use it.)
# 2. **Does one number tell a digit from the others?** For each digit the best number and threshold; the mean of the hit rates on both sides, averaged over digits.
#
# Guessing gets 10 % and 50 %. An *untrained* network shows what many numbers do by themselves.
#
# **Predict:** which code wins each?


# %%
def largest_rows(z):
    """For each number the 1 % of rows in which it is largest; whether it is used."""
    top = np.argpartition(-z, len(z) // 100, axis=0)[: len(z) // 100]
    return top, np.take_along_axis(z, top, axis=0) != 0


def names_of(z, y):
    """The commonest digit among the 1 % of rows in which a number is largest."""
    top, used = largest_rows(z)
    counts = (np.bincount(y[t], u) for t, u in zip(top.T, used.T, strict=True))
    return np.array([count.argmax() for count in counts])


@measures
def purity(z, y, names):
    """How many of the 1 % bear the number's name."""
    top, used = largest_rows(z)
    return (y[top] == names)[used].mean()


# %%
def told_by_one(z_some, y_some, z, y):
    """The best question about one number for each digit: mean of both hit rates."""
    found = []
    for digit in range(10):
        one = DecisionTreeClassifier(max_depth=1, class_weight="balanced")
        is_digit = y == digit
        weight = np.where(is_digit, 0.5 / is_digit.mean(), 0.5 / (~is_digit).mean())
        one.fit(z_some, y_some == digit)
        found.append(one.score(z, is_digit, sample_weight=weight))
    return np.mean(found)


# %%
untrained = sparse_autoencoder(800, 25, **start)
some, y_some = x_train[:5000], y_train[:5000]
encoders = {
    "PCA 25": lambda x: by_pca(x, 25)[0],
    "short": short.encode,
    "no limit": no_limit.encode,
    "sparse, untrained": untrained.encode,
    "sparse": sparse.encode,
}
table = {}
for name, encode in encoders.items():
    z_some, z = encode(some), encode(x_test)
    ends = [(z_some, z), (-z_some, -z)] if (z < 0).any() else [(z_some, z)]
    pure = [purity(b, y_test, names_of(a, y_some)) for a, b in ends]
    table[name] = {
        "digit known (%)": 100 * np.mean(pure),
        "told by one (%)": 100 * told_by_one(z_some[:2000], y_some[:2000], z, y_test),
    }
table = pd.DataFrame(table).T
table.round(0)

# %% tags=["nbval-check-output"]
known, told = table["digit known (%)"], table["told by one (%)"]
claim("A large sparse number says more than one of any rival",
      known["sparse"], ">", 1.03 * known.drop("sparse").max())  # fmt: skip
claim("Told by a single number, a digit is told no better than by PCA",
      told["sparse"], "<", told["PCA 25"] + 1)  # fmt: skip

# %% [markdown]
# **What to notice.** By the first measure the sparse code is ahead; by the second PCA, by less. Hardly a number stands for a digit.
#
# Which digits use the atoms from above?

# %%
uses = pd.DataFrame(z_test["sparse"][:, often] > 0).groupby(y_test).mean().T * 100
uses.index = [f"number {i}" for i in often]
show(
    plots.plot_heat_map(uses, xlabel="digit", ylabel="", label="use it (%)"),
    alt="A table of nine numbers and ten digits: the first is used by all digits, the "
    "others mostly by a few.",
)

# %% [markdown]
# ## A failure experiment: numbers that never wake
#
# In training, only numbers that are let through get a gradient. One that is never among the 25 largest does not learn, and so hardly ever will be: it is **dead**. Three ways to train on 25,000 digits:
#
# - *plain*: random weights, as in the small,
# - *good start*: the decoder starts at the mean digit, the encoder as its transpose, with a code of zeros for that digit;
# - *woken*: besides, each number learns from the digit of a batch in which it is largest.
#
# **Predict:** with each, how many of the 800 are not used for any of 10,000 test digits?

# %%
flat, flat_test = x_train[:25_000].reshape(-1, 784), x_test.reshape(-1, 784)
start = start | {"input_shape": (784,), "mean_image": start["mean_image"].ravel()}
ways = {
    "plain": layer_each_way(784, layers.Dense(800), TopK(25)),
    "good start": sparse_autoencoder(800, 25, wake=False, **start),
    "woken": sparse_autoencoder(800, 25, wake=True, **start),
}
table = {}
for name, model in ways.items():
    z = train(model, flat, rate=0.003).encode(flat_test)
    table[name] = {
        "dead (%)": 100 * (z == 0).all(axis=0).mean(),
        "seem dead on 100 digits (%)": 100 * (z[:100] == 0).all(axis=0).mean(),
        "squared error": squared_error(flat_test, model.decode(z).clip(0, 1)).mean(),
    }
table = pd.DataFrame(table).T
table.round(1)

# %% tags=["nbval-check-output"]
dead = table["dead (%)"]
claim("Trained plainly, most numbers are dead", dead["plain"], ">", 60)
claim("A good start saves many, waking nearly all", dead["woken"], "<", 5,
      "<", dead["good start"], "<", 0.75 * dead["plain"])  # fmt: skip
splits.check()

# %% [markdown]
# **What to notice.** Trained plainly, most numbers are dead, and the error is larger. Dead numbers need not be why: the good start also begins at the mean digit, and waking the rest lowers the error no further. (On 100 digits, rare ones seem dead, too.)
#
# ## The same, with language models
#
# People do just this to language models today. Such a model holds thousands of numbers for each word that it reads, and single ones mean many things at once, like those without a limit above. So one trains a sparse autoencoder on them, with a code many times as large and a few dozen in use; single numbers of *that* code often stand for what a person can name: a language, a place, a kind of mistake in a program (Bricken et al. 2023, Gao et al. 2024; from memory).
#
# *What carries over:* the network; dead numbers, and ways to wake them; looking at what makes a number large; turning it up. *What does not:* there an atom is no picture, its meaning must be guessed from examples, and no labels say whether the guess is right. Nor does a name prove that the model *uses* the number so.

# %% [markdown]
# ## The answer
#
# **Can a code be larger than the picture and still say something?** Yes, if few of its numbers may be used at a time. Then single numbers turn into parts that pictures have in common: bars in the small, pieces of digits at 28 by 28; without a limit ours, trained briefly, stay speckle. Chosen by one layer, they save no room: PCA with as many bytes is level. And it is readable only so far: a large one tells the digit more often than in a code without limit or a short one; one number and a threshold tell no better than PCA. A large code also needs care, or most of it never wakes.
#
# ## Exercises
#
# Solved in [solutions/07](solutions/07.ipynb).
#
# 1. *(a minute)* Give the small network 32 numbers, and `TopK(1)` or `TopK(4)`. What do the atoms become?
#    <details><summary>Hint</summary>How many pairs of bars are there?</details>
# 2. *(ten minutes)* Train with $k = 5$ and with $k = 100$. Are the atoms larger or smaller than at 25?
#    <details><summary>Hint</summary>Count pixels as in "Switching one off", with an atom in place of the change.</details>
# 3. *(half an hour)* Train `sparse` again from other first weights. How many atoms come back?
#    <details><summary>Hint</summary>Atoms have length 1: `a @ b.T` holds all cosines. Take each atom's largest.</details>
# 4. *(half an hour)* Our encoder chooses 25 atoms at a glance. Search for better ones, with scikit-learn's `SparseCoder(atoms, transform_algorithm="omp", transform_n_nonzero_coefs=25)`. What does it save? And with atoms of `MiniBatchDictionaryLearning`?
#    <details><summary>Hint</summary>Take the ground off first; 300 test digits will do.</details>
# 5. *(open)* Which numbers tell a 7 with a bar from one without? There are no labels for it.
#    <details><summary>Hint</summary>Which atoms draw a level stroke in the middle?</details>
#
# ## Where it comes from
#
# - Olshausen and Field 1996, Nature 381:607: sparse codes of natural images, whose atoms are strokes.
# - Makhzani and Frey 2014, *k-sparse autoencoders*, ICLR.
# - Földiák 1990, Biological Cybernetics 64:165: the bars.
# - Gao et al. 2024, *Scaling and evaluating sparse autoencoders*: top-k on a language model, and the good start.
#
# **Before:** [06 New digits](06_new_digits.ipynb). **Study:** [07a Sparse codes compared](studies/07a_sparse_codes_compared.ipynb).
