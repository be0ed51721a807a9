/** The attack's numbers and words: the same as those of `minimask/widgets/attack_strength_measures.py`. */
import { nested, opened } from "./blocks.js";
import { maskFrom, readCrops } from "./crops.js";
import { counted, fixed } from "./decimals.js";

/** What is found with less than this score is not shown. */
const SURE = 0.5;
/** A mask is that of an object from this IoU on. */
const SAME = 0.5;
/** A mask leaks if as many pixels as this fraction of the object lie beside it. */
const MUCH = 0.25;
/** Scores are whole ten-thousandths. */
const SCORE_STEPS = 10000;
/** How an unchanged channel looks where changes are magnified. */
export const MIDDLE = 128;

/** An attacked picture: `minimask.data.attacked.AttackedPicture`, and what has become of its objects. */
export function readAttacked(/** @type {Uint8Array} */ bytes) {
  const { header, found } = opened(bytes);
  const masks = (name, percent) => readCrops(found, name).map((crop) => maskFrom(crop, percent));
  const picture = {
    ...header,
    labels: nested(found.labels),
    objects: masks("masks", 1),
    which: nested(found.which),
    changes: found.changes.shape[0] ? nested(found.changes).map((bits) => Uint8Array.from(bits)) : [],
    found: header.attacks.map((_, attack) => header.strengths.map((__, step) => {
      const at = `found_${attack}_${step}`;
      const scores = nested(found[`${at}_scores`]).map((score) => score / SCORE_STEPS);
      const [boxes, labels] = [nested(found[`${at}_boxes`]), nested(found[`${at}_labels`])];
      return { boxes, labels, scores, masks: masks(`${at}_masks`, 100) };
    })),
  };
  picture.outcomes = picture.found.map((row) => row.map((sighting) => outcome(picture, picture.target, sighting)));
  return picture;
}

const areaOf = ({ inside }) => inside.reduce((sum, is) => sum + is, 0);

/** How many pixels two masks share. */
function sharedBy(a, b) {
  const [left, top] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const [right, bottom] = [Math.min(a.x + a.width, b.x + b.width), Math.min(a.y + a.height, b.y + b.height)];
  let shared = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      shared += a.inside[(y - a.y) * a.width + x - a.x] & b.inside[(y - b.y) * b.width + x - b.x];
    }
  }
  return shared;
}

/** What the masks of a sighting share with an object. */
function overlaps({ objects }, m, { masks }) {
  const area = areaOf(objects[m]);
  const shared = masks.map((mask) => sharedBy(mask, objects[m]));
  const areas = masks.map(areaOf);
  return {
    area, shared,
    ious: shared.map((both, k) => both / Math.max(areas[k] + area - both, 1)),
    beside: shared.map((both, k) => areas[k] - both),
  };
}

/** What has become of an object. */
export function outcome(picture, m, sighting) {
  const { labels, scores } = sighting;
  const { area, shared, ious, beside } = overlaps(picture, m, sighting);
  const named = (k) => labels[k] === picture.labels[m];
  const first = (holds) => scores.findIndex((score, k) => holds(k, ious[k] >= SAME, score >= SURE));
  const own = first((k, there) => there && named(k));
  const covering = first((k, there, sure) => sure && 2 * shared[k] >= area);
  const other = first((k, there, sure) => there && sure && !named(k));
  const score = own < 0 ? 0 : scores[own];
  const [iou, leak] = covering < 0 ? [0, 0] : [ious[covering], beside[covering] / area];
  let fate = score >= SURE ? "found" : other < 0 ? "lost" : "taken";
  if (covering >= 0 && named(covering) && leak >= MUCH) fate = "leaking";
  return { score, iou, leak, covering, other, fate };
}

