"""Layers that Keras does not have: tied ones, and the codes of variational (`GaussianCode`) and sparse (`TopK`) ones.

A tied layer runs another layer backwards, with the same kernel. The decoder of a tied
autoencoder has no kernels of its own: where the encoder computes `x @ W`, the decoder
computes `z @ W.T` (see Vincent et al. 2010, JMLR 11:3371). That is about half the parameters.

    code = keras.layers.Dense(32)
    z = code(x)
    x_hat = TiedDense(code)(z)

A tied layer owns its bias only. The kernel stays the source's: it is counted,
regularised, constrained, frozen and saved there. So `tied.weights` is the bias, while
`tied.variables`, which Keras defines as all the state that a layer uses, has the kernel
too. A model that holds the tied layer but not its source can therefore compute, but is
not meant to be trained alone: TensorFlow would train its biases, JAX the kernel too.

Several layers may be tied to the same source: the kernel's gradient is the sum over
all uses.
"""

import contextlib
import contextvars
import math
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from ae_helpers.checks import positive_int, real_number

# Keras shows a config whose class it does not know, and imports nothing by itself: so the config says what to import.
HOW_TO_LOAD = {"how_to_load": "import ae_helpers.models"}

_source_models = contextvars.ContextVar("source_models", default=())


@contextlib.contextmanager
def tied_sources(*models: keras.Model) -> Iterator[None]:
    """Within this context, tied layers also find the layers that they are tied to in `models`.

    For `get_config` and `from_config` of a model that holds an encoder and a decoder, as
    `ae_helpers.models.Autoencoder` does. The config of a tied layer has the source's name,
    and a new layer looks for it among the layers that its input came through. But the
    inputs of a decoder that is a model of its own have come through nothing yet.

    Args:
        models: Keras models.

    Example:
        >>> with tied_sources(encoder):
        ...     config = decoder.get_config()
    """
    token = _source_models.set(models)
    try:
        yield
    finally:
        _source_models.reset(token)


