"""Export the lessons' own trained networks for the playground: `docs/playground/weights`.

    make weights              # all lessons
    make weights N="01 02"    # some

A lesson's script is run, cell by cell, until what is exported exists: so networks, data, seeds and
training are the lesson's. Kernels are stored as whole numbers of 8 bits, the rest of a network in 32; the test images
tell what that costs. `weights/provenance.json` records from which cells a file was made, its checksum and that
cost; `tests/docs/reference.npz` keeps what the unrounded networks answer, for the comparison in the browser.
"""

import ast
import base64
import contextlib
import hashlib
import io
import json
import sys
import zlib

import keras
import matplotlib
import numpy as np
from keras import ops
from scipy import linalg
from sklearn.manifold import TSNE

from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.movies.titles import Titles
from ae_helpers.recommenders import Embeddings, judge
from tools.percent import ROOT, chosen_sources, read_source

FOLDER = ROOT / "docs" / "playground" / "weights"
PROVENANCE = FOLDER / "provenance.json"
REFERENCE = ROOT / "tests" / "docs" / "reference.npz"
COMPARED = 200  # test images, or codes, on which the browser is compared
PIXELS = np.random.default_rng(0).permutation(784)[:100]  # of each output that the reference keeps
CALIBRATION = 4000  # training images that say which weights matter
# Whole numbers to a standard deviation of a kernel's column: the fewest that lose less than MOST_LOST of the error
# are taken; three times as many in the SMALL kernels, where they cost little.
STEPS, SMALL, MOST_LOST = (0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 4, 6), 200_000, 0.008
TIED_LEVELS = 60  # whole numbers to the largest weight of a tied kernel's column, times one of the STEPS
NETWORKS = ("models", "layers", "losses")  # modules of the package whose code says what is trained
SHOWING = ("claim", "pd", "plots", "print", "show")  # what is called by statements that only show something
EMBEDDING_STEPS, ON_THE_MAP = 4, 1000  # to a standard deviation of all embeddings; films with most ratings


