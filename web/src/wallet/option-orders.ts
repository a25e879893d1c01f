/** Offers of options: signed in the wallet, handed on as text. */

import { nextNonce } from "../chain/options";
import type { Session } from "../chain/session";
import { sortedLegs, typedOptionOrder, type Offer, type OptionOrder } from "../lib/options";
import { signing } from "./orders";
import { signTyped } from "./typed";
import { wallet, type Wallet } from "./wallet";

export type OptionWish = Omit<OptionOrder, "signer" | "nonce">;

/** Signs an offer that rests; null after a failure, which the user has been told of. It costs no gas. */
export async function signOffer(wish: OptionWish, title: string): Promise<Offer | null> {
    let signed: Offer | null = null;
    await signing(title, "Signed; copy it for whoever takes it", async (open, signer) => {
        signed = await sign(open, signer, wish);
    });
    return signed;
}

/** The taker's signature, asked for just before the transaction. Raises what the wallet raises. */
export async function signTaker(open: Session, wish: OptionWish): Promise<Offer> {
    const signer = wallet.peek();
    if (!signer) throw new Error("No wallet is connected.");
    return sign(open, signer, wish);
}

async function sign(open: Session, signer: Wallet, wish: OptionWish): Promise<Offer> {
    const { config, domain } = open;
    const order: OptionOrder = {
        ...wish,
        legs: sortedLegs(wish.legs),
        signer: signer.address,
        nonce: await nextNonce(open, wish.account),
    };
    const document = typedOptionOrder(config.chainId, domain.optionOrders!, order);
    return { order, signature: await signTyped(signer, document) };
}
