/** The attack's pictures: what the model finds, and the curves over the strengths. */
import { fixed } from "./decimals.js";
import { fillMask, ground, lines, outline, tags } from "./mask_layer.js";
import { strokeTwice } from "./strokes.js";

/** Draw a picture with what is found in it: masks, names, and the attacked object dotted. */
export function drawFound(scene, { sighting, shown, right }) {
  const { context, palette, picture, small, found } = scene;
  ground(scene, 0);
  const colors = right.map((is) => palette[is ? "best" : "tight"]);
  for (const [at, k] of found ? shown.entries() : []) {
    fillMask(scene, sighting.masks[k], colors[at], 0.25);
    outline(scene, sighting.masks[k]);
    if (small) lines(scene, colors[at], 1.5, 1);
    else strokeTwice(context, palette.paper, colors[at], 2.5, right[at] ? [] : [7, 4]);
  }
  outline(scene, picture.objects[picture.target]);
  strokeTwice(context, palette.paper, palette.yours, small ? 1.5 : 3, [2.5, 4]);
  if (small || !found) return;
  const name = (k) => `${picture.names[sighting.labels[k] - 1]} ${fixed(100 * sighting.scores[k], 0)}%`;
  tags(scene, shown.map((k, at) => [sighting.boxes[k], name(k), colors[at]]));
}

/** The room around the curves in their canvas, in pixels. */
const ROOM = { left: 44, right: 92, top: 12, bottom: 40 };

/** Where a strength lies on the curves' canvas, and which one lies at a place. */
export function stepAxis(width, steps) {
  const span = width - ROOM.left - ROOM.right;
  return {
    toX: (step) => ROOM.left + (span * step) / (steps - 1),
    toStep: (x) => Math.round(Math.min(Math.max(((x - ROOM.left) / span) * (steps - 1), 0), steps - 1)),
  };
}

/** Draw the attacked object's score at every strength under every attack, and the mask's IoU under the chosen one. */
export function drawCurves({ context, width, height }, palette, picture, { attack, step }) {
  const { toX } = stepAxis(width, picture.strengths.length);
  const toY = (value) => ROOM.top + (1 - value) * (height - ROOM.top - ROOM.bottom);
  context.font = `13px ${palette.font}`;
  Object.assign(context, { textBaseline: "middle", textAlign: "right", fillStyle: palette.muted });
  context.beginPath();
  for (const mark of [0, 0.5, 1]) {
    context.moveTo(ROOM.left, toY(mark));
    context.lineTo(width - ROOM.right, toY(mark));
    context.fillText(String(mark), ROOM.left - 9, toY(mark));
  }
  Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1, textAlign: "center" });
  context.stroke();
  picture.strengths.forEach((strength, k) => context.fillText(String(strength), toX(k), height - ROOM.bottom + 14));
  context.fillText("strength, levels of 255", (ROOM.left + width - ROOM.right) / 2, height - 9);
  context.beginPath();
  context.moveTo(toX(step), ROOM.top);
  context.lineTo(toX(step), height - ROOM.bottom);
  Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
  context.stroke();
  const draw = (values, color, thick, dash) => {
    context.beginPath();
    values.forEach((value, k) => context.lineTo(toX(k), toY(value)));
    context.lineJoin = "round";
    strokeTwice(context, palette.paper, color, thick, dash);
    return values.at(-1);
  };
  const scores = picture.outcomes.map((row) => row.map(({ score }) => score));
  const ious = picture.outcomes[attack].map(({ iou }) => iou);
  const ends = scores.flatMap((row, k) => (k === attack ? [] : [
    { text: picture.attacks[k], value: draw(row, palette.muted, 1.6, k % 2 ? [2, 3] : []), color: palette.muted },
  ]));
  ends.push({ text: "mask IoU", value: draw(ious, palette.best, 2, [7, 4]), color: palette.best });
  ends.push({ text: picture.attacks[attack], value: draw(scores[attack], palette.tight, 3), color: palette.tight, bold: true });
  context.beginPath();
  context.arc(toX(step), toY(scores[attack][step]), 6, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: palette.tight, strokeStyle: palette.paper, lineWidth: 2 });
  context.fill();
  context.stroke();
  label(context, palette, ends, width - ROOM.right + 10, toY, height - ROOM.bottom);
}

/** Names at the right, as near to the ends of their curves as there is room. */
function label(context, palette, ends, x, toY, bottom) {
  ends.sort((a, b) => b.value - a.value);
  const places = ends.map(({ value }) => toY(value));
  places.forEach((y, k) => (places[k] = k ? Math.max(y, places[k - 1] + 18) : y));
  for (let k = places.length - 1, most = bottom; k >= 0; k--, most = places[k + 1] - 18) {
    places[k] = Math.min(places[k], most);
  }
  context.textAlign = "left";
  ends.forEach(({ text, color, bold }, k) => {
    context.fillStyle = color;
    context.fillRect(x, places[k] - 6, 5, 12);
    context.fillStyle = palette.ink;
    context.font = `${bold ? 600 : 400} 13px ${palette.font}`;
    context.fillText(text, x + 10, places[k]);
  });
}
