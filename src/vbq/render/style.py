"""The one style of all figures: sizes, fonts, colors, and files that are the same on every run."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

MM = 1 / 25.4  # inches
ONE_COLUMN, TWO_COLUMNS = 84.0, 174.0  # mm, the column widths of most journals

INK, GRAY, LIGHT = "#1a1a1a", "#6b6b6b", "#d9d9d9"
# From dark to light, so that they differ in greyscale, and distinct to the color-blind; none is so light
# that it is lost on white. Dash and marker differ too, and 5 x 6 combinations pass before one recurs.
COLORS = ("#000000", "#004488", "#a52572", "#bf4d00", "#44a08f")
DASHES = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1.2)), (0, (8, 1.5, 3, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P")

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a label is a dollar
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "svg.fonttype": "path",  # looks the same without the font
    "svg.hashsalt": "vbq",  # the same ids on every run
    "savefig.dpi": 300,
}


@contextmanager
def journal_style() -> Iterator[None]:
    """Draw and save in the style of this module."""
    with mpl.rc_context(RC):
        yield


def plain(text: object) -> str:
    """Return a label on one line and without characters that XML does not allow."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def wrapped(text: object, width: int) -> str:
    """Return a label on lines of at most so many characters."""
    return "\n".join(textwrap.wrap(plain(text), width)) or " "


def new_figure(width: float, height: float, source: str) -> Figure:
    """Return an empty figure of a size in mm, with the lines at its foot that say where the rows are from."""
    margin = 1.5 * MM
    layout = ConstrainedLayoutEngine(w_pad=margin, h_pad=margin)
    figure = Figure(figsize=(width * MM, height * MM), layout=layout)
    left = margin / figure.get_figwidth()
    foot = "\n".join(map(plain, source.splitlines()))
    figure.supxlabel(foot, x=left, ha="left", fontsize=6, color=GRAY, wrap=True)
    return figure


def unit_square(axes: Axes) -> None:
    """Make axes from 0 to 1 of equal length, both ends of the curve inside."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    labels = [f"{tick:.1f}" for tick in ticks]
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.set_aspect("equal")


def save(figure: Figure, stem: Path, source: str) -> None:
    """Write a figure as SVG and 300-dpi PNG, the same bytes on every run, its source in the metadata."""
    described = {"Description": plain(source)}
    figure.savefig(stem.with_suffix(".svg"), metadata={"Date": None, **described})
    figure.savefig(stem.with_suffix(".png"), metadata={"Software": None, **described})
