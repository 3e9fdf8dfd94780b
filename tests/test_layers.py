import json
import re
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import layers, ops

from ae_helpers.layers import (
    GaussianCode,
    TiedConv1DTranspose,
    TiedConv2DTranspose,
    TiedDense,
    TiedEmbedding,
    TopK,
    tied_sources,
)

pytestmark = pytest.mark.backend


def dense(**options):
    return layers.Dense(3, **options)


def conv(**options):
    return layers.Conv2D(3, 3, strides=2, padding="same", **options)


def valid_conv(**options):
    return layers.Conv2D(3, (2, 3), strides=(1, 2), **options)


def series(**options):
    return layers.Conv1D(3, 3, strides=2, padding="same", **options)


def valid_series(**options):
    return layers.Conv1D(3, 2, strides=2, **options)


def embedding(activation=None, use_bias=False, kernel_regularizer=None, kernel_constraint=None, **options):
    """Of five items; it has no activation and no bias, and other names for the rest."""
    names = {"embeddings_regularizer": kernel_regularizer, "embeddings_constraint": kernel_constraint}
    return layers.Embedding(5, 3, embeddings_initializer="glorot_uniform", **names, **options)


class Case(NamedTuple):
    source: Callable
    tied: type
    shape: tuple  # of the source's inputs, without the batch axis

    @property
    def back(self):
        """Shape of what comes back: an embedding takes a whole number, and gets a score for each of five."""
        return (*self.shape, 5) if self.tied is TiedEmbedding else self.shape


CASES = {
    "dense": Case(dense, TiedDense, (4,)),
    "conv": Case(conv, TiedConv2DTranspose, (6, 4, 2)),
    "series": Case(series, TiedConv1DTranspose, (6, 2)),
    "embedding": Case(embedding, TiedEmbedding, (4,)),
    "dense, rank 4": Case(dense, TiedDense, (2, 5, 4)),
    "conv, valid": Case(valid_conv, TiedConv2DTranspose, (5, 7, 2)),
    "series, valid": Case(valid_series, TiedConv1DTranspose, (6, 2)),
    "embedding, rank 2": Case(embedding, TiedEmbedding, (2, 3)),
}


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


one_of_each = pytest.mark.parametrize("case", ["dense", "conv", "series", "embedding"], indirect=True)


def pair(case, source_options=(), **options):
    """A flat model of two layers: a source, and one that is tied to it."""
    source = case.source(**dict(source_options))
    inputs = inputs_of(case)
    return keras.Model(inputs, case.tied(source, **options)(source(inputs)))


def inputs_of(case):
    return keras.Input(case.shape, dtype="int32" if case.tied is TiedEmbedding else "float32")


def data(case, n=6):
    rng = np.random.default_rng(0)
    if case.tied is TiedEmbedding:
        return rng.integers(0, 5, (n, *case.shape), dtype="int32")
    return rng.normal(size=(n, *case.shape)).astype("float32")


def as_given(x):
    """What a linear map takes: each whole number as a 1 among zeros."""
    return np.eye(5, dtype="float32")[x] if x.dtype == "int32" else x


