/** A recorded run as it travels to the browser: the same as `minimask/widgets/funnel_bytes.py`. */

/**
 * The levels of the anchors, the finest first: the grid of cells, how far apart they are, the anchors of one cell around
 * the origin, and where in a cell that is, from 0 to 1.
 * @typedef {{rows: number, columns: number, down: number, right: number, offset: number, cell: number[][]}} Level
 *
 * @typedef {{lowest: number, step: number, delta_steps: number[]}} Scale
 *
 * What a network said about the anchors that travelled: their numbers, ascending, a logit for each, and four deltas.
 * @typedef {{indices: Int32Array, logits: Float64Array, deltas: Float64Array}} Said
 */

/** How many anchors a level has. */
export const countOf = ({ rows, columns, cell }) => rows * columns * cell.length;

/** All anchors, four numbers each: level by level, row by row, cell by cell. */
export function layAnchors(/** @type {Level[]} */ levels) {
  const boxes = new Float64Array(4 * levels.reduce((sum, level) => sum + countOf(level), 0));
  let at = 0;
  for (const { rows, columns, down, right, offset, cell } of levels) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [x, y] = [(column + offset) * right, (row + offset) * down];
        for (const [x1, y1, x2, y2] of cell) {
          boxes[at++] = x + x1;
          boxes[at++] = y + y1;
          boxes[at++] = x + x2;
          boxes[at++] = y + y2;
        }
      }
    }
  }
  return boxes;
}

/**
 * Read a run's bytes: for each picture and moment one bit for each anchor, then logits as uint16, then deltas as int8.
 * @param {string} text in base64  @param {Scale[][]} scales  @param {number} anchors
 * @returns {Said[][]} by picture and moment
 */
export function unpack(text, scales, anchors) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  return scales.map((moments) => moments.map(({ lowest, step, delta_steps: deltaSteps }) => {
    const kept = [];
    for (let k = 0; k < anchors; k++) if ((bytes[at + (k >> 3)] >> (k & 7)) & 1) kept.push(k);
    at += Math.ceil(anchors / 8);
    const logits = Float64Array.from(kept, (_, k) => lowest + step * view.getUint16(at + 2 * k, true));
    at += 2 * kept.length;
    const deltas = Float64Array.from({ length: 4 * kept.length }, (_, k) => deltaSteps[k % 4] * view.getInt8(at + k));
    at += deltas.length;
    return { indices: Int32Array.from(kept), logits, deltas };
  }));
}
