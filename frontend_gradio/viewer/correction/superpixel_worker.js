// Superpixels off the page's thread: they take a second or two.
import { superpixels } from "./superpixels.js";

self.addEventListener("message", ({ data }) => {
  const numbers = superpixels(data.rgba, data.width, data.height, data.size);
  self.postMessage({ id: data.id, numbers }, [numbers.buffer]);
});
