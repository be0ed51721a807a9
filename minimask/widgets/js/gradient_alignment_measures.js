/** The gradient alignment's numbers and words: the same as those of `minimask/widgets/gradient_alignment_measures.py`. */
import { fixed } from "./decimals.js";
import { SURGERY, dot, times } from "./gradient_surgery.js";
import { grouped } from "./thousands.js";
import { PHASES } from "./training_record.js";

export const METHODS = { sum: "the plain sum", pcgrad: "PCGrad", mgda: "MGDA", cagrad: "CAGrad", upgrad: "UPGrad" };
export const ARROWS = ["A", "B", "C"];

const NEAR = 0.05;
const ROOM = 2e-4;
const STILL = 1e-6;
const UNSEEN = 0.005;
const FULL = "(100 %: as much as a step for that task alone.)";
const [STEPS, UNKNOWN] = [32760, -32768];

// --- what travels

/** All pairs of T tasks, i < j. */
export const pairsOf = (tasks) => tasks.flatMap((_, i) => tasks.slice(i + 1).map((__, k) => [i, i + 1 + k]));

/** Trainings as `minimask/widgets/gradient_alignment_bytes.py` packs them. */
export function unpack(packed) {
  const { tasks, places, moments, seeds } = packed;
  const bytes = Uint8Array.from(atob(packed.numbers), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const count = tasks.length;
  const [pairs, cells] = [(count * (count - 1)) / 2, seeds.length * moments.length * places.length];
  let at = 0;
  const read = (number, size, one) => {
    const start = at;
    at += number * size;
    return Float64Array.from({ length: number }, (_, k) => one(start + k * size));
  };
  const known = (k) => (view.getInt16(k, true) === UNKNOWN ? NaN : view.getInt16(k, true) / STEPS);
  const same = read(cells * pairs, 2, known);
  const across = read(cells * (pairs + count), 2, known);
  const lengths = read(cells * count, 4, (k) => view.getFloat32(k, true));
  read(seeds.length * moments.length * count, 4, () => 0);
  const counts = read(cells * pairs, 1, (k) => bytes[k]);
  const cell = (seed, moment, place) => (seed * moments.length + moment) * places.length + place;
  const pairAt = (i, j) => (i * (2 * count - i - 1)) / 2 + j - i - 1;
  const allAt = (i, j) => (i * (2 * count - i + 1)) / 2 + j - i;
  const ordered = (i, j) => (i < j ? [i, j] : [j, i]);
  return {
    ...packed,
    same: (s, m, p, i, j) => (i === j ? 1 : same[cell(s, m, p) * pairs + pairAt(...ordered(i, j))]),
    across: (s, m, p, i, j) => across[cell(s, m, p) * (pairs + count) + allAt(...ordered(i, j))],
    length: (s, m, p, i) => lengths[cell(s, m, p) * count + i],
    negative: (s, m, p, i, j) => counts[cell(s, m, p) * pairs + pairAt(i, j)] % 16,
    cases: (s, m, p, i, j) => Math.floor(counts[cell(s, m, p) * pairs + pairAt(i, j)] / 16),
  };
}

// --- cosines

/** The mean of cosines; those that are unknown count as 0, unless all are. */
export function meanCosine(cosines) {
  const known = cosines.filter((v) => !Number.isNaN(v));
  return known.length ? known.reduce((sum, v) => sum + v, 0) / cosines.length : NaN;
}

const seedsOf = (study, { seed }) => (seed < 0 ? study.seeds.map((_, k) => k) : [seed]);
const orZero = (v) => (Number.isNaN(v) ? 0 : v);

/** How the chosen pair gets on at a place and moment; see `Course` in Python. */
export function pairAt(study, state, place, moment) {
  const { pair: [i, j], batches } = state;
  const chosen = seedsOf(study, state);
  const all = study.seeds.map((_, s) => study[batches](s, moment, place, i, j));
  const mean = meanCosine(chosen.map((s) => all[s]));
  const [one, other] = [i, j].map((k) => meanCosine(chosen.map((s) => study.across(s, moment, place, k, k))));
  const floor = Number.isNaN(one) ? other : Number.isNaN(other) ? one : Math.max(one, other);
  const values = all.map(orZero);
  const middle = values.reduce((sum, v) => sum + v, 0) / values.length;
  const spread = values.length < 2 ? 0
    : Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
  const bar = batches === "same" ? Math.max(spread, orZero(floor)) : spread;
  const total = (kind) => chosen.reduce((sum, s) => sum + study[kind](s, moment, place, i, j), 0);
  const edge = (v) => (Number.isNaN(mean) ? NaN : v);
  return {
    mean, floor, spread, low: edge(Math.min(...values)), high: edge(Math.max(...values)),
    clear: Math.abs(mean) > bar, negative: total("negative"), cases: total("cases"),
  };
}

/** Products of gradients at a place and moment: from mean cosines and root mean square lengths. */
export function cellGram(study, state, place, moment) {
  const chosen = seedsOf(study, state);
  const mean = (of) => chosen.reduce((sum, s) => sum + of(s), 0) / chosen.length;
  const lengths = study.tasks.map((_, i) => Math.sqrt(mean((s) => study.length(s, moment, place, i) ** 2)));
  return lengths.map((long, i) => lengths.map((other, j) =>
    long * other * (i === j ? 1 : mean((s) => orZero(study.same(s, moment, place, i, j))) * (1 - ROOM))));
}

/** The products of arrows in a plane. */
export const arrowsGram = (arrows) => arrows.map((one) => arrows.map((other) => dot(one, other)));

/** The cosine between two gradients from their products; NaN if one is zero. */
export function cosine(gram, i, j) {
  const scale = Math.sqrt(gram[i][i] * gram[j][j]);
  return scale > 0 ? Math.min(Math.max(gram[i][j] / scale, -1), 1) : NaN;
}

// --- what a step does

/** What a step by a method does, which sees the gradients of tasks that pull at all; see `Effect` in Python. */
export function effect(gram, weights, method) {
  const own = gram.map((row, k) => Math.sqrt(row[k]));
  const heavy = own.map((v, k) => v * weights[k]);
  const least = STILL * Math.max(...heavy);
  const there = gram.map((_, k) => k).filter((k) => heavy[k] > least);
  const nothing = gram.map(() => 0);
  const seen = there.map((i) => there.map((j) => gram[i][j] * weights[i] * weights[j]));
  const found = (there.length ? SURGERY[method](seen) : []).reduce((all, v, k) => all.with(there[k], v * weights[there[k]]), nothing);
  const pulled = times(gram, found);
  const length = Math.sqrt(Math.max(dot(found, pulled), 0));
  if (length <= least) return { weights: nothing, share: nothing, length: 0 };
  const share = pulled.map((v, k) => (own[k] > 0 ? Math.min(Math.max(v / length / own[k], -1), 1) : 0));
  return { weights: found, share, length };
}

/** The pulls of two tasks in the plane they span, and steps, given by weights, projected into it. */
export function inPlane(gram, [i, j], steps) {
  const angle = Math.acos(orZero(cosine(gram, i, j))) / 2;
  const [aside, up] = [Math.sin(angle), Math.cos(angle)];
  const lengths = [i, j].map((k) => Math.sqrt(gram[k][k]));
  const projected = steps.map((weights) => {
    const pulled = times(gram, weights);
    const [one, other] = [i, j].map((k, n) => (lengths[n] > 0 ? pulled[k] / lengths[n] : 0));
    return [aside > STILL ? (other - one) / (2 * aside) : 0, up > STILL ? (other + one) / (2 * up) : 0];
  });
  return { pulls: [[-aside * lengths[0], up * lengths[0]], [aside * lengths[1], up * lengths[1]]], projected };
}

// --- words

/** What a cosine means. */
export function agreement(value) {
  if (Number.isNaN(value)) return "one of them does not pull at all";
  if (Math.abs(value) <= NEAR) return "they are nearly at right angles";
  return value > 0 ? "they pull the same way" : "they pull against each other";
}

/** Which losses a step lowers and which it raises. */
function outcome(names, share) {
  const parts = [["lowers", 1], ["raises", -1]].flatMap(([verb, way]) => {
    const some = names.flatMap((name, k) => (share[k] * way >= UNSEEN
      ? [`${name} by ${fixed(100 * Math.abs(share[k]), 0)} %`] : []));
    return some.length ? [`${verb} ${listed(some)}`] : [];
  });
  return parts.join(", but ") || "changes nothing";
}

const listed = (things) => (things.length > 1 ? `${things.slice(0, -1).join(", ")} and ${things.at(-1)}` : things[0]);

function effectsInWords(names, gram, weights, method) {
  const plain = outcome(names, effect(gram, weights, "sum").share);
  if (method === "sum") return `A step by the plain sum ${plain}. ${FULL}`;
  const found = effect(gram, weights, method);
  const said = outcome(names, found.share);
  if (!found.length) {
    return `${METHODS[method]} stands still: it finds no step by which every task gains. The plain sum ${plain}. ${FULL}`;
  }
  if (said === plain) return `A step by ${METHODS[method]}, as one by the plain sum, ${said}. ${FULL}`;
  return `A step by ${METHODS[method]} ${said}. The plain sum ${plain}. ${FULL}`;
}

/** What the reader's arrows show. */
export function describeArrows(state) {
  const [gram, names] = [arrowsGram(state.arrows), ARROWS.slice(0, state.arrows.length)];
  const said = pairsOf(names).map(([i, j]) => {
    const value = cosine(gram, i, j);
    const number = Number.isNaN(value) ? "none" : fixed(value, 2);
    return `Cosine of ${names[i]} and ${names[j]}: ${number}, ${agreement(value)}.`;
  });
  return `${said.join(" ")} ${effectsInWords(names, gram, state.arrow_weights, state.method)}`;
}

/** What the chosen cell of a study shows. */
export function describeStudy(study, place, state) {
  const { pair: [i, j], batches } = state;
  const moment = momentOf(study, state);
  const found = pairAt(study, state, place, moment);
  const words = `${study.name}, ${study.places[place]}, after step ${grouped(study.moments[moment])}`;
  const where = words[0].toUpperCase() + words.slice(1);
  const between = `the pulls of ${study.tasks[i]} and ${study.tasks[j]}`;
  const on = batches === "same" ? "on the same batch" : "on different batches";
  const effects = effectsInWords(study.tasks, cellGram(study, state, place, moment), state.weights, state.method);
  if (Number.isNaN(found.mean)) return `${where}: there is no cosine between ${between} ${on}. ${effects}`;
  let said = `${where}: the cosine between ${between} ${on} is ${fixed(found.mean, 2)}`;
  if (study.seeds.length > 1) {
    said += ` (${fixed(found.low, 2)} to ${fixed(found.high, 2)} over ${study.seeds.length} seeds)`;
  }
  if (batches === "same") said += `, negative in ${found.negative} of ${found.cases} cases`;
  return `${said}. ${verdict(found, state)} ${effects}`;
}

/** What to make of a cosine, beside its floor and spread. */
function verdict({ mean, floor, spread, clear }, { batches }) {
  const bounded = batches === "same" && !Number.isNaN(floor);
  let words = bounded ? `The noise floor is ${fixed(floor, 2)}: what one of them has with itself on other batches. ` : "";
  if (!bounded && batches === "same") words = "There is no noise floor here. ";
  if (Math.abs(mean) <= spread) {
    return `${words}The cosine is no larger than the spread over seeds: it says neither with nor against.`;
  }
  if (clear) return `${words}${bounded ? "Beyond that," : "So"} ${agreement(mean)}.`;
  return `${words}The cosine is no larger: ${agreement(mean)}, but no more than that.`;
}

/** How far a training is that is followed. */
export function describeRun(run) {
  if (!run.phase || run.phase === "ready") return "";
  const said = `Step ${grouped(run.step)} of ${grouped(run.steps)}, ${PHASES[run.phase]}.`;
  return run.error ? `${said} ${run.error}. ` : `${said} `;
}

/** The number of the chosen moment; the last one for -1. */
export function momentOf(study, { moment }) {
  const last = study.moments.length - 1;
  return moment < 0 ? last : Math.min(moment, last);
}
