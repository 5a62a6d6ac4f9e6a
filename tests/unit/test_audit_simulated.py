"""The audit on simulated papers: silent on clean ones, outspoken on errors. The benchmark has the rates."""

from functools import cache

import numpy as np
import pytest
import yaml
from audited import PUBLISHED, transcription

from vbq.published.audit.checks import audit
from vbq.published.simulation.errors import ERRORS, is_found, seed_error
from vbq.published.simulation.example import simulated_example
from vbq.published.simulation.papers import simulate_paper

SEEDS = range(80)


@cache
def simulated(seed):
    paper = simulate_paper(seed)
    return paper, audit(paper.paper()).findings


@pytest.mark.parametrize("seed", SEEDS[:12])
def test_clean_papers_have_no_contradiction(seed):
    _, findings = simulated(seed)
    assert set(findings["severity"]) & {"contradiction"} == set()


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_found(kind):
    outcomes = []
    for seed in SEEDS:
        paper, clean = simulated(seed)
        seeded = seed_error(paper, kind, np.random.default_rng([seed, 1]))
        if seeded and seeded.is_detectable:
            spoiled = audit(paper.paper(seeded.figures)).findings
            outcomes.append(is_found(clean, spoiled, seeded.altered))
        if len(outcomes) == 2:
            break
    assert outcomes
    assert all(outcomes)


def test_an_error_is_not_found_where_there_is_none():
    _, clean = simulated(0)
    assert not is_found(clean, clean, frozenset(id_ for cell in clean["figures"] for id_ in cell.split("; ")))


def test_the_same_seed_gives_the_same_paper():
    assert simulate_paper(3).figures.equals(simulate_paper(3).figures)


def test_the_example_is_the_committed_one_and_its_errors_are_found():
    example, altered = simulated_example()
    figures, described, plan = transcription("simulated_example")
    assert example.figures.equals(figures)
    assert yaml.safe_load(yaml.safe_dump(example.described)) == described
    assert yaml.safe_load(yaml.safe_dump(example.plan)) == plan
    assert "not a publication" in (PUBLISHED / "simulated_example" / "paper.yaml").read_text()
    findings = audit(example.paper()).findings
    severe = findings[findings["severity"] == "contradiction"]
    for ids in altered.values():
        assert any(ids & set(cell.split("; ")) for cell in severe["figures"])
