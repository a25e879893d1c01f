"""A template for every custom error of the contracts; scripts/client/sentences.py writes the values in."""

from __future__ import annotations

_OUT_OF_RANGE = "{parameter name} is {value number}, and must be from {min number} to {max number}"
_GAS = "the call got too little gas; send it again with more"
_DEFECT = "; it is not for wallets to call"

_VAULT = {
    "Vault_Locked": "the vault is in the middle of another operation; call it afterwards",
    "Vault_NotAuthorised": "{caller} may not act for the account {account account};"
    " its owner or an operator that the owner has set may",
    "Vault_Paused": "the vault is paused: it takes in nothing that an account does not hold or owe already;"
    " try again when it goes on",
    "Vault_UnknownAsset": "the vault does not list {token asset}; `keel status` shows what it lists",
    "Vault_AssetListed": "{token asset} is listed already",
    "Vault_AssetLimit": "the vault lists {limit number} assets, and no more are possible",
    "Vault_NotBorrowable": "{token asset} cannot be borrowed: it has no lending pool",
    "Vault_ZeroAmount": "the amount is zero or nothing is left to do; name an amount above zero",
    "Vault_NothingReceived": "no {token asset} arrived; the token did not move what it was asked to",
    "Vault_InsufficientBalance": "the account holds {balance amount token}, and {wanted amount token} are wanted;"
    " ask for less, or deposit first",
    "Vault_AmountOutOfRange": "{amount amount} is more than can be kept; at most {max amount} can",
    "Vault_SupplyCapExceeded": "the vault would hold {total amount token}, and its cap is {cap amount token};"
    " deposit less",
    "Vault_AboveSupplyCap": "the account {account account} holds an asset above its supply cap and owes nothing;"
    " only what backs a debt may be above the cap",
    "Vault_DebtCapExceeded": "the vault would owe {debt amount token}, and its cap is {cap amount token};"
    " borrow less",
    "Vault_NotHeld": "the account {account account} does not hold or owe {token asset} so that this could be done;"
    " name another asset, or act as the account's owner",
    "Vault_SameAccount": "{account account} cannot do this with itself or with the backstop; name another account",
    "Vault_BelowInitialRequirement": "the account would be worth {worstEquity usd} at the worst prices, and must be"
    " worth {requirement usd}; add margin or borrow less",
    "Vault_NoNewRisk": "the account may take on no new risk now: a price is {worstStatus status}{paused state};"
    " what lowers its risk is possible, the rest when that has ended",
    "Vault_LossyReduction": "the account is below its initial requirement, and this would leave it worse off;"
    " add margin, or trade at a better price",
    "Vault_BelowMinimumDebt": "the account would owe {debtValueWad usd}, and a debt must be worth at least"
    " {minimumWad usd}; borrow more, or nothing",
    "Vault_RiskRaisedThisBlock": "the account {account account} may have taken on risk in this very block and cannot be taken"
    " over in it; try again in the next",
    "Vault_CheckPending": "the account {account account} was changed earlier in this batch and has not been checked;"
    " take it over in a batch of its own",
    "Vault_PaymentAboveLimit": "the takeover costs {payment settlement}, and the limit is {limit settlement};"
    " the price moved: look again, or allow more",
    "Vault_SameAsset": "{token asset} cannot be traded for itself; name two assets",
    "Vault_UnknownAdapter": "the vault does not trade through {adapter}; use the adapter of the deployments file",
    "Vault_UnknownInstrument": "the vault does not list the instrument {instrument}",
    "Vault_SwapLimit": "the trade gives {amount amount}, and the least is {limit amount};"
    " the price moved: look again, or allow more slippage",
    "Vault_SwapLoss": "the trade would lose {lossWad share} against the oracle's price, and at most"
    " {maxLossWad share} is allowed; trade less at a time, or allow more",
    "Vault_NotLiquidationEngine": "only the liquidation engine may do this; {caller} is not it",
    "Vault_NotInstrument": "only a listed instrument may do this; {caller} is none",
    "Vault_NotWrappedNative": "the vault takes ether from the wrapped ether contract alone; {sender} is not it:"
    " deposit with `keel deposit`",
    "Vault_BadReceiver": "{to} cannot receive this; name an address that is neither zero nor the vault",
    "Vault_NativeTransferFailed": "{to} did not accept {amount number} wei; withdraw the wrapped token instead",
    "Vault_SignatureExpired": "the signature ended at {deadline time}; sign anew",
    "Vault_BadSignature": "the signature is not one of the owner of {account account}; sign with the owner's key",
}

