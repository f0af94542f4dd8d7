// SDKs repeat what failed by themselves. Whatever happens on the way, the user pays once for one answer.
import assert from "node:assert/strict";

import { eventually } from "../e2e/demo.mjs";
import { CALLS, CHAT, CLIP } from "./samples.mjs";
import { withEachSdk } from "./sdk.mjs";

const charged = async (demo, user) => (await demo.charges(user)).filter((charge) => charge.charged > 0);
const posts = (wire) => wire.calls.filter((call) => call.startsWith("POST")).length;

/** Clips go on after the call; their price is held until they end. */
const settled = (demo, user) =>
  eventually(async () => (await demo.balance(user)).held === 0, "everything is settled", 60_000);

withEachSdk((scenario) => {
  for (const [call, args, route] of CALLS) {
    for (const fault of ["500", "429", "409", "reset=3"]) {
      // A stream that has begun is not repeated; its reset is among the errors.
      if (fault.startsWith("reset") && call.endsWith("_stream")) continue;
      scenario(`${call}: an upstream ${fault} is repeated and charged once`, async ({ sdk, demo, user, connection, wire }) => {
        await demo.faults(route, fault);
        await sdk.call(connection, call, args);
        assert.equal(posts(wire), 2, "the SDK has tried again");
        await settled(demo, user);
        assert.equal((await charged(demo, user)).length, 1);
      });
    }
  }

  // A provider that hung up or broke may have begun a clip, so that is not repeated but looked into, which takes its
  // time.
  for (const fault of ["429", "409"]) {
    scenario(`a clip: after an upstream ${fault} one clip is paid for, or none is made`, async ({ sdk, demo, user, connection }) => {
      await demo.faults("video", fault);
      const video = await sdk.call(connection, "video_and_poll", CLIP);
      assert.ok(["completed", "failed"].includes(video.status), video.status);
      assert.equal((await charged(demo, user)).length, video.status === "completed" ? 1 : 0);
    });
  }

  scenario("a call whose key is being worked on is waited for and charged once", async (all) => {
    const { sdk, demo, user, connection } = all;
    const headers = { "Idempotency-Key": `twice-${user}` };
    const messages = [{ role: "user", content: "hello [[fault:delay=1200]]" }];
    const body = { ...CHAT, messages };
    const first = fetch(`${connection.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${connection.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    while ((await demo.balance(user)).held === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const busy = await sdk.failure(connection, "chat", body, { headers, retries: 0 });
    assert.deepEqual([busy.class, busy.code], ["ConflictError", "in_flight"]);
    const second = await sdk.call(connection, "chat", body, { headers, retries: 5 });
    assert.equal(second.id, (await (await first).json()).id);
    assert.equal((await charged(demo, user)).length, 1);
  });

  for (const [call, args] of [...CALLS, ["video", CLIP]]) {
    for (const key of ["with the caller's key", "without any key"]) {
      scenario(`${call}: a lost answer is repeated ${key} and charged once`, async (all) => {
        const { sdk, demo, user, connection, wire } = all;
        wire.lose = 1;
        const headers = key.startsWith("with ") ? { "Idempotency-Key": `lost-${call}-${user}` } : {};
        const outcome = await sdk.outcome(connection, call, args, { headers, retries: 4 });
        assert.ok(posts(wire) >= 2, "the SDK has tried again");
        assert.equal(outcome.error, undefined);
        await settled(demo, user);
        assert.equal((await charged(demo, user)).length, 1);
      });
    }
  }
});
