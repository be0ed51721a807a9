/**
 * RoIAlign and RoIPool on one channel: the arithmetic of `minimask.roi.taps`, `.reference` and `.pool`, in the browser.
 * Coordinates are in cells; cell j stands at position j. One axis at a time.
 */

/** Where a RoI starts on the feature map, and its extent, along one axis, both in cells. */
export function span(low, high, scale, offset, least) {
  const start = low * scale - offset;
  const end = high * scale - offset;
  return [start, Math.max(end - start, least)];
}

/** The number of samples that a bin takes along one axis: `ratio`, or where that is not above 0, one per cell. */
export function samplesPerBin(extent, bins, ratio) {
  return ratio > 0 ? ratio : Math.ceil(extent / bins);
}

/** Cells: much less than matters, much more than rounding makes of positions on any map. */
const NEAR = 1e-9;

/** Where sample `i` of the `n` samples of bin `p` lies; within NEAR of a whole position it is put there. */
export function samplePosition(start, binSize, p, i, n) {
  const position = start + p * binSize + (i + 0.5) * (binSize / n);
  const nearest = Math.floor(position + 0.5);
  return Math.abs(position - nearest) < NEAR ? nearest : position;
}

/** A range of samples `[begin, stop)` that holds all those in `[-1, size]`, and few others. */
export function visibleSamples(first, step, n, size) {
  if (step <= 0) return [0, n];
  const within = (v) => Math.trunc(Math.min(Math.max(v, 0), n));
  return [within((-1 - first) / step - 1), within((size - first) / step + 2)];
}

/** The two cells that a sample reads, and its weight on each. */
export function tap(position, size) {
  if (position < -1 || position > size) return [0, 0, 0, 0];
  if (position < 0) return [0, 0, 1, 0];
  const low = Math.trunc(position);
  if (low >= size - 1) return [size - 1, size - 1, 1, 0];
  const fraction = position - low;
  return [low, low + 1, 1 - fraction, fraction];
}

/** A feature map between its cells: the average of four neighbors; 0 more than one cell beyond the border. */
export function bilinear(features, x, y) {
  const [top, bottom, weightTop, weightBottom] = tap(y, features.length);
  const [left, right, weightLeft, weightRight] = tap(x, features[0].length);
  return weightTop * weightLeft * features[top][left] + weightTop * weightRight * features[top][right]
    + weightBottom * weightLeft * features[bottom][left] + weightBottom * weightRight * features[bottom][right];
}

/** The samples that can see the map, of every bin or of the bin `only`; and how many a bin takes in all. */
export function axisSamples(low, high, size, bins, scale, ratio, aligned, only = -1) {
  const [start, extent] = span(low, high, scale, aligned ? 0.5 : 0, aligned ? 0 : 1);
  const n = samplesPerBin(extent, bins, ratio);
  const binSize = extent / bins;
  const positions = Array.from({ length: bins }, (_, p) => {
    if (n === 0 || (only >= 0 && p !== only)) return [];
    const [begin, stop] = visibleSamples(samplePosition(start, binSize, p, 0, n), binSize / n, n, size);
    const seen = { length: Math.max(stop - begin, 0) };
    return Array.from(seen, (_, i) => samplePosition(start, binSize, p, begin + i, n));
  });
  return { start, binSize, n, positions };
}

/** The weights `[bins][size]` that average the cells of one axis into bins. */
export function axisWeights({ positions, n }, size) {
  return positions.map((bin) => {
    const weights = new Array(size).fill(0);
    for (const position of bin) {
      const [first, second, weightFirst, weightSecond] = tap(position, size);
      weights[first] += weightFirst / n;
      weights[second] += weightSecond / n;
    }
    return weights;
  });
}

/** RoIAlign on one channel: `Wy @ features @ Wx.T`. */
export function roiAlign(features, wy, wx) {
  const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
  return wy.map((weights) => {
    const row = features[0].map((_, j) => weights.reduce((sum, v, i) => sum + v * features[i][j], 0));
    return wx.map((across) => dot(row, across));
  });
}

/** The nearest whole number, of two equally near ones the one farther from 0. */
export function roundHalfAway(value) {
  const whole = Math.trunc(value);
  if (Math.abs(value - whole) >= 0.5) return whole + (value > 0 ? 1 : -1);
  return whole + 0; // not -0
}

/** The first cell of bin `p` and the one after its last, along one axis, clipped to a map of `size` cells. */
export function binEdges(start, extent, p, bins, size) {
  const clip = (cell) => Math.min(Math.max(cell, 0), size);
  return [
    clip(start + Math.floor((p * extent) / bins)),
    clip(start + Math.ceil(((p + 1) * extent) / bins)),
  ];
}

/** The largest cell of a bin, of equals the first: `{ value, row, column }`; row -1 in an empty bin. */
export function largestCell(features, [top, bottom], [left, right]) {
  const found = { value: 0, row: -1, column: -1 };
  for (let i = top; i < bottom; i++) {
    for (let j = left; j < right; j++) {
      const value = features[i][j];
      if (found.row < 0 || value > found.value) Object.assign(found, { value, row: i, column: j });
    }
  }
  return found;
}