_LIQUIDATION = {
    "LiquidationEngine_NotVault": f"only the vault may ask this; {{caller}} is not it{_DEFECT}",
    "LiquidationEngine_Healthy": "the account {account account} is healthy: it is worth {favourableEquity usd} and must"
    " be worth {requirement usd}; nothing can be taken over",
    "LiquidationEngine_Solvent": "the account {account account} is solvent: it is worth {favourableEquity usd};"
    " only what is worth less than nothing is flagged or written off",
    "LiquidationEngine_StillInsolvent": "the account {account account} is still worth {favourableEquity usd};"
    " its flag stays until that is zero or more",
    "LiquidationEngine_NotFlagged": "the account {account account} is not flagged; there is no flag to take off",
    "LiquidationEngine_NothingToTake": "the account {account account} holds nothing that can be taken over;"
    " one that only owes is written off",
    "LiquidationEngine_MustTakeAll": "the account {account account} is insolvent: whoever takes it over takes all of"
    " it; exclude nothing that has a value",
    "LiquidationEngine_HealthWouldFall": "the account would be worth {equityAfter usd} and have to be worth"
    " {requirementAfter usd}, less healthy than before; exclude less",
    "LiquidationEngine_SettlementUnpriced": "the settlement asset has no price now; try again when its feed answers",
    "LiquidationEngine_PriceInDoubt": "prices of what {account account} holds are in dispute; take over without"
    " excluding any of it, or wait until the sources agree",
    "Vault_NotPortfolioMode": "the first instrument of a vault is the one that its risk engine names for portfolio margin;"
    " {instrument} is another",
    "LiquidationEngine_Portfolio": "{account account} is margined as a portfolio, which is taken over in equal parts of"
    " everything; exclude nothing",
    "LiquidationEngine_HoldsAssets": "the account {account account} holds assets: it is taken over, not written off",
    "LiquidationEngine_TakerNeeded": "the account {account account} owes {token asset}, which the backstop cannot pay"
    " by itself; somebody must take it over",
    "LiquidationEngine_HedgeGrace": "{account account} lost a hedge by deleveraging: it is not taken over until"
    " {until time}",
    "LiquidationEngine_SequencerGrace": "the chain's sequencer was down: nobody is taken over until {until time}",
}

_POOL = {
    "LendingPool_Locked": "the pool is in the middle of another operation; call it afterwards",
    "LendingPool_NotDomain": "{caller} has no credit line at this pool; only domains may borrow and repay here",
    "LendingPool_NotLiquidationEngine": "only the domain's liquidation engine may do this; {caller} is not it",
    "LendingPool_LineExceeded": "the domain would owe the pool {debt amount}, and its credit line is {lineLeft amount};"
    " borrow less",
    "LendingPool_InsufficientCash": "the pool has {cash amount} that are not lent, and {wanted amount} are wanted;"
    " ask for less, or wait for repayments",
    "LendingPool_TransferShort": "the pool holds {balance amount} where its books say {accounted amount};"
    " the token did not move what it was asked to",
    "LendingPool_RoundedAgainstPool": "{amount amount} is not what a principal of {principal number} is worth at the"
    " index {index number}; the pool does not round against itself",
    "LendingPool_PrincipalExceeded": "{domain} owes a principal of {owed number}, less than {principal number};"
    " repay at most what is owed",
    "LendingPool_ZeroShares": "this is worth less than one share; name a larger amount",
    "LendingPool_ZeroAssets": "these shares are worth less than one unit; name a larger amount",
    "LendingPool_GasTooLow": "{gasLeft number} gas is left where {needed number} are needed; send it again with more",
    "LendingPool_RateModelSilent": "the rate model {model} does not answer; name one that does",
    "LendingPool_BadRecipient": "{recipient} cannot receive this; name an address that is neither zero nor the pool",
    "LendingPool_OutOfRange": _OUT_OF_RANGE,
    "LendingPool_FlashNotRepaid": "after the flash loan the pool held {balance amount} and was due {due amount};"
    " repay loan and fee",
    "LendingPool_FlashRefused": "{receiver} did not accept the flash loan; it must answer as ERC-3156 says",
    "LendingPool_WrongToken": "this pool does not lend {token asset}; use that asset's own pool",
}

