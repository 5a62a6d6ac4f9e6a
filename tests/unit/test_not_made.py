"""An error in a table, figure or section costs that part alone, and is told on the page and at the end."""

import logging

import pytest
from test_page import ALL, page

from vbq.errors import INSTEAD, NOT_MADE, UserError, part_of_a_document
from vbq.headlines import attention, not_made
from vbq.render.figures.style import Drawing, journal_style, one_figure, save
from vbq.render.report import sections
from vbq.run import FORMAT


def broken(*_arguments, **_named):
    raise KeyError("level of nobody")


def test_a_table_that_cannot_be_made_costs_that_table(caplog):
    whole = page(ALL)
    without = page(ALL | {"univariable_groups": ALL["univariable_groups"].drop(columns="percent")})
    assert INSTEAD not in whole
    assert "Characteristics table</caption>" in without
    assert without.count(INSTEAD) == 1
    for anchor in ("table-1", "table-2", "table-3", "comparison"):
        assert f'<h2 id="{anchor}"' in without
    [record] = caplog.records
    assert record.getMessage() == f"{NOT_MADE}Characteristics table"
    assert record.exc_info


def test_a_section_that_cannot_be_made_costs_that_section(monkeypatch):
    monkeypatch.setattr(broken, "__name__", "multivariable")
    makers = [broken if maker is sections.multivariable else maker for maker in sections.STUDY]
    monkeypatch.setattr(sections, "STUDY", makers)
    text = page(ALL)
    assert text.count(INSTEAD) == 1
    assert 'id="not-made-multivariable"' in text
    assert 'id="table-2"' not in text
    assert 'id="table-3"' in text


def test_a_figure_that_cannot_be_drawn_is_one_that_says_so(tmp_path):
    @one_figure
    def odd_figure(rows, source):
        return broken(rows)

    with journal_style():
        figure, data = odd_figure([], source="Rows of nobody")
        save(Drawing("odd", figure, data), tmp_path, "made up", tiff=False)
    assert data.to_dict("records") == [{"mark": "not made", "label": "odd figure"}]
    assert (tmp_path / "odd.svg").is_file()
    assert "could not be made" in " ".join(words.get_text() for words in figure.texts).replace("\n", " ")


def test_what_the_user_can_mend_goes_on():
    def told():
        raise UserError("mend this")

    with pytest.raises(UserError, match="mend this"):
        part_of_a_document("part", told, lambda: None)


def test_the_closing_words_name_what_is_missing(tmp_path):
    logs = tmp_path / "site" / "logs"
    logs.mkdir(parents=True)
    assert not_made(tmp_path / "site") == []
    handler = logging.FileHandler(logs / "write_report.log")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)
    part_of_a_document("Characteristics table", broken, lambda: None)
    logging.getLogger().removeHandler(handler)
    handler.close()
    assert not_made(tmp_path / "site") == [("Characteristics table", "write_report.log")]
    assert "Characteristics table could not be made: logs/write_report.log" in attention(tmp_path / "site")
