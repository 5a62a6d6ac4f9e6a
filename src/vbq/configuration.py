"""The files of the configuration, each held against its schema."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from vbq.errors import UserError

SCHEMAS = Path("workflow", "schemas")
SCORES = Path("config", "scores")
# What makes a score the one that it is. How readers are combined, its cut-off and its label do not.
DEFINING = ("levels", "aggregate", "roi_statistic", "reference", "csf_levels")


def read_config(path: str | Path, schema: str, base: Path = Path()) -> dict[str, Any]:
    """Read a YAML file that follows a schema of `workflow/schemas`; both paths are relative to `base`.

    Raises UserError, which tells everything that does not follow the schema, and where.
    """
    try:
        content = yaml.load((base / path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if places := list(_to_fill_in(content)):
        raise UserError("\n".join(f'{path}: {place}: there is still a "?": fill it in' for place in places))
    described = yaml.load((base / SCHEMAS / schema).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    errors = sorted(
        Draft202012Validator(described).iter_errors(content), key=lambda error: list(map(str, error.path))
    )
    if errors:
        raise UserError("\n".join(f"{path}: {_where(error)}{_told(error)}" for error in errors))
    return content


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


def _to_fill_in(content: Any, place: str = "") -> Iterator[str]:
    """Yield the places of a file that have a "?", which nothing but a missing value may be."""
    if content == "?":
        yield place
    elif isinstance(content, dict):
        for key, value in content.items():
            if key != "missing":
                yield from _to_fill_in(value, f"{place}.{key}" if place else str(key))
    elif isinstance(content, list):
        for number, value in enumerate(content, 1):
            yield from _to_fill_in(value, f"{place}, entry {number}")


def _where(error: ValidationError) -> str:
    keys = ".".join(map(str, error.path))
    return f"{keys}: " if keys else ""


def _told(error: ValidationError) -> str:
    """Say what is wrong, with what the schema says of the place."""
    described = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    nearest = min(error.context, key=lambda part: -len(part.path), default=None) if error.context else None
    message = nearest.message if nearest is not None else error.message
    return f"{message} ({described})" if described and error.validator != "additionalProperties" else message
