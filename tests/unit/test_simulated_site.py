"""The simulated site has what its README says, and its cohort file reads it back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.ingest import read_cohort
from vbq.scores.marker import Marker
from vbq.simulation import site
from vbq.stats.logistic import fit_logistic

PROJECT = Path(__file__).parents[2]
N = 20_000
TRUTH = site.simulate_truth(N, np.random.default_rng(1))
PATIENTS, READINGS = site.simulate_site(N, seed=1)
SPEC = yaml.safe_load((PROJECT / "config" / "cohorts" / "simulated_site.yaml").read_text())
INGESTED = read_cohort(SPEC, VARIABLES, Marker(cutoff=3), PROJECT, "new_vcf")


def near_share(share, n=N):
    """A share of n, within 3.5 Monte Carlo standard errors."""
    return pytest.approx(share, abs=3.5 * np.sqrt(share * (1 - share) / n))


def test_prevalence_is_the_planted_one():
    assert TRUTH["new_vcf"].mean() == near_share(site.PREVALENCE)
    assert site.risk(TRUTH["vbq"], TRUTH["sins"]).mean() == pytest.approx(site.PREVALENCE, abs=0.003)


def test_associations_are_the_planted_ones():
    names = ["vbq", "sins"]
    fit = fit_logistic(TRUTH[names], TRUTH["new_vcf"], {name: [name] for name in names})
    table = fit.table.set_index("term").loc[names]
    planted = np.array([site.LOG_ODDS_VBQ, site.LOG_ODDS_SINS])
    assert (abs(table["estimate"] - planted) < 3 * table["std_error"]).all()


def test_nothing_but_the_scores_goes_with_the_outcome():
    design = TRUTH[["vbq", "sins", "age"]].assign(
        surgery=TRUTH["treatment"] == "surgery",
        at_3t=TRUTH["field_strength"] == "3",
        male=TRUTH["sex"] == "male",
    )
    fit = fit_logistic(design.astype(float), TRUTH["new_vcf"], {name: [name] for name in design})
    assert (fit.table.set_index("term").loc[["age", "surgery", "at_3t", "male"], "p_value"] > 0.01).all()


def test_points_of_sins_exist_and_add_up():
    for component in SINS_COMPONENTS:
        assert set(TRUTH[component]) == set(VARIABLES[component].levels)
    assert (TRUTH[list(SINS_COMPONENTS)].sum(axis=1) == TRUTH["sins"]).all()
    assert TRUTH["sins"].mean() == pytest.approx(site.SINS_CENTER, abs=0.1)


def test_readings_have_the_means_of_their_field_strength_and_the_spread_of_readers():
    wide = READINGS.pivot_table(index=[site.ID, "Befunder"], columns="Region", values="Signal")
    score = wide[["LWK1", "LWK2", "LWK3", "LWK4"]].median(axis=1) / wide["Liquor"]
    by_reader = score.rename("score").reset_index().pivot_table("score", site.ID, "Befunder")
    # Of the patients drawn: what is missing is missing more often in some of them.
    at_3t = TRUTH["field_strength"].eq("3").set_axis(PATIENTS[site.ID])
    quality = TRUTH["vbq"].set_axis(PATIENTS[site.ID])
    error = by_reader.sub(quality + np.where(at_3t, site.VBQ_MEAN_AT_3T - site.VBQ_MEAN, 0), axis=0).dropna()
    assert error.to_numpy().mean() == pytest.approx(0, abs=0.005)
    assert error.to_numpy().std() == pytest.approx(site.READER_SD, abs=0.005)
    means = by_reader.mean(axis=1).groupby(at_3t).mean()
    assert means[False] == pytest.approx(site.VBQ_MEAN, abs=0.03)
    assert means[True] == pytest.approx(site.VBQ_MEAN_AT_3T, abs=0.03)


def test_values_are_missing_as_often_as_planted():
    for name, share in site.SHARE_MISSING.items():
        assert PATIENTS[site.SITE[name][0]].isna().mean() == near_share(share), name
    components = [site.SITE[component][0] for component in SINS_COMPONENTS]
    assert PATIENTS[components].isna().any(axis=1).mean() == near_share(site.SHARE_SINS_INCOMPLETE)
    assert 1 - READINGS[site.ID].nunique() / N == near_share(site.SHARE_WITHOUT_READINGS)
    known = PATIENTS.drop(columns=[*components, *(site.SITE[name][0] for name in site.SHARE_MISSING)])
    assert not known.isna().any(axis=None)


def test_more_is_missing_of_older_and_operated_patients():
    operated, older = TRUTH["treatment"] == "surgery", TRUTH["age"] > site.AGE_MEAN
    for heading in ("BMI", "SINS_Schmerz"):
        missing = PATIENTS[heading].isna()
        assert missing[operated].mean() > 1.5 * missing[~operated].mean()
        assert missing[older].mean() > 1.2 * missing[~older].mean()


def test_the_same_seed_gives_the_same_frames():
    for first, again, other in zip(*(site.simulate_site(50, seed) for seed in (3, 3, 4)), strict=True):
        pd.testing.assert_frame_equal(first, again)
        assert not first.equals(other)


def test_the_cohort_file_reads_the_committed_rows_back():
    cohort = INGESTED.cohort
    truth = site.simulate_truth(site.N_PATIENTS, np.random.default_rng(site.SEED))
    drawn = truth.iloc[cohort["row"] - 2].reset_index(drop=True)
    for name in ("new_vcf", "sins", *SINS_COMPONENTS, "age", "sex", "treatment", "field_strength", "vendor"):
        known = cohort[name].notna()
        assert (cohort.loc[known, name] == drawn.loc[known, name]).all(), name
    assert set(SPEC["patients"]["columns"]) <= set(cohort)


def test_the_committed_rows_show_what_is_planted():
    cohort = INGESTED.cohort
    n = len(cohort)
    for share, planted in (
        (cohort["new_vcf"].mean(), site.PREVALENCE),
        (cohort["sins"].isna().mean(), site.SHARE_SINS_INCOMPLETE),
    ):
        assert share == pytest.approx(planted, abs=3 * np.sqrt(planted * (1 - planted) / n))
    by_field = cohort.groupby("field_strength")["vbq"]
    error = np.sqrt((by_field.var() / by_field.count()).sum())
    shift = by_field.mean()["1.5"] - by_field.mean()["3"]
    assert shift == pytest.approx(site.VBQ_MEAN - site.VBQ_MEAN_AT_3T, abs=3 * error)
    assert set(INGESTED.problems["severity"]) == {"warning", "note"}
    assert "not patient data" in SPEC["provenance"]
