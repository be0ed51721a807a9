/** The weather map's pictures: the map with the point, and the magnified square between its four neighbors. */
import { fixed, trimmed } from "./decimals.js";
import { plate, rimmedText, strokeTwice } from "./strokes.js";
import { read } from "./weather_map_measures.js";

export const LETTERS = ["A", "B", "C", "D"];

/** How far beyond the outermost centers the stage shows the plane, in cells. */
export const BEYOND = 1.5;

/** Pixels of the painted ground for one cell. */
const FINE = 24;

/** The room around the magnified square, in pixels. */
export const RIM = 30;

/** The ground, painted once for a theme: what the map reads everywhere, up to one cell beyond its centers. */
export function paintGround(temperatures, ground, scale) {
  const [rows, columns] = [(temperatures.length + 1) * FINE, (temperatures[0].length + 1) * FINE];
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const reading = read(temperatures, [(j + 0.5) / FINE - 1, (i + 0.5) / FINE - 1]);
      const rgb = scale.rgb(ground === "nearest" ? reading.nearestValue : reading.value);
      image.data.set([...rgb, 255], 4 * (i * columns + j));
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The map: ground, centers with their temperatures, the four neighbors, the point, and where rounding would go. */
export function drawMap({ context, width, height }, palette, temperatures, point, reading, ground) {
  const [rows, columns] = [temperatures.length, temperatures[0].length];
  const unit = width / (columns - 1 + 2 * BEYOND);
  const at = (x, y) => /** @type {[number, number]} */ ([(x + BEYOND) * unit, (y + BEYOND) * unit]);
  context.imageSmoothingEnabled = true;
  context.drawImage(ground, ...at(-1, -1), (columns + 1) * unit, (rows + 1) * unit);

  // The axes stand in the margin, where the map reads 0.
  const every = Math.ceil(26 / unit);
  Object.assign(context, { font: `13px ${palette.font}`, fillStyle: palette.muted });
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  for (let j = 0; j < columns; j += every) context.fillText(String(j), ...at(j, -1.25));
  for (let i = 0; i < rows; i += every) context.fillText(String(i), ...at(-1.25, i));
  if (unit > 24) {
    context.fillText("x", ...at(columns - 0.5, -1.25));
    context.fillText("y", ...at(-1.25, rows - 0.5));
    context.fillText("beyond: 0", ...at((columns - 1) / 2, rows + 0.25));
  }
  context.beginPath();
  context.rect(...at(-1, -1), (columns + 1) * unit, (rows + 1) * unit);
  Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
  context.setLineDash([3, 3]);
  context.stroke();
  context.setLineDash([]);

  const size = Math.min(14, Math.max(10, unit / 3.4));
  context.font = `${size}px ${palette.font}`;
  temperatures.forEach((row, i) => row.forEach((value, j) => {
    const [x, y] = at(j, i);
    context.beginPath();
    context.arc(x, y, 2.5, 0, 2 * Math.PI);
    context.fillStyle = palette.ink;
    context.fill();
    // A neighbor's own label is larger, and that of a lower one stands beneath it: there must be room.
    const taken = reading.neighbors.some((cell, k) => cell.weight > 0 && cell.column === j
      && (cell.row === i || (k > 1 && cell.row === i - 1 && unit < 58)));
    if (unit > 26 && !taken) rimmedText(context, palette, fixed(value, 1), x, y - size - 1);
  }));
  if (!reading.outside) drawNeighbors(context, palette, at, point, reading, size);
  drawPoint(context, palette, at(...point));
}

/** The four neighbors with their letters, the square between them cut by the point, and a line to the nearest. */
function drawNeighbors(context, palette, at, point, reading, size) {
  const { neighbors } = reading;
  const [left, top] = at(neighbors[0].column, neighbors[0].row);
  const [right, bottom] = at(neighbors[3].column, neighbors[3].row);
  const inside = at(neighbors[0].column + reading.fractionX, neighbors[0].row + reading.fractionY);
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.moveTo(inside[0], top);
  context.lineTo(inside[0], bottom);
  context.moveTo(left, inside[1]);
  context.lineTo(right, inside[1]);
  strokeTwice(context, palette.paper, palette.ink, 1.25);
  context.beginPath();
  context.moveTo(...at(...point));
  context.lineTo(...at(reading.nearest[1], reading.nearest[0]));
  strokeTwice(context, palette.paper, palette.tight, 2.5, [5, 4]);
  neighbors.forEach(({ row, column, value, weight }, k) => {
    if (weight === 0) return;
    const [x, y] = at(column, row);
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    Object.assign(context, { fillStyle: palette.paper, strokeStyle: palette.ink, lineWidth: 1.5 });
    context.fill();
    context.stroke();
    Object.assign(context, { fillStyle: palette.ink, font: `600 12px ${palette.font}` });
    context.fillText(LETTERS[k], x, y + 0.5);
    context.font = `600 ${size}px ${palette.font}`;
    rimmedText(context, palette, fixed(value, 1), x, y + (k < 2 ? -1 : 1) * (size / 2 + 13));
  });
}

function drawPoint(context, palette, [x, y]) {
  context.beginPath();
  context.arc(x, y, 7.5, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: palette.yours, strokeStyle: palette.paper, lineWidth: 4 });
  context.stroke();
  Object.assign(context, { strokeStyle: palette.ink, lineWidth: 1.75 });
  context.fill();
  context.stroke();
}

