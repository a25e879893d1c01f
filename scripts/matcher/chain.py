"""The real venue: PerpOrders on a deployed domain, and the markets that trust it.

Signs here, with the environment's account (KEEL_PRIVATE_KEY or KEEL_ACCOUNT): a transaction must be known, and be
on disk, before any node sees it. An account that a node holds cannot be used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.client.sentences import sentence
from scripts.common import abi as codec
from scripts.common.accounts import account_from_environment
from scripts.common.chain import Chain, connect
from scripts.common.contract import Call, Contract, Reverted
from scripts.common.errors import KeelError
from scripts.common.rpc import RpcError
from scripts.common.units import WAD
from scripts.matcher.amm import Amm
from scripts.matcher.effects import Match
from scripts.matcher.options import Options
from scripts.matcher.orders import Domain, SignedOrder
from scripts.matcher.signatures import ERC1271_MAGIC
from scripts.matcher.venue import (
    Cancelled,
    CancelledBelow,
    Failed,
    Filled,
    Head,
    Key,
    Log,
    Market,
    Receipt,
    Refusal,
    Standing,
)
from scripts.model.perp_amm import Curve

FRESH = 0
PPM = 10**6
PPM_TO_WAD = WAD // PPM
BASE_GAS, MATCH_GAS, MAKER_GAS = 200_000, 900_000, 700_000
NO_ACCOUNT = bytes(32)
NO_MAKER_CONTRACT = ("0x" + "00" * 20, 0)
ERC1271_ABI: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "isValidSignature",
        "stateMutability": "view",
        "inputs": [{"name": "hash", "type": "bytes32"}, {"name": "signature", "type": "bytes"}],
        "outputs": [{"name": "", "type": "bytes4"}],
    }
]
# Refusals that are nobody's fault and may end by themselves.
PASSING = frozenset(("PerpMarket_IndexNotFresh", "Market_Locked", "Vault_Locked", "Vault_Paused"))
# Refusals of the virtual AMM, or of what it asks for.
AMM_REFUSALS = frozenset(("PerpMarket_PriceLimit", "PerpMarket_UnknownMaker"))
# Of the contract's State.
CANCELLED = 2
KNOWN_ALREADY = ("already known", "already imported", "nonce too low", "alreadyknown", "already in mempool")


class ChainVenue:
    """See Venue. `markets` are market contracts by name, `amms` what fills the rest there; `explain` says why the chain
    refuses, `tip_to` earns stop orders' tips (none: nobody).
    """

    def __init__(
        self,
        chain: Chain,
        signer: LocalAccount,
        *,
        orders: Contract,
        vault: Contract,
        lens: Contract,
        parameters: Contract,
        markets: dict[str, Contract],
        amms: Mapping[str, Contract] | None = None,
        explain: Callable[[Reverted], str] = lambda error: sentence(error, None),
        tip_to: bytes = NO_ACCOUNT,
    ) -> None:
        self._chain, self._signer, self._explain, self._tip_to = chain, signer, explain, tip_to
        self._orders, self._vault, self._lens, self._parameters = orders, vault, lens, parameters
        self._markets, self._amms = markets, dict(amms or {})
        self.sender: str = signer.address
        self.domain = Domain(chain.chain_id, orders.address)
        self.genesis = str(chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"])
        self._addresses = {name: bytes.fromhex(market.address[2:]) for name, market in markets.items()}
        self._amm_by_market = {self._addresses[name]: amm.address for name, amm in self._amms.items()}
        self._underlyings = {name: market.underlying() for name, market in markets.items()}

    def another(self) -> ChainVenue:
        """See Venue."""
        chain = connect(self._chain.rpc.url, timeout=self._chain.rpc.timeout, account=self._signer)

        def again(contract: Contract) -> Contract:
            return Contract(chain, contract.label, contract.address, contract.abi)

        return ChainVenue(
            chain,
            self._signer,
            orders=again(self._orders),
            vault=again(self._vault),
            lens=again(self._lens),
            parameters=again(self._parameters),
            markets={name: again(market) for name, market in self._markets.items()},
            amms={name: again(amm) for name, amm in self._amms.items()},
            explain=self._explain,
            tip_to=self._tip_to,
        )

    def markets(self) -> list[Market]:
        """See Venue."""
        calls: list[Call] = []
        for name, market in self._markets.items():
            calls += [
                market.state.prepare(),
                market.parameters.prepare(),
                self._parameters.shocks.prepare(self._underlyings[name]),
            ]
        for amm in self._amms.values():
            calls += [amm.shape.prepare(), amm.depth.prepare()]
        answers = self._chain.read_all(calls)
        told = iter(answers[3 * len(self._markets) :])
        shapes = {name: (next(told), next(told)) for name in self._amms}
        found = []
        for number, name in enumerate(self._markets):
            state, parameters, shocks = answers[3 * number : 3 * number + 3]
            shock = max(shocks.initialDownPpm, shocks.initialUpPpm) * WAD // PPM
            found.append(
                Market(
                    name,
                    self._addresses[name],
                    state.indexWad,
                    state.markWad,
                    state.status == FRESH,
                    parameters.takerFeeWad,
                    parameters.makerFeeWad,
                    shock + parameters.unwindingWad,
                    self._amm(name, state, *shapes[name]) if name in shapes else None,
                )
            )
        return found

    def head(self) -> Head:
        """See Venue."""
        block = self._chain.rpc("eth_getBlockByNumber", "latest", False)
        return Head(int(block["number"], 16), block["hash"], int(block["timestamp"], 16))

    def block_hash(self, number: int) -> str | None:
        """See Venue."""
        block = self._chain.rpc("eth_getBlockByNumber", hex(number), False)
        return None if block is None else str(block["hash"])

    def standings(self, keys: Sequence[Key]) -> dict[Key, Standing]:
        """See Venue."""
        calls: list[Call] = []
        for account, signer in keys:
            calls += [
                self._lens.overview.prepare(account),
                self._orders.lowestNonce.prepare(account),
                self._vault.operatorExpiry.prepare(account, "0x" + signer.hex()),
                *(market.position.prepare(account) for market in self._markets.values()),
            ]
        answers = self._chain.read_all(calls, allow_revert=True)
        codes = self._chain.rpc.batch(
            [("eth_getCode", ["0x" + signer.hex(), "latest"]) for _, signer in keys]
        )
        found, now, width = {}, time.monotonic(), 3 + len(self._markets)
        for number, (key, code) in enumerate(zip(keys, codes, strict=True)):
            overview, lowest, operator_until, *positions = answers[width * number : width * (number + 1)]
            for answer in (lowest, operator_until, code, *positions):
                if isinstance(answer, KeelError):
                    raise answer
            room = 0
            if not isinstance(overview, Reverted):  # a price is missing: nothing new may be taken on
                initial = overview.initial
                room = initial.equity - initial.uncertainty - initial.requirement
            sizes = {
                self._addresses[name]: position.sizeWad
                for name, position in zip(self._markets, positions, strict=True)
            }
            found[key] = Standing(room, sizes, lowest, code not in ("0x", ""), operator_until, now)
        return found

    def accepts(self, questions: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """See Venue."""
        calls = [
            Contract(self._chain, "wallet", "0x" + signer.hex(), ERC1271_ABI).isValidSignature.prepare(
                digest, signature
            )
            for signer, digest, signature in questions
        ]
        requests = [
            (
                "eth_call",
                [{"from": self._orders.address, "to": call.to, "data": "0x" + call.data.hex()}, "latest"],
            )
            for call in calls
        ]
        accepted = []
        for answer in self._chain.rpc.batch(requests):
            word = b"" if isinstance(answer, RpcError) else bytes.fromhex(str(answer).removeprefix("0x"))
            accepted.append(len(word) == 32 and word == ERC1271_MAGIC + bytes(28))
        return accepted

    def filled(self, orders: Sequence[SignedOrder]) -> list[tuple[int, bool]]:
        """See Venue."""
        statuses = self._chain.read_all(
            [self._orders.statusOf.prepare(order.struct()[0]) for order in orders]
        )
        return [(status.filledWad, status.state == CANCELLED) for status in statuses]

    def logs(self, first: int, last: int) -> list[Log]:
        """See Venue."""
        found = self._chain.rpc(
            "eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(last), "address": self._orders.address}
        )
        return self._decoded(found)

    def simulate(self, matches: Sequence[Match]) -> list[bool]:
        """See Venue."""
        structs = [self._struct(match) for match in matches]
        return list(self._orders.matchMany.call(structs, sender=self.sender, gas=self._gas(matches)))

    def refusal(self, match: Match) -> Refusal | None:
        """See Venue."""
        try:
            self._orders.matchOrders.call(self._struct(match), sender=self.sender, gas=self._gas([match]))
        except Reverted as error:
            return _refusal(error, self._explain)
        return None

    def nonce(self, sender: str) -> int:
        """See Venue."""
        return int(self._chain.rpc("eth_getTransactionCount", sender, "latest"), 16)

    def sign(self, matches: Sequence[Match], nonce: int, raise_percent: int) -> tuple[str, bytes]:
        """See Venue."""
        block = self._chain.rpc("eth_getBlockByNumber", "latest", False)
        # An estimate would be too low: a match that runs out of gas fails alone, and the transaction succeeds.
        gas = min(self._gas(matches), int(block["gasLimit"], 16) * 9 // 10)
        transaction: dict[str, Any] = {
            "chainId": self._chain.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "to": self._orders.address,
            "data": self._orders.matchMany.encode([self._struct(match) for match in matches]),
            **self._fees(block, raise_percent),
        }
        signed = self._signer.sign_transaction(transaction)
        return "0x" + bytes(signed.hash).hex(), bytes(signed.raw_transaction)

    def send(self, raw: bytes) -> None:
        """See Venue."""
        try:
            self._chain.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            if not any(known in error.text.lower() for known in KNOWN_ALREADY):
                raise

    def receipt(self, hashes: Sequence[str]) -> Receipt | None:
        """See Venue."""
        for answer in self._chain.rpc.batch([("eth_getTransactionReceipt", [hash_]) for hash_ in hashes]):
            if isinstance(answer, dict) and answer.get("blockNumber"):
                mine = [
                    log for log in answer["logs"] if log["address"].lower() == self._orders.address.lower()
                ]
                return Receipt(
                    answer["transactionHash"],
                    int(answer["blockNumber"], 16),
                    answer["status"] == "0x1",
                    int(answer["gasUsed"], 16),
                    self._decoded(mine),
                )
        return None

    # --- internal ---

    def _amm(self, name: str, state: Any, shape: Any, depth: Any) -> Amm | None:
        """The virtual AMM, while it trades."""
        if state.status != FRESH:
            return None
        curve = Curve(shape.depthWad, shape.spreadPpm * PPM_TO_WAD, shape.skewSpreadPpm * PPM_TO_WAD)
        most = shape.depthWad * shape.maxSkewPpm // PPM
        return Amm(bytes.fromhex(self._amms[name].address[2:]), curve, state.indexWad, depth.soldWad, most)

    def _struct(self, match: Match) -> tuple[Any, ...]:
        made = [(leg.maker, leg.size) for leg in match.legs if leg.maker]
        rest = NO_MAKER_CONTRACT
        if match.rest:
            rest = (self._amm_by_market[match.taker.market], match.rest.size)
        return (
            match.taker.signed.struct(),
            [maker.signed.struct() for maker, _ in made],
            [size for _, size in made],
            self._tip_to,
            *rest,
        )

    def _gas(self, matches: Sequence[Match]) -> int:
        return BASE_GAS + sum(MATCH_GAS + MAKER_GAS * len(match.legs) for match in matches)

    def _fees(self, block: dict[str, Any], raise_percent: int) -> dict[str, int]:
        factor = 100 + raise_percent
        base = block.get("baseFeePerGas")
        if base is None:
            return {"gasPrice": int(self._chain.rpc("eth_gasPrice"), 16) * factor // 100}
        try:
            tip = int(self._chain.rpc("eth_maxPriorityFeePerGas"), 16) if int(base, 16) else 0
        except RpcError:
            tip = 0
        # Room for the base fee to double before the transaction is mined.
        return {
            "maxFeePerGas": (2 * int(base, 16) + tip) * factor // 100,
            "maxPriorityFeePerGas": tip * factor // 100,
        }

    def _decoded(self, logs: Sequence[dict[str, Any]]) -> list[Log]:
        found: list[Log] = []
        for log in logs:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            name, values = self._chain.dictionary.event(topics, bytes.fromhex(log["data"][2:]))
            match name:
                case "OrderFilled":
                    found.append(Filled(values["makerHash"], values["takerHash"], abs(values["sizeWad"])))
                case "MatchFailed":
                    reason = values["reason"]
                    error = Reverted(*self._chain.dictionary.error(reason), reason)
                    found.append(Failed(values["position"], _refusal(error, self._explain)))
                case "OrderCancelled":
                    found.append(Cancelled(values["hash"]))
                case "NoncesCancelled":
                    found.append(CancelledBelow(values["account"], values["newLowest"]))
        return found


def open_venue(options: Options, signer: LocalAccount | None = None) -> ChainVenue:
    """The venue that the deployments file knows, with the environment's account if there is one, else `signer`.

    Raises KeelError.
    """
    from scripts.client.domain import open_domain
    from scripts.deploy.record import FOLDER

    signer = account_from_environment() or signer
    if signer is None:
        raise KeelError(
            "the matcher has no account to settle from: set KEEL_PRIVATE_KEY, or KEEL_ACCOUNT to the name of a"
            " Brownie account (one that the node holds cannot be used: transactions are signed before they are sent)"
        )
    chain = connect(options.chain, timeout=options.chain_seconds, account=signer)
    domain = open_domain(chain, options.deployments or FOLDER)
    if domain.orders is None or not domain.perps:
        raise KeelError("this domain has no perpetual markets with orders; deploy one with `make deploy`")
    return ChainVenue(
        chain,
        signer,
        orders=domain.orders,
        vault=domain.vault,
        lens=domain.lens,
        parameters=domain.parameters,
        markets={name: perp.market for name, perp in domain.perps.items()},
        amms={name: perp.amm for name, perp in domain.perps.items()},
        explain=lambda error: sentence(error, domain),
        tip_to=bytes.fromhex(codec.checksum(signer.address)[2:]) + bytes(12),
    )


def _refusal(error: Reverted, explain: Callable[[Reverted], str]) -> Refusal:
    """What an error says of whose fault it is: by the hashes and accounts among its values."""
    words = tuple(value for value in error.args if isinstance(value, bytes) and len(value) == 32)
    passing = error.name in PASSING
    if error.name == "Vault_NoNewRisk":  # (account, worst status, paused)
        passing = error.args[1] != FRESH or bool(error.args[2])
    asleep = error.name == "PerpOrders_Asleep"
    error.where = ""
    return Refusal(
        explain(error),
        orders=words,
        accounts=words,
        passing=passing,
        asleep=asleep,
        nothing=error.name == "SignedOrders_NothingFilled",
        amm=error.name in AMM_REFUSALS or error.name.startswith("VirtualAmm_"),
        price=error.args[0] if error.name == "PerpMarket_PriceOutOfBand" else None,
    )
