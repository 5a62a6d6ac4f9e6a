"""What the terminal and the index say of a run."""

import pytest

from vbq.headlines import DOCUMENTS, attention, closing_words, documents, told

REMARKS = """file,row,column,value,rule,severity,action
rows.csv,2,age,Jane Doe,outside the plausible range,warning,check it
rows.csv,3,age,130,outside the plausible range,warning,check it
rows.csv,4,,,readers disagree,note,
"""

ALL = list(DOCUMENTS)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site" / "logs").mkdir(parents=True)
    made = tmp_path / "site"
    (made / "ingest.csv").write_text(REMARKS)
    (made / "logs" / "fit.log").write_text("INFO: fine\nWARNING: no estimate\nseconds of computing: 1.0\n")
    (made / "logs" / "draw.log").write_text("INFO: fine\n")
    (made / "report.html").write_text("")
    (made / "tables.docx").write_text("")
    (made / "optimism.txt").write_text("corrected 0.8\n")
    (made / "published.txt").write_text("\n")
    return made


def test_warnings_are_counted_by_rule_without_any_value(folder):
    assert attention(folder) == [
        "outside the plausible range: 2 in ingest.csv",
        "warnings of the analyses: 1 in logs/fit.log",
    ]


def test_sentences_that_were_not_written_are_not_told(folder):
    assert told(folder, {"validation.txt": "", "published.txt": "", "optimism.txt": "AUC: "}) == [
        "AUC: corrected 0.8"
    ]


def test_only_what_is_there_can_be_opened(folder):
    assert list(documents(folder, ALL)) == ["report.html", "tables.docx"]
    assert list(documents(folder, ["tables.docx"])) == ["tables.docx"]


def test_the_closing_words_end_with_where_to_look(folder):
    lines = closing_words(folder, "simulated", {"optimism.txt": ""}, ALL).splitlines()
    assert lines[0] == "site: simulated"
    assert lines[1].strip() == "corrected 0.8"
    assert lines[2].strip().startswith("To look at: outside the plausible range: 2")
    assert lines[3].strip() == f"Open {folder / 'report.html'}; beside it tables.docx"


def test_a_folder_without_documents_says_so(tmp_path):
    assert closing_words(tmp_path, "x", {}, ALL).endswith(f"what was made is in {tmp_path}")
