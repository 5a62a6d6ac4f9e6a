"""What goes wrong in a site's files, a kind each, with the place where the reader has to say so."""

import datetime as dt
import gzip
import os
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from spoiled.base import CANARY_NAMES, LEVELS, NUMBERS
from spoiled.forms import FOLDERS, FORMATS, INSTRUMENT, Site
from spoiled.tables import Raw, Table

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.problems import COHORT_FILE

HEAD = -1  # in place of a row: that of the headings
WHOLE_FILE = None
OWN_FILES = ("wide", "long", "by reader")
Spot = tuple[Any, int | None, str | None]


@dataclass
class Expected:
    """What the reader has to say: a problem at one of some spots (table or file, row of the table, heading).

    A heading of None is any column, "" none. `alone` forbids errors elsewhere, `or_same` allows the good
    cohort instead, `is_same` asks for it. `afterwards` changes what was written.
    """

    spots: list[Spot] = field(default_factory=list)
    severity: str = "error"
    alone: bool = False
    or_same: bool = False
    is_same: bool = False
    afterwards: Callable[[Path], None] | None = None

    def places(self, site: Site) -> set[tuple[str, int | None, str | None]]:
        """Return the spots as problems name them, once the files are written."""
        found = set()
        for table, row, heading in self.spots:
            if isinstance(table, str):
                found.add((table, row, heading))
            else:
                number = row if row is None else table.heading_row if row == HEAD else table.numbers[row]
                found.add((site.file_of(table), number, heading))
        return found


@dataclass(frozen=True)
class Damage:
    """A kind of damage: what does it, and the forms of a site that can have it.

    `weight` is how often the benchmark has it, 1 unless it takes long.
    """

    strike: Callable[[Site], Expected]
    formats: Sequence[str] = FORMATS
    layouts: Sequence[str] = ()
    needs: Callable[[Site], bool] = lambda site: True
    weight: float = 1


DAMAGES: dict[str, Damage] = {}


def damage(kind: str, **where: Any) -> Callable[[Callable[[Site], Expected]], Callable[[Site], Expected]]:
    """Enter a function into the list of damages."""

    def enter(strike: Callable[[Site], Expected]) -> Callable[[Site], Expected]:
        DAMAGES[kind] = Damage(strike, **where)
        return strike

    return enter


# cells


def numeric_cells(site: Site) -> list[tuple[str, str]]:
    """Return the columns of numbers of both files."""
    found = [("patients", name) for name in NUMBERS if ("patients", name) in site.cells]
    return found + [("readings", key) for key in (*LEVELS, "csf", "value") if ("readings", key) in site.cells]


def level_cells(site: Site) -> list[tuple[str, str]]:
    """Return the columns of levels of the patients' file."""
    return [place for place in site.cells if place[0] == "patients" and place[1] not in (*NUMBERS, "id")]


def pick(site: Site, columns: Sequence[tuple[str, str]]) -> tuple[Table, int, str]:
    """Return a cell of some columns, and its heading."""
    section, key = site.rng.choice(list(columns))
    table, row = site.rng.choice(site.cells[section, key])
    if section == "readings" and table.how.merged_ids and key == "id":
        row = next(number for number, other in enumerate(table.rows) if other["id"] == table.rows[row]["id"])
    return table, row, key


def put(site: Site, columns: Sequence[tuple[str, str]], words: Sequence[Any]) -> Expected:
    """Put one of some words into a cell of some columns, where it has to be refused."""
    table, row, key = pick(site, columns)
    encoding = table.how.encoding
    word = site.rng.choice(
        [word for word in words if word.encode(encoding, "ignore").decode(encoding) == word]
    )
    table.rows[row][key] = Raw(word)
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("text for a number")
def _(site: Site) -> Expected:
    words = [
        "abc",
        "ca. 60",
        "60 J.",
        "?",
        "..",
        "--",
        "1.2.3",
        "12 kg",
        "6O",
        "l2",
        "4.1*",
        "<5",
        "1/2",
        "5-6",
        "–",
    ]
    return put(site, numeric_cells(site), words)


@damage("no finite number")
def _(site: Site) -> Expected:
    words = ["inf", "-inf", "1e999", "-1e999", "Infinity", "1_000", "0x1F", "１２", "12e", "٣", "½", "1e5000"]
    return put(site, numeric_cells(site), words)


@damage("NaN in words", needs=lambda site: "missing" not in site.spec.get("readings", {}))
def _(site: Site) -> Expected:
    return put(site, numeric_cells(site), ["nan", "NAN", "NaN"])


