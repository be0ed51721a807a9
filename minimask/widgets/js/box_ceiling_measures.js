/**
 * The box ceiling's numbers and words: the same as those of `minimask/widgets/box_ceiling_measures.py`.
 */
import { bestBox, tightBox } from "./ceilings.js";
import { SIDES, boundingBox, boxArea, middle, polygonArea, polygonBoxIntersection } from "./geometry.js";
import { polygonEdges, rotatePolygon, sidesInside } from "./geometry.js";

/** The name of the shape that the reader draws. */
export const DRAWN = "your drawing";

/** Differences that do not count: of IoUs, and of shares of a side. */
const SAME_IOU = 0.0005;
const SAME_SHARE = 0.005;

/** A silhouette turned to an angle, and everything about it that no box of the reader changes. */
export function poseOf(polygon, angle) {
  const turned = rotatePolygon(polygon, angle, middle(boundingBox(polygon)));
  const edges = polygonEdges(turned);
  const best = bestBox(turned);
  const area = polygonArea(turned);
  return { polygon: turned, edges, area, tight: tightBox(turned), best, bestSides: sidesInside(edges, best.box) };
}

/** The box that the reader starts with: a fair guess with room for improvement. */
export function startBox(polygon) {
  const [x1, y1, x2, y2] = boundingBox(polygon);
  const [width, height] = [x2 - x1, y2 - y1];
  return [x1 + 0.2 * width, y1 + 0.2 * height, x2 + 0.05 * width, y2 - 0.1 * height];
}

/** All numbers about a box on a silhouette. */
export function measure(pose, box) {
  const intersection = polygonBoxIntersection(pose.edges, box);
  const union = pose.area + boxArea(box) - intersection;
  return { iou: intersection / union, intersection, union, sides: sidesInside(pose.edges, box) };
}

/** The share of a side inside the shape at which moving it neither gains nor loses: IoU / (1 + IoU). */
export function balance(iou) {
  return iou / (1 + iou);
}

/**
 * Where a side should go for a higher IoU: 1 outward, -1 inward, 0 nowhere.
 *
 * To move a side of length L outward by a little d adds L·d·share to the intersection and L·d·(1 - share) to the
 * union. That raises the ratio if share / (1 - share) is more than IoU, that is: if share is more than the balance.
 */
export function advice(side, iou) {
  if (side.outer > balance(iou) + SAME_SHARE) return 1;
  return side.inner < balance(iou) - SAME_SHARE ? -1 : 0;
}

export const three = (number) => number.toFixed(3);
export const percent = (share) => `${(100 * share).toFixed(1).replace(".0", "")}%`;

/** The measures in words: what the box scores, and what its sides advise. */
export function describe(name, pose, box) {
  const measures = measure(pose, box);
  const [iou, tight, best] = [measures.iou, pose.tight.iou, pose.best.iou];
  const on = name === DRAWN ? name : `the ${name}`;
  if (iou === 0) return `Your box does not touch ${on}: IoU 0. The best box reaches ${three(best)}.`;
  const words = `Your box scores IoU ${three(iou)} on ${on}${comparison(iou, tight, best)}`;
  return `${words} ${sidesInWords(measures, pose, box)}`;
}

function comparison(iou, tight, best) {
  const tightIsBest = best - tight < SAME_IOU;
  if (best - iou < SAME_IOU) {
    const above = `${three(iou - tight)} above the tight box (${three(tight)})`;
    return `, ${tightIsBest ? "as much as the tight box" : above}. No upright box does better.`;
  }
  const toBest = `${three(best - iou)} below the best box (${three(best)})`;
  if (tightIsBest) return `: ${toBest}, which here is the tight box.`;
  if (Math.abs(iou - tight) < SAME_IOU) return `, as much as the tight box: ${toBest}.`;
  const way = iou < tight ? "below" : "above";
  return `: ${three(Math.abs(iou - tight))} ${way} the tight box (${three(tight)}) and ${toBest}.`;
}

/** The side whose move promises most, and why; or that none does. */
function sidesInWords({ iou, sides }, pose, box) {
  const level = percent(balance(iou));
  const moves = sides.map((side) => advice(side, iou));
  const shares = sides.map((side, k) => (moves[k] > 0 ? side.outer : side.inner));
  const gains = shares.map((share, k) => {
    const length = k % 2 ? box[2] - box[0] : box[3] - box[1];
    return Math.abs(moves[k]) * length * Math.abs(share - balance(iou));
  });
  const k = gains.findIndex((gain) => gain >= Math.max(...gains) * (1 - 1e-6)); // the first of those that tie
  const allAt = (these, share) => these.every((side) => Math.abs(side.inner - share) < SAME_SHARE);
  if (moves[k] !== 0) {
    const [amount, way] = moves[k] > 0 ? ["more", "outward"] : ["less", "inward"];
    const rule = `${percent(shares[k])} of its ${SIDES[k]} side lies inside, `
      + `${amount} than IoU / (1 + IoU) = ${level}: moving that side ${way} raises the IoU.`;
    const atBest = balance(pose.best.iou);
    if (!allAt(pose.bestSides, atBest)) return rule;
    return `${rule} At the best box ${percent(atBest)} of every side lies inside.`;
  }
  if (pose.best.iou - iou >= SAME_IOU) return "No side alone can gain anything here, yet a better box is elsewhere.";
  if (allAt(sides, balance(iou))) {
    return `Of every side ${level} lies inside, which is IoU / (1 + IoU): at this balance no side gains by moving.`;
  }
  return `No side gains by moving: just outside it less than IoU / (1 + IoU) = ${level} would lie inside, `
    + "just within it more.";
}
