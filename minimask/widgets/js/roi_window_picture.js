/** The RoI window's pictures: the map under each operator, the outputs, and the curve of a bin. */
import { fixed } from "./decimals.js";
import { drawHandles, rimmedText, strokeTwice } from "./strokes.js";

/** How far beyond the map the stage shows the plane, in cells. */
export const MARGIN = 1;

/** The room around the curve in its canvas, in pixels; on the left more for long numbers. */
const CURVE = { left: 40, right: 14, top: 10, bottom: 40 };

/** The ground, painted once for a theme: one pixel for a cell. */
export function paintCells(features, scale) {
  const canvas = new OffscreenCanvas(features[0].length, features.length);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  image.data.set(features.flatMap((row) => row.flatMap((value) => [...scale.rgb(value), 255])));
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Everything that the maps show: the feature map painted, the state, and what the operators make of it.
 * @typedef {{features: number[][], ground: OffscreenCanvas, state: any, settled: any}} Scene
 *
 * The part of the plane that a canvas shows: its corner and its width, in cells; `close` if it is magnified.
 * @typedef {{left: number, top: number, columns: number, close: boolean}} View
 */

/** The whole map, with a margin. */
export function wholeMap(features) {
  return { left: -MARGIN, top: -MARGIN, columns: features[0].length + 2 * MARGIN, close: false };
}

/** The surroundings of the chosen bin of RoIAlign, on a square canvas. */
export function aroundBin({ x, y }, [p, q]) {
  const columns = Math.max(x.binSize, y.binSize, 1) + 3;
  const middle = (axis, k) => axis.start + (k + 0.5) * axis.binSize - columns / 2;
  return { left: middle(x, q), top: middle(y, p), columns, close: true };
}

/** Where a point of the plane is on a canvas. */
function placing(view, width) {
  const unit = width / view.columns;
  return { unit, at: (x, y) => /** @type {[number, number]} */ ([(x - view.left) * unit, (y - view.top) * unit]) };
}

/** The cells, and around the whole map the pixels of the image along two sides. */
function drawCells({ context, width }, palette, { features, ground, state }, view) {
  const { unit, at } = placing(view, width);
  const [rows, columns] = [features.length, features[0].length];
  context.imageSmoothingEnabled = false;
  context.drawImage(ground, ...at(0, 0), columns * unit, rows * unit);
  if (unit > 12) {
    context.beginPath();
    for (let j = 1; j < columns; j++) context.rect(...at(j, 0), 0, rows * unit);
    for (let i = 1; i < rows; i++) context.rect(...at(0, i), columns * unit, 0);
    Object.assign(context, { strokeStyle: palette.paper, lineWidth: 1, globalAlpha: 0.35 });
    context.stroke();
    context.globalAlpha = 1;
  }
  const every = [1, 2, 4, 8, 16, 32].find((cells) => cells * unit >= 56) ?? 32;
  const size = Math.min(13, unit * 0.8);
  if (size < 9 || view.close) return;
  Object.assign(context, { font: `${size}px ${palette.font}`, fillStyle: palette.muted });
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  for (let j = 0; j <= columns; j += every) context.fillText(j ? String(j * state.stride) : "0 px", ...at(j, -0.5));
  for (let i = every; i <= rows; i += every) {
    context.save();
    context.translate(...at(-0.5, i));
    context.rotate(-Math.PI / 2);
    context.fillText(String(i * state.stride), 0, 0);
    context.restore();
  }
}

/** The box as the reader laid it: dotted, and on the whole map with handles. */
function drawYours(context, palette, at, { box, stride }, view) {
  const [x1, y1, x2, y2] = box.map((side) => side / stride);
  const [[left, top], [right, bottom]] = [at(x1, y1), at(x2, y2)];
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  strokeTwice(context, palette.paper, palette.yours, 2.5, [2.5, 4]);
  if (!view.close) drawHandles(context, palette, [left, top, right - left, bottom - top]);
}

/** Where the chosen bin's gradient lands: in every cell a square whose share of the cell is the weight. */
function drawFootprint(context, at, unit, cells, color) {
  context.beginPath();
  for (const { row, column, weight } of cells) {
    const side = Math.sqrt(Math.min(weight, 1));
    context.rect(...at(column + (1 - side) / 2, row + (1 - side) / 2), side * unit, side * unit);
  }
  Object.assign(context, { fillStyle: color, globalAlpha: 0.62 });
  context.fill();
  context.globalAlpha = 1;
}

/** The weights in numbers, at the top of their cells, where these are large enough. */
function drawWeights(context, palette, at, unit, cells) {
  const size = Math.min(13, unit * 0.4);
  if (size < 9) return;
  context.font = `600 ${size}px ${palette.font}`;
  Object.assign(context, { textAlign: "center", textBaseline: "top" });
  for (const { row, column, weight } of cells) {
    if (weight < 0.005) continue;
    const text = weight > 0.995 ? "1" : fixed(weight, 2).replace("0.", ".");
    rimmedText(context, palette, text, ...at(column + 0.5, row + 0.06));
  }
}

/** RoIPool: the snapped box dashed, its bins, and the cell that each bin keeps. */
export function drawPool(canvas, palette, /** @type {Scene} */ scene, /** @type {View} */ view) {
  const { state, settled: { x, y, winners, poolFootprint } } = scene;
  const { context, width } = canvas;
  const { unit, at } = placing(view, width);
  const [p, q] = state.bin;
  drawCells(canvas, palette, scene, view);
  const inset = Math.min(0.09, 2.5 / unit);
  const frame = (rows, columns, by) => context.rect(...at(columns[0] + by, rows[0] + by),
    (columns[1] - columns[0] - 2 * by) * unit, (rows[1] - rows[0] - 2 * by) * unit);
  const filled = ([low, high]) => low < high;

  context.beginPath();
  for (const rows of y.edges.filter(filled)) {
    for (const columns of x.edges.filter(filled)) frame(rows, columns, inset);
  }
  Object.assign(context, { strokeStyle: palette.tight, lineWidth: 1, globalAlpha: 0.75 });
  context.stroke();
  context.globalAlpha = 1;
  drawFootprint(context, at, unit, poolFootprint, palette.tight);
  if (filled(y.edges[p]) && filled(x.edges[q])) {
    context.beginPath();
    frame(y.edges[p], x.edges[q], inset);
    Object.assign(context, { fillStyle: palette.tight, globalAlpha: 0.15 });
    context.fill();
    context.globalAlpha = 1;
    strokeTwice(context, palette.paper, palette.tight, 2);
  }
  context.beginPath();
  frame([y.first, y.last + 1], [x.first, x.last + 1], 0);
  strokeTwice(context, palette.paper, palette.tight, 2, [8, 5]);
  drawYours(context, palette, at, state, view);
  context.beginPath();
  for (const { row, column } of winners.flat().filter((winner) => winner.row >= 0)) {
    const [cx, cy] = at(column + 0.5, row + 0.5);
    context.moveTo(cx, cy);
    context.arc(cx, cy, Math.min(3, unit / 6), 0, 2 * Math.PI);
  }
  context.fillStyle = palette.tight;
  context.fill();
  if (view.close) drawWeights(context, palette, at, unit, poolFootprint);
}

/** RoIAlign: its grid, the samples, and the cells that the chosen bin reads. */
export function drawAlign(canvas, palette, /** @type {Scene} */ scene, /** @type {View} */ view) {
  const { state, settled: { x, y, alignFootprint } } = scene;
  const { context, width } = canvas;
  const { unit, at } = placing(view, width);
  const [p, q] = state.bin;
  const bins = state.output_size;
  drawCells(canvas, palette, scene, view);
  drawFootprint(context, at, unit, alignFootprint, palette.best);
  const [[left, top], [right, bottom]] = [
    at(x.start, y.start), at(x.start + bins * x.binSize, y.start + bins * y.binSize),
  ];
  context.beginPath();
  for (let k = 1; k < bins; k++) {
    const [across, down] = at(x.start + k * x.binSize, y.start + k * y.binSize);
    context.moveTo(across, top);
    context.lineTo(across, bottom);
    context.moveTo(left, down);
    context.lineTo(right, down);
  }
  Object.assign(context, { strokeStyle: palette.best, lineWidth: 1 });
  context.stroke();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  strokeTwice(context, palette.paper, palette.best, 2);
  context.beginPath();
  context.rect(...at(x.start + q * x.binSize, y.start + p * y.binSize), x.binSize * unit, y.binSize * unit);
  strokeTwice(context, palette.paper, palette.best, 2);
  drawYours(context, palette, at, state, view);
  drawSamples(context, palette, at, unit, { x, y }, [p, q]);
  if (view.close) drawWeights(context, palette, at, unit, alignFootprint);
}

/** All samples as small squares, which are drawn fast; those of the chosen bin as dots. */
function drawSamples(context, palette, at, unit, { x, y }, [p, q]) {
  const side = Math.min(3.5, unit / 6);
  const [left, top, right, bottom] = [...at(0, 0), context.canvas.clientWidth, context.canvas.clientHeight];
  const across = x.positions.flat().map((sx) => left + sx * unit).filter((cx) => cx > 0 && cx < right);
  const down = y.positions.flat().map((sy) => top + sy * unit).filter((cy) => cy > 0 && cy < bottom);
  context.fillStyle = palette.best;
  for (const cy of down) for (const cx of across) context.fillRect(cx - side / 2, cy - side / 2, side, side);
  context.beginPath();
  for (const sy of y.positions[p]) {
    for (const sx of x.positions[q]) {
      const [cx, cy] = at(sx, sy);
      context.moveTo(cx + side, cy);
      context.arc(cx, cy, side, 0, 2 * Math.PI);
    }
  }
  Object.assign(context, { fillStyle: palette.ink, strokeStyle: palette.paper, lineWidth: 1.5 });
  context.stroke();
  context.fill();
}

/** An output as a small map of values with numbers; the chosen bin is framed. */
export function drawOutput({ context, width }, palette, output, [p, q], scale, digits, color) {
  const room = 3;
  const unit = (width - 2 * room) / output.length;
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  output.forEach((row, i) => row.forEach((value, j) => {
    const [left, top] = [room + j * unit, room + i * unit];
    context.fillStyle = scale.color(value);
    context.fillRect(left, top, unit + 0.5, unit + 0.5);
    context.fillStyle = palette.ink;
    const text = fixed(value, digits);
    context.font = `${Math.min(18, unit * 0.5, (1.65 * unit) / text.length)}px ${palette.font}`;
    context.fillText(text, left + unit / 2, top + unit / 2 + 0.5);
  }));
  context.beginPath();
  context.rect(room + q * unit, room + p * unit, unit, unit);
  strokeTwice(context, palette.paper, color, 3);
}

/** The chosen bin's output while the box moves sideways by up to a cell: RoIPool's staircase, RoIAlign's glide. */
export function drawSweep({ context, width, height }, palette, { pool, align }, limits, { stride }, digits) {
  context.font = `13px ${palette.font}`;
  const marks = [0, 0.5, 1].map((share) => limits[0] + share * (limits[1] - limits[0]));
  const left = Math.max(CURVE.left, ...marks.map((mark) => context.measureText(fixed(mark, digits)).width + 10));
  const [w, h] = [width - left - CURVE.right, height - CURVE.top - CURVE.bottom];
  const toX = (k) => left + (k / (pool.length - 1)) * w;
  const toY = (value) => CURVE.top + (1 - (value - limits[0]) / (limits[1] - limits[0])) * h;
  Object.assign(context, { fillStyle: palette.muted, strokeStyle: palette.grid, lineWidth: 1 });
  Object.assign(context, { textBaseline: "middle", textAlign: "right" });
  context.beginPath();
  for (const value of marks) {
    context.moveTo(left, Math.round(toY(value)) + 0.5);
    context.lineTo(width - CURVE.right, Math.round(toY(value)) + 0.5);
    context.fillText(fixed(value, digits), left - 7, toY(value));
  }
  context.stroke();
  const middle = (pool.length - 1) / 2;
  const words = [`-${stride} px`, "here", `+${stride} px`];
  [0, middle, 2 * middle].forEach((k, i) => {
    context.textAlign = /** @type {CanvasTextAlign} */ (["left", "center", "right"][i]);
    context.fillText(words[i], toX(k) + [-8, 0, 12][i], height - CURVE.bottom + 14);
  });
  context.textAlign = "center";
  context.fillText("the box moves sideways by up to a cell", toX(middle), height - 9);
  context.beginPath();
  context.moveTo(toX(middle), CURVE.top);
  context.lineTo(toX(middle), CURVE.top + h);
  Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
  context.stroke();

  context.lineJoin = "round";
  context.beginPath();
  align.forEach((value, k) => (k ? context.lineTo(toX(k), toY(value)) : context.moveTo(toX(k), toY(value))));
  strokeTwice(context, palette.paper, palette.best, 2.5);
  context.beginPath();
  pool.forEach((value, k) => {
    if (!k) context.moveTo(toX(k), toY(value));
    else if (value !== pool[k - 1]) {
      context.lineTo(toX(k - 0.5), toY(pool[k - 1]));
      context.lineTo(toX(k - 0.5), toY(value));
    }
  });
  context.lineTo(toX(pool.length - 1), toY(pool.at(-1)));
  strokeTwice(context, palette.paper, palette.tight, 2.5, [8, 4]);
  for (const [curve, color, round] of [[align, palette.best, true], [pool, palette.tight, false]]) {
    const [x, y] = [toX(middle), toY(curve[middle])];
    context.beginPath();
    if (round) context.arc(x, y, 5.5, 0, 2 * Math.PI);
    else context.rect(x - 5, y - 5, 10, 10);
    Object.assign(context, { fillStyle: color, strokeStyle: palette.paper, lineWidth: 2 });
    context.fill();
    context.stroke();
  }
}
