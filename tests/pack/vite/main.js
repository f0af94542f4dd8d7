import { TriptychError } from "triptych-copilot";
import "triptych-copilot/define";

// The test puts the gateway's address into the page's own; a real page knows it.
const gateway = new URLSearchParams(location.search).get("gateway");

const copilot = document.createElement("triptych-copilot");
copilot.gateway = gateway;
copilot.mode = "inline";
copilot.getToken = async () => (await fetch(`${gateway}/demo/token`, { method: "POST" })).json();
copilot.addEventListener("triptych-error", ({ detail }) => console.error(TriptychError.name, detail.code, detail.message));
document.querySelector("#page").append(copilot);
