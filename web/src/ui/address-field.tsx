import { useId } from "preact/hooks";
import { getAddress, isAddress, type Address } from "viem";

export type ParsedAddress = { ok: true; value: Address } | { ok: false; reason: string };

/** An address as it was typed; mixed case must carry the right checksum. */
export function checkAddress(text: string): ParsedAddress {
    const plain = text.trim();
    if (plain === "") return { ok: false, reason: "Enter an address" };
    if (!/^0x[0-9a-f]{40}$/i.test(plain)) return { ok: false, reason: "An address is 0x and 40 hex digits" };
    const isPlainCase = plain === plain.toLowerCase() || /^0x[0-9A-F]{40}$/.test(plain);
    if (!isPlainCase && !isAddress(plain)) {
        return { ok: false, reason: "The checksum does not match: a digit is wrong" };
    }
    return { ok: true, value: getAddress(plain.toLowerCase()) };
}

interface AddressFieldProps {
    label: string;
    value: string;
    onInput: (text: string) => void;
    /** Why this address will not do, although it is one. */
    wrong?: string;
    testid?: string;
}

export function AddressField({ label, value, onInput, wrong, testid }: AddressFieldProps) {
    const id = useId();
    const checked = checkAddress(value);
    const reason = value === "" ? undefined : checked.ok ? wrong : checked.reason;
    return (
        <div class={`field ${reason ? "field-wrong" : ""}`}>
            <label for={id}>{label}</label>
            <div class="field-box">
                <input
                    id={id}
                    class="field-input field-address mono"
                    autocomplete="off"
                    spellcheck={false}
                    placeholder="0x…"
                    value={value}
                    onInput={(event) => onInput(event.currentTarget.value)}
                    aria-invalid={reason !== undefined}
                    aria-describedby={`${id}-note`}
                    data-testid={testid}
                />
            </div>
            <p id={`${id}-note`} class="field-note" role={reason ? "alert" : undefined}>
                {reason ?? " "}
            </p>
        </div>
    );
}
