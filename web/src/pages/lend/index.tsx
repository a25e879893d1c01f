/** Lend: what the wallet lends and stakes, and the form for the chosen pool or the backstop. */

import type { PageProps } from "..";
import { assetBySymbol } from "../../chain/domain";
import { session } from "../../chain/session";
import { PageHead } from "../../ui/card";
import { BackstopPanel } from "./backstop";
import { Overview } from "./overview";
import { PoolPanel } from "./pool";
import { useStakes } from "./stakes";

export function LendPage({ path }: PageProps) {
    const { domain } = session.value!;
    const stakes = useStakes();
    const lent = domain.assets.filter((asset) => asset.pool !== null);
    const isBackstop = path[0] === "backstop";
    const asset = (path[0] && assetBySymbol(domain, path[0])) || lent[0];
    const chosen = isBackstop ? "backstop" : asset?.symbol;
    return (
        <>
            <PageHead title="Lend">
                Lenders earn what accounts pay for borrowing. The backstop takes losses before lenders do, and
                earns part of every premium for it.
            </PageHead>
            <div class={`grid-side ${path[0] ? "panel-first" : ""}`}>
                <Overview stakes={stakes} chosen={chosen} />
                <div class="panel">
                    {isBackstop ? (
                        <BackstopPanel stakes={stakes} />
                    ) : (
                        asset?.pool && <PoolPanel key={asset.id} asset={asset} stakes={stakes} />
                    )}
                </div>
            </div>
        </>
    );
}
