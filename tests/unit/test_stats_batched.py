"""What must hold of many samples at once: each as if it were alone, and as its rows written out."""

import numpy as np
import pytest
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import optimize, special

from vbq.stats.batched import fit_batch, standardized, weighted_auc
from vbq.stats.logistic import Likelihood, is_separated
from vbq.stats.regressions import Design, Regressions, highest, log_likelihoods
from vbq.stats.roc import areas_under_curves

pytestmark = pytest.mark.filterwarnings("error")

SAME = 1e-12  # the same sums in another order
FITTED = 1e-8

quick = settings(max_examples=40, deadline=None)

seeds = st.integers(0, 10_000)


def fit_plain(*arguments, **named):
    return fit_batch(*arguments, **named).coefficients


def fit_finite(*arguments):
    fits = fit_batch(*arguments, finite=True)
    return fits.coefficients, fits.separated


def fit_penalized(X, events, totals):
    """Firth's estimates of every sample, separated or not."""
    Z, back = standardized(np.asarray(X, dtype=float))
    regressions = Regressions(Design(Z), events, totals, np.zeros_like(events), True, Z.shape[1])
    return highest(regressions).beta @ back.T


def counts(seed, smallest=0):
    """A design with an intercept, and events of totals in 8 cells of 5 samples; no estimate is infinite."""
    generator = np.random.default_rng(seed)
    X = np.column_stack([np.ones(8), generator.normal(size=8), np.resize([0, 1], 8)])
    totals = generator.integers(smallest, 9, (5, 8)).astype(float) + 2
    return X, generator.integers(1, totals).astype(float), totals


def score(X, events, totals, beta, offset=0.0):
    """The score equations, as a share of the observations."""
    risks = special.expit(beta @ X.T + offset)
    return (events - totals * risks) @ X / totals.sum()


@quick
@given(seeds, st.sampled_from([0.0, 3.0]))
def test_solutions_solve_the_score_equations(seed, spread):
    X, events, totals = counts(seed)
    offset = spread * np.random.default_rng(seed).normal(size=8)
    assert_allclose(score(X, events, totals, fit_plain(X, events, totals, offset), offset), 0, atol=SAME)


@quick
@given(seeds)
def test_counts_are_rows_written_out(seed):
    X, events, totals = counts(seed)
    for beta, with_event, of in zip(fit_plain(X, events, totals), events, totals, strict=True):
        rows = np.repeat(np.arange(8), of.astype(int))
        y = np.concatenate(
            [np.repeat([1, 0], [int(a), int(n - a)]) for a, n in zip(with_event, of, strict=True)]
        )
        written_out = sm.Logit(y, X[rows]).fit(method="newton", disp=0, tol=1e-12).params
        assert_allclose(beta, written_out, rtol=FITTED, atol=FITTED)


@quick
@given(seeds)
def test_neighbors_start_and_order_do_not_matter(seed):
    X, events, totals = counts(seed)
    found = fit_plain(X, events, totals)
    alone = np.concatenate([fit_plain(X, events[[i]], totals[[i]]) for i in range(5)])
    separated = np.where(X[:, 1] > 0, totals[0], 0)
    beside = fit_plain(X, np.vstack([separated, events]), np.vstack([totals[:1], totals]))[1:]
    started = fit_plain(X, events, totals, start=found.mean(axis=0) + 0.5)
    order = np.random.default_rng(seed).permutation(8)
    reordered = fit_plain(X[order], events[:, order], totals[:, order])
    for other in (alone, beside, started, reordered):
        assert_allclose(other, found, rtol=FITTED, atol=FITTED)


@quick
@given(seeds, st.integers(2, 5))
def test_designs_of_their_own(seed, times):
    X, events, totals = counts(seed)
    shared = fit_plain(X, events, totals)
    factors = np.arange(1.0, 6.0)
    own = X[None] * np.column_stack([np.ones(5), factors, np.ones(5)])[:, None]
    found = fit_plain(own, events, totals)
    found[:, 1] *= factors
    assert_allclose(found, shared, rtol=FITTED, atol=FITTED)
    assert_allclose(fit_plain(X, times * events, times * totals), shared, rtol=FITTED, atol=FITTED)


@quick
@given(seeds, st.sampled_from([-4.0, 0.5, 2.0]))
def test_offsets(seed, constant):
    """A constant comes off the intercept; a column, given per sample, off its own coefficient."""
    X, events, totals = counts(seed)
    found = fit_plain(X, events, totals)
    shifted = fit_plain(X, events, totals, offset=np.full(8, constant))
    assert_allclose(shifted, found - [constant, 0, 0], rtol=FITTED, atol=FITTED)
    slopes = np.linspace(-1, 1, 5)
    tilted = fit_plain(X, events, totals, offset=np.outer(slopes, X[:, 1]))
    assert_allclose(tilted[:, 1], found[:, 1] - slopes, rtol=FITTED, atol=FITTED)


