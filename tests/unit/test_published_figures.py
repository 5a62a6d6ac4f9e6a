"""The transcription of Ehresman et al. 2019 against itself."""

from pathlib import Path

import pandas as pd

from vbq.codebook import VARIABLES

FOLDER = Path(__file__).parents[2] / "data" / "published" / "ehresman2019"
FIGURES = pd.read_csv(FOLDER / "figures.csv", dtype=str, keep_default_na=False)
READINGS = pd.read_csv(FOLDER / "readings.csv", dtype=str, keep_default_na=False)
COLUMNS = [
    "id",
    "location",
    "quantity",
    "printed",
    "relation",
    "unit",
    "kind",
    "table",
    "row",
    "column",
    "scale",
    "note",
]


def rejected():
    return [figure for cell in READINGS["rejected"] for figure in cell.split("; ") if figure]


def test_form():
    assert list(FIGURES.columns) == COLUMNS
    assert FIGURES["id"].is_unique
    assert FIGURES["id"].str.fullmatch(r"[a-z0-9_]+").all()
    assert FIGURES["printed"].str.fullmatch(r"\d+(\.\d+)?").all()
    assert set(FIGURES["relation"]) == {"=", "<"}
    assert (FIGURES[["location", "quantity", "kind"]] != "").all(axis=None)


def test_an_address_is_complete_or_absent_with_a_note():
    address = FIGURES[["table", "row", "column", "scale"]] != ""
    assert (address.all(axis=1) | ~address.any(axis=1)).all()
    untestable = FIGURES[~address.any(axis=1)]
    assert (untestable["note"] != "").all()
    assert set(untestable["id"]) == {
        "methods_n_sbrt_screened",
        "methods_n_surgery_screened",
        "text_n_screened",
        "discussion_dxa_missing",
    }


def test_selectors_name_variables_and_levels_of_the_codebook():
    selectors = FIGURES.loc[FIGURES["table"].str.startswith("univariable"), "row"]
    for selector in selectors:
        keys = dict(pair.split("=", 1) for pair in selector.split("; "))
        variable = VARIABLES[keys["variable"]]
        levels = {str(level) for level in variable.levels} if variable.is_categorical else {""}
        assert keys.get("level", next(iter(levels))) in levels, selector


def test_readings_reject_known_figures_once():
    assert list(READINGS.columns) == ["id", "conflict", "chosen", "rejected", "renamed", "reason", "findings"]
    assert READINGS["id"].is_unique
    assert (READINGS[["conflict", "chosen", "reason"]] != "").all(axis=None)
    figures = rejected()
    assert len(figures) == len(set(figures))
    assert set(figures) <= set(FIGURES["id"])
