// Which label to look at: an unreviewed one that nobody else is looking at.
import { claimNext, getJson, labelPage, newestRound } from "./api.js";

const FORBIDDEN = 403;

// Whether its labels can be decided on.
export function inReview(round) { return ["labelling", "reviewing"].includes(round.state); }

// Null when there is none, or the person may only look.
async function claimed(roundId, options) {
  try {
    return await claimNext(roundId, options);
  } catch (error) {
    if (error.status === FORBIDDEN) return null;
    throw error;
  }
}

// Behind label `after`, then from the start again: somebody may have let go of one.
export async function nextFree(roundId, sort, after) {
  const next = (await claimed(roundId, { sort, after })) ?? (await claimed(roundId, { sort }));
  return next?.id === after ? null : next;
}

// The label to begin with: a free one, else an unreviewed one, else the first of all.
export async function firstLabelId(named) {
  const round = named ? await getJson(`/rounds/${named}`) : await newestRound();
  if (!round) return null;
  const free = inReview(round) ? await claimed(round.id) : null;
  if (free) return free.id;
  const waiting = await labelPage(round.id, { status: "unreviewed", limit: 1 });
  return (waiting.items[0] ?? (await labelPage(round.id, { limit: 1 })).items[0])?.id ?? null;
}
