/** The count explorer's numbers and words: the same as those of `minimask/widgets/count_explorer_measures.py`. */
import { opened } from "./blocks.js";
import { areasOf, maskFrom, readCrops } from "./crops.js";
import { counted, fixed, signed } from "./decimals.js";

/** Of the histogram of areas; the last one is open. */
export const BINS = 12;
/** The least and the most that scores can be asked for, in percent. */
export const FIRST = 5;
export const LAST = 99;
/** Scores are whole ten-thousandths. */
const SCORE = 100;

/** A counted picture: `minimask.data.counted.CountedPicture`, and what no slider changes. */
export function readCounted(/** @type {Uint8Array} */ bytes) {
  const { header: { size, name }, found } = opened(bytes);
  const labels = (which) => Int32Array.from(found[which].values);
  const crops = readCrops(found, "found");
  const [truth, baseline] = [labels("truth"), labels("baseline")];
  const trueAreas = labelAreas(truth);
  return {
    size, name, truth, crops, trueAreas,
    scores: Array.from(found.scores.values),
    areas: crops.map(areasOf),
    regions: regionsOf(baseline, size, truth, trueAreas.length),
    objects: regionsOf(truth, size, truth, trueAreas.length).map(({ mask }) => mask),
    memory: {},
  };
}

/** The pixels of each object of a label image. */
function labelAreas(labels) {
  const areas = [];
  for (const label of labels) {
    while (areas.length < label) areas.push(0);
    if (label) areas[label - 1]++;
  }
  return areas;
}

/** The objects of a label image: each one's mask, its area, and how many pixels it shares with each of M true ones. */
function regionsOf(labels, [height, width], truth, most) {
  const found = [];
  labels.forEach((label, k) => {
    if (!label) return;
    const [i, j] = [Math.floor(k / width), k % width];
    const one = (found[label - 1] ??= { x: width, y: height, right: 0, bottom: 0 });
    one.x = Math.min(one.x, j);
    one.y = Math.min(one.y, i);
    one.right = Math.max(one.right, j + 1);
    one.bottom = Math.max(one.bottom, i + 1);
  });
  return found.map(({ x, y, right, bottom }, at) => {
    const mask = { x, y, width: right - x, height: bottom - y, inside: new Uint8Array((right - x) * (bottom - y)) };
    for (let i = y, k = 0; i < bottom; i++) {
      for (let j = x; j < right; j++, k++) mask.inside[k] = labels[i * width + j] === at + 1 ? 1 : 0;
    }
    return { mask, ...sharing(mask, width, truth, most) };
  });
}

/** How many pixels a mask has, and how many of them each of M true objects. */
function sharing({ x, y, width, height, inside }, columns, truth, most) {
  const shared = new Array(most).fill(0);
  let area = 0;
  for (let i = 0, k = 0; i < height; i++) {
    for (let j = 0, at = (y + i) * columns + x; j < width; j++, k++, at++) {
      if (!inside[k]) continue;
      area++;
      if (truth[at]) shared[truth[at] - 1]++;
    }
  }
  return { area, shared };
}

/** What a detection is at a threshold: its mask, its area, and what it shares. Known for one threshold at a time. */
function outlineOf(picture, row, percent) {
  const { memory } = picture;
  if (memory.percent !== percent) Object.assign(memory, { percent, outlines: [] });
  if (!memory.outlines[row]) {
    const mask = maskFrom(picture.crops[row], percent);
    memory.outlines[row] = { mask, ...sharing(mask, picture.size[1], picture.truth, picture.trueAreas.length) };
  }
  return memory.outlines[row];
}

/** Outlines held against the truth; those that choose first come first. */
export function judge(/** @type {{area: number, shared: number[]}[]} */ outlines, /** @type {number[]} */ trueAreas) {
  const taken = trueAreas.map(() => false);
  const within = trueAreas.map(() => false);
  const objects = outlines.map(({ area, shared }) => {
    let [best, most] = [-1, 0];
    trueAreas.forEach((trueArea, m) => {
      const union = area + trueArea - shared[m];
      if (taken[m] || 2 * shared[m] < union || shared[m] / union <= most) return;
      [best, most] = [m, shared[m] / union];
    });
    if (best >= 0) taken[best] = true;
    return best;
  });
  const halves = outlines.map(({ shared }) => trueAreas.flatMap((trueArea, m) => (2 * shared[m] >= trueArea ? [m] : [])));
  const covers = halves.map((some) => some.length);
  for (const some of halves) if (some.length >= 2) for (const m of some) within[m] = true;
  const fates = trueAreas.map((_, m) => (taken[m] ? "found" : within[m] ? "merged" : "missed"));
  const found = fates.filter((fate) => fate === "found").length;
  return {
    areas: outlines.map(({ area }) => area),
    objects, covers, fates, found,
    kinds: objects.map((m, k) => (covers[k] >= 2 ? "merged" : m >= 0 ? "found" : "false")),
    count: outlines.length,
    merging: covers.filter((many) => many >= 2).length,
    precision: outlines.length ? found / outlines.length : 1,
    recall: found / fates.length,
  };
}

