// Builds the bundle into the Python package, reproducibly. With "check", only compares it with the committed one.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../python/src/dbt_scheduler/site/bundle");
const check = process.argv[2] === "check";
const MOST_BYTES = 400 * 1024; // of all files, gzipped

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: "out",
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "ascii", // also correct if it is served without a charset
  legalComments: "none", // the full licenses are added below
  logLevel: "warning",
});

const libraries = ["preact", "@dagrejs/dagre", "@dagrejs/graphlib"].map((name) => {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const license = readFileSync(join(folder, "LICENSE"), "utf8").replaceAll("\r", "").trim();
  return `${name} ${version}\n\n${license}`;
});
const licenses = `/*! This file contains:\n\n${libraries.join("\n\n---\n\n").replaceAll("*/", "* /")}\n*/\n`;

const files = {
  "index.html": readFileSync(join(here, "index.html"), "utf8"),
  "app.js": outputFiles.find(({ path }) => path.endsWith(".js")).text + licenses,
  "app.css": outputFiles.find(({ path }) => path.endsWith(".css")).text,
};
mkdirSync(out, { recursive: true });
let bytes = 0;
for (const [name, text] of Object.entries(files)) {
  const path = join(out, name);
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    console.error(`${name} is out of date: run \`make web\``);
    process.exit(1);
  }
  bytes += gzipSync(text, { level: 9 }).length;
}
console.log(`bundle: ${(bytes / 1024).toFixed(1)} KB gzipped`);
if (bytes > MOST_BYTES) {
  console.error(`more than ${MOST_BYTES / 1024} KB`);
  process.exit(1);
}
