"""The report page: escaped, self-contained, accessible, and only as long as the plan asks for."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from vbq.codebook import extended
from vbq.render.comparison import Table
from vbq.render.page import SECTIONS, Results, header_rows, inline_svg, report_page

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
    "univariable": pd.DataFrame([("risk", 5, "fisher", 0.9)], columns=["variable", "n", "test", "p_value"]),
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
    "discrimination": {"scores": {"risk": {"label": ATTACK, "variables": ["risk"]}}},
    "figures": {f"Figure 2 {ATTACK}": "risk"},
}
CODEBOOK = extended(
    {
        "event": {"label": f"Event {ATTACK}", "kind": "binary"},
        "risk": {"label": f"Risk {ATTACK}", "kind": "binary"},
    }
)


def page(tables=None, figures=None, **plan):
    return report_page(
        Results(
            spec=SPEC,
            plan={**PLAN, **plan},
            codebook=CODEBOOK,
            tables=ALL if tables is None else tables,
            group_sizes={"0": 3, "1": 2},
            figures={"roc_risk": SVG, "roc_comparison": SVG.replace("238pt", "493pt")}
            if figures is None
            else figures,
        )
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
    assert not elements.of("script")
    text = page()
    assert "<script" not in text
    assert "alert(&#34;1&#34;)" in text
    for part in ("title", "h1", "dd", "th", "td", "p", "caption", "figcaption", "strong"):
        if part != "caption":
            assert ATTACK in " ".join(elements.text[part]), part
    assert any(ATTACK in svg["aria-label"] for svg in elements.of("svg"))


def test_nothing_is_fetched(elements):
    assert "http:" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page())
    assert "https:" not in page()
    for tag, attributes in elements.found:
        assert tag not in ("script", "iframe", "object", "embed", "img", "form")
        assert not {"src", "srcset", "action", "onload", "onclick"} & set(attributes)
        target = attributes.get("href", "#")
        assert re.match(r"#|data:,$|[\w./-]+$", target), target
    policy = next(meta["content"] for meta in elements.of("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy


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


def test_sections_without_a_table_are_left_out():
    anchors = re.findall(r'<h2 id="([\w-]+)"', page(NEEDED, figures={}))
    assert anchors == ["flow", "table-1", "files"]
    text = page(NEEDED, figures={})
    assert "verdict" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)
    assert "Printed" not in text
    assert "published.csv" not in text
    assert "multivariable.csv" not in text


def test_sections_with_a_table_are_there():
    anchors = re.findall(r'<h2 id="([\w-]+)"', page())
    assert anchors == ["flow", "table-1", "table-2", "table-3", "comparison", "remarks", "files"]


def test_a_model_without_variables_is_told():
    text = page({**NEEDED, "multivariable": MULTIVARIABLE.iloc[:0]}, figures={})
    assert "No variable had p &lt; 0.05" in text


def test_sections_are_functions_of_the_results():
    names = [make.__name__ for make in SECTIONS]
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
