/** A picture with masks, boxes and words on it: what the widgets that show what a model finds have in common. */
import { shade } from "./shades.js";
import { plate, strokeTwice } from "./strokes.js";

/**
 * What is drawn on: the canvas, its colors, the picture's image and size; `left`, `top` and `unit` say which part of
 * the picture is seen, and how large a pixel of it is. Small pictures have neither words nor rims.
 * @typedef {{context: any, palette: Record<string, string>, image: any, picture: any, left: number, top: number,
 *   unit: number, small: boolean, width: number, height: number}} Ground
 *
 * A mask by its window of the picture; `inside` is 1 at its pixels, row by row.
 * @typedef {{x: number, y: number, width: number, height: number, inside: ArrayLike<number>}} Mask
 */

export const placeOf = ({ left, top, unit }, x, y) => [(x - left) * unit, (y - top) * unit];

export function path(/** @type {Ground} */ scene, boxes) {
  scene.context.beginPath();
  for (const [x1, y1, x2, y2] of boxes) {
    scene.context.rect(...placeOf(scene, x1, y1), (x2 - x1) * scene.unit, (y2 - y1) * scene.unit);
  }
}

export function lines({ context }, color, width, alpha, dash = []) {
  Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: alpha });
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** The outline of a box, on large pictures with a rim. */
export function frame(/** @type {Ground} */ scene, box, color, width, dash = []) {
  path(scene, [box]);
  if (scene.small) lines(scene, color, Math.min(width, 1.5), 1);
  else strokeTwice(scene.context, scene.palette.paper, color, width, dash);
}

/** The picture, faded by a share. */
export function ground(/** @type {Ground} */ scene, fade) {
  const { context, palette, image, picture: { size: [height, width] }, unit } = scene;
  const [left, top] = placeOf(scene, 0, 0);
  context.imageSmoothingEnabled = false;
  if (image.complete ? image.naturalWidth : image.width) context.drawImage(image, left, top, width * unit, height * unit);
  Object.assign(context, { fillStyle: palette.paper, globalAlpha: fade });
  context.fillRect(left, top, width * unit, height * unit);
  context.globalAlpha = 1;
}

export const rgbOf = (color) => shade(color, color, 0);

const maskShapes = new WeakMap();

/** The outline of a mask as closed lines, each a list of corners in pixels of its window, with the mask on the right. */
export function loopsOf(/** @type {Mask} */ { width, height, inside }) {
  const at = (i, j) => i >= 0 && j >= 0 && i < height && j < width && inside[i * width + j];
  const next = new Map();
  const add = (j, i, to) => {
    const key = i * (width + 1) + j;
    if (next.has(key)) next.get(key).push(to);
    else next.set(key, [to]);
  };
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      if (!at(i, j)) continue;
      if (!at(i - 1, j)) add(j, i, [j + 1, i]);
      if (!at(i, j + 1)) add(j + 1, i, [j + 1, i + 1]);
      if (!at(i + 1, j)) add(j + 1, i + 1, [j, i + 1]);
      if (!at(i, j - 1)) add(j, i + 1, [j, i]);
    }
  }
  const loops = [];
  for (const [start, ways] of next) {
    while (ways.length) {
      const loop = [];
      let key = start;
      do {
        const corner = next.get(key).pop();
        loop.push(corner);
        key = corner[1] * (width + 1) + corner[0];
      } while (key !== start);
      loops.push(loop);
    }
  }
  return loops;
}

/** What was worked out for a mask: its outline, and by color its pixels painted. */
function shapeOf(/** @type {Mask} */ mask) {
  if (!maskShapes.has(mask.inside)) maskShapes.set(mask.inside, { loops: loopsOf(mask) });
  return maskShapes.get(mask.inside);
}

/** Begin a path along the outline of a mask. */
export function outline(/** @type {Ground} */ scene, /** @type {Mask} */ mask) {
  scene.context.beginPath();
  for (const loop of shapeOf(mask).loops) {
    loop.forEach(([x, y], k) => {
      scene.context[k ? "lineTo" : "moveTo"](...placeOf(scene, mask.x + x, mask.y + y));
    });
    scene.context.closePath();
  }
}

/** A mask of whole pixels, filled. */
export function fillMask(/** @type {Ground} */ scene, /** @type {Mask} */ mask, color, alpha) {
  const { context, unit } = scene;
  const { x, y, width, height, inside } = mask;
  if (!width || !height) return;
  const known = shapeOf(mask);
  if (!known[color]) {
    known[color] = new OffscreenCanvas(width, height);
    const pen = known[color].getContext("2d");
    const pixels = pen.createImageData(width, height);
    const rgb = rgbOf(color);
    for (let k = 0; k < inside.length; k++) if (inside[k]) pixels.data.set([...rgb, 255], 4 * k);
    pen.putImageData(pixels, 0, 0);
  }
  context.imageSmoothingEnabled = false;
  context.globalAlpha = alpha;
  context.drawImage(known[color], ...placeOf(scene, x, y), width * unit, height * unit);
  context.globalAlpha = 1;
}

/** A mask, filled, and its border. */
export function layMask(/** @type {Ground} */ scene, /** @type {Mask} */ mask, color, alpha) {
  fillMask(scene, mask, color, alpha);
  if (scene.small) return;
  outline(scene, mask);
  strokeTwice(scene.context, scene.palette.paper, color, 2);
}

/** A word at the upper left corner of a box; on small pictures nothing. */
export function tag(/** @type {Ground} */ scene, [x1, y1], text, color) {
  const [x, y] = placeOf(scene, x1, y1);
  if (!scene.small) plate(scene.context, scene.palette, text, x + 22, y, scene.width, color, null, scene.height);
}

/** Words at corners of boxes, each at the first corner where it hides no other one: `[box, text, color]`. */
export function tags(/** @type {Ground} */ scene, words) {
  const placed = [];
  for (const [box, text, color] of words) {
    const [[x1, y1], [x2, y2]] = [placeOf(scene, box[0], box[1]), placeOf(scene, box[2], box[3])];
    const corners = [[x1 + 22, y1], [x2 - 22, y1], [x1 + 22, y2], [x2 - 22, y2], [(x1 + x2) / 2, (y1 + y2) / 2]];
    const [x, y] = corners.find(([cx, cy]) =>
      placed.every(([px, py]) => Math.abs(cx - px) > 104 || Math.abs(cy - py) > 24)) ?? corners[0];
    placed.push([x, y]);
    plate(scene.context, scene.palette, text, x, y, scene.width, color, null, scene.height);
  }
}
