"""A page that computes VBQ score, SINS and the risk of a published rule from what is typed into it.

The page needs nothing but itself: all that its script knows of the scores and of the rule is in the page, as
JSON made here from the codebook, the scores and the rule's file.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.ingest.suspicions import FACTOR
from vbq.render import numbers as text
from vbq.render.document import safe
from vbq.render.writers.html import from_template
from vbq.scores.marker import PUBLISHED
from vbq.scores.sins import POTENTIALLY_UNSTABLE_MAX, STABLE_MAX, TOTAL_MAX
from vbq.stats.digits import ALMOST_HALF, DIGITS
from vbq.template import NOTES
from vbq.validation.rules import Codebook, Rule, pattern_name, rule_of

PERCENT = "\u00a0%"  # never on a line of its own
PURPOSE = (
    "For research only: this page is no medical device, and nothing in it is meant to guide the care of a "
    "patient."
)
MEASUREMENT = (
    "The VBQ score depends on the scanner: in 2,400 people without a fracture it was 2.77 on average at "
    "1.5 T and 2.20 at 3 T (doi 10.1186/s13018-023-04268-5). The cut-off is the same for both.",
    "Two scans of one patient can differ by 0.83 to 0.97 while the bone stays the same (smallest detectable "
    "change, computed from “Normative data and reproducibility for vertebral bone quality score in serial "
    "lumbar spine magnetic resonance imaging”); patients with and without a fracture differed by 0.78 in "
    "the study of 2019. Near the cut-off another scan may give another risk.",
)


def calculator_page(described: Mapping[str, Any], codebook: Codebook = VARIABLES) -> str:
    """Return the page of a rule's file (`workflow/schemas/rule.schema.yaml`) as HTML text.

    The rule is one whose `patterns` give the risk of each combination of yes-or-no terms of `vbq` and `sins`.

    Raises ValueError where it is another one, and UserError where it contradicts itself.
    """
    rule = rule_of(described["label"], described, codebook)
    if set(rule.variables) != {"vbq", "sins"} or not rule.risks:
        raise ValueError(f"{rule.label} is no rule of VBQ score and SINS with a risk for each combination")
    patterns = _patterns(rule, described)
    return from_template(
        "calculator.html.jinja",
        "calculator.js",
        rule=rule,
        outcome=codebook[rule.outcome].label,
        marker=PUBLISHED,
        components=[VARIABLES[name] for name in SINS_COMPONENTS],
        notes=NOTES,
        patterns=patterns,
        prevalence=_prevalence(rule),
        purpose=PURPOSE,
        cautions=[*described.get("cautions", ()), *MEASUREMENT],
        facts=Markup(embedded_json(_facts(rule, described, patterns))),
    )


def embedded_json(content: object) -> str:
    """Write JSON that may stand inside a script element: nothing in it can end the element."""
    written = safe(json.dumps(content, ensure_ascii=False))
    return written.translate({ord(character): f"\\u{ord(character):04x}" for character in "<>&"})


def _patterns(rule: Rule, described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each combination of the rule's terms with its risk, in numbers and in words."""
    found = []
    for pattern in described["patterns"]:
        yes = frozenset(term.name for term in rule.terms if term.variable in pattern["positive"])
        risk, interval = rule.risks[yes], pattern.get("interval")
        found.append(
            {
                "positive": pattern["positive"],
                "name": pattern_name(rule, yes, VARIABLES),
                "risk": risk.risk,
                "interval": interval,
                "risk_in_words": f"{text.fixed(100 * risk.risk, 0)}{PERCENT}",
                "interval_in_words": _percent(interval, 0) if interval else "",
                "allowed_in_words": _percent([risk.low, risk.high], 1) if risk.low < risk.high else "",
            }
        )
    return found


def _percent(ends: Sequence[float], decimals: int) -> str:
    low, high = (text.fixed(100 * end, decimals) for end in ends)
    return f"{low} to {high}{PERCENT}"


def _prevalence(rule: Rule) -> str:
    """Say how many of the patients whom the rule was made from had the outcome."""
    events, patients = rule.published.get("events"), rule.published.get("patients")
    if events is None or patients is None:
        return "its source does not say how many patients had it"
    share = text.fixed(100 * events / patients, 0)
    return f"{events:g} of the {patients:g} patients whom the rule was made from ({share} %)"


def _facts(rule: Rule, described: Mapping[str, Any], patterns: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the script of the page has to know."""
    limits = (STABLE_MAX, POTENTIALLY_UNSTABLE_MAX, TOTAL_MAX)
    categories = zip(VARIABLES["sins_category"].levels.values(), limits, strict=True)
    return {
        "vbq": {
            "levels": PUBLISHED.levels,
            "possible": VARIABLES["vbq"].possible,
            "plausible": VARIABLES["vbq"].plausible,
            "apart": FACTOR,
        },
        "sins": {
            "components": {name: VARIABLES[name].label for name in SINS_COMPONENTS},
            "categories": [{"label": label, "most": most} for label, most in categories],
        },
        "digits": {"most": DIGITS, "almost_half": ALMOST_HALF},
        "labels": {name: VARIABLES[name].label for name in ("vbq", "sins")},
        "terms": [
            {
                "variable": term.variable,
                "label": term.label(VARIABLES),
                "above": term.above,
                "below": term.below,
            }
            for term in rule.terms
        ],
        "patterns": patterns,
        "seen": described.get("seen", {}),
    }
