// duckdb.mjs SOURCE SETUP.sql… -- [QUESTION.sql…]: in one DuckDB, in the working directory, run the first
// ones; then the answer to each question goes to QUESTION.SOURCE, rows as JSON.  Packages are those below
// $MODULES; DuckDB fetches nothing itself.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";

const { DuckDBInstance } = createRequire(`${process.env.MODULES}/`)("@duckdb/node-api");
const instance = await DuckDBInstance.create(":memory:", {
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
});
const connection = await instance.connect();
const run = (file) => connection.runAndReadAll(readFileSync(file, "utf8"));
const [source, ...files] = process.argv.slice(2);
const questions = files.splice(files.indexOf("--")).slice(1);
for (const file of files) await run(file);
for (const file of questions)
  writeFileSync(`${basename(file, ".sql")}.${source}`, JSON.stringify((await run(file)).getRowObjectsJson()));
