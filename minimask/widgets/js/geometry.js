/**
 * Plane geometry of the widgets: the arithmetic of `minimask.geometry.polygons`, in the browser.
 *
 * Coordinates are continuous pixels and y points down, as everywhere in minimask. All functions are pure.
 *
 * @typedef {[number, number]} Point                    x, y
 * @typedef {Point[]} Ring                              closing edge implied, wound either way
 * @typedef {Ring[]} Polygon                            the outline first, then the holes
 * @typedef {[number, number, number, number]} Box      x1, y1, x2, y2
 * @typedef {Float64Array} Edges                        ax, ay, bx, by of each directed edge (see `polygonEdges`)
 */

/** The area of one ring by the shoelace formula; positive when it runs clockwise on the screen. */
export function signedArea(/** @type {Ring} */ ring) {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    twice += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  }
  return twice / 2;
}

/** The area of a polygon: its outline's less its holes'. */
export function polygonArea(/** @type {Polygon} */ polygon) {
  const [outline, ...holes] = polygon.map((ring) => Math.abs(signedArea(ring)));
  return holes.reduce((area, hole) => area - hole, outline);
}

/** The area of a box. */
export function boxArea(/** @type {Box} */ [x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

/** The smallest box around a polygon. */
export function boundingBox(/** @type {Polygon} */ polygon) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of polygon[0]) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return /** @type {Box} */ (box);
}

/** The middle of a box. */
export function middle(/** @type {Box} */ [x1, y1, x2, y2]) {
  return /** @type {Point} */ ([(x1 + x2) / 2, (y1 + y2) / 2]);
}

/**
 * A polygon turned about a center, clockwise on the screen.
 * @param {Polygon} polygon  @param {number} degrees  @param {Point} center  @returns {Polygon}
 */
export function rotatePolygon(polygon, degrees, [cx, cy]) {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return polygon.map((ring) => ring.map(([x, y]) => [
    cx + cos * (x - cx) - sin * (y - cy),
    cy + sin * (x - cx) + cos * (y - cy),
  ]));
}

/** A polygon's directed edges: its outline runs clockwise on the screen, its holes the other way. */
export function polygonEdges(/** @type {Polygon} */ polygon) {
  const edges = [];
  polygon.forEach((ring, k) => {
    const forward = signedArea(ring) > 0 === (k === 0);
    ring.forEach((point, i) => {
      const next = ring[(i + 1) % ring.length];
      edges.push(...(forward ? [...point, ...next] : [...next, ...point]));
    });
  });
  return Float64Array.from(edges);
}

/** The area between a line and what lies above it, when that height goes linearly from `start` to `end` over `run`. */
export function areaAbove(run, start, end) {
  if (start >= 0 && end >= 0) return (run * (start + end)) / 2; // a trapezoid
  if (start <= 0 && end <= 0) return 0;
  const height = Math.max(start, end); // the line cuts off a triangle
  return (run * height * height) / (2 * Math.abs(start - end));
}

/**
 * Φ(x, y), the area of the part of a polygon that lies left of x and above y.
 *
 * Walk along the edges. Each contributes the area between itself and the horizontal line at y, as far as it lies above
 * that line and left of x: added when the edge runs to the right, taken away when it runs to the left.
 * @param {Edges} edges  @param {number} x  @param {number} y
 */
export function cornerArea(edges, x, y) {
  let area = 0;
  for (let e = 0; e < edges.length; e += 4) {
    const rightward = edges[e] < edges[e + 2];
    const [from, to] = rightward ? [e, e + 2] : [e + 2, e];
    const width = edges[to] - edges[from];
    const reached = Math.min(x - edges[from], width); // how far the edge lies left of x
    if (reached <= 0) continue;
    const end = edges[from + 1] + ((edges[to + 1] - edges[from + 1]) * reached) / width;
    const above = areaAbove(reached, y - edges[from + 1], y - end);
    area += rightward ? above : -above;
  }
  return area;
}

/**
 * The exact area that a polygon shares with a box: four corner areas, as with an integral image.
 * @param {Edges} edges  @param {Box} box
 */
