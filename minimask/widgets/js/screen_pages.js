/** Pages as they travel to the browser: the same as `minimask/widgets/screen_picker_pages.py`. */

/**
 * A mask of whole pixels within its window; the runs, row by row, begin with pixels that are as those above them.
 * @param {number[]} numbers  @returns {{x: number, y: number, width: number, height: number, inside: Uint8Array}}
 */
export function unpackMask([x, y, width, height, ...runs]) {
  const inside = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, k) => {
    for (let end = at + run; at < end; at++) inside[at] = (k & 1) ^ (at < width ? 0 : inside[at - width]);
  });
  return { x, y, width, height, inside };
}

/** Read all pages; every list has the order of Python's arrays. */
export function readPages(/** @type {Uint8Array} */ bytes) {
  const pages = JSON.parse(new TextDecoder().decode(bytes));
  for (const page of pages) {
    for (const view of Object.values(page.views)) view.masks = view.masks.map(unpackMask);
  }
  return pages;
}

/** Whether a point of the page is on a mask. */
export function isOn({ x, y, width, height, inside }, px, py) {
  const [i, j] = [Math.floor(py) - y, Math.floor(px) - x];
  return i >= 0 && j >= 0 && i < height && j < width && inside[i * width + j] === 1;
}
