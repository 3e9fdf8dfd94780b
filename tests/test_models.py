import re
import subprocess
import sys
from itertools import pairwise, product

import keras
import numpy as np
import pytest
import scipy.sparse
from keras import layers

from ae_helpers.layers import TiedConv2DTranspose, TiedDense
from ae_helpers.losses import bernoulli_loss, multinomial_loss
from ae_helpers.models import (
    Autoencoder,
    conv_autoencoder,
    dense_autoencoder,
    item_autoencoder,
    sparse_autoencoder,
    tied_autoencoder,
    variational_autoencoder,
)

pytestmark = pytest.mark.backend

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def x():
    return np.random.default_rng(0).random((6, *SHAPE), dtype=np.float32)


def small_dense():
    return dense_autoencoder(3, (10,), input_shape=SHAPE)


def small_conv():
    return conv_autoencoder(3, (2, 4), input_shape=SHAPE)


def small_tied():
    return tied_autoencoder(3, (10,), input_shape=SHAPE)


def small_variational():
    return variational_autoencoder(3, (10,), input_shape=SHAPE)


def small_sparse():
    return sparse_autoencoder(12, 3, input_shape=SHAPE)


def with_state():
    """From parts built by hand, with layers that act otherwise in training and hold more than weights."""
    image = keras.Input(SHAPE)
    hidden = layers.BatchNormalization()(layers.Flatten()(image))
    encoder = keras.Model(image, layers.Dense(3)(layers.Dropout(0.5)(hidden)), name="by_hand")
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(64), layers.Reshape(SHAPE)])
    return Autoencoder(encoder, decoder, name="with_state")


@pytest.fixture(params=[small_dense, small_tied, small_conv, small_sparse, small_variational, with_state])
def model(request):
    return request.param()


def outputs(model, x):
    codes = model.encode(x)
    return {"predict": model.predict(x, verbose=0), "encode": codes, "decode": model.decode(codes)}


