/** The box ceiling's pictures: the stage, the curve, and the sheet on which the reader draws. */
import { advice, measure, percent } from "./box_ceiling_measures.js";
import { boundingBox, middle } from "./geometry.js";
import { drawHandles, plate, strokeTwice } from "./strokes.js";

/** The plane on which the reader draws is a square of this size. */
export const SHEET = 100;

/** Where the curve lies in its canvas: the room around it, in pixels. */
export const ROOM = { left: 34, right: 20, top: 8, bottom: 24 };

/** The part of the plane that the stage shows: all that the silhouette can reach as it turns, and a margin. */
export function limitsOf(polygon) {
  const [x, y] = middle(boundingBox(polygon));
  const reach = 1.16 * Math.max(...polygon[0].map((point) => Math.hypot(point[0] - x, point[1] - y)));
  return /** @type {import("./geometry.js").Box} */ ([x - reach, y - reach, x + reach, y + reach]);
}

/** The outline of a polygon as SVG or canvas path data. */
export function pathOf(polygon, toScreen) {
  const rings = polygon.map((ring) => ring.map((point) => toScreen(point).map((v) => v.toFixed(2)).join(" ")));
  return rings.map((ring) => `M${ring.join("L")}Z`).join("");
}

/** The stage: the silhouette, the tight and the best box, the reader's box with its sides and handles. */
export function drawStage({ context, width: size }, palette, state, pose, limits) {
  const scale = size / (limits[2] - limits[0]);
  const toScreen = ([x, y]) => [(x - limits[0]) * scale, (y - limits[1]) * scale];
  const rectangle = (box) => {
    const [[x1, y1], [x2, y2]] = [toScreen([box[0], box[1]]), toScreen([box[2], box[3]])];
    return /** @type {[number, number, number, number]} */ ([x1, y1, x2 - x1, y2 - y1]);
  };
  const outline = new Path2D(pathOf(pose.polygon, toScreen));
  drawGrid(context, palette, size);

  // Three tones: the shape, the box, and where they overlap.
  const mine = rectangle(state.box);
  context.globalAlpha = 0.22;
  context.fillStyle = palette.yours;
  context.fillRect(...mine);
  context.globalAlpha = 0.36;
  context.fillStyle = palette.shape;
  context.fill(outline, "evenodd");
  context.globalAlpha = 1;
  context.save();
  context.beginPath();
  context.rect(...mine);
  context.clip();
  context.fill(outline, "evenodd");
  context.restore();
  Object.assign(context, { strokeStyle: palette["shape-edge"], lineWidth: 1.5, lineJoin: "round", lineCap: "butt" });
  context.stroke(outline);

  const frame = (box, ...style) => {
    context.beginPath();
    context.rect(...rectangle(box));
    strokeTwice(context, palette.paper, ...style);
  };
  const insides = (box, sides, color, width) => {
    context.beginPath();
    sides.forEach(({ pieces }, k) => {
      for (const [from, to] of pieces) {
        context.moveTo(...toScreen(k % 2 ? [from, box[k]] : [box[k], from]));
        context.lineTo(...toScreen(k % 2 ? [to, box[k]] : [box[k], to]));
      }
    });
    strokeTwice(context, palette.paper, color, width);
  };
  if (state.show_tight) frame(pose.tight.box, palette.tight, 2, [8, 5]);
  if (state.show_best) {
    frame(pose.best.box, palette.best, 2.5);
    if (state.show_sides) insides(pose.best.box, pose.bestSides, palette.best, 5);
  }
  frame(state.box, palette.yours, 2.5, [2.5, 4]);
  const { iou, sides } = measure(pose, state.box);
  if (state.show_sides) insides(state.box, sides, palette.yours, 6);
  drawTags(context, palette, state, pose, rectangle, size);
  drawHandles(context, palette, mine);
  if (state.show_sides) drawShares(context, palette, mine, sides, iou, size);
}

function drawGrid(context, palette, size) {
  context.beginPath();
  for (let line = 1; line < 16; line++) {
    const at = Math.round((line * size) / 16) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, size);
    context.moveTo(0, at);
    context.lineTo(size, at);
  }
  Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1 });
  context.globalAlpha = 0.6;
  context.stroke();
  context.globalAlpha = 1;
}

/** The names of the two boxes, where no handle of the reader's box can be if it lies on them. */
function drawTags(context, palette, state, pose, rectangle, size) {
  if (state.show_tight) {
    const [x, y, width] = rectangle(pose.tight.box);
    plate(context, palette, "tight", x + 0.2 * width, y, size, palette.tight);
  }
  if (state.show_best) {
    const [x, y, width, height] = rectangle(pose.best.box);
    plate(context, palette, "best", x + 0.8 * width, y + height, size, palette.best);
  }
}

/** At each side of the reader's box: how much of it lies inside, and which way it should go. */
function drawShares(context, palette, [x, y, width, height], sides, iou, size) {
  const outward = [[-1, 0], [0, -1], [1, 0], [0, 1]];
  sides.forEach((side, k) => {
    const [dx, dy] = outward[k];
    const go = advice(side, iou);
    const [sideX, sideY] = [x + (width / 2) * (1 + dx), y + (height / 2) * (1 + dy)];
    const away = dx === 0 ? 22 : 50;
    const outside = [sideX + away * dx, sideY + away * dy];
    const fits = outside.every((v) => v > away - 10 && v < size - away + 10);
    const [cx, cy] = fits ? outside : [sideX - away * dx, sideY - away * dy];
    const share = go > 0 ? side.outer : side.inner;
    plate(context, palette, percent(share), cx, cy, size, palette.yours, go ? [go * dx, go * dy] : null);
  });
}

