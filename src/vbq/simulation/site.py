"""A simulated external site: patients treated one after the other, as a German hospital would send them.

Nothing is real. `simulate_truth` draws the patients as they are, `simulate_site` what the site has of them:
scores that depend on the scanner and the reader, missing values, headings and words of its own.
"""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from vbq.codebook import SINS_COMPONENTS

Array = NDArray[np.float64]

N_PATIENTS = 320  # of the example in data/examples/simulated_site
SEED = 20190901  # the project's, not chosen for what it draws

PREVALENCE = 0.12  # series of SBRT: 10-14 % of treated segments; 53 % of the selected patients of 2019
# At 1.5 T and 3 T, in 2,400 people without a fracture: doi 10.1186/s13018-023-04268-5.
VBQ_MEAN, VBQ_SD = 2.77, 0.49
VBQ_MEAN_AT_3T = 2.20
SHARE_AT_3T = 0.45  # assumed
VENDORS = {"siemens": 0.55, "philips": 0.30, "ge": 0.15}  # assumed
# Half and a third of the printed log-odds of 2019 (3.051 and 0.879), as associations shrink elsewhere.
LOG_ODDS_VBQ = 1.6
LOG_ODDS_SINS = 0.30
SINS_CENTER = 6  # about the mean that the frequencies below give
# How often each number of points occurs: assumed, near those of the reconstructed cohort.
SINS_FREQUENCIES = {
    "sins_location": {0: 0.03, 1: 0.42, 2: 0.25, 3: 0.30},
    "sins_pain": {0: 0.45, 1: 0.35, 3: 0.20},
    "sins_lesion": {0: 0.25, 1: 0.30, 2: 0.45},
    "sins_alignment": {0: 0.93, 2: 0.06, 4: 0.01},
    "sins_collapse": {0: 0.40, 1: 0.30, 2: 0.20, 3: 0.10},
    "sins_posterolateral": {0: 0.50, 1: 0.30, 3: 0.20},
}
AGE_MEAN, AGE_SD = 66, 11  # assumed
# Correlation: 0.36 in men, 0.40 in women of "Normative data and reproducibility for vertebral bone quality
# score in serial lumbar spine magnetic resonance imaging" (107 patients without metastases).
AGE_WITH_VBQ = 0.35
SHARE_FEMALE = 0.45  # assumed
LOG_ODDS_SURGERY = (-1.9, 0.3)  # assumed: at a SINS of 6, and for each point more

READERS = ("A", "B")
READER_SD = 0.2  # of one patient's scores; scan and rescan differ more (0.30-0.35 in print)
LEVEL_SD = 0.05  # assumed: of a vertebral body's signal, as a share of its patient's
SHARE_UNREADABLE = 0.04  # assumed: of vertebral bodies
CSF_LEVEL_SHARES = {"L3": 0.90, "L2": 0.06, "L4": 0.04}  # assumed
CSF_MEAN, CSF_SD, CSF_READER_SD = 165, 25, 3  # assumed, in the scanner's units

# Assumed shares of missing values. They rise with age and with surgery, which are always known.
SHARE_MISSING = {"new_vcf": 0.02, "field_strength": 0.03, "bmi": 0.15, "smoking": 0.08, "steroids": 0.05}
SHARE_SINS_INCOMPLETE = 0.12
SHARE_WITHOUT_READINGS = 0.06
MISSING_WITH_YEAR, MISSING_WITH_SURGERY = 0.03, 0.8  # log of the ratio of shares