export function polygonBoxIntersection(edges, [x1, y1, x2, y2]) {
  const phi = (x, y) => cornerArea(edges, x, y);
  return Math.max(0, phi(x2, y2) - phi(x1, y2) - phi(x2, y1) + phi(x1, y1));
}

/**
 * The exact IoU of a polygon with a box.
 * @param {Edges} edges  @param {number} area of the polygon  @param {Box} box
 */
export function polygonBoxIou(edges, area, box) {
  const intersection = polygonBoxIntersection(edges, box);
  const union = area + boxArea(box) - intersection;
  return union > 0 ? intersection / union : 0;
}

/**
 * The parts of an upright (axis 0, x = at) or level (axis 1, y = at) line that lie inside a polygon.
 * @param {Edges} edges  @param {0 | 1} axis  @param {number} at  @returns {[number, number][]} sorted
 */
export function insideIntervals(edges, axis, at) {
  const cuts = [];
  for (let e = 0; e < edges.length; e += 4) {
    const [a, b] = [edges[e + axis], edges[e + 2 + axis]];
    if (a > at === b > at) continue; // half open, so that a vertex on the line counts once
    const [p, q] = [edges[e + 1 - axis], edges[e + 3 - axis]];
    cuts.push(p + ((q - p) * (at - a)) / (b - a));
  }
  cuts.sort((p, q) => p - q);
  const intervals = [];
  for (let i = 0; i + 1 < cuts.length; i += 2) intervals.push([cuts[i], cuts[i + 1]]);
  return intervals;
}

/** The names of a box's sides, in the order of its coordinates. */
export const SIDES = ["left", "top", "right", "bottom"];

/** How far inside or outside a box its sides are read, as a share of its size. */
const HAIR = 1e-6;

/**
 * How much of each side of a box lies inside a polygon.
 *
 * `inner` is the share of the side's length inside the polygon just within the box, `outer` the same just without. The
 * two differ only where a side rests on an edge of the polygon. `pieces` are the parts themselves, just within the box.
 * @param {Edges} edges  @param {Box} box
 * @returns {{pieces: [number, number][], inner: number, outer: number}[]} in the order of SIDES
 */
export function sidesInside(edges, box) {
  return SIDES.map((_, side) => {
    const axis = /** @type {0 | 1} */ (side % 2);
    const [from, to] = [box[1 - axis], box[3 - axis]];
    const hair = (side < 2 ? HAIR : -HAIR) * (box[axis + 2] - box[axis]);
    const piecesAt = (at) => insideIntervals(edges, axis, at)
      .map(([a, b]) => /** @type {[number, number]} */ ([Math.max(a, from), Math.min(b, to)]))
      .filter(([a, b]) => a < b);
    const shareOf = (pieces) => pieces.reduce((sum, [a, b]) => sum + b - a, 0) / (to - from);
    const pieces = piecesAt(box[side] + hair);
    return { pieces, inner: shareOf(pieces), outer: shareOf(piecesAt(box[side] - hair)) };
  });
}

/** The distance of a point from the straight line between two others. */
function distanceTo([ax, ay], [bx, by], [x, y]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

/**
 * A line through fewer points: none of those left out is further than `tolerance` from it (Ramer 1972).
 * @param {Point[]} points  @param {number} tolerance  @returns {Point[]}
 */
export function simplify(points, tolerance) {
  const [first, last] = [points[0], points[points.length - 1]];
  const distances = points.map((point) => distanceTo(first, last, point));
  const furthest = distances.indexOf(Math.max(...distances));
  if (points.length < 3 || distances[furthest] <= tolerance) return [first, last];
  const head = simplify(points.slice(0, furthest + 1), tolerance);
  return [...head, ...simplify(points.slice(furthest), tolerance).slice(1)];
}

/** Whether two edges of a ring meet that are not neighbors: then what is inside is not clear. */
export function crossesItself(/** @type {Ring} */ ring) {
  const side = (a, b, p) => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
  const n = ring.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n - (i === 0 ? 1 : 0); j++) {
      const [a, b, c, d] = [ring[i], ring[i + 1], ring[j], ring[(j + 1) % n]];
      if (side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0) return true;
    }
  }
  return false;
}
