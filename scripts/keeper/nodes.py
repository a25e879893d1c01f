"""Several RPC nodes as one: the next one is asked where one fails, hangs, lags or answers by halves.

    nodes = Nodes(["http://127.0.0.1:8545", "https://..."], chain_id=31337, genesis="0x...", timeout=10)
    nodes.head()                                    # the latest block, not older than `max_age`
    nodes.ask("eth_getLogs", [...], parse_logs)     # what `parse` refuses is a failure of the node
    nodes.alarms()                                  # what has gone wrong since it was last asked
    Chain(nodes, 31337)                             # it does what a single Rpc does

A failure is never an answer: what no node can tell raises. A revert is an answer. What a node was asked to send and
may have sent is not sent by the next one, but for signed transactions, which are the same ones wherever they
are sent. Not for several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scripts.common.chain import WrongChain
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainTimeout, ChainUnreachable, HalfAnswer, Rpc, RpcError
from scripts.keeper.types import Alarm, AlarmKind, Block

T = TypeVar("T")
Call = tuple[str, list[Any]]

TIMEOUT_SECONDS = 10.0
REST_SECONDS = 15.0
REVERT_CODE = 3
HASH_LENGTH = 66


class StaleNode(ChainUnreachable):
    """The node's latest block is too old: it has lost touch with the chain, or the chain stands still."""


@dataclass
class _Node:
    rpc: Rpc
    verified: bool = False
    rests_until: float = 0.0


