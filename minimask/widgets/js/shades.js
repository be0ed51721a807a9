/** Shades for values, in equal steps to the eye: the same as those of `minimask/widgets/shades.py`. */

/** Linear sRGB to what the cones of the eye receive, and back (Ottosson, 2020). */
const TO_CONES = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const FROM_CONES = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.7076147010],
];

const applied = (matrix, vector) => matrix.map((row) => row.reduce((sum, v, k) => sum + v * vector[k], 0));

function linearOf(/** @type {string} */ color) {
  const channels = [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16) / 255);
  return channels.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
}

/** The color between two, `[red, green, blue]` from 0 to 255. */
export function shade(/** @type {string} */ low, /** @type {string} */ high, /** @type {number} */ share) {
  const [from, to] = [low, high].map((color) => applied(TO_CONES, linearOf(color)).map(Math.cbrt));
  const light = applied(FROM_CONES, from.map((v, k) => (v + share * (to[k] - v)) ** 3));
  return light.map((v) => {
    const curved = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.floor(255 * Math.min(Math.max(curved, 0), 1) + 0.5);
  });
}

/** Colors for the values from `least` to `most`, in 256 steps from the color `low` to the color `high`. */
export function valueScale(least, most, low, high) {
  const steps = Array.from({ length: 256 }, (_, k) => shade(low, high, k / 255));
  const css = steps.map((rgb) => `rgb(${rgb.join(" ")})`);
  const stepOf = (value) => {
    const share = most > least ? (value - least) / (most - least) : 0;
    return Math.round(255 * Math.min(Math.max(share, 0), 1));
  };
  return { rgb: (value) => steps[stepOf(value)], color: (value) => css[stepOf(value)] };
}