/** The square between the four neighbors, magnified: to each belongs the rectangle opposite, in its color. */
export function drawSquare({ context, width, height }, palette, reading, scale) {
  const side = Math.min(width, height) - 2 * RIM;
  const [left, top] = [(width - side) / 2, RIM];
  const { fractionX: fx, fractionY: fy, neighbors, outside } = reading;
  const across = [[0, fx], [fx, 1 - fx]];
  const down = [[0, fy], [fy, 1 - fy]];
  if (!outside) {
    neighbors.forEach(({ value, weight }, k) => {
      const [[x, w], [y, h]] = [across[1 - (k % 2)], down[k < 2 ? 1 : 0]];
      const area = [left + x * side, top + y * side, w * side, h * side];
      context.fillStyle = scale.color(value);
      context.fillRect(...area);
      if (w * side < 20 || h * side < 20) return;
      const [cx, cy] = [area[0] + area[2] / 2, area[1] + area[3] / 2];
      Object.assign(context, { fillStyle: palette.ink, textAlign: "center", textBaseline: "middle" });
      const text = trimmed(weight, 4);
      context.font = `600 13px ${palette.font}`;
      const wide = area[2] > context.measureText(`${LETTERS[k]}  ${text}`).width + 8;
      if (wide) context.fillText(`${LETTERS[k]}  ${text}`, cx, cy);
      else context.fillText(LETTERS[k], cx, cy);
    });
    context.beginPath();
    context.moveTo(left + fx * side, top);
    context.lineTo(left + fx * side, top + side);
    context.moveTo(left, top + fy * side);
    context.lineTo(left + side, top + fy * side);
    Object.assign(context, { strokeStyle: palette.ink, lineWidth: 1.25 });
    context.stroke();
  }
  context.beginPath();
  context.rect(left, top, side, side);
  Object.assign(context, { strokeStyle: outside ? palette.grid : palette.ink, lineWidth: 1.25 });
  context.stroke();
  if (outside) {
    Object.assign(context, { fillStyle: palette.muted, font: `14px ${palette.font}`, textAlign: "center" });
    context.fillText("nothing to read: 0", left + side / 2, top + side / 2);
    return;
  }
  neighbors.forEach(({ value, weight }, k) => {
    context.globalAlpha = weight > 0 ? 1 : 0.35;
    const text = `${LETTERS[k]}  ${fixed(value, 1)}°`;
    const [x, y] = [left + (k % 2) * side, top + (k < 2 ? -12 : side + 12)];
    plate(context, palette, text, x, y, width, palette.muted, null, height);
    context.globalAlpha = 1;
  });
  drawPoint(context, palette, [left + fx * side, top + fy * side]);
}
