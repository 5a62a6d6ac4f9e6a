"use strict";

const facts = JSON.parse(document.getElementById("facts").textContent);
const form = document.getElementById("form");

// --- The arithmetic: that of the library

/** Read a signal intensity: {} where nothing is typed, {value}, or {refusal} in words. */
function readIntensity(typed) {
  const text = typed.trim();
  if (text === "") return {};
  const refused = (why) => ({ refusal: `“${text}” ${why}.` });
  if (/^[-−–]\s*[\d.,]+$/.test(text)) return refused("is negative; a signal intensity is above zero");
  if (/^[\d.,]*[.,][\d.,]*[.,][\d.,]*$/.test(text)) {
    return refused("has several points or commas; leave out those between thousands");
  }
  if (/^[1-9]\d{0,2},\d{3}$/.test(text)) {
    const [thousands, decimals] = [text.replace(",", ""), text.replace(",", ".")];
    return refused(`may be ${thousands} or ${decimals}; write it as one of these`);
  }
  if (!/^(\d+[.,]?\d*|[.,]\d+)$/.test(text)) return refused("is not a number");
  const value = Number(text.replace(",", "."));
  if (value === 0) return refused("is zero; a signal intensity is above zero");
  return Number.isFinite(value) ? { value: toDigits(value) } : refused("is too large");
}

