"""A penalized fit is the highest maximum, no fit depends on units, and separation is decided in one place."""

from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, special

from vbq.stats.batched import fit_batch
from vbq.stats.logistic import Likelihood, fit_logistic, is_separated
from vbq.stats.regressions import Design, Regressions, climb, highest

pytestmark = pytest.mark.filterwarnings("error")

CASES = Path(__file__).parents[1] / "cases"
LEVEL = 1e-8  # of log-likelihoods that are the same

quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


def rows_of(case):
    """The design (intercept first) and the outcome of a case: the outcome is its first column."""
    rows = pd.read_csv(CASES / case / "rows.csv")
    return rows.iloc[:, 1:].rename(columns=str), rows.iloc[:, 0].to_numpy(dtype=float)


def fitted(case):
    design, outcome = rows_of(case)
    return fit_logistic(design, outcome, {name: [name] for name in design})


def penalized(X, y, weights, beta):
    """Firth's penalized log-likelihood, written out."""
    risk = special.expit(X @ beta)
    information = (X.T * (weights * risk * (1 - risk))) @ X
    plain = special.xlogy(weights * y, risk) + special.xlogy(weights * (1 - y), 1 - risk)
    return plain.sum() + np.linalg.slogdet(information)[1] / 2


def test_a_saddle_is_no_estimate():
    """9 rows, separated by x1, x2 with two maxima of equal height: the nearer to zero is taken."""
    fit = fitted("firth_saddle")
    table = fit.table.set_index("term")
    assert fit.method == "Firth"
    assert fit.maxima == 2
    assert_allclose(fit.log_likelihood, -2.17683, atol=1e-5)
    assert_allclose(table.loc[["x1", "x2"], "estimate"], [1.362, 1.604], atol=1e-3)
    assert_allclose(table.loc["x2", "statistic"], 0.149, atol=1e-3)
    assert table.loc["x2", "p_method"] == "penalized (Firth) likelihood ratio; highest of 2 maxima"


def test_the_maximum_of_a_resample():
    """As R's brglm2 and optim find it."""
    fit = fitted("firth_replicate_43")
    assert_allclose(fit.log_likelihood, -11.4134, atol=1e-4)
    assert_allclose(fit.table.set_index("term").loc["x4", "estimate"], -1.260, atol=1e-3)


def test_data_that_determine_nothing_are_treated_as_separated():
    """Nothing separates the outcomes, but where the likelihood is highest its curvature is 2e-12."""
    design, outcome = rows_of("undetermined_replicate_687")
    X = np.column_stack([np.ones(len(design)), design])
    assert not separates(X, outcome)
    assert is_separated(X, outcome)
    assert fitted("undetermined_replicate_687").method == "Firth"


def test_risks_near_0_and_1_alone_are_no_separation():
    """Three outliers have risks of 1e-12; the estimates are R's glm's."""
    fit = fitted("refit_not_separated")
    assert fit.method == "maximum likelihood"
    assert_allclose(fit.table.set_index("term").loc["a", "estimate"], 2.941356, atol=1e-6)


# --- Random samples


def random_sample(rng):
    """A design of 6 to 40 rows and 1 to 5 columns, outcomes, and weights, half of them of a resample."""
    while True:
        n, p = rng.integers(6, 41), rng.integers(1, 6)
        kinds = [
            lambda n=n: rng.normal(size=n),
            lambda n=n: rng.integers(0, 2, n),
            lambda n=n: np.round(2 * rng.normal(size=n)),
            lambda n=n: np.exp(1.5 * rng.normal(size=n)),
        ]
        X = np.column_stack([np.ones(n), *(kinds[rng.integers(4)]() for _ in range(p))]).astype(float)
        spread = np.maximum(X[:, 1:].std(axis=0), 1e-9)
        slopes = rng.normal(size=p) * rng.choice([0.5, 2, 10])
        eta = (X[:, 1:] - X[:, 1:].mean(axis=0)) / spread @ slopes + rng.normal()
        if rng.random() < 1 / 3:
            y = (eta > np.quantile(eta, rng.uniform(0.1, 0.9))).astype(float)
        else:
            y = (rng.random(n) < special.expit(eta)).astype(float)
        weights = np.ones(n)
        if rng.random() < 0.5:
            weights = np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
        drawn = weights > 0
        X, y, weights = X[drawn], y[drawn], weights[drawn]
        if len(np.unique(y)) == 2 and np.linalg.matrix_rank(X / np.abs(X).max(axis=0).clip(1e-300)) == p + 1:
            return X, y, weights


