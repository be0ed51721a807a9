/** The funnel's numbers and words: the same as those of `minimask/widgets/funnel_measures.py`. */
import { counted, fixed, trimmed } from "./decimals.js";
import { countOf } from "./funnel_bytes.js";
import { grouped } from "./thousands.js";

/** The stages by their names in `minimask.proposals.Funnel`, and in words. */
export const STAGES = {
  anchors: "anchors",
  top_k: "top-k, moved",
  clipped: "clipped",
  large_enough: "large enough",
  nms: "after NMS",
  top_n: "proposals",
};

/** How an object is lost at each stage. */
const LOSSES = {
  anchors: "never reached",
  top_k: "by the top-k",
  clipped: "by clipping",
  large_enough: "as too small",
  nms: "by NMS",
  top_n: "by the top-n",
};

/** From which IoU on a box finds an object. */
export const IOUS = [0.5, 0.7];

/** The most that the logarithm of a change of size may be: `minimask.box_coder.CLAMP`. */
const CLAMP = Math.log(1000 / 16);

/** Multiply-adds of Mask R-CNN's mask head for one RoI. */
const MASK_HEAD = 532_066_304;

/**
 * Boxes in one row of numbers, `x1 y1 x2 y2` after `x1 y1 x2 y2`.
 * @typedef {Float64Array} Boxes
 *
 * A picture at a moment of training, with its boxes level by level, in each level the best scored first. Beside the
 * boxes: which anchor each comes from; which of them belong to each level, `[start, stop]`; the order of all scores; and
 * the IoU of every box with each of the M objects, as anchor, moved, and clipped.
 * @typedef {{names: string[], objects: number[][], indices: number[], anchors: Boxes, moved: Boxes, clipped: Boxes,
 *   levels: [number, number][], order: number[], rowsOfAnchors: number[], reachOfAnchors: Reach,
 *   iousMoved: Float64Array, iousClipped: Float64Array}} Look
 *
 * What a stage still holds of each object: the largest IoU, and which box has it; 0 and -1 without boxes.
 * @typedef {{best: number[], box: number[]}} Reach
 */

