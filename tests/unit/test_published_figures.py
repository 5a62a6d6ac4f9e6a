"""The transcription of Ehresman et al. 2019 against itself."""

import re
from pathlib import Path

import pandas as pd
import pytest

from vbq.codebook import VARIABLES

FOLDER = Path(__file__).parents[2] / "data" / "published" / "ehresman2019"
FIGURES = pd.read_csv(FOLDER / "figures.csv", dtype=str, keep_default_na=False)
READINGS = pd.read_csv(FOLDER / "readings.csv", dtype=str, keep_default_na=False)
PRINTED = FIGURES.set_index("id")["printed"]
GROUP_SIZES = {"non_vcf": 49, "vcf": 56}
PAIR_COUNT = re.compile(r"t1_(?P<slug>\w+?)_n_(?P<group>non_vcf|vcf)")
LEVELS = {
    "smoking": ["never", "former", "current"],
    "ecog": ["0", "1", "2", "3", "4"],
    "asia": ["ab", "c", "d", "e"],
    "sins": ["stable", "potentially_unstable", "unstable"],
}
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


def test_each_count_of_table_1_has_its_percent():
    counts = [match for match in map(PAIR_COUNT.fullmatch, PRINTED.index) if match]
    assert len(counts) == 54  # 12 binary rows and 15 levels, in two groups
    for match in counts:
        percent = PRINTED[match[0].replace("_n_", "_pct_")]
        exact = 100 * int(PRINTED[match[0]]) / GROUP_SIZES[match["group"]]
        half_a_unit = 0.5 * 10 ** -len(percent.partition(".")[2])
        assert abs(exact - float(percent)) <= half_a_unit, match[0]


@pytest.mark.parametrize("group", GROUP_SIZES)
@pytest.mark.parametrize("variable", LEVELS)
def test_levels_add_up_to_the_group(variable, group):
    total = sum(int(PRINTED[f"t1_{variable}_{level}_n_{group}"]) for level in LEVELS[variable])
    printed_slip = 1 if (variable, group) == ("asia", "vcf") else 0
    assert total == GROUP_SIZES[group] + printed_slip


def test_flow_and_group_sizes_add_up():
    number = PRINTED[["methods_n_sbrt", "methods_n_surgery", "methods_n"]].astype(int)
    assert number["methods_n_sbrt"] + number["methods_n_surgery"] == number["methods_n"] == 105
    assert sum(GROUP_SIZES.values()) == 105
    assert int(PRINTED["methods_n_sbrt_screened"]) + int(PRINTED["methods_n_surgery_screened"]) == 290


def test_figures_at_one_address_are_printed_alike_or_explained():
    """The same quantity in two places reads the same, but for decimals and rejected printings."""
    addressed = FIGURES[(FIGURES["table"] != "") & ~FIGURES["id"].isin(rejected())]
    for address, same in addressed.groupby(["table", "row", "column", "relation"]):
        values = same["printed"].astype(float) / same["scale"].astype(float)
        units = 10.0 ** -same["printed"].str.partition(".")[2].str.len() / same["scale"].astype(float)
        assert values.max() - values.min() <= units.max() / 2 + 1e-12, address


def test_readings_reject_known_figures_once():
    assert list(READINGS.columns) == ["id", "conflict", "chosen", "rejected", "renamed", "reason"]
    assert READINGS["id"].is_unique
    assert (READINGS[["conflict", "chosen", "reason"]] != "").all(axis=None)
    figures = rejected()
    assert len(figures) == len(set(figures))
    assert set(figures) <= set(FIGURES["id"])
