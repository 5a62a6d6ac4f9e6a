"""The report page: escaped, self-contained, accessible, and only as long as the plan asks for."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from vbq.codebook import extended
from vbq.render.document import Table, header_rows
from vbq.render.figures.pictures import inline_svg
from vbq.render.report.report import report
from vbq.render.report.results import Results
from vbq.render.report.sections import AROUND, STUDY
from vbq.render.writers.html import content_hash, html_page

ATTACK = '<script>alert("1")</script>&amp;'
SVG = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="238pt" height="240pt" viewBox="0 0 238 240"
 xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><x resource="http://purl.org/x"/></metadata>
 <defs><style type="text/css">*{stroke-linecap: butt}</style></defs>
 <!-- a label -->
 <g id="axes_1"><path d="M 0 0" clip-path="url(#p1)"/><use xlink:href="#m1"/></g>
 <defs><clipPath id="p1"/><path id="m1"/></defs>
</svg>
"""


def univariable_groups(variable, numbers):
    n_group = {"0": 3, "1": 2, "all": 5}
    return [
        {"variable": variable, "level": level, "group": group, "n": n, "n_group": n_group[group]}
        | {"percent": 100 * n / n_group[group], "mean": "", "sd": ""}
        for (level, group), n in numbers.items()
    ]


GROUPS = pd.DataFrame(
    univariable_groups(
        "event",
        {("0", "0"): 3, ("1", "0"): 0, ("0", "1"): 0, ("1", "1"): 2, ("0", "all"): 3, ("1", "all"): 2},
    )
    + univariable_groups(
        "risk",
        {("0", "0"): 2, ("1", "0"): 1, ("0", "1"): 1, ("1", "1"): 1, ("0", "all"): 3, ("1", "all"): 2},
    )
)
SCORE = {"score": "risk", "label": ATTACK, "n": 5, "n_events": 2, "cutoff": "1 or higher"}
SCORE |= {"tp": 1, "fp": 1, "fn": 1, "tn": 2, "proportion_method": "Wilson", "auc_method": "DeLong"}
SCORE |= {"auc": 0.583, "auc_low": 0.1, "auc_high": 1.0, "p_value": 0.7, "p_method": "likelihood ratio"}
for _share in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
    SCORE |= {_share: 0.5, f"{_share}_low": 0.1, f"{_share}_high": 0.9}

