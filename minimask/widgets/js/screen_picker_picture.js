/** The screen picker's picture: what is found on a page, by color and by sign. */
import { cut } from "./screen_picker_measures.js";
import { isOn } from "./screen_pages.js";
import { plate, strokeTwice } from "./strokes.js";

const TINTS = ["shape-edge", "highlight", "best", "yours", "shape", "muted", "ink"];

/** A class as it is drawn: its color, and the letter that it begins with. */
export const tintOf = (label) => TINTS[(label - 1) % TINTS.length];
export const signOf = (/** @type {string} */ name) => name[0].toUpperCase();

/** A mask's border, and itself as an image in some color; worked out once. */
const known = new WeakMap();

function borderOf({ left, top, width, height, on }) {
  const at = (i, j) => i >= 0 && j >= 0 && i < height && j < width && on[i * width + j] === 1;
  const path = new Path2D();
  const line = (length, isBorder, place) => {
    for (let start = 0; start < length; start++) {
      if (!isBorder(start)) continue;
      let stop = start + 1;
      while (stop < length && isBorder(stop)) stop++;
      path.moveTo(...place(start));
      path.lineTo(...place(stop));
      start = stop;
    }
  };
  for (let i = 0; i <= height; i++) line(width, (j) => at(i, j) !== at(i - 1, j), (j) => [left + j, top + i]);
  for (let j = 0; j <= width; j++) line(height, (i) => at(i, j) !== at(i, j - 1), (i) => [left + j, top + i]);
  return path;
}

function shapeOf(mask) {
  if (!known.has(mask)) known.set(mask, { border: borderOf(mask), tinted: {}, scaled: {} });
  return known.get(mask);
}

function tinted(mask, color) {
  const { tinted: images } = shapeOf(mask);
  if (!images[color]) {
    const canvas = new OffscreenCanvas(Math.max(mask.width, 1), Math.max(mask.height, 1));
    const context = canvas.getContext("2d");
    context.fillStyle = color;
    for (let i = 0; i < mask.height; i++) {
      for (let j = 0, start; j < mask.width; j++) {
        for (start = j; j < mask.width && mask.on[i * mask.width + j]; j++);
        if (j > start) context.fillRect(start, i, j - start, 1);
      }
    }
    images[color] = canvas;
  }
  return images[color];
}

function fill({ context, unit }, mask, color, alpha) {
  context.globalAlpha = alpha;
  context.drawImage(tinted(mask, color), mask.left * unit, mask.top * unit, mask.width * unit, mask.height * unit);
  context.globalAlpha = 1;
}

function border({ context, unit, palette }, mask, color, width, dash = []) {
  const { border: path, scaled } = shapeOf(mask);
  if (!scaled[unit]) {
    for (const other of Object.keys(scaled)) delete scaled[other];
    scaled[unit] = new Path2D();
    scaled[unit].addPath(path, { a: unit, d: unit });
  }
  for (const [style, wide, alpha] of [[palette.paper, width + 2.5, 0.8], [color, width, 1]]) {
    context.setLineDash(style === color ? dash : []);
    Object.assign(context, { strokeStyle: style, lineWidth: wide, globalAlpha: alpha, lineCap: "butt" });
    context.stroke(scaled[unit]);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
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
  const { page, elements, truth, shown, missed, chosen, aims, outline } = settled;
  const scene = { context, palette, width, height, unit: width / page.size[1] };
  Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high" });
  if (image.complete && image.naturalWidth) context.drawImage(image, 0, 0, width, page.size[0] * scene.unit);
  Object.assign(context, { fillStyle: palette.paper, globalAlpha: 0.15 });
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 1;
  // What holds others lies beneath them.
  const area = (k) => elements.masks[k].width * elements.masks[k].height;
  const stacked = [...shown].sort((a, b) => area(b) - area(a));
  const colorOf = (k) => palette[tintOf(elements.labels[k])];
  const isFalse = (k) => elements.verdicts[k] === 0;
  const holds = (nodes) => nodes.flatMap(({ element, parts }) => [...(parts.length ? [element] : []), ...holds(parts)]);
  const holders = new Set(holds(outline)); // are filled less, so that what they hold stands out
  for (const k of stacked) fill(scene, elements.masks[k], colorOf(k), holders.has(k) ? 0.08 : 0.28);
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
  plate(context, palette, `${names[elements.labels[chosen] - 1]} ${sure}${iou}`, ((x1 + x2) / 2) * scene.unit,
    y1 * scene.unit - 22, width, palette.yours, null, height);
}

/** The smallest shown element under a point of the page, or -1. */
export function elementAt({ elements, shown }, x, y) {
  const area = ({ width, height }) => width * height;
  return shown.filter((k) => isOn(elements.masks[k], x, y))
    .sort((a, b) => area(elements.masks[a]) - area(elements.masks[b]))[0] ?? -1;
}