/** The curve: the tight and the best box's IoU at all angles known so far, and where the silhouette stands. */
export function drawCurve({ context, width, height }, palette, ceilings, angle, now) {
  const [w, h] = [width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom];
  const toX = (degrees) => ROOM.left + (degrees / 180) * w;
  const toY = (iou) => ROOM.top + (1 - iou) * h;
  Object.assign(context, { font: `13px ${palette.font}`, fillStyle: palette.muted });
  Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1 });
  context.beginPath();
  for (const [iou, text] of [[0, "0"], [0.25, ""], [0.5, "0.5"], [0.75, ""], [1, "1"]]) {
    context.moveTo(ROOM.left, Math.round(toY(iou)) + 0.5);
    context.lineTo(width - ROOM.right, Math.round(toY(iou)) + 0.5);
    Object.assign(context, { textAlign: "right", textBaseline: "middle" });
    context.fillText(text, ROOM.left - 7, toY(iou));
  }
  for (const degrees of [0, 45, 90, 135, 180]) {
    Object.assign(context, { textAlign: "center", textBaseline: "alphabetic" });
    context.fillText(`${degrees}°`, toX(degrees) + (degrees === 0 ? 3 : 0), height - 6);
  }
  context.stroke();

  // A quarter turn only swaps the two axes: 90 degrees tell all.
  const known = [...ceilings.keys()].sort((p, q) => p - q);
  const angles = [...known, ...known.filter((degrees) => degrees > 0).map((degrees) => degrees + 90)];
  const points = angles.map((degrees) => [degrees, ceilings.get(degrees > 90 ? degrees - 90 : degrees)]);
  const line = (key) => points.map(([degrees, ceiling]) => [toX(degrees), toY(ceiling[key])]);
  const trace = (path) => path.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  const [tight, best] = [line("tight"), line("best")];
  context.beginPath();
  trace([...best, ...[...tight].reverse()]);
  Object.assign(context, { fillStyle: palette.best, globalAlpha: 0.14 });
  context.fill();
  context.globalAlpha = 1;
  for (const [path, color, dash] of [[best, palette.best, []], [tight, palette.tight, [7, 4]]]) {
    context.beginPath();
    trace(path);
    context.setLineDash(dash);
    Object.assign(context, { strokeStyle: color, lineWidth: 2.25 });
    context.stroke();
  }
  context.setLineDash([]);

  // Name the lines where there is room: around 150 degrees, above the best box's curve and below the tight box's.
  const heightsAround = (path) => path.filter(([px]) => Math.abs(px - toX(150)) < 34).map(([, py]) => py);
  Object.assign(context, { fillStyle: palette.ink, textAlign: "center", textBaseline: "alphabetic" });
  if (known.length > 1) {
    context.fillText("best box", toX(150), Math.max(Math.min(...heightsAround(best)) - 8, ROOM.top + 12));
    context.fillText("tight box", toX(150), Math.max(...heightsAround(tight)) + 18);
  }

  const x = toX(angle);
  context.beginPath();
  context.moveTo(x, ROOM.top);
  context.lineTo(x, toY(0));
  Object.assign(context, { strokeStyle: palette.ink, lineWidth: 1 });
  context.stroke();
  for (const [iou, color] of [[now.tight, palette.tight], [now.best, palette.best], [now.yours, palette.yours]]) {
    context.beginPath();
    if (color === palette.yours) context.rect(x - 4.5, toY(iou) - 4.5, 9, 9);
    else context.arc(x, toY(iou), 5, 0, 2 * Math.PI);
    Object.assign(context, { fillStyle: color, strokeStyle: palette.paper, lineWidth: 2 });
    context.fill();
    context.stroke();
  }
}

/** The sheet on which the reader draws: the line so far, and the pen that the arrow keys move. */
export function drawDraft({ context, width: size }, palette, { points, pen }) {
  const at = (point) => /** @type {[number, number]} */ (point.map((v) => (v * size) / SHEET));
  drawGrid(context, palette, size);
  Object.assign(context, { font: `15px ${palette.font}`, fillStyle: palette.muted, textAlign: "center" });
  if (!points.length) context.fillText("Draw an outline in one stroke", size / 2, size / 2 - 24);
  context.beginPath();
  points.forEach((point, i) => (i ? context.lineTo(...at(point)) : context.moveTo(...at(point))));
  Object.assign(context, { strokeStyle: palette["shape-edge"], lineWidth: 3, lineJoin: "round", lineCap: "round" });
  context.stroke();
  const [x, y] = at(pen);
  context.beginPath();
  context.moveTo(x - 9, y);
  context.lineTo(x + 9, y);
  context.moveTo(x, y - 9);
  context.lineTo(x, y + 9);
  Object.assign(context, { strokeStyle: palette.ink, lineWidth: 2 });
  context.stroke();
}