def values(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def kernel_in(model):
    source = model.layers[1]
    return source.embeddings if isinstance(source, layers.Embedding) else source.kernel


def kernel_of(model):
    return values(kernel_in(model))


def train(model, x, y=None, **options):
    """One step of gradient descent."""
    # The quicker way of a single step: TensorFlow's first compiled one takes longer, JAX compiles each operation.
    options = {"run_eagerly": keras.backend.backend() == "tensorflow", **options}
    model.compile(keras.optimizers.SGD(0.5), "mse", **options)
    model.train_on_batch(x, as_given(x) if y is None else y)


def assert_tied(model, x):
    """One kernel, that of the second layer, which the third uses as well, also after a training step."""
    source, tied = model.layers[1:]
    assert tied.tied_to is source
    assert len(model.weights) == len(model.trainable_variables) == len(source.weights) + 1
    before, output = kernel_of(model), values(model(x))
    train(model, x)
    assert np.abs(kernel_of(model) - before).max() > 1e-4
    assert np.abs(values(model(x)) - output).max() > 1e-4
    np.testing.assert_allclose(values(tied(source(x))), values(untied(model)(x)), atol=1e-5)


def untied(model):
    """The same computation by Keras' own layers, with two kernels."""
    source, tied = model.layers[1:]
    twin = type(source).from_config(source.get_config())
    if isinstance(source, (layers.Dense, layers.Embedding)):
        backwards = layers.Dense(model.output_shape[-1], tied.activation)
    else:
        transpose = layers.Conv1DTranspose if isinstance(source, layers.Conv1D) else layers.Conv2DTranspose
        names = ("kernel_size", "strides", "padding", "dilation_rate")
        backwards = transpose(
            model.output_shape[-1], **{name: getattr(source, name) for name in names}, activation=tied.activation
        )
    inputs = keras.Input(model.input_shape[1:], dtype=model.input.dtype)
    result = keras.Model(inputs, backwards(twin(inputs)))
    kernel, *biases = model.get_weights()
    result.set_weights([kernel, *biases[:-1], backwards_kernel(kernel), biases[-1]])
    return result


def backwards_kernel(kernel):
    return kernel.T if kernel.ndim == 2 else kernel


class TestEachTiedLayer:
    def test_shape_comes_back(self, case):
        model, x = pair(case), data(case)
        source, tied = model.layers[1:]
        assert model.output_shape == (None, *case.back)
        assert tuple(tied.compute_output_shape(source.output.shape)) == model.output_shape
        assert model(x).shape == as_given(x).shape

    def test_has_one_kernel(self, case):
        model = pair(case)
        source, tied = model.layers[1:]
        assert [w.path for w in model.trainable_weights] == [v.path for v in (*source.weights, tied.bias)]
        assert tied.weights == tied.trainable_weights == [tied.bias]
        assert tied.non_trainable_weights == []
        assert [v.path for v in tied.variables] == [tied.bias.path, kernel_in(model).path]
        assert tied.count_params() == case.back[-1]
        source_bias = 0 if case.tied is TiedEmbedding else 3
        assert model.count_params() == kernel_of(model).size + source_bias + case.back[-1]

    def test_summary_counts_the_kernel_once(self, case):
        lines = []
        model = pair(case)
        model.summary(print_fn=lines.append)
        total = int(re.search(r"Total params: ([\d,]+)", "\n".join(lines))[1].replace(",", ""))
        rows = re.findall(r"([\d,]+) *│ *$", "\n".join(lines), re.MULTILINE)
        assert sum(int(row.replace(",", "")) for row in rows) == total == model.count_params()

    @one_of_each
    def test_without_bias(self, case):
        tied = pair(case, use_bias=False).layers[-1]
        assert tied.weights == [] and tied.bias is None

    def test_computes_what_keras_computes(self, case):
        model, x = pair(case, {"activation": "relu"}, activation="tanh", bias_initializer="ones"), data(case)
        np.testing.assert_allclose(values(model(x)), values(untied(model)(x)), atol=1e-6)

    def test_is_the_adjoint_of_its_source(self, case):
        # For all x and z: <source(x), z> = <x, tied(z)>. Only the right strides, padding and kernel do that.
        model, x = pair(case, {"use_bias": False}, use_bias=False), data(case)
        source, tied = model.layers[1:]
        z = np.random.default_rng(1).normal(size=source(x).shape).astype("float32")
        np.testing.assert_allclose(np.vdot(values(source(x)), z), np.vdot(as_given(x), values(tied(z))), rtol=1e-4)

    def test_gradient_is_the_sum_over_both_uses(self, case):
        model, x = pair(case), data(case)
        twin = untied(model)
        before = kernel_of(model)
        train(model, x)
        train(twin, x)
        forth, back = twin.get_weights()[0] - before, twin.get_weights()[-2] - backwards_kernel(before)
        assert min(np.abs(forth).max(), np.abs(back).max()) > 1e-4
        np.testing.assert_allclose(kernel_of(model) - before, forth + backwards_kernel(back), atol=1e-5)

    @one_of_each
    def test_config_round_trip(self, case):
        model = pair(case, activation="relu", bias_regularizer="l2", bias_constraint="non_neg", name="back")
        config = model.layers[-1].get_config()
        assert config["tied_to"] == model.layers[1].name
        assert json.loads(json.dumps(config)) == config
        assert config["how_to_load"] == "import ae_helpers.models"
        assert type(model.layers[-1]).from_config(config).get_config() == config

    @one_of_each
    @pytest.mark.parametrize("copy", [keras.models.clone_model, lambda model: model.from_config(model.get_config())])
    def test_a_copy_is_tied_to_its_own_source(self, case, copy):
        model, x = pair(case), data(case)
        twin = copy(model)
        assert twin.layers[1] is not model.layers[1]
        assert_tied(twin, x)

    def test_reloads_bit_equal_and_tied(self, case, tmp_path):
        model, x = pair(case, activation="tanh"), data(case)
        train(model, x, run_eagerly=False)
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        reloaded = keras.saving.load_model(tmp_path / "model.keras")
        fresh = keras.models.clone_model(model)
        fresh.load_weights(tmp_path / "model.weights.h5")
        for other in (reloaded, fresh):
            np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
            assert_tied(other, x)

    @one_of_each
    @pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
    def test_mixed_precision(self, case, policy):
        model, x = pair(case, {"dtype": policy}, dtype=policy), data(case)
        assert {w.dtype for w in model.weights} == {"float32"}
        assert keras.backend.standardize_dtype(model(x).dtype) == policy.removeprefix("mixed_")
        np.testing.assert_allclose(values(model(x)), values(untied(model)(x)), atol=0.1)
        assert_computes_in(policy, model, x)

    @one_of_each
    def test_frozen_source(self, case):
        model, x = pair(case), data(case)
        source, tied = model.layers[1:]
        source.trainable = False
        before = kernel_of(model)
        train(model, x)
        assert model.trainable_weights == model.trainable_variables == [tied.bias]
        np.testing.assert_array_equal(kernel_of(model), before)
        assert np.abs(values(tied.bias)).min() > 0

    @one_of_each
    def test_frozen_tied_layer_leaves_the_source_free(self, case):
        model, x = pair(case, trainable=False), data(case)
        source, tied = model.layers[1:]
        before = kernel_of(model)
        train(model, x)
        assert model.trainable_weights == source.weights
        assert np.abs(kernel_of(model) - before).max() > 1e-4
        assert np.abs(values(tied.bias)).max() == 0

    @one_of_each
    def test_regularizers_count_once(self, case):
        model = pair(
            case,
            {"kernel_regularizer": keras.regularizers.L2(0.5)},
            bias_regularizer=keras.regularizers.L1(0.25),
            bias_initializer="ones",
        )
        expected = 0.5 * np.square(kernel_of(model)).sum() + 0.25 * case.back[-1]
        np.testing.assert_allclose(values(sum(model.losses)), expected, rtol=1e-5)

    @one_of_each
    def test_constraints(self, case):
        norm = keras.constraints.UnitNorm(axis=None)
        model, x = pair(case, {"kernel_constraint": norm}, bias_constraint="non_neg"), data(case)
        train(model, x, -5 * np.ones_like(as_given(x)))
        np.testing.assert_allclose(np.linalg.norm(kernel_of(model)), 1, rtol=1e-5)
        assert values(model.layers[-1].bias).min() == 0

    @one_of_each
    def test_activity_regularizer(self, case):
        model, x = pair(case, activity_regularizer="l2"), data(case)
        assert keras.models.clone_model(model).layers[-1].activity_regularizer.l2 == pytest.approx(0.01)
        x_hat = values(model(x))
        np.testing.assert_allclose(values(sum(model.losses)), 0.01 * np.square(x_hat).sum() / len(x), rtol=1e-4)

    @one_of_each
    def test_lora_of_the_source_is_used_both_ways(self, case, tmp_path):
        model, x = pair(case), data(case)
        source, tied = model.layers[1:]
        source.enable_lora(1)
        lora = [getattr(source, f"lora_{tied.kernel_name}_{factor}") for factor in "ab"]
        lora[1].assign(np.full(lora[1].shape, 0.1))
        assert {v.path for v in lora} < {v.path for v in tied.variables}
        before = values(lora[1])
        model.save(tmp_path / "model.keras")
        reloaded = keras.saving.load_model(tmp_path / "model.keras")
        for step in range(2):
            twin = pair(case)  # an ordinary pair with the kernel that LoRA amounts to
            source_bias = [] if case.tied is TiedEmbedding else [values(source.bias)]
            twin.set_weights([kernel_of(model), *source_bias, values(tied.bias)])
            np.testing.assert_allclose(model.predict(x, verbose=0), values(twin(x)), atol=1e-5)
            if step == 0:
                np.testing.assert_allclose(reloaded.predict(x, verbose=0), values(twin(x)), atol=1e-5)
                train(model, x)
        assert np.abs(values(lora[1]) - before).max() > 1e-5

    @one_of_each
    def test_several_on_one_source(self, case, tmp_path):
        source, inputs = case.source(), inputs_of(case)
        z = source(inputs)
        model = keras.Model(inputs, [case.tied(source)(z), case.tied(source)(z)])
        assert model.count_params() == source.count_params() + 2 * case.back[-1]
        model.save(tmp_path / "model.keras")
        reloaded = keras.saving.load_model(tmp_path / "model.keras")
        assert all(layer.tied_to is reloaded.layers[1] for layer in reloaded.layers[2:])

    @one_of_each
    def test_a_part_follows_what_is_trained_elsewhere(self, case):
        # Under JAX, a compiled function sees nothing but a model's own variables.
        model, x = pair(case), data(case)
        source, tied = model.layers[1:]
        inputs = keras.Input(source.output.shape[1:])
        part = keras.Model(inputs, tied(inputs))
        z = values(source(x))
        before = part.predict(z, verbose=0)
        train(model, x)
        after = part.predict(z, verbose=0)
        assert np.abs(after - before).max() > 1e-3
        np.testing.assert_allclose(after, values(tied(z)), atol=1e-5)
        assert part.count_params() == case.back[-1]

    # What they refuse.

    @one_of_each
    @pytest.mark.parametrize(
        "other",
        [None, 3, layers.Flatten(), layers.Conv2DTranspose(3, 2), keras.Sequential(), TiedDense(layers.Dense(3))],
    )
    def test_refuses_another_source(self, case, other):
        with pytest.raises(ValueError, match=rf"should be tied to .*{re.escape(repr(other))} came"):
            case.tied(other)

    @one_of_each
    def test_refuses_an_unbuilt_source(self, case):
        with pytest.raises(ValueError, match=r"'late', which isn't built.*keras\.Input"):
            case.tied(case.source(name="late"))(inputs_of(case))

    @one_of_each
    def test_refuses_inputs_that_the_source_would_not_give(self, case):
        model = pair(case)
        tied_class, source = case.tied, model.layers[1]
        shape = (*source.output.shape[1:-1], 5)
        with pytest.raises(ValueError, match=rf"back.* '{source.name}' .*3 values.*{re.escape(str((None, *shape)))}"):
            tied_class(source, name="back")(keras.Input(shape))
        with pytest.raises(ValueError, match=r"of at least \d axes.* is \(3,\)"):
            tied_class(source)(np.ones(3, "float32"))
        with pytest.raises(ValueError, match="axis -1"):  # once built, Keras refuses
            model.layers[-1](keras.Input(shape))
        with pytest.raises(ValueError, match="min_ndim"):
            model.layers[-1](np.ones(3, "float32"))

    @one_of_each
    def test_refuses_a_name_that_its_input_did_not_pass(self, case):
        model = pair(case)
        source = model.layers[1]
        with pytest.raises(ValueError, match=r"back.* tied to 'gone', but its input came through no"):
            case.tied("gone", name="back")(source.output)
        with pytest.raises(ValueError, match="came through no"):
            case.tied(source.name)(values(source(data(case))))  # numbers don't tell where they come from
        with pytest.raises(ValueError, match="tied to 'gone': call it"):
            case.tied("gone").compute_output_shape(source.output.shape)


def assert_computes_in(policy, model, x):
    """The shared kernel is rounded to 16 bits before it is used, and trained in 32."""
    source, tied = model.layers[1:]
    z = source(x)
    rounded = ops.cast(ops.cast(kernel_in(model), policy.removeprefix("mixed_")), "float32")
    before = values(tied(z))
    exact = kernel_of(model)
    kernel_in(model).assign(rounded)
    np.testing.assert_array_equal(values(tied(z)), before)
    kernel_in(model).assign(exact)
    train(model, x)
    assert np.isfinite(kernel_of(model)).all() and np.abs(kernel_of(model) - exact).max() > 1e-4


# By hand.


def test_dense_weights_set_by_hand():
    model = pair(CASES["dense"], activation="relu")
    kernel = np.array([[1, 0, 2], [0, 1, 0], [3, 0, -1], [-1, -1, -1]])
    model.set_weights([kernel, np.zeros(3), np.array([0.5, 0, 0, 1])])
    # z = [1, 2, 3]: rows of the kernel times z are 7, 2, 0, -6; with the bias 7.5, 2, 0, -5; relu.
    assert values(model.layers[-1](np.array([[1.0, 2, 3]]))).tolist() == [[7.5, 2, 0, 0]]


def test_conv_weights_set_by_hand():
    source = layers.Conv2D(1, 2, strides=2)
    source.build((None, 2, 4, 1))
    source.set_weights([np.array([[1.0, 2], [3, 4]]).reshape(2, 2, 1, 1), np.array([7.0])])
    tied = TiedConv2DTranspose(source, bias_initializer="ones")
    x_hat = tied(np.array([1.0, 10], "float32").reshape(1, 1, 2, 1))
    # Each value of the code stamps the kernel, times itself, on its patch; the source's own bias plays no part.
    assert values(x_hat)[0, :, :, 0].tolist() == [[2, 3, 11, 21], [4, 5, 31, 41]]


def test_series_weights_set_by_hand():
    source = layers.Conv1D(1, 2, strides=2)
    source.build((None, 4, 1))
    source.set_weights([np.array([1.0, 2]).reshape(2, 1, 1), np.array([7.0])])
    tied = TiedConv1DTranspose(source, bias_initializer="ones")
    assert values(tied(np.array([1.0, 10], "float32").reshape(1, 2, 1)))[0, :, 0].tolist() == [2, 3, 11, 21]


def test_embeddings_set_by_hand():
    model = pair(CASES["embedding"], activation="softmax")
    table = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [-1, 0, 0]])
    model.set_weights([table, np.array([0, 0, 0, 0, 0.5])])
    # Item 3 has the embedding (1, 1, 0); its products with the five are 1, 1, 0, 2 and -1, and a bias of 0.5.
    scores = np.exp([1, 1, 0, 2, -0.5])
    np.testing.assert_allclose(values(model(np.array([[3]]))), [[scores / scores.sum()]], rtol=1e-5)


