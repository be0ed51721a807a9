/** The gradient alignment's pictures: arrows in a plane, maps of cosines, and a cosine through a training. */
import { METHODS } from "./gradient_alignment_measures.js";
import { valueScale } from "./shades.js";
import { plate, rimmedText, strokeTwice } from "./strokes.js";
import { grouped } from "./thousands.js";

/** Cosines of this size and beyond have the fullest color. */
export const FULLEST = 0.5;
/** What half of the plane's canvas stands for, in lengths of an arrow, and where steps end. */
const [REACH, RING] = [1.22, 0.6];
/** The colors of the first, the second and the third task. */
export const PULLS = ["shape-edge", "yours", "highlight"];
/** Directions nearer than these are the same, or share a name; in radians. */
const [ALIKE, CROWDED] = [0.03, 0.3];

// --- strokes

const path = (context, points) => {
  context.beginPath();
  for (const point of points) context.lineTo(...point);
};

const stroke = (context, color, width, dash = []) => {
  context.setLineDash(dash);
  Object.assign(context, { strokeStyle: color, lineWidth: width });
  context.stroke();
  context.setLineDash([]);
};

const fill = (context, color, alpha = 1) => {
  Object.assign(context, { fillStyle: color, globalAlpha: alpha });
  context.fill();
  context.globalAlpha = 1;
};

const disc = (context, [x, y], radius, color, rim, width) => {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  if (color) fill(context, color);
  stroke(context, rim, width);
};

/** Small text: bold in ink, or plain in gray; squeezed into `most` pixels. */
const label = (context, palette, text, x, y, align, bold = false, most = undefined) => {
  Object.assign(context, { textAlign: align, textBaseline: "middle", font: `${bold ? 600 : 400} 13px ${palette.font}` });
  context.fillStyle = bold ? palette.ink : palette.muted;
  context.fillText(text, x, y, most);
};

function arrow(context, palette, from, to, color, width, dash = []) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const long = Math.hypot(dx, dy);
  if (long < 1) return;
  const head = Math.min(4 + 3 * width, long);
  const [ux, uy] = [(dx * head) / long, (dy * head) / long];
  const neck = [to[0] - ux, to[1] - uy];
  path(context, [from, neck]);
  if (width > 2) strokeTwice(context, palette.paper, color, width);
  else stroke(context, color, width, dash);
  path(context, [to, [neck[0] - 0.45 * uy, neck[1] + 0.45 * ux], [neck[0] + 0.45 * uy, neck[1] - 0.45 * ux]]);
  fill(context, color);
}

// --- the plane

/** Where points of the plane are on a square canvas, and back. */
export function planeOf(width) {
  const half = width / 2;
  return {
    at: ([x, y]) => [half + (x / REACH) * half, half - (y / REACH) * half],
    from: ([x, y]) => [((x - half) / half) * REACH, ((half - y) / half) * REACH],
  };
}

/** An angle between -π and π. */
const turned = (angle) => Math.atan2(Math.sin(angle), Math.cos(angle));

/** The directions in which no pull loses, from one angle to another; null if there are none. */
export function commonArc(pulls) {
  const angles = pulls.filter((pull) => Math.hypot(...pull) > 1e-9).map(([x, y]) => Math.atan2(y, x));
  if (!angles.length) return null;
  const turns = angles.map((angle) => turned(angle - angles[0]));
  const [low, high] = [Math.max(...turns) - Math.PI / 2, Math.min(...turns) + Math.PI / 2];
  return low < high ? [angles[0] + low, angles[0] + high] : null;
}

/**
 * The plane: pulls of tasks as arrows, steps by all methods, and where no pull loses.
 * @param {any} canvas  @param {Record<string, string>} palette
 * @param {{pulls: number[][], names: string[], weights: number[], steps: {method: string, tip: number[]}[],
 *   method: string, held: number | null}} scene  `held` is the arrow that keys move; null where none can be moved
 */
