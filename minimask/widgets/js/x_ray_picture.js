/** The X-ray's pictures: every stage on the picture itself; small ones have neither words nor rims. */
import { frame, ground, layMask, lines, path, placeOf, rgbOf, tag } from "./mask_layer.js";
import { valueScale } from "./shades.js";
import { iou, lookAt, maskOf, paste, percent, pooled, probability, remembered } from "./x_ray_measures.js";
import { labelOf } from "./x_ray_measures.js";

/**
 * Everything that is drawn: on what, the picture and what is known of it, the state and what follows from it; `left`,
 * `top` and `unit` say which part of the picture is seen, and how large a pixel of it is.
 * @typedef {{context: any, palette: Record<string, string>, image: HTMLImageElement, picture: any, state: any,
 *   settled: any, left: number, top: number, unit: number, small: boolean, width: number, height: number}} Scene
 */

const TINTS = ["shape-edge", "highlight", "best", "tight", "yours", "shape"];
/** How the RoIs of each level are drawn. */
export const LEVELS = [["highlight", []], ["shape-edge", [9, 4]], ["best", [2.5, 3.5]], ["tight", [12, 3, 3, 3]]];
export const levelStyle = (level) => LEVELS[level % LEVELS.length];
export const classColor = (palette, label) => palette[TINTS[(label + TINTS.length - 1) % TINTS.length]];

/** A map as an image of one pixel for a cell; `shown` gives red, green, blue and opacity for a value. */
function painted(/** @type {Scene} */ scene, key, rows, shown) {
  return remembered(scene.picture, `${key} ${scene.palette.paper}`, () => {
    const canvas = new OffscreenCanvas(rows[0].length, rows.length);
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    pixels.data.set(rows.flatMap((row) => row.flatMap(shown)));
    context.putImageData(pixels, 0, 0);
    return canvas;
  });
}

/** Lay a map over the picture: each cell covers `stride` pixels. */
function lay(/** @type {Scene} */ scene, canvas, stride) {
  scene.context.imageSmoothingEnabled = false;
  const side = stride * scene.unit;
  scene.context.drawImage(canvas, ...placeOf(scene, 0, 0), canvas.width * side, canvas.height * side);
}

/** A feature map, from light to full. */
export function layMap(/** @type {Scene} */ scene, level, map) {
  const { picture, palette } = scene;
  const rows = picture.maps[level][map];
  lay(scene, painted(scene, `map ${level} ${map}`, rows, scaleOf(scene, level, map)), picture.strides[level]);
}

/** From the values of a feature map to colors. */
export function scaleOf({ picture, palette }, level, map) {
  const { rgb } = remembered(picture, `scale ${level} ${map} ${palette.paper}`, () => {
    const values = picture.maps[level][map].flat();
    return valueScale(Math.min(...values), Math.max(...values), palette["cold-low"], palette["cold-high"]);
  });
  return (value) => [...rgb(value), 255];
}

/** How likely each cell of a level holds an object. */
export function layObjectness(/** @type {Scene} */ scene, level) {
  const color = rgbOf(scene.palette.highlight);
  const shown = (odds) => [...color, Math.round(235 * probability(odds))];
  lay(scene, painted(scene, `objectness ${level}`, scene.picture.objectness[level], shown), scene.picture.strides[level]);
}

/** A mask of the whole picture. */
const wholeMask = ({ picture: { size: [height, width] } }, inside) => ({ x: 0, y: 0, width, height, inside });

/** The cells' sides between those inside and those outside, as `x1 y1 x2 y2`, in cells. */
export function sidesOf(rows, columns, inside) {
  const at = (i, j) => i >= 0 && j >= 0 && i < rows && j < columns && Boolean(inside(i, j));
  const sides = [];
  for (let i = 0; i <= rows; i++) {
    for (let j = 0; j <= columns; j++) {
      const here = at(i, j);
      if (here !== at(i - 1, j)) sides.push([j, i, j + 1, i]);
      if (here !== at(i, j - 1)) sides.push([j, i, j, i + 1]);
    }
  }
  return sides;
}

/** Begin a path along such sides; a cell is so wide and high, and the first one lies so. */
export function trace(/** @type {Scene} */ scene, sides, [width, height] = [1, 1], [x, y] = [0, 0]) {
  scene.context.beginPath();
  for (const [x1, y1, x2, y2] of sides) {
    scene.context.moveTo(...placeOf(scene, x + x1 * width, y + y1 * height));
    scene.context.lineTo(...placeOf(scene, x + x2 * width, y + y2 * height));
  }
}

/** The chosen RoI, dotted. */
export function chosen(/** @type {Scene} */ scene) {
  frame(scene, scene.picture.candidates[scene.state.roi], scene.palette.yours, 3.5, [3, 4]);
}

export function truth(/** @type {Scene} */ scene, width = 1.5) {
  for (const box of scene.picture.objects) frame(scene, box, scene.palette.ink, width);
}

/** Many boxes in one color. */
function heap(/** @type {Scene} */ scene, boxes, color, alpha = 0.8, dash = []) {
  path(scene, boxes);
  lines(scene, color, scene.small ? 0.7 : 1.5, alpha, dash);
}

const boxesOf = ({ picture, settled }) => settled.proposals.map((k) => picture.candidates[k]);