@damage("the other decimal mark")
def _(site: Site) -> Expected:
    table, row, key = pick(site, numeric_cells(site))
    mark = "." if table.how.decimal == "," else ","
    table.rows[row][key] = Raw(f"4{mark}1")
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("thousands separators")
def _(site: Site) -> Expected:
    table, row, key = pick(site, numeric_cells(site))
    point = ["1,234.5", "1 234", "1'234", "1\u00a0234", "1,234,567"]
    comma = ["1.234,5", "1 234", "1'234", "1.234", "1.234.567"]
    table.rows[row][key] = Raw(site.rng.choice(comma if table.how.decimal == "," else point))
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("outside the possible range")
def _(site: Site) -> Expected:
    table, row, key = pick(site, numeric_cells(site))
    table.rows[row][key] = "99999.5" if key not in (*LEVELS, "csf", "value") else site.rng.choice(["-5", "0"])
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("a negative number")
def _(site: Site) -> Expected:
    table, row, key = pick(site, numeric_cells(site))
    table.rows[row][key] = "-7"
    return Expected([(table, row, table.headings[key])], alone=True)


@damage(
    "one value in another unit",
    needs=lambda site: any(("patients", name) in site.cells for name in ("albumin", "calcium")),
)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [place for place in site.cells if place[1] in ("albumin", "calcium")])
    entry = site.spec["patients"].get("columns", {}).get(key)
    converts = isinstance(entry, dict) and "multiply" in entry
    wrong = {"albumin": ("41", "4.1"), "calcium": ("96", "2.4")}[key][converts]
    table.rows[row][key] = wrong
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("half a fracture", needs=lambda site: ("patients", "n_new_vcf") in site.cells)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [("patients", "n_new_vcf")])
    table.rows[row][key] = "1.5"
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("error values of a spreadsheet")
def _(site: Site) -> Expected:
    words = ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!", "#NUM!", "#WERT!", "#BEZUG!"]
    return put(site, numeric_cells(site) + level_cells(site), words)


@damage("a number that became a date")
def _(site: Site) -> Expected:
    table, row, key = pick(site, numeric_cells(site))
    is_typed = table.format == "xlsx" and site.rng.random() < 0.7
    words = ["03.05.2024", "3-May", "Mai 03", "2024-05-03", "3/5"]
    table.rows[row][key] = dt.datetime(2024, 5, 3) if is_typed else Raw(site.rng.choice(words))
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("a formula without a value", formats=("xlsx",))
def _(site: Site) -> Expected:
    formulas = [
        "=3+1",
        "=SUM(A1:A3)",
        "='[other.xlsx]Sheet1'!A1",
        "=cmd|'/C calc'!A0",
        '=WEBSERVICE("http://x.invalid")',
    ]
    columns = [place for place in [*numeric_cells(site), *level_cells(site)] if place[0] == "patients"]
    return put(site, columns, formulas)


@damage("a formula as text")
def _(site: Site) -> Expected:
    words = [
        "@SUM(1+1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "=cmd|' /C calc'!A0",
        "=1+1",
        '=HYPERLINK("x")',
    ]
    return put(site, numeric_cells(site) + level_cells(site), words)


@damage("a level that nobody knows")
def _(site: Site) -> Expected:
    words = ["maybe", "x", "divers", "yes and no", "7", "2.5", "unk", "TRUE?", "nein!", "…", "N.N."]
    return put(site, level_cells(site), words)


@damage("a name among levels")
def _(site: Site) -> Expected:
    name = site.rng.choice(CANARY_NAMES)
    words = [name, name.upper(), name.lower(), f"{name} 1", f"Hr. {name}", f"{name[0]}. {name}", f"{name}^X"]
    return put(site, level_cells(site), words)


@damage("a name among numbers")
def _(site: Site) -> Expected:
    return put(site, numeric_cells(site), CANARY_NAMES)


@damage("an id among numbers")
def _(site: Site) -> Expected:
    return put(site, numeric_cells(site), [f"{whose} ?" for whose in site.base.ids])


@damage("control characters", formats=("csv", "parquet", "redcap"))
def _(site: Site) -> Expected:
    words = ["4\x07", "\x1b[31m4\x1b[0m", "4\x08\x08", "\x7f", "4\x1f5"]
    columns = [place for place in numeric_cells(site) if place[0] == "patients"]
    return put(site, columns, words)


@damage("writing from right to left", formats=("csv", "xlsx", "parquet", "redcap"))
def _(site: Site) -> Expected:
    words = ["\u202e4\u202c", "\u200f5", "٤", "ארבע", "\u2066a\u2069"]
    for table in site.tables:
        if table.how.encoding in ("cp1252", "latin-1"):
            table.how.encoding, table.how.mark = "utf-8", b""
    for section in ("patients", "readings"):
        if site.spec.get(section, {}).get("encoding") in ("cp1252", "latin-1"):
            site.spec[section]["encoding"] = "utf-8"
    return put(site, numeric_cells(site) + level_cells(site), words)


@damage("line breaks in a cell", formats=("csv", "xlsx", "parquet", "redcap"))
def _(site: Site) -> Expected:
    return put(site, numeric_cells(site) + level_cells(site), ["4\n5", "ja\r\nnein", "a\n\nb\n"])


@damage("a very long cell", formats=("csv", "parquet", "redcap"), weight=0.3)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [place for place in numeric_cells(site) if place[0] == "patients"])
    table.rows[row][key] = Raw("9" * 1_000_000)
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("a long cell that nobody reads", formats=("csv", "redcap"), weight=0.3)
def _(site: Site) -> Expected:
    table = site.tables[0]
    table.headings["more"] = "Batch 2"
    table.rows[3]["more"] = "a " * 100_000
    return Expected(is_same=True)


