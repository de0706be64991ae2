// An administrator's way through the pages, in a real browser, against a real mmpd. Each step is a promise.
//
// `WEB_ADMIN` is the address of a fresh appliance (its password is still the first one); `ARTEFACTS` is where
// screenshots go.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const SITE = process.env.WEB_ADMIN ?? "https://127.0.0.1:8446";
const ARTEFACTS = process.env.ARTEFACTS ?? "../../target/test-artefacts/browser";
const PASSWORD = "Rostrum-browser-1";
const PAGES = ["status", "logs/system", "logs/audit", "network", "network/dns", "network/firewall", "network/ssh", "time", "certificates", "services", "users", "files", "backup", "power"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
let context;
let page;
const complaints = [];

before(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 860 } });
  context.setDefaultTimeout(10_000);
  page = await context.newPage();
  listen(page);
});

after(() => browser?.close());

/** What a page throws, and what its policy forbids, is a fault; a refused request is not. */
function listen(one) {
  one.on("pageerror", (error) => complaints.push(error.message));
  one.on("console", (message) => message.type() === "error" && !/Failed to load resource/u.test(message.text()) && complaints.push(message.text()));
}

const settled = (one) => one.waitForFunction(() => document.querySelector("main h1") && ![...document.querySelectorAll("p.soft")].some((element) => element.textContent === "Reading"));

async function go(name, one = page) {
  await one.goto(`${SITE}/#/${name}`);
  await one.waitForFunction((wanted) => document.querySelector('.menu a[aria-current="page"]')?.getAttribute("href") === `#/${wanted}`, name.split("/")[0]);
  await settled(one);
}

