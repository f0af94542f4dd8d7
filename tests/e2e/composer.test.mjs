// Composing: what goes along with a message, what is typed instead of one, and what is chosen for it.
import assert from "node:assert/strict";

import { accessible } from "./axe.mjs";
import { micro } from "./books.mjs";
import { eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();

/** A PNG of that size, as base64, drawn by the page's own browser. */
function png(page, width, height, noise = false) {
  return page.evaluate(
    async ([width, height, noise]) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d");
      context.fillStyle = "teal";
      context.fillRect(0, 0, width, height);
      if (noise) {
        const data = context.getImageData(0, 0, width, height);
        let seed = 1;
        for (let at = 0; at < data.data.length; at += 4) {
          seed = (seed * 1103515245 + 12345) & 0x7fffffff;
          data.data[at] = seed >> 8;
          data.data[at + 1] = seed >> 16;
        }
        context.putImageData(data, 0, 0);
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
      let text = "";
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
      return btoa(text);
    },
    [width, height, noise],
  );
}

/** Files as a page gets them, put into the clipboard or dragged. */
function transfer(page, files) {
  return page.evaluateHandle((files) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of files) {
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    }
    return data;
  }, files);
}

const FLAGS = { bubbles: true, cancelable: true, composed: true };

async function paste(visit, ...files) {
  const clipboardData = await transfer(visit.page, files);
  await visit.message().evaluate((box, init) => box.dispatchEvent(new ClipboardEvent("paste", init)), { ...FLAGS, clipboardData });
}

async function drag(locator, type, ...files) {
  const dataTransfer = await transfer(locator.page(), files);
  await locator.evaluate((node, [type, init]) => node.dispatchEvent(new DragEvent(type, init)), [type, { ...FLAGS, dataTransfer }]);
}

const text = (words) => Buffer.from(words).toString("base64");
const chips = (visit) => visit.page.getByRole("list", { name: "Attachments" }).last().getByRole("listitem");
const refusal = (visit) => visit.page.locator("triptych-copilot").getByRole("alert");

/** The messages of the next call that goes to the gateway. */
async function asked(visit) {
  const request = await visit.page.waitForRequest((request) => request.url().endsWith("/v1/chat/completions"));
  return JSON.parse(request.postData()).messages;
}

scenario("a pasted picture goes to the model, is priced, and stays with the message", async (visit) => {
  await visit.open("/strict-csp.html");
  await visit.message().fill("What is this?");
  const form = visit.page.locator("form.composer");
  await eventually(async () => micro(await form.locator(".price").innerText()) > 0, "a price");
  const before = micro(await form.locator(".price").innerText());
  const base64 = await png(visit.page, 40, 30);
  await paste(visit, { name: "cup.png", type: "image/png", base64 });
  await chips(visit).getByText("cup.png").waitFor();
  await eventually(async () => micro(await form.locator(".price").innerText()) > before, "the picture has its price");
  await accessible(visit, "composer-attached");
  const call = asked(visit);
  await visit.button("Send").click();
  const [message] = await call;
  assert.deepEqual(message.content, [
    { type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } },
    { type: "text", text: "What is this?" },
  ]);
  await visit.answered();
  const said = visit.page.getByRole("article", { name: "You" });
  const shown = said.getByRole("img", { name: /^Picture: .?cup\.png/ });
  await eventually(async () => (await shown.evaluate((canvas) => canvas.width)) === 40, "the picture is drawn");
  assert.equal(await visit.message().inputValue(), "");
  assert.equal(await visit.page.getByRole("button", { name: /^Remove .?cup\.png/ }).count(), 0);
  await visit.balanceShown();
  await visit.shot("composer-sent");
});

scenario("a picture that is too large is made smaller, and says so", async (visit) => {
  await visit.open("/chat.html");
  const base64 = await png(visit.page, 3000, 1500, true);
  await paste(visit, { name: "noise.png", type: "image/png", base64 });
  await chips(visit).getByText(/made smaller: 3000×1500 → \d+×\d+/).waitFor();
  await visit.message().fill("What is this?");
  const call = asked(visit);
  await visit.message().press("Enter");
  const [message] = await call;
  const [, data] = message.content[0].image_url.url.split("data:image/jpeg;base64,");
  assert.ok(data.length < 400_000, `${data.length} characters`);
  await visit.answered();
});

scenario("files are dropped where the zone shows, and only files open it", async (visit) => {
  await visit.open("/chat.html");
  const file = { name: "<b>notes</b>.md", type: "text/markdown", base64: text("# Tea\n") };
  const transcript = visit.page.getByRole("log", { name: "Conversation" });
  const zone = visit.page.getByText("Drop files to attach them");
  await drag(transcript, "dragenter");
  assert.equal(await zone.count(), 0, "a dragged link is no file");
  await drag(transcript, "dragenter", file);
  await zone.waitFor();
  await accessible(visit, "composer-drop");
  await drag(visit.page.locator(".drop"), "dragleave", file);
  await zone.waitFor({ state: "detached" });
  await drag(transcript, "dragenter", file);
  await drag(visit.page.locator(".drop"), "drop", file);
  await zone.waitFor({ state: "detached" });
  await chips(visit).getByText("<b>notes</b>.md").waitFor();
  const call = asked(visit);
  await visit.button("Send").click();
  const [message] = await call;
  assert.deepEqual(message.content, [{ type: "text", text: "File: <b>notes</b>.md\n\n# Tea\n" }]);
  await visit.answered();
});