_BACKSTOP = {
    "Backstop_NotLiquidationEngine": "only the liquidation engine may do this; {caller} is not it",
    "Backstop_OutOfRange": _OUT_OF_RANGE,
    "Backstop_SettlementAsset": "the backstop does not sell its settlement asset; name another one",
    "Backstop_PriceNotFresh": "the price of {token asset} is not fresh; the backstop sells when it is",
    "Backstop_PaymentAboveLimit": "the backstop asks {payment settlement}, and the limit is {limit settlement};"
    " buy less, or allow more",
    "Backstop_UnknownPool": "{pool} is none of this domain's lending pools",
}

# Shares with a slow way out: the backstop's and the virtual AMM's.
_EXITS = {
    "ExitShares_OutOfRange": _OUT_OF_RANGE,
    "ExitShares_NotOpen": "{wantedShares shares} of {owner} cannot leave now: {shares shares} may from"
    " {opensAt time} to {closesAt time}; an exit is requested first and opens after the cooldown (`keel unstake`)",
    "ExitShares_Locked": "{owner} has {free shares} that can be used, and {wanted shares} are wanted; ask for less",
    "ExitShares_ZeroShares": "this is worth less than one share; name a larger amount",
    "ExitShares_ZeroAssets": "these shares are worth less than one unit; name a larger amount",
    "ExitShares_TransferShort": "{received settlement} arrived where {expected settlement} were expected;"
    " the token did not move what it was asked to",
}

