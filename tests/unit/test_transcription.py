"""Bad transcriptions get one clear message with all problems."""

import pytest
from audited import changed, paper, printing, transcription

from vbq.problems import InputError


def message(figures=None, **described):
    with pytest.raises(InputError) as caught:
        paper(figures=figures, **described)
    return str(caught.value)


@pytest.mark.parametrize(
    ("id_", "cells", "told"),
    [
        ("t1_male_pct_vcf", printing("155.4"), ["printed '155.4'", "is not between 0 and 100"]),
        ("t1_male_n_vcf", printing("31.5"), ["printed '31.5'", "is no whole number"]),
        ("t1_male_n_vcf", printing("thirty"), ["printed 'thirty'", "is no number"]),
        ("t1_male_p", printing("1.2"), ["printed '1.2'", "is not between 0 and 1"]),
        ("t3_sins_auc", printing("73"), ["printed '73'", "is not between 0 and 1"]),
        ("t1_male_p", {"kind": "pvalue"}, ["kind 'pvalue'", "is no kind of figure", "p_value"]),
        ("t1_male_p", {"relation": "~"}, ["relation '~'", "is not known"]),
        ("t1_male_p", {"row": "variable=gender"}, ["names no variable of the codebook: gender"]),
        ("t1_male_n_vcf", {"row": "variable=sex; level=m; group=1"}, ["sex has no level m", "female, male"]),
        ("t1_male_n_vcf", {"row": "variable=sex; level=male; group=2"}, ["names a group without a size: 2"]),
        ("t1_male_p", {"column": ""}, ["is half an address"]),
        ("t1_male_p", {"row": "score=vbq"}, ["does not name variable"]),
        ("t1_male_n_vcf", {"row": "variable=sex; group=1"}, ["does not name level"]),
        ("t2_vbq_p", {"row": "variable=vbq"}, ["does not name term"]),
        ("t1_male_p", {"scale": "-1"}, ["scale '-1'", "is no positive number"]),
        ("t1_male_p", {"location": " "}, ["location", "is empty"]),
    ],
)
def test_a_bad_cell_is_told_with_its_place(id_, cells, told):
    row = transcription()[0]["id"].tolist().index(id_) + 2
    words = message(changed({id_: cells}))
    assert f"ehresman2019/figures.csv:{row} " in words
    for part in told:
        assert part in words


def test_all_problems_are_told_at_once():
    words = message(changed({"t1_male_pct_vcf": printing("155.4"), "t1_male_p": {"kind": "pvalue"}}))
    assert words.startswith("2 errors")


def test_an_absent_column_and_a_repeated_id():
    figures = transcription()[0]
    assert "add scale" in message(figures.drop(columns="scale"))
    assert "stands twice" in message(changed({"t1_male_p": {"id": "t1_age_p"}}))


def test_sizes_and_sums_name_figures():
    sizes = transcription()[1]["sizes"]
    words = message(sizes={**sizes, "with": "t1_male_p"})
    assert "paper.yaml: sizes.with 't1_male_p'" in words
    assert "sums.1 'nowhere'" in message(sums=[{"total": "nowhere", "parts": ["t1_n", "t1_n_vcf"]}])


def test_a_dichotomy_cuts_a_known_variable():
    words = message(dichotomies={"high": {"of": "unknown", "above": 3}})
    assert "paper.yaml: dichotomies.high 'unknown'" in words


def test_an_order_of_columns_and_further_columns_do_not_matter():
    figures = transcription()[0]
    shuffled = figures[figures.columns[::-1]].assign(remark="")
    assert paper(figures=shuffled).figures == paper().figures
