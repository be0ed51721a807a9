/** Whole numbers as people read them. */

/** A number of at least 0 with a comma after every three digits. */
export const grouped = (/** @type {number} */ number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
