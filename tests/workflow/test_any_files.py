"""Sites' files of other kinds than CSV, from a proposed cohort file to a finished analysis."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml
from project_copy import Copy, copy_project

PATIENTS = 60
IDS = [f"SECRET{number:03d}" for number in range(1, PATIENTS + 1)]


def vbq(copy: Copy, *arguments: str) -> str:
    """Run the command line in a copy of the project; return what it prints."""
    code = "import sys; from vbq.command import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=copy.path,
        env=copy.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def fill_in_provenance(copy: Copy, name: str) -> None:
    file = copy.path / "config" / "cohorts" / f"{name}.yaml"
    file.write_text(file.read_text().replace('provenance: "?"', "provenance: made up for a test"))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A folder of segment statistics beside a table of patients, and a workbook in German."""
    copy = copy_project(tmp_path_factory.mktemp("any_files"))
    draw = np.random.default_rng(3)
    bone, csf = draw.normal(280, 40, (PATIENTS, 4)), draw.normal(100, 5, PATIENTS)
    (copy.path / "site" / "rois").mkdir(parents=True)
    for patient, levels, fluid in zip(IDS, bone, csf, strict=True):
        rows = [("Segment", "ScalarVolumeSegmentStatisticsPlugin.mean")]
        rows += [(f"L{number}", f"{value:.3f}") for number, value in enumerate(levels, 1)]
        rows += [("CSF L3", f"{fluid:.3f}")]
        text = "".join(f'"{name}",{value}\n' for name, value in rows)
        (copy.path / "site" / "rois" / f"{patient}.csv").write_text(text)
    outcome = draw.permutation(np.repeat(["yes", "no"], PATIENTS // 2))
    patients = pd.DataFrame({"pid": IDS, "new fracture": outcome, "age": draw.integers(45, 85, PATIENTS)})
    patients["SINS total"] = draw.integers(2, 16, PATIENTS)
    patients.to_csv(copy.path / "site" / "patients.csv", index=False)

    book = openpyxl.Workbook()
    rows = book.active
    rows.title = "Patienten"
    rows.append(["Pat.-Nr.", "Name", "Alter", "Albumin (g/l)", "SINS gesamt", "Neue Wirbelkörperfraktur"])
    readings = book.create_sheet("MRT")
    readings.append(["Pat.-Nr.", "LWK1", "LWK2", "LWK3", "LWK4", "Liquor"])
    for i, patient in enumerate(IDS):
        german = "ja" if outcome[i] == "yes" else "nein"
        albumin = f"{draw.normal(40, 3):.1f}".replace(".", ",")
        rows.append([patient, f"Müller {i}", 45 + i % 40, albumin, 2 + i % 14, german])
        intensities = [f"{value:.1f}".replace(".", ",") for value in (*bone[i], csf[i])]
        readings.append([patient, *intensities])
    book.save(copy.path / "site" / "studie.xlsx")

    vbq(copy, "new-cohort", "folder", "--from", "site/patients.csv", *sorted(map(str, roi_files(copy))))
    vbq(copy, "new-cohort", "workbook", "--from", "site/studie.xlsx")
    for name in ("folder", "workbook"):
        fill_in_provenance(copy, name)
        assert f"{name}: Ready: {PATIENTS} patients read" in vbq(copy, "check", name)
    config = yaml.safe_load((copy.path / "config" / "config.yaml").read_text())
    config |= {
        "cohorts": [f"config/cohorts/{name}.yaml" for name in ("folder", "workbook")],
        "resamples": 200,
    }
    (copy.path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    copy.snakemake()
    return copy


def roi_files(copy: Copy) -> list[Path]:
    return [path.relative_to(copy.path) for path in (copy.path / "site" / "rois").glob("*.csv")]


def test_one_file_per_patient_becomes_a_path_with_a_placeholder(sites: Copy):
    spec = yaml.safe_load((sites.path / "config" / "cohorts" / "folder.yaml").read_text())
    assert spec["readings"]["file"] == "site/rois/{id}.csv"
    assert spec["readings"]["format"] == "slicer"


def test_both_sites_have_the_same_scores(sites: Copy):
    """The workbook has the folder's intensities, rounded to one decimal."""
    folder, workbook = (
        pd.read_parquet(sites.results(name) / "cohort.parquet") for name in ("folder", "workbook")
    )
    np.testing.assert_allclose(folder["vbq"], workbook["vbq"], atol=0.005)
    assert folder["new_vcf"].tolist() == workbook["new_vcf"].tolist()
    assert workbook["albumin"].between(3, 5.5).all()


def test_no_id_and_no_name_leaves_the_files(sites: Copy):
    kept = [*sites.path.glob("results/**/*"), *sites.path.glob(".snakemake/log/*")]
    for file in filter(Path.is_file, kept):
        content = file.read_bytes()
        assert b"SECRET" not in content, file
        assert "Müller".encode() not in content, file


def test_a_changed_reading_is_analyzed_and_nothing_else(sites: Copy):
    assert "Nothing to be done" in sites.snakemake("--dry-run")
    changed = sites.path / "site" / "rois" / f"{IDS[0]}.csv"
    changed.write_text(changed.read_text().replace('"L1",', '"L1",1'))
    again = sites.snakemake("--dry-run", "--verbose")
    assert "results/folder/cohort.parquet" in again
    assert "results/workbook/cohort.parquet" not in again
