/** Failures of calls, wallets and nodes as one sentence each. */

import { errorsAbi } from "@generated/abi";
import { TEMPLATES } from "@generated/templates";
import { decodeErrorResult, type Hex } from "viem";
import { render } from "../lib/sentences";
import { namesOf, type Asset, type Domain } from "./domain";
import { session } from "./session";

const REJECTED = 4001;
const UNAUTHORISED = 4100;
const PENDING = -32002;

/** What went wrong; `amounts` is the token of amounts that name none. */
export function explain(error: unknown, amounts?: Asset): string {
    const domain = session.peek()?.domain ?? null;
    const data = revertData(error);
    if (data) return explainRevert(data, domain, amounts);
    const code = codeOf(error);
    if (code === REJECTED) return "You rejected it in the wallet; nothing was sent.";
    if (code === UNAUTHORISED)
        return "The wallet has not been given leave for this account; connect it again.";
    if (code === PENDING) return "The wallet is waiting for you already; open it.";
    const { shortMessage, details } = (error ?? {}) as { shortMessage?: string; details?: string };
    // The node's own words say more than the library's.
    const text =
        [shortMessage, details].filter(Boolean).join(" ") ||
        (error instanceof Error ? error.message : messageOf(error));
    if (/timed out|took too long/i.test(text)) return "The node does not answer in time.";
    if (/fetch|HTTP request failed|network/i.test(text)) return "The node does not answer.";
    return sentence(text || "The node gave no reason.");
}

/** The sentence for revert data. */
export function explainRevert(data: Hex, domain: Domain | null, amounts?: Asset): string {
    if (data === "0x") return "The contract refused without a reason.";
    let decoded;
    try {
        decoded = decodeErrorResult({ abi: errorsAbi, data });
    } catch {
        return `A contract refused with an error that is not known here (${data.slice(0, 10)}).`;
    }
    const name: string = decoded.errorName;
    const args: readonly unknown[] = decoded.args ?? [];
    if (name === "Error") return sentence(`a contract refused: ${String(args[0])}`);
    const inputs = (decoded.abiItem as { inputs?: readonly { name?: string }[] }).inputs ?? [];
    const template = TEMPLATES[name];
    if (!template) return `A contract refused: ${name}(${args.map(String).join(", ")}).`;
    const values = Object.fromEntries(inputs.map((input, place) => [input.name ?? "", args[place]]));
    return sentence(render(template, values, namesOf(domain, amounts)));
}

/** Raw revert data anywhere in an error of viem's, a wallet's or a node's. */
export function revertData(error: unknown): Hex | undefined {
    for (let cause: unknown = error, depth = 0; cause && depth < 8; depth += 1) {
        const { data, cause: next } = cause as { data?: unknown; cause?: unknown };
        const found = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
        if (typeof found === "string" && /^0x([0-9a-f]{2})+$/i.test(found)) return found as Hex;
        cause = next;
    }
    return undefined;
}

function codeOf(error: unknown): number | undefined {
    for (let cause: unknown = error, depth = 0; cause && depth < 8; depth += 1) {
        const { code, cause: next } = cause as { code?: unknown; cause?: unknown };
        if (typeof code === "number") return code;
        cause = next;
    }
    return undefined;
}

function messageOf(error: unknown): string {
    const message = (error as { message?: unknown } | null)?.message;
    return typeof message === "string" ? message : "";
}

function sentence(text: string): string {
    const capital = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
