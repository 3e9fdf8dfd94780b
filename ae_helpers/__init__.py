"""Helpers for the autoencoder notebooks: data, models, metrics, plots, claims.

Importing the package has no effects and loads no submodule: `ae_helpers.models`
(and with it Keras) is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims", "corruption", "data", "metrics", "models", "plots", "progress"],
)
