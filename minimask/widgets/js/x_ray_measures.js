/** The X-ray's numbers and words: the same as those of `minimask/widgets/x_ray_measures.py`. */
import { counted, fixed, signed, trimmed } from "./decimals.js";
import { axisSamples, axisWeights, binEdges, largestCell, roiAlign, roundHalfAway } from "./roi.js";
import { grouped } from "./thousands.js";

/** The stages of the machine, and what they are called. */
export const STAGES = {
  picture: "picture",
  features: "features",
  objectness: "objectness",
  proposals: "proposals",
  levels: "levels",
  rois: "RoIs",
  classes: "classes",
  boxes: "boxes",
  masks: "masks",
  detections: "detections",
};

/** From which IoU on a box or a mask finds an object. */
const FOUND = 0.5;
/** The least side of an answer's box, in pixels. */
const LEAST_SIDE = 1e-2;
/** How much less than the threshold a mask may say of a pixel: sums are rounded. */
const HAIR = 1e-9;

export const probability = (odds) => 1 / (1 + Math.exp(-odds));

/** The IoU of two boxes; 0 if neither has an area. */
export function iou(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared);
}

/** What was worked out before for a picture is not worked out again, as long as there is room. */
export function remembered(picture, key, make) {
  const { memory } = picture;
  if (!memory.has(key)) {
    if (memory.size > 600) memory.clear();
    memory.set(key, make());
  }
  return memory.get(key);
}

/** NMS in groups: of rows that come best first those that are left, and for each other the row that it gave way to. */
function suppress(rows, boxOf, groupOf, threshold) {
  const [kept, groups, winners] = [[], new Map(), new Map()];
  for (const row of rows) {
    const group = groups.get(groupOf(row)) ?? [];
    const winner = group.find((other) => iou(boxOf(other), boxOf(row)) > threshold);
    if (winner !== undefined) winners.set(row, winner);
    else {
      groups.set(groupOf(row), group);
      group.push(row);
      kept.push(row);
    }
  }
  return { kept, winners };
}

const numbers = (length) => Array.from({ length }, (_, k) => k);

/** Everything about a picture that no threshold changes. */
export function lookAt(picture) {
  return remembered(picture, "look", () => {
    const { candidates, objects, answers, classOdds, strides, machine } = picture;
    const oddsOf = answers.rois.map((roi, k) => classOdds[roi][answers.labels[k]]);
    const likeliest = [];
    answers.rois.forEach((roi, k) => {
      if (likeliest[roi] === undefined || oddsOf[k] > oddsOf[likeliest[roi]]) likeliest[roi] = k;
    });
    const lowest = Math.log2(strides[0]);
    return {
      oddsOf,
      likeliest,
      reach: candidates.map((box) => objects.map((object) => iou(box, object))),
      order: numbers(candidates.length).sort((a, b) => picture.odds[b] - picture.odds[a]),
      answerOrder: numbers(oddsOf.length).sort((a, b) => oddsOf[b] - oddsOf[a]),
      roiLevels: candidates.map((box) =>
        Math.min(Math.max(levelAsked(box, machine) - lowest, 0), strides.length - 1)),
    };
  });
}

const sideOf = ([x1, y1, x2, y2]) => Math.sqrt((x2 - x1) * (y2 - y1));

function levelAsked(box, { canonical_level: level, canonical_size: size }) {
  return Math.floor(level + Math.log2(Math.max(sideOf(box), 1e-6) / size) + 1e-6);
}

/** The first stage: candidates that are likely enough, those that NMS leaves, and the proposals, the best first. */
function propose(picture, { objectness, proposal_nms: threshold }) {
  return remembered(picture, `proposals ${objectness} ${threshold}`, () => {
    const scored = lookAt(picture).order.filter((k) => probability(picture.odds[k]) >= objectness);
    const { kept, winners } = suppress(scored, (k) => picture.candidates[k], (k) => picture.levels[k], threshold);
    return { scored, kept, winners, proposals: kept.slice(0, picture.machine.proposals) };
  });
}