@quick
@given(seeds)
def test_observations_without_weight_are_not_there(seed):
    X, events, totals = counts(seed)
    drawn = np.ones(8)
    drawn[[2, 5]] = 0
    found = fit_plain(X, events * drawn, totals * drawn)
    without = fit_plain(X[drawn == 1], events[:, drawn == 1], totals[:, drawn == 1])
    assert_allclose(found, without, rtol=FITTED, atol=FITTED)


@quick
@given(seeds)
def test_separated_outcomes_end_with_risks_of_0_and_1(seed):
    generator = np.random.default_rng(seed)
    x = np.concatenate([generator.uniform(-3, -0.2, 10), generator.uniform(0.2, 3, 10)])
    X, y = np.column_stack([np.ones(20), x]), (x > 0).astype(float)
    weights = generator.multinomial(20, np.full(20, 0.05), size=4).astype(float)
    outcomes = np.array([y, 1 - y, np.zeros(20), np.ones(20)])
    beta = fit_plain(X, weights * outcomes, weights)
    drawn = weights > 0
    assert_allclose(special.expit(beta @ X.T)[drawn], outcomes[drawn], atol=1e-6)


def test_no_samples_and_no_observations():
    X = np.column_stack([np.ones(4), np.arange(4)])
    assert fit_plain(X, np.empty((0, 4)), np.empty((0, 4))).shape == (0, 2)
    assert_allclose(fit_plain(X, np.zeros((2, 4)), np.zeros((2, 4))), np.zeros((2, 2)))


@quick
@given(seeds, st.sampled_from([1.0, 40.0]))
def test_log_likelihoods_are_binomial(seed, spread):
    _, events, totals = counts(seed)
    eta = spread * np.random.default_rng(seed).normal(size=(5, 8))
    expected = events * special.log_expit(eta) + (totals - events) * special.log_expit(-eta)
    assert_allclose(log_likelihoods(events, totals, eta), expected.sum(axis=1), rtol=SAME)


# --- Penalized


def assert_maximum(X, events, totals, beta):
    """No step in any direction gains, by Firth's likelihood of the rows written out."""
    rows = np.repeat(np.arange(len(X)), totals.astype(int))
    y = np.concatenate(
        [np.repeat([1.0, 0.0], [int(a), int(n - a)]) for a, n in zip(events, totals, strict=True)]
    )
    likelihood = Likelihood(X[rows], y, penalized=True)
    best = likelihood.value(beta)
    for direction in np.random.default_rng(1).normal(size=(20, 3)):
        assert likelihood.value(beta + 1e-3 * direction) < best
    gained = [likelihood.value(beta + step) - likelihood.value(beta - step) for step in 1e-4 * np.eye(3)]
    assert_allclose(gained, 0, atol=1e-9)


@quick
@given(seeds)
def test_penalized_maximum(seed):
    X, events, totals = counts(seed)
    for beta, *sample in zip(fit_penalized(X, events, totals), events, totals, strict=True):
        assert_maximum(X, *sample, beta)


def test_penalized_maximum_on_a_ridge():
    X, _, totals = counts(247)
    events = totals * (X[:, 1] > np.median(X[:, 1]))
    for beta, *sample in zip(fit_penalized(X, events, totals), events, totals, strict=True):
        assert_maximum(X, *sample, beta)


@quick
@given(seeds)
def test_penalized_neighbors_do_not_matter(seed):
    X, events, totals = counts(seed)
    beside = np.vstack([totals[0] * (X[:, 1] > 0), events])
    found = fit_penalized(X, beside, np.vstack([totals[:1], totals]))[1:]
    alone = np.concatenate([fit_penalized(X, events[[i]], totals[[i]]) for i in range(5)])
    assert_allclose(found, alone, rtol=1e-6, atol=1e-6)
    relabeled = fit_penalized(X, totals - events, totals)
    assert_allclose(relabeled, -alone, rtol=1e-6, atol=1e-6)


def test_penalized_sample_in_which_nobody_has_a_term():
    X = np.column_stack([np.ones(6), np.arange(6), [0, 0, 0, 0, 1, 1]])
    events, totals = np.array([[0.0, 0, 3, 3, 0, 0]]), np.array([[3.0, 3, 3, 3, 0, 0]])
    found = fit_penalized(X, events, totals)
    without = fit_penalized(X[:4, :2], events[:, :4], totals[:, :4])
    assert_allclose(found[:, :2], without, rtol=1e-6)


