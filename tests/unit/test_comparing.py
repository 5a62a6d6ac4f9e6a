"""Two folders of results: identical, agreeing, different, or not to be compared."""

import shutil

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vbq.command import main
from vbq.comparing import (
    TOLERANCE,
    compare_folders,
    lines_of,
    reference_sentence,
    relative_difference,
    write_reference,
)
from vbq.errors import UserError

TABLE = """variable,level,n,p_value,method
age,,105,0.0123456789,Welch
sex,female,49,0.5,exact
sex,male,56,,exact
"""
RECORD = {
    "cohort": "site",
    "provenance": "made up",
    "commit": "ab" * 20,
    "uncommitted_changes": False,
    "input_sha256": {"data/rows.csv": "12" * 32},
    "versions": {"numpy": "2.4.1"},
    "seed": 1,
    "resamples": 2000,
    "seconds": {"fit": 1.5},
    "cohort_file": {"title": "A site"},
    "plan": {"alpha": 0.05},
}
PAGE = """<style>p {{ color: red }}</style><p>AUC 0.89 by numpy {numpy}</p>
<section aria-labelledby="record"><h2>Record</h2><p>{seconds} s of computing</p></section><p>{last}</p>"""


@pytest.fixture
def folders(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    (one / "figures").mkdir(parents=True)
    (one / "logs").mkdir()
    (one / "logs" / "fit.log").write_text("seconds of computing: 1.5\n")
    (one / "tests.csv").write_text(TABLE)
    (one / "run.yaml").write_text(yaml.safe_dump(RECORD))
    (one / "report.html").write_text(PAGE.format(numpy="2.4.1", seconds=27, last="end"))
    (one / "figures" / "roc.svg").write_text("<svg><!-- 0.89 --><path d='M 1 2'/></svg>")
    pd.DataFrame({"vbq": [2.5, None], "sex": ["male", None]}).to_parquet(one / "cohort.parquet")
    shutil.copytree(one, other)
    return one, other


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def record(folder, **changes):
    (folder / "run.yaml").write_text(yaml.safe_dump(RECORD | changes))


def told(folders):
    return lines_of(compare_folders(*folders))


def places(folders):
    return [str(differs) for differs in compare_folders(*folders).differing]


def test_identical(folders):
    assert told(folders) == ["Identical: 19 cells of 2 tables, and the words of 2 documents and figures."]


def test_numbers_within_the_tolerance_agree_and_the_largest_difference_is_named(folders):
    edit(folders[1] / "tests.csv", "0.0123456789", "0.01234567890001")
    edit(folders[1] / "tests.csv", "0.5", "0.50")
    assert told(folders) == [
        "Agrees to 1e-09: 19 cells of 2 tables, and the words of 2 documents and figures; "
        "largest relative difference 8e-13 (tests.csv, variable=age, p_value)."
    ]


def test_a_number_beyond_the_tolerance_is_named_with_its_row(folders):
    edit(folders[1] / "tests.csv", "0.0123456789", "0.012345679")
    assert places(folders) == ["tests.csv, variable=age, p_value: 0.0123456789 and 0.012345679"]
    assert told(folders)[0].startswith("Different in 1 place of 1 file.")


@pytest.mark.parametrize(
    ("before", "after"), [("male,56,,", "male,56,0,"), ("Welch", "welch"), ("105", "nan"), ("0.5", "inf")]
)
def test_text_blanks_and_numbers_that_are_none_differ_from_others(folders, before, after):
    edit(folders[1] / "tests.csv", before, after)
    assert len(places(folders)) == 1


@pytest.mark.parametrize(
    ("one", "other", "size"),
    [
        ("inf", "inf", 0),
        ("inf", "-inf", float("inf")),
        ("inf", "1e308", float("inf")),
        ("nan", "NaN", 0),
        ("nan", "0", float("inf")),
        ("", "0", float("inf")),
        ("3", "3.0", 0),
        ("1_0", "10", float("inf")),
        ("0", "1e-300", 1),  # no absolute floor
        ("1", "-1", 2),
        ("1e-20", "1.1e-20", pytest.approx(1 / 11)),
    ],
)
def test_relative_difference(one, other, size):
    assert relative_difference(one, other) == relative_difference(other, one) == size


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1, 1))
def test_twelve_digits_agree_and_a_change_of_the_eighth_does_not(number, share):
    assert relative_difference(f"{number:.17g}", f"{number:.12g}") <= TOLERANCE
    if abs(number) > 1e-300 and abs(share) > 1e-8:
        assert relative_difference(repr(number), repr(number * (1 + share))) > TOLERANCE


