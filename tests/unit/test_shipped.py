"""What is said of files made again beside those that ship."""

import pytest

from vbq.errors import UserError
from vbq.published.shipped import compare_with_shipped


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("id,x,y\nP1,1,a\nP2,2.5,b\n", ": 1 of 6 cells differ (rows: 1), numbers by 0.5 at most, in x\n"),
        ("id,x,y\nP1,1.0,a\nP2,3,b\n", ": 1 of 6 cells differ (rows: 1)\n"),
        ("id,x,y\nP1,,c\nP2,3,c\n", ": 3 of 6 cells differ (rows: 2)\n"),
        ("id,x,y\nP1,1,a\n", ": 1 rows of 3 columns, not 2 rows of 3 columns, or columns of other names"),
        (
            "id,z,y\nP1,1,a\nP2,3,b\n",
            ": 2 rows of 3 columns, not 2 rows of 3 columns, or columns of other names",
        ),
        ("id,x,y\r\nP1,1,a\r\nP2,3,b\r\n", ": the same cells, other bytes\n"),
    ],
)
def test_how_much_differs(tmp_path, made, said):
    one, other = tmp_path / "made.csv", tmp_path / "shipped.csv"
    one.write_bytes(made.encode())
    other.write_bytes(b"id,x,y\nP1,1,a\nP2,3,b\n")
    with pytest.raises(UserError) as stopped:
        compare_with_shipped([one], [other])
    assert said in str(stopped.value)
    assert "P1" not in str(stopped.value)
    assert other.read_bytes() == b"id,x,y\nP1,1,a\nP2,3,b\n"


def test_a_file_that_is_no_table(tmp_path):
    one, other = tmp_path / "made.yaml", tmp_path / "shipped.yaml"
    one.write_text("a: 1\n")
    other.write_text("a: 2\n")
    with pytest.raises(UserError, match="other bytes"):
        compare_with_shipped([one], [other])
    other.write_text("a: 1\n")
    assert compare_with_shipped([one], [other]).startswith("Made again, byte for byte")