_PERPETUALS = {
    "OptionMarket_UnknownSeries": "the market has no series {series number}; look at those that are alive",
    "OptionMarket_SeriesExists": "there is such a series already: {series number}",
    "OptionMarket_SeriesInUse": "the series {series number} is held by somebody, or has not expired while there is room",
    "OptionMarket_TooManySeries": "the market has {most number} series; remove one that nobody holds first",
    "OptionMarket_OffGrid": "{what} {value number} is not on the grid: expiries are at 08:00 UTC of a day with a smile,"
    " strikes multiples of the tick between a fifth of the index and five times it",
    "OptionMarket_Expired": "the series {series number} expired at {expiry time}; settle it",
    "OptionMarket_NotExpired": "nothing is settled before {expiry time}",
    "OptionMarket_PriceFixed": "the settlement price of {expiry time} is fixed already",
    "OptionMarket_WrongRound": "the feed's round {round number} is not the last one at or before the expiry",
    "OptionMarket_NoRounds": "the feed has no rounds before {expiry time}; from {from time} on the last good price counts",
    "OptionMarket_OutOfGas": "too little gas to ask the feed; send more",
    "OptionMarket_SameAccount": "{account account} cannot trade with itself; name another account",
    "OptionMarket_BadLegs": "{count number} legs that cannot be: 1 to 8, by ascending series, with ratios of 1 to 100",
    "OptionMarket_SizeOutOfRange": "a size of {sizeWad units} is more than a position may have; at most {max units}",
    "OptionMarket_TooManyPositions": "{account account} would have more than {most number} positions; close one, or use"
    " another account",
    "OptionMarket_PremiumOutOfBand": "the premium {premiumWad usd} is more than {mostWad usd} away from the value"
    " {valueWad usd}; trade nearer to it",
    "OptionMarket_PositionTooSmall": "{account account} would be left with {sizeWad units} of the series {series number},"
    " worth less than {leastWad usd} at the index; close all of it, or trade less or more",
    "OptionMarket_OpenInterestCap": "the market would have {notionalWad usd} open, and its cap is {capWad usd};"
    " trade less",
    "OptionMarket_ReduceOnly": "{account account} may only lower its positions by this; trade the other way, or less",
    "OptionMarket_IndexNotUsable": "the index {indexWad usd} is {status status}; trades wait until it is fresh",
    "OptionOrders_OtherLegs": "the order {hash} has other legs than the taker's; both must sign the same",
    "OptionOrders_NotCrossing": "the orders {taker} and {maker} do not meet: one wants {takerLimitWad usd}, the other"
    " {makerLimitWad usd}",
    "PerpMaker_NotMarket": f"only the market may ask the maker; {{caller}} is not it{_DEFECT}",
    "Market_Locked": "the market is in the middle of another operation; read it afterwards",
    "PerpMarket_UnknownMaker": "the market does not trade with the maker {maker}; use the virtual AMM's address",
    "Market_NotOrders": f"only the contract of signed orders may settle fills; {{caller}} is not it{_DEFECT}",
    "Market_NotSelf": f"only the market itself may call this; {{caller}} is not it{_DEFECT}",
    "PerpMarket_SameAccount": "{account account} cannot trade with itself; name another account",
    "PerpMarket_ZeroSize": "the size is zero; name one above or below zero",
    "PerpMarket_SizeOutOfRange": "a size of {sizeWad units} is more than a position may have; at most {max units}",
    "PerpMarket_PriceLimit": "the price is {priceWad usd}, and the limit is {limitWad usd};"
    " the price moved: look again, or allow more",
    "PerpMarket_PriceOutOfBand": "the price {priceWad usd} is more than {maxMoveWad share} away from the mark"
    " {markWad usd}; trade nearer to it",
    "PerpMarket_OpenInterestCap": "the market would have {notionalWad usd} open, and its cap is {capWad usd};"
    " trade less",
    "PerpMarket_ReduceOnly": "{account account} may only lower its position by this; trade the other way, or less",
    "PerpMarket_IndexNotFresh": "the index is {status status}; new positions wait until it is fresh",
    "PerpMarket_IndexOutOfRange": "the index {indexWad usd} is more than the market can count; at most {max usd}",
    "Market_OutOfRange": _OUT_OF_RANGE,
    "Market_SettlementUnderlying": "{underlying underlying} is what the settlement asset moves with;"
    " a market needs another underlying",
    "PerpMarket_NothingToDeleverage": "there is no loss that others would have to bear; nothing is deleveraged",
    "Market_LossNotCovered": "{account account} cannot borrow to pay its loss: it would be below its initial"
    " requirement; add margin",
    "Market_GasShort": "{gasLeft number} of gas do not do to collect what {account account} owes; send more gas",
    "PerpLens_Points": "{points number} steps of depth are asked for; ask for 1 to {max number}",
    "SignedOrders_NotAuthorised": "{caller} may not cancel for the account {account account};"
    " its owner or an operator may",
    "SignedOrders_BadSignature": "the order {hash} is not signed by {signer}; sign it with that key",
    "SignedOrders_BadOrder": "the order {hash} has a size of zero, or values beyond their range; write it anew",
    "SignedOrders_Expired": "the order {hash} ended at {expiry time}; sign a new one",
    "SignedOrders_Cancelled": "the order {hash} was cancelled; sign a new one",
    "SignedOrders_Filled": "the order {hash} is filled, or another with its nonce: there is nothing left to cancel",
    "SignedOrders_NonceBelow": "the order {hash} has the nonce {nonce number}, and all below {lowest number} are"
    " cancelled; sign a new one",
    "SignedOrders_NonceNotRising": "nonces of {account account} below {lowest number} are cancelled already;"
    " name a higher one than {wanted number}",
    "SignedOrders_OtherMarket": "the order {hash} is for the market {market}, not for {expected}",
    "SignedOrders_PostOnly": "the order {hash} only makes prices, it does not take them",
    "PerpOrders_Asleep": "the order {hash} waits for its trigger: the price is {priceWad usd} and {status status}",
    "SignedOrders_SelfTrade": "{taker account} and {maker account} have one owner, who cannot trade with himself",
    "SignedOrders_SameSide": "the orders {taker} and {maker} are on the same side; one must buy and one sell",
    "PerpOrders_NotCrossing": "the orders {taker} and {maker} do not meet: one wants {takerLimitWad usd}, the other"
    " {makerLimitWad usd}",
    "SignedOrders_NotFilled": "the order {hash} wants {wantedWad units} or nothing, and {filledWad units} are there",
    "SignedOrders_FeeAboveCap": "the fee is {feeWad share}, and the order {hash} allows {maxFeeWad share}",
    "SignedOrders_NothingFilled": "nothing is left to fill for the order {taker}",
    "SignedOrders_Lengths": "{makers number} makers came with {sizes number} sizes; there must be as many of each",
    "PerpOrders_BadTipAccount": "{caller} may not take tips into {tipTo account}; name an account of your own",
    "SignedOrders_NotSelf": f"only the contract of signed orders itself may call this; {{caller}} is not it{_DEFECT}",
    "VirtualAmm_OutOfRange": _OUT_OF_RANGE,
    "VirtualAmm_SkewLimit": "the virtual AMM would have sold {soldWad units}, and at most {maxWad units} either way is"
    " possible; trade less",
    "VirtualAmm_IndexNotFresh": "the index is {status status}; the virtual AMM trades when it is fresh",
    "VirtualAmm_Flagged": "the virtual AMM's account has a flagged shortfall; nobody joins or leaves until it is resolved",
    "VirtualAmm_NothingLeft": "the virtual AMM has lost everything; there is nothing to join or leave",
    "VirtualAmm_BelowInitialRequirement": "the virtual AMM would be worth {worstEquity usd} at the worst prices, and"
    " must be worth {requirement usd}; ask for less, or wait",
    "VirtualAmm_BelowLimit": "this gives {amount number}, and the least is {limit number}; look again, or allow less",
}

