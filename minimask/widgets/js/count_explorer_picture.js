/** The count explorer's pictures: outlines with signs, the curve of the error, and the areas. */
import { BINS, FIRST, LAST, binOf, histogram, percentsOf } from "./count_explorer_measures.js";
import { ground, outline, placeOf } from "./mask_layer.js";
import { strokeTwice } from "./strokes.js";

/** How each kind of outline is drawn: color, width, dashes, and the sign in its middle. */
const KINDS = {
  found: { color: "best", width: 2, dash: [], sign: "" },
  false: { color: "tight", width: 2.5, dash: [6, 4], sign: "+" },
  merged: { color: "yours", width: 3, dash: [], sign: "2" },
  missed: { color: "shape-edge", width: 2.5, dash: [2.5, 3.5], sign: "–" },
};

/** The middle of a mask: of its pixels the one nearest to their mean. */
function middleOf({ x, y, width, inside }) {
  const pixels = Array.from(inside).flatMap((is, k) => (is ? [[k % width, Math.floor(k / width)]] : []));
  const [cx, cy] = [0, 1].map((axis) => pixels.reduce((sum, pixel) => sum + pixel[axis], 0) / pixels.length);
  const [i, j] = pixels.reduce((best, [px, py]) =>
    (Math.hypot(px - cx, py - cy) < Math.hypot(best[0] - cx, best[1] - cy) ? [px, py] : best), pixels[0]);
  return [x + i + 0.5, y + j + 0.5];
}

const middles = new WeakMap();

/** A sign on a small plate in the middle of a mask. */
function sign(scene, mask, text, color) {
  const { context, palette } = scene;
  if (!middles.has(mask.inside)) middles.set(mask.inside, middleOf(mask));
  const [x, y] = placeOf(scene, ...middles.get(mask.inside));
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: palette.paper, strokeStyle: color, lineWidth: 2 });
  context.fill();
  context.stroke();
  context.font = `700 14px ${palette.font}`;
  Object.assign(context, { fillStyle: palette.ink, textAlign: "center", textBaseline: "middle" });
  context.fillText(text, x, y + 1);
}

/** Draw the picture with the outlines of a method. */
export function drawOutlines(scene) {
  const { context, palette, state, picture, settled } = scene;
  ground(scene, 0);
  const baseline = state.outlines === "baseline";
  const judged = baseline ? settled.baseline : settled.model;
  const masks = (baseline ? settled.regions : settled.outlines).map(({ mask }) => mask);
  if (state.truth) {
    for (const mask of picture.objects) {
      outline(scene, mask);
      strokeTwice(context, palette.paper, palette.ink, 1.2);
    }
  }
  if (state.outlines === "none") return;
  const signs = [];
  const draw = (mask, kind, text) => {
    const { color, width, dash, sign: usual } = KINDS[kind];
    outline(scene, mask);
    strokeTwice(context, palette.paper, palette[color], width, dash);
    if (usual) signs.push([mask, text ?? usual, palette[color]]);
  };
  judged.fates.forEach((fate, m) => fate === "missed" && draw(picture.objects[m], "missed"));
  for (const kind of ["found", "false", "merged"]) {
    masks.forEach((mask, k) => judged.kinds[k] === kind
      && draw(mask, kind, kind === "merged" ? String(judged.covers[k]) : undefined));
  }
  for (const one of signs) sign(scene, ...one);
}

/** The room around a diagram in its canvas, in pixels. */
const ROOM = { left: 44, right: 22, top: 12, bottom: 40 };

/** Where a share of the score lies on the curve's canvas, and back. */
export function curveAxis(width) {
  const span = width - ROOM.left - ROOM.right;
  return {
    toX: (percent) => ROOM.left + (span * (percent - FIRST)) / (LAST - FIRST),
    toPercent: (x) => Math.round(Math.min(Math.max(FIRST + ((x - ROOM.left) / span) * (LAST - FIRST), FIRST), LAST)),
  };
}