def test_a_mask_goes_through_a_tied_embedding():
    source = layers.Embedding(5, 3, mask_zero=True)
    x_hat = TiedEmbedding(source)(source(np.array([[2, 1, 0]])))
    assert values(x_hat._keras_mask).tolist() == [[1, 1, 0]]


def channels_first():
    source = layers.Conv2D(3, 2, data_format="channels_first")
    source.build((None, 2, 5, 4))
    tied = TiedConv2DTranspose(source, "relu")
    tied.build((None, 3, 4, 3))
    tied.bias.assign([1, -1])
    return source, tied


def test_with_channels_first_the_bias_is_added_to_the_channels(monkeypatch):
    tied = channels_first()[1]
    # TensorFlow has no such convolutions on a CPU.
    monkeypatch.setattr(tied, "_transposed", lambda inputs: ops.zeros((1, 2, 2, 2)))
    assert values(tied(np.zeros((1, 3, 4, 3), "float32"))).tolist() == [[[[1, 1], [1, 1]], [[0, 0], [0, 0]]]]
    with pytest.raises(ValueError, match=r"axis 1 of its input.*should have the 3 values"):
        TiedConv2DTranspose(tied.tied_to)(keras.Input((2, 4, 3)))


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow can't do this on a CPU")
def test_channels_first_are_those_of_channels_last():
    source, tied = channels_first()
    last = layers.Conv2D(3, 2)
    last.build((None, 5, 4, 2))
    last.set_weights(source.get_weights())
    tied_last = TiedConv2DTranspose(last, "relu")
    tied_last.build((None, 4, 3, 3))
    tied_last.bias.assign(tied.bias)
    z = np.random.default_rng(0).normal(size=(2, 4, 3, 3)).astype("float32")
    x_hat = values(tied(np.moveaxis(z, -1, 1)))
    assert x_hat.shape == (2, 2, 5, 4)
    np.testing.assert_allclose(np.moveaxis(x_hat, 1, -1), values(tied_last(z)), atol=1e-6)


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        (8, {"padding": "same"}, 8),
        (7, {"padding": "same"}, 8),
        (8, {"padding": "valid"}, 7),
        (7, {"padding": "valid"}, 7),
        (7, {"padding": "same", "output_padding": 0}, 7),
        (8, {"padding": "valid", "output_padding": 1}, 8),
    ],
)
def test_sizes_that_stride_2_gives_back(size, options, expected, tmp_path):
    source, inputs = layers.Conv2D(2, 3, strides=2, padding=options["padding"]), keras.Input((size, size, 1))
    tied = TiedConv2DTranspose(source, output_padding=options.get("output_padding"))
    model = keras.Model(inputs, tied(source(inputs)))
    assert model.output_shape == (None, expected, expected, 1)
    x = np.ones((1, size, size, 1), "float32")
    assert model(x).shape == (1, expected, expected, 1)
    if expected == size:  # then the layer is the adjoint here too
        z = np.random.default_rng(0).normal(size=source(x).shape).astype("float32")
        np.testing.assert_allclose(np.vdot(values(source(x)), z), np.vdot(x, values(tied(z))), rtol=1e-4)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").output_shape == model.output_shape


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow can't do this on a CPU")
def test_dilated_kernel():
    case = Case(lambda: layers.Conv2D(3, 3, dilation_rate=2), TiedConv2DTranspose, (7, 6, 2))
    model, x = pair(case), data(case)
    assert model.output_shape == (None, 7, 6, 2)
    np.testing.assert_allclose(values(model(x)), values(untied(model)(x)), atol=1e-6)


