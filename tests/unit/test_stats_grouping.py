"""Observations counted by pattern, and resamples of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from vbq.stats import grouping
from vbq.stats.calibration import weak_calibration
from vbq.stats.grouping import patterns_of, resampled_counts

few_values = st.lists(
    st.tuples(st.integers(-2, 2), st.integers(0, 3), st.booleans()), min_size=1, max_size=40
)


def sample(n: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    lp = generator.normal(-1, 1.5, n)
    return lp, (generator.random(n) < 1 / (1 + np.exp(-0.7 * lp))).astype(float)


@given(few_values)
def test_patterns_are_the_distinct_rows_with_their_counts(drawn):
    x, y = np.array([row[:2] for row in drawn], dtype=float), np.array([row[2] for row in drawn], dtype=float)
    patterns = patterns_of(x, y)
    assert_array_equal(patterns.rows, np.unique(x, axis=0))
    for row, total, events in zip(patterns.rows, patterns.totals, patterns.events, strict=True):
        has = (x == row).all(axis=1)
        assert (total, events) == (has.sum(), y[has].sum())


@given(few_values)
def test_order_changes_nothing(drawn):
    for one, other in zip(*(_patterns(rows) for rows in (drawn, drawn[::-1])), strict=True):
        assert_array_equal(one, other)


def _patterns(rows):
    x, y = [row[:2] for row in rows], [row[2] for row in rows]
    patterns = patterns_of(x, y)
    return patterns.rows, patterns.totals, patterns.events


@pytest.mark.parametrize("most", [10, 200, 2_000])
def test_very_many_patterns_are_few(most):
    lp, y = sample(5_000)
    x = np.column_stack([lp, np.arange(5_000) % 7])
    patterns = patterns_of(x, y, most)
    assert len(patterns.rows) <= most
    assert (patterns.totals.sum(), patterns.events.sum()) == (5_000, y.sum())
    assert_allclose(patterns.totals @ patterns.rows, x.sum(axis=0))
    if most > 7 * 2:
        assert set(patterns.rows[:, 1]) == set(range(7))  # few values are kept


def test_recalibration_of_very_many_is_that_of_all(monkeypatch):
    lp, y = sample(60_000)
    grouped = weak_calibration(y, lp, intervals=False)
    monkeypatch.setattr(grouping.patterns_of, "__defaults__", (100_000,))
    exact = weak_calibration(y, lp, intervals=False)
    for name in ("in_the_large", "slope"):
        one, other = getattr(grouped, name), getattr(exact, name)
        assert one.estimate != other.estimate  # they were grouped
        assert_allclose([one.estimate, one.std_error], [other.estimate, other.std_error], rtol=1e-5)


def test_resamples_draw_all_observations_and_none_that_are_not_there():
    lp, y = sample(60)
    patterns = patterns_of(np.round(lp), y)
    events, totals = (
        np.concatenate(parts) for parts in zip(*resampled_counts(patterns, 500, 1), strict=True)
    )
    assert (totals.sum(axis=1) == 60).all()
    assert (events <= totals).all()
    assert not events[:, patterns.events == 0].any()
    assert not (totals - events)[:, patterns.events == patterns.totals].any()
    error = np.sqrt(patterns.totals * (1 - patterns.totals / 60) / 500)
    assert (np.abs(totals.mean(axis=0) - patterns.totals) < 4.5 * error + 1e-9).all()


def test_neither_blocks_nor_the_number_of_replicates_change_a_draw(monkeypatch):
    lp, y = sample(50)
    patterns = patterns_of(lp, y)
    whole = np.concatenate([totals for _, totals in resampled_counts(patterns, 20, 3)])
    monkeypatch.setattr(grouping, "BLOCK_BYTES", 1)
    blocks = [totals for _, totals in resampled_counts(patterns, 7, 3)]
    assert len(blocks) == 7
    assert_array_equal(np.concatenate(blocks), whole[:7])
