"""Autoencoders as Keras models: an encoder, a decoder, and both in a row.

A saved autoencoder is loaded by `keras.saving.load_model(path)`, in a new process after
`import ae_helpers.models`, which also knows our layers and the losses that it may name.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import scipy.sparse
from keras import layers

import ae_helpers.losses  # noqa: F401  a saved model names its loss
from ae_helpers.batches import SparseBatches
from ae_helpers.checks import as_floats, positive_int, real_number
from ae_helpers.layers import HOW_TO_LOAD, GaussianCode, TiedDense, TopK, tied_sources


@keras.saving.register_keras_serializable(package="ae_helpers")
class Autoencoder(keras.Model):
    """An encoder followed by a decoder, trained as one model: `x_hat = decode(encode(x))`.

    It is an ordinary `keras.Model`: compile it, fit it to `(x, x)`, save it, export it.
    `autoencoder.encoder` and `autoencoder.decoder` are Keras models
    themselves and can be saved and used alone. Only a decoder that is tied to
    its encoder can't be saved alone, because the kernels are not its own.

    Args:
        encoder: Keras model from inputs `(batch, ...)` to codes, most often `(batch, latent_dim)`;
            maps `(batch, height, width, channels)` are codes as well.
        decoder: Keras model from codes to reconstructions `(batch, ...)`.
        kwargs: as of any Keras model: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: if one of them is not built or is an autoencoder itself, if the decoder does
            not take what the encoder gives, or does not give back the shape that the encoder takes.

    Example:
        >>> encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32)])
        >>> decoder = keras.Sequential([keras.Input((32,)), keras.layers.Dense(784, "sigmoid")])
        >>> autoencoder = Autoencoder(encoder, decoder)
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any):
        super().__init__(**kwargs)
        for name, model in (("encoder", encoder), ("decoder", decoder)):
            usable = isinstance(model, keras.Model) and not isinstance(model, Autoencoder)
            if not usable or not model.built or not hasattr(model, "output_shape"):
                raise ValueError(
                    f"{name} should be a built Keras model, but {model!r} came. Start it with keras.Input(shape)."
                )
        if encoder.output_shape != decoder.input_shape:
            raise ValueError(
                f"The decoder should take the encoder's codes {encoder.output_shape}, but takes {decoder.input_shape}."
            )
        if encoder.input_shape != decoder.output_shape:
            raise ValueError(
                f"The decoder should give back the encoder's inputs {encoder.input_shape}, "
                f"but gives {decoder.output_shape}."
            )
        self.encoder = encoder
        self.decoder = decoder
        # Parts of one graph: `keras.Model(autoencoder.input, autoencoder.encoder.output)` is what many write.
        self._x_hat = decoder(encoder(encoder.inputs[0]))
        self.built = True

    @property
    def inputs(self) -> list:
        """The encoder's symbolic inputs, one in a list, as of any functional model."""
        return self.encoder.inputs

    @property
    def outputs(self) -> list:
        """The symbolic reconstructions of `inputs`, one in a list."""
        return [self._x_hat]

    @property
    def input(self) -> keras.KerasTensor:
        """The encoder's symbolic input."""
        return self.inputs[0]

    @property
    def output(self) -> keras.KerasTensor:
        """The symbolic reconstruction of `input`."""
        return self._x_hat

    @property
    def input_shape(self) -> tuple:
        """What the encoder takes: `(None, ...)`, the batch axis first."""
        return self.encoder.input_shape

    @property
    def output_shape(self) -> tuple:
        """What the decoder gives back: the same as `input_shape`."""
        return self.decoder.output_shape

    @property
    def latent_dim(self) -> int | None:
        """Number of values in a code: 64 for maps `(4, 4, 4)`; None where it depends on the size of the image."""
        sizes = self.encoder.output_shape[1:]
        return None if None in sizes else math.prod(sizes)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Reconstructions of `inputs`: a tensor of the same shape."""
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """As of any Keras model; raises a ValueError where the loss has nothing to compare with."""
        if y is None and self.loss is not None:
            raise ValueError("No targets came. Give them: (x, x), or (x_noisy, x) for a denoiser.")
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def export(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As of any Keras model: writes `reconstruct` for use without Keras, by default as a TensorFlow SavedModel."""
        # Keras would look for the shape of the first call, which there need not have been.
        spec = keras.InputSpec(shape=self.input_shape, dtype=self.inputs[0].dtype)
        super().export(filepath, *args, **{"input_signature": [spec], **kwargs})

    def encode(self, x: Any, *, batch_size: int = 256) -> np.ndarray:
        """Codes of `x`.

        Args:
            x: float array or tensor `(n, ...)`, of the shape that the encoder takes; or a scipy
                sparse matrix `(n, width)`, of which only one batch at a time is made dense.
            batch_size: images computed at a time; beyond rounding, the codes do not depend on it.

        Returns:
            float32 NumPy array `(n, latent_dim)`, or `(n, ...)` where codes have several axes.

        Raises:
            ValueError: if the shape does not fit (the message gives both), or a value is NaN or infinite.
        """
        return _predict(self.encoder, x, "x", self.encoder.input_shape, batch_size)

    def decode(self, z: Any, *, batch_size: int = 256) -> np.ndarray:
        """Reconstructions from codes.

        Args:
            z: float array or tensor of the shape that `encode` gives, most often `(n, latent_dim)`.
            batch_size: codes computed at a time.

        Returns:
            float32 NumPy array `(n, ...)`, of the shape of the inputs.

        Raises:
            ValueError: if the shape does not fit (the message gives both), or a value is NaN or infinite.
        """
        return _predict(self.decoder, z, "z", self.decoder.input_shape, batch_size)

    def reconstruct(self, x: Any, *, batch_size: int = 256) -> np.ndarray:
        """`decode(encode(x))`, batch by batch.

        Args:
            x: as `encode` takes it.
            batch_size: images computed at a time.

        Returns:
            float32 NumPy array of the shape of x.

        Raises:
            ValueError: if the shape does not fit (the message gives both), or a value is NaN or infinite.
        """
        return _predict(self, x, "x", self.encoder.input_shape, batch_size)

    def get_config(self) -> dict:
        """What `from_config` needs to build the same model, without weights."""
        with tied_sources(self.encoder):
            parts = {
                "encoder": keras.saving.serialize_keras_object(self.encoder),
                "decoder": keras.saving.serialize_keras_object(self.decoder),
            }
        return {**HOW_TO_LOAD, **super().get_config(), **parts}

    @classmethod
    def from_config(cls, config: dict) -> "Autoencoder":
        """A new model with the architecture of `config` and fresh weights."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        with tied_sources(encoder):
            decoder = keras.saving.deserialize_keras_object(config["decoder"])
        others = {name: value for name, value in config.items() if name not in HOW_TO_LOAD}
        return cls(**{**others, "encoder": encoder, "decoder": decoder})


def dense_autoencoder(
    latent_dim: int = 32,
    hidden_sizes: Sequence[int] = (512, 256),
    *,
    activation: Any = "gelu",
    output_activation: Any = "sigmoid",
    code_penalty: float = 0.0,
    mean_image: Any = None,
    input_shape: Sequence[int] = (28, 28, 1),
) -> Autoencoder:
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
        ValueError: if a size is not a positive whole number, or code_penalty is negative or
            not finite; or if mean_image has another shape, leaves [0, 1] before a sigmoid, or
            comes with another output_activation than "sigmoid" and None.

    Example:
        >>> autoencoder = dense_autoencoder(16)
        >>> autoencoder.compile("adam", "mse")
        >>> autoencoder.fit(x_train, x_train, validation_data=(x_valid, x_valid))
    """
    code_penalty = real_number(code_penalty, "code_penalty", lambda weight: 0 <= weight < math.inf, "0 or more")
    penalty = keras.regularizers.L2(code_penalty) if code_penalty else None
    encoder = _dense_encoder(latent_dim, hidden_sizes, activation, input_shape, penalty)
    return Autoencoder(encoder, _dense_decoder(encoder, hidden_sizes, activation, output_activation, mean_image))


