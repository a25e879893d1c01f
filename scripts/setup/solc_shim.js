#!/usr/bin/env node
"use strict";
/*
 * The npm build of solc behind the command line that py-solc-x, Brownie and forge expect of the native one.
 *
 * It answers `--version` and compiles standard JSON from stdin. Imports that the JSON lacks are read from below the
 * working directory, as the native compiler does with its base path; every other flag is accepted and ignored. The
 * input is handed over as a pointer into the compiler's memory: the usual string call of solc-js puts it on the stack
 * and dies on large inputs. An answer is kept by the hash of version and input, together with the hashes of the files
 * read, so that an unchanged unit costs a few file reads. KEEL_SOLC_PACKAGE names the folder of another npm build.
 */
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const KEPT_ANSWERS = 60;
const root = path.resolve(__dirname, "..", "..");
const compilerPackage = process.env.KEEL_SOLC_PACKAGE || path.join(root, "node_modules", "solc");
const cacheFolder = process.env.KEEL_SOLC_CACHE || path.join(root, ".keel", "solc-cache");

function packageVersion() {
    return require(path.join(compilerPackage, "package.json")).version;
}

function loadCompiler() {
    return require(path.join(compilerPackage, "soljson.js"));
}

function sha256(...parts) {
    const hash = crypto.createHash("sha256");
    for (const part of parts) hash.update(part).update("\0");
    return hash.digest("hex");
}

function toMemory(solc, bytes) {
    const pointer = solc._solidity_alloc(bytes.length + 1);
    // The allocation may have grown the memory: HEAPU8 is looked up afterwards.
    solc.HEAPU8.set(bytes, pointer);
    solc.HEAPU8[pointer + bytes.length] = 0;
    return pointer;
}

function readSource(name, reads) {
    const folder = process.cwd();
    const file = path.resolve(folder, name);
    if (!file.startsWith(folder + path.sep)) throw new Error(`${name} lies outside of ${folder}`);
    const bytes = fs.readFileSync(file);
    reads[name] = sha256(bytes);
    return bytes;
}

function compile(input) {
    const solc = loadCompiler();
    const reads = {};
    let missing = false;
    const callback = solc.addFunction((context, kind, data, contents, error) => {
        const answer = (target, bytes) => solc.setValue(target, toMemory(solc, bytes), "*");
        try {
            const query = solc.UTF8ToString(kind);
            if (query !== "source") throw new Error(`unsupported callback "${query}"; expected "source"`);
            answer(contents, readSource(solc.UTF8ToString(data), reads));
        } catch (failure) {
            missing = true;
            answer(error, Buffer.from(failure.message, "utf8"));
        }
    }, "viiiii");
    const output = solc._solidity_compile(toMemory(solc, input), callback, 0);
    return { answer: Buffer.from(solc.UTF8ToString(output), "utf8"), reads, missing };
}

// Callers list the sources in any order and the compiler sorts them: the key does not depend on the order either.
function canonical(value) {
    return JSON.stringify(value, (key, item) =>
        item && typeof item === "object" && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
            : item,
    );
}

function stillTrue(reads) {
    return Object.entries(reads).every(([name, hash]) => {
        try {
            return sha256(fs.readFileSync(path.resolve(process.cwd(), name))) === hash;
        } catch {
            return false;
        }
    });
}

function store(file, content) {
    const partial = `${file}.${process.pid}`;
    fs.writeFileSync(partial, content);
    fs.renameSync(partial, file);
}

function forgetOldAnswers() {
    const manifests = fs
        .readdirSync(cacheFolder)
        .filter((name) => name.endsWith(".reads"))
        .map((name) => path.join(cacheFolder, name))
        .map((file) => ({ file, used: fs.statSync(file).mtimeMs }))
        .sort((a, b) => b.used - a.used);
    for (const { file } of manifests.slice(KEPT_ANSWERS)) {
        fs.rmSync(file, { force: true });
        fs.rmSync(file.replace(/reads$/, "json"), { force: true });
    }
}

function cached(input) {
    const key = sha256(packageVersion(), canonical(JSON.parse(input.toString("utf8"))));
    const answerFile = path.join(cacheFolder, `${key}.json`);
    const readsFile = path.join(cacheFolder, `${key}.reads`);
    try {
        if (stillTrue(JSON.parse(fs.readFileSync(readsFile, "utf8")))) {
            const answer = fs.readFileSync(answerFile);
            const now = new Date();
            fs.utimesSync(readsFile, now, now);
            return answer;
        }
    } catch (error) {
        if (error.code !== "ENOENT") throw error;
    }
    const { answer, reads, missing } = compile(input);
    if (missing) return answer;
    fs.mkdirSync(cacheFolder, { recursive: true });
    // The manifest comes last: without it the answer is not used.
    fs.rmSync(readsFile, { force: true });
    store(answerFile, answer);
    store(readsFile, JSON.stringify(reads));
    try {
        forgetOldAnswers();
    } catch (error) {
        // Another compilation may have removed the same file first.
        if (error.code !== "ENOENT") throw error;
    }
    return answer;
}

function main() {
    if (process.argv.includes("--version")) {
        const solc = loadCompiler();
        const version = solc.UTF8ToString(solc._solidity_version());
        process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
        return;
    }
    if (!process.argv.includes("--standard-json")) {
        const flags = process.argv.slice(2).join(" ") || "none";
        process.stderr.write(`solc shim: unsupported flags "${flags}"; expected --standard-json or --version\n`);
        process.exitCode = 1;
        return;
    }
    const answer = cached(fs.readFileSync(0));
    // A pipe may take less than it is given: write until all is gone.
    let offset = 0;
    while (offset < answer.length) {
        try {
            offset += fs.writeSync(1, answer, offset);
        } catch (error) {
            if (error.code !== "EAGAIN") throw error;
        }
    }
}

main();
