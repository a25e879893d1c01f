/** Markets: all assets, or one of them. */

import type { PageProps } from "..";
import { assetBySymbol } from "../../chain/domain";
import { session } from "../../chain/session";
import { href } from "../../router";
import { Empty } from "../../ui/state";
import { AssetPage } from "./asset";
import { MarketList } from "./list";

export function MarketsPage({ path }: PageProps) {
    const symbol = path[0];
    if (symbol === undefined) return <MarketList />;
    const asset = assetBySymbol(session.value!.domain, symbol);
    if (asset) return <AssetPage key={asset.id} asset={asset} />;
    return (
        <Empty
            title={`No asset "${symbol}" is listed`}
            action={<a href={href("markets")}>See all markets</a>}
        />
    );
}
