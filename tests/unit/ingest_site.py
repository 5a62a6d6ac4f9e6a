"""A small site whose files tests break in one place at a time."""

import copy

import pandas as pd
import pytest

from vbq.codebook import SINS_COMPONENTS, extended
from vbq.ingest import read_cohort
from vbq.problems import InputError
from vbq.scores.marker import Marker

VBQ = Marker(cutoff=3)
IDS = [f"SECRET{number}" for number in range(1, 7)]
PATIENTS = pd.DataFrame(
    {
        "id": IDS,
        "vcf": ["1", "1", "1", "0", "0", "0"],
        "n_vcf": ["2", "1", "3", "0", "0", "0"],
        "age": ["61", "62", "63", "64", "65", "66"],
        "sex": ["f", "Male", "female", "m", "f", "m"],
        "kps": ["90", "80", "100", "70", "90", "90"],
        "albumin": ["4.1", "3.9", "", "4.0", "4.2", "3.5"],
        "field": ["1.5", "3", "3.0", "1.5 T", "3T", "1.5"],
        "location": ["3", "2", "1", "0", "Junctional", "mobile"],
        "pain": ["3", "1", "0", "3", "0", "1"],
        "lesion": ["2", "1", "0", "2", "1", "0"],
        "alignment": ["4", "2", "0", "0", "0", "0"],
        "collapse": ["3", "2", "1", "0", "3", "2"],
        "posterolateral": ["3", "1", "0", "3", "1", "0"],
        "follow_up": ["12", "7", "30", "6", "8", "9"],
    }
)
READINGS = pd.DataFrame(
    {
        "id": [patient for patient in IDS for _ in "AB"],
        "reader": ["A", "B"] * 6,
        "L1 mean": ["300", "310", "320", "", "340", "350", "360", "370", "280", "290", "200", "210"],
        "L2 mean": ["301", "311", "321", "331", "341", "351", "361", "371", "281", "291", "201", "211"],
        "L3 mean": ["302", "312", "322", "332", "342", "352", "362", "372", "282", "292", "202", "212"],
        "L4 mean": ["303", "313", "323", "333", "343", "353", "363", "373", "283", "293", "203", "213"],
        "CSF mean": ["100"] * 12,
        "CSF at": ["L3"] * 10 + ["L2", "L4"],
    }
)
SPEC = {
    "patients": {
        "file": "patients.csv",
        "id": "id",
        "columns": {
            "new_vcf": "vcf",
            "n_new_vcf": "n_vcf",
            "age": "age",
            "sex": "sex",
            "kps": "kps",
            "albumin": "albumin",
            "field_strength": "field",
            **{name: name.removeprefix("sins_") for name in SINS_COMPONENTS},
            "follow_up_months": "follow_up",
        },
    },
    "readings": {
        "file": "readings.csv",
        "layout": "wide",
        "id": "id",
        "reader": "reader",
        "columns": {
            **{level: f"{level} mean" for level in ("L1", "L2", "L3", "L4")},
            "csf": "CSF mean",
            "csf_level": "CSF at",
        },
    },
}


class Site:
    """A site's files and cohort file, good until something is broken."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {"patients.csv": PATIENTS.copy(), "readings.csv": READINGS.copy()}
        self.spec = copy.deepcopy(SPEC)

    def put(self, file, row, column, value):
        """Set a cell, by its row in the file (the heading row is 1)."""
        self.files[file].loc[row - 2, column] = value

    def map(self, name, entry, section="patients"):
        self.spec[section]["columns"][name] = entry

    def write(self, encoding="utf-8", sep=","):
        for name, frame in self.files.items():
            if isinstance(frame, pd.DataFrame):
                frame.to_csv(self.folder / name, index=False, encoding=encoding, sep=sep)
            elif frame is not None:
                (self.folder / name).write_bytes(frame)

    def read(self, marker=None, outcome="new_vcf", **how):
        self.write(**how)
        codebook = extended(self.spec.get("variables", {}))
        return read_cohort(self.spec, codebook, marker or VBQ, self.folder, outcome)

    def errors(self, **how):
        with pytest.raises(InputError) as caught:
            self.read(**how)
        assert "SECRET" not in str(caught.value)
        return [problem for problem in caught.value.problems if problem.severity == "error"]
