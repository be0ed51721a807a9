/** The anchor sea's picture: the object, the anchors around a point, the centers of a level, and the best anchor. */
import { fixed, trimmed } from "./decimals.js";
import { IGNORED, POSITIVE, centerOf } from "./anchor_sea_measures.js";
import { shade } from "./shades.js";
import { drawHandles, plate, strokeTwice } from "./strokes.js";

/** How much of the plane the stage shows beyond the picture, as a share of its longer side. */
const BEYOND_PICTURE = 0.05;

/** How near to each other, in pixels of the screen, centers may be drawn; and from which size of cells on their lines. */
const [LEAST_APART, LEAST_CELL] = [7, 14];

/** The smallest side, in pixels of the screen, of an object that still has room for handles. */
const LEAST_HANDLED = 26;

/** The lines of a pyramid's levels, finest first: never told apart by color alone. */
const DASHES = [[1.5, 2.5], [4, 3], [8, 4], [11, 3, 2, 3], [], [18, 4]];

/** The line of a level among so many. */
export function dashOf(level, levels) {
  return levels > 1 ? DASHES[level % DASHES.length] : [];
}

/** The colors of a pyramid's levels, finest first: from warm through ink to cold. */
export function levelColors(palette, levels) {
  return Array.from({ length: levels }, (_, k) => {
    const at = levels > 1 ? (2 * k) / (levels - 1) : 2;
    const mixed = at < 1 ? shade(palette.tight, palette.ink, at) : shade(palette.ink, palette["shape-edge"], at - 1);
    return `rgb(${mixed.join(" ")})`;
  });
}

/** The part of the plane that the stage shows, in pixels of the network's picture. */
export function viewOf({ network: [height, width] }) {
  const margin = BEYOND_PICTURE * Math.max(height, width);
  return { margin, width: width + 2 * margin, height: height + 2 * margin };
}

/** Of how many cells, in each direction, one center is drawn. */
export function thinning({ right, down }, unit) {
  return Math.max(1, Math.ceil(LEAST_APART / (Math.min(right, down) * unit)));
}

/** What it takes to draw: `at` places a point of the network's picture on the canvas, `rectangle` a box. */
function penOf({ context }, palette, sea, unit, left, top) {
  const at = (x, y) => /** @type {[number, number]} */ ([(x - left) * unit, (y - top) * unit]);
  const rectangle = ([x1, y1, x2, y2]) => /** @type {[number, number, number, number]} */ (
    [...at(x1, y1), (x2 - x1) * unit, (y2 - y1) * unit]);
  return { context, palette, unit, at, rectangle, colors: levelColors(palette, sea.levels.length) };
}

/**
 * Everything that the pictures show.
 * @typedef {{sea: any, state: any, settled: any, cells: [number, number][], image: HTMLImageElement | null}} Scene
 */

/** The stage: the whole picture. */
export function drawSea(canvas, palette, scene) {
  const { sea, state, settled, cells, image } = scene;
  const view = viewOf(sea);
  const pen = penOf(canvas, palette, sea, canvas.width / view.width, -view.margin, -view.margin);
  drawGround(pen, sea, image);
  fillObject(pen, settled);
  drawCenters(pen, sea.levels[state.dotted], pen.colors[state.dotted]);
  for (const k of state.shown) drawMarks(pen, sea.levels[k], settled.byLevel[k].marks);
  for (const k of state.shown) drawCell(pen, sea.levels[k], cells[k], pen.colors[k], dashOf(k, sea.levels.length));
  drawPoint(pen, [state.point[0] * sea.scale[1], state.point[1] * sea.scale[0]]);
  frameObject(pen, settled, state);
  const object = pen.rectangle(settled.object);
  if (Math.max(object[2], object[3]) >= LEAST_HANDLED) drawHandles(pen.context, palette, object);
  drawPlates(pen, scene, [canvas.width, canvas.height]);
}

/** The object and its best anchor from near by. */
export function drawCloseUp(canvas, palette, { sea, state, settled, image }) {
  const [object, { box }] = [settled.object, settled.best];
  const [left, top] = [0, 1].map((k) => Math.min(object[k], box[k]));
  const [right, bottom] = [2, 3].map((k) => Math.max(object[k], box[k]));
  const side = 1.16 * Math.max(right - left, bottom - top);
  const corner = [(left + right - side) / 2, (top + bottom - side) / 2];
  const pen = penOf(canvas, palette, sea, canvas.width / side, ...corner);
  drawGround(pen, sea, image);
  fillObject(pen, settled);
  frameObject(pen, settled, state);
}

