"""What the workflow's scripts share."""

import pandas as pd

from vbq.run import write_csv


def test_numbers_of_a_table_have_twelve_significant_digits(tmp_path):
    table = pd.DataFrame(
        {
            "sum": [0.1 + 0.2, 2 / 3, None],
            "small": [1.23456789012345e-300, -4.0000000000000001e-17, float("inf")],
            "mixed": [0.1 + 0.2, "0.30000000000000004", None],
            "count": [1, 10**15 + 1, 3],
        }
    )
    write_csv(table, str(tmp_path / "table.csv"))
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        "sum,small,mixed,count",
        "0.3,1.23456789012e-300,0.3,1",
        "0.666666666667,-4e-17,0.30000000000000004,1000000000000001",
        ",inf,,3",
    ]
