"""Export the lessons' own trained networks for the playground: `docs/playground/weights`.

    python -m tools.build_weights          # all lessons
    python -m tools.build_weights 01 02    # some

A lesson's script is run, cell by cell, until what is exported exists: so networks, data, seeds and
training are the lesson's. Kernels are stored as whole numbers of 8 bits, the rest of a network in 32; the test images
tell what that costs. `weights/provenance.json` records from which cells a file was made, its checksum and that
cost; `tests/docs/reference.npz` keeps what the unrounded networks answer, for the comparison in the browser.
"""

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
from scipy import linalg

from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from tools.percent import ROOT, chosen_sources, read_source

FOLDER = ROOT / "docs" / "playground" / "weights"
PROVENANCE = FOLDER / "provenance.json"
REFERENCE = ROOT / "tests" / "docs" / "reference.npz"
COMPARED = 200  # test images on which the browser is compared
PIXELS = np.random.default_rng(0).permutation(784)[:100]  # of each output that the reference keeps
CALIBRATION = 4000  # training images that say which weights matter
# Whole numbers to a standard deviation of a kernel's column: few make small files; three times as many in the
# SMALL kernels, where they cost little.
STEPS, SMALL = 2.5, 200_000


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
    """The code cells of a lesson up to the one that assigns the name `until`."""
    (source,) = chosen_sources([key])
    cells = [cell.source for cell in read_source(source).cells if cell.cell_type == "code"]
    for count, cell in enumerate(cells, start=1):
        if any(line.startswith((f"{until} = ", f"{until}, ")) for line in cell.splitlines()):
            return cells[:count]
    raise ValueError(f"No cell of lesson {key} assigns {until}.")


def fingerprint(key):
    """SHA-256 of the cells that a lesson's exports come from, and of the list of the data's checksums."""
    text = "\n".join(cells_until(key, EXPORTS[key][0]))
    data = (ROOT / "ae_helpers" / "datasets" / "SHA256SUMS").read_text(encoding="utf-8")
    return hashlib.sha256((text + data).encode()).hexdigest()


def run_until(key, until):
    """The names of a lesson after its cells have run until one is assigned."""
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
    return [(kernel_of(layer), np.array(layer.bias), layer.activation.__name__) for layer in layers]


def kernel_of(layer):
    """A layer's kernel; a tied layer has its source's, transposed."""
    return np.array(layer.source.kernel).T if hasattr(layer, "source") else np.array(layer.kernel)


def rounded(layers, x):
    """The same layers with kernels `(whole numbers, scale of each column)`.

    Weight after weight is rounded, and what that takes away from the layer's output the weights
    that are not rounded yet give back as far as they can: the inputs x of the network say which
    weights are exchangeable (Frantar et al. 2022, GPTQ).
    """
    result, x_rounded = [], x
    for kernel, bias, activation in layers:
        steps = STEPS if kernel.size > SMALL else 3 * STEPS
        scale = np.maximum(kernel.std(axis=0) / steps, 1e-9).astype(np.float32)  # a column may be 0
        whole = round_for(x_rounded, mended(x_rounded, x, kernel), scale)
        result.append(((whole, scale), bias, activation))
        x = apply(activation, x @ kernel + bias)
        x_rounded = apply(activation, x_rounded @ (whole * scale) + bias)
    return result


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
    """A kernel as float32, also if it is stored as whole numbers and scales."""
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

    def write_network(self, name, parts, inputs, targets, *, calibration, **content):
        """Write a network of parts (names to layers), which is run in their order.

        `inputs` and `targets` are flat test images; `calibration` are inputs from training.
        """
        stored = split(rounded([layer for layers in parts.values() for layer in layers], calibration), parts)
        arrays, described, unrounded = {}, {}, {}
        for part, layers in stored.items():
            for number, (kernel, bias, activation) in enumerate(layers):
                kernel_name, bias_name = f"{part} {number} kernel", f"{part} {number} bias"
                arrays |= {kernel_name: kernel, bias_name: bias.astype(np.float32)}
                layer = {"kernel": kernel_name, "bias": bias_name, "activation": activation}
                described.setdefault(part, []).append(layer)
        x, x_stored = inputs, inputs
        for part in parts:
            x, x_stored = run(parts[part], x), run(stored[part], x_stored)
            unrounded[f"{name} {part}"] = x[:COMPARED]
        error, error_stored = (float(squared_error(targets, x_hat).mean()) for x_hat in (x, x_stored))
        self.refer(unrounded)
        told = {
            "squared error": round(error, 3),
            "... with the stored weights": round(error_stored, 3),
            "lost (%)": round(100 * (error_stored / error - 1), 2),
        }
        self.write(name, arrays, told=told, parts=described, **content)
        return stored

    def refer(self, outputs):
        """Keep what unrounded networks answer; of pictures some pixels."""
        reference = dict(np.load(REFERENCE)) if REFERENCE.exists() else {}
        reference |= {name: x[:, PIXELS] if x.shape[1] == 784 else x for name, x in outputs.items()}
        REFERENCE.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(REFERENCE, **dict(sorted(reference.items())))


def in_16_bits(array):
    """(whole numbers, scale of each column)."""
    scale = (np.abs(array).max(axis=0) / 32767).astype(np.float32)
    return (array / scale).round().astype(np.int16), scale


def parts_of(autoencoder):
    return {"encoder": dense_layers(autoencoder.encoder), "decoder": dense_layers(autoencoder.decoder)}


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
    mean, directions = names["pca"].mean_, names["pca"].components_[:32].T
    z = (x_test - mean) @ directions
    writer.write(
        "pca", {"mean": mean.astype(np.float32), "directions": in_16_bits(directions)}, limits=limits_of(z)
    )
    writer.refer({"pca 32 encoder": z[:COMPARED], "pca 32 decoder": mean + z[:COMPARED] @ directions.T})
    maps = {"autoencoder": codes["stored"], "pca": z[:2000, :2]}
    writer.write("map", {name: np.ascontiguousarray(z, np.float32) for name, z in maps.items()})


def export_denoisers(names, writer):
    """The dense denoiser and the best linear map."""
    x_test, noisy_test = flat(names["x_test"]), flat(names["noisy_test"])
    noisy_train = flat(names["draws"][0][:CALIBRATION])
    writer.write_network("denoiser", parts_of(names["denoiser"]), noisy_test, x_test, calibration=noisy_train)
    *kernel, bias = names["linear"].denoise(np.concatenate([np.eye(784), np.zeros((1, 784))]).reshape(-1, 28, 28))
    kernel, bias = flat(np.array(kernel) - bias), bias.ravel()
    writer.write_network(
        "linear", {"map": [(kernel, bias, "linear")]}, noisy_test, x_test, calibration=noisy_train
    )


# Lesson: (the name with whose cell its training is over, what is exported then).
EXPORTS = {"01": ("ae_error", export_codes), "02": ("denoised", export_denoisers)}

if __name__ == "__main__":
    main(sys.argv[1:])
