// `import type {} from "triptych-copilot/react"` teaches JSX the element; nothing of React is loaded by it.
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { TriptychCopilotElement } from "./index.js";

type Attribute = "gateway" | "theme" | "mode" | "panels" | "model" | "heading" | "placeholder" | "greeting" | "suggestions";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "triptych-copilot": Omit<DetailedHTMLProps<HTMLAttributes<TriptychCopilotElement>, TriptychCopilotElement>, Attribute> &
        Partial<Pick<TriptychCopilotElement, Attribute | "getToken" | "getChallenge">> & {
          "token-url"?: string;
          "site-key"?: string;
          math?: boolean;
          diagrams?: boolean;
          dictation?: boolean;
          "image-hosts"?: string;
          open?: boolean;
        };
    }
  }
}
