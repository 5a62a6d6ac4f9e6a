"""The forms that one site's rows may take: a draw of format, layout and wording, none of which matters."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from spoiled.base import CANARY_NAMES, KEY, LEVELS, N_SITES, Base, base_site
from spoiled.tables import STATISTICAL, SUFFIXES, How, Table, is_number

from vbq.codebook import NO_YES, SINS_COMPONENTS, VARIABLES

FORMATS = ("csv", "csv", "csv", "xlsx", "xlsx", "parquet", "sav", "dta", "xpt", "redcap")
LAYOUTS = (
    *("wide", "wide", "wide", "long", "long", "joined", "by reader", "by patient"),
    *("slicer", "slicer keys", "imagej", "osirix", "ohif"),
)
VIEWERS = ("slicer", "slicer keys", "imagej", "osirix", "ohif")
FOLDERS = ("by patient", *VIEWERS[:4])  # a file per patient and reader

HEADINGS = {
    "english": {
        "id": "Pseudonym",
        "new_vcf": "New fracture (yes/no)",
        "n_new_vcf": "New fractures, n",
        "age": "Age [years]",
        "sex": "Sex",
        "bmi": "BMI (kg/m²)",
        "kps": "Karnofsky",
        "albumin": "Albumin",
        "calcium": "Calcium, serum",
        "smoking": "Smoking status",
        "field_strength": "Field strength (T)",
        "follow_up_months": "Follow-up",
        "sins": "SINS, total",
        **{name: name.replace("_", " ").replace("sins", "SINS") for name in SINS_COMPONENTS},
        "reader": "Reader",
        **{level: f"{level} mean" for level in LEVELS},
        "csf": "CSF mean",
        "csf_level": "CSF level",
        "level": "Region",
        "value": "Mean signal",
    },
    "german": {
        "id": "Patienten-ID",
        "new_vcf": "Neue Fraktur",
        "n_new_vcf": "Neue Brüche; Anzahl",
        "age": "Alter (Jahre)",
        "sex": "Geschlecht männl./weibl.",
        "bmi": "Größenindex (BMI)",
        "kps": "Karnofsky-Index für Aktivität",
        "albumin": "Albumin i. S.",
        "calcium": "Kalzium",
        "smoking": "Rauchen (früher?)",
        "field_strength": "Feldstärke",
        "follow_up_months": "Nachbeobachtung (Monate)",
        "sins": "SINS gesamt",
        "sins_location": "SINS Höhe",
        "sins_pain": "SINS Schmerz",
        "sins_lesion": "SINS Läsion",
        "sins_alignment": "SINS Stellung",
        "sins_collapse": "SINS Sinterung",
        "sins_posterolateral": "SINS Posterolateral",
        "reader": "Befunder",
        **{level: f"LWK {level[1]} Ø" for level in LEVELS},
        "csf": "Liquor Ø",
        "csf_level": "Liquorhöhe",
        "level": "Höhe",
        "value": "Signal Ø",
    },
}
OWN_WORDS = {
    "new_vcf": [{"1": "ja", "0": "nein"}, {"1": "2", "0": "1"}, {"1": "Fraktur", "0": "-"}],
    "sex": [{"female": "weiblich", "male": "männlich"}, {"female": "1", "male": "2"}],
    "smoking": [{"never": "nie", "former": "früher", "current": "aktuell"}],
    "sins_lesion": [{"0": "blastisch", "1": "gemischt", "2": "lytisch"}],
    "sins_pain": [{"0": "0 - keiner", "1": "1 - gelegentlich", "3": "3 - mechanisch"}],
}
KNOWN_WORDS = {
    "new_vcf": [{"1": "Yes", "0": "no"}, {"1": "TRUE", "0": "FALSE"}, {"1": "1.0", "0": "0.0"}],
    "sex": [{"female": "F", "male": "m"}, {"female": "Female", "male": "MALE"}],
    "smoking": [dict(VARIABLES["smoking"].levels)],
    "field_strength": [{"1.5": "1.5 T", "3": "3.0"}, {"1.5": "1.5T", "3": "3 T"}],
    **{
        name: [{str(value): label for value, label in VARIABLES[name].levels.items()}]
        for name in SINS_COMPONENTS
    },
}
UNITS = {"albumin": (10, 0.1), "calcium": (10, 0.1), "age": (12, 1 / 12), "kps": (Decimal("0.1"), 10)}
LEVEL_NAMES = {
    level: (
        level,
        f"l-{level[1]}",
        f"VB {level}",
        f"LWK {level[1]}",
        f"{level[0]} {level[1]}",
        f"vertebra {level}",
    )
    for level in LEVELS
}
IDENTIFYING = ("Patientenname", "Name", "Geburtsdatum", "E-Mail", "Versichertennummer")
HARMLESS = ("Visit", "Scanner protocol", "Batch", "Größe der Läsion")
TITLES = (("sep=;",), ("Unsere Kohorte", ""), ("Export", "Stand: Mai", "nur Erwachsene"))
REDCAP_DICTIONARY = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Identifier?",
)
EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"


@dataclass
class Site:
    """A site's files in one form: tables to write, further files, the cohort file that maps them.

    `cells` has the places of each column, by section and key: a table and one of its rows. They stand in the
    order of the base's patients or readings. `features` name what was done. `dictionary` are the rows of a
    REDCap data dictionary.
    """

    base: Base
    rng: random.Random
    features: set[str] = field(default_factory=set)
    spec: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    cells: dict[tuple[str, str], list[tuple[Table, int]]] = field(default_factory=dict)
    dictionary: list[dict[str, str]] = field(default_factory=list)

    def add(self, table: Table, section: str, keys: Sequence[str], rows: Sequence[int]) -> None:
        """Take a table, and note the cells of some columns in some of its rows."""
        if not any(table is known for known in self.tables):
            self.tables.append(table)
        for key in keys:
            self.cells.setdefault((section, key), []).extend((table, row) for row in rows)

    def keys(self, section: str) -> list[str]:
        """The columns of a section."""
        return [key for name, key in self.cells if name == section]

    def heading(self, section: str, key: str) -> str:
        """The heading of a column."""
        return self.cells[section, key][0][0].headings[key]

    def label(self, section: str) -> str:
        """The section's file as problems call it, where it is one."""
        return self.cells[section, "id"][0][0].label

    def file_of(self, table: Table) -> str:
        """A table's file as problems call it: files of a template by their number."""
        named = self.spec.get("readings", {}).get("file", "")
        if "{" not in named or table is self.cells["patients", "id"][0][0]:
            return table.label
        paths = sorted(
            {other.path for other, _ in self.cells["readings", "value" if self.is_long else "csf"]}
        )
        return f"{named.split('/')[-1]}, file {paths.index(table.path) + 1}"

    @property
    def is_long(self) -> bool:
        """Whether readings have a row per region."""
        return ("readings", "value") in self.cells


