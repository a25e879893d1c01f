import type { ComponentChildren } from "preact";

interface CheckProps {
    children: ComponentChildren;
    checked: boolean;
    onChange: (checked: boolean) => void;
    testid?: string;
}

export function Check({ children, checked, onChange, testid }: CheckProps) {
    return (
        <label class="check">
            <input
                type="checkbox"
                checked={checked}
                onChange={(event) => onChange(event.currentTarget.checked)}
                data-testid={testid}
            />
            <span>{children}</span>
        </label>
    );
}