/** The second stage: the answers that are left, the surest first. */
function detect(picture, state, proposals) {
  const { objectness, proposal_nms: first, score, detection_nms: threshold } = state;
  return remembered(picture, `detections ${objectness} ${first} ${score} ${threshold}`, () => {
    const { rois, labels, boxes } = picture.answers;
    const { oddsOf, answerOrder } = lookAt(picture);
    const among = new Set(proposals);
    const rows = answerOrder.filter((k) => {
      const [x1, y1, x2, y2] = boxes[k];
      return probability(oddsOf[k]) > score && among.has(rois[k]) && x2 - x1 >= LEAST_SIDE && y2 - y1 >= LEAST_SIDE;
    });
    return suppress(rows, (k) => boxes[k], (k) => labels[k], threshold).kept.slice(0, picture.machine.detections);
  });
}

/** The first pixel that an axis of a mask reaches, and the weight of each cell for each pixel. */
function reachOf(low, high, pixels, cells, published) {
  const side = Math.max(high - low, 1e-6);
  const reach = side / cells / 2;
  const first = Math.max(published ? low : Math.floor(low - reach), 0);
  const last = Math.min(published ? high + 1 : Math.ceil(high + reach), pixels);
  const scale = cells / (published ? Math.max(high - low + 1, 1) : side);
  const weights = Array.from({ length: Math.max(last - first, 0) }, (_, k) => {
    let position = (first + k + 0.5 - low) * scale - 0.5;
    if (published) position = Math.min(Math.max(position, 0), cells - 1);
    return numbers(cells).map((cell) => Math.max(1 - Math.abs(position - cell), 0));
  });
  return { first, weights };
}

/** What a mask says about every pixel of a picture, row by row: `minimask.model.paste.paste_masks` for one mask. */
export function paste(grid, box, [height, width], convention) {
  const published = convention === "published";
  let [x1, y1, x2, y2] = box;
  if (published) {
    const grow = 0.5 * ((grid.length + 2) / grid.length);
    const [across, down, x, y] = [(x2 - x1) * grow, (y2 - y1) * grow, (x2 + x1) * 0.5, (y2 + y1) * 0.5];
    [x1, y1, x2, y2] = [x - across, y - down, x + across, y + down].map(Math.trunc);
    const zeros = new Array(grid.length + 2).fill(0);
    grid = [zeros, ...grid.map((row) => [0, ...row, 0]), zeros];
  }
  const rows = reachOf(y1, y2, height, grid.length, published);
  const columns = reachOf(x1, x2, width, grid.length, published);
  const pasted = new Float64Array(height * width);
  const dot = (a, b) => a.reduce((sum, v, k) => (v ? sum + v * b[k] : sum), 0);
  rows.weights.forEach((down, i) => {
    const row = grid[0].map((_, j) => down.reduce((sum, v, k) => (v ? sum + v * grid[k][j] : sum), 0));
    columns.weights.forEach((across, j) => {
      pasted[(rows.first + i) * width + columns.first + j] = dot(across, row);
    });
  });
  return pasted;
}

/** The pixels of an answer's mask at the threshold, or null where no mask was recorded. */
export function maskOf(picture, state, answer) {
  const { boxes, grids } = picture.answers;
  if (grids[answer] < 0) return null;
  const { paste: convention, mask_threshold: threshold } = state;
  const said = remembered(picture, `paste ${answer} ${convention}`, () =>
    paste(picture.grids[grids[answer]], boxes[answer], picture.size, convention));
  return remembered(picture, `mask ${answer} ${convention} ${threshold}`, () =>
    said.map((value) => (value >= threshold - HAIR ? 1 : 0)));
}