NO_YES = {0: "nein", 1: "ja"}
ID = "Pseudonym"
# The site's heading of each variable and, for variables with levels, its words.
SITE: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "new_vcf": ("Neue_Fraktur", NO_YES),
    "age": ("Alter", {}),
    "sex": ("Geschlecht", {"female": "w", "male": "m"}),
    "bmi": ("BMI", {}),
    "smoking": ("Rauchen", {"never": "nie", "former": "früher", "current": "aktuell"}),
    "steroids": ("Steroide_über_3_Monate", NO_YES),
    "kps": ("Karnofsky", {}),
    "treatment": ("Behandlung", {"sbrt": "Stereotaxie", "surgery": "Operation"}),
    "follow_up_months": ("Nachbeobachtung_Monate", {}),
    "previous_vcf": ("Frühere_Fraktur", NO_YES),
    "n_previous_vcf": ("Anzahl_frühere_Frakturen", {}),
    "lumbar_instrumentation": ("Instrumentierung_LWS", NO_YES),
    "infection": ("Infektion", NO_YES),
    "field_strength": ("Feldstärke_T", {"1.5": "1,5", "3": "3,0"}),
    "vendor": ("Hersteller", {"siemens": "Siemens", "philips": "Philips", "ge": "GE"}),
    "sins_location": (
        "SINS_Lokalisation",
        {0: "rigide", 1: "semirigide", 2: "mobil", 3: "Übergang"},
    ),
    "sins_pain": ("SINS_Schmerz", {0: "keiner", 1: "gelegentlich, nicht mechanisch", 3: "mechanisch"}),
    "sins_lesion": ("SINS_Läsion", {0: "osteoblastisch", 1: "gemischt", 2: "osteolytisch"}),
    "sins_alignment": (
        "SINS_Stellung",
        {0: "normal", 2: "neue Deformität", 4: "Subluxation/Translation"},
    ),
    "sins_collapse": (
        "SINS_Höhenminderung",
        {0: "keine", 1: "keine, > 50 % befallen", 2: "< 50 %", 3: "> 50 %"},
    ),
    "sins_posterolateral": ("SINS_Posterolateral", {0: "kein", 1: "einseitig", 3: "beidseitig"}),
}