def separated_samples(number, seed):
    rng = np.random.default_rng(seed)
    while number:
        X, y, weights = random_sample(rng)
        if separates(X, y):
            number -= 1
            yield X, y, weights


def separates(X, y):
    """Whether a linear combination of columns separates the outcomes (Konis' linear program)."""
    signed = X / np.abs(X).max(axis=0) * np.where(y == 1, 1, -1)[:, None]
    found = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=[(-1, 1)] * X.shape[1]
    )
    return -found.fun > 1e-6


def regressions_of(X, y, weights):
    """The penalized likelihood on orthonormal columns."""
    Z = X @ np.linalg.inv(np.linalg.qr(X * np.sqrt(weights)[:, None], mode="r"))
    shape = (1, len(y))
    return Regressions(Design(Z), (weights * y)[None], weights[None], np.zeros(shape), True, X.shape[1])


def by_brute_force(regressions, starts, rng):
    """The highest point of searches from many random starts."""
    directions = rng.normal(size=(starts, regressions.design.p))
    scale = rng.uniform(1, 12, starts) / np.abs(regressions.design.times(directions)).max(axis=1)
    everywhere = regressions.of(np.zeros(starts, dtype=int))
    ends = climb(everywhere, directions * scale[:, None])
    return ends.value[ends.is_maximum].max()


def test_no_search_from_many_starts_finds_a_higher_point():
    """`benchmarks/maxima.py` tries 3,000 samples and 200 starts."""
    rng = np.random.default_rng(5)
    lower = 0
    for X, y, weights in separated_samples(150, seed=5):
        regressions = regressions_of(X, y, weights)
        lower += highest(regressions).value[0] < by_brute_force(regressions, 25, rng) - LEVEL
    assert lower <= 1


def test_the_fit_is_a_maximum():
    """By a likelihood that is written out here: no step gains, to any side, however small."""
    rng = np.random.default_rng(6)
    for X, y, weights in separated_samples(60, seed=6):
        fit = fit_batch(X, (weights * y)[None], weights[None], finite=True)
        assert fit.separated[0]
        beta = fit.coefficients[0]
        best = penalized(X, y, weights, beta)
        scale = 1 / np.abs(X).max(axis=0)
        for size in (1e-1, 1e-2, 1e-3):
            for direction in rng.normal(size=(10, len(beta))):
                for way in (size, -size):
                    assert penalized(X, y, weights, beta + way * direction * scale) < best + 1e-12


def test_separation_is_what_the_linear_program_says():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(300):
        X, y, weights = random_sample(rng)
        found.append(separates(X, y))
        assert is_separated(X, weights * y, weights) == found[-1]
        assert fit_batch(X, (weights * y)[None], weights[None]).separated[0] == found[-1]
    assert 0.2 < np.mean(found) < 0.9


# --- Company