/** The IoU of an answer's mask with an object's. */
export function overlap(picture, state, answer, object) {
  const mask = maskOf(picture, state, answer);
  if (!mask || object < 0) return 0;
  return remembered(picture, `overlap ${answer} ${object} ${state.paste} ${state.mask_threshold}`, () => {
    const truth = picture.masks[object];
    let [both, either] = [0, 0];
    for (let k = 0; k < mask.length; k++) {
      both += mask[k] & truth[k];
      either += mask[k] | truth[k];
    }
    return either ? both / either : 0;
  });
}

const firstBest = (values) => values.reduce((best, v, k) => (best < 0 || v > values[best] ? k : best), -1);

/** What becomes of each detection when it is held against the truth, the surest first. */
function judge(picture, state, detections) {
  const taken = new Set();
  return detections.map((answer) => {
    const same = picture.labels.flatMap((label, m) => (label === picture.answers.labels[answer] ? [m] : []));
    const ious = same.map((m) => overlap(picture, state, answer, m));
    const best = firstBest(ious);
    const found = best < 0 ? { object: -1, iou: 0 } : { object: same[best], iou: ious[best] };
    const right = found.iou >= FOUND && !taken.has(found.object);
    if (right) taken.add(found.object);
    return { ...found, right };
  });
}

/** Everything that follows from a state. */
export function settle(picture, state) {
  const { reach, likeliest, roiLevels } = lookAt(picture);
  const first = propose(picture, state);
  const detections = detect(picture, state, first.proposals);
  return {
    ...first,
    detections,
    verdicts: judge(picture, state, detections),
    best: picture.objects.map((_, m) => first.proposals.reduce((most, k) => Math.max(most, reach[k][m]), 0)),
    rank: first.proposals.indexOf(state.roi),
    object: firstBest(reach[state.roi]),
    answer: likeliest[state.roi],
    level: roiLevels[state.roi],
  };
}

/** How many objects the proposals find. */
export const recall = ({ best }, threshold) => best.filter((value) => value >= threshold).length;

/** What RoIAlign and RoIPool read from the chosen map in the chosen RoI. */
export function pooled(picture, state, { level }) {
  const { bins, sampling_ratio: ratio, aligned } = picture.machine;
  const [features, stride, box] = [picture.maps[level][state.map], picture.strides[level], picture.candidates[state.roi]];
  const axis = (k, size) => {
    const first = roundHalfAway(box[k] / stride);
    const extent = Math.max(roundHalfAway(box[k + 2] / stride) - first + 1, 1);
    const samples = axisSamples(box[k], box[k + 2], size, bins, 1 / stride, ratio, aligned);
    const edges = numbers(bins).map((p) => binEdges(first, extent, p, bins, size));
    return { weights: axisWeights(samples, size), edges, ends: [first * stride, (first + extent) * stride] };
  };
  const [x, y] = [axis(0, features[0].length), axis(1, features.length)];
  const snapped = [x.ends[0], y.ends[0], x.ends[1], y.ends[1]];
  const values = features.flat();
  return {
    align: roiAlign(features, y.weights, x.weights),
    pool: y.edges.map((rows) => x.edges.map((columns) => largestCell(features, rows, columns).value)),
    snapped,
    shifts: snapped.map((side, k) => side - box[k]),
    limits: [Math.min(...values), Math.max(...values)],
  };
}

/** The mean IoU of proposals on objects before and after the second stage moved them, and their number. */
export function refinement(picture, { proposals }) {
  const { reach, likeliest } = lookAt(picture);
  const on = proposals.filter((k) => Math.max(...reach[k], 0) >= FOUND);
  const pairs = on.map((k) => [k, firstBest(reach[k])]);
  const moved = pairs.map(([k, m]) => iou(picture.answers.boxes[likeliest[k]], picture.objects[m]));
  return { before: mean(pairs.map(([k, m]) => reach[k][m])), after: mean(moved), count: on.length };
}

const mean = (values) => (values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : 0);

