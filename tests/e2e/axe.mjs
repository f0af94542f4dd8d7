// Looks for what breaks the rules of accessibility.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** Nothing on the page breaks a rule, the widget's shadow root included. */
export async function accessible(visit, state) {
  await visit.shot(`a11y-${state}`);
  if (!(await visit.page.evaluate("typeof axe === 'object'"))) await visit.page.evaluate(axe);
  const violations = await visit.page.evaluate(async (rules) => {
    // What fades in has no colours of its own yet; a document does not list what moves within a shadow root.
    const roots = [document, ...[...document.querySelectorAll("*")].flatMap((element) => element.shadowRoot ?? [])];
    const moving = roots.flatMap((root) => root.getAnimations()).filter((a) => a.effect?.getTiming().iterations === 1);
    await Promise.all(moving.map((animation) => animation.finished));
    const { violations, passes } = await window.axe.run(document, { runOnly: { type: "tag", values: rules } });
    const inShadow = ({ target }) => Array.isArray(target[0]);
    if (!passes.some(({ nodes }) => nodes.some(inShadow))) return ["nothing within the widget was looked at"];
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.flat().join(" ")} (${node.failureSummary})`).join("; ")}`);
  }, RULES);
  assert.deepEqual(violations, [], state);
}
