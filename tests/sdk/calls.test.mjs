// Every call of the gateway that an SDK knows, as its users write it.
import assert from "node:assert/strict";

import { eventually } from "../e2e/demo.mjs";
import { EDIT, RESPONSE, SPEECH, TRANSCRIPTION } from "./samples.mjs";
import { withEachSdk } from "./sdk.mjs";

const ask = (text, more = {}) => ({ model: "gpt-5.4", messages: [{ role: "user", content: text }], ...more });
const head = (value) => Buffer.from(value.head, "base64").toString("latin1");

withEachSdk((scenario) => {
  scenario("lists the models", async ({ sdk, connection }) => {
    const ids = await sdk.call(connection, "models");
    for (const id of ["gpt-5.4", "gpt-image-1.5", "sora-2"]) assert.ok(ids.includes(id), id);
  });

  scenario("chats in one piece", async ({ sdk, connection, demo, user }) => {
    const answer = await sdk.call(connection, "chat", ask("Say hello"));
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.ok(answer.choices[0].message.content.length > 0);
    const [charge] = await demo.charges(user);
    assert.equal(charge.completion_tokens, answer.usage.completion_tokens);
  });

  scenario("chats in a stream, with its usage at the end", async ({ sdk, connection, demo, user }) => {
    const args = ask("Write about rivers", { stream_options: { include_usage: true } });
    const answer = await sdk.call(connection, "chat_stream", args);
    assert.equal(answer.finish_reason, "stop");
    assert.ok(answer.chunks > 5 && answer.text.length > 20, JSON.stringify(answer));
    const [charge] = await demo.charges(user);
    assert.equal(charge.completion_tokens, answer.usage.completion_tokens);
  });

  scenario("hands a stream over as it comes", async ({ sdk, connection }) => {
    const answer = await sdk.call(connection, "chat_stream_raw", ask("Write about lakes"));
    assert.equal(answer.status, 200);
    assert.match(answer.type, /^text\/event-stream/);
    assert.equal(answer.last, "data: [DONE]");
  });

  scenario("answers by the Responses API in one piece", async ({ sdk, connection, demo, user }) => {
    const answer = await sdk.call(connection, "responses", RESPONSE);
    assert.deepEqual([answer.object, answer.status, answer.model], ["response", "completed", "gpt-5.4"]);
    assert.ok(answer.output[0].content[0].text.length > 0);
    const [charge] = await demo.charges(user);
    assert.equal(charge.completion_tokens, answer.usage.output_tokens);
  });

  scenario("answers by the Responses API in a stream", async ({ sdk, connection, demo, user }) => {
    const answer = await sdk.call(connection, "responses_stream", RESPONSE);
    assert.equal(answer.types[0], "response.created");
    assert.equal(answer.types.at(-1), "response.completed");
    assert.equal(answer.response.output[0].content[0].text, answer.text);
    const [charge] = await demo.charges(user);
    assert.equal(charge.completion_tokens, answer.response.usage.output_tokens);
  });

  scenario("reads a text aloud", async ({ sdk, connection, demo, user }) => {
    const sound = await sdk.call(connection, "speech", SPEECH);
    assert.match(head(sound), /^RIFF/);
    const raw = await sdk.call(connection, "speech_raw", SPEECH);
    assert.deepEqual([raw.status, raw.type, raw.bytes], [200, "audio/wav", sound.bytes]);
    const charges = await eventually(async () => {
      const all = await demo.charges(user);
      return all.every((charge) => charge.charged > 0) && all;
    }, "both are settled");
    assert.deepEqual(charges.map((charge) => charge.characters), [SPEECH.input.length, SPEECH.input.length]);
  });

  scenario("writes a recording down", async ({ sdk, connection, demo, user }) => {
    const answer = await sdk.call(connection, "transcription", TRANSCRIPTION);
    assert.ok(answer.text.length > 0);
    const [charge] = await demo.charges(user);
    assert.equal(charge.audio_ms, 2000);
  });

  scenario("changes a picture", async ({ sdk, connection }) => {
    const answer = await sdk.call(connection, "edit", EDIT);
    assert.equal(answer.data.length, 1);
    assert.match(Buffer.from(answer.data[0].b64_json, "base64").toString("latin1"), /^\x89PNG/);
  });

  scenario("draws a picture", async ({ sdk, connection }) => {
    const args = { model: "gpt-image-1.5", prompt: "a red boat", size: "1024x1024", n: 2 };
    const answer = await sdk.call(connection, "image", args);
    assert.equal(answer.data.length, 2);
    assert.match(Buffer.from(answer.data[0].b64_json, "base64").toString("latin1"), /^\x89PNG/);
  });

  scenario("makes a clip, waits for it and fetches it", async ({ sdk, connection }) => {
    const args = { model: "sora-2", prompt: "waves at night", seconds: "4", size: "1280x720" };
    const video = await sdk.call(connection, "video_and_poll", args);
    assert.deepEqual([video.object, video.status, video.progress], ["video", "completed", 100]);
    const clip = await sdk.call(connection, "video_content", { id: video.id });
    assert.match(head(clip), /^.{4}ftyp/s);
    const raw = await sdk.call(connection, "video_content_raw", { id: video.id });
    assert.deepEqual([raw.status, raw.type, raw.bytes], [200, "video/mp4", clip.bytes]);
    assert.deepEqual(await sdk.call(connection, "video_list"), [video.id]);
    const deleted = await sdk.call(connection, "video_delete", { id: video.id });
    assert.equal(deleted.deleted, true);
    assert.deepEqual(await sdk.call(connection, "video_list"), []);
  });

  scenario("makes a clip from another one", async ({ sdk, connection }) => {
    const args = { model: "sora-2", prompt: "waves", seconds: "4", size: "1280x720" };
    const first = await sdk.call(connection, "video_and_poll", args);
    const second = await sdk.call(connection, "video_remix", { id: first.id, prompt: "at night" });
    assert.equal(second.remixed_from_video_id, first.id);
    await eventually(async () => {
      const { status } = await sdk.call(connection, "video_retrieve", { id: second.id });
      return status === "completed";
    }, "it is made");
  });

  scenario("learns of a clip that failed, which costs nothing", async ({ sdk, connection, demo, user }) => {
    const args = { model: "sora-2", prompt: "waves [[fault:job-failed]]", seconds: "4", size: "1280x720" };
    const video = await sdk.call(connection, "video_and_poll", args);
    assert.equal(video.status, "failed");
    assert.ok(video.error.code && video.error.message, JSON.stringify(video.error));
    assert.equal((await demo.balance(user)).available, 1_000_000_000);
  });
});