_RISK = {
    "RiskEngine_NotParameters": f"only the risk parameters may do this; {{caller}} is not them{_DEFECT}",
    "RiskEngine_BookMalformed": "the risk book {book} has {size number} bytes where {expected number} are expected",
    "RiskEngine_OutOfGas": f"{_GAS}: the price source {{source}} did not get its share",
    "RiskEngine_UnknownAsset": "{assetId asset_id} is not in the risk book; `keel status` shows what is listed",
    "RiskEngine_UnknownUnderlying": "there is no price number {underlying number}; `keel oracle show` shows all",
    "RiskEngine_BadScenario": "there is no point {point number} to name for price number {underlying number}; this half of"
    " the grid goes from {first number} to {last number}, and points of the first 25 prices can be named",
    "RiskEngine_PriceNotUsable": "the price of {underlying underlying} is {status status};"
    " this needs a fresh one: `keel oracle show` shows its state",
    "AccountLens_AmountTooLarge": "{amount number} smallest units is more than any account can hold; name less",
    "Instrument_NotVault": f"only the vault may call the instrument; {{caller}} is not it{_DEFECT}",
    "RateModel_OutOfRange": _OUT_OF_RANGE,
    "GrowthCappedRate_OutOfRange": _OUT_OF_RANGE,
    "GrowthCappedRate_TargetNotAnswering": "{target} does not tell its rate; name a token that does",
    "GrowthCappedRate_TooEarly": "the rate was brought up to date already; the next time is {next time}",
    "GrowthCappedRate_OutOfGas": _GAS,
}

