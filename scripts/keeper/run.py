"""The keeper's life: opens everything, then watches, decides and acts until it is told to end.

config = load_config(Path("keeper.toml"), dry_run=True)
sys.exit(run_keeper(config))
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from types import FrameType
from typing import Any, TextIO

from eth_account.signers.local import LocalAccount

from scripts.client.domain import open_domain
from scripts.common.accounts import NO_ACCOUNT, account_from_environment, local_account
from scripts.common.chain import Chain
from scripts.common.database import DatabaseError
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable, Rpc
from scripts.deploy.deployer import LOCAL_CHAIN_ID
from scripts.keeper.config import STALE_SECONDS, Config
from scripts.keeper.keeper import Keeper
from scripts.keeper.nodes import Nodes
from scripts.keeper.seen import Alarms, Endpoint, Metrics, Notifier, make_log
from scripts.keeper.store import Identity, Store
from scripts.keeper.types import Alarm, AlarmKind
from scripts.keeper.watch import DomainChanged
from scripts.setup.environment import STATE

# `make up` leaves this one of Anvil's accounts alone: who tries a keeper out needs no key.
LOCAL_ACCOUNT = 9
WORST_PAUSE_SECONDS = 10.0
ONCE_SECONDS = 120.0
NOTIFY_SECONDS = 5.0


def run_keeper(
    config: Config,
    *,
    signer: LocalAccount | None = None,
    stream: TextIO | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Runs a keeper until a signal (SIGINT, SIGTERM) or, with `once`, until nothing is left to do; exit code.

    `signer` is its key, None: the environment's, or on a local chain one of Anvil's. Logs go to `stream` (standard
    error); `stop` ends it from another thread. Raises KeelError for what cannot be put right while it runs:
    settings, key, deployments file, database.
    """
    stop = stop or threading.Event()
    log = make_log(config.log, config.log_level, stream)
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            _listen(stop, stack)
        metrics = Metrics()
        notifier = Notifier(config.webhooks, lambda text: _unnotified(log, metrics, text))
        stack.callback(notifier.drain, NOTIFY_SECONDS)
        alarms = Alarms(log, metrics, notifier)
        nodes = _nodes(config)
        stack.callback(nodes.close)
        life = _Life(config, nodes, signer, log, metrics, alarms, notifier, stop, stack)
        if config.metrics_port is not None:
            endpoint = Endpoint(config.metrics_port, metrics, life.health)
            stack.callback(endpoint.close)
            log.info("metrics", url=f"http://127.0.0.1:{endpoint.port}/metrics", health="/health")
        return life.live()