class Nodes:
    """RPC nodes of one chain, in order of preference.

    `timeout` bounds each answer of each node, in seconds. `chain_id` and `genesis` (hash of block 0) are what
    every node must be of; None: whatever the first one says. `max_age` is the most seconds that the latest
    block may be older than the clock; None on a chain whose time is its own. A node that fails is asked last
    for `rest` seconds; a single one whose answer is lost or damaged is asked again at once. Raises ChainUnreachable,
    its heirs, or the nodes' RpcError.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int | None = None,
        genesis: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        max_age: float | None = None,
        rest: float = REST_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not urls:
            raise KeelError("no RPC address is given; expected at least one, like http://127.0.0.1:8545")
        self._nodes = [_Node(Rpc(url, timeout)) for url in urls]
        self.chain_id, self.genesis = chain_id, genesis
        self.timeout, self.max_age = timeout, max_age
        self._rest, self._clock = rest, clock
        self._alarms: dict[str, Alarm] = {}
        self._current = self._nodes[0]

    # As a single Rpc

    @property
    def url(self) -> str:
        """Address of the node that answered last."""
        return self._current.rpc.url

    @property
    def shown(self) -> str:
        """As `url`, without what may be a key."""
        return self._current.rpc.shown

    @property
    def is_local(self) -> bool:
        """Whether all nodes are on this machine."""
        return all(node.rpc.is_local for node in self._nodes)

    def __call__(self, method: str, *params: Any) -> Any:
        """The result of one call."""
        return self.ask(method, list(params), _as_it_is)

    def batch(self, calls: list[Call]) -> list[Any]:
        """The results of several calls of one node, in order; an RpcError in place of a failed one's."""
        return self._attempt(lambda rpc: rpc.batch(calls), calls)

    def close(self) -> None:
        """Closes all connections; a later call opens them again."""
        for node in self._nodes:
            node.rpc.close()

    # With a look at the answer

    def ask(self, method: str, params: list[Any], parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the result; where it raises LookupError, TypeError or ValueError the answer is
        a half one."""
        return self._attempt(
            lambda rpc: _parsed(rpc, method, parse, rpc(method, *params)), [(method, params)]
        )

    def ask_all(self, calls: list[Call], parse: Callable[[list[Any]], T]) -> T:
        """As `ask` for several calls of one node; none of them may fail."""
        methods = ", ".join(dict.fromkeys(method for method, _ in calls))

        def action(rpc: Rpc) -> T:
            results = rpc.batch(calls)
            for result in results:
                if isinstance(result, RpcError):
                    raise result
            return _parsed(rpc, methods, parse, results)

        return self._attempt(action, calls)

    def head(self) -> Block:
        """The latest block. Raises StaleNode if no node has one that is young enough."""

        def action(rpc: Rpc) -> Block:
            answer = rpc("eth_getBlockByNumber", "latest", False)
            block = _parsed(rpc, "eth_getBlockByNumber", parse_block, answer)
            if self.max_age is not None and self._clock() - block.timestamp > self.max_age:
                # Without its age, which is another one each time: the alarm would be another one too.
                raise StaleNode(
                    f"the latest block of {rpc.shown}, {block.number} of {_moment(block.timestamp)}, is older"
                    f" than {self.max_age:g} s"
                )
            return block

        return self._attempt(action)

    def alarms(self) -> list[Alarm]:
        """What went wrong with single nodes since this was last called."""
        alarms, self._alarms = list(self._alarms.values()), {}
        return alarms

    # Internal

    def _attempt(self, action: Callable[[Rpc], T], calls: Sequence[Call] = ()) -> T:
        try:
            return self._in_turn(action, calls)
        except ChainUnreachable as error:
            if len(self._nodes) > 1 or not _is_passing(error) or not _may_repeat(calls):
                raise
        # No other node stands in, and a round has many questions: one lost answer must not lose the round.
        return self._in_turn(action, calls)

    def _in_turn(self, action: Callable[[Rpc], T], calls: Sequence[Call]) -> T:
        sent = [method for method, _ in calls if method.startswith("eth_send")]
        failures: list[KeelError] = []
        now = time.monotonic()
        for node in sorted(self._nodes, key=lambda node: node.rests_until > now):
            asked = False
            try:
                self._verify(node)
                asked = True
                result = action(node.rpc)
            except RpcError as error:
                # Whoever sends wants to know what this node says of it, and not that the next one knows it.
                if sent or is_revert(error):
                    raise
                self._note(node, error, failures)
            except (ChainUnreachable, WrongChain) as error:
                node.verified = False
                self._note(node, error, failures)
                if (
                    asked
                    and not _may_repeat(calls)
                    and not isinstance(error.__cause__, ConnectionRefusedError)
                ):
                    raise  # it may have been sent: twice is worse than not to know
            else:
                self._current, node.rests_until = node, 0.0
                return result
        if len(failures) == 1:
            raise failures[0]
        said = next((error for error in failures if isinstance(error, RpcError)), None)
        if said:
            raise said
        raise ChainUnreachable(
            f"none of {len(failures)} nodes answers: {'; '.join(str(error) for error in failures)}"
        ) from failures[0]

    def _note(self, node: _Node, error: KeelError, failures: list[KeelError]) -> None:
        failures.append(error)
        node.rests_until = time.monotonic() + self._rest
        text = str(error) if node.rpc.shown in str(error) else f"{node.rpc.shown}: {error}"
        self._alarms[text] = Alarm(AlarmKind.NODE, text)

    def _verify(self, node: _Node) -> None:
        """Raises WrongChain for a node of another chain; each is asked once, and again after a failure."""
        if node.verified:
            return
        rpc = node.rpc
        answers = rpc.batch([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
        for answer in answers:
            if isinstance(answer, RpcError):
                raise HalfAnswer(f"{rpc.shown} does not tell which chain it is of: {answer}")
        chain_id, genesis = _parsed(
            rpc, "eth_chainId", lambda found: (int(found[0], 16), parse_block(found[1]).hash), answers
        )
        self.chain_id, self.genesis = self.chain_id or chain_id, self.genesis or genesis
        if chain_id != self.chain_id:
            raise WrongChain(f"{rpc.shown} is chain {chain_id}; expected chain {self.chain_id}")
        if genesis.lower() != self.genesis.lower():
            raise WrongChain(
                f"{rpc.shown} is of another chain with the id {chain_id}: it began with block {genesis};"
                f" expected {self.genesis}"
            )
        node.verified = True


def _may_repeat(calls: Sequence[Call]) -> bool:
    """Whether nothing happens twice when it is asked twice."""
    return all(not method.startswith("eth_send") or method.startswith("eth_sendRaw") for method, _ in calls)


def _is_passing(error: ChainUnreachable) -> bool:
    """Whether an answer was lost or damaged on its way, and another one may come at once."""
    return not isinstance(error, ChainTimeout | StaleNode) and not isinstance(
        error.__cause__, ConnectionRefusedError
    )


def is_revert(error: RpcError) -> bool:
    """Whether the node says that the call reverted, which is an answer and no failure of the node."""
    return error.code == REVERT_CODE or "revert" in error.text.lower()


def parse_block(answer: Any) -> Block:
    """A block from a node's answer. Raises LookupError, TypeError, ValueError for half a block."""
    base_fee = answer.get("baseFeePerGas") if isinstance(answer, dict) else None
    return Block(
        int(answer["number"], 16),
        parse_hash(answer["hash"]),
        parse_hash(answer["parentHash"]),
        int(answer["timestamp"], 16),
        None if base_fee is None else int(base_fee, 16),
    )


def parse_hash(text: Any) -> str:
    """A hash of 32 bytes in hex. Raises ValueError for anything else."""
    if not isinstance(text, str) or len(text) != HASH_LENGTH:
        raise ValueError(f"{text!r} is no hash")
    int(text, 16)
    return text.lower()


def _parsed(rpc: Rpc, method: str, parse: Callable[[Any], T], answer: Any) -> T:
    try:
        return parse(answer)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise HalfAnswer(f"{rpc.shown} gave half an answer to {method}: {error}") from error


def _moment(timestamp: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(timestamp))


def _as_it_is(answer: Any) -> Any:
    return answer
