"""The command `vbq`: a cohort file from a site's files, a check of its rows, a comparison of results."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vbq.errors import UserError
from vbq.paths import is_unicode

PLAN = "config/plans/ehresman2019.yaml"
COHORTS = Path("config", "cohorts")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, the process's own if None; return its exit status: 0 only where all is well."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        if asked.in_project and not Path("Snakefile").is_file():
            raise UserError("run it in the project's folder, the one with the Snakefile")
        for given in vars(asked).values():
            for name in (
                given if isinstance(given, list) else [given] if isinstance(given, str | Path) else []
            ):
                if not is_unicode(str(name)):
                    raise UserError(f"{str(name)!a}: a name that is not UTF-8: rename it")
        return asked.run(asked)
    except UserError as error:
        print(error, file=sys.stderr)
        return asked.failed
    except BrokenPipeError:  # such as `vbq check ... | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return asked.failed
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vbq", description=__doc__)
    parser.set_defaults(failed=1, in_project=True)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new = commands.add_parser(
        "new-cohort",
        help="look at files and propose a cohort file",
        description="Look at files, propose what their columns hold, write config/cohorts/NAME.yaml.",
    )
    new.add_argument("name", metavar="NAME", help="the cohort's name, in lower_snake_case")
    new.add_argument(
        "--from", dest="files", nargs="+", required=True, metavar="FILE", help="the site's files"
    )
    new.add_argument("--plan", default=PLAN, help=f"the analysis plan (default: {PLAN})")
    new.set_defaults(run=_new_cohort)

    check = commands.add_parser(
        "check",
        help="read and check a cohort without analyzing it",
        description="Read and check a cohort, and write results/NAME/check.html.",
    )
    check.add_argument(
        "name", metavar="NAME", help="a cohort of config/cohorts, or the path of a cohort file"
    )
    check.set_defaults(run=_check)

    template = commands.add_parser(
        "template",
        help="write an empty workbook and a REDCap data dictionary",
        description="Write vbq_template.xlsx and vbq_redcap_dictionary.csv, to be filled in and imported.",
    )
    template.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where (default: here)")
    template.set_defaults(run=_template)

    compare = commands.add_parser(
        "compare",
        help="say whether two folders of results agree, cell for cell",
        description="Compare two folders of results: every cell of every table, and the words of documents "
        "and figures. Exit status: 0 identical or agreeing to 1e-9, 1 different, 2 not comparable.",
    )
    for folder, words in (("one", "results, or those of a cohort"), ("other", "those to compare with")):
        compare.add_argument(folder, type=Path, metavar=folder.upper(), help=words)
    compare.set_defaults(run=_compare, failed=2, in_project=False)
    return parser


def _check(asked: argparse.Namespace) -> int:
    from vbq.strict import read_yaml

    file = _cohort_file(asked.name)
    print(f"{file}: reading", flush=True)
    read_yaml(file)  # what cannot be read is said at once: the imports below take a second
    from vbq.checking import check_cohort

    checked = check_cohort(file, Path("results"))
    for line in checked.lines:
        print(line)
    print(f"{file.stem}: {checked.verdict} Open {checked.page}")
    return 1 if checked.has_errors else 0


def _cohort_file(name: str) -> Path:
    file = Path(name) if name.endswith((".yaml", ".yml")) else COHORTS / f"{name}.yaml"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in COHORTS.glob("*.yaml")))
        raise UserError(f"{file}: there is no such cohort file. There are: {known}")
    return file


def _new_cohort(asked: argparse.Namespace) -> int:
    from vbq.ingest.propose import propose_cohort_file
    from vbq.run import write_whole

    target = COHORTS / f"{asked.name}.yaml"
    if target.exists():
        raise UserError(f"{target} exists already: choose another name, or remove it")
    proposed = propose_cohort_file(asked.name, asked.files, asked.plan)
    write_whole(proposed.text, target)
    for line in proposed.lines:
        print(line)
    print(f"Wrote {target}. Review it, then: vbq check {asked.name}")
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from vbq.comparing import compare_folders, lines_of

    comparison = compare_folders(asked.one, asked.other)
    for line in lines_of(comparison):
        print(line)
    return 0 if comparison.agrees else 1


def _template(asked: argparse.Namespace) -> int:
    from vbq.template import write_dictionary, write_workbook

    folder = Path(asked.folder)
    workbook, dictionary = folder / "vbq_template.xlsx", folder / "vbq_redcap_dictionary.csv"
    for file in (workbook, dictionary):
        if file.exists():
            raise UserError(f"{file} exists already, and may be filled in: remove it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    write_workbook(workbook)
    write_dictionary(dictionary)
    print(f"Wrote {workbook}: fill in its sheets, then: vbq new-cohort NAME --from {workbook}")
    print(f"Wrote {dictionary}: import it into a REDCap project (Designer, Data Dictionary)")
    return 0