/** Nothing serious for those who cannot see or use a mouse. */
async function accessible(one, where) {
  // Evaluated by the browser's debugger, which the page's own policy does not bind.
  await one.evaluate(AXE);
  const found = await one.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes[0].html}`), [], where);
}

test("the first sign-in forces a new password, and the first page is small", async () => {
  let bytes = 0;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
  });
  await page.goto(SITE);
  await accessible(page, "sign-in");
  await page.screenshot({ path: `${ARTEFACTS}/sign-in.png` });
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").locator(".note").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "password");
  await page.getByLabel("Password", { exact: true }).fill("admin");
  await page.keyboard.press("Enter");
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password again").fill("another");
  await page.keyboard.press("Enter");
  await page.getByText("The new passwords are not the same.").waitFor();
  await page.getByLabel("New password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Status", level: 1 }).waitFor();
  await settled(page);
  assert.ok(bytes < 100_000, `the first page took ${bytes} bytes`);
});

test("the license is missed on every page until one is in force", async () => {
  const warning = page.locator("main").getByText("is not licensed");
  await warning.waitFor();
  await go("files");
  await warning.waitFor();
  await page.setInputFiles('input[type="file"]', { name: "bad name.lic", mimeType: "text/plain", buffer: Buffer.from("x") });
  await page.locator("main").getByText("Invalid file name").waitFor();
  await page.setInputFiles('input[type="file"]', { name: "cms.lic", mimeType: "text/plain", buffer: Buffer.from("license\n") });
  await page.locator("main").getByText("Done: put cms.lic").waitFor();
  // This one grants nothing, and the page says so.
  await warning.waitFor();
  await page.getByRole("cell", { name: "cms.lic", exact: true }).waitFor();
});

test("a service is switched on by the line that is shown", async () => {
  await go("services");
  const servers = page.getByRole("region", { name: "System log servers" });
  await servers.getByText("Add a server").click();
  await servers.getByLabel("Server", { exact: true }).fill("192.0.2.9");
  assert.equal(await servers.locator(".command code").first().textContent(), "syslog server add 192.0.2.9 tcp");
  await servers.getByRole("button", { name: "Add server" }).click();
  await page.locator("main").getByText("Done: syslog server add 192.0.2.9 tcp").waitFor();
  await servers.getByRole("button", { name: "Enable" }).click();
  await page.getByRole("dialog").getByText("syslog enable").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Enable" }).click();
  await servers.getByText("yes").waitFor();
});

test("a refusal stands beside the form in mmpd's words, and focus goes to the field", async () => {
  await go("network");
  const four = page.getByRole("region", { name: "IPv4" });
  await four.getByText("Set a static address").click();
  await four.getByLabel("Address and prefix length").fill("192.0.2.10/24");
  await four.getByLabel("Gateway").fill("198.51.100.1");
  await four.getByRole("button", { name: "Set address" }).click();
  await four.getByRole("alert").locator(".note").first().waitFor();
  assert.ok(["address", "gateway"].includes(await page.evaluate(() => document.activeElement.name)));
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-invalid")), "true");
});

test("a dangerous change is on condition, counts down, and is undone", async () => {
  await go("network/ssh");
  const ssh = page.getByRole("region", { name: "SSH", exact: true });
  await ssh.getByLabel("Algorithms").selectOption("compatible");
  assert.equal(await ssh.locator(".command code").textContent(), "try ssh algorithms compatible");
  await ssh.getByRole("button", { name: "Set algorithms" }).click();
  const trial = page.getByRole("region", { name: "Change on condition" });
  await trial.getByText("ssh algorithms compatible").waitFor();
  assert.match(await trial.textContent(), /Undone in [12]:\d\d/u);
  await page.screenshot({ path: `${ARTEFACTS}/trial.png` });
  await trial.getByRole("button", { name: "Undo now" }).click();
  await trial.waitFor({ state: "detached" });
  await page.waitForFunction(() => document.querySelector('select[name="set"]')?.value === "modern");
});

test("the log comes live, is filtered, and waits while it is paused", async () => {
  await go("logs/audit");
  const log = page.getByRole("log");
  const other = await context.newPage();
  listen(other);
  await go("time", other);
  const add = async (host) => {
    const form = other.locator("details", { hasText: "Add a time server" });
    if (!(await form.getAttribute("open")) && !(await form.getByLabel("Server").isVisible())) await form.locator("summary").click();
    await form.getByLabel("Server").fill(host);
    await form.getByRole("button", { name: "Add server" }).click();
    await other.locator("main").getByText(`Done: ntp server add ${host}`).waitFor();
  };
  await add("ntp1.example.com");
  await log.getByText("ntp server add ntp1.example.com").first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await add("ntp2.example.com");
  await page.getByText(/Paused, \d+ new line/u).waitFor();
  assert.equal(await log.getByText("ntp2.example.com").count(), 0);
  await page.getByRole("button", { name: "Go on" }).click();
  await log.getByText("ntp server add ntp2.example.com").first().waitFor();
  await page.getByLabel("Text").fill("ntp1.example");
  assert.equal(await log.getByText("ntp2.example.com").count(), 0);
  await other.close();
});

test("what was typed outlives the session", async () => {
  await go("users");
  await page.getByLabel("User name").fill("bob");
  await page.getByLabel("New password", { exact: true }).fill("Temporary-2026");
  await page.getByLabel("New password again").fill("Temporary-2026");
  await context.clearCookies();
  await page.getByRole("button", { name: "Add account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("what you typed is kept").waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("User name").inputValue(), "bob");
  await page.getByRole("button", { name: "Add account" }).click();
  await page.getByRole("cell", { name: "bob", exact: true }).waitFor();
});

test("the keyboard alone gets anywhere", async () => {
  await page.goto(`${SITE}/`);
  await settled(page);
  await page.reload();
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
});

for (const colorScheme of ["light", "dark"]) {
  test(`every page is accessible and fits, ${colorScheme}`, async () => {
    const state = await context.storageState();
    for (const width of [380, 1280, 3840]) {
      const own = await browser.newContext({ ignoreHTTPSErrors: true, colorScheme, viewport: { width, height: width > 3000 ? 2160 : 860 }, storageState: state });
      const one = await own.newPage();
      listen(one);
      for (const name of PAGES) {
        await go(name, one);
        if (width === 1280) await accessible(one, `${name} ${colorScheme}`);
        const over = await one.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${name} is ${over} px too wide at ${width}`);
        await one.screenshot({ path: `${ARTEFACTS}/${name.replace("/", "-")}-${width}-${colorScheme}.png`, fullPage: width < 3000 });
      }
      await own.close();
    }
  });
}

test("no page threw, and no policy was broken", () => {
  assert.deepEqual(complaints, []);
});
