import { PageHead } from "../ui/card";

export function LendPage() {
    return <PageHead title="Lend" />;
}
