"""REDCap exports: codes, labels, checkboxes, and the eight projects of the shared data."""

from pathlib import Path

import pytest

from vbq.ingest.files import Settings, read_sheet
from vbq.ingest.files.redcap import is_dictionary, read_dictionary
from vbq.problems import Problems

SHARED = Path(__file__).parents[3] / "shared" / "data" / "redcap_exports"
HEADINGS = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",'
    '"Text Validation Min","Text Validation Max",Identifier?,"Branching Logic (Show field only if...)",'
    '"Required Field?","Custom Alignment","Question Number (surveys only)","Matrix Group Name",'
    '"Matrix Ranking?","Field Annotation"'
)
DICTIONARY = f"""{HEADINGS}
record_id,a,,text,"Study ID",,,,,,,,,,,,,
vcf,a,,radio,"New fracture","1, Yes | 2, No, none | -9, Unknown",,,,,,,,,,,,
bmi,a,,text,BMI,,,number_comma_decimal,,,,,,,,,,
drug,a,,checkbox,Drugs,"1, Denosumab | -9, Other",,,,,,,,,,,,
steroids,a,,yesno,Steroids,,,,,,,,,,,,,
dob,a,,text,Born,,,date_ymd,,,y,,,,,,,
remark,a,,notes,Remark,,,,,,,,,,,,,
"""


def project(tmp_path, data):
    (tmp_path / "dictionary.csv").write_text(DICTIONARY)
    (tmp_path / "data.csv").write_text(data)
    problems = Problems()
    settings = Settings(dictionary=str(tmp_path / "dictionary.csv"))
    return read_sheet(tmp_path / "data.csv", "data.csv", settings, None, problems), problems.sorted()


def test_codes_become_labels(tmp_path):
    headings = "record_id,vcf,bmi,drug___1,drug____9,steroids,dob,remark"
    data = f'{headings}\n1,2,"22,5",1,0,1,1950-01-02,x\n2,-9,,0,0,,,\n'
    sheet, problems = project(tmp_path, data)
    assert problems == []
    labels = ["1", "No, none", "22.5", "Checked", "Unchecked", "Yes", "1950-01-02", "x"]
    assert sheet.frame.loc[2].tolist() == labels
    assert sheet.frame.loc[3, ["vcf", "steroids"]].tolist() == ["Unknown", ""]
    assert sheet.identifying == {"dob", "remark"}


def test_an_export_of_labels_reads_the_same(tmp_path):
    data = 'Study ID,New fracture,BMI,Drugs (choice=Denosumab),Steroids\n1,"No, none","22,5",Checked,Yes\n'
    sheet, problems = project(tmp_path, data)
    assert problems == []
    assert sheet.frame.loc[2].tolist() == ["1", "No, none", "22.5", "Checked", "Yes"]


def test_cells_that_are_neither_stay_to_be_refused_with_their_row(tmp_path):
    sheet, _ = project(tmp_path, "record_id,vcf\n1,2\n2,7\n")
    assert sheet.frame["vcf"].tolist() == ["No, none", "7"]


def test_codes_that_are_labels_of_others_are_not_guessed(tmp_path):
    swapped = DICTIONARY.replace("1, Yes | 2, No, none | -9, Unknown", "1, 0 | 0, 1")
    (tmp_path / "dictionary.csv").write_text(swapped)
    (tmp_path / "data.csv").write_text("record_id,vcf\n1,0\n2,1\n")
    problems = Problems()
    settings = Settings(dictionary=str(tmp_path / "dictionary.csv"))
    read_sheet(tmp_path / "data.csv", "data.csv", settings, None, problems)
    [problem] = problems.sorted()
    assert (problem.rule, problem.column) == ("codes or labels", "vcf")


def test_another_file_is_no_dictionary(tmp_path):
    (tmp_path / "dictionary.csv").write_text("a,b\n1,2\n")
    problems = Problems()
    assert read_dictionary(tmp_path / "dictionary.csv", "dictionary.csv", problems) is None
    assert problems.sorted()[0].rule == "not a data dictionary"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize("name", sorted(path.name for path in SHARED.glob("*") if path.is_dir()))
def test_each_project_reads(name):
    folder = SHARED / name
    for dictionary in [*folder.glob("dictionary.csv"), *folder.glob("metadata.csv")]:
        problems = Problems()
        fields = read_dictionary(dictionary, dictionary.name, problems)
        sheet = read_sheet(
            folder / "data.csv", "data.csv", Settings(dictionary=str(dictionary)), None, problems
        )
        assert problems.sorted() == []
        assert not is_dictionary(sheet.headings)
        completed = [heading for heading in sheet.headings if heading.endswith("_complete")]
        described = set(fields) | set(completed) | {"redcap_event_name", "redcap_data_access_group"}
        described |= {"redcap_repeat_instrument", "redcap_repeat_instance"}
        assert set(sheet.headings) <= described
        for heading, known in sheet.labels.items():
            if (name, heading) != ("simple", "sex"):  # TRUE and FALSE there, which no choice has
                assert set(sheet.frame[heading]) <= {*known.values(), ""}