export function drawPlane({ context, width }, palette, { pulls, names, weights, steps, method, held }) {
  const { at } = planeOf(width);
  const [middle, ring] = [at([0, 0]), (RING / REACH) * (width / 2)];
  for (const ends of [[[0, middle[1]], [width, middle[1]]], [[middle[0], 0], [middle[0], width]]]) {
    path(context, ends);
    stroke(context, palette.grid, 1);
  }
  const arc = commonArc(pulls);
  if (arc) {
    context.beginPath();
    context.moveTo(...middle);
    context.arc(...middle, ring, -arc[1], -arc[0]);
    fill(context, palette.best, 0.16);
    context.beginPath();
    context.arc(...middle, ring, -arc[1], -arc[0]);
    stroke(context, palette.best, 4);
  }
  context.beginPath();
  context.arc(...middle, ring, 0, 2 * Math.PI);
  stroke(context, palette.muted, 1, [2, 4]);
  const step = (tip) => at(tip.map((v) => v * RING));
  for (const { method: name, tip } of steps) {
    if (name !== method) arrow(context, palette, middle, step(tip), palette.muted, 1.5);
  }
  pulls.forEach((pull, k) => {
    const heavy = at(pull.map((v) => v * weights[k]));
    if (Math.abs(weights[k] - 1) > 0.01) arrow(context, palette, middle, heavy, palette[PULLS[k]], 1.5, [3, 4]);
    arrow(context, palette, middle, at(pull), palette[PULLS[k]], 4.5);
  });
  const chosen = steps.find((one) => one.method === method);
  if (chosen) arrow(context, palette, middle, step(chosen.tip), palette.ink, 4);
  const taken = pulls.map((pull, k) => writeTask(context, palette, { tip: at(pull), middle, name: names[k], width, k, held }));
  writeMethods(context, palette, steps, method, { middle, ring, width, taken });
}

/** A handle with its letter at the tip of an arrow, or the name of a task beyond it; returns the box that it takes. */
function writeTask(context, palette, { tip: [x, y], middle, name, width, k, held }) {
  const color = palette[PULLS[k]];
  if (held === null) {
    const long = Math.hypot(x - middle[0], y - middle[1]) || 1;
    const beyond = [x + (20 * (x - middle[0])) / long, y + (20 * (y - middle[1])) / long];
    plate(context, palette, name, ...beyond, width, color);
    const half = context.measureText(name).width / 2 + 8;
    return [beyond[0] - half, beyond[1] - 12, beyond[0] + half, beyond[1] + 12];
  }
  disc(context, [x, y], 13, palette.paper, color, 3);
  if (held === k) disc(context, [x, y], 17, null, palette.ink, 1.5);
  label(context, palette, name, x, y + 0.5, "center", true);
  return [x - 18, y - 18, x + 18, y + 18];
}

/** The methods' names around the ring: that of the chosen one, and others as far as there is room. */
function writeMethods(context, palette, steps, method, { middle, ring, width, taken }) {
  const known = steps.filter(({ tip }) => Math.hypot(...tip) > 0.02).map((step) => ({
    name: step.method === "sum" ? "sum" : METHODS[step.method], own: step.method === method,
    angle: Math.atan2(step.tip[1], step.tip[0]),
  }));
  const groups = [];
  for (const step of known.toSorted((a, b) => Number(b.own) - Number(a.own))) {
    const group = groups.find(([first]) => Math.abs(turned(first.angle - step.angle)) < (first.own ? ALIKE : CROWDED));
    if (group) group.push(step);
    else groups.push([step]);
  }
  for (const group of groups) {
    const [{ angle, own }] = group;
    const names = group.map(({ name }) => name);
    const text = own && names.length > 3 ? `${names[0]} = others` : names.join(own ? " = " : ", ");
    context.font = `${own ? 600 : 400} 13px ${palette.font}`;
    const half = context.measureText(text).width / 2;
    const [ux, uy] = [Math.cos(angle), -Math.sin(angle)];
    const boxes = (own ? [12, 30, 48, -1.4 * ring] : [12, 30, 48]).map((beyond) => {
      const [out, aside] = [ring + beyond, beyond > 0 ? Math.abs(ux) * half : 0];
      const x = Math.min(Math.max(middle[0] + (out + aside) * ux, half + 4), width - half - 4);
      return [x - half, middle[1] + out * uy - 8, x + half, middle[1] + out * uy + 8];
    });
    const apart = (one, other) => one[0] > other[2] || one[2] < other[0] || one[1] > other[3] || one[3] < other[1];
    const box = boxes.find((one) => taken.every((other) => apart(one, other))) ?? (own ? boxes[0] : null);
    if (!box) continue;
    taken.push(box);
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    rimmedText(context, palette, text, box[0] + half, box[1] + 8);
  }
}