_PARAMETERS = {
    "RiskParameters_OutOfRange": _OUT_OF_RANGE,
    "RiskParameters_InitialBelowMaintenance": "the initial shock of {underlying underlying} is {initialPpm ppm}, below"
    " the maintenance shock of {maintenancePpm ppm}; it must be above",
    "RiskParameters_InitialBelowTarget": "the initial shock of {underlying underlying} is {initialPpm ppm}, and the target"
    " health needs at least {neededPpm ppm}",
    "RiskParameters_ShockTooSmall": "the maintenance shock of {underlying underlying} is {maintenancePpm ppm}, and its"
    " band needs at least {neededPpm ppm}",
    "RiskParameters_PremiumBelowUnwinding": "the smallest premium of {premiumPpm ppm} does not pay for unwinding"
    " {assetId asset_id}, which costs {unwindingPpm ppm}; raise the one or lower the other",
    "RiskParameters_WrongOrder": "{smaller name} is {value number} and must not be above {larger name},"
    " which is {bound number}",
    "RiskParameters_RampTooShort": "a ramp of {duration duration} is too short; what tightens walks for at least"
    " {minimum duration}",
    "RiskParameters_UnknownAsset": "{assetId asset_id} has no risk parameters; add it first",
    "RiskParameters_UnknownUnderlying": "there is no price number {underlying number}; add it first",
    "RiskParameters_FeedNotAnswering": "the feed {feed} gives no usable price; name one that does",
    "RiskParameters_SourcesDisagree": "{oldFeed} says {oldPriceWad usd} and {newFeed} says {newPriceWad usd};"
    " a new source must agree with the old one",
    "RiskParameters_NotProposed": "nothing is proposed for number {id number}; propose it first",
    "RiskParameters_TooEarly": "the proposal can be applied from {activeFrom time} on; wait until then",
    "RiskParameters_NotNextAsset": "asset {assetId number} is not the next one; that is {expected number}",
    "RiskParameters_NoDomain": "the parameters of the domain have not been set; set them first",
    "RiskParameters_NotSettable": "{parameter name} cannot be changed here; it has a proposal and a delay of its own",
    "RiskParameters_FeedStale": "the answer of {feed} is {age duration} old, and its heartbeat is {heartbeat duration};"
    " wait for a new answer",
    "RiskParameters_GraceRunning": "the sequencer has been up for {sequencerUpFor duration} of a grace period of"
    " {gracePeriod duration}; wait until it is over",
    "RiskParameters_ListFull": "the list holds {limit number} entries, and no more are possible",
}

_VOLATILITY = {
    "VolatilitySurface_OutOfRange": _OUT_OF_RANGE,
    "VolatilitySurface_UnknownUnderlying": "the volatility surface has no underlying number {underlying number};"
    " its owner sets parameters for it first",
    "VolatilitySurface_NotSigner": "{signer} may not sign volatility surfaces, or this is not what it signed;"
    " sign with a key that the owner has added, for this chain and contract",
    "VolatilitySurface_NotNewer": "the surface was made at {timestamp time}, and one of {last time} is in force;"
    " only a newer one counts",
    "VolatilitySurface_TooEarly": "the next surface may come at {earliest time}; try again then",
    "VolatilitySurface_FromTheFuture": "the surface is said to be made at {timestamp time}, and it is"
    " {now_ time}; set the signer's clock right",
    "VolatilitySurface_TooOld": "the surface was made at {timestamp time}, longer ago than the {heartbeat duration}"
    " for which one counts; sign a new one",
    "VolatilitySurface_Empty": "the surface has no expiry; it needs one at least",
    "VolatilitySurface_BadExpiry": "the expiry {expiry time} must be after {after_ time} and not after"
    " {latest time}; order expiries, and leave out those that have passed",
    "VolatilitySurface_TooManyExpiries": "the surface would have {count number} expiries, and at most {most number}"
    " are possible; leave some out",
    "VolatilitySurface_BadShape": "the smile of {expiry time} has a slope of {slope number}, a curvature of"
    " {curvature number} and a width of {width number}; the slope must be smaller than the curvature, and the width"
    " above zero",
    "VolatilitySurface_VarianceTooLow": "the smile of {expiry time} falls to a variance of {leastWad share} a year, and"
    " {minimumWad share} is the least",
    "VolatilitySurface_VarianceTooHigh": "the smile of {expiry time} rises to a variance of {mostWad share} a year, and"
    " {maximumWad share} is the most",
    "VolatilitySurface_WingsTooSteep": "the wings of {expiry time} rise by {slopeWad share} of total variance, more"
    " than the {mostWad share} that any price can have; flatten them",
    "VolatilitySurface_CalendarArbitrage": "{later time} has less total variance than {earlier time} at one strike"
    " ({laterWad share} against {earlierWad share}), which is arbitrage; fit the expiries together",
    "VolatilitySurface_MoveTooLarge": "the smile of {expiry time} might move by {moveWad share} of variance at some"
    " strike, and one update may move it by {mostWad share}; go there in several",
    "VolatilitySurface_Lengths": "{expiries number} expiries came with {strikes number} strikes; there must be as many"
    " of each",
    "RealisedVolatility_OutOfRange": _OUT_OF_RANGE,
    "RealisedVolatility_Known": "{underlying underlying} is known already; set its parameters",
    "RealisedVolatility_UnknownUnderlying": "no volatility of {underlying underlying} is kept; the owner adds it first",
    "RealisedVolatility_TooEarly": "{underlying underlying} was observed less than a minute ago; the next observation"
    " may come at {earliest time}",
    "RealisedVolatility_PriceNotFresh": "the price of {underlying underlying} is {status status}; it is observed when"
    " it is fresh",
    "RealisedVolatility_TooSmall": "{underlying underlying} has moved by {returnWad share}, and {leastWad share} count"
    " before {countsFrom time}; wait",
    "DynamicShocks_OutOfRange": _OUT_OF_RANGE,
    "DynamicShocks_NoRule": "the shocks of {underlying underlying} do not follow its volatility",
    "DynamicShocks_VolatilityNotFresh": "the volatility of {underlying underlying} is {status status}; somebody"
    " observes it first",
    "DynamicShocks_NothingToDo": "the shocks of {underlying underlying} are near enough to its volatility already, or"
    " on their way",
    "DynamicShocks_TooEarly": "the shocks of {underlying underlying} were refreshed not long ago; the next time is"
    " {earliest time}",
}