export const percentsOf = ({ score, mask_threshold: mask }) => [Math.round(100 * score), Math.round(100 * mask)];

/** Everything that follows from a state. */
export function settle(pictures, state) {
  const picture = pictures[state.picture];
  const [score, mask] = percentsOf(state);
  const least = Math.max(state.smallest, 1);
  const large = ({ areas }, k) => areas[k][mask] >= least;
  const rows = picture.scores.flatMap((value, k) => (value >= SCORE * score && large(picture, k) ? [k] : []));
  const outlines = rows.map((k) => outlineOf(picture, k, mask));
  const regions = picture.regions.filter(({ area }) => area >= least);
  const trueCounts = pictures.map(({ trueAreas }) => trueAreas.length);
  const counts = pictures.map((each) => countsOf(each, (k) => large(each, k)));
  const others = pictures.map((each) => each.regions.filter(({ area }) => area >= least).length);
  const at = (k) => counts.map((row) => row[k]);
  return {
    rows, outlines, regions,
    model: judge(outlines, picture.trueAreas),
    baseline: judge(regions, picture.trueAreas),
    curve: counts[0].map((_, k) => offBy(at(k), trueCounts)),
    off: [offBy(at(score - FIRST), trueCounts), biasOf(at(score - FIRST), trueCounts)],
    baselineOff: [offBy(others, trueCounts), biasOf(others, trueCounts)],
  };
}

/** How many count in a picture from 5, 6, ... 99 percent of score on. */
function countsOf({ scores }, isLarge) {
  const counts = new Array(LAST - FIRST + 1).fill(0);
  scores.forEach((value, k) => {
    if (!isLarge(k)) return;
    const last = Math.min(Math.floor(value / SCORE), LAST) - FIRST;
    if (last >= 0) counts[last]++;
  });
  for (let k = counts.length - 2; k >= 0; k--) counts[k] += counts[k + 1];
  return counts;
}

const sumOf = (values) => values.reduce((sum, v) => sum + v, 0);

/** How far counts are off on the mean, in percent of the true ones. */
function offBy(counts, truth) {
  return sumOf(counts.map((count, k) => (100 * Math.abs(count - truth[k])) / truth[k])) / counts.length;
}

/** How far the sum of all counts is off, in percent of the true one, with its sign. */
function biasOf(counts, truth) {
  return (100 * (sumOf(counts) - sumOf(truth))) / sumOf(truth);
}

export const meanOf = (areas) => (areas.length ? sumOf(areas) / areas.length : 0);

/** How wide a bin of the histogram is, in pixels. */
export function binOf(pictures) {
  return Math.ceil(Math.max(...pictures.flatMap(({ trueAreas }) => trueAreas)) / (BINS - 2));
}

/** How many areas fall into each bin. */
export function histogram(areas, bin) {
  const counts = new Array(BINS).fill(0);
  for (const area of areas) counts[Math.min(Math.floor(area / bin), BINS - 1)]++;
  return counts;
}

/** How far a count is off, in words. */
export function apart(count, truth) {
  if (count === truth) return "exactly right";
  const how = `${Math.abs(count - truth)} too ${count > truth ? "many" : "few"}`;
  return `${how}, ${signed((100 * (count - truth)) / truth, 1)}%`;
}

/** What a count is made of. */
function parts({ fates, found, count, merging, precision, recall }) {
  const merged = fates.filter((fate) => fate === "merged").length;
  const within = merged ? ` (${merged} of them merged with others)` : "";
  const around = merging ? `, ${counted(merging, "outline")} around several` : "";
  return `${found} found, ${fates.length - found} missed${within}, ${count - found} false${around}; `
    + `precision ${fixed(100 * precision, 0)}%, recall ${fixed(100 * recall, 0)}%.`;
}

/** A state in words: what is counted, what is true, and what the difference is made of. */
export function describe(pictures, state, { model, baseline, off, baselineOff }, [one, many], method) {
  const { name, trueAreas } = pictures[state.picture];
  const truth = trueAreas.length;
  const [score, mask] = percentsOf(state);
  const [called, smallest] = [name && ` (${name})`, state.smallest ? `, at least ${state.smallest} px` : ""];
  const words = `Picture ${state.picture + 1} of ${pictures.length}${called}: Mask R-CNN counts `
    + `${model.count} ${model.count === 1 ? one : many}, in truth there are ${truth}: ${apart(model.count, truth)}. `
    + `Scores from ${score}%, masks from ${mask}%${smallest}: `
    + `${parts(model)} Mean area ${fixed(meanOf(model.areas), 0)} px, in truth ${fixed(meanOf(trueAreas), 0)}. `
    + `${method}, without learning, counts ${baseline.count}: ${apart(baseline.count, truth)}. ${parts(baseline)}`;
  return `${words} Over ${counted(pictures.length, "picture")} the count is off by ${fixed(off[0], 1)}% on the mean `
    + `(${signed(off[1], 1)}% in total), that of ${method} by ${fixed(baselineOff[0], 1)}% `
    + `(${signed(baselineOff[1], 1)}%).`;
}