@pytest.mark.parametrize(
    ("size", "padding", "output_padding", "expected"), [(7, "same", None, 8), (7, "same", 0, 7), (8, "valid", 1, 8)]
)
def test_lengths_that_stride_2_gives_back(size, padding, output_padding, expected):
    source, inputs = layers.Conv1D(2, 3, strides=2, padding=padding), keras.Input((size, 1))
    tied = TiedConv1DTranspose(source, output_padding=output_padding)
    assert tied(source(inputs)).shape == (None, expected, 1)
    assert tied(source(np.ones((1, size, 1), "float32"))).shape == (1, expected, 1)


def test_refuses_groups():
    source = layers.Conv2D(4, 3, groups=2, name="split")
    with pytest.raises(ValueError, match="'split', which has 2 groups"):
        TiedConv2DTranspose(source)(source(keras.Input((8, 8, 2))))


def test_refuses_causal_padding():
    source = layers.Conv1D(4, 3, padding="causal", name="past")
    with pytest.raises(ValueError, match="'past', whose padding is causal"):
        TiedConv1DTranspose(source)(source(keras.Input((8, 2))))


@pytest.mark.parametrize("case", ["dense", "embedding"], indirect=True)
def test_refuses_a_quantized_source(case):
    model = pair(case)
    model.layers[1].quantize("int8")
    with pytest.raises(ValueError, match="quantized to int8"):
        model(data(case))


