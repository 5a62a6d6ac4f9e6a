"""How numbers and tables are written, on small tidy tables."""

import math

import numpy as np
import pandas as pd
import pytest

from vbq.codebook import CRITERIA, extended
from vbq.render import comparison, labels, numbers
from vbq.render.comparison import DIFFERS, address
from vbq.render.labels import INDENT
from vbq.render.tables import scores as score_tables
from vbq.render.tables import study as tables
from vbq.stats.cutoff import choose_cutoffs, rules
from vbq.study.univariable import OF_LEVEL, OF_ODDS_RATIO, OF_PENALIZED

CODEBOOK = extended({})
GROUPS = {"0": "Non-VCF group", "1": "VCF group"}


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.0383, "0.038"),
        (0.0225, "0.023"),
        (0.00099, "0.0010"),
        (0.0001, "0.0001"),
        (0.0000999, "<0.0001"),
        (0.0, "<0.0001"),
        (0.9996, "1.000"),
        (math.nan, "—"),
        (None, "—"),
        ("", "—"),
    ],
)
def test_p_value(p, written):
    assert numbers.p_value(p) == written


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (62.04, 1, "62.0"),
        (0.125, 2, "0.13"),
        (2.5, 0, "3"),
        (-0.004, 2, "0.00"),
        (-0.006, 2, "−0.01"),
        (9999, 0, "9999"),
        (12345.6, 1, "12,345.6"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (pd.NA, 1, "—"),
    ],
)
def test_fixed(value, decimals, written):
    assert numbers.fixed(value, decimals) == written


def test_counts_percentages_and_intervals():
    assert numbers.count_percent(26, 53.0612) == "26 (53.1)"
    assert numbers.interval(0.645, 0.8133, 2) == "0.65–0.81"
    assert numbers.interval(-0.455, 5.172, 3) == "−0.455 to 5.172"
    assert numbers.interval(6.4, math.inf, 1) == "6.4 to ∞"
    assert numbers.percentage(0.642857, 0.5119, 0.7554) == "64.3 (51.2–75.5)"
    assert numbers.estimate("", "", "", 2) == "—"
    assert numbers.percentage("", "", "") == "—"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.4588, "0.46"),
        (0.0234, "0.023"),
        (0.0004, "<0.001"),
        (0, "0"),
        (9.99, "9.99"),
        (9.996, "10.0"),
        (21.138, "21.1"),
        (99.6, "99.6"),
        (176.28, "176"),
        (3e7, ">10⁶"),
        (math.inf, "∞"),
    ],
)
def test_ratio(value, written):
    assert numbers.ratio(value) == written


@pytest.mark.parametrize(
    ("step", "sd", "decimals"),
    [
        (1, 10, 1),
        (10, 10, 1),
        (0.1, 5, 1),
        (0.01, 0.7, 2),
        (None, 0.18, 2),
        (None, 40, 1),
        (None, math.nan, 1),
    ],
)
def test_decimals_of_mean(step, sd, decimals):
    assert numbers.decimals_of_mean(step, sd) == decimals


