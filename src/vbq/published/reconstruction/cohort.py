"""The reconstructed cohort: patients and readings as a site would have them."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from vbq.codebook import MARKER_LEVELS, SINS_COMPONENTS
from vbq.published.reconstruction.measures import match_measure
from vbq.published.reconstruction.printed import PrintedFigures
from vbq.published.reconstruction.readings import intensities, split_between_readers
from vbq.published.reconstruction.rounding import rounded
from vbq.published.reconstruction.scores import DECIMALS, PrintedModel, solve_scores
from vbq.stats.groups import compare_groups
from vbq.stats.rounded import Printed

Array = NDArray[np.float64]
Assumptions = Mapping[str, Any]

CUTOFF = 3.0
READER_DECIMALS = 6  # of one reader's score
MAX_DRAWS = 1000


def reconstruct(
    figures: pd.DataFrame, readings: pd.DataFrame, assumptions: Assumptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return synthetic patients and readings that reproduce a paper's printed figures.

    `figures` and `readings` are the printed figures and the choices between contradictory ones,
    `assumptions` the contents of `reconstruction.yaml`. The first frame has a row per patient, the
    second a row per patient and reader; the same input gives the same frames.

    Raises ArithmeticError where some printed figure cannot be met, KeyError where one is missing.
    """
    rng = np.random.default_rng(assumptions["seed"])
    printed = PrintedFigures(figures, readings)
    sizes = assumptions["groups"]
    patients = pd.DataFrame({"new_vcf": np.repeat([0, 1], [sizes[0], sizes[1]])})
    _add_categorical(patients, printed, assumptions, rng)
    _add_continuous(patients, printed, assumptions, rng)
    _add_constants(patients)
    sins = _sins_totals(patients, printed, assumptions, rng)
    _add_sins_components(patients, sins, assumptions, rng)
    vbq = _vbq_scores(patients, sins, printed, assumptions, rng)
    _add_fracture_counts(patients, vbq, printed, rng)
    _add_treatment(patients, sins, assumptions, rng)
    _add_scanner(patients, vbq, assumptions, rng)

    order = rng.permutation(len(patients))
    patients, vbq = patients.iloc[order].reset_index(drop=True), vbq[order]
    patients.insert(0, "patient_id", [f"S{number:03d}" for number in range(1, len(patients) + 1)])
    return patients, _readings(patients["patient_id"], vbq, printed, assumptions, rng)


def _add_categorical(
    patients: pd.DataFrame, printed: PrintedFigures, assumptions: Assumptions, rng: np.random.Generator
) -> None:
    """Deal out the levels of every categorical variable within each outcome group."""
    repaired = assumptions["repaired_counts"]
    for variable, levels in assumptions["categorical"].items():
        values = pd.Series([_other_level(variable)] * len(patients), dtype=object)
        allowed = pd.Series(True, index=patients.index)
        for other, level in assumptions["only_within"].get(variable, {}).items():
            allowed &= patients[other] == level
        for group in assumptions["groups"]:
            free = rng.permutation(np.flatnonzero(allowed & (patients["new_vcf"] == group)))
            for level in levels:
                count = repaired.get(variable, {}).get(level, {}).get(group)
                if count is None:
                    count = printed.count(variable, level, group)
                values[free[:count]] = level
                free = free[count:]
        patients[variable] = values


def _other_level(variable: str) -> object:
    return "female" if variable == "sex" else 0


