"""Autoencoders as Keras models: an encoder, a decoder, and both in a row."""

import math

import keras
import numpy as np
import scipy.sparse
from keras import layers

from ae_helpers.batches import SparseBatches
from ae_helpers.checks import as_floats
from ae_helpers.layers import TiedDense, tied_sources


@keras.saving.register_keras_serializable(package="ae_helpers")
class Autoencoder(keras.Model):
    """An encoder followed by a decoder, trained as one model: `x_hat = decode(encode(x))`.

    It is an ordinary `keras.Model`: compile it, fit it to `(x, x)`, save it.
    `autoencoder.encoder` and `autoencoder.decoder` are Keras models
    themselves and can be saved and used alone. Only a decoder that is tied to
    its encoder can't be saved alone, because the kernels are not its own.

    Args:
        encoder: Keras model from inputs `(batch, ...)` to codes `(batch, latent_dim)`.
        decoder: Keras model from codes to reconstructions `(batch, ...)`.

    Raises:
        ValueError: if one of them is not built, if the decoder does not take what
            the encoder gives, or does not give back the shape that the encoder takes.
    """

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        for name, model in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(model, keras.Model) or not model.built or not hasattr(model, "output_shape"):
                raise ValueError(
                    f"{name} should be a built Keras model, but {model!r} came. Start it with keras.Input(shape)."
                )
        if encoder.output_shape != decoder.input_shape:
            raise ValueError(
                f"The decoder should take the encoder's codes {encoder.output_shape}, "
                f"but takes {decoder.input_shape}."
            )
        if encoder.input_shape != decoder.output_shape:
            raise ValueError(
                f"The decoder should give back the encoder's inputs {encoder.input_shape}, "
                f"but gives {decoder.output_shape}."
            )
        self.encoder = encoder
        self.decoder = decoder
        self.built = True

    @property
    def latent_dim(self):
        """Number of values in a code."""
        return self.encoder.output_shape[-1]

    def call(self, inputs, training=None):
        """Reconstructions of `inputs`: a tensor of the same shape."""
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def encode(self, x, *, batch_size=256):
        """Codes of `x`.

        Args:
            x: float array `(n, ...)`, of the shape that the encoder takes; or a scipy sparse
                matrix `(n, width)`, of which only one batch at a time is made dense.
            batch_size: images computed at a time; beyond rounding, the codes do not depend on it.

        Returns:
            float32 NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: if the shape does not fit (the message gives both), or a value is NaN or infinite.
        """
        return _predict(self.encoder, x, "x", self.encoder.input_shape, batch_size)

    def decode(self, z, *, batch_size=256):
        """Reconstructions from codes.

        Args:
            z: float array `(n, latent_dim)`.
            batch_size: codes computed at a time.

        Returns:
            float32 NumPy array `(n, ...)`, of the shape of the inputs.

        Raises:
            ValueError: if the shape does not fit (the message gives both), or a value is NaN or infinite.
        """
        return _predict(self.decoder, z, "z", self.decoder.input_shape, batch_size)

    def reconstruct(self, x, *, batch_size=256):
        """`decode(encode(x))`, batch by batch: float32 NumPy array of the shape of `x`. Args, Raises: as `encode`."""
        return _predict(self, x, "x", self.encoder.input_shape, batch_size)

    def get_config(self):
        """What `from_config` needs to build the same model, without weights."""
        with tied_sources(self.encoder):
            parts = {
                "encoder": keras.saving.serialize_keras_object(self.encoder),
                "decoder": keras.saving.serialize_keras_object(self.decoder),
            }
        return {**super().get_config(), **parts}

    @classmethod
    def from_config(cls, config):
        """A new model with the architecture of `config` and fresh weights."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        with tied_sources(encoder):
            decoder = keras.saving.deserialize_keras_object(config["decoder"])
        return cls(**{**config, "encoder": encoder, "decoder": decoder})


def dense_autoencoder(
    latent_dim=32,
    hidden_sizes=(512, 256),
    *,
    activation="gelu",
    output_activation="sigmoid",
    code_penalty=0.0,
    mean_image=None,
    input_shape=(28, 28, 1),
):
    """A fully connected autoencoder whose decoder mirrors its encoder, not compiled.

    Hinton and Salakhutdinov 2006 (Science 313:504) use
    `dense_autoencoder(30, (1000, 500, 250), activation="sigmoid")`.

    Args:
        latent_dim: number of values in a code; the code itself has no activation,
            so that it may take any value.
        hidden_sizes: units of the encoder's hidden layers, input side first; the
            decoder has the same in reverse. Empty: no hidden layer.
        activation: of the hidden layers, any that Keras knows.
        output_activation: "sigmoid" keeps pixels in [0, 1]; None leaves them free.
        code_penalty: weight of an L2 penalty that keeps the code's values near 0
            (Keras adds it to the loss); 0 for none.
        mean_image: float array `input_shape`, the mean of the training images: training
            starts from it (the output's biases are set so), and needs fewer steps. None
            starts from zeros before the output's activation: from grey, with a sigmoid.
        input_shape: of one image, without the batch axis.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape.

    Raises:
        ValueError: if a size is not a positive whole number, or code_penalty is negative; or if
            mean_image has another shape, leaves [0, 1] before a sigmoid, or comes with another
            output_activation than "sigmoid" and None.
    """
    if not code_penalty >= 0:
        raise ValueError(f"code_penalty should be 0 or more, but is {code_penalty!r}.")
    penalty = keras.regularizers.L2(code_penalty) if code_penalty else None
    encoder = _dense_encoder(latent_dim, hidden_sizes, activation, input_shape, penalty)
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            *(layers.Dense(units, activation) for units in reversed(hidden_sizes)),
            layers.Dense(math.prod(input_shape), output_activation),
            layers.Reshape(input_shape),
        ],
        name="decoder",
    )
    if mean_image is not None:
        _start_from(mean_image, decoder.layers[-2], output_activation, input_shape)
    return Autoencoder(encoder, decoder)


def tied_autoencoder(
    latent_dim=32,
    hidden_sizes=(512, 256),
    *,
    activation="gelu",
    output_activation="sigmoid",
    input_shape=(28, 28, 1),
):
    """`dense_autoencoder` with tied weights, not compiled: the decoder runs the encoder's layers backwards.

    Each kernel is used twice, so that there are about half as many parameters. The
    decoder owns nothing but its biases. Saved and reloaded, the model is still tied.

    Args:
        latent_dim, hidden_sizes, activation, output_activation, input_shape: as of `dense_autoencoder`.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape.

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    encoder = _dense_encoder(latent_dim, hidden_sizes, activation, input_shape)
    first, *others = (layer for layer in encoder.layers if isinstance(layer, layers.Dense))
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            *(TiedDense(source, activation) for source in reversed(others)),
            TiedDense(first, output_activation),
            layers.Reshape(input_shape),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder)


