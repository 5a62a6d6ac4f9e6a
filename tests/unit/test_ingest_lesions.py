"""Several lesions a patient: the index lesion."""

import pandas as pd
from ingest_site import IDS

from vbq.codebook import SINS_COMPONENTS


def with_lesions(site, rows):
    """Give the site a lesions file, rows of id and six components, in place of the patients' own SINS."""
    headings = [name.removeprefix("sins_") for name in SINS_COMPONENTS]
    site.files["lesions.csv"] = pd.DataFrame(rows, columns=["id", *headings]).astype(str)
    columns = {name: site.spec["patients"]["columns"].pop(name) for name in SINS_COMPONENTS}
    site.spec["patients"]["drop"] = headings
    site.spec["lesions"] = {"file": "lesions.csv", "id": "id", "columns": columns}


def test_the_index_lesion_is_that_with_the_highest_total(site):
    rows = [
        (IDS[0], 0, 0, 0, 0, 0, 0),
        (IDS[0], 3, 3, 2, 0, 0, 0),
        (IDS[0], 3, 0, 0, 0, 0, 3),
        (IDS[1], 3, 3, 2, 4, 3, ""),
        (IDS[1], 1, 0, 0, 0, 0, 0),
        (IDS[2], 1, 0, 0, 0, 0, 3),
        (IDS[2], 3, 1, 0, 0, 0, 0),
        (IDS[3], 3, 1, 0, 0, 0, ""),
    ]
    with_lesions(site, rows)
    ingested = site.read()
    cohort = ingested.cohort
    assert cohort["sins"].tolist()[:3] == [8, 1, 4]
    assert cohort["sins_location"].tolist()[:3] == [3, 1, 3]
    assert cohort["sins"].isna().tolist() == [False] * 3 + [True] * 3
    assert cohort["sins_location"][3] == 3
    warnings = ingested.problems[ingested.problems["severity"] == "warning"]
    assert list(zip(warnings["file"], warnings["row"], warnings["rule"], strict=True)) == [
        ("lesions.csv", 5, "SINS incomplete"),
        ("lesions.csv", 9, "SINS incomplete"),
        ("patients.csv", 6, "patient without a lesion"),
        ("patients.csv", 7, "patient without a lesion"),
    ]
    site.files["lesions.csv"] = site.files["lesions.csv"].iloc[::-1]
    pd.testing.assert_frame_equal(site.read().cohort, cohort)


def test_faults_of_a_lesions_file(site):
    with_lesions(site, [(IDS[0], 3, 2, 0, 0, 0, 0), ("SECRET99", 3, 3, 0, 0, 0, 0)])
    site.map("sins", "age")
    found = {(error.file, error.row, error.rule) for error in site.errors()}
    assert found >= {
        ("lesions.csv", 2, "impossible SINS points"),
        ("lesions.csv", 3, "no such patient"),
        ("cohort file", None, "derived variable mapped"),
    }
