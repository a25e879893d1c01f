/** All pages. One more is one line here and a file beside it. */

import type { ComponentType } from "preact";
import { AccountPage } from "./account";
import { LendPage } from "./lend";
import { LiquidationsPage } from "./liquidations";
import { MarketsPage } from "./markets";
import { OptionsPage } from "./options";
import { PerpsPage } from "./perps";
import { TradePage } from "./trade";

export interface PageProps {
    /** Parts of the address after the page's own. */
    path: readonly string[];
}

export interface Page {
    path: string;
    title: string;
    icon: string;
    Page: ComponentType<PageProps>;
}

export const PAGES: readonly Page[] = [
    { path: "markets", title: "Markets", icon: "markets", Page: MarketsPage },
    { path: "account", title: "Account", icon: "account", Page: AccountPage },
    { path: "trade", title: "Trade", icon: "trade", Page: TradePage },
    { path: "perps", title: "Perpetuals", icon: "perps", Page: PerpsPage },
    { path: "options", title: "Options", icon: "options", Page: OptionsPage },
    { path: "liquidations", title: "Liquidations", icon: "liquidations", Page: LiquidationsPage },
    { path: "lend", title: "Lend", icon: "lend", Page: LendPage },
];

export function pageOf(path: string | undefined): Page {
    return PAGES.find((page) => page.path === path) ?? PAGES[0]!;
}
