// Reading answers aloud and dictating: with a voice and an ear that say and hear what the test wants, since a browser
// without a screen has neither.
import assert from "node:assert/strict";

import { accessible } from "./axe.mjs";
import { eventually } from "./demo.mjs";
import { startParrot } from "./parrot.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite({ tokensPerSecond: 2000 });

/** The browser's voice: it says one utterance at a time, and ends it when the test says so. */
function voice() {
  const queue = [];
  window.voice = {
    said: [],
    end: () => queue.shift()?.onend?.(new Event("end")),
    fail(error) {
      queue.shift()?.onerror?.(Object.assign(new Event("error"), { error }));
    },
    speaks: () => queue.length,
    cancelled: 0,
  };
  class SpeechSynthesisUtterance {
    constructor(text) {
      this.text = text;
    }
  }
  const speechSynthesis = {
    speak(utterance) {
      queue.push(utterance);
      window.voice.said.push({ text: utterance.text, lang: utterance.lang });
    },
    cancel() {
      window.voice.cancelled += 1;
      for (const { onerror } of queue.splice(0)) {
        queueMicrotask(() => onerror?.(Object.assign(new Event("error"), { error: "canceled" })));
      }
    },
  };
  Object.defineProperty(window, "speechSynthesis", { value: speechSynthesis });
  window.SpeechSynthesisUtterance = SpeechSynthesisUtterance;
}

/** The browser's ear: it hears what the test says. */
function ear() {
  const all = [];
  window.ear = {
    all,
    hear(...heard) {
      const results = heard.map(([transcript, isFinal]) => ({ length: 1, isFinal, 0: { transcript } }));
      all.at(-1).onresult?.(Object.assign(new Event("result"), { results }));
    },
    fail(error) {
      const last = all.at(-1);
      last.onerror?.(Object.assign(new Event("error"), { error }));
      last.onend?.(new Event("end"));
    },
    end: () => all.at(-1).onend?.(new Event("end")),
  };
  delete window.SpeechRecognition;
  window.webkitSpeechRecognition = class {
    state = "new";
    start() {
      this.state = "on";
      all.push(this);
    }
    stop() {
      this.state = "stopped";
    }
    abort() {
      this.state = "aborted";
    }
  };
}

const said = (visit) => visit.page.evaluate(() => window.voice.said.map(({ text }) => text));
const endOne = (visit) => visit.page.evaluate(() => window.voice.end());
const hear = (visit, ...heard) => visit.page.evaluate((heard) => window.ear.hear(...heard), heard);
const draft = (visit, words) =>
  eventually(async () => (await visit.message().inputValue()) === words, `the draft is ${words}`);
const alert = (visit) => visit.page.locator("triptych-copilot").getByRole("alert");
const dictate = (visit) => visit.button("Dictate");
const listens = async (visit) => (await dictate(visit).getAttribute("aria-pressed")) === "true";
/** Opens the page with these attributes on its element, which are there before the copilot is. */
async function open(visit, path, attributes) {
  await visit.setFirst(attributes);
  await visit.page.addInitScript(voice);
  await visit.page.addInitScript(ear);
  await visit.page.goto(new URL(path, visit.demo.url).href);
}

scenario("an answer is read aloud sentence by sentence, one at a time, until it is stopped", async (visit) => {
  await open(visit, "/chat.html", {});
  await visit.say("Explain tides");
  const first = await visit.answered();
  await visit.say("A short word on ebb");
  const second = await visit.answered(1);
  const words = (await first.locator(".body").innerText()).replaceAll(/\s+/g, " ");
  await visit.button("Read aloud", first).click();
  await visit.button("Stop reading", first).waitFor();
  await eventually(async () => (await said(visit)).length === 1, "the first sentence");
  assert.equal(await visit.page.evaluate(() => window.voice.said[0].lang), "en");
  await endOne(visit);
  await eventually(async () => (await said(visit)).length === 2, "the second sentence follows");
  for (const sentence of await said(visit)) assert.ok(words.includes(sentence), `${sentence} is of the answer`);
  await accessible(visit, "read-aloud");

  await visit.button("Read aloud", second).click();
  await visit.button("Stop reading", second).waitFor();
  await visit.button("Read aloud", first).waitFor();
  assert.equal(await visit.page.evaluate(() => window.voice.speaks()), 1, "only one is read");
  await visit.button("Stop reading", second).click();
  await visit.button("Read aloud", second).waitFor();
  assert.equal(await visit.page.evaluate(() => window.voice.speaks()), 0, "it is silent");

  await visit.button("Read aloud", first).click();
  await visit.button("Stop reading", first).waitFor();
  await visit.page.keyboard.press("Escape");
  await visit.button("Read aloud", first).waitFor();

  await visit.button("Read aloud", first).click();
  for (let ended = 0; (await visit.page.evaluate(() => window.voice.speaks())) > 0; ended += 1) {
    assert.ok(ended < 200, "it has an end");
    await endOne(visit);
  }
  await visit.button("Read aloud", first).waitFor();
  await visit.button("Read aloud", first).click();
  await visit.button("Stop reading", first).waitFor();
  await visit.button("New chat").click();
  await eventually(() => visit.page.evaluate(() => window.voice.speaks() === 0), "another chat makes it silent");
});