def draw_site(rng: random.Random, formats: Sequence[str] = FORMATS, layouts: Sequence[str] = ()) -> Site:
    """Return a site in a form drawn from some formats (of the patients' file) and layouts (of the readings).

    Without layouts any will do, none too.
    """
    format_ = rng.choice(formats)
    layout = rng.choice(layouts or LAYOUTS)
    number = rng.randrange(N_SITES)
    if format_ == "redcap" or layout in FOLDERS:
        number = rng.randrange(N_SITES // 2)
    if layouts and not number % 4:
        number += 1
    if not layouts and rng.random() < 0.4:
        number -= number % 4  # no readings
    if format_ != "redcap" and number % 4 and layout in ("joined", "by reader"):
        number = number - number % 4 + (1 if layout == "joined" else 2)  # one reader, or two
    site = Site(base_site(number), rng, {format_})
    if format_ == "redcap":
        _as_redcap(site)
    else:
        _as_files(site, format_, layout if site.base.readers else "none")
    site.spec |= {
        "title": "A site",
        "role": "validation",
        "provenance": "simulated; not patient data",
        "plan": "config/plans/ehresman2019.yaml",
    }
    return site


def _as_files(site: Site, format_: str, layout: str) -> None:
    rng, base = site.rng, site.base
    is_plain = format_ in STATISTICAL  # no spaces or umlauts in names of variables
    style = "plain" if is_plain else rng.choice(["plain", "english", "german"])
    headings = HEADINGS.get(style, {"id": "patient_id"})
    missing = rng.choice(["", "-9", "999"] if is_plain else ["", "-9", "k. A.", "NA", "999"])
    how = _how(site, format_)
    section: dict[str, Any] = {"id": headings.get("id", "id"), "columns": {}}
    cells = {
        name: _worded(site, name, missing, section, headings.get(name, name), is_plain)
        for name in base.variables
    }
    if missing:
        site.features.add("missing codes")
        section["missing"] = [float(missing) if is_number(missing) and rng.random() < 0.5 else missing]
    rows = [
        {"id": patient["id"], **{name: cells[name][order] for name in base.variables}}
        for order, patient in enumerate(base.patients)
    ]
    keys = ["id", *base.variables]
    table = Table(f"patients{SUFFIXES[format_]}", format_, {}, rows, how)
    table.missing = missing
    words = {name: sorted({cell for cell in cells[name] if not is_number(cell)} - {""}) for name in cells}
    table.coded = {name: known for name, known in words.items() if known}
    if format_ == "sav" and missing and rng.random() < 0.5:
        how.declared_missing = float(missing)
        del section["missing"]
        site.features.add("declared missing")
    if layout == "joined":
        site.features.add("joined")
        for row, reading in zip(rows, base.readings, strict=True):
            row |= {key: reading[key] or missing for key in (*LEVELS, "csf", "csf_level")}
        keys += [*LEVELS, "csf", "csf_level"]
        names = {key: headings.get(key, key) for key in (*LEVELS, "csf", "csf_level")}
        shared = {name: section[name] for name in ("id", "missing") if name in section}
        site.spec["readings"] = {**shared, "columns": names}
    keys = _more_columns(site, keys, rows, section, format_)
    table.headings = {key: headings.get(key, key) for key in keys}
    if is_plain and rng.random() < 0.5:
        section["id"] = table.headings["id"] = "patient_id"
    for part in ("patients", "readings"):
        if part in site.spec:
            site.spec[part]["id"] = section["id"]
    places = _shuffled_rows(site, rows)
    _group(site, table, section)
    site.spec["patients"] = section | _settings(site, table)
    if layout == "joined":
        site.spec["readings"] = {"file": table.path, **site.spec["readings"]}
        if table.sheet:
            site.spec["readings"]["sheet"] = table.sheet
        site.add(table, "readings", ["id", *LEVELS, "csf", "csf_level"], places)
    site.add(table, "patients", ["id", *base.variables], places)
    _leave_out_mapping(site, table, style, layout)
    if layout not in ("none", "joined"):
        _add_readings(site, layout, headings, table)


def _how(site: Site, format_: str) -> How:
    """Draw how a table is written, for as long as a file of this format can be so."""
    rng = site.rng
    if format_ in STATISTICAL:
        return How()
    how = How(decimal=rng.choice([".", ","]), padding=rng.choice(["", "", " ", "\u00a0"]))
    site.features.add("decimal comma" if how.decimal == "," else "decimal point")
    if rng.random() < 0.25:
        how.titles = rng.choice(TITLES)
        site.features.add("title rows")
    if rng.random() < 0.3:
        how.blank_rows = frozenset(rng.sample(range(12), 2))
        site.features.add("blank rows")
    if format_ == "xlsx":
        how.padding = ""
        how.typed = rng.random() < 0.6
        how.more_sheets = rng.choice([(), (("Codes", False),), (("Listen", True),)])
        site.features |= {"typed cells" if how.typed else "numbers as text"}
        site.features |= {
            "hidden sheet" if is_hidden else "several sheets" for _, is_hidden in how.more_sheets
        }
        return how
    how.delimiter = rng.choice([",", ";", ";", "\t", "|", "~", ":"])
    how.newline = rng.choice(["\n", "\r\n", "\r\n", "\r"])
    how.encoding, how.mark = rng.choice(
        [
            ("utf-8", b""),
            ("utf-8", b"\xef\xbb\xbf"),
            ("cp1252", b""),
            ("latin-1", b""),
            ("utf-16-le", b"\xff\xfe"),
            ("utf-16-be", b""),
        ]
    )
    how.quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    if rng.random() < 0.25:
        how.blank_columns = rng.randint(1, 3)
        site.features.add("blank columns")
    mark = " with mark" if how.mark else ""
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "~": "other", ":": "other"}
    ends = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}
    site.features |= {f"{how.encoding}{mark}", f"delimiter {names[how.delimiter]}", ends[how.newline]}
    site.features |= {"all quoted"} if how.quoting == csv.QUOTE_ALL else set()
    site.features |= {"padded cells"} if how.padding else set()
    return how


