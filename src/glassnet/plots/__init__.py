"""Pictures, each from one call: activations, attention, augmentation, filters, the loss, a network.

Each function gives back matplotlib's Figure, and saves it where a `path` is given. A notebook shows
it; in a script, .show() opens a window. The curves of a
fit are `history.plot()`.
"""

from glassnet.plots.activations import activations
from glassnet.plots.attention import attention
from glassnet.plots.augmented import augmented
from glassnet.plots.gallery import gallery
from glassnet.plots.loss_surface import loss_surface
from glassnet.plots.maps import feature_maps, filters
from glassnet.plots.network import network

__all__ = [
    "activations",
    "attention",
    "augmented",
    "feature_maps",
    "filters",
    "gallery",
    "loss_surface",
    "network",
]