def conv_autoencoder(
    latent_dim=32,
    filters=(16, 32),
    *,
    kernel_size=3,
    activation="gelu",
    output_activation="sigmoid",
    input_shape=(28, 28, 1),
):
    """A convolutional autoencoder with a dense code, not compiled.

    Each stage of the encoder halves height and width (stride 2), each of the
    decoder doubles them (transposed convolution).

    Args:
        latent_dim: number of values in a code.
        filters: of the encoder's convolutions, input side first; the decoder has
            the same in reverse.
        kernel_size: side of the square kernels in pixels.
        activation: of the hidden layers.
        output_activation: "sigmoid" keeps pixels in [0, 1]; None leaves them free.
        input_shape: `(height, width, channels)` of one image; height and width
            must be multiples of 2 to the power of the number of stages.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape.

    Raises:
        ValueError: if a size is not a positive whole number, or the image can't be halved as often.
    """
    _check_sizes(latent_dim=latent_dim, kernel_size=kernel_size)
    _check_tuples(filters=filters, input_shape=input_shape)
    if not filters or len(input_shape) != 3:
        raise ValueError(
            "conv_autoencoder needs at least one stage and (height, width, channels), "
            f"but filters is {filters!r} and input_shape {input_shape!r}."
        )
    height, width, channels = input_shape
    step = 2 ** len(filters)
    if height % step or width % step:
        raise ValueError(
            f"{len(filters)} stages halve the image {len(filters)} times, so its sides should be "
            f"multiples of {step}, but they are {height} and {width}. Use fewer stages."
        )
    small = (height // step, width // step, filters[-1])
    options = {"strides": 2, "padding": "same"}
    encoder = keras.Sequential(
        [
            keras.Input(input_shape),
            *(layers.Conv2D(f, kernel_size, activation=activation, **options) for f in filters),
            layers.Flatten(),
            layers.Dense(latent_dim, name="code"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(math.prod(small), activation),
            layers.Reshape(small),
            *(
                layers.Conv2DTranspose(f, kernel_size, activation=activation, **options)
                for f in reversed(filters[:-1])
            ),
            layers.Conv2DTranspose(channels, kernel_size, activation=output_activation, **options),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder)


def item_autoencoder(
    n_users,
    latent_dim=256,
    hidden_size=1024,
    *,
    dropout=0.3,
    activation="gelu",
    output_activation=None,
):
    """An autoencoder of items (movies), each a vector of what users think of it, not compiled.

    Dropout hides a share of the users from it, so that it can't merely copy. The output
    is made for `multinomial_loss`: logits, a number for each user. For a squared loss on
    ratings the same network serves (AutoRec, Sedhain et al. 2015, WWW, item form).

    Args:
        n_users: length of an item's vector.
        latent_dim: number of values in an embedding.
        hidden_size: units of the hidden layer before and of that after the code.
        dropout: share of the inputs set to 0 in training, from 0 to below 1.
        activation: of the hidden layers.
        output_activation: None for logits or ratings.

    Returns:
        `Autoencoder` from `(batch, n_users)` to the same shape. Its `encode` takes
        sparse matrices too; train it with `ae_helpers.batches.SparseBatches`.

    Raises:
        ValueError: if a size is not a positive whole number, or dropout leaves [0, 1).
    """
    _check_sizes(n_users=n_users, latent_dim=latent_dim, hidden_size=hidden_size)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout should be from 0 to below 1, but is {dropout!r}.")
    encoder = keras.Sequential(
        [
            keras.Input((n_users,)),
            layers.Dropout(dropout),
            layers.Dense(hidden_size, activation),
            layers.Dense(latent_dim, name="code"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(hidden_size, activation),
            layers.Dense(n_users, output_activation),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder)


def _dense_encoder(latent_dim, hidden_sizes, activation, input_shape, code_penalty=None):
    """From `(batch, *input_shape)` to codes `(batch, latent_dim)`; raises a ValueError for bad sizes."""
    _check_sizes(latent_dim=latent_dim)
    _check_tuples(hidden_sizes=hidden_sizes, input_shape=input_shape)
    if not input_shape:
        raise ValueError("input_shape should have at least one axis, but is ().")
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Flatten(),
            *(layers.Dense(units, activation) for units in hidden_sizes),
            layers.Dense(latent_dim, activity_regularizer=code_penalty, name="code"),
        ],
        name="encoder",
    )


def _start_from(mean_image, output, activation, input_shape):
    """Set the biases of the layer `output` so that it draws `mean_image` where its kernel adds nothing."""
    if activation not in ("sigmoid", None):
        raise ValueError(f'mean_image needs output_activation "sigmoid" or None, but {activation!r} came.')
    mean = as_floats(mean_image, "mean_image", unit_range=activation == "sigmoid")
    if mean.shape != tuple(input_shape):
        raise ValueError(f"mean_image should have the shape {tuple(input_shape)}, but has {mean.shape}.")
    mean = mean.ravel()
    if activation == "sigmoid":
        mean = np.clip(mean, 0.01, 0.99)  # what is black in all images would take a bias without end
        mean = np.log(mean / (1 - mean))
    output.bias.assign(mean)


def _predict(model, x, name, input_shape, batch_size):
    """`model.predict` without a progress bar, and with a clear error for a wrong shape or NaN."""
    expected = input_shape[1:]
    shape = tuple(x.shape) if hasattr(x, "shape") else None  # sparse matrices have one, too
    if shape is None or shape[1:] != expected or shape[0] == 0:
        sizes = ", ".join(map(str, expected))
        came = type(x).__name__ if shape is None else shape
        raise ValueError(f"{name} should be an array of shape (n, {sizes}), but {came} came.")
    if scipy.sparse.issparse(x):
        x = SparseBatches(x, batch_size=batch_size)
        return model.predict(x, verbose=0).astype("float32", copy=False)
    as_floats(x, name)
    # float32 also where a mixed-precision policy computes in 16 bits.
    return model.predict(x, batch_size=batch_size, verbose=0).astype("float32", copy=False)


def _is_size(value):
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _check_sizes(**sizes):
    for name, value in sizes.items():
        if not _is_size(value):
            raise ValueError(f"{name} should be a positive whole number, but is {value!r}.")


def _check_tuples(**tuples):
    for name, value in tuples.items():
        if not isinstance(value, (tuple, list)) or not all(map(_is_size, value)):
            raise ValueError(f"{name} should be a tuple of positive whole numbers, but is {value!r}.")