def _settings(site: Site, table: Table) -> dict[str, Any]:
    """Return what a section says of its file."""
    how, rng = table.how, site.rng
    said: dict[str, Any] = {"file": table.path}
    if table.format in STATISTICAL:
        return said
    if table.format == "xlsx":
        visible = [title for title, is_hidden in how.more_sheets if not is_hidden]
        table.sheet = table.sheet or ("Tabelle1" if visible or rng.random() < 0.3 else "")
        said |= {"sheet": table.sheet} if table.sheet else {}
    else:
        stated = how.encoding if how.mark != b"\xff\xfe" else "utf-16"
        said |= {"encoding": stated} if how.encoding != "utf-8" or rng.random() < 0.3 else {}
        said |= {"delimiter": how.delimiter} if how.delimiter in "~:" or rng.random() < 0.5 else {}
    said |= {"decimal": how.decimal} if how.decimal == "," or rng.random() < 0.3 else {}
    rows = table.heading_rows
    said |= {"headings": rows if len(rows) > 1 else rows[0]} if rows != [1] else {}
    return said


def _worded(
    site: Site, name: str, missing: str, section: dict[str, Any], heading: str, is_plain: bool
) -> list[str]:
    """Return a variable's cells in the site's words or unit, and map its column."""
    rng = site.rng
    cells = [patient[name] for patient in site.base.patients]
    entry: dict[str, Any] = {"column": heading}
    draw = rng.random()
    if name in OWN_WORDS and draw < 0.35:
        words = rng.choice(OWN_WORDS[name])
        entry["levels"] = {word: _canonical(name, level) for level, word in words.items()}
        cells = [words.get(cell, cell) for cell in cells]
        site.features.add("own levels")
    elif name in KNOWN_WORDS and draw < 0.7:
        words = rng.choice(KNOWN_WORDS[name])
        cells = [words.get(cell, cell) for cell in cells]
        site.features.add("known spellings")
    elif name in UNITS and draw < 0.4:
        factor, entry["multiply"] = UNITS[name]
        cells = [_plain(Decimal(cell) * factor) if cell else "" for cell in cells]
        site.features.add("another unit")
    own_missing = "" if name == KEY else missing
    cells = [cell or own_missing for cell in cells]
    section["columns"][name] = entry if len(entry) > 1 or rng.random() < 0.2 else heading
    return cells


