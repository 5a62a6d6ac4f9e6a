import numpy as np
import pandas as pd
import pytest

from vbq.published.compare import Summary, compare, sentence, summary

BLANK = {
    "id": "x",
    "location": "Table 1",
    "quantity": "A number",
    "printed": "0",
    "relation": "=",
    "unit": "",
    "kind": "mean",
    "table": "groups",
    "row": "variable=age; level=; group=1",
    "column": "mean",
    "scale": "1",
    "note": "",
}
NO_READINGS = pd.DataFrame(
    columns=["id", "conflict", "chosen", "rejected", "renamed", "reason", "findings"], dtype=str
)


def figures(*changes):
    return pd.DataFrame([BLANK | change for change in changes])


def reading(rejected, reason, renamed="", findings=""):
    fields = {"id": "r", "rejected": rejected, "renamed": renamed, "reason": reason, "findings": findings}
    return pd.DataFrame([fields])


def groups(mean=60.5):
    return pd.DataFrame(
        {
            "variable": ["age", "age", "steroids"],
            "level": [np.nan, np.nan, 1.0],
            "group": ["0", "1", "1"],
            "mean": [62.0, mean, np.nan],
            "percent": [np.nan, np.nan, 48.2],
        }
    )


def agrees(value, printed, relation="="):
    result = compare(
        figures({"printed": printed, "relation": relation}), NO_READINGS, {"groups": groups(value)}
    )
    return result["agrees"].item()


@pytest.mark.parametrize(
    ("value", "printed", "expected"),
    [
        (60.549, "60.5", "yes"),
        (60.451, "60.5", "yes"),
        (60.551, "60.5", "no"),
        (60.449, "60.5", "no"),
        (5.357, "5.36", "yes"),
        (5.357, "5.4", "yes"),
        (5.354, "5.36", "no"),
        (3.40, "3.40", "yes"),
        (3.406, "3.40", "no"),  # the printed zero counts as a decimal
        (55.6, "56", "yes"),
        (55.4, "56", "no"),
        (np.nan, "56", "no"),
    ],
)
def test_equality_is_judged_at_the_printed_decimals(value, printed, expected):
    assert agrees(value, printed) == expected


@pytest.mark.parametrize("printed", ["0.2", "0.3"])
def test_a_tie_agrees_with_both_neighbors_and_shows_the_printed_one(printed):
    result = compare(figures({"printed": printed}), NO_READINGS, {"groups": groups(0.25)})
    assert result[["agrees", "recomputed_rounded"]].to_numpy().tolist() == [["yes", printed]]


def test_slack_covers_floating_point_only():
    assert agrees(28.55 * (1 + 1e-12), "28.5") == "yes"
    assert agrees(28.55 * (1 + 1e-7), "28.5") == "no"


def test_less_than_is_strict():
    assert agrees(0.0229, "0.023", "<") == "yes"
    assert agrees(0.023, "0.023", "<") == "no"
    assert agrees(0.02301, "0.023", "<") == "no"  # would round to it
    assert agrees(np.nan, "0.023", "<") == "no"


def test_row_carries_the_recomputed_number_and_its_source():
    figure = {"id": "age", "printed": "5", "scale": "0.08333333333333333", "relation": "<"}
    row = compare(figures(figure), NO_READINGS, {"groups": groups(60.5)}).iloc[0]
    assert row["recomputed"] == pytest.approx(60.5 / 12, rel=1e-12)
    assert row["recomputed_rounded"] == "5"
    assert row["agrees"] == "no"
    assert row["source"] == "groups: variable=age; level=; group=1: mean"
    assert list(row.index) == [
        "id",
        "location",
        "quantity",
        "printed",
        "recomputed",
        "recomputed_rounded",
        "relation",
        "agrees",
        "reason",
        "source",
    ]


@pytest.mark.parametrize("as_text", [False, True])
def test_selectors_find_rows_in_typed_and_in_text_tables(as_text):
    table = groups()
    if as_text:
        table = table.assign(level=["", "", "1"]).astype(str)
    figure = {"row": "variable=steroids; level=1; group=1", "column": "percent", "printed": "48.2"}
    assert compare(figures(figure), NO_READINGS, {"groups": table})["agrees"].item() == "yes"


