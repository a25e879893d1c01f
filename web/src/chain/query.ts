/** Reads that follow the chain: again with every block, keeping what was there until the answer is. */

import { useEffect, useRef, useState } from "preact/hooks";
import { explain } from "./errors";
import { head } from "./head";
import { session, type Session } from "./session";

export interface Query<T> {
    /** Undefined until the first answer for this key. */
    data: T | undefined;
    /** Why the newest read failed; data may still be there, of an older block. */
    error: string | undefined;
    /** Reads again now. */
    refresh(): void;
}

/**
 * `read` at each new block; `key` tells one question from another (null asks nothing). Reads do not overlap:
 * while one is under way, newer blocks wait for its end.
 */
export function useQuery<T>(
    key: string | null,
    read: (session: Session, block: bigint) => Promise<T>,
    { every = true }: { every?: boolean } = {},
): Query<T> {
    const [state, setState] = useState<{ key: string | null; data?: T; error?: string }>({ key });
    const [asked, ask] = useState(0);
    const latest = useRef(read);
    latest.current = read;
    const busy = useRef<string | null>(null);
    const current = useRef(key);
    current.current = key;
    const open = session.value;
    const block = every ? head.value?.hash : open && "once";

    useEffect(() => {
        const at = head.peek();
        if (key === null || !open || !at || busy.current === key) return;
        busy.current = key;
        latest
            .current(open, at.number)
            .then(
                (data) => current.current === key && setState({ key, data }),
                (error: unknown) =>
                    current.current === key &&
                    setState((old) => ({
                        key,
                        data: old.key === key ? old.data : undefined,
                        error: explain(error),
                    })),
            )
            .finally(() => {
                if (busy.current === key) busy.current = null;
                if (every && head.peek()?.hash !== at.hash) ask((count) => count + 1);
            });
    }, [key, open, block, asked]);

    return {
        data: state.key === key ? state.data : undefined,
        error: state.key === key ? state.error : undefined,
        refresh: () => ask((count) => count + 1),
    };
}
