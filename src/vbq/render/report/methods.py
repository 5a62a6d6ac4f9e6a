"""Methods, limits and references in prose, from the plan followed and the methods that the tables name."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from vbq.render import numbers as text
from vbq.render.document import Section
from vbq.render.labels import AGREEMENT_FORMS, CUTOFF_METHODS, NOT_ROUNDED, TESTS, step_name
from vbq.render.report.results import Results
from vbq.render.tables.study import NOT_APPLIED, significant, uses_penalty
from vbq.render.tables.validation import MEASURES
from vbq.validation import COMPLETE, IMPUTED

# Cited by these words in the paragraphs; a reference is listed where they occur.
REFERENCES = {
    "Bland and Altman 1986": "Bland JM, Altman DG. Statistical methods for assessing agreement between two "
    "methods of clinical measurement. Lancet 1986;327:307-310. doi:10.1016/S0140-6736(86)90837-8",
    "Barnard and Rubin 1999": "Barnard J, Rubin DB. Small-sample degrees of freedom with multiple "
    "imputation. Biometrika 1999;86:948-955. doi:10.1093/biomet/86.4.948",
    "Carkeet 2015": "Carkeet A. Exact parametric confidence intervals for Bland-Altman limits of agreement. "
    "Optom Vis Sci 2015;92:e71-e80. doi:10.1097/OPX.0000000000000513",
    "DeLong 1988": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more "
    "correlated receiver operating characteristic curves: a nonparametric approach. Biometrics "
    "1988;44:837-845. doi:10.2307/2531595",
    "Efron and Tibshirani 1997": "Efron B, Tibshirani R. Improvements on cross-validation: the .632+ "
    "bootstrap method. J Am Stat Assoc 1997;92:548-560. doi:10.1080/01621459.1997.10474007",
    "Firth 1993": "Firth D. Bias reduction of maximum likelihood estimates. Biometrika 1993;80:27-38. "
    "doi:10.1093/biomet/80.1.27",
    "Fisher 2010": "Fisher CG, DiPaola CP, Ryken TC, et al. A novel classification system for spinal "
    "instability in neoplastic disease. Spine 2010;35:E1221-E1229. doi:10.1097/BRS.0b013e3181e16ae2",
    "Harrell 1996": "Harrell FE, Lee KL, Mark DB. Multivariable prognostic models: issues in developing "
    "models, evaluating assumptions and adequacy, and measuring and reducing errors. Stat Med "
    "1996;15:361-387. doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4",
    "Harrell 2025": "Harrell FE. rms: Regression Modeling Strategies. R package version 8.1. "
    "https://CRAN.R-project.org/package=rms",
    "Austin and Steyerberg 2019": "Austin PC, Steyerberg EW. The Integrated Calibration Index (ICI) and "
    "related metrics for quantifying the calibration of logistic regression models. Stat Med "
    "2019;38:4051-4065. doi:10.1002/sim.8281",
    "Simel 1991": "Simel DL, Samsa GP, Matchar DB. Likelihood ratios with confidence: sample size estimation "
    "for diagnostic test studies. J Clin Epidemiol 1991;44:763-770. doi:10.1016/0895-4356(91)90128-V",
    "Heinze and Schemper 2002": "Heinze G, Schemper M. A solution to the problem of separation in logistic "
    "regression. Stat Med 2002;21:2409-2419. doi:10.1002/sim.1047",
    "Riley and Collins 2023": "Riley RD, Collins GS. Stability of clinical prediction models developed using "
    "statistical or machine learning methods. Biom J 2023;65:2200302. doi:10.1002/bimj.202200302",
    "Riley 2021": "Riley RD, Debray TPA, Collins GS, et al. Minimum sample size for external validation of a "
    "clinical prediction model with a binary outcome. Stat Med 2021;40:4230-4251. doi:10.1002/sim.9025",
    "Shrout and Fleiss 1979": "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater "
    "reliability. Psychol Bull 1979;86:420-428. doi:10.1037/0033-2909.86.2.420",
    "Van Calster 2016": "Van Calster B, Nieboer D, Vergouwe Y, et al. A calibration hierarchy for risk "
    "models was defined: from utopia to empirical data. J Clin Epidemiol 2016;74:167-176. "
    "doi:10.1016/j.jclinepi.2015.12.005",
    "Vergouwe 2017": "Vergouwe Y, Nieboer D, Oostenbrink R, et al. A closed testing procedure to select an "
    "appropriate method for updating prediction models. Stat Med 2017;36:4529-4539. doi:10.1002/sim.7179",
    "Vickers and Elkin 2006": "Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating "
    "prediction models. Med Decis Making 2006;26:565-574. doi:10.1177/0272989X06295361",
    "White 2011": "White IR, Royston P, Wood AM. Multiple imputation using chained equations: issues and "
    "guidance for practice. Stat Med 2011;30:377-399. doi:10.1002/sim.4067",
    "Wilson 1927": "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am "
    "Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953",
}
TRIPOD_AI = (
    "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting clinical "
    "prediction models that use regression or machine learning methods. BMJ 2024;385:e078378. "
    "doi:10.1136/bmj-2023-078378"
)
# How the tables name a method, where prose cites it by name and year.
CITED = {"Wilson": "Wilson’s (Wilson 1927)", "DeLong": "DeLong’s (DeLong 1988)"}


def methods(results: Results) -> Section:
    """Say in prose what was done."""
    paragraphs = [
        _participants(results),
        _scores(results),
        _univariable(results),
        _multivariable(results),
        _discrimination(results),
        _cutoff(results),
        _agreement(results),
        _internal(results),
        _validation(results),
        _comparison(results),
        _software(results),
    ]
    return Section("methods", "Methods", tuple(paragraph for paragraph in paragraphs if paragraph))


def references(results: Results) -> Section:
    """List the plan's source, and what the methods cite."""
    told = " ".join(methods(results).text)
    cited = sorted(entry for words, entry in REFERENCES.items() if words in told)
    return Section("references", "References", (results.plan["source"], *cited, TRIPOD_AI))


