"""Variants of the score: each a definition in a file, carried with its values, never under another's name."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from ingest_site import IDS, READINGS
from jsonschema import Draft202012Validator, ValidationError

from vbq.codebook import VARIABLES, extended
from vbq.configuration import read_plan, read_score, refuse_another_score
from vbq.errors import UserError
from vbq.ingest import read_cohort
from vbq.problems import InputError
from vbq.scores.marker import (
    GIVEN,
    PUBLISHED,
    Marker,
    definitions,
    reader_columns,
    with_definitions,
    with_marker,
)
from vbq.study.plan import contradictions

PROJECT = Path(__file__).parents[2]
FILES = sorted((PROJECT / "config/scores").glob("*.yaml"))
SCHEMA = yaml.safe_load((PROJECT / "workflow/schemas/score.schema.yaml").read_text(encoding="utf-8"))
SCORES = {path.stem: Marker(**read_score(path, PROJECT)) for path in FILES}
C2 = SCORES["cvbq_c2"]
CERVICAL = ["C3", "C4", "C5", "C6"]


@pytest.fixture
def cervical(site):
    """The small site with readings of C3 to C6 and of the CSF at C2, from two readers."""
    readings = READINGS[["id", "reader"]].copy()
    readings[CERVICAL] = [["200", "300", "250", "400"], ["220", "", "260", "240"]] * len(IDS)
    readings["CSF mean"], readings["CSF at"] = ["110", "100"] * len(IDS), "C2"
    site.files["readings.csv"] = readings
    site.spec["readings"]["columns"] = {level: level for level in CERVICAL} | {
        "csf": "CSF mean",
        "csf_level": "CSF at",
    }
    return site


def read(site, marker):
    site.write()
    codebook = with_marker(extended(site.spec.get("variables", {})), marker)
    return read_cohort(site.spec, codebook, marker, site.folder, "new_vcf").cohort


def test_what_is_shipped():
    assert {name: score.definition for name, score in SCORES.items()} == {
        "cvbq_c2": "median of the ROI means of C3, C4, C5, C6 over the ROI mean of the CSF at C2",
        "cvbq_c5": "median of the ROI means of C3, C4, C5, C6 over the ROI mean of the CSF at C5",
        "cvbq_t1": "median of the ROI means of C3, C4, C5, C6 over the ROI mean of the CSF at T1",
        "tvbq": "median of the ROI means of T5, T6, T7, T8 over the ROI mean of the CSF at T7",
        "vbq": "median of the ROI means of L1, L2, L3, L4 over the ROI mean of the CSF at L3 (else L2, L4)",
        "vbq_l1": "ROI mean of L1 over the ROI mean of the CSF at L1",
        "vbq_mean": "mean of the ROI means of L1, L2, L3, L4 over the ROI mean of the CSF at L3 "
        "(else L2, L4)",
        "vbq_s1": "ROI mean of S1 over the ROI mean of the CSF at L3",
    }
    assert len({score.label for score in SCORES.values()}) == len(SCORES)


def test_only_the_published_score_has_a_cutoff_and_it_is_that_of_the_codebook():
    assert {name: score.cutoff for name, score in SCORES.items() if score.cutoff is not None} == {"vbq": 3}
    assert SCORES["vbq"].definition == PUBLISHED.definition
    assert SCORES["vbq"].variables == {name: VARIABLES[name] for name in ("vbq", "vbq_high")}


def test_the_schema_has_the_fields_of_a_marker():
    assert set(SCHEMA["properties"]) == {field.name for field in fields(Marker)} - {"name"}


@pytest.mark.parametrize(
    "changes",
    [
        {"aggregate": "mode"},
        {"roi_statistic": "max"},
        {"reference": "muscle"},
        {"reference": None},  # then there are no levels of the CSF
        {"csf_levels": []},
        {"levels": ["Lumbar 1"]},
        {"unit": "points"},  # a ratio has none
        {"name": "vbq"},  # the file's
    ],
)
def test_what_the_schema_does_not_know_is_refused(changes):
    content = yaml.safe_load((PROJECT / "config/scores/vbq.yaml").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(content)
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate({**content, **changes})


def test_a_plan_has_the_definition_in_place_of_its_file():
    plan = read_plan("config/plans/ehresman2019.yaml", PROJECT)
    assert Marker(**plan["marker"]) == SCORES["vbq"]
    assert contradictions(plan, VARIABLES) == []


def copy_of(name, folder, **changes):
    """Write another file of a shipped score's name, with some changes."""
    content = yaml.safe_load((PROJECT / f"config/scores/{name}.yaml").read_text(encoding="utf-8"))
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({**content, **changes}), encoding="utf-8")
    return file