def test_what_only_one_has_is_told(folders):
    one, other = folders
    edit(other / "tests.csv", "sex,male,56,,exact\n", "")
    edit(other / "tests.csv", "p_value", "p")
    (one / "only.csv").write_text("a\n1\n")
    (other / "added.svg").write_text("<svg/>")
    assert places(folders) == [
        "added.svg: missing and there",
        "only.csv: there and missing",
        "tests.csv, column p_value: there and missing",
        "tests.csv, column p: missing and there",
        "tests.csv, row variable=sex; level=male: there and missing",
    ]


def test_a_cohort_that_only_one_has_is_told_once(folders):
    one = folders[0]
    for folder, cohorts in ((one.parent / "a", ("x", "y")), (one.parent / "b", ("x",))):
        for cohort in cohorts:
            shutil.copytree(one, folder / cohort)
    assert places((one.parent / "a", one.parent / "b")) == ["y: there and missing"]


def test_rows_in_another_order_are_matched_by_their_key(folders):
    heading, first, *others = TABLE.splitlines(keepends=True)
    (folders[1] / "tests.csv").write_text("".join([heading, *others, first]))
    comparison = compare_folders(*folders)
    assert comparison.agrees
    assert not comparison.same_text
    assert comparison.notes == ["tests.csv: the same rows in another order"]


def test_a_whole_number_in_a_key_may_be_written_as_a_decimal(folders):
    for folder, x in zip(folders, ("3", "3.0"), strict=True):
        (folder / "cutoff.csv").write_text(f"cutoff,share\n{x},0.5\n2,0.25\n")
    assert places(folders) == []


def test_rows_that_no_text_tells_apart_are_matched_in_their_order(folders):
    for folder, x in zip(folders, ("0.5", "0.6"), strict=True):
        (folder / "roc.csv").write_text(f"score,fpr\nsins,0.25\nvbq,0.25\nvbq,{x}\n")
    assert places(folders) == ["roc.csv, score=vbq; row 2, fpr: 0.5 and 0.6"]


def test_settings_that_differ_come_first(folders):
    record(folders[1], seed=2, plan={"alpha": 0.1})
    edit(folders[1] / "tests.csv", "0.5", "0.6")
    lines = told(folders)
    assert lines[:3] == [
        "Settings differ, so numbers are expected to differ:",
        "  plan: alpha: 0.05 and 0.1",
        "  seed: 1 and 2",
    ]
    assert lines[3].startswith("Different in 1 place")


def test_another_commit_version_or_duration_is_no_difference_of_a_document(folders):
    _, other = folders
    record(other, commit="cd" * 20, uncommitted_changes=True, versions={"numpy": "2.5.0"})
    (other / "report.html").write_text(PAGE.format(numpy="2.5.0", seconds=31, last="end"))
    lines = told(folders)
    assert f"  commit: {'ab' * 20} and {'cd' * 20}" in lines
    assert "  versions: numpy: 2.4.1 and 2.5.0" in lines
    assert lines[-1].startswith("Identical")


def test_a_word_of_a_document_that_differs_is_shown_in_its_place(folders):
    (folders[1] / "report.html").write_text(PAGE.format(numpy="2.4.1", seconds=27, last="an end"))
    edit(folders[1] / "figures" / "roc.svg", "0.89", "0.88")
    assert places(folders) == [
        "figures/roc.svg, after '': 0.89 and 0.88",
        "report.html, after 'AUC 0.89 by numpy': end and an end",
    ]