scenario("what cannot be read is told with what helps, and a closed copilot is silent", async (visit) => {
  await open(visit, "/", { mode: "launcher", open: "" });
  await visit.say("Explain tides in short");
  const answer = await visit.answered();
  await visit.button("Read aloud", answer).click();
  // What reads is fetched with the first press.
  await visit.button("Stop reading", answer).waitFor();
  await visit.page.evaluate(() => window.voice.fail("synthesis-unavailable"));
  await alert(visit).getByText("no voice that works").waitFor();
  await visit.button("Read aloud", answer).click();
  await alert(visit).waitFor({ state: "hidden" });
  // Another script of the page wants the voice.
  await visit.page.evaluate(() => window.speechSynthesis.cancel());
  await visit.button("Read aloud", answer).click();
  await visit.button("Stop reading", answer).waitFor();
  await visit.page.keyboard.press("Escape");
  await visit.button("Read aloud", answer).click();
  await visit.page.locator("triptych-copilot").evaluate((element) => element.close());
  await eventually(() => visit.page.evaluate(() => window.voice.speaks() === 0), "it is silent");
});

scenario("an answer is read in the language of its letters, and in the copilot's where they do not tell", async (visit) => {
  const answers = ["Прилив — это подъём воды.", "潮の満ち引きは月の引力による。", "The tide comes in."];
  const parrot = await startParrot((said) => [answers[Number(said)]]);
  try {
    await visit.page.addInitScript(voice);
    await visit.page.goto(parrot.url);
    for (const [at, language] of ["ru", "ja", "en"].entries()) {
      await visit.page.getByRole("textbox", { name: "Message" }).fill(`${at}`);
      await visit.page.getByRole("button", { name: "Send", exact: true }).click();
      const answer = visit.answers().nth(at);
      await answer.getByText(answers[at]).waitFor();
      await visit.button("Read aloud", answer).click();
      await eventually(async () => (await visit.page.evaluate(() => window.voice.said.at(-1)?.lang)) === language, language);
    }
  } finally {
    parrot.stop();
  }
});

scenario("spoken words come into the draft beside what is typed, and go with the message", async (visit) => {
  await open(visit, "/chat.html", { dictation: "" });
  await visit.message().fill("Explain");
  await dictate(visit).click();
  // What listens is fetched with the first press.
  await eventually(() => listens(visit), "it listens");
  assert.deepEqual(await visit.page.evaluate(() => {
    const { lang, continuous, interimResults, state } = window.ear.all[0];
    return { lang, continuous, interimResults, state };
  }), { lang: "en", continuous: true, interimResults: true, state: "on" });
  await hear(visit, ["tights", false]);
  await draft(visit, "Explain tights");
  await accessible(visit, "dictation");
  await hear(visit, ["tides", true], [" in", false]);
  await draft(visit, "Explain tides in");
  await visit.message().press("End");
  await visit.message().pressSequentially(", please");
  await hear(visit, ["tides", true], [" in short", true]);
  await draft(visit, "Explain tides in short, please");
  await dictate(visit).click();
  assert.equal(await listens(visit), false);
  assert.equal(await visit.page.evaluate(() => window.ear.all[0].state), "stopped");
  await hear(visit, ["tides", true], [" in short", true], ["now", true]);
  await draft(visit, "Explain tides in short, please now");
  await visit.page.evaluate(() => window.ear.end());

  await dictate(visit).click();
  await visit.page.keyboard.press("Escape");
  assert.equal(await listens(visit), false, "Escape ends it");
  await visit.page.evaluate(() => window.ear.end());
  await dictate(visit).click();
  await hear(visit, ["dear copilot", false]);
  await draft(visit, "Explain tides in short, please now dear copilot");
  await visit.button("Send").click();
  await draft(visit, "");
  assert.equal(await listens(visit), false, "sending ends it");
  assert.equal(await visit.page.evaluate(() => window.ear.all.at(-1).state), "aborted");
  await visit.page.getByRole("article", { name: "You" }).getByText("please now dear copilot").waitFor();
  await visit.answered();
});

scenario("an ear that does not work is told with what helps", async (visit) => {
  await open(visit, "/chat.html", { dictation: "" });
  for (const [error, sentence] of [
    ["not-allowed", "Allow it for this page"],
    ["network", "Check your network"],
    ["no-speech", "Nothing was heard"],
  ]) {
    await dictate(visit).click();
    await alert(visit).waitFor({ state: "hidden" });
    await eventually(() => listens(visit), "it listens");
    await visit.page.evaluate((error) => window.ear.fail(error), error);
    await alert(visit).getByText(sentence).waitFor();
    assert.equal(await listens(visit), false);
  }
  await visit.shot("voice-error");
  await visit.button("Dismiss").click();
  await alert(visit).waitFor({ state: "hidden" });
});

scenario("without the page's word there is no microphone", async (visit) => {
  await open(visit, "/chat.html", {});
  await visit.message().waitFor();
  assert.equal(await dictate(visit).count(), 0);
});

scenario(
  "on a narrow page written from right to left both have their place",
  async (visit) => {
    await open(visit, "/chat.html", { dictation: "", locale: "he" });
    await visit.page.getByRole("textbox", { name: "הודעה" }).fill("שלום");
    await visit.page.getByRole("button", { name: "שליחה", exact: true }).click();
    const read = visit.page.getByRole("button", { name: "הקראה", exact: true });
    await read.click();
    await visit.page.getByRole("button", { name: "הפסקת ההקראה" }).waitFor();
    assert.equal(await visit.page.evaluate(() => window.voice.said[0].lang), "he");
    await visit.shot("voice-narrow-reading");
    await visit.page.getByRole("button", { name: "הכתבה" }).click();
    await read.waitFor();
    await hear(visit, ["שלום שוב", false]);
    await accessible(visit, "voice-narrow");
    const wider = await visit.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wider, false, "nothing is cut off");
  },
  { viewport: { width: 320, height: 640 } },
);
