/** What the cards of the page share. */

import type { OptionMarket } from "../../chain/domain";
import type { OptionAccount, OptionState } from "../../chain/options";
import type { Standing } from "../../chain/standing";

export interface OptionData {
    market: OptionMarket;
    state: OptionState | undefined;
    held: OptionAccount | undefined;
    standing: Standing | undefined;
}