def test_a_shipped_name_keeps_its_definition(tmp_path):
    file = copy_of("cvbq_c5", tmp_path, readers="first", cutoff=2.5, label="Neck")
    assert read_score(file, PROJECT)["readers"] == "first"
    copy_of("cvbq_c5", tmp_path, csf_levels=["C2"], roi_statistic="median")
    with pytest.raises(UserError, match=r"two scores of the name cvbq_c5, .*in roi_statistic, csf_levels"):
        read_score(file, PROJECT)
    file.rename(tmp_path / "cvbq_own.yaml")
    assert read_score(tmp_path / "cvbq_own.yaml", PROJECT)["name"] == "cvbq_own"


def test_two_plans_mean_the_same_by_a_name():
    one = {"name": "own", "levels": ["L1"], "aggregate": "median", "reference": None}
    refuse_another_score(one, {**one, "readers": "first"}, "the plans")
    with pytest.raises(UserError, match="levels"):
        refuse_another_score(one, {**one, "levels": ["L2"]}, "the plans")


@pytest.mark.parametrize(
    "changes",
    [
        {"aggregate": "mean"},
        {"levels": ["L1", "L2", "L3"]},
        {"roi_statistic": "median"},
        {"csf_levels": ["L3"]},
        {"csf_levels": ["L3", "L4", "L2"]},
        {"reference": None},
    ],
)
def test_no_variant_may_be_called_vbq(changes):
    plan = {"outcome": {"variable": "new_vcf"}, "univariable": {"variables": ["age"]}}
    assert contradictions({**plan, "marker": {"name": "vbq", "cutoff": 2.8}}, VARIABLES) == []
    assert contradictions({**plan, "marker": {"name": "vbq_own", **changes}}, VARIABLES) == []
    (reason,) = contradictions({**plan, "marker": {"name": "vbq", **changes}}, VARIABLES)
    assert PUBLISHED.definition in reason
    assert "needs another name" in reason


def test_a_variant_brings_its_variables():
    codebook = with_marker(VARIABLES, C2)
    assert codebook["cvbq_c2"].label == "C-VBQ score (CSF at C2)"
    assert codebook["cvbq_c2"].plausible == VARIABLES["vbq"].plausible
    assert "cvbq_c2_high" not in codebook
    high = with_marker(VARIABLES, Marker(name="cvbq_own", label="Own", cutoff=2.5))["cvbq_own_high"]
    assert (high.label, high.kind) == ("Own > 2.5", "binary")
    assert with_marker(VARIABLES, Marker(cutoff=2.8))["vbq_high"].label == "VBQ score > 2.8"
    density = with_marker(VARIABLES, Marker(name="bmd", label="Density", reference=None, unit="g/cm²"))["bmd"]
    assert (density.unit, density.possible, density.plausible) == ("g/cm²", None, None)
    assert with_marker(VARIABLES, PUBLISHED) == VARIABLES


@pytest.mark.parametrize("name", ["cvbq_c2", "cvbq_c2_high", "cvbq_c2_definition"])
def test_a_cohort_file_cannot_describe_the_marker(name):
    own = extended({name: {"label": "Neck", "kind": "continuous"}})
    with pytest.raises(UserError, match=f"^{name}: .*rename"):
        with_marker(own, Marker(name="cvbq_c2", cutoff=2.5))


def test_no_marker_has_the_name_of_another_variable():
    with pytest.raises(UserError, match=r"^age: "):
        with_marker(VARIABLES, Marker(name="age"))


