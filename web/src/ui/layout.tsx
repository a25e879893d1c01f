/** Frame of every page: navigation, state of the chain, wallet, messages. */

import type { ComponentChildren } from "preact";
import { chainName } from "../chain/client";
import { chainStatus, head } from "../chain/head";
import { markets } from "../chain/markets";
import { config, session } from "../chain/session";
import { formatDuration, formatInteger, shortAddress } from "../lib/format";
import { PAGES } from "../pages";
import { href } from "../router";
import { nextTheme, theme } from "../theme";
import { choosing, onWrongNetwork, switchNetwork, wallet } from "../wallet/wallet";
import { Button } from "./button";
import { Icon } from "./icon";
import { Toasts } from "./toast";
import { WalletDialog } from "./wallet-dialog";

export function Shell({ current, children }: { current: string; children: ComponentChildren }) {
    return (
        <>
            <a class="skip" href="#main" onClick={focusMain}>
                Skip to the content
            </a>
            <header class="header">
                <div class="header-inner">
                    <a class="brand" href={href("markets")} aria-label="Keel">
                        <Logo />
                        <span>Keel</span>
                    </a>
                    <Navigation current={current} />
                    <div class="header-tools">
                        <ChainPill />
                        <ThemeButton />
                        <WalletButton />
                    </div>
                </div>
            </header>
            <Banners />
            <main id="main" class="main" tabIndex={-1}>
                {children}
            </main>
            <Toasts />
            <WalletDialog />
        </>
    );
}

function focusMain(event: Event): void {
    event.preventDefault();
    document.getElementById("main")?.focus();
}

function Logo() {
    return (
        <svg class="logo" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="9" />
            <path d="M6 11h20c0 6-4 9-8.500 9.600V25h-3v-4.400C10 20 6 17 6 11z" />
        </svg>
    );
}

function Navigation({ current }: { current: string }) {
    return (
        <nav class="nav" aria-label="Pages">
            {PAGES.map(({ path, title, icon }) => (
                <a key={path} href={href(path)} aria-current={path === current ? "page" : undefined}>
                    <Icon name={icon} />
                    <span>{title}</span>
                </a>
            ))}
        </nav>
    );
}

function ChainPill() {
    const status = chainStatus.value;
    const block = head.value;
    const name = config.value ? chainName(config.value.chainId) : "Chain";
    const words = {
        connecting: "connecting",
        live: "live",
        stale: "behind",
        down: "down",
        foreign: "wrong chain",
    };
    return (
        <span class={`pill chain chain-${status.kind}`} title={`${name}: ${words[status.kind]}`}>
            <span class="dot" aria-hidden="true" />
            <span class="chain-name">{name}</span>
            <span class="chain-block" data-testid="block">
                {status.kind === "live" && block ? `#${formatInteger(block.number)}` : words[status.kind]}
            </span>
        </span>
    );
}

function ThemeButton() {
    const current = theme.value;
    return (
        <button
            class="icon-button"
            type="button"
            onClick={nextTheme}
            aria-label={`Colours: ${current}; change`}
        >
            <Icon name={current} />
        </button>
    );
}

function WalletButton() {
    const current = wallet.value;
    return (
        <Button
            kind={current ? "quiet" : "primary"}
            size="small"
            onClick={() => (choosing.value = true)}
            label={current ? `Wallet ${shortAddress(current.address)}` : undefined}
        >
            {current ? (
                <>
                    <span class={`avatar avatar-${parseInt(current.address.slice(2, 4), 16) % 6}`} />
                    <span class="mono">{shortAddress(current.address)}</span>
                </>
            ) : (
                <>
                    <Icon name="wallet" size={18} />
                    <span>Connect</span>
                </>
            )}
        </Button>
    );
}

function Banners() {
    const status = chainStatus.value;
    const known = config.value;
    return (
        <div class="banners" aria-live="polite">
            {status.kind === "down" && session.value && head.value && (
                <Banner kind="danger" title="The node does not answer">
                    What you see is of block {formatInteger(head.value.number)}. Nothing can be sent; the
                    console goes on by itself when the node is back.
                </Banner>
            )}
            {status.kind === "stale" && (
                <Banner kind="warning" title="The node lags behind">
                    Its newest block is {formatDuration(status.seconds)} old. Nothing can be sent until it
                    catches up.
                </Banner>
            )}
            {status.kind === "foreign" && (
                <Banner kind="danger" title="The node serves another chain">
                    It is {chainName(status.chainId)} ({status.chainId}); this console is for{" "}
                    {chainName(known?.chainId ?? 0)} ({known?.chainId}).
                </Banner>
            )}
            {onWrongNetwork.value && known && (
                <Banner
                    kind="warning"
                    title="The wallet is on another network"
                    action={
                        <Button size="small" onClick={() => void switchNetwork()}>
                            Switch to {chainName(known.chainId)}
                        </Button>
                    }
                >
                    It is on {chainName(wallet.value?.chainId ?? 0)}; Keel is on {chainName(known.chainId)}.
                </Banner>
            )}
            {markets.value?.paused && (
                <Banner kind="warning" title="New risk is paused">
                    Repaying, adding to what is held and withdrawing without debt go on.
                </Banner>
            )}
        </div>
    );
}

interface BannerProps {
    kind: "warning" | "danger";
    title: string;
    children: ComponentChildren;
    action?: ComponentChildren;
}

function Banner({ kind, title, children, action }: BannerProps) {
    return (
        <div class={`banner banner-${kind}`} role={kind === "danger" ? "alert" : "status"}>
            <Icon name="warning" />
            <p>
                <strong>{title}.</strong> {children}
            </p>
            {action}
        </div>
    );
}
