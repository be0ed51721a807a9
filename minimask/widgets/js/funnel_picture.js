/** The funnel's picture: what a stage leaves, the true objects, and the best box on each. */
import { IOUS, cut } from "./funnel_measures.js";
import { plate, strokeTwice } from "./strokes.js";

/** So many boxes are stroked at once: where more than one such heap crosses a place, the color grows denser. */
const HEAP = 60;

/**
 * Draw the picture with a stage's boxes.
 * @param {{context: CanvasRenderingContext2D, width: number}} canvas
 * @param {Record<string, string>} palette
 * @param {{image: HTMLImageElement, size: [number, number], look: any, settled: any, state: any}} scene
 */
export function drawStageOf({ context, width }, palette, { image, size, look, settled, state }) {
  const unit = width / size[1];
  const [right, bottom] = [width, size[0] * unit];
  context.imageSmoothingEnabled = false;
  if (image.complete) context.drawImage(image, 0, 0, right, bottom);
  Object.assign(context, { fillStyle: palette.paper, globalAlpha: 0.15 });
  context.fillRect(0, 0, right, bottom);
  const stage = settled.stages[state.stage];
  drawHeap(context, palette, stage, unit);

  const late = ["nms", "top_n"].includes(state.stage);
  for (const { row, winner } of late ? settled.victims : []) {
    outline(context, look.clipped, 4 * row, unit);
    strokeTwice(context, palette.paper, palette.yours, 2.5, [2.5, 4]);
    outline(context, look.clipped, 4 * winner, unit);
    strokeTwice(context, palette.paper, palette.yours, 2);
  }
  look.objects.forEach((box, object) => {
    const iou = stage.reach.best[object];
    outline(context, box, 0, unit);
    if (iou < IOUS[0]) strokeTwice(context, palette.paper, palette.tight, 3, [8, 5]);
    else strokeTwice(context, palette.paper, palette.ink, 1.5);
    if (iou < IOUS[0]) return;
    outline(context, stage.boxes, 4 * stage.rows[stage.reach.box[object]], unit);
    strokeTwice(context, palette.paper, palette.best, iou < IOUS[1] ? 2 : 3);
  });
  const placed = [];
  look.objects.forEach((box, object) => {
    const iou = stage.reach.best[object];
    const [x, y] = roomBeside(box.map((side) => side * unit), placed);
    placed.push([x, y]);
    const color = iou < IOUS[0] ? palette.tight : palette.best;
    plate(context, palette, `${object + 1}:  ${cut(iou)}`, x, y, right, color, null, bottom);
  });
}

/** Where beside a corner of a box a plate hides no other one; if it does everywhere, at the first corner. */
function roomBeside([x1, y1, x2, y2], placed) {
  const corners = [[x1 + 22, y1], [x2 - 22, y1], [x1 + 22, y2], [x2 - 22, y2]];
  return corners.find(([x, y]) => placed.every(([cx, cy]) => Math.abs(x - cx) > 72 || Math.abs(y - cy) > 24))
    ?? corners[0];
}

/** All boxes of a stage, the best on top. */
function drawHeap(context, palette, { boxes, rows }, unit) {
  const alpha = Math.min(Math.max((3 * HEAP) / rows.length, 0.08), 0.95);
  Object.assign(context, { strokeStyle: palette.highlight, lineWidth: alpha > 0.5 ? 1.5 : 1, globalAlpha: alpha });
  for (let last = rows.length; last > 0; last -= HEAP) {
    context.beginPath();
    for (const row of rows.slice(Math.max(last - HEAP, 0), last)) {
      const [x, y] = [boxes[4 * row] * unit, boxes[4 * row + 1] * unit];
      context.rect(x, y, boxes[4 * row + 2] * unit - x, boxes[4 * row + 3] * unit - y);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Begin a path around a box that starts at `at` in a row of numbers. */
function outline(context, numbers, at, unit) {
  const [x1, y1, x2, y2] = [0, 1, 2, 3].map((k) => numbers[at + k] * unit);
  context.beginPath();
  context.rect(x1, y1, x2 - x1, y2 - y1);
}