def test_reason_comes_from_the_reading_then_the_note_then_is_unexplained():
    printed = [
        {"id": "read", "printed": "1.0", "note": "a note"},
        {"id": "noted", "printed": "1.0", "note": "a note"},
        {"id": "bare", "printed": "1.0"},
        {"id": "right", "printed": "60.5", "note": "a note"},
        {"id": "rejected_but_right", "printed": "60.5"},
        {
            "id": "outside",
            "printed": "80",
            "table": "",
            "row": "",
            "column": "",
            "scale": "",
            "note": "screened",
        },
    ]
    readings = reading("other; read; rejected_but_right", "a reading")
    result = compare(figures(*printed), readings, {"groups": groups()})
    assert result["agrees"].tolist() == ["no", "no", "no", "yes", "yes", "not testable"]
    assert result["reason"].tolist() == ["a reading", "a note", "unexplained", "", "", "screened"]
    assert result.iloc[-1][["recomputed_rounded", "source"]].tolist() == ["", ""]
    assert np.isnan(result["recomputed"].iloc[-1])
    assert summary(result) == Summary(
        printed=6, testable=5, agree=2, renamed=0, disagree=3, unexplained=1, not_testable=1
    )


def test_a_figure_read_as_another_quantity_agrees_with_its_reason_and_is_counted():
    printed = [{"id": "named", "printed": "60.5"}, {"id": "renamed", "printed": "60.5"}]
    result = compare(figures(*printed), reading("", "a log-odds", renamed="renamed"), {"groups": groups()})
    assert result["agrees"].tolist() == ["yes", "yes"]
    assert result["reason"].tolist() == ["", "a log-odds"]
    assert summary(result).renamed == 1


@pytest.mark.parametrize(
    "absent", [{"table": "absent"}, {"row": "variable=bmi; level=; group=1"}], ids=["table", "row"]
)
def test_what_a_cohort_lacks_is_not_testable(absent):
    result = compare(figures(absent | {"printed": "27.6"}), NO_READINGS, {"groups": groups()})
    assert result["agrees"].tolist() == ["not testable"]
    assert result["reason"].tolist() == ["The cohort lacks what this figure is computed from."]


def test_all_bad_addresses_are_named_at_once():
    bad = [
        {"id": "no_column", "column": "median"},
        {"id": "no_key", "row": "variabel=age"},
        {"id": "two_rows", "row": "variable=age"},
        {"id": "no_number", "column": "variable"},
        {"id": "no_scale", "scale": ""},
        {"id": "no_relation", "relation": "~"},
        {"id": "fine", "printed": "60.5"},
    ]
    with pytest.raises(ValueError, match="cannot be looked up") as error:
        compare(figures(*bad), NO_READINGS, {"groups": groups()})
    named = [line.partition(":")[0] for line in str(error.value).splitlines()[1:]]
    assert named == [figure["id"] for figure in bad[:-1]]
    assert "2 rows of groups match variable=age" in str(error.value)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            Summary(
                printed=247, testable=244, agree=233, renamed=6, disagree=11, unexplained=0, not_testable=3
            ),
            "233 of 247 printed figures reproduce (94.3 %), 6 of them as another quantity than the paper "
            "says (91.9 % without these); 11 do not, each with its reason; 3 cannot be tested from the rows.",
        ),
        (
            Summary(printed=10, testable=10, agree=9, renamed=0, disagree=1, unexplained=1, not_testable=0),
            "9 of 10 printed figures reproduce (90.0 %); 1 does not, 1 of them unexplained.",
        ),
        (
            Summary(printed=4, testable=4, agree=4, renamed=0, disagree=0, unexplained=0, not_testable=0),
            "4 of 4 printed figures reproduce (100.0 %).",
        ),
    ],
)
def test_sentence(counts, expected):
    assert sentence(counts) == expected