/** The cells of the shown map, those with their middle in the chosen RoI first, and the others. */
export function splitMap(picture, { level, map, roi }) {
  const [stride, [x1, y1, x2, y2]] = [picture.strides[level], picture.candidates[roi]];
  const [inside, outside] = [[], []];
  picture.maps[level][map].forEach((row, i) => row.forEach((value, j) => {
    const [x, y] = [(j + 0.5) * stride, (i + 0.5) * stride];
    (y >= y1 && y < y2 && x >= x1 && x < x2 ? inside : outside).push(value);
  }));
  return [inside, outside];
}

// --- words

export const percent = (value) => `${fixed(100 * value, 0)}%`;

/** An object with its number. */
const named = ({ names, labels }, m) => `${m + 1} (${names[labels[m]]})`;

/** The chosen RoI by its place, or what became of it. */
function theRoi({ candidates }, { roi }, { rank, proposals }) {
  const [x1, y1, x2, y2] = candidates[roi];
  const size = `${fixed(x2 - x1, 0)} x ${fixed(y2 - y1, 0)} px`;
  if (rank >= 0) return `RoI ${rank + 1} of ${proposals.length} (${size})`;
  return `The chosen box (${size}; no proposal now)`;
}

/** What a map shows. */
export function mapName({ shown, machine }, map) {
  return map ? `channel ${shown[map - 1]}` : `the length over all ${machine.channels} channels`;
}

/** What the first stage made of the chosen RoI. */
function fate(picture, state, settled) {
  const sure = (k) => percent(probability(picture.odds[k]));
  const words = `${theRoi(picture, state, settled)} has`;
  if (settled.rank >= 0) return `${words} ${sure(state.roi)}.`;
  if (!settled.scored.includes(state.roi)) return `${words} only ${sure(state.roi)}.`;
  const winner = settled.winners.get(state.roi);
  if (winner === undefined) return `${words} ${sure(state.roi)}: others are surer.`;
  const shared = fixed(iou(picture.candidates[winner], picture.candidates[state.roi]), 2);
  return `${words} ${sure(state.roi)}, and gave way to a box with ${sure(winner)} that it overlaps by ${shared}.`;
}