_SWAPS = {
    "SwapAdapter_RouteMalformed": "a route of {length number} bytes is none;"
    " expected token, fee, token and so on, packed",
    "SwapAdapter_RouteEnds": "the route leads from {routeStart asset} to {routeEnd asset}, and the trade is from"
    " {tokenIn asset} to {tokenOut asset}; name a route of the same ends",
    "SwapAdapter_OutputTooSmall": "the trade gives {amountOut amount}, and the least is {minOut amount};"
    " the price moved: look again, or allow more slippage",
    "SwapAdapter_InputTooLarge": "the trade costs {amountIn amount}, and the most is {maxIn amount};"
    " the price moved: look again, or allow more slippage",
    "UniswapV3Adapter_NotThePool": f"{{caller}} is not the pool {{pool}} that is traded with{_DEFECT}",
    "UniswapV3Adapter_Reentered": f"a swap is going on already; {{caller}} may not start another in it{_DEFECT}",
    "UniswapV3Adapter_PoolMissing": "there is no Uniswap pool of {tokenA asset} and {tokenB asset} with a fee of"
    " {fee fee}; name another route",
    "UniswapV3Adapter_PartialFill": "the pools take only {filled amount token} of {amount amount token};"
    " trade less at a time",
    "UniswapV3Adapter_AmountOutOfRange": "{amount amount} is more than Uniswap can trade; trade less",
    "MarginHelper_NotAuthorised": "{caller} may not act for the account {account account};"
    " its owner or an operator may",
    "MarginHelper_NoDebt": "the account {account account} owes no {token asset}; there is nothing to close",
    "MarginHelper_PriceNotFresh": "the price of {token asset} is not fresh; try again when it is",
}

# Of the libraries and tokens underneath.
_LIBRARIES = {
    "TransferFromFailed": "the token refused to move: the wallet holds less than that, or has not approved it",
    "TransferFailed": "the token refused to move",
    "InsufficientBalance": "the wallet holds less than that; name a smaller amount",
    "InsufficientAllowance": "the wallet has not approved that much; approve it first",
    "DepositMoreThanMax": "the pool takes in less than that now; deposit less",
    "MintMoreThanMax": "the pool takes in less than that now; deposit less",
    "WithdrawMoreThanMax": "less than that can be withdrawn now: more is not owned, or is lent or locked;"
    " ask for less, or wait",
    "RedeemMoreThanMax": "less than that can be redeemed now: more is not owned, or is lent or locked;"
    " ask for less, or wait",
    "InvalidPermit": "the permit is not signed by the owner; sign anew",
    "PermitExpired": "the permit has expired; sign anew",
    "OwnableUnauthorizedAccount": "{account} is not the contract's owner; only the owner may do this",
    "Governed_NotGuardian": "{caller} is neither guardian nor owner; only they may do this",
}

TEMPLATES = {
    **_VAULT,
    **_LIQUIDATION,
    **_POOL,
    **_BACKSTOP,
    **_EXITS,
    **_PERPETUALS,
    **_RISK,
    **_PARAMETERS,
    **_VOLATILITY,
    **_SWAPS,
    **_LIBRARIES,
}
