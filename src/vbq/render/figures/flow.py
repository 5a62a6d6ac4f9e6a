"""The participant flow as a diagram: who was left after each step, who left and why, who had the outcome."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.figures.style import (
    DASHES,
    GRAY,
    INK,
    MM,
    TWO_COLUMNS,
    Drawn,
    new_figure,
    one_figure,
    wrapped,
)
from vbq.render.labels import Row
from vbq.render.tables.study import flow_table

# In mm from the upper left corner of the axes. The steps stand on the left, who left beside them.
MARGIN = 1.5
PADDING = 1.6  # between a box and its words
GAP = 6.0  # the shortest arrow
APART = 2.0  # between boxes that no arrow joins
LINE = 3.1  # of words
STEP_WIDTH = 80.0
STEP_MIDDLE = MARGIN + STEP_WIDTH / 2
SIDE_LEFT = MARGIN + STEP_WIDTH + GAP
SIDE_WIDTH = TWO_COLUMNS - MARGIN - SIDE_LEFT
LONGEST_LINE = 70  # characters

FOLDED = {"nobody_excluded": "Nobody excluded", "not_applied": "Not applied"}


@one_figure
def flow_figure(
    flow: pd.DataFrame, codebook: Mapping[str, Variable], groups: Mapping[str, int], source: str
) -> Drawn:
    """Draw flow.csv: a box for each step that left somebody out, then the `groups`, sizes by outcome.

    Steps that left nobody out, or were not applied, stand together at the side.
    """
    data = _flow_data(flow, codebook, groups)
    figure = new_figure(TWO_COLUMNS, 100, source)
    figure.set_layout_engine(None)  # everything has its place in mm
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    end = _draw_boxes(axes, data)
    (head,) = figure.texts
    below = end + MARGIN
    height = MARGIN + head.get_window_extent().height / figure.dpi / MM + below
    figure.set_figheight(height * MM)
    head.set_y(1 - MARGIN / height)
    axes.set_position((0, 0, 1, below / height))
    axes.set_xlim(0, TWO_COLUMNS)
    axes.set_ylim(below, 0)
    return figure, data


def _flow_data(
    flow: pd.DataFrame, codebook: Mapping[str, Variable], groups: Mapping[str, int]
) -> pd.DataFrame:
    """Return the steps in the words of the table, then the groups; `kind` says how each is drawn."""
    told = flow_table(flow, codebook).frame
    reasons = told["Excluded because"] if "Excluded because" in told else pd.Series("", told.index)
    counts = flow[["n", "excluded"]].set_axis(told.index).astype("Int64")
    is_box = (counts["excluded"] > 0) | told.index.isin([0, len(told) - 1])
    kinds = np.select([is_box, reasons == ""], ["step", "nobody_excluded"], "not_applied")
    steps = counts.assign(kind=kinds, label=told["Step"], reason=reasons)
    outcome = pd.DataFrame({"n": groups.values(), "kind": "outcome_group", "label": groups.keys()})
    return pd.concat([steps, outcome])[["kind", "label", "n", "excluded", "reason"]]


def _draw_boxes(axes: Axes, data: pd.DataFrame) -> float:
    """Draw all boxes and arrows, and return where they end."""
    is_group = data["kind"] == "outcome_group"
    y, side_end = MARGIN, MARGIN - APART
    folded: list[Row] = []
    for row in data[~is_group].to_dict("records"):
        if row["kind"] != "step":
            folded.append(row)
            continue
        above = y
        for paragraphs, leaves in _beside(row, folded):
            words = _fitted(paragraphs, SIDE_WIDTH)
            height = _height(words)
            y = max(y + GAP / 2, side_end + APART + height / 2)
            side_end = y + height / 2
            _box(axes, (SIDE_LEFT, y - height / 2), (SIDE_WIDTH, height), words, ha="left", is_step=leaves)
            _line(axes, [(STEP_MIDDLE, y), (SIDE_LEFT, y)], is_arrow=leaves)
        folded = []
        if above > MARGIN:
            y = max(y + GAP / 2, above + GAP)
            _line(axes, [(STEP_MIDDLE, above), (STEP_MIDDLE, y)])
        words = _with_number(row, STEP_WIDTH)
        _box(axes, (MARGIN, y), (STEP_WIDTH, _height(words)), words)
        y += _height(words)
    return max(side_end, _draw_groups(axes, data[is_group].to_dict("records"), y))


def _beside(row: Row, folded: Sequence[Row]) -> Iterator[tuple[list[str], bool]]:
    """Yield the paragraphs that stand beside the arrow to a step, and whether patients leave there."""
    if folded:
        yield list(_folded_words(folded)), False
    if row["excluded"] > 0:
        reason = f": {row['reason']}" if row["reason"] else ""
        yield [f"{text.count(row['excluded'])} excluded{reason}"], True


def _folded_words(folded: Sequence[Row]) -> Iterator[str]:
    for kind, heading in FOLDED.items():
        names = [
            f"{row['label']} ({row['reason']})" if row["reason"] else row["label"]
            for row in folded
            if row["kind"] == kind
        ]
        if names:
            yield f"{heading}: {'; '.join(names)}"


def _draw_groups(axes: Axes, groups: Sequence[Row], y: float) -> float:
    """Draw the groups below the last step, which ends at `y`, and return where they end."""
    width = (STEP_WIDTH - APART * (len(groups) - 1)) / len(groups)
    words = [_with_number(row, width) for row in groups]
    height = max(map(_height, words))
    for i, told in enumerate(words):
        left = MARGIN + i * (width + APART)
        fork, middle = y + GAP / 2, left + width / 2
        _line(axes, [(STEP_MIDDLE, y), (STEP_MIDDLE, fork), (middle, fork), (middle, y + GAP)])
        _box(axes, (left, y + GAP), (width, height), told)
    return y + GAP + height


def _with_number(row: Row, width: float) -> str:
    return f"{_fitted([row['label']], width)}\nn = {text.count(row['n'])}"


def _fitted(paragraphs: Sequence[str], width: float) -> str:
    """Wrap paragraphs so that their lines fit into a box."""
    letters = FontProperties()
    for characters in range(LONGEST_LINE, 0, -1):
        lines = [line for words in paragraphs for line in wrapped(words, characters).splitlines()]
        sizes = [text_to_path.get_text_width_height_descent(line, letters, ismath=False) for line in lines]
        if max(size[0] for size in sizes) / 72 / MM <= width - 2 * PADDING:
            break
    return "\n".join(lines)


def _height(words: str) -> float:
    return LINE * len(words.splitlines()) + 2 * PADDING


def _box(
    axes: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    words: str,
    ha: str = "center",
    is_step: bool = True,
) -> None:
    look = {"ec": INK, "ls": DASHES[0]} if is_step else {"ec": GRAY, "ls": DASHES[4]}
    axes.add_patch(Rectangle(corner, *size, fc="white", lw=0.7, zorder=2, **look))
    x = corner[0] + (size[0] / 2 if ha == "center" else PADDING)
    axes.text(x, corner[1] + size[1] / 2, words, ha=ha, va="center", zorder=3)


def _line(axes: Axes, points: Sequence[tuple[float, float]], is_arrow: bool = True) -> None:
    """Draw a line through points, to the last as an arrow."""
    x, y = zip(*(points[:-1] if is_arrow else points), strict=True)
    axes.plot(x, y, color=INK if is_arrow else GRAY, lw=0.7, ls=DASHES[0 if is_arrow else 4], zorder=1)
    if is_arrow:
        head = {"arrowstyle": "-|>", "color": INK, "lw": 0.7, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 6}
        axes.annotate("", points[-1], points[-2], arrowprops=head)
