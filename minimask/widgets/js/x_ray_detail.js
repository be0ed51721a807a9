/** The X-ray's second pictures: what a stage says beside the picture. */
import { fixed } from "./decimals.js";
import { frame, ground, placeOf } from "./mask_layer.js";
import { labelOf, levelCounts, lookAt, mapName, percent, pooled } from "./x_ray_measures.js";
import { probability, recall, remembered } from "./x_ray_measures.js";
import { chosen, classColor, drawTruth, layMap, layObjectness } from "./x_ray_picture.js";
import { levelStyle, scaleOf, sidesOf, trace, truth } from "./x_ray_picture.js";
import { grouped } from "./thousands.js";

/** Words on a canvas. */
function say({ context, palette }, text, x, y, { size = 14, align = "left", color = palette.ink, bold = false } = {}) {
  context.font = `${bold ? "600 " : ""}${size}px ${palette.font}`;
  Object.assign(context, { textAlign: align, textBaseline: "middle", fillStyle: color });
  context.fillText(text, x, y);
}

function bar({ context }, x, y, width, height, color, alpha = 1) {
  Object.assign(context, { fillStyle: color, globalAlpha: alpha });
  context.beginPath();
  context.roundRect(x, y, Math.max(width, 1), height, 4);
  context.fill();
  context.globalAlpha = 1;
}

/** The places of `count` panels in so many columns, each with room for a line of words. */
export function panels({ width, height }, count, columns) {
  const rows = Math.ceil(count / columns);
  const side = Math.min((width - 8 * (columns - 1)) / columns, (height - 22 * rows) / rows);
  const gap = (width - columns * side) / Math.max(columns - 1, 1);
  return Array.from({ length: count }, (_, k) => {
    const [row, column] = [Math.floor(k / columns), k % columns];
    return { x: column * (side + Math.min(gap, 16)), y: row * (side + 22) + 20, side };
  });
}

/** Draw on a part of the canvas as if it were all. */
function within(scene, { x, y, side }, part, draw) {
  scene.context.save();
  scene.context.translate(x, y);
  scene.context.beginPath();
  scene.context.rect(0, 0, side, side);
  scene.context.clip();
  draw({ ...scene, ...part, width: side, height: side });
  scene.context.restore();
}

/** The whole picture on a square. */
const whole = ({ picture: { size } }, side) => ({ left: 0, top: 0, unit: side / Math.max(...size) });

/** A square part of the picture around some boxes. */
function around(boxes, side) {
  const [x1, y1] = [0, 1].map((k) => Math.min(...boxes.map((box) => box[k])));
  const [x2, y2] = [2, 3].map((k) => Math.max(...boxes.map((box) => box[k])));
  const reach = 1.25 * Math.max(x2 - x1, y2 - y1, 8);
  return { left: (x1 + x2 - reach) / 2, top: (y1 + y2 - reach) / 2, unit: side / reach };
}

function ring({ context, palette }, { x, y, side }, color = palette.yours) {
  context.beginPath();
  context.rect(x - 2, y - 2, side + 4, side + 4);
  Object.assign(context, { strokeStyle: color, lineWidth: 3 });
  context.stroke();
}

/** A square grid of values. */
function grid({ context }, { x, y, side }, rows, colorOf) {
  const unit = side / rows.length;
  rows.forEach((row, i) => row.forEach((value, j) => {
    context.fillStyle = colorOf(value);
    context.fillRect(x + j * unit, y + i * unit, unit + 0.5, unit + 0.5);
  }));
}

