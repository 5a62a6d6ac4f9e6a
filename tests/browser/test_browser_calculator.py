"""The risk page in a browser: what the library computes, refusals in words, keyboard, phone, print."""

from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.testing import assert_allclose
from playwright.sync_api import expect
from pypdf import PdfReader
from scipy import special

from vbq.codebook import CSF_LEVELS, MARKER_LEVELS, SINS_COMPONENTS, VARIABLES
from vbq.render import numbers as text
from vbq.render.pages.calculator import calculator_page
from vbq.scores import sins
from vbq.scores.marker import PUBLISHED, score_readings
from vbq.stats.digits import to_digits
from vbq.validation.rules import predict, rule_of

PROJECT = Path(__file__).parents[2]
DESCRIBED = yaml.safe_load((PROJECT / "data/rules/combined.yaml").read_text(encoding="utf-8"))
RULE = rule_of("combined", DESCRIBED, VARIABLES)
CATEGORIES = VARIABLES["sins_category"].levels
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LOW, HIGH = ({name: pick(VARIABLES[name].levels) for name in SINS_COMPONENTS} for pick in (min, max))


def by_the_library(patients: pd.DataFrame) -> pd.DataFrame:
    """VBQ score, SINS, its category, and pattern and risk of the rule, of patients' readings and points."""
    readings = patients.assign(row=range(len(patients)), reader="", csf_level="L3")
    total = sins.total(patients)
    found = pd.DataFrame({"vbq": score_readings(readings, PUBLISHED)["score"], "sins": total.astype(int)})
    predictions = predict(RULE, found, VARIABLES)
    return found.assign(
        category=sins.category(total).map(CATEGORIES),
        pattern=predictions.pattern,
        risk=special.expit(predictions.linear_predictor),
    )


def random_patients(n: int, seed: int) -> pd.DataFrame:
    """Readings with levels missing, and points; two fifths of the scores are at the cut-off or next to it."""
    draw = np.random.default_rng(seed)
    csf = draw.uniform(50, 400, n).round(1)
    next_to_it = 3 + draw.choice([0, 1e-12, -1e-12, 1e-9, -1e-9], n)
    ratio = np.where(draw.random(n) < 0.4, next_to_it, draw.uniform(0.5, 7, n))
    intensities = (csf * ratio)[:, None] * np.where(
        draw.random((n, 4)) < 0.7, 1, draw.uniform(0.8, 1.2, (n, 4))
    )
    intensities[draw.random((n, 4)) < 0.3] = np.nan
    intensities[np.isnan(intensities).all(axis=1), 1] = 400
    points = {name: draw.choice(list(VARIABLES[name].levels), n) for name in SINS_COMPONENTS}
    return pd.DataFrame(to_digits(intensities), columns=list(MARKER_LEVELS)).assign(csf=csf, **points)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "calculator.html"
    path.write_text(calculator_page(DESCRIBED), encoding="utf-8")
    return path


@pytest.fixture
def page(open_page, file):
    return open_page(file, viewport=DESKTOP)


def fill(page, levels=(), csf=None, points=None):
    """Fill in what is given: the levels from L1 on, the CSF, points by component."""
    typed = dict(zip(MARKER_LEVELS, levels, strict=False)) | ({} if csf is None else {"csf": csf})
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    for name, value in (points or {}).items():
        page.check(f"input[name={name}][value='{value}']")


def shown(page, *ids):
    """The visible text of elements, with plain spaces."""
    texts = [page.locator(f"#{id_}").inner_text() if page.is_visible(f"#{id_}") else "" for id_ in ids]
    texts = [text.replace("\u00a0", " ") for text in texts]
    return texts if len(ids) > 1 else texts[0]


# --- The arithmetic


