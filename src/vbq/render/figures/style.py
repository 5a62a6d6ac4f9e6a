"""The one style of all figures: sizes, fonts, colors, and files that are the same on every run."""

import logging
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from PIL import Image

from vbq.errors import INSTEAD, part_of_a_document
from vbq.run import write_csv, write_whole

P = ParamSpec("P")

MM = 1 / 25.4  # inches
ONE_COLUMN, TWO_COLUMNS = 84.0, 174.0  # mm, the column widths of most journals
DPI = 300
TITLE_LINE = 3.6  # mm, what a line of a title adds to the height of a figure
USUAL_HEAD = 5.6  # mm, about two lines; the room for a longer one is added to the height of a figure

INK, GRAY, LIGHT = "#1a1a1a", "#6b6b6b", "#d9d9d9"
# From dark to light, so that they differ in grayscale, and distinct to the color-blind; none is so light
# that it is lost on white. Dash and marker differ too, and 5 x 6 combinations pass before one recurs.
COLORS = ("#000000", "#004488", "#a52572", "#bf4d00", "#44a08f")
DASHES = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1.2)), (0, (8, 1.5, 3, 1.5)))
MANY_POINTS = 1000  # more are drawn as pixels in an SVG, to keep it small
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
    "pdf.fonttype": 42,  # TrueType, which journals ask for
    "ps.fonttype": 42,  # in matplotlib 3.11 it governs PDF as well: without it, a minus needs a second font
    "savefig.dpi": DPI,
}

logging.getLogger("fontTools").setLevel(logging.WARNING)  # else a log has every letter of every PDF

Drawn = tuple[Figure, pd.DataFrame]  # a figure, and what it shows


@dataclass(frozen=True)
class Drawing:
    """A figure by the name of its files; `data` are what it shows, unrounded, one mark or point a row."""

    name: str
    figure: Figure
    data: pd.DataFrame


def one_figure(make: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Let an error of a function cost its figure alone: one that says so stands in its place.

    The function has a parameter `source`.
    """
    name = make.__name__.replace("_", " ")

    @wraps(make)
    def drawn(*arguments: P.args, **named: P.kwargs) -> Drawn:
        """Return the figure, or the one that stands in its place."""

        def in_its_place() -> Drawn:
            """Draw the words alone."""
            source = signature(make).bind(*arguments, **named).arguments["source"]
            figure = new_figure(ONE_COLUMN, 40, source)
            figure.text(0.05, 0.4, wrapped(INSTEAD, 50), fontsize=7)
            return figure, pd.DataFrame({"mark": ["not made"], "label": [name]})

        return part_of_a_document(name, lambda: make(*arguments, **named), in_its_place)

    return drawn


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


class _Layout(ConstrainedLayoutEngine):
    """Lays out twice: square axes below a high head are not in their place after once."""

    def execute(self, fig: Figure) -> None:
        super().execute(fig)
        super().execute(fig)


def new_figure(width: float, height: float, source: str) -> Figure:
    """Return an empty figure of a size in mm, with the lines at its top that say where the rows are from.

    Its height is that for a head of two lines; a longer one makes it higher.
    """
    margin = 1.5 * MM
    layout = _Layout(w_pad=margin, h_pad=margin)
    figure = Figure(figsize=(width * MM, height * MM), layout=layout)
    left = margin / figure.get_figwidth()
    head = "\n".join(map(plain, source.splitlines()))
    words = figure.suptitle(head, x=left, ha="left", fontsize=6.5, wrap=True)
    longer = words.get_window_extent().height / figure.dpi - USUAL_HEAD * MM
    figure.set_figheight(figure.get_figheight() + max(longer, 0))
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


def save(drawing: Drawing, folder: Path, provenance: str, tiff: bool = False) -> None:
    """Write a figure as SVG, PDF, 300-dpi PNG, where asked TIFF, and its data as CSV.

    Each has the same bytes on every run; the lines at the figure's top are in the metadata, the provenance in
    each row that does not have its own.
    """
    described = plain(drawing.figure.get_suptitle())
    metadata = {
        "svg": {"Date": None, "Description": described},
        "png": {"Software": None, "Description": described},
        "pdf": {"CreationDate": None, "Subject": described},
    }
    files = {ending: BytesIO() for ending in metadata}
    for ending, file in files.items():
        if ending == "pdf":  # its ligatures would need a font of their own, which takes long to make
            for words in drawing.figure.findobj(Text):
                words.set_fontfeatures(["-liga"])
        drawing.figure.savefig(file, format=ending, metadata=metadata[ending])
        drawing.figure.set_layout_engine(None)  # laid out once: quicker, and all files are the same picture
    if tiff:
        files["tiff"] = BytesIO()
        with Image.open(files["png"]) as pixels:
            opaque = pixels.convert("RGB")
        opaque.save(files["tiff"], "tiff", compression="tiff_lzw", dpi=(DPI, DPI), description=described)
    for ending, file in files.items():
        write_whole(file.getvalue(), folder / f"{drawing.name}.{ending}")
    data = drawing.data.map(lambda cell: plain(cell) if isinstance(cell, str) else cell).convert_dtypes()
    data = data if "provenance" in data else data.assign(provenance=provenance)
    write_csv(data, str(folder / f"{drawing.name}.csv"))