def assert_equal_outputs(first, second, x):
    for (name, a), b in zip(outputs(first, x).items(), outputs(second, x).values(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


# What is built.


def dense_parameters(sizes):
    return sum((given + 1) * made for given, made in pairwise(sizes))


@pytest.mark.parametrize(
    ("latent_dim", "hidden_sizes", "shape", "layer_sizes"),
    [
        (32, (512, 256), (28, 28, 1), [784, 512, 256, 32, 256, 512, 784]),
        (2, (), (28, 28), [784, 2, 784]),
        (5, [7], (3, 4, 3), [36, 7, 5, 7, 36]),
        (1, (4, 4), (9,), [9, 4, 4, 1, 4, 4, 9]),
    ],
)
def test_dense_has_the_layers_asked_for(latent_dim, hidden_sizes, shape, layer_sizes):
    model = dense_autoencoder(latent_dim, hidden_sizes, input_shape=shape)
    x = np.full((2, *shape), 0.5, "float32")
    assert model.count_params() == dense_parameters(layer_sizes)
    assert model.latent_dim == latent_dim
    assert model.encode(x).shape == (2, latent_dim)
    assert model.reconstruct(x).shape == model(x).shape == x.shape


def test_default_dense_has_this_many_parameters():
    # 784*512+512 + 512*256+256 + 256*32+32, and back: 32*256+256 + 256*512+512 + 512*784+784
    assert dense_autoencoder().count_params() == 401_920 + 131_328 + 8_224 + 8_448 + 131_584 + 402_192


@pytest.mark.parametrize(
    ("latent_dim", "hidden_sizes", "shape", "count"),
    [
        # Kernels of the encoder, its biases, and the decoder's.
        (32, (512, 256), (28, 28, 1), 784 * 512 + 512 * 256 + 256 * 32 + (512 + 256 + 32) + (256 + 512 + 784)),
        (2, (), (28, 28), 784 * 2 + 2 + 784),
        (5, [7], (3, 4, 3), 36 * 7 + 7 * 5 + (7 + 5) + (7 + 36)),
    ],
)
def test_tied_has_the_layers_asked_for(latent_dim, hidden_sizes, shape, count):
    model = tied_autoencoder(latent_dim, hidden_sizes, input_shape=shape)
    x = np.full((2, *shape), 0.5, "float32")
    assert model.count_params() == count == model.encoder.count_params() + model.decoder.count_params()
    assert len(model.trainable_variables) == len(model.weights) == 3 * (len(hidden_sizes) + 1)
    assert model.latent_dim == latent_dim
    assert model.encode(x).shape == (2, latent_dim)
    assert model.reconstruct(x).shape == model(x).shape == x.shape


@pytest.mark.parametrize(
    ("latent_dim", "k", "shape"), [(1024, 32, (28, 28, 1)), (20, 20, (3, 4)), (1, 1, (9,)), (20, 3, [8, 8])]
)
def test_sparse_has_the_layers_asked_for(latent_dim, k, shape):
    model = sparse_autoencoder(latent_dim, k, input_shape=shape)
    pixels = int(np.prod(shape))
    x = np.random.default_rng(0).random((4, *shape), dtype=np.float32)
    assert model.count_params() == dense_parameters([pixels, latent_dim, pixels])
    assert model.latent_dim == latent_dim
    codes = model.encode(x)
    assert codes.shape == (4, latent_dim) and codes.min() >= 0
    assert np.count_nonzero(codes, axis=1).max() <= k
    assert model.reconstruct(x).shape == model(x).shape == x.shape
    assert [layer.activation.__name__ for layer in (model.encoder.layers[1], model.decoder.layers[0])] == ["linear"] * 2


def test_sparse_starts_as_its_own_transpose_and_from_the_mean_image():
    mean_image = np.random.default_rng(0).uniform(0.1, 0.9, SHAPE)
    model = sparse_autoencoder(12, 3, mean_image=mean_image, input_shape=SHAPE)
    kernel, bias, atoms, ground = model.get_weights()
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(kernel, atoms.T)
    np.testing.assert_allclose(ground, mean_image.ravel(), rtol=1e-6)
    np.testing.assert_allclose(bias, -atoms @ ground, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.encode(mean_image[None]), 0, atol=1e-5)
    plain = sparse_autoencoder(12, 3, input_shape=SHAPE).get_weights()
    assert not plain[1].any() and not plain[3].any()


@pytest.mark.parametrize(
    ("options", "count"),
    [
        # Convolutions 9*1*16+16 and 9*16*32+32, dense 7*7*32*32+32 and 32*1568+1568, back 9*32*16+16 and 9*16*1+1.
        ({}, 160 + 4_640 + 50_208 + 51_744 + 4_624 + 145),
        # One stage of 25*3*4+4, dense 3*2*4*2+2 and 2*24+24, back 25*4*3+3.
        ({"latent_dim": 2, "filters": [4], "kernel_size": 5, "input_shape": (6, 4, 3)}, 304 + 50 + 72 + 303),
    ],
)
def test_conv_has_the_layers_asked_for(options, count):
    model = conv_autoencoder(**options)
    shape = options.get("input_shape", (28, 28, 1))
    x = np.full((2, *shape), 0.5, "float32")
    assert model.count_params() == count
    assert model.encode(x).shape == (2, model.latent_dim) == (2, options.get("latent_dim", 32))
    assert model.reconstruct(x).shape == model(x).shape == x.shape


@pytest.mark.parametrize("build", [small_dense, small_tied, small_conv, small_variational])
def test_sigmoid_keeps_pixels_in_range_and_codes_are_free(build, x):
    model = build()
    x_hat = model.decode(1e3 * np.ones((1, 3), "float32"))
    assert 0 <= x_hat.min() <= x_hat.max() <= 1
    assert model.encode(x).min() < 0


def test_output_activation_none_leaves_pixels_free():
    model = dense_autoencoder(3, (10,), output_activation=None, input_shape=SHAPE)
    assert np.abs(model.decode(1e3 * np.ones((1, 3), "float32"))).max() > 1


def test_defaults():
    described = {
        dense_autoencoder(): ("dense", 32, [512, 256], "gelu", "sigmoid"),
        tied_autoencoder(): ("tied", 32, [512, 256], "gelu", "sigmoid"),
        item_autoencoder(7): ("items", 256, [1024], "gelu", "linear"),
        sparse_autoencoder(): ("sparse", 1024, [], None, "linear"),
    }
    *before, moments, code = variational_autoencoder().encoder.layers
    assert [layer.units for layer in before[1:]] == [512, 256] and moments.units == 2 * 32 and code.beta == 1
    assert moments.activation.__name__ == "linear" and code.seed is None
    assert variational_autoencoder().decoder.get_config()["layers"][-2]["config"]["activation"] == "sigmoid"
    for model, (name, latent_dim, sizes, hidden, output) in described.items():
        *before, code = [layer for layer in model.encoder.layers if isinstance(layer, layers.Dense)]
        assert [layer.units for layer in before] == sizes and code.units == latent_dim == model.latent_dim, name
        *after, last = [layer for layer in model.decoder.layers if hasattr(layer, "activation")]
        assert {layer.activation.__name__ for layer in (*before, *after)} == ({hidden} if sizes else set()), name
        assert (code.activation.__name__, last.activation.__name__) == ("linear", output), name
        assert code.activity_regularizer is None, name
    assert (sparse_autoencoder().encoder.layers[-1].k, sparse_autoencoder().encoder.layers[-1].wake) == (32, True)
    conv = conv_autoencoder()
    first, second, _, code = conv.encoder.layers
    assert (first.filters, second.filters, first.kernel_size, code.units) == (16, 32, (3, 3), 32)
    assert first.activation.__name__ == second.activation.__name__ == "gelu" and code.activation.__name__ == "linear"
    hidden, _, inner, last = conv.decoder.layers
    assert hidden.activation.__name__ == inner.activation.__name__ == "gelu"
    assert inner.filters == 16 and last.activation.__name__ == "sigmoid"


def test_weights_set_by_hand():
    model = dense_autoencoder(1, (2,), activation="relu", output_activation=None, input_shape=(2,))
    model.encoder.set_weights([np.array(w) for w in ([[1, -1], [0, 1]], [0, 0], [[2], [5]], [1])])
    model.decoder.set_weights([np.array(w) for w in ([[1, -1]], [0, 0], [[1, 2], [3, 4]], [0.5, -0.5])])
    # [3, 1] -> relu [3, -2] = [3, 0] -> code 2*3 + 1 = 7 -> relu [7, -7] = [7, 0] -> [7 + 0.5, 14 - 0.5]
    x = np.array([[3, 1]], "float32")
    assert model.encode(x).tolist() == [[7]]
    assert model.reconstruct(x).tolist() == model.predict(x, verbose=0).tolist() == [[7.5, 13.5]]


def test_tied_weights_set_by_hand():
    model = tied_autoencoder(1, (2,), activation="relu", output_activation=None, input_shape=(2,))
    model.encoder.set_weights([np.array(w) for w in ([[1, -1], [0, 1]], [0, 0], [[2], [5]], [1])])
    model.decoder.set_weights([np.array(w) for w in ([0, -30], [0.5, -0.5])])
    # As above to the code 7; back through [2, 5]: relu [14, 35 - 30] = [14, 5] -> [14 - 5 + 0.5, 5 - 0.5]
    x = np.array([[3, 1]], "float32")
    assert model.encode(x).tolist() == [[7]]
    assert model.reconstruct(x).tolist() == model.predict(x, verbose=0).tolist() == [[9.5, 4.5]]


def test_sparse_weights_set_by_hand():
    model = sparse_autoencoder(4, 2, input_shape=(2,))
    model.encoder.set_weights([np.array([[1, 0, 2, -1], [0, 1, -1, 0]]), np.array([0, 0, 0.5, 0])])
    model.decoder.set_weights([np.array([[1, 0], [0, 1], [3, 2], [7, 7]]), np.array([0.5, -0.5])])
    # [3, 1] -> [3, 1, 5.5, -3], of which 3 and 5.5 stay -> [3 + 3 * 5.5 + 0.5, 2 * 5.5 - 0.5]
    # [-3, -1] -> [-3, -1, -4.5, 3], of which only 3 is positive -> [3 * 7 + 0.5, 3 * 7 - 0.5]
    x = np.array([[3, 1], [-3, -1]], "float32")
    assert model.encode(x).tolist() == [[3, 0, 5.5, 0], [0, 0, 0, 3]]
    assert model.reconstruct(x).tolist() == [[20, 10.5], [21.5, 20.5]]


@pytest.mark.slow
def test_sparse_training_keeps_the_lengths_at_1(x, tmp_path):
    model = small_sparse()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.train_on_batch(x, x)
    for trained in (model, reload_file(model, tmp_path)):
        trained.train_on_batch(x, x)
        atoms = keras.ops.convert_to_numpy(trained.decoder.layers[0].kernel)
        np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("wake", [False, True])
def test_sparse_training_changes_only_the_atoms_that_were_used(wake, x):
    model = sparse_autoencoder(12, 3, wake=wake, input_shape=SHAPE)
    codes = model.encode(x[:1])
    positive = x[:1].reshape(1, -1) @ model.get_weights()[0] > 0
    used = positive[0] if wake else codes[0] > 0  # of a single image, each value is the largest
    before = model.get_weights()[2]
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(x[:1], x[:1])
    change = np.abs(model.get_weights()[2] - before).max(axis=1)
    assert 0 < used.sum() < 12
    assert change[used].min() > 1e-5 > 1e-6 > change[~used].max()


def test_weights_of_a_larger_k_fit_a_smaller_one(x):
    broad, narrow = sparse_autoencoder(12, 9, input_shape=SHAPE), small_sparse()
    narrow.set_weights(broad.get_weights())
    codes, few = broad.encode(x), narrow.encode(x)
    largest = np.sort(codes, axis=1)[:, -3:-2]
    np.testing.assert_allclose(few, np.where(codes >= largest, codes, 0), atol=1e-6)


def test_tied_computes_what_an_untied_one_with_these_kernels_does(x):
    tied, untied = small_tied(), small_dense()
    first, b1, code, b2 = tied.encoder.get_weights()
    untied.encoder.set_weights([first, b1, code, b2])
    untied.decoder.set_weights([code.T, np.zeros(10), first.T, np.zeros(64)])
    np.testing.assert_allclose(tied.reconstruct(x), untied.reconstruct(x), atol=1e-6)


def test_sizes_may_be_of_numpy(tmp_path):
    two, four = np.int64(2), np.int32(4)
    for model in (
        dense_autoencoder(two, [four], input_shape=(four, two)),
        tied_autoencoder(two, [four], input_shape=(four, two)),
        conv_autoencoder(two, [four], kernel_size=two, input_shape=(four, two, two)),
        item_autoencoder(four, two, four),
        sparse_autoencoder(two, two, input_shape=(four, two)),
    ):
        assert reload_file(model, tmp_path).latent_dim == 2


@pytest.mark.slow
def test_arrives_uncompiled(model, x):
    assert not model.compiled
    with pytest.raises(ValueError, match="compile"):
        model.fit(x, x)


# What it computes.


def test_all_ways_to_reconstruct_agree(model, x):
    x_hat = model.reconstruct(x)
    assert type(x_hat) is np.ndarray and x_hat.dtype == np.float32
    for other in (
        model.decode(model.encode(x)),
        model.predict(x, verbose=0),
        keras.ops.convert_to_numpy(model(x)),
        keras.ops.convert_to_numpy(model.decoder(model.encoder(x))),
        model.reconstruct(keras.ops.convert_to_tensor(x)),
        model.reconstruct(x, batch_size=4),
    ):
        np.testing.assert_allclose(other, x_hat, atol=1e-6)


def test_they_show_no_progress(x, capsys):
    model = item_autoencoder(6, 2, 4)
    model.encode(x[:, 0, :6, 0]), model.encode(scipy.sparse.csr_array(x[:, 0, :6, 0]))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, True, None])
