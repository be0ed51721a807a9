/** Which way to go when tasks pull in different directions: the methods of `minimask/gradients/surgery.py`. */

/** Pivots below this count as 0, once the diagonal is scaled to 1. */
const PIVOT = 1e-11;

/** The product of a square matrix and a vector. */
export const times = (gram, v) => gram.map((row) => row.reduce((sum, g, k) => sum + g * v[k], 0));

/** The product of two vectors. */
export const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);

const largest = (gram) => Math.max(...gram.flat().map(Math.abs));
const range = (count) => Array.from({ length: count }, (_, k) => k);

/** Solve a symmetric system for several right sides; null where it has no single solution. */
function solve(matrix, sides) {
  const scale = matrix.map((row, k) => Math.sqrt(row[k]) || 1);
  const rows = matrix.map((row, i) => [...row.map((v, j) => v / scale[i] / scale[j]), ...sides.map((side) => side[i] / scale[i])]);
  for (let k = 0; k < rows.length; k++) {
    let best = k;
    for (let i = k + 1; i < rows.length; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    if (Math.abs(rows[k][k]) <= PIVOT) return null;
    for (let i = 0; i < rows.length; i++) {
      if (i === k) continue;
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows[i].length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return sides.map((_, s) => rows.map((row, k) => row[rows.length + s] / row[k] / scale[k]));
}

/** All sets of tasks but the empty one. */
function sets(count) {
  return range(2 ** count - 1).map((bits) => range(count).filter((k) => ((bits + 1) >> k) & 1));
}

const part = (gram, rows, columns) => rows.map((i) => columns.map((j) => gram[i][j]));

/** Weights of 1: the gradient of the sum of all losses. */
export const summed = (gram) => gram.map(() => 1);

/** Each gradient loses what points against another one; then all are added. */
export function pcgrad(gram) {
  const weights = gram.map(() => 0);
  gram.forEach((_, task) => {
    const own = gram.map((__, k) => Number(k === task));
    gram.forEach((__, other) => {
      if (other === task) return;
      const overlap = dot(own, gram.map((row) => row[other]));
      if (overlap < 0) own[other] -= overlap / gram[other][other];
    });
    own.forEach((v, k) => (weights[k] += v));
  });
  return weights;
}

/** T times the shortest vector in the hull of the gradients: each set of tasks has one candidate. */
export function mgda(gram) {
  const [count, scale] = [gram.length, largest(gram) || 1];
  let [best, shortest] = [gram.map(() => 1 / count), Infinity];
  for (const chosen of sets(count)) {
    const n = chosen.length;
    const equations = part(gram, chosen, chosen).map((row) => [...row.map((v) => v / scale), 1]);
    equations.push([...chosen.map(() => 1), 0]);
    const found = solve(equations, [range(n + 1).map((k) => Number(k === n))])?.[0].slice(0, n);
    if (!found || Math.min(...found) < 0) continue;
    const weights = gram.map((_, k) => (chosen.includes(k) ? found[chosen.indexOf(k)] : 0));
    const norm = dot(weights, times(gram, weights));
    if (norm < shortest) [best, shortest] = [weights, norm];
  }
  const total = best.reduce((sum, v) => sum + v, 0);
  return best.map((v) => (count * v) / total);
}

/**
 * Near the mean, the direction that is best for the task that gains least from it.
 *
 * On the tasks that gain least, all products with the direction are equal, to m say; so what is added to the mean is
 * m a - b, from linear equations, and its length, c times that of the mean, says m. Each set of tasks has two
 * candidates; all are in reach of the mean, so that the best is the one whose least gain is largest.
 */
export function cagrad(given, c = 0.5) {
  const [count, scale] = [given.length, largest(given)];
  if (!scale) return given.map(() => 1);
  const gram = given.map((row) => row.map((v) => v / scale));
  const mean = times(gram, gram.map(() => 1 / count));
  const reach = c * Math.sqrt(Math.max(0, mean.reduce((sum, v) => sum + v, 0) / count));
  let [best, most] = [gram.map(() => 0), Math.min(...mean)];
  for (const chosen of sets(count)) {
    const [a, b] = solve(part(gram, chosen, chosen), [chosen.map(() => 1), chosen.map((k) => mean[k])]) ?? [];
    if (!a) continue;
    const inner = (v, w) => dot(v, times(part(gram, chosen, chosen), w));
    const [aa, ab, rest] = [inner(a, a), inner(a, b), inner(b, b) - reach ** 2];
    const root = Math.sqrt(Math.max(ab ** 2 - aa * rest, 0));
    for (const m of [(ab + root) / aa, (ab - root) / aa]) {
      const more = gram.map((_, k) => (chosen.includes(k) ? m * a[chosen.indexOf(k)] - b[chosen.indexOf(k)] : 0));
      const length = Math.sqrt(Math.max(dot(more, times(gram, more)), 0));
      if (!(length > 0)) continue;
      const added = more.map((v) => (v * reach) / length);
      const least = Math.min(...times(gram, added).map((v, k) => v + mean[k]));
      if (least > most) [best, most] = [added, least];
    }
  }
  return best.map((v) => 1 + count * v);
}

/** The weights, none below its floor, of the shortest vector: where a weight is above, its product is 0. */
function leastAbove(gram, floor) {
  let [best, shortest] = [floor, dot(floor, times(gram, floor))];
  const room = 1e-12 * largest(gram);
  for (const free of sets(gram.length)) {
    const held = range(gram.length).filter((k) => !free.includes(k));
    const pulled = free.map((i) => -held.reduce((sum, j) => sum + gram[i][j] * floor[j], 0));
    const found = solve(part(gram, free, free), [pulled])?.[0];
    if (!found) continue;
    const weights = floor.map((v, k) => (free.includes(k) ? found[free.indexOf(k)] : v));
    const norm = dot(weights, times(gram, weights));
    if (weights.every((v, k) => v >= floor[k] - 1e-12) && norm < shortest - room) {
      [best, shortest] = [weights.map((v, k) => Math.max(v, floor[k])), norm];
    }
  }
  return best;
}

/** Each gradient is moved as little as needed for no task to lose; then all are added. */
export function upgrad(gram) {
  const all = gram.map((_, task) => leastAbove(gram, gram.map((__, k) => Number(k === task))));
  return gram.map((_, k) => all.reduce((sum, weights) => sum + weights[k], 0));
}

export const SURGERY = { sum: summed, pcgrad, mgda, cagrad, upgrad };