def simulate_truth(n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Return n patients, canonical and complete, with the score that each would have at 1.5 T without error.

    The columns are new_vcf, vbq, sins, its six components, age, sex, treatment, field_strength and vendor.
    The outcome depends on vbq and sins alone.
    """
    quality = generator.standard_normal(n)
    vbq = VBQ_MEAN + VBQ_SD * quality
    combinations, probabilities = _sins_combinations()
    components = combinations[generator.choice(len(combinations), n, p=probabilities)]
    sins = components.sum(axis=1)
    aging = AGE_WITH_VBQ * quality + np.sqrt(1 - AGE_WITH_VBQ**2) * generator.standard_normal(n)
    operated = special.expit(LOG_ODDS_SURGERY[0] + LOG_ODDS_SURGERY[1] * (sins - SINS_CENTER))
    return pd.DataFrame(
        {
            "new_vcf": (generator.random(n) < risk(vbq, sins)).astype(int),
            "vbq": vbq,
            "sins": sins,
            **dict(zip(SINS_COMPONENTS, components.T, strict=True)),
            "age": np.clip(np.round(AGE_MEAN + AGE_SD * aging), 25, 95).astype(int),
            "sex": np.where(generator.random(n) < SHARE_FEMALE, "female", "male"),
            "treatment": np.where(generator.random(n) < operated, "surgery", "sbrt"),
            "field_strength": np.where(generator.random(n) < SHARE_AT_3T, "3", "1.5"),
            "vendor": generator.choice(list(VENDORS), n, p=list(VENDORS.values())),
        }
    )


def risk(vbq: Array, sins: NDArray[np.int64]) -> Array:
    """Return each patient's probability of a new VCF, from the score at 1.5 T and the SINS."""
    return special.expit(intercept() + LOG_ODDS_VBQ * (vbq - VBQ_MEAN) + LOG_ODDS_SINS * (sins - SINS_CENTER))


@cache
def intercept() -> float:
    """Return the log-odds at the centers of VBQ and SINS with which the prevalence is `PREVALENCE`."""
    qualities, weights = np.polynomial.hermite_e.hermegauss(40)
    combinations, probabilities = _sins_combinations()
    log_odds = np.add.outer(
        LOG_ODDS_VBQ * VBQ_SD * qualities, LOG_ODDS_SINS * (combinations.sum(axis=1) - SINS_CENTER)
    )
    shares = np.outer(weights / weights.sum(), probabilities)

    def excess(at_centers: float) -> float:
        return float((shares * special.expit(at_centers + log_odds)).sum()) - PREVALENCE

    return float(optimize.brentq(excess, -10, 10))


def simulate_site(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a site's n patients, a row each, and its readings, a row per patient, reader and region.

    Headings and words are those of `SITE`; the same seed gives the same frames.
    """
    generator = np.random.default_rng(seed)
    patients = _with_history(simulate_truth(n, generator), generator)
    ids = pd.Series([f"E{number:04d}" for number in range(1, n + 1)], name=ID)
    readings = _read_images(patients, ids, generator)
    recorded = _with_missing_values(patients, generator)
    columns = {
        heading: recorded[name].map(words) if words else recorded[name]
        for name, (heading, words) in SITE.items()
    }
    return pd.DataFrame({ID: ids, **columns}), readings


@cache
def _sins_combinations() -> tuple[NDArray[np.int64], Array]:
    """Return all points that the six components can have together, and how often they do."""
    frequencies = [SINS_FREQUENCIES[component] for component in SINS_COMPONENTS]
    combinations = np.array(list(product(*frequencies)))
    probabilities = np.prod(list(product(*(points.values() for points in frequencies))), axis=1)
    return combinations, probabilities


def _with_history(patients: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Add what has to do with neither the outcome nor the scores; all of it is assumed.

    About 7 % of the patients fail one of the study's criteria.
    """
    n = len(patients)
    n_previous = generator.choice(4, n, p=[0.80, 0.17, 0.02, 0.01])
    return patients.assign(
        bmi=np.clip(generator.normal(26.5, 4.8, n), 16, 48).round(1),
        smoking=generator.choice(["never", "former", "current"], n, p=[0.40, 0.40, 0.20]),
        steroids=generator.binomial(1, 0.30, n),
        kps=generator.choice([50, 60, 70, 80, 90, 100], n, p=[0.03, 0.07, 0.20, 0.30, 0.28, 0.12]),
        follow_up_months=generator.lognormal(np.log(20), 0.65, n).round(1),
        n_previous_vcf=n_previous,
        previous_vcf=(n_previous > 0).astype(int),
        lumbar_instrumentation=generator.binomial(1, 0.01, n),
        infection=generator.binomial(1, 0.005, n),
    )


def _read_images(patients: pd.DataFrame, ids: pd.Series, generator: np.random.Generator) -> pd.DataFrame:
    """Return both readers' signal intensities, in the long layout."""
    n = len(patients)
    at_3t = (patients["field_strength"] == "3").to_numpy()
    score = patients["vbq"].to_numpy() + (VBQ_MEAN_AT_3T - VBQ_MEAN) * at_3t
    levels = generator.normal(0, LEVEL_SD, (n, 4))
    levels[generator.random(levels.shape) < SHARE_UNREADABLE] = np.nan
    levels -= np.nanmedian(levels, axis=1, keepdims=True)  # so that the median gives the reader's score
    brightness = np.clip(generator.normal(CSF_MEAN, CSF_SD, n), 90, 290)
    csf_level = generator.choice(list(CSF_LEVEL_SHARES), n, p=list(CSF_LEVEL_SHARES.values()))
    kept = ~_is_missing(patients, SHARE_WITHOUT_READINGS, generator)
    keys = pd.DataFrame({ID: ids, "Liquorhöhe": csf_level})
    sheets = []
    for reader in READERS:
        csf = brightness + generator.normal(0, CSF_READER_SD, n)
        bone = (score + generator.normal(0, READER_SD, n)) * csf
        sheet = keys.assign(Befunder=reader)
        sheet[["LWK1", "LWK2", "LWK3", "LWK4"]] = bone[:, None] * (1 + levels)
        sheet["Liquor"] = csf
        sheets.append(sheet[kept])
    long = pd.concat(sheets).melt([ID, "Befunder", "Liquorhöhe"], var_name="Region", value_name="Signal")
    ordered = long.round({"Signal": 1}).sort_values([ID, "Befunder"], kind="stable", ignore_index=True)
    return ordered[[ID, "Befunder", "Region", "Signal", "Liquorhöhe"]]


def _with_missing_values(patients: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    recorded = patients.copy()
    for name, share in SHARE_MISSING.items():
        recorded[name] = recorded[name].mask(_is_missing(patients, share, generator))
    absent = generator.random((len(patients), len(SINS_COMPONENTS))) < 0.5
    one = generator.integers(len(SINS_COMPONENTS), size=len(patients))
    absent[np.arange(len(patients)), one] = True
    absent &= _is_missing(patients, SHARE_SINS_INCOMPLETE, generator)[:, None]
    components = list(SINS_COMPONENTS)
    recorded[components] = recorded[components].mask(absent)
    return recorded


def _is_missing(patients: pd.DataFrame, share: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw for whom something is missing: at random given age and treatment, `share` of all on average."""
    operated = patients["treatment"] == "surgery"
    tendency = np.exp(MISSING_WITH_YEAR * patients["age"] + MISSING_WITH_SURGERY * operated).to_numpy()
    return generator.random(len(patients)) < share * tendency / tendency.mean()