def test_a_variant_is_scored_and_carries_its_definition(cervical):
    cohort = read(cervical, C2)
    # 200, 250, 300, 400 over 110, and without one level 220, 240, 260 over 100; then the mean of both.
    assert np.allclose(cohort["cvbq_c2_a"], 275 / 110)
    assert np.allclose(cohort["cvbq_c2_b"], 240 / 100)
    assert np.allclose(cohort["cvbq_c2"], 2.45)
    assert set(cohort["cvbq_c2_csf_level"]) == {"C2"}
    assert set(cohort["cvbq_c2_definition"]) == {C2.definition}
    assert reader_columns(cohort, C2, VARIABLES) == ["cvbq_c2_a", "cvbq_c2_b"]
    assert not {"vbq", "vbq_high", "vbq_definition", "cvbq_c2_high"} & set(cohort)


def test_csf_at_another_level_is_another_score(cervical):
    cervical.files["readings.csv"]["CSF at"] = "C5"
    with pytest.raises(InputError, match=r"accepted for cvbq_c2: C2"):
        read(cervical, C2)
    cohort = read(cervical, SCORES["cvbq_c5"])
    assert np.allclose(cohort["cvbq_c5_a"], 275 / 110)
    assert set(cohort["cvbq_c5_definition"]) == {SCORES["cvbq_c5"].definition}


def test_csf_at_another_level_is_another_score_in_the_long_layout(cervical):
    readings = cervical.files["readings.csv"].rename(columns={"CSF mean": "CSF at C2"})
    cervical.files["readings.csv"] = readings.melt(
        ["id", "reader"], [*CERVICAL, "CSF at C2"], "level", "value"
    )
    cervical.spec["readings"] |= {"layout": "long", "columns": {"level": "level", "value": "value"}}
    assert np.allclose(read(cervical, C2)["cvbq_c2"], 2.45)
    with pytest.raises(InputError, match=r"CSF_T1 and the like"):
        read(cervical, SCORES["cvbq_t1"])


def test_lumbar_readings_are_no_cervical_score(site):
    with pytest.raises(InputError, match=r"accepted for cvbq_c2: C2"):
        read(site, C2)


def test_the_published_score_of_a_site_stands_beside_a_variant(cervical):
    cervical.files["patients.csv"]["score"] = ["2.5", "3.5", "2.9", "3.1", "2.2", "2.7"]
    cervical.map("vbq", "score")
    cohort = read(cervical, C2)
    assert cohort["vbq"].tolist()[:2] == [2.5, 3.5]
    assert set(cohort["vbq_definition"]) == {GIVEN}
    assert set(cohort["cvbq_c2_definition"]) == {C2.definition}
    assert definitions(cohort, C2) == {"vbq": GIVEN, "cvbq_c2": C2.definition}


def test_a_score_that_the_site_gives_says_so(site):
    site.files["readings.csv"] = None
    del site.spec["readings"]
    site.files["patients.csv"]["score"] = ["2.5", "3.5", "2.9", "3.1", "2.2", "2.7"]
    site.map("vbq", "score")
    cohort = read(site, SCORES["vbq"])
    assert set(cohort["vbq_definition"]) == {GIVEN}
    assert definitions(cohort, SCORES["vbq"]) == {"vbq": GIVEN, "vbq_high": GIVEN}


def test_no_reader_is_called_definition(site):
    site.files["readings.csv"]["reader"] = ["Definition", "B"] * len(IDS)
    assert "unusable reader" in {error.rule for error in site.errors()}


def test_rows_have_the_definitions_of_their_variables():
    table = pd.DataFrame({"score": ["vbq", "both", "age"]})
    defined = {"vbq": "first", "vbq_high": "first", "cvbq_c2": "second"}
    variables = [("vbq",), ("vbq", "vbq_high", "cvbq_c2", "sins"), ("age",)]
    assert with_definitions(table, variables, defined)["definition"].tolist() == [
        "first",
        "first; second",
        "",
    ]
    assert with_definitions(table.iloc[:0], [], defined)["definition"].empty
