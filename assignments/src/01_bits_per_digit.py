# %% [markdown] nbgrader={"grade": false, "grade_id": "01-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 01 Bits per digit
#
# Lesson 01 stored a digit as 32 numbers. But a number is no size. How many **bits** does a digit cost, and what does each further bit buy?
# You build what stands between a code and a file: numbers are rounded to a few values (*quantised*), frequent values get short words, and a curve shows the error against the bits. Engineers call it the **rate-distortion curve**.
#
# **Before you start:** lesson 01, *Dimensionality reduction*.
#
# **Points:** 10. The checks below your cells give 8, the question at the end 2. **Time:** about an hour.
#
# **How to hand in.** Work in the cells that say `# YOUR CODE HERE`. Do not delete or copy cells. Before you hand in: *Kernel > Restart & Run All*. You may run the checks as often as you like; grading adds further ones.

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# Two autoencoders, with 8 and with 32 numbers in the code. Their training is short, so their errors are larger than in the lesson.

# %% nbgrader={"grade": false, "grade_id": "01-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import logging
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd

from ae_helpers import plots
from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show

SEED = 0
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results


def check_array(value, shape):
    """Say in words what is wrong with the type or the shape of a result."""
    assert value is not None, "You returned None: is the `return` missing?"
    assert isinstance(value, np.ndarray), f"Expected a NumPy array, but a {type(value).__name__} came."
    assert value.shape == shape, f"Expected an array of shape {shape}, but yours has {value.shape}."


# %% nbgrader={"grade": false, "grade_id": "01-models", "locked": true, "schema_version": 3, "solution": false, "task": false}
(x_train, _), (x_valid, _), (x_test, _) = load_mnist()
x_train, x_valid, x_test = x_train[:3000].copy(), x_valid[:1000].copy(), x_test[:1000].copy()  # enough here

models = {k: dense_autoencoder(k, hidden_sizes=(256,), code_penalty=3e-5) for k in (8, 32)}
for model in models.values():
    model.compile(keras.optimizers.Adam(5e-3), loss="mse", steps_per_execution=20)
    model.fit(x_train, x_train, epochs=8, batch_size=100, verbose=0)

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-quantise-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1 From numbers to symbols and back (2 + 1 points)
#
# Each number of a code has its own range, from `low` to `high`. Lay a grid of 2^bits values over it: evenly spaced, the first at `low`, the last at `high`. Count them 0, 1, 2 and so on. The **symbol** of a number is the count of the *nearest* grid value. A number outside its range gets the symbol of the nearer end.
#
# | argument | what it is |
# |---|---|
# | `z` | codes, float array `(n, k)`: n digits, k numbers each |
# | `low`, `high` | the ranges, float arrays `(k,)`; every `high` is above its `low` |
# | `bits` | whole number, 1 or more |
#
# Return an integer array `(n, k)` with values from 0 to 2^bits − 1.
#
# *Example:* from 0 to 3 with 2 bits, the grid is 0, 1, 2, 3. So 1.2 gets the symbol 1, 1.7 gets 2, −5 gets 0 and 9 gets 3.

# %% nbgrader={"grade": false, "grade_id": "01-quantise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantise(z, low, high, bits):
    """The symbol of each number of the codes: an integer array `(n, k)`, from 0 to 2**bits - 1."""
    ### BEGIN SOLUTION
    position = (z - low) / (high - low)  # 0 at low, 1 at high
    symbols = np.rint(position * (2**bits - 1))
    return np.clip(symbols, 0, 2**bits - 1).astype(int)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "01-quantise-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
low, high = np.array([0.0, -1.0]), np.array([3.0, 1.0])
codes = np.array([[1.2, -1.0], [1.7, 0.9], [-5.0, 0.2], [9.0, -0.6]])
expected = np.array([[1, 0], [2, 3], [0, 2], [3, 1]])
symbols = quantise(codes, low, high, 2)
check_array(symbols, (4, 2))
assert np.issubdtype(symbols.dtype, np.integer), f"Symbols are whole numbers, but your dtype is {symbols.dtype}."
assert symbols.min() >= 0, f"The smallest symbol is 0, but you gave {symbols.min()}: mind what lies below low."
assert symbols.max() <= 3, f"With 2 bits the largest symbol is 3, but you gave {symbols.max()}."
assert np.array_equal(symbols, expected), f"The codes\n{codes}\nshould become\n{expected}\nbut became\n{symbols}"
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 101)
for bits, (n, k) in {1: (20, 3), 3: (50, 8), 8: (500, 32)}.items():
    low = rng.normal(size=k)
    high = low + rng.uniform(0.5, 4, k)
    codes = rng.uniform(low - 0.3, high + 0.3, (n, k))
    grid = np.linspace(low, high, 2**bits)  # (2**bits, k)
    expected = np.abs(codes[:, None, :] - grid).argmin(axis=1)
    symbols = quantise(codes, low, high, bits)
    check_array(symbols, (n, k))
    assert np.array_equal(symbols, expected), "Your function is wrong for other codes than those of the example."