/** The IoU of box `a` of some boxes with box `b` of others; 0 if neither has an area. */
function iouOf(/** @type {Boxes} */ boxes, a, /** @type {Boxes} */ others, b) {
  const [i, j] = [4 * a, 4 * b];
  const width = Math.min(boxes[i + 2], others[j + 2]) - Math.max(boxes[i], others[j]);
  const height = Math.min(boxes[i + 3], others[j + 3]) - Math.max(boxes[i + 1], others[j + 1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (areaOf(boxes, i) + areaOf(others, j) - shared);
}

const areaOf = (boxes, at) => (boxes[at + 2] - boxes[at]) * (boxes[at + 3] - boxes[at + 1]);

/** The IoU of every box with every object, box by box. */
function iousWith(/** @type {Boxes} */ boxes, /** @type {Boxes} */ objects) {
  const [n, m] = [boxes.length / 4, objects.length / 4];
  return Float64Array.from({ length: n * m }, (_, k) => iouOf(boxes, Math.floor(k / m), objects, k % m));
}

/** Move and stretch anchors by their deltas: `minimask.box_coder.decode`. */
function decode(/** @type {Boxes} */ anchors, /** @type {Float64Array} */ deltas) {
  const boxes = new Float64Array(anchors.length);
  for (let i = 0; i < boxes.length; i += 4) {
    for (const k of [0, 1]) {
      const side = anchors[i + k + 2] - anchors[i + k];
      const middle = anchors[i + k] + 0.5 * side + side * deltas[i + k];
      const half = 0.5 * (side * Math.exp(Math.min(deltas[i + k + 2], CLAMP)));
      boxes[i + k] = middle - half;
      boxes[i + k + 2] = middle + half;
    }
  }
  return boxes;
}

/**
 * Everything about a picture at a moment that the sliders do not change.
 * @param {any} levels as `layAnchors` takes them  @param {Boxes} anchors  @param {any} said as `unpack` returns it
 * @param {{size: [number, number], boxes: number[][], names: string[]}} truth  @returns {Look}
 */
export function lookAt(levels, anchors, { indices, logits, deltas }, { size, boxes, names }) {
  let [first, after] = [0, 0]; // of the level among those that traveled; the anchors up to its end
  const ranked = [];
  const spans = levels.map((level) => {
    const start = first;
    after += countOf(level);
    while (first < indices.length && indices[first] < after) ranked.push(first++);
    ranked.push(...ranked.splice(start).sort((a, b) => logits[b] - logits[a]));
    return /** @type {[number, number]} */ ([start, first]);
  });
  const four = (values, rows) =>
    Float64Array.from({ length: 4 * rows.length }, (_, k) => values[4 * rows[k >> 2] + (k & 3)]);
  const chosen = ranked.map((k) => indices[k]);
  const moved = decode(four(anchors, chosen), four(deltas, ranked));
  const limits = [size[1], size[0], size[1], size[0]];
  const clipped = moved.map((side, k) => Math.min(Math.max(side, 0), limits[k & 3]));
  const objects = Float64Array.from(boxes.flat());
  const rowsOfAnchors = Array.from({ length: anchors.length / 4 }, (_, k) => k);
  return {
    names,
    objects: boxes,
    indices: chosen,
    anchors,
    moved,
    clipped,
    levels: spans,
    order: ranked.map((_, k) => k).sort((a, b) => logits[ranked[b]] - logits[ranked[a]]),
    rowsOfAnchors,
    reachOfAnchors: reach(rowsOfAnchors, iousWith(anchors, objects), names.length),
    iousMoved: iousWith(moved, objects),
    iousClipped: iousWith(clipped, objects),
  };
}

/** The best of some boxes for each of `m` objects. */
function reach(/** @type {number[]} */ rows, /** @type {Float64Array} */ ious, m) {
  const [best, box] = [new Array(m).fill(0), new Array(m).fill(-1)];
  rows.forEach((row, at) => {
    for (let k = 0; k < m; k++) {
      if (box[k] < 0 || ious[row * m + k] > best[k]) [best[k], box[k]] = [ious[row * m + k], at];
    }
  });
  return { best, box };
}

/**
 * NMS in one level, whose rows come best first. Returns those that are left, and for every other row of the boxes writes
 * down which one suppresses it. Most pairs share nothing, hence the plain comparisons before any division.
 * @param {Boxes} boxes  @param {number[]} rows  @param {number} threshold  @param {Int32Array} suppressors
 */
function suppress(boxes, rows, threshold, suppressors) {
  const kept = new Int32Array(rows.length);
  const winners = new Float64Array(5 * rows.length); // the sides of the kept boxes and their areas
  let n = 0;
  for (const row of rows) {
    const at = 4 * row;
    const [x1, y1, x2, y2] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
    const area = (x2 - x1) * (y2 - y1);
    let k = 0;
    for (let j = 0; k < n; k++, j += 5) {
      if (winners[j] >= x2 || winners[j + 2] <= x1 || winners[j + 1] >= y2 || winners[j + 3] <= y1) continue;
      const width = Math.min(winners[j + 2], x2) - Math.max(winners[j], x1);
      const shared = width * (Math.min(winners[j + 3], y2) - Math.max(winners[j + 1], y1));
      if (shared / (winners[j + 4] + area - shared) > threshold) break;
    }
    if (k < n) suppressors[row] = kept[k];
    else {
      winners.set([x1, y1, x2, y2, area], 5 * n);
      kept[n++] = row;
    }
  }
  return kept.subarray(0, n);
}

/**
 * All numbers of a state: for each stage its boxes, as rows of `boxes`, and what it still holds of each object; and the
 * objects whose best box gave way to one that finds another. The stages are those of `minimask.proposals.propose`.
 * @param {Look} look  @param {any} state
 */
export function settle(look, { pre_top_n: most, min_size: least, nms_threshold: threshold, post_top_n: last }) {
  const { anchors, moved, clipped, names: { length: m } } = look;
  const top = look.levels.map(([start, stop]) =>
    Array.from({ length: Math.min(most, stop - start) }, (_, k) => start + k));
  const isLarge = (row) => clipped[4 * row + 2] - clipped[4 * row] >= least
    && clipped[4 * row + 3] - clipped[4 * row + 1] >= least;
  const large = top.map((rows) => rows.filter(isLarge));
  const suppressors = new Int32Array(clipped.length / 4);
  const kept = new Uint8Array(suppressors.length);
  for (const rows of large) for (const row of suppress(clipped, rows, threshold, suppressors)) kept[row] = 1;
  const nms = look.order.filter((row) => kept[row]);
  const stage = (boxes, rows, ious) => ({ boxes, rows, reach: reach(rows, ious, m) });
  const stages = {
    anchors: { boxes: anchors, rows: look.rowsOfAnchors, reach: look.reachOfAnchors },
    top_k: stage(moved, top.flat(), look.iousMoved),
    clipped: stage(clipped, top.flat(), look.iousClipped),
    large_enough: stage(clipped, large.flat(), look.iousClipped),
    nms: stage(clipped, nms, look.iousClipped),
    top_n: stage(clipped, nms.slice(0, last), look.iousClipped),
  };
  const { rows, reach: before } = stages.large_enough;
  const victims = before.best.flatMap((iou, object) => {
    const row = rows[before.box[object]];
    if (iou < IOUS[0] || kept[row]) return [];
    const winner = suppressors[row];
    const by = bestOf(look.iousClipped, winner, m);
    if (by === object || look.iousClipped[winner * m + by] < IOUS[0]) return [];
    return [{ object, row, iou, by, winner }];
  });
  return { stages, victims };
}

/** Which of `m` objects a box overlaps best, the first of equals. */
function bestOf(ious, row, m) {
  let best = 0;
  for (let k = 1; k < m; k++) if (ious[row * m + k] > ious[row * m + best]) best = k;
  return best;
}

/** How many objects a stage finds. */
export const foundBy = ({ reach: { best } }, threshold) => best.filter((iou) => iou >= threshold).length;

/** For each object the stage that loses it for good, or null where the proposals find it. */
export function lostAt(stages, threshold) {
  const names = [...Object.keys(stages), null];
  const all = Object.values(stages);
  return all[0].reach.best.map((_, object) =>
    names[1 + all.findLastIndex(({ reach: { best } }) => best[object] >= threshold)]);
}

/** An IoU to two digits, cut off and not rounded: one below a threshold never reads as if it reached it. */
export const cut = (iou) => (Math.floor(100 * iou + 1e-6) / 100).toFixed(2);

const countedBy = (number, thing, things = `${thing}s`) => `${grouped(number)} ${number === 1 ? thing : things}`;

/** The floating-point operations of the mask head, two for each multiply-add, to three digits. */
export function flops(/** @type {number} */ rois) {
  const billions = (2 * MASK_HEAD * rois) / 1e9;
  const [value, unit] = billions < 999.5 ? [billions, "GFLOP"] : [billions / 1000, "TFLOP"];
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return rois ? `${fixed(value, digits)} ${unit}` : "0 GFLOP";
}

/** Which part of the anchors is left. */
export function share(/** @type {number} */ rois, /** @type {number} */ anchors) {
  const ratio = anchors / rois;
  if (!rois) return "0";
  return `1/${ratio < 9.95 ? trimmed(ratio, 1) : grouped(Number(fixed(ratio, 0)))}`;
}

/** A state in words: what is shown, what each stage leaves, what is lost where, and what it costs. */
export function describe(/** @type {Look} */ { names }, state, { stages, victims }) {
  const named = (object) => `${object + 1} (${names[object]})`;
  const counts = Object.values(stages).map(({ rows }) => rows.length);
  const shown = stages[state.stage].rows.length;
  let words = `Picture ${state.picture + 1} after ${countedBy(state.step, "step")} of training. `;
  words += `Shown: ${countedBy(shown, "box", "boxes")} (${STAGES[state.stage]}). `
    + `Of ${grouped(counts[0])} anchors the top ${grouped(state.pre_top_n)} of each level are moved: `
    + `${grouped(counts[1])}. Clipped to the picture, ${grouped(counts[3])} are at least `
    + `${trimmed(state.min_size, 1)} px wide and high; NMS at IoU ${fixed(state.nms_threshold, 2)} leaves `
    + `${grouped(counts[4])}, of which at most ${state.post_top_n} are taken: ${counted(counts[5], "proposal")}. `;
  const [half, most] = IOUS.map((threshold) => foundBy(stages.top_n, threshold));
  words += `They find ${half} of ${counted(names.length, "object")} at IoU 0.5 and ${most} at IoU 0.7.`;
  for (const threshold of IOUS) {
    const lost = lostAt(stages, threshold);
    const said = Object.entries(LOSSES).flatMap(([stage, how]) => {
      const those = names.flatMap((_, object) => (lost[object] === stage ? [named(object)] : []));
      return those.length ? [`${those.join(", ")} ${how}`] : [];
    });
    if (said.length) words += ` Lost at IoU ${threshold}: ${said.join("; ")}.`;
  }
  const gaveUp = victims.map(({ object, iou, by }) =>
    `that of ${named(object)}, IoU ${cut(iou)}, for a box on ${named(by)}`);
  if (gaveUp.length) words += ` NMS gave up best boxes: ${gaveUp.join("; ")}.`;
  if (!counts[5]) return `${words} Without proposals there is no mask to compute.`;
  return `${words} A mask for each proposal takes ${flops(counts[5])}, ${share(counts[5], counts[0])} of the `
    + `${flops(counts[0])} for all anchors.`;
}
