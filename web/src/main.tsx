import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/components.css";
import { render } from "preact";
import { App } from "./app";
import { watchMarkets } from "./chain/markets";
import { start } from "./chain/session";
import { startTheme } from "./theme";
import { startWallets } from "./wallet/wallet";

startTheme();
startWallets();
watchMarkets();
void start();
render(<App />, document.getElementById("app")!);
