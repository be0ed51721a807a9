/** Numbers in words: the same as those of `minimask/widgets/decimals.py`. */

/**
 * A number with a fixed count of decimals: rounded half away from 0, and never `-0`.
 * A millionth of the last decimal is too little to miss a tie by: sums differ that much from language to language.
 */
export function fixed(/** @type {number} */ number, /** @type {number} */ digits) {
  const whole = Math.floor(Math.abs(number) * 10 ** digits + 0.5 + 1e-6);
  return `${number < 0 && whole ? "-" : ""}${(whole / 10 ** digits).toFixed(digits)}`;
}

/** A number with at most so many decimals: zeros at the end go. */
export function trimmed(/** @type {number} */ number, /** @type {number} */ digits) {
  const text = fixed(number, digits);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/** A number with at most so many decimals, and with its sign, unless it is 0. */
export function signed(/** @type {number} */ number, /** @type {number} */ digits) {
  const text = trimmed(number, digits);
  return text.startsWith("-") || text === "0" ? text : `+${text}`;
}

/** A count with its noun in the singular or the plural. */
export function counted(/** @type {number} */ number, /** @type {string} */ thing) {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