/** Lines across with numbers at the left, and words below. */
function scaffold({ context, width, height }, palette, marks, toY, below) {
  context.font = `13px ${palette.font}`;
  Object.assign(context, { textBaseline: "middle", textAlign: "right", fillStyle: palette.muted });
  context.beginPath();
  for (const [value, text] of marks) {
    context.moveTo(ROOM.left, toY(value));
    context.lineTo(width - ROOM.right, toY(value));
    context.fillText(text, ROOM.left - 7, toY(value));
  }
  Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1 });
  context.stroke();
  context.textAlign = "center";
  context.fillText(below, (ROOM.left + width - ROOM.right) / 2, height - 9);
}

/** Round numbers from 0 to at least a value, about four of them. */
function marksTo(most) {
  const rough = most / 4;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * decade).find((value) => value >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => k * step);
}

/** Draw how far the count is off at every score. */
export function drawCurve(canvas, palette, { settled, state, method }) {
  const { context, width, height } = canvas;
  const { curve, baselineOff: [other] } = settled;
  const least = Math.min(...curve);
  // Very low scores count everything: what matters is seen nearer to the best.
  const high = Math.min(Math.max(1.3 * other, 3 * least, 20), Math.max(...curve, other) * 1.05 + 1);
  const toY = (value) => ROOM.top + (1 - Math.min(value, high) / high) * (height - ROOM.top - ROOM.bottom);
  const { toX } = curveAxis(width);
  scaffold(canvas, palette, marksTo(high).map((v) => [v, `${v}%`]), toY, "scores from");
  Object.assign(context, { textAlign: "center", fillStyle: palette.muted });
  for (const percent of [5, 25, 50, 75, 99]) context.fillText(`${percent}%`, toX(percent), height - ROOM.bottom + 12);
  context.beginPath();
  context.moveTo(toX(FIRST), toY(other));
  context.lineTo(toX(LAST), toY(other));
  strokeTwice(context, palette.paper, palette.tight, 2, [7, 5]);
  context.beginPath();
  curve.forEach((value, k) => context.lineTo(toX(FIRST + k), toY(value)));
  strokeTwice(context, palette.paper, palette["shape-edge"], 2.5);
  const [score] = percentsOf(state);
  const [x, y] = [toX(score), toY(curve[score - FIRST])];
  context.beginPath();
  context.moveTo(x, ROOM.top);
  context.lineTo(x, height - ROOM.bottom);
  Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
  context.stroke();
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: palette["shape-edge"], strokeStyle: palette.paper, lineWidth: 2 });
  context.fill();
  context.stroke();
  context.font = `13px ${palette.font}`;
  Object.assign(context, { fillStyle: palette.ink, textAlign: "right", textBaseline: "middle" });
  const above = toY(other) > ROOM.top + 22;
  context.fillText(method, toX(LAST) - 2, toY(other) + (above ? -11 : 12));
}

/** Draw how large the outlines are, and how large the objects. */
export function drawAreas(canvas, palette, { settled, state, picture, pictures }) {
  const { context, width, height } = canvas;
  const bin = binOf(pictures);
  const judged = state.outlines === "baseline" ? settled.baseline : settled.model;
  const [ours, truth] = [histogram(judged.areas, bin), histogram(picture.trueAreas, bin)];
  const high = Math.max(...ours, ...truth, 4) * 1.08;
  const toY = (value) => ROOM.top + (1 - value / high) * (height - ROOM.top - ROOM.bottom);
  const toX = (k) => ROOM.left + ((width - ROOM.left - ROOM.right) * k) / BINS;
  const whole = marksTo(high).filter(Number.isInteger);
  scaffold(canvas, palette, whole.map((v) => [v, String(v)]), toY, "area in pixels");
  context.textAlign = "center";
  for (let k = 0; k < BINS; k += 3) context.fillText(String(k * bin), toX(k), height - ROOM.bottom + 12);
  context.fillText("…", toX(BINS) - 8, height - ROOM.bottom + 12);
  context.fillStyle = palette.shape;
  context.globalAlpha = 0.75;
  ours.forEach((count, k) => context.fillRect(toX(k) + 2, toY(count), toX(1) - toX(0) - 4, toY(0) - toY(count)));
  context.globalAlpha = 1;
  context.beginPath();
  context.moveTo(toX(0), toY(0));
  truth.forEach((count, k) => {
    context.lineTo(toX(k), toY(count));
    context.lineTo(toX(k + 1), toY(count));
  });
  context.lineTo(toX(BINS), toY(0));
  strokeTwice(context, palette.paper, palette.ink, 1.8);
}