def test_a_figure_drawn_otherwise_is_a_note(folders):
    edit(folders[1] / "figures" / "roc.svg", "M 1 2", "M 1 2.00001")
    comparison = compare_folders(*folders)
    assert comparison.agrees
    assert comparison.notes == ["figures/roc.svg: the same words, drawn otherwise"]


def test_long_lists_are_cut_with_a_count(folders):
    for folder, x in zip(folders, ("1.5", "2.5"), strict=True):
        (folder / "many.csv").write_text("i,x\n" + "".join(f"{i},{x}\n" for i in range(100)))
    lines = told(folders)
    assert len(lines) < 10
    assert lines[-1] == "  and 95 more in many.csv"


def test_the_reference_sentence(folders, tmp_path):
    one, _ = folders
    reference = tmp_path / "reference"
    write_reference(one, reference)
    assert sorted(path.name for path in reference.iterdir()) == ["run.yaml", "tests.csv"]
    assert reference_sentence(compare_folders(one, reference), one, reference) == (
        "Agrees with the reference results, cell for cell: 15 cells of 1 table, all the same digits."
    )
    edit(one / "tests.csv", "0.5", "0.6")
    assert reference_sentence(compare_folders(one, reference), one, reference) == (
        "Differs from the reference results in 1 place of 1 file: tests.csv (1); first tests.csv, "
        f"variable=sex; level=female, p_value: 0.6 and 0.5. To see more: vbq compare {one} {reference}"
    )
    record(one, resamples=300, input_sha256={"data/rows.csv": "34" * 32})
    assert reference_sentence(compare_folders(one, reference), one, reference) == (
        "Not comparable with the reference results, which have other settings: "
        "the contents of data/rows.csv; resamples, 300 and not 2000."
    )


def test_a_run_that_nobody_can_repeat_is_no_reference(folders, tmp_path):
    record(folders[0], uncommitted_changes=True)
    with pytest.raises(UserError, match="not committed"):
        write_reference(folders[0], tmp_path / "reference")


def test_the_command_says_by_its_status_what_it_found(folders, capsys):
    one, other = map(str, folders)
    assert main(["compare", one, other]) == 0
    assert "Identical" in capsys.readouterr().out
    edit(folders[1] / "tests.csv", "0.5", "0.6")
    assert main(["compare", one, other]) == 1
    (folders[1] / "tests.csv").write_text('a,b\n1,2,3\n"')
    assert main(["compare", one, other]) == 2
    assert "tests.csv: cannot be read as a table" in capsys.readouterr().err
    (folders[1] / "tests.csv").write_text((folders[0] / "tests.csv").read_text()[:-3])
    assert main(["compare", one, other]) == 2
    assert "tests.csv: cannot be read as a table: its last row does not end" in capsys.readouterr().err
    assert main(["compare", one, f"{other}/nowhere"]) == 2
    assert main(["compare", one, str(folders[0].parent)]) == 2
    assert main(["compare", one, "caf\udce9"]) == 2
    assert capsys.readouterr().err.endswith("'caf\\udce9': a name that is not UTF-8: rename it\n")


def test_the_command_compares_in_any_folder(folders, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *map(str, folders)]) == 0
    assert main(["check", "site"]) == 1
    assert "run it in the project's folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cohort.parquet", b"PAR1"),
        ("figures/roc.svg", b"\xff"),
        ("report.html", b"\xff"),
        ("run.yaml", b"- 1"),
    ],
)
def test_a_damaged_file_is_named(folders, name, content):
    (folders[1] / name).write_bytes(content)
    with pytest.raises(UserError, match=name):
        compare_folders(*folders)


def test_what_says_how_a_run_agrees_with_the_reference_is_not_compared(folders):
    for folder, said in zip(
        folders, ("all the same digits", "largest relative difference 4e-12"), strict=True
    ):
        (folder / "reference.txt").write_text(f"Agrees with the reference results: {said}.\n")
    assert not places(folders)
