/** The RoI window's numbers and words: the same as those of `minimask/widgets/roi_window_measures.py`. */
import { counted, fixed, signed, trimmed } from "./decimals.js";
import { axisSamples, axisWeights, binEdges, largestCell, roiAlign, roundHalfAway } from "./roi.js";

/** Weights below this are rounding errors. */
const NOTICED = 1e-9;

/** RoIPool along one axis: the first cell of the snapped box, and how many it covers. */
function snap(low, high, scale) {
  const first = roundHalfAway(low * scale);
  return [first, Math.max(roundHalfAway(high * scale) - first + 1, 1)];
}

/** What both operators do along one axis; positions are on the stage, where cell j covers [j, j + 1). */
export function axisOf(state, low, high, size) {
  const [scale, bins] = [1 / state.stride, state.output_size];
  const [first, extent] = snap(low, high, scale);
  const samples = axisSamples(low, high, size, bins, scale, state.sampling_ratio, state.aligned);
  return {
    first,
    last: first + extent - 1,
    edges: Array.from({ length: bins }, (_, p) => binEdges(first, extent, p, bins, size)),
    start: samples.start + 0.5,
    binSize: samples.binSize,
    samples: samples.n,
    positions: samples.positions.map((bin) => bin.map((position) => position + 0.5)),
    weights: axisWeights(samples, size),
  };
}

/** The cells with a weight, as `{ row, column, weight }`. */
function footprintOf(down, across) {
  return down.flatMap((wy, row) => across.map((wx, column) => ({ row, column, weight: wy * wx })))
    .filter(({ weight }) => weight > NOTICED);
}

/** All numbers of a state on a feature map. */
export function settle(features, state) {
  const [height, width] = [features.length, features[0].length];
  const { stride, box, bin: [p, q] } = state;
  const [x, y] = [axisOf(state, box[0], box[2], width), axisOf(state, box[1], box[3], height)];
  const largest = y.edges.map((rows) => x.edges.map((columns) => largestCell(features, rows, columns)));
  const { row, column } = largest[p][q];
  const snapped = [x.first * stride, y.first * stride, (x.last + 1) * stride, (y.last + 1) * stride];
  return {
    x,
    y,
    winners: largest,
    pool: largest.map((bins) => bins.map(({ value }) => value)),
    align: roiAlign(features, y.weights, x.weights),
    poolFootprint: row < 0 ? [] : [{ row, column, weight: 1 }],
    alignFootprint: footprintOf(y.weights[p], x.weights[q]),
    shifts: snapped.map((side, k) => side - box[k]),
  };
}

/** The chosen bin's output of both operators while the box moves sideways, from one cell left to one right. */
export function sweep(features, state, steps = 100) {
  const { box, stride, output_size: bins, sampling_ratio: ratio, aligned, bin: [p, q] } = state;
  const [scale, size] = [1 / stride, features[0].length];
  const y = axisOf(state, box[1], box[3], features.length);
  const rows = features[0].map((_, j) => y.weights[p].reduce((sum, v, i) => sum + v * features[i][j], 0));
  const [pool, align] = [[], []];
  for (let k = -steps; k <= steps; k++) {
    const by = (k / steps) * stride;
    const [left, right] = [box[0] + by, box[2] + by];
    const [first, extent] = snap(left, right, scale);
    pool.push(largestCell(features, y.edges[p], binEdges(first, extent, q, bins, size)).value);
    const { positions, n } = axisSamples(left, right, size, bins, scale, ratio, aligned, q);
    const [weights] = axisWeights({ positions: [positions[q]], n }, size);
    align.push(weights.reduce((sum, v, j) => sum + v * rows[j], 0));
  }
  return { pool, align };
}

/** A state in words: the box, what RoIPool makes of it, and the chosen bin of both operators. */
export function describe(settled, state, digits) {
  const words = `${boxInWords(settled, state)} ${poolInWords(settled, state, digits)} `
    + alignInWords(settled, state, digits);
  if (state.aligned) return words;
  return `${words} Without aligned it reads half a cell, ${trimmed(state.stride / 2, 2)} px, too far right and down.`;
}

function boxInWords({ x, y, shifts }, { box, stride }) {
  const [x1, y1, x2, y2] = box.map((side) => trimmed(side, 2));
  const [left, top, right, bottom] = box.map((side) => trimmed(side / stride, 3));
  const off = shifts.map((shift) => signed(shift, 2)).join(", ");
  return `The box: x from ${x1} to ${x2} px (${left} to ${right} cells), `
    + `y from ${y1} to ${y2} px (${top} to ${bottom} cells). `
    + `RoIPool rounds it to columns ${x.first} to ${x.last} and rows ${y.first} to ${y.last}: `
    + `its left, top, right and bottom are ${off} px off.`;
}

function poolInWords({ x, y, pool, poolFootprint: [winner] }, { bin: [p, q] }, digits) {
  if (!winner) return `Bin (${p}, ${q}): RoIPool finds no cell there, says 0, and its gradient lands nowhere.`;
  const [[top, bottom], [left, right]] = [y.edges[p], x.edges[q]];
  const among = counted((bottom - top) * (right - left), "cell");
  return `Bin (${p}, ${q}): RoIPool keeps ${fixed(pool[p][q], digits)}, the largest of ${among}, `
    + `and all of its gradient lands on the cell in row ${winner.row}, column ${winner.column}.`;
}

function alignInWords({ x, y, align, alignFootprint }, { bin: [p, q] }, digits) {
  const samples = y.samples * x.samples;
  if (samples === 0) return "RoIAlign takes no sample of a box without extent, and says 0.";
  if (!alignFootprint.length) {
    return "RoIAlign's samples all lie beyond the map, where it reads 0: its gradient lands nowhere.";
  }
  const most = fixed(Math.max(...alignFootprint.map(({ weight }) => weight)), 2);
  const share = alignFootprint.length > 1 ? `at most ${most} of it on one` : `${most} of it`;
  return `RoIAlign averages ${counted(samples, "sample")} to ${fixed(align[p][q], digits)}: `
    + `its gradient lands on ${counted(alignFootprint.length, "cell")}, ${share}.`;
}