// --- the maps

/** Colors of cosines: the one of conflict below 0, the one of agreement above. */
export function cosineColors(palette) {
  const [against, along] = ["tight", "shape-edge"].map((name) => valueScale(0, FULLEST, palette.paper, palette[name]));
  return (value) => (value < 0 ? against : along).color(Math.abs(value));
}

/** Where the maps of all studies are on a canvas of this width: names of places at the left, then a map for each. */
export function mapsOf(width, studies, rows) {
  const [labels, gap] = [Math.min(150, 0.37 * width), 10];
  const each = (width - labels) / studies.length - gap;
  return {
    labels, top: 24, pitch: 18, height: 24 + 18 * rows.length + 26,
    maps: studies.map(({ moments }, k) => ({ left: labels + gap + (each + gap) * k, unit: each / moments.length })),
  };
}

/** The cells of the maps, painted once for a pair, as sharp as the screen. */
export function paintCells(width, palette, { studies, rows, cells, colors }) {
  const { top, pitch, height, maps } = mapsOf(width, studies, rows);
  const density = window.devicePixelRatio || 1;
  const canvas = new OffscreenCanvas(Math.round(width * density), Math.round(height * density));
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const hatched = hatching(context, palette);
  studies.forEach((study, k) => rows.forEach((_, row) => study.moments.forEach((__, m) => {
    const cell = cells[k][row]?.[m];
    if (!cell || Number.isNaN(cell.mean)) return;
    const { left, unit } = maps[k];
    for (const color of cell.clear ? [colors(cell.mean)] : [colors(cell.mean), hatched]) {
      context.fillStyle = color;
      context.fillRect(left + m * unit + 0.5, top + row * pitch + 0.5, unit - 1, pitch - 1);
    }
  })));
  return canvas;
}

/** Maps of the chosen pair's cosine, places by moments, one for each study. */
export function drawMaps({ context, width }, palette, { studies, rows, state, moment, ground }) {
  const { labels, top, pitch, height, maps } = mapsOf(width, studies, rows);
  context.drawImage(ground, 0, 0, width, height);
  rows.forEach((row, k) =>
    label(context, palette, row, labels, top + pitch * (k + 0.5) + 0.5, "right", k === state.place, labels - 2));
  studies.forEach((study, k) => {
    const [{ left, unit }, chosen] = [maps[k], k === state.study];
    label(context, palette, study.name, left, 11, "left", chosen, unit * study.moments.length);
    writeSteps(context, palette, study, { left, unit, y: top + pitch * rows.length + 13 }, moment);
    if (!chosen) return;
    context.beginPath();
    context.rect(left + moment * unit - 0.5, top + state.place * pitch - 0.5, unit + 1, pitch + 1);
    strokeTwice(context, palette.paper, palette.ink, 2.5);
  });
}

/** Lines that go on from cell to cell whose cosines are within the noise. */
function hatching(context, palette) {
  const tile = new OffscreenCanvas(6, 6);
  const lines = tile.getContext("2d");
  for (const by of [-6, 0, 6]) {
    path(lines, [[by - 1, 7], [by + 7, -1]]);
    lines.globalAlpha = 0.4;
    stroke(lines, palette.ink, 1);
  }
  return context.createPattern(tile, "repeat");
}

