/** What everything else needs: configuration, client and domain. Starts once; starts over when the chain does. */

import { computed, effect, signal } from "@preact/signals";
import type { PublicClient } from "viem";
import { createClient } from "./client";
import { loadConfig, loadDeployment, type Config } from "./config";
import { readDomain, type Domain } from "./domain";
import { chainStatus, watchHead } from "./head";

export interface Session {
    config: Config;
    client: PublicClient;
    domain: Domain;
}

export const config = signal<Config | null>(null);
export const session = signal<Session | null>(null);
/** Why there is no session although the chain answers. */
export const problem = signal<string | null>(null);
export const isLive = computed(() => chainStatus.value.kind === "live");

const RETRY_MS = 2_000;

export async function start(): Promise<void> {
    try {
        config.value = await loadConfig();
    } catch (error) {
        problem.value = (error as Error).message;
        window.setTimeout(() => void start(), RETRY_MS);
        return;
    }
    problem.value = null;
    const known = config.value;
    const client = createClient(known);
    watchHead(client, known);
    let opening = false;
    let genesis = "";

    async function open(): Promise<void> {
        if (opening) return;
        opening = true;
        try {
            const [deployment, first] = await Promise.all([
                loadDeployment(),
                client.getBlock({ blockNumber: 0n }),
            ]);
            if (first.hash !== deployment.genesis) {
                throw new Error(
                    "The deployments file is of another chain with the same id, one that has ended. Deploy with" +
                        " `make deploy`, or start a local chain with `make up`.",
                );
            }
            const domain = await readDomain(client, deployment);
            genesis = deployment.genesis;
            session.value = { config: known, client, domain };
            problem.value = null;
        } catch (error) {
            problem.value = String(
                (error as { shortMessage?: string }).shortMessage ?? (error as Error).message,
            );
            window.setTimeout(() => chainStatus.value.kind === "live" && void open(), RETRY_MS);
        }
        opening = false;
    }

    // Whenever the node comes (back): it may be another chain behind the same address.
    let wasLive = false;
    effect(() => {
        const live = isLive.value;
        if (live && !wasLive) void reopen();
        wasLive = live;
    });

    async function reopen(): Promise<void> {
        const first = await client.getBlock({ blockNumber: 0n }).catch(() => null);
        if (first && first.hash === genesis) return;
        session.value = null;
        await open();
    }
}
