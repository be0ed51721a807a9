/** The weather map's numbers and words: the same as those of `minimask/widgets/weather_map_measures.py`. */
import { fixed, trimmed } from "./decimals.js";
import { roundHalfAway, tap } from "./roi.js";

/** All numbers about the point (x, y), in cells; cell (row i, column j) stands at y = i, x = j. */
export function read(temperatures, [x, y]) {
  const [height, width] = [temperatures.length, temperatures[0].length];
  const [top, bottom, weightTop, weightBottom] = tap(y, height);
  const [left, right, weightLeft, weightRight] = tap(x, width);
  const neighbors = [[top, weightTop], [bottom, weightBottom]].flatMap(([row, weightY]) =>
    [[left, weightLeft], [right, weightRight]].map(([column, weightX]) =>
      ({ row, column, value: temperatures[row][column], weightY, weightX, weight: weightY * weightX })));
  const outside = weightTop + weightBottom === 0 || weightLeft + weightRight === 0;
  const nearest = [[y, height], [x, width]].map(([v, size]) => Math.min(Math.max(roundHalfAway(v), 0), size - 1));
  return {
    neighbors,
    fractionX: weightRight,
    fractionY: weightBottom,
    value: neighbors.reduce((sum, { weight, value }) => sum + weight * value, 0),
    nearest,
    nearestValue: outside ? 0 : temperatures[nearest[0]][nearest[1]],
    outside,
  };
}

/** The reading in words: the sum written out, what the border does, and what rounding would read. */
export function describe(temperatures, [x, y]) {
  const reading = read(temperatures, [x, y]);
  const at = `At x = ${fixed(x, 2)}, y = ${fixed(y, 2)}`;
  if (reading.outside) {
    return `${at} the point lies more than one cell beyond the outermost centers: there the map reads 0.`;
  }
  const terms = reading.neighbors.filter(({ weight }) => weight > 0)
    .map(({ weight, value }) => `${trimmed(weight, 4)} × ${fixed(value, 1)}`);
  let said = `${at}: ${terms.join(" + ")} = ${fixed(reading.value, 2)} °C.`;
  const border = [["x", x, temperatures[0].length], ["y", y, temperatures.length]]
    .filter(([, position, size]) => position < 0 || position > size - 1)
    .map(([name, position, size]) => `${name} is taken as ${trimmed(Math.min(Math.max(position, 0), size - 1), 0)}`);
  if (border.length) {
    said += ` Up to one cell beyond the outermost centers the border counts: ${border.join(" and ")}.`;
  }
  const [row, column] = reading.nearest;
  const error = fixed(Math.abs(reading.nearestValue - reading.value), 2);
  const compared = error === "0.00" ? "which is the same here" : `${error} °C away`;
  const nearest = `${fixed(reading.nearestValue, 1)} °C`;
  return `${said} Rounding would read row ${row}, column ${column}: ${nearest}, ${compared}.`;
}