def variational_autoencoder(
    latent_dim: int = 32,
    hidden_sizes: Sequence[int] = (512, 256),
    *,
    beta: float = 1.0,
    activation: Any = "gelu",
    output_activation: Any = "sigmoid",
    mean_image: Any = None,
    input_shape: Sequence[int] = (28, 28, 1),
) -> Autoencoder:
    """`dense_autoencoder` with a code that is drawn in training, not compiled (Kingma and Welling 2014, ICLR).

    The encoder ends with a `GaussianCode`, which draws codes in training and adds to the loss
    what keeps them near N(0, 1). So codes drawn from N(0, 1) can be decoded to new pictures.
    `encode` and `reconstruct` draw nothing: they use the means.

    Args:
        latent_dim: number of values in a code.
        hidden_sizes: units of the encoder's hidden layers, input side first; the
            decoder has the same in reverse. Empty: no hidden layer.
        beta: weight of the Kullback-Leibler divergence in the loss, 0 or more.
        activation: of the hidden layers, any that Keras knows.
        output_activation: "sigmoid" for `bernoulli_loss`.
        mean_image: as of `dense_autoencoder`.
        input_shape: of one image, without the batch axis.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape. The layer
        "mean_and_log_variance" of its encoder gives both, `(batch, 2 * latent_dim)`.

    Raises:
        ValueError: if a size is not a positive whole number, or beta is negative or not finite;
            about mean_image as `dense_autoencoder`.

    Example:
        >>> autoencoder = variational_autoencoder(16)
        >>> autoencoder.compile("adam", bernoulli_loss)  # of ae_helpers.losses
        >>> autoencoder.fit(x_train, x_train)
        >>> new = autoencoder.decode(np.random.default_rng(0).normal(size=(10, 16)))
    """
    encoder = _dense_encoder(latent_dim, hidden_sizes, activation, input_shape, beta=beta)
    return Autoencoder(encoder, _dense_decoder(encoder, hidden_sizes, activation, output_activation, mean_image))


