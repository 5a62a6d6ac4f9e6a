"""The files of the configuration, each held against its schema."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from vbq.errors import UserError
from vbq.strict import Document, Place, read_yaml, shown

SCHEMAS = Path("workflow", "schemas")
SCORES = Path("config", "scores")
MOST_TOLD = 100  # errors of one file
LONGEST = 300  # characters of what a message quotes of a file
# What makes a score the one that it is. How readers are combined, its cut-off and its label do not.
DEFINING = ("levels", "aggregate", "roi_statistic", "reference", "csf_levels")


def read_config(path: str | Path, schema: str, base: Path = Path()) -> dict[str, Any]:
    """Read a YAML file that follows a schema of `workflow/schemas`; both paths are relative to `base`.

    Raises UserError, which tells everything that does not follow the schema, and where, or what `read_yaml`
    tells.
    """
    document = read_yaml(base / path, str(path))
    if places := list(_to_fill_in(document.content)):
        told = (f"{document.where(place)}: {_spelled(place, document.content)}" for place in places)
        raise UserError("\n".join(f'{place}: there is still a "?": fill it in' for place in told))
    _refuse_errors(document.content, schema, [document], base)
    return document.content


def read_settings(
    files: Sequence[str | Path], given: Mapping[str, Any], schema: str, base: Path = Path()
) -> dict[str, Any]:
    """Read the configuration of a run: of several files, and of what is `given`, the last entry counts.

    Raises UserError as `read_config` does.
    """
    documents = [read_yaml(base / path, str(path)) for path in files]
    documents.append(Document("--config", dict(given), {(key,): 0 for key in given}))
    settings = {key: value for document in documents for key, value in document.content.items()}
    _refuse_errors(settings, schema, documents, base)
    return settings


def read_plan(path: str | Path, base: Path = Path()) -> dict[str, Any]:
    """Read an analysis plan, with the definition of its marker in place of the marker's file.

    Raises UserError as `read_config` and `read_score` do.
    """
    plan = read_config(path, "plan.schema.yaml", base)
    if "marker" in plan:
        plan["marker"] = read_score(plan["marker"], base)
    return plan


def read_score(path: str | Path, base: Path = Path()) -> dict[str, Any]:
    """Read the definition of a score, whose name is that of the file.

    Raises UserError as `read_config` does, and where the project's own score of this name is another one.
    """
    score = {"name": Path(path).stem, **read_config(path, "score.schema.yaml", base)}
    own = SCORES / f"{score['name']}.yaml"
    if (base / own).is_file():
        refuse_another_score(score, read_config(own, "score.schema.yaml", base), f"{path} and {own}")
    return score


def refuse_another_score(score: Mapping[str, Any], known: Mapping[str, Any], places: str) -> None:
    """Raise UserError where two definitions of one name are not of the same score."""
    differ = [key for key in DEFINING if score.get(key) != known.get(key)]
    if differ:
        raise UserError(
            f"{places} define two scores of the name {score['name']}, which differ in {', '.join(differ)}: "
            "give one of them another name"
        )


def _refuse_errors(
    content: Mapping[str, Any], schema: str, documents: Sequence[Document], base: Path
) -> None:
    """Raise UserError where a content, which is that of one or several files, does not follow a schema."""
    described = read_yaml(base / SCHEMAS / schema).content
    told = []
    for whole in islice(VALIDATOR(described).iter_errors(content), MOST_TOLD):
        error = _nearest(whole)
        place = tuple(error.absolute_path)
        keys = f"{_spelled(place, content)}: " if place else ""
        if error.validator == "additionalProperties":
            place += tuple(key for key in error.instance if key not in error.schema.get("properties", {}))[:1]
        document = next((each for each in reversed(documents) if place[:1] in each.lines), documents[0])
        line = document.line(place)
        told.append(
            (documents.index(document), line, f"{document.where(place)}: {keys}{_told(error, whole)}")
        )
    if told:
        raise UserError("\n".join(message for *_, message in sorted(told)))


def _to_fill_in(content: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the places of a file that have a "?", which nothing but a missing value may be."""
    if content == "?":
        yield place
    elif isinstance(content, dict):
        for key, value in content.items():
            if key != "missing":
                yield from _to_fill_in(value, (*place, key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from _to_fill_in(value, (*place, number))


def _spelled(place: Place, content: Any) -> str:
    """Return a place of a content in words: keys with points between, positions in lists from 1."""
    words = []
    for key in place:
        words.append(f", entry {key + 1}" if isinstance(content, list) else f".{shown(key)}")
        content = content[key]
    return "".join(words).lstrip(".")


def _nearest(error: Any) -> Any:
    """Return, of the errors of several forms that a value may have, that of the form it comes nearest to."""
    return min(error.context or [error], key=lambda part: (part.validator == "type", -len(part.path)))


def _told(error: Any, whole: Any) -> str:
    """Say what is wrong, with what the schema says of the place, or of the whole with its several forms."""
    message = error.message if len(error.message) <= LONGEST else f"{error.message[:LONGEST]}..."
    if error.validator == "type":
        is_text, wanted = isinstance(error.instance, str), str(error.validator_value)
        if is_text and "boolean" in wanted:
            message += ": write true or false"
        elif isinstance(error.instance, bool | int | float) and "string" in wanted:
            message += ": put it in quotes if it is a text"
    schemas = [part.schema for part in (error, whole) if isinstance(part.schema, dict)]
    described = next((schema["description"] for schema in schemas if "description" in schema), "")
    return f"{message} ({described})" if described and error.validator != "additionalProperties" else message


def _stand_once(
    validator: Any, wanted: bool, values: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Yield an error for each value that a list has before; jsonschema takes square time."""
    before: set[str] = set()
    for value in values if wanted and isinstance(values, list) else ():
        spelled = repr(value)
        if spelled in before:
            yield ValidationError(f"{spelled} stands twice")
        before.add(spelled)


VALIDATOR = extend(Draft202012Validator, {"uniqueItems": _stand_once})
