"""How many small faults in the statistics the tests notice: mutants drawn at random, survivors listed.

    python benchmarks/mutations.py [how many] [seed] [seconds for each] [files: a regular expression]

A mutant is one change in src/vbq/stats, internal or validation: an operator (+ and -, * and /, and and or), a
comparison (< and <=, == and !=), a whole number one higher, another number a tenth higher, an axis, mean and
median or another pair of names, a call left out. All that there are have the same chance; but numbers
below 0.001 and from 10,000 on, which say when to stop or what is rounding, and whatever is in default
arguments, annotations and messages, are left out.

Each mutant meets the unit and reference tests that import its module, in a copy of the project as committed,
until one fails; that one must pass without the mutant. A run that does not end in time is `undecided`.
"""

import ast
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("stats", "internal", "validation")
OPERATORS = {
    **{
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Div,
        ast.Div: ast.Mult,
        ast.And: ast.Or,
        ast.Or: ast.And,
    },
    **{
        ast.Lt: ast.LtE,
        ast.LtE: ast.Lt,
        ast.Gt: ast.GtE,
        ast.GtE: ast.Gt,
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
    },
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
PAIRS = [("mean", "median"), ("nanmean", "nanmedian"), ("min", "max"), ("minimum", "maximum"), ("any", "all")]
NAMES = dict(PAIRS) | {two: one for one, two in PAIRS}
LEFT_OUT = {
    "abs",
    "clip",
    "sqrt",
    "log",
    "exp",
    "expit",
    "logit",
    "maximum",
    "minimum",
    "round",
    "sorted",
    "where",
}
SMALLEST, STEPS = 1e-3, 10_000
Change = tuple[ast.AST, str, Any]  # a node, its field, and what the field becomes


def changes(tree: ast.AST) -> Iterator[Change]:
    """Yield every change of a module's tree."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.arguments):
            continue
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue
        yield from _changes_of(node)
        for part in (node.value,) if isinstance(node, ast.AnnAssign) else (node,):
            yield from changes(part)


def _changes_of(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS:
        yield node, "op", OPERATORS[type(node.op)]()
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
        yield node, "ops", [OPERATORS[type(node.ops[0])]()]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = abs(node.value)
        if SMALLEST <= value < STEPS or (value == 0 and isinstance(value, int)):
            yield node, "value", node.value + 1 if isinstance(node.value, int) else node.value * 1.1
    if isinstance(node, ast.keyword) and node.arg == "axis" and getattr(node.value, "value", None) in (0, 1):
        yield node, "value", ast.Constant(1 - node.value.value)
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield node, "attr", NAMES[node.attr]
    if isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in LEFT_OUT:
            yield node, "func", ast.parse("(lambda first, *others, **named: first)", mode="eval").body


def importers(module: str, files: Iterable[Path]) -> list[Path]:
    """Return the files that import a module by its name, reference tests and short ones first."""
    package, _, name = module.rpartition(".")
    imports = re.compile(rf"\b{re.escape(module)}\b|from {re.escape(package)} import .*\b{name}\b")
    found = [file for file in files if imports.search(file.read_text(encoding="utf-8"))]
    return sorted(found, key=lambda file: (file.parent.name != "reference", file.stat().st_size))


def tests_of(module: str, project: Path) -> list[str]:
    """Return the unit and reference tests that import a module, or one that does where none does itself."""
    tests = [file for folder in ("unit", "reference") for file in project.glob(f"tests/{folder}/test_*.py")]
    found = importers(module, tests)
    if not found:
        source = project / "src"
        for file in importers(module, source.rglob("*.py")):
            found += importers(".".join(file.relative_to(source).with_suffix("").parts), tests)
    return list(dict.fromkeys(str(file.relative_to(project)) for file in found))


def failed_test(tests: list[str], project: Path, seconds: float) -> str | None:
    """Return the first test that fails, "" where none does. Raises TimeoutExpired."""
    python = [
        str(PROJECT / ".venv/bin/python"),
        "-m",
        "pytest",
        "-x",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
    ]
    told = {**os.environ, "PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [*python, *tests], cwd=project, env=told, capture_output=True, text=True, timeout=seconds, check=False
    )
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", ran.stdout, re.MULTILINE)
    return failed[1] if failed else "" if ran.returncode == 0 else tests[0]


def fate(file: Path, mutant: str, project: Path, seconds: float) -> str:
    """Return what became of a mutant of a file."""
    module = ".".join(file.relative_to(project / "src").with_suffix("").parts)
    tests, source = tests_of(module, project), file.read_text(encoding="utf-8")
    if not tests:
        return "survived: no test imports its module"
    try:
        file.write_text(mutant, encoding="utf-8")
        failed = failed_test(tests, project, seconds)
    except subprocess.TimeoutExpired:
        return "undecided"
    finally:
        file.write_text(source, encoding="utf-8")
    if not failed:
        return "survived"
    passes = failed_test([failed], project, seconds) == ""
    return "killed" if passes else f"undecided: {failed} fails without it, too;"


def main(how_many: int = 100, seed: int = 2019, seconds: float = 300, of: str = "") -> None:
    """Draw mutants, tell what becomes of each, and the share that was killed of those decided."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=PROJECT, capture_output=True, check=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        files = sorted(file for name in PACKAGES for file in (project / "src/vbq" / name).glob("*.py"))
        files = [file for file in files if re.search(of, str(file.relative_to(project)))]
        trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
        all_changes = [(file, change) for file, tree in trees.items() for change in changes(tree)]
        print(f"{how_many} of {len(all_changes)} mutants, seed {seed}", flush=True)
        fates: Counter[str] = Counter()
        for file, (node, field, becomes) in random.Random(seed).sample(all_changes, how_many):
            shown = node.value if isinstance(node, ast.keyword) else node
            before, was = ast.unparse(shown), getattr(node, field)
            setattr(node, field, becomes)
            after = ast.unparse(node.value if isinstance(node, ast.keyword) else node)
            mutant = ast.unparse(ast.fix_missing_locations(trees[file]))
            setattr(node, field, was)
            became = fate(file, mutant, project, seconds)
            fates[became.partition(":")[0]] += 1
            at = f"{file.relative_to(project)}:{getattr(node, 'lineno', '?')}"
            print(f"{became:10} {at}  {before[:70]}  ->  {after[:70]}", flush=True)
        decided = fates["killed"] + fates["survived"]
        print(f"killed {fates['killed']} of {decided} decided, {fates['undecided']} undecided")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:])