def block_of_samples(seed, number=40):
    """Resamples of one sample, of which some are separated."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 2)), rng.integers(0, 2, 30)])
    y = (rng.random(30) < special.expit(3 * X[:, 1])).astype(float)
    weights = rng.multinomial(30, np.full(30, 1 / 30), size=number).astype(float)
    return X, y, weights


@pytest.mark.parametrize("has_own", [False, True])
@quick
@given(seeds)
def test_a_fit_is_the_same_in_any_company(has_own, seed):
    """To the last bit: whatever block, order or number of others."""
    X, y, weights = block_of_samples(seed)
    design = np.broadcast_to(X, (len(weights), *X.shape)).copy() if has_own else X

    def fits_of(which):
        own = design[which] if has_own else design
        return fit_batch(own, weights[which] * y, weights[which], finite=True)

    together = fits_of(np.arange(len(weights)))
    for which in ([7], [3, 4, 5], np.random.default_rng(seed).permutation(len(weights))[:17]):
        some = fits_of(np.asarray(which))
        for name in ("coefficients", "log_likelihoods", "separated", "maxima"):
            assert_array_equal(getattr(some, name), getattr(together, name)[which])


def test_of_equal_maxima_rounding_does_not_choose():
    design, outcome = rows_of("firth_saddle")
    X = np.column_stack([np.ones(len(design)), design])
    rng = np.random.default_rng(1)
    weights = 1 + 8e-15 * rng.normal(size=(50, len(outcome)))
    fits = fit_batch(X, weights * outcome, weights, finite=True)
    assert_allclose(fits.coefficients - fits.coefficients[0], 0, atol=1e-7)
    assert (fits.maxima == 2).all()


def test_the_study_s_fit_and_the_batch_are_one():
    for X, y, weights in separated_samples(30, seed=8):
        rows = np.repeat(np.arange(len(y)), weights.astype(int))
        best = Likelihood(X[rows], y[rows]).finite().highest()
        batch = fit_batch(X, (weights * y)[None], weights[None], finite=True)
        assert_allclose(X @ batch.coefficients[0], X @ best.coefficients, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("is_penalized", [False, True])
def test_a_ratio_near_1_keeps_its_digits(is_penalized):
    """Beside decimal arithmetic with 40 digits: a difference of sums of logarithms would keep 8."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=80), np.repeat([0.0, 1.0], [50, 30])
    away = y - y.mean()
    x += away * (1e-4 - x @ away / (away @ away))  # hardly any association
    likelihood = Likelihood(np.column_stack([np.ones(80), x]), y, penalized=is_penalized)
    best, without = likelihood.highest(), likelihood.highest([1], [0.0])

    def value(coefficients):
        a, b = map(Decimal, coefficients.tolist())
        sums, logs = [Decimal(0)] * 3, Decimal(0)
        for xi, yi in zip(x.tolist(), y, strict=True):
            at = Decimal(xi)
            risk = 1 / (1 + (-a - b * at).exp())
            logs += (risk if yi else 1 - risk).ln()
            sums = [total + risk * (1 - risk) * at**power for power, total in enumerate(sums)]
        return logs + ((sums[0] * sums[2] - sums[1] ** 2).ln() / 2 if is_penalized else 0)

    with localcontext(prec=40):
        expected = 2 * (value(best.coefficients) - value(without.coefficients))
    assert expected < 1e-4
    assert_allclose(likelihood.ratio(best, without), float(expected), rtol=1e-10)


# --- Units


@quick
@given(
    seeds,
    st.lists(st.integers(-12, 12), min_size=2, max_size=2),
    st.lists(st.sampled_from([0, 1, -(10**8), 10**8]), min_size=2, max_size=2),
    st.booleans(),
)
def test_a_fit_does_not_depend_on_units(seed, exponents, shifts, separable):
    """Values are whole numbers, so that shifting them is exact."""
    rng = np.random.default_rng(seed)
    columns = rng.integers(-9, 10, (40, 2)).astype(float)
    eta = columns @ [0.3, -0.2]
    y = (eta > 0).astype(float) if separable else (rng.random(40) < special.expit(eta)).astype(float)
    assume(0 < y.sum() < 40)
    terms = {"a": ["a"], "b": ["b"]}
    plain = fit_logistic(pd.DataFrame(columns, columns=["a", "b"]), y, terms)
    moved = (columns + shifts) * 10.0 ** np.array(exponents)
    again = fit_logistic(pd.DataFrame(moved, columns=["a", "b"]), y, terms)
    assert again.method == plain.method
    for name in ("statistic", "p_value"):
        assert_allclose(again.table[name][1:], plain.table[name][1:], rtol=1e-8, atol=1e-8)
    unit = 10.0 ** np.array(exponents)
    for name in ("estimate", "conf_low", "conf_high", "std_error"):
        assert_allclose(again.table[name][1:] * unit, plain.table[name][1:], rtol=1e-6, atol=1e-8)


def test_columns_of_very_different_units():
    """A count per liter beside a diffusion coefficient: once called linearly dependent."""
    rows = pd.read_csv(CASES / "far_units" / "patients.csv")
    far = rows[["plt", "adc"]].dropna()
    assert far.iloc[:, 0].mean() / far.iloc[:, 1].mean() > 1e12
    y = rows.loc[far.index, "fx"].to_numpy(dtype=float)
    fit = fit_logistic(far, y, {name: [name] for name in far})
    unit_scale = (far - far.mean()) / far.std()
    expected = fit_logistic(unit_scale, y, {name: [name] for name in far})
    assert_allclose(fit.table["statistic"][1:], expected.table["statistic"][1:], rtol=1e-8)