# In which models the tie survives.


def sequential(x):
    source = layers.Dense(2)
    return keras.Sequential([keras.Input((4,)), source, layers.Dropout(0.1), TiedDense(source)])


def sequential_built_late(x):
    source = layers.Dense(2)
    model = keras.Sequential([source, TiedDense(source)])
    model(x)
    return model


def encoder_inside(x):
    source = layers.Dense(2)
    encoder = keras.Sequential([keras.Input((4,)), source])
    return keras.Sequential([encoder, TiedDense(source)])


def by_name(x):
    inputs = keras.Input((4,))
    z = layers.Dense(2, name="code")(inputs)
    hidden = layers.Dense(2)(z)
    return keras.Model(inputs, TiedDense("code")(layers.Add()([z, hidden])))


@pytest.mark.parametrize("build", [sequential, sequential_built_late, encoder_inside, by_name])
def test_reloads_tied_in(build, tmp_path):
    x = data(CASES["dense"])
    model = build(x)
    train(model, x, run_eagerly=False)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded.predict(x, verbose=0), model.predict(x, verbose=0))
    for other in (reloaded, keras.models.clone_model(model)):
        source, kernel = other.layers[-1].tied_to, other.weights[0]
        assert source is not model.layers[-1].tied_to
        assert source.kernel is kernel
        assert len(other.weights) == len(model.weights)
    reloaded.train_on_batch(x, x)
    np.testing.assert_allclose(reloaded.get_weights()[0], values(reloaded.layers[-1].tied_to.kernel))