def main(wanted):
    unknown = set(wanted) - set(EXPORTS)
    if unknown:
        sys.exit(f"Nothing is exported from {', '.join(sorted(unknown))}, but from {', '.join(EXPORTS)}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for key in wanted or EXPORTS:
        until, export = EXPORTS[key]
        print(f"{key}: training ...", flush=True)
        export(run_until(key, until), Writer(key))


# A lesson's cells.


def cells_until(key, until):
    """The code cells of a lesson up to the line that assigns the name `until`."""
    (source,) = chosen_sources([key])
    cells = [cell.source for cell in read_source(source).cells if cell.cell_type == "code"]
    for count, cell in enumerate(cells, start=1):
        for statement in ast.parse(cell).body:
            if until in assigned_names(statement):
                return [*cells[: count - 1], "\n".join(cell.splitlines()[: statement.end_lineno])]
    raise ValueError(f"No cell of lesson {key} assigns {until}.")


def assigned_names(statement):
    """The names that an assignment gives values to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    nodes = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def fingerprint(key):
    """SHA-256 of what trains a lesson's exports: its cells, the package's networks, the data's checksums."""
    cells = "\n".join(map(training_lines, cells_until(key, EXPORTS[key][0])))
    package = ROOT / "ae_helpers"
    networks = [undocumented((package / f"{module}.py").read_text(encoding="utf-8")) for module in NETWORKS]
    data = (package / "datasets" / "SHA256SUMS").read_text(encoding="utf-8")
    return hashlib.sha256("\n".join([cells, *networks, data]).encode()).hexdigest()


def training_lines(cell):
    """The lines of a cell without statements that only show something."""
    return lines_without(cell, [statement for statement in ast.parse(cell).body if only_shows(statement)])


def undocumented(source):
    """The lines of a module without its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    return lines_without(source, [node.body[0] for node in nodes if ast.get_docstring(node) is not None])


def lines_without(source, statements):
    """The lines of Python code without some of its statements, and without comments."""
    lines = source.splitlines()
    for statement in statements:
        lines[statement.lineno - 1 : statement.end_lineno] = [""] * (statement.end_lineno - statement.lineno + 1)
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def only_shows(statement):
    """Whether it is a figure, a table or a claim: no name gets a value, and nothing is trained."""
    if not isinstance(statement, ast.Expr):
        return False
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    return called is None or ast.unparse(called).split(".")[0] in SHOWING


def run_until(key, until):
    """The names of a lesson after its cells have run up to the line that assigns one."""
    matplotlib.use("Agg")
    names = {"__name__": "lesson"}
    with contextlib.redirect_stdout(io.StringIO()):  # figures and progress bars want a notebook
        for cell in cells_until(key, until):
            exec(compile(cell, f"lesson {key}", "exec"), names)
    return names


# Networks as lists of layers (kernel, bias, activation).


def dense_layers(model):
    """The dense layers of a Keras model."""
    layers = [layer for layer in model.layers if hasattr(layer, "activation") and hasattr(layer, "bias")]
    return [(kernel_of(layer), ops.convert_to_numpy(layer.bias), layer.activation.__name__) for layer in layers]


def kernel_of(layer):
    """A layer's kernel; a tied layer has its source's, transposed."""
    if hasattr(layer, "tied_to"):
        return ops.convert_to_numpy(layer.tied_to.kernel).T
    return ops.convert_to_numpy(layer.kernel)


def rounded(layers, x, steps_in_large):
    """The same layers with kernels `(whole numbers, scale of each column)`.

    Weight after weight is rounded, and what that takes away from the layer's output the weights
    that are not rounded yet give back as far as they can: the inputs x of the network say which
    weights are exchangeable (Frantar et al. 2022, GPTQ).
    """
    result, x_rounded = [], x
    for kernel, bias, activation in layers:
        steps = steps_in_large if kernel.size > SMALL else 3 * steps_in_large
        scale = scale_of(kernel, steps)
        whole = round_for(x_rounded, mended(x_rounded, x, kernel), scale)
        result.append(((whole, scale), bias, activation))
        x = apply(activation, x @ kernel + bias)
        x_rounded = apply(activation, x_rounded @ (whole * scale) + bias)
    return result


def scale_of(kernel, steps):
    """What each column's whole numbers count: so many to a standard deviation, 127 at most."""
    scale = np.maximum(kernel.std(axis=0) / steps, np.abs(kernel).max(axis=0) / 127)
    return np.maximum(scale, 1e-9).astype(np.float32)  # a column may be 0


def rounded_tied(layers, x, steps):
    """As `rounded`, for layers whose second half has the first half's kernels, in 16 bits: each is rounded once."""
    half = len(layers) // 2
    kernels = []
    for kernel, _, _ in layers[:half]:
        scale = (np.abs(kernel).max(axis=0) / (TIED_LEVELS * steps)).astype(np.float32)
        kernels.append(((kernel / scale).round().astype(np.int16), scale))
    turned = [Transposed(kernel) for kernel in reversed(kernels)]
    return [(kernel, *layer[1:]) for kernel, layer in zip(kernels + turned, layers, strict=True)]


class Transposed:
    """A kernel that is another one, transposed."""

    def __init__(self, kernel):
        """The other kernel, as it is stored."""
        self.kernel = kernel


def mended(x_rounded, x, kernel):
    """The kernel that makes of the inputs that rounded layers give what `kernel` makes of the true inputs."""
    moments, penalty = second_moments(x_rounded)
    both = x_rounded.T.astype(np.float64) @ x / len(x)
    return linalg.solve(moments, both @ kernel + penalty * kernel, assume_a="pos")


def round_for(x, kernel, scale):
    """Whole numbers from -127 to 127 so that x @ (numbers * scale) is near x @ kernel."""
    moments, _ = second_moments(x)
    order = np.argsort(-np.diag(moments), kind="stable")  # what weighs most is rounded first
    inverse = linalg.cholesky(linalg.inv(moments[np.ix_(order, order)])).astype(np.float32)  # upper
    left, whole = (kernel[order] / scale).astype(np.float32), np.empty(kernel.shape, np.int8)
    for row in range(len(order)):
        whole[order[row]] = left[row].round().clip(-127, 127)
        error = (left[row] - whole[order[row]]) / inverse[row, row]
        left[row + 1 :] -= np.outer(inverse[row, row + 1 :], error)
    return whole


def second_moments(x):
    """Mean of the products of inputs, with a small penalty on its diagonal, and that penalty."""
    moments = x.T.astype(np.float64) @ x / len(x)
    penalty = 0.01 * np.diag(moments).mean()
    return moments + penalty * np.eye(len(moments)), penalty


def split(layers, parts):
    """Layers in a row, divided as those of `parts` are."""
    rest = iter(layers)
    return {part: [next(rest) for _ in old] for part, old in parts.items()}


def apply(activation, x):
    """An activation of the layers above, by its name in Keras."""
    return np.asarray(getattr(keras.activations, activation)(x))


def run(layers, x):
    """Output of layers with plain or rounded kernels."""
    for kernel, bias, activation in layers:
        x = apply(activation, x @ plain(kernel) + bias)
    return x


def plain(kernel):
    """A kernel as float32, also if it is stored as whole numbers and scales, or as another's transpose."""
    if isinstance(kernel, Transposed):
        return plain(kernel.kernel).T
    return kernel[0] * kernel[1] if isinstance(kernel, tuple) else kernel


# Files.


class Writer:
    """Writes the files of one lesson, and what is to be known of them."""

    def __init__(self, key: str):
        """Files of the lesson with this key."""
        self.key, self.cells = key, fingerprint(key)

    def write(self, name, arrays, *, told=None, **content):
        """Write `<name>.js`: arrays by name, plain or as (whole numbers, scales), and other content as JSON.

        What is `told` goes to the provenance.
        """
        described, data = [], b""
        for array_name, array in arrays.items():
            scaled = isinstance(array, tuple)
            whole = np.ascontiguousarray(array[0] if scaled else array)
            described.append(
                {"name": array_name, "dtype": str(whole.dtype), "shape": list(whole.shape), "scaled": scaled}
            )
            data += (array[1].astype("<f4").tobytes() if scaled else b"") + whole.tobytes()
        content |= {"arrays": described, "data": base64.b64encode(zlib.compress(data, 9)).decode()}
        text = f'Playground.store("{name}", {json.dumps(content, ensure_ascii=False)});\n'
        path = FOLDER / f"{name}.js"
        path.write_text(text, encoding="utf-8", newline="\n")
        provenance = json.loads(PROVENANCE.read_text()) if PROVENANCE.exists() else {}
        provenance[path.name] = {
            "lesson": self.key,
            "cells": self.cells,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "compressed bytes": len(zlib.compress(text.encode(), 9)),
            **(told or {}),
        }
        PROVENANCE.write_text(json.dumps(provenance, indent=2, sort_keys=True) + "\n")
        print(f"  {path.name}: {len(text) / 1000:.0f} kB", told or "", flush=True)

    def write_network(self, name, parts, inputs, targets, *, calibration, tied=False, **content):
        """Write a network of parts (names to layers), which is run in their order.

        `inputs` and `targets` are flat test images; `calibration` are inputs from training. The
        kernels of the second half of a `tied` network are those of the first.
        """
        layers = [layer for part in parts.values() for layer in part]
        error = float(squared_error(targets, run(layers, inputs)).mean())
        for steps in STEPS:
            whole = (rounded_tied if tied else rounded)(layers, calibration, steps)
            error_stored = float(squared_error(targets, run(whole, inputs)).mean())
            if error_stored < (1 + MOST_LOST) * error:
                break
        stored, arrays, described, unrounded, x = split(whole, parts), {}, {}, {}, inputs
        names = {}  # of kernels that a tied layer may refer to
        for part, part_layers in stored.items():
            for number, (kernel, bias, activation) in enumerate(part_layers):
                transposed = isinstance(kernel, Transposed)
                if transposed:
                    kernel_name = names[id(kernel.kernel)]
                else:
                    kernel_name = names[id(kernel)] = f"{part} {number} kernel"
                    arrays[kernel_name] = kernel
                arrays[bias_name := f"{part} {number} bias"] = bias.astype(np.float32)
                layer = {"kernel": kernel_name, "bias": bias_name, "activation": activation}
                described.setdefault(part, []).append(layer | ({"transposed": True} if transposed else {}))
            x = run(parts[part], x)
            unrounded[f"{name} {part}"] = x[:COMPARED]
        self.refer(unrounded)
        told = cost_of_rounding(error, error_stored) | {"steps": steps}
        self.write(name, arrays, told=told, parts=described, **content)
        return stored

    def refer(self, outputs):
        """Keep what unrounded networks answer; of pictures some pixels."""
        reference = dict(np.load(REFERENCE)) if REFERENCE.exists() else {}
        reference |= {name: x[:, PIXELS] if x.shape[1] == 784 else x for name, x in outputs.items()}
        REFERENCE.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(REFERENCE, **dict(sorted(reference.items())))


def cost_of_rounding(error, error_stored):
    """Two mean squared errors on the test images, and by how much the second is larger."""
    return {
        "squared error": round(error, 3),
        "... with the stored weights": round(error_stored, 3),
        "lost (%)": round(100 * (error_stored / error - 1), 2),
    }


def in_8_bits(array, steps):
    """(whole numbers, one scale for all columns), so many to a standard deviation."""
    scale = np.full(array.shape[-1], array.std() / steps, np.float32)
    return (array / scale).round().clip(-127, 127).astype(np.int8), scale


def in_16_bits(array):
    """(whole numbers, scale of each column)."""
    scale = (np.abs(array).max(axis=0) / 32767).astype(np.float32)
    return (array / scale).round().astype(np.int16), scale


def parts_of(autoencoder):
    """Encoder and decoder; where the encoder ends with means and log-variances, the means are the code."""
    *hidden, (kernel, bias, activation) = dense_layers(autoencoder.encoder)
    k = autoencoder.latent_dim
    return {
        "encoder": [*hidden, (kernel[:, :k], bias[:k], activation)],
        "decoder": dense_layers(autoencoder.decoder),
    }


def flat(images):
    return images.reshape(len(images), -1)


def limits_of(z):
    """How far the bar of each number goes, to either side."""
    return np.round(1.2 * np.percentile(np.abs(z), 99.5, axis=0), 3).tolist()


# What is exported from each lesson.


def export_digits(writer):
    """2,000 test digits, as they are."""
    _, _, (x_test, y_test) = load_mnist()
    images = (flat(x_test[:2000]) * 255).round().astype(np.uint8)
    writer.write("digits", {"images": images, "labels": y_test[:2000].astype(np.uint8)})


def export_codes(names, writer):
    """The autoencoders with 2, 8 and 32 numbers, PCA, and where 2,000 test digits lie on their maps."""
    export_digits(writer)
    x_train, x_test = flat(names["x_train"]), flat(names["x_test"])
    codes = {}
    for k in (2, 8, 32):
        parts = parts_of(names["autoencoders"][k])
        codes[k] = run(parts["encoder"], x_test)
        stored = writer.write_network(
            f"autoencoder_{k}", parts, x_test, x_test, calibration=x_train[:CALIBRATION], limits=limits_of(codes[k])
        )
        if k == 2:
            codes["stored"] = run(stored["encoder"], x_test[:2000])
    maps = {"autoencoder": codes["stored"], "pca": export_pca(names["pca"], x_test, writer)[:2000, :2]}
    writer.write("map", {name: np.ascontiguousarray(z, np.float32) for name, z in maps.items()})


def export_pca(pca, x_test, writer):
    """The first 32 directions; returns the test images' codes."""
    mean, directions = pca.mean_, pca.components_[:32].T
    z = (x_test - mean) @ directions
    stored = in_16_bits(directions)
    error, error_stored = (
        float(squared_error(x_test, mean + (x_test - mean) @ kernel @ kernel.T).mean())
        for kernel in (directions, plain(stored))
    )
    told = cost_of_rounding(error, error_stored)
    writer.write("pca", {"mean": mean.astype(np.float32), "directions": stored}, told=told, limits=limits_of(z))
    writer.refer({"pca 32 encoder": z[:COMPARED], "pca 32 decoder": mean + z[:COMPARED] @ directions.T})
    return z


def export_denoisers(names, writer):
    """The dense denoiser and the best linear map."""
    x_test, noisy_test = flat(names["x_test"]), flat(names["noisy_test"])
    noisy_train = flat(names["draws"][0][:CALIBRATION])
    writer.write_network("denoiser", parts_of(names["denoiser"]), noisy_test, x_test, calibration=noisy_train)
    *kernel, bias = names["linear"].denoise(np.concatenate([np.eye(784), np.zeros((1, 784))]).reshape(-1, 28, 28))
    kernel, bias = flat(np.array(kernel) - bias), bias.ravel()
    writer.write_network("linear", {"map": [(kernel, bias, "linear")]}, noisy_test, x_test, calibration=noisy_train)


def export_movies(names, writer):
    """Embeddings, titles and training ratings of the films, those with most ratings first, and a map of them."""
    order = np.argsort(-np.diff(names["stars"].indptr), kind="stable")
    movies = names["movies"].iloc[order].reset_index(drop=True)
    stars, known, test = (names[part][order] for part in ("stars", "known", "test"))
    unit = unit_rows_of(names["embeddings"][order])
    stored = in_8_bits(unit, EMBEDDING_STEPS)
    recalls = []
    for z in (unit, plain(stored)):
        fitted = Embeddings(lambda _, z=z: z).fit(stars.T)
        recalls.append(float(np.nanmean(judge(fitted, known.T, test.T, liked=names["LIKED"])["recall@20"])))
    stars.sort_indices()
    ratings = np.diff(stars.indptr)
    firsts = stars.indptr[:-1][ratings > 0]
    raters = np.diff(stars.indices, prepend=0)  # steps from each to the next are small
    raters[firsts] = stars.indices[firsts]
    index = Titles(movies.assign(ratings=ratings))
    films = [[] for _ in range(len(movies))]
    for row, name in zip(index.rows, index.names, strict=True):
        films[row].append(name)
    places = TSNE(metric="cosine", init="pca", random_state=0).fit_transform(unit[:ON_THE_MAP])
    writer.refer({"movies embeddings": unit[:COMPARED]})
    writer.write(
        "movies",
        {
            "embeddings": stored,
            "ratings": ratings.astype(np.uint16),
            "raters": raters.astype(np.uint16),
            "stars": (2 * stars.data).round().astype(np.uint8),
            "places": in_16_bits(places),
        },
        told={
            "recall@20": round(recalls[0], 4),
            "... with the stored weights": round(recalls[1], 4),
            "lost (%)": round(100 * (1 - recalls[1] / recalls[0]), 2),
        },
        titles=movies["title"].tolist(),
        genres=movies["genres"].tolist(),
        names=films,
    )


def unit_rows_of(embeddings):
    """Embeddings of length 1."""
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def export_tied(names, writer):
    """A tied network and its untied rival, of the last of the lesson's trainings on all digits."""
    _, _, (x_test, _) = load_mnist()
    x_train, x_test = flat(np.array(names["x_train"][:CALIBRATION])), flat(x_test)
    everything = 55_000
    for name in ("tied", "untied"):
        rate = names["best_rate"][names["sizes"][everything], name]
        _, model = names["trainings"](names["builders"][name], everything, rate, starts=names["STARTS"][-1:])
        writer.write_network(
            name,
            parts_of(model),
            x_test,
            x_test,
            calibration=x_train,
            tied=name == "tied",
            parameters=model.count_params(),
        )


def export_gaps(names, writer):
    """A plain and a variational autoencoder with two numbers, and where 2,000 test digits lie on their maps."""
    x_train, x_test = flat(names["x_train"]), flat(names["x_test"])
    maps, random, shares = {}, {}, {}
    for name, networks, share in (("plain", "plain", "gaps_plain"), ("variational", "free", "gaps_free")):
        parts = parts_of(names[networks][2])
        stored = writer.write_network(f"{name}_2", parts, x_test, x_test, calibration=x_train[:CALIBRATION])
        maps[name] = np.ascontiguousarray(run(stored["encoder"], x_test[:2000]), np.float32)
        z = run(parts["encoder"], x_train)
        # Random codes as in the lesson: N(0, 1), or with the mean and spread of the training digits' codes.
        mean, spread = (z.mean(axis=0), z.std(axis=0)) if name == "plain" else (np.zeros(2), np.ones(2))
        random[name] = {"mean": mean.tolist(), "spread": spread.tolist()}
        shares[f"random codes in gaps, {name}"] = round(float(names[share]), 3)
        z = np.random.default_rng(0).normal(mean, spread, (COMPARED, 2)).astype(np.float32)
        writer.refer({f"{name}_2 random codes": z, f"{name}_2 random pictures": run(parts["decoder"], z)})
    writer.write("gaps", maps, told=shares, random=random)


# Lesson: (the name with whose cell its training is over, what is exported then).
EXPORTS = {
    "01": ("ae_error", export_codes),
    "02": ("denoised", export_denoisers),
    "03": ("embeddings", export_movies),
    "04": ("errors", export_tied),
    "06": ("gaps_free", export_gaps),
}

if __name__ == "__main__":
    main(sys.argv[1:])