scenario("what cannot be sent is refused with its reason, and nothing of it is kept", async (visit) => {
  await visit.open("/chat.html");
  const tries = [
    [{ name: "film.mp4", type: "video/mp4", base64: text("x") }, /film\.mp4.? is no kind of file/],
    [{ name: "report.pdf", type: "application/pdf", base64: text("%PDF-") }, /GPT-5\.4 does not take PDFs/],
    [{ name: "note.wav", type: "audio/wav", base64: text("RIFF") }, /GPT-5\.4 does not take recordings/],
    [{ name: "broken.png", type: "image/png", base64: text("no picture") }, /broken\.png.? could not be read/],
    [{ name: "data.bin", type: "", base64: text("a\0b") }, /data\.bin.? could not be read/],
    [{ name: "long.txt", type: "text/plain", base64: text("x".repeat(500_000)) }, /long\.txt.? is 500 KB\. At most 400 KB/],
  ];
  for (const [file, reason] of tries) {
    await paste(visit, file);
    await refusal(visit).getByText(reason).waitFor();
    assert.equal(await visit.page.getByRole("list", { name: "Attachments" }).count(), 0);
  }
  await accessible(visit, "composer-refused");
  await visit.button("Dismiss").click();
  await refusal(visit).waitFor({ state: "detached" });
  const many = Array.from({ length: 11 }, (_, index) => ({ name: `${index}.txt`, type: "text/plain", base64: text("x") }));
  await paste(visit, ...many);
  await refusal(visit).getByText("At most 10 files").waitFor();
  assert.equal(await chips(visit).count(), 10);
});

scenario("attachments are chosen and taken off with the keyboard, and wait for their model", async (visit) => {
  await visit.open("/chat.html");
  // The browser has to know that its dialog is not wanted before the key that opens it.
  const chosen = visit.page.waitForEvent("filechooser");
  await visit.page.getByText("GPT-5.4", { exact: true }).first().waitFor();
  await visit.button("Attach files").focus();
  await visit.page.keyboard.press("Enter");
  const chooser = await chosen;
  const buffer = Buffer.from(await png(visit.page, 8, 8), "base64");
  await chooser.setFiles([{ name: "a.png", mimeType: "image/png", buffer }, { name: "b.txt", mimeType: "text/plain", buffer: Buffer.from("b") }]);
  await eventually(async () => (await chips(visit).count()) === 2, "two attachments");
  await visit.page.getByRole("button", { name: "Chat model" }).click();
  await visit.page.getByRole("option", { name: /GPT-4o Audio/ }).click();
  await visit.page.getByText("This chat has pictures in it, which GPT-4o Audio does not take").waitFor();
  assert.ok(await visit.button("Send").isDisabled());
  await visit.page.getByRole("button", { name: /^Remove .?a\.png/ }).focus();
  await visit.page.keyboard.press("Enter");
  await visit.page.getByText("GPT-4o Audio answers recordings").waitFor();
  await eventually(() => visit.message().evaluate((box) => box.getRootNode().activeElement === box), "the cursor is in the box");
  await paste(visit, { name: "note.wav", type: "audio/wav", base64: text("RIFF".padEnd(9000, "x")) });
  await chips(visit).getByText("note.wav").waitFor();
  const call = asked(visit);
  await eventually(() => visit.button("Send").isEnabled(), "it can be sent");
  await visit.message().press("Enter");
  const [message] = await call;
  assert.deepEqual(message.content.map(({ type }) => type), ["text", "input_audio"]);
  assert.equal(message.content[1].input_audio.format, "wav");
  await visit.answered();
});

scenario("a slash opens the commands, and a prompt is handed over to its panel with its price", async (visit) => {
  await visit.open("/");
  const { keyboard } = visit.page;
  await visit.message().focus();
  await keyboard.type("/");
  const commands = visit.page.getByRole("listbox", { name: "Commands" });
  await commands.waitFor();
  const active = async () => {
    const id = await visit.message().getAttribute("aria-activedescendant");
    return visit.page.locator(`triptych-copilot #${id}`).innerText();
  };
  assert.match(await active(), /^\/image/);
  await keyboard.press("ArrowDown");
  await eventually(async () => /^\/video/.test(await active()), "the next one");
  await accessible(visit, "composer-commands");
  await keyboard.press("Escape");
  await commands.waitFor({ state: "detached" });
  await keyboard.type("im");
  await commands.waitFor();
  await keyboard.press("Tab");
  await eventually(async () => (await visit.message().inputValue()) === "/image ", "completed");
  await keyboard.type("a red cup");
  await keyboard.press("Enter");
  const prompt = visit.page.getByRole("textbox", { name: "Describe the picture" });
  await eventually(async () => (await prompt.inputValue()) === "a red cup", "the prompt is there");
  await eventually(() => prompt.evaluate((box) => box.getRootNode().activeElement === box), "and has the cursor");
  assert.ok((await visit.priceBeside(visit.button("Generate image"))) > 0);
  assert.deepEqual(await visit.demo.charges(visit.user), [], "nothing was made yet");
  await visit.tab("Chat").click();
  assert.equal(await visit.message().inputValue(), "");

  await visit.message().fill("/help");
  await keyboard.press("Enter");
  await visit.page.getByRole("region", { name: "Help" }).waitFor();
  await accessible(visit, "composer-help");
  await visit.button("Close help").click();

  const call = asked(visit);
  await visit.say("/etc/hosts is what?");
  assert.equal((await call)[0].content, "/etc/hosts is what?");
  await visit.answered();
  await visit.message().fill("/new");
  await keyboard.press("Enter");
  await eventually(async () => (await visit.answers().count()) === 0, "a new chat");
});

