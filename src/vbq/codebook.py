"""The study's variables: name, label, unit, kind, levels and ranges, each in one place.

Canonical values: 0/1 for binary variables, points for the SINS components, the level names below for
nominal ones, numbers in the stated unit for the rest. A cohort file may add variables of its own
(`extended`); it cannot redefine these.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vbq.errors import UserError

Kind = Literal["identifier", "binary", "nominal", "ordinal", "continuous"]

MARKER_LEVELS = ("L1", "L2", "L3", "L4")
CSF_LEVELS = ("L3", "L2", "L4")  # in order of preference


@dataclass(frozen=True)
class Variable:
    """One variable.

    `levels` maps each canonical value of a categorical variable to its label, in the order in which
    tables show them; the first is the reference level in models. `aliases` maps further spellings to
    canonical values. Outside `possible` a value is an error, outside `plausible` a warning.
    `step` is the smallest difference that the instrument can show.

    `other_units` are units in which sites give the variable, each with what its values are multiplied by to
    get `unit`. Zeros left out, the median of a cohort lies in `typical`, and a plausible value is not below
    `least`.
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    levels: Mapping[Any, str] = field(default_factory=dict)
    aliases: Mapping[str, Any] = field(default_factory=dict)
    possible: tuple[float, float] | None = None
    plausible: tuple[float, float] | None = None
    step: float | None = None
    other_units: Mapping[str, float] = field(default_factory=dict)
    typical: tuple[float, float] | None = None
    least: float | None = None

    @property
    def is_categorical(self) -> bool:
        """Whether the variable takes one of a few named levels."""
        return self.kind in ("binary", "nominal", "ordinal")


EXAMPLE_ID = "EXAMPLE (leave out)"  # the id of the rows that show how the template is filled in
# Not weeks: a median in days, read as weeks, would be as typical, and neither could be told.
IN_MONTHS = {"days": 12 / 365.25, "years": 12.0}

NO_YES = {0: "No", 1: "Yes"}
NO_YES_ALIASES = {"no": 0, "yes": 1, "false": 0, "true": 1}


def _yes_no(name: str, label: str) -> Variable:
    return Variable(name, label, "binary", levels=NO_YES, aliases=NO_YES_ALIASES)


def _measure(
    name: str,
    label: str,
    unit: str,
    possible: tuple[float, float],
    plausible: tuple[float, float],
    step: float,
    other_units: Mapping[str, float] | None = None,
    typical: tuple[float, float] | None = None,
    least: float | None = None,
) -> Variable:
    return Variable(
        name,
        label,
        "continuous",
        unit,
        possible=possible,
        plausible=plausible,
        step=step,
        other_units=other_units or {},
        typical=typical,
        least=least,
    )


def _points(name: str, label: str, points: Mapping[str, int]) -> Variable:
    levels = {value: word for word, value in sorted(points.items(), key=lambda item: item[1])}
    aliases = {word.lower(): value for word, value in points.items()}
    return Variable(name, label, "ordinal", "points", levels=levels, aliases=aliases)


SINS_COMPONENTS = (
    "sins_location",
    "sins_pain",
    "sins_lesion",
    "sins_alignment",
    "sins_collapse",
    "sins_posterolateral",
)