class _Tied(keras.Layer):
    """What the tied layers share; a subclass says `source_class` and how to compute."""

    source_class: Any = None
    kernel_name = "kernel"  # of the source's attribute
    tied_to: Any = None

    def __init__(
        self,
        tied_to: keras.Layer | str,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._tie(tied_to)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.bias = None

    def _tie(self, source):
        if not isinstance(source, (str, self.source_class)):
            raise ValueError(
                f"{self._title} should be tied to a {self.source_class.__name__} layer, or the name of one, "
                f"but {source!r} came."
            )
        # Past Keras' tracking: as a sublayer the source would be counted and frozen with this layer.
        object.__setattr__(self, "tied_to", source)

    @property
    def _title(self):
        return f"{type(self).__name__} '{self.name}'"

    @property
    def _kernel(self):
        """The source's; it is to be built."""
        return getattr(self.tied_to, self.kernel_name)

    def __call__(self, inputs, *args, **kwargs):
        """As of any Keras layer; the first call finds a source that is given by name."""
        if isinstance(self.tied_to, str):
            self._tie(self._find(self.tied_to, [inputs]))
        return super().__call__(inputs, *args, **kwargs)

    def _find(self, name, tensors):
        """The layer called `name` that `tensors` came through, or else in the models of `tied_sources`."""
        for layers in (_upstream(tensors), _source_models.get()):
            found = {id(x): x for x in _flatten(layers) if x.name == name and isinstance(x, self.source_class)}
            if len(found) == 1:
                return found.popitem()[1]
            if found:
                raise ValueError(f"{self._title} is tied to '{name}', but {len(found)} layers are called so.")
        raise ValueError(
            f"{self._title} is tied to '{name}', but its input came through no {self.source_class.__name__} "
            "layer of that name. If that is in another model, its encoder say, Keras can neither save nor "
            "reload this one: put both into one ae_helpers.models.Autoencoder and save that."
        )

    def _check_source(self):
        """Raise a ValueError unless the source's kernel can be used."""
        source = self.tied_to
        if isinstance(source, str):
            raise ValueError(f"{self._title} is tied to '{source}': call it once, so that it finds that layer.")
        if not source.built:
            raise ValueError(
                f"{self._title} is tied to '{source.name}', which isn't built. "
                "Call that layer first, in a model that starts with keras.Input(shape)."
            )
        if source.quantization_mode is not None:
            raise ValueError(
                f"{self._title} is tied to '{source.name}', which was quantized to {source.quantization_mode}: "
                "its kernel can't be used backwards. Quantize a model without tied layers."
            )

    def build(self, input_shape):
        """Make the bias, and check that the source's outputs would fit as inputs."""
        self._check_source()
        given, made = self._sizes()
        axis = self._channel_axis()
        if len(input_shape) < self._min_ndim() or input_shape[axis] != given:
            raise ValueError(
                f"{self._title} runs '{self.tied_to.name}' backwards, so axis {axis} of its input, of at least "
                f"{self._min_ndim()} axes, should have the {given} values that '{self.tied_to.name}' gives, "
                f"but the input's shape is {tuple(input_shape)}."
            )
        self.input_spec = keras.InputSpec(min_ndim=self._min_ndim(), axes={axis: given})
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(made,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def get_build_config(self):
        """None: a reloaded layer is built where it is called, for only there does it find its source."""
        return None

    @property
    def variables(self):
        """All state that the layer uses: its bias, and the source's kernel (with LoRA, that too).

        Under JAX, a compiled model sees the values of its variables only: a kernel that is
        none of them would stay at the value that it had when the model was compiled.
        """
        source = self.tied_to
        if source is None or isinstance(source, str):
            return super().variables
        bias = getattr(source, "bias", None)
        return super().variables + [v for v in source.variables if v is not bias]

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, with the name of the source.

        Raises:
            ValueError: if a layer with this config would not find the source again.
        """
        source = self.tied_to
        # The layer does not know which of the models that call it is being saved: look behind all its inputs.
        tensors = [tensor for node in self._inbound_nodes for tensor in node.input_tensors]
        if tensors and not isinstance(source, str) and self._find(source.name, tensors) is not source:
            raise ValueError(f"{self._title} is tied to one of two layers called '{source.name}': rename one.")
        return {
            **HOW_TO_LOAD,
            **super().get_config(),
            "tied_to": source if isinstance(source, str) else source.name,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }

    @classmethod
    def from_config(cls, config):
        """A new layer, which finds its source where it is first called."""
        return super().from_config({name: value for name, value in config.items() if name not in HOW_TO_LOAD})


@keras.saving.register_keras_serializable(package="ae_helpers")
class TiedDense(_Tied):
    """A `Dense` layer run backwards: `activation(inputs @ kernel.T + bias)` with the kernel of another.

    Args:
        tied_to: `keras.layers.Dense` whose kernel `(given, units)` this layer uses; it is to
            be built when this layer is. Or the name of one that the input comes through.
        activation: of this layer, any that Keras knows; None for none.
        use_bias: whether this layer has a bias of its own.
        bias_initializer, bias_regularizer, bias_constraint: of that bias, any that Keras knows.
        kwargs: of any Keras layer: `activity_regularizer`, `name`, `dtype`, `trainable`.

    Input shape: `(batch, ..., units)`. Output shape: `(batch, ..., given)`.

    Raises:
        ValueError: if `tied_to` is something else, isn't built, isn't found or is quantized,
            or the input's last axis isn't `units`.

    Example:
        >>> code = keras.layers.Dense(32)
        >>> inputs = keras.Input((784,))
        >>> model = keras.Model(inputs, TiedDense(code, "sigmoid")(code(inputs)))
        >>> model.count_params()  # 784 * 32 + 32 + 784
        25904
    """

    source_class = keras.layers.Dense

    def __init__(self, tied_to: keras.Layer | str, activation: Any = None, use_bias: bool = True, **kwargs: Any):
        super().__init__(tied_to, activation, use_bias, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Tensor `(batch, ..., given)`."""
        self._check_source()
        outputs = ops.matmul(inputs, ops.transpose(self._kernel))
        if self.use_bias:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`input_shape` with the source's inputs on the last axis."""
        self._check_source()
        return (*input_shape[:-1], self._kernel.shape[0])

    def _sizes(self):
        given, units = self._kernel.shape
        return units, given

    def _channel_axis(self):
        return -1

    def _min_ndim(self):
        return 2


@keras.saving.register_keras_serializable(package="ae_helpers")
class TiedEmbedding(TiedDense):
    """An `Embedding` layer run backwards: `activation(inputs @ embeddings.T + bias)`, a score for each item.

    The score of an item is the product of what comes in with that item's embedding, plus its
    bias. A decoder of sequences ends so: words in, a distribution over words out, and one table
    for both (Press and Wolf 2017, EACL). Where encoder and decoder are one layer and no bias is
    needed, `keras.layers.ReversibleEmbedding` does the same.

    Args:
        tied_to: `keras.layers.Embedding` whose table `(input_dim, output_dim)` this layer uses;
            it is to be built when this layer is. Or the name of one that the input comes through.
        activation: of this layer, any that Keras knows; None for none (logits).
        use_bias: whether this layer has a bias of its own.
        bias_initializer, bias_regularizer, bias_constraint: of that bias, any that Keras knows.
        kwargs: of any Keras layer: `activity_regularizer`, `name`, `dtype`, `trainable`.

    Input shape: `(batch, ..., output_dim)`. Output shape: `(batch, ..., input_dim)`.

    Raises:
        ValueError: if `tied_to` is something else, isn't built, isn't found or is quantized,
            or the input's last axis isn't `output_dim`.

    Example:
        >>> words = keras.layers.Embedding(1000, 64)
        >>> inputs = keras.Input((20,), dtype="int32")
        >>> model = keras.Model(inputs, TiedEmbedding(words, "softmax")(words(inputs)))
        >>> model.output_shape, model.count_params()  # 1000 * 64 + 1000
        ((None, 20, 1000), 65000)
    """

    source_class = keras.layers.Embedding
    kernel_name = "embeddings"


class _TiedConvTranspose(_Tied):
    """What tied convolutions share, whatever their number of axes."""

    def __init__(
        self,
        tied_to: keras.Layer | str,
        activation: Any = None,
        use_bias: bool = True,
        output_padding: int | tuple[int, ...] | None = None,
        **kwargs: Any,
    ):
        super().__init__(tied_to, activation, use_bias, **kwargs)
        self.output_padding = output_padding

    def call(self, inputs: Any) -> Any:
        """Tensor of the shape of the source's input."""
        outputs = self._transposed(inputs)
        if self.use_bias:
            shape = [1] * self._min_ndim()
            shape[self._channel_axis()] = -1
            # Not ops.add: under TensorFlow it takes a bias for one of the last axis where that is as long.
            outputs = outputs + ops.reshape(self.bias, shape)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the source's input, as far as the sizes allow (see above)."""
        return self._transposed(keras.KerasTensor(input_shape)).shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, with the name of the source."""
        return {**super().get_config(), "output_padding": self.output_padding}

    def _check_source(self):
        super()._check_source()
        source = self.tied_to
        if source.groups != 1:
            raise ValueError(
                f"{self._title} is tied to '{source.name}', which has {source.groups} groups: "
                "only a convolution without groups can be run backwards."
            )
        if source.padding == "causal":
            raise ValueError(
                f"{self._title} is tied to '{source.name}', whose padding is causal: "
                'only padding "same" or "valid" can be run backwards.'
            )

    def _transposed(self, inputs):
        self._check_source()
        source = self.tied_to
        return ops.conv_transpose(
            inputs,
            self._kernel,
            strides=source.strides,
            padding=source.padding,
            output_padding=self.output_padding,
            data_format=source.data_format,
            dilation_rate=source.dilation_rate,
        )

    def _sizes(self):
        *_, given, filters = self._kernel.shape
        return filters, given

    def _channel_axis(self):
        return -1 if self.tied_to.data_format == "channels_last" else 1

    def _min_ndim(self):
        return self.tied_to.rank + 2


@keras.saving.register_keras_serializable(package="ae_helpers")
class TiedConv1DTranspose(_TiedConvTranspose):
    """A `Conv1D` layer run backwards: a `Conv1DTranspose` with the kernel, strides and padding of another.

    For series: sound, sensors, text. Steps come back as rows do from `TiedConv2DTranspose`, whose
    docstring says when their number differs, and what `output_padding` chooses.

    Args:
        tied_to: `keras.layers.Conv1D` without groups, with padding "same" or "valid"; it is to be
            built when this layer is. Or the name of one that the input comes through.
        activation: of this layer, any that Keras knows; None for none.
        use_bias: whether this layer has a bias of its own.
        output_padding: steps, an int, to add beyond those that the kernel needs; None: as many as
            padding "same" or "valid" gives.
        bias_initializer, bias_regularizer, bias_constraint: of that bias, any that Keras knows.
        kwargs: of any Keras layer: `activity_regularizer`, `name`, `dtype`, `trainable`.

    Input shape: as the source's output, `(batch, steps, filters)` or, if the source has channels
    first, `(batch, filters, steps)`. Output shape: as the source's input.

    Raises:
        ValueError: if `tied_to` is something else, has groups or causal padding, isn't built, isn't
            found or is quantized, or the input's channels aren't the source's filters.

    Example:
        >>> conv = keras.layers.Conv1D(16, 5, strides=2, padding="same")
        >>> inputs = keras.Input((128, 3))
        >>> model = keras.Model(inputs, TiedConv1DTranspose(conv)(conv(inputs)))
        >>> model.output_shape
        (None, 128, 3)
    """

    source_class = keras.layers.Conv1D


@keras.saving.register_keras_serializable(package="ae_helpers")
class TiedConv2DTranspose(_TiedConvTranspose):
    """A `Conv2D` layer run backwards: a `Conv2DTranspose` with the kernel, strides and padding of another.

    The kernel fits as it is: `Conv2D` stores `(height, width, in, out)`, `Conv2DTranspose`
    `(height, width, out, in)`, and the one's in is the other's out.

    Stride s with padding "same" turns height h into ceil(h / s), and this layer turns that
    into s * ceil(h / s): the same as before if s divides h, and up to s - 1 rows more if not
    (7 -> 4 -> 8 for stride 2). With padding "valid", rows that the convolution did not reach
    are missing (8 -> 3 -> 7 for stride 2, kernel 3). Where that matters, `output_padding` chooses
    among the heights that lead to the same code; columns alike. A dilated kernel TensorFlow can
    run backwards on a GPU only, as in `Conv2DTranspose`.

    Args:
        tied_to: `keras.layers.Conv2D` without groups; it is to be built when this layer is.
            Or the name of one that the input comes through.
        activation: of this layer, any that Keras knows; None for none.
        use_bias: whether this layer has a bias of its own.
        output_padding: rows and columns, an int or two, to add beyond those that the kernel needs;
            None: as many as padding "same" or "valid" gives, see above.
        bias_initializer, bias_regularizer, bias_constraint: of that bias, any that Keras knows.
        kwargs: of any Keras layer: `activity_regularizer`, `name`, `dtype`, `trainable`.

    Input shape: as the source's output, `(batch, height, width, filters)` or, if the source has
    channels first, `(batch, filters, height, width)`. Output shape: as the source's input.

    Raises:
        ValueError: if `tied_to` is something else, has groups, isn't built, isn't found or is
            quantized, or the input's channels aren't the source's filters.

    Example:
        >>> conv = keras.layers.Conv2D(16, 3, strides=2, padding="same")
        >>> inputs = keras.Input((28, 28, 1))
        >>> model = keras.Model(inputs, TiedConv2DTranspose(conv, "sigmoid")(conv(inputs)))
        >>> model.output_shape
        (None, 28, 28, 1)
    """

    source_class = keras.layers.Conv2D


@keras.saving.register_keras_serializable(package="ae_helpers")
class TopK(keras.Layer):
    """Keeps the k largest positive values of each code, and sets all others to 0.

    In a step of training, only what is kept gets a gradient (Makhzani and Frey 2014,
    *k-sparse autoencoders*; they keep negative values too). So a value that is never among
    the k never learns; `wake` is against that.

    Args:
        k: how many values of the last axis may stay. Fewer do where fewer are positive, and
            more where several equal the smallest of the k.
        wake: whether in training, and only there, each value also stays in that code of the
            batch in which it is largest.
        kwargs: of any Keras layer: `activity_regularizer`, `name`, `dtype`, `trainable`.

    Input shape: `(batch, ..., n)`, of any float dtype. Output shape: the same.

    Raises:
        ValueError: if k is not a positive whole number, or is larger than the input's last axis.

    Example:
        >>> keras.ops.convert_to_numpy(TopK(2)(np.array([[3.0, -9.0, 1.0, 2.0]])))
        array([[3., 0., 0., 2.]], dtype=float32)
    """

    def __init__(self, k: int, wake: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.k = positive_int(k, "k")
        self.wake = bool(wake)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check that there are k values."""
        if not input_shape or input_shape[-1] is None or input_shape[-1] < self.k:
            raise ValueError(
                f"Of an input of shape {tuple(input_shape)}, {self.k} values should stay: choose a smaller k."
            )
        super().build(input_shape)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The inputs, with zeros for all but the k largest positive values of the last axis."""
        values = ops.relu(inputs)
        least = ops.top_k(values, self.k)[0][..., -1:]
        if self.wake and training:
            codes = tuple(range(len(inputs.shape) - 1))
            least = ops.minimum(least, ops.max(values, axis=codes, keepdims=True))
        return ops.where(values < least, ops.zeros_like(values), values)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """That of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**HOW_TO_LOAD, **super().get_config(), "k": self.k, "wake": self.wake}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TopK":
        """A new layer with the same arguments."""
        return cls(**{name: value for name, value in config.items() if name not in HOW_TO_LOAD})


def _upstream(tensors):
    """The layers and other operations that symbolic tensors came through; none for tensors with values."""
    seen, waiting = {}, list(tensors)
    while waiting:
        history = getattr(waiting.pop(), "_keras_history", None)
        if history and (key := (id(history.operation), history.node_index)) not in seen:
            seen[key] = history.operation
            waiting += history.operation._inbound_nodes[history.node_index].input_tensors
    return list(seen.values())


def _flatten(layers):
    """These layers, and those of the models among them."""
    for layer in layers:
        yield layer
        yield from _flatten(getattr(layer, "layers", ()))


@keras.saving.register_keras_serializable(package="ae_helpers")
class GaussianCode(keras.Layer):
    """The code of a variational autoencoder: drawn in training, and the mean otherwise.

    For each number of the code, the layer before gives a mean and the logarithm of a variance. In
    training the number is drawn, `mean + exp(log_variance / 2) * noise`, with new noise from N(0, 1)
    each time; gradients reach mean and variance through it (Kingma and Welling 2014, ICLR).

    In training or not, the layer adds to the model's loss what it costs to tell N(mean, variance)
    from N(0, 1), the Kullback-Leibler divergence in nats, summed over the numbers of a code and
    averaged over the batch, times beta:

        KL = sum(mean ** 2 + exp(log_variance) - 1 - log_variance) / 2

    Args:
        beta: weight of KL, 0 or more; 1 makes the loss a bound of the log-likelihood, where the
            rest of it is one as well (Higgins et al. 2017, ICLR, choose others).
        seed: int that decides the noise; None draws one, as of `keras.layers.GaussianNoise`.
        kwargs: of any Keras layer: `name`, `dtype`.

    Input shape: `(batch, 2 * latent_dim)`, the means first. Output shape: `(batch, latent_dim)`.

    Raises:
        ValueError: if beta is negative or not finite, or the input's shape is another.

    Example:
        >>> code = GaussianCode()
        >>> code(np.array([[3.0, 0.0]]))  # mean 3, variance 1
        array([[3.]])
        >>> code.losses  # 3 ** 2 / 2
        [4.5]
    """

    def __init__(self, beta: float = 1.0, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.beta = real_number(beta, "beta", lambda weight: 0 <= weight < math.inf, "0 or more")
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check that there are as many log-variances as means."""
        if len(input_shape) != 2 or input_shape[1] is None or input_shape[1] % 2:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes means and log-variances (batch, 2 * latent_dim), "
                f"but the input's shape is {tuple(input_shape)}."
            )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Codes, a tensor `(batch, latent_dim)`."""
        # In full precision, also where the policy is a mixed one: of the loss, Keras wants that.
        mean, log_variance = ops.split(ops.cast(inputs, keras.config.floatx()), 2, axis=-1)
        divergence = (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance) / 2
        self.add_loss(self.beta * ops.mean(ops.sum(divergence, axis=-1)))
        if training:
            noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator)
            mean = mean + ops.exp(log_variance / 2) * noise
        return ops.cast(mean, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(batch, latent_dim)`."""
        batch, numbers = input_shape
        return (batch, numbers and numbers // 2)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**HOW_TO_LOAD, **super().get_config(), "beta": self.beta, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GaussianCode":
        """A new layer with the arguments of `config`."""
        return cls(**{name: value for name, value in config.items() if name not in HOW_TO_LOAD})