NEEDED = {
    "flow": pd.DataFrame([("rows in patients.csv", 5, 0, "")], columns=["step", "n", "excluded", "reason"]),
    "univariable": pd.DataFrame(
        [("risk", 5, 1, "fisher", 0.9, np.nan)],
        columns=["variable", "n", "n_missing", "test", "p_value", "monte_carlo_se"],
    ),
    "univariable_groups": GROUPS,
    "ingest": pd.DataFrame(
        columns=["file", "row", "column", "value", "rule", "severity", "action"], dtype=str
    ),
}
REMARK = pd.DataFrame([dict.fromkeys(NEEDED["ingest"], ATTACK)])
MULTIVARIABLE = pd.DataFrame(
    [{"term": "risk", "variable": "risk", "level": "1", "n": 5, "n_events": 2, "df": 1}] * 1
).assign(estimate=0.5, conf_low=-1.0, conf_high=2.0, conf_method="profile likelihood", statistic=0.3)
MULTIVARIABLE = MULTIVARIABLE.assign(p_value=0.6, p_method="likelihood ratio")
MULTIVARIABLE = MULTIVARIABLE.assign(odds_ratio=1.65, odds_ratio_low=0.37, odds_ratio_high=7.39)
PUBLISHED = pd.DataFrame(
    [
        (
            "Table 1, Risk",
            ATTACK,
            "1",
            "1.0",
            "1",
            "=",
            "yes",
            "",
            "univariable_groups: variable=risk; level=1; group=1: n",
        ),
        (
            "Table 1, Risk",
            "p",
            "0.10",
            "0.9",
            "0.90",
            "=",
            "no",
            ATTACK,
            "univariable: variable=risk: p_value",
        ),
    ],
    columns=[
        *("location", "quantity", "printed", "recomputed", "recomputed_rounded"),
        *("relation", "agrees", "reason", "source"),
    ],
)
ALL = {
    **NEEDED,
    "ingest": REMARK,
    "multivariable": MULTIVARIABLE,
    "discrimination": pd.DataFrame([SCORE]),
    "published": PUBLISHED,
}
SPEC = {
    "title": f"Title {ATTACK}",
    "role": "development",
    "provenance": f"reconstructed; not patient data {ATTACK}",
    "plan": "config/plans/x.yaml",
    "patients": {"file": f"data/{ATTACK}.csv"},
}
PLAN = {
    "title": f"Plan {ATTACK}",
    "source": f"Source {ATTACK}",
    "outcome": {"variable": "event", "groups": {0: f"Without {ATTACK}", 1: "With"}},
    "alpha": 0.05,
    "confidence": 0.95,
    "univariable": {"categorical_test": "fisher", "continuous_test": "ols", "variables": ["risk"]},
    "multivariable": {"exclude": []},
    "cutoff": {"score": "vbq", "way": "youden", "sensitivity": 0.9},
    "discrimination": {"scores": {"risk": {"label": ATTACK, "variables": ["risk"]}}},
    "figures": {f"Figure 2 {ATTACK}": "risk"},
}
RECORD = {
    "cohort": "x",
    "commit": f"abc {ATTACK}",
    "uncommitted_changes": False,
    "input_sha256": {f"data/{ATTACK}.csv": "0123"},
    "results_sha256": {"results/x/flow.csv": "0123"},
    "seed": 1,
    "resamples": 20,
    "seconds": {"ingest_cohort": 1.5, "draw_figures": 3.0},
    "versions": {"python": "3.11.7"},
}
AUDIT = pd.DataFrame(
    [("a.1", "check", "contradiction", f"Contradiction {ATTACK}", "1 + 1 = 3", "", "Table 1")],
    columns=["id", "check", "severity", "finding", "evidence", "consequence", "location"],
)
CODEBOOK = extended(
    {
        "event": {"label": f"Event {ATTACK}", "kind": "binary"},
        "risk": {"label": f"Risk {ATTACK}", "kind": "binary"},
    }
)


def page(tables=None, svgs=None, sizes=(3, 2), provenance=SPEC["provenance"], **plan):
    return html_page(report(results(tables, svgs, sizes, provenance, **plan)))


def results(tables=None, svgs=None, sizes=(3, 2), provenance=SPEC["provenance"], **plan):
    tables = ALL if tables is None else tables
    return Results(
        spec={**SPEC, "provenance": provenance},
        plan={**PLAN, **plan},
        codebook=CODEBOOK,
        tables=tables,
        group_sizes=dict(zip(("0", "1"), sizes, strict=True)),
        figures={"roc_risk": SVG, "roc_comparison": SVG.replace("238pt", "493pt")} if svgs is None else svgs,
        rows={name: table.astype(str) for name, table in tables.items() if len(table)},
        record=RECORD,
        audit=AUDIT,
    )


