/** How high the IoU of a box with a shape can be: the arithmetic of `minimask.geometry.ceilings`, in the browser. */
import { areaAbove, boundingBox, boxArea, polygonArea, polygonBoxIou, polygonEdges } from "./geometry.js";

/** @typedef {{box: import("./geometry.js").Box, iou: number}} Ceiling */

/** The smallest box around a polygon, and its IoU. @returns {Ceiling} */
export function tightBox(polygon) {
  const box = boundingBox(polygon);
  return { box, iou: polygonArea(polygon) / boxArea(box) };
}

/**
 * The area of a polygon in every cell of a grid with lines at `xs` and `ys`: differences of corner areas.
 *
 * An edge adds to the columns on its right a value that depends on y alone, so each edge is worked out only for the
 * columns that it passes through, and once for all the others.
 * @param {import("./geometry.js").Edges} edges  @param {number[]} xs  @param {number[]} ys
 * @returns {Float64Array} (ys.length - 1) x (xs.length - 1), row by row
 */
export function cellAreas(edges, xs, ys) {
  const [columns, rows] = [xs.length, ys.length];
  const phi = new Float64Array(rows * columns);
  const passed = new Float64Array(rows * columns); // for this column and all on its right
  for (let e = 0; e < edges.length; e += 4) {
    const sign = Math.sign(edges[e + 2] - edges[e]);
    if (sign === 0) continue;
    const [from, to] = sign > 0 ? [e, e + 2] : [e + 2, e];
    const [left, leftY, right, rightY] = [edges[from], edges[from + 1], edges[to], edges[to + 1]];
    const first = xs.findIndex((x) => x > left);
    if (first < 0) continue;
    for (let column = first; column < columns; column++) {
      const run = Math.min(xs[column], right) - left;
      const end = leftY + ((rightY - leftY) * run) / (right - left);
      const table = xs[column] < right ? phi : passed;
      for (let row = 0; row < rows; row++) {
        table[row * columns + column] += sign * areaAbove(run, ys[row] - leftY, ys[row] - end);
      }
      if (table === passed) break;
    }
  }
  const cells = new Float64Array((rows - 1) * (columns - 1));
  for (let row = 0, total = 0; row < rows; row++, total = 0) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      total += passed[at];
      phi[at] += total;
      if (row === 0 || column === 0) continue;
      cells[(row - 1) * (columns - 1) + column - 1] =
        phi[at] - phi[at - 1] - phi[at - columns] + phi[at - columns - 1];
    }
  }
  return cells;
}

/**
 * The rectangle of cells with the largest sum: for each pair of rows, Kadane's scan over the sums between them.
 * @param {ArrayLike<number>} weights rows x columns, row by row
 * @returns {{sum: number, top: number, bottom: number, left: number, right: number}} bottom and right exclusive
 */
export function maxSumRectangle(weights, rows, columns) {
  const best = { sum: -Infinity, top: 0, bottom: 0, left: 0, right: 0 };
  const between = new Float64Array(columns);
  for (let top = 0; top < rows; top++) {
    between.fill(0);
    for (let bottom = top; bottom < rows; bottom++) {
      let [run, start] = [0, 0];
      for (let column = 0; column < columns; column++) {
        between[column] += weights[bottom * columns + column];
        if (run <= 0) [run, start] = [0, column];
        run += between[column];
        if (run > best.sum) {
          Object.assign(best, { sum: run, top, bottom: bottom + 1, left: start, right: column + 1 });
        }
      }
    }
  }
  return best;
}

/** What Dinkelbach's method maximizes, I - λU, cell by cell: as U = A + B - I, it is (1 + λ) I - λB less a constant. */
function cellWeights(inside, xs, ys, ratio) {
  const columns = xs.length - 1;
  return inside.map((share, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return (1 + ratio) * share - ratio * (ys[row + 1] - ys[row]) * (xs[column + 1] - xs[column]);
  });
}

/** The best of the box `best` and all boxes whose sides lie on given lines. */
function bestOnLines(edges, area, xs, ys, best) {
  const inside = cellAreas(edges, xs, ys);
  for (;;) {
    const weights = cellWeights(inside, xs, ys, best.iou);
    const { left, top, right, bottom } = maxSumRectangle(weights, ys.length - 1, xs.length - 1);
    const box = /** @type {import("./geometry.js").Box} */ ([xs[left], ys[top], xs[right], ys[bottom]]);
    const iou = polygonBoxIou(edges, area, box);
    if (iou <= best.iou) return best;
    best = { box, iou };
  }
}

/** The two ends and the values between them, rising, without repetition. */
function gridLines(low, high, values) {
  const lines = [low, ...values.filter((value) => value > low && value < high), high].sort((p, q) => p - q);
  return lines.filter((line, i) => i === 0 || line > lines[i - 1]);
}

/** Evenly spaced lines per axis in the first, global look at a polygon. */
const LINES = 65;

/** From -8 to 8: the lines around each side in the later, closer looks. */
const AROUND = Array.from({ length: 17 }, (_, i) => i - 8);

/**
 * The box with the highest IoU with a polygon, and that IoU.
 *
 * To maximize a ratio I / U is a fractional program (Dinkelbach 1967): with the best ratio λ so far, find the box with
 * the largest I - λU; its ratio is the next λ, until it grows no more. Among boxes on a grid of lines, that box is a
 * rectangle of cells with the largest sum. The first lines cover the polygon, and run through its vertices unless they
 * are very many; each further set is drawn four times closer around the four sides found.
 * @param {import("./geometry.js").Polygon} polygon  @returns {Ceiling}
 */
export function bestBox(polygon) {
  const edges = polygonEdges(polygon);
  const area = polygonArea(polygon);
  const tight = tightBox(polygon);
  const vertices = polygon.flat();
  const spacing = [0, 1].map((axis) => (tight.box[axis + 2] - tight.box[axis]) / (LINES - 1));
  const linesAt = (axis, values) => gridLines(tight.box[axis], tight.box[axis + 2], values);
  const [xs, ys] = [0, 1].map((axis) => {
    const even = Array.from({ length: LINES }, (_, i) => tight.box[axis] + i * spacing[axis]);
    return linesAt(axis, vertices.length <= LINES ? [...even, ...vertices.map((point) => point[axis])] : even);
  });
  let best = bestOnLines(edges, area, xs, ys, tight);
  for (let scale = 1 / 4; scale > 1e-8; scale /= 4) {
    const [closeXs, closeYs] = [0, 1].map((axis) => {
      const sides = [best.box[axis], best.box[axis + 2]];
      return linesAt(axis, sides.flatMap((side) => AROUND.map((k) => side + k * scale * spacing[axis])));
    });
    best = bestOnLines(edges, area, closeXs, closeYs, best);
  }
  return best;
}
