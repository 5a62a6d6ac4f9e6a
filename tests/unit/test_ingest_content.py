"""What cells hold tells whether they identify a person, and whether a message may show them."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import given
from hypothesis import strategies as st

from vbq.codebook import VARIABLES
from vbq.ingest import content
from vbq.ingest.content import (
    identifying_content,
    is_ahv,
    is_codice_fiscale,
    is_dni,
    is_kvnr,
    is_nhs,
    is_nir,
    is_rvnr,
    is_showable,
)
from vbq.ingest.values import canonical_levels

PROJECT = Path(__file__).parents[2]
SHARED = Path(__file__).parents[3] / "shared" / "data" / "redcap_exports"

NAMES = "names of persons"
BIRTHS = "birth dates"
MAIL = "e-mail addresses"
PHONES = "telephone numbers"
INSURED = "insurance or social security numbers"
RECORDS = "record numbers"
ADDRESSES = "postal addresses"
TEXT = "free text"
REMARK = "lives alone in a small flat"

SURNAMES = [
    *("Schmitz", "Krämer", "Öztürk", "Lehmann", "Vogel", "Dubois", "Lefèvre", "Moreau", "Girard", "Roux"),
    *("García", "Fernández", "Castillo", "Ibáñez", "Navarro", "Rossi", "Esposito", "Colombo", "Ricci"),
    *("Conti", "Whitfield", "Ashworth", "Thornbury", "O'Connor", "McAllister", "Kowalski"),
]


def column(cells):
    return pd.Series([str(cell) for cell in cells], dtype="str")


def held(cells):
    return identifying_content(column(cells))


def days_from(first, n, seed=0):
    """Return n days of as many years after the first as 12 has."""
    random = Random(seed)
    return [first + timedelta(days=random.randrange(12 * 365)) for _ in range(n)]


def birthdays(n, seed=0):
    random = Random(seed)
    return [date(1958, 1, 1) + timedelta(days=round(random.gauss(0, 11 * 365))) for _ in range(n)]


# Check digits


@pytest.mark.parametrize(
    ("check", "numbers"),
    [
        # The number that examples of the electronic health card use, and others of tests of recognizers.
        (is_kvnr, ["A123456780", "I526064554", "Z610573490", "Q327812091"]),
        # Wikipedia, "Versicherungsnummer", and the examples of two pages that explain it.
        (is_rvnr, ["15070649C103", "65170839J003", "10010490A443"]),
        # Wikipedia, "NHS number", and the documentation of python-stdnum.
        (is_nhs, ["9434765919", "9434765870"]),
        # The example of the Swiss central compensation office.
        (is_ahv, ["7569217076985"]),
        # The documentation of python-stdnum, with one of Corsica.
        (is_nir, ["295109912611193", "253072B07300470", "253072A07300443"]),
        # Wikipedia, "Italian fiscal code", and the documentation of python-stdnum.
        (is_codice_fiscale, ["MRTMTT25D09F205Z", "MLLSNT82P65Z404U", "RCCMNL83S18D969H"]),
        # The documentation of python-stdnum.
        (is_dni, ["54362315K", "X2482300W", "12345678Z"]),
    ],
)
def test_published_numbers_pass_and_others_do_not(check, numbers):
    for number in numbers:
        assert check(number)
        last = number[-1]
        others = "0123456789" if last.isdigit() else "ABCDEFGHJKLMNPQRSTVWXYZ"
        # The key of two digits of the NIR is wrong, too, if one of them is.
        assert not any(check(number[:-1] + other) for other in others if other != last)


def digits(n):
    return st.text("0123456789", min_size=n, max_size=n)


letter = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def completed(check, start, ends):
    """Return the start with each end that makes the number right."""
    return [start + end for end in ends if check(start + end)]


@given(letter, digits(8))
def test_one_digit_completes_a_kvnr(first, rest):
    assert len(completed(is_kvnr, first + rest, "0123456789")) == 1


@given(digits(8), letter, digits(2))
def test_one_digit_completes_a_rvnr(born, initial, serial):
    assert len(completed(is_rvnr, born + initial + serial, "0123456789")) == 1


@given(digits(9))
def test_at_most_one_digit_completes_an_nhs_number(start):
    # Where the check digit would be 10, the number is not given to anybody.
    assert len(completed(is_nhs, start, "0123456789")) <= 1


@given(st.sampled_from("12"), digits(4), st.sampled_from(["01", "2A", "2B", "75"]), digits(6))
def test_one_key_completes_a_nir(sex, born, place, serial):
    keys = [f"{key:02d}" for key in range(100)]
    assert len(completed(is_nir, sex + born + place + serial, keys)) == 1


@given(digits(8))
def test_one_letter_completes_a_dni(start):
    assert len(completed(is_dni, start, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 1


@given(digits(9), st.integers(0, 8), digits(1))
def test_a_wrong_digit_in_an_nhs_number_is_found(start, at, other):
    for number in completed(is_nhs, start, "0123456789"):
        assert is_nhs(number[:at] + other + number[at + 1 :]) == (number[at] == other)


def test_random_numbers_mostly_fail():
    random = Random(1)
    numbers = [f"{random.randrange(10**10):010d}" for _ in range(5_000)]
    assert 0.05 < np.mean([is_nhs(number) for number in numbers]) < 0.15
    assert 0.05 < np.mean([is_kvnr("E" + number[1:]) for number in numbers]) < 0.15
    assert held(numbers) == RECORDS
    assert held(["E" + number[1:] for number in numbers]) == RECORDS


# Columns that identify


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (MAIL, ["a.b@klinik.example", "c-d@hopital.example"]),
        (MAIL, ["none"] * 60 + ["Contact: maria@example.org"]),
        ("DICOM UIDs", ["1.2.840.113619.2.55.3.604688119.868"]),
        ("DICOM UIDs", ["2.25.329800735698586629295641978511506172918"]),
        (INSURED, ["A123456780", "I526064554"]),
        (INSURED, ["15 070649 C 103", "65 170839 J 003"]),
        (INSURED, ["943 476 5919", "943-476-5870"]),
        (INSURED, ["unknown"] * 80 + ["756.9217.0769.85", "7569217076985"]),
        (INSURED, ["2 95 10 99 126 111 93", "253072B07300470"]),
        (INSURED, ["MRTMTT25D09F205Z", "RCCMNL83S18D969H"]),
        (INSURED, ["54362315-K", "x-2482300-w"]),
        (INSURED, ["123-45-6789", "321-54-9876"]),
        (PHONES, ["(415) 555-1212", "(432) 555-6676", "(242) 555-2396"]),
        (PHONES, ["+49 761 270 1234", "0761/270-5678", "0171 2345678", "+49 (0)30 123456"]),
        (PHONES, ["06 12 34 56 78", "01.23.45.67.89", "+33 6 12 34 56 78"]),
        (PHONES, ["612 34 56 78", "912 345 678", "+34 612 345 678"]),
        (PHONES, ["415-555-1212", "415.555.1213", "Tel. 020 7946 0123", "07700 900123"]),
        (RECORDS, ["1048213", "1048377", "1050014", "1051942", "1060027", "1061255"]),
        (RECORDS, ["0048213", "0048377", "0050014", "0051942", "0060027"]),
        (RECORDS, ["MRN-204813", "MRN-204837", "MRN-205014", "MRN-205942", "MRN-206027"]),
        (RECORDS, ["2021/004567", "2021/004571", "2021/004622", "2022/000017", "2022/000418"]),
        (RECORDS, ["1048213.0", "1048377.0", "1050014.0", "1051942.0", "1060027.0"]),
        (ADDRESSES, ["Hauptstr. 12", "Am Alten Weg 5", "Lindenallee 17a", "Schillerstraße 3", "Domplatz 1"]),
        (ADDRESSES, ["79106 Freiburg", "8001 Zürich", "10115 Berlin", "1010 Wien", "80331 München"]),
        (
            ADDRESSES,
            ["12 rue de la Paix", "3 bis, avenue Foch", "45 bd Voltaire", "7 place du Marché", "9 quai Nord"],
        ),
        (ADDRESSES, ["Calle Mayor 5", "Avda. Goya 33, 2º", "Plaza Sol 1", "C/ Luna 18", "Paseo Alto 7"]),
        (ADDRESSES, ["Via Garibaldi 12", "Corso Italia 4", "Piazza Dante 9", "Viale Marconi 31", "Via Po 2"]),
        (ADDRESSES, ["14 Rose St", "243 Hill Road", "Flat 2, 9 Elm Lane", "5 Old Mill Drive", "SW1A 1AA"]),
        (TEXT, ["Patient kam am Montag zur Kontrolle", "Wife asked for an earlier visit", REMARK]),
        (TEXT, ["none"] * 6 + ["la malade est venue avec son fils", "vive con su hija en el pueblo", REMARK]),
        (NAMES, SURNAMES),
        (NAMES, [name.upper() for name in SURNAMES]),
        (NAMES, SURNAMES[:6]),
        (NAMES, [f"{name}, Q." for name in SURNAMES[:6]]),
        (NAMES, [f"von {name}" for name in SURNAMES[:6]]),
        (NAMES, [f"{name}, *12.03.1950" for name in SURNAMES[:6]]),
        (NAMES, [f"{name} (1048213)" for name in SURNAMES[:6]]),
        (NAMES, ["Müller, Hans", "Schmidt, Ursula", "Weber, Karl-Heinz"]),
        (NAMES, ["hans müller", "ursula schmidt", "peter weber"]),
        (NAMES, ["MUELLER^X", "SCHMIDT^Y", "WEBER^Z"]),
        (NAMES, ["Dr. Lehmann", "Frau Vogel", "Herr Krämer", "Prof. Dr. Schmitz"]),
        (NAMES, ["Mme Dubois", "Mr Thornbury", "Sra. Castillo", "Signora Ricci"]),
        (NAMES, ["Jean-Pierre", "Françoise", "Monique"]),
        (NAMES, ["José", "María", "Carmen", "Xoán"] * 20),  # visits of few
        (NAMES, ["Giuseppe", "Caterina", "Salvatore"]),
    ],
)  # fmt: skip
def test_columns_that_identify(kind, cells):
    assert held(cells) == kind
    assert held([*cells, *[""] * 500]) == kind


@pytest.mark.parametrize(
    "written",
    [
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d%m%Y",
        "%d.%m.%y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%Y-%m-%d 00:00:00",
        "%Y-%m-%dT08:30:00Z",
        "%d.%m.%Y 8:30",
        "%Y%m%d000000",
    ],
)
@pytest.mark.parametrize("n", [5, 12, 300])
def test_birth_dates_are_told_from_dates_of_a_study(written, n):
    assert held(day.strftime(written) for day in birthdays(n)) == BIRTHS
    assert held(day.strftime(written) for day in days_from(date(2009, 5, 1), n)) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["12. März 1950", "3. Juli 1961", "24. Dezember 1944"],
        ["12 mars 1950", "3 août 1961", "24 décembre 1944"],
        ["12 de marzo de 1950", "3 de julio de 1961", "24 de diciembre de 1944"],
        ["12 marzo 1950", "3 luglio 1961", "24 dicembre 1944"],
        ["12MAR1950", "03JUL1961", "24DEC1944"],
        ["1.3.1950", "3.7.1961", "24. 12. 1944"],
        ["1950-3-1", "1961-7-3", "1944-12-24"],
        ["unknown", "1950-03-01", "1961-07-03", "1944-12-24"],
    ],
)
def test_birth_dates_in_words_and_loosely_written(cells):
    assert held(cells) == BIRTHS


def test_young_cohorts_have_birth_dates_by_their_spread():
    assert held(f"{year}-05-01" for year in range(1980, 2008, 2)) == BIRTHS
    assert held(f"{year}-05-01" for year in range(2000, 2019)) is None


# Columns that do not


CATEGORIES = {
    "tumors": "Breast Lung Prostate Kidney Thyroid Melanoma Myeloma Colon Liver Bladder Sarcoma Lymphoma",
    "TUMORS": "BREAST LUNG PROSTATE KIDNEY THYROID MELANOMA MYELOMA COLON LIVER BLADDER SARCOMA LYMPHOMA",
    "Tumoren": "Mamma Lunge Prostata Niere Schilddrüse Melanom Plasmozytom Kolon Leber Harnblase Sarkom CUP",
    "Karzinome": "Mammakarzinom Bronchialkarzinom Prostatakarzinom Nierenzellkarzinom Myelom Kolonkarzinom",
    "tumeurs": "Sein Poumon Prostate Rein Thyroïde Mélanome Myélome Côlon Foie Vessie Sarcome Lymphome",
    "tumores": "Mama Pulmón Próstata Riñón Tiroides Melanoma Mieloma Colon Hígado Vejiga Sarcoma Linfoma",
    "tumori": "Mammella Polmone Prostata Rene Tiroide Melanoma Mieloma Colon Fegato Vescica Sarcoma Linfoma",
    "drugs": "Denosumab Zoledronate Pembrolizumab Letrozole Tamoxifen Docetaxel Carboplatin Xgeva",
    "Mittel": "Denosumab Zoledronsäure Letrozol Tamoxifen Abirateron Docetaxel Prednisolon Zometa Herceptin",
    "scanners": "Aera Skyra Avanto Ingenia Achieva Signa Prisma Vida Espree Symphony Verio Trio",
    "treatments": "Surgery SBRT Radiotherapy Kyphoplasty Vertebroplasty Chemotherapy Observation Operation",
    "Behandlungen": "Operation Bestrahlung Kyphoplastie Vertebroplastie Chemotherapie Laminektomie",
    "levels": "L1 L2 L3 L4 L5 S1 T12 T11 Th10",
    "codes": "C50.9 C34.1 C61 C64 C90.0 254837009",
}
PHRASES = {
    "cancers": ["Breast Cancer", "Small Cell Lung Cancer", "Renal Cell Carcinoma", "Multiple Myeloma"],
    "pairs": ["Breast, Lung", "Lung, Liver", "Prostate, Bladder", "Colon, Liver"],
    "vendors": ["Siemens", "Philips", "GE Healthcare", "Toshiba", "Canon", "Hitachi"],
    "examinations": ["MR LWS nativ", "MR BWS mit KM", "MR Lumbar Spine", "MR HWS", "MR Ganzwirbelsäule"],
    "sequences": ["t1_tse_sag_320", "T1 TSE SAG", "STIR", "t2_tse_sag_384"],
    "radiation": ["30 Gy in 10 fractions", "20 Gy in 5 fractions", "8 Gy in 1 fraction"],
    "units": ["1000 Einheiten", "2000 Einheiten", "5000 Einheiten"],
    "events": ["enrollment_arm_1", "dose_1_arm_1", "visit_1_arm_1"],
    "race": ["White", "Black or African American", "Asian", "Other", "Unknown"],
    "sex": ["Frau", "Herr", "Mme", "M."],
    **{name: [*variable.levels.values()] for name, variable in VARIABLES.items() if variable.levels},
}
LEVELS = {**{name: words.split() for name, words in CATEGORIES.items()}, **PHRASES}


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("n", [12, 40, 300, 20_000])
def test_levels_of_a_variable_do_not_identify(name, n):
    levels = LEVELS[name]
    weights = 1 / np.arange(1, len(levels) + 1)
    for seed in range(5):
        chosen = np.random.default_rng(seed).choice(levels, n, p=weights / weights.sum())
        assert held(map(str, chosen)) is None


def test_each_tumor_once_is_no_name():
    for name in CATEGORIES:
        assert held(LEVELS[name]) is None


@pytest.mark.parametrize("n", [12, 300, 20_000])
def test_measurements_do_not_identify(n):
    rng = np.random.default_rng(n)
    days = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 3_000, n), unit="D")
    clock = [
        f"{h:02d}{m:02d}{s:02d}" for h, m, s in zip(*rng.integers(0, [[24], [60], [60]], (3, n)), strict=True)
    ]
    columns = {
        "age": rng.integers(18, 95, n),
        "year of birth": rng.integers(1930, 2000, n),
        "kps": rng.integers(3, 11, n) * 10,
        "albumin": rng.normal(4, 0.5, n).round(1),
        "albumin, decimal comma": [f"{value:.1f}".replace(".", ",") for value in rng.normal(4, 0.5, n)],
        "platelets": rng.integers(20, 900, n),
        "platelets per µL": rng.integers(120, 900, n) * 1_000,
        "platelets in steps of ten": rng.integers(12_000, 90_000, n) * 10,
        "vbq": rng.normal(3, 0.5, n),
        "volume": rng.normal(250_000, 30_000, n).round(2),
        "exponents": [f"{value:.3e}" for value in rng.normal(size=n)],
        "blood pressure": [f"{a}/{b}" for a, b in zip(*rng.integers(50, 180, (2, n)), strict=True)],
        "interval": [f"{a:.2f} ({b:.2f}-{c:.2f})" for a, b, c in rng.normal(size=(n, 3))],
        "tnm": [f"pT{a}N{b}M{c}" for a, b, c in rng.integers(0, 4, (n, 3))],
        "date of MRI": days.strftime("%d.%m.%Y"),
        "date of MRI, DICOM": days.strftime("%Y%m%d"),
        "date and time": days.strftime("%Y-%m-%d 10:15:00"),
        "time": clock,
        "time, DICOM": [f"{time}.{rng.integers(10**6):06d}" for time in clock],
        "pseudonym": [f"E{number:04d}" for number in range(n)][:9_999],
    }
    assert {name: kind for name, cells in columns.items() if (kind := held(cells))} == {}


@pytest.mark.parametrize("cells", [[], [""], ["", "", ""], ["a"], ["?", "-"], ["1", "2"], ["Lehmann"]])
def test_next_to_nothing_does_not_identify(cells):
    assert held(cells) is None


@given(st.lists(st.text(max_size=30)))
def test_any_text_is_judged_and_blank_cells_do_not_count(cells):
    cells = [cell.strip() for cell in cells]
    kind = held(cells)
    assert held([*cells, "", ""]) == kind
    assert held(cells * 2) in (kind, None)


# Mixed columns


def test_a_substantial_share_is_enough():
    numbers = [str(1_048_213 + 37 * n) for n in range(60)]
    assert held([*numbers, *["unknown"] * 50]) == RECORDS
    assert held([*numbers, *["unknown"] * 70]) is None
    assert held([*SURNAMES, *["5"] * 20]) == NAMES
    assert held([*SURNAMES, *["5"] * 30]) is None


def test_one_in_a_hundred_is_enough_for_mail():
    mail = ["a@klinik.example", "b@klinik.example"]
    assert held([*mail, *map(str, range(100))]) == MAIL
    assert held([*mail, *map(str, range(1_000))]) is None
    # Read are 2,000 different cells: enough of them are.
    many = [f"{name}@klinik.example" if name % 50 == 0 else f"x{name}" for name in range(20_000)]
    assert held(many) == MAIL


def test_names_recur_in_long_columns():
    random = Random(0)
    visits = [random.choice(SURNAMES) + random.choice("abcdefghij") for _ in range(2_000)]
    assert held(visits) == NAMES


def test_forty_columns_of_many_rows_take_little_time():
    rng = np.random.default_rng(0)
    n = 20_000
    kinds = [
        column(rng.integers(10**6, 10**7, n)),
        column(rng.normal(size=n)),
        column(rng.choice(["Lung", "Breast"], n)),
        column(f"{a} {b}" for a, b in zip(*rng.choice(SURNAMES, (2, n)), strict=True)),
        column(rng.integers(0, 100, n)),
    ]
    assert effort(lambda: [identifying_content(cells) for cells in kinds * 8]) < 120  # 14: half a second


def test_long_cells_take_no_longer():
    starts = ("a" * 5_000, "1" * 5_000, "1." * 3_000, "via " * 2_000, "1 a b " * 2_000, "a.b" * 2_000)
    columns = [column(f"{n}{start}" for n in range(2_000)) for start in starts]
    assert (
        effort(lambda: [identifying_content(cells) for cells in columns]) < 200
    )  # 20: two thirds of a second


# Real files


@pytest.mark.parametrize(
    ("file", "delimiter", "id_column"),
    [
        ("data/examples/simulated_site/patients.csv", ";", "Pseudonym"),
        ("data/ehresman2019/patients.csv", ",", "patient_id"),
    ],
)
def test_no_column_of_our_own_patients_identifies(file, delimiter, id_column):
    cells = pd.read_csv(PROJECT / file, sep=delimiter, dtype="str", keep_default_na=False)
    columns = cells.drop(columns=id_column)
    assert {name: kind for name in columns if (kind := identifying_content(cells[name]))} == {}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    ("project", "expected"),
    [
        # Three names of three patients could be levels of a variable; those are told by their heading.
        (
            "longitudinal",
            {
                "telephone_1": PHONES,
                "email": MAIL,
                "dob": BIRTHS,
                "comments": TEXT,
                "vob7": TEXT,
                "vob14": TEXT,
            },
        ),
        (
            "simple",
            {
                "name_first": NAMES,
                "telephone": PHONES,
                "email": MAIL,
                "dob": BIRTHS,
                "address": ADDRESSES,
                "comments": TEXT,
            },
        ),
    ],
)
def test_columns_of_redcap_exports(project, expected):
    cells = pd.read_csv(SHARED / project / "data.csv", dtype="str", keep_default_na=False)
    assert {
        name: kind for name in cells if (kind := identifying_content(cells[name].str.strip()))
    } == expected


# Cells that may be shown


@pytest.mark.parametrize(
    "cell",
    [
        *("5", "1.5", "3,5", "-3", "−3", "+4.2", "1e5", "1.5E-3", ".5"),
        *("99999", "12345.67", "3.333333333333"),
        *("< 5", "<5", ">=3", "≥ 3", "~4", "ca. 4", "circa 3", "etwa 12", "env. 5", "1?", "4!", "3*"),
        *("50%", "50 %", "1.5T", "1.5 T", "3 Tesla", "29.8 kg/m2", "29.8 kg/m²", "4.2 g/dL", "250 10^3/µL"),
        *("250 x10^9/L", "12 Monate", "12 months", "12 mois", "12 meses", "12 mesi", "3000 cGy", "5 Jahre"),
        *("ca. 5 Jahre", "about 3 years", "80 (geschätzt)", "20 pack years", "1.234,5", "12'345"),
        *("2-3", "120/80", "70 - 80 %", "10:1", "3/5", "1 or 2", "3 oder 4"),
        *("L3", "Th12", "L 3", "L1-L5", "L3/4", "Th12-L1", "A/B", "M", "f", "GE", "MRT", "D+"),
        *("ja", "oui", "Sí", "sì", "No", "NEIN", "TRUE", "FAUX", "NULL", "None"),
        *("Unknown", "UNKNOWN", "unbekannt", "Unbekannt", "Inconnu", "Desconocido", "Sconosciuto"),
        *("n/a", "N/A", "n.a.", "NaN", "k.A.", "k. A.", "keine Angabe", "Not known", "not done"),
        *("nd", "n.d."),
        *("Not applicable", "non connu", "sans objet", "no consta", "non noto", "NC", "?", "??", "--", "..."),
        *("missing", "Maybe", "a lot", "vielleicht", "Peut-être", "quizás", "forse", "pending", "ausstehend"),
        *("other", "Sonstige", "Autre", "Otro", "Altro", "Keine", "Aucun", "Ninguno", "Nessuno", "Negativ"),
        *("Links", "Ex-Raucher", "Ehemaliger Raucher"),
        *("#N/A", "#NV", "#DIV/0!", "#WERT!", "#NAME?", "#VALEUR!", "#¡VALOR!", "#¿NOMBRE?", "#RIF!"),
        *("Breast", "Lung cancer", "Mammakarzinom", "Kyphoplasty", "Denosumab", "Zoledronsäure", "Diabetes"),
        "",
    ],
)  # fmt: skip
def test_cells_that_may_be_shown(cell):
    assert is_showable(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *("kowalczyk", "sixty", "semi-rigid"),  # a word in lower case may be a surname
        *("1950-03-12", "12.03.1950", "12/03/1950", "3/12/50", "12.3.50", "12. März 1950", "12-MAR-1950"),
        *("Mar 12, 1950", "March 1950", "mars 1950", "03/1950", "03.1950", "1950-03", "12 mar", "12 03 1950"),
        *("19500312", "12031950", "2019-10-14 10:30", "12 03 50"),
        *("a@b.de", "maria.schmidt@klinik.example", "1.2.840.113619.2.55.3", "https://example.org"),
        *("0761 270-1234", "+49 761 2701234", "(415) 555-1212", "06 12 34 56 78"),
        *("0171.2345678", "415.5551212"),
        *("123456", "E123456", "MRN 1234567", "123-45-6789", "A123456780", "756.9217.0769.85", "123 456"),
        *("Müller, Hans", "MUELLER^HANS", "Müller Hans", "hans müller", "Dr. Schmidt", "Frau Meier"),
        "Herr M.",
        *("Maria", "maria", "MARIA", "Anna?", "Schmidt", "SCHMIDT", "Schmidt-Lorenz", "McDonald", "O'Neil"),
        *("von Braun", "García López", "Rossi", "Smith J", "J. Smith", "Li Wu", "Иванов", "王小明"),
        "#Schmidt",
        *("Müller 1950", "schmidt 5", "Schmidt 5", "müller1", "abc1234", "x_y"),
        *("Hauptstr. 12", "Krebsgasse 9", "79106 Freiburg", "12 rue de la Paix", "Freiburg"),
        "Universitätsklinikum",
        *("Patient ist am Montag verstorben", "a b c d e", "no " * 14, "SECRET person"),
        *("line\nbreak", "tab\there", "zero\x00", "abc\u202edef", "5\u200b"),
    ],
)  # fmt: skip
def test_cells_that_may_not_be_shown(cell):
    assert not is_showable(cell)
    assert not is_showable(cell, ["male", "female", "no", "siemens", "1.0"])


@pytest.mark.parametrize(
    ("cell", "known"),
    [
        ("Mechancial", ["mechanical", "none"]),
        ("Seimens", ["ge", "siemens"]),
        ("Philips Healthcare", ["philips"]),
        ("Femal", ["Female"]),
        ("Occasional not mechanical", ["occasional, not mechanical"]),
        ("Mechanical pain", ["mechanical"]),
        ("Übergangszone", ["uebergangszone"]),
        ("Müller", ["Müller"]),
    ],
)
def test_what_is_near_to_a_known_spelling_is_shown(cell, known):
    assert is_showable(cell, known)


@pytest.mark.parametrize("variable", [name for name, found in VARIABLES.items() if found.levels])
def test_levels_of_the_codebook_are_shown_where_they_are_known(variable):
    known = list(map(str, canonical_levels(VARIABLES[variable])))
    for cell in known:
        assert is_showable(cell, known)
        assert is_showable(cell.upper(), known)


@given(st.lists(st.sampled_from(SURNAMES), min_size=1, max_size=3), st.sampled_from([" ", ", ", "^", "-"]))
def test_names_are_never_shown(names, between):
    assert not is_showable(between.join(names), ["sbrt", "surgery"])


@given(
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%y", "%m/%d/%Y", "%Y%m%d", "%d%m%Y", "%d %b %Y", "%d.%m.%Y 10:30"]),
)
def test_dates_are_never_shown(day, written):
    assert not is_showable(day.strftime(written), ["1.0", "2.0"])


@given(st.integers(10**5, 10**12), st.text("abcXYZ -/", max_size=6))
def test_long_numbers_are_never_shown(number, before):
    assert not is_showable(f"{before}{number}")


@given(
    st.floats(-99_999, 99_999).map(lambda number: f"{number:.3g}"),
    st.sampled_from(["", "%", " kg", " mg/dL"]),
)
def test_short_numbers_are_shown(number, unit):
    assert is_showable(number + unit)
    assert is_showable(number.replace(".", ",") + unit)


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_cell_can_be_asked_for(cell, known):
    shown = is_showable(cell, known)
    assert not (shown and (len(cell) > content.LONGEST_SHOWN or "\n" in cell))


def test_no_name_is_among_the_words_that_are_shown():
    lists = content.ANSWERS | content.MEDICAL
    assert lists.isdisjoint(content.GIVEN_NAMES)
    assert not list(filter(content.MEDICAL_PART.search, content.GIVEN_NAMES))
    for word in lists | content.GIVEN_NAMES:
        assert word == content._plain(word)