# --- With the penalty only where no maximum is finite

REPLICATES = 50
KINDS = ("none", "near", "completely", "quasi", "few")


def cohort_of(kind):
    """50 patients with an intercept and three columns, and an outcome.

    Told weakly by the columns; so well that maxima are far away; perfectly by one; but for ties; and one in
    which few have the event and a rare level, that resamples may lack.
    """
    rng = np.random.default_rng(KINDS.index(kind))
    n = 50
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2)), rng.random(n) < 0.4]).astype(float)
    strength = {"none": 0.7, "near": 5.0}.get(kind, 1.0)
    y = (rng.random(n) < special.expit(strength * X @ [0.2, 1, 1, 0.5])).astype(float)
    if kind == "completely":
        y = (X[:, 1] > 0.1).astype(float)
    elif kind == "quasi":
        X[:, 1] = np.sign(X[:, 1]) * (np.abs(X[:, 1]) > 0.5)
        y = np.where(X[:, 1] == 0, y, X[:, 1] > 0).astype(float)
    elif kind == "few":
        y = (np.arange(n) % 10 == 0).astype(float)
        X[:, 3] = np.arange(n) % 12 == 0
    return X, y


def resamples_of(kind):
    X, y = cohort_of(kind)
    weights = np.random.default_rng(9).multinomial(len(y), np.full(len(y), 1 / len(y)), size=REPLICATES)
    # One outcome or a column that is constant is another matter: here every resample can be fitted.
    fits = [
        len(np.unique(y[w > 0])) == 2 and np.linalg.matrix_rank(X[w > 0]) == 4 for w in weights.astype(float)
    ]
    return X, y, weights[fits].astype(float)


def firths(X, y, starts=12):
    """Firth's estimates: the highest root of the modified score, sought from many starts."""
    center = np.append(0, X[:, 1:].mean(axis=0))
    scale = np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    Z = (X - center) / scale

    def height(beta):
        risk = special.expit(Z @ beta)
        value = special.xlogy(y, risk) + special.xlogy(1 - y, 1 - risk)
        return value.sum() + np.linalg.slogdet((Z.T * (risk * (1 - risk))) @ Z)[1] / 2

    def score(beta):
        risk = special.expit(Z @ beta)
        root = Z * np.sqrt(risk * (1 - risk))[:, None]
        leverage = ((root @ np.linalg.pinv(root.T @ root)) * root).sum(axis=1)
        return Z.T @ (y - risk + leverage * (0.5 - risk))

    rng = np.random.default_rng(0)
    begins = [FirthLogisticRegression(backend="numpy", fit_intercept=False, max_iter=500).fit(Z, y).coef_]
    for direction in rng.normal(size=(starts, X.shape[1])):
        far = direction * rng.uniform(1, 10) / np.abs(Z @ direction).max()
        begins.append(optimize.minimize(lambda b: -height(b), far, jac=lambda b: -score(b)).x)
    roots = [optimize.root(score, begin, tol=1e-12).x for begin in begins]
    solved = [root for root in roots if np.abs(score(root)).max() < 1e-8]
    top = max(map(height, solved))
    # Of roots of equal height the one whose first different slope is nearer to zero, or positive.
    level = [root for root in solved if height(root) > top - 1e-9]
    best = min(level, key=lambda b: [(abs(slope).round(5), -slope.round(5)) for slope in b[1:]]) / scale
    return best - np.append(best @ center, np.zeros(len(best) - 1))


