"""The audit of Ehresman et al. 2019: what is proven of its figures, and what another figure would change."""

import re

import numpy as np
import pytest
from audited import (
    PROJECT,
    PUBLISHED,
    audit_of_the_paper,
    changed,
    findings_of,
    paper,
    printing,
    transcription,
)

from vbq.published.audit.checks import CHECKS, audit
from vbq.published.audit.finding import COLUMNS, SEVERITIES

FINDINGS = audit_of_the_paper().findings.set_index("id")
IMPLIED = audit_of_the_paper().implied


def implied(quantity, subject):
    row = IMPLIED[(IMPLIED["quantity"] == quantity) & (IMPLIED["subject"] == subject)]
    return row[["low", "high"]].to_numpy().tolist()


def test_form():
    findings = audit_of_the_paper().findings
    assert list(findings.columns) == COLUMNS
    assert findings["id"].is_unique
    assert set(findings["severity"]) <= set(SEVERITIES)
    assert (findings[["finding", "evidence"]] != "").all(axis=None)
    cited = {id_ for cell in findings["figures"] for id_ in cell.split("; ") if id_}
    assert cited <= set(transcription()[0]["id"])
    order = [list(SEVERITIES).index(severity) for severity in findings["severity"]]
    assert order == sorted(order)


def test_every_check_has_compared_something_and_is_described():
    checks = audit_of_the_paper().checks.set_index("check")
    assert list(checks.index) == list(CHECKS)
    idle = {check for check, n in checks["tested"].items() if n == 0}
    assert idle == {"predictive_values"}  # the paper prints none


def test_what_is_contradictory():
    found = FINDINGS[FINDINGS["severity"] == "contradiction"]
    assert set(found.index) == {
        "levels_add_up.asia.1",
        "scale_of_estimate.sins.results",
        "auc_of_dichotomy.vbq_high.counts",
        "margins.vbq_high",
        "thresholds.vbq_high",
        "definition.sins_points_of_the_stable_category",
    }


def test_what_does_not_fit():
    found = FINDINGS[FINDINGS["severity"] == "unexplained"]
    assert set(found.index) == {
        "p_value_convention.smoking",
        "p_value_convention.asia",
        "attainable_mean.kps.0",
        "scale_of_estimate.vbq.named_twice",
        "joint_feasibility.combined.table_1",  # an interaction would explain it
    }


def test_the_table_follows_the_likelihood_ratio():
    assert (
        "likelihood-ratio chi-square reproduces 11 of 14"
        in FINDINGS.loc["p_value_convention.table", "finding"]
    )
    breaking = FINDINGS.loc["p_value_convention.previous_augmentation"]
    assert "it is that of the Pearson chi-square" in breaking["finding"]
    assert "would have selected this variable" in breaking["consequence"]
    assert "Rounding 0.02248" in FINDINGS.loc["p_value_convention.smoking", "finding"]


def test_one_repair_of_the_asia_column():
    found = FINDINGS.loc["repair.asia"]
    assert "E, VCF group, 43 to 42 (p = 0.7245)" in found["finding"]
    assert found["evidence"].startswith("1 of the 4 changes by one patient")


def test_karnofsky_scores_in_tens():
    assert "48 values have: 1 value may be missing." in FINDINGS.loc["attainable_mean.kps.0", "finding"]
    assert "attainable_mean.kps.1" not in FINDINGS.index


def test_joint_tables_of_the_combined_score():
    tables = audit_of_the_paper().joint_tables
    fits = tables["fits_printed_auc"] == "yes"
    counted = (
        tables.assign(fits=fits).groupby(["margins_first", "model"], sort=False)["fits"].agg(["sum", "size"])
    )
    assert counted.to_numpy().tolist() == [[0, 170], [3, 170], [10, 120], [12, 120]]
    sums = tables[[f"{pattern}_1" for pattern in ("neither", "first", "second", "both")]].sum(axis=1)
    assert set(sums) == {56}


def test_the_rule_that_is_not_printed():
    (risk,) = implied("risk_both", "combined")
    assert risk == pytest.approx([0.9568, 0.9725], abs=5e-5)
    (log_odds,) = implied("log_odds_first", "combined")
    assert log_odds == pytest.approx([2.931, 3.307], abs=5e-4)


def test_numbers_that_are_not_printed():
    assert implied("n", "fracture_count") == [[16, 18]]
    assert implied("odds_ratio", "sins")[0] == pytest.approx([2.41, 2.41], abs=0.005)
    ((low, high),) = implied("cutoff", "vbq")
    assert (round(low, 3), round(high, 3)) == (2.865, 2.875)


