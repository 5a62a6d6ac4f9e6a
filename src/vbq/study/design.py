"""From a cohort's variables to arrays: outcome, complete rows, design matrices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.codebook import Variable

Codebook = Mapping[str, Variable]


@dataclass(frozen=True)
class Design:
    """A design matrix with reference coding, and where its columns come from.

    `matrix` is n x p without the intercept; `terms` maps each variable to its columns; `levels` maps
    each column to the level it stands for and `references` to the level it is compared with, both empty for
    a continuous variable.
    """

    matrix: pd.DataFrame
    terms: dict[str, list[str]]
    levels: dict[str, str]
    references: dict[str, str]

    def independent(self) -> tuple["Design", list[str]]:
        """Return the design without columns that earlier ones determine, and the names of those columns.

        As R's `glm` does, which gives them no estimate.
        """
        kept: list[str] = []
        basis = np.ones((len(self.matrix), 1))
        for name in map(str, self.matrix):
            column = self.matrix[name].to_numpy()
            grown = np.column_stack([basis, (column - column.mean()) / (column.std() or 1)])
            if np.linalg.matrix_rank(grown) == grown.shape[1]:
                kept.append(name)
                basis = grown
        terms = {term: [name for name in names if name in kept] for term, names in self.terms.items()}
        terms = {term: names for term, names in terms.items() if names}
        return replace(self, matrix=self.matrix[kept], terms=terms), [
            name for name in map(str, self.matrix) if name not in kept
        ]


def complete_rows(cohort: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Return the patients who have a value in every one of the variables."""
    return cohort.dropna(subset=list(variables))


def outcome_of(cohort: pd.DataFrame, outcome: str) -> NDArray[np.float64]:
    """Return the 0/1 outcome of n patients as floats."""
    return cohort[outcome].to_numpy(dtype=float)


def present_levels(values: pd.Series, variable: Variable) -> list[object]:
    """Return the levels that occur, in the codebook's order."""
    found = set(values.dropna())
    return [level for level in variable.levels if level in found]


def design_matrix(cohort: pd.DataFrame, variables: Sequence[str], codebook: Codebook) -> Design:
    """Code variables without missing values for a regression.

    Continuous and 0/1 variables enter as they are; any other categorical variable as an indicator of
    each level that occurs after the first, which is the reference. A variable with one level only
    has no column and is left out.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    terms: dict[str, list[str]] = {}
    levels: dict[str, str] = {}
    references: dict[str, str] = {}
    for name in variables:
        variable, values = codebook[name], cohort[name]
        if not variable.is_categorical or variable.kind == "binary":
            if values.nunique() < 2:
                continue
            columns[name] = values.to_numpy(dtype=float)
            terms[name] = [name]
            levels[name], references[name] = ("1", "0") if variable.kind == "binary" else ("", "")
            continue
        reference, *others = present_levels(values, variable) or [""]
        for level in others:
            column = f"{name}[{level}]"
            columns[column] = (values == level).to_numpy().astype(float)
            terms.setdefault(name, []).append(column)
            levels[column], references[column] = str(level), str(reference)
    return Design(pd.DataFrame(columns, index=cohort.index), terms, levels, references)
