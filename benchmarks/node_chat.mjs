// One conversation with node-llama-cpp's LlamaChatSession: JSON lines in, one JSON line out for each.
// In: {"system": "..."} begins anew, {"ask": "..."} asks. Out: seconds to the first text, the text.
// Arguments: model, threads, context tokens, most tokens of an answer.

import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import path from "node:path";
import {pathToFileURL} from "node:url";

const [model, threads, contextTokens, maxTokens] = process.argv.slice(2);
// the package lies in the current folder, not beside this file
const found = createRequire(path.join(process.cwd(), "package.json")).resolve("node-llama-cpp");
const {getLlama, LlamaChatSession} = await import(pathToFileURL(found).href);

const llama = await getLlama({gpu: false, build: "never", skipDownload: true, maxThreads: +threads, logLevel: "error"});
const loaded = await llama.loadModel({modelPath: model, gpuLayers: 0});
const context = await loaded.createContext({
    contextSize: +contextTokens, batchSize: 512, threads: +threads, flashAttention: "auto"
});
const sequence = context.getSequence();
let session = null;

async function handle({system, ask}) {
    if (system !== undefined) {
        session?.dispose({disposeSequence: false});
        await sequence.clearHistory();
        session = new LlamaChatSession({contextSequence: sequence, systemPrompt: system});
        return {has_begun: true};
    }
    let first = 0;
    const began = performance.now();
    const text = await session.prompt(ask, {
        temperature: 0,
        maxTokens: +maxTokens,
        onTextChunk: (chunk) => {
            if (first === 0 && chunk.length > 0) first = performance.now();
        }
    });
    return {ttft_s: (first - began) / 1000, text};
}

console.log(JSON.stringify({ready: true}));
for await (const line of createInterface({input: process.stdin}))
    console.log(JSON.stringify(await handle(JSON.parse(line))));
process.exit(0);
