/** Masks, each by its window: the same as `minimask/data/crops.py`. */
import { nested } from "./blocks.js";

/** The masks of a name among blocks: `{ x, y, width, height, values }` each, values in percent. */
export function readCrops(found, name) {
  const { values } = found[`${name}_values`];
  let end = 0;
  return nested(found[`${name}_windows`]).map(([x, y, width, height]) => {
    const start = end;
    end += width * height;
    return { x, y, width, height, values: Uint8Array.from(values.subarray(start, end)) };
  });
}

/** The pixels of a mask from so many percent on: `inside` is 1 there, and 0 elsewhere. */
export function maskFrom(crop, percent) {
  const least = Math.max(percent, 1);
  return { ...crop, inside: crop.values.map((value) => (value >= least ? 1 : 0)) };
}

/** How many pixels a mask has from 0, 1, ... 100 percent on; from 0 as many as from 1. */
export function areasOf({ values }) {
  const areas = new Array(102).fill(0);
  for (const value of values) areas[value]++;
  for (let k = 100; k > 0; k--) areas[k] += areas[k + 1];
  return [areas[1], ...areas.slice(1, 101)];
}
