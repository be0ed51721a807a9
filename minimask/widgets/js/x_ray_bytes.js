/** An examined picture as it travels to the browser: the same as `minimask/data/examined.py`. */
import { nested, opened } from "./blocks.js";

/** Everything about a picture, but for its image; every list has the order of Python's arrays. */
export function readPicture(/** @type {Uint8Array} */ bytes) {
  const { header, found } = opened(bytes);
  const list = (name) => nested(found[name]);
  return {
    ...header,
    objects: list("objects"),
    labels: list("labels"),
    masks: list("masks").map((mask) => mask.flat()),
    maps: header.strides.map((_, k) => list(`map${k}`)),
    objectness: header.strides.map((_, k) => list(`objectness${k}`)),
    anchors: list("anchors"),
    candidates: list("candidates"),
    levels: list("levels"),
    odds: list("odds"),
    classOdds: list("class_odds"),
    answers: {
      rois: list("answer_rois"), labels: list("answer_labels"), boxes: list("answer_boxes"), grids: list("answer_grids"),
    },
    grids: list("grids"),
    memory: new Map(),
  };
}