### END HIDDEN TESTS
print("Each number has become the symbol of its nearest grid value.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-dequantise-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# **And back.** The decoder wants numbers. Give each symbol its grid value: the symbol 0 becomes `low`, the symbol 2^bits − 1 becomes `high`.
# `symbols` is an integer array `(n, k)`, the other arguments are as above. Return a float array `(n, k)`.
#
# *Example:* from −1 to 1 with 2 bits, the symbols 0, 1, 2, 3 become −1, −1/3, 1/3, 1.

# %% nbgrader={"grade": false, "grade_id": "01-dequantise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dequantise(symbols, low, high, bits):
    """The grid value of each symbol: a float array `(n, k)`."""
    ### BEGIN SOLUTION
    step = (high - low) / (2**bits - 1)
    return low + symbols * step
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "01-dequantise-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
low, high = np.array([-1.0, 0.0]), np.array([1.0, 3.0])
symbols = np.array([[0, 0], [1, 1], [2, 2], [3, 3]])
expected = np.array([[-1, 0], [-1 / 3, 1], [1 / 3, 2], [1, 3]])
values = dequantise(symbols, low, high, 2)
check_array(values, (4, 2))
assert np.allclose(values[0], low), f"The symbol 0 should become low, {low}, but became {values[0]}."
assert np.allclose(values[3], high), f"The symbol 3 should become high, {high}, but became {values[3]}."
assert np.allclose(values, expected), f"The symbols\n{symbols}\nshould become\n{expected}\nbut became\n{values}"
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 201)
for bits, (n, k) in {1: (20, 3), 3: (50, 8), 8: (500, 32)}.items():
    low = rng.normal(size=k)
    high = low + rng.uniform(0.5, 4, k)
    symbols = rng.integers(0, 2**bits, (n, k))
    expected = np.linspace(low, high, 2**bits)[symbols, np.arange(k)]
    values = dequantise(symbols, low, high, bits)
    check_array(values, (n, k))
    assert np.allclose(values, expected), "Your function is wrong for other symbols than those of the example."
### END HIDDEN TESTS
print("Each symbol has become its grid value.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-prices-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2 What a digit costs (1 + 1 points)
#
# **A symbol** first. With words of one length, every number costs `bits` bits. But values in the middle of the range are more frequent than those at its ends. Shannon (1948) showed that a symbol of probability p needs a word of −log₂ p bits; an arithmetic coder comes that close.
#
# The probabilities must be known *before* the digit to be coded comes, so we count on training digits. A symbol that never came there still needs a word. So add 1 to each count:
#
# p = (how often the symbol comes + 1) / (n + 2^bits), for each of the k numbers by itself.
#
# `symbols` is an integer array `(n, k)`. Return the **price list**, a float array `(k, 2^bits)`: in row j, column s, the bits that the symbol s of number j costs.
#
# *Example:* one number, 2 bits, four training digits with the symbols 0, 0, 0, 1. The counts plus one are 4, 2, 1, 1, the probabilities 4/8, 2/8, 1/8, 1/8, the prices 1, 2, 3, 3 bits.

# %% nbgrader={"grade": false, "grade_id": "01-prices", "locked": false, "schema_version": 3, "solution": true, "task": false}
def price_list(symbols, bits):
    """Bits that each symbol of each number costs: a float array `(k, 2**bits)`."""
    ### BEGIN SOLUTION
    n, k = symbols.shape
    counts = np.stack([np.bincount(symbols[:, j], minlength=2**bits) for j in range(k)])
    return -np.log2((counts + 1) / (n + 2**bits))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "01-prices-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
symbols = np.array([[0, 3], [0, 2], [0, 3], [1, 3]])
expected = np.array([[1.0, 2, 3, 3], [3, 3, 2, 1]])
prices = price_list(symbols, 2)
check_array(prices, (2, 4))
assert np.isfinite(prices).all(), f"A symbol that never came needs a finite price, too, but you gave\n{prices}"
total = (2.0**-prices).sum(axis=1)
assert np.allclose(total, 1), f"The probabilities 2^-price of each number should add up to 1, but give {total}."
assert np.allclose(prices, expected), f"The symbols\n{symbols}\nshould cost\n{expected}\nbut cost\n{prices}"
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 301)
for bits, (n, k) in {1: (20, 3), 3: (50, 8), 6: (500, 32)}.items():
    symbols = rng.binomial(2**bits - 1, rng.uniform(0.2, 0.8, k), (n, k))
    times = (symbols[:, :, None] == np.arange(2**bits)).sum(axis=0)
    expected = np.log2(n + 2**bits) - np.log2(times + 1)
    prices = price_list(symbols, bits)
    check_array(prices, (k, 2**bits))
    assert np.allclose(prices, expected), "Your function is wrong for other symbols than those of the example."
