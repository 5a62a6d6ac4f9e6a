"""YAML read strictly: each kind of doubt has its message, with its line, and no bytes do anything else."""

import os
import stat
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vbq.configuration import read_config, read_settings
from vbq.errors import UserError
from vbq.strict import DEEPEST, LARGEST, parse_yaml, read_yaml

PROJECT = Path(__file__).parents[2]
COHORT = (PROJECT / "config/cohorts/simulated_site.yaml").read_bytes()
OWN = [
    path
    for folder in ("config", "data", "profiles", "src", "tests", "workflow")
    for path in sorted((PROJECT / folder).rglob("*.yaml"))
]


def refused(content, name="f.yaml"):
    """The message of a content that is refused."""
    with pytest.raises(UserError) as raised:
        parse_yaml(content if isinstance(content, bytes) else content.encode(), name)
    return str(raised.value)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_the_projects_own_files_are_read_as_everybody_reads_them(path):
    assert read_yaml(path).content == yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(word, word) for word in ("yes", "No", "on", "off", "y", "NULL", "nan", "1:30", "1_000", "0x1F")],
        *[(word, word) for word in ("010", "007", "00", "01.5", "0o7", "2019-09-01", "+++", ".", "e5")],
        *[("true", True), ("FALSE", False), ("True", True), ("null", None), ("~", None), ("", None)],
        *[("0", 0), ("-9", -9), ("+5", 5), ("123456789012345", 123456789012345), ("0.50", 0.5), (".5", 0.5)],
        *[("5.", 5.0), ("1e5", 1e5), ("1E-05", 1e-5), ("-1.25e+2", -125.0), ("0.0", 0.0), ("0e9", 0.0)],
        *[
            ('"010"', "010"),
            ("'1'", "1"),
            ('"true"', "true"),
            ('".nan"', ".nan"),
            ('""', ""),
            ('"a\\tb"', "a\tb"),
        ],
    ],
)
def test_a_value_is_what_stands_there(written, value):
    found = parse_yaml(f"a: {written}\n".encode(), "f").content["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("ja: 1\nnein: 0\nja: 0\n", ["f.yaml:3: `ja` is already given in line 1"]),
        (
            "{ja: 1, nein: 0, ja: 0, nein: 1}",
            ["f.yaml:1: `ja` is already given in line 1", "f.yaml:1: `nein` is already given in line 1"],
        ),
        ("a:\n- b: {c: 1,\n   c: 2}\n", ["f.yaml:3: `c` is already given in line 2"]),
        (
            "1: a\n'1': b\n1.0: c\n",
            ["f.yaml:2: `1` is already given in line 1", "f.yaml:3: `1.0` is already given in line 1"],
        ),
        ("true: a\n'true': b\n", ["f.yaml:2: `true` is already given in line 1"]),
        ("Gr\u00f6\u00dfe: 1\nGro\u0308\u00dfe: 2\n", ["is already given in line 1"]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", ["f.yaml:3: `<<` is not read here"]),
        ("a: .nan\nb: [1, -.INF]\n", ["f.yaml:1: `.nan` is no number", "f.yaml:2: `-.INF` is no number"]),
        ("a: 1e999\nb: 1e-999\n", ["f.yaml:1: `1e999` is beyond", "f.yaml:2: `1e-999` is beyond"]),
        ("a: 1234567890123456\n", ["f.yaml:1: a number of 16 characters"]),
        (f"a: {'9' * 5000}\nb: .{'1' * 99}\n", ["f.yaml:1: a number of 5000", "f.yaml:2: a number of 100"]),
        ("x: !!python/object/apply:os.system ['true']\n", ["f.yaml:1: the tag `tag:yaml.org,2002:python/"]),
        ("x: !!str 1\ny: !own {a: 1}\n", ["f.yaml:1: the tag", "f.yaml:2: the tag `!own` is not read"]),
        ("a: *b\n", ["f.yaml:1: `*b` names nothing above it"]),
        ("a: &b [1, *b]\n", ["f.yaml:1: `*b` stands within what it names"]),
        ("null: 1\n", ["f.yaml:1: a key that is nothing"]),
        ("a: 1\n? [b]\n: 2\n", ["f.yaml:2: before a colon there is a list"]),
        ("a: 1\n---\nb: 2\n", ["f.yaml:2: a second document begins here"]),
        ("", ["f.yaml: the file is empty"]),
        ("# nothing\n", ["f.yaml: the file is empty"]),
        ("- a\n- b\n", ["f.yaml:1: the file holds a list"]),
        ("words\n", ["f.yaml:1: the file holds one value"]),
        ("a:\n\tb: 1\n", ["f.yaml:2: not valid YAML", "a tab cannot indent"]),
        ("a: 1\ntitle: Study: part 2\n", ["f.yaml:2: not valid YAML", "needs quotes"]),
        ("a: [1, 2\nb: 3\n", ["f.yaml:2: not valid YAML"]),
        ("a: b\0c\n", ["f.yaml:1: the character U+0000"]),
        ("a: 1\nb: \x1b[31m\n", ["f.yaml:2: the character U+001B"]),
        ("a: b\u2028c: d\n", ["f.yaml:1: the character U+2028"]),
        ('a: "\\0"\n', ["f.yaml:1: a NUL, written as an escape"]),
        ("a: 1\nb: \u00e4\n".encode("latin-1"), ["f.yaml:2: byte 0xE4 is not UTF-8: save the file as UTF-8"]),
        ("a: 1\n".encode("utf-16"), ["f.yaml: it is UTF-16: save it as UTF-8"]),
        ("a: 1\n".encode("utf-16-le"), ["f.yaml:1: the character U+0000"]),
    ],
)  # fmt: skip
def test_a_doubt_is_refused_with_its_line(content, lines):
    told = refused(content)
    for line in lines:
        assert line in told
    assert told.count("\n") < 3