@pytest.mark.parametrize("has_own", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_resample_as_the_libraries_fit_it(kind, has_own):
    """As statsmodels where there is a maximum, Firth's highest one where there is none."""
    X, y, weights = resamples_of(kind)
    design = np.broadcast_to(X, (len(weights), *X.shape)).copy() if has_own else X
    beta, separated = fit_finite(design, weights * y, weights)
    expected, as_by_scipy = [], 0
    for found, is_penalized, drawn in zip(beta, separated, weights.astype(int), strict=True):
        rows = np.repeat(np.arange(len(y)), drawn)
        expected.append(is_separated(X[rows], y[rows]))
        assert is_penalized == expected[-1]
        if is_penalized:
            # A dozen starts do not always find the highest root.
            likelihood, theirs = Likelihood(X[rows], y[rows], penalized=True), firths(X[rows], y[rows])
            risen = likelihood.value(found) - likelihood.value(theirs)
            assert risen > -1e-9
            if risen < 1e-6:
                assert_allclose(found, theirs, rtol=1e-6, atol=1e-6)
            as_by_scipy += risen < 1e-6
        else:
            fit = sm.Logit(y[rows], X[rows]).fit(method="newton", disp=0, maxiter=200, tol=1e-12)
            assert_allclose(found, fit.params, rtol=FITTED, atol=FITTED)
    assert len(expected) > REPLICATES / 2
    assert as_by_scipy >= 0.8 * sum(expected)
    assert {"none": not any(expected), "completely": all(expected), "quasi": all(expected)}.get(
        kind, len(set(expected)) == 2
    )


def test_fits_end_in_no_order():
    """Fits that arrive soon, late and never do not change each other."""
    X = cohort_of("near")[0]
    outcomes, weights = [], []
    for kind in ("near", "none", "completely"):
        _, y, drawn = resamples_of(kind)
        outcomes.append(drawn[:12] * (y if kind != "completely" else X[:, 1] > 0))
        weights.append(drawn[:12])
    events, totals = np.concatenate(outcomes), np.concatenate(weights)
    beta, separated = fit_finite(X, events, totals)
    assert 0 < separated.sum() < len(separated)
    for i in np.random.default_rng(2).permutation(len(events)):
        alone, is_separated_alone = fit_finite(X, events[[i]], totals[[i]])
        assert is_separated_alone[0] == separated[i]
        tolerance = 1e-8 if separated[i] else 1e-10
        assert_allclose(alone[0], beta[i], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_too_many_changes_no_predictor(kind):
    """Columns that others determine, or that are zero, leave coefficients open, not the predictors."""
    X, y, weights = resamples_of(kind)
    weights = weights[:20]
    too_many = np.column_stack([X, 2 * X[:, 1] - 3, np.zeros(len(y))])
    beta, separated = fit_finite(too_many, weights * y, weights)
    expected, expected_separated = fit_finite(X, weights * y, weights)
    assert np.isfinite(beta).all()
    assert_allclose(separated, expected_separated)
    finite = ~separated
    assert_allclose(beta[finite] @ too_many.T, expected[finite] @ X.T, rtol=1e-6, atol=1e-6)


def test_one_outcome_has_finite_risks():
    X, _, weights = resamples_of("none")
    for events in (np.zeros_like(weights), weights):
        beta, separated = fit_finite(X, events, weights)
        assert separated.all()
        assert (np.abs(beta) < 50).all()
        assert ((special.expit(beta @ X.T) > 0.5).all(axis=1) == (events.sum(axis=1) > 0)).all()


def test_nobody_drawn_leaves_zeros():
    X, y, _ = resamples_of("none")
    beta, separated = fit_finite(X, np.zeros((2, len(y))), np.zeros((2, len(y))))
    assert_allclose(beta, 0)
    assert beta.shape == (2, 4)
    assert not separated.any()
    assert fit_finite(X, np.empty((0, len(y))), np.empty((0, len(y))))[0].shape == (0, 4)


# --- Weighted areas

weighted_samples = st.lists(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3)), min_size=6, max_size=6),
    min_size=1,
    max_size=4,
)


@quick
@given(weighted_samples, st.sampled_from([1.0, 0.3]))
def test_weighted_auc_is_that_of_the_rows_written_out(samples, unit):
    scores, events, others = np.moveaxis(np.array(samples, dtype=float), 2, 0)
    found = weighted_auc(scores, unit * events, unit * others)
    for auc, x, with_event, without in zip(found, scores, events, others, strict=True):
        if not with_event.any() or not without.any():
            assert np.isnan(auc)
            continue
        score = np.concatenate([np.repeat(x, with_event.astype(int)), np.repeat(x, without.astype(int))])
        y = np.repeat([1, 0], [int(with_event.sum()), int(without.sum())])
        assert_allclose(auc, areas_under_curves(y, score).auc[0], rtol=SAME, atol=SAME)


@quick
@given(weighted_samples)
def test_weighted_auc_by_pairs(samples):
    """Risks and their complements as weights: what is to be expected of calibrated risks."""
    scores = np.array(samples, dtype=float)[:, :, 0]
    risk = special.expit(scores)
    pairs = (scores[:, :, None] > scores[:, None, :]) + (scores[:, :, None] == scores[:, None, :]) / 2
    expected = np.einsum("mij,mi,mj->m", pairs, risk, 1 - risk)
    expected /= risk.sum(axis=1) * (1 - risk).sum(axis=1)
    assert_allclose(weighted_auc(scores, risk, 1 - risk), expected, rtol=SAME)
    assert_allclose(weighted_auc(-scores, risk, 1 - risk), 1 - expected, rtol=SAME)