/** The steps below a map: the chosen, and the first and the last as far as there is room. */
function writeSteps(context, palette, { moments }, { left, unit, y }, moment) {
  const [right, said] = [left + moments.length * unit, `step ${grouped(moments[moment])}`];
  context.font = `600 13px ${palette.font}`;
  const half = context.measureText(said).width / 2;
  const x = Math.min(Math.max(left + (moment + 0.5) * unit, left + half), right - half);
  label(context, palette, said, x, y, "center", true);
  if (x - half > left + 24) label(context, palette, grouped(moments[0]), left, y, "left");
  const last = grouped(moments.at(-1));
  if (x + half < right - context.measureText(last).width - 8) label(context, palette, last, right, y, "right");
}

// --- the course

/** Where the moments are on the canvas of the course. */
export function courseOf(width, count) {
  const [left, right] = [54, 12];
  const unit = (width - left - right) / count;
  return { left, right, unit, toX: (m) => left + (m + 0.5) * unit };
}

/** The chosen pair's cosine at the chosen place through the training, with seeds, floor, and the other heads. */
export function drawCourse({ context, width, height }, palette, { study, course, other, moment, same }) {
  const { left, right, toX, unit } = courseOf(width, course.length);
  const [top, bottom] = [10, height - (same ? 62 : 30)];
  const all = [...course.flatMap(({ low, high, floor }) => [low, high, same ? floor : NaN]), ...other.map(({ mean }) => mean)];
  const most = Math.max(0.1, ...all.filter((v) => !Number.isNaN(v)).map(Math.abs));
  const edge = [0.1, 0.25, 0.5, 1].find((v) => v >= most) ?? 1;
  const toY = (v) => top + ((edge - v) / (2 * edge)) * (bottom - top);
  for (const mark of [edge, 0, -edge]) {
    path(context, [[left, toY(mark)], [width - right, toY(mark)]]);
    stroke(context, mark ? palette.grid : palette.muted, 1);
    label(context, palette, String(mark), left - 7, toY(mark), "right");
  }
  const known = course.map((cell, m) => ({ ...cell, m })).filter(({ mean }) => !Number.isNaN(mean));
  const area = (cells, low, high, color, alpha) => {
    const side = (value) => cells.map((cell) => [toX(cell.m), toY(value(cell))]);
    path(context, [...side(high), ...side(low).reverse()]);
    fill(context, color, alpha);
  };
  const floors = same ? known.filter(({ floor }) => floor > 0) : [];
  area(floors, ({ floor }) => -floor, ({ floor }) => floor, palette.muted, 0.3);
  area(known, ({ low }) => low, ({ high }) => high, palette["shape-edge"], 0.28);
  context.lineJoin = "round";
  path(context, other.flatMap(({ mean }, m) => (Number.isNaN(mean) ? [] : [[toX(m), toY(mean)]])));
  strokeTwice(context, palette.paper, palette.muted, 2, [5, 4]);
  path(context, known.map(({ mean, m }) => [toX(m), toY(mean)]));
  strokeTwice(context, palette.paper, palette["shape-edge"], 3);
  path(context, [[toX(moment), top], [toX(moment), bottom]]);
  stroke(context, palette.muted, 1);
  for (const { mean, m } of known) {
    disc(context, [toX(m), toY(mean)], m === moment ? 6 : 3.5, palette["shape-edge"], palette.paper, 2);
  }
  writeUnder(context, palette, { study, course, moment, same, unit, toX, left, y: bottom + 14 });
}

/** Below the course: the steps, and in how many cases the cosine was negative. */
function writeUnder(context, palette, { study, course, moment, same, unit, toX, left, y }) {
  const every = Math.max(1, Math.ceil(38 / unit));
  const cases = same ? Math.max(...course.map((cell) => cell.cases)) : 0;
  course.forEach(({ negative }, m) => {
    const bold = m === moment;
    if (!bold && (m % every || Math.abs(m - moment) < every)) return;
    label(context, palette, grouped(study.moments[m]), toX(m), y, "center", bold);
    if (cases) label(context, palette, String(negative), toX(m), y + 18, "center", bold);
  });
  label(context, palette, "step", 0, y, "left");
  if (!cases) return;
  label(context, palette, "below 0", 0, y + 18, "left");
  const said = `below 0: in how many of ${cases} cases, a seed and a batch each`;
  label(context, palette, said, left, y + 37, "left", false, context.canvas.clientWidth - left);
}
