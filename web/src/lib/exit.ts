/** Where an exit from the backstop stands. */

export type Phase =
    | { kind: "none" }
    | { kind: "cooling"; seconds: number }
    | { kind: "open"; seconds: number }
    | { kind: "expired" };

export interface Exit {
    shares: bigint;
    /** First second of the window. */
    opensAt: number;
    /** Last second of the window. */
    closesAt: number;
}

/** The phase at a time in unix seconds, and how long it lasts from then. */
export function phaseOf({ shares, opensAt, closesAt }: Exit, now: number): Phase {
    if (shares === 0n) return { kind: "none" };
    if (now < opensAt) return { kind: "cooling", seconds: opensAt - now };
    if (now <= closesAt) return { kind: "open", seconds: closesAt - now };
    return { kind: "expired" };
}