# rows and ids


def own_readings(site: Site) -> bool:
    """Whether readings have rows of their own, with ids."""
    return ("readings", "id") in site.cells and "joined" not in site.features


@damage("an id twice")
def _(site: Site) -> Expected:
    places = site.cells["patients", "id"]
    (table, one), (_, other) = site.rng.sample(places, 2)
    first, second = sorted((one, other))
    table.rows[second]["id"] = table.rows[first]["id"]
    return Expected([(table, second, table.headings["id"])])


@damage("no id")
def _(site: Site) -> Expected:
    sections = [section for section in ("patients", "readings") if (section, "id") in site.cells]
    table, row, key = pick(site, [(section, "id") for section in sections])
    if table.how.merged_ids:
        table.how.merged_ids = False
    table.rows[row][key] = site.rng.choice(["", Raw(" "), Raw("\u00a0")]) if table.format != "xlsx" else ""
    return Expected([(table, row, table.headings[key])])


@damage("stray characters around an id", needs=own_readings)
def _(site: Site) -> Expected:
    table, row = site.rng.choice(site.cells["patients", "id"])
    whose = table.rows[row]["id"]
    stray = site.rng.choice([f" {whose}", f"{whose}\u00a0", f"\t{whose}\t", f"{whose}  ", f"{whose}\u3000"])
    if table.how.encoding in ("cp1252", "latin-1"):
        stray = f"{whose}\u00a0 "
    table.rows[row]["id"] = Raw(stray)
    return Expected(is_same=True)


def misspell(site: Site, spelled: Callable[[str], str]) -> Expected:
    """Spell a patient's id in another way among the readings, which is flagged there or understood."""
    table, row, key = pick(site, [("readings", "id")])
    whose = table.rows[row][key]
    table.rows[row][key] = Raw(spelled(str(whose)))
    spots = [(table, row, table.headings[key])]
    return Expected(spots, or_same=True)


@damage("another spelling of an id", needs=own_readings)
def _(site: Site) -> Expected:
    spellings = [
        lambda text: text[:2] + " " + text[2:],
        lambda text: text.swapcase() if text.swapcase() != text else f"{text}a",
        lambda text: text + ".0",
        lambda text: "0" + text,
        lambda text: text.lstrip("0") if text.startswith("0") else "0" + text,
        lambda text: text.replace("-", "") if "-" in text else text[:3] + "-" + text[3:],
    ]
    return misspell(site, site.rng.choice(spellings))


@damage("an id that became a date", needs=own_readings)
def _(site: Site) -> Expected:
    return misspell(site, lambda text: site.rng.choice(["2024-05-03", "03.05.2024", "3-May", "Mai 24"]))


@damage("a reading of nobody", needs=own_readings)
def _(site: Site) -> Expected:
    return misspell(site, lambda text: text[:-2] + "Q" + text[-2:])


@damage("a reading twice", needs=own_readings)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [("readings", "id")])
    table.how.merged_ids = False
    table.rows.append(dict(table.rows[row]))
    return Expected([(table, len(table.rows) - 1, table.headings[key])], alone=True)


@damage("a patient without readings", needs=own_readings)
def _(site: Site) -> Expected:
    table, row = site.rng.choice(site.cells["patients", "id"])
    whose = table.rows[row]["id"]
    for other in {id(other): other for other, _ in site.cells["readings", "id"]}.values():
        other.how.merged_ids = False
        if other is table:
            for order, cells in enumerate(other.rows):
                if cells["id"] == whose and cells.get("instrument"):
                    other.rows[order] = {"id": f"{whose}", "event": "screening_arm_1", "instrument": "other"}
        else:
            other.rows[:] = [cells for cells in other.rows if cells["id"] != whose]
    return Expected([(table, row, "")], severity="warning")


@damage("no reader", needs=lambda site: ("readings", "reader") in site.cells)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [("readings", "reader")])
    table.rows[row][key] = ""
    return Expected([(table, row, table.headings[key])], alone=True)


@damage("two spellings of a reader", needs=lambda site: ("readings", "reader") in site.cells)
def _(site: Site) -> Expected:
    table, row, key = pick(site, [("readings", "reader")])
    table.rows[row][key] = f"{table.rows[row][key]}."
    spots = [(table, other, table.headings[key]) for other in range(len(table.rows))]
    return Expected(spots, alone=True)


@damage(
    "a region that is no level",
    layouts=("long", "by patient", "slicer", "imagej", "ohif"),
    needs=lambda site: site.is_long,
)
def _(site: Site) -> Expected:
    named = site.spec["readings"]["columns"]["level"] if "format" not in site.spec["readings"] else ""
    table, row = site.rng.choice(site.cells["readings", "level"])
    words = ["L7", "psoas L3", "L1-L2", "disc L1", "C8", "5", "", "?", "L", "CSF_S1", "LWK"]
    table.rows[row]["level"] = Raw(site.rng.choice(words))
    has_own_names = isinstance(named, dict)
    return Expected([(table, row, table.headings["level"])], severity="note" if has_own_names else "error")