def test_the_page_computes_what_the_library_computes(page):
    patients = random_patients(600, seed=1)
    expected = by_the_library(patients)
    rows = [
        {
            "levels": [row[level] for level in MARKER_LEVELS if not np.isnan(row[level])],
            "csf": row["csf"],
            "points": [row[name] for name in SINS_COMPONENTS],
        }
        for row in patients.astype(float).to_dict("records")
    ]
    found = pd.DataFrame(
        page.evaluate(
            """rows => rows.map(({levels, csf, points}) => {
                const [vbq, sins] = [score(levels, csf), total(points)];
                const pattern = patternOf({vbq, sins});
                return {vbq, sins, category: category(sins), pattern: pattern.name, risk: pattern.risk};
            })""",
            rows,
        )
    )
    for name in ("vbq", "sins", "category", "pattern"):
        assert found[name].tolist() == expected[name].tolist(), name
    assert_allclose(found["risk"], expected["risk"], rtol=1e-12)
    counts = expected["pattern"].value_counts()
    assert len(counts) == len(RULE.risks)
    assert counts.min() > 20
    assert (expected["vbq"] == 3).sum() > 20
    assert expected["vbq"].between(2.9999, 3.0001).sum() > 50


def test_all_totals_have_the_library_s_category(page):
    totals = list(range(sins.TOTAL_MAX + 1))
    expected = sins.category(pd.Series(totals)).map(CATEGORIES).tolist()
    assert page.evaluate("totals => totals.map(category)", totals) == expected


def test_digits_are_those_of_the_library(page):
    draw = np.random.default_rng(2)
    ratios = draw.integers(1, 10_000, 500) / draw.integers(1, 10_000, 500)
    halves = (draw.integers(10**11, 10**12, 500) + 0.5) * 10.0 ** draw.integers(-20, 5, 500)
    numbers = [*ratios, *halves, *np.nextafter(halves, 0), 300.3 / 100.1, 38 * 0.1, 1e-300, 1e300]
    assert page.evaluate("all => all.map(toDigits)", numbers) == to_digits(numbers).tolist()


def test_scores_are_written_as_the_library_writes_numbers(page):
    drawn = to_digits(np.random.default_rng(3).uniform(0, 20, 300))
    numbers = [3.105, 2.675, 1.005, 0.285, 2.4999999, 1e-7, 19.995, *drawn]
    for decimals in (2, 5, 10):
        found = page.evaluate("([all, d]) => all.map(each => fixed(each, d))", [numbers, decimals])
        assert found == [text.fixed(number, decimals) for number in numbers]


def test_the_form_by_keyboard(page):
    patients = random_patients(8, seed=3)
    expected = by_the_library(patients)
    page.focus("#L1")
    both = zip(patients.to_dict("records"), expected.to_dict("records"), cycle(",."), strict=False)
    for patient, found, mark in both:
        for name in (*MARKER_LEVELS, "csf"):
            value = patient[name]
            page.keyboard.type("" if np.isnan(value) else f"{value:.17g}".replace(".", mark))
            page.keyboard.press("Tab")
        for name in SINS_COMPONENTS:
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            for _ in range(list(VARIABLES[name].levels).index(patient[name])):
                page.keyboard.press("ArrowDown")
        assert shown(page, "vbq-value") == page.evaluate("written", found["vbq"])
        assert shown(page, "sins-value") == str(found["sins"])
        assert shown(page, "sins-words").startswith(f"{found['category']}. ")
        assert f"Which holds: {found['pattern']}." in shown(page, "risk-words")
        assert shown(page, "risk-value") == f"{100 * found['risk']:.0f} %"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # clears everything
        expect(page.locator("#sins-value")).to_be_hidden()
        assert shown(page, "vbq-value", "risk-value") == ["", ""]
        page.focus("#L1")


@pytest.mark.parametrize(
    ("level", "score", "is_above"),
    [
        ("300", "3.00", "no"),
        ("300.000000001", "3.00000000001", "yes"),
        ("300.0000000001", "3.00", "no"),  # is 300, as every number has twelve digits
        ("300.4", "3.004", "yes"),
        ("299.99", "2.9999", "no"),
        ("299.4", "2.99", "no"),
        ("310.5", "3.11", "yes"),
        ("310.55", "3.11", "yes"),
    ],
)
def test_a_score_next_to_the_cutoff_shows_on_which_side_it_is(page, level, score, is_above):
    fill(page, [level], "100")
    assert shown(page, "vbq-value") == score
    assert f"VBQ score > 3: {is_above}." in shown(page, "vbq-words")