/** Round a positive number to as many significant digits as the library's have, a half up. */
function toDigits(number) {
  const shift = facts.digits.most - 1;
  const [digits, exponent] = number.toExponential(16).split("e");
  const whole = Math.floor(Number(`${digits}e${shift}`) + (1 - facts.digits.almost_half));
  return Number(`${whole}e${exponent - shift}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Score one reading: the median of the levels that could be read, over the CSF. */
function score(levels, csf) {
  return toDigits(median(levels) / csf);
}

function total(points) {
  return points.reduce((sum, each) => sum + each, 0);
}

function category(sins) {
  return facts.sins.categories.find(({ most }) => sins <= most).label;
}

function holds(term, value) {
  return term.above === null ? value < term.below : value > term.above;
}

/** Find the rule's combination of terms, and with it the risk, of {vbq, sins}. */
function patternOf(values) {
  const positive = facts.terms.filter((term) => holds(term, values[term.variable])).map((term) => term.variable);
  return facts.patterns.find(
    (pattern) => pattern.positive.length === positive.length && positive.every((name) => pattern.positive.includes(name)),
  );
}

/** Write a number with so many decimals, a half rounded up. */
function fixed(number, decimals) {
  const [digits, exponent] = number.toExponential().split("e");
  return Number(`${Math.round(Number(`${digits}e${Number(exponent) + decimals}`))}e-${decimals}`).toFixed(decimals);
}

/** Write a score with two decimals, or with as many as it takes to tell it from a cut-off. */
function written(vbq) {
  const cutoffs = facts.terms.filter((term) => term.variable === "vbq").map((term) => term.above ?? term.below);
  let decimals = 2;
  while (cutoffs.some((cutoff) => vbq !== cutoff && Number(fixed(vbq, decimals)) === cutoff)) decimals += 1;
  return fixed(vbq, decimals);
}

// --- The page

function listed(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join();
}

function show(id, words) {
  const place = document.getElementById(id);
  if (place.textContent !== words) place.textContent = words;
  place.hidden = words === "";
}

function termsInWords(variable, value) {
  const terms = facts.terms.filter((term) => term.variable === variable);
  return terms.map((term) => `${term.label}: ${holds(term, value) ? "yes" : "no"}.`).join(" ");
}

/** What the typed intensities give: {value, words, doubts}, or {words} on what is missing or refused. */
function vbqOf(fields) {
  const read = Object.fromEntries(Object.entries(fields).map(([name, typed]) => [name, readIntensity(typed)]));
  for (const [name, { refusal = "" }] of Object.entries(read)) {
    show(`${name}-refusal`, refusal);
    form.elements[name].setAttribute("aria-invalid", String(refusal !== ""));
  }
  const refused = Object.keys(read).filter((name) => read[name].refusal);
  if (refused.length) return { words: `No score: ${listed(refused.map((name) => name.toUpperCase()))} cannot be read.` };
  const used = facts.vbq.levels.filter((level) => "value" in read[level]);
  const missing = [
    ...(used.length ? [] : [`a reading of at least one of ${listed(facts.vbq.levels)}`]),
    ..."value" in read.csf ? [] : ["the reading of the CSF"],
  ];
  if (missing.length) return { words: `Enter ${listed(missing)}.` };

  const levels = used.map((level) => read[level].value);
  const value = score(levels, read.csf.value);
  const [least, most] = facts.vbq.possible;
  if (!(value >= least && value <= most)) {
    return { words: `No score: the readings give ${value}, and a score lies between ${least} and ${most}. Check them.` };
  }
  const [low, high] = facts.vbq.plausible;
  const doubts = [];
  if (value < low) {
    doubts.push(`Below ${low}: almost always a T2-weighted or STIR series, or bone and CSF changed places.`);
  }
  if (value > high) doubts.push(`Above ${high}: check the readings.`);
  if (toDigits(Math.max(...levels) / Math.min(...levels)) >= facts.vbq.apart) {
    doubts.push(`The levels differ ${facts.vbq.apart}-fold or more: check digits and decimal marks.`);
  }
  const bone = used.length > 1 ? `Median of ${listed(used)}` : `Signal of ${used[0]}`;
  const words = `${bone} over CSF at ${form.elements["csf-level"].value}. ${termsInWords("vbq", value)}`;
  return { value, words, doubts: doubts.join(" ") };
}

/** What the chosen components give, by the names of the components. */
function sinsOf(chosen) {
  const missing = Object.keys(facts.sins.components).filter((name) => chosen[name] === "");
  if (missing.length) {
    return { words: `Choose ${listed(missing.map((name) => facts.sins.components[name].toLowerCase()))}.` };
  }
  const value = total(Object.values(chosen).map(Number));
  return { value, words: `${category(value)}. ${termsInWords("sins", value)}` };
}

function riskOf(values) {
  const missing = Object.keys(values).filter((name) => values[name] === undefined);
  if (missing.length) return { words: `Needs the ${listed(missing.map((name) => facts.labels[name]))}.` };
  const pattern = patternOf(values);
  const beyond = Object.entries(facts.seen).filter(([name, [low, high]]) => values[name] < low || values[name] > high);
  const doubts = beyond.map(
    ([name, [low, high]]) => `Extrapolated: no patient whom the rule was made from had a ${facts.labels[name]} outside ${low} to ${high}.`,
  );
  const allowed = pattern.allowed_in_words && ` The printed figures allow ${pattern.allowed_in_words}.`;
  return { pattern, words: `Which holds: ${pattern.name}.${allowed}`, doubts: doubts.join(" ") };
}

function update() {
  const fields = Object.fromEntries([...facts.vbq.levels, "csf"].map((name) => [name, form.elements[name].value]));
  const chosen = Object.fromEntries(
    Object.keys(facts.sins.components).map((name) => [name, form.elements[name].value]),
  );
  const [vbq, sins] = [vbqOf(fields), sinsOf(chosen)];
  const risk = riskOf({ vbq: vbq.value, sins: sins.value });
  show("vbq-value", vbq.value === undefined ? "" : written(vbq.value));
  show("sins-value", sins.value === undefined ? "" : String(sins.value));
  show("risk-value", risk.pattern?.risk_in_words ?? "");
  show("risk-interval", risk.pattern?.interval_in_words ? `95 % confidence limits ${risk.pattern.interval_in_words}, the widest of all tables that fit the printed figures` : "");
  for (const [name, found] of Object.entries({ vbq, sins, risk })) {
    show(`${name}-words`, found.words);
    show(`${name}-doubts`, found.doubts ?? "");
  }
  facts.patterns.forEach((pattern, i) => {
    document.getElementById(`pattern-${i}`).setAttribute("aria-current", String(pattern === risk.pattern));
  });
}

form.addEventListener("input", update);
form.addEventListener("reset", () => setTimeout(update)); // after the fields are blank
for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
update();
