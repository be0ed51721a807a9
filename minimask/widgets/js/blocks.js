/** Blocks of numbers as they travel to the browser: the same as `minimask/data/blocks.py`. */

/** Read text in base64 that holds bytes in zlib's format. */
export async function inflate(/** @type {string} */ text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Read blocks of numbers by name: `{ shape, values }`; a number is `low + step * k` with a whole k. */
export function readBlocks(/** @type {Uint8Array} */ bytes, at, blocks) {
  const found = {};
  for (const { name, shape, bytes: width, low, step } of blocks) {
    const count = shape.reduce((product, side) => product * side, 1);
    const [row, plane] = [shape.at(-1) ?? 1, shape.length ? count / shape[0] : 1];
    const of = (edge, k) => (Array.isArray(edge) ? edge[Math.floor(k / plane)] : edge);
    let before = 0;
    const whole = width === 2
      ? (k) => ((bytes[at + k] | (bytes[at + count + k] << 8)) << 16) >> 16
      : (k) => (before = (bytes[at + k] + (k % row ? before : 0)) & 255);
    const start = at;
    const values = Float64Array.from({ length: count }, (_, k) => of(low, k) + of(step, k) * whole(k));
    at = start + count * width;
    found[name] = { shape, values };
  }
  return found;
}

/** Numbers as nested arrays of their shape. */
export function nested({ shape, values }, start = 0, axis = 0) {
  if (axis === shape.length - 1) return Array.from(values.subarray(start, start + shape[axis]));
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  return Array.from({ length: shape[axis] }, (_, k) => nested({ shape, values }, start + k * inner, axis + 1));
}

/** The header, and all blocks by name. */
export function opened(/** @type {Uint8Array} */ bytes) {
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const { blocks, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  return { header, found: readBlocks(bytes, start, blocks) };
}