def test_listed():
    assert [numbers.listed(words) for words in ([], ["a"], ["a", "b"], "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def univariable(*rows):
    table = pd.DataFrame(rows, columns=["variable", "n", "test", "p_value"])
    return table.assign(monte_carlo_se=np.nan)


def counts(variable, level, group, n, n_group):
    row = {"variable": variable, "level": level, "group": group, "n": n, "n_group": n_group}
    return row | {"percent": 100 * n / n_group, "mean": np.nan, "sd": np.nan}


def mean(variable, group, n, value, sd):
    row = {"variable": variable, "level": "", "group": group, "n": n, "n_group": n}
    return row | {"percent": np.nan, "mean": value, "sd": sd}


UNIVARIABLE = univariable(
    ("steroids", 105, "likelihood_ratio", 0.0383),
    ("age", 104, "ols", 0.4816),
    ("smoking", 105, "likelihood_ratio", 0.02248),
)
UNIVARIABLE_GROUPS = pd.DataFrame(
    [
        *(counts("steroids", "0", g, n, m) for g, n, m in (("0", 35, 49), ("1", 29, 56), ("all", 64, 105))),
        *(counts("steroids", "1", g, n, m) for g, n, m in (("0", 14, 49), ("1", 27, 56), ("all", 41, 105))),
        mean("age", "0", 48, 62.0, 10.34),
        mean("age", "1", 56, 60.482, 11.52),
        mean("age", "all", 104, 61.2, 11.0),
        *(
            counts("smoking", "never", g, n, m)
            for g, n, m in (("0", 21, 49), ("1", 30, 56), ("all", 51, 105))
        ),
        *(
            counts("smoking", "former", g, n, m)
            for g, n, m in (("0", 27, 49), ("1", 19, 56), ("all", 46, 105))
        ),
        *(counts("smoking", "current", g, n, m) for g, n, m in (("0", 1, 49), ("1", 7, 56), ("all", 8, 105))),
        *(counts("new_vcf", "0", g, n, m) for g, n, m in (("0", 49, 49), ("1", 0, 56), ("all", 49, 105))),
        *(counts("new_vcf", "1", g, n, m) for g, n, m in (("0", 0, 49), ("1", 56, 56), ("all", 56, 105))),
        *(
            counts("treatment", "sbrt", g, n, m)
            for g, n, m in (("0", 32, 49), ("1", 22, 56), ("all", 54, 105))
        ),
        *(
            counts("treatment", "surgery", g, n, m)
            for g, n, m in (("0", 17, 49), ("1", 34, 56), ("all", 51, 105))
        ),
    ]
)


def characteristics(printed=None):
    return tables.characteristics_table(
        UNIVARIABLE,
        UNIVARIABLE_GROUPS,
        CODEBOOK,
        "new_vcf",
        GROUPS,
        {"0": 49, "1": 56},
        0.05,
        printed or {},
    )


def test_characteristics_without_a_publication():
    table = characteristics()
    assert table.caption == "Characteristics of 105 patients"
    assert list(table.frame.columns) == [
        *("Variable", "n", "Non-VCF group (n = 49)", "VCF group (n = 56)", "p value", "Test")
    ]
    assert table.frame.to_numpy().tolist() == [
        ["Steroid use > 3 months", "105", "14 (28.6)", "27 (48.2)", "0.038", "likelihood-ratio χ²"],
        ["Age, years, mean (SD)", "104", "62.0 (10.3)", "60.5 (11.5)", "0.482", "linear regression"],
        ["Smoking status", "105", "", "", "0.022", "likelihood-ratio χ²"],
        [f"{INDENT}Never a smoker", "", "21 (42.9)", "30 (53.6)", "", ""],
        [f"{INDENT}Former smoker", "", "27 (55.1)", "19 (33.9)", "", ""],
        [f"{INDENT}Current smoker", "", "1 (2.0)", "7 (12.5)", "", ""],
        ["Treatment", "105", "", "", "—", "not tested"],
        [f"{INDENT}SBRT", "", "32 (65.3)", "22 (39.3)", "", ""],
        [f"{INDENT}Surgery", "", "17 (34.7)", "34 (60.7)", "", ""],
    ]
    assert table.strong == {(0, 4), (2, 4)}


def test_an_exact_test_whose_tables_were_drawn_has_its_standard_error():
    tests = UNIVARIABLE.assign(test="fisher", monte_carlo_se=[0.00158, NAN, NAN])
    table = tables.characteristics_table(
        tests, UNIVARIABLE_GROUPS, CODEBOOK, "new_vcf", GROUPS, {"0": 49, "1": 56}, 0.05, {}
    )
    assert table.frame["Test"].tolist()[:3] == [
        *("Fisher’s exact, Monte Carlo (standard error 0.0016)", "Fisher’s exact", "Fisher’s exact")
    ]


def test_levels_of_terms_read_as_numbers():
    rows = [
        ("ecog", "ecog", NAN, NAN),
        ("ecog[1]", "ecog", 1.0, 0.0),
        ("ecog[2]", "ecog", 2.0, 0.0),
        ("steroids", "steroids", 1.0, 0.0),
    ]
    terms = pd.DataFrame(rows, columns=["term", "variable", "level", "reference"])
    named = [labels.term_label(row, terms, CODEBOOK) for row in terms.to_dict("records")]
    assert named == [
        *("ECOG performance status grade", f"{INDENT}1 (vs 0)", f"{INDENT}2 (vs 0)", "Steroid use > 3 months")
    ]


def test_levels_read_as_numbers_find_their_labels():
    groups = UNIVARIABLE_GROUPS[UNIVARIABLE_GROUPS["variable"].isin(["steroids", "age"])]
    groups = groups.assign(level=pd.to_numeric(groups["level"], errors="coerce"))
    table = tables.characteristics_table(
        UNIVARIABLE.head(2), groups, CODEBOOK, "new_vcf", GROUPS, {"0": 49, "1": 56}, 0.05, {}
    )
    assert table.frame.iloc[:, 3].tolist() == ["27 (48.2)", "60.5 (11.5)"]


def published(*rows):
    columns = ["location", "quantity", "printed", "recomputed", "recomputed_rounded"]
    columns += ["relation", "agrees", "reason", "source"]
    return pd.DataFrame(rows, columns=columns, dtype=str)


STEROIDS = "univariable_groups: variable=steroids; level=1; group=1"
PUBLISHED = published(
    (
        "Abstract, Results",
        "Accuracy",
        "89",
        "89.16",
        "89",
        "=",
        "yes",
        "an AUC",
        "discrimination: score=combined: auc",
    ),
    ("Table 1, Steroids", "Steroids", "27", "27.0", "27", "=", "yes", "", f"{STEROIDS}: n"),
    ("Table 1, Steroids", "Steroids", "48.9", "48.21", "48.2", "=", "no", "a slip", f"{STEROIDS}: percent"),
    (
        "Table 1, Age",
        "p of age",
        "0.4821",
        "0.4816",
        "0.4816",
        "<",
        "yes",
        "",
        "univariable: variable=age: p_value",
    ),
    ("Results, text", "Screened", "290", "", "", "=", "not testable", "no rows", ""),
    (
        "Table 2, Steroids",
        "p",
        "0.0001",
        "1e-9",
        "0.0000",
        "<",
        "yes",
        "",
        "multivariable: term=steroids: p_value",
    ),
)


def test_characteristics_beside_the_printed_figures():
    table = characteristics(comparison.printed_figures(PUBLISHED, "Table 1"))
    assert table.frame[("VCF group (n = 56)", "Printed")].tolist()[:2] == [f"27 (48.9) {DIFFERS}", ""]
    assert table.frame[("VCF group (n = 56)", "Recomputed")][0] == "27 (48.2)"
    assert table.frame[("p value", "Printed")].tolist()[:3] == ["", "<0.4821", ""]
    assert table.strong == {(0, 7), (2, 7)}
    assert DIFFERS in table.notes[-1]


def test_printed_figures_are_found_by_part_and_address():
    found = comparison.printed_figures(PUBLISHED, "Table 1")
    assert found[address("univariable_groups", "n", variable="steroids", level="1", group="1")].agrees
    assert len(found) == 3
    assert comparison.printed_figures(PUBLISHED, "Table 10") == {}


def test_comparison_keeps_to_the_order_of_the_parts():
    table = comparison.comparison_table(PUBLISHED)
    assert table.groups == ("Abstract", "Table 1", "Table 1", "Table 1", "Results", "Table 2")
    assert table.frame["Printed"].tolist() == ["89", "27", "48.9", "<0.4821", "290", "<0.0001"]
    assert table.frame["Recomputed"].tolist() == ["89", "27", "48.2", "0.482", "—", "<0.0001"]
    assert table.frame["Agrees"].tolist() == ["yes", "yes", f"no {DIFFERS}", "yes", "not testable", "yes"]
    assert table.frame["Reason"].tolist() == ["1", "", "2", "", "3", ""]
    assert table.notes == ("1. an AUC", "2. a slip", "3. no rows")


def test_disagreements_have_their_reasons():
    table = comparison.disagreements_table(PUBLISHED)
    assert table.frame["Figure"].tolist() == ["Steroids, %", "Screened"]
    assert table.notes == ("1. a slip", "2. no rows")


TERMS = ["term", "variable", "level", "estimate", "conf_low", "conf_high", "statistic", "df", "p_value"]
TERMS += ["odds_ratio", "odds_ratio_low", "odds_ratio_high"]
NAN = math.nan
MULTIVARIABLE = pd.DataFrame(
    [
        ("(intercept)", "", "", -13.793, -20.699, -8.707, 55.4, 1, 1e-13, NAN, NAN, NAN),
        ("smoking", "smoking", "", NAN, NAN, NAN, 5.436, 2, 0.066, NAN, NAN, NAN),
        ("smoking[former]", "smoking", "former", -0.779, -2.027, 0.399, 1.669, 1, 0.196, 0.459, 0.132, 1.49),
        (
            "smoking[current]",
            "smoking",
            "current",
            1.934,
            -0.455,
            5.172,
            2.455,
            1,
            0.117,
            6.914,
            0.634,
            176.3,
        ),
        ("steroids", "steroids", "1", 0.775, -0.398, 2.004, 1.672, 1, 0.196, 2.17, 0.672, 7.417),
        ("sins", "sins", "", 0.879, 0.509, 1.368, 32.2, 1, 1.4e-8, 2.409, 1.664, 3.928),
    ],
    columns=TERMS,
).assign(n=105, n_events=56, conf_method="profile likelihood", p_method="likelihood ratio")
REFERENCES = {"smoking[former]": "never", "smoking[current]": "never", "steroids": "0"}
MULTIVARIABLE["reference"] = MULTIVARIABLE["term"].map(REFERENCES).fillna("")


def test_multivariable_table():
    table = tables.multivariable_table(MULTIVARIABLE, CODEBOOK, 105, 0.05, 0.95, {})
    former, current = (f"{INDENT}{name} smoker (vs Never a smoker)" for name in ("Former", "Current"))
    assert table.frame.to_numpy().tolist() == [
        ["Smoking status", "—", "—", "0.066", "", "5.44 (2)"],
        [former, "−0.779", "−2.027 to 0.399", "0.196", "0.46 (0.13–1.49)", "1.67 (1)"],
        [current, "1.934", "−0.455 to 5.172", "0.117", "6.91 (0.63–176)", "2.46 (1)"],
        ["Steroid use > 3 months", "0.775", "−0.398 to 2.004", "0.196", "2.17 (0.67–7.42)", "1.67 (1)"],
        ["SINS (per point)", "0.879", "0.509–1.368", "<0.0001", "2.41 (1.66–3.93)", "32.20 (1)"],
        ["Intercept", "−13.793", "−20.699 to −8.707", "<0.0001", "", "55.40 (1)"],
    ]
    assert table.strong == {(4, 3)}  # the intercept’s says nothing
    assert "n = 105 patients with every variable, 56 with the outcome" in table.notes[0]


def test_multivariable_table_beside_the_printed_figures():
    printed = {
        address("multivariable", "estimate", term="sins"): comparison.PrintedFigure("0.879", True),
        address("multivariable", "conf_low", term="sins"): comparison.PrintedFigure("0.509", True),
        address("multivariable", "conf_high", term="sins"): comparison.PrintedFigure("1.369", False),
    }
    frame = tables.multivariable_table(MULTIVARIABLE, CODEBOOK, 105, 0.05, 0.95, printed).frame
    assert frame[("Log-odds", "Printed")].tolist() == ["", "", "", "", "0.879", ""]
    assert frame[("95 % CI of log-odds", "Printed")][4] == f"0.509–1.369 {DIFFERS}"


def test_a_level_alone_is_named_with_its_variable_and_reference():
    rows = MULTIVARIABLE[MULTIVARIABLE["term"] == "smoking[current]"].assign(reference="former")
    words = "Smoking status: Current smoker (vs Former smoker)"
    assert labels.term_label(rows.iloc[0], rows, CODEBOOK) == words


def test_unadjusted_odds_ratios():
    steroids = MULTIVARIABLE["variable"] == "steroids"
    effects = MULTIVARIABLE[steroids | MULTIVARIABLE["variable"].isin(["smoking", "sins"])].assign(n=99)
    second = {"smoking": "", "steroids": OF_PENALIZED, "sins": OF_ODDS_RATIO}
    effects = effects.assign(univariable_p=0.72449, second_test=effects["variable"].map(second))
    effects["univariable_test"] = effects["variable"].map({"sins": "ols"}).fillna("likelihood_ratio")
    effects.loc[effects["term"].str.contains("[", regex=False), "second_test"] = OF_LEVEL
    table = tables.effects_table(effects, CODEBOOK, 0.05, 0.95)
    current = f"{INDENT}Current smoker (vs Never a smoker)"
    own, level = "the variable, as above (likelihood-ratio χ²)", "this level alone, against its reference"
    penalized = (
        "the odds ratio, by Firth’s penalized likelihood: the outcome is separated; above, p = 0.724 by "
        "likelihood-ratio χ²"
    )
    odds_ratio = (
        "the odds ratio, by the likelihood of the logistic regression; above, p = 0.724 by linear regression"
    )
    assert table.frame.drop(index=1).to_numpy().tolist() == [
        ["Smoking status", "99", "56", "", "5.44 (2)", "0.066", own],
        [current, "", "", "6.91 (0.63–176)", "2.46 (1)", "0.117", level],
        ["Steroid use > 3 months", "99", "56", "2.17 (0.67–7.42)", "1.67 (1)", "0.196", penalized],
        ["SINS (per point)", "99", "56", "2.41 (1.66–3.93)", "32.20 (1)", "<0.0001", odds_ratio],
    ]
    assert table.strong == {(4, 5)}


def test_a_narrow_interval_of_a_ratio_has_more_decimals():
    assert numbers.ratio_estimate(1.00133, 0.99846, 1.00465) == "1.0013 (0.9985–1.0047)"
    assert numbers.ratio_estimate(1.0173, 0.9984, 1.0340) == "1.017 (0.998–1.034)"
    assert numbers.ratio_estimate(1.27, 1.2, 1.33) == "1.27 (1.20–1.33)"
    assert numbers.ratio_estimate(0.0, 0.0, math.inf) == "0 (0 to ∞)"


def score(name, label, **changes):
    row = {
        "score": name,
        "label": label,
        "n": 105,
        "n_events": 56,
        "cutoff": "> 3",
        "proportion_method": "Wilson",
    }
    row |= {
        "tp": 42.0,
        "fp": 7.0,
        "fn": 14.0,
        "tn": 42.0,
        "auc_method": "DeLong",
        "p_method": "likelihood ratio",
    }
    for share in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
        row |= {share: 0.75, f"{share}_low": 0.623, f"{share}_high": 0.845}
    row |= {"auc": 0.8036, "auc_low": 0.728, "auc_high": 0.879, "p_value": 1e-10}
    return row | changes


SHARES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")
NO_CUTOFF = {f"{share}{end}": NAN for share in SHARES for end in ("", "_low", "_high")}
NO_CUTOFF |= {"cutoff": "", "proportion_method": "", "tp": NAN, "fp": NAN, "fn": NAN, "tn": NAN}
SCORES = {
    "vbq": {"label": "VBQ score", "variables": ["vbq"], "above": 3},
    "combined": {"label": "Combined", "variables": ["vbq_high", "sins_category"]},
    "vbq_high": {"label": "High", "variables": ["vbq_high"], "positive_from": 1},
    "many": {"label": "Many", "variables": ["fracture_count"], "positive_from": 1},
}
DISCRIMINATION = pd.DataFrame([score("vbq", "VBQ score"), score("combined", "Combined", **NO_CUTOFF)])


def discrimination(assessed, n_patients=105):
    return score_tables.discrimination_table(assessed, SCORES, CODEBOOK, n_patients, 0.05, 0.95, {})


def test_discrimination_tables():
    table = discrimination(DISCRIMINATION)
    assert table.frame.to_numpy().tolist() == [
        ["VBQ score", "> 3", "75.0 (62.3–84.5)", "75.0 (62.3–84.5)", "0.80 (0.73–0.88)", "<0.0001"],
        ["Combined", "—", "—", "—", "0.80 (0.73–0.88)", "<0.0001"],
    ]
    assert table.notes[0] == "n = 105, 56 with the outcome."
    at_cutoff = score_tables.classification_table(DISCRIMINATION, SCORES, CODEBOOK, 0.95)
    assert at_cutoff.frame.iloc[0, 2:6].tolist() == ["42", "7", "14", "42"]
    assert len(at_cutoff.frame) == 1


def test_scores_assessed_in_different_patients_say_so():
    frame = DISCRIMINATION.assign(n=[105, 90])
    notes = discrimination(frame).notes
    assert notes[0] == "VBQ score: n = 105, 56 with the outcome; Combined: n = 90, 56 with the outcome."
    assert notes[1] == "Of the 105 patients in the analysis, left out for a missing variable: Combined: 15."


def test_patients_left_out_are_told_only_where_there_are_any():
    assert not any("left out" in note for note in discrimination(DISCRIMINATION).notes)
    expected = "3 of the 108 patients in the analysis were left out: a variable is missing."
    assert expected in discrimination(DISCRIMINATION, 108).notes
    for n_patients, told in ((105, False), (108, True)):
        notes = tables.multivariable_table(MULTIVARIABLE, CODEBOOK, n_patients, 0.05, 0.95, {}).notes
        assert (expected in notes) == told
    (note,) = tables.note_of_incomplete({"": 104}, 105)
    assert note.startswith("1 of the 105 patients in the analysis was left out")


def test_scores_that_separate_the_outcome_are_named():
    methods = ["likelihood ratio", "penalized (Firth) likelihood ratio"]
    notes = discrimination(DISCRIMINATION.assign(p_method=methods)).notes
    (note,) = (note for note in notes if "Firth’s" in note)
    assert note.startswith("The outcome is separated by Combined, so that")
    assert not any("Firth" in note for note in discrimination(DISCRIMINATION).notes)


def test_yes_is_told_in_words():
    rows = [score("vbq_high", "High", cutoff="Yes"), score("many", "Many", cutoff="Multiple")]
    frame = pd.DataFrame(rows)
    expected = ["VBQ score > 3", "New fractures: Multiple"]
    assert discrimination(frame).frame["Positive if"].tolist() == expected
    table = score_tables.classification_table(frame, SCORES, CODEBOOK, 0.95)
    assert table.frame["Positive if"].tolist() == expected


def test_differences_between_nested_scores_are_marked():
    pair = {"score_1": "combined", "score_2": "vbq", "n": 105, "auc_1": 0.9, "auc_2": 0.8}
    pair |= {"difference": 0.1, "difference_low": 0.05, "difference_high": 0.15, "z": 3.9, "p_value": 0.0001}
    pairs = pd.DataFrame([pair | {"p_method": "paired DeLong", "nested": "True"}])
    table = score_tables.auc_differences_table(pairs, DISCRIMINATION, 0.05, 0.95)
    assert table.frame.iloc[0].tolist() == [
        *("Combined minus VBQ score", "105", "0.900, 0.800", "0.100 (0.050–0.150)", "3.90", "0.0001 *")
    ]
    assert not table.strong
    assert "not valid" in table.notes[-1]


def test_cutoff_table():
    row = {"score": "vbq", "method": "youden", "n": 105, "n_events": 56}
    row |= {"conf_method": "percentile bootstrap", "replicates": 2000}
    row |= {"cutoff": 2.9999999, "cutoff_low": 2.9477, "cutoff_high": 2.9999999}
    row |= {"same_from": 2.98, "same_below": 3.02}
    for share, value in (("sensitivity", 0.75), ("specificity", 0.857), ("youden", 0.607)):
        row |= {share: value, f"{share}_low": value - 0.1, f"{share}_high": value + 0.1}
    table = score_tables.cutoff_table(pd.DataFrame([row]), CODEBOOK, 0.95)
    assert table.frame.iloc[0].tolist() == [
        *(
            "Highest Youden index",
            "3.00 (2.95–3.00)",
            "75.0 (65.0–85.0)",
            "85.7 (75.7–95.7)",
            "0.61 (0.51–0.71)",
        )
    ]
    assert table.notes[0].startswith("n = 105, 56 with the outcome.")
    assert "2000 replicates" in table.notes[0]
    assert "at its own cut-off" in table.notes[1]
    assert len(table.notes) == 2

    for limit in (math.inf, NAN, ""):
        unbounded = pd.DataFrame([row | {"cutoff_high": limit}])
        table = score_tables.cutoff_table(unbounded, CODEBOOK, 0.95)
        assert table.frame.iloc[0, 1] == "3.00 (2.95 to —)"
        assert "not finite" in table.notes[-1]

    between = {"cutoff": 2.075, "same_from": 2.07, "same_below": 2.08, "cutoff_low": 2.0, "cutoff_high": 2.1}
    table = score_tables.cutoff_table(pd.DataFrame([row | between]), CODEBOOK, 0.95)
    assert table.frame.iloc[0, 1] == "2.075 (2.000–2.100)"  # 2.08 would classify otherwise


def test_a_cutoff_that_does_not_exist_is_said_to_be_not_applied():
    event, score = [0, 0, 1, 0, 1, 1], [0.31, 0.42, 0.55, 0.68, 0.71, 0.97]
    chosen = choose_cutoffs(event, score, rules(0.9), 50, 1).assign(score="vbq")
    table = score_tables.cutoff_table(chosen, CODEBOOK, 0.95)
    assert table.frame.iloc[0].tolist() == ["Midpoint of the group means, rounded", *["—"] * 4]
    assert [note for note in table.notes if "not applied" in note] == [
        "Midpoint of the group means, rounded: not applied, as all values lie within one unit and no whole "
        "number divides them."
    ]
    assert table.frame.iloc[1, 1].startswith(
        "0.49 ("
    )  # midway between 0.42 and 0.55, to the decimals of a VBQ score


def test_agreement_table_names_the_readers():
    columns = ["measure", "form", "raters", "estimate", "conf_low", "conf_high", "conf_method", "n", "k"]
    rows = [
        ("icc", "ICC2", "vbq_a / vbq_b", 0.8990, 0.8549, 0.9302, "F", 105, 2),
        ("bland_altman", "bias", "vbq_a - vbq_b", 0.03, -0.0367, 0.0967, "t", 105, 2),
    ]
    table = tables.agreement_table(pd.DataFrame(rows, columns=columns), "vbq", 0.95)
    assert table.caption == "Agreement of 2 readers in 105 patients"
    assert table.groups == ("Reader a, reader b", "Reader a minus reader b")
    assert table.frame.iloc[:, 1].tolist() == ["0.899 (0.855–0.930)", "0.03 (−0.04 to 0.10)"]


def test_subanalysis_table_with_and_without_a_test():
    tests = pd.DataFrame(
        [("vendor", 105, "ols", "F", 1.918, 3, 101, 0.131), ("asia", 105, "ols", "F", NAN, NAN, NAN, NAN)],
        columns=["variable", "n", "test", "statistic_name", "statistic", "df", "df_residual", "p_value"],
    )
    groups = pd.DataFrame(
        [("vendor", "ge", 30, 2.933, 0.801), ("vendor", "toshiba", 1, 2.3, NAN)],
        columns=["variable", "level", "n", "mean", "sd"],
    )
    effects = pd.DataFrame(
        [("vendor", "toshiba", -0.633, 0.3, -1.23, -0.04), ("age", "", -0.00072, 0.0063, -0.0132, 0.0118)],
        columns=["variable", "level", "estimate", "std_error", "conf_low", "conf_high"],
    )
    tests.loc[2] = ("age", 105, "ols", "t", -0.114, 103, NAN, 0.909)
    table = tables.subanalysis_table(tests, effects, groups, CODEBOOK, "By scanner", "vbq", 0.05, 0.95)
    assert table.frame.to_numpy().tolist() == [
        ["MRI vendor", "105", "", "", "F = 1.92 (3, 101)", "0.131"],
        [f"{INDENT}GE Healthcare", "30", "2.93 (0.80)", "reference", "", ""],
        [f"{INDENT}Toshiba", "1", "2.30 (—)", "−0.63 (−1.23 to −0.04)", "", ""],
        ["ASIA classification", "105", "", "", "—", "—"],
        ["Age (per year)", "105", "", "−0.0007 (−0.0132 to 0.0118)", "t = −0.11 (103)", "0.909"],
    ]


def test_subanalysis_of_levels_with_one_patient_each():
    tests = pd.DataFrame(
        [("vendor", 2, "ols", "F", NAN, NAN, NAN, NAN)],
        columns=["variable", "n", "test", "statistic_name", "statistic", "df", "df_residual", "p_value"],
    )
    groups = pd.DataFrame(
        [("vendor", "ge", 1, 2.933, ""), ("vendor", "toshiba", 1, 2.3, "")],
        columns=["variable", "level", "n", "mean", "sd"],
    )
    effects = pd.DataFrame(
        [("vendor", "toshiba", -0.633, "", "", "")],
        columns=["variable", "level", "estimate", "std_error", "conf_low", "conf_high"],
    )
    table = tables.subanalysis_table(tests, effects, groups, CODEBOOK, "By scanner", "vbq", 0.05, 0.95)
    assert table.frame.iloc[1, 2] == "2.93 (—)"
    assert table.frame.iloc[2, 3] == "−0.63 (—)"


def test_a_constant_variable_is_told():
    groups = pd.DataFrame(
        [
            *(counts("steroids", "0", g, n, n) for g, n in (("0", 49), ("1", 56), ("all", 105))),
            *(counts("steroids", "1", g, 0, n) for g, n in (("0", 49), ("1", 56), ("all", 105))),
            *(mean("age", g, n, 60.0, 1e-15) for g, n in (("0", 49), ("1", 56), ("all", 105))),
            *(mean("bmi", g, n, 25.0, 3.0) for g, n in (("0", 49), ("1", 56), ("all", 105))),
            *(counts("nsaids", level, g, 0, 1) for level in "01" for g in ("0", "1", "all")),
        ]
    )
    tested = univariable(
        ("steroids", 105, "likelihood_ratio", ""),
        ("age", 105, "ols", NAN),
        ("bmi", 105, "ols", NAN),
        ("nsaids", 0, "fisher", NAN),
    )
    table = tables.characteristics_table(
        tested, groups, CODEBOOK, "new_vcf", GROUPS, {"0": 49, "1": 56}, 0.05, {}
    )
    assert table.frame["Test"].tolist() == ["constant", "constant", "linear regression", "Fisher’s exact"]
    assert set(table.frame["p value"]) == {"—"}


def flow_table(*steps):
    flow = pd.DataFrame(steps, columns=["step", "n", "excluded", "reason"])
    return tables.flow_table(flow, CODEBOOK).frame


def test_flow_table_names_criteria_and_gives_reasons_where_there_are_any():
    frame = flow_table(
        ("rows in p_separated.csv", 12, 0, ""),
        ("adult", 12, 0, "younger than 18 years"),
        ("t1_lumbar_mri", 12, 0, "not assessed: no column for t1_lumbar_mri"),
        ("no_instrumentation", 12, 0, "switched off in the cohort file"),
        ("no_infection", 10, 2, "diagnosis of infection"),
        ("outcome known", 9, 1, "new_vcf missing"),
    )
    mri = "T1-weighted non-contrast-enhanced MRI of the lumbar spine"
    assert frame.to_numpy().tolist() == [
        ["Rows in p_separated.csv", "", "0", "12"],
        ["Age 18 or older", "", "0", "12"],
        [mri, f"not assessed: no column for {mri}", "0", "12"],
        ["No lumbar instrumentation before the MRI", "switched off in the cohort file", "0", "12"],
        ["No infection at presentation", "diagnosis of infection", "2", "10"],
        ["Outcome known", "New vertebral compression fracture missing", "1", "9"],
    ]


def test_flow_table_without_a_reason_has_no_column_for_it():
    frame = flow_table(("rows in p.csv", 12, 0, ""), ("adult", 12, 0, "younger than 18 years"))
    assert list(frame.columns) == ["Step", "Excluded", "Left"]


def test_every_criterion_has_a_name():
    assert set(labels.STEPS) == {criterion.name for criterion in CRITERIA}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((0.8, 0.7, 0.9, ""), "0.80 (0.70–0.90)"),
        ((0.95, 0.88, 1.0, "upper limit cut off at 1"), "0.95 (0.88–1.00)"),
        ((0.8, "", "", ""), "0.80"),
        (("", "", "", "apparent less optimism is above 1"), "none (apparent less optimism is above 1)"),
        (("", "", "", ""), numbers.NONE),  # nothing was there to correct
    ],
)
def test_a_corrected_index_is_a_number_or_says_why_not(cells, words):
    assert numbers.corrected(*cells, 2) == words