def tied_autoencoder(
    latent_dim: int = 32,
    hidden_sizes: Sequence[int] = (512, 256),
    *,
    activation: Any = "gelu",
    output_activation: Any = "sigmoid",
    input_shape: Sequence[int] = (28, 28, 1),
) -> Autoencoder:
    """`dense_autoencoder` with tied weights, not compiled: the decoder runs the encoder's layers backwards.

    Each kernel is used twice, so that there are about half as many parameters. The
    decoder owns nothing but its biases. Saved and reloaded, the model is still tied.

    Args:
        latent_dim: number of values in a code, which has no activation.
        hidden_sizes: units of the encoder's hidden layers, input side first; the
            decoder runs them backwards. Empty: no hidden layer.
        activation: of the hidden layers, any that Keras knows.
        output_activation: "sigmoid" keeps pixels in [0, 1]; None leaves them free.
        input_shape: of one image, without the batch axis.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape.

    Raises:
        ValueError: if a size is not a positive whole number.

    Example:
        >>> tied_autoencoder(16).count_params() / dense_autoencoder(16).count_params()  # 0.50
    """
    encoder = _dense_encoder(latent_dim, hidden_sizes, activation, input_shape)
    first, *others = (layer for layer in encoder.layers if isinstance(layer, layers.Dense))
    decoder = keras.Sequential(
        [
            keras.Input(encoder.output_shape[1:]),
            *(TiedDense(source, activation) for source in reversed(others)),
            TiedDense(first, output_activation),
            layers.Reshape(encoder.input_shape[1:]),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder)


def sparse_autoencoder(
    latent_dim: int = 1024,
    k: int = 32,
    *,
    wake: bool = True,
    mean_image: Any = None,
    input_shape: Sequence[int] = (28, 28, 1),
) -> Autoencoder:
    """An autoencoder with a large code of which at most k values are used for an image, not compiled.

    Encoder and decoder are a layer each, and a reconstruction is a sum of fixed pictures, each times
    a value of the code: `x_hat = ground + z @ atoms`, where `atoms, ground =
    autoencoder.decoder.get_weights()` are `(latent_dim, pixels)` and `(pixels,)`. Training keeps the
    length of each atom at 1, so that a value says how much its atom adds.

    Values that are never among the k largest don't learn ("dead" ones). Three things are done
    against it: the encoder starts as the transpose of the decoder (as in Gao et al. 2024), and with
    a code of zeros for the mean image; and with `wake`, each value learns from at least one image
    of each batch.

    Args:
        latent_dim: number of values in a code, none of them negative; may be more than pixels.
        k: how many of them may differ from 0, from 1 to latent_dim.
        wake: whether in training each value also stays in that code of the batch in which it is
            largest (see `ae_helpers.layers.TopK`).
        mean_image: float array `input_shape`, the mean of the training images, from which training
            starts; None for black.
        input_shape: of one image, without the batch axis.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape; its pixels may leave [0, 1].

    Raises:
        ValueError: if a size or k is not a positive whole number, k is larger than latent_dim, or
            mean_image has another shape.

    Example:
        >>> autoencoder = sparse_autoencoder(1024, k=32, mean_image=x_train.mean(axis=0))
        >>> autoencoder.compile("adam", "mse")
        >>> autoencoder.fit(x_train, x_train)
    """
    encoder = _dense_encoder(latent_dim, (), None, input_shape)
    if positive_int(k, "k") > encoder.output_shape[-1]:
        raise ValueError(f"k should be at most latent_dim, {encoder.output_shape[-1]}, but is {k}.")
    encoder.add(TopK(k, wake))
    image_shape = encoder.input_shape[1:]
    length_1 = keras.constraints.UnitNorm(axis=1)  # else codes shrink and atoms grow
    draw = layers.Dense(math.prod(image_shape), kernel_constraint=length_1)
    decoder = keras.Sequential(
        [keras.Input(encoder.output_shape[1:]), draw, layers.Reshape(image_shape)], name="decoder"
    )
    if mean_image is not None:
        _start_from(mean_image, draw, None, input_shape)
    atoms, ground = (keras.ops.convert_to_numpy(weights) for weights in (draw.kernel, draw.bias))
    atoms = atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
    draw.kernel.assign(atoms)
    encoder.layers[-2].kernel.assign(atoms.T)
    encoder.layers[-2].bias.assign(-atoms @ ground)
    return Autoencoder(encoder, decoder)


def conv_autoencoder(
    latent_dim: int = 32,
    filters: Sequence[int] = (16, 32),
    *,
    kernel_size: int = 3,
    activation: Any = "gelu",
    output_activation: Any = "sigmoid",
    input_shape: Sequence[int] = (28, 28, 1),
) -> Autoencoder:
    """A convolutional autoencoder with a dense code, not compiled.

    Each stage of the encoder halves height and width (stride 2), each of the
    decoder doubles them (transposed convolution). An odd side is rounded up when it is
    halved, so the decoder may end with a few rows and columns too many: they are cropped.

    Args:
        latent_dim: number of values in a code, which has no activation.
        filters: of the encoder's convolutions, input side first; the decoder has
            the same in reverse.
        kernel_size: side of the square kernels in pixels.
        activation: of the hidden layers.
        output_activation: "sigmoid" keeps pixels in [0, 1]; None leaves them free.
        input_shape: `(height, width, channels)` of one image.

    Returns:
        `Autoencoder` from `(batch, *input_shape)` to the same shape.

    Raises:
        ValueError: if a size is not a positive whole number, there is no stage, or
            input_shape has not three axes.

    Example:
        >>> autoencoder = conv_autoencoder(64, (32, 64), input_shape=(32, 32, 3))  # colour
    """
    latent_dim, kernel_size = positive_int(latent_dim, "latent_dim"), positive_int(kernel_size, "kernel_size")
    filters, input_shape = _sizes(filters, "filters"), _sizes(input_shape, "input_shape")
    if not filters or len(input_shape) != 3:
        raise ValueError(
            "conv_autoencoder needs at least one stage and (height, width, channels), "
            f"but filters is {filters!r} and input_shape {input_shape!r}."
        )
    height, width, channels = input_shape
    step = 2 ** len(filters)
    small = (-(-height // step), -(-width // step), filters[-1])
    too_many = ((0, small[0] * step - height), (0, small[1] * step - width))
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
            *(layers.Conv2DTranspose(f, kernel_size, activation=activation, **options) for f in reversed(filters[:-1])),
            layers.Conv2DTranspose(channels, kernel_size, activation=output_activation, **options),
            *([layers.Cropping2D(too_many)] if any(map(any, too_many)) else []),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder)


def item_autoencoder(
    n_users: int,
    latent_dim: int = 256,
    hidden_size: int = 1024,
    *,
    dropout: float = 0.3,
    activation: Any = "gelu",
    output_activation: Any = None,
) -> Autoencoder:
    """An autoencoder of items (movies), each a vector of what users think of it, not compiled.

    Dropout hides a share of the users from it, so that it can't merely copy. The output
    is made for `multinomial_loss`: logits, a number for each user. For a squared loss on
    ratings the same network serves (AutoRec, Sedhain et al. 2015, WWW, item form).

    Args:
        n_users: length of an item's vector.
        latent_dim: number of values in an embedding, which has no activation.
        hidden_size: units of the hidden layer before and of that after the code.
        dropout: share of the inputs set to 0 in training, from 0 to below 1.
        activation: of the hidden layers.
        output_activation: None for logits or ratings.

    Returns:
        `Autoencoder` from `(batch, n_users)` to the same shape. Its `encode` takes
        sparse matrices too; train it with `ae_helpers.batches.SparseBatches`.

    Raises:
        ValueError: if a size is not a positive whole number, or dropout leaves [0, 1).

    Example:
        >>> model = item_autoencoder(likes.shape[1])  # likes: sparse matrix (n_movies, n_users)
        >>> model.compile("adam", multinomial_loss)
        >>> model.fit(SparseBatches(likes, likes, shuffle=True), epochs=30)
        >>> embeddings = model.encode(likes)
    """
    n_users, latent_dim = positive_int(n_users, "n_users"), positive_int(latent_dim, "latent_dim")
    hidden_size = positive_int(hidden_size, "hidden_size")
    dropout = real_number(dropout, "dropout", lambda share: 0 <= share < 1, "from 0 to below 1")
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


def _dense_encoder(latent_dim, hidden_sizes, activation, input_shape, code_penalty=None, beta=None):
    """From `(batch, *input_shape)` to codes `(batch, latent_dim)`; raises a ValueError for bad sizes.

    With beta, the code is that of a variational autoencoder.
    """
    latent_dim = positive_int(latent_dim, "latent_dim")
    hidden_sizes, input_shape = _sizes(hidden_sizes, "hidden_sizes"), _sizes(input_shape, "input_shape")
    if not input_shape:
        raise ValueError("input_shape should have at least one axis, but is ().")
    hidden = [layers.Dense(units, activation) for units in hidden_sizes]
    if beta is None:
        code = [layers.Dense(latent_dim, activity_regularizer=code_penalty, name="code")]
    else:
        code = [layers.Dense(2 * latent_dim, name="mean_and_log_variance"), GaussianCode(beta, name="code")]
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), *hidden, *code], name="encoder")