class Elements(HTMLParser):
    """The elements of a page in their order, with their attributes and the text in them."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.text = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "br", "path", "use"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.setdefault(self.open[-1] if self.open else "", []).append(data)

    def of(self, *tags):
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def elements():
    return Elements(page())


def test_elements_are_closed_in_order(elements):
    assert elements.open == []


def test_text_of_data_and_configuration_is_escaped(elements):
    text = page()
    assert re.findall(r"<script[^>]*>", text) == ["<script>"]
    assert "alert(&#34;1&#34;)" in text
    for part in ("title", "h1", "dd", "th", "td", "p", "caption", "figcaption", "strong"):
        if part != "caption":
            assert ATTACK in " ".join(elements.text[part]), part
    assert any(ATTACK in svg["aria-label"] for svg in elements.of("svg"))


def test_nothing_is_fetched(elements):
    assert "http:" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page())
    assert "https:" not in page()
    for tag, attributes in elements.found:
        assert tag not in ("iframe", "object", "embed", "img", "form")
        assert not {"src", "srcset", "action", "onload", "onclick"} & set(attributes)
        target = attributes.get("href", "#")
        assert re.match(r"#|data:,$|[\w./-]+$", target), target
    policy = next(meta["content"] for meta in elements.of("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*?)</script>", page(), flags=re.DOTALL)[1]
    assert f"script-src '{content_hash(script)}'" in policy


def test_provenance_stands_first(elements):
    names = [tag for tag, _ in elements.found]
    body = elements.found[names.index("body") + 1 :]
    shown = [attributes for tag, attributes in body if tag not in ("a", "header")]
    assert shown[0] == {"class": "banner", "role": "note"}
    text = page()
    assert text.index("not patient data") < text.index("<h1")


def test_headings_go_down_one_step_at_a_time(elements):
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels[1:]) == {2}


def test_page_is_accessible(elements):
    assert elements.of("html") == [{"lang": "en"}]
    assert len(elements.of("table")) == len(elements.of("caption"))
    assert all("scope" in attributes for attributes in elements.of("th"))
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in elements.of("svg"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in elements.of("meta")
    regions = [div for div in elements.of("div") if div.get("role") == "region"]
    assert len(regions) >= len(elements.of("table"))
    assert all(div["tabindex"] == "0" for div in regions)


def test_ids_are_unique_and_links_lead_somewhere(elements):
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements.found:
        for name in ("href", "xlink:href"):
            if attributes.get(name, "").startswith("#"):
                assert attributes[name][1:] in ids
        for name in attributes.get("aria-labelledby", "").split():
            assert name in ids


def test_it_says_what_was_run_and_how_it_compares():
    text = page()
    assert "5 in the analysis" in text
    assert "2 with it (With; 40.0 %)" in text
    assert "1 of 2 printed figures reproduce (50.0 %); 1 does not" in text


def test_printed_figures_stand_beside_recomputed_ones():
    cells = re.findall(r"<td[^>]*>\s*(.*?)</td>", page())
    row = cells.index("1 (50.0)")
    assert cells[row - 1 : row + 3] == ["1", "1 (50.0)", "0.10 ≠", "0.900"]


def test_figures_have_the_publications_numbers_and_their_size(elements):
    assert [figure["class"] for figure in elements.of("figure")] == ["narrow", "wide"]
    assert "Figure 2" in " ".join(elements.text["strong"])
    assert "0.58 (0.10–1.00)" in elements.of("svg")[0]["aria-label"]


AROUND_STUDY = ["methods", "limits", "references", "checklist", "remarks", "record"]


def test_sections_without_a_table_are_left_out():
    anchors = re.findall(r'<h2 id="([\w-]+)"', page(NEEDED, svgs={}))
    assert anchors == ["flow", "table-1", "audit", *AROUND_STUDY[:-2], "record", "files"]
    text = page(NEEDED, svgs={})
    assert "Printed" not in text
    assert "published.csv" not in text
    assert "multivariable.csv" not in text


def test_sections_with_a_table_are_there():
    anchors = re.findall(r'<h2 id="([\w-]+)"', page())
    of_study = ["flow", "table-1", "table-2", "table-3", "comparison", "audit"]
    assert anchors == [*of_study, *AROUND_STUDY, "files"]


def test_a_model_without_variables_is_told():
    text = page({**NEEDED, "multivariable": MULTIVARIABLE.iloc[:0]}, svgs={})
    assert "No variable that may enter the regression had p &lt; 0.05" in text
    assert "Multivariable logistic regression" not in text


MEANS = pd.DataFrame([("risk", "1", 2, 3.1, 0.2)], columns=["variable", "level", "n", "mean", "sd"])
DIFFERENCES = pd.DataFrame([("risk", "1", 0.3, 0.1, 0.1, 0.5)])
DIFFERENCES.columns = ["variable", "level", "estimate", "std_error", "conf_low", "conf_high"]
TESTED = pd.DataFrame(
    [("risk", 5, "ols", "t", 0.5, 3, "", 0.6)],
    columns=["variable", "n", "test", "statistic_name", "statistic", "df", "df_residual", "p_value"],
)
PAIRS = pd.DataFrame(
    [("risk", "risk", 5, 0.6, 0.6, 0.0, -0.1, 0.1, 0.0, 1.0, "paired DeLong", "True")],
    columns=[
        *("score_1", "score_2", "n", "auc_1", "auc_2", "difference", "difference_low", "difference_high"),
        *("z", "p_value", "p_method", "nested"),
    ],
)
CUTOFF = {"score": "vbq", "method": "youden", "n": 5, "n_events": 2, "conf_method": "bootstrap"}
CUTOFF = pd.DataFrame([CUTOFF | {"replicates": 20}])
for _quantity in ("cutoff", "sensitivity", "specificity", "youden"):
    CUTOFF = CUTOFF.assign(**{_quantity: 0.5, f"{_quantity}_low": 0.1, f"{_quantity}_high": 0.9})
AGREEMENT = pd.DataFrame(
    [("icc", "ICC2", "vbq_a / vbq_b", 0.9, 0.8, 0.95, "F", 5, 2)],
    columns=["measure", "form", "raters", "estimate", "conf_low", "conf_high", "conf_method", "n", "k"],
)
FILLED = {
    **ALL,
    **{"discrimination_pairs": PAIRS, "roc": pd.DataFrame({"score": ["risk"]}), "cutoff": CUTOFF},
    **{"agreement": AGREEMENT, "by_risk": TESTED, "by_risk_groups": MEANS},
    "by_risk_effects": DIFFERENCES,
    "univariable_effects": MULTIVARIABLE.assign(univariable_test="ols", univariable_p=0.5, second_test=""),
}
LARGER_PLAN = {
    "marker": {"name": "vbq"},
    "subanalyses": {"by_risk": {"title": "Score by risk", "score": "vbq", "variables": ["risk"]}},
}


def without_rows(*names):
    return {name: table.iloc[:0] if name in names else table for name, table in FILLED.items()}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("discrimination", 'id="table-3"'),
        ("discrimination_pairs", "Differences between AUCs"),
        ("cutoff", 'id="cutoff"'),
        ("agreement", 'id="agreement"'),
        ("by_risk", 'id="subanalyses"'),
        ("univariable_groups", 'id="table-1"'),
        ("univariable_effects", "Unadjusted odds ratios</caption>"),
    ],
)
def test_a_table_without_rows_is_not_shown(name, shown):
    assert shown in page(FILLED, **LARGER_PLAN)
    text = page(without_rows(name), **LARGER_PLAN)
    assert shown not in text
    assert f'<a href="{name}.csv">' in text
    assert "(no rows)" in text


def test_no_table_of_the_page_is_empty_and_no_link_broken():
    bare = without_rows(*(name for name in FILLED if name not in ("flow", "published")))
    for tables in (FILLED, bare, without_rows("discrimination")):
        text = page(tables, **LARGER_PLAN)
        elements = Elements(text)
        assert re.search(r"<tbody>\s*</tbody>", text) is None
        anchors = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
        targets = [link["href"] for link in elements.of("a")]
        assert {target[1:] for target in targets if target.startswith("#")} <= anchors
        files = {target for target in targets if target.endswith(".csv") and "/" not in target}
        assert files == {f"{name}.csv" for name in tables if name != "roc"} | {"roc.csv"}


def test_means_are_shown_where_no_variable_has_levels():
    assert "Score by risk" in page(without_rows("by_risk_groups"), **LARGER_PLAN)


def test_scores_that_were_not_assessed_are_skipped():
    scores = PLAN["discrimination"]["scores"]
    absent = {"label": "Absent score", "variables": ["sins", "vbq"]}
    more = {"discrimination": {"scores": {"absent": absent, **scores}}}
    text = page(FILLED, **LARGER_PLAN, **more, figures={"Figure 1": "absent", "Figure 2": "risk"})
    assert "Figure 2" in text
    assert "Figure 1" not in text
    assert "Absent score" not in text
    assert "combined by logistic regression" not in text


def test_separation_is_told_above_table_2():
    penalized = MULTIVARIABLE.assign(p_method="penalized (Firth) likelihood ratio")
    assert "Firth" not in page()
    text = page({**ALL, "multivariable": penalized})
    assert text.index("The outcome is separated") < text.index("Multivariable logistic regression</caption>")
    assert "maximum-likelihood estimates are infinite" in text


def caution(*sizes):
    found = re.search(r"<dt>Caution</dt>\s*<dd>(.*?)</dd>", page(sizes=sizes))
    return found and found[1]


def test_few_patients_are_told_in_the_facts():
    uncertain = "every estimate below is very uncertain"
    assert caution(10, 10) is None
    assert caution(40, 8) == f"8 patients with the outcome: {uncertain}"
    assert caution(1, 40) == f"1 patient without the outcome: {uncertain}"
    assert caution(9, 0) == f"0 patients with the outcome and 9 patients without the outcome: {uncertain}"


@pytest.mark.parametrize(("provenance", "told"), [(SPEC["provenance"], True), ("a registry", False)])
def test_the_spread_of_reconstructed_points_is_not_the_patients(provenance, told):
    scores = {"risk": PLAN["discrimination"]["scores"]["risk"], "vbq": {"label": "VBQ", "variables": ["vbq"]}}
    text = page(svgs={"vbq_by_outcome": SVG}, provenance=provenance, discrimination={"scores": scores})
    caption = re.search(r"<figcaption>(.*?)<a", text, flags=re.DOTALL)[1]
    assert ("is the reconstruction’s, not the patients’" in caption) == told
    assert "dashed line" not in caption


@pytest.mark.parametrize(("provenance", "told"), [(SPEC["provenance"], True), ("a registry", False)])
def test_subanalyses_of_reconstructed_rows_say_nothing_about_the_patients(provenance, told):
    text = page(FILLED, **LARGER_PLAN, provenance=provenance)
    assert ("a property of the reconstruction and says nothing about the patients" in text) == told


def test_sections_are_functions_of_the_results():
    names = [make.__name__ for make in (*STUDY, *AROUND)]
    assert names[0] == "participant_flow"
    assert len(names) == len(set(names))


def test_inline_svg_keeps_the_picture_and_no_more():
    text = str(inline_svg(SVG, "roc", 'A "quoted" <alt>'))
    assert text.startswith('<svg role="img" aria-label="A &quot;quoted&quot; &lt;alt&gt;"')
    for gone in ("<?xml", "DOCTYPE", "metadata", "<style", "<!--", 'width="238pt"', 'height="240pt"'):
        assert gone not in text
    for kept in ('viewBox="0 0 238 240"', 'id="roc-p1"', "url(#roc-p1)", 'xlink:href="#roc-m1"'):
        assert kept in text


def test_header_rows_span_their_columns():
    columns = pd.MultiIndex.from_tuples(
        [("Variable", ""), ("p", "Printed"), ("p", "Recomputed"), ("Test", "")]
    )
    table = Table("x", pd.DataFrame([["a", "b", "c", "d"]], columns=columns))
    assert header_rows(table) == [
        [("Variable", 1, 2), ("p", 2, 1), ("Test", 1, 2)],
        [("Printed", 1, 1), ("Recomputed", 1, 1)],
    ]
