/** The screen picker's numbers and words: the same as those of `minimask/widgets/screen_picker_measures.py`. */
import { counted, fixed } from "./decimals.js";

/** Who says what is on a page. */
export const VIEWS = { model: "the model", rules: "the edge rules", truth: "the page itself" };
/** From this share of its area inside of a panel on, an element is a part of it. */
const INSIDE = 0.9;

/** A share to two digits, cut off and not rounded: one below a threshold never reads as if it reached it. */
export const cut = (value) => (Math.floor(100 * value + 1e-6) / 100).toFixed(2);

const indices = (length) => Array.from({ length }, (_, k) => k);

/** The elements from a score on, the surest first. */
export const shownFrom = ({ scores }, score) => indices(scores.length).filter((k) => scores[k] >= 1000 * score - 1e-6);

/** What is said of how a page looks. */
export const looksOf = ({ theme, unseen }) => `${theme}, ${unseen ? "unseen" : "seen"} in training`;

/** The pages that a search lists: all its words are in what is said of how the page looks. */
export function listed(pages, /** @type {string} */ search) {
  const words = search.toLowerCase().split(/\s+/);
  return indices(pages.length).filter((k) => words.every((word) => looksOf(pages[k]).toLowerCase().includes(word)));
}

const areaOf = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
const firstOf = (...differences) => differences.find(Boolean) ?? 0;

/**
 * Elements as an outline, `{ element, parts }`, by what can be seen of them: each in the smallest panel that it is inside
 * of, in reading order. It is that of `minimask/screens/outline.py`.
 */
export function outlineOf({ boxes, labels }, /** @type {number[]} */ elements, /** @type {number} */ panel) {
  const panels = elements.filter((k) => labels[k] === panel);
  const parents = new Map(elements.map((k) => [k, parentOf(boxes, k, panels)]));
  const below = (parent) => readingOrder(boxes, elements.filter((k) => parents.get(k) === parent))
    .map((element) => ({ element, parts: below(element) }));
  return below(-1);
}

function parentOf(boxes, k, panels) {
  const [x1, y1, x2, y2] = boxes[k];
  const area = areaOf(boxes[k]);
  const holds = panels.filter((j) => {
    const [left, top, right, bottom] = boxes[j];
    const [width, height] = [Math.min(right, x2) - Math.max(left, x1), Math.min(bottom, y2) - Math.max(top, y1)];
    const larger = areaOf(boxes[j]) > area || (areaOf(boxes[j]) === area && j < k);
    return larger && j !== k && Math.max(width, 0) * Math.max(height, 0) >= INSIDE * area;
  });
  return holds.sort((a, b) => firstOf(areaOf(boxes[a]) - areaOf(boxes[b]), a - b))[0] ?? -1;
}

/**
 * Elements row by row, in a row from the left. The topmost begins a row; with it are all that share at least half of the
 * lower height with it.
 */
export function readingOrder(boxes, /** @type {number[]} */ elements) {
  let waiting = [...elements].sort((a, b) => firstOf(boxes[a][1] - boxes[b][1], boxes[a][0] - boxes[b][0], a - b));
  const order = [];
  while (waiting.length) {
    const [start] = waiting;
    const [, top, , bottom] = boxes[start];
    const row = new Set(waiting.filter((k) => {
      const shared = Math.min(bottom, boxes[k][3]) - Math.max(top, boxes[k][1]);
      return k === start || 2 * shared >= Math.min(bottom - top, boxes[k][3] - boxes[k][1]);
    }));
    waiting = waiting.filter((k) => !row.has(k));
    order.push(...[...row].sort((a, b) => boxes[a][0] - boxes[b][0])); // of equals the higher one stays first
  }
  return order;
}

/** The outline that a page itself states: in the order and inside of what its HTML says. */
function statedOutline({ parents }) {
  const below = (parent) => indices(parents.length).filter((k) => parents[k] === parent)
    .map((element) => ({ element, parts: below(element) }));
  return below(-1);
}

const walk = (nodes) => nodes.flatMap(({ element, parts }) => [element, ...walk(parts)]);

/**
 * How many elements were found from a score on, how many of them are right, and how many there are in truth. What is
 * hardly seen does not count.
 */
export function tally(pages, view, score) {
  const sum = { found: 0, right: 0, objects: 0 };
  for (const { views } of pages) {
    const rows = shownFrom(views[view], score);
    sum.found += rows.filter((k) => views[view].verdicts[k] >= 0).length;
    sum.right += rows.filter((k) => views[view].verdicts[k] === 1).length;
    sum.objects += views.truth.verdicts.filter((v) => v === 1).length;
  }
  return sum;
}

/** Precision and recall in words. */
export const precisionOf = ({ right, found }) => (found ? fixed(right / found, 2) : "–");
export const recallOf = ({ right, objects }) => (objects ? fixed(right / objects, 2) : "–");

/**
 * Everything that follows from a state. `names` are those of the classes, from label 1 on; `clickable` those of controls.
 * @param {{names: string[], clickable: string[]}} classes
 */