/** Everything that follows from a state. */
export function settle(pictures, { picture: number, attack, step }) {
  const picture = pictures[number];
  const sighting = picture.found[attack][step];
  const now = picture.outcomes[attack][step];
  const others = picture.labels.filter((_, m) => m !== picture.target
    && ["found", "leaking"].includes(outcome(picture, m, sighting).fate)).length;
  const shown = sighting.scores.flatMap((score, k) => (score >= SURE ? [k] : []));
  const ious = picture.labels.map((_, m) => overlaps(picture, m, sighting).ious);
  const right = shown.map((k) => (now.fate === "leaking" && now.covering === k)
    || picture.labels.some((label, m) => label === sighting.labels[k] && ious[m][k] >= SAME));
  const broken = picture.outcomes[attack].findIndex(({ fate }) => fate !== "found");
  return {
    sighting, now, others, shown, right,
    strength: picture.strengths[step],
    broken: broken < 0 ? null : picture.strengths[broken],
  };
}

/** How much larger a change is shown. */
export const factorOf = ({ strengths }) => Math.floor(MIDDLE / strengths.at(-1));

/** The pixels of a picture (red, green, blue, opacity, ...) under an attack, and the change, magnified. */
export function pixelsOf(picture, base, attack, step) {
  const strength = picture.strengths[step];
  const bits = strength ? picture.changes[picture.which[attack][step]] : null;
  const [seen, change] = [Uint8ClampedArray.from(base), Uint8ClampedArray.from(base)];
  const factor = factorOf(picture);
  for (let k = 0, channel = 0; k < base.length; k++) {
    if (k % 4 === 3) continue;
    if (bits) seen[k] = base[k] + (bits[channel >> 3] & (1 << (channel & 7)) ? strength : -strength);
    change[k] = MIDDLE + factor * (seen[k] - base[k]);
    channel++;
  }
  return { seen, change };
}

const percent = (share) => `${fixed(100 * share, 0)}%`;

/** What has become of the target in words. */
function fateOf(picture, { fate, score, iou, leak, covering, other }, attack, step) {
  const { scores, labels } = picture.found[attack][step];
  if (fate === "leaking") {
    return `found with ${percent(scores[covering])}, but with a mask that leaks, ${percent(leak)} of its area beside it, `
      + `IoU ${fixed(iou, 2)}`;
  }
  if (fate === "found") return `found with ${percent(score)}, mask IoU ${fixed(iou, 2)}`;
  const own = `(its own class has ${percent(score)})`;
  if (fate === "lost") return `not found ${own}`;
  return `taken for ${picture.names[labels[other] - 1]} with ${percent(scores[other])} ${own}`;
}

/** A state in words: the attack, its strength, and what it does. */
export function describe(pictures, state, { now, others, right, strength, broken }) {
  const picture = pictures[state.picture];
  const { attacks, wants, names, labels, target, outcomes, strengths } = picture;
  const { attack, step } = state;
  const start = fateOf(picture, outcomes[attack][0], attack, 0);
  let words = `Picture ${state.picture + 1} of ${pictures.length}, attack ${attack + 1} of ${attacks.length}: `
    + `${attacks[attack]}, so that ${wants[attack]}. `;
  const who = `Object ${target + 1}, ${names[labels[target] - 1]},`;
  if (!strength) words += `Strength 0, the picture as it is. ${who} is ${start}.`;
  else {
    words += `Strength ${strength}: every channel of every pixel moves by ${counted(strength, "level")} of 255, `
      + `${fixed((100 * strength) / 255, 1)}%. ${who} was ${start}, and is ${fateOf(picture, now, attack, step)}.`;
    const beside = attacks.flatMap((name, k) =>
      (k === attack ? [] : [`under ${name} it is ${fateOf(picture, outcomes[k][step], k, step)}`]));
    if (beside.length) words += ` At the same strength ${beside.join("; ")}.`;
  }
  const wrong = right.filter((is) => !is).length;
  const rest = labels.length - 1;
  words += rest ? ` Of ${counted(rest, "other object")} ${others} ${others === 1 ? "is" : "are"} found, and there` : " There";
  words += ` ${wrong === 1 ? "is" : "are"} ${counted(wrong, "false alarm")}.`;
  if (broken === null) return `${words} This attack fails at every strength up to ${strengths.at(-1)}.`;
  if (!broken) return `${words} It is not found even without an attack.`;
  return `${words} This attack first succeeds at strength ${broken}.`;
}