_VARIABLES = (
    Variable("patient_id", "Patient", "identifier"),
    # Outcome
    _yes_no("new_vcf", "New vertebral compression fracture"),
    _measure("n_new_vcf", "New vertebral compression fractures", "fractures", (0, 24), (0, 10), 1),
    # Inclusion and exclusion
    _yes_no("spinal_metastasis", "Diagnosis of spinal metastasis"),
    _yes_no("t1_lumbar_mri", "T1-weighted non-contrast-enhanced MRI of the lumbar spine"),
    _yes_no("lumbar_instrumentation", "Lumbar instrumentation before the MRI"),
    _measure("n_previous_vcf", "Previous vertebral compression fractures", "fractures", (0, 24), (0, 10), 1),
    _yes_no("infection", "Diagnosis of infection at presentation"),
    # Demographics and risk factors
    Variable("treatment", "Treatment", "nominal", levels={"sbrt": "SBRT", "surgery": "Surgery"}),
    _measure(
        "age",
        "Age",
        "years",
        (0, 120),
        (18, 95),
        1,
        other_units={"months": 1 / 12, "days": 1 / 365.25},
        typical=(30, 85),
    ),
    Variable(
        "sex",
        "Sex",
        "nominal",
        levels={"female": "Female", "male": "Male"},
        aliases={"f": "female", "m": "male"},
    ),
    _measure("bmi", "Body mass index", "kg/m²", (8, 100), (14, 60), 0.1),
    Variable(
        "smoking",
        "Smoking status",
        "nominal",
        levels={"never": "Never a smoker", "former": "Former smoker", "current": "Current smoker"},
    ),
    _yes_no("alcohol_abuse", "History of alcohol abuse"),
    _yes_no("steroids", "Steroid use > 3 months"),
    _yes_no("nsaids", "NSAID use > 3 months"),
    _measure("cci", "Charlson Comorbidity Index", "points", (0, 37), (0, 20), 1),
    _measure(
        "kps",
        "Karnofsky Performance Scale",
        "points",
        (0, 100),
        (20, 100),
        10,
        other_units={"points out of 10": 10, "fractions of 1": 100},
        typical=(40, 100),
    ),
    Variable(
        "ecog", "ECOG performance status grade", "ordinal", levels={grade: str(grade) for grade in range(5)}
    ),
    Variable(
        "asia",
        "ASIA classification",
        "ordinal",
        levels={"A/B": "A/B", "C": "C", "D": "D", "E": "E"},
        aliases={"a": "A/B", "b": "A/B"},
    ),
    # Laboratory values
    _measure(
        "albumin",
        "Albumin",
        "g/dL",
        (0.5, 8),
        (1.5, 6),
        0.1,
        other_units={"g/L": 0.1},
        typical=(2.5, 5),
    ),
    _measure(
        "alkaline_phosphatase",
        "Alkaline phosphatase",
        "U/L",
        (1, 10000),
        (15, 2500),
        1,
        other_units={"µkat/L": 60},  # 1 U is 1 µmol a minute, 1 µkat is 1 µmol a second
        typical=(40, 400),
    ),
    _measure(
        "calcium",
        "Calcium",
        "mg/dL",
        (3, 25),
        (6, 15),
        0.1,
        other_units={"mmol/L": 4.0078, "mEq/L": 2.0039, "mg/L": 0.1},  # 40.078 g/mol, two charges
        typical=(8, 11),
    ),
    _measure(
        "platelets",
        "Platelets",
        "10³/µL",
        (1, 3000),
        (20, 1000),
        1,
        # 10⁹/L is the same number.
        other_units={"1/µL": 0.001, "10⁴/µL": 10, "10⁵/µL": 100},
        typical=(110, 400),
    ),
    # Previous fractures and treatment
    _yes_no("previous_vcf", "Previous vertebral compression fracture"),
    _yes_no("previous_augmentation", "Previous vertebroplasty or kyphoplasty"),
    _yes_no("denosumab", "Denosumab"),
    _measure(
        "radiation_dose",
        "Cumulative radiation dose to the index vertebra",
        "cGy",
        (0, 15000),
        (0, 8000),
        1,
        other_units={"Gy": 100},
        typical=(500, 7000),
        least=100,  # no fraction is smaller; in Gy, all doses are below
    ),
    _yes_no("bisphosphonates", "Bisphosphonates"),
    _yes_no("serm", "Selective estrogen receptor modulator"),
    _yes_no("calcium_supplement", "Calcium supplementation"),
    _yes_no("vitamin_d_supplement", "Vitamin D supplementation"),
    _measure(
        "systemic_treatment_months",
        "Systemic treatment duration",
        "months",
        (0, 600),
        (0, 300),
        0.1,
        other_units=IN_MONTHS,
        typical=(2, 60),
    ),
    _measure(
        "follow_up_months",
        "Follow-up since diagnosis of spinal metastasis",
        "months",
        (0, 600),
        (0, 240),
        0.1,
        other_units=IN_MONTHS,
        typical=(3, 72),
    ),
    # Imaging
    Variable(
        "field_strength",
        "Field strength",
        "nominal",
        "T",
        levels={"1.5": "1.5 T", "3": "3 T"},
        aliases={
            **{f"1.5{unit}": "1.5" for unit in ("t", " t", " tesla")},
            **{f"{three}{unit}": "3" for three in ("3", "3.0") for unit in ("t", " t", " tesla")},
            "3.0": "3",
        },
    ),
    Variable(
        "vendor",
        "MRI vendor",
        "nominal",
        levels={"ge": "GE Healthcare", "philips": "Philips", "siemens": "Siemens", "toshiba": "Toshiba"},
    ),
    # Spinal Instability Neoplastic Score (Fisher et al. 2010)
    _points("sins_location", "Location", {"Rigid": 0, "Semirigid": 1, "Mobile": 2, "Junctional": 3}),
    _points("sins_pain", "Pain", {"None": 0, "Occasional, not mechanical": 1, "Mechanical": 3}),
    _points("sins_lesion", "Bone lesion", {"Blastic": 0, "Mixed": 1, "Lytic": 2}),
    _points(
        "sins_alignment", "Alignment", {"Normal": 0, "De novo deformity": 2, "Subluxation or translation": 4}
    ),
    _points(
        "sins_collapse",
        "Vertebral body collapse",
        {"None": 0, "None, > 50 % of the body involved": 1, "< 50 %": 2, "> 50 %": 3},
    ),
    _points(
        "sins_posterolateral", "Posterolateral involvement", {"None": 0, "Unilateral": 1, "Bilateral": 3}
    ),
    _measure("sins", "SINS", "points", (0, 18), (0, 18), 1),
    # Derived
    Variable(
        "sins_category",
        "SINS category",
        "ordinal",
        levels={
            "stable": "Stable (0-6)",
            "potentially_unstable": "Potentially unstable (7-12)",
            "unstable": "Unstable (13-18)",
        },
    ),
    _measure("vbq", "VBQ score", "", (0, 20), (1, 6), 0.01),
    Variable("vbq_high", "VBQ score > 3", "binary", levels=NO_YES),
    Variable(
        "fracture_count",
        "New fractures",
        "binary",
        levels={0: "None or one", 1: "Multiple"},
    ),
)