scenario("a chat alone offers no commands of panels that are not there", async (visit) => {
  await visit.open("/chat.html");
  await visit.message().fill("/");
  const names = await visit.page.getByRole("option").allInnerTexts();
  assert.deepEqual(names.map((name) => name.split(/\s/)[0]), ["/new", "/model", "/help"]);
  const call = asked(visit);
  await visit.message().fill("/image a cup");
  await visit.message().press("Enter");
  assert.equal((await call)[0].content, "/image a cup");
  await visit.answered();
});

scenario("a model is chosen with the keyboard by its price, and looked for by its name", async (visit) => {
  await visit.open("/chat.html");
  const { keyboard } = visit.page;
  const button = visit.page.getByRole("button", { name: "Chat model: GPT-5.4", exact: true });
  await button.focus();
  await keyboard.press("Enter");
  const list = visit.page.getByRole("listbox", { name: "Chat model" });
  await list.waitFor();
  await list.getByText("500 in · 750 out, credits per 1M tokens").first().waitFor();
  await accessible(visit, "composer-models");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await list.waitFor({ state: "detached" });
  await visit.page.getByRole("button", { name: "Chat model: GPT-5.4 Turbo" }).waitFor();
  await eventually(() => visit.message().evaluate((box) => box.getRootNode().activeElement === box), "the cursor is in the box");
  await visit.message().fill("/model audio");
  await keyboard.press("Enter");
  await visit.page.getByRole("combobox", { name: "Find a model" }).waitFor();
  assert.equal(await visit.page.getByRole("option").count(), 1);
  await keyboard.press("Escape");
  await list.waitFor({ state: "detached" });
  await visit.page.getByRole("button", { name: "Chat model: GPT-5.4 Turbo" }).waitFor();
});

scenario("suggestions fill the box and send nothing", async (visit) => {
  await visit.open("/chat.html");
  await visit.page.locator("triptych-copilot").evaluate((element) => (element.suggestions = ["What is new, in short?", "Write a poem"]));
  await visit.button("Write a poem").waitFor();
  await accessible(visit, "composer-suggestions");
  await visit.button("What is new, in short?").click();
  await eventually(async () => (await visit.message().inputValue()) === "What is new, in short?", "the words are there");
  await eventually(() => visit.message().evaluate((box) => box.getRootNode().activeElement === box), "and the cursor");
  assert.equal(await visit.answers().count(), 0);
});

scenario("a chat that fills the model's context says so and what to do", async (visit) => {
  await visit.open("/chat.html");
  // Words of many tokens: half of what the model reads, then more than it.
  await visit.message().fill("x7q,Zw9! ".repeat(32_000));
  const meter = visit.page.getByRole("meter", { name: "Context" });
  await meter.waitFor();
  const percent = Number(await meter.getAttribute("aria-valuenow"));
  assert.ok(percent >= 50 && percent <= 100, `${percent}`);
  await accessible(visit, "composer-context");
  await visit.message().fill("x7q,Zw9! ".repeat(90_000));
  await visit.page.getByText("This is more than GPT-5.4 can read. Start a new chat").waitFor();
  assert.ok(await visit.button("Send").isDisabled());
  await visit.message().fill("short");
  await meter.waitFor({ state: "detached" });
  await eventually(() => visit.button("Send").isEnabled(), "a short one fits");
});

scenario("Enter belongs to the input method while characters are chosen", async (visit) => {
  await visit.open("/chat.html");
  const box = visit.message();
  await box.fill("にほん");
  const press = (init) => box.evaluate((node, init) => node.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, composed: true, ...init })), init);
  await press({ isComposing: true });
  // Safari's, after the composition has ended.
  await press({ keyCode: 229 });
  assert.equal(await visit.answers().count(), 0);
  await box.press("Shift+Enter");
  assert.equal(await box.inputValue(), "にほん\n");
  const one = (await box.boundingBox()).height;
  await box.press("Shift+Enter");
  await box.press("Shift+Enter");
  assert.ok((await box.boundingBox()).height > one, "the box grows");
  await box.press("Enter");
  await visit.answered();
});
