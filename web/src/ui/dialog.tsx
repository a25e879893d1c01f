import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icon";

interface DialogProps {
    title: string;
    open: boolean;
    onClose: () => void;
    children: ComponentChildren;
}

/** A modal dialog: Escape, the cross and a click beside it close it; focus stays inside and comes back. */
export function Dialog({ title, open, onClose, children }: DialogProps) {
    const ref = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const dialog = ref.current;
        if (open && dialog && !dialog.open) dialog.showModal();
        if (!open && dialog?.open) dialog.close();
    }, [open]);
    return (
        <dialog
            ref={ref}
            class="dialog"
            aria-labelledby={id}
            onClose={onClose}
            onClick={(event) => event.target === ref.current && onClose()}
        >
            {open && (
                <div class="dialog-body">
                    <header class="dialog-head">
                        <h2 id={id}>{title}</h2>
                        <button class="icon-button" type="button" onClick={onClose} aria-label="Close">
                            <Icon name="close" />
                        </button>
                    </header>
                    {children}
                </div>
            )}
        </dialog>
    );
}
