// The package as Node sees it: every export resolves, and importing needs no browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { install } from "./project.mjs";

/** Types only: there is nothing to load. */
const DECLARATIONS = ["./react"];

describe("the packed file in bare Node", () => {
  let project, folder, manifest;

  before(() => {
    project = install("node");
    folder = join(project.folder, "node_modules/triptych-copilot");
    manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  });

  it("resolves every export to a file, with types", () => {
    for (const [name, target] of Object.entries(manifest.exports)) {
      for (const file of typeof target === "string" ? [target] : Object.values(target)) {
        assert.ok(existsSync(join(folder, file)), `${name}: ${file} is not in the package`);
      }
      if (!DECLARATIONS.includes(name)) {
        const specifier = name.replace(".", manifest.name);
        project.node(`import.meta.resolve(${JSON.stringify(specifier)})`);
      }
    }
  });

  it("imports without a DOM, and defines nothing", () => {
    const script = `
      const copilot = await import("triptych-copilot");
      const define = await import("triptych-copilot/define");
      if (define.TriptychCopilotElement !== copilot.TriptychCopilotElement) throw new Error("two classes");
      console.log(Object.keys(copilot).sort().join(" "), typeof globalThis.document);`;
    const names = "TriptychCopilotElement TriptychError VERSION configure load";
    assert.equal(project.node(script), `${names} undefined`);
  });

  it("says its version, and the manifest of elements names every attribute", () => {
    const script = `
      const { TriptychCopilotElement, VERSION } = await import("triptych-copilot");
      console.log(JSON.stringify([VERSION, TriptychCopilotElement.observedAttributes]));`;
    const [version, attributes] = JSON.parse(project.node(script));
    assert.equal(version, manifest.version);
    const elements = JSON.parse(readFileSync(join(folder, manifest.customElements), "utf8"));
    const [declaration] = elements.modules[0].declarations;
    assert.deepEqual(declaration.attributes.map(({ name }) => name), attributes);
  });

  it("names each WebAssembly file once, where bundlers look for it", () => {
    const scripts = readdirSync(join(folder, "dist")).filter((name) => name.endsWith(".js") && name !== "triptych.js");
    const holders = (file) => {
      const literal = `new URL("./${file}.wasm",import.meta.url)`;
      const text = (name) => readFileSync(join(folder, "dist", name), "utf8").replaceAll(", import", ",import");
      return scripts.flatMap((name) => text(name).split(literal).slice(1).map(() => name));
    };
    assert.deepEqual(holders("triptych_copilot_bg"), ["load.js"]);
    for (const part of ["highlight_bg", "math_bg", "diagram_bg", "panels", "more", "more_panels"]) {
      assert.deepEqual(holders(`triptych_${part}`), ["triptych_copilot.js"], part);
    }
  });

  it("carries its licences and nothing of its workshop", () => {
    for (const file of ["README.md", "dist/LICENSE-MIT", "dist/LICENSE-APACHE"]) assert.ok(existsSync(join(folder, file)), file);
    for (const file of ["src", "usage.tsx", "tsconfig.json", "node_modules"]) assert.ok(!existsSync(join(folder, file)), file);
  });
});