VARIABLES: Mapping[str, Variable] = {variable.name: variable for variable in _VARIABLES}
DERIVED = ("sins_category", "vbq_high", "fracture_count")  # from others, where a site gives those


def choice_code(value: object) -> str:
    """Return the code of a level in REDCap, which takes letters, digits and _: a_b for A/B, 1_5 for 1.5."""
    return re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")


@dataclass(frozen=True)
class Criterion:
    """One inclusion or exclusion criterion: a patient stays while low <= variable <= high."""

    name: str
    variable: str
    low: float
    high: float
    reason: str


# Methods, "Study Population". The rule of each can be switched off in the cohort file.
CRITERIA = (
    Criterion("adult", "age", 18, 200, "younger than 18 years"),
    Criterion("spinal_metastasis", "spinal_metastasis", 1, 1, "no diagnosis of spinal metastasis"),
    Criterion("t1_lumbar_mri", "t1_lumbar_mri", 1, 1, "no T1-weighted non-contrast-enhanced lumbar MRI"),
    Criterion("no_instrumentation", "lumbar_instrumentation", 0, 0, "previous lumbar instrumentation"),
    Criterion("one_previous_vcf", "n_previous_vcf", 0, 1, "more than one previous VCF"),
    Criterion("no_infection", "infection", 0, 0, "diagnosis of infection"),
    Criterion("follow_up", "follow_up_months", 6, 10_000, "follow-up shorter than 6 months"),
)


def extended(extra: Mapping[str, Mapping[str, Any]]) -> dict[str, Variable]:
    """Return the codebook with a cohort file's own variables added.

    `extra` maps a name to the fields of `Variable` (label and kind at least).

    Raises UserError where a name is one of the codebook's.
    """
    clash = sorted(set(extra) & set(VARIABLES))
    if clash:
        raise UserError(
            f"`variables` of the cohort file: the codebook has {', '.join(clash)} already; rename"
        )
    added = {}
    for name, fields in extra.items():
        given = dict(fields)
        if given["kind"] == "binary":
            given.setdefault("levels", NO_YES)
            given.setdefault("aliases", NO_YES_ALIASES)
        added[name] = Variable(name, **given)
    return {**VARIABLES, **added}
