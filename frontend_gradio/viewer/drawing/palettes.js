// Colours of classes. The class set's own are the field's convention; the others are for other eyes.

const CITYSCAPES = {
  road: [128, 64, 128], sidewalk: [244, 35, 232], building: [70, 70, 70], wall: [102, 102, 156],
  fence: [190, 153, 153], pole: [153, 153, 153], "traffic light": [250, 170, 30], "traffic sign": [220, 220, 0],
  sign: [220, 220, 0], vegetation: [107, 142, 35], tree: [107, 142, 35], terrain: [152, 251, 152], sky: [70, 130, 180],
  person: [220, 20, 60], pedestrian: [220, 20, 60], rider: [255, 0, 0], bicyclist: [255, 0, 0], car: [0, 0, 142],
  truck: [0, 0, 70], bus: [0, 60, 100], train: [0, 80, 100], motorcycle: [0, 0, 230], bicycle: [119, 11, 32],
};

// Apart in lightness as well as in hue (Okabe and Ito's eight, then Tol's), so that neighbours in the list stay
// apart for eyes that mix up red and green.
const COLOUR_BLIND_SAFE = [
  [0, 114, 178], [240, 228, 66], [90, 90, 90], [230, 159, 0], [204, 121, 167], [240, 240, 240], [213, 94, 0],
  [255, 174, 201], [0, 158, 115], [153, 221, 187], [86, 180, 233], [136, 34, 85], [255, 110, 60], [20, 40, 120],
  [170, 170, 0], [51, 187, 238], [160, 120, 200], [110, 60, 20], [200, 230, 255], [60, 110, 60],
];

export const PALETTES = [["own", "Class set"], ["cityscapes", "Cityscapes"], ["colour-blind", "Colour-blind safe"]];

// Colours [r, g, b], one per class of the class set.
export function coloursOf(palette, space) {
  if (palette === "cityscapes") {
    return space.classes.map((name, id) => CITYSCAPES[name.toLowerCase().replaceAll("_", " ")] ?? space.colours[id]);
  }
  if (palette === "colour-blind") {
    return space.classes.map((_, id) => COLOUR_BLIND_SAFE[id % COLOUR_BLIND_SAFE.length]);
  }
  return space.colours;
}
