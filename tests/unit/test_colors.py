"""The colors of figures can be told apart by everybody, and in gray."""

from itertools import combinations

import numpy as np
import pytest

from vbq.render.figures import style

# From linear RGB, by Machado, Oliveira and Fernandes 2009 for a whole deficiency; gray by luminance.
SEEN = {
    "in color": np.eye(3),
    "with deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "with protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "with tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
    "in gray": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, seen):
    """The CIE Lab coordinates of a color as it is seen."""
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    relative = XYZ @ np.clip(SEEN[seen] @ linear, 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colors, seen):
    """The distance between those two of some colors that look most alike."""
    return min(np.linalg.norm(lab(a, seen) - lab(b, seen)) for a, b in combinations(colors, 2))


@pytest.mark.parametrize("seen", SEEN)
def test_colors_differ_however_they_are_seen(seen):
    # In gray they differ less: there, dash and marker tell them apart.
    assert nearest(style.COLORS, seen) > (8 if seen == "in gray" else 15)
    assert nearest((style.COLORS[4], style.LIGHT, "#ffffff"), seen) > 12
    assert nearest((style.COLORS[1], style.COLORS[3], style.LIGHT), seen) > 15  # what only color tells


def test_each_color_has_a_dash_and_a_marker_of_its_own():
    assert len(set(style.DASHES)) >= len(style.COLORS)
    assert len(set(style.MARKERS)) >= len(style.COLORS)


def test_colors_show_on_white():
    for color in (*style.COLORS, style.GRAY):
        luminance = ((lab(color, "in gray")[0] + 16) / 116) ** 3
        assert 1.05 / (luminance + 0.05) > 3  # WCAG's contrast for graphics
