/** Pages as they travel to the browser: the same as `minimask/widgets/screen_picker_pages.py`. */

/**
 * A mask of whole pixels within its box; the runs, row by row, begin with pixels that are as those above them.
 * @param {number[]} numbers  @returns {{left: number, top: number, width: number, height: number, on: Uint8Array}}
 */
export function unpackMask([left, top, width, height, ...runs]) {
  const on = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, k) => {
    for (let end = at + run; at < end; at++) on[at] = (k & 1) ^ (at < width ? 0 : on[at - width]);
  });
  return { left, top, width, height, on };
}

/** Read all pages; every list has the order of Python's arrays. */
export function readPages(/** @type {Uint8Array} */ bytes) {
  const pages = JSON.parse(new TextDecoder().decode(bytes));
  for (const page of pages) {
    for (const view of Object.values(page.views)) view.masks = view.masks.map(unpackMask);
  }
  return pages;
}

/** Whether a mask has a pixel. */
export function isOn({ left, top, width, height, on }, x, y) {
  const [i, j] = [Math.floor(y) - top, Math.floor(x) - left];
  return i >= 0 && j >= 0 && i < height && j < width && on[i * width + j] === 1;
}