def test_the_size_of_batches_is_a_positive_number(x, batch_size):
    with pytest.raises(ValueError, match=f"batch_size should be a positive whole number, but is {batch_size}"):
        small_dense().encode(x, batch_size=batch_size)


def test_the_size_of_batches_is_handed_on(x, monkeypatch):
    model = small_dense()
    sizes = []
    for part in (model, model.encoder, model.decoder):
        monkeypatch.setattr(part, "predict", lambda x, batch_size, verbose: sizes.append(batch_size) or np.zeros(3))
    model.encode(x, batch_size=2), model.decode(x[:, 0, :3, 0], batch_size=3), model.reconstruct(x, batch_size=4)
    model.encode(x), model.decode(x[:, 0, :3, 0]), model.reconstruct(x)
    assert sizes == [2, 3, 4, 256, 256, 256]
    items = item_autoencoder(7, 3, 5)
    monkeypatch.setattr(items.encoder, "predict", lambda batches, verbose: sizes.append(len(batches)) or np.zeros(3))
    items.encode(scipy.sparse.csr_array(np.ones((11, 7))), batch_size=4)
    assert sizes[-1] == 3  # batches


def test_training_reaches_both_parts(x):
    model = with_state()
    at_rest = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(model.reconstruct(x), at_rest, atol=1e-6)
    assert np.abs(keras.ops.convert_to_numpy(model(x, training=True)) - at_rest).max() > 1e-3


