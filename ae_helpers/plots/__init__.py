"""Figures of the lessons. Each `plot_*` returns a matplotlib Figure; `show` puts it into the notebook.
`show_slider`, `show_picker` and `show_plane` display what answers to the reader, also without a kernel.

Figures are made without pyplot: nothing is drawn twice, no global setting is
read or changed. Images are shown with black 0 and white 1, always.
"""

from ae_helpers.plots._show import show, to_png
from ae_helpers.plots.curves import (
    plot_arrows,
    plot_error_curves,
    plot_error_histograms,
    plot_history,
    plot_intervals,
    plot_learning_curves,
    plot_lines,
    plot_projection,
    plot_score_maps,
    plot_spread,
)
from ae_helpers.plots.diagrams import (
    plot_architecture,
    plot_autoencoder,
    plot_codes,
    plot_principal_angles,
    plot_uses,
)
from ae_helpers.plots.explore import show_picker, show_plane, show_slider
from ae_helpers.plots.images import (
    plot_denoising,
    plot_images,
    plot_interpolation,
    plot_reconstructions,
    plot_signed_images,
)
from ae_helpers.plots.maps import (
    plot_decoded_plane,
    plot_filled_cells,
    plot_heat_map,
    plot_latent_scatter,
    plot_map,
)
from ae_helpers.plots.tables import plot_lists, plot_tables

__all__ = [
    "plot_architecture",
    "plot_arrows",
    "plot_autoencoder",
    "plot_codes",
    "plot_decoded_plane",
    "plot_denoising",
    "plot_error_curves",
    "plot_error_histograms",
    "plot_filled_cells",
    "plot_heat_map",
    "plot_history",
    "plot_images",
    "plot_interpolation",
    "plot_intervals",
    "plot_latent_scatter",
    "plot_learning_curves",
    "plot_lines",
    "plot_lists",
    "plot_map",
    "plot_principal_angles",
    "plot_projection",
    "plot_reconstructions",
    "plot_score_maps",
    "plot_signed_images",
    "plot_spread",
    "plot_tables",
    "plot_uses",
    "show",
    "show_picker",
    "show_plane",
    "show_slider",
    "to_png",
]
