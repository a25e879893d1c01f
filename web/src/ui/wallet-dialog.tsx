import { config } from "../chain/session";
import { shortAddress } from "../lib/format";
import type { Connector } from "../wallet/provider";
import { choosing, connect, connectors, disconnect, wallet } from "../wallet/wallet";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Empty } from "./state";

export function WalletDialog() {
    const found = connectors.value;
    const browser = found.filter(({ kind }) => kind === "browser");
    const node = found.filter(({ kind }) => kind === "node");
    return (
        <Dialog title="Wallet" open={choosing.value} onClose={() => (choosing.value = false)}>
            {browser.length === 0 && node.length === 0 && (
                <Empty title="No wallet found" icon="wallet">
                    Install a browser wallet that announces itself (EIP-6963), then reload this page.
                </Empty>
            )}
            {browser.length > 0 && (
                <>
                    <h3>In this browser</h3>
                    <ul class="choices">
                        {browser.map((connector) => (
                            <Choice key={connector.id} connector={connector} />
                        ))}
                    </ul>
                </>
            )}
            {node.length > 0 && (
                <>
                    <h3>Test accounts of the local chain</h3>
                    <p class="muted">The node signs for them without asking. Their keys are public.</p>
                    <ul class="choices choices-short">
                        {node.map((connector) => (
                            <Choice key={connector.id} connector={connector} />
                        ))}
                    </ul>
                </>
            )}
            {wallet.value && (
                <div class="dialog-foot">
                    <span class="mono muted">{wallet.value.address}</span>
                    <Button
                        kind="ghost"
                        size="small"
                        onClick={() => {
                            disconnect();
                            choosing.value = false;
                        }}
                    >
                        Disconnect
                    </Button>
                </div>
            )}
        </Dialog>
    );
}

function Choice({ connector }: { connector: Connector }) {
    const chosen = wallet.value?.connector.id === connector.id;
    return (
        <li>
            <button
                class="choice"
                type="button"
                aria-pressed={chosen}
                onClick={() => void connect(connector)}
                disabled={config.value === null}
                data-testid={`wallet-${connector.id}`}
            >
                <span class="choice-mark" aria-hidden="true">
                    {connector.account ? connector.name.replace(/\D+/g, "") : connector.name.slice(0, 1)}
                </span>
                <span>{connector.name}</span>
                {connector.account && <span class="mono muted">{shortAddress(connector.account)}</span>}
            </button>
        </li>
    );
}
