import { useLayoutEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";

import { painted, tokens } from "./stream.js";

const box = document.querySelector("#box");
let show;

function Answer() {
  const [text, setText] = useState("");
  show = setText;
  useLayoutEffect(() => {
    box.scrollTop = box.scrollHeight;
    window.__ready = true;
  }, [text]);
  return <Streamdown>{text}</Streamdown>;
}

createRoot(box).render(<Answer />);
window.__text = () => box.textContent;
window.__go = async () => {
  let text = "";
  for await (const token of tokens()) show((text += token));
  await painted();
  window.__done = true;
};
