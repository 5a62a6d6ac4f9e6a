"""Imputations against those of mice: means and standard deviations of statistics over 200 of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.imputation import _first_canonical_variate, impute

VALUES = values("imputation")
VARIATE = VALUES.pop("first canonical variate")
INCOMPLETE = data("imputation_incomplete")
M = 200  # in R, too
STANDARD_ERRORS = 4  # that two correct programs exceed, in one of 20 comparisons, with probability 0.001


@pytest.fixture(scope="module")
def statistics():
    rows = []
    for completed in impute(INCOMPLETE, ["site"], m=M, iterations=5, seed=2019):
        bmi, marker, site = completed["bmi"], completed["marker"], completed["site"]
        rows.append(
            {
                "mean_bmi": bmi.mean(),
                "mean_marker": marker.mean(),
                "mean_smoker": completed["smoker"].mean(),
                "sd_bmi": bmi.std(),
                "sd_marker": marker.std(),
                **{f"share_site_{level}": (site == level).mean() for level in range(4)},
                "slope": np.polyfit(marker, bmi, 1)[0],
                "mean_bmi_in_site_2": bmi[site == 2].mean(),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("statistic", VALUES)
def test_distributed_as_in_mice(statistics, statistic):
    found, expected = statistics[statistic], VALUES[statistic]
    sd = found.std(ddof=1)
    standard_error = np.hypot(sd, expected["sd"]) / np.sqrt(M)
    assert abs(found.mean() - expected["mean"]) < STANDARD_ERRORS * standard_error
    assert abs(np.log(sd / expected["sd"])) < STANDARD_ERRORS / np.sqrt(M - 1)


def test_first_canonical_variate():
    whole = INCOMPLETE.dropna()
    X = whole.drop(columns="site").to_numpy()
    X = X - X.mean(axis=0)
    levels = whole["site"].to_numpy(int)
    found = _first_canonical_variate(levels, X, np.linalg.inv(X.T @ X / len(X)))
    expected = np.array(list(VARIATE.values()))[levels]
    expected = expected / expected.std() * np.sign(expected @ found)  # R's sign is arbitrary
    assert_allclose(found, expected, rtol=CLOSED_FORM)
