"""Labels that hold HTML, formulas and text from right to left go through a whole run and harm nothing."""

import csv
import re

import pytest
import yaml
from docx import Document
from project_copy import Copy, copy_project
from pypdf import PdfReader

from vbq.run import FORMULA

FORMULA_LABEL = "=cmd|' /C calc'!A0"
SCRIPT_LABEL = "<script>alert(1)</script>"
RIGHT_TO_LEFT = "\u05e2\u05d1\u05e8 \u202eneve\u202c"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The simulated site, whose cohort file and plan have such labels."""
    copy = copy_project(tmp_path_factory.mktemp("hostile"))
    config = copy.path / "config"
    spec = yaml.safe_load((config / "cohorts" / "simulated_site.yaml").read_text())
    plan = yaml.safe_load((config / "plans" / "ehresman2019.yaml").read_text())
    spec |= {"title": f"Site {SCRIPT_LABEL}", "plan": "config/plans/hostile.yaml"}
    spec["provenance"] = f"simulated; not patient data {SCRIPT_LABEL} {RIGHT_TO_LEFT}"
    smoking = spec["patients"]["columns"].pop("smoking")
    spec["patients"]["columns"]["habit"] = smoking
    levels = {"never": SCRIPT_LABEL, "former": RIGHT_TO_LEFT, "current": "@SUM(A1:A9)"}
    spec["variables"] = {"habit": {"label": FORMULA_LABEL, "kind": "nominal", "levels": levels}}
    tested = plan["univariable"]["variables"]
    tested[tested.index("smoking")] = "habit"
    plan["outcome"]["groups"] = {0: "-none", 1: SCRIPT_LABEL}
    plan["discrimination"]["scores"]["vbq"]["label"] = f"+VBQ {SCRIPT_LABEL} $x$ #read"
    (config / "cohorts" / "hostile.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True))
    (config / "plans" / "hostile.yaml").write_text(yaml.safe_dump(plan, allow_unicode=True))
    copy.run("config/cohorts/hostile.yaml")
    return copy


def test_no_cell_of_a_table_is_a_formula(hostile: Copy):
    files = [*hostile.results("hostile").rglob("*.csv")]
    assert len(files) > 40
    cells = set()
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            cells |= {cell for row in csv.reader(file) for cell in row}
    assert f"'{FORMULA_LABEL}" in cells
    assert not [cell for cell in cells if FORMULA.match(cell)]


@pytest.mark.parametrize("page", ["hostile/report.html", "hostile/calculator.html", "index.html"])
def test_no_label_is_markup(hostile: Copy, page: str):
    text = (hostile.path / "results" / page).read_text(encoding="utf-8")
    assert SCRIPT_LABEL not in text
    assert "\u202e" not in text
    if page == "hostile/report.html":
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "=cmd|&#39; /C calc&#39;!A0" in text
        assert "\u05e2\u05d1\u05e8" in text


def test_labels_are_text_in_word_and_in_the_pdf(hostile: Copy):
    folder = hostile.results("hostile")
    cells = {
        cell.text
        for table in Document(str(folder / "tables.docx")).tables
        for row in table.rows
        for cell in row.cells
    }
    assert {FORMULA_LABEL, SCRIPT_LABEL, "@SUM(A1:A9)"} <= {cell.strip() for cell in cells}
    assert not any("\u202e" in cell for cell in cells)
    printed = "".join(page.extract_text() for page in PdfReader(folder / "report.pdf").pages)
    assert SCRIPT_LABEL in printed.replace("\n", "")
    assert "#read" in printed


def test_figures_show_labels_as_they_are(hostile: Copy):
    for path in hostile.results("hostile").rglob("*.svg"):
        assert not re.search(r"<script", path.read_text(encoding="utf-8")), path
