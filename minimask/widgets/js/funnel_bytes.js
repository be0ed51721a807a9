/** What a network said, as it travels to the browser: the same as `minimask/widgets/funnel_bytes.py`. */

/**
 * The levels of the anchors, the finest first: the grid of cells, how far apart they are, the anchors of one cell around
 * the origin, and where in a cell that is, from 0 to 1.
 * @typedef {{rows: number, columns: number, down: number, right: number, offset: number, cell: number[][]}} Level
 *
 * What a network said about the anchors that traveled: their numbers, ascending, a logit for each, and four deltas.
 * @typedef {{indices: number[], logits: Float64Array, deltas: Float64Array}} Said
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

/** What deltas are multiples of. */
const GRID = 1 / 256;

/** The number that two bytes stand for as float16. */
function halfOf(/** @type {number} */ word) {
  const [exponent, fraction] = [(word >> 10) & 31, (word & 1023) / 1024];
  const size = exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
  return word >> 15 ? -size : size;
}

/** Read text in base64 that holds bytes in zlib's format. */
export async function inflate(/** @type {string} */ text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Read what a network said, for every picture and moment: one bit for each anchor, logits, and deltas; of the words of
 * two bytes first all lower and then all higher ones.
 * @param {Uint8Array} bytes  @param {number} anchors  @returns {Said[]}
 */
export function unpack(bytes, anchors) {
  const looks = [];
  let at = 0;
  const words = (number, meaning) => {
    const word = (k) => bytes[at + k] | (bytes[at + number + k] << 8);
    const found = Float64Array.from({ length: number }, (_, k) => meaning(word(k)));
    at += 2 * number;
    return found;
  };
  while (at < bytes.length) {
    const indices = [];
    for (let k = 0; k < anchors; k++) if ((bytes[at + (k >> 3)] >> (k & 7)) & 1) indices.push(k);
    at += Math.ceil(anchors / 8);
    const logits = words(indices.length, halfOf);
    looks.push({ indices, logits, deltas: words(4 * indices.length, (word) => ((word << 16) >> 16) * GRID) });
  }
  return looks;
}
