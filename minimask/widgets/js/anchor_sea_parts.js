/** The anchor sea's elements: its controls, its chart of recipes, its table of levels. */
import { SEA } from "./anchor_sea_measures.js";
import { arrowPad, choice, commonParts, keysHelp, switched } from "./living_view.js";
import { element } from "./stage.js";
import { grouped } from "./thousands.js";

const QUESTION = "How many anchors lie over a picture, and does any of them fit this object?";
const KEYS = [
  ["arrows", "move the object"],
  ["Shift + arrows", "move its right and bottom sides"],
  ["Alt + ...", "the same in small steps"],
  ["W, A, S, D", "move the point from cell to cell of the dotted level"],
  ["B", "bring the point to the best anchor"],
  ["N, P", "take the next object, the previous one"],
  ["Escape", "start over"],
];
const HEADS = ["level", "stride", "size", "anchors", "best IoU", "dots"];

/** One recipe: its name, and its number of anchors as a bar and in figures. */
function recipeRow({ name, words }, group) {
  const parts = { name, bar: element("i"), count: element("b") };
  parts.input = element("input", { type: "radio", name: group, value: name });
  parts.root = element("label", { class: "mm-recipe", title: words }, parts.input, element("span", {}, name),
    element("span", { class: "mm-track" }, parts.bar), parts.count);
  return parts;
}

/** One level: whether its anchors are drawn, what they are, how well one of them fits, whether its centers are dotted. */
function levelRow(k, group) {
  const parts = {
    shown: element("input", { type: "checkbox" }),
    line: element("path", { d: "M2 8H30" }),
    dotted: element("input", { type: "radio", name: group, value: k }),
    name: element("span"), stride: element("td"), size: element("td"), count: element("td"),
    bar: element("i"), iou: element("b"),
  };
  const label = element("label", { class: "mm-switch" }, parts.shown,
    element("svg", { viewBox: "0 0 32 16", "aria-hidden": "true" }, parts.line), parts.name);
  parts.root = element("tr", {}, element("th", { scope: "row" }, label), parts.stride, parts.size, parts.count,
    element("td", {}, element("span", { class: "mm-fit" }, element("span", { class: "mm-track" }, parts.bar), parts.iou)),
    element("td", {}, element("label", { class: "mm-dotted" }, parts.dotted)));
  return parts;
}

/** How many anchors become one kind. */
function tally(kind, text) {
  const number = element("strong");
  return { number, root: element("span", { class: `mm-tally mm-${kind}` }, number, element("span", {}, text)) };
}

/** A threshold of the IoU. */
function threshold(text) {
  const parts = {
    input: element("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": text }), value: element("b"),
  };
  parts.root = element("label", { class: "mm-threshold" }, element("span", {}, text), parts.input, parts.value);
  return parts;
}

const sizeInWords = ([height, width]) => (height === width ? `${width}²` : `${width} × ${height}`);

/** All elements of the widget, by role. */
export function build(recipes, sizes, objects) {
  const group = (name) => `minimask-${name}-${Math.random().toString(36).slice(2)}`;
  const [ofRecipes, ofDots] = [group("recipe"), group("dots")];
  const most = Math.max(...recipes.map(({ levels }) => levels.length));
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    closeUp: element("canvas", { class: "mm-close-up", role: "img" }),
    size: choice("picture", sizes.map((size) => [size, sizeInWords(size)])),
    object: choice("object", objects.names.map((name) => [name, name])),
    toBest: element("button", { type: "button" }, "Point to best"), pad: arrowPad("object"),
    recipes: recipes.map((recipe) => recipeRow(recipe, ofRecipes)),
    levels: Array.from({ length: most }, (_, k) => levelRow(k, ofDots)),
    total: element("strong"), share: element("span"), words: element("span"), thinned: element("span"),
    place: element("span"), iou: element("strong"), verdict: element("span"),
    positive: tally("positive", "positive"), ignored: tally("ignored", "ignored"),
    negative: tally("negative", "negative"),
    foreground: threshold("positive from"), background: threshold("negative below"),
    lowQuality: element("input", { type: "checkbox" }),
    ...commonParts(),
  };
  parts.chart = element("div", { class: "mm-recipes", role: "radiogroup", "aria-label": "Recipe" },
    element("span", { class: "mm-sea", "aria-hidden": "true" }, element("span", {}, grouped(SEA))),
    ...parts.recipes.map(({ root }) => root));
  parts.table = element("tbody");
  const table = element("table", { class: "mm-levels", "aria-label": "Levels" },
    element("thead", {}, element("tr", {}, ...HEADS.map((text) => element("th", { scope: "col" }, text)))), parts.table);
  parts.root = element("section", { class: "minimask mm-anchor-sea", "aria-label": "The anchor sea" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-top" }, parts.size, parts.reset),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("div", { class: "mm-top mm-below" }, parts.object, parts.toBest),
        parts.pad.root,
        element("p", { class: "mm-note" }, parts.place),
        element("div", { class: "mm-answer" }, parts.closeUp,
          element("p", { class: "mm-best-iou" }, parts.iou, parts.verdict),
          element("div", { class: "mm-tallies" }, parts.positive.root, parts.ignored.root, parts.negative.root)),
        parts.foreground.root, parts.background.root,
        switched(parts.lowQuality, "low-quality rule: the best anchor is positive in any case")),
      parts.caption,
      element("div", { class: "mm-right" },
        element("p", { class: "mm-total" }, parts.total, " ", parts.share), parts.chart,
        element("p", { class: "mm-note" }, parts.words), table,
        element("p", { class: "mm-note" }, parts.thinned))),
    parts.status, keysHelp(KEYS));
  return parts;
}