class _Life:
    """Rounds of a keeper, and what is done when one fails."""

    def __init__(
        self,
        config: Config,
        nodes: Nodes,
        signer: LocalAccount | None,
        log: Any,
        metrics: Metrics,
        alarms: Alarms,
        notifier: Notifier,
        stop: threading.Event,
        stack: ExitStack,
    ) -> None:
        self._config, self._nodes, self._log = config, nodes, log
        self._metrics, self._alarms, self._notifier = metrics, alarms, notifier
        self._stop, self._stack = stop, stack
        self._failure = "no block has been judged yet"
        self._succeeded = time.monotonic()
        self._store: Store | None = None
        self._keeper: Keeper | None = None
        self._signer = signer

    def live(self) -> int:
        """Rounds until the end; the exit code."""
        keeper: Keeper | None = self._open()
        pause, began = self._config.poll_seconds, time.monotonic()
        while not self._stop.is_set():
            try:
                keeper = keeper or self._open()
                busy = keeper.round()
                self._failure, self._succeeded = "", time.monotonic()
                pause = 0.0 if busy else self._config.poll_seconds
                if self._config.once and not busy and not keeper.is_waiting:
                    self._log.info("done", accounts=keeper.accounts)
                    return 0
            except DomainChanged as error:
                self._log.warning("domain changed", text=str(error))
                keeper = None
                continue
            except KeelError as error:
                pause = self._failed(error, pause)
            except Exception as error:
                # A defect: told loudly, and not a reason to leave accounts alone.
                self._log.exception("defect", text=str(error))
                pause = self._failed(KeelError(f"a defect: {type(error).__name__}: {error}"), pause)
            if self._config.once and time.monotonic() - began > ONCE_SECONDS:
                raise KeelError(
                    f"after {ONCE_SECONDS:g} s something is still open: {self._failure or 'transactions'}"
                )
            self._stop.wait(pause)
        self._log.info("ended", text="told to end")
        return 0

    def health(self) -> dict[str, Any]:
        """Whether the last step was good and young, for the health endpoint."""
        age = time.monotonic() - self._succeeded
        oldest = self._config.stale_seconds or STALE_SECONDS
        reasons = [self._failure] if self._failure else []
        if age > oldest:
            reasons.append(f"the last good step is {age:.0f} s ago")
        return {
            "healthy": not reasons,
            "reasons": reasons,
            "warnings": self._keeper.warnings if self._keeper else [],
            "seconds_since_step": round(age, 1),
        }

    # Internal

    def _open(self) -> Keeper:
        config = self._config
        chain_id = config.chain_id or int(self._nodes("eth_chainId"), 16)
        chain = Chain(self._nodes, chain_id)  # type: ignore[arg-type]
        domain = open_domain(chain, config.deployments)
        self._signer = self._signer or signer_of(self._nodes, chain_id)
        if self._store is None:
            identity = Identity(chain_id, domain.record.genesis, domain.vault.address)
            database = config.database or _file_for(identity)
            self._store = self._stack.enter_context(Store(database, identity, config.worker))
        relay = Rpc(config.relay, config.timeout_seconds) if config.relay else None
        self._keeper = Keeper(
            config,
            self._nodes,
            domain,
            self._store,
            self._signer,
            relay,
            self._log,
            self._metrics,
            self._alarms,
            self._notifier,
        )
        return self._keeper

    def _failed(self, error: KeelError, pause: float) -> float:
        """Makes a failed round seen; how long to wait before the next one."""
        if self._config.once:
            raise error
        self._failure = str(error)
        if isinstance(error, ChainUnreachable):
            for alarm in self._nodes.alarms():
                self._alarms.raise_(alarm)
        kind = AlarmKind.DATABASE if isinstance(error, DatabaseError) else AlarmKind.CHAIN
        self._alarms.raise_(Alarm(kind, str(error)))
        return min(max(pause, self._config.poll_seconds) * 2, WORST_PAUSE_SECONDS)


def signer_of(nodes: Nodes, chain_id: int) -> LocalAccount:
    """The keeper's key: the environment's, else on a local chain one of Anvil's. Raises KeelError."""
    signer = account_from_environment()
    if signer:
        return signer
    if chain_id == LOCAL_CHAIN_ID and nodes.is_local:
        return local_account(LOCAL_ACCOUNT)
    raise KeelError(NO_ACCOUNT)


def _nodes(config: Config) -> Nodes:
    stale = config.stale_seconds
    local = all(Rpc(url).is_local for url in config.rpc)
    if stale is None and not local:
        stale = STALE_SECONDS
    return Nodes(config.rpc, chain_id=config.chain_id, timeout=config.timeout_seconds, max_age=stale)


def _file_for(identity: Identity) -> str:
    """The SQLite file of a chain; a local chain that is started anew is another one."""
    return f"sqlite:///{STATE / f'keeper-{identity.chain_id}-{identity.genesis[2:10]}.db'}"


def _listen(stop: threading.Event, stack: ExitStack) -> None:
    """Has SIGTERM and SIGINT end the loop after the round; a second SIGINT interrupts it."""

    def end(number: int, _: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.signal(number, end)
        stack.callback(signal.signal, number, before)


def _unnotified(log: Any, metrics: Metrics, text: str) -> None:
    metrics.unnotified.inc()
    log.warning("notification", text=text)
