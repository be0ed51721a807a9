/**
 * The anchor sea's numbers and words: the same as those of `minimask/widgets/anchor_sea_measures.py`, to the last bit.
 *
 * A recipe here is what `AnchorSea` hands over: the fields of a `Recipe` of `minimask/anchors.py`. Sizes of pictures are
 * `[height, width]`. An IoU decides by its last bit which anchors tie, hence sums keep the order that they have there.
 */
import { fixed, trimmed } from "./decimals.js";
import { grouped } from "./thousands.js";

/** The number of anchors that textbooks name. */
export const SEA = 175_000;

/** The marks of a cell with an anchor that is ignored, and of one with a positive one; of other cells 0. */
export const [IGNORED, POSITIVE] = [1, 2];

/** To the nearest whole number, and from the middle between two to the even one, as NumPy does it. */
export function roundHalfEven(value) {
  const nearest = Math.round(value); // from the middle upward
  return nearest - value === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

/** The anchors of one cell around the origin, `{ box, size, ratio }`: ratios change slowest. */
export function cellAnchors({ stride, sizes, ratios }, rounding) {
  const shapeOf = (ratio) => {
    if (rounding === "base") {
      const width = roundHalfEven(Math.sqrt(stride ** 2 / ratio));
      return [width / stride, roundHalfEven(width * ratio) / stride];
    }
    // torchvision takes roots in single precision, and rounds what comes of it.
    const exact = rounding === "corners" ? Math.fround : (value) => value;
    const root = exact(Math.sqrt(exact(ratio)));
    return [exact(1 / root), root];
  };
  return ratios.flatMap((ratio) => sizes.map((size) => {
    const [x, y] = shapeOf(ratio).map((side) => {
      if (rounding !== "corners") return (side * size) / 2;
      return roundHalfEven(Math.fround(side * Math.fround(size)) / 2);
    });
    return { box: [-x, -y, x, y], size, ratio };
  }));
}

/** A picture's size after resizing, before padding. */
export function resizedSize({ resize }, [height, width]) {
  if (!resize) return [height, width];
  const scale = Math.min(resize[0] / Math.min(height, width), resize[1] / Math.max(height, width));
  return [height, width].map((side) => Math.floor(side * scale));
}

/** All anchors of a recipe over a picture, level by level, without enumerating them. */
export function layOut(recipe, size) {
  const resized = resizedSize(recipe, size);
  const network = resized.map((side) => recipe.multiple * Math.ceil(side / recipe.multiple));
  let total = 0;
  const levels = recipe.levels.map((level) => {
    const { stride } = level;
    const [rows, columns] = network.map((side) => Math.ceil(side / stride));
    const [down, right] = recipe.stride_rule === "image"
      ? [Math.floor(network[0] / rows), Math.floor(network[1] / columns)]
      : [stride, stride];
    const anchors = cellAnchors(level, recipe.rounding);
    const [first, count] = [total, rows * columns * anchors.length];
    total += count;
    const name = `${recipe.levels.length > 1 ? "P" : "C"}${31 - Math.clz32(stride)}`;
    return { ...level, name, rows, columns, down, right, offset: recipe.offset, anchors, first, count };
  });
  return { name: recipe.name, size, resized, network, scale: resized.map((side, k) => side / size[k]), levels, total };
}

/** The middle of a cell's anchors. */
export function centerOf({ offset, right, down }, row, column) {
  return [(column + offset) * right, (row + offset) * down];
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The cell, on every level, whose anchors stand nearest to a point of the picture: `[row, column]`. */
export function nearestCells({ levels, scale }, [x, y]) {
  const near = (at, step, offset, cells) => clamp(Math.floor(at / step - offset + 0.5), 0, cells - 1);
  return levels.map(({ down, right, offset, rows, columns }) => [
    near(y * scale[0], down, offset, rows), near(x * scale[1], right, offset, columns),
  ]);
}

/** Along one axis: how long every cell's anchor is, how much of that it shares with the object, and which share any. */
function along(cells, step, offset, [low, high], [from, to]) {
  const [length, shared] = [new Float64Array(cells), new Float64Array(cells)];
  let [first, last] = [0, -1];
  for (let k = 0; k < cells; k++) {
    const center = (k + offset) * step;
    const [start, end] = [center + low, center + high];
    length[k] = end - start;
    shared[k] = Math.min(end, to) - Math.max(start, from);
    if (shared[k] > 0) {
      if (last < 0) first = k;
      last = k;
    }
  }
  return { length, shared, first, last };
}

/**
 * Call `each(iou, row, column, kind)` for all anchors of a level that share anything with the object.
 * @param {any} level  @param {number[]} box  @param {(iou: number, i: number, j: number, kind: number) => void} each
 */
function overlapsOf(level, [x1, y1, x2, y2], each) {
  const area = (x2 - x1) * (y2 - y1);
  level.anchors.forEach(({ box: [left, top, right, bottom] }, kind) => {
    const x = along(level.columns, level.right, level.offset, [left, right], [x1, x2]);
    const y = along(level.rows, level.down, level.offset, [top, bottom], [y1, y2]);
    for (let i = y.first; i <= y.last; i++) {
      for (let j = x.first; j <= x.last; j++) {
        const both = x.shared[j] * y.shared[i];
        each(both / (x.length[j] * y.length[i] + area - both), i, j, kind);
      }
    }
  });
}

/** What one level has to say about the object: its best IoU, the anchors that reach it, and the marks of its cells. */
function settleLevel(level, box, foreground, background) {
  const marks = new Uint8Array(level.rows * level.columns);
  let [iou, positive, ignored] = [0, 0, 0];
  let ties = [];
  overlapsOf(level, box, (found, i, j, kind) => {
    const cell = i * level.columns + j;
    if (found >= foreground) {
      positive++;
      marks[cell] = POSITIVE;
    } else if (found >= background) {
      ignored++;
      if (!marks[cell]) marks[cell] = IGNORED;
    }
    if (found < iou) return;
    if (found > iou) [iou, ties] = [found, []];
    ties.push(cell * level.anchors.length + kind);
  });
  return { iou, ties, positive, ignored, marks };
}

/** All numbers of a state over the anchors that `layOut` lays. */
export function settle(sea, { box, foreground, background, low_quality: lowQuality }) {
  const object = box.map((side, k) => side * sea.scale[1 - (k % 2)]);
  const byLevel = sea.levels.map((level) => settleLevel(level, object, foreground, background));
  const iou = Math.max(...byLevel.map((level) => level.iou));
  const at = byLevel.findIndex((level) => level.iou === iou);
  const best = anchorAt(sea, at, byLevel[at].ties.reduce((least, index) => Math.min(least, index)), iou);
  let [positive, ignored, rescued] = [0, 0, 0];
  for (const level of byLevel) {
    positive += level.positive;
    ignored += level.ignored;
  }
  if (lowQuality && iou < foreground) {
    byLevel.forEach((level, k) => {
      if (level.iou !== iou) return;
      rescued += level.ties.length;
      for (const index of level.ties) level.marks[Math.floor(index / sea.levels[k].anchors.length)] = POSITIVE;
    });
    positive += rescued;
    if (iou >= background) ignored -= rescued;
  }
  return { object, best, byLevel, positive, ignored, negative: sea.total - positive - ignored, rescued };
}

/** An anchor by its place in its level. */
function anchorAt(sea, k, within, iou) {
  const level = sea.levels[k];
  const [cell, kind] = [Math.floor(within / level.anchors.length), within % level.anchors.length];
  const [row, column] = [Math.floor(cell / level.columns), cell % level.columns];
  const { box, size, ratio } = level.anchors[kind];
  const center = centerOf(level, row, column);
  return {
    index: level.first + within, level: k, row, column, size, ratio, iou, box: box.map((side, n) => center[n % 2] + side),
  };
}

/** A state in words: the sea, the object and its best anchor, and what becomes of all anchors. */
export function describe(sea, state, settled) {
  return `${seaInWords(sea)} ${bestInWords(sea, state, settled)} ${fateInWords(state, settled)}`;
}

const differ = (one, other) => one.some((side, k) => side !== other[k]);

function seaInWords({ name, size, resized, network, levels, total }) {
  const changes = [[size, resized, "resized"], [resized, network, "padded"]]
    .map(([before, after, verb]) => (differ(before, after) ? `, ${verb} to ${after[1]} × ${after[0]}` : ""));
  const words = `${name} lays ${grouped(total)} anchors over a picture of ${size[1]} × ${size[0]} pixels`
    + `${changes.join("")}, ${fixed(total / SEA, 2)} times ${grouped(SEA)}`;
  if (levels.length === 1) return `${words}.`;
  const parts = levels.map((level) => `${grouped(level.count)} on ${level.name}`);
  return `${words}: ${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}.`;
}

/** The width and the height of a box. */
export const sidesInWords = ([x1, y1, x2, y2]) => `${trimmed(x2 - x1, 1)} × ${trimmed(y2 - y1, 1)}`;

function bestInWords({ size, resized, levels }, { box }, { object, best }) {
  const scaled = differ(size, resized) ? `, ${sidesInWords(object)} after resizing` : "";
  return `The object is ${sidesInWords(box)} pixels${scaled}. `
    + `Its best anchor, on ${levels[best.level].name} with size ${trimmed(best.size, 1)} `
    + `and ratio ${trimmed(best.ratio, 2)}, overlaps it with IoU ${fixed(best.iou, 3)}.`;
}

function fateInWords(state, { best, positive, ignored, negative, rescued }) {
  const [foreground, background] = [state.foreground, state.background].map((threshold) => trimmed(threshold, 2));
  const fate = `${grouped(positive)} positive, ${grouped(ignored)} ignored, ${grouped(negative)} negative`;
  if (best.iou >= state.foreground) {
    const each = grouped(Number(fixed(negative / positive, 0)));
    return `At ${foreground} or more it is a match: ${fate}, ${each} negatives for every positive.`;
  }
  const verdict = best.iou >= state.background
    ? `No anchor reaches ${foreground}`
    : `No anchor reaches even ${background}: each would be background`;
  if (!state.low_quality) return `${verdict}, and without the low-quality rule none learns this object: ${fate}.`;
  const which = rescued === 1 ? "the best one" : `the ${grouped(rescued)} that tie for best`;
  return `${verdict}; the low-quality rule makes ${which} positive all the same: ${fate}.`;
}