/** Every stage on the picture. */
export const DRAW = {
  picture(scene) {
    const { picture, palette } = scene;
    ground(scene, 0);
    truth(scene, 2);
    chosen(scene);
    picture.objects.forEach((box, m) => tag(scene, box, `${m + 1} ${picture.names[picture.labels[m]]}`, palette.ink));
  },
  features(scene) {
    layMap(scene, scene.state.level, scene.state.map);
    truth(scene);
    chosen(scene);
  },
  objectness(scene) {
    ground(scene, 0.45);
    layObjectness(scene, scene.state.level);
    truth(scene);
    frame(scene, scene.picture.anchors[scene.state.roi], scene.palette["shape-edge"], 2.5, [8, 5]);
    chosen(scene);
  },
  proposals(scene) {
    const { picture, settled: { best, proposals }, palette } = scene;
    const { reach } = lookAt(picture);
    ground(scene, 0.2);
    heap(scene, boxesOf(scene), palette.highlight);
    picture.objects.forEach((box, m) => {
      const lost = best[m] < 0.5;
      frame(scene, box, lost ? palette.tight : palette.ink, lost ? 3 : 1.5, lost ? [8, 5] : []);
      const winner = proposals.find((k) => reach[k][m] === best[m]);
      if (!lost) frame(scene, picture.candidates[winner], palette.best, 2.5);
    });
    chosen(scene);
    picture.objects.forEach((box, m) => {
      tag(scene, box, `${m + 1}:  ${(Math.floor(100 * best[m] + 1e-6) / 100).toFixed(2)}`,
        best[m] < 0.5 ? palette.tight : palette.best);
    });
  },
  levels(scene) {
    const { picture, settled, palette } = scene;
    ground(scene, 0.35);
    picture.strides.forEach((_, level) => {
      const boxes = settled.proposals.filter((k) => lookAt(picture).roiLevels[k] === level);
      const [color, dash] = levelStyle(level);
      heap(scene, boxes.map((k) => picture.candidates[k]), palette[color], 0.9, dash);
    });
    chosen(scene);
  },
  rois(scene) {
    const { picture, settled, state, palette, context } = scene;
    layMap(scene, settled.level, state.map);
    const [x1, y1, x2, y2] = picture.candidates[state.roi];
    const { bins } = picture.machine;
    context.beginPath();
    for (let k = 1; k < bins && !scene.small; k++) {
      const [x, y] = [x1 + (k / bins) * (x2 - x1), y1 + (k / bins) * (y2 - y1)];
      context.moveTo(...placeOf(scene, x, y1));
      context.lineTo(...placeOf(scene, x, y2));
      context.moveTo(...placeOf(scene, x1, y));
      context.lineTo(...placeOf(scene, x2, y));
    }
    lines(scene, palette.best, 1, 1);
    frame(scene, pooled(picture, state, settled).snapped, palette.tight, 2.5, [8, 5]);
    chosen(scene);
  },
  classes(scene) {
    const { picture, settled, state, palette } = scene;
    ground(scene, 0.25);
    heap(scene, boxesOf(scene), palette.muted, 0.25);
    for (const k of settled.proposals) {
      const label = picture.classOdds[k].indexOf(Math.max(...picture.classOdds[k]));
      if (label) heap(scene, [picture.candidates[k]], classColor(palette, label), 1);
    }
    chosen(scene);
    const odds = picture.classOdds[state.roi];
    const label = odds.indexOf(Math.max(...odds));
    tag(scene, picture.candidates[state.roi], `${picture.names[label]} ${percent(probability(odds[label]))}`, palette.yours);
  },
  boxes(scene) {
    const { picture, settled, palette } = scene;
    ground(scene, 0.25);
    const said = settled.proposals.filter((k) => picture.classOdds[k][0] < Math.max(...picture.classOdds[k]));
    heap(scene, said.map((k) => picture.answers.boxes[lookAt(picture).likeliest[k]]), palette.best, 0.6);
    truth(scene);
    chosen(scene);
    frame(scene, picture.answers.boxes[settled.answer], palette.best, 3);
  },
  masks(scene) {
    const { picture, settled: { answer }, state, palette } = scene;
    ground(scene, 0.35);
    const mask = maskOf(picture, state, answer);
    if (mask) layMask(scene, wholeMask(scene, mask), palette.highlight, 0.6);
    truth(scene);
    frame(scene, picture.answers.boxes[answer], palette.best, 2.5);
    chosen(scene);
  },
  detections(scene) {
    const { picture, settled: { detections, verdicts }, state, palette } = scene;
    ground(scene, 0.2);
    detections.forEach((answer) => {
      const mask = maskOf(picture, state, answer);
      if (mask) layMask(scene, wholeMask(scene, mask), classColor(palette, picture.answers.labels[answer]), 0.5);
    });
    const found = new Set(verdicts.filter(({ right }) => right).map(({ object }) => object));
    picture.objects.forEach((box, m) => found.has(m) || frame(scene, box, palette.tight, 2.5, [2.5, 4]));
    detections.forEach((answer, k) => {
      const { right } = verdicts[k];
      const plain = !picture.objects.length;
      frame(scene, picture.answers.boxes[answer], right || plain ? palette.best : palette.tight, 2.5,
        right || plain ? [] : [8, 5]);
    });
    chosen(scene);
    detections.slice(0, 12).forEach((answer, k) => {
      const sure = percent(probability(lookAt(picture).oddsOf[answer]));
      tag(scene, picture.answers.boxes[answer], `${labelOf(picture, answer)} ${sure}`,
        verdicts[k].right ? palette.best : palette.tight);
    });
  },
};

/** The true masks on the picture. */
export function drawTruth(/** @type {Scene} */ scene) {
  const { picture, palette } = scene;
  ground(scene, 0.3);
  picture.masks.forEach((mask, m) => layMask(scene, wholeMask(scene, mask), classColor(palette, picture.labels[m]), 0.55));
  picture.objects.forEach((box, m) => tag(scene, box, `${m + 1} ${picture.names[picture.labels[m]]}`, palette.ink));
}