### END HIDDEN TESTS
print("Frequent symbols are cheap, rare ones dear, and the probabilities add up to 1.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-costs-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# **A digit** costs what its symbols cost. Look up the price of each of its k symbols, and add them up.
# `symbols` is an integer array `(n, k)`, `prices` a price list `(k, 2^bits)`, made from other digits. Return a float array `(n,)`: the bits that each digit costs.
#
# *Example:* with the prices 1, 2, 3, 3 for the first number and 3, 3, 2, 1 for the second, a digit with the symbols 0 and 3 costs 1 + 1 = 2 bits.

# %% nbgrader={"grade": false, "grade_id": "01-costs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def digit_costs(symbols, prices):
    """Bits that each digit costs: a float array `(n,)`."""
    ### BEGIN SOLUTION
    numbers = np.arange(len(prices))
    return prices[numbers, symbols].sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "01-costs-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
symbols = np.array([[0, 3], [2, 0], [1, 2]])
prices = np.array([[1.0, 2, 3, 3], [3, 3, 2, 1]])
costs = digit_costs(symbols, prices)
check_array(costs, (3,))
assert np.allclose(costs, [2, 6, 4]), f"The three digits should cost 2, 6 and 4 bits, but you gave {costs}."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 401)
for bits, (n, k) in {1: (20, 3), 3: (8, 8), 6: (300, 32)}.items():
    symbols, prices = rng.integers(0, 2**bits, (n, k)), rng.uniform(0.1, 9, (k, 2**bits))
    expected = [sum(prices[j, s] for j, s in enumerate(row)) for row in symbols]
    costs = digit_costs(symbols, prices)
    check_array(costs, (n,))
    assert np.allclose(costs, expected), "Your function is wrong for other digits than those of the example."
