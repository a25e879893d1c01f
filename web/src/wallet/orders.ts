/** Signed orders: signature in the wallet, then to the matcher. Costs no gas. */

import { ordersAbi } from "@generated/abi";
import type { Hex } from "viem";
import { explain } from "../chain/errors";
import { clock } from "../chain/head";
import { cancelOrders, placeOrder, type Receipt } from "../chain/matcher";
import { session, type Session } from "../chain/session";
import { orderFields, timedNonce, typedCancel, typedOrder, type OrderWish } from "../lib/orders";
import { notify, update } from "../ui/toast-store";
import { sending } from "./transact";
import { signTyped } from "./typed";
import { obstacle, wallet, type Wallet } from "./wallet";

/** Seconds within which the matcher has to hear of a cancellation. */
const HEARD_SECONDS = 120;

/** Signs and places an order; null after a failure, which the user has been told of. */
export async function place(
    wish: Omit<OrderWish, "signer" | "nonce">,
    title: string,
): Promise<Receipt | null> {
    let placed: Receipt | null = null;
    await signing(title, "Placed at the matcher", async ({ client, domain, config }, signer) => {
        const lowest = await client.readContract({
            address: domain.orders!,
            abi: ordersAbi,
            functionName: "lowestNonce",
            args: [wish.account],
        });
        const nonce = timedNonce(lowest, Date.now());
        const fields = orderFields({ ...wish, signer: signer.address, nonce });
        const signature = await signTyped(signer, typedOrder(config.chainId, domain.orders!, fields));
        placed = await placeOrder(fields, signature);
        if (placed.status === "dropped") {
            throw new Error(`The order was dropped, nothing of it is filled: ${placed.reason}.`);
        }
    });
    return placed;
}

/** Has the matcher forget orders of an account. */
export async function callOff(account: Hex, orders: readonly Hex[]): Promise<void> {
    const title = orders.length === 1 ? "Cancel the order" : `Cancel ${orders.length} orders`;
    await signing(title, "Cancelled at the matcher", async ({ domain, config }, signer) => {
        const deadline = String(clock.peek() + HEARD_SECONDS);
        const request = { account, signer: signer.address, orders, deadline };
        const signature = await signTyped(signer, typedCancel(config.chainId, domain.orders!, request));
        await cancelOrders(request, signature);
    });
}

/** Has the wallet sign and tells what comes of it; `done` is said in the end. */
export async function signing(
    title: string,
    done: string,
    work: (open: Session, signer: Wallet) => Promise<void>,
): Promise<void> {
    if (sending.peek() !== null) return;
    const open = session.peek();
    const signer = wallet.peek();
    const hindrance = obstacle.peek();
    if (!open || !signer || hindrance) {
        notify({ kind: "failed", title, detail: hindrance ?? "The chain is not there yet" });
        return;
    }
    sending.value = title;
    const toast = notify({ kind: "pending", title, detail: "Sign in the wallet; it costs no gas" });
    try {
        await work(open, signer);
        update(toast, { kind: "done", detail: done });
    } catch (error) {
        update(toast, { kind: "failed", detail: explain(error) });
    } finally {
        sending.value = null;
    }
}