export function settle(pages, { names, clickable }, state) {
  const page = pages[state.page];
  const { [state.view]: elements, truth } = page.views;
  const shown = shownFrom(elements, state.score);
  const isTruth = state.view === "truth";
  const outline = isTruth ? statedOutline(page) : outlineOf(elements, shown, names.indexOf("panel") + 1);
  const order = walk(outline);
  const aims = order.filter((k) => clickable.includes(names[elements.labels[k] - 1]));
  const found = new Set(shown.filter((k) => elements.verdicts[k] === 1).map((k) => elements.objects[k]));
  return {
    page, elements, truth, shown, outline, order, aims,
    chosen: order.includes(state.element) ? state.element : -1,
    missed: indices(truth.labels.length).filter((k) => truth.verdicts[k] === 1 && !found.has(k)),
    hits: state.clicked.slice(0, aims.length).map((answer, k) => answer >= 0 && truth.labels[answer] === elements.labels[aims[k]]),
    here: tally([page], state.view, state.score),
    everywhere: tally(pages, state.view, state.score),
  };
}

// --- words

/** The part of a page where the middle of a box is. */
export function partOf([x1, y1, x2, y2], [height, width]) {
  const third = (middle, side) => Math.min(Math.max(Math.trunc((3 * middle) / side), 0), 2);
  const [column, row] = [third((x1 + x2) / 2, width), third((y1 + y2) / 2, height)];
  const across = ["left", "middle", "right"][column];
  return column === 1 && row === 1 ? across : `${["top", "middle", "bottom"][row]} ${across}`;
}

const article = (name) => `${"aeiou".includes(name[0]) ? "an" : "a"} ${name}`;
const plural = (count, name) => (count !== 1 && name.endsWith("x") ? `${count} ${name}es` : counted(count, name));

/** An element's role and place. */
export const described = (names, { elements, page }, k) =>
  `${names[elements.labels[k] - 1]}, ${partOf(elements.boxes[k], page.size)}`;

/** A true element by its class and what the page calls it. */
function trueName(names, { page, truth }, k) {
  const name = page.names[k];
  return article(names[truth.labels[k] - 1]) + (name ? ` “${name}”` : "");
}

/** How sure and how right an element is. */
export function verdict(names, settled, view, k) {
  const { elements } = settled;
  const hardly = elements.verdicts[k] < 0 ? ", hardly seen: it does not count" : "";
  if (view === "truth") return `it is ${trueName(names, settled, k)}${hardly}`;
  const said = `score ${cut(elements.scores[k] / 1000)}, `;
  const [other, iou] = [elements.objects[k], cut(elements.ious[k])];
  if (elements.verdicts[k] === 1 || hardly) return `${said}IoU ${iou} with ${trueName(names, settled, other)}${hardly}`;
  if (other < 0) return `${said}a false alarm on nothing at all`;
  return `${said}a false alarm: IoU ${iou} at most, with ${trueName(names, settled, other)}`;
}

/** A state in words: what is found and how well, the chosen element, and what the clicks hit. */
export function describe(pages, names, state, settled) {
  const { order, aims, chosen, hits, truth } = settled;
  let words = `Page ${state.page + 1} of ${pages.length}, ${looksOf(settled.page)}. ${foundInWords(names, state, settled)}`;
  if (chosen >= 0) {
    words += ` Chosen is number ${order.indexOf(chosen) + 1} of ${order.length} in the outline, `
      + `${described(names, settled, chosen)}: ${verdict(names, settled, state.view, chosen)}.`;
  }
  if (hits.length) {
    const hit = hits.filter(Boolean).length;
    const misses = hits.length - hit;
    words += ` Clicked on the live page: ${hits.length} of ${plural(aims.length, "control")}, of which ${hit} `
      + `hit what was found and ${misses} ${misses === 1 ? "misses" : "miss"} it.`;
  }
  if (state.moved[0]) {
    const [count, most] = state.moved;
    words += ` Fonts differ here: on the live page ${count} of ${plural(truth.labels.length, "element")} `
      + `${count === 1 ? "lies" : "lie"} up to ${fixed(most, 1)} px beside the recorded place.`;
  }
  return words;
}

function foundInWords(names, { view, score }, { truth, order, here, everywhere }) {
  if (view === "truth") {
    const classes = names.flatMap((name, k) => {
      const count = truth.labels.filter((label) => label === k + 1).length;
      return count ? [plural(count, name)] : [];
    });
    const hardly = truth.verdicts.filter((v) => v < 0).length;
    const listed = classes.length ? `: ${classes.join(", ")}` : "";
    const more = hardly ? `; ${hardly} hardly seen` : "";
    return `The page itself has ${plural(truth.labels.length, "element")}${listed}${more}.`;
  }
  const who = VIEWS[view];
  const spared = order.length - here.found;
  const more = spared ? `; ${spared} more on what is hardly seen` : "";
  return `From score ${fixed(score, 2)} on ${who} ${who.endsWith("s") ? "find" : "finds"} `
    + `${plural(here.found, "element")}: ${here.right} right, ${plural(here.found - here.right, "false alarm")}, and `
    + `${here.objects - here.right} of ${here.objects} missed${more}. `
    + `Precision ${precisionOf(here)}, recall ${recallOf(here)}; `
    + `over all pages ${precisionOf(everywhere)} and ${recallOf(everywhere)}.`;
}
