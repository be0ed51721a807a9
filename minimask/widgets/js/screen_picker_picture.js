/** The screen picker's picture: what is found on a page, by color and by sign. */
import { cut } from "./screen_picker_measures.js";
import { fillMask, outline } from "./mask_layer.js";
import { isOn } from "./screen_pages.js";
import { plate, strokeTwice } from "./strokes.js";

const TINTS = ["shape-edge", "highlight", "best", "yours", "shape", "muted", "ink"];

/** A class as it is drawn: its color, and the letter that it begins with. */
export const tintOf = (label) => TINTS[(label - 1) % TINTS.length];
export const signOf = (/** @type {string} */ name) => name[0].toUpperCase();

/** The border of a mask, on a rim. */
function border(scene, mask, color, width, dash = []) {
  outline(scene, mask);
  strokeTwice(scene.context, scene.palette.paper, color, width, dash);
}

/** The letter of a class on a small square, in the corner of a box. */
function sign({ context, unit, palette, width, height }, [x1, y1], text, color) {
  const half = 4 + 4 * text.length;
  const [x, y] = [Math.min(Math.max(x1 * unit, half + 1), width - half - 1), Math.min(Math.max(y1 * unit, 9), height - 9)];
  context.beginPath();
  context.roundRect(x - half, y - 8, 2 * half, 16, 4);
  Object.assign(context, { fillStyle: palette.paper, strokeStyle: color, lineWidth: 1.5 });
  context.fill();
  context.stroke();
  Object.assign(context, { fillStyle: palette.ink, textAlign: "center", textBaseline: "middle", font: `700 12px ${palette.font}` });
  context.fillText(text, x, y + 0.5);
}

/** Where a click would go: a ring with a dot. */
function target({ context, unit, palette }, [x, y], color) {
  for (const radius of [5, 1.5]) {
    context.beginPath();
    context.arc(x * unit, y * unit, radius, 0, 2 * Math.PI);
    strokeTwice(context, palette.paper, color, 1.5);
  }
}

/**
 * Draw a page with what a view knows of it.
 * @param {{context: any, width: number, height: number}} canvas  @param {Record<string, string>} palette
 * @param {{image: HTMLImageElement, names: string[], state: any, settled: any}} scene
 */
export function drawScreen({ context, width, height }, palette, { image, names, state, settled }) {
  const { page, elements, truth, shown, missed, chosen, aims } = settled;
  const unit = width / page.size[1];
  const scene = { context, palette, image, picture: page, left: 0, top: 0, unit, small: false, width, height };
  Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high" }); // letters stay letters
  if (image.complete && image.naturalWidth) context.drawImage(image, 0, 0, width, height);
  Object.assign(context, { fillStyle: palette.paper, globalAlpha: 0.15 });
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 1;
  // What holds others lies beneath them.
  const area = (k) => elements.masks[k].width * elements.masks[k].height;
  const stacked = [...shown].sort((a, b) => area(b) - area(a));
  const colorOf = (k) => palette[tintOf(elements.labels[k])];
  const isFalse = (k) => elements.verdicts[k] === 0;
  const holds = (nodes) => nodes.flatMap(({ element, parts }) => [...(parts.length ? [element] : []), ...holds(parts)]);
  const holders = new Set(holds(settled.outline)); // are filled less, so that what they hold stands out
  for (const k of stacked) fillMask(scene, elements.masks[k], colorOf(k), holders.has(k) ? 0.08 : 0.28);
  for (const k of missed) border(scene, truth.masks[k], palette.tight, 2.5, [2.5, 3.5]);
  for (const k of stacked) border(scene, elements.masks[k], isFalse(k) ? palette.tight : colorOf(k), 2, isFalse(k) ? [8, 5] : []);
  if (chosen >= 0) border(scene, elements.masks[chosen], palette.yours, 4, [4, 4]);
  for (const k of aims) target(scene, elements.points[k], palette.ink);
  for (const k of missed) sign(scene, truth.boxes[k], `${signOf(names[truth.labels[k] - 1])}?`, palette.tight);
  for (const k of stacked) {
    const letter = signOf(names[elements.labels[k] - 1]);
    sign(scene, elements.boxes[k], isFalse(k) ? `${letter}!` : letter, isFalse(k) ? palette.tight : colorOf(k));
  }
  if (chosen < 0) return;
  const [x1, y1, x2] = elements.boxes[chosen];
  const sure = state.view === "truth" ? page.names[chosen] : cut(elements.scores[chosen] / 1000);
  const iou = state.view === "truth" ? "" : ` · IoU ${cut(elements.ious[chosen])}`;
  plate(context, palette, `${names[elements.labels[chosen] - 1]} ${sure}${iou}`, ((x1 + x2) / 2) * unit,
    y1 * unit - 22, width, palette.yours, null, height);
}

/** The smallest shown element under a point of the page, or -1. */
export function elementAt({ elements, shown }, x, y) {
  const area = ({ width, height }) => width * height;
  return shown.filter((k) => isOn(elements.masks[k], x, y))
    .sort((a, b) => area(elements.masks[a]) - area(elements.masks[b]))[0] ?? -1;
}