def _labels(results: Results, names: Iterable[str]) -> str:
    return text.listed(results.codebook[name].label for name in names)


def applied_criteria(flow: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the steps of the participant flow in which a criterion was applied, as rows."""
    return [
        row
        for row in flow.to_dict("records")[1:]
        if row["step"] != "outcome known" and not any(words in str(row["reason"]) for words in NOT_APPLIED)
    ]


def _participants(results: Results) -> str:
    kept = "; ".join(step_name(row["step"]) for row in applied_criteria(results.tables["flow"]))
    criteria = (
        f"Criteria that were applied, in this order: {kept}. A patient in whom a criterion is not known "
        "stays. "
    )
    return (
        f"Patients. {criteria if kept else ''}Patients without a known outcome ({results.outcome.label}) "
        "were left out. Each analysis has the patients in whom all of its variables are known; its number of "
        "patients stands with it. Nobody was left out, repeated or weighted because an outcome is rare."
    )


def _scores(results: Results) -> str:
    readers = {
        "mean": "the readers’ scores of a patient are averaged",
        "first": "the score is that of the first reader",
    }
    told = [
        f"{results.codebook[name].label}: {words}."
        for name, words in results.definitions.items()
        if not results.codebook[name].is_categorical
    ]
    if told and "marker" in results.plan and results.table("agreement") is not None:
        by = results.plan["marker"].get("readers", "mean")
        told.append(
            f"Where there is more than one reader, {readers.get(by, f'the score is that of reader {by}')}."
        )
    if {"sins", "sins_category"} & {*results.tables["univariable"]["variable"]}:
        told.append(
            "SINS: the sum of its six components, stable up to 6 points, potentially unstable from 7 to 12, "
            "unstable from 13 (Fisher 2010)."
        )
    return f"Scores. {' '.join(told)}" if told else ""


def _univariable(results: Results) -> str:
    plan = results.plan["univariable"]
    tested = {row["variable"]: row for row in results.tables["univariable"].to_dict("records")}
    other = [
        _exception(results, tested[name], test)
        for name, test in plan.get("exceptions", {}).items()
        if name in tested
    ]
    exceptions = f", but for {text.listed(other)}" if other else ""
    if "yates" in (plan["categorical_test"], *plan.get("exceptions", {}).values()):
        exceptions += "; a variable of more than two levels has Pearson’s test, without Yates’ correction"
    return (
        "Univariable analysis. Categorical variables were compared between the outcome groups by the "
        f"{TESTS[plan['categorical_test']]} test and continuous ones by {TESTS[plan['continuous_test']]}"
        f"{exceptions}. Tests are two-sided, the level of significance is {results.plan['alpha']:g}, and "
        "there is no correction for the number of tests. The other tests of each variable stand beside the "
        "chosen one in univariable.csv. Unadjusted odds ratios are those of the logistic regression on each "
        "variable alone, with profile-likelihood intervals."
    )


def _exception(results: Results, row: dict[Any, Any], test: str) -> str:
    """Name a variable with its own test, and whether the test of the others would have decided otherwise."""
    variable, alpha = results.codebook[row["variable"]], results.plan["alpha"]
    plan = results.plan["univariable"]
    usual = plan["categorical_test"] if variable.is_categorical else plan["continuous_test"]
    by_usual = text.number(row.get(f"p_{usual}", ""))
    words = f"{variable.label} ({TESTS[test]}, by the plan"
    if significant(by_usual, alpha) != significant(row["p_value"], alpha) and not math.isnan(by_usual):
        by = f"by the {TESTS[usual]} test, p = {text.fixed(by_usual, 4)}"
        words += f"; {by}, it would {'have' if significant(by_usual, alpha) else 'not have'} been selected"
    return f"{words})"


def _multivariable(results: Results) -> str:
    fitted = results.table("multivariable")
    if fitted is None:
        return ""
    excluded = results.plan["multivariable"]["exclude"]
    but = f", but for {_labels(results, excluded)}," if excluded else ""
    penalty = (
        " The outcome is separated, so that maximum-likelihood estimates are infinite: Firth’s penalized "
        "likelihood was used (Firth 1993; Heinze and Schemper 2002)."
        if uses_penalty(fitted["p_method"]).any()
        else ""
    )
    return (
        f"Multivariable analysis. Variables with p < {results.plan['alpha']:g}{but} entered one logistic "
        f"regression, continuous ones linear and not transformed; none was dropped. Intervals: "
        f"{_named(fitted['conf_method'])}; tests: {_named(fitted['p_method'])}. A level that does not occur, "
        f"or that others determine, has no estimate.{penalty}"
    )


def _named(methods: pd.Series) -> str:
    """List the methods that a column names, each once, with its reference."""
    found = dict.fromkeys(str(method) for method in methods if method and not pd.isna(method))
    return text.listed(CITED.get(method, method) for method in found)


def _discrimination(results: Results) -> str:
    assessed = results.table("discrimination")
    if assessed is None:
        return ""
    scores = results.plan["discrimination"]["scores"]
    combined = [scores[name]["label"] for name in assessed["score"] if len(scores[name]["variables"]) > 1]
    fitted = (
        f" {text.listed(combined)}: the variables were combined by logistic regression in these patients."
        if combined
        else ""
    )
    pairs = results.table("discrimination_pairs")
    paired = "" if pairs is None else f" Differences between AUCs: {_named(pairs['p_method'])}."
    proportions = _named(assessed["proportion_method"])
    penalized = assessed.loc[uses_penalty(assessed["p_method"]), "label"]
    if len(penalized):
        fitted += (
            f" The outcome is separated by {text.listed(penalized)}: Firth’s penalized likelihood was used "
            "there (Firth 1993)."
        )
    return (
        f"Discrimination. {f'Intervals of proportions are {proportions}; ' if proportions else ''}those of "
        f"the AUC are {_named(assessed['auc_method'])}. p values are of the {_named(assessed['p_method'])} "
        f"test of the logistic regression on the score.{fitted}{paired}"
    )


def _cutoff(results: Results) -> str:
    chosen = results.table("cutoff")
    if chosen is None:
        return ""
    first, plan = chosen.iloc[0], results.plan["cutoff"]
    ways = [_inside(CUTOFF_METHODS[way]) for way in chosen["method"] if way != plan["way"]]
    way = _inside(CUTOFF_METHODS[plan["way"]])
    if chosen.loc[chosen["method"] == plan["way"], "cutoff"].map(text.missing).any():
        way += f" ({NOT_ROUNDED})"
    return (
        f"Cut-off of the {results.codebook[plan['score']].label}. The study’s way: "
        f"{way}. Beside it: {text.listed(ways)}. Intervals: "
        f"{first['conf_method']}, "
        f"{text.count(first['replicates'])} replicates."
    )


def _agreement(results: Results) -> str:
    measured = results.table("agreement")
    if measured is None:
        return ""
    forms = [form for form in measured["form"].unique() if form in AGREEMENT_FORMS and form.startswith("ICC")]
    return (
        f"Agreement. Intraclass correlations in the forms {text.listed(forms)} (Shrout and Fleiss 1979); "
        "Bland-Altman limits of agreement (Bland and Altman 1986); standard error of measurement and "
        f"smallest detectable change. Intervals: {_named(measured['conf_method'])}."
    )


def _internal(results: Results) -> str:
    corrected = results.table("optimism")
    if corrected is None:
        return ""
    ways = results.table("optimism_other_ways")
    beside = "" if ways is None else f" Beside it: {text.listed(ways['way'].unique())}."
    separated = int(pd.to_numeric(results.tables["optimism_replicates"]["separated"]).sum())
    penalty = (
        " Firth’s penalized likelihood was used where a resample’s outcome is separated (Firth 1993)."
        if separated
        else ""
    )
    methods = corrected.loc[corrected["index"] == "slope", "corrected_method"]
    ratios = f" Calibration intercept and slope: {methods.iloc[0]}." if len(methods) else ""
    return (
        f"Internal validation. In each of {text.count(corrected['replicates'].iloc[0])} bootstrap resamples "
        "of the patients the whole procedure was repeated: cut-off, univariable tests, selection, regression "
        "and scores. Optimism is an index of the model made in a resample, there minus in all patients, on "
        f"average (Harrell 1996).{penalty} AUC: {corrected['corrected_method'].iloc[0]} (Harrell 2025)."
        f"{ratios} .632+: Efron and Tibshirani 1997. Instability of risks: Riley and Collins 2023.{beside}"
    )


def _validation(results: Results) -> str:
    if results.validation is None:
        return ""
    performance = results.validation.validation.tables["performance"]
    complete = performance[(performance["analysis"] == COMPLETE) & (performance["conf_method"] != "")]
    told = [
        f"{text.listed(_measure(name) for name in rows['measure'].unique())}: {method}"
        for method, rows in complete.groupby("conf_method", sort=False)
    ]
    imputed = performance[performance["analysis"] == IMPUTED]
    imputation = (
        f" Missing values: complete cases, and {text.count(imputed['imputations'].max())} imputations by "
        "chained equations with predictive mean matching (White 2011), pooled by Rubin’s rules (Barnard and "
        "Rubin 1999)."
        if len(imputed)
        else ""
    )
    return (
        "External validation. No cut-off or coefficient was chosen again; where a source prints no risks, "
        "they are worked out from what it prints, as the rules under test say. Patterns, curves, decision "
        f"curves, subgroups and updating are of complete cases. Intervals: {'; '.join(told)}. Calibration: "
        "Van Calster 2016; distances of the curve: Austin and Steyerberg 2019; likelihood ratios: Simel "
        "1991; expected precision and sample size: Riley 2021; net benefit: Vickers and Elkin 2006; "
        "updating: Vergouwe 2017."
        f"{imputation} docs/validation.md has the method of every quantity."
    )


def _measure(name: str) -> str:
    return _inside(MEASURES[name][0].removesuffix(", %"))


def _inside(label: str) -> str:
    """Write a label as it stands inside a sentence: abbreviations and names keep their capital."""
    first = label.split()[0]
    kept = first in ("Brier", "Youden") or not first[1:].islower()
    return label if kept else label[:1].lower() + label[1:]


def _comparison(results: Results) -> str:
    if "published" not in results.tables:
        return ""
    return (
        "Comparison with the publication. Every printed number has an address in the tables. It reproduces "
        "where the recomputed one rounds to it at its printed decimals, a tie in either direction, or lies "
        "on the printed side of a bound."
    )


def _software(results: Results) -> str:
    if not results.record:
        return ""
    versions = results.record["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in versions)
    return (
        f"Software. {named}. Every resample is drawn from the seed {results.record['seed']}; the record of "
        "the run below has the commit and the checksums of the input."
    )


def limits(results: Results) -> Section:
    """Say in plain words what the numbers do not show."""
    events = min(results.group_sizes.values())
    tests = results.tables["univariable"]
    told = []
    if results.are_reconstructed:
        told.append(
            "The rows are reconstructed from published summary statistics. They repeat what the publication "
            "prints; whatever it does not print - the spread within groups, how variables go together, "
            "missing values - is a property of the reconstruction and says nothing about patients."
        )
    told.append(
        f"{len(tests)} variables were tested in {results.n_patients} patients, {events} of them in the rarer "
        "outcome group, without a correction for the number of tests: some small p values are to be expected "
        "by chance."
    )
    fitted = results.table("multivariable")
    if fitted is not None:
        coefficients = int((pd.to_numeric(fitted["estimate"], errors="coerce").notna()).sum()) - 1
        rarer = min(int(fitted["n_events"].iloc[0]), int(fitted["n"].iloc[0] - fitted["n_events"].iloc[0]))
        told.append(
            f"The regression has {coefficients} coefficients for {rarer} patients of the rarer outcome "
            "group, and its variables were selected by the same outcome: estimates tend to be too far "
            "from no effect, and intervals too narrow."
        )
    if results.table("discrimination") is not None:
        told.append(
            "AUC, sensitivity and specificity are apparent where the score or its cut-off was made from "
            "these patients. The internal validation estimates by how much; it does not replace other "
            "patients, another scanner and another time."
        )
    missing = tests[pd.to_numeric(tests["n_missing"], errors="coerce") > 0]
    if len(missing):
        have = "variable has" if len(missing) == 1 else "variables have"
        told.append(
            f"{len(missing)} {have} missing values. Outside the external validation nothing is "
            "imputed: results hold for the patients in whom a variable is known."
        )
    if results.table("agreement") is not None:
        told.append(
            "Agreement is of readers of the same images. How much a second scan would change the score is "
            "not known from these rows."
        )
    told.append("The outcome is a yes or no: how long each patient was followed is not used.")
    if results.validation is not None:
        told.append(
            "Intervals of the Brier score, the calibration curve and net benefit of a rule whose intercept "
            "was estimated again here do not carry the uncertainty of that intercept."
        )
        told.append(
            "The validation has no correction for the number of rules, subgroups and tests, and imputation "
            "assumes that what is missing depends on what is known."
        )
    told.append("This is research software and no medical device; nothing here is meant to guide care.")
    return Section("limits", "Limits", tuple(told))
