// The networks of a run, and what they say of an image: asked of the API, which asks a worker if it must.
import { getJson, openPrediction, send } from "./api.js";
import { PATIENCE_MS } from "./job_progress.js";

const lists = new Map(); // run id -> promise of its checkpoints

// Asked for once per page and run, and again after `forget`.
export function checkpointsOf(runId) {
  if (!lists.has(runId)) {
    const list = getJson(`/runs/${runId}/checkpoints`);
    lists.set(runId, list);
    list.catch(() => lists.delete(runId));
  }
  return lists.get(runId);
}

export function wordsOf(name) {
  const [role, number] = name.split("-");
  return name === "warm-up" ? "warm-up network" : `${role} of round ${number}`;
}

async function jobOf(runId, name) {
  lists.delete(runId);
  return (await checkpointsOf(runId)).find((checkpoint) => checkpoint.name === name)?.prediction ?? null;
}

function ask(runId, name, image) {
  return send(`/runs/${runId}/checkpoints/${name}/predictions`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ first_image: image }),
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What the network says of the label's image; asks it first where nobody has.
// `tell(words)` hears how far the job is, `wanted()` whether anybody still waits.
export async function predicted(label, name, tell, wanted) {
  let asked = false;
  for (;;) {
    try {
      return await openPrediction(label, name);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    const job = await jobOf(label.run_id, name);
    if (!wanted()) return null;
    const stopped = !job || ["failed", "canceled", "succeeded"].includes(job.state);
    if (stopped && asked && job?.state !== "succeeded") {
      throw Object.assign(new Error(job?.error ?? `Job ${job?.id} was canceled.`), { status: 0 });
    }
    if (stopped && !asked) await ask(label.run_id, name, label.name);
    asked ||= stopped;
    tell(`The ${wordsOf(name)} is being asked${job && !stopped ? `: ${job.done} of ${job.total} images` : ""} …`);
    await pause(PATIENCE_MS);
    if (!wanted()) return null;
  }
}
