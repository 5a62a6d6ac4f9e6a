"""The benchmark of coverage runs, and gives the same numbers on one core and on two."""

import importlib.util
import sys
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("coverage_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # so that worker processes find its functions
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def small_run(benchmark, workers):
    with Pool(workers) as pool:
        truth = benchmark.truths(12, pool, chunks=2, patients=2_000)
        return benchmark.coverage(105, 12, 8, truth, pool)


def test_workers_do_not_change_the_numbers(benchmark):
    table = small_run(benchmark, 1)
    pd.testing.assert_frame_equal(table, small_run(benchmark, 2))
    assert (
        table.groupby(["rule", "measure"])["default"].apply(lambda marks: (marks == "yes").sum() == 1).all()
    )
    assert table["coverage"].dropna().between(0, 1).all()
    assert table["coverage"].mean() > 0.8  # each is near 0.95; so few cohorts say no more
    assert (table["without_interval"] <= 8).all()
    lines = benchmark.summary(table, 105)
    assert "| auc | DeLong, logit scale" in lines
    assert "| calibration in the large | Wald, sandwich standard error (default) |" in lines
    assert "| calibration in the large, second row | profile likelihood (default) |" in lines


def test_an_interval_whose_method_depends_on_the_cohort_has_all_names(benchmark):
    names = Counter({"percentile bootstrap, 200 replicates": 90, "percentile bootstrap, 199 replicates": 10})
    assert benchmark._joined(names, 100) == "percentile bootstrap, 200 replicates"
    assert benchmark._joined(Counter({"Newcombe": 30, "DeLong": 70, "": 2}), 100) == "DeLong or Newcombe"
    assert benchmark._joined(Counter({"DeLong": 995, "Newcombe": 5}), 1000) == "DeLong"


@pytest.mark.parametrize("percent", [12, 53])
def test_prevalence_is_what_it_says(benchmark, percent):
    assert benchmark.simulate(50_000, percent, 0)["true_risk"].mean() == pytest.approx(
        percent / 100, abs=0.003
    )