### END HIDDEN TESTS
print("Each digit has its price in bits.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-curve-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3 The rate-distortion curve (2 points)
#
# For each number of bits: quantise, count the bits, dequantise, decode, measure the error.
#
# | argument | what it is |
# |---|---|
# | `x` | images, float array `(n, height, width, 1)` |
# | `z` | their codes `(n, k)` |
# | `z_train` | codes of *training* images `(m, k)`: the ranges and the price lists come from these |
# | `decode` | function from codes `(n, k)` to images of the shape of `x` |
# | `tools` | holds the four functions of tasks 1 and 2. Call `tools.quantise(...)` and so on, not your own, so that this task is checked by itself |
# | `all_bits` | list of whole numbers |
#
# The range of each number goes from its smallest to its largest value among the training codes.
#
# Return a `pd.DataFrame` with a row for each of `all_bits`, which is its index, in that order, and two columns: `"bits per digit"` (mean over the images) and `"squared error"` (summed over the pixels, mean over the images; `squared_error` is imported above).

# %% nbgrader={"grade": false, "grade_id": "01-curve", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rate_distortion(x, z, z_train, decode, tools, all_bits):
    """Bits per digit and squared error for each number of bits: a DataFrame with the index `all_bits`."""
    ### BEGIN SOLUTION
    low, high = z_train.min(axis=0), z_train.max(axis=0)
    rows = []
    for bits in all_bits:
        prices = tools.price_list(tools.quantise(z_train, low, high, bits), bits)
        symbols = tools.quantise(z, low, high, bits)
        x_hat = decode(tools.dequantise(symbols, low, high, bits))
        rows.append((tools.digit_costs(symbols, prices).mean(), squared_error(x, x_hat).mean()))
    return pd.DataFrame(rows, index=all_bits, columns=["bits per digit", "squared error"])
    ### END SOLUTION


# %% [markdown] nbgrader={"grade": false, "grade_id": "01-stand-ins-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The checks use simple stand-ins for the four functions, made for codes from 0 to 1.

# %% nbgrader={"grade": false, "grade_id": "01-stand-ins", "locked": true, "schema_version": 3, "solution": false, "task": false}
class StandIns:
    """Cuts codes off after some binary digits. A symbol costs `bits` times the digits in the price list."""

    def __init__(self):
        self.ranges = []

    def quantise(self, z, low, high, bits):
        self.ranges.append((low, high))
        return np.floor(z * 2**bits).astype(int)

    def dequantise(self, symbols, low, high, bits):
        return symbols / 2**bits

    def price_list(self, symbols, bits):
        assert np.issubdtype(symbols.dtype, np.integer), "price_list wants symbols; did you pass codes?"
        return np.full((symbols.shape[1], 2**bits), len(symbols) * bits)

    def digit_costs(self, symbols, prices):
        assert np.issubdtype(symbols.dtype, np.integer), "digit_costs wants symbols; did you pass codes?"
        return np.full(len(symbols), prices[:, 0].sum())

    def decode(self, z):
        return z.reshape(-1, 2, z.shape[1] // 2, 1)  # the picture is the code


# %% nbgrader={"grade": true, "grade_id": "01-curve-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
tools, names = StandIns(), ["bits per digit", "squared error"]
z_few, z_more = np.repeat([[0.75], [0.625]], 4, axis=1), np.linspace(0, 0.95, 20).reshape(5, 4)
table = rate_distortion(tools.decode(z_few), z_few, z_more, tools.decode, tools, [1, 2])
assert isinstance(table, pd.DataFrame), f"Expected a DataFrame, but a {type(table).__name__} came."
assert list(table.index) == [1, 2], f"The index should be [1, 2], but is {list(table.index)}."
assert sorted(table.columns) == names, f"The columns should be {names}, but are {list(table.columns)}."
for low, high in tools.ranges:
    assert np.allclose(low, z_more.min(axis=0)), f"low should be each number's smallest training code, not {low}."
    assert np.allclose(high, z_more.max(axis=0)), f"high should be each number's largest training code, not {high}."
bits, errors = (list(table[name]) for name in names)
assert np.allclose(bits, [20, 40]), f"With prices from 5 training digits, a digit costs 20 and 40 bits, not {bits}."
assert np.allclose(errors, [0.15625, 0.03125]), f"The errors should be 0.15625 and 0.03125, not {errors}."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 501)
z_few, z_more = rng.random((30, 6)), rng.random((40, 6))
x_few, other = tools.decode(rng.random((30, 6))), StandIns()
table = rate_distortion(x_few, z_few, z_more, tools.decode, other, [3, 1, 7])
assert list(table.index) == [3, 1, 7], "Your table is wrong for other numbers of bits than those of the example."
assert all(np.allclose(r, (z_more.min(axis=0), z_more.max(axis=0))) for r in other.ranges), "The ranges are wrong."
assert np.allclose(table[names[0]], [720, 240, 1680]), "The bits are wrong for other codes than those of the example."
cut_off = [tools.decode(np.floor(z_few * 2**b) / 2**b) for b in (3, 1, 7)]
errors = [np.square(x_few - x_hat).sum() / 30 for x_hat in cut_off]
assert np.allclose(table[names[1]], errors), "The errors are wrong for other codes than those of the example."
### END HIDDEN TESTS
print("Bits from training prices, error from the decoded pictures: a curve.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-cheapest-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4 Choose (1 point)
#
# A table has one row for each setting, and the columns of task 3. Which setting is the **cheapest** (fewest bits per digit) among those that are good enough? Good enough is a squared error of at most `(1 + tolerance) * plain_error`, where `plain_error` is the error without quantising.
#
# Return that row's label in the index. If no row is good enough, raise a `ValueError`. The rows may come in any order, and an error may also rise with more bits.

# %% nbgrader={"grade": false, "grade_id": "01-cheapest", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cheapest(table, plain_error, tolerance):
    """Label of the row with the fewest bits whose squared error is within the tolerance."""
    ### BEGIN SOLUTION
    good_enough = table[table["squared error"] <= (1 + tolerance) * plain_error]
    if good_enough.empty:
        raise ValueError("No setting is good enough.")
    return good_enough["bits per digit"].idxmin()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "01-cheapest-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
rows = {"fine": (90.0, 10.1), "middle": (60.0, 10.8), "coarse": (30.0, 14.0)}
table = pd.DataFrame.from_dict(rows, orient="index", columns=["bits per digit", "squared error"])
choice = cheapest(table, 10.0, 0.1)
assert choice is not None, "You returned None: is the `return` missing?"
assert choice == "middle", f"Up to an error of 11, the cheapest row is 'middle', but you chose {choice!r}."
choice = cheapest(table, 10.0, 0.5)
assert choice == "coarse", f"Up to an error of 15, the cheapest row is 'coarse', but you chose {choice!r}."
try:
    choice = cheapest(table, 10.0, 0.0)
except ValueError:
    choice = "ValueError"
assert choice == "ValueError", f"No row has an error of 10 or less, but you chose {choice!r}."
### BEGIN HIDDEN TESTS
columns = {"squared error": [9.0, 4.2, 4.4, 4.0, 4.9, 6.0], "bits per digit": [20.0, 80, 50, 120, 70, 40]}
table = pd.DataFrame(columns, index=pd.MultiIndex.from_product([[8, 32], [2, 3, 4]]))
for tolerance, best in {0.0: (32, 2), 0.05: (8, 3), 0.1: (8, 4), 0.25: (8, 4), 0.5: (32, 4), 2.0: (8, 2)}.items():
    assert cheapest(table, 4.0, tolerance) == best, "Your choice is wrong for other tables than the example."
### END HIDDEN TESTS
print("The cheapest setting that is good enough.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-result-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Your result
#
# The next cell puts your functions together on real digits: curves and choice on validation images, the result on test images. It is not graded, and only says so while something is missing.

# %% nbgrader={"grade": false, "grade_id": "01-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
try:
    own = SimpleNamespace(quantise=quantise, dequantise=dequantise, price_list=price_list, digit_costs=digit_costs)

    def curve(k, x, all_bits):
        encode, decode = models[k].encode, models[k].decode
        return rate_distortion(x, encode(x), encode(x_train), decode, own, all_bits)

    curves = {k: curve(k, x_valid, [1, 2, 3, 4, 5, 6, 8]) for k in models}
    lines = {f"{k} numbers": (t["bits per digit"], t["squared error"]) for k, t in curves.items()}
    axes = {"xlabel": "bits per digit", "ylabel": "squared error per image"}
    title = "What a bit buys: 1, 2, 3, 4, 5, 6 and 8 bits per number"
    show(plots.plot_lines(lines, log="y", title=title, **axes), alt="Two falling curves that flatten.")

    plain_error = squared_error(x_valid, models[32].reconstruct(x_valid)).mean()
    k, bits = cheapest(pd.concat(curves), plain_error, 0.1)
    price, error = curve(k, x_test, [bits]).iloc[0][["bits per digit", "squared error"]]
    print(pd.concat(curves, names=["numbers", "bits per number"]).round(2))
    print(f"Not quantised, 32 numbers have a squared error of {plain_error:.2f}.")
    print(f"Cheapest within 10 %: {k} numbers of {bits} bits. On test images: {price:.0f} bits, error {error:.2f}.")
    print(f"As 784 bytes, a digit has {784 * 8:,} bits.")
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "01-why-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5 Why? (2 points, graded by your teacher)
#
# Answer in a few sentences each, with numbers from your result.
#
# 1. From some number of bits on, the curve of 32 numbers is flat. Which error is left there, and what would make it smaller?
# 2. For a small budget of bits, is it better to have 8 numbers with many bits or 32 numbers with few? Why?

# %% [markdown] nbgrader={"grade": true, "grade_id": "01-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. The error of the autoencoder itself. With 8 bits per number the squared error is that of the code before quantising, to the second digit; the steps of the grid are then far smaller than what the decoder notices. Further bits describe the same 32 numbers more finely, but what the bottleneck has thrown away is not in them. Longer training, more training images, a larger network, or more numbers in the code would lower the floor. (Half a point: the network's error, not that of rounding. Another half: something that lowers it.)
# 2. Below about 40 bits per digit, 8 numbers are better: with 4 bits each they cost about 26 bits and have an error of about 22, while 32 numbers of 1 bit cost about 30 bits and have twice that error. One or two bits leave only the ends of the range, or hardly more, and spoil every number; it is better to keep few numbers and keep them well. From about 60 bits on 32 numbers are better, for the curve of 8 numbers has reached its floor. Each budget has its own best size of the code. (Half a point: the right choice, with numbers. Another half: why few bits spoil a number.)
# ### END SOLUTION