@damage("CSF at a level that is none", needs=lambda site: ("readings", "csf_level") in site.cells)
def _(site: Site) -> Expected:
    places = [
        (table, row)
        for table, row in site.cells["readings", "csf_level"]
        if table.rows[row].get("csf_level") or not site.is_long
    ]
    table, row = site.rng.choice(places)
    table.rows[row]["csf_level"] = Raw(site.rng.choice(["S1", "L7", "at the side", "3", "T12", "L2/L3"]))
    return Expected([(table, row, table.headings["csf_level"])], alone=True)


@damage("a total that contradicts its components", needs=lambda site: ("patients", "sins") in site.cells)
def _(site: Site) -> Expected:
    order = site.rng.randrange(len(site.base.patients))
    points = [site.base.patients[order][name] for name in SINS_COMPONENTS]
    known = sum(int(point) for point in points if point)
    most = known + sum(
        max(VARIABLES[n].levels) for n, point in zip(SINS_COMPONENTS, points, strict=True) if not point
    )
    wrong = [total for total in range(19) if not known <= total <= most]
    table, row = site.cells["patients", "sins"][order]
    table.rows[row]["sins"] = str(site.rng.choice(wrong))
    return Expected([(table, row, table.headings["sins"])], alone=True)


@damage("points that the SINS does not have", needs=lambda site: ("patients", "sins") in site.cells)
def _(site: Site) -> Expected:
    wrong = {
        "sins_pain": "2",
        "sins_alignment": "3",
        "sins_posterolateral": "2",
        "sins_location": "4",
        "sins_collapse": "9",
    }
    key = site.rng.choice(list(wrong))
    return put(site, [("patients", key)], [wrong[key]])


@damage("a count that contradicts the outcome", needs=lambda site: ("patients", "n_new_vcf") in site.cells)
def _(site: Site) -> Expected:
    order = site.rng.randrange(len(site.base.patients))
    table, row = site.cells["patients", "n_new_vcf"][order]
    table.rows[row]["n_new_vcf"] = "0" if site.base.patients[order]["new_vcf"] == "1" else "2"
    return Expected([(table, row, table.headings["n_new_vcf"])], alone=True)


