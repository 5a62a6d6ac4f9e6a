"""The risk page: risks have the uncertainty that the printed figures leave, and words can do no harm."""

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml
from audited import audit_of_the_paper, paper
from numpy.testing import assert_allclose

from vbq.codebook import SINS_COMPONENTS, VARIABLES, extended
from vbq.published.audit.joint import feasible_tables, risk_intervals
from vbq.render.pages.calculator import calculator_page, embedded_json
from vbq.scores import sins
from vbq.stats.joint import DESIGN, PATTERNS

PROJECT = Path(__file__).parents[2]
DESCRIBED = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (PROJECT / "data/rules").glob("*.yaml")
}
COMBINED = DESCRIBED["combined"]
NAMES = {(): "neither", ("vbq",): "first", ("sins",): "second", ("sins", "vbq"): "both"}
ATTACK = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>-->&lt;\u202e\u2028"


class Elements(HTMLParser):
    """Start tags of a page with their attributes, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.lasttag == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


# --- The uncertainty of the risks


def fitting_tables():
    """The one pair of margins whose joint tables fit the printed AUC without interaction."""
    (part,) = [part for part in feasible_tables(paper()) if not part.interaction and part.fits.any()]
    return part


def test_limits_are_those_of_statsmodels():
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    part = fitting_tables()
    tables = part.tables[part.fits]
    assert len(tables) == 10
    for confidence in (0.95, 0.8):
        found = risk_intervals(part, confidence)
        assert found.shape == (len(tables), len(PATTERNS), 2)
        for (others, events), limits in zip(tables, found, strict=True):
            fit = GLM(np.column_stack([events, others]), DESIGN, family=Binomial()).fit(tol=1e-12)
            frame = fit.get_prediction(DESIGN).summary_frame(alpha=1 - confidence)
            assert_allclose(limits, frame[["mean_ci_lower", "mean_ci_upper"]], atol=1e-8)


def test_ranges_and_intervals_of_the_rule_are_those_of_the_joint_tables():
    part = fitting_tables()
    risks, limits = part.rules.risks[part.fits], risk_intervals(part)
    implied = audit_of_the_paper().implied.set_index(["subject", "quantity"])[["low", "high"]]
    for pattern in COMBINED["patterns"]:
        name = NAMES[tuple(sorted(pattern["positive"]))]
        k = PATTERNS.index(name)
        between = [risks[:, k].min(), risks[:, k].max()]
        interval = [limits[:, k].min(), limits[:, k].max()]
        assert pattern["between"] == np.round(between, 4).tolist()
        assert pattern["interval"] == np.round(interval, 4).tolist()
        assert interval[0] < between[0] <= between[1] < interval[1]
        assert implied.loc[("combined", f"risk_interval_{name}")].tolist() == interval


# --- The page


def test_only_the_page_s_own_script_may_run():
    elements = Elements(calculator_page(COMBINED))
    facts, script = elements.scripts
    assert [attributes.get("type") for attributes in elements.of("script")] == ["application/json", None]
    (policy,) = [
        attributes["content"]
        for attributes in elements.of("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
    assert script == (PROJECT / "src/vbq/render/templates/calculator.js").read_text(encoding="utf-8")
    assert not re.search(r"</script|<!--|[<>&]", facts, re.IGNORECASE)
    assert not re.search(r"</script|<!--", script, re.IGNORECASE)


def test_the_page_needs_nothing_else():
    elements = Elements(calculator_page(COMBINED))
    for _, attributes in elements.tags:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith(("#", "data:"))
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|import|eval|localStorage)\b", elements.scripts[1]
    )


def test_hostile_words_are_escaped():
    hostile = dict.fromkeys(["label", "source", "risks_from"], ATTACK)
    hostile |= {"cautions": [ATTACK], "left_out": [ATTACK], "needs": dict.fromkeys(COMBINED["needs"], ATTACK)}
    hurt, clean = (Elements(calculator_page(rule)) for rule in (COMBINED | hostile, COMBINED))
    count = len(COMBINED["cautions"]) + len(COMBINED["left_out"]) - 2
    assert len(clean.tags) - len(hurt.tags) == count  # a list entry each
    assert hurt.scripts[1] == clean.scripts[1]
    page = calculator_page(COMBINED | hostile)
    assert html.escape(ATTACK.replace("\u202e", ""), quote=False) in page
    assert "\u202e" not in page


def test_json_in_a_script_element_cannot_end_it():
    content = {ATTACK: [ATTACK, 1.5, None, "ä–≥"]}
    written = embedded_json(content)
    assert not set(written) & set("<>&")
    seen = ATTACK.replace("\u202e", "")
    assert json.loads(written) == {seen: [seen, 1.5, None, "ä–≥"]}


def test_the_facts_are_those_of_the_codebook_and_the_rule():
    elements = Elements(calculator_page(COMBINED))
    facts = json.loads(elements.scripts[0])
    assert facts["sins"]["components"] == {name: VARIABLES[name].label for name in SINS_COMPONENTS}
    offered = {(each["name"], int(each["value"])) for each in elements.of("input") if each["type"] == "radio"}
    assert offered == {(name, points) for name in SINS_COMPONENTS for points in VARIABLES[name].levels}
    most = [category["most"] for category in facts["sins"]["categories"]]
    assert most == [sins.STABLE_MAX, sins.POTENTIALLY_UNSTABLE_MAX, sins.TOTAL_MAX]
    assert [term["above"] for term in facts["terms"]] == [term["above"] for term in COMBINED["terms"]]
    assert [pattern["interval"] for pattern in facts["patterns"]] == [
        pattern["interval"] for pattern in COMBINED["patterns"]
    ]
    assert facts["seen"] == COMBINED["seen"]


def test_a_rule_of_counts_has_neither_range_nor_interval():
    counted = [
        {"positive": pattern["positive"], "events": i + 1, "patients": 10}
        for i, pattern in enumerate(COMBINED["patterns"])
    ]
    plain = {key: COMBINED[key] for key in ("label", "source", "outcome", "needs", "terms", "left_out")}
    page = calculator_page(plain | {"patterns": counted, "risks_from": "counted"})
    facts = json.loads(Elements(page).scripts[0])
    assert [pattern["risk_in_words"] for pattern in facts["patterns"]] == [
        f"{n}\u00a0%" for n in (10, 20, 30, 40)
    ]
    assert {pattern["interval"] for pattern in facts["patterns"]} == {None}
    assert page.count("<td>—</td>") == 2 * len(counted)


def test_a_cohort_s_own_outcome_names_the_page():
    codebook = extended({"refracture": {"label": "Second fracture", "kind": "binary"}})
    page = calculator_page(COMBINED | {"outcome": "refracture"}, codebook)
    assert "<h1>Second fracture: risk by" in page


@pytest.mark.parametrize("name", ["continuous", "sins_from_7", "vbq_above_3"])
def test_other_rules_have_no_such_page(name):
    with pytest.raises(ValueError, match="is no rule of VBQ score and SINS"):
        calculator_page(DESCRIBED[name])