def _add_continuous(
    patients: pd.DataFrame, printed: PrintedFigures, assumptions: Assumptions, rng: np.random.Generator
) -> None:
    """Draw every continuous variable and meet its printed means and p-value."""
    in_second = (patients["new_vcf"] == 1).to_numpy()
    for variable, settings in assumptions["continuous"].items():
        step, n = settings["step"], len(patients)
        low = np.full(n, round(settings["low"] / step))
        high = np.full(n, round(settings["high"] / step))
        if variable == "kps":
            bounds = np.array([assumptions["kps_by_ecog"][grade] for grade in patients["ecog"]])
            low, high = (bounds // step).T
        present = np.ones(n, dtype=bool)
        for group, count in settings.get("missing", {}).items():
            present[rng.choice(np.flatnonzero(patients["new_vcf"] == group), count, replace=False)] = False
        means = tuple(
            printed("univariable_groups", f"variable={variable}; level=; group={group}", "mean")
            for group in (0, 1)
        )
        drawn = np.empty(n)
        for members, mean in ((~in_second, means[0]), (in_second, means[1])):
            drawn[members] = _draw(mean.value, settings, int(members.sum()), rng)
        start = np.clip(rounded(drawn / step), low, high).astype(int)
        values = match_measure(
            start[present],
            low[present],
            high[present],
            in_second[present],
            step,
            (means[0], means[1]),
            printed("univariable", f"variable={variable}", "p_value"),
            settings["sd"],
            rng,
        )
        column = pd.Series(np.nan, index=patients.index)
        column[present] = np.round(values * step, 10)
        patients[variable] = column.astype("Int64") if step >= 1 else column


def _draw(center: float, settings: Mapping[str, Any], n: int, rng: np.random.Generator) -> Array:
    """Draw n values with just this mean and the assumed standard deviation, before bounds.

    Normal, or log-normal above the lower bound (skewed) as durations and enzymes are.
    """
    sd = settings["sd"]
    noise = rng.standard_normal(n)
    noise = (noise - noise.mean()) / noise.std()
    if settings["shape"] == "normal":
        return center + sd * noise
    above = center - settings["low"]

    def excess(log_sd: float) -> float:
        values = np.exp(log_sd * noise)
        return float(values.std() / values.mean() - sd / above)

    values = np.exp(optimize.brentq(excess, 1e-6, 5) * noise)
    return settings["low"] + above * values / values.mean()


def _add_constants(patients: pd.DataFrame) -> None:
    """Add what the paper's inclusion and exclusion criteria make the same, or imply, for everyone."""
    patients["n_previous_vcf"] = patients["previous_vcf"]
    patients["spinal_metastasis"] = 1
    patients["t1_lumbar_mri"] = 1
    patients["lumbar_instrumentation"] = 0
    patients["infection"] = 0


def _sins_totals(
    patients: pd.DataFrame, printed: PrintedFigures, assumptions: Assumptions, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw SINS totals with the printed categories and group means."""
    totals = np.zeros(len(patients), dtype=np.int64)
    for group, size in assumptions["groups"].items():
        members = rng.permutation(np.flatnonzero(patients["new_vcf"] == group))
        counts = [printed.count("sins_category", category, group) for category in assumptions["sins"]]
        settings = [assumptions["sins"][category] for category in assumptions["sins"]]
        low, high, mean, sd = (
            np.repeat([setting[key] for setting in settings], counts) for key in ("low", "high", "mean", "sd")
        )
        start = np.clip(rounded(rng.normal(mean, sd)), low, high).astype(int)
        row = f"variable=sins; level=; group={group}"
        missing = round(printed("univariable_groups", row, "mean").value * size) - int(start.sum())
        bound = high if missing > 0 else low
        while missing:
            start[rng.choice(np.flatnonzero(start != bound))] += np.sign(missing)
            missing -= np.sign(missing)
        totals[members] = start
    return totals


def _add_sins_components(
    patients: pd.DataFrame, sins: NDArray[np.int64], assumptions: Assumptions, rng: np.random.Generator
) -> None:
    """Draw the six components among all that add up to each total, by their assumed frequencies."""
    frequencies = [assumptions["sins_components"][component] for component in SINS_COMPONENTS]
    combinations = np.array(list(product(*frequencies)))
    weights = np.prod(np.array(list(product(*(points.values() for points in frequencies)))), axis=1)
    drawn = np.empty((len(sins), len(SINS_COMPONENTS)), dtype=np.int64)
    for i, total in enumerate(sins):
        fitting = np.flatnonzero(combinations.sum(axis=1) == total)
        chosen = rng.choice(fitting, p=weights[fitting] / weights[fitting].sum())
        drawn[i] = combinations[chosen]
    patients[list(SINS_COMPONENTS)] = drawn


def _vbq_scores(
    patients: pd.DataFrame,
    sins: NDArray[np.int64],
    printed: PrintedFigures,
    assumptions: Assumptions,
    rng: np.random.Generator,
) -> Array:
    """Return VBQ scores that meet the group means, the cut-off's counts and the multivariable model."""
    settings = assumptions["vbq"]
    above = _above_cutoff(patients, sins, assumptions, rng)
    low = np.where(above, CUTOFF + settings["margin"], settings["low"])
    high = np.where(above, settings["high"], CUTOFF - settings["margin"])
    means = tuple(
        printed("univariable_groups", f"variable=vbq; level=; group={group}", "mean") for group in (0, 1)
    )
    y = patients["new_vcf"].to_numpy(dtype=float)
    centers, sd = np.where(y == 1, means[1].value, means[0].value), settings["sd"]
    # Normal scores between the bounds, by the inverse of their distribution function.
    ends = special.ndtr([(low - centers) / sd, (high - centers) / sd])
    start = centers + sd * special.ndtri(rng.uniform(*ends))

    def term(name: str, column: str) -> Printed:
        return printed("multivariable", f"term={name}", column)

    design = np.column_stack(
        [
            np.ones(len(y)),
            start,
            sins,
            patients["smoking"] == "former",
            patients["smoking"] == "current",
            patients["steroids"] == 1,
        ]
    ).astype(float)
    model = PrintedModel(
        design=design,
        outcome=y,
        marker=1,
        estimates={1: term("vbq", "estimate"), 2: term("sins", "estimate")},
        limits={
            1: (term("vbq", "conf_low"), term("vbq", "conf_high")),
            2: (term("sins", "conf_low"), term("sins", "conf_high")),
        },
        p_values={(3, 4): term("smoking", "p_value"), (5,): term("steroids", "p_value")},
    )
    return solve_scores(model, (means[0], means[1]), start, low, high)


def _above_cutoff(
    patients: pd.DataFrame, sins: NDArray[np.int64], assumptions: Assumptions, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose the patients above the VBQ cut-off within each outcome group and SINS category."""
    above = np.zeros(len(patients), dtype=bool)
    potentially_unstable = sins >= assumptions["sins"]["potentially_unstable"]["low"]
    for group in assumptions["groups"]:
        unstable_and_above = assumptions["potentially_unstable_and_vbq_high"][group]
        total = assumptions["repaired_counts"]["vbq_high"][1][group]
        for category, count in ((True, unstable_and_above), (False, total - unstable_and_above)):
            members = np.flatnonzero((patients["new_vcf"] == group) & (potentially_unstable == category))
            above[rng.choice(members, count, replace=False)] = True
    return above


def _add_fracture_counts(
    patients: pd.DataFrame, vbq: Array, printed: PrintedFigures, rng: np.random.Generator
) -> None:
    """Give multiple fractures to as many patients as the printed means of VBQ imply, with that mean."""
    few, multiple = (
        printed("vbq_by_fracture_count_groups", f"variable=fracture_count; level={level}", "mean")
        for level in (0, 1)
    )
    n = int(rounded(len(vbq) * (vbq.mean() - few.value) / (multiple.value - few.value)))
    units = rounded(vbq * 10**DECIMALS).astype(int)
    total, tolerance = (
        round(number * n * 10**DECIMALS) for number in (multiple.value, 0.2 * multiple.half_unit)
    )
    fractured = rng.permutation(np.flatnonzero(patients["new_vcf"] == 1))
    chosen, others = fractured[:n], fractured[n:]
    while abs(excess := units[chosen].sum() - total) > tolerance:
        # The swap that brings the mean nearest; every one is tried.
        change = units[others][None, :] - units[chosen][:, None]
        out, into = np.unravel_index(np.argmin(np.abs(excess + change)), change.shape)
        if abs(excess + change[out, into]) >= abs(excess):
            raise ArithmeticError("no patients with multiple fractures have the printed mean VBQ")
        chosen[out], others[into] = others[into], chosen[out]
    counts = patients["new_vcf"].copy()
    counts[chosen] = rng.choice([2, 3, 4], size=n, p=[0.6, 0.3, 0.1])
    patients["n_new_vcf"] = counts


def _add_treatment(
    patients: pd.DataFrame, sins: NDArray[np.int64], assumptions: Assumptions, rng: np.random.Generator
) -> None:
    """Give surgery to the printed number of patients, more often to those with a high SINS."""
    need = sins + rng.normal(0, 3, len(sins))
    operated = np.argsort(-need, kind="stable")[: assumptions["treatment"]["surgery"]]
    treatment = np.full(len(patients), "sbrt", dtype=object)
    treatment[operated] = "surgery"
    patients["treatment"] = treatment


def _add_scanner(
    patients: pd.DataFrame, vbq: Array, assumptions: Assumptions, rng: np.random.Generator
) -> None:
    """Deal out field strengths and vendors until neither differs significantly in VBQ, as printed."""
    for variable in ("field_strength", "vendor"):
        levels = assumptions[variable]
        for _ in range(MAX_DRAWS):
            dealt = rng.permutation(np.repeat(list(levels), list(levels.values())))
            if compare_groups(vbq, dealt).p_ols > 0.05:
                break
        else:
            raise ArithmeticError(f"no deal of {variable} leaves VBQ alike between its levels")
        patients[variable] = dealt


def _readings(
    patient_id: pd.Series,
    vbq: Array,
    printed: PrintedFigures,
    assumptions: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return each reader's intensities of the levels that could be read, and of the CSF."""
    n = len(vbq)
    icc = printed("agreement", "measure=icc; form=ICC2", "estimate").value
    scores = rounded(split_between_readers(vbq, icc, assumptions["reader_bias"], rng), READER_DECIMALS)
    left_out = _deal(assumptions["levels_left_out"], 0, n, rng)
    csf_level = _deal(assumptions["csf_level"], "L3", n, rng)
    slices = _deal({"parasagittal": assumptions["parasagittal"]}, "midsagittal", n, rng)
    csf = assumptions["csf_intensity"]
    rows = []
    for i in range(n):
        usable = np.sort(rng.permutation(len(MARKER_LEVELS))[left_out[i] :])
        brightness = np.clip(rng.normal(csf["mean"], csf["sd"]), csf["low"], csf["high"])
        # Marrow is usually a little brighter further down.
        brighter = np.argsort(usable + rng.normal(0, 1.2, len(usable)), kind="stable")
        for reader, score in zip(assumptions["readers"], (scores[0][i], scores[1][i]), strict=True):
            values, reference = intensities(score, len(usable), float(brightness + rng.normal(0, 3)), rng)
            row: dict[str, object] = {"patient_id": patient_id[i], "reader": reader}
            row |= dict.fromkeys((level.lower() for level in MARKER_LEVELS), np.nan)
            row |= {
                MARKER_LEVELS[usable[level]].lower(): value
                for level, value in zip(brighter, values, strict=True)
            }
            rows.append({**row, "csf": reference, "csf_level": csf_level[i], "slice": slices[i]})
    return pd.DataFrame(rows)


def _deal(counts: Mapping[Any, int], otherwise: object, n: int, rng: np.random.Generator) -> list[Any]:
    """Give each key to its number of patients, chosen at random, and `otherwise` to all the others."""
    values = np.full(n, otherwise, dtype=object)
    values[rng.permutation(n)[: sum(counts.values())]] = np.repeat(
        np.array(list(counts), dtype=object), list(counts.values())
    )
    return list(values)