/** What stands beside every stage. */
export const DETAIL = {
  picture(scene) {
    const place = { x: 0, y: 20, side: Math.min(scene.width, scene.height - 20) };
    say(scene, scene.picture.objects.length ? "the true masks" : "as it is", 0, 9);
    within(scene, place, whole(scene, place.side), drawTruth);
  },
  features(scene) {
    const { picture, state } = scene;
    panels(scene, picture.maps[0].length, 4).forEach((place, map) => {
      within(scene, place, whole(scene, place.side), (part) => layMap(part, state.level, map));
      say(scene, map ? String(picture.shown[map - 1]) : "length", place.x, place.y - 10, { size: 13 });
      if (map === state.map) ring(scene, place, scene.palette["shape-edge"]);
    });
  },
  objectness(scene) {
    const { picture, state } = scene;
    const places = panels(scene, picture.strides.length + 1, 2);
    const last = places.pop();
    places.forEach((place, level) => {
      within(scene, place, whole(scene, place.side), (part) => {
        ground(part, 0.45);
        layObjectness(part, level);
      });
      say(scene, `stride ${picture.strides[level]}`, place.x, place.y - 10, { size: 13 });
      if (level === state.level) ring(scene, place, scene.palette["shape-edge"]);
    });
    const boxes = [picture.anchors[state.roi], picture.candidates[state.roi]];
    say(scene, "anchor, and moved", last.x, last.y - 10, { size: 13 });
    within(scene, last, around(boxes, last.side), (part) => {
      ground(part, 0.25);
      frame(part, boxes[0], part.palette["shape-edge"], 2.5, [8, 5]);
      chosen(part);
    });
  },
  proposals(scene) {
    const { picture, settled, width, height, palette } = scene;
    const { anchors } = picture.machine;
    const rows = [["anchors", anchors], ["candidates", picture.candidates.length], ["likely enough", settled.scored.length],
      ["after NMS", settled.kept.length], ["proposals", settled.proposals.length]];
    const [left, unit] = [112, Math.min((height - 66) / rows.length, 52)];
    rows.forEach(([name, count], k) => {
      const length = ((width - left) * Math.log(1 + count)) / Math.log(1 + anchors);
      const y = k * unit;
      bar(scene, left + (width - left - length) / 2, y + 4, length, unit - 8, palette.shape, 0.6);
      say(scene, name, 0, y + unit / 2, { size: 15 });
      say(scene, grouped(count), left + (width - left) / 2, y + unit / 2, { size: 18, align: "center", bold: true });
    });
    const y = rows.length * unit + 26;
    picture.objects.forEach((_, m) => {
      const [best, x] = [settled.best[m], left + 14 + 34 * m];
      scene.context.beginPath();
      if (best >= 0.5) scene.context.arc(x, y, 12, 0, 2 * Math.PI);
      else scene.context.rect(x - 11, y - 11, 22, 22);
      const color = best >= 0.5 ? palette.best : palette.tight;
      Object.assign(scene.context, { strokeStyle: color, fillStyle: color, lineWidth: 2.5 });
      scene.context.setLineDash(best >= 0.5 ? [] : [4, 3]);
      if (best >= 0.7) scene.context.fill();
      scene.context.stroke();
      scene.context.setLineDash([]);
      say(scene, String(m + 1), x, y + 1, { align: "center", bold: true, color: best >= 0.7 ? palette.paper : palette.ink });
    });
    if (picture.objects.length) {
      say(scene, "objects", 0, y, { size: 15 });
      say(scene, `${recall(settled, 0.5)} at IoU 0.5 (ring), ${recall(settled, 0.7)} at 0.7 (full)`, left, y + 26,
        { size: 13, color: palette.muted });
    }
  },
  levels(scene) {
    const { picture, settled, state, width, height, palette, context } = scene;
    const { machine: { canonical_level: level, canonical_size: size }, strides, candidates } = picture;
    const sideOf = ([x1, y1, x2, y2]) => Math.max(Math.sqrt((x2 - x1) * (y2 - y1)), 4);
    const [left, bottom] = [84, height - 46];
    const most = 1.15 * Math.max(...picture.size, size * 2 ** (Math.log2(strides.at(-1)) - level));
    const toX = (side) => left + ((width - left - 8) * Math.log(side / 4)) / Math.log(most / 4);
    const unit = bottom / strides.length;
    strides.forEach((stride, k) => {
      const y = bottom - (k + 0.5) * unit;
      say(scene, `stride ${stride}`, 0, y - 10, { size: 15, bold: true });
      say(scene, `${levelCounts(picture, settled)[k]} RoIs`, 0, y + 10, { color: palette.muted });
      const first = k ? toX(size * 2 ** (Math.log2(stride) - level)) : left;
      const last = k + 1 < strides.length ? toX(size * 2 ** (Math.log2(stride) + 1 - level)) : width;
      const ends = [first, last].map((x) => Math.min(Math.max(x, left), width));
      bar(scene, ends[0], y - unit / 2 + 4, Math.max(ends[1] - ends[0], 0), unit - 8, palette.grid);
    });
    for (const k of [...settled.proposals, state.roi]) {
      const [mine, row] = [k === state.roi, lookAt(picture).roiLevels[k]];
      const y = bottom - (row + 0.5) * unit + (mine ? 0 : (((k * 37) % 17) / 17 - 0.5) * 0.6 * unit);
      context.beginPath();
      context.arc(toX(sideOf(candidates[k])), y, mine ? 9 : 4, 0, 2 * Math.PI);
      Object.assign(context, { fillStyle: palette[mine ? "yours" : levelStyle(row)[0]], globalAlpha: mine ? 1 : 0.7 });
      context.fill();
      context.globalAlpha = 1;
    }
    for (let side = 8; side < 0.9 * most; side *= 2) say(scene, String(side), toX(side), bottom + 14, { align: "center" });
    say(scene, "side of a square of the RoI's area, px", (left + width) / 2, bottom + 36,
      { align: "center", color: palette.muted });
  },
  rois(scene) {
    const { picture, state, settled, width, height, palette } = scene;
    const { align, pool } = pooled(picture, state, settled);
    const shown = scaleOf(scene, settled.level, state.map);
    const css = (value) => `rgb(${shown(value).slice(0, 3).join(" ")})`;
    const side = Math.min((width - 18) / 2, (height - 60) / 1.5);
    const right = { x: side + 18, y: 24, side };
    grid(scene, { x: 0, y: 24, side }, pool, css);
    grid(scene, right, align, css);
    say(scene, "RoIPool", 0, 10, { size: 15, bold: true, color: palette.tight });
    say(scene, "RoIAlign", right.x, 10, { size: 15, bold: true, color: palette.best });
    const gaps = align.map((row, p) => row.map((value, q) => Math.abs(value - pool[p][q])));
    const most = Math.max(...gaps.flat(), 1e-9);
    const low = { x: 0, y: side + 54, side: Math.min(height - side - 56, side) };
    say(scene, "apart by", 0, side + 40, { size: 15, bold: true });
    gaps.forEach((row, p) => row.forEach((value, q) => {
      const unit = low.side / gaps.length;
      bar(scene, low.x + q * unit, low.y + p * unit, unit - 1, unit - 1, palette.tight, 0.04 + (0.9 * value) / most);
    }));
    const lines = [state.map ? mapName(picture, state.map) : "length", `at most ${fixed(most, 2)}`];
    lines.forEach((text, k) => say(scene, text, low.side + 16, low.y + 12 + 22 * k, { color: palette.muted }));
  },
  classes(scene) {
    const { picture, state, settled, width, height, palette } = scene;
    const odds = picture.classOdds[state.roi];
    const all = picture.names.map((name, k) => ({ name, k, share: probability(odds[k]) }));
    const rows = all.length <= 8 ? all : all.sort((a, b) => b.share - a.share).slice(0, 8);
    const unit = Math.min(height / rows.length, 46);
    const left = Math.min(118, 0.34 * width);
    rows.forEach(({ name, k, share }, row) => {
      const [y, color] = [row * unit, k ? classColor(palette, k) : palette.muted];
      const room = width - left - 56;
      bar(scene, left, y + 5, room, unit - 10, palette.grid);
      bar(scene, left, y + 5, room * share, unit - 10, color);
      const mine = odds[k] === Math.max(...odds);
      say(scene, name, 0, y + unit / 2, { size: 16, bold: mine });
      say(scene, percent(share), width, y + unit / 2, { size: 16, bold: mine, align: "right" });
    });
  },
  boxes(scene) {
    const { picture, state, settled, palette } = scene;
    const boxes = [picture.candidates[state.roi], picture.answers.boxes[settled.answer]];
    const place = { x: 0, y: 20, side: Math.min(scene.width, scene.height - 20) };
    say(scene, "before, and after", 0, 9);
    within(scene, place, around(boxes, place.side), (part) => {
      ground(part, 0.15);
      truth(part, 2);
      chosen(part);
      frame(part, boxes[1], palette.best, 3.5);
      part.context.beginPath();
      for (const [i, j] of [[0, 1], [2, 1], [0, 3], [2, 3]]) {
        part.context.moveTo(...placeOf(part, boxes[0][i], boxes[0][j]));
        part.context.lineTo(...placeOf(part, boxes[1][i], boxes[1][j]));
      }
      Object.assign(part.context, { strokeStyle: palette.ink, lineWidth: 2 });
      part.context.stroke();
    });
  },
  masks(scene) {
    const { picture, state, settled: { answer, object }, palette } = scene;
    const row = picture.answers.grids[answer];
    const place = { x: 0, y: 20, side: Math.min(scene.width, scene.height - 20) };
    if (row < 0) {
      say(scene, "No mask was recorded.", 0, 60, { size: 16 });
      return;
    }
    const cells = picture.grids[row];
    const tint = (v) => `color-mix(in oklab, ${palette["warm-low"]}, ${palette.highlight} ${Math.round(100 * v)}%)`;
    say(scene, `${cells.length} x ${cells.length} cells: ${labelOf(picture, answer)}`, 0, 9);
    grid(scene, place, cells, tint);
    const [x1, y1, x2, y2] = picture.answers.boxes[answer];
    const box = { left: 0, top: 0, unit: place.side };
    within(scene, place, box, (part) => {
      const side = 1 / cells.length;
      const over = (i, j) => cells[i][j] >= state.mask_threshold - 1e-9;
      trace(part, sidesOf(cells.length, cells.length, over), [side, side]);
      Object.assign(part.context, { strokeStyle: palette.ink, lineWidth: 3 });
      part.context.stroke();
      if (object < 0) return;
      const [height, width] = picture.size;
      const sides = remembered(picture, `sides ${object}`, () =>
        sidesOf(height, width, (i, j) => picture.masks[object][i * width + j]));
      const [across, down] = [1 / (x2 - x1), 1 / (y2 - y1)];
      trace(part, sides, [across, down], [-x1 * across, -y1 * down]);
      part.context.setLineDash([6, 4]);
      Object.assign(part.context, { strokeStyle: palette.best, lineWidth: 2.5 });
      part.context.stroke();
      part.context.setLineDash([]);
    });
  },
  detections(scene) {
    const { picture, settled: { detections, verdicts }, state, width, palette, context } = scene;
    const unit = 36;
    const most = Math.max(Math.floor(scene.height / unit) - 1, 1);
    say(scene, "class", 30, 12, { color: palette.muted });
    say(scene, "score", 0.52 * width, 12, { align: "right", color: palette.muted });
    if (picture.objects.length) say(scene, "mask IoU", width - 8, 12, { align: "right", color: palette.muted });
    detections.slice(0, most).forEach((answer, k) => {
      const y = (k + 1) * unit;
      const { right, object, iou } = verdicts[k];
      if (picture.answers.rois[answer] === state.roi) {
        context.beginPath();
        context.roundRect(1.5, y - 14, width - 3, unit - 6, 8);
        Object.assign(context, { strokeStyle: palette.yours, lineWidth: 2.5 });
        context.setLineDash([3, 4]);
        context.stroke();
        context.setLineDash([]);
      }
      bar(scene, 8, y - 7, 15, 15, classColor(palette, picture.answers.labels[answer]));
      say(scene, labelOf(picture, answer), 30, y + 1, { size: 16 });
      say(scene, percent(probability(lookAt(picture).oddsOf[answer])), 0.52 * width, y + 1, { size: 16, align: "right" });
      if (!picture.objects.length) return;
      const said = object < 0 || !right ? `${fixed(iou, 2)}: false alarm` : `${fixed(iou, 2)} with ${object + 1}`;
      say(scene, said, width - 8, y + 1, { size: 16, align: "right", color: right ? palette.best : palette.tight, bold: true });
    });
    const rest = detections.length - most;
    if (rest > 0) say(scene, `and ${rest} more`, 30, (most + 1) * unit - 8, { color: palette.muted });
    if (!detections.length) say(scene, "no detection", 30, 50, { size: 16 });
  },
};
