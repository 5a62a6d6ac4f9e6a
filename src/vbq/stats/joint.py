"""Two dichotomous scores together: every joint table with given margins, and their combined rule.

A joint table holds, for the patients without and with the outcome, how many have neither score positive, only
the first, only the second, or both. The margins - how many are positive on each score in each group - leave
one free count a group.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from vbq.stats.batched import fit_batch

Array = NDArray[np.float64]

PATTERNS = ("neither", "first", "second", "both")
DESIGN = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=float)
INTERACTION = np.array([0, 0, 0, 1], dtype=float)[:, None]

SEPARATED = 1e-10  # a fitted risk nearer to 0 or 1 belongs to coefficients without a finite estimate
INFINITE = 1e-6  # such a risk of a separated table is 0 or 1 where its search would end
ZERO = 1e-12  # log-odds nearer to 0 are 0, as where a score goes with the outcome in no way
TIED = 1e-7  # linear predictors nearer to each other are equal


def joint_tables(sizes: ArrayLike, first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Return every joint table with the given margins, m x 2 groups x 4 patterns (`PATTERNS`).

    Each argument has a number for the patients without and one for those with the outcome: the group's
    size, and how many of it are positive on the first and on the second score. Tables are in the order of
    the patients with both in the first group, then in the second.

    Raises ValueError where a margin is not between 0 and its group's size.
    """
    n, a, b = (np.asarray(numbers, dtype=np.int64) for numbers in (sizes, first, second))
    if ((a < 0) | (a > n) | (b < 0) | (b > n)).any():
        raise ValueError("a margin must lie between 0 and the size of its group")
    possible = [np.arange(max(0, a[g] + b[g] - n[g]), min(a[g], b[g]) + 1) for g in (0, 1)]
    both = np.stack(np.meshgrid(*possible, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.stack([n - a - b + both, a - both, b - both, both], axis=-1)


@dataclass(frozen=True)
class CombinedRules:
    """Logistic regressions of the outcome on two dichotomous scores, one per joint table (m).

    `coefficients` (m x 3, or m x 4 with interaction) are log-odds of intercept, first and second score,
    NaN where some have no finite estimate (`is_separated`); `risks` (m x 4) are fitted risks by pattern,
    NaN for a pattern that no patient has; `auc` is that of the fitted risks, `accuracy` the share classified
    correctly when a risk of at least one half is called positive; `p_value` is the likelihood-ratio test
    of the whole model.
    """

    coefficients: Array
    risks: Array
    is_separated: NDArray[np.bool_]
    auc: Array
    accuracy: Array
    p_value: Array


def combined_rules(tables: ArrayLike, interaction: bool = False) -> CombinedRules:
    """Fit a logistic regression to each of m joint tables (m x 2 x 4) by maximum likelihood.

    Replicates R's `glm` and the AUC of `pROC` (absolute 1e-8; risks
    of separated tables 1e-6).
    """
    counts = np.asarray(tables, dtype=float)
    events, totals = counts[:, 1], counts.sum(axis=1)
    X = np.hstack([DESIGN, INTERACTION]) if interaction else DESIGN
    fits = fit_batch(X, events, totals)
    beta = fits.coefficients
    eta = beta @ X.T
    risks = special.expit(eta)
    present = totals > 0
    rank = np.linalg.matrix_rank(X * present[:, :, None])
    is_separated = fits.separated | (rank < X.shape[1])
    limit = np.round(risks)  # how near the search came says nothing
    risks = np.where(is_separated[:, None] & (np.abs(risks - limit) < INFINITE), limit, risks)
    n, n_events = totals.sum(axis=1), events.sum(axis=1)
    null = special.xlogy(n_events, n_events / n) + special.xlogy(n - n_events, 1 - n_events / n)
    called = np.where(risks >= 0.5 - TIED, events, totals - events)
    return CombinedRules(
        coefficients=np.where(is_separated[:, None], np.nan, np.where(np.abs(beta) < ZERO, 0, beta)),
        risks=np.where(present, risks, np.nan),
        is_separated=is_separated,
        auc=auc_of_patterns(counts, np.clip(eta, special.logit(SEPARATED), special.logit(1 - SEPARATED))),
        accuracy=called.sum(axis=1) / n,
        p_value=special.chdtrc(rank - 1, np.maximum(2 * (fits.log_likelihoods - null), 0)),
    )


def auc_of_patterns(counts: Array, order: Array) -> Array:
    """Return the AUC of m tables (m x 2 groups x k patterns), their patterns ranked by m x k numbers."""
    others, events = counts[:, 0], counts[:, 1]
    difference = order[:, :, None] - order[:, None, :]
    wins = np.where(difference > TIED, 1.0, np.where(difference < -TIED, 0.0, 0.5))
    pairs = np.einsum("mi,mj,mij->m", events, others, wins)
    return np.asarray(pairs / (events.sum(axis=1) * others.sum(axis=1)))
