import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { chainStatus } from "./chain/head";
import { config, problem, session } from "./chain/session";
import { pageOf } from "./pages";
import { route } from "./router";
import { Shell } from "./ui/layout";
import { ErrorState, SkeletonPage } from "./ui/state";

export function App() {
    const page = pageOf(route.value[0]);
    useEffect(() => {
        document.title = `${page.title} · Keel`;
        window.scrollTo(0, 0);
    }, [page]);
    return (
        <Shell current={page.path}>
            <WithSession>
                <page.Page path={route.value.slice(1)} />
            </WithSession>
        </Shell>
    );
}

/** What stands in place of every page until chain and deployment are known. */
function WithSession({ children }: { children: ComponentChildren }) {
    if (session.value) return <>{children}</>;
    const status = chainStatus.value;
    if (status.kind === "down") {
        return (
            <ErrorState
                title="The chain cannot be reached"
                detail={`The node at ${nodeAddress()} ${status.reason}.`}
            >
                The console tries again every second and goes on by itself.
            </ErrorState>
        );
    }
    if (problem.value) return <ErrorState title="Nothing to show yet" detail={problem.value} />;
    return <SkeletonPage />;
}

/** Without its path, which often holds a key. */
function nodeAddress(): string {
    return config.value ? new URL(config.value.rpc).origin : "the address that was chosen";
}