def _canonical(name: str, level: str) -> Any:
    return int(level) if level.isdigit() and VARIABLES[name].kind != "nominal" else level


def _plain(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text


def _more_columns(
    site: Site, keys: list[str], rows: list[dict[str, Any]], section: dict[str, Any], format_: str
) -> list[str]:
    """Add columns that nobody maps, those of persons dropped, and put all in another order."""
    rng = site.rng
    if rng.random() < 0.4:
        heading = "visit" if format_ in STATISTICAL else rng.choice(HARMLESS)
        keys = [*keys, heading]
        for order, row in enumerate(rows):
            row[heading] = str(1 + order % 3)
        site.features.add("unmapped column")
    if rng.random() < 0.4:
        heading = "name" if format_ in STATISTICAL else rng.choice(IDENTIFYING)
        keys = [*keys, heading]
        for order, row in enumerate(rows):
            row[heading] = f"{CANARY_NAMES[order % len(CANARY_NAMES)]}, {chr(65 + order % 26)}."
        section["drop"] = [heading]
        site.features.add("dropped column")
    if rng.random() < 0.5:
        keys = rng.sample(keys, len(keys))
        site.features.add("columns in another order")
    return keys


def _shuffled_rows(site: Site, rows: list[dict[str, Any]]) -> list[int]:
    """Put rows in another order, and return where each now is."""
    order = list(range(len(rows)))
    if site.rng.random() < 0.5:
        site.rng.shuffle(order)
        site.features.add("rows in another order")
    rows[:] = [rows[number] for number in order]
    return [order.index(number) for number in range(len(order))]


def _group(site: Site, table: Table, section: dict[str, Any]) -> None:
    """Give adjacent columns an upper heading, merged above theirs."""
    if table.format not in ("csv", "xlsx") or site.rng.random() > 0.2 or "joined" in site.features:
        return
    members = list(table.headings)[2:4]
    if "id" in members or any(key not in section["columns"] for key in members):
        return
    for key in members:
        table.groups[key] = "Baseline"
        entry = section["columns"][key]
        table.headings[key] = f"Baseline {table.headings[key]}"
        entry = {"column": entry} if isinstance(entry, str) else entry
        section["columns"][key] = entry | {"column": table.headings[key]}
    site.features.add("merged headings")


def _leave_out_mapping(site: Site, table: Table, style: str, layout: str) -> None:
    """Map nothing where the headings are names of the codebook, sometimes."""
    section = site.spec["patients"]
    is_named = all(entry == name or entry == {"column": name} for name, entry in section["columns"].items())
    if style == "plain" and layout != "joined" and is_named and section["id"] == "patient_id":
        del section["columns"], section["id"]
        site.features.add("no mapping")


def _add_readings(site: Site, layout: str, headings: dict[str, str], patients: Table) -> None:
    rng, base = site.rng, site.base
    site.features.add(layout)
    missing = rng.choice(["", "-9", "NaN"])
    section: dict[str, Any] = {"missing": [missing]} if missing else {}
    if layout in FOLDERS or layout == "ohif":
        _as_folder(site, layout, section)
        return
    formats = ["csv", "csv", "xlsx", "parquet", "sav", "dta", *(["xlsx"] * 4 if patients.sheet else [])]
    format_ = rng.choice(formats) if layout != "by reader" else "csv"
    if format_ in STATISTICAL:
        headings = {"id": "patient_id"}
        missing = section.pop("missing", [""])[0] and "-9"
        section |= {"missing": [missing]} if missing else {}
    how = _how(site, format_)
    how.more_sheets = ()
    section["id"] = headings.get("id", "id")
    is_long = layout == "long" or (layout == "by reader" and rng.random() < 0.3)
    rows, keys = (
        _long_rows(site, section, missing, headings)
        if is_long
        else _wide_rows(site, section, missing, headings)
    )
    has_reader = len(base.readers) > 1 and layout != "by reader"
    if has_reader:
        keys.insert(1, "reader")
        section["reader"] = headings.get("reader", "reader")
    section["layout"] = "long" if is_long else "wide"
    if not is_long and rng.random() < 0.5:
        del section["layout"]
    groups = {reader: [row for row in rows if row["reader"] == reader] for reader in base.readers}
    parts = groups if layout == "by reader" else {"": rows}
    said: dict[str, Any] = {}
    order = rng.sample(keys, len(keys))
    for reader, own in parts.items():
        name = f"readings_{reader}" if reader else "readings"
        names = {key: headings.get(key, key) for key in order}
        table = Table(f"{name}{SUFFIXES[format_]}", format_, names, own, how, missing=missing)
        if format_ == "xlsx" and patients.format == "xlsx" and patients.sheet and rng.random() < 0.8:
            table.path, table.sheet = patients.path, "ROI"
            site.features.add("sheets of one workbook")
        if format_ == "xlsx" and not is_long and not any(how.blank_rows) and rng.random() < 0.5:
            how.merged_ids = True
            site.features.add("merged cells")
            places = list(range(len(own)))
        else:
            places = _shuffled_rows(site, own)
        said = said or _settings(site, table)
        site.add(table, "readings", keys, places)
    if layout == "by reader":
        said["file"] = "readings_{reader}.csv"
    site.spec["readings"] = section | said


def _wide_rows(
    site: Site, section: dict[str, Any], missing: str, headings: dict[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    keys = ["id", *LEVELS, "csf", "csf_level"]
    rows = [
        {"id": reading["id"], "reader": reading["reader"]}
        | {key: reading[key] or missing for key in keys[1:]}
        for reading in site.base.readings
    ]
    section["columns"] = {key: headings.get(key, key) for key in keys[1:]}
    return rows, keys


def _long_rows(
    site: Site, section: dict[str, Any], missing: str, headings: dict[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    rng = site.rng
    by_column, scheme = rng.random() < 0.5, rng.random() < 0.4
    names = {level: str(20 + int(level[1])) if scheme else rng.choice(LEVEL_NAMES[level]) for level in LEVELS}
    rows = []
    for reading in site.base.readings:
        whose = {"id": reading["id"], "reader": reading["reader"]}
        for level in LEVELS:
            if reading[level] or missing:
                rows.append(
                    {**whose, "level": names[level], "value": reading[level] or missing, "csf_level": ""}
                )
        csf = "CSF" if by_column else f"CSF_{reading['csf_level']}"
        at = reading["csf_level"] if by_column else ""
        rows.append({**whose, "level": csf, "value": reading["csf"], "csf_level": at})
    level: Any = headings.get("level", "level")
    if scheme:
        site.features.add("own region names")
        own = {names[level]: level for level in LEVELS}
        own |= {row["level"]: row["level"] for row in rows if row["level"].startswith("CSF")}
        level = {"column": level, "levels": own}
    section["columns"] = {"level": level, "value": headings.get("value", "value")}
    keys = ["id", "level", "value"]
    if by_column:
        section["columns"]["csf_level"] = headings.get("csf_level", "csf_level")
        keys.append("csf_level")
    return rows, keys


VIEWER_COLUMNS = {
    "by patient": {"level": "Region", "value": "Mean"},
    "slicer": {
        "level": "Segment",
        "voxels": "Number of voxels [voxels] (1)",
        "volume": "Volume [mm3] (1)",
        "value": "Mean [1]",
        "median": "Median [1]",
    },
    "slicer keys": {
        "level": "Segment",
        "voxels": "LabelmapSegmentStatisticsPlugin.voxel_count",
        "value": "ScalarVolumeSegmentStatisticsPlugin.mean",
        "median": "ScalarVolumeSegmentStatisticsPlugin.median",
    },
    "imagej": {"number": " ", "level": "Label", "area": "Area", "value": "Mean", "median": "Median"},
    "osirix": {
        "image": "ImageNo",
        "value": "RoiMean",
        "max": "RoiMax",
        "level": "RoiName",
        "points": "NumOfPoints",
    },
    "ohif": {
        "id": "Patient ID",
        "name": "Patient Name",
        "study": "StudyInstanceUID",
        "level": "Label",
        "kind": "AnnotationType",
        "value": "Mean",
        "area": "Area",
    },
}


def _as_folder(site: Site, layout: str, section: dict[str, Any]) -> None:
    """Put readings into a file per patient and reader, as viewers export them (OHIF: per reader)."""
    base, rng = site.base, site.rng
    how = How(delimiter="\t" if layout in ("slicer", "imagej") else ",", points=layout == "osirix")
    columns = VIEWER_COLUMNS[layout]
    has_readers = len(base.readers) > 1
    files: dict[str, list[dict[str, Any]]] = {}
    for reading in base.readings:
        by_patient = (
            f"rois/{reading['id']}_{reading['reader']}.csv" if has_readers else f"rois/{reading['id']}.csv"
        )
        by_reader = f"ohif_{reading['reader']}.csv" if has_readers else "ohif.csv"
        path = by_reader if layout == "ohif" else by_patient
        rows = files.setdefault(path, [])
        rows += [_region(reading, level, layout, rng) for level in (*LEVELS, "csf") if reading[level]]
    for path, rows in files.items():
        table = Table(path, "csv", dict(columns), rows, how)
        keys = ["level", "value", *(["id"] if layout == "ohif" else [])]
        site.add(table, "readings", keys, range(len(rows)))
    if layout in VIEWERS:
        section["format"] = layout.removesuffix(" keys")
    else:
        section |= {"layout": "long", "columns": {"level": "Region", "value": "Mean"}}
    named = {True: ("ohif_{reader}.csv", "rois/{id}_{reader}.csv"), False: ("ohif.csv", "rois/{id}.csv")}
    site.spec["readings"] = {"file": named[has_readers][layout != "ohif"], **section}


def _region(reading: dict[str, str], level: str, layout: str, rng: random.Random) -> dict[str, Any]:
    name = f"CSF_{reading['csf_level']}" if level == "csf" else rng.choice(LEVEL_NAMES[level])
    others = {"voxels": "410", "volume": "512.5", "number": "1", "area": "215.3", "image": "6", "points": "2"}
    return {
        **others,
        "id": reading["id"],
        "level": f"{reading['id']}.tif:{name}:7" if layout == "imagej" else name,
        "value": reading[level],
        "median": "1.5",
        "max": "9000.5",
        "name": f"{rng.choice(CANARY_NAMES)}^X",
        "study": "1.2.276.0.7230010.3.1.2.0.1",
        "kind": "RectangleROI",
    }


def _as_redcap(site: Site) -> None:
    """Put everything into one flat export: two events, and readings in a repeating instrument."""
    rng, base = site.rng, site.base
    with_labels, headed_by_labels = rng.random() < 0.5, rng.random() < 0.3
    how = How(quoting=csv.QUOTE_ALL if rng.random() < 0.5 else csv.QUOTE_MINIMAL)
    site.features |= {
        "labels" if with_labels else "codes",
        *(["headings of labels"] if headed_by_labels else []),
    }
    fields = {name: _redcap_field(name, rng) for name in base.variables}
    reading_keys = (*LEVELS, "csf", "csf_level") if base.readings else ()
    names = {"id": "record_id", "event": EVENT, "instrument": INSTRUMENT, "instance": INSTANCE}
    names |= {key: f"fld_{key.lower()}" for key in (*base.variables, *reading_keys)}
    site.dictionary = [_described("record_id", "text", "Study ID")]
    for name, choices in fields.items():
        label = f"About {name}"
        if choices == "checkbox":
            site.dictionary.append(_described(names[name], "checkbox", label, "1, present | 2, old"))
            names[name] = f"{names[name]}___1"
            label = f"{label} (choice=present)"
        else:
            told = " | ".join(f"{code}, {word}" for word, code in choices.items())
            site.dictionary.append(_described(names[name], "radio" if choices else "text", label, told))
        names[name] = label if headed_by_labels else names[name]
    for key in reading_keys:
        site.dictionary.append(_described(names[key], "text", f"Mean of {key}"))
        names[key] = f"Mean of {key}" if headed_by_labels else names[key]
    if len(base.readers) > 1:
        names["reader"] = "fld_reader"
        site.dictionary.append(_described("fld_reader", "text", "Reader"))
    site.dictionary.append(_described("fld_remarks", "notes", "Remarks"))
    names["remarks"] = "fld_remarks"
    late = ["new_vcf", "n_new_vcf"]
    rows: list[dict[str, Any]] = []
    places: dict[str, list[int]] = {"baseline": [], "followup": [], "rois": []}
    for patient in base.patients:
        told_words = {
            name: _redcap_cell(patient[name], name, fields[name], with_labels) for name in base.variables
        }
        of_event = {
            "baseline": {name: cell for name, cell in told_words.items() if name not in late},
            "followup": {name: cell for name, cell in told_words.items() if name in late},
        }
        of_event["baseline"]["remarks"] = f"seen by {rng.choice(CANARY_NAMES)} today, all well so far"
        for event, cells in of_event.items():
            places[event].append(len(rows))
            rows.append({"id": patient["id"], "event": f"{event}_arm_1", **cells})
        for instance, reading in enumerate(base.readings):
            if reading["id"] == patient["id"]:
                places["rois"].append(len(rows))
                more = {"event": "baseline_arm_1", "instrument": "rois", "instance": str(instance + 1)}
                rows.append({**reading, **more})
    table = Table("export.csv", "csv", names, rows, how)
    columns: dict[str, Any] = {}
    for name in base.variables:
        entry: dict[str, Any] = {"column": names[name]}
        if fields[name] == "checkbox":
            entry["levels"] = {"Checked": 1, "Unchecked": 0}
            site.features.add("checkbox")
        if name in late:
            entry["rows"] = {EVENT: "followup_arm_1"}
        columns[name] = entry
    site.spec["patients"] = {
        "file": table.path,
        "dictionary": "dictionary.csv",
        "id": "record_id",
        "rows": {EVENT: "baseline_arm_1", INSTRUMENT: ""},
        "drop": ["fld_remarks"],
        "columns": columns,
    }
    site.add(
        table, "patients", ["id", *(name for name in base.variables if name not in late)], places["baseline"]
    )
    site.add(table, "patients", [name for name in late if name in base.variables], places["followup"])
    if base.readings:
        keys = ["id", *reading_keys, *(["reader"] if "reader" in names else [])]
        site.spec["readings"] = {
            "file": table.path,
            "id": "record_id",
            "rows": {INSTRUMENT: "rois"},
            "columns": {key: names[key] for key in reading_keys},
        }
        if "reader" in names:
            site.spec["readings"]["reader"] = names["reader"]
        site.add(table, "readings", keys, places["rois"])


def _redcap_field(name: str, rng: random.Random) -> Any:
    """Return the code of each label of a field; none for one of text, or that it is a checkbox."""
    variable = VARIABLES[name]
    if not variable.levels:
        return {}
    if variable.levels == NO_YES:
        return rng.choice([{"Yes": "1", "No": "0"}, {"Yes": "1", "No": "2"}, "checkbox"])
    return {label: str(11 + order) for order, label in enumerate(variable.levels.values())}


def _redcap_cell(cell: str, name: str, choices: Any, with_labels: bool) -> str:
    if not choices or not cell:
        return cell
    if choices == "checkbox":
        return {"1": "Checked", "0": "Unchecked"}[cell] if with_labels else cell
    label = {str(value): label for value, label in VARIABLES[name].levels.items()}[cell]
    return label if with_labels else choices[label]


def _described(name: str, kind: str, label: str, choices: str = "") -> dict[str, str]:
    return dict.fromkeys(REDCAP_DICTIONARY, "") | {
        REDCAP_DICTIONARY[0]: name,
        REDCAP_DICTIONARY[1]: "form",
        REDCAP_DICTIONARY[3]: kind,
        REDCAP_DICTIONARY[4]: label,
        REDCAP_DICTIONARY[5]: choices,
    }