@pytest.mark.slow
def test_loss_falls_on_one_batch(model, x):
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = model.evaluate(x, x, verbose=0)
    for _ in range(20):
        model.train_on_batch(x, x)
    assert model.evaluate(x, x, verbose=0) < before


@pytest.mark.slow
def test_code_penalty_is_added_to_the_loss(x, tmp_path):
    model = dense_autoencoder(3, (10,), code_penalty=0.25, input_shape=SHAPE)
    model.compile("sgd", "mse")
    error = np.square(model.reconstruct(x) - x).mean()
    penalty = 0.25 * np.square(model.encode(x)).sum() / len(x)  # Keras takes the mean over the batch
    np.testing.assert_allclose(model.evaluate(x, x, verbose=0), error + penalty, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(reloaded.evaluate(x, x, verbose=0), error + penalty, rtol=1e-5)


@pytest.mark.parametrize("output_activation", ["sigmoid", None])
def test_starts_from_the_mean_image(output_activation, tmp_path):
    mean_image = np.random.default_rng(0).uniform(0.1, 0.9, SHAPE)
    options = {"output_activation": output_activation, "mean_image": mean_image}
    model = dense_autoencoder(3, (), input_shape=SHAPE, **options)
    # A code of zeros passes the kernel without a trace.
    np.testing.assert_allclose(model.decode(np.zeros((1, 3)))[0], mean_image, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(reloaded.decode(np.zeros((1, 3)))[0], mean_image, rtol=1e-5)


def test_starts_from_a_mean_image_with_black_and_white_pixels():
    model = dense_autoencoder(3, (), mean_image=np.eye(8)[..., None], input_shape=SHAPE)
    np.testing.assert_allclose(model.decode(np.zeros((1, 3)))[0, ..., 0], np.where(np.eye(8), 0.99, 0.01), rtol=1e-5)


@pytest.mark.slow
def test_encode_and_decode_follow_the_training(model, x):
    # Each part is compiled on its own, and a tied decoder has to see the kernels that the encoder learns.
    codes = model.encode(x)
    before = model.decode(codes)
    model.compile("adam", "mse")
    model.train_on_batch(x, x)
    after = model.decode(codes)
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_allclose(after, keras.ops.convert_to_numpy(model.decoder(codes)), atol=1e-5)
    np.testing.assert_allclose(model.encode(x), keras.ops.convert_to_numpy(model.encoder(x)), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("build", [small_conv, small_tied, small_variational])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_keeps_float32_outside(policy, build, x):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(before)
    assert {keras.backend.standardize_dtype(w.dtype) for w in model.weights} == {"float32"}
    assert keras.backend.standardize_dtype(model(x).dtype) == policy.removeprefix("mixed_")
    assert model.encode(x).dtype == model.reconstruct(x).dtype == np.float32
    model.compile("adam", "mse")
    assert np.isfinite(model.train_on_batch(x, x))


# An ordinary Keras model.


def test_it_has_the_shapes_and_tensors_of_a_functional_model(model, x):
    assert model.input_shape == model.output_shape == (None, *SHAPE)
    assert [t.shape for t in (*model.inputs, *model.outputs)] == [(None, *SHAPE)] * 2
    assert model.input is model.inputs[0] and model.output is model.outputs[0]
    part = keras.Model(model.input, [model.encoder.output, model.output])
    codes, x_hat = part.predict(x, verbose=0)
    np.testing.assert_allclose(codes, model.encode(x), atol=1e-6)
    np.testing.assert_allclose(x_hat, model.reconstruct(x), atol=1e-6)


def test_its_layers_are_encoder_and_decoder(model):
    assert model.layers == [model.encoder, model.decoder]
    assert model.get_layer(model.encoder.name) is model.encoder
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True)
    assert f"{model.count_params():,}" in "\n".join(lines)


@pytest.mark.parametrize("build", [small_dense, small_tied, small_conv, lambda: item_autoencoder(4, 2, 3)])
def test_parts_and_codes_are_called_so(build):
    model = build()
    assert (model.encoder.name, model.decoder.name, model.encoder.layers[-1].name) == ("encoder", "decoder", "code")


def test_it_is_a_layer_of_another_model(x):
    model = small_tied()
    noisy = keras.Sequential([keras.Input(SHAPE), layers.GaussianNoise(0.5), model])
    np.testing.assert_allclose(noisy.predict(x, verbose=0), model.reconstruct(x), atol=1e-6)
    assert model.input is model.encoder.inputs[0]  # not that of the other model


@pytest.mark.slow
@pytest.mark.parametrize("build", [small_dense, small_tied, small_conv, small_sparse, small_variational])
def test_export(build, x, tmp_path):
    if build is small_sparse and keras.backend.backend() == "jax":
        pytest.skip("TensorFlow 2.21 does not read the top_k that newer JAX writes")
    model = build()
    if keras.backend.backend() == "torch":
        torch = pytest.importorskip("torch")
        model.export(tmp_path / "model.pt2", format="torch", verbose=False)
        exported = torch.export.load(tmp_path / "model.pt2").module()
        # Keras fixes the batch at 1 there, unless it is told of dynamic_shapes.
        x_hat = np.concatenate([exported(keras.ops.convert_to_tensor(image[None])).detach().numpy() for image in x])
    else:
        tf = pytest.importorskip("tensorflow")
        model.export(tmp_path / "model", verbose=False)
        artifact = tf.saved_model.load(tmp_path / "model")
        x_hat = artifact.serve(x).numpy()
    np.testing.assert_allclose(x_hat, model.reconstruct(x), atol=1e-6)


@pytest.mark.slow
def test_export_takes_another_signature(x, tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tested with TensorFlow")
    tf = pytest.importorskip("tensorflow")
    model = small_dense()
    model.export(tmp_path / "six", verbose=False, input_signature=[keras.InputSpec(shape=(6, *SHAPE), dtype="float32")])
    artifact = tf.saved_model.load(tmp_path / "six")
    np.testing.assert_allclose(artifact.serve(x), model.reconstruct(x), atol=1e-6)
    with pytest.raises(TypeError):
        artifact.serve(x[:2])


@pytest.mark.slow
def test_what_others_do_with_a_model(x):
    model = small_tied()
    model.compile(loss="mae", metrics=["mse"], jit_compile=keras.backend.backend() != "torch")
    loss, _ = model.train_on_batch(x, x)
    assert np.isfinite(loss)
    history = model.fit(x, x, validation_split=0.5, verbose=0).history
    assert set(history) == {"loss", "mse", "val_loss", "val_mse"}
    batches = ((x[i : i + 2],) for i in (0, 2, 4))
    np.testing.assert_allclose(model.predict(batches, verbose=0), model.reconstruct(x), atol=1e-6)
    model.add_new_part = layers.Dense(2)  # not locked


def test_without_targets_the_loss_says_so(x):
    model = small_dense()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"No targets came.*\(x_noisy, x\)"):
        model.evaluate(x, verbose=0)


def test_without_a_loss_nothing_needs_targets(x):
    model = dense_autoencoder(3, (), code_penalty=1.0, input_shape=SHAPE)
    model.compile("sgd")
    assert model.evaluate(x, verbose=0) > 0  # the penalty alone


class Scaled(Autoencoder):
    """Calls a layer of its own, which is there only after the parts are."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.scale = layers.Rescaling(0.5)

    def call(self, inputs, training=None):
        return self.scale(super().call(inputs, training=training))


def test_a_subclass_may_compute_something_else(x):
    model = small_dense()
    half = Scaled(model.encoder, model.decoder)
    np.testing.assert_allclose(half.predict(x, verbose=0), model.predict(x, verbose=0) / 2, atol=1e-6)


# Codes and images of other shapes.


def map_coder(side=8):
    encoder = keras.Sequential([keras.Input((side, side, 1)), layers.Conv2D(4, 3, strides=2, padding="same")])
    decoder = [keras.Input(encoder.output_shape[1:]), layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    return Autoencoder(encoder, keras.Sequential(decoder))


def test_codes_may_be_maps(x, tmp_path):
    model = map_coder()
    codes = model.encode(x)
    assert codes.shape == (6, 4, 4, 4) and model.latent_dim == 64
    np.testing.assert_allclose(model.decode(codes), model.reconstruct(x), atol=1e-6)
    assert_equal_outputs(model, reload_file(model, tmp_path), x)
    with pytest.raises(ValueError, match=r"z should .*\(n, 4, 4, 4\), but \(6, 64\) came"):
        model.decode(codes.reshape(6, 64))


def test_images_of_any_size(x):
    model = map_coder(None)
    assert model.latent_dim is None
    assert model.encode(x).shape == (6, 4, 4, 4)
    assert model.reconstruct(x[:, :6, :4]).shape == (6, 6, 4, 1)
    with pytest.raises(ValueError, match=r"x should .*\(n, any, any, 1\), but \(6, 8, 8\) came"):
        model.encode(x[..., 0])


@pytest.mark.parametrize(
    ("shape", "code"), [((7, 7, 1), (2, 2)), ((6, 5, 3), (2, 2)), ((1, 9, 1), (1, 3)), ((8, 5, 1), (2, 2))]
)
def test_conv_crops_what_rounding_up_added(shape, code, tmp_path):
    model = conv_autoencoder(3, (2, 4), input_shape=shape)
    x = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    height, width = code
    assert model.encoder.layers[1].output.shape == (None, height, width, 4)
    assert model.reconstruct(x).shape == x.shape
    assert_equal_outputs(model, reload_file(model, tmp_path), x)
    larger = keras.Sequential([keras.Input((3,)), *model.decoder.layers[:-1]]).predict(model.encode(x), verbose=0)
    assert larger.shape == (2, 4 * height, 4 * width, shape[-1])
    np.testing.assert_array_equal(model.reconstruct(x), larger[:, : shape[0], : shape[1]])


def test_conv_crops_nothing_where_the_sides_fit():
    assert type(small_conv().decoder.layers[-1]) is layers.Conv2DTranspose


# Save and reload.


@pytest.mark.slow
@pytest.mark.parametrize("train", [False, True])
def test_reloads_bit_equal(model, x, train, tmp_path):
    if train:
        model.compile("adam", "mse")
        model.fit(x, x, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(reloaded) is Autoencoder and reloaded.name == model.name
    assert reloaded.compiled == train
    assert_equal_outputs(model, reloaded, x)


@pytest.mark.slow
def test_reloaded_model_trains_on(model, x, tmp_path):
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(x, x, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(reloaded.optimizer.iterations) == int(model.optimizer.iterations) == 2
    before = reloaded.evaluate(x, x, verbose=0)
    for _ in range(20):
        reloaded.train_on_batch(x, x)
    assert reloaded.evaluate(x, x, verbose=0) < before


def kernels_of_tied(model):
    """The kernels of encoder and decoder, as both compute with them."""
    sources = [layer for layer in model.encoder.layers if isinstance(layer, layers.Dense)]
    return [layer.kernel for layer in sources], [layer.tied_to.kernel for layer in model.decoder.layers[:-1]][::-1]


def reload_file(model, path):
    model.save(path / "model.keras")
    return keras.saving.load_model(path / "model.keras")


def reload_weights(model, path):
    model.save_weights(path / "model.weights.h5")
    fresh = small_tied()
    fresh.load_weights(path / "model.weights.h5")
    return fresh


def copy_config(model, path):
    twin = Autoencoder.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    return twin


def clone(model, path):
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


@pytest.mark.slow
@pytest.mark.parametrize("copy", [reload_file, reload_weights, copy_config, clone])
def test_tied_copies_are_tied_and_train_on(copy, x, tmp_path):
    model = small_tied()
    model.compile("adam", "mse")
    model.train_on_batch(x, x)
    twin = copy(model, tmp_path)
    assert_equal_outputs(model, twin, x)
    assert twin.count_params() == model.count_params()
    originals, _ = kernels_of_tied(model)
    sources, used = kernels_of_tied(twin)
    assert all(a is b and a is not c for a, b, c in zip(sources, used, originals, strict=True))
    twin.compile("adam", "mse")
    codes, before = twin.encode(x), twin.decode(twin.encode(x))
    twin.train_on_batch(x, x)
    kernels = [keras.ops.convert_to_numpy(kernel) for kernel in kernels_of_tied(twin)[0]]
    untied = small_dense()
    untied.decoder.set_weights(
        [w for kernel, bias in zip(kernels[::-1], twin.decoder.get_weights(), strict=True) for w in (kernel.T, bias)]
    )
    after = twin.decode(codes)
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_allclose(after, untied.decode(codes), atol=1e-6)


def test_tied_by_hand_reloads_tied(x, tmp_path):
    image = keras.Input(SHAPE)
    conv, dense = layers.Conv2D(2, 3, strides=2, padding="same"), layers.Dense(3)
    encoder = keras.Model(image, dense(layers.Flatten()(conv(image))))
    back = [keras.Input((3,)), TiedDense(dense), layers.Reshape((4, 4, 2)), TiedConv2DTranspose(conv)]
    model = Autoencoder(encoder, keras.Sequential(back))
    twin = reload_file(model, tmp_path)
    assert_equal_outputs(model, twin, x)
    assert [layer.tied_to for layer in twin.decoder.layers[::2]] == [twin.encoder.layers[-1], twin.encoder.layers[1]]


def test_a_tied_decoder_can_not_be_saved_alone(tmp_path):
    with pytest.raises(ValueError, match=r"tied to 'code'.*another model.*Autoencoder"):
        small_tied().decoder.save(tmp_path / "part.keras")


@pytest.mark.parametrize(
    ("build", "part"),
    [
        *product([small_dense, small_conv, small_sparse, small_variational, with_state], ["encoder", "decoder"]),
        (small_tied, "encoder"),
    ],
)
def test_a_part_reloads_alone(build, part, x, tmp_path):
    model = build()
    getattr(model, part).save(tmp_path / "part.keras")
    reloaded = keras.saving.load_model(tmp_path / "part.keras")
    given = x if part == "encoder" else model.encode(x)
    expected = getattr(model, part).predict(given, verbose=0)
    np.testing.assert_array_equal(reloaded.predict(given, verbose=0), expected)


LOAD = """
import sys, keras, numpy as np
try:
    keras.saving.load_model(sys.argv[1])
except TypeError as error:
    print("REFUSED", error)
import ae_helpers.models
model = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], model.predict(np.load(sys.argv[3]), verbose=0))
"""


@pytest.mark.slow
def test_a_new_process_says_what_to_import_and_then_loads(x, tmp_path):
    model = small_tied()
    model.compile("adam", multinomial_loss)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    arguments = [tmp_path / name for name in ("model.keras", "x_hat.npy", "x.npy")]
    result = subprocess.run([sys.executable, "-c", LOAD, *arguments], capture_output=True, text=True, check=True)
    assert re.search(r"REFUSED .{,600}import ae_helpers\.models", result.stdout)
    np.testing.assert_allclose(np.load(tmp_path / "x_hat.npy"), model.predict(x, verbose=0), atol=1e-6)


def test_the_encoder_alone_is_plain_keras():
    assert "ae_helpers" not in small_tied().encoder.to_json()


def test_frozen_parts_stay_frozen(x, tmp_path):
    model = small_dense()
    model.encoder.trainable = False
    twin = reload_file(model, tmp_path)
    assert len(twin.trainable_weights) == len(model.trainable_weights) == 4
    model.trainable = False
    assert reload_file(model, tmp_path).trainable is False


def test_config_round_trip(model, x):
    twin = Autoencoder.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]
    assert np.abs(twin.encode(x) - model.encode(x)).max() > 1e-3  # weights of its own
    twin.set_weights(model.get_weights())
    assert_equal_outputs(model, twin, x)


# What it refuses.

BAD_SIZES = [0, -2, True, 2.0, None, "3"]


@pytest.mark.parametrize("bad", [*BAD_SIZES, (3,)])
@pytest.mark.parametrize(
    ("build", "name"),
    [
        (dense_autoencoder, "latent_dim"),
        (tied_autoencoder, "latent_dim"),
        (variational_autoencoder, "latent_dim"),
        (conv_autoencoder, "latent_dim"),
        (conv_autoencoder, "kernel_size"),
        (sparse_autoencoder, "latent_dim"),
        (sparse_autoencoder, "k"),
    ],
)
def test_refuses_a_bad_size(build, name, bad):
    with pytest.raises(ValueError, match=f"^{name} should be") as refusal:
        build(**{name: bad})
    assert repr(bad) in str(refusal.value)


@pytest.mark.parametrize("bad", [*((4, size) for size in BAD_SIZES), 4, "44", None])
@pytest.mark.parametrize(
    ("build", "name"),
    [
        (dense_autoencoder, "hidden_sizes"),
        (dense_autoencoder, "input_shape"),
        (tied_autoencoder, "hidden_sizes"),
        (variational_autoencoder, "hidden_sizes"),
        (tied_autoencoder, "input_shape"),
        (conv_autoencoder, "filters"),
        (conv_autoencoder, "input_shape"),
        (sparse_autoencoder, "input_shape"),
    ],
)
def test_refuses_bad_sizes(build, name, bad):
    with pytest.raises(ValueError, match=f"^{name} should be") as refusal:
        build(**{name: bad})
    assert repr(bad) in str(refusal.value)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (dense_autoencoder, {"input_shape": ()}, r"input_shape should .* is \(\)"),
        (dense_autoencoder, {"activation": "gulp"}, "gulp"),
        (tied_autoencoder, {"input_shape": ()}, r"input_shape should .* is \(\)"),
        (tied_autoencoder, {"output_activation": "gulp"}, "gulp"),
        (dense_autoencoder, {"code_penalty": -0.1}, "code_penalty should .* is -0.1"),
        (dense_autoencoder, {"code_penalty": np.nan}, "code_penalty should .* is nan"),
        (dense_autoencoder, {"code_penalty": np.inf}, "code_penalty should .* is inf"),
        (dense_autoencoder, {"mean_image": np.zeros((28, 28))}, r"mean_image should .*, but has \(28, 28\)"),
        (dense_autoencoder, {"mean_image": np.full((28, 28, 1), 2.0)}, "mean_image should lie in"),
        (dense_autoencoder, {"mean_image": np.zeros((28, 28, 1)), "output_activation": "tanh"}, "'tanh' came"),
        (variational_autoencoder, {"beta": -1}, "beta should be 0 or more, but is -1"),
        (variational_autoencoder, {"mean_image": np.zeros((28, 28))}, r"mean_image should .*, but has \(28, 28\)"),
        (conv_autoencoder, {"filters": ()}, r"filters is \(\)"),
        (sparse_autoencoder, {"latent_dim": 9, "k": 10}, "k should be at most latent_dim, 9, but is 10"),
        (sparse_autoencoder, {"mean_image": np.zeros((28, 28))}, r"mean_image should .*, but has \(28, 28\)"),
        (conv_autoencoder, {"input_shape": (28, 28)}, r"input_shape \(28, 28\)"),
    ],
)
def test_refuses_what_does_not_go_together(build, options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


@pytest.mark.parametrize("shape", [(6, 8, 8), (8, 8, 1), (0, 8, 8, 1), (6, 8, 8, 3), ()])
def test_encode_refuses_another_shape(shape):
    with pytest.raises(ValueError, match=rf"x should .*\(n, 8, 8, 1\), but {re.escape(str(shape))} came"):
        small_dense().encode(np.zeros(shape, "float32"))


def test_decode_and_reconstruct_refuse_another_shape(x):
    model = small_dense()
    with pytest.raises(ValueError, match=r"z should .*\(n, 3\), but \(6, 4\) came"):
        model.decode(np.zeros((6, 4), "float32"))
    with pytest.raises(ValueError, match=r"x should .*\(n, 8, 8, 1\), but \(6, 8, 8\) came"):
        model.reconstruct(x[..., 0])
    with pytest.raises(ValueError, match="but list came"):
        model.encode(x.tolist())


def sequence(*sizes):
    return keras.Sequential([keras.Input((sizes[0],)), *(layers.Dense(size) for size in sizes[1:])])


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (lambda: sequence(4, 2), lambda: sequence(3, 4), r"codes \(None, 2\), but takes \(None, 3\)"),
        (lambda: sequence(4, 2), lambda: sequence(2, 5), r"inputs \(None, 4\), but gives \(None, 5\)"),
        (lambda: keras.Sequential([layers.Dense(2)]), lambda: sequence(2, 4), "encoder should .*keras.Input"),
        (lambda: sequence(4, 2), lambda: keras.Sequential([layers.Dense(4)]), "decoder should .*keras.Input"),
        (lambda: layers.Dense(2), lambda: sequence(2, 4), "encoder should .*Dense"),
        (lambda: None, lambda: sequence(2, 4), "encoder should .*None came"),
        (lambda: Autoencoder(sequence(4, 2), sequence(2, 4)), lambda: sequence(4, 4), "encoder should .*Autoencoder"),
    ],
)
def test_refuses_parts_that_do_not_fit(encoder, decoder, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(encoder(), decoder())


# Variational.


@pytest.mark.parametrize(
    ("latent_dim", "hidden_sizes", "shape", "encoder", "decoder"),
    [(4, (7, 5), (6, 6, 1), [36, 7, 5, 8], [4, 5, 7, 36]), (2, [], (9,), [9, 4], [2, 9])],
)
def test_variational_has_the_layers_asked_for(latent_dim, hidden_sizes, shape, encoder, decoder):
    model = variational_autoencoder(latent_dim, hidden_sizes, input_shape=shape)
    x = np.full((2, *shape), 0.5, "float32")
    assert model.encoder.count_params() == dense_parameters(encoder)
    assert model.decoder.count_params() == dense_parameters(decoder)
    assert model.latent_dim == latent_dim
    assert model.encode(x).shape == (2, latent_dim)
    assert model.reconstruct(x).shape == model(x).shape == x.shape
    activations = {layer.activation.__name__ for layer in model.encoder.layers[1 : 1 + len(hidden_sizes)]}
    assert activations == ({"gelu"} if hidden_sizes else set())


def moments_of(model, x):
    """Means and log-variances."""
    moments = model.encoder.get_layer("mean_and_log_variance").output
    return np.split(keras.Model(model.input, moments).predict(x, verbose=0), 2, axis=1)


def test_variational_encodes_to_means_and_draws_in_training_only(x):
    model = small_variational()
    mean, log_variance = moments_of(model, x)
    np.testing.assert_allclose(model.encode(x), mean, atol=1e-6)
    np.testing.assert_array_equal(model.reconstruct(x), model.reconstruct(x))
    many = np.repeat(x[:1], 20_000, axis=0)
    z, z_again = (keras.ops.convert_to_numpy(model.encoder(many, training=True)) for _ in range(2))
    assert np.abs(z - z_again).max() > 0.1  # new noise each time
    np.testing.assert_allclose(z.mean(axis=0), mean[0], atol=0.05)
    np.testing.assert_allclose(z.std(axis=0), np.exp(log_variance[0] / 2), rtol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("beta", [1, 0.25, 0])
def test_its_loss_has_two_terms(beta, x, tmp_path):
    model = variational_autoencoder(3, (10,), beta=beta, input_shape=SHAPE)
    model.compile("sgd", bernoulli_loss)
    mean, log_variance = moments_of(model, x)
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean()
    x_hat = model.reconstruct(x)
    cross_entropy = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=(1, 2, 3)).mean()
    expected = cross_entropy + beta * divergence
    np.testing.assert_allclose(model.evaluate(x, x, verbose=0), expected, rtol=1e-5)
    reloaded = reload_file(model, tmp_path)
    assert reloaded.encoder.layers[-1].beta == beta
    np.testing.assert_allclose(reloaded.evaluate(x, x, verbose=0), expected, rtol=1e-5)


@pytest.mark.slow
def test_a_large_beta_empties_the_code(x):
    model = variational_autoencoder(3, (10,), beta=100, input_shape=SHAPE)
    model.compile(keras.optimizers.Adam(0.02), bernoulli_loss)
    before = np.abs(model.encode(x)).max()
    for _ in range(150):
        model.train_on_batch(x, x)
    assert np.abs(model.encode(x)).max() < 0.3 * before


def test_its_options_reach_the_layers():
    mean_image = np.random.default_rng(0).uniform(0.1, 0.9, SHAPE)
    model = variational_autoencoder(3, (), mean_image=mean_image, input_shape=SHAPE)
    np.testing.assert_allclose(model.decode(np.zeros((1, 3)))[0], mean_image, rtol=1e-5)
    model = variational_autoencoder(3, (10,), activation="relu", output_activation=None, input_shape=SHAPE)
    assert model.encoder.layers[1].activation.__name__ == model.decoder.layers[0].activation.__name__ == "relu"
    assert np.abs(model.decode(1e3 * np.ones((1, 3)))).max() > 1


# Items.


def test_item_autoencoder_has_the_layers_asked_for():
    model = item_autoencoder(7, 3, 5, output_activation="sigmoid")
    assert model.count_params() == dense_parameters([7, 5, 3, 5, 7])
    assert model.latent_dim == 3
    x = np.zeros((2, 7), "float32")
    np.testing.assert_allclose(model.reconstruct(x), 0.5)  # no bias yet: a sigmoid of 0


def test_its_dropout_works_in_training_only():
    model = item_autoencoder(50, 3, 5, dropout=0.5)
    x = np.ones((1, 50), "float32")
    at_rest, again, training = (
        keras.ops.convert_to_numpy(model(x, training=training)) for training in (None, False, True)
    )
    np.testing.assert_array_equal(at_rest, again)
    assert not np.allclose(at_rest, training)


@pytest.mark.slow
def test_its_dropout_is_the_one_asked_for():
    def rates(model):
        return [layer.rate for layer in model.encoder.layers if isinstance(layer, layers.Dropout)]

    assert rates(item_autoencoder(5)) == [0.3]
    assert rates(item_autoencoder(5, dropout=0.75)) == [0.75]
    model = item_autoencoder(400, 3, 5, dropout=0.75)
    hidden = keras.ops.convert_to_numpy(model.encoder.layers[0](np.ones((1, 400), "float32"), training=True))
    assert 60 < np.count_nonzero(hidden) < 140 and hidden.max() == 4  # a quarter stays, four times as large


def test_codes_of_sparse_items_are_those_of_dense_ones(tmp_path):
    x = np.random.default_rng(0).random((11, 7), dtype=np.float32)
    x[x < 0.6] = 0
    model = item_autoencoder(7, 3, 5)
    dense = model.encode(x, batch_size=4)
    for matrix in (scipy.sparse.csr_array(x), scipy.sparse.coo_matrix(x)):
        np.testing.assert_allclose(model.encode(matrix, batch_size=4), dense, rtol=1e-6)
    with pytest.raises(ValueError, match=r"shape \(n, 7\), but \(11, 6\) came"):
        model.encode(scipy.sparse.csr_array(x[:, :6]))
    model.save(tmp_path / "items.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "items.keras").encode(x, batch_size=4), dense)


@pytest.mark.parametrize("bad", BAD_SIZES)
@pytest.mark.parametrize("name", ["n_users", "latent_dim", "hidden_size"])
def test_item_sizes_that_are_none_are_refused(name, bad):
    with pytest.raises(ValueError, match=f"{name} should be a positive whole number"):
        item_autoencoder(**{"n_users": 4, name: bad})


@pytest.mark.parametrize("bad", [-0.1, 1, 1.5, float("nan")])
def test_a_dropout_that_leaves_nothing_is_refused(bad):
    with pytest.raises(ValueError, match="dropout should be from 0 to below 1"):
        item_autoencoder(4, dropout=bad)
