// Errors arrive as the exceptions that an SDK has for them.
import assert from "node:assert/strict";

import { CREDIT, eventually } from "../e2e/demo.mjs";
import { CALLS, SPEECH, TRANSCRIPTION, file } from "./samples.mjs";
import { withEachSdk } from "./sdk.mjs";

const ask = (text, more = {}) => ({ model: "gpt-5.4", messages: [{ role: "user", content: text }], ...more });
const CLIP = { model: "sora-2", prompt: "a slow clip", seconds: "4", size: "1280x720" };

function expect(error, kind, status, code) {
  assert.deepEqual([error.class, error.status, error.code], [kind, status, code], error.message);
  assert.ok(error.message.length > 10, "it says what is wrong");
  assert.ok(error.request_id, "it can be found in the log");
}

withEachSdk((scenario) => {
  scenario("400 for a call without its model's name", async ({ sdk, connection }) => {
    const error = await sdk.failure(connection, "chat", { ...ask("hello"), model: "" });
    assert.ok(["BadRequestError", "NotFoundError"].includes(error.class), error.class);
  });

  scenario("401 for a token of nobody's", async ({ sdk, connection }) => {
    const error = await sdk.failure({ ...connection, key: "sk-wrong" }, "chat", ask("hello"));
    expect(error, "AuthenticationError", 401, "invalid_token");
  });

  for (const [call, args, route, scope] of CALLS) {
    scenario(`${call}: 402 once, without another try, where credits are short`, async ({ sdk, demo, connection, wire }) => {
      const poor = await demo.newUser(0.001);
      const { client_secret } = await demo.mint(poor);
      const error = await sdk.failure({ ...connection, key: client_secret }, call, args);
      expect(error, sdk.name === "Python" ? "APIStatusError" : "APIError", 402, "insufficient_credits");
      assert.equal(wire.calls.length, 1);
      const { available, held } = await demo.balance(poor);
      assert.deepEqual([available, held], [0.001 * CREDIT, 0]);
    });

    scenario(`${call}: 403 for what the token does not allow`, async ({ sdk, demo, user, connection }) => {
      const { client_secret } = await demo.mint(user, 600, { scopes: [scope === "chat" ? "image" : "chat"] });
      const error = await sdk.failure({ ...connection, key: client_secret }, call, args);
      expect(error, "PermissionDeniedError", 403, "scope_denied");
    });

    scenario(`${call}: what a provider does wrong`, async ({ sdk, demo, connection }) => {
      for (const [fault, kind, status, code] of [
        ["429", "RateLimitError", 429, "rate_limited"],
        ["500", "InternalServerError", 502, "upstream_failed"],
        ["409", "InternalServerError", 502, "upstream_failed"],
        ["reset=0", "InternalServerError", 502, "upstream_failed"],
      ]) {
        // The head of a stream is there before its reset.
        if (fault.startsWith("reset") && call.endsWith("_stream")) continue;
        await demo.faults(route, fault);
        const error = await sdk.failure(connection, call, args, { retries: 0 });
        expect(error, kind, status, code);
      }
    });
  }

  scenario("400 for what is no recording, and for a text that is too long", async ({ sdk, connection }) => {
    const page = { ...TRANSCRIPTION, file: file("note.wav", "audio/wav", Buffer.from("<html>")) };
    const error = await sdk.failure(connection, "transcription", page);
    expect(error, "BadRequestError", 400, "invalid_request");
    assert.equal(error.param, "file");
    const long = await sdk.failure(connection, "speech", { ...SPEECH, input: "a".repeat(5000) });
    expect(long, "BadRequestError", 400, "invalid_request");
    assert.equal(long.param, "input");
  });

  scenario("404 for a clip that is not there, and for one of somebody else", async ({ sdk, demo, connection }) => {
    const missing = await sdk.failure(connection, "video_retrieve", { id: "video_none" });
    expect(missing, "NotFoundError", 404, "not_found");
    const other = await demo.newUser();
    const { id } = await demo.call(other, "/v1/videos", { ...CLIP, prompt: "a clip [[fault:job-failed]]" });
    await eventually(async () => (await demo.balance(other)).held === 0, "the other's clip has ended");
    const foreign = await sdk.failure(connection, "video_retrieve", { id });
    expect(foreign, "NotFoundError", 404, "not_found");
    assert.equal(foreign.message, missing.message);
  });

  scenario("409 for the file of a clip that is not done", async ({ sdk, connection, wire }) => {
    const video = await sdk.call(connection, "video", { ...CLIP, prompt: "a slow clip [[fault:delay=1000]]" });
    const error = await sdk.failure(connection, "video_content", { id: video.id });
    expect(error, "ConflictError", 409, "conflict");
    assert.equal(wire.calls.filter((call) => call.endsWith("/content")).length, 1);
  });

  scenario("422 for a key that was used for another call", async ({ sdk, connection }) => {
    const headers = { "Idempotency-Key": "one-key-for-two-calls" };
    await sdk.call(connection, "chat", ask("the first"), { headers });
    const error = await sdk.failure(connection, "chat", ask("the second"), { headers });
    expect(error, "UnprocessableEntityError", 422, "idempotency_mismatch");
  });

  for (const [call, args, route] of CALLS.filter(([call]) => call.endsWith("_stream"))) {
    scenario(`${call}: an error inside of a stream`, async ({ sdk, demo, connection }) => {
      await demo.faults(route, "error-mid-stream=5");
      const error = await sdk.failure(connection, call, args);
      assert.ok(error.classes.includes("APIError"), error.class);
    });

    scenario(`${call}: a stream that the provider broke off is an error and no short answer`, async ({ sdk, demo, connection }) => {
      for (const fault of ["reset=5", "truncate=5"]) {
        await demo.faults(route, fault);
        const error = await sdk.failure(connection, call, args);
        assert.ok(error.classes.includes("APIError"), error.class);
      }
    });
  }

  scenario("sound that the provider broke off is an error and no short sound", async ({ sdk, demo, connection }) => {
    await demo.faults("speech", "reset-in-body");
    await sdk.failure(connection, "speech", SPEECH, { retries: 0 });
    return [`audio ${SPEECH.model} ${SPEECH.input.length} characters`];
  });
});