def test_the_risk_comes_with_its_uncertainty(page):
    fill(page, ["400", "410"], "150", HIGH | {"sins_alignment": 0, "sins_pain": 0, "sins_location": 0})
    assert shown(page, "vbq-value", "sins-value") == ["2.70", "8"]
    limits = "95 % confidence limits 33 to 75 %, the widest of all tables that fit the printed figures"
    assert shown(page, "risk-value", "risk-interval") == ["55 %", limits]
    assert (
        shown(page, "risk-words") == "Which holds: only SINS > 6. The printed figures allow 54.2 to 56.4 %."
    )
    assert page.locator("tr[aria-current=true] th").inner_text() == "Only SINS > 6"
    assert page.locator("tr[aria-current=true]").count() == 1


# --- What is read, what is refused, what is doubted


READ = {
    **{"412.5": 412.5, "412,5": 412.5, " 412 ": 412, "412.": 412, ",5": 0.5, "1,2345": 1.2345},
    **{"412.375": 412.375, "0,375": 0.375, "1234,567": 1234.567, "": None, " ": None},
}
REFUSED = {
    **dict.fromkeys(["abc", "1 234", "1e3", "+5", "1'234", "412 %", "٤", ".", "NaN"], "is not a number"),
    **dict.fromkeys(["-5", "−5", "- 0,5"], "is negative"),
    **dict.fromkeys(["0", "0,00", ".0"], "is zero"),
    **dict.fromkeys(["1.234,5", "1,234.5", "1.234.567", "1,2,3"], "has several points or commas"),
    **{"1,234": "may be 1234 or 1.234", "412,375": "may be 412375 or 412.375", "9" * 400: "is too large"},
}


def test_numbers_that_are_read(page):
    for typed, value in READ.items():
        expected = {} if value is None else {"value": value}
        assert page.evaluate("readIntensity", typed) == expected, typed


@pytest.mark.parametrize("name", ["L2", "csf"])
def test_numbers_that_are_refused(page, name):
    fill(page, ["400"], "150", LOW)
    for typed, why in REFUSED.items():
        page.fill(f"#{name}", typed)
        assert shown(page, f"{name}-refusal").startswith(f"“{typed}” {why}")
        assert page.get_attribute(f"#{name}", "aria-invalid") == "true"
        assert shown(page, "vbq-value", "risk-value") == ["", ""]
        assert shown(page, "vbq-words") == f"No score: {name.upper()} cannot be read."
        assert shown(page, "sins-value") == "0"
    page.fill(f"#{name}", "150")
    assert shown(page, f"{name}-refusal") == ""
    assert page.get_attribute(f"#{name}", "aria-invalid") == "false"
    assert shown(page, "risk-value") == "11 %"


def test_what_is_missing_is_said(page):
    of_bone, of_csf = "a reading of at least one of L1, L2, L3 and L4", "the reading of the CSF"
    assert shown(page, "vbq-words") == f"Enter {of_bone} and {of_csf}."
    assert shown(page, "risk-words") == "Needs the VBQ score and SINS."
    fill(page, csf="150")
    assert shown(page, "vbq-words") == f"Enter {of_bone}."
    fill(page, ["400"], "")
    assert shown(page, "vbq-words") == f"Enter {of_csf}."
    fill(page, ["400"], "150")
    assert shown(page, "vbq-value", "vbq-words") == [
        "2.67",
        "Signal of L1 over CSF at L3. VBQ score > 3: no.",
    ]
    assert shown(page, "sins-value", "risk-value", "risk-words") == ["", "", "Needs the SINS."]
    for name in SINS_COMPONENTS:
        label = VARIABLES[name].label.lower()
        assert label in shown(page, "sins-words")
        fill(page, points={name: LOW[name]})
        assert label not in shown(page, "sins-words")
    assert shown(page, "sins-value", "risk-value") == ["0", "11 %"]
    fill(page, [""], "")
    assert shown(page, "sins-value", "risk-words") == ["0", "Needs the VBQ score."]


def test_each_component_is_needed(page):
    for left_out in SINS_COMPONENTS:
        page.click("button[type=reset]")
        expect(page.locator("#sins-value")).to_be_hidden()
        fill(page, points={name: LOW[name] for name in SINS_COMPONENTS if name != left_out})
        assert shown(page, "sins-value", "sins-words") == [
            "",
            f"Choose {VARIABLES[left_out].label.lower()}.",
        ]


def test_an_impossible_score_is_refused(page):
    fill(page, ["4000"], "150", LOW)
    assert shown(page, "vbq-value", "risk-value") == ["", ""]
    assert "a score lies between 0 and 20" in shown(page, "vbq-words")


