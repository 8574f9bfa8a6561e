"""One look for every plot: the Okabe-Ito colours, which stay apart for colour-blind readers, and markers to match."""

from __future__ import annotations

from typing import Any

# Okabe and Ito, "Color Universal Design" (2008). Yellow is left out: it is too pale for lines on white.
COLORS = {
    "black": "#000000",
    "orange": "#e69f00",
    "sky": "#56b4e9",
    "green": "#009e73",
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "purple": "#cc79a7",
}
CYCLE = [COLORS[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky", "black")]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
HATCHES = ["", "//", "..", "xx", "\\\\", "--", "++"]

_SETTINGS: dict[str, Any] = {
    "figure.figsize": (7.2, 3.2),
    "figure.dpi": 100,
    "savefig.bbox": "tight",
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e6ea",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
}


def use() -> None:
    """Make this the style of every matplotlib figure from here on."""
    from cycler import cycler
    from matplotlib import rcParams, style

    style.use(_SETTINGS)
    # Marker and colour change together: a line can be told from the others in black and white.
    rcParams["axes.prop_cycle"] = cycler(color=CYCLE) + cycler(marker=MARKERS)