/** The picture, or a plain plane in its place; and darker what pads it. */
function drawGround({ context, palette, rectangle }, { network, resized }, image) {
  const [whole, inner] = [network, resized].map(([height, width]) => rectangle([0, 0, width, height]));
  Object.assign(context, { fillStyle: palette.muted, globalAlpha: 0.5 });
  context.fillRect(...whole);
  context.clearRect(...inner);
  context.fillStyle = palette.grid;
  if (!image) context.fillRect(...inner);
  context.globalAlpha = 1;
  if (image) context.drawImage(image, ...inner);
  Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
  context.strokeRect(...whole);
}

/** The centers of a level as a grid of dots, as many as there is room for; and lines between its cells. */
function drawCenters({ context, palette, unit, at }, level, color) {
  const every = thinning(level, unit);
  const { rows, columns, right, down } = level;
  if (Math.min(right, down) * unit >= LEAST_CELL) {
    context.beginPath();
    for (let j = 0; j <= columns; j++) context.rect(...at(j * right, 0), 0, rows * down * unit);
    for (let i = 0; i <= rows; i++) context.rect(...at(0, i * down), columns * right * unit, 0);
    Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1, globalAlpha: 0.25 });
    context.stroke();
    context.globalAlpha = 1;
  }
  const side = every > 1 ? 2 : 2.5;
  context.fillStyle = color;
  const first = Math.floor(every / 2);
  for (let i = first; i < rows; i += every) {
    for (let j = first; j < columns; j += every) {
      const [x, y] = at(...centerOf(level, i, j));
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }
}

/** The centers of anchors that are ignored, and on top those of positive ones. */
function drawMarks({ context, palette, at }, level, marks) {
  for (const [kind, color, radius] of [[IGNORED, palette.highlight, 2], [POSITIVE, palette.best, 4]]) {
    context.beginPath();
    for (let cell = marks.indexOf(kind); cell >= 0; cell = marks.indexOf(kind, cell + 1)) {
      const [x, y] = at(...centerOf(level, Math.floor(cell / level.columns), cell % level.columns));
      context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
    context.fillStyle = color;
    context.fill();
  }
}

/** All anchors of one cell. */
function drawCell({ context, palette, rectangle }, level, [row, column], color, dash) {
  const [x, y] = centerOf(level, row, column);
  context.beginPath();
  for (const { box } of level.anchors) context.rect(...rectangle(box.map((side, n) => (n % 2 ? y : x) + side)));
  strokeTwice(context, palette.paper, color, level.anchors.length > 3 ? 1.3 : 2, dash);
}

/** The point: a ring to take hold of. */
function drawPoint({ context, palette, at }, [x, y]) {
  context.beginPath();
  context.arc(...at(x, y), 4.5, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: palette.paper, strokeStyle: palette.ink, lineWidth: 2.5 });
  context.fill();
  context.stroke();
}

/** Whether the best anchor fits: it reaches the threshold of a match. */
const fits = ({ best }, { foreground }) => best.iou >= foreground;

function fillObject({ context, palette, rectangle }, { object }) {
  Object.assign(context, { fillStyle: palette.yours, globalAlpha: 0.3 });
  context.fillRect(...rectangle(object));
  context.globalAlpha = 1;
}

/** The object, dotted, and its best anchor: a solid line if it fits, and a dashed one if none does. */
function frameObject({ context, palette, rectangle }, settled, state) {
  context.beginPath();
  context.rect(...rectangle(settled.best.box));
  if (fits(settled, state)) strokeTwice(context, palette.paper, palette.best, 3.5);
  else strokeTwice(context, palette.paper, palette.tight, 3.5, [9, 5]);
  context.beginPath();
  context.rect(...rectangle(settled.object));
  strokeTwice(context, palette.paper, palette.yours, 3, [2.5, 4]);
}

/** Words on small plates: the best anchor, and the levels at the point where there is room. */
function drawPlates({ context, palette, at, colors }, { sea, state, settled, cells }, [width, height]) {
  const { best, object } = settled;
  const [x, top] = at((best.box[0] + best.box[2]) / 2, Math.min(best.box[1], object[1]));
  const [, bottom] = at(0, Math.max(best.box[3], object[3]));
  const y = top > 34 ? top - 18 : bottom + 18;
  let [, last] = at(0, state.point[1] * sea.scale[0]);
  for (const k of state.shown) {
    const level = sea.levels[k];
    const center = centerOf(level, ...cells[k]);
    const [left, below] = at(center[0], center[1] + Math.max(...level.anchors.map(({ box }) => box[3])));
    const free = below - last >= 24 && below < height - 12 && (Math.abs(below - y) > 24 || Math.abs(left - x) > 120);
    if (!free) continue;
    last = below;
    plate(context, palette, level.name, left, below, width, colors[k], null, height);
  }
  const text = `best ${fixed(best.iou, 3)} · ${sea.levels[best.level].name}, ${trimmed(best.size, 0)} px`;
  plate(context, palette, text, x, y, width, fits(settled, state) ? palette.best : palette.tight, null, height);
}
