import { shortAddress } from "../lib/format";
import { Icon } from "./icon";
import { dismiss, toasts } from "./toast-store";

const ICONS = { pending: "", done: "check", failed: "warning", info: "info" } as const;

export function Toasts() {
    return (
        <div class="toasts" role="region" aria-label="Messages" aria-live="polite">
            {toasts.value.map(({ id, kind, title, detail, hash }) => (
                <div key={id} class={`toast toast-${kind}`} role="status" data-testid={`toast-${kind}`}>
                    {kind === "pending" ? (
                        <span class="spinner" aria-hidden="true" />
                    ) : (
                        <Icon name={ICONS[kind]} />
                    )}
                    <div>
                        <p class="toast-title">{title}</p>
                        {detail && <p>{detail}</p>}
                        {hash && (
                            <p class="mono muted" title={hash}>
                                {shortAddress(hash)}
                            </p>
                        )}
                    </div>
                    <button
                        class="icon-button"
                        type="button"
                        onClick={() => dismiss(id)}
                        aria-label="Dismiss"
                    >
                        <Icon name="close" size={16} />
                    </button>
                </div>
            ))}
        </div>
    );
}
