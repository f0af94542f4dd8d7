// The browser of the tests: without a sandbox for containers, without a GPU, and with nothing to say to the network.
import { chromium } from "playwright-core";

/**
 * Each window of Chromium loads two more pages, for what its address bar would suggest: half of what a window costs, and
 * nobody sees them here. Of several such lists the last one counts, so what Playwright switches off is in this one too.
 */
const WITHOUT = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

export const SWITCHES = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  `--disable-features=${WITHOUT.join(",")}`,
];

export const launch = (...more) =>
  chromium.launch({
    executablePath: process.env.TRIPTYCH_CHROMIUM || "/usr/bin/chromium",
    args: [...SWITCHES, ...more],
  });
