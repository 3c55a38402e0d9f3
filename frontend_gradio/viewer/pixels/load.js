// Label pixels through two workers: the label that is asked for does not wait behind a prefetched one.

const WORKERS = 2;
let workers = null;
const waiting = new Map(); // request id -> { resolve, worker }
let last = 0;

function start() {
  return Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.busy = 0;
    worker.addEventListener("message", ({ data }) => {
      worker.busy--;
      waiting.get(data.id)(data);
      waiting.delete(data.id);
    });
    return worker;
  });
}

// -> { arrays } or { status, detail } of an error.
export function loadPixels(url, classes, K) {
  workers ??= start();
  const worker = workers.reduce((least, next) => (next.busy < least.busy ? next : least));
  const id = ++last;
  worker.busy++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, url, classes, K });
  });
}