const WORDS = {
  picture(picture, state, settled) {
    const { size: [height, width], objects } = picture;
    const words = `${width} x ${height} pixels`;
    if (settled.object < 0) return `${words}. Nothing is known of what is in it.`;
    return `${words} with ${counted(objects.length, "object")}: ${objects.map((_, m) => named(picture, m)).join(", ")}. `
      + `${theRoi(picture, state, settled)} overlaps ${named(picture, settled.object)} best: `
      + `IoU ${fixed(lookAt(picture).reach[state.roi][settled.object], 2)}.`;
  },
  features(picture, state, settled) {
    const rows = picture.maps[state.level][state.map];
    const values = rows.flat();
    const [inside, outside] = splitMap(picture, state);
    const roi = theRoi(picture, state, settled);
    const words = `Stride ${picture.strides[state.level]}: ${rows[0].length} x ${rows.length} cells. `
      + `Shown is ${mapName(picture, state.map)}, `
      + `from ${fixed(Math.min(...values), 2)} to ${fixed(Math.max(...values), 2)}.`;
    if (!inside.length || !outside.length) return `${words} ${roi} holds ${inside.length ? "every" : "no"} cell's middle.`;
    return `${words} On the mean ${fixed(mean(inside), 2)} in the ${counted(inside.length, "cell")} of ${roi}, `
      + `and ${fixed(mean(outside), 2)} elsewhere.`;
  },
  objectness(picture, state, settled) {
    const odds = picture.objectness[state.level].flat();
    const form = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1];
    const [ax, ay, aw, ah] = form(picture.anchors[state.roi]);
    const [x, y, w, h] = form(picture.candidates[state.roi]);
    return `Stride ${picture.strides[state.level]}: ${odds.filter((v) => v > 0).length} of ${odds.length} cells say that `
      + `an object is likelier than not, the surest ${percent(probability(Math.max(...odds)))}. `
      + `${theRoi(picture, state, settled)} comes from an anchor of ${fixed(aw, 0)} x ${fixed(ah, 0)} px, `
      + `stride ${picture.strides[picture.levels[state.roi]]}, of which the network says `
      + `${percent(probability(picture.odds[state.roi]))}: it was moved by ${signed(x - ax, 1)} and `
      + `${signed(y - ay, 1)} px, and stretched to ${percent(w / aw)} and ${percent(h / ah)}.`;
  },
  proposals(picture, state, settled) {
    const { machine, candidates, objects } = picture;
    let words = `Of ${grouped(machine.anchors)} anchors the best of each level are candidates: `
      + `${grouped(candidates.length)}. ${grouped(settled.scored.length)} of them reach ${percent(state.objectness)}, `
      + `NMS at IoU ${fixed(state.proposal_nms, 2)} leaves ${grouped(settled.kept.length)}, and the first `
      + `${grouped(settled.proposals.length)} are proposals.`;
    if (settled.object >= 0) {
      words += ` They find ${recall(settled, 0.5)} of ${counted(objects.length, "object")} at IoU 0.5 and `
        + `${recall(settled, 0.7)} at 0.7.`;
    }
    return `${words} ${fate(picture, state, settled)}`;
  },
  levels(picture, state, settled) {
    const { machine, strides } = picture;
    const counts = levelCounts(picture, settled);
    const box = picture.candidates[state.roi];
    const [side, stride] = [fixed(sideOf(box), 1), strides[settled.level]];
    return `Of ${counted(settled.proposals.length, "proposal")} `
      + `${counts.map((count, k) => `${count} from stride ${strides[k]}`).join(", ")}. `
      + `${theRoi(picture, state, settled)} has the area of a square of ${side} px: `
      + `level floor(${machine.canonical_level} + log2(${side} / ${trimmed(machine.canonical_size, 2)})) = `
      + `${levelAsked(box, machine)}, so it is read from stride ${stride}, where it covers `
      + `${fixed((box[2] - box[0]) / stride, 1)} x ${fixed((box[3] - box[1]) / stride, 1)} cells.`;
  },
  rois(picture, state, settled) {
    const { bins } = picture.machine;
    const { align, pool, shifts, limits: [low, high] } = pooled(picture, state, settled);
    const gap = mean(align.flatMap((row, p) => row.map((value, q) => Math.abs(value - pool[p][q]))));
    return `${theRoi(picture, state, settled)} becomes ${bins} x ${bins} numbers of every channel of stride `
      + `${picture.strides[settled.level]}. RoIAlign reads between the cells; RoIPool rounds: its left, top, right and `
      + `bottom are ${shifts.map((shift) => signed(shift, 1)).join(", ")} px off. `
      + `In ${mapName(picture, state.map)} the two differ by ${fixed(gap, 2)} on the mean, `
      + `${percent(gap / Math.max(high - low, 1e-12))} of what the map spans.`;
  },
  classes(picture, state, settled) {
    const { names, classOdds, labels } = picture;
    const odds = classOdds[state.roi];
    const order = numbers(odds.length).sort((a, b) => odds[b] - odds[a]);
    const said = order.slice(0, 3).map((k) => `${names[k]} ${percent(probability(odds[k]))}`).join(", ");
    let words = `${theRoi(picture, state, settled)}: ${said}.`;
    if (settled.object >= 0) {
      const reach = lookAt(picture).reach[state.roi][settled.object];
      const truth = reach >= FOUND ? labels[settled.object] : 0;
      words += ` In truth: ${names[truth]} (IoU ${fixed(reach, 2)} with ${named(picture, settled.object)}), so that is `
        + `${order[0] === truth ? "right" : "wrong"}.`;
    }
    const ground = settled.proposals.filter((k) => firstBest(classOdds[k]) === 0).length;
    return `${words} Of ${counted(settled.proposals.length, "proposal")} ${ground} are taken for background.`;
  },
  boxes(picture, state, settled) {
    const [from, to] = [picture.candidates[state.roi], picture.answers.boxes[settled.answer]];
    const words = `${theRoi(picture, state, settled)}, taken for ${labelOf(picture, settled.answer)}: `
      + `left, top, right and bottom move by ${to.map((side, k) => signed(side - from[k], 1)).join(", ")} px.`;
    if (settled.object < 0) return words;
    const object = picture.objects[settled.object];
    const one = `${words} Its IoU with ${named(picture, settled.object)} goes from ${fixed(iou(from, object), 2)} to `
      + `${fixed(iou(to, object), 2)}.`;
    const { before, after, count } = refinement(picture, settled);
    if (!count) return `${one} No proposal overlaps an object by ${FOUND}.`;
    return `${one} On the mean over the ${counted(count, "proposal")} that overlap an object by at least ${FOUND}, `
      + `it goes from ${fixed(before, 2)} to ${fixed(after, 2)}.`;
  },
  masks(picture, state, settled) {
    const { answer, object } = settled;
    const sure = percent(probability(lookAt(picture).oddsOf[answer]));
    const [roi, label] = [theRoi(picture, state, settled), labelOf(picture, answer)];
    const row = picture.answers.grids[answer];
    if (row < 0) {
      return `${roi} is taken for ${label} with ${sure} only: no mask of it was recorded. Choose a surer one.`;
    }
    const grid = picture.grids[row];
    const over = grid.flat().filter((value) => value >= state.mask_threshold - HAIR).length;
    const words = `${roi}, taken for ${label} (${sure}): ${over} of ${grid.length} x ${grid.length} cells reach `
      + `${percent(state.mask_threshold)}.`;
    if (object < 0) return words;
    return `${words} Pasted into the picture, mask IoU ${fixed(overlap(picture, state, answer, object), 2)} with `
      + `${named(picture, object)}.`;
  },
  detections(picture, state, settled) {
    const { detections, verdicts, object } = settled;
    let words = `Scores above ${percent(state.score)}, NMS in each class at IoU ${fixed(state.detection_nms, 2)}: `
      + `${counted(detections.length, "detection")}.`;
    if (object >= 0) {
      const right = verdicts.filter((verdict) => verdict.right);
      words += ` ${right.length} of ${counted(picture.objects.length, "object")} found at mask IoU ${FOUND}, and `
        + `${counted(verdicts.length - right.length, "false alarm")}.`;
      const pasted = state.paste === "published" ? "as published" : "aligned";
      const ious = fixed(mean(right.map((verdict) => verdict.iou)), 3);
      if (right.length) words += ` Pasted ${pasted}, their masks have IoU ${ious} on the mean.`;
    }
    const unseen = detections.filter((answer) => picture.answers.grids[answer] < 0).length;
    if (unseen) words += ` Of ${counted(unseen, "detection")} no mask was recorded.`;
    const roi = theRoi(picture, state, settled);
    const place = detections.findIndex((answer) => picture.answers.rois[answer] === state.roi);
    if (place < 0) return `${words} ${roi} is none of them.`;
    const sure = percent(probability(lookAt(picture).oddsOf[detections[place]]));
    return `${words} ${roi} is number ${place + 1}, ${labelOf(picture, detections[place])} with ${sure}.`;
  },
};

export const labelOf = ({ names, answers }, answer) => names[answers.labels[answer]];

/** How many proposals are read from each level. */
export function levelCounts(picture, { proposals }) {
  const { roiLevels } = lookAt(picture);
  return picture.strides.map((_, level) => proposals.filter((k) => roiLevels[k] === level).length);
}

/** A state in words: the stage, what it does to the chosen RoI, and how well. */
export function describe(picture, state, settled) {
  const names = Object.keys(STAGES);
  const number = names.indexOf(state.stage) + 1;
  return `${number} of ${names.length}, ${STAGES[state.stage]}. ${WORDS[state.stage](picture, state, settled)}`;
}
