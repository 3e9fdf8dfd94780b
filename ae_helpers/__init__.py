"""Helpers for the autoencoder notebooks: data, models, metrics, plots, claims.

Importing the package has no effects and loads nothing: each submodule, and with
`models` Keras, is loaded when it is imported.
"""

__version__ = "0.2.0"
