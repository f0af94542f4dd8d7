// Lays the provider's bill beside the gateway's ledger.
import assert from "node:assert/strict";

import { CREDIT, eventually } from "./demo.mjs";

/**
 * Everything is settled, the ledger agrees with itself, and what the provider would invoice for this user is what the
 * user was charged for. `before` is how long the bill was when the test began; `lost` are the lines that the platform
 * pays, because what the provider made never arrived whole.
 */
export async function checkBooks(demo, user, before, granted, lost = []) {
  await eventually(async () => (await demo.balance(user)).held === 0, "nothing is held any more", 60_000);
  const audit = await demo.audit();
  assert.deepEqual([audit.ok, audit.problems], [true, []], "the ledger agrees with itself");

  const charges = await demo.charges(user);
  const billed = (await demo.bill()).slice(before).filter((item) => item.billed);
  const charged = charges.filter((charge) => charge.charged > 0);
  assert.deepEqual([...charged.map(line), ...lost].sort(), billed.map(line).sort(), "the bill equals the ledger");
  for (const charge of charged) {
    assert.ok(charge.charged <= charge.held, `charged ${charge.charged} of a hold of ${charge.held}`);
    const own = charge.kind !== "image" && billed.find((item) => item.id === charge.upstream_id);
    if (own && charge.kind === "chat") checkTokens(charge, own);
    assert.equal(charge.charged, await price(demo, user, charge), `the price of ${charge.model}`);
  }
  const sum = charged.reduce((sum, charge) => sum + charge.charged, 0);
  const { available } = await demo.balance(user);
  assert.equal(granted - available, sum, "the balance fell by what was charged");
}

/** A line of either side, without what only one of them knows. */
function line(entry) {
  // A model that hears is paid by tokens, as a chat is.
  if (entry.kind === "chat" || entry.upstream_id?.startsWith("chatcmpl-")) return `chat ${entry.model} ${entry.upstream_id ?? entry.id}`;
  return `${SORTS[entry.kind] ?? entry.kind} ${entry.model} ${amount(entry)}`;
}

/** The ledger has one word for what the bill has two for. */
const SORTS = { speech: "audio", transcription: "audio" };

function amount(entry) {
  if (entry.kind === "image") return `${entry.images} of ${entry.size}`;
  if (entry.kind === "video") return `${entry.seconds} s of ${entry.resolution}`;
  // Speech is paid by what was read, a recording by how long it is.
  return entry.characters ? `${entry.characters} characters` : `${entry.audio_ms} ms`;
}

function checkTokens(charge, item) {
  const tokens = ({ prompt_tokens, completion_tokens }) => [prompt_tokens, completion_tokens];
  // Where a stream broke off the provider sent no count, so the gateway has counted what went through it.
  if (!charge.estimated) assert.deepEqual(tokens(charge), tokens(item), "tokens on the bill and in the ledger");
}

async function price(demo, user, charge) {
  const { price } = (await demo.model(user, charge.model)).triptych;
  if (price.unit === "tokens") {
    const parts = charge.prompt_tokens * price.input + charge.completion_tokens * price.output;
    return Math.ceil(parts / 1_000_000);
  }
  if (price.unit === "characters") return Math.ceil((charge.characters * price.credits) / 1_000_000);
  if (price.unit === "minute") return Math.ceil((charge.audio_ms * price.credits) / 60_000);
  const [list, value, count] =
    price.unit === "image"
      ? [price.sizes, charge.size, charge.images]
      : [price.resolutions, charge.resolution, charge.seconds];
  return list.find((item) => item.value === value).credits * count;
}

/** Credits, as the widget writes them, in micro-credits. */
export function micro(text) {
  const number = /-?[\d,]+(?:\.\d+)?/.exec(text)[0].replaceAll(",", "");
  return Math.round(Number(number) * CREDIT);
}