@pytest.mark.parametrize(
    ("levels", "csf", "doubt"),
    [
        (["150", "140"], "400", "almost always a T2-weighted or STIR series"),
        (["400", "410"], "60", "Above 6"),
        (["1.2", "400", "410", "420"], "150", "The levels differ 3-fold or more"),
        (["400", "410"], "150", ""),
    ],
)
def test_an_implausible_score_is_shown_and_doubted(page, levels, csf, doubt):
    fill(page, levels, csf)
    assert shown(page, "vbq-value") != ""
    assert doubt in shown(page, "vbq-doubts")
    assert bool(doubt) == (shown(page, "vbq-doubts") != "")


def test_beyond_what_the_source_saw_the_risk_is_extrapolated(page):
    fill(page, ["400"], "150", HIGH)
    assert shown(page, "sins-value") == "18"
    assert shown(page, "risk-doubts").startswith("Extrapolated: no patient")
    fill(page, points={"sins_alignment": 0, "sins_collapse": 1})
    assert shown(page, "sins-value", "risk-doubts") == ["12", ""]


def test_the_level_of_the_csf_is_told(page):
    fill(page, ["400"], "150")
    options = page.locator("#csf-level option").all_inner_texts()
    assert options == ["L3", "L2 (L3 cannot be read)", "L4 (L3 cannot be read)"]
    for level in CSF_LEVELS:
        page.select_option("#csf-level", level)
        assert f"over CSF at {level}." in shown(page, "vbq-words")


# --- Who can use it


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_barriers_and_no_overflow(open_page, barriers, file, viewport):
    page = open_page(file, viewport=viewport)

    def check():
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert barriers(page) == []

    check()
    fill(page, ["400"], "1500", HIGH)
    check()
    fill(page, ["x" * 300, "-1", "1,234", "0"], "1.234,5")
    check()


def test_results_are_announced_and_cautions_always_seen(page):
    region = page.locator("[aria-live=polite]")
    assert region.locator("#vbq-value, #sins-value, #risk-value, #risk-words").count() == 4
    cautions = page.locator("section[aria-labelledby=cautions]").inner_text()
    assert all(caution in cautions for caution in (*DESCRIBED["cautions"], DESCRIBED["risks_from"]))
    for words in ("no medical device", "105 selected patients", "10 to 14 %", "No intercept"):
        assert words in cautions
    for words in ("only an external validation can say", "3 T", "smallest detectable change"):
        assert words in cautions


def test_without_scripts_the_page_says_so_and_has_the_risks(open_page, file):
    page = open_page(file, viewport=DESKTOP, java_script_enabled=False)
    assert "scripts are switched off" in page.locator("noscript").inner_text()
    assert not page.is_visible("#form")
    assert not page.is_visible("[aria-live=polite]")
    rows = page.locator("tbody tr").all_inner_texts()
    assert [row.replace("\u00a0", " ").split("\t")[:3] for row in rows] == [
        ["Neither", "11 %", "3 to 25 %"],
        ["Only SINS > 6", "55 %", "33 to 75 %"],
        ["Only VBQ score > 3", "73 %", "52 to 86 %"],
        ["Both", "96 %", "87 to 99 %"],
    ]


def test_what_is_printed(page, tmp_path):
    fill(page, ["400,5"], "150", HIGH)
    page.emulate_media(media="print")
    assert not page.is_visible("button")
    assert page.is_visible("#risk-interval")
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    sheets = PdfReader(tmp_path / "page.pdf").pages
    assert len(sheets) <= 2
    first = sheets[0].extract_text()
    for words in ("400,5", "2.67", "18", "no medical device", "smallest detectable change"):
        assert words in first, words


def test_hostile_words_stay_words(open_page, tmp_path):
    attack = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>&amp;"
    path = tmp_path / "hostile.html"
    hostile = DESCRIBED | {"label": attack, "source": attack, "risks_from": attack, "cautions": [attack]}
    hostile |= {"needs": dict.fromkeys(DESCRIBED["needs"], attack), "left_out": [attack]}
    path.write_text(calculator_page(hostile), encoding="utf-8")
    page = open_page(path)
    assert page.evaluate("window.hurt") is None
    assert attack in page.locator("section[aria-labelledby=cautions]").inner_text()
    fill(page, ["400"], "150", LOW)
    assert shown(page, "risk-value") == "11 %"
