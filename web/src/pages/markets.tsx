import type { PageProps } from ".";
import { PageHead } from "../ui/card";

export function MarketsPage({ path }: PageProps) {
    return <PageHead title="Markets">{path.join("/")}</PageHead>;
}
