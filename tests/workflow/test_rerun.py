"""The default run, as a user would look at it."""

import os
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from project_copy import PROJECT, Copy, checksums, copy_project

PROVENANCE = "reconstructed from published summary statistics; not patient data"

# The contract of the results folder: tables and the columns they have at least.
CONTRACT = {
    "flow": "step n excluded reason",
    "ingest": "file row column value rule action",
    "univariable": "variable label kind n n_missing test statistic df p_value p_likelihood_ratio p_pearson "
    "p_fisher p_ols p_welch p_mann_whitney",
    "univariable_groups": "variable level group n percent mean sd median q1 q3",
    "multivariable": "term estimate std_error conf_low conf_high conf_method statistic df p_value p_method "
    "odds_ratio odds_ratio_low odds_ratio_high",
    "discrimination": "score n n_events tp fp fn tn auc_method p_value "
    + " ".join(
        f"{name}{end}"
        for name in ("sensitivity", "specificity", "ppv", "npv", "auc")
        for end in ("", "_low", "_high")
    ),
    "roc": "score threshold fpr tpr",
    "cutoff": "method cutoff sensitivity specificity youden",
    "agreement": "measure form estimate conf_low conf_high n k",
    "vbq_by_scanner": "variable test p_value",
    "vbq_factors": "variable test p_value",
    "vbq_by_fracture_count": "variable test p_value",
    "published": "id location quantity printed recomputed agrees reason",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_tables_keep_the_contract(rerun: Copy, name: str):
    table = pd.read_csv(rerun.results("ehresman2019") / f"{name}.csv")
    assert set(CONTRACT[name].split()) <= set(table.columns)
    assert set(table["provenance"]) == {PROVENANCE}


def test_printed_figures_reproduce(rerun: Copy):
    published = pd.read_csv(rerun.results("ehresman2019") / "published.csv", keep_default_na=False)
    agree = (published["agrees"] == "yes").mean()
    assert agree >= 0.94
    assert not published.loc[published["agrees"] != "yes", "reason"].isin(["", "unexplained"]).any()


def test_the_last_lines_say_what_was_found_and_where_to_look(rerun: Copy):
    output = "\n".join((rerun.path / "output.txt").read_text().splitlines()[-10:])
    assert re.search(
        rf"ehresman2019: {PROVENANCE}\n  \d+ of \d+ printed figures reproduce .*\n"
        r"  AUC, apparent and corrected for the optimism .*\n  The printed figures by themselves: .*\n"
        r"  Agrees with the reference results, cell for cell: [\d,]+ cells of \d+ tables, .*\n"
        r"  Open results/ehresman2019/report.html; beside it report.pdf, .*\n"
        r"What was made, and where it is: results/index.html",
        output,
    )


def test_a_run_that_differs_from_the_reference_says_where(rerun: Copy):
    told = rerun.results("ehresman2019") / "reference.txt"
    reference = rerun.path / "data" / "reference" / "ehresman2019" / "multivariable.csv"
    before, kept = told.read_text(), reference.read_text()
    table = pd.read_csv(reference, dtype=str, keep_default_na=False)
    table.loc[table["term"] == "vbq", "estimate"] = "1.5"
    table.to_csv(reference, index=False)
    printed = rerun.snakemake()
    assert told.read_text().startswith(
        "Differs from the reference results in 1 place of 1 file: multivariable.csv (1); "
        "first multivariable.csv, term=vbq, estimate: "
    )
    assert f"  {told.read_text()}" in printed
    reference.write_text(kept)
    assert f"  {before}" in rerun.snakemake()


def test_each_stage_tells_its_cohort(rerun: Copy):
    output = (rerun.path / "output.txt").read_text()
    for stage in ("ingest cohort", "fit multivariable", "validate internally", "write report"):
        assert f"\nehresman2019: {stage}\n" in output


def test_everything_shown_says_where_the_rows_come_from(rerun: Copy):
    folder = rerun.results("ehresman2019")
    assert set(pd.read_parquet(folder / "cohort.parquet")["provenance"]) == {PROVENANCE}
    pages = [folder / "report.html", folder / "run.yaml", rerun.path / "results" / "index.html"]
    shown = [*folder.glob("figures/*.svg"), *folder.glob("figures/*.csv"), *pages]
    assert len(shown) > 24
    for path in shown:
        assert PROVENANCE in path.read_text(), path


def test_the_readme_shows_what_the_run_finds(rerun: Copy):
    readme = " ".join((PROJECT / "README.md").read_text().split())
    for name in ("published.txt", "optimism.txt", "audit.txt"):
        said = rerun.results("ehresman2019").joinpath(name).read_text()
        assert " ".join(said.split()) in readme
    agreeing = rerun.results("ehresman2019").joinpath("reference.txt").read_text()
    assert agreeing.rpartition(", ")[0] in readme  # after it stands the difference, which is the machine's
    drawn = rerun.results("ehresman2019") / "figures" / "roc_comparison.svg"
    # Refresh the picture with `cp results/ehresman2019/figures/roc_comparison.svg docs/`.
    assert (PROJECT / "docs" / "roc_comparison.svg").read_bytes() == drawn.read_bytes()


def test_no_id_reaches_the_results(rerun: Copy):
    ids = pd.read_csv(rerun.path / "data" / "ehresman2019" / "patients.csv")["patient_id"]
    pattern = re.compile("|".join(rf"\b{name}\b" for name in ids))
    for path in rerun.path.joinpath("results").rglob("*"):
        if path.suffix in {".csv", ".txt", ".html", ".yaml", ".log", ".svg"}:
            assert not pattern.search(path.read_text()), path
    cohort = pd.read_parquet(rerun.results("ehresman2019") / "cohort.parquet")
    assert not cohort.astype(str).isin(set(ids)).to_numpy().any()


def test_one_core_gives_the_same_bytes(rerun: Copy, tmp_path: Path):
    copy = copy_project(tmp_path)
    copy.snakemake("--cores", "1")
    assert checksums(copy.path / "results") == checksums(rerun.path / "results")


def test_nothing_is_left_to_do(rerun: Copy):
    assert "Nothing to be done" in rerun.snakemake()


def test_an_edited_module_reruns_the_stages_that_use_it(rerun: Copy):
    module = rerun.path / "src" / "vbq" / "stats" / "agreement.py"
    before, status = module.read_text(), module.stat()
    module.write_text(before + "\n# edited\n")
    try:
        stale = rerun.stale_rules()
    finally:
        module.write_text(before)
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "measure_agreement" in stale
    # What reads the table follows; nothing else does.
    documents = {"record_run", "write_report", "write_index", "compare_reference"}
    assert stale == {"measure_agreement", "compare_published", "draw_figures", *documents}


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter writes to a folder of the test, not to the user's."""
    for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))


def run_notebook(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, resources={"metadata": {"path": str(path.parent)}}, kernel_name="python3"
    ).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/svg+xml" in output.get("data", {}) for output in shown)
    assert not any(output["output_type"] == "error" for output in shown)


@pytest.mark.usefixtures("no_home")
def test_notebook_of_the_rerun(rerun: Copy):
    run_notebook(rerun.path / "notebooks" / "rerun.ipynb")


@pytest.mark.usefixtures("no_home")
def test_notebook_of_an_external_validation(validated: Copy):
    run_notebook(validated.path / "notebooks" / "validation.ipynb")


def test_snakemake_report(rerun: Copy):
    rerun.snakemake("--report", "report.zip")
    assert (rerun.path / "report.zip").stat().st_size > 100_000