@pytest.mark.parametrize(
    ("changes", "id_", "severity"),
    [
        # Each check speaks when the figure that it rests on is changed...
        ({"t1_previous_vcf_n_vcf": printing("14")}, "count_and_percentage.previous_vcf.1.1", "unexplained"),
        ({"t1_male_n_vcf": printing("32")}, "count_and_percentage.sex.male.1", "contradiction"),
        ({"t1_ecog_0_n_vcf": printing("24")}, "levels_add_up.ecog.1", "contradiction"),
        ({"methods_n_sbrt": printing("55")}, "sums.methods_n", "contradiction"),
        ({"t1_male_p": printing("0.614")}, "p_value_convention.sex", "unexplained"),
        ({"t1_bisphosphonates_p": printing("0.502")}, "p_value_convention.bisphosphonates", "convention"),
        ({"t1_denosumab_p": printing("0.019")}, "selection.denosumab", "unexplained"),
        ({"t1_kps_mean_vcf": printing("85.1")}, "attainable_mean.kps.1", "unexplained"),
        ({"t1_age_mean_vcf": printing("6.05")}, "implied_sd.age", "unexplained"),
        ({"t2_vbq_low": printing("3.860")}, "scale_of_estimate.vbq.table_2", "contradiction"),
        (
            {"t3_sins_sensitivity": printing("65.0")},
            "implied_counts.sins_category.sensitivity",
            "unexplained",
        ),
        ({"t3_sins_auc": printing("0.75")}, "auc_of_dichotomy.sins_category.counts", "contradiction"),
        ({"conclusion_accuracy": printing("91")}, "accuracy.conclusion_accuracy", "unexplained"),
        ({"t3_combined_auc": printing("0.97")}, "joint_feasibility.combined", "contradiction"),
        ({"text_vbq_mean_multiple": printing("2.70")}, "subgroup_size.fracture_count", "contradiction"),
        ({"t1_cutoff": printing("4"), "t3_cutoff": printing("4")}, "cutoff.vbq", "unexplained"),
        ({"text_sins_mean_vcf": printing("7.2")}, "repeated.univariable_groups.sins.1.mean", "contradiction"),
        # ... and is silent when the contradiction is mended.
        (
            {"t1_asia_e_n_vcf": printing("42"), "t1_asia_e_pct_vcf": printing("75.0")},
            "levels_add_up.asia.1",
            None,
        ),
        ({"t1_asia_e_n_vcf": printing("42"), "t1_asia_e_pct_vcf": printing("75.0")}, "repair.asia", None),
        (
            {"t1_vbq_high_n_vcf": printing("42"), "t1_vbq_high_n_non_vcf": printing("7")},
            "margins.vbq_high",
            None,
        ),
        ({"t1_kps_mean_non_vcf": printing("85.3")}, "attainable_mean.kps.0", None),
        (
            {"t1_smoking_p": printing("0.022"), "text_smoking_p": printing("0.022")},
            "p_value_convention.smoking",
            None,
        ),
    ],
)
def test_a_changed_figure_changes_the_finding(changes, id_, severity):
    found = findings_of(changed(changes))
    assert (found.loc[id_, "severity"] if id_ in found.index else None) == severity


def test_a_log_odds_named_so_is_no_contradiction():
    kinds = {"text_sins_or": "estimate", "text_sins_or_low": "conf_low", "text_sins_or_high": "conf_high"}
    found = findings_of(changed({id_: {"kind": kind} for id_, kind in kinds.items()}))
    assert found.loc["scale_of_estimate.sins.results", "severity"] == "convention"


def test_a_negative_odds_ratio_is_a_finding():
    printed = {"text_sins_or": "-0.88", "text_sins_or_low": "-1.368", "text_sins_or_high": "-0.509"}
    found = findings_of(changed({id_: printing(number) for id_, number in printed.items()}))
    assert found.loc["scale_of_estimate.sins.results", "severity"] == "contradiction"


def test_agreeing_definitions_are_no_finding():
    same = {"Stable": {"Methods": "0–6", "Table 1": "0–6"}}
    assert not audit(paper(definitions=same)).findings["id"].str.startswith("definition").any()


def test_a_paper_without_scores_model_or_p_values_is_audited():
    figures = transcription()[0]
    kept = figures[figures["table"].isin(["univariable_groups", ""]) | (figures["kind"] == "group_size")]
    found = audit(paper(figures=kept.reset_index(drop=True), sums=[], dichotomies={}))
    assert "levels_add_up.asia.1" in set(found.findings["id"])
    assert set(found.joint_tables["fits_printed_auc"]) == {""}
    assert found.p_values.empty


def test_what_is_cited_elsewhere_is_found():
    """The readings, the reconstruction and the plan cite findings by id."""
    cited = set()
    for path in (
        PUBLISHED / "ehresman2019" / "reconstruction.yaml",
        PROJECT / "config/plans/ehresman2019.yaml",
    ):
        for ids in re.findall(r"audit: (.+)", path.read_text()):
            cited |= set(ids.split("; "))
    assert len(cited) > 5
    readings = (PUBLISHED / "ehresman2019" / "readings.csv").read_text().splitlines()[1:]
    cited |= {id_ for line in readings for id_ in line.rpartition(",")[2].split("; ") if id_}
    assert cited <= set(FINDINGS.index)


def test_the_same_figures_give_the_same_findings():
    again = audit(paper()).findings
    assert again.equals(audit_of_the_paper().findings)


def test_p_values_stand_beside_the_printed_ones():
    table = audit_of_the_paper().p_values.set_index("variable")
    assert table.loc["steroids", "p_likelihood_ratio"] == pytest.approx(0.03833, abs=5e-6)
    assert table.loc["steroids", "fits_likelihood_ratio"] == "yes"
    assert table.loc["previous_augmentation", ["fits_likelihood_ratio", "fits_pearson"]].tolist() == [
        "no",
        "yes",
    ]
    assert np.isfinite(table["p_fisher"]).all()