def _dense_decoder(encoder, hidden_sizes, activation, output_activation, mean_image):
    """From the codes of `encoder` back to what it takes, through hidden layers in reverse."""
    image_shape = encoder.input_shape[1:]
    hidden = [layers.Dense(units, activation) for units in reversed(_sizes(hidden_sizes, "hidden_sizes"))]
    output = layers.Dense(math.prod(image_shape), output_activation)
    codes, reshape = keras.Input(encoder.output_shape[1:]), layers.Reshape(image_shape)
    decoder = keras.Sequential([codes, *hidden, output, reshape], name="decoder")
    if mean_image is not None:
        _start_from(mean_image, output, output_activation, image_shape)
    return decoder


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
    shape = tuple(x.shape) if hasattr(x, "shape") else None  # sparse matrices have one, too
    if shape is None or not _fits(shape, input_shape):
        sizes = ", ".join("any" if size is None else str(size) for size in input_shape[1:])
        came = type(x).__name__ if shape is None else shape
        raise ValueError(f"{name} should be an array of shape (n, {sizes}), but {came} came.")
    batch_size = positive_int(batch_size, "batch_size")
    if scipy.sparse.issparse(x):
        x_hat = model.predict(SparseBatches(x, batch_size=batch_size), verbose=0)
    else:
        x_hat = model.predict(as_floats(x, name), batch_size=batch_size, verbose=0)
    # float32 also where a mixed-precision policy computes in 16 bits.
    return x_hat.astype("float32", copy=False)


def _fits(shape, input_shape):
    """Whether a batch of this shape, with something in it, fits; a size None fits any."""
    return (
        len(shape) == len(input_shape)
        and shape[0] > 0
        and all(wanted in (None, size) for size, wanted in zip(shape[1:], input_shape[1:], strict=True))
    )


def _sizes(values, name):
    """A tuple of positive ints."""
    try:
        if isinstance(values, (tuple, list)):
            return tuple(positive_int(value, name) for value in values)
    except ValueError:
        pass
    raise ValueError(f"{name} should be a tuple of positive whole numbers, but is {values!r}.")