def two_models():
    source = layers.Dense(2, name="code")
    encoder = keras.Sequential([keras.Input((4,)), source], name="encoder")
    decoder = keras.Sequential([keras.Input((2,)), TiedDense(source, name="back")], name="decoder")
    return encoder, decoder


def test_two_models_in_a_row_train_but_say_that_they_can_not_be_saved(tmp_path):
    encoder, decoder = two_models()
    model, x = keras.Sequential([encoder, decoder]), data(CASES["dense"])
    train(model, x)
    assert len(model.weights) == 3 and decoder.count_params() == 4
    for refused in (model, decoder):
        with pytest.raises(ValueError, match=r"'back' is tied to 'code'.*another model.*Autoencoder"):
            refused.save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="'back' is tied to 'code'"):
            refused.get_config()


def test_tied_sources_says_where_the_source_is():
    encoder, decoder = two_models()
    twin = keras.models.clone_model(encoder)
    with tied_sources(encoder):
        config = decoder.get_config()
        with tied_sources(twin):
            copy = decoder.from_config(config)
        again = decoder.from_config(config)
    assert copy.layers[-1].tied_to is twin.layers[-1]
    assert again.layers[-1].tied_to is encoder.layers[-1]
    with pytest.raises(ValueError, match="came through no"):
        decoder.from_config(config)