@pytest.mark.parametrize(
    "content", ["\ufeffa: 1\n", "a: 1\r\n", "--- \na: 1\n...\n", "%YAML 1.1\n---\na: 1\n"]
)
def test_harmless_forms_are_read(content):
    assert parse_yaml(content.encode(), "f").content == {"a": 1}


def test_small_aliases_are_read():
    content = b"a: &levels {ja: 1, nein: 0}\nb: *levels\n"
    assert parse_yaml(content, "f").content["b"] == {"ja": 1, "nein": 0}


LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LAUGHS, "aliases up to here stand for more than a configuration"),
        ("a: " + "[" * 100_000, f"more than {DEEPEST} mappings and lists within each other"),
        ("a: " + "{b: " * 50_000, f"more than {DEEPEST} mappings"),
        ("? " * 100_000, "before a colon"),
        ("- " * 100_000, f"more than {DEEPEST} mappings"),
        ("a: " + "x" * LARGEST, "larger than 250 kB"),
    ],
)  # fmt: skip
def test_what_has_no_end_is_refused_at_once(content, told):
    begun = time.perf_counter()
    assert told in refused(content)
    assert time.perf_counter() - begun < 1


def test_a_long_list_of_many_kinds_is_held_against_the_schema_at_once(tmp_path):
    file = tmp_path / "site.yaml"
    items = ", ".join(f"{n}, a{n}, [{n}]" for n in range(8_000))
    file.write_bytes(COHORT.replace(b"missing: [k. A.]", f"missing: [{items}]".encode(), 1))
    begun = time.perf_counter()
    with pytest.raises(UserError, match="is not of type 'string', 'number'"):
        read_config(file, "cohort.schema.yaml", PROJECT)
    assert time.perf_counter() - begun < 1


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, told in [
        (tmp_path / "pipe", "it is a pipe or a device, not a file"),
        (Path("/dev/zero"), "it is a pipe or a device, not a file"),
        (tmp_path, "it is a folder, not a file"),
        (tmp_path / "absent.yaml", "there is no such file"),
        (tmp_path / "pipe" / "below.yaml", "there is no such file"),
        (Path("a\0b"), "there is no such file"),
        (tmp_path / ("n" * 300), "it cannot be read: File name too long"),
    ]:
        with pytest.raises(UserError, match=told):
            read_yaml(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_the_right_to_be_read(tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\n")
    file.chmod(stat.S_IWUSR)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        read_yaml(file)


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\n")

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(UserError, match=r"f\.yaml: it cannot be read: Permission denied"):
        read_yaml(file)


def test_what_does_not_follow_the_schema_has_its_line(tmp_path):
    file = tmp_path / "site.yaml"
    text = COHORT.decode().replace("role: validation", "role: other").replace("  id: Pseudonym", "  nr: 7", 1)
    file.write_text(text.replace("age: Alter", "age: {column: Alter, multiply: 0}"), encoding="utf-8")
    lines = text.splitlines()
    with pytest.raises(UserError) as raised:
        read_config(file, "cohort.schema.yaml", PROJECT)
    for key, line in (
        ("role", "role: other"),
        ("'nr'", "  nr: 7"),
        ("age.multiply", "    age: Alter"),
    ):
        number = next(n for n, each in enumerate(lines, 1) if each.startswith(line))
        assert any(f"site.yaml:{number}: " in told and key in told for told in str(raised.value).splitlines())


def test_a_question_mark_has_its_line(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_bytes(COHORT.replace(b"provenance: simulated; not patient data", b'provenance: "?"'))
    with pytest.raises(UserError, match=r'site\.yaml:\d+: provenance: there is still a "\?": fill it in'):
        read_config(file, "cohort.schema.yaml", PROJECT)


def test_the_last_of_several_configurations_counts_and_errors_name_their_file(tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("cohorts: [a.yaml]\nseed: 1\nresamples: 300\n")
    second.write_text("# own\nseed: 2\n")
    schema = "config.schema.yaml"
    found = read_settings([first, second], {"resamples": 500}, schema, PROJECT)
    assert found == {"cohorts": ["a.yaml"], "seed": 2, "resamples": 500}
    second.write_text("# own\nseed: yes\nnew: 1\n")
    with pytest.raises(UserError) as raised:
        read_settings([first, second], {"resamples": 5}, schema, PROJECT)
    told = str(raised.value).splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"{second}:2", f"{second}:3", "--config"]


WORDS = rb"a|title|: |, |  |- |[|]|{|}|&x |*x|!t |'|\"|#|?|? |<<|.nan|1|1e9|010|%|\\|null|true|levels|~|---"
OTHERS = [
    b"| ",
    b">-\n",
    b":\n",
    b"\n",
    b"\r\n",
    b"\t",
    b"...\n",
    b"\xff",
    b"\0",
    b"\xc3\xa4",
    b"\xef\xbb\xbf",
]
PIECES = st.sampled_from([*WORDS.split(b"|"), *OTHERS])
SPOILED = st.tuples(st.integers(0, len(COHORT)), st.integers(0, 40), st.lists(PIECES, max_size=8)).map(
    lambda cut: COHORT[: cut[0]] + b"".join(cut[2]) + COHORT[cut[0] + cut[1] :]
)
ANY_BYTES = st.binary(max_size=400) | st.lists(PIECES, max_size=60).map(b"".join) | SPOILED


@given(ANY_BYTES)
@example(b"5: 1\n1.5: 2\ntrue: 3\n")
@example(b"patients: {columns: {5: {levels: {1: [2]}}}}\n")
@example(b"readings: {columns: {1: 2}}\nvariables: {1: 2}\nonly: {2: [3]}\neligibility: 5\n")
@settings(max_examples=400, deadline=2000)
def test_any_bytes_are_a_configuration_or_one_message(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("any", numbered=True) / "site.yaml"
    file.write_bytes(content)
    with suppress(UserError):  # and nothing else
        found = read_config(file, "cohort.schema.yaml", PROJECT)
        assert {"title", "role", "provenance", "plan", "patients"} <= set(found)