@damage("the headings once more", formats=("csv", "xlsx", "parquet"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.rows.append({key: Raw(heading) for key, heading in table.headings.items()})
    return Expected([(table, len(table.rows) - 1, table.headings["bmi"])])


@damage("a line of totals below", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.rows.append({"id": "Mean", "bmi": "25.1"})
    return Expected([(table, len(table.rows) - 1, "new_vcf")], severity="warning")


@damage("a remark below", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    key = site.rng.choice([key for key in table.headings if key != "id" and ("patients", key) in site.cells])
    table.rows.append({key: Raw("Stand: Mai, noch nicht alle Befunde da")})
    return Expected([(table, len(table.rows) - 1, table.headings["id"])])


# lines and bytes

LINES: dict[str, Any] = {"formats": ("csv", "redcap")}


def any_row(site: Site) -> tuple[Table, int]:
    """Return a row of the patients' file."""
    return site.rng.choice(site.cells["patients", "id"])


@damage("a cell too many", **LINES)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    more = table.how.delimiter * site.rng.randint(1, 3)
    table.lines[row] = lambda text: text + more
    return Expected([(table, row, "")], alone=True)


@damage("a cell too few", **LINES)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    table.lines[row] = lambda text: text[: text.rindex(table.how.delimiter)]
    return Expected([(table, row, "")], alone=True)


@damage("a decimal comma that splits a cell", **LINES)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    mark = table.how.delimiter
    table.lines[row] = lambda text: f"4{mark}1{mark}{text.split(mark, 1)[1]}"
    return Expected([(table, row, "")], alone=True)


@damage("a line cut short", **LINES)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    table.how.quoting = 0
    table.lines[row] = lambda text: text.split(table.how.delimiter)[0] + "x"
    return Expected([(table, row, "")], alone=True)


@damage("a quotation mark that is not closed", **LINES)
def _(site: Site) -> Expected:
    table, row = any_row(site)

    def open_quote(text: str) -> str:
        parts = text.split(table.how.delimiter)  # those of a quoted cell have one quotation mark
        whole = [number for number, part in enumerate(parts) if part.count('"') in (0, 2)]
        opened = site.rng.choice(whole)
        parts[opened] = f'"{parts[opened].replace(chr(34), "")}x'
        return table.how.delimiter.join(parts)

    table.lines[row] = open_quote
    return Expected([(table, row, "")])


@damage("a NUL byte", **LINES, needs=lambda site: not site.tables[0].how.encoding.startswith("utf-16"))
def _(site: Site) -> Expected:
    table, row = any_row(site)
    table.line_bytes[row] = lambda line: b"\0" + line
    return Expected([(table, row, None)])


@damage(
    "bytes of another encoding",
    formats=("csv", "redcap"),
    needs=lambda site: site.tables[0].how.encoding == "utf-8",
)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    odd = site.rng.choice(
        [b"\xe4", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\x80"]
    )
    table.line_bytes[row] = lambda line: odd + line
    return Expected([(table, row, "")])


@damage(
    "half a character of UTF-16",
    formats=("csv",),
    needs=lambda site: site.tables[0].how.encoding.startswith("utf-16"),
)
def _(site: Site) -> Expected:
    table, row = any_row(site)
    lone = "\ud800".encode(table.how.encoding, "surrogatepass")
    table.line_bytes[row] = lambda line: lone + line
    return Expected([(table, row, "")])


def has_umlauts(site: Site) -> bool:
    """Whether a mapped heading is no ASCII."""
    table = site.tables[0]
    mapped = [table.headings[key] for section, key in site.cells if section == "patients"]
    return not all(map(str.isascii, mapped)) and not table.groups


@damage("an encoding that is not stated", formats=("csv",), needs=has_umlauts)
def _(site: Site) -> Expected:
    table = site.tables[0]
    table.how.encoding, table.how.mark = "cp1252", b""
    site.spec["patients"].pop("encoding", None)
    if "joined" in site.features:
        site.spec["readings"].pop("encoding", None)
    return Expected([(table, HEAD, "")])


@damage("another encoding than stated", formats=("csv",), needs=has_umlauts)
def _(site: Site) -> Expected:
    table = site.tables[0]
    table.how.encoding, table.how.mark, table.how.padding = "utf-8", b"", ""
    site.spec["patients"]["encoding"] = "cp1252"
    mapped = [table.headings[key] for section, key in site.cells if section == "patients"]
    return Expected(
        [(table, HEAD, heading) for heading in mapped if not heading.isascii()] + [(table, HEAD, "")]
    )


@damage("UTF-16 that is not stated", formats=("csv",))
def _(site: Site) -> Expected:
    table = site.tables[0]
    table.how.encoding, table.how.mark = "utf-16-le", b"\xff\xfe"
    for section in site.spec.values():
        if isinstance(section, dict):
            section.pop("encoding", None)
    for other in site.tables[1:]:
        other.how.encoding, other.how.mark = "utf-8", b""
    return Expected([(table, WHOLE_FILE, "")])


@damage("another delimiter than stated", formats=("csv",))
def _(site: Site) -> Expected:
    table = site.tables[0]
    table.how.delimiter = ";"
    site.spec["patients"]["delimiter"] = "|"
    if "joined" in site.features:
        site.spec["readings"].pop("delimiter", None)
    spots: list[Spot] = [(site.file_of(table), row, None) for row in table.heading_rows]
    return Expected([*spots, (COHORT_FILE, WHOLE_FILE, "patients.id")])


@damage("another decimal mark than stated", formats=("csv",))
def _(site: Site) -> Expected:
    table = site.tables[0]
    stated = site.rng.choice([".", ","])
    table.how.decimal = "," if stated == "." else "."
    for section in ("patients", "readings"):
        if site.spec.get(section, {}).get("file") == table.path:
            site.spec[section]["decimal"] = stated
    spots = [(table, row, table.headings["bmi"]) for _, row in site.cells["patients", "bmi"]]
    return Expected(spots)


# headings


def spoil_heading(site: Site, heading: Callable[[str], str]) -> Expected:
    """Change a mapped heading of the patients' file, which is then missed by its old name."""
    table = site.cells["patients", "id"][0][0]
    section = site.spec["patients"]
    section.setdefault("id", table.headings["id"])
    section.setdefault("columns", {name: name for name in site.base.variables})
    key = site.rng.choice(
        [key for key in table.headings if ("patients", key) in site.cells and key not in table.groups]
    )
    mapped = table.headings[key]
    table.headings[key] = heading(mapped)
    return Expected([(table, HEAD, mapped)])


TABLES: dict[str, Any] = {"formats": ("csv", "xlsx", "parquet", "redcap")}


@damage("a misspelt heading", **TABLES)
def _(site: Site) -> Expected:
    changes = [
        lambda text: text[:-1] + "q",
        lambda text: f"{text} (neu)",
        lambda text: text.swapcase(),
        lambda text: text[:1],
    ]
    return spoil_heading(site, site.rng.choice(changes))


@damage(
    "a misspelt heading in one of many files",
    layouts=("by reader", *FOLDERS),
    needs=lambda site: len(site.tables) > 2,
)
def _(site: Site) -> Expected:
    key = site.rng.choice(["level", "value"] if site.is_long else [*LEVELS, "csf", "csf_level"])
    table = site.rng.choice(site.cells["readings", key])[0]
    mapped = table.headings[key]
    table.headings[key] = f"{mapped} (neu)"
    return Expected([(table, HEAD, mapped), (table, HEAD, "")])


@damage("no heading above a column", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    return spoil_heading(site, lambda text: "")


@damage("a heading twice", formats=("csv", "xlsx", "redcap"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    keys = [key for key in table.headings if ("patients", key) in site.cells and key not in table.groups]
    key = site.rng.choice(keys)
    table.headings["twice"] = table.headings[key]
    for row in table.rows:
        row["twice"] = row.get(key, "") if site.rng.random() < 0.5 else "1"
    return Expected([(table, HEAD, table.headings[key])])


@damage("values below no heading", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    table, row = any_row(site)
    table.headings["more"] = ""
    table.rows[row]["more"] = site.rng.choice(["1", "x", CANARY_NAMES[0]])
    return Expected([(table, HEAD, "")])


@damage("no headings", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.groups, table.how.titles, table.how.more_sheets = {}, (), ()
    for name in ("headings", "decimal"):
        for section in ("patients", "readings"):
            if site.spec.get(section, {}).get("file") == table.path:
                site.spec[section].pop(name, None)
    table.how.decimal = "."
    first = table.rows[0]
    table.headings = {key: str(first.get(key, "")) for key in table.headings}
    del table.rows[0]
    # Where nothing is mapped, the id is what is missed.
    return Expected([(table, HEAD, None), (COHORT_FILE, WHOLE_FILE, "patients.id")])


@damage("titles that are not stated", formats=("csv", "xlsx"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.groups, table.how.titles = {}, site.rng.choice([("sep=;",), ("Unsere Kohorte", "Mai"), ("", "")])
    for section in ("patients", "readings"):
        if site.spec.get(section, {}).get("file") == table.path:
            site.spec[section].pop("headings", None)
    return Expected([(site.file_of(table), 1, None)])


@damage("a formula as a heading", **TABLES)
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.headings["more"] = site.rng.choice(["@SUM(1+1)*cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0"])
    return Expected(is_same=True)


@damage("control characters in a heading", formats=("csv", "redcap", "parquet"))
def _(site: Site) -> Expected:
    odd = site.rng.choice(["\x1b[2J", "\x07", "\x08\x08\x08"])
    return spoil_heading(site, lambda text: odd + text)


@damage("columns of persons", **TABLES)
def _(site: Site) -> Expected:
    rng = site.rng
    kinds: list[tuple[str, Callable[[int], str]]] = [
        ("Nachname", lambda n: CANARY_NAMES[n % 6]),
        ("Patient", lambda n: f"{CANARY_NAMES[n % 6]}, A."),
        ("Date of birth", lambda n: f"{1 + n % 28:02d}.03.19{30 + n % 40}"),
        ("MRN", lambda n: str(4_811_000 + n)),
        ("E-Mail", lambda n: f"{CANARY_NAMES[n % 6]}{n}@example.org"),
        ("Field 7", lambda n: f"{CANARY_NAMES[n % 6]}{n}@example.org"),
        ("Field 8", lambda n: f"1.2.276.0.7230010.3.1.2.{9000 + n}"),
        ("Field 9", lambda n: f"{1 + n % 28:02d}.03.19{30 + n % 40}"),
    ]
    heading, cell = rng.choice(kinds)
    table = site.cells["patients", "id"][0][0]
    table.headings["person"] = heading
    for number, row in enumerate(table.rows):
        row["person"] = Raw(cell(number))
    return Expected([(table, HEAD, heading)], alone=True)


@damage("five thousand columns", formats=("csv", "redcap", "parquet"), weight=0.02)
def _(site: Site) -> Expected:
    return _many_columns(site, 5000)


@damage("five hundred columns", **TABLES, weight=0.2)
def _(site: Site) -> Expected:
    return _many_columns(site, 500)


def _many_columns(site: Site, number: int) -> Expected:
    table = site.cells["patients", "id"][0][0]
    for order in range(number):
        table.headings[f"more {order}"] = f"roi_{order}_sd"
    for row in table.rows[:5]:
        row |= {f"more {order}": "1" for order in range(0, number, 3)}
    return Expected(is_same=True)


# whole files

ANY_FILE: dict[str, Any] = {
    "layouts": OWN_FILES,
    "needs": lambda site: len(site.tables) > 1 or "redcap" in site.features,
}


def spoil_whole(site: Site, change: Callable[[bytes], bytes], row: int | None = WHOLE_FILE) -> Expected:
    """Change the bytes of a file, of which nothing can then be read."""
    table = site.rng.choice(site.tables)
    table.whole = change
    same_file = [other for other in site.tables if other.path == table.path]
    return Expected([(other, row, "") for other in same_file])


@damage("an empty file", **ANY_FILE)
def _(site: Site) -> Expected:
    content = site.rng.choice([b"", b"\n\n", b"  ", b"\xef\xbb\xbf"])
    expected = spoil_whole(site, lambda whole: content)
    expected.spots += [
        (site.file_of(table), row, "") for table, _, _ in expected.spots for row in (1, table.heading_row)
    ]
    return expected


@damage("headings alone", formats=("csv", "xlsx", "redcap", "parquet"))
def _(site: Site) -> Expected:
    table = site.cells["patients", "id"][0][0]
    table.rows.clear()
    return Expected([(table, WHOLE_FILE, "")])


@damage("a file cut short", formats=("xlsx", "parquet", "sav", "dta"))
def _(site: Site) -> Expected:
    table = site.tables[0]
    share = site.rng.uniform(0.02, 0.95)
    table.whole = lambda whole: whole[: int(len(whole) * share)]
    return Expected([(table, WHOLE_FILE, "")])


@damage("bits that flipped", formats=("xlsx",))
def _(site: Site) -> Expected:
    table = site.tables[0]
    at = site.rng.random()
    span = site.rng.randint(30, 200)

    def flip(whole: bytes) -> bytes:
        start = int(at * (len(whole) - span))
        return (
            whole[:start] + bytes(byte ^ 0x55 for byte in whole[start : start + span]) + whole[start + span :]
        )

    table.whole = flip
    return Expected([(table, WHOLE_FILE, "")], or_same=True)


@damage("another kind of file", **ANY_FILE)
def _(site: Site) -> Expected:
    rng = site.rng
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("word/document.xml", "<w:document/>")
    contents = [
        archive.getvalue(),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type /Catalog>>\nendobj\n",
        gzip.compress(b"id,age\n1,60\n"),
        b"<html><table><tr><td>id</td></tr></table></html>",
        b"{\\rtf1\\ansi id}",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b'{"id": [1, 2]}',
        bytes(random.Random(rng.random()).randbytes(3000)),
        b"PAR1" + bytes(50) + b"PAR1",
        b"$FL2@(#) SPSS DATA FILE" + bytes(200),
    ]
    content = rng.choice(contents)
    expected = spoil_whole(site, lambda whole: content)
    return Expected([spot for table, _, _ in expected.spots for spot in anywhere(site, table)])


def anywhere(site: Site, table: Table) -> list[Spot]:
    """Return all rows of a file of which no row means anything."""
    return [(site.file_of(table), row, None) for row in (None, *range(1, 100))]


@damage("a workbook called CSV", formats=("xlsx",))
def _(site: Site) -> Expected:
    return _renamed(site, ".csv", Expected(is_same=True))


@damage("Parquet called CSV", formats=("parquet",))
def _(site: Site) -> Expected:
    return _renamed(site, ".csv", Expected(is_same=True))


@damage("CSV called a workbook", formats=("csv",))
def _(site: Site) -> Expected:
    expected = _renamed(
        site,
        site.rng.choice([".xlsx", ".xls", ".parquet", ".sav", ".dta", ".xpt", ".sas7bdat", ".por"]),
        Expected(),
    )
    expected.spots = [(site.tables[0], WHOLE_FILE, "")]
    return expected


@damage("SPSS or Stata called CSV", formats=("sav", "dta"))
def _(site: Site) -> Expected:
    expected = _renamed(site, ".csv", Expected())
    expected.spots = anywhere(site, site.tables[0])
    return expected


def _renamed(site: Site, suffix: str, expected: Expected) -> Expected:
    old, new = site.tables[0].path, f"patients{suffix}"
    for table in site.tables:
        table.shown = new if table.path == old else ""
    for section in ("patients", "readings"):
        if site.spec.get(section, {}).get("file") == old:
            site.spec[section]["file"] = new

    def rename(folder: Path) -> None:
        (folder / old).rename(folder / new)

    expected.afterwards = rename
    return expected


@damage("no such file", **ANY_FILE)
def _(site: Site) -> Expected:
    return _replaced(site, lambda path: None)


@damage("a folder in place of a file", **ANY_FILE)
def _(site: Site) -> Expected:
    return _replaced(site, lambda path: path.mkdir())


@damage("a link to nothing, a folder or itself", **ANY_FILE)
def _(site: Site) -> Expected:
    target = site.rng.choice(["nowhere", ".", ""])
    return _replaced(site, lambda path: path.symlink_to(target or path.name))


@damage("a pipe in place of a file", **ANY_FILE, weight=0.05)
def _(site: Site) -> Expected:
    return _replaced(site, os.mkfifo)


def _replaced(site: Site, put_there: Callable[[Path], Any]) -> Expected:
    # One of the files of a form is not missed.
    has_form = "{" in site.spec.get("readings", {}).get("file", "")
    table = site.tables[0] if has_form else site.rng.choice(site.tables)

    def replace(folder: Path) -> None:
        (folder / table.path).unlink()
        put_there(folder / table.path)

    same_file = [other for other in site.tables if other.path == table.path]
    return Expected([(other, WHOLE_FILE, "") for other in same_file], afterwards=replace)


# what goes with a file


@damage(
    "several sheets and none is named", formats=("xlsx",), needs=lambda site: "sheet" in site.spec["patients"]
)
def _(site: Site) -> Expected:
    table = site.tables[0]
    if not any(not is_hidden for _, is_hidden in table.how.more_sheets):
        table.how.more_sheets = (("Codes", False),)
    for section in ("patients", "readings"):
        if site.spec.get(section, {}).get("file") == table.path:
            site.spec[section].pop("sheet", None)
    return Expected([("patients.xlsx", WHOLE_FILE, "")])


@damage("a sheet that is not there", formats=("xlsx",))
def _(site: Site) -> Expected:
    site.spec["patients"]["sheet"] = "Tabelle 9"
    return Expected([("patients.xlsx, sheet Tabelle 9", WHOLE_FILE, "")])


@damage("values with no label", formats=("sav", "dta"), needs=lambda site: bool(_labeled(site)))
def _(site: Site) -> Expected:
    table = site.tables[0]
    key = site.rng.choice(_labeled(site))
    word = site.rng.choice([word for word in table.coded[key] if any(row[key] == word for row in table.rows)])
    table.unlabeled[key] = {word}
    rows = [row for row, cells in enumerate(table.rows) if cells[key] == word]
    return Expected([(table, row, table.headings[key]) for row in rows], alone=True)


def _labeled(site: Site) -> list[str]:
    """Return columns whose words are no numbers, so that a code without its label is none of them."""
    table = site.tables[0]
    return [key for key, words in table.coded.items() if key in ("sex", "smoking") and len(words) > 1]


REDCAP: dict[str, Any] = {"formats": ("redcap",)}


@damage(
    "a dictionary without a field",
    **REDCAP,
    needs=lambda site: "codes" in site.features and bool(_coded_fields(site)),
)
def _(site: Site) -> Expected:
    key, name = site.rng.choice(_coded_fields(site))
    site.dictionary = [field for field in site.dictionary if name not in field.values()]
    return _field_spots(site, key)


@damage(
    "a dictionary without a choice",
    **REDCAP,
    needs=lambda site: "codes" in site.features and bool(_coded_fields(site)),
)
def _(site: Site) -> Expected:
    key, name = site.rng.choice(_coded_fields(site))
    for described in site.dictionary:
        if name in described.values():
            told = "Choices, Calculations, OR Slider Labels"
            described[told] = described[told].rsplit(" | ", 1)[0]
            gone = {cells.get(key) for cells in site.tables[0].rows} - {
                choice.split(",")[0] for choice in described[told].split(" | ")
            }
    table = site.tables[0]
    rows = [row for _, row in site.cells["patients", key] if table.rows[row].get(key) in gone - {"", None}]
    expected = Expected([(table, row, table.headings[key]) for row in rows], alone=True)
    expected.or_same = not rows
    return expected


def _coded_fields(site: Site) -> list[tuple[str, str]]:
    """Return the fields whose codes are no values of the codebook, with what the dictionary calls them."""
    names = [described["Variable / Field Name"] for described in site.dictionary]
    return [(key, f"fld_{key}") for key in ("sex", "smoking", "sins_lesion") if f"fld_{key}" in names]


def _field_spots(site: Site, key: str) -> Expected:
    table = site.tables[0]
    rows = [row for _, row in site.cells["patients", key] if table.rows[row].get(key)]
    return Expected([(table, row, table.headings[key]) for row in rows], alone=True)


@damage(
    "a checkbox that the dictionary lacks",
    **REDCAP,
    needs=lambda site: {"codes", "checkbox"} <= site.features,
)
def _(site: Site) -> Expected:
    entries = site.spec["patients"]["columns"]
    key = site.rng.choice([key for key, entry in entries.items() if "Checked" in entry.get("levels", {})])
    site.dictionary = [field for field in site.dictionary if f"fld_{key}" not in field.values()]
    return _field_spots(site, key)


@damage("a dictionary of another project", **REDCAP)
def _(site: Site) -> Expected:
    content = site.rng.choice(["a,b\n1,2\n", "", "Variable / Field Name\nx\n", '"open\n'])
    spots: list[Spot] = [("dictionary.csv", None, None), ("dictionary.csv", 1, None)]
    return Expected(spots, afterwards=lambda folder: _overwrite(folder / "dictionary.csv", content))


def _overwrite(path: Path, content: str) -> None:
    path.write_text(content)


@damage("no dictionary", **REDCAP)
def _(site: Site) -> Expected:
    return Expected(
        [("dictionary.csv", WHOLE_FILE, "")], afterwards=lambda folder: (folder / "dictionary.csv").unlink()
    )


@damage("an instrument that no row has", **REDCAP, needs=lambda site: "readings" in site.spec)
def _(site: Site) -> Expected:
    site.spec["readings"]["rows"] = {INSTRUMENT: "roi"}
    return Expected([(COHORT_FILE, WHOLE_FILE, "readings.rows")], alone=True)


@damage("two rows of an event", **REDCAP)
def _(site: Site) -> Expected:
    table, row = site.rng.choice(site.cells["patients", "new_vcf"])
    table.rows.append(dict(table.rows[row]))
    return Expected([(table, len(table.rows) - 1, table.headings["new_vcf"])])


@damage("another event", **REDCAP)
def _(site: Site) -> Expected:
    order = site.rng.randrange(len(site.base.patients))
    table, row = site.cells["patients", "new_vcf"][order]
    table.rows[row]["event"] = "followup_arm_2"
    return Expected([(table, site.cells["patients", "id"][order][1], "new_vcf")], severity="warning")