def test_refuses_two_sources_of_one_name():
    encoder, decoder = two_models()
    inside = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="code"), *decoder.layers])
    with tied_sources(encoder), pytest.raises(ValueError, match="one of two layers called 'code'"):
        inside.get_config()
    twin = keras.models.clone_model(encoder)
    z = encoder(layers.Dense(4)(twin(keras.Input((4,)))))
    with pytest.raises(ValueError, match="2 layers are called so"):
        TiedDense("code")(z)


# The code of a variational autoencoder.

# Two codes of two numbers: means 0 and 3, log-variances 0 and ln 4; all 0.
MOMENTS = np.array([[0, 3, 0, np.log(4)], [0, 0, 0, 0]], "float32")
DIVERGENCE = [0.5 * (9 + 4 - 1 - np.log(4)), 0]


@pytest.mark.parametrize("training", [None, False, True])
@pytest.mark.parametrize("beta", [1, 0.5, 0])
def test_gaussian_code_by_hand(beta, training):
    code = GaussianCode(beta)
    z = ops.convert_to_numpy(code(MOMENTS, training=training))
    if not training:
        np.testing.assert_array_equal(z, MOMENTS[:, :2])
    (loss,) = code.losses
    np.testing.assert_allclose(ops.convert_to_numpy(loss), beta * np.mean(DIVERGENCE), rtol=1e-5)


def test_gaussian_code_draws_from_its_normal_distribution():
    code = GaussianCode(seed=1)
    many = np.repeat(MOMENTS[:1], 50_000, axis=0)
    z, others = (ops.convert_to_numpy(code(many, training=True)) for _ in range(2))
    np.testing.assert_allclose(z.mean(axis=0), [0, 3], atol=0.05)
    np.testing.assert_allclose(z.std(axis=0), [1, 2], rtol=0.03)
    correlations = np.corrcoef(np.concatenate([z, others], axis=1), rowvar=False)
    np.testing.assert_allclose(correlations, np.eye(4), atol=0.03)  # of numbers, and of calls
    again = GaussianCode(seed=1)
    np.testing.assert_array_equal(z, ops.convert_to_numpy(again(many, training=True)))


def test_gaussian_code_config_round_trip():
    code = GaussianCode(0.5, seed=3, name="z")
    config = code.get_config()
    assert config["how_to_load"] == "import ae_helpers.models"
    twin = GaussianCode.from_config(json.loads(json.dumps(config)))
    assert (twin.beta, twin.seed, twin.name) == (0.5, 3, "z")
    assert twin.get_config() == config
    assert twin.compute_output_shape((None, 6)) == (None, 3)
    assert twin(keras.Input((6,))).shape == (None, 3)
    assert twin.count_params() == 0


@pytest.mark.parametrize("beta", [-1, np.nan, np.inf, "1", True])
def test_gaussian_code_refuses_a_bad_weight(beta):
    with pytest.raises(ValueError, match=f"beta should be 0 or more, but is {beta!r}"):
        GaussianCode(beta)


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 4), (4,)])
def test_gaussian_code_refuses_another_shape(shape):
    with pytest.raises(ValueError, match=rf"'z' takes .*2 \* latent_dim\).* {re.escape(str(shape))}"):
        GaussianCode(name="z")(np.zeros(shape, "float32"))


# The k largest.


def test_top_k_by_hand():
    z = np.array([[3, -9, 1, 2], [-1, -2, 0.5, -3], [1, 2, 2, 2], [-1, -1, -1, -1]], "float32")
    # Few are positive in the second row, three are equal in the third.
    expected = [[3, 0, 0, 2], [0, 0, 0.5, 0], [0, 2, 2, 2], [0, 0, 0, 0]]
    assert values(TopK(2)(z)).tolist() == expected
    assert values(TopK(2)(z[None])).tolist() == [expected]
    np.testing.assert_array_equal(values(TopK(4)(z)), z.clip(0))


def test_top_k_of_1():
    assert values(TopK(1)(np.array([[3.0, 5.0, 4.0]], "float32"))).tolist() == [[0, 5, 0]]


def test_in_training_each_value_stays_where_it_is_largest():
    z = np.array([[3, -9, 1, 2], [4, -2, 2, 5], [1, -1, 0.5, 0.1]], "float32")
    few = [[3, 0, 0, 0], [0, 0, 0, 5], [1, 0, 0, 0]]
    layer = TopK(1, wake=True)
    assert values(layer(z)).tolist() == values(layer(z, training=False)).tolist() == few
    assert values(TopK(1)(z, training=True)).tolist() == few
    # 4 is the largest of its column and 2 of its own; the second has nothing positive.
    woken = [[3, 0, 0, 0], [4, 0, 2, 5], [1, 0, 0, 0]]
    assert values(layer(z, training=True)).tolist() == woken
    assert values(layer(z[:, None], training=True)).tolist() == [[row] for row in woken]


@pytest.mark.parametrize("dtype", ["float16", "mixed_bfloat16", "float32"])
def test_top_k_has_no_weights_and_keeps_shape_and_dtype(dtype):
    layer = TopK(np.int64(2), dtype=dtype)
    z = layer(np.random.default_rng(0).normal(size=(5, 3, 4)))
    assert keras.backend.standardize_dtype(z.dtype) == dtype.removeprefix("mixed_")
    assert layer.compute_output_shape((None, 3, 4)) == layer(keras.Input((3, 4))).shape == (None, 3, 4)
    assert z.shape == (5, 3, 4) and not layer.weights


@pytest.mark.slow
def test_only_what_top_k_keeps_is_trained():
    code = layers.Dense(5, use_bias=False)
    model = keras.Sequential([keras.Input((4,)), code, TopK(2)])
    x = np.random.default_rng(0).normal(size=(1, 4)).astype("float32")
    code.set_weights([np.stack([x[0], 2 * x[0], -x[0], 3 * x[0], 0 * x[0]], axis=1)])
    before = values(code.kernel)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(x, np.zeros((1, 5), "float32"))
    change = np.abs(values(code.kernel) - before).max(axis=0)
    assert (change > 1e-3).tolist() == [False, True, False, True, False] and change[[0, 2, 4]].max() == 0


def test_top_k_reloads(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(6), TopK(3, wake=True, name="few")])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(values(reloaded(x)), values(model(x)))
    few = reloaded.layers[-1]
    assert (few.k, few.wake, few.name) == (3, True, "few")
    assert "import ae_helpers" in json.dumps(model.get_config())


@pytest.mark.parametrize("bad", [0, -1, 2.0, True, None, "3"])
def test_top_k_refuses_a_bad_k(bad):
    with pytest.raises(ValueError, match=f"k should be a positive whole number, but is {re.escape(repr(bad))}"):
        TopK(bad)


@pytest.mark.parametrize("shape", [(2, 3), (2, None), ()])
def test_top_k_refuses_too_few_values(shape):
    with pytest.raises(ValueError, match=rf"shape {re.escape(str(shape))}, 4 values should stay: choose a smaller k"):
        TopK(4).build(shape)
